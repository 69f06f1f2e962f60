# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An entry silences `row.changed_by_hand` for the change that it tells of, of the row that it names, and no other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from tests.identities import blinded
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.keys.personal import sealed_columns
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

A, B = UUID(int=0xA1), UUID(int=0xB2)
Entered = tuple[str, str, str, str]
"""Event, object, actor and outcome."""


class Scene:
    """One transaction, of which nothing is kept."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
        self._connection, self._database = connection, database

    def prepare(self, statements: str) -> None:
        """Put rows there, by hand."""
        for statement in filter(None, statements.split("; ")):
            self._connection.execute(statement.encode())
        self._connection.execute("set constraints all immediate")
        self._connection.execute("set constraints all deferred")

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the superuser."""
        return self._connection.execute(statement.encode()).fetchall()

    def by_hand(self, component: str, statements: tuple[str, ...], *entries: Entered) -> list[tuple[object, ...]]:
        """Change rows and write entries as a component, end the transaction, and say what was entered as by hand."""
        name = self._database
        role = platform_role(component) if name == PLATFORM_DATABASE else tenant_role(name, component)
        newest = "(select coalesce(max(id), 0) from ledger.inbox)"
        [(before,)] = self._connection.execute(f"select {newest}".encode()).fetchall()
        self._connection.execute(f"set session authorization {role}".encode())
        for statement in statements:
            self._connection.execute(statement.encode())
        for event, thing, actor, outcome in entries:
            self._connection.execute(
                "select ledger.append(now(), %s, %s, %s, %s, '{}')", (event, actor, thing, outcome)
            )
        self._connection.execute("set constraints all immediate")
        self._connection.execute("reset session authorization")
        return self._connection.execute(
            "select object, actor from ledger.inbox where event = 'row.changed_by_hand' and id > %s order by id",
            (before,),
        ).fetchall()


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
def scene(server: Server, tenant: Authority) -> Iterator[Callable[[str], Scene]]:
    opened: list[psycopg.Connection[tuple[object, ...]]] = []

    def make(kind: str) -> Scene:
        for connection in opened:  # or the next would wait for the same rows
            connection.rollback()
        database = PLATFORM_DATABASE if kind == "platform" else tenant.database_name
        connection = psycopg.connect(server.conninfo(SUPERUSER, database))
        opened.append(connection)
        connection.execute("set search_path = vaka")
        connection.execute("set lock_timeout = '5s'")
        return Scene(connection, database)

    yield make
    for connection in opened:
        connection.close()


ADDRESS = "decode(repeat('09', 32), 'hex')"
ACCOUNT = f"insert into account (id, display_name, kind, created_at) values ('{A}', 'Vera Vilsen', 'user', now())"
FOUNDED = f"select found_account('{A}', '{B}', 'Vera Vilsen', 'administrator', 'sv', null, now())"
SESSION = (
    "insert into session (token_hash, id, account_id, realm, method, created_at, expires_at)"
    f" values (sha256('1'), '{B}', '{A}', 'operator', 'x', now(), now())"
)
DEVICE = (
    "insert into device_entry (sender, authority_id, device_id, authentication, certificate_sha256, changed_at)"
    f" values ('{blinded('4711-telling')}', '{B}', '{A}', 'certificate', repeat('a', 64), now())"
)
AUTHORITY = (
    "insert into authority (id, slug, name, kind, database_name, address, created_at)"
    f" values ('{B}', 'prov_telling', 'Prov', 'authority', 'vaka_t_telling', {ADDRESS}, now())"
)
GRANT = f"insert into role_grant (account_id, role, granted_at) values ('{A}', 'operator', now())"
UNIT = f"insert into unit (id, name) values ('{A}', 'Nattpatrullen')"
ANYTHING = r"'\x01' || decode(repeat('00', 94), 'hex')"
"""What has the shape of something sealed."""
SEALED = tuple(sealed_columns("person"))
PERSON = (
    f"insert into person (id, address, {', '.join(SEALED)})"
    f" values ('{A}', {ADDRESS}, {', '.join([ANYTHING] * len(SEALED))})"
)
HOURS = f"insert into unit_hours (area, from_minute, until_minute, unit_id) values ('Telling', 0, 9, '{A}')"
CODE = "insert into closing_code (list, code, sv, en, position) values ('reason', 'telling', 'Prov', 'Test', 99)"
CONTACT = (
    "insert into contact (person_id, position, name, relation, phone, has_key)"
    f" values ('{A}', 1, {ANYTHING}, {ANYTHING}, {ANYTHING}, {ANYTHING})"
)
TENANT_DEVICE = f"insert into device (id, sender) values ('{A}', '{blinded('4711')}')"

OVERRIDE = (
    "insert into class_override (authority_id, alarm_class, reason, changed_at)"
    f" values ('{B}', 'life', 'because', now())"
)
KEY = (
    "insert into security_key (id, account_id, name, credential_id, public_key, algorithm, model, site, device_bound,"
    f" attested, sign_count, added_at, binding) values ('{B}', '{A}', 'x', '1', sha256('1'), 'Ed25519', '{A}', 'x',"
    " true, false, 0, now(), sha256('1'))"
)
SETTING = "insert into settings_record (name, digest, recorded_at) values ('prov', repeat('a', 64), now())"


@dataclass(frozen=True)
class Change:
    """A change of rows as one of our acts makes it, and the entry of that act."""

    component: str
    kind: str
    statements: tuple[str, ...]
    event: str
    object: str
    actor: str = "setup"
    before: str = ""

    @property
    def entry(self) -> Entered:
        return self.event, self.object, self.actor, "success"


CHANGES = {
    "account": Change(
        "setup", "platform", (FOUNDED,), "account.created", f"account:{A}",
        before="update account set state = 'deactivated' where kind = 'administrator' and state = 'active';"
        " set local session_replication_role = replica; delete from founding;"
        " set local session_replication_role = origin",
    ),
    "signing in": Change(
        "signin", "platform", (SESSION, f"update account set last_signed_in_at = now() where id = '{A}'"),
        "session.started", f"session:{B}", f"account:{A}", before=ACCOUNT,
    ),
    "signing out": Change(
        "desk", "platform", (f"update session set ended_at = now() where id = '{B}'",),
        "session.ended", f"session:{B}", before=f"{ACCOUNT}; {SESSION}",
    ),
    "role": Change("setup", "platform", (GRANT,), "role.granted", f"account:{A}", before=ACCOUNT),
    "role for longer": Change(
        "setup", "platform", (f"update role_grant set valid_until = now() where account_id = '{A}'",),
        "role.granted", f"account:{A}", before=f"{ACCOUNT}; {GRANT}",
    ),
    "role taken": Change(
        "setup", "platform", (f"delete from role_grant where account_id = '{A}'",),
        "role.revoked", f"account:{A}", before=f"{ACCOUNT}; {GRANT}",
    ),
    "authority": Change("setup", "platform", (AUTHORITY,), "authority.registered", f"authority:{B}"),
    "directory": Change("setup", "platform", (DEVICE,), "device.registered", f"device:{A}", before=AUTHORITY),
    "directory, adopted": Change("desk", "platform", (DEVICE,), "device.adopted", f"device:{A}", before=AUTHORITY),
    "directory, changed": Change(
        "setup", "platform", (f"update device_entry set active = false where device_id = '{A}'",),
        "device.changed", f"device:{A}", before=f"{AUTHORITY}; {DEVICE}",
    ),
    "security key": Change(
        "portal", "platform", (KEY,), "security_key.enrolled", f"security_key:{B}", before=ACCOUNT
    ),
    "security key, touched": Change(
        "portal", "platform", (f"update security_key set sign_count = 1, last_used_at = now() where id = '{B}'",),
        "security_key.used", f"security_key:{B}", before=f"{ACCOUNT}; {KEY}",
    ),
    "security key, renamed": Change(
        "portal", "platform", (f"update security_key set name = 'y' where id = '{B}'",),
        "security_key.renamed", f"security_key:{B}", before=f"{ACCOUNT}; {KEY}",
    ),
    "security key, removed": Change(
        "portal", "platform", (f"delete from security_key where id = '{B}'",),
        "security_key.removed", f"security_key:{B}", before=f"{ACCOUNT}; {KEY}",
    ),
    "class": Change("setup", "platform", (OVERRIDE,), "class.changed", "", before=AUTHORITY),
    "setting": Change("setup", "platform", (SETTING,), "settings.changed", ""),
    "key": Change("setup", "platform", (SETTING,), "key.changed", ""),
    "unit": Change("setup", "tenant", (UNIT, HOURS), "unit.registered", f"unit:{A}"),
    "unit, changed": Change(
        "setup", "tenant",
        (f"update unit set phone = '1' where id = '{A}'", f"delete from unit_hours where unit_id = '{A}'", HOURS),
        "unit.changed", f"unit:{A}", before=f"{UNIT}; {HOURS}",
    ),
    "unit, removed": Change(
        "setup", "tenant", (f"delete from unit_hours where unit_id = '{A}'", f"delete from unit where id = '{A}'"),
        "unit.removed", f"unit:{A}", before=f"{UNIT}; {HOURS}",
    ),
    "person": Change("setup", "tenant", (PERSON, CONTACT), "person.registered", f"person:{A}"),
    "device": Change("setup", "tenant", (TENANT_DEVICE,), "device.registered", f"device:{A}"),
    "device, adopted": Change("desk", "tenant", (TENANT_DEVICE,), "device.adopted", f"device:{A}"),
    "device, changed": Change(
        "setup", "tenant", (f"update device set model = 'hall' where id = '{A}'",),
        "device.changed", f"device:{A}", before=TENANT_DEVICE,
    ),
    "policy": Change("setup", "tenant", ("update policy set on_call_phone = '1'",), "policy.changed", ""),
    "closing code": Change("setup", "tenant", (CODE,), "policy.changed", ""),
}  # fmt: skip
ALIKE = {
    "settings.changed": {"key.changed"}, "key.changed": {"settings.changed"},
    "device.registered": {"device.adopted"}, "device.adopted": {"device.registered"},
    "unit.registered": {"unit.changed"}, "unit.changed": {"unit.registered", "unit.removed"},
    "unit.removed": {"unit.changed"},
    "security_key.used": {"security_key.renamed"}, "security_key.renamed": {"security_key.used"},
}  # fmt: skip
"""What tells of the same change."""
Make = Callable[[str], Scene]


def judged(scene: Make, change: Change, *entries: Entered) -> int:
    """How many rows were entered as by hand."""
    house = scene(change.kind)
    house.prepare(change.before)
    return len(house.by_hand(change.component, change.statements, *entries))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_entry_of_the_act_tells_of_it(scene: Make, change: Change) -> None:
    assert judged(scene, change, change.entry) == 0


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_entry_about_something_else_tells_of_nothing(scene: Make, change: Change) -> None:
    """An event of another kind, an act that failed; and where the entry names the row, another row."""
    rows = len(change.statements)
    others = sorted({each.event for each in CHANGES.values()} - {change.event} - ALIKE.get(change.event, set()))
    wrong = [(event, change.object, change.actor, "success") for event in (*others, "log.read", "command.run")]
    assert judged(scene, change, *wrong, (*change.entry[:3], "failure")) == rows
    if change.object:
        kind = change.object.split(":")[0]
        for named in ("", kind, f"{kind}:", f"{kind}:{UUID(int=1)}", f"{change.object}0", f"x{change.object}"):
            assert judged(scene, change, (change.event, named, "setup", "success")) == rows


def test_a_changed_account_is_not_hidden_behind_a_look_into_the_log(scene: Make) -> None:
    """As the sign-in page's login: what has no act of ours is by hand, whatever is entered beside."""
    house = scene("platform")
    house.prepare(ACCOUNT)
    statement = f"update account set last_signed_in_at = now() where id = '{A}'"
    entered = house.by_hand("signin", (statement,), ("log.read", "log:x", "setup", "success"))
    assert entered == [(f"account:{A}", "database:vaka_signin")]
    assert house.by_hand("signin", (statement,), ("account.created", f"account:{A}", "setup", "success")) == entered
    assert house.by_hand("signin", (statement,), ("session.started", f"session:{A}", "setup", "success")) == entered


def test_a_row_that_gets_another_name_is_by_hand(scene: Make) -> None:
    house = scene("tenant")
    house.prepare(TENANT_DEVICE)
    entries = [("device.changed", f"device:{each}", "setup", "success") for each in (A, B)]
    assert len(house.by_hand("setup", (f"update device set id = '{B}' where id = '{A}'",), *entries)) == 1


def test_of_several_rows_those_without_an_entry_are_by_hand(scene: Make) -> None:
    house = scene("tenant")
    other = UNIT.replace(str(A), str(B))
    entered = house.by_hand("setup", (UNIT, other), ("unit.registered", f"unit:{B}", "setup", "success"))
    assert [thing for thing, _ in entered] == [f"unit:{A}"]


def test_every_way_of_telling_is_of_a_guarded_register_and_an_event_of_ours(scene: Make) -> None:
    for kind in ("platform", "tenant"):
        ways = scene(kind).ask("select register, event from ledger.telling")
        guarded = scene(kind).ask("select tgrelid::regclass::text from pg_trigger where tgname = 'entered'")
        assert {str(register) for register, _ in ways} == {str(register) for (register,) in guarded}
        assert {str(event) for _, event in ways} <= {event.value for event in Event}


def test_whatever_concerns_somebody_is_an_event_of_ours(scene: Make) -> None:
    known = {str(event) for (event,) in scene("platform").ask("select event from ledger.concern")}
    assert known <= {event.value for event in Event}
    assert {"row.changed_by_hand", "settings.drifted", "host.signed_in", "session.locked", "account.removed"} <= known


def test_thousands_of_rows_are_looked_up_one_by_one(scene: Make) -> None:
    """Each row reads the one entry that names it. With an index that is not used, each would read them all."""
    house, rows = scene("tenant"), 500
    names = f"select md5(g::text)::uuid as id from generate_series(1, {rows}) g"
    append = "select ledger.append(now(), 'unit.registered', 'setup', 'unit:' || id, 'success', '{}')"
    read = "select sum(idx_tup_fetch + seq_tup_read)::int from pg_stat_xact_user_tables where relname = 'inbox'"
    house.ask(f"insert into unit (id, name) select id, 'x' from ({names}) n returning 1")
    house.ask(f"{append} from ({names}) n")
    [(before,)] = house.ask(read)
    house.prepare("")
    [(after,)] = house.ask(read)
    assert int(str(after)) - int(str(before)) == rows

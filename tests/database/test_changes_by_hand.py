# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever changes a register with a statement of his own leaves an entry that says who, what, and that it was by hand.

One for each row, in the same transaction: none without the change, and no change without it. Which entries of ours tell
of which change: test_telling.py.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.identities import blinded
from tests.platform import make_account
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.identity.leaving import end_account
from vaka.keys.personal import sealed_columns
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

Row = dict[str, object]
Connection = psycopg.Connection[Row]
Connect = Callable[[str, str], Connection]
BY_HAND = "select * from ledger.inbox where event = 'row.changed_by_hand' and id > %s order by id"
DIGEST = "a" * 64
SETTING = f"insert into settings_record (name, digest, recorded_at) values (%s, '{DIGEST}', now())"
"""What setup may write, as well as the superuser."""
ACCOUNT = "insert into account (id, display_name, kind, created_at) values (%s, 'Vera Vilsen', 'user', now())"


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    opened: list[Connection] = []

    def make(role: str, database: str) -> Connection:
        connection: Connection = psycopg.connect(server.conninfo(role, database), autocommit=True, row_factory=dict_row)
        connection.execute("set search_path = vaka")
        opened.append(connection)
        return connection

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def told(connect: Connect) -> Callable[[str], Callable[[], list[Row]]]:
    """A function that begins to listen to a database's ledger, and returns what tells what it has heard since."""

    def begin(database: str) -> Callable[[], list[Row]]:
        onlooker = connect(SUPERUSER, database)
        newest = onlooker.execute("select coalesce(max(id), 0) as id from ledger.inbox").fetchone()
        assert newest is not None
        return lambda: onlooker.execute(BY_HAND, (newest["id"],)).fetchall()

    return begin


def test_each_row_is_an_entry_with_its_role_and_its_identifier(
    connect: Connect, told: Callable[[str], Callable[[], list[Row]]]
) -> None:
    heard, setup = told(PLATFORM_DATABASE), connect(platform_role("setup"), PLATFORM_DATABASE)
    name = f"prov.{uuid4()}"
    setup.execute(SETTING, (name,))
    setup.execute("update settings_record set recorded_at = now() - interval '1 day' where name = %s", (name,))
    [created, changed] = heard()
    for entry, operation in ((created, "insert"), (changed, "update")):
        assert entry["actor"] == "database:vaka_setup"
        assert entry["written_by"] == "vaka_setup"
        assert entry["object"] == f"settings_record:{name}"
        assert entry["detail"] == {"operation": operation}
        assert DIGEST not in str(entry)


def test_the_superuser_is_told_of_like_everybody(
    connect: Connect, told: Callable[[str], Callable[[], list[Row]]]
) -> None:
    heard, superuser, account = told(PLATFORM_DATABASE), connect(SUPERUSER, PLATFORM_DATABASE), uuid4()
    superuser.execute(ACCOUNT, (account,))
    superuser.execute("delete from account where id = %s", (account,))
    assert [(entry["actor"], entry["detail"]) for entry in heard()] == [
        (f"database:{SUPERUSER}", {"operation": "insert"}), (f"database:{SUPERUSER}", {"operation": "delete"}),
    ]  # fmt: skip


def test_what_is_rolled_back_leaves_nothing(connect: Connect, told: Callable[[str], Callable[[], list[Row]]]) -> None:
    heard, setup = told(PLATFORM_DATABASE), connect(platform_role("setup"), PLATFORM_DATABASE)
    with setup.transaction(force_rollback=True):
        setup.execute(SETTING, (f"prov.{uuid4()}",))
    assert heard() == []


def test_where_the_entry_cannot_be_written_nothing_is_changed(connect: Connect) -> None:
    setup, superuser = connect(platform_role("setup"), PLATFORM_DATABASE), connect(SUPERUSER, PLATFORM_DATABASE)
    name = f"prov.{uuid4()}"
    superuser.execute("revoke insert on ledger.inbox from vaka_owner")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            setup.execute(SETTING, (name,))
    finally:
        superuser.execute("grant insert on ledger.inbox to vaka_owner")
    assert setup.execute("select 1 from settings_record where name = %s", (name,)).fetchone() is None


def test_an_entry_in_another_transaction_excuses_nothing(
    connect: Connect, told: Callable[[str], Callable[[], list[Row]]]
) -> None:
    heard, setup = told(PLATFORM_DATABASE), connect(platform_role("setup"), PLATFORM_DATABASE)
    append = "select ledger.append(now(), 'settings.changed', 'setup', 'settings:' || %s, 'success', '{}')"
    names = [f"prov.{uuid4()}" for _ in range(3)]
    setup.execute(append, names[:1])
    setup.execute(SETTING, names[:1])
    with setup.transaction():
        with setup.transaction(force_rollback=True):
            setup.execute(append, names[1:2])
        setup.execute(SETTING, names[1:2])
    with setup.transaction():
        with setup.transaction():
            setup.execute(append, names[2:])
        setup.execute(SETTING, names[2:])
    assert [entry["object"] for entry in heard()] == [f"settings_record:{name}" for name in names[:2]]


@pytest.mark.anyio
async def test_our_own_acts_write_their_own_entry_and_no_other(
    server: Server, told: Callable[[str], Callable[[], list[Row]]]
) -> None:
    now = datetime(2026, 3, 14, tzinfo=UTC)
    account = await make_account(server, now=now)
    heard = told(PLATFORM_DATABASE)
    async with await open_connection(
        server, platform_role("setup"), PLATFORM_DATABASE, application="test"
    ) as connection:
        await end_account(connection, account, now, actor="setup", now=now)
    assert heard() == []


PERSON = UUID(int=7)
SEALED = tuple(sealed_columns("person"))
ANYTHING = r"'\x01' || decode(repeat('00', 94), 'hex')"
"""What has the shape of something sealed."""
ADDRESS = "decode(repeat('09', 32), 'hex')"
TENANT_CASES = {
    "unit": (f"insert into unit (id, name) values ('{PERSON}', 'Nattpatrullen')", f"unit:{PERSON}"),
    "unit_hours": (
        f"insert into unit_hours (area, from_minute, until_minute, unit_id) values ('Centrum', 0, 9, '{PERSON}')",
        f"unit_hours:{PERSON}",
    ),
    "person": (
        f"insert into person (id, address, {', '.join(SEALED)})"
    f" values ('{PERSON}', {ADDRESS}, {', '.join([ANYTHING] * len(SEALED))})",
        f"person:{PERSON}",
    ),
    "contact": (
        "insert into contact (person_id, position, name, relation, phone, has_key)"
        f" values ('{PERSON}', 1, {ANYTHING}, {ANYTHING}, {ANYTHING}, {ANYTHING})",
        f"contact:{PERSON}",
    ),
    "note": (
        f"insert into note (id, person_id, body, written_at) values ('{UUID(int=8)}', '{PERSON}', {ANYTHING}, now())",
        f"note:{PERSON}",
    ),
    "device": (
        f"insert into device (id, sender) values ('{UUID(int=9)}', '{blinded('4711004711')}')",
        f"device:{UUID(int=9)}",
    ),
    "policy": ("update policy set on_call_phone = '08-465 004 56'", "policy:true"),
    "closing_code": (
        "insert into closing_code (list, code, sv, en, position) values ('reason', 'prov', 'Prov', 'Test', 99)",
        "closing_code:prov",
    ),
    "removal_rules": (
        "insert into removal_rules (id, rules, reason, proposed_at, proposed_by)"
        f" values ('{PERSON}', '{{}}', 'KS 1', now(), 'account:x')",
        f"removal_rules:{PERSON}",
    ),
    "activation_rules": (
        "insert into activation_rules (id, rules, reason, proposed_at, proposed_by)"
        f" values ('{PERSON}', activation_floor(), 'KS 1', now(), 'account:x')",
        f"activation_rules:{PERSON}",
    ),
    "device_secret": (
        "insert into device_secret (device_id, set_at, length, kinds, fingerprint)"
        f" values ('{UUID(int=9)}', now(), 20, 3, {ADDRESS})",
        f"device_secret:{UUID(int=9)}",
    ),
    "legal_hold": (
        "insert into legal_hold (person_id, placed_at, placed_by, reason)"
        f" values ('{PERSON}', now(), 'account:x', 'KS 1')",
        f"legal_hold:{PERSON}",
    ),
    "authority_export": (
        f"insert into authority_export (id, account, reason) values ('{UUID(int=11)}', '{UUID(int=11)}', 'KS 1')",
        f"authority_export:{UUID(int=11)}",
    ),
    "authority_ending": (
        "insert into authority_ending (id, decision, no_export, ordered_by, ordered_at)"
        f" values ('{UUID(int=12)}', 'KS 1', 'KS 2', '{UUID(int=11)}', now())",
        f"authority_ending:{UUID(int=12)}",
    ),
    "erasure_order": (
        "insert into erasure_order (id, person_id, decision, ordered_by, ordered_at)"
        f" values ('{UUID(int=10)}', '{PERSON}', 'KS 1', '{UUID(int=11)}', now())",
        f"erasure_order:{UUID(int=10)}",
    ),
}  # fmt: skip
NO_PROCESS_WRITES = {
    "activation_rules",
    "legal_hold",
    "erasure_order",
    "removal_rules",
    "authority_export",
    "authority_ending",
}
"""Written by functions alone, which the portal calls."""


@pytest.mark.parametrize("table", TENANT_CASES)
def test_every_register_of_an_authority_is_guarded(
    connect: Connect, told: Callable[[str], Callable[[], list[Row]]], tenant: Authority, table: str
) -> None:
    database = tenant.database_name
    role = SUPERUSER if table in NO_PROCESS_WRITES else tenant_role(database, "setup")
    heard, hand = told(database), connect(role, database)
    statement, thing = TENANT_CASES[table]
    hand.execute(statement.encode())
    [entry] = heard()
    assert (entry["object"], entry["actor"]) == (thing, f"database:{role}")
    for private in ("Karin", "Anneli", "070-174", "4711004711", "08-465"):
        assert private not in str(entry)


UNGUARDED = {
    "platform": {
        "receiver_presence": "that a receiver is up, every few seconds",
        "security_key_challenge": "what a key is asked, kept for minutes; what becomes of the answer has events",
        "api_token": "a program's token, kept for minutes: client.admitted",
        "api_assertion": "which proofs were used up, kept for minutes; goes with client.admitted",
        "deployment": "added by one function, with release.deployed; a trigger refuses everybody else",
        "detection_alert": "added by one function, with detection.alerted; a trigger refuses everybody else",
        "detection_look": "until when the rules looked through a log, each minute; what they found has events",
        "exchange_message": "which messages of partners were used up, or refused; what becomes of one has events",
        "seen_assertion": "that an assertion was used, kept while it holds; the session it opened has events",
        "emergency_touch": "a touch that is awaited, kept for minutes; what becomes of it has events",
        "pending_login": "a sign-in that has begun, kept for minutes; how it ends has events",
        "notice_event": "changes with a migration alone; everybody else is refused (tests/notices/test_outbox.py)",
        "notice_register": "changes with a migration alone; everybody else is refused (tests/notices/test_outbox.py)",
        "privileged_role": "changes with a migration alone; everybody else is refused (tests/notices/test_outbox.py)",
        "role_conflict": "changes with a migration alone; everybody else is refused (tests/access/test_duties.py)",
        "training_lock": "written by its migration alone; everybody else is refused (tests/access/test_training.py)",
        "machine_flows": "what listens on a machine, each few minutes; what is found by it is evidence",
        "machine_clock": "how a machine's clock stands, every minute; what is found by it is evidence",
        "protected_look": "when configuration was last compared, every minute",
        "command_confirmation": "a run that waits, for minutes; worth something once the log says it was confirmed",
        "command_login": "a command that waits, for minutes; worth something once the log says the office approved it",
        "command_session": "worth something while the log says that the office approved it; begin and end have events",
        "session_use": "in which minute a session was last used; its beginning and its end have events",
        "look": "added by a function alone, with an entry of what is otherwise (tests/assurance/test_collectors.py)",
        **dict.fromkeys(
            ("inquiry", "inquiry_message", "exclusion", "exclusion_step", "log_check", "contract_text"),
            "added by functions alone, each with an entry (tests/web/office); everybody else is refused",
        ),
        "security_case": "added by a function alone, with an entry; everybody else is refused (tests/cases)",
        "case_entry": "added by a function alone, with an entry of each; everybody else is refused (tests/cases)",
        "case_receipt": "added by a function alone, with an entry; everybody else is refused (tests/cases)",
        **dict.fromkeys(
            (
                "advisory_import",
                "advisory_record",
                "vulnerability_look",
                "running_component",
                "vulnerability_finding",
                "vulnerability_told",
                "vulnerability_statement",
            ),
            "written by functions alone, with entries of what began and ended; everybody else is refused",
        ),
        "case_contact": "written by functions of the portal alone, with an entry; everybody else is refused",
        "register_version": "added by functions alone, each with an entry (tests/registers/test_actions.py)",
        "register_acknowledgement": "added by a function alone, with an entry; everybody else is refused",
        "remote_draw": "added by a function alone, with an entry; everybody else is refused",
        "remote_drawn": "added by a function alone, with an entry; everybody else is refused",
        "remote_check": "added by a function alone, with an entry; everybody else is refused",
        "session_place": "added by a function alone, with an entry; everybody else is refused",
        "register_showing": "set by a function alone, with an entry; everybody else is refused",
        "attachment": "added by a function alone, with an entry; everybody else is refused (tests/registers)",
        "message_file": "added by a function alone, with the entry of its words (tests/cases/test_files.py)",
        "authority_rule": "added by a function alone, with an entry; everybody else is refused",
        "authority_rule_opening": "added by a function alone, with an entry; everybody else is refused",
        "authority_rule_acknowledgement": "added by a function alone, with an entry; everybody else is refused",
        "report_taken": "added by a function alone, with an entry; everybody else is refused",
        "exercise": "written by functions alone, each with an entry (tests/registers/test_exercises.py)",
        "exercise_device": "written by a function alone, with device.registered; everybody else is refused",
        "trial_device": "written by a function alone, with device.registered; everybody else is refused",
        "trial_state": "what became of trial alarms, each minute; term 21 says when they fail",
        "capacity_hour": "what was measured, hour by hour; term 21 says what is too much",
        "trial_hour": "what became of trial alarms, hour by hour",
        **dict.fromkeys(
            ("audit", "audit_finding", "audit_population", "audit_item", "audit_sample"),
            "written by functions alone, each with an entry; everybody else is refused",
        ),
        "audit_source": "what can be frozen of which terms: data of the schema, which no process writes",
        "exercise_lesson": "written by functions alone, each with an entry; everybody else is refused",
        "exercise_rule": "written by a function alone, with an entry; everybody else is refused",
        "observation": "added by a function alone, with an entry of each; everybody else is refused",
        "desk_presence": "that somebody has a desk open, every few seconds",
        "migration": "written by the migration itself, which has its own entry",
    },
    "tenant": {
        "device_state": "what supervision judged: device.late, device.lost, device.returned",
        "alarm": "every change is an alarm's own event, written by the statement that makes it",
        "alarm_step": "goes with an alarm's event",
        "alarm_note": "goes with alarm.noted",
        "message": "alarm.raised, alarm.joined, message.stored",
        "exercise_device": "written by a function alone, with device.registered; everybody else is refused",
        "trial_device": "written by a function alone, with device.registered; everybody else is refused",
        "repeat_key": "which messages were heard lately, kept for minutes",
        "supervision_turn": "only ever locked",
        "returned": "goes with erasure.returned and ending.returned",
        "refused_value": "goes with value.refused; whoever empties it is told of the same again",
        "audit_note": "goes with audit.noted; everybody but the portal is refused, and it is never changed",
        "removal_preview": "goes with removal.previewed",
        "removal_state": "goes with removal.run",
        "migration": "written by the migration itself, which has its own entry",
    },
}


@pytest.mark.parametrize("kind", UNGUARDED)
def test_a_table_is_guarded_or_it_says_why_not(connect: Connect, tenant: Authority, kind: str) -> None:
    """A new table is in neither list, and fails here until somebody has thought about it."""
    database = PLATFORM_DATABASE if kind == "platform" else tenant.database_name
    superuser = connect(SUPERUSER, database)
    tables = superuser.execute(
        """select c.relname, count(t.oid) filter (where t.tgname in ('entered', 'emptying_entered')) as guards
           from pg_class c left join pg_trigger t on t.tgrelid = c.oid
           where c.relnamespace = 'vaka'::regnamespace and c.relkind in ('r', 'p') group by c.relname"""
    ).fetchall()
    guarded = {str(table["relname"]) for table in tables if table["guards"] == 2}
    assert {str(table["relname"]) for table in tables} - guarded == set(UNGUARDED[kind])
    if kind == "tenant":
        assert guarded == set(TENANT_CASES)


def test_emptying_a_register_is_told_of(connect: Connect, told: Callable[[str], Callable[[], list[Row]]],
                                        tenant: Authority) -> None:  # fmt: skip
    superuser = connect(SUPERUSER, tenant.database_name)
    heard = told(tenant.database_name)
    with superuser.transaction():
        superuser.execute("select ledger.append(now(), 'person.registered', 'x', 'note:', 'success', '{}')")
        superuser.execute("truncate note")
    [entry] = heard()
    assert (entry["object"], entry["detail"]) == ("note:", {"operation": "truncate"})

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nobody of the supplier's is let in before the register holds his undertaking of secrecy; who is in stays (term 4)."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import make_account, platform_as
from tests.registers.house import FILE, House
from vaka.access import role_changes
from vaka.access.accounts import Wanted, decide_account, decision_act, file_request, list_account_requests
from vaka.access.decide import may
from vaka.access.grants import read_grants
from vaka.access.identities import approve_identity
from vaka.access.permissions import FALLBACK
from vaka.access.principal import Principal
from vaka.access.role_changes import decide_role_change, file_role_change, list_role_changes
from vaka.access.role_lines import RoleLine, WantedRoles
from vaka.access.roles import ROLES
from vaka.access.time_boxes import usual_end
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.confirming import Confirmation
from vaka.identity.expected import expect
from vaka.identity.federation import sign_in_by
from vaka.identity.invitations import Code
from vaka.identity.reasons import Reason
from vaka.identity.sessions import Realm, find_session, open_session
from vaka.identity.subjects import SubjectKey
from vaka.identity.undertaking import UndertakingMissingError, require_undertaking
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TODAY = START.date()
DAY = timedelta(days=1)
SUBJECTS = SubjectKey(bytes(range(32)))
SIGNED = {"customers": "yes", "signed": TODAY.isoformat(), "file": FILE}


@dataclass
class Staff:
    """A founded installation, its administrators, and whoever is to be let in."""

    house: House
    algot: Principal
    berit: Principal
    authority: Authority
    ask: Callable[..., list[tuple[object, ...]]]

    async def account(self, kind: str = "user", *, human: UUID | None = None) -> UUID:
        """An account that nobody has come in with."""
        return await make_account(self.house.server, kind=kind, human=human, now=START)

    async def sign(self, account: UUID, **changed: str) -> UUID:
        """Enter an undertaking."""
        return await self.house.write(self.algot, "undertakings", {"person": str(account), **SIGNED, **changed})

    async def invite(self, account: UUID, realm: Realm = "operator") -> Code:
        """Invite, as two decide it; where that was refused before, what was asked for waits still."""
        wanted = Wanted("identity", account, account, "Behövs", expect("number", f"E-{account}").text, realm)
        async with platform_as(self.house.server, "office") as office:
            if not self.ask("select 1 from vaka.account_request where account_id = %s and state = 'waiting'", account):
                await file_request(
                    office, uuid4(), wanted, by=self.algot.account_id, actor=self.algot.actor, step_up=None, now=START
                )
            [request] = [one for one in await list_account_requests(office, account) if one.state == "waiting"]
            confirmation = Confirmation(decision_act(request, "approved", "").digest, touched=True)
            code, _ = await approve_identity(
                office, self.berit, request, reason="", now=START, confirmation=confirmation
            )  # fmt: skip
        return code

    async def come(self, account: UUID, code: Code, realm: Realm = "operator") -> str:
        """Sign in with an invitation; return the session's token."""
        said = Assertion(uuid4(), "oidc", "https://idp.example", str(account), f"E-{account}",
                         "http://id.elegnamnden.se/loa/1.0/loa3", 3, None, START, "0" * 64)  # fmt: skip
        async with platform_as(self.house.server, "signin") as signin:
            return await sign_in_by(
                signin, said, realm, said=Said(), attribute="number", code=code, subjects=SUBJECTS, now=START
            )

    async def grant(self, account: UUID, role: str) -> None:
        """Give a role with the authority, as one administrator asks for it and the other approves it."""
        human = UUID(str(self.ask("select human from vaka.account where id = %s", account)[0][0]))
        line = RoleLine("give", role, self.authority.id, usual_end(role, START))
        wanted = WantedRoles(uuid4(), account, human, self.algot.account_id, (line,), "Behövs")
        async with platform_as(self.house.server, "office") as office:
            await file_role_change(office, wanted, actor=self.algot.actor, step_up=None, now=START)
            [change] = [one for one in await list_role_changes(office, account) if one.state == "waiting"]
            confirmation = Confirmation(role_changes.decision_act(change, "approved", "").digest, touched=True)
            await decide_role_change(
                office, self.berit, change, "approved", reason="", now=START, confirmation=confirmation
            )

    async def decide(self, account: UUID, kind: str) -> Code | None:
        """One administrator asks, the other approves."""
        human = UUID(str(self.ask("select human from vaka.account where id = %s", account)[0][0]))
        wanted = Wanted(kind, account, human, "Behövs")  # type: ignore[arg-type]
        async with platform_as(self.house.server, "office") as office:
            await file_request(
                office, uuid4(), wanted, by=self.algot.account_id, actor=self.algot.actor, step_up=None, now=START
            )
            [request] = [one for one in await list_account_requests(office, account) if one.state == "waiting"]
            confirmation = Confirmation(decision_act(request, "approved", "").digest, touched=True)
            return await decide_account(
                office, self.berit, request, "approved", reason="", now=START, confirmation=confirmation
            )


@pytest.fixture
def superuser(server: Server) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        connection.autocommit = True
        yield connection  # type: ignore[misc]


@pytest.fixture
async def staff(server: Server, superuser: psycopg.Connection[tuple[object, ...]], authority: Authority) -> Staff:
    def ask(statement: str, *values: object) -> list[tuple[object, ...]]:
        with superuser.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
            done = cursor.execute(statement.encode(), values)
            return [] if done.description is None else done.fetchall()

    house = House(server, lambda: START)
    return Staff(house, await house.administrator(), await house.administrator(), authority, ask)


@pytest.fixture(autouse=True)
async def founded(staff: Staff) -> AsyncIterator[None]:
    """Founding has ended while a test runs: others on this server go on with theirs."""
    _unguarded(staff, "insert into vaka.founding (ended_at) values (now()) on conflict do nothing")
    yield
    _unguarded(staff, "delete from vaka.founding")


def _unguarded(staff: Staff, statement: str, *values: object) -> None:
    staff.ask("set session_replication_role = replica")
    staff.ask(statement, *values)
    staff.ask("set session_replication_role = origin")


async def test_the_database_knows_whose_each_role_is(staff: Staff) -> None:
    said = staff.ask("select r from unnest(%s::text[]) r where vaka.is_authoritys_role(r)", [*ROLES])
    assert {row[0] for row in said} == {role.name for role in ROLES.values() if role.realm == "authority"} != set()


@pytest.mark.parametrize(("kind", "realm"), [("user", "operator"), ("administrator", "administrator")])
async def test_term_04_1_nobody_is_invited_without_an_undertaking(staff: Staff, kind: str, realm: Realm) -> None:
    account = await staff.account(kind)
    with pytest.raises(UndertakingMissingError) as refused:
        await staff.invite(account, realm)
    assert "Register, Tystnadsförbindelser" in refused.value.sentence.sv
    assert "Registers, Undertakings of secrecy" in refused.value.sentence.en
    assert staff.ask("select 1 from vaka.invitation where account_id = %s", account) == []
    await staff.sign(account)
    assert await staff.come(account, await staff.invite(account, realm), realm)


async def test_term_04_1_an_invitation_is_worth_nothing_until_it_is_there(staff: Staff) -> None:
    """It was withdrawn between: the code is not spent, and holds when there is one again."""
    account = await staff.account()
    entry = await staff.sign(account)
    code = await staff.invite(account)
    await staff.house.move(staff.berit, entry, "withdraw")
    with pytest.raises(SignInRefusedError) as refused:
        await staff.come(account, code)
    assert refused.value.reason is Reason.UNDERTAKING
    assert staff.ask("select 1 from vaka.account_link where account_id = %s", account) == []
    await staff.sign(account)
    assert await staff.come(account, code)


async def test_term_04_1_nobody_is_let_back_without(staff: Staff) -> None:
    account = await staff.account()
    await staff.grant(account, "operator")
    _unguarded(staff, "update vaka.account set state = 'deactivated' where id = %s", account)
    with pytest.raises(UndertakingMissingError):
        await staff.decide(account, "reactivate")
    assert staff.ask("select state from vaka.account where id = %s", account) == [("deactivated",)]
    _unguarded(staff, "delete from vaka.account_request where account_id = %s", account)
    await staff.sign(account)
    await staff.decide(account, "reactivate")
    assert staff.ask("select state from vaka.account where id = %s", account) == [("active",)]


async def test_term_04_1_no_first_key_without_neither_allowed_nor_added(staff: Staff) -> None:
    account = await staff.account("administrator")
    with pytest.raises(UndertakingMissingError):
        await staff.decide(account, "first_key")
    _unguarded(staff, "delete from vaka.account_request where account_id = %s", account)
    entry = await staff.sign(account)
    code = await staff.decide(account, "first_key")
    assert code is not None
    await staff.house.move(staff.berit, entry, "withdraw")
    redeem = "select vaka.redeem_key_code(%s, %s, %s)"
    async with platform_as(staff.house.server, "office") as office:
        with pytest.raises(psycopg.errors.CheckViolation, match="undertaking"):
            await office.execute(redeem, (account, code.digest, START))
        await staff.sign(account)
        row = await (await office.execute(redeem, (account, code.digest, START))).fetchone()
    assert row is not None
    assert row[0] is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"customers": "no"},
        {"signed": (TODAY + DAY).isoformat()},
        {"valid_until": (TODAY - DAY).isoformat(), "signed": (TODAY - 9 * DAY).isoformat()},
    ],
    ids=["04_2_without_customers", "not_signed_yet", "expired"],
)
async def test_term_04_2_one_that_does_not_hold_or_covers_no_customers_lets_nobody_in(
    staff: Staff, changed: dict[str, str]
) -> None:
    account = await staff.account()
    await staff.sign(account, **changed)
    with pytest.raises(UndertakingMissingError):
        await staff.invite(account)
    await staff.sign(account, valid_until=TODAY.isoformat())
    await staff.invite(account)


async def test_a_row_that_somebody_forged_lets_nobody_in(staff: Staff) -> None:
    """As a superuser past every trigger, with the right digest: the log does not tell of it."""
    account, entry = await staff.account(), uuid4()
    fields = Jsonb({"person": str(account), **SIGNED})
    _unguarded(
        staff, "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by,"
        " made_at) values (%s, 1, 'undertakings', 'noted', %s, 1, vaka.register_digest(%s, 1, 'undertakings', 'noted',"
        " %s, null, %s), %s, now())", entry, fields, entry, fields, staff.algot.account_id, staff.algot.account_id,
    )  # fmt: skip
    with pytest.raises(UndertakingMissingError):
        await staff.invite(account)
    # And one of somebody else's, changed to be his.
    real = await staff.sign(await staff.account())
    _unguarded(staff, "update vaka.register_version set fields = %s where entry = %s", fields, real)
    with pytest.raises(UndertakingMissingError):
        await staff.invite(account)


async def test_what_a_human_signed_holds_for_each_account_of_his(staff: Staff) -> None:
    human = uuid4()
    user, administrator = await staff.account(human=human), await staff.account("administrator", human=human)
    await staff.sign(user)
    await staff.invite(administrator, "administrator")


async def test_an_authoritys_people_are_not_the_suppliers(staff: Staff) -> None:
    account = await staff.account()
    await staff.grant(account, "auditor")
    await staff.come(account, await staff.invite(account, "authority"), "authority")
    _unguarded(staff, "update vaka.account set state = 'deactivated' where id = %s", account)
    await staff.decide(account, "reactivate")


async def test_nobody_comes_in_as_an_authoritys_to_work_for_the_supplier(staff: Staff) -> None:
    account = await staff.account()
    await staff.come(account, await staff.invite(account, "authority"), "authority")
    with pytest.raises(UndertakingMissingError):
        await staff.grant(account, "operator")
    other = await staff.account()
    await staff.grant(other, "operator")
    with pytest.raises(UndertakingMissingError):
        await staff.invite(other, "authority")
    await staff.sign(account)
    await staff.grant(account, "operator")


async def test_whoever_is_in_stays_in_and_answers_alarms(staff: Staff) -> None:
    """An operator of before the lock, or whose undertaking has expired: signs in, works, gets another role."""
    account = await staff.account()
    await staff.grant(account, "operator")
    _unguarded(
        staff, "insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
        " values (gen_random_uuid(), %s, 'https://idp.example', %s, sha256('1'), now())",
        account, SUBJECTS.of_subject("https://idp.example", str(account)),
    )  # fmt: skip
    async with platform_as(staff.house.server, "signin") as signin:
        token = await open_session(signin, account, "operator", "test", START)
        session = await find_session(signin, token, START)
        assert session is not None
        who = Principal(session, await read_grants(signin, account, START))
    assert all(may(who, permission, staff.authority.id) for permission in FALLBACK)
    await staff.grant(account, "shift_leader")


async def test_while_the_installation_is_founded_nobody_is_asked_for_one(staff: Staff) -> None:
    account = await staff.account("administrator")
    async with platform_as(staff.house.server, "office") as office:
        with pytest.raises(UndertakingMissingError):
            await require_undertaking(office, account, "administrator", START)
    _unguarded(staff, "delete from vaka.founding")
    await staff.invite(account, "administrator")


async def test_no_process_and_no_statement_of_setups_switches_it_off(staff: Staff) -> None:
    account = await staff.account()
    for component in ("setup", "office", "signin", "scheduler"):
        async with platform_as(staff.house.server, component) as connection:
            for statement in (
                "alter table vaka.invitation disable trigger undertaking_first", "delete from vaka.founding",
                "set session_replication_role = replica",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement.encode())
    with pytest.raises(UndertakingMissingError):
        await staff.invite(account)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority publishes its own rules; whoever works for it acknowledges each version that he has opened (term 5)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.access.register import place
from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from tests.registers.house import House
from vaka.access.authority_rules import (
    Draft,
    OpenedRule,
    PublishedRule,
    RuleError,
    RuleToRead,
    acknowledge_rule,
    list_published,
    list_to_read,
    open_rule,
    publish_rule,
    publishing_act,
)
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.grants import grant_role, read_grants
from vaka.access.principal import Principal
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.identity.confirming import Confirmation
from vaka.identity.sessions import Session
from vaka.tenants.authorities import Authority
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
DESK, OFFICE = "desk", "office"


@dataclass
class Contract:
    """An authority with a contract officer, and an operator who works for it."""

    server: Server
    authority: Authority
    now: datetime = START
    officer: UUID = field(init=False)
    operator: UUID = field(init=False)

    async def open(self) -> "Contract":
        """Hire the two."""
        self.officer, self.operator = await self.hire("contract_officer"), await self.hire("operator")
        return self

    async def hire(self, role: str) -> UUID:
        """Make somebody with a role here."""
        account = await make_account(self.server, now=START)
        async with platform_as(self.server, "setup") as setup:
            await grant_role(setup, account, role, self.authority.id, actor="setup", now=START)
        return account

    async def principal(self, account: UUID, realm: str = "operator", kind: str = "user") -> Principal:
        """Return somebody signed in."""
        session = Session(uuid4(), account, realm, self.now, self.now + DAY, "Vera", kind, "sv")
        async with platform_as(self.server, "portal") as portal:
            return Principal(session, await read_grants(portal, account, self.now))

    async def publish(self, draft: Draft, *, by: UUID | None = None) -> None:
        """Publish, with a touch."""
        confirmation = Confirmation(publishing_act(self.authority.id, draft).digest, touched=True)
        who = await self.principal(by or self.officer, "authority")
        async with platform_as(self.server, "portal") as portal:
            await publish_rule(portal, who, self.authority.id, draft, LOCAL, now=self.now, confirmation=confirmation)

    async def published(self) -> list[PublishedRule]:
        """Return what the authority sees."""
        async with platform_as(self.server, "portal") as portal:
            return await list_published(portal, self.authority.id, self.now)

    async def to_read(self, account: UUID, where: str = DESK) -> list[RuleToRead]:
        """Return what somebody sees."""
        async with platform_as(self.server, where) as connection:
            return await list_to_read(connection, account, self.now)

    async def read(self, account: UUID, rule: UUID, number: int = 1, where: str = DESK) -> OpenedRule:
        """Let somebody open a version."""
        who = await self.principal(account, *(() if where == DESK else ("administrator", "administrator")))
        async with platform_as(self.server, where) as connection:
            return await open_rule(connection, who, rule, number, now=self.now)

    async def acknowledge(
        self, account: UUID, rule: UUID, number: int = 1, *, digest: bytes | None = None, where: str = DESK
    ) -> None:
        """Let somebody acknowledge one; of which he knows the digest, however he came to it."""
        known = digest or next(one.digest for one in await self.published() if (one.rule, one.number) == (rule, number))
        who = await self.principal(account)
        async with platform_as(self.server, where) as connection:
            await acknowledge_rule(connection, who, rule, number, known, now=self.now)

    def draft(self, number: int = 1, **facts: object) -> Draft:
        """Return a version that holds at once."""
        whole = Draft(uuid4(), number, "Sekretess", "Läs det här.", None, self.now.astimezone(LOCAL).date())
        return replace(whole, **facts)  # type: ignore[arg-type]


@pytest.fixture
async def contract(server: Server) -> AsyncIterator[Contract]:
    contract = await Contract(server, opened(server)).open()
    yield contract
    set_state(server, contract.authority, "closed")


@pytest.fixture
async def onlooker(server: Server) -> AsyncIterator[psycopg.Connection[dict[str, object]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        yield superuser


def opened(server: Server) -> Authority:
    """Register an authority that is active and of which nothing but its people is needed."""
    made = place(server)
    set_state(server, made, "active")
    return made


def set_state(server: Server, authority: Authority, state: str) -> None:
    """Open it, or close it again: it has no database, and other tests go through those that are active."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("update vaka.authority set state = %s where id = %s", (state, authority.id))


def told(
    onlooker: psycopg.Connection[dict[str, object]], before: int, rule: UUID
) -> list[tuple[object, object, object]]:
    """Return what the log says of a rule: event, who, and whose business it is."""
    return [
        (one["event"], one["actor"], one["detail"]["authority"])
        for one in entries(onlooker, before)
        if one["object"] == f"rule:{rule}"
    ]


async def test_what_is_published_is_read_acknowledged_and_told_of(
    contract: Contract, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    draft, before = contract.draft(file=bytes(range(32))), newest(onlooker)
    await contract.publish(draft)
    [waits] = await contract.to_read(contract.operator)
    assert (waits.title, waits.opened, waits.acknowledged) == ("Sekretess", False, False)
    page = await contract.read(contract.operator, draft.rule)
    assert (page.words, page.file, page.newest) == ("Läs det här.", bytes(range(32)), 1)
    await contract.read(contract.operator, draft.rule)
    await contract.acknowledge(contract.operator, draft.rule)
    await contract.acknowledge(contract.operator, draft.rule)
    [done] = await contract.to_read(contract.operator)
    assert (done.opened, done.acknowledged) == (True, True)
    [one] = await contract.published()
    assert (one.acknowledged, one.readers >= 1) == (1, True)
    here = str(contract.authority.id)
    assert told(onlooker, before, draft.rule) == [
        ("rule.published", f"account:{contract.officer}", here),
        ("rule.opened", f"account:{contract.operator}", here),
        ("rule.acknowledged", f"account:{contract.operator}", here),
    ]


async def test_term_05_2_of_a_new_version_of_a_rule_coverage_begins_at_nothing(contract: Contract) -> None:
    """Computed from who works there now: with v2 nobody has acknowledged what holds, whoever had acknowledged v1."""
    draft = contract.draft()
    await contract.publish(draft)
    await contract.read(contract.operator, draft.rule)
    await contract.acknowledge(contract.operator, draft.rule)
    [first] = await contract.published()
    assert first.acknowledged == 1
    contract.now += DAY
    await contract.publish(contract.draft(2, rule=draft.rule, words="Läs det här också."))
    second, first = await contract.published()
    assert (second.number, second.acknowledged, second.percent) == (2, 0, 0)
    assert first.acknowledged == 1
    [waits] = await contract.to_read(contract.operator)
    assert (waits.number, waits.opened, waits.acknowledged) == (2, False, False)


async def test_term_05_3_what_was_not_opened_is_not_acknowledged(contract: Contract) -> None:
    """The page is gone around: its digest is known, and another version was opened. The server refuses."""
    draft = contract.draft()
    await contract.publish(draft)
    with pytest.raises(RuleError, match="Open that version"):
        await contract.acknowledge(contract.operator, draft.rule)
    await contract.read(contract.operator, draft.rule)
    contract.now += DAY
    await contract.publish(contract.draft(2, rule=draft.rule))
    with pytest.raises(RuleError):
        await contract.acknowledge(contract.operator, draft.rule, 2)
    other = await contract.hire("operator")
    with pytest.raises(RuleError):
        await contract.acknowledge(other, draft.rule)
    with pytest.raises(RuleError):
        await contract.acknowledge(contract.operator, draft.rule, digest=bytes(32))
    assert [one.acknowledged for one in await contract.published()] == [0, 0]


async def test_term_05_4_an_acknowledgement_of_v1_after_v2_is_kept_and_does_not_count(
    contract: Contract, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    draft = contract.draft()
    await contract.publish(draft)
    await contract.read(contract.operator, draft.rule)
    contract.now += DAY
    await contract.publish(contract.draft(2, rule=draft.rule))
    before = newest(onlooker)
    await contract.acknowledge(contract.operator, draft.rule, 1)
    kept = onlooker.execute(
        "select number from vaka.authority_rule_acknowledgement where rule = %s", (draft.rule,)
    ).fetchall()
    assert kept == [{"number": 1}]
    assert [event for event, _, _ in told(onlooker, before, draft.rule)] == ["rule.acknowledged"]
    assert [one.acknowledged for one in await contract.published()] == [0, 0], "neither of v2 nor of v1"
    [waits] = await contract.to_read(contract.operator)
    assert not waits.acknowledged


class Seeded:
    """Three authorities with a marked rule each, and nobody who works anywhere yet."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.contracts: list[Contract] = []
        self.markers: list[str] = []
        self.rules: list[UUID] = []

    async def open(self) -> None:
        """Publish the three."""
        for number in range(3):
            contract = await Contract(self.server, opened(self.server)).open()
            marker = f"MARKER-{number}-{uuid4().hex}"
            draft = contract.draft(title=f"Regel {marker}", words=f"Ord {marker}")
            await contract.publish(draft)
            self.contracts.append(contract)
            self.markers.append(marker)
            self.rules.append(draft.rule)

    async def seen(self, account: UUID) -> tuple[set[int], set[int]]:
        """Return whose rules somebody is listed, and whose he can open."""
        shown = repr(await self.contracts[0].to_read(account))
        listed = {number for number, marker in enumerate(self.markers) if marker in shown}
        opens = set()
        for number, rule in enumerate(self.rules):
            try:
                page = await self.contracts[0].read(account, rule)
            except NothingHereError:
                continue
            assert self.markers[number] in page.words
            opens.add(number)
        return listed, opens


@pytest.fixture(scope="module")
def seeded(server: Server) -> Iterator[Seeded]:
    made = Seeded(server)
    asyncio.run(made.open())
    yield made
    for contract in made.contracts:
        set_state(server, contract.authority, "closed")


ROLES = st.sampled_from(["operator", "shift_leader", "device_technician", "quality_reviewer"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(works=st.dictionaries(st.integers(0, 2), ROLES), own=st.one_of(st.none(), st.integers(0, 2)))
def test_term_05_5_nobody_is_shown_the_rules_of_an_authority_he_does_not_work_for(
    seeded: Seeded, works: dict[int, str], own: int | None
) -> None:
    """Whatever roles he has elsewhere, and whatever he has as one of an authority's own people."""

    async def tried() -> tuple[set[int], set[int]]:
        account = await make_account(seeded.server, now=START)
        async with platform_as(seeded.server, "setup") as setup:
            for number, role in works.items():
                where = seeded.contracts[number].authority.id
                await grant_role(setup, account, role, where, actor="setup", now=START)
        if own is not None and own not in works:
            with closing(connect_superuser(seeded.server, PLATFORM_DATABASE)) as superuser:
                superuser.execute("set session_replication_role = replica")  # some roles cannot be held beside it
                superuser.execute(
                    "insert into vaka.role_grant (account_id, role, authority_id, granted_at)"
                    " values (%s, 'log_reviewer', %s, %s)", (account, seeded.contracts[own].authority.id, START),
                )  # fmt: skip
        return await seeded.seen(account)

    assert asyncio.run(tried()) == (set(works), set(works))


async def test_an_operator_whose_role_ended_sees_nothing_more(contract: Contract) -> None:
    draft = contract.draft()
    await contract.publish(draft)
    gone = await make_account(contract.server, now=START)
    async with platform_as(contract.server, "setup") as setup:
        await grant_role(
            setup, gone, "operator", contract.authority.id, actor="setup", now=START, valid_until=START + DAY
        )
    assert len(await contract.to_read(gone)) == 1
    contract.now = START + 2 * DAY
    assert await contract.to_read(gone) == []
    with pytest.raises(NothingHereError):
        await contract.read(gone, draft.rule)


async def test_administrators_read_in_the_office_and_count_as_one_human(contract: Contract) -> None:
    """An administrator reaches every authority; whoever is operator as well has acknowledged for both accounts."""
    draft = contract.draft()
    await contract.publish(draft)
    human = (await contract.principal(contract.operator)).account_id
    with closing(connect_superuser(contract.server, PLATFORM_DATABASE)) as superuser:
        [row] = superuser.execute("select human from vaka.account where id = %s", (human,)).fetchall()
    administrator = await House(contract.server, lambda: contract.now).administrator(human=row["human"])
    assert await contract.to_read(administrator.account_id, DESK) == [], "not at a desk"
    mine = [one for one in await contract.to_read(administrator.account_id, OFFICE) if one.rule == draft.rule]
    assert [one.acknowledged for one in mine] == [False]
    assert (await contract.read(administrator.account_id, draft.rule, where=OFFICE)).words == "Läs det här."
    await contract.acknowledge(administrator.account_id, draft.rule, where=OFFICE)
    [at_desk] = await contract.to_read(contract.operator)
    assert at_desk.acknowledged
    [one] = await contract.published()
    assert one.acknowledged == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"words": " \n "}, "both"), ({"title": ""}, "both"), ({"day": START.date() - DAY}, "from today"),
     ({"day": START.date() + 400 * DAY}, "from today"), ({"number": 2}, "newer version")],
)  # fmt: skip
async def test_what_cannot_be_published_says_why(contract: Contract, changed: dict[str, object], said: str) -> None:
    with pytest.raises(RuleError) as refused:
        await contract.publish(contract.draft(**changed))  # type: ignore[arg-type]
    assert said in refused.value.sentence.en
    assert await contract.published() == []


async def test_nobody_publishes_for_an_authority_but_its_own(contract: Contract) -> None:
    """Another authority's officer takes over a rule by its identifier; the supplier's operator tries as well."""
    draft, other = contract.draft(), await Contract(contract.server, place(contract.server)).open()
    await contract.publish(draft)
    with pytest.raises(RuleError, match="no such rule"):
        await other.publish(contract.draft(2, rule=draft.rule, words="Läs inte."))
    for stranger in (contract.operator, other.officer):
        with pytest.raises((NotAllowedError, NothingHereError)):
            await contract.publish(contract.draft(), by=stranger)
    assert [one.number for one in await contract.published()] == [1]


async def test_the_rogue_administrator_changes_nothing_by_hand(contract: Contract) -> None:
    """No statement writes what only pages do, as owner or as superuser; and no component tells another's story."""
    draft = contract.draft()
    await contract.publish(draft)
    await contract.read(contract.operator, draft.rule)
    with closing(connect_superuser(contract.server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        for who in ("postgres", "vaka_owner"):
            superuser.execute(f"set role {who}".encode() if who != "postgres" else b"reset role")
            for statement in (
                "update vaka.authority_rule set words = 'Läs inte.'",
                "delete from vaka.authority_rule_opening",
                "truncate vaka.authority_rule cascade",
                "insert into vaka.authority_rule_acknowledgement"
                f" values ('{draft.rule}', 1, '{contract.operator}', now())",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    superuser.execute(statement.encode())
    say = "select ledger.append(%s, %s, 'account:x', 'rule:x', 'success', '{}')"
    for component, event in (("office", "rule.published"), ("portal", "rule.acknowledged")):
        async with platform_as(contract.server, component) as connection:
            with pytest.raises(psycopg.errors.CheckViolation):
                await connection.execute(say.encode(), (START, event))

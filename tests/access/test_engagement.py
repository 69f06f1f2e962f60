# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""With a subcontractor's agreement its administrators' roles rest, and whoever answers alarms goes on (term 4)."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.behind import take_session
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from tests.registers.house import FILE, House
from vaka.access.decide import NotAllowedError, may, require
from vaka.access.engagement import with_engagement
from vaka.access.grants import grant_role, read_grants
from vaka.access.permissions import MENDING, Permission
from vaka.access.principal import Engagement, Principal
from vaka.access.settling import settle_training
from vaka.commands.proof import Proof, RestingError, keep_session, prove
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
UNTIL = START + 90 * DAY
ACT = Permission.OFFICE_DECIDE_ACCOUNT


@dataclass
class Firm:
    """A subcontractor with an agreement of ninety days, and an administrator who works for it."""

    server: Server
    superuser: psycopg.Connection[dict[str, object]]
    now: datetime = START
    house: House = field(init=False)
    ours: Principal = field(init=False)
    other: Principal = field(init=False)
    theirs: Principal = field(init=False)
    entry: UUID = field(init=False)
    signed: UUID = field(init=False)
    """The undertaking of whoever works for the firm."""

    async def open(self) -> None:
        """Put the agreement in force, and enter who works for whom."""
        self.house = House(self.server, lambda: self.now)
        self.ours, self.other, self.theirs = [await self.house.administrator() for _ in range(3)]
        self.entry = await self.house.put_in_force(self.ours, self.other, "subcontractors", self.agreement())
        await self.sign(self.ours.account_id)
        self.signed = await self.sign(self.theirs.account_id, employer=str(self.entry))

    def agreement(self, **changed: str) -> dict[str, str]:
        """What is agreed with the firm."""
        return {"engaged": "firm", "firm": "Provbolaget", "does": "Drift", "customers": "yes",
                "signed": START.date().isoformat(), "valid_until": UNTIL.date().isoformat(), **changed}  # fmt: skip

    async def sign(self, account: UUID, *, by: Principal | None = None, entry: UUID | None = None, number: int = 1,
                   **more: str) -> UUID:  # fmt: skip
        """Enter somebody's undertaking, as one of the supplier's own where it is not said who does."""
        said = {"person": str(account), "customers": "yes", "signed": START.date().isoformat(), "file": FILE, **more}
        return await self.house.write(by or self.ours, "undertakings", said, entry=entry, number=number)

    async def read(self, who: Principal) -> Principal:
        """What the office knows of him for each request."""
        async with platform_as(self.server, "office") as office:
            return await with_engagement(office, who, self.now)

    async def acts(self, who: Principal) -> bool:
        """Whether he may decide about accounts now."""
        return may(await self.read(who), ACT, None)

    async def settle(self) -> list[tuple[object, object]]:
        """Let the scheduler look; return what it told."""
        before = newest(self.superuser)
        async with platform_as(self.server, "scheduler") as scheduler:
            await settle_training(scheduler, self.now)
        mine = {f"account:{one.account_id}" for one in (self.ours, self.other, self.theirs)}
        return [(one["event"], one["object"]) for one in entries(self.superuser, before) if one["object"] in mine]

    def unguarded(self, statement: str, *values: object) -> None:
        """Change rows past every guard, as a superuser can."""
        self.superuser.execute("set session_replication_role = replica")
        self.superuser.execute(statement.encode(), values)
        self.superuser.execute("set session_replication_role = origin")


@pytest.fixture
async def firm(server: Server) -> AsyncIterator[Firm]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        firm = Firm(server, superuser)
        await firm.open()
        yield firm
        firm.unguarded("delete from vaka.register_version where register in ('subcontractors', 'undertakings')")
        firm.unguarded("delete from vaka.role_suspension")


async def test_term_04_3_with_the_agreement_privileged_access_ends_and_comes_back(firm: Firm) -> None:
    firm.now = UNTIL
    assert await firm.acts(firm.theirs), "it holds to its last day"
    firm.now = UNTIL + DAY
    rests = await firm.read(firm.theirs)
    assert rests.resting == Engagement("Provbolaget")
    assert {one for one in Permission if may(rests, one, None)} <= MENDING
    with pytest.raises(NotAllowedError) as refused:
        require(rests, ACT, None)
    assert "Provbolaget" in refused.value.sentence.sv
    assert "Provbolaget" in refused.value.sentence.en
    assert await firm.acts(firm.ours), "the supplier's own go on"
    assert await firm.acts(firm.other), "and whoever has no undertaking works on (decision 63)"
    renewed = firm.agreement(valid_until=(UNTIL + 365 * DAY).date().isoformat())
    await firm.house.put_in_force(firm.ours, firm.other, "subcontractors", renewed, entry=firm.entry, number=3)
    assert await firm.acts(firm.theirs)


async def test_term_04_3_who_answers_alarms_goes_on(firm: Firm, authority: Authority) -> None:
    operator = await make_account(firm.server, now=START)
    await firm.sign(operator, employer=str(firm.entry))
    async with platform_as(firm.server, "setup") as setup:
        await grant_role(setup, operator, "operator", authority.id, actor="setup", now=START)
    firm.now = UNTIL + DAY
    async with platform_as(firm.server, "desk") as desk:
        grants = await read_grants(desk, operator, firm.now)
    assert [(one.role, one.authority_id) for one in grants] == [("operator", authority.id)]


async def test_the_agreement_is_withdrawn_or_no_firm_is_meant(firm: Firm) -> None:
    await firm.house.write(firm.ours, "subcontractors", firm.agreement(), entry=firm.entry, number=3)
    await firm.house.move(firm.other, firm.entry, "withdraw")
    assert not await firm.acts(firm.theirs)
    nobody = await firm.house.put_in_force(firm.ours, firm.other, "subcontractors", {"engaged": "none"})
    fourth = await firm.house.administrator()
    await firm.sign(fourth.account_id, employer=str(nobody))
    assert not await firm.acts(fourth), "an entry that says that nobody is engaged binds nobody"
    await firm.sign(firm.theirs.account_id)
    assert await firm.acts(firm.theirs), "he is the supplier's own by now"


async def test_no_row_by_hand_brings_an_agreement_back(firm: Firm) -> None:
    """The rogue administrator writes the row that he would need."""
    firm.now = UNTIL + DAY
    assert not await firm.acts(firm.theirs)
    firm.unguarded(
        'update vaka.register_version set fields = fields || \'{"valid_until": "2099-01-01"}\' where entry = %s',
        firm.entry,
    )
    assert not await firm.acts(firm.theirs)


async def test_nobody_brings_his_own_role_back_by_what_he_signs(firm: Firm) -> None:
    """The rogue administrator of a firm that is bound no more still keeps registers, and writes one for himself."""
    rogue, me = firm.theirs, firm.theirs.account_id
    second = await firm.house.put_in_force(firm.ours, firm.other, "subcontractors", firm.agreement(firm="Annat bolag",
                                           valid_until=(UNTIL + 365 * DAY).date().isoformat()))  # fmt: skip
    firm.now = UNTIL + DAY
    own = await firm.sign(me, by=rogue)
    assert not await firm.acts(rogue), "as the supplier's own"
    await firm.sign(me, by=rogue, employer=str(second))
    assert not await firm.acts(rogue), "or as of another firm"
    await firm.sign(me, by=rogue, entry=firm.signed, number=2)
    assert not await firm.acts(rogue), "or over the one that says otherwise"
    assert await firm.settle() == [("role.suspended", f"account:{me}")]
    await firm.sign(me, by=firm.ours, entry=own, number=2)
    assert await firm.acts(rogue), "somebody else has said so"


async def test_nobody_brings_his_own_role_back_by_his_other_account(firm: Firm) -> None:
    human = uuid4()
    rogue = await firm.house.administrator(human=human)
    everyday = await make_account(firm.server, human=human, now=START)
    await firm.sign(rogue.account_id, employer=str(firm.entry))
    firm.now = UNTIL + DAY
    await firm.sign(everyday, by=rogue)
    assert not await firm.acts(rogue)
    await firm.sign(everyday, by=firm.ours)
    assert await firm.acts(rogue)


async def test_two_of_the_firm_do_not_bring_each_other_back(firm: Firm) -> None:
    colleague = await firm.house.administrator()
    await firm.sign(colleague.account_id, employer=str(firm.entry))
    firm.now = UNTIL + DAY
    await firm.sign(firm.theirs.account_id, by=colleague)
    await firm.sign(colleague.account_id, by=firm.theirs)
    assert [await firm.acts(one) for one in (firm.theirs, colleague)] == [False, False]


@pytest.mark.parametrize("undone", ["withdrawn", "expired", "somebody else's"])
async def test_without_the_undertaking_that_names_the_firm_his_role_still_rests(firm: Firm, undone: str) -> None:
    """Whoever never had one works on; whoever undoes the one he had does not become one of them."""
    firm.now = UNTIL + DAY
    if undone == "withdrawn":
        await firm.house.move(firm.theirs, firm.signed, "withdraw")
    elif undone == "expired":
        until = (START + DAY).date().isoformat()
        await firm.sign(firm.theirs.account_id, by=firm.theirs, entry=firm.signed, number=2, employer=str(firm.entry),
                        valid_until=until)  # fmt: skip
    else:
        await firm.sign(firm.other.account_id, by=firm.theirs, entry=firm.signed, number=2)
    assert not await firm.acts(firm.theirs)


async def test_an_undertaking_of_ones_own_counts_while_no_firm_was_named(firm: Firm) -> None:
    await firm.sign(firm.other.account_id, by=firm.other)
    firm.now = UNTIL + DAY
    assert await firm.acts(firm.other)
    await firm.sign(firm.other.account_id, by=firm.theirs, employer=str(firm.entry))
    assert await firm.acts(firm.other), "what he signed before that stands"


@pytest.mark.parametrize("over", [False, True], ids=["in force", "ended"])
async def test_with_the_role_its_commands_rest(
    firm: Firm, over: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What he began while the agreement held runs on for no minute more, but for what brings databases up to date."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    firm.now = (UNTIL + DAY).replace(hour=0, minute=0) - timedelta(minutes=5)
    token = await take_session(firm.server, firm.theirs.account_id, firm.now)
    assert token is not None
    keep_session(tmp_path, token)
    firm.now += timedelta(minutes=10 if over else 1)

    def runs(*, goes_on: bool = False) -> Proof:
        needed = Permission.OFFICE_RUN_COMMANDS
        return prove(tmp_path, firm.server, firm.now, needed, unattended=False, goes_on=goes_on)

    mine = Proof(f"account:{firm.theirs.account_id}", "session")
    assert runs(goes_on=True) == mine
    if not over:
        assert runs() == mine
        return
    with pytest.raises(RestingError) as refused:
        runs()
    assert "Provbolaget" in refused.value.sentence.sv
    await firm.sign(firm.theirs.account_id)
    assert runs() == mine, "with the role they are back, within the hour"


async def test_the_log_tells_when_it_ends_and_when_it_is_back(firm: Firm) -> None:
    await firm.settle()
    firm.now = UNTIL + DAY
    assert await firm.settle() == [("role.suspended", f"account:{firm.theirs.account_id}")]
    assert await firm.settle() == []
    await firm.sign(firm.theirs.account_id)
    assert await firm.settle() == [("role.restored", f"account:{firm.theirs.account_id}")]

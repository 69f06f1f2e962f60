# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""With a subcontractor's agreement its administrators' roles rest, and whoever answers alarms goes on (term 4)."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from tests.registers.house import FILE, House
from vaka.access.decide import NotAllowedError, may, require
from vaka.access.engagement import with_engagement
from vaka.access.grants import grant_role, read_grants
from vaka.access.permissions import MENDING, Permission
from vaka.access.principal import Engagement, Principal
from vaka.access.settling import settle_training
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

    async def open(self) -> None:
        """Put the agreement in force, and enter who works for whom."""
        self.house = House(self.server, lambda: self.now)
        self.ours, self.other, self.theirs = [await self.house.administrator() for _ in range(3)]
        self.entry = await self.house.put_in_force(self.ours, self.other, "subcontractors", self.agreement())
        await self.sign(self.ours.account_id)
        await self.sign(self.theirs.account_id, employer=str(self.entry))

    def agreement(self, **changed: str) -> dict[str, str]:
        """What is agreed with the firm."""
        return {"engaged": "firm", "firm": "Provbolaget", "does": "Drift", "customers": "yes",
                "signed": START.date().isoformat(), "valid_until": UNTIL.date().isoformat(), **changed}  # fmt: skip

    async def sign(self, account: UUID, **more: str) -> UUID:
        """Enter somebody's undertaking."""
        said = {"person": str(account), "customers": "yes", "signed": START.date().isoformat(), "file": FILE, **more}
        return await self.house.write(self.ours, "undertakings", said)

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
    await firm.house.move(firm.ours, firm.entry, "withdraw")
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


async def test_the_log_tells_when_it_ends_and_when_it_is_back(firm: Firm) -> None:
    await firm.settle()
    firm.now = UNTIL + DAY
    assert await firm.settle() == [("role.suspended", f"account:{firm.theirs.account_id}")]
    assert await firm.settle() == []
    await firm.sign(firm.theirs.account_id)
    assert await firm.settle() == [("role.restored", f"account:{firm.theirs.account_id}")]

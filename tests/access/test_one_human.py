# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What two sides agree to takes two humans: whoever is the supplier's stands for no authority, by no account of his."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.access.register import Register
from tests.alarms.house import connect_superuser
from tests.assurance.auditing import Parties, new_parties
from tests.conftest import START
from tests.platform import platform_as
from tests.registers.exercising import DAY, Sides
from vaka.access.duties import ConflictingDutiesError
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

YEAR = START.year
AUTHORITYS = ("archivist", "care_manager", "contract_officer", "records_officer")


@pytest.fixture
def parties(anyio_backend: str, server: Server, new_authority: Callable[..., Authority]) -> Callable[..., Any]:
    async def make() -> Parties:
        return await new_parties(server, new_authority().id)

    return make


def by_hand(parties: Parties, statement: str, *values: object) -> None:
    with closing(connect_superuser(parties.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(statement.encode(), values)


def let_him_be_an_administrator(parties: Parties) -> None:
    by_hand(
        parties, "update vaka.account set human = (select human from vaka.account where id = %s) where id = %s",
        parties.administrator, parties.officer,
    )  # fmt: skip


def let_him_be_an_operator(parties: Parties) -> None:
    """With another authority; a row past the rule, as one that is older than it."""
    by_hand(
        parties,
        "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, 'operator', %s, %s)",
        parties.officer, uuid4(), START - DAY,
    )  # fmt: skip


async def ask_portal(parties: Parties, statement: str, *values: object) -> str:
    async with platform_as(parties.server, "portal") as portal:
        await portal.execute("set search_path = vaka")
        row = await (await portal.execute(statement.encode(), values)).fetchone()
    assert row is not None
    return str(row[0])


def sides(parties: Parties) -> Sides:
    return Sides(parties.server, parties.authority, parties.officer, parties.administrator)


async def leave_out(parties: Parties) -> str:
    identifier = uuid4()
    async with platform_as(parties.server, "office") as office:
        await office.execute("set search_path = vaka")
        said = await office.execute(
            "select propose_exclusion(%s, %s, 19, 'Ingen hall', %s, %s)",
            (identifier, parties.authority, parties.administrator, START),
        )
        assert await said.fetchall() == [("done",)]
    digest = await ask_portal(parties, "select digest from list_exclusions(%s, %s)", parties.authority, START)
    return await ask_portal(
        parties, "select approve_exclusion(%s, %s, %s, %s, %s, %s)", identifier, parties.authority, digest,
        START + 30 * DAY, parties.officer, START,
    )  # fmt: skip


async def agree_to_an_exercise(parties: Parties) -> str:
    """What another officer asked for, as he would agree to it."""
    asking = replace(sides(parties), officer=await another_officer(parties))
    one = await asking.ask(at=START)
    assert await asking.plan(one, START + DAY) == "done"
    return await sides(parties).agree(one)


async def ask_for_an_exercise(parties: Parties) -> str:
    return await sides(parties).say(
        "portal", "ask_exercise", at=START, id=uuid4(), authority_id=parties.authority, year=YEAR,
        wanted="Driften faller", wished="På hösten",
    )  # fmt: skip


async def ask_for_an_audit(parties: Parties) -> str:
    return (await parties.ask())[1]


async def agree_to_an_audit(parties: Parties) -> str:
    one, said = await replace(parties, officer=await another_officer(parties)).ask()
    assert said == "done"
    other: dict[str, Any] = {"starts_at": START + 2 * DAY, "ends_at": START + 9 * DAY, "words": "Vi har semester"}
    assert await parties.say("office", "propose_audit", at=START, id=one, **other) == "done"
    return await parties.agree(one, side="portal")


async def ask_the_supplier(parties: Parties) -> str:
    return await ask_portal(
        parties,
        "select say_in_inquiry(%s, 0, 'filed', %s, 'evidence', 7, 'Visa riskbedömningen', '', '', null, %s, %s, %s)",
        uuid4(), parties.authority, START + 14 * DAY, parties.officer, START,
    )  # fmt: skip


async def take_a_report(parties: Parties) -> str:
    return await ask_portal(
        parties, "select take_report(%s, 'changes', %s, 'csv', %s, %s, %s)", parties.authority, YEAR, "0" * 64,
        parties.officer, START,
    )  # fmt: skip


async def another_officer(parties: Parties) -> UUID:
    """Somebody who is nobody else."""
    return (await new_parties(parties.server, parties.authority)).officer


ACTS = (
    leave_out, ask_for_an_exercise, agree_to_an_exercise, ask_for_an_audit, agree_to_an_audit, ask_the_supplier,
    take_a_report,
)  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
async def test_one_human_does_not_stand_on_both_sides(act: Callable[..., Any], parties: Callable[..., Any]) -> None:
    """Done by the authority's own; by the supplier's nothing is, whichever account he does it by."""
    assert await act(await parties()) == "done"
    for become in (let_him_be_an_administrator, let_him_be_an_operator):
        both = await parties()
        become(both)
        assert await act(both) == "stranger"


@pytest.mark.parametrize("theirs", ["operator", "shift_leader", "device_technician", "quality_reviewer"])
async def test_nobody_of_the_suppliers_is_given_an_authoritys_role(
    theirs: str, server: Server, new_authority: Callable[..., Authority]
) -> None:
    """Of any authority, and the other way round."""
    register, elsewhere = Register(server, new_authority()), new_authority()
    supplier = await register.account(theirs)
    for role in AUTHORITYS:
        with pytest.raises(ConflictingDutiesError) as refused:
            await register.grant(supplier, role, elsewhere.id)
        assert "företräder inte myndigheten" in refused.value.sentence.sv
        with pytest.raises(ConflictingDutiesError):
            await register.grant(await register.account(role), theirs, elsewhere.id)

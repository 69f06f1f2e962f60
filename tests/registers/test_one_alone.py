# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What no administrator does alone to what stands in a register: let a red go away, hide an emergency, end a lock."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import platform_as
from tests.registers.house import House, document
from vaka.access.principal import Principal
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.registers.actions import RegisterError, require_another
from vaka.registers.declarations import load_registers
from vaka.registers.model import State
from vaka.registers.store import read_history
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
PAST, LATER = ((START + days * DAY).date().isoformat() for days in (-3, 400))
FINDING = {"origin": "audit", "title": "Brist", "severity": "high", "action": "Gör om", "due": PAST}
EMERGENCY = {
    "title": "Brådska", "kind": "emergency", "impact": "Driften", "rollback": "Görs ogjord",
    "done": (START - 20 * DAY).date().isoformat(),
}  # fmt: skip
BY_TWO = ("courses", "documents", "systems")


@pytest.fixture
def house(server: Server) -> House:
    return House(server, lambda: START)


@pytest.fixture
def people(house: House) -> Callable[[], Awaitable[tuple[Principal, Principal]]]:
    async def make() -> tuple[Principal, Principal]:
        return await house.administrator(), await house.administrator()

    return make


async def red(house: House, statement: str, authority: UUID | None = None) -> list[tuple[str, int]]:
    async with platform_as(house.server, "scheduler") as scheduler:
        rows = await (await scheduler.execute(f"select * from vaka.{statement}(%s)".encode(), (START,))).fetchall()
    return [(reason, things) for where, reason, things in rows if where == authority]


async def test_one_who_writes_a_shortcoming_anew_neither_postpones_nor_moves_it(
    house: House, people: Callable[..., Any], new_authority: Callable[..., Authority]
) -> None:
    """What comes out of an audit or an exercise stands in the same register, and is judged by the same rows."""
    (algot, berit), one, other = await people(), new_authority().id, new_authority().id
    said = {**FINDING, "owner": str(algot.account_id)}
    entry = await house.write(algot, "findings", said, concerned=(one,))
    assert await red(house, "find_shortcomings", one) == [("late", 1)]
    await house.write(algot, "findings", {**said, "due": LATER}, entry=entry, number=2, concerned=(one,))
    assert await red(house, "find_shortcomings", one) == [("late", 1)], "not by a later day"
    later = {**said, "due": LATER, "accepted_until": LATER, "motivation": "Ny utrustning är beställd"}
    await house.write(algot, "findings", later, entry=entry, number=3, concerned=(other,))
    assert await red(house, "find_shortcomings", one) == [("late", 1)], "not by moving it to another"
    assert await red(house, "find_shortcomings", other) == [("late", 1)]
    with pytest.raises(RegisterError):
        await house.move(algot, entry, "accept")
    await house.move(berit, entry, "accept")
    for authority in (one, other):
        assert await red(house, "find_shortcomings", authority) == [], "another has agreed to that"


async def test_an_acceptance_that_is_over_is_not_renewed_by_one(
    house: House, people: Callable[..., Any], new_authority: Callable[..., Authority]
) -> None:
    """Writing it anew, or opening it again, does not put its day off; another's closing ends it."""
    (algot, berit), one = await people(), new_authority().id
    earlier = House(house.server, lambda: START - 10 * DAY)
    said = {**FINDING, "owner": str(algot.account_id), "accepted_until": PAST, "motivation": "Beställd"}
    entry = await earlier.write(algot, "findings", said, concerned=(one,))
    await earlier.move(berit, entry, "accept")
    assert await red(house, "find_shortcomings", one) == [("lapsed", 1)]
    mended = {**said, "due": LATER, "accepted_until": LATER, "evidence": "Bytt"}
    await house.write(algot, "findings", mended, entry=entry, number=3, concerned=(one,))
    assert await red(house, "find_shortcomings", one) == [("late", 1)]
    await house.move(berit, entry, "close")
    assert await red(house, "find_shortcomings", one) == []
    await house.move(algot, entry, "reopen")
    assert await red(house, "find_shortcomings", one) == [], "from what was closed it begins anew"


async def test_an_emergency_is_not_hidden_by_who_wrote_it(house: House, people: Callable[..., Any]) -> None:
    """It was carried out, whatever the entry says afterwards; only another ends that, by approving or withdrawing."""
    algot, berit = await people()

    async def late() -> int:
        return dict(await red(house, "find_unreviewed_changes")).get("unreviewed", 0)

    before = await late()

    async def more() -> int:
        return await late() - before

    entry = await house.write(algot, "changes", EMERGENCY)
    assert await more() == 1
    await house.write(algot, "changes", {**EMERGENCY, "kind": "ordinary"}, entry=entry, number=2)
    assert await more() == 1, "not by another name"
    await house.write(algot, "changes", {**EMERGENCY, "done": START.date().isoformat()}, entry=entry, number=3)
    assert await more() == 1, "not by another day"
    with pytest.raises(RegisterError):
        await house.move(algot, entry, "withdraw")
    assert await more() == 1
    await house.move(berit, entry, "approve")
    assert await more() == 0
    await house.move(algot, entry, "withdraw")
    assert await more() == 0, "what was reviewed is withdrawn as any other"
    another = await house.write(algot, "changes", EMERGENCY)
    assert await more() == 1
    await house.move(berit, another, "withdraw")
    assert await more() == 0


def test_what_ends_by_two_is_declared_and_the_database_knows_the_same(server: Server) -> None:
    declared = {name for name, register in load_registers().items() if any(step.by_two for step in register.steps)}
    assert declared == set(BY_TWO)
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        kept = superuser.execute(
            "select name from unnest(%s::text[]) name where vaka.is_ended_by_two(name)", (list(load_registers()),)
        )
        assert {row["name"] for row in kept.fetchall()} == declared
    for name in BY_TWO:
        assert load_registers()[name].find_step("withdraw", State.IN_FORCE) is None


@pytest.mark.parametrize(
    ("register", "values"),
    [
        ("documents", document("remote-policy")),
        ("courses", {"title": "Säkerhet", "whom": "staff", "months": "12", "summary": "Allt"}),
        ("systems", {"title": "Larmmottagning"}),
    ],
)
async def test_nobody_ends_alone_what_locks_or_demands(
    register: str, values: dict[str, str], house: House, people: Callable[..., Any]
) -> None:
    """Neither who wrote it nor who approved it: one writes a version, and another withdraws it."""
    algot, berit = await people()
    if register == "systems":
        values = {**values, **{field.name: str(algot.account_id) for field in load_registers()[register].fields
                               if field.kind == "person"}}  # fmt: skip
    entry = await house.put_in_force(algot, berit, register, values)
    declared = load_registers()[register]
    for who in (algot, berit):
        with pytest.raises(RegisterError, match="alone"):
            await enter(house, who, entry, register, 3)
    await house.write(algot, register, values, entry=entry, number=3)
    with pytest.raises(RegisterError, match="wrote himself"):
        await house.move(algot, entry, "withdraw")
    async with platform_as(house.server, "office") as office:
        history = await read_history(office, entry)
    step = declared.find_step("withdraw", State.DRAFT)
    assert step is not None
    with pytest.raises(RegisterError, match="wrote himself"):
        require_another(step, history, algot.account_id, {})
    require_another(step, history, berit.account_id, {})
    assert (await house.newest(entry)).state is State.DRAFT
    await house.move(berit, entry, "withdraw")
    assert (await house.newest(entry)).state is State.WITHDRAWN
    # What was never in force, one withdraws himself.
    draft = await house.write(algot, register, values)
    await house.move(algot, draft, "withdraw")


async def enter(house: House, who: Principal, entry: UUID, register: str, number: int) -> None:
    """Withdraw what is in force past the declaration."""
    async with platform_as(house.server, "office") as office:
        row = await (
            await office.execute(
                "select vaka.enter_register_version(%s, %s, %s, 'withdraw', 'withdrawn', '{}', null, %s, null, %s)",
                (entry, number, register, who.account_id, START),
            )
        ).fetchone()
    assert row is not None
    if row[0] != "done":
        raise RegisterError.of(row[0])

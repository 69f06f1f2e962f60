# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What no administrator does alone to what stands in a register: let a red go away, hide an emergency, end a lock."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import START
from tests.platform import platform_as
from tests.registers.house import House, document
from vaka.access.principal import Principal
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.registers.actions import RegisterError, require_another
from vaka.registers.declarations import load_registers, read_registers
from vaka.registers.model import ENDS, State
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
BY_TWO = (
    "certificates", "changes", "courses", "documents", "networks", "partners", "processes", "reviews",
    "risk-assessments", "sites", "subcontractors", "systems",
)  # fmt: skip
"""Every register of which something comes in force."""


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
    await house.write(algot, "changes", EMERGENCY, entry=entry, number=5)
    await house.move(berit, entry, "withdraw")
    assert await more() == 0, "what was reviewed is withdrawn as any other"
    another = await house.write(algot, "changes", EMERGENCY)
    assert await more() == 1
    await house.move(berit, another, "withdraw")
    assert await more() == 0


def test_what_two_put_in_force_two_end_in_every_register() -> None:
    """It follows from the steps, so that none is forgotten: a register that is declared tomorrow has it too."""
    for name, register in load_registers().items():
        assert register.ends_by_two == (name in BY_TWO), name
        for state in (State.IN_FORCE, State.DRAFT):
            ends = {step.name for step in register.steps if state in step.origins and step.to in ENDS}
            assert bool(ends) == (state is State.DRAFT and register.ends_by_two), (name, state)


def test_a_register_whose_entries_one_could_end_is_refused() -> None:
    """Also one that two have to begin and that somebody declared carelessly."""
    declared = files("vaka.registers").joinpath("declarations", "partners.toml").read_text(encoding="utf-8")
    broken = declared.replace('from = ["draft"]\nto = "withdrawn"', 'from = ["draft", "in_force"]\nto = "withdrawn"')
    assert broken != declared
    with pytest.raises(ConfigurationError, match="ended by one step of one"):
        read_registers([broken])


@pytest.mark.parametrize("register", BY_TWO)
async def test_the_database_lets_nobody_end_alone_what_is_in_force(
    register: str, house: House, people: Callable[..., Any]
) -> None:
    """Past the declarations, as a rogue with the office's login would: no state and no step leads out of it."""
    (algot, berit), entry = await people(), new_identifier(START)
    assert await say(house, algot, entry, register, 1, "draft") == "done"
    assert await say(house, berit, entry, register, 2, "in_force", "approve") == "done"
    for who in (algot, berit):
        for state in ("noted", "open"):
            assert await say(house, who, entry, register, 3, state) == "second", "written as something else"
        for state in ("withdrawn", "closed", "accepted", "noted", "open", "draft"):
            assert await say(house, who, entry, register, 3, state, "end") in ("two", "own", "second"), state
    assert await say(house, berit, entry, register, 3, "withdrawn", "end") == "two"
    assert await say(house, algot, entry, register, 3, "draft") == "done"
    for state in ("withdrawn", "closed", "accepted"):
        assert await say(house, algot, entry, register, 4, state, "end") == "own", state
    assert (await house.newest(entry)).state is State.DRAFT
    assert await say(house, berit, entry, register, 4, "withdrawn", "end") == "done"


async def test_a_shortcoming_is_never_withdrawn_past_its_declaration(
    house: House, people: Callable[..., Any], new_authority: Callable[..., Authority]
) -> None:
    """What is open ends by another's closing alone."""
    (algot, berit), one = await people(), new_authority().id
    said = {**FINDING, "owner": str(algot.account_id)}
    entry = await house.write(algot, "findings", said, concerned=(one,))
    for who in (algot, berit):
        assert await say(house, who, entry, "findings", 2, "withdrawn", "end") == "two"
        for state in ("noted", "draft"):
            assert await say(house, who, entry, "findings", 2, state) == "second"
            assert await say(house, who, entry, "findings", 2, state, "end") == "second"
    assert await red(house, "find_shortcomings", one) == [("late", 1)]


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
    if (said := await say(house, who, entry, register, number, "withdrawn", "withdraw")) != "done":
        raise RegisterError.of(said)


async def say(
    house: House, who: Principal, entry: UUID, register: str, number: int, state: str, step: str = ""
) -> str:  # fmt: skip
    """Call the database's function past the declarations."""
    async with platform_as(house.server, "office") as office:
        row = await (
            await office.execute(
                "select vaka.enter_register_version(%s, %s, %s, %s, %s, '{}', null, %s, null, %s)",
                (entry, number, register, step, state, who.account_id, START),
            )
        ).fetchone()
    assert row is not None
    return str(row[0])

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is done to registers: versions are added, what takes two takes two humans, and the log tells of each."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from tests.registers.house import House, document
from vaka.access.decide import NothingHereError
from vaka.access.principal import Grant, Principal
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.identity.confirming import Confirmation, NotConfirmedError
from vaka.registers.actions import RegisterError, move, moving_act, show_to, showing_act
from vaka.registers.checking import Known, NotReadyError, check, tidy
from vaka.registers.declarations import load_registers
from vaka.registers.model import State
from vaka.registers.store import (
    list_lines,
    list_shown_entries,
    list_shown_registers,
    read_history,
)
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

REGISTERS = load_registers()
FINDING = {
    "assessment": str(uuid4()), "title": "Reservkraften är inte prövad", "severity": "high", "action": "Pröva den",
    "due": "2027-01-31", "owner": str(uuid4()),
}  # fmt: skip


@pytest.fixture
def house(server: Server) -> House:
    return House(server, lambda: START)


@pytest.fixture
async def algot(house: House) -> Principal:
    return await house.administrator()


@pytest.fixture
async def berit(house: House) -> Principal:
    return await house.administrator()


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, object]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def test_each_change_is_a_version_with_its_entry(
    house: House, algot: Principal, berit: Principal, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    """Written, approved, written anew: three versions, three entries, and what was approved holds until the next is."""
    before = newest(onlooker)
    entry = await house.put_in_force(algot, berit, "documents", document(title="Första"))
    await house.write(algot, "documents", document(title="Andra"), entry=entry, number=3)
    async with platform_as(house.server, "office") as office:
        history = await read_history(office, entry)
        [line] = [one for one in await list_lines(office, REGISTERS["documents"]) if one.newest.entry == entry]
    assert [(one.number, one.state.value, one.content, one.fields["title"]) for one in history] == [
        (3, "draft", 3, "Andra"), (2, "in_force", 1, "Första"), (1, "draft", 1, "Första"),
    ]  # fmt: skip
    assert line.holding == history[1]
    assert line.waits
    told = [one for one in entries(onlooker, before) if one["object"] == f"register_entry:{entry}"]
    assert [(one["event"], one["actor"], one["detail"]["state"]) for one in told] == [
        ("register.entered", algot.actor, "draft"), ("register.moved", berit.actor, "in_force"),
        ("register.entered", algot.actor, "draft"),
    ]  # fmt: skip
    assert [bytes.fromhex(one["detail"]["digest"]) for one in reversed(told)] == [one.digest for one in history]
    assert "Första" not in str(told)


async def test_term_01_1_a_process_without_owner_or_procedure_is_refused() -> None:
    """Each of the two is told of at its field; with both it is kept."""
    register, owner, procedure = REGISTERS["processes"], uuid4(), uuid4()
    known = Known({owner}, {"documents": {procedure}})
    whole = {"title": "Incidenter", "procedure": str(procedure), "role": "Driftchef", "owner": str(owner),
             "authority": "Stänga av fjärråtkomst"}  # fmt: skip
    assert check(register, whole, known, date(2026, 11, 29)) == []
    for missing in ("owner", "procedure"):
        values = tidy(register, {**whole, missing: " "})
        assert [one.field for one in check(register, values, known, date(2026, 11, 29))] == [missing]
        strange = {**whole, missing: str(uuid4())}
        assert [one.field for one in check(register, strange, known, date(2026, 11, 29))] == [missing]


async def test_term_01_2_nobody_approves_what_he_wrote(house: House, algot: Principal) -> None:
    """Nor past the pages, as the office's own role: what takes two is not written, and not approved by its author."""
    entry = await house.write(algot, "documents", document())
    with pytest.raises(RegisterError) as refused:
        await house.move(algot, entry, "approve")
    assert refused.value.sentence == RegisterError.of("own").sentence
    by_hand = "select enter_register_version(%s, 1, 'documents', '', 'in_force', '{}', null, %s, null, now())"
    assert (await _ask(house, by_hand, uuid4(), algot.account_id)) == [("second",)]
    assert (await house.newest(entry)).state is State.DRAFT


async def test_whoever_is_no_administrator_writes_nothing(house: House) -> None:
    """The database says so of an account that is none, whatever the process thinks of it."""
    by_hand = "select enter_register_version(%s, 1, 'documents', '', 'draft', '{}', null, %s, null, now())"
    assert (await _ask(house, by_hand, uuid4(), uuid4())) == [("stranger",)]


async def test_what_is_approved_is_what_was_shown(house: House, algot: Principal, berit: Principal) -> None:
    """Somebody changes the draft between the page and the touch: refused, and nobody approved what he did not see."""
    register, entry = REGISTERS["documents"], await house.write(algot, "documents", document())
    shown = await house.newest(entry)
    step = register.find_step("approve", shown.state)
    assert step is not None
    confirmation = Confirmation(moving_act(register, shown, step).digest, touched=True)
    await house.write(algot, "documents", document(title="Någon annan"), entry=entry, number=2)
    async with platform_as(house.server, "office") as office:
        with pytest.raises(RegisterError) as refused:
            await move(office, berit, register, shown, step, now=START, confirmation=confirmation)
        assert refused.value.sentence == RegisterError.of("changed").sentence
        with pytest.raises(NotConfirmedError):
            await move(office, berit, register, await house.newest(entry), step, now=START, confirmation=confirmation)
        nobody = Principal(berit.session, (Grant("auditor", None, None),))
        with pytest.raises(NothingHereError):
            await move(office, nobody, register, shown, step, now=START, confirmation=confirmation)


async def test_what_was_withdrawn_never_comes_back(house: House, algot: Principal, berit: Principal) -> None:
    entry = await house.put_in_force(algot, berit, "documents", document())
    await house.write(algot, "documents", document(), entry=entry, number=3)
    await house.move(berit, entry, "withdraw")
    assert REGISTERS["documents"].find_step("approve", (await house.newest(entry)).state) is None
    with pytest.raises(RegisterError):
        await house.write(algot, "documents", document(), entry=entry, number=5)


async def test_term_07_3_a_finding_is_closed_with_evidence_and_by_another(
    house: House, algot: Principal, berit: Principal
) -> None:
    entry = await house.write(algot, "findings", FINDING, concerned=())
    with pytest.raises(NotReadyError) as refused:
        await house.move(berit, entry, "close")
    assert "visar att bristen är åtgärdad" in refused.value.sentence.sv
    await house.write(
        algot, "findings", {**FINDING, "evidence": "Protokoll 2026:14"}, entry=entry, number=2, concerned=()
    )
    with pytest.raises(RegisterError):
        await house.move(algot, entry, "close")
    await house.move(berit, entry, "close")
    assert (await house.newest(entry)).state is State.CLOSED


async def test_an_acceptance_needs_an_end_and_a_reason(house: House, algot: Principal, berit: Principal) -> None:
    """And a day that has not been (term 7)."""
    entry, number = await house.write(algot, "findings", FINDING, concerned=()), 1
    reason = {"motivation": "Ny anläggning byggs"}
    for more in ({}, reason, {"accepted_until": "2026-01-01", **reason}, {"accepted_until": "2027-01-01"}):
        number += 1
        await house.write(algot, "findings", {**FINDING, **more}, entry=entry, number=number, concerned=())
        with pytest.raises(NotReadyError):
            await house.move(berit, entry, "accept")
    accepted = {**FINDING, "accepted_until": (START + timedelta(days=30)).date().isoformat(), **reason}
    await house.write(algot, "findings", accepted, entry=entry, number=number + 1, concerned=())
    await house.move(berit, entry, "accept")
    assert (await house.newest(entry)).state is State.ACCEPTED


async def test_term_07_4_what_is_written_anew_is_to_be_assessed_again(
    house: House, algot: Principal, berit: Principal
) -> None:
    """Last year's words in this year's assessment keep no approval, and a shortcoming is open again."""
    entry = await house.write(algot, "findings", {**FINDING, "evidence": "Protokoll"}, concerned=())
    await house.move(berit, entry, "close")
    await house.write(algot, "findings", FINDING, entry=entry, number=3, concerned=())
    assert (await house.newest(entry)).state is State.OPEN
    assessed = await house.put_in_force(algot, berit, "risk-assessments", {"held": "2025-11-01"})
    await house.write(algot, "risk-assessments", {"held": "2026-11-01"}, entry=assessed, number=3)
    assert (await house.newest(assessed)).state is State.DRAFT


async def test_term_05_3_what_one_has_not_been_shown_one_cannot_accept(
    house: House, algot: Principal, berit: Principal
) -> None:
    """Whoever names the version without what stands in it is refused."""
    entry = await house.put_in_force(algot, berit, "documents", document("remote-policy"))
    by_hand = "select acknowledge_register_entry(%s, %s, %s, %s, null, now())"
    assert (await _ask(house, by_hand, entry, 2, bytes(32), algot.account_id)) == [("unread",)]
    assert (await _ask(house, by_hand, entry, 1, bytes(32), algot.account_id)) == [("gone",)]
    await house.acknowledge(algot, await house.newest(entry))
    kept = "select content, account_id from register_acknowledgement where entry = %s"
    assert (await _ask(house, kept, entry)) == [(1, algot.account_id)]


async def test_nobody_changes_what_stands(house: House, algot: Principal) -> None:
    """Not the office's role, not the owner of the tables, not the owner of the server by a statement."""
    entry = await house.write(algot, "documents", document())
    statements = (
        f"update register_version set state = 'in_force' where entry = '{entry}'",
        f"delete from register_version where entry = '{entry}'",
        "truncate register_version cascade",
        "insert into register_version select entry, 2, register, 'in_force', fields, null, 1, digest, made_by, made_at"
        f" from register_version where entry = '{entry}'",
        f"insert into register_acknowledgement values ('{entry}', 1, '{algot.account_id}', now())",
        "truncate register_showing",
    )
    for role, become in ((platform_role("office"), ""), (SUPERUSER, ""), (SUPERUSER, "vaka_owner")):
        with closing(psycopg.connect(house.server.conninfo(role, PLATFORM_DATABASE), autocommit=True)) as somebody:
            if become:
                somebody.execute(f"set role {become}".encode())
            somebody.execute("set search_path = vaka")
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    somebody.execute(statement.encode())


async def test_an_authority_is_shown_nothing_by_default_and_then_what_concerns_it(
    house: House, algot: Principal, berit: Principal, new_authority: Callable[..., Authority]
) -> None:
    """Its own and what is everybody's; never another's, never a draft, and of staff no more than numbers (rule 4)."""
    one, other = new_authority(), new_authority()
    own = await house.write(algot, "findings", {**FINDING, "title": "egen brist"}, concerned=(one.id,))
    await house.write(algot, "findings", {**FINDING, "title": "annans brist"}, concerned=(other.id,))
    await house.write(algot, "findings", {**FINDING, "title": "ingens brist"}, concerned=())
    document_ = await house.put_in_force(algot, berit, "documents", document(title="gällande rutin"))
    await house.write(algot, "documents", document(title="utkast till rutin"), entry=document_, number=3)

    async def seen() -> tuple[dict[str, str], str]:
        async with platform_as(house.server, "portal") as portal:
            registers = {shown.register: shown.how for shown in await list_shown_registers(portal, one.id)}
            entries = [await list_shown_entries(portal, one.id, name) for name in REGISTERS]
        return registers, str(entries)

    assert await seen() == ({}, str([[] for _ in REGISTERS]))
    await _show(house, algot, "findings", one, "entries")
    await _show(house, algot, "documents", one, "entries")
    registers, words = await seen()
    assert registers == {"findings": "entries", "documents": "entries"}
    assert "egen brist" in words
    assert str(own) in words
    assert "gällande rutin" in words
    for hidden in ("annans brist", "ingens brist", "utkast till rutin", str(algot.account_id)):
        assert hidden not in words
    await _show(house, algot, "findings", one, "counts")
    await _show(house, algot, "documents", one, "nothing")
    assert await seen() == ({"findings": "counts"}, str([[] for _ in REGISTERS]))
    with pytest.raises(RegisterError):
        await _show(house, algot, "undertakings", one, "entries")


async def test_what_an_authority_is_shown_stands_in_its_log(
    house: House, algot: Principal, new_authority: Callable[..., Authority],
    onlooker: psycopg.Connection[dict[str, object]],
) -> None:  # fmt: skip
    """Naming the authority; and deciding the same once more is no news."""
    authority, before = new_authority(), newest(onlooker)
    for how in ("entries", "entries", "nothing"):
        await _show(house, algot, "documents", authority, how)
    told = [one for one in entries(onlooker, before) if one["event"] == "register.shown"]
    told = [one["detail"] for one in told if one["detail"]["authority"] == str(authority.id)]
    assert [one["how"] for one in told] == ["entries", "nothing"]


async def _show(house: House, who: Principal, register: str, authority: Authority, how: str) -> None:
    declared = REGISTERS[register]
    confirmation = Confirmation(showing_act(declared, authority.id, how).digest, touched=True)  # type: ignore[arg-type]
    async with platform_as(house.server, "office") as office:
        await show_to(office, who, declared, authority.id, how, now=START, confirmation=confirmation)  # type: ignore[arg-type]


async def _ask(house: House, statement: str, *values: object) -> list[tuple[object, ...]]:
    async with platform_as(house.server, "office") as office, office.transaction():
        return await (await office.execute(statement.encode(), values)).fetchall()

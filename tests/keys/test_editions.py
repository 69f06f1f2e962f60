# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was written in the same place before opens no more: the keyholder remembers which edition counts."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.keys.doorway import Doorway
from tests.keys.keyring import Keyring as Store
from vaka.clock import SystemClock
from vaka.crypto.aead import UnopenableError
from vaka.keys import keyring as keyring_module
from vaka.keys.calls import Edition
from vaka.keys.client import KeyCallRefusedError
from vaka.keys.editions import MOST_TRIED, Editions
from vaka.keys.keyring import Keyring
from vaka.keys.letters import Addressee, Writer

pytestmark = [pytest.mark.anyio, pytest.mark.database]
EKBACKA, NORRVIK = UUID(int=0xE), UUID(int=0xF)
ANNA, BO, BUTTON = UUID(int=1), UUID(int=2), UUID(int=0xB)


@pytest.fixture
async def door(keyring: Store) -> AsyncIterator[Doorway]:
    made = Doorway(keyring)
    await made.open()
    setup = made.client("setup")
    for authority in (EKBACKA, NORRVIK):
        await setup.open_authority(authority)
        await setup.create(authority, [ANNA, BO])
    yield made
    await made.close()


def ring(door: Doorway, component: str = "desk") -> Keyring:
    hasty = door.client(component, wait_seconds=keyring_module.SHORT_WAIT_SECONDS)
    return Keyring(door.client(component), hasty, SystemClock())


async def code(
    keys: keyring_module.AuthorityKeys, value: str, subject: UUID = ANNA, edition: int = 0
) -> dict[str, Any]:
    await keys.hold([subject])
    return keys.seal_row("person", str(subject), subject, {"door_code": value}, edition)


async def test_old_value_of_the_very_same_cell_is_refused(door: Doorway) -> None:
    setup, desk = ring(door, "setup").of(EKBACKA), ring(door)
    old = await code(setup, "1111")
    issued = await setup.issue_editions([ANNA])
    new = await code(setup, "2222", edition=issued[ANNA])
    mine = desk.of(EKBACKA)
    await mine.hold([ANNA])
    # While the change is under way both count: whoever reads meanwhile reads one or the other.
    for row, value in ((old, "1111"), (new, "2222")):
        assert mine.open_row("person", str(ANNA), ANNA, row) == {"door_code": value}
    await setup.settle_editions(issued)
    assert await mine.catch_up()
    for keys in (setup, mine):
        assert keys.open_row("person", str(ANNA), ANNA, new) == {"door_code": "2222"}
        with pytest.raises(UnopenableError):
            keys.open_row("person", str(ANNA), ANNA, old)
    opened, refused = mine.open_cells("person", str(ANNA), ANNA, {**old, "area": "Norra"})
    assert (opened, refused) == ({"door_code": None, "area": "Norra"}, dict(old))
    assert [(one.table, one.subject) for one in desk.refused.values()] == [("person", ANNA)]
    # Nobody else's values have become another edition.
    of_bo = await code(mine, "3333", BO)
    assert mine.open_row("person", str(BO), BO, of_bo) == {"door_code": "3333"}


async def test_old_letter_of_a_device_is_refused(door: Doorway) -> None:
    setup = ring(door, "setup").of(EKBACKA)
    await setup.hold([ANNA])
    to, writer = Addressee(ANNA, setup.address(ANNA)), Writer()
    old = writer.write_row(EKBACKA, to, "device", str(BUTTON), {"placed": "köket"})
    assert setup.open_row("device", str(BUTTON), ANNA, old) == {"placed": "köket"}
    issued = await setup.issue_editions([BUTTON])
    new = writer.write_row(EKBACKA, to, "device", str(BUTTON), {"placed": "hallen"}, issued[BUTTON])
    await setup.settle_editions(issued)
    assert setup.open_row("device", str(BUTTON), ANNA, new) == {"placed": "hallen"}
    with pytest.raises(UnopenableError):
        setup.open_row("device", str(BUTTON), ANNA, old)


async def test_what_a_broken_change_wrote_does_not_count_after_the_next_one(door: Doorway) -> None:
    setup = ring(door, "setup").of(EKBACKA)
    broken = await code(setup, "1111", edition=(await setup.issue_editions([ANNA]))[ANNA])
    assert setup.open_row("person", str(ANNA), ANNA, broken) == {"door_code": "1111"}
    issued = await setup.issue_editions([ANNA])
    assert issued == {ANNA: 2}
    await setup.settle_editions(issued)
    with pytest.raises(UnopenableError):
        setup.open_row("person", str(ANNA), ANNA, broken)


async def test_editions_differ_by_authority_and_only_setup_issues_them(door: Doorway) -> None:
    setup = ring(door, "setup")
    assert await setup.of(EKBACKA).issue_editions([ANNA, BUTTON]) == {ANNA: 1, BUTTON: 1}
    assert await setup.of(NORRVIK).issue_editions([ANNA]) == {ANNA: 1}
    assert await setup.of(EKBACKA).issue_editions([ANNA]) == {ANNA: 2}
    for component in ("desk", "portal", "scheduler"):
        with pytest.raises(KeyCallRefusedError):
            await door.client(component).issue_editions(EKBACKA, [ANNA])
    for component in ("desk", "portal"):
        with pytest.raises(KeyCallRefusedError):
            await door.client(component).settle_editions(EKBACKA, {ANNA: 9})
    with pytest.raises(KeyCallRefusedError):
        await door.client("setup").issue_editions(UUID(int=0xAA), [ANNA])


async def test_key_database_that_was_put_back_lets_no_running_process_go_back_and_is_told_of(
    door: Doorway, keyring: Store
) -> None:
    setup, desk = ring(door, "setup").of(EKBACKA), ring(door).of(EKBACKA)
    old = await code(setup, "1111")
    await setup.settle_editions(await setup.issue_editions([ANNA]))
    await desk.hold([ANNA])
    keyring.execute("delete from vaka.edition")
    for keys in (setup, desk):
        await keys.catch_up()
        with pytest.raises(UnopenableError):
            keys.open_row("person", str(ANNA), ANNA, old)
    # What the log says was written, the scheduler tells the keyholder, which knows nothing of it, and does since.
    scheduler = door.client("scheduler")
    assert await scheduler.settle_editions(EKBACKA, {ANNA: 1}) == [ANNA]
    assert await scheduler.settle_editions(EKBACKA, {ANNA: 1}) == []
    late = ring(door).of(EKBACKA)
    await late.hold([ANNA])
    with pytest.raises(UnopenableError):
        late.open_row("person", str(ANNA), ANNA, old)


async def test_after_a_key_database_was_put_back_a_running_process_learns_of_what_is_written_since(
    door: Doorway, keyring: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, desk = ring(door, "setup").of(EKBACKA), ring(door)
    old = {one: await code(setup, "1111", one) for one in (ANNA, BO)}
    for _ in range(3):
        await setup.settle_editions(await setup.issue_editions([ANNA]))
    await desk.of(EKBACKA).hold([ANNA, BO])
    assert desk.editions.turn == 6
    keyring.execute("delete from vaka.edition")
    monkeypatch.setattr(keyring_module, "WATCH_SECONDS", 0.02)
    watching = asyncio.create_task(desk.watch())
    try:
        await setup.settle_editions(await setup.issue_editions([BO]))
        async with asyncio.timeout(60):
            while desk.editions.that_count(EKBACKA, BO) != [1]:
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
    assert desk.editions.that_count(EKBACKA, ANNA) == [3], "what is known stays known"
    for one in (ANNA, BO):
        with pytest.raises(UnopenableError):
            desk.of(EKBACKA).open_row("person", str(one), one, old[one])


async def test_settling_never_goes_back(door: Doorway) -> None:
    setup = door.client("setup")
    for _ in range(3):
        await setup.issue_editions(EKBACKA, [ANNA])
    await setup.settle_editions(EKBACKA, {ANNA: 3})
    await setup.settle_editions(EKBACKA, {ANNA: 1})
    assert [(one.issued, one.settled) for one in await setup.editions(0)] == [(3, 3)]


async def test_watch_learns_of_a_change_within_a_moment(door: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_module, "WATCH_SECONDS", 0.02)
    setup, desk = ring(door, "setup").of(EKBACKA), ring(door)
    old = await code(desk.of(EKBACKA), "1111")
    watching = asyncio.create_task(desk.watch())
    try:
        await setup.settle_editions(await setup.issue_editions([ANNA]))
        async with asyncio.timeout(60):
            while desk.editions.that_count(EKBACKA, ANNA) != [1]:
                await asyncio.sleep(0.01)
    finally:
        watching.cancel()
    with pytest.raises(UnopenableError):
        desk.of(EKBACKA).open_row("person", str(ANNA), ANNA, old)


def test_so_many_count_at_a_time_and_no_more() -> None:
    known = Editions()
    assert known.that_count(EKBACKA, ANNA) == [0]
    known.learn([Edition(authority=EKBACKA, object=ANNA, issued=100, settled=0, turn=1)])
    assert known.that_count(EKBACKA, ANNA) == [*range(100, 100 - MOST_TRIED, -1), 0], "the settled one always opens"
    known.learn([Edition(authority=EKBACKA, object=ANNA, issued=100, settled=99, turn=2)])
    known.learn([Edition(authority=EKBACKA, object=ANNA, issued=3, settled=3, turn=3)])
    assert known.that_count(EKBACKA, ANNA) == [100, 99]
    assert known.that_count(NORRVIK, ANNA) == known.that_count(EKBACKA, None) == [0]


async def test_settled_value_opens_however_many_changes_were_broken_off_since(door: Doorway) -> None:
    setup = ring(door, "setup").of(EKBACKA)
    issued = await setup.issue_editions([ANNA])
    stands = await code(setup, "1111", edition=issued[ANNA])
    await setup.settle_editions(issued)
    for _ in range(MOST_TRIED + 2):
        await setup.issue_editions([ANNA])
    assert setup.open_row("person", str(ANNA), ANNA, stands) == {"door_code": "1111"}


class SlowSource:
    """Tells of one change a page, and is waited for in vain at every second."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.most = 6

    async def editions(self, after_turn: int) -> tuple[Edition, ...]:
        """Return the next one."""
        self.asked.append(after_turn)
        if len(self.asked) % 2 == 0:
            raise TimeoutError
        if after_turn >= self.most:
            return ()
        turn = after_turn + 1
        return (Edition(authority=EKBACKA, object=UUID(int=turn), issued=1, settled=1, turn=turn),)


async def test_first_reading_that_is_broken_off_goes_on_where_it_was() -> None:
    known, source = Editions(), SlowSource()
    for turn in range(1, source.most + 1):
        with pytest.raises(TimeoutError):
            await known.read(source)
        assert (known.turn, known.is_known) == (turn, False), "not all is known yet"
    await known.read(source)
    assert (known.turn, known.is_known) == (source.most, True)
    assert source.asked[::2] == list(range(source.most + 1)), "no page is read twice"


async def test_lookup_key_that_was_under_way_when_everything_was_let_go_is_not_kept(door: Doorway) -> None:
    held = ring(door)
    asked: list[str] = []
    ask = held._patient.lookup_key

    async def ask_late(authority: UUID, purpose: str) -> bytes:
        asked.append(purpose)
        key = await ask(authority, purpose)
        if len(asked) == 1:
            held.forget()
        return key

    held._patient.lookup_key = ask_late  # type: ignore[method-assign]
    first = await held.lookup_key(EKBACKA, "phone")
    assert held._lookups == {}
    assert [await held.lookup_key(EKBACKA, "phone"), await held.lookup_key(EKBACKA, "phone")] == [first, first]
    assert asked == ["phone", "phone"]


async def test_after_a_restored_database_older_values_are_readmitted_until_they_are_written_anew(door: Doorway) -> None:
    setup = ring(door, "setup").of(EKBACKA)
    old = await code(setup, "1111")
    await setup.settle_editions(await setup.issue_editions([ANNA, BUTTON]))
    for component in ("desk", "portal", "scheduler"):
        with pytest.raises(KeyCallRefusedError):
            await door.client(component).readmit_editions(EKBACKA)
    assert await door.client("setup").readmit_editions(NORRVIK) == 0
    assert await door.client("setup").readmit_editions(EKBACKA) == 2
    # Whoever runs goes on refusing; whoever starts since reads what was restored.
    await setup.catch_up()
    with pytest.raises(UnopenableError):
        setup.open_row("person", str(ANNA), ANNA, old)
    started = ring(door, "setup").of(EKBACKA)
    await started.hold([ANNA])
    assert started.open_row("person", str(ANNA), ANNA, old) == {"door_code": "1111"}
    await started.settle_editions(await started.issue_editions([ANNA]))
    with pytest.raises(UnopenableError):
        started.open_row("person", str(ANNA), ANNA, old)

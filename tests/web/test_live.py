# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The hub: who is told what, that nobody waits for a life alarm, and that a storm stays bounded."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.waiting import wait_until
from tests.web.cards import EKBACKA, NORRVIK, card
from vaka.clock import Clock, SystemClock, TurnedClock
from vaka.tenants.authorities import Authority
from vaka.web.audience import Subscriber
from vaka.web.cards import Card, Reading
from vaka.web.live import LARGEST_HALL, ORDINARY_SECONDS, URGENT_SECONDS, HallFullError, Hub
from vaka.web.view import LARGEST_STRANGERS, LARGEST_VIEW

EKBACKA_KOMMUN = Authority(EKBACKA, "ekbacka", "Ekbacka kommun", "authority", "vaka_t_ekbacka")
INTAKE = UUID(int=1003)
RECEPTION = Authority(INTAKE, "mottagning", "Okända avsändare", "intake", "vaka_t_mottagning")
NORRVIK_KOMMUN = Authority(NORRVIK, "norrvik", "Norrviks kommun", "authority", "vaka_t_norrvik")

pytestmark = pytest.mark.anyio


class Marks:
    """A source that is never read and remembers what was marked as presented."""

    def __init__(self) -> None:
        self.presented: list[tuple[str, list[UUID]]] = []
        self.fails = False

    async def read_all(self, authority: Authority) -> Reading:
        raise AssertionError

    async def read_some(self, authority: Authority, ids: Sequence[UUID]) -> Sequence[Card]:
        raise AssertionError

    def is_incomplete(self, authority: Authority) -> bool:
        return False

    async def mark_presented(self, authority: Authority, ids: Sequence[UUID]) -> None:
        if self.fails:
            raise ConnectionError
        self.presented.append((authority.slug, list(ids)))


@asynccontextmanager
async def running(source: Marks | None = None, clock: Clock | None = None) -> AsyncIterator[Hub]:
    """A hub that sends."""
    hub = Hub(source or Marks(), clock or SystemClock(), epoch="e1")
    hub.take_in_all(EKBACKA_KOMMUN, Reading([]))
    hub.take_in_all(NORRVIK_KOMMUN, Reading([]))
    tasks = [asyncio.create_task(hub.send()), asyncio.create_task(hub.mark_presented())]
    try:
        yield hub
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def subscribe(hub: Hub, *authorities: UUID, account: UUID | None = None, last_seen: str = "") -> Subscriber:
    """A desk that has been given the whole view where it needs it."""
    seen = frozenset(authorities)
    desk = hub.subscribe(seen, "sv", account or uuid4(), uuid4(), last_seen, named=seen)
    if desk.is_behind:
        hub.everything(desk)
    return desk


def ids(facts: dict[str, Any]) -> list[str]:
    """The alarms that are put."""
    return [put["id"] for put in facts["put"]]


async def told(desk: Subscriber, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
    """What the desk is told next."""
    while True:
        message = await desk.next(60)
        assert message is not None, "nothing came"
        facts: dict[str, Any] = json.loads(message.decode().partition("data: ")[2])
        if wanted(facts):
            return facts


async def test_a_change_reaches_those_who_may_see_it_and_nobody_else() -> None:
    async with running() as hub:
        both, one, other = subscribe(hub, EKBACKA, NORRVIK), subscribe(hub, EKBACKA), subscribe(hub, NORRVIK)
        alarm = card(authority=EKBACKA)
        hub.take_in_some(EKBACKA_KOMMUN, [alarm.alarm], [alarm])
        for desk in (both, one):
            facts = await told(desk, lambda facts: bool(facts["put"]))
            assert [put["id"] for put in facts["put"]] == [str(alarm.alarm)]
        assert str(alarm.alarm).encode() not in hub.everything(other)
        assert (await other.next(0.5) or b"").find(str(alarm.alarm).encode()) == -1


async def test_each_language_is_made_once_and_shared() -> None:
    async with running() as hub:
        desks = [subscribe(hub, EKBACKA) for _ in range(200)]
        english = hub.subscribe(frozenset({EKBACKA}), "en", uuid4(), uuid4(), named=frozenset({EKBACKA}))
        hub.everything(english)
        hub.take_in_some(EKBACKA_KOMMUN, [(alarm := card()).alarm], [alarm])
        messages = [await desk.next(60) for desk in desks]
        assert len({id(message) for message in messages}) == 1
        assert b'"language": "sv"' in (messages[0] or b"")
        assert b'"language": "en"' in (await english.next(60) or b"")


async def test_what_left_the_queue_is_told_as_gone() -> None:
    async with running() as hub:
        hub.take_in_all(EKBACKA_KOMMUN, Reading([first := card("a"), second := card("b")]))
        desk = subscribe(hub, EKBACKA)
        hub.take_in_some(EKBACKA_KOMMUN, [first.alarm], [])
        assert (await told(desk, lambda facts: bool(facts["gone"])))["gone"] == [str(first.alarm)]
        hub.take_in_all(EKBACKA_KOMMUN, Reading([]))
        assert (await told(desk, lambda facts: bool(facts["gone"])))["gone"] == [str(second.alarm)]


async def test_a_reading_that_was_cut_off_removes_nothing() -> None:
    async with running() as hub:
        hub.take_in_all(EKBACKA_KOMMUN, Reading([card("a")]))
        hub.take_in_all(EKBACKA_KOMMUN, Reading([card("b")], waiting_beyond=7, open_beyond=9))
        numbers = hub.numbers(frozenset({EKBACKA}))
        assert (numbers.waiting, numbers.open) == (2 + 7, 2 + 9)


async def test_a_life_alarm_overtakes_what_waits_for_the_next_sending(clock: TurnedClock) -> None:
    async with running(clock=clock) as hub:
        desk = subscribe(hub, EKBACKA)
        hub.take_in_some(EKBACKA_KOMMUN, [], [first := card("9")])
        assert ids(await told(desk, lambda facts: bool(facts["put"]))) == [str(first.alarm)]
        # Right after a sending ordinary news waits its turn; the life alarm that comes after it does not.
        hub.take_in_some(EKBACKA_KOMMUN, [], [ordinary := card("8")])
        hub.take_in_some(EKBACKA_KOMMUN, [], [urgent := card("1", urgent=True)])
        clock.turn(URGENT_SECONDS * 1.5)
        assert ids(await told(desk)) == [str(urgent.alarm)]
        clock.turn(ORDINARY_SECONDS)
        assert ids(await told(desk)) == [str(ordinary.alarm)]


async def test_a_storm_comes_as_few_large_messages() -> None:
    async with running() as hub:
        desk = subscribe(hub, EKBACKA)
        alarms = [card(f"{number:04}") for number in range(LARGEST_VIEW)]
        for alarm in alarms:
            hub.take_in_some(EKBACKA_KOMMUN, [alarm.alarm], [alarm])
            await asyncio.sleep(0.001)
        seen: set[str] = set()
        messages = 0
        while len(seen) < len(alarms):
            seen |= {put["id"] for put in (await told(desk))["put"]}
            messages += 1
        assert messages <= len(alarms) // 10


async def test_a_queue_without_end_shows_its_beginning_and_how_many_more() -> None:
    async with running() as hub:
        cards = [card(f"{number:05}") for number in range(LARGEST_VIEW + 700)]
        hub.take_in_all(EKBACKA_KOMMUN, Reading(cards))
        await asyncio.sleep(0)
        desk = hub.subscribe(frozenset({EKBACKA}), "sv", uuid4(), uuid4())
        facts = json.loads(hub.everything(desk).decode().partition("data: ")[2])
        assert len(facts["put"]) == LARGEST_VIEW
        assert (facts["people"], facts["more"], facts["waiting"]) == (700, 0, LARGEST_VIEW + 700)
        # The first are answered: those behind them move up, without anyone asking.
        hub.take_in_some(EKBACKA_KOMMUN, [one.alarm for one in cards[:250]], [])
        refilled = await told(desk, lambda facts: len(facts["put"]) == LARGEST_VIEW)
        assert refilled["put"][0]["id"] == str(cards[250].alarm)


async def test_a_new_life_alarm_finds_its_place_in_a_full_view() -> None:
    async with running() as hub:
        hub.take_in_all(EKBACKA_KOMMUN, Reading([card(f"5{number:04}") for number in range(LARGEST_VIEW + 10)]))
        desk = subscribe(hub, EKBACKA)
        hub.take_in_some(EKBACKA_KOMMUN, [], [urgent := card("0", urgent=True)])
        facts = await told(desk, lambda facts: str(urgent.alarm) in str(facts["put"]))
        assert len(facts["gone"]) == 1


async def test_what_was_shown_is_marked_once_and_only_once_somebody_saw_it() -> None:
    marks = Marks()
    async with running(marks) as hub:
        hub.take_in_all(EKBACKA_KOMMUN, Reading([early := card("a", unshown=True)]))
        subscribe(hub, NORRVIK)
        await asyncio.sleep(0.4)
        assert marks.presented == []
        subscribe(hub, EKBACKA)
        subscribe(hub, EKBACKA)
        await wait_until(lambda: marks.presented == [("ekbacka", [early.alarm])])
        hub.take_in_some(EKBACKA_KOMMUN, [], [late := card("b", unshown=True)])
        await wait_until(lambda: marks.presented[1:] == [("ekbacka", [late.alarm])])


async def test_a_mark_that_failed_is_made_after_the_next_whole_reading() -> None:
    marks = Marks()
    marks.fails = True
    async with running(marks) as hub:
        alarm = card("a", unshown=True)
        hub.take_in_all(EKBACKA_KOMMUN, Reading([alarm]))
        subscribe(hub, EKBACKA)
        await asyncio.sleep(0.3)
        marks.fails = False
        hub.take_in_all(EKBACKA_KOMMUN, Reading([alarm]))
        await wait_until(lambda: marks.presented == [("ekbacka", [alarm.alarm])])


async def test_a_database_that_does_not_answer_is_told_to_those_concerned() -> None:
    async with running() as hub:
        concerned, other = subscribe(hub, EKBACKA, NORRVIK), subscribe(hub, NORRVIK)
        hub.tell_down(EKBACKA_KOMMUN)
        assert (await told(concerned))["trouble"] is True
        assert hub.numbers(other.audience.authorities).trouble is False
        hub.take_in_all(EKBACKA_KOMMUN, Reading([]))
        assert (await told(concerned))["trouble"] is False


async def test_on_duty_counts_people_not_windows() -> None:
    async with running() as hub:
        account = uuid4()
        first = subscribe(hub, EKBACKA, account=account)
        subscribe(hub, EKBACKA, NORRVIK, account=account)
        subscribe(hub, NORRVIK)
        assert hub.numbers(frozenset({EKBACKA})).on_duty == 1
        assert hub.numbers(frozenset({EKBACKA, NORRVIK})).on_duty == 2
        assert hub.on_duty(EKBACKA) == {account}
        hub.unsubscribe(first)
        assert hub.on_duty(EKBACKA) == {account}


async def test_signing_out_ends_the_streams_of_that_session_alone() -> None:
    async with running() as hub:
        ends, stays = subscribe(hub, EKBACKA), subscribe(hub, EKBACKA)
        hub.end_session(ends.session_id)
        assert (ends.ended, stays.ended) == ("signed_out", None)
        hub.close()
        assert stays.ended == "restart"


async def test_a_desk_whose_rights_change_sees_the_others_from_then_on() -> None:
    async with running() as hub:
        hub.take_in_all(EKBACKA_KOMMUN, Reading([ours := card("a")]))
        hub.take_in_all(NORRVIK_KOMMUN, Reading([theirs := card("b", authority=NORRVIK)]))
        desk = subscribe(hub, EKBACKA)
        hub.move(desk, frozenset({NORRVIK}))
        assert desk.is_behind
        view = hub.everything(desk)
        assert str(theirs.alarm).encode() in view
        assert str(ours.alarm).encode() not in view


async def test_the_hall_is_bounded() -> None:
    async with running() as hub:
        for _ in range(LARGEST_HALL):
            hub.subscribe(frozenset({EKBACKA}), "sv", uuid4(), uuid4())
        with pytest.raises(HallFullError):
            hub.subscribe(frozenset({EKBACKA}), "sv", uuid4(), uuid4())


def stranger(place: str, **more: Any) -> Card:
    """An unknown sender's life alarm."""
    return card(place, authority=INTAKE, urgent=True, stranger=True, **more)


async def test_many_unknown_senders_are_a_number_and_take_nobodys_turn() -> None:
    async with running() as hub:
        strangers = [stranger(f"a{number:03}") for number in range(464)]
        known = card("b", urgent=True, unshown=True)
        hub.take_in_all(RECEPTION, Reading(strangers))
        desk = subscribe(hub, EKBACKA, INTAKE)
        hub.take_in_some(EKBACKA_KOMMUN, [known.alarm], [known])
        facts = await told(desk, lambda facts: str(known.alarm) in ids(facts))
        assert (facts["waiting"], facts["ringing"]) == (465, 465)
        assert (facts["strangers"], facts["people"], facts["more"]) == (464 - LARGEST_STRANGERS, 0, 0)
        everything = frozenset({EKBACKA, INTAKE})
        assert [one.alarm for one in hub.takeable(everything, 2)] == [known.alarm, strangers[0].alarm]
        drilled = card("z", exercise=True)
        hub.take_in_some(EKBACKA_KOMMUN, [known.alarm, drilled.alarm], [drilled])
        assert hub.takeable(everything, 1)[0].alarm == strangers[0].alarm, (
            "an unknown one may be real, an exercise's not"
        )
        hub.take_in_some(EKBACKA_KOMMUN, [known.alarm, drilled.alarm], [known])
        # A few of them wait their turn as anybody does.
        hub.take_in_all(RECEPTION, Reading(strangers[:LARGEST_STRANGERS]))
        assert hub.takeable(everything, 1)[0].alarm == strangers[0].alarm


@pytest.mark.parametrize(("count", "urged"), [(LARGEST_STRANGERS, True), (LARGEST_STRANGERS + 1, False)])
async def test_a_flood_of_strangers_does_not_drown_out_whom_we_know(count: int, urged: bool) -> None:
    async with running() as hub:
        hub.take_in_all(RECEPTION, Reading([stranger(f"{number:03}", urged=True) for number in range(count)]))
        both = frozenset({EKBACKA, INTAKE})
        assert (hub.numbers(both).urged, hub.numbers(both).ringing) == (urged, count)
        hub.take_in_all(EKBACKA_KOMMUN, Reading([card(urgent=True, urged=True)]))
        assert hub.numbers(both).urged


async def test_many_unknown_senders_that_nobody_waits_behind_are_no_flood() -> None:
    """An installation in which devices are put up before they are registered."""
    async with running() as hub:
        faults = [card(f"z{number:03}", authority=INTAKE, stranger=True) for number in range(LARGEST_STRANGERS + 1)]
        fallen = stranger("a", urged=True)
        hub.take_in_all(RECEPTION, Reading([*faults, fallen]))
        hub.take_in_all(EKBACKA_KOMMUN, Reading([card("y")]))
        both = frozenset({EKBACKA, INTAKE})
        assert hub.takeable(both, 1)[0].alarm == fallen.alarm
        assert (hub.numbers(both).urged, hub.numbers(both).ringing) == (True, 1)


async def test_what_finds_no_line_rings_and_is_told_of_loudly() -> None:
    """More people than lines: each of them is heard, and how many are not seen is said."""
    async with running() as hub:
        asked = card("z", urgent=True, urged=True, on_call=("Ekbacka kommun", "08-465 004 56"))
        calm = [card(f"a{number:03}") for number in range(LARGEST_VIEW)]
        desk = subscribe(hub, EKBACKA)
        hub.take_in_all(EKBACKA_KOMMUN, Reading([*calm, asked]))
        facts = await told(desk, lambda facts: facts["ringing"] > 0)
        assert str(asked.alarm) not in ids(facts)
        assert (facts["people"], facts["more"], facts["urged"]) == (1, 0, True)
        assert facts["onCall"] == [["Ekbacka kommun", "08-465 004 56"]]


async def test_a_page_without_the_queue_gets_the_numbers_and_shows_nobody() -> None:
    marks = Marks()
    async with running(marks) as hub:
        account = uuid4()
        desk = hub.subscribe(frozenset({EKBACKA}), "sv", account, uuid4(), "e1-0", has_queue=False)
        assert desk.is_behind
        assert b'"put":[]' in hub.everything(desk)
        assert hub.at_desks() == {account}
        alarm = card(urgent=True, unshown=True, again_to=account, offered_to=account)
        hub.take_in_some(EKBACKA_KOMMUN, [alarm.alarm], [alarm])
        message = await desk.next(60)
        assert message is not None
        assert b"event: beat" in message
        facts = json.loads(message.decode().partition("data: ")[2])
        assert (facts["put"], facts["ringing"], facts["waiting"]) == ([], 1, 1)
        assert facts["again"] == facts["offered"] == [str(account)]
        await asyncio.sleep(0.2)
        assert marks.presented == []
        subscribe(hub, EKBACKA)
        await wait_until(lambda: marks.presented == [("ekbacka", [alarm.alarm])])

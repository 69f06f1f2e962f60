# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ending alarms, one and many, opening them again, writing on them and joining them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import CLOSING, House, Sender, operator
from tests.conftest import START
from vaka.access.decide import NotAllowedError
from vaka.access.principal import Principal
from vaka.alarms.closing import Closing, acknowledge_withdrawn, close, close_many, reopen
from vaka.alarms.conflicts import (
    ActConflictError,
    AlarmConflictError,
    HeldByAnotherError,
    NewerAlarmOpenError,
    TooOldToReopenError,
    UnusableActError,
)
from vaka.alarms.model import State
from vaka.alarms.noting import add_note, merge
from vaka.alarms.reading import read_screen
from vaka.alarms.taking import suspend, take
from vaka.alarms.unlocking import unlock_screen
from vaka.keys.keyring import AuthorityKeys

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(seconds=20)


@pytest.fixture
def me(house: House) -> Principal:
    return operator(house.authority, role="shift_leader")


@pytest.fixture
def other(house: House) -> Principal:
    return operator(house.authority)


async def raise_and_take(house: House, who: Principal, sender: Sender | None = None) -> UUID:
    alarm_id = house.raise_alarm(sender=sender)
    await take(house.desk, who, house.id, alarm_id, now=NOW)
    return alarm_id


async def test_closing_says_how_it_ended(house: House, me: Principal) -> None:
    alarm_id = await raise_and_take(house, me)
    alarm = await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    assert (alarm.state, alarm.holder, alarm.closed_at, alarm.closed_by) == (State.CLOSED, None, NOW, me.actor)
    assert (alarm.closing_reason, alarm.closing_action, alarm.closing_result) == (
        "needs_help", "home_care", "arrived_and_helped",
    )  # fmt: skip
    assert alarm.closing_note is not None


@pytest.mark.parametrize(
    ("closing", "named"),
    [
        (Closing("", "home_care", "arrived_and_helped"), "orsak"),
        (Closing("home_care", "home_care", "arrived_and_helped"), "orsak"),
        (Closing("needs_help", "x' or '1'='1", "arrived_and_helped"), "åtgärd"),
        (Closing("needs_help", "home_care", "retired"), "resultat"),
        (Closing("a", "b", "c"), "orsak, åtgärd, resultat"),
    ],
)
async def test_codes_come_from_the_authoritys_lists(house: House, me: Principal, closing: Closing, named: str) -> None:
    house.superuser.execute(
        "insert into vaka.closing_code (list, code, sv, en, position, active)"
        " values ('result', 'retired', 'Utgått', 'Retired', 9, false) on conflict do nothing"
    )
    alarm_id = await raise_and_take(house, me)
    with pytest.raises(UnusableActError) as refused:
        await close(house.desk, me, house.id, alarm_id, closing, now=NOW)
    assert f"Välj {named} ur" in refused.value.sentence.sv
    assert house.alarm(alarm_id)["state"] == "taken"


@pytest.mark.parametrize("text", ["x" * 2001, "null\x00", "\ud800"])
async def test_text_that_cannot_be_kept_is_refused(house: House, me: Principal, text: str) -> None:
    alarm_id = await raise_and_take(house, me)
    closing = Closing("needs_help", "home_care", "arrived_and_helped", text)
    with pytest.raises(UnusableActError):
        await close(house.desk, me, house.id, alarm_id, closing, now=NOW)
    with pytest.raises(UnusableActError):
        await add_note(house.desk, me, house.id, alarm_id, text, now=NOW)
    assert house.alarm(alarm_id)["state"] == "taken"


async def test_only_a_taken_alarm_is_closed(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    with pytest.raises(ActConflictError):
        await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    with pytest.raises(ActConflictError) as refused:
        await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    assert "redan avslutat" in refused.value.sentence.sv


async def test_a_withdrawn_alarm_stays_until_somebody_has_read_it(house: House, me: Principal) -> None:
    sender = Sender()
    alarm_id = house.raise_alarm(sender=sender)
    [(outcome, same)] = house.accept(sender.message(NOW, "withdraw"))
    assert (outcome, same) == ("withdrew", alarm_id)
    assert house.alarm(alarm_id)["state"] == "withdrawn"
    assert house.alarm(alarm_id)["escalate_at"] is None
    alarm = await acknowledge_withdrawn(house.desk, me, house.id, alarm_id, now=NOW)
    assert (alarm.state, alarm.closed_by, alarm.closing_result) == (State.CLOSED, me.actor, "cancelled_by_user")


async def test_an_alarm_that_still_stands_is_not_merely_read(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    with pytest.raises(ActConflictError):
        await acknowledge_withdrawn(house.desk, me, house.id, alarm_id, now=NOW)
    assert house.alarm(alarm_id)["state"] == "received"


async def test_a_new_press_revives_what_was_withdrawn(house: House) -> None:
    sender = Sender()
    alarm_id = house.raise_alarm(sender=sender)
    house.superuser.execute("update vaka.alarm set escalation = 2, escalate_at = null where id = %s", (alarm_id,))
    house.accept(sender.message(NOW, "withdraw"))
    [(outcome, same)] = house.accept(sender.message(NOW + timedelta(seconds=5)))
    assert (outcome, same) == ("joined", alarm_id)
    row = house.alarm(alarm_id)
    assert (row["state"], row["withdrawn_at"], row["escalation"]) == ("received", None, 0)
    assert row["escalate_at"] == NOW + timedelta(seconds=65)


async def test_a_new_press_fetches_back_what_was_laid_aside(house: House, me: Principal) -> None:
    sender = Sender()
    alarm_id = await raise_and_take(house, me, sender)
    await suspend(house.desk, me, house.id, alarm_id, NOW + timedelta(minutes=5), now=NOW)
    house.accept(sender.message(NOW + timedelta(seconds=5)))
    row = house.alarm(alarm_id)
    assert (row["state"], row["holder"], row["suspended_until"]) == ("received", None, None)


async def test_a_new_press_joins_what_somebody_has(house: House, me: Principal) -> None:
    sender = Sender()
    alarm_id = await raise_and_take(house, me, sender)
    [(outcome, same)] = house.accept(sender.message(NOW + timedelta(seconds=5)))
    assert (outcome, same) == ("joined", alarm_id)
    row = house.alarm(alarm_id)
    assert (row["state"], row["holder"], row["messages"]) == ("taken", me.account_id, 2)
    # Unanswered it rings for all, as any press does.
    assert row["escalate_at"] == NOW + timedelta(seconds=65)


async def test_restore_ends_a_waiting_technical_alarm_and_not_a_taken_one(house: House, me: Principal) -> None:
    sender = Sender()
    battery: dict[str, Any] = {"alarm_class": "technical", "kind": "battery"}
    ok: dict[str, Any] = {"effect": "restore", "restores": "battery", **battery}
    first = house.raise_alarm(sender=sender, **battery)
    assert house.accept(sender.message(NOW, **ok)) == [("restored", first)]
    row = house.alarm(first)
    assert (row["state"], row["closed_by"], row["closing_result"]) == ("closed", "device", "unit_fault_fixed")

    second = house.raise_alarm(sender=sender, **battery)
    await take(house.desk, me, house.id, second, now=NOW)
    assert house.accept(sender.message(NOW, **ok)) == [("restored", second)]
    row = house.alarm(second)
    assert (row["state"], row["holder"], row["withdrawn_at"]) == ("taken", me.account_id, NOW)


async def test_many_technical_alarms_are_closed_at_once(house: House, me: Principal, other: Principal) -> None:
    waiting = [house.raise_alarm(alarm_class=name) for name in ("technical", "test", "technical")]
    held = house.raise_alarm(alarm_class="technical")
    await take(house.desk, other, house.id, held, now=NOW)
    closed = await close_many(house.desk, me, house.id, [*waiting, held, uuid4()], CLOSING, now=NOW)
    assert set(closed) == set(waiting)
    assert house.alarm(held)["state"] == "taken"
    assert {house.alarm(alarm_id)["closed_by"] for alarm_id in waiting} == {me.actor}


async def test_what_has_come_since_the_list_was_read_is_not_closed_with_the_others(house: House, me: Principal) -> None:
    read, again = (house.raise_alarm(alarm_class="technical") for _ in range(2))
    seen = {alarm: house.alarm(alarm)["messages"] for alarm in (read, again)}
    # Being shown to somebody changes the version, and nothing that was read.
    house.superuser.execute("update vaka.alarm set version = version + 1, state = 'presented' where id = %s", (read,))
    house.superuser.execute("update vaka.alarm set version = version + 1, messages = 2 where id = %s", (again,))
    closed = await close_many(house.desk, me, house.id, [read, again], CLOSING, now=NOW, seen_arrivals=seen)
    assert closed == [read]
    assert house.alarm(again)["state"] == "received"


@pytest.mark.parametrize("alarm_class", ["life", "request"])
async def test_people_are_never_closed_in_bulk(house: House, me: Principal, alarm_class: str) -> None:
    technical, urgent = house.raise_alarm(alarm_class="technical"), house.raise_alarm(alarm_class=alarm_class)
    with pytest.raises(UnusableActError):
        await close_many(house.desk, me, house.id, [technical, urgent], CLOSING, now=NOW)
    assert house.alarm(technical)["state"] == "received"
    assert house.alarm(urgent)["state"] == "received"


@pytest.mark.parametrize("count", [0, 1001])
async def test_bulk_is_bounded(house: House, me: Principal, count: int) -> None:
    with pytest.raises(UnusableActError):
        await close_many(house.desk, me, house.id, [uuid4() for _ in range(count)], CLOSING, now=NOW)


async def test_bulk_needs_its_own_permission(house: House, other: Principal) -> None:
    alarm_id = house.raise_alarm(alarm_class="test")
    with pytest.raises(NotAllowedError):
        await close_many(house.desk, other, house.id, [alarm_id], CLOSING, now=NOW)


async def test_reopening_keeps_what_was_written(
    house: House, me: Principal, other: Principal, keys: AuthorityKeys
) -> None:
    alarm_id = await raise_and_take(house, me)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    later = NOW + timedelta(hours=23)
    alarm = await reopen(house.desk, other, house.id, alarm_id, now=later)
    assert (alarm.state, alarm.holder, alarm.closed_at) == (State.TAKEN, other.account_id, None)
    assert (alarm.closing_reason, alarm.closing_note, alarm.taken_at) == ("", None, NOW)
    screen = await unlock_screen(keys, await house.read(lambda found: read_screen(found, alarm_id, later)), later)
    assert [(note.body, note.written_by, note.written_at) for note in screen.alarm_notes] == [
        ("Hjälpt upp.", me.account_id, NOW)
    ]


async def test_reopening_is_for_a_day(house: House, me: Principal) -> None:
    alarm_id = await raise_and_take(house, me)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    with pytest.raises(TooOldToReopenError):
        await reopen(house.desk, me, house.id, alarm_id, now=NOW + timedelta(hours=24))
    assert house.alarm(alarm_id)["state"] == "closed"


async def test_a_newer_open_alarm_is_handled_instead(house: House, me: Principal) -> None:
    sender = Sender()
    alarm_id = await raise_and_take(house, me, sender)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    house.raise_alarm(NOW + timedelta(seconds=5), sender=sender)
    with pytest.raises(NewerAlarmOpenError):
        await reopen(house.desk, me, house.id, alarm_id, now=NOW + timedelta(minutes=1))
    assert house.alarm(alarm_id)["state"] == "closed"


async def test_an_open_alarm_is_not_reopened(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    with pytest.raises(ActConflictError):
        await reopen(house.desk, me, house.id, alarm_id, now=NOW)


async def test_merged_alarms_are_one_story(house: House, me: Principal) -> None:
    into, away = await raise_and_take(house, me), house.raise_alarm()
    alarm = await merge(house.desk, me, house.id, away, into, now=NOW)
    assert (alarm.state, alarm.merged_into, alarm.closed_at, alarm.holder) == (State.MERGED, into, NOW, None)
    screen = (await house.read(lambda connection: read_screen(connection, into, NOW))).screen
    assert len(screen.messages) == 2
    with pytest.raises(ActConflictError):
        await merge(house.desk, me, house.id, away, into, now=NOW)


async def test_a_colleagues_alarm_is_not_merged_away(house: House, me: Principal, other: Principal) -> None:
    into, theirs = await raise_and_take(house, me), await raise_and_take(house, other)
    with pytest.raises(HeldByAnotherError):
        await merge(house.desk, me, house.id, theirs, into, now=NOW)
    assert house.alarm(theirs)["state"] == "taken"


async def test_what_others_go_into_must_be_ones_own(house: House, me: Principal, other: Principal) -> None:
    away, waiting, theirs = house.raise_alarm(), house.raise_alarm(), await raise_and_take(house, other)
    with pytest.raises(AlarmConflictError):
        await merge(house.desk, me, house.id, away, waiting, now=NOW)
    with pytest.raises(HeldByAnotherError):
        await merge(house.desk, me, house.id, away, theirs, now=NOW)
    with pytest.raises(UnusableActError):
        await merge(house.desk, me, house.id, away, away, now=NOW)
    assert house.alarm(away)["state"] == "received"


async def test_a_note_can_follow_after_the_end(
    house: House, me: Principal, other: Principal, keys: AuthorityKeys
) -> None:
    alarm_id = await raise_and_take(house, me)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    note_id = await add_note(house.desk, other, house.id, alarm_id, "  Dottern ringde.\r\nAllt väl.  ", now=NOW)
    screen = await unlock_screen(keys, await house.read(lambda found: read_screen(found, alarm_id, NOW)), NOW)
    assert [(note.id, note.body) for note in screen.alarm_notes] == [(note_id, "Dottern ringde.\nAllt väl.")]
    with pytest.raises(UnusableActError):
        await add_note(house.desk, other, house.id, alarm_id, "  \n ", now=NOW)

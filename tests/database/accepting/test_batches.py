# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is entered and told of, batches as a whole, and two receivers at the same people."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.database.accepting.scene import (
    Answer,
    Connection,
    House,
    Message,
    Person,
    in_background,
    wait_until_blocked,
)
from tests.identities import blinded
from vaka.alarms.escalation import REPEATS_KEPT
from vaka.database.server import Server, tenant_role

pytestmark = pytest.mark.database


def test_every_message_kept_has_one_ledger_entry_without_anything_personal(house: House, anna: Person) -> None:
    house.accept(anna.send(location_text="sovrum"))
    house.accept(anna.send(after=1), Person().send("none", alarm_class="signal"))
    house.accept(anna.send("withdraw", after=2))
    house.accept(anna.send(alarm_class="technical", kind="battery"))
    house.accept(anna.send("restore", alarm_class="technical", restores="battery"))
    entries = house.rows("select event, actor, outcome, written_by, object, detail from ledger.inbox order by id")
    assert sorted(entry[0] for entry in entries) == [
        "alarm.joined", "alarm.raised", "alarm.raised", "alarm.restored", "alarm.withdrawn", "message.stored"
    ]  # fmt: skip
    for _, actor, outcome, written_by, thing, detail in entries:
        assert (actor, outcome) == ("receiver:west-1", "success")
        assert written_by == tenant_role(house.authority.database_name, "receiver")
        kind, _, identifier = thing.partition(":")
        assert kind in ("alarm", "message")
        UUID(identifier)
        assert set(detail) == {"message", "class", "kind"}


def test_listeners_are_told_identifiers_and_nothing_else(house: House, anna: Person) -> None:
    house.onlooker.execute("listen alarm")
    many = [Person().send(location_text="sovrum") for _ in range(450)]
    answers = house.accept(anna.send(), *many)
    house.accept(anna.send(ref="1"))  # a repeat
    house.accept(anna.send("none", alarm_class="signal"))
    house.onlooker.execute("select")  # with its answer comes whatever was announced before
    told = [notification.payload.split(",") for notification in house.onlooker.notifies(timeout=0.5)]
    assert all(len(payload) <= 200 for payload in told)
    assert sorted(UUID(text) for payload in told for text in payload) == sorted(
        alarm for _, alarm in answers if alarm is not None
    )


def test_a_batch_is_all_or_nothing(house: House, anna: Person) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        house.accept(anna.send(), Person().send(alarm_class="no such class"))
    assert house.rows("select (select count(*) from message) + (select count(*) from repeat_key)") == [(0,)]


def test_two_messages_of_one_person_in_a_batch_are_refused(house: House, anna: Person) -> None:
    """The caller's promise: a press and a press, or a press and its cancellation, never share a statement."""
    with pytest.raises(psycopg.errors.CardinalityViolation):
        house.accept(anna.send(), anna.send())
    assert house.rows("select count(*) from message") == [(0,)]


def test_an_empty_batch_is_nothing(house: House) -> None:
    assert house.accept() == []


def test_the_same_message_through_two_receivers_is_one_alarm(house: House) -> None:
    """Both ask at once; the second waits for the first, and then knows the alarm it could not see when it began."""
    people = [Person() for _ in range(20)]
    first = [person.send(ref="7") for person in people]
    second = [person.send(ref="7") for person in reversed(people)]
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction():
            raised = house.accept(*first)
            thread, answers = in_background(lambda: house.accept(*second, receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=60)
    assert [outcome for outcome, _ in raised] == ["raised"] * 20
    assert answers == [[("repeat", alarm) for _, alarm in reversed(raised)]]
    assert house.rows("select (select count(*) from message), (select count(*) from alarm)") == [(20, 20)]


def test_when_the_first_receiver_fails_the_second_keeps_the_message(house: House, anna: Person) -> None:
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction(force_rollback=True):
            house.accept(anna.send(ref="7"))
            thread, answers = in_background(lambda: house.accept(anna.send(ref="7"), receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=60)
    assert [outcome for [(outcome, _)] in answers] == ["raised"]
    assert house.rows("select (select count(*) from message), (select count(*) from alarm)") == [(1, 1)]


def test_two_presses_through_two_receivers_are_one_alarm(house: House, anna: Person) -> None:
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction():
            [(_, alarm_id)] = house.accept(anna.send())
            thread, answers = in_background(lambda: house.accept(anna.send(after=1), receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=60)
    assert answers == [[("joined", alarm_id)]]
    assert house.alarm(alarm_id, "messages") == (2,)


def test_receivers_with_the_same_people_never_block_each_other_for_good(house: House) -> None:
    """Rows are locked in one order, whatever the order of the batch: storms bring the same devices to all receivers."""
    people = [Person() for _ in range(50)]
    lots = [[person.send(after=turn) for person in people] for turn in range(40)]
    with closing(house.open_receiver()) as one, closing(house.open_receiver()) as two:

        def accept(receiver: Connection, batches: list[list[Message]]) -> list[Answer]:
            return [answer for batch in batches for answer in house.accept(*batch, receiver=receiver)]

        workers = [
            in_background(lambda: accept(one, lots[::2])),
            in_background(lambda: accept(two, [batch[::-1] for batch in lots[1::2]])),
        ]
        for thread, _ in workers:
            thread.join(timeout=60)
    outcomes = [outcome for _, results in workers for answers in results for outcome, _ in answers]
    assert outcomes.count("raised") == 50
    assert outcomes.count("joined") == 39 * 50


def test_a_plan_made_for_an_empty_table_stays_good_when_it_fills(house: House) -> None:
    """A connection keeps its plan. One that reads whole tables is cheap on the first day and ruinous in a storm."""
    house.onlooker.execute("vacuum analyze alarm, message, repeat_key")
    people = [Person() for _ in range(200)]
    house.accept(people[0].send(), people[1].send("withdraw"))  # the plan is made here
    house.accept(*(person.send() for person in people[2:]))
    house.receiver.execute("select pg_stat_force_next_flush()")
    house.rows("select pg_stat_reset()")
    for person in people[:50]:
        house.accept(person.send())
        house.accept(person.send("withdraw"))
        house.accept(person.send("restore", restores="link", alarm_class="technical"))
        person.sent -= 1
        house.accept(person.send("restore", restores="link", alarm_class="technical"))
    house.receiver.execute("select pg_stat_force_next_flush()")
    [(whole, entries)] = house.rows(
        "select (select sum(seq_scan) from pg_stat_user_tables where relname in ('alarm', 'message', 'repeat_key')),"
        " (select sum(idx_tup_read) from pg_stat_user_indexes where relname in ('alarm', 'message', 'repeat_key'))"
    )
    assert whole == 0
    assert entries < 200 * 10, "a few entries for each message, not all there are"


def test_keys_of_repeats_are_forgotten_in_time(house: House, anna: Person, server: Server) -> None:
    house.accept(anna.send(ref="7"))
    house.accept(Person().send(after=100))
    database = house.authority.database_name
    with closing(psycopg.connect(server.conninfo(tenant_role(database, "scheduler"), database))) as scheduler:
        forgotten = scheduler.execute("select vaka.forget_repeats(%s)", (START + timedelta(seconds=50),)).fetchone()
        scheduler.commit()
    assert forgotten == (1,)
    assert house.rows("select sender from repeat_key where sender = %s", blinded(anna.sender)) == []


def test_keys_that_lie_ahead_are_forgotten_before_their_time_comes(house: House, anna: Person, server: Server) -> None:
    """When it comes, a press of then would pass for a copy of one that was stored while the clock was ahead."""
    hours = 20 * 3600
    for sender, after in ((anna, hours), (Person(), 60), (Person(), 0)):
        [(_, alarm_id)] = house.accept(sender.send(ref="7", after=after))
        house.set_state(alarm_id, "closed", closed_at=START)
    database = house.authority.database_name
    with closing(psycopg.connect(server.conninfo(tenant_role(database, "scheduler"), database))) as scheduler:
        forgotten = scheduler.execute("select vaka.forget_repeats(%s)", (START - REPEATS_KEPT,)).fetchone()
        scheduler.commit()
    assert forgotten == (1,)
    assert house.accept(anna.send(ref="7", after=hours))[0][0] == "raised"


def test_older_news_never_overwrites_newer(house: House, anna: Person) -> None:
    assert anna.device is not None
    house.onlooker.execute("insert into device (id, sender) values (%s, %s)", (anna.device, blinded(anna.sender)))
    house.onlooker.execute("insert into device_state (device_id, changed_at) values (%s, %s)", (anna.device, START))

    def hear(seen_at: datetime) -> tuple[Any, ...] | None:
        batch = [{"device_id": str(anna.device), "seen_at": seen_at.isoformat()}]
        return house.receiver.execute("select vaka.record_signs_of_life(%s)", (Jsonb(batch),)).fetchone()

    assert hear(START) == (1,)
    assert hear(START - timedelta(seconds=5)) == (0,)
    assert hear(START + timedelta(seconds=5)) == (1,)
    assert house.rows("select last_seen from device_state") == [(START + timedelta(seconds=5),)]

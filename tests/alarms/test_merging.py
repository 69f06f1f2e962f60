# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two alarms made one: nobody who waits can vanish by it, whatever devices, timers and operators do afterwards."""

import asyncio
from datetime import timedelta

import pytest

from tests.alarms.house import House, Message, Sender, operator
from tests.conftest import START
from tests.people import register
from vaka.access.principal import Principal
from vaka.alarms.conflicts import AlarmConflictError, ChangedMeanwhileError, LessUrgentError
from vaka.alarms.escalation import escalate_due
from vaka.alarms.model import CLASSES
from vaka.alarms.noting import merge
from vaka.alarms.reading import read_address, read_queue, read_screen, read_targets
from vaka.alarms.taking import release, suspend, take
from vaka.alarms.technical import end
from vaka.alarms.unlocking import unlock_screen, unlock_targets
from vaka.keys.keyring import Keyring
from vaka.ledger.events import Event
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(seconds=20)
LATER = NOW + timedelta(hours=30)


@pytest.fixture
def me(quiet: House) -> Principal:
    return operator(quiet.authority)


def battery(sender: Sender, effect: str = "raise") -> Message:
    """A technical message: the battery is low, or well again."""
    return sender.message(NOW, effect, "technical", kind="battery", restores="battery")


@pytest.mark.parametrize("into", CLASSES)
@pytest.mark.parametrize("part", CLASSES)
async def test_nothing_becomes_part_of_what_is_less_urgent(quiet: House, me: Principal, part: str, into: str) -> None:
    target, away = quiet.raise_alarm(alarm_class=into), quiet.raise_alarm(alarm_class=part)
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    offered = await quiet.read(lambda connection: read_targets(connection, away, me.account_id))
    if CLASSES.index(into) > CLASSES.index(part):
        with pytest.raises(LessUrgentError):
            await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
        assert quiet.alarm(away)["state"] == "received"
        assert quiet.alarm(target)["parts"] == 0
        assert offered == []
    else:
        await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
        assert quiet.alarm(away)["state"] == "merged"
        assert [one.id for one in offered] == [target]


async def test_what_was_joined_is_told_on_both_and_ages_from_the_first(
    quiet: House, me: Principal, setup_keys: Keyring
) -> None:
    person, first = Sender(), Sender()
    assert first.person is not None
    await register(quiet.server, quiet.authority, setup_keys, [Person(first.person, "Rune", "Ek")])
    away = quiet.raise_alarm(START - timedelta(seconds=90), first)
    target = quiet.raise_alarm(START, person)
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    assert quiet.steps(away)[-1] == "merged"
    assert quiet.steps(target)[-1] == "absorbed"
    [row] = await quiet.read(lambda connection: read_queue(connection, NOW))
    assert (row.id, row.parts, row.received_at) == (target, 1, START - timedelta(seconds=90))
    sealed = await quiet.read(lambda connection: read_screen(connection, target, NOW))
    screen = await unlock_screen(setup_keys.of(quiet.id), sealed, NOW)
    assert [(part.id, part.person_name, part.alarm_class) for part in screen.parts] == [(away, "Rune Ek", "life")]
    assert screen.alarm.received_at == START
    assert screen.alarm.waits_since == START - timedelta(seconds=90)


async def test_parts_of_a_part_are_not_lost(quiet: House, me: Principal) -> None:
    first, second, third = (quiet.raise_alarm(START - timedelta(seconds=n)) for n in (30, 20, 10))
    for alarm in (second, third):
        await take(quiet.desk, me, quiet.id, alarm, now=NOW)
    await merge(quiet.desk, me, quiet.id, first, second, now=NOW)
    await merge(quiet.desk, me, quiet.id, second, third, now=NOW)
    screen = (await quiet.read(lambda connection: read_screen(connection, third, NOW))).screen
    assert [part.id for part in screen.parts] == [first, second]
    assert len(screen.messages) == 3
    assert (screen.alarm.parts, screen.alarm.waits_since) == (2, START - timedelta(seconds=30))


async def test_put_back_it_rings_and_escalates(quiet: House, me: Principal) -> None:
    target, away = quiet.raise_alarm(), quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await release(quiet.desk, me, quiet.id, target, now=NOW)
    row = quiet.alarm(target)
    assert (row["class"], row["state"], row["escalate_at"]) == ("life", "presented", NOW + timedelta(seconds=60))
    await escalate_due(quiet.scheduler, quiet.id, NOW + timedelta(seconds=61))
    assert quiet.alarm(target)["escalation"] == 1


async def test_laid_aside_it_comes_back_and_escalates(quiet: House, me: Principal) -> None:
    target, away = quiet.raise_alarm(), quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await suspend(quiet.desk, me, quiet.id, target, NOW + timedelta(minutes=5), now=NOW)
    await escalate_due(quiet.scheduler, quiet.id, NOW + timedelta(minutes=5))
    row = quiet.alarm(target)
    assert (row["state"], row["escalate_at"]) == ("received", NOW + timedelta(minutes=6))


async def test_a_cancelling_device_does_not_end_what_another_raised(quiet: House, me: Principal) -> None:
    person, other = Sender(), Sender()
    target, away = quiet.raise_alarm(sender=person), quiet.raise_alarm(sender=other)
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await release(quiet.desk, me, quiet.id, target, now=NOW)
    assert quiet.accept(person.message(NOW, "withdraw")) == [("upheld", target)]
    assert quiet.alarm(target)["state"] == "presented"
    assert quiet.alarm(target)["escalate_at"] is not None


async def test_a_fault_that_is_over_does_not_end_what_another_reported(quiet: House, me: Principal) -> None:
    """A battery that is well again says nothing of the other device's."""
    one, other = Sender(), Sender()
    [(_, target)], [(_, away)] = quiet.accept(battery(one)), quiet.accept(battery(other))
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await release(quiet.desk, me, quiet.id, target, now=NOW)
    assert quiet.accept(battery(one, "restore")) == [("restored", target)]
    row = quiet.alarm(target)
    assert (row["state"], row["withdrawn_at"], row["closed_at"]) == ("presented", NOW, None)


async def test_a_device_heard_again_does_not_end_what_another_reported(quiet: House, me: Principal) -> None:
    target, away = (quiet.raise_alarm(alarm_class="technical") for _ in range(2))
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await release(quiet.desk, me, quiet.id, target, now=NOW)
    alone = quiet.raise_alarm(alarm_class="technical")
    async with quiet.scheduler.transaction(quiet.id) as connection:
        await end(connection, [target, alone], NOW, event=Event.ALARM_RESTORED)
    row = quiet.alarm(target)
    assert (row["state"], row["withdrawn_at"]) == ("presented", NOW)
    assert quiet.alarm(alone)["state"] == "closed"


async def test_an_old_test_with_another_in_it_waits_for_somebody(quiet: House, me: Principal) -> None:
    target, away, alone = (quiet.raise_alarm(alarm_class="test") for _ in range(3))
    await take(quiet.desk, me, quiet.id, target, now=NOW)
    await merge(quiet.desk, me, quiet.id, away, target, now=NOW)
    await release(quiet.desk, me, quiet.id, target, now=NOW)
    await escalate_due(quiet.scheduler, quiet.id, LATER)
    assert quiet.alarm(target)["state"] == "presented"
    assert quiet.alarm(alone)["state"] == "closed"


@pytest.mark.parametrize("changed", ["part", "target"])
async def test_a_press_nobody_has_read_stops_it(quiet: House, me: Principal, changed: str) -> None:
    senders = {"part": Sender(), "target": Sender()}
    alarms = {name: quiet.raise_alarm(sender=sender) for name, sender in senders.items()}
    await take(quiet.desk, me, quiet.id, alarms["target"], now=NOW)
    seen = {name: int(quiet.alarm(alarm)["version"]) for name, alarm in alarms.items()}
    quiet.accept(senders[changed].message(NOW))

    async def attempt() -> None:
        await merge(
            quiet.desk, me, quiet.id, alarms["part"], alarms["target"], now=NOW,
            seen_version=seen["part"], seen_into=seen["target"],
        )  # fmt: skip

    with pytest.raises(ChangedMeanwhileError):
        await attempt()
    assert quiet.alarm(alarms["part"])["state"] == "received"
    seen[changed] += 1
    await attempt()
    assert quiet.alarm(alarms["part"])["state"] == "merged"


async def test_the_same_person_address_or_sender_is_offered_first(
    quiet: House, me: Principal, setup_keys: Keyring
) -> None:
    async def person(street: str) -> Sender:
        sender = Sender()
        assert sender.person is not None
        home = Person(sender.person, "Rune", "Ek", street=street, postal_code="123 45", city="Ekbacka")
        await register(quiet.server, quiet.authority, setup_keys, [home])
        return sender

    home, spouse = await person("Ekvägen 1"), await person("Ekvägen 1")
    stranger, nowhere = await person("Ekvägen 2"), await person("")
    unknown = Sender(person=None, device=None)
    # Another class is another alarm of the same person or sender.
    targets = {
        "same person": quiet.raise_alarm(sender=home), "same address": quiet.raise_alarm(sender=spouse),
        "somebody else": quiet.raise_alarm(sender=stranger), "no address": quiet.raise_alarm(sender=nowhere),
        "unknown": quiet.raise_alarm(sender=unknown),
    }  # fmt: skip
    for alarm in targets.values():
        await take(quiet.desk, me, quiet.id, alarm, now=NOW)

    async def related(sender: Sender) -> set[str]:
        away = quiet.raise_alarm(sender=sender, alarm_class="request")
        sealed = await quiet.read(lambda connection: read_targets(connection, away, me.account_id))
        address = await quiet.read(lambda connection: read_address(connection, away))
        found = await unlock_targets(setup_keys.of(quiet.id), sealed, address)
        assert [one.related for one in found] == sorted((one.related for one in found), reverse=True)
        assert {one.id for one in found} == set(targets.values())
        return {name for name, alarm in targets.items() if alarm in {one.id for one in found if one.related}}

    assert await related(home) == {"same person", "same address"}
    assert await related(nowhere) == {"no address"}
    assert await related(unknown) == {"unknown"}
    assert await related(Sender(person=None, device=None)) == set()


async def test_two_that_are_joined_crosswise_at_once_become_one(quiet: House, me: Principal) -> None:
    """In two windows of one desk: one of the two wins, and nobody is refused for the database's own trouble."""
    for _ in range(20):
        one, other = quiet.raise_alarm(), quiet.raise_alarm()
        for alarm in (one, other):
            await take(quiet.desk, me, quiet.id, alarm, now=NOW)
        done = await asyncio.gather(
            merge(quiet.desk, me, quiet.id, one, other, now=NOW),
            merge(quiet.desk, me, quiet.id, other, one, now=NOW),
            return_exceptions=True,
        )
        refused = [outcome for outcome in done if isinstance(outcome, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], AlarmConflictError)
        assert sorted(quiet.alarm(alarm)["state"] for alarm in (one, other)) == ["merged", "taken"]

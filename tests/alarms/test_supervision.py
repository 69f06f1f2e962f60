# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Supervision on real rows: one device, many at once, ourselves; by a clock turned by hand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import House, failing_ledger, operator
from tests.conftest import START
from vaka.alarms.closing import Closing, close
from vaka.alarms.silence import Coverage
from vaka.alarms.supervision import NAMED_IN_LEDGER, supervise
from vaka.alarms.taking import take
from vaka.database.connections import DatabaseUnavailableError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

INTERVAL = 300
GRACE = 30
ALWAYS = START - timedelta(days=30)


def at(seconds: float) -> datetime:
    """A moment, counted from START."""
    return START + timedelta(seconds=seconds)


def install(house: House, count: int = 1, *, last_seen: datetime | None = START, **more: Any) -> list[UUID]:
    """Register devices, heard last at ``last_seen`` and online then."""
    facts = {"interval": INTERVAL, "supervised": True, "condition": "online" if last_seen else "never"} | more
    devices = [uuid4() for _ in range(count)]
    house.superuser.execute(
        "insert into vaka.device (id, sender, interval_seconds, supervised)"
        " select id, '~' || left(md5(id::text), 28), %s, %s from unnest(%s::uuid[]) as id",
        (facts["interval"], facts["supervised"], devices),
    )
    house.superuser.execute(
        "insert into vaka.device_state (device_id, last_seen, condition, changed_at)"
        " select id, %s, %s, %s from unnest(%s::uuid[]) as id",
        (last_seen, facts["condition"], START, devices),
    )
    return devices


def hear(house: House, devices: list[UUID], moment: datetime) -> None:
    """Let the receiver write signs of life."""
    signs = [{"device_id": str(device), "seen_at": moment.isoformat()} for device in devices]
    house.receiver.execute("select record_signs_of_life(%s)", (Jsonb(signs),))


async def look(house: House, seconds: float, *, since: datetime = ALWAYS, listening: bool = True) -> int:
    """Supervise at that moment."""
    return await supervise(house.scheduler, house.id, Coverage(listening, since, at(seconds)), at(seconds))


def conditions(house: House) -> dict[str, int]:
    """How many devices are in which condition."""
    rows = house.superuser.execute("select condition, count(*)::int as n from vaka.device_state group by condition")
    return {row["condition"]: row["n"] for row in rows}


def alarms(house: House, *, open_only: bool = True) -> list[dict[str, Any]]:
    """The technical alarms."""
    rows = house.superuser.execute("select * from vaka.alarm order by received_at, join_key").fetchall()
    return [row for row in rows if not open_only or row["state"] not in ("merged", "closed")]


def events(house: House) -> list[str]:
    return [entry["event"] for entry in house.entries()]


JUDGED = [
    # condition, last seen ago, covered for, condition since, expected
    ("online", 0, 9999, 9999, "online"),
    ("online", 450, 9999, 9999, "online"),
    ("online", 451, 9999, 9999, "late"),
    ("online", 630, 9999, 9999, "late"),
    ("online", 631, 9999, 9999, "lost"),
    ("late", 600, 9999, 150, "late"),
    ("late", 631, 9999, 181, "lost"),
    ("late", 631, 9999, 179, "late"),  # put back to late: half an interval and the grace first
    ("late", 100, 9999, 100, "online"),
    ("lost", 9000, 9999, 100, "lost"),
    ("lost", 500, 9999, 100, "lost"),  # heard since, but silent again: only a fresh sign makes it better
    ("lost", 450, 9999, 100, "online"),
    ("never", 10, 9999, 100, "online"),
    ("never", 500, 9999, 100, "late"),
    ("online", 5000, 10, 9999, "online"),  # we have just begun to listen
    ("online", 5000, 450, 9999, "online"),
    ("online", 5000, 451, 9999, "late"),
    ("online", 5000, 631, 9999, "lost"),
    ("late", 5000, 10, 9999, "late"),  # but what was silent before does not become better by our restart
    ("lost", 5000, 10, 9999, "lost"),
    ("never", None, 9999, 9999, "never"),
]


@pytest.mark.parametrize(("condition", "silent", "covered", "since", "expected"), JUDGED)
async def test_one_device(
    house: House, condition: str, silent: float | None, covered: float, since: float, expected: str
) -> None:
    now = at(0)
    row = house.superuser.execute(
        "select vaka.judged_condition(%s, %s, %s::timestamptz, %s, %s, %s, %s) as judged",
        (
            condition, now - timedelta(seconds=since), None if silent is None else now - timedelta(seconds=silent),
            INTERVAL, GRACE, now - timedelta(seconds=covered), now,
        ),
    ).fetchone()  # fmt: skip
    assert row is not None
    assert row["judged"] == expected


async def test_late_then_lost_then_heard_again(quiet: House) -> None:
    [device, *_] = install(quiet, 20)
    others = [row["device_id"] for row in quiet.superuser.execute(
        "select device_id from vaka.device_state where device_id <> %s", (device,))]  # fmt: skip
    hear(quiet, others, at(600))
    assert await look(quiet, 440) == 0
    assert await look(quiet, 460) == 1
    assert conditions(quiet) == {"online": 19, "late": 1}
    assert alarms(quiet) == []
    assert await look(quiet, 640) == 1
    [alarm] = alarms(quiet)
    assert (alarm["kind"], alarm["class"], alarm["device_id"]) == ("offline", "technical", device)
    assert (alarm["join_key"], alarm["state"]) == (f"{device}:technical:offline", "received")
    assert alarm["escalate_at"] is None
    assert await look(quiet, 650) == 0  # one alarm, not one a round
    assert len(alarms(quiet)) == 1

    hear(quiet, [device], at(655))
    assert await look(quiet, 660) == 1
    assert alarms(quiet) == []
    [alarm] = alarms(quiet, open_only=False)
    assert (alarm["closed_by"], alarm["closing_result"]) == ("supervision", "unit_fault_fixed")
    assert quiet.steps(alarm["id"]) == ["raised", "restored"]
    assert events(quiet) == ["device.late", "device.lost", "alarm.raised", "device.returned", "alarm.restored"]


async def test_what_somebody_has_taken_stays_his(quiet: House) -> None:
    [device, *others] = install(quiet, 20)
    hear(quiet, others, at(640))
    await look(quiet, 640)
    [alarm] = alarms(quiet)
    technician = operator(quiet.authority)
    await take(quiet.desk, technician, quiet.id, alarm["id"], now=at(650))
    hear(quiet, [device], at(660))
    await look(quiet, 661)
    row = quiet.alarm(alarm["id"])
    assert (row["state"], row["holder"], row["withdrawn_at"]) == ("taken", technician.account_id, at(661))
    assert quiet.steps(alarm["id"])[-1] == "restored"
    # Silent again before he has closed it: the same alarm goes on, and there is no second one.
    hear(quiet, others, at(1300))
    await look(quiet, 1300)
    row = quiet.alarm(alarm["id"])
    assert (row["state"], row["withdrawn_at"], row["messages"]) == ("taken", None, 2)
    assert len(alarms(quiet, open_only=False)) == 1
    assert quiet.steps(alarm["id"])[-1] == "joined"
    before = quiet.last_entry()
    assert await look(quiet, 1310) == 0
    assert quiet.last_entry() == before


@pytest.mark.parametrize("ahead", [61, 20 * 3600, 400 * 86_400])
async def test_a_device_heard_by_a_clock_that_was_ahead_is_found_silent_in_time(quiet: House, ahead: float) -> None:
    """It was heard by now at the latest, and has its whole interval from then; another is heard again in time."""
    silent, heard = install(quiet, 2)
    hear(quiet, [silent, heard], at(ahead))
    before = quiet.last_entry()
    assert await look(quiet, 0) == 0
    assert quiet.last_entry() == before, "nothing happened to it"
    rows = quiet.superuser.execute("select last_seen, changed_at from vaka.device_state").fetchall()
    assert rows == [{"last_seen": START, "changed_at": START}] * 2
    hear(quiet, [heard], at(300))
    assert await look(quiet, 460) == 1
    assert conditions(quiet) == {"online": 1, "late": 1}
    hear(quiet, [heard], at(600))
    await look(quiet, 640)
    assert [(alarm["kind"], alarm["device_id"]) for alarm in alarms(quiet)] == [("offline", silent)]


async def test_a_device_that_was_late_while_the_clock_was_ahead_is_lost_in_time(quiet: House) -> None:
    hours = 20 * 3600
    [device] = install(quiet, last_seen=at(-500))
    assert await look(quiet, hours, since=at(hours - 500)) == 1
    assert conditions(quiet) == {"late": 1}
    assert await look(quiet, 0) == 0
    assert await look(quiet, 179) == 0
    await look(quiet, 180)
    assert [alarm["device_id"] for alarm in alarms(quiet)] == [device]


async def test_a_loss_told_of_while_the_clock_was_ahead_is_not_the_next_one(quiet: House) -> None:
    """Told of by itself then; now many are lost at once, and it was never said of this one."""
    hours = 20 * 3600
    [device, *others] = install(quiet, 20)
    hear(quiet, others, at(hours))
    await look(quiet, hours)
    [first] = alarms(quiet)
    assert first["device_id"] == device
    hear(quiet, [device], at(hours + 1))
    await look(quiet, hours + 2)
    assert alarms(quiet) == []
    await look(quiet, 0)
    await look(quiet, 700)
    assert [alarm["kind"] for alarm in alarms(quiet)] == ["site_silent"]
    hear(quiet, others, at(710))
    await look(quiet, 710)
    assert alarms(quiet) == []
    for second in range(720, 1200, 60):
        hear(quiet, others, at(second))
        await look(quiet, second)
    assert [(alarm["kind"], alarm["device_id"]) for alarm in alarms(quiet)] == [("offline", device)]


async def test_a_device_being_installed_is_nobodys_silence(quiet: House) -> None:
    install(quiet, last_seen=None)
    assert await look(quiet, 90_000) == 0
    assert conditions(quiet) == {"never": 1}
    assert alarms(quiet) == []


async def test_an_unsupervised_device_may_be_silent(quiet: House) -> None:
    install(quiet, supervised=False)
    assert await look(quiet, 90_000) == 0
    assert alarms(quiet) == []


async def test_each_device_has_its_own_interval(quiet: House) -> None:
    install(quiet, 10, interval=86_400)
    [quick] = install(quiet, interval=60)
    await look(quiet, 151)
    assert [alarm["device_id"] for alarm in alarms(quiet)] == [quick]


async def test_after_our_restart_everybody_has_one_more_interval(quiet: House) -> None:
    install(quiet, 3)
    restarted = at(10_000)
    assert await look(quiet, 10_010, since=restarted) == 0
    assert await look(quiet, 10_440, since=restarted) == 0
    assert await look(quiet, 10_460, since=restarted) == 3
    assert conditions(quiet) == {"late": 3}
    await look(quiet, 10_650, since=restarted)
    assert conditions(quiet) == {"lost": 3}
    assert len(alarms(quiet)) == 3


async def test_a_failing_network_is_one_alarm(quiet: House) -> None:
    """A hundred devices, each heard at another moment of the interval; at START nothing comes through any more."""
    devices = install(quiet, 100)
    for number, device in enumerate(devices):
        hear(quiet, [device], at(number * INTERVAL / 100))
    went_silent = INTERVAL
    for second in range(went_silent, went_silent + 1000, 10):
        await look(quiet, second)
        assert {alarm["kind"] for alarm in alarms(quiet)} <= {"site_silent"}, second
    [site] = alarms(quiet, open_only=False)
    assert (site["join_key"], site["device_id"], site["state"]) == ("site:technical:silent", None, "received")
    assert conditions(quiet) == {"lost": 100}

    back = went_silent + 1000
    for number in range(89):  # eleven are silent still: more than half the limit of twenty
        hear(quiet, [devices[number]], at(back))
    await look(quiet, back)
    assert [alarm["kind"] for alarm in alarms(quiet)] == ["site_silent"]
    hear(quiet, devices[89:95], at(back + 5))
    await look(quiet, back + 10)
    assert alarms(quiet) == []
    step = quiet.superuser.execute(
        "select detail from vaka.alarm_step where alarm_id = %s order by id", (site["id"],)
    ).fetchall()
    assert [row["detail"] for row in step][-1] == "5/100"
    assert quiet.steps(site["id"]) == ["raised", "restored"]

    # The last five stay silent. Nobody was told of them by name: they are given half an interval, then they are.
    await look(quiet, back + 20)
    assert conditions(quiet) == {"online": 95, "late": 5}
    hear(quiet, devices[:95], at(back + 190))
    await look(quiet, back + 195)
    assert alarms(quiet) == []
    await look(quiet, back + 201)
    assert {alarm["device_id"] for alarm in alarms(quiet)} == set(devices[95:])
    assert {alarm["kind"] for alarm in alarms(quiet)} == {"offline"}


async def test_a_site_closed_by_hand_while_it_is_silent_comes_back(quiet: House) -> None:
    install(quiet, 10)
    await look(quiet, 640)
    [site] = alarms(quiet)
    assert site["kind"] == "site_silent"
    me = operator(quiet.authority)
    quiet.superuser.execute(
        "insert into vaka.closing_code (list, code, sv, en, position) values"
        " ('reason', 'offline', '', '', 1), ('action', 'technician', '', '', 1), ('result', 'deviation', '', '', 1)"
        " on conflict do nothing"
    )
    await take(quiet.desk, me, quiet.id, site["id"], now=at(645))
    await close(quiet.desk, me, quiet.id, site["id"], Closing("offline", "technician", "deviation"), now=at(650))
    await look(quiet, 660)
    assert conditions(quiet) == {"late": 10}
    await look(quiet, 700)
    assert alarms(quiet) == []
    await look(quiet, 845)
    [again] = alarms(quiet)
    assert (again["kind"], again["received_at"]) == ("site_silent", at(845))


async def test_a_site_somebody_has_taken_is_marked_as_over_once(quiet: House) -> None:
    devices = install(quiet, 10)
    await look(quiet, 640)
    [site] = alarms(quiet)
    await take(quiet.desk, operator(quiet.authority), quiet.id, site["id"], now=at(645))
    hear(quiet, devices, at(650))
    await look(quiet, 655)
    assert quiet.alarm(site["id"])["state"] == "taken"
    before = quiet.last_entry()
    await look(quiet, 665)
    await look(quiet, 675)
    assert quiet.last_entry() == before


async def test_a_few_silent_devices_are_no_site(quiet: House) -> None:
    install(quiet, 4)
    await look(quiet, 640)
    assert [alarm["kind"] for alarm in alarms(quiet)] == ["offline"] * 4


async def test_old_losses_do_not_make_a_site(quiet: House) -> None:
    """Fifteen of a hundred have been broken for long and are known; five more are five more."""
    known, healthy = install(quiet, 15), install(quiet, 85)
    hear(quiet, healthy, at(700))
    await look(quiet, 640)
    assert len(alarms(quiet)) == len(known)
    hear(quiet, healthy[:79], at(1400))
    await look(quiet, 1400)
    assert {alarm["kind"] for alarm in alarms(quiet)} == {"offline"}
    assert len(alarms(quiet)) == 21


async def test_while_nobody_listens_no_device_is_judged(quiet: House) -> None:
    devices = install(quiet, 10)
    assert await look(quiet, 900, listening=False) == 0
    assert conditions(quiet) == {"online": 10}
    [ours] = alarms(quiet)
    assert (ours["kind"], ours["join_key"]) == ("receiver_silent", "site:technical:receiver_silent")
    await look(quiet, 910, listening=False)
    assert len(alarms(quiet)) == 1
    hear(quiet, devices, at(915))
    await look(quiet, 920, since=at(912))
    assert alarms(quiet) == []
    assert conditions(quiet) == {"online": 10}
    assert events(quiet) == ["site.silent", "site.returned"]


async def test_a_mass_event_is_one_entry_and_not_thousands(quiet: House) -> None:
    install(quiet, NAMED_IN_LEDGER + 1)
    await look(quiet, 640)
    entries = quiet.entries()
    assert [entry["event"] for entry in entries] == ["device.lost", "site.silent"]
    assert entries[0]["detail"] == {"before": "online", "count": NAMED_IN_LEDGER + 1}
    assert entries[1]["detail"]["silent"] == f"{NAMED_IN_LEDGER + 1}/{NAMED_IN_LEDGER + 1}"


async def test_a_row_a_receiver_is_writing_is_left_for_the_next_round(quiet: House) -> None:
    """Waiting for it could deadlock with the receivers' bulk flush."""
    devices = install(quiet, 2)
    quiet.receiver.autocommit = False
    hear(quiet, devices[:1], at(1))  # not committed yet
    assert await look(quiet, 460) == 1
    quiet.receiver.commit()
    quiet.receiver.autocommit = True
    assert await look(quiet, 470) == 1
    assert conditions(quiet) == {"late": 2}


async def test_two_schedulers_do_not_judge_at_once(quiet: House) -> None:
    install(quiet)
    async with quiet.scheduler.transaction(quiet.id) as other:
        await other.execute("select from supervision_turn for update")
        assert await look(quiet, 640) == 0
    assert await look(quiet, 640) == 1


async def test_without_its_entries_nothing_changes(quiet: House) -> None:
    install(quiet, 3)
    with failing_ledger(quiet), pytest.raises(DatabaseUnavailableError):
        await look(quiet, 640)
    assert conditions(quiet) == {"online": 3}
    assert alarms(quiet, open_only=False) == []

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What goes by night, what stays, and what is written of it: in a real database, as the scheduler's own role."""

import asyncio
from contextlib import closing
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.confirming import lift_hold, place_hold
from tests.identities import blinded
from tests.removal.conftest import OTHERS
from tests.removal.scene import LETTER, YEAR, Scene
from vaka.clock import SystemClock
from vaka.ledger.standing import LedgerStandsStillError
from vaka.removal.removing import Removing
from vaka.removal.rules import Rule, read_in_force

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KARIN, RUNE, UNKNOWN = (OTHERS[name].id for name in ("karin", "rune", "nobody_knows"))
FIVE_YEARS = {"alarms": Rule(60)}


async def test_old_alarms_go_with_everything_that_hangs_on_them(scene: Scene) -> None:
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    old, young = scene.alarm(KARIN, times=3), scene.alarm(KARIN, days=4 * YEAR)
    scene.note_on(old, days=5.5 * YEAR)
    night = await scene.night()
    tally = night.kinds["alarms"]
    assert (tally.removed, tally.alarms, tally.messages, tally.notes) == (1, 1, 3, 1)
    assert night.complete
    assert scene.left() == {young}
    assert scene.ask("select count(*) from alarm_step where alarm_id = %s", (old,)) == [(0,)]
    assert scene.ask("select count(*) from message where alarm_id = %s", (old,)) == [(0,)]
    assert scene.ask("select count(*) from message where alarm_id = %s", (young,)) == [(1,)]
    [batch, one] = scene.entries("data.removed", "alarm.removed")[::-1]
    [proposal] = scene.entries("removal.approved")
    assert batch["object"] == proposal["object"]
    assert {name: batch["detail"][name] for name in ("kind", "alarms", "messages", "notes", "rules")} == {
        "kind": "alarms", "alarms": 1, "messages": 3, "notes": 1, "rules": proposal["detail"]["rules"],
    }  # fmt: skip
    assert batch["detail"]["older_than"].endswith("Z")
    assert (one["object"], one["detail"]) == (f"alarm:{old}", {"rules": proposal["detail"]["rules"]})
    assert batch["written_by"] == f"{scene.house.authority.database_name}_scheduler"
    assert str(KARIN) not in str((batch, one))
    assert scene.entries("row.changed_by_hand") == []
    assert (await scene.night()).total("removed") == 0


async def test_nothing_goes_before_anything_was_decided(scene: Scene) -> None:
    await scene.wait()
    scene.alarm(KARIN)
    await scene.propose(FIVE_YEARS)
    await scene.aged.seal()
    assert (await scene.night()).kinds == {}
    with closing(scene.login("scheduler")) as scheduler, pytest.raises(psycopg.errors.InsufficientPrivilege):
        scheduler.execute("select * from remove_data('alarms', %s)", (list(scene.left()),))
    assert len(scene.left()) == 1


async def test_the_first_decision_waits_thirty_days_too(scene: Scene) -> None:
    scene.alarm(KARIN)
    await scene.wait(11)  # 29 days before today
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    assert (await scene.night()).kinds == {}
    assert len(scene.left()) == 1


@pytest.mark.parametrize("state", ["received", "taken", "suspended", "handed_over", "withdrawn"])
async def test_open_alarms_never_go(scene: Scene, state: str) -> None:
    await scene.decide({"alarms": Rule(24), "technical": Rule(1), "strangers": Rule(3)})
    await scene.wait()
    for alarm_class in ("life", "technical"):
        alarm = scene.alarm(KARIN, days=9 * YEAR, state="received", alarm_class=alarm_class)
        held = state in ("taken", "suspended", "handed_over")
        scene.ask(
            "update alarm set state = %s, holder = %s, offered_to = %s, suspended_until = %s where id = %s",
            (state, uuid4() if held else None, uuid4() if state == "handed_over" else None,
             SystemClock().now() if state in ("suspended", "handed_over") else None, alarm),
        )  # fmt: skip
    part = scene.alarm(uuid4(), days=9 * YEAR)
    scene.merge(part, alarm)
    before = scene.left()
    assert (await scene.night()).total("removed") == 0
    with closing(scene.login("scheduler")) as scheduler:
        for kind in ("alarms", "technical", "strangers"):
            scheduler.execute("select * from remove_data(%s, %s)", (kind, list(before)))
        scheduler.commit()
    assert scene.left() == before


@pytest.mark.parametrize("newest", ["root", "part", "part's part", "note on part", "message"])
async def test_alarms_that_are_one_go_together_or_not_at_all(scene: Scene, newest: str) -> None:
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    root, part, deep = scene.alarm(KARIN), scene.alarm(KARIN), scene.alarm(RUNE)
    scene.merge(deep, part)
    scene.merge(part, root)
    young = SystemClock().now() - timedelta(days=YEAR)
    if newest == "note on part":
        scene.note_on(deep, days=YEAR)
    elif newest == "message":
        scene.ask("update alarm set latest_at = %s where id = %s", (young, part))
    else:
        late = {"root": root, "part": part, "part's part": deep}[newest]
        scene.ask("update alarm set closed_at = %s where id = %s", (young, late))
    assert (await scene.night()).total("removed") == 0
    assert scene.left() == {root, part, deep}
    scene.ask("update alarm set closed_at = received_at, latest_at = received_at")
    scene.ask("update alarm_note set written_at = written_at - interval '9 years'")
    tally = (await scene.night()).kinds["alarms"]
    assert (tally.removed, tally.alarms, tally.messages) == (1, 3, 3)
    assert scene.left() == set()
    assert len(scene.entries("alarm.removed")) == 3


async def test_each_kind_goes_by_its_own_rule(scene: Scene) -> None:
    rules = {
        "alarms": Rule(60), "strangers": Rule(24), "technical": Rule(6), "messages": Rule(3), "notes": Rule(12),
    }  # fmt: skip
    await scene.decide(rules)
    await scene.wait()
    old = {
        "alarms": scene.alarm(KARIN, days=61 * 31),
        "strangers": scene.alarm(None, days=25 * 31),
        "technical": scene.alarm(KARIN, days=7 * 31, alarm_class="technical"),
        "test": scene.alarm(KARIN, days=7 * 31, alarm_class="test"),
    }
    young = {
        scene.alarm(KARIN, days=59 * 30), scene.alarm(None, days=23 * 30),
        scene.alarm(KARIN, days=5 * 30, alarm_class="technical"), scene.alarm(None, days=5 * 30, alarm_class="test"),
    }  # fmt: skip
    # A technical alarm of a stranger is technical; a stranger's with somebody's in it is somebody's.
    mixed, somebodys = scene.alarm(None, days=30 * 31), scene.alarm(KARIN, days=30 * 31)
    scene.merge(somebodys, mixed)
    alone, fresh = scene.message(days=4 * 31), scene.message(days=2 * 30)
    now = SystemClock().now()
    for number, (written, expires) in enumerate(((900, 400), (900, 300), (100, 400), (900, None)), 1):
        scene.ask(
            "insert into note (id, person_id, body, written_at, expires_at) values (%s, %s, %s, %s, %s)",
            (UUID(int=number), KARIN, b"\x01" + bytes(94), now - timedelta(days=written),
             None if expires is None else now - timedelta(days=expires)),
        )  # fmt: skip
    by_hand = len(scene.entries("row.changed_by_hand"))
    night = await scene.night()
    assert {kind: tally.removed for kind, tally in night.kinds.items()} == {
        "alarms": 1, "strangers": 1, "technical": 2, "messages": 1, "notes": 1,
    }  # fmt: skip
    assert scene.left() == young | {mixed, somebodys}
    assert old["alarms"] not in scene.left()
    assert alone not in scene.left("message")
    assert fresh in scene.left("message")
    assert scene.left("note") == {UUID(int=2), UUID(int=3), UUID(int=4)}
    assert len(scene.entries("data.removed")) == 5
    assert len(scene.entries("row.changed_by_hand")) == by_hand, "a note that was removed was not changed by hand"


async def test_who_was_born_on_an_exempt_day_stays_and_so_does_whom_nobody_can_read(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60, exempt=True)})
    await scene.wait()
    gone, kept, unknown = scene.alarm(KARIN), scene.alarm(RUNE), scene.alarm(UNKNOWN)
    unregistered = scene.alarm(uuid4())
    together, part = scene.alarm(KARIN), scene.alarm(RUNE)
    scene.merge(part, together)
    tally = (await scene.night()).kinds["alarms"]
    assert (tally.removed, tally.exempt, tally.unreadable) == (1, 2, 2)
    assert scene.left() == {kept, unknown, unregistered, together, part}
    assert gone not in scene.left()


async def test_whose_value_was_changed_cannot_be_read_and_stays(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60, exempt=True)})
    await scene.wait()
    alarm = scene.alarm(KARIN)
    scene.ask("update person set born_on = (select born_on from person where id = %s) where id = %s", (RUNE, KARIN))
    tally = (await scene.night()).kinds["alarms"]
    assert (tally.removed, tally.unreadable) == (0, 1)
    assert scene.left() == {alarm}


async def test_a_legal_hold_stops_everything_of_a_person_until_it_is_lifted(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60), "technical": Rule(1), "messages": Rule(1), "notes": Rule(1)})
    await scene.wait()
    device = uuid4()
    scene.ask("insert into device (id, person_id, sender) values (%s, %s, %s)", (device, KARIN, blinded("8031")))
    scene.message(days=YEAR, device=device)
    scene.alarm(KARIN)
    scene.alarm(KARIN, alarm_class="technical")
    root, part = scene.alarm(RUNE), scene.alarm(KARIN)
    scene.merge(part, root)
    scene.ask(
        "insert into note (id, person_id, body, written_at, expires_at)"
        " values (%s, %s, %s, now() - interval '2 years', now() - interval '1 year')",
        (UUID(int=1), KARIN, b"\x01" + bytes(94)),
    )
    here = scene.house.authority.id
    async with scene.house.as_("portal") as portal:
        await place_hold(portal, scene.arvid, here, KARIN, reason="JO 12", now=SystemClock().now())
    before, messages = scene.left(), scene.left("message")
    night = await scene.night()
    assert (night.total("removed"), night.total("held")) == (0, 5)
    with closing(scene.login("scheduler")) as scheduler:
        for kind in night.kinds:
            things = [*before, *messages, UUID(int=1)]
            scheduler.execute("select * from remove_data(%s, %s)", (kind, things))
        scheduler.commit()
    assert (scene.left(), scene.left("message"), scene.left("note")) == (before, messages, {UUID(int=1)})
    async with scene.house.as_("portal") as portal:
        await lift_hold(portal, scene.arvid, here, KARIN, reason="JO 12 avslutat", now=SystemClock().now())
    assert (await scene.night()).total("removed") == 5
    assert (scene.left(), scene.left("message"), scene.left("note")) == (set(), set(), set())


async def test_a_hold_that_is_just_being_placed_is_waited_for(scene: Scene) -> None:
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    alarm = scene.alarm(KARIN)
    async with scene.house.as_("portal") as portal:
        async with portal.transaction():
            await place_hold(
                portal, scene.arvid, scene.house.authority.id, KARIN, reason="JO 12", now=SystemClock().now()
            )
            night = asyncio.create_task(scene.night())
            while not night.done() and scene.ask("select 1 from pg_locks where not granted") == []:
                await asyncio.sleep(0.02)
        assert (await night).total("removed") == 0
    assert scene.left() == {alarm}
    assert (await scene.night()).total("held") == 1


async def test_many_go_in_several_batches_each_with_its_entry(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaka.removal.removing.MOST_AT_ONCE", 4)
    monkeypatch.setattr("vaka.removal.removing.REST_SECONDS", 0)
    await scene.decide({"alarms": Rule(60, exempt=True)})
    await scene.wait()
    kept = {scene.alarm(RUNE, days=6 * YEAR + number) for number in range(6)}
    for number in range(9):
        scene.alarm(KARIN, days=6 * YEAR + number)
    tally = (await scene.night()).kinds["alarms"]
    assert (tally.removed, tally.exempt) == (9, 6)
    assert scene.left() == kept
    assert sum(entry["detail"]["alarms"] for entry in scene.entries("data.removed")) == 9
    assert len(scene.entries("data.removed")) > 1


async def test_what_somebody_works_with_is_left_for_another_night(scene: Scene) -> None:
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    busy, free = scene.alarm(KARIN), scene.alarm(KARIN)
    with closing(scene.login("desk")) as desk:
        desk.execute("select from alarm where id = %s for update", (busy,))
        tally = (await scene.night()).kinds["alarms"]
        assert (tally.removed, tally.busy) == (1, 1)
        assert scene.left() == {busy}
        desk.rollback()
    assert free not in scene.left()
    assert (await scene.night()).total("removed") == 1


async def test_a_note_written_this_moment_saves_its_alarm(scene: Scene) -> None:
    """Somebody writes while the batch is under way: whoever comes first wins, and nothing hangs in the air."""
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    alarm = scene.alarm(KARIN)
    with closing(scene.login("desk")) as desk:
        desk.execute(
            "insert into alarm_note (id, alarm_id, written_at, written_by, subject_id, body)"
            f" values (%s, %s, now(), %s, %s, {LETTER})",
            (uuid4(), alarm, uuid4(), uuid4()),
        )
        assert (await scene.night()).total("removed") == 0
        desk.commit()
    assert (await scene.night()).total("removed") == 0
    assert scene.left() == {alarm}


async def test_nothing_goes_while_the_ledger_stands_still(scene: Scene) -> None:
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    alarm = scene.alarm(KARIN)
    scene.ask("update ledger.checkpoint set signed_at = signed_at - interval '1 hour'", unguarded=True)
    with pytest.raises(LedgerStandsStillError):
        await scene.night()
    assert scene.left() == {alarm}
    assert scene.entries("data.removed", "alarm.removed") == []


async def test_a_night_that_ends_goes_on_where_it_was(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaka.removal.removing.MOST_AT_ONCE", 2)
    monkeypatch.setattr("vaka.removal.removing.REST_SECONDS", 0)
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    for number in range(6):
        scene.alarm(KARIN, days=6 * YEAR + number)
    asked = iter([False, False, True])
    removing = Removing(scene.gateway, scene.keyring, SystemClock(), lambda: next(asked))
    async with scene.gateway.transaction(scene.house.authority.id) as tenant:
        rules = await read_in_force(tenant, SystemClock().now())
    night = await removing.work(scene.house.authority.id, rules)
    assert (night.complete, night.total("removed")) == (False, 4)
    assert (await scene.night()).total("removed") == 2
    assert scene.left() == set()

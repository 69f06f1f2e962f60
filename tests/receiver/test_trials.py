# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Trial alarms through a real receiver, over TLS, into a real database: what they leave, and what turns term 21 red."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.assurance.test_collectors import REQUIREMENTS, TERM_OF, judged
from tests.certificates import Issuer
from tests.conftest import START
from tests.identities import blinded
from tests.platform import platform_as
from tests.receiver.conftest import Locked, Register, Rows, Running, Start, TurnableClock, free_port
from tests.receiver.devices import HOST, REALM, Credentials, TcpDevice, authorization, message, mrq
from vaka.alarms.reading import read_history, read_numbers, read_queue
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import CAPACITY_COLLECTORS
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.clock import SystemClock
from vaka.commands.operate import prepare_trials
from vaka.database.connections import Connection, Pool, make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.metrics import metrics_text
from vaka.operations.trials.standing import (
    TRIAL_SECONDS,
    TRIED_WITHIN,
    Trial,
    TrialOutcome,
    TrialStanding,
    combine,
    list_trial_hours,
    list_trials,
    report_trial,
)
from vaka.operations.trials.wording import WORDS
from vaka.processes.trial import find_way
from vaka.settings import ReceiverSettings, Settings
from vaka.settings_operations import TrialSettings
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.trial_credentials import TrialDevice, read_trial_device, trial_file
from vaka.tenants.trial_devices import prepare_trial_devices
from vaka.trial import sending
from vaka.trial.rounds import REST_SECONDS, RESTING, Trials

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EVIDENCE = "trial-alarm"
HOUR = timedelta(hours=1)
MET = (Status.MET, "none")
ALARMS = "select state, closed_by, closing_result, escalate_at, person_id from alarm where trial"


@dataclass
class House:
    """An authority with its trial device, a receiver over TLS, whoever sends trials, and who looks for evidence."""

    server: Server
    authority: Authority
    running: Running
    trials: Trials
    place: Place
    settings: Settings
    clock: TurnableClock
    """Of whoever sends them."""

    async def prepare(self) -> TrialDevice:
        """Start again: what a start makes ready is made ready, and the receiver knows it."""
        prepared = await prepare_trial_devices(self.server, [self.authority], REALM, SystemClock(), actor="setup")
        assert prepared.failed == []
        device = read_trial_device(self.server.credentials, self.authority)
        assert device is not None
        await self.running.knows(device.number)
        return device

    async def standing(self) -> TrialStanding:
        """How its trials stand, as its portal sees it."""
        async with platform_as(self.server, "portal") as portal:
            [standing] = await list_trials(portal, self.authority.id)
        return standing

    async def tried(self) -> tuple[TrialOutcome, tuple[Status, str]]:
        """Send one, and say what became of it, and of the term's evidence when that is looked for next."""
        await self.trials.make_round()
        return (await self.standing()).outcome, await self.status()

    async def status(self, later: timedelta = timedelta()) -> tuple[Status, str]:
        """Look for evidence, and judge."""
        now = SystemClock().now() + later
        await look(REQUIREMENTS[EVIDENCE], CAPACITY_COLLECTORS[EVIDENCE], self.place, now)
        return await judged(EVIDENCE, self.place, self.server, now)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Of the receiver's certificate."""
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
async def house(
    server: Server, authority: Authority, alone: None, start: Start, issuer: Issuer
) -> AsyncIterator[House]:  # fmt: skip
    await prepare_trial_devices(server, [authority], REALM, SystemClock(), actor="setup")
    certificate, key = issuer.certificate_for(HOST)
    running = await start(
        tls_port=free_port(), certificate=certificate, certificate_key=key, commit_deadline_milliseconds=1500
    )
    device = read_trial_device(server.credentials, authority)
    assert device is not None
    await running.knows(device.number)
    settings = Settings(
        receiver=ReceiverSettings(host=HOST, tls_port=running.tls), trial=TrialSettings(trusted=issuer.certificate)
    )
    gateways = Gateway(server, "trial", ()), Gateway(server, "scheduler", [authority])
    async with pool(server, "trial") as telling, pool(server, "scheduler") as looking:
        way, clock = partial(find_way, Path("/"), settings), TurnableClock()
        trials = Trials(gateways[0], telling, server.credentials, way, clock, settled=timedelta(), machine="larm-1")
        place = Place(looking, gateways[1], [authority.id])
        yield House(server, authority, running, trials, place, settings, clock)
        for gateway in gateways:
            await gateway.close()


def in_platform(server: Server, statement: str) -> list[tuple[Any, ...]]:
    """Ask, or change, the platform's database, as nobody in Vaka may."""
    with psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as platform:
        platform.execute("set session_replication_role = replica; set search_path = vaka")
        done = platform.execute(statement.encode())
        return done.fetchall() if done.description else []


def pool(server: Server, component: str) -> Pool:
    """Connections to the platform's database."""
    return make_pool(server, platform_role(component), PLATFORM_DATABASE, application="test")


async def test_term_21_6_trial_alarm_goes_the_whole_way_and_leaves_nothing_behind(house: House, rows: Rows) -> None:
    """Pressed, answered, stored, in the log under its own event, told to the desks; and in no operator's way, ever."""
    heard: list[str] = []
    with closing(connect_superuser(house.server, house.authority.database_name)) as desk:
        desk.execute("listen alarm")
        assert await house.tried() == (TrialOutcome.WELL, MET)
        heard += [told.payload for told in desk.notifies(timeout=5, stop_after=1)]
    assert rows(house.authority, f"{ALARMS}") == [("closed", "trial", "trial", None, None)]
    assert heard == [str(rows(house.authority, "select id from alarm")[0][0])]
    assert rows(house.authority, "select event from inbox where event like '%%alarm%%'") == [("trial_alarm.raised",)]
    now, gateway = SystemClock().now(), Gateway(house.server, "desk", [house.authority])
    async with gateway.transaction(house.authority.id) as connection:
        assert await read_queue(connection, now) == []
        assert (await read_numbers(connection, now)).open == 0
        assert await read_history(connection, since=now - HOUR, until=now + HOUR) == []
    await gateway.close()
    standing = await house.standing()
    assert standing.well_at == standing.tried_at
    assert standing.is_current(standing.tried_at + TRIED_WITHIN)
    assert 0 < (standing.answered_ms or 0) <= (standing.seen_ms or 0)
    assert house.running.receiver.counters.stored.nonzero() == {"tried": 1}
    text = metrics_text((house.trials,)).decode()
    assert "vaka_trial_seconds_count 1.0" in text
    assert "vaka_trials_finished_timestamp_seconds" in text
    assert house.authority.slug not in text


async def test_trials_of_an_hour_are_kept_and_older_ones_removed(house: House, rows: Rows) -> None:
    await house.trials.make_round()
    age = "update alarm set received_at = now() - interval '2h'"
    rows(house.authority, f"set session_replication_role = replica; {age}")
    await house.trials.make_round()
    assert len(rows(house.authority, ALARMS)) == 1
    assert rows(house.authority, "select count(*) from message") == [(1,)]
    async with platform_as(house.server, "portal") as portal:
        hours = await list_trial_hours(portal, SystemClock().now() - timedelta(hours=2), house.authority.id)
    assert sum(one.tried for one in hours) >= 2
    assert all(one.usual_ms is None or one.usual_ms <= (one.slowest_ms or 0) for one in hours)


async def test_what_else_the_trials_device_sends_is_real(house: House, rows: Rows) -> None:
    """A button pressed on it opens an alarm as any other; nothing makes it a trial's, and no trial is made real."""
    device = read_trial_device(house.server.credentials, house.authority)
    assert device is not None
    socket = await TcpDevice.connect(house.running.tcp)
    who = Credentials(device.number, device.number, device.password)
    body = mrq(device.number, stc="10")
    challenged = await socket.ask(message(device.number, body))
    said = await socket.ask(message(device.number, body, headers=(authorization(challenged, who),)))
    await socket.close()
    assert said.status == 200
    await house.trials.make_round()
    found = "select class, state, trial from alarm order by received_at"
    assert rows(house.authority, found) == [("life", "received", False), ("test", "closed", True)]
    for change in (
        "update alarm set trial = not trial",
        "update alarm set state = 'received', closed_at = null where trial",
        "update alarm set person_id = device_id where trial",
        "insert into device (id, sender) select gen_random_uuid(), sender from trial_device",
        "insert into trial_device select gen_random_uuid(), '~' || repeat('b', 28), now()",
        "update trial_device set sender = sender",
        "delete from trial_device",
        "truncate trial_device",
    ):
        with pytest.raises(psycopg.Error) as refused:
            rows(house.authority, change)
        assert refused.value.sqlstate in ("42501", "23505", "23514"), change
    with closing(connect_superuser(house.server, PLATFORM_DATABASE)) as platform:
        platform.execute("set search_path = vaka")
        for change in (
            f"update device_entry set person_id = gen_random_uuid(), address = decode(repeat('00', 32), 'hex')"
            f" where sender = '{blinded(device.number)}'",
            "insert into trial_device select gen_random_uuid(), authority_id, '~' || repeat('c', 28), 'setup', now()"
            " from trial_device limit 1",
            "update trial_device set registered_at = registered_at",
            "delete from trial_device",
        ):
            with pytest.raises(psycopg.Error) as refused:
                platform.execute(change.encode())
            assert refused.value.sqlstate in ("42501", "23505", "23514"), change


@pytest.mark.turns_red(EVIDENCE)
async def test_term_21_6_trial_that_a_receiver_or_a_database_fails_is_red_at_the_next_round(
    house: House, rows: Rows, locked: Locked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered is not enough: what was answered has to stand there, and to be told. Each is well again by itself."""
    monkeypatch.setattr(sending, "SEEN_SECONDS", 0.3)
    for outcome, plant, undo in (
        # Answered, and the alarm is not there.
        (TrialOutcome.UNRECORDED, "create function lost() returns trigger language plpgsql as 'begin return null; end';"
         "create trigger zz before insert on alarm for each row execute function lost()", "drop function lost cascade"),
        # There, and nobody was told.
        (TrialOutcome.UNSEEN, "alter function announce_alarms rename to announced;"
         "create function announce_alarms(uuid[]) returns void language sql as ''",
         "drop function announce_alarms; alter function announced rename to announce_alarms"),
    ):  # fmt: skip
        rows(house.authority, plant)
        try:
            assert await house.tried() == (outcome, (Status.FAILING, outcome.value))
        finally:
            rows(house.authority, undo)
        if outcome in RESTING:
            stored = rows(house.authority, "select count(*) from message")
            assert await house.tried() == (outcome, (Status.FAILING, outcome.value))
            assert rows(house.authority, "select count(*) from message") == stored, (
                "it may be at the reception: it rests"
            )
            house.clock.ahead_seconds += REST_SECONDS
        assert await house.tried() == (TrialOutcome.WELL, MET)
    rows(house.authority, "alter function forget_trials rename to forgotten")
    try:
        assert await house.tried() == (TrialOutcome.WELL, MET), "what is not removed, came through"
    finally:
        rows(house.authority, "alter function forgotten rename to forget_trials")
    failing_since = None
    with locked(house.authority, "message"):
        assert await house.tried() == (TrialOutcome.BUSY, (Status.FAILING, "busy"))
        failing_since = (await house.standing()).since
        assert await house.tried() == (TrialOutcome.BUSY, (Status.FAILING, "busy"))
        assert (await house.standing()).since == failing_since
    await house.running.receiver.stop()
    assert await house.tried() == (TrialOutcome.UNANSWERED, (Status.FAILING, "unanswered"))
    assert (await house.standing()).since == failing_since
    assert "vaka_trials_failing" in metrics_text((house.trials,)).decode()


@pytest.mark.turns_red(EVIDENCE)
@pytest.mark.turns_red(EVIDENCE, stopped=True)
async def test_term_21_6_trials_that_are_sent_no_more_are_red_within_two_rounds(house: House) -> None:
    """Whoever sends them has stopped: what was well is not well for longer than two rounds."""
    assert await house.tried() == (TrialOutcome.WELL, MET)
    assert timedelta(seconds=2 * TRIAL_SECONDS) == TRIED_WITHIN
    later = SystemClock().now() + TRIED_WITHIN + timedelta(seconds=1)
    unlooked = await judged(EVIDENCE, house.place, house.server, later)
    assert unlooked == (Status.UNTESTED, "collector_down"), "nor is it where nobody looks any more"
    assert await house.status(TRIED_WITHIN - timedelta(seconds=10)) == MET
    assert await house.status(TRIED_WITHIN + timedelta(seconds=1)) == (Status.FAILING, "stopped")
    standing = await house.standing()
    assert not standing.is_current(standing.tried_at - TRIED_WITHIN - timedelta(seconds=1))
    in_platform(house.server, "update trial_state set tried_at = tried_at + interval '3 minutes'")
    assert await house.status() == (Status.FAILING, "stopped"), "what is of a time to come, is none"
    async with platform_as(house.server, "trial") as platform:
        with pytest.raises(psycopg.errors.CheckViolation):
            await report_trial(platform, "larm-1", house.authority.id, Trial(TrialOutcome.WELL))


@pytest.mark.turns_red(EVIDENCE)
async def test_term_21_6_trial_taken_for_a_real_alarm_is_red_and_not_repeated(
    house: House, rows: Rows, register: Register
) -> None:
    """The authority makes every test an alarm of life: operators see one, and not one a minute."""
    directory = house.running.receiver.directory
    register.execute(
        "insert into vaka.class_override (authority_id, message_type, status_code, alarm_class, reason, changed_at)"
        " values (%s, 'ME', 102, 'life', 'every test is looked into', now())", house.authority.id,
    )  # fmt: skip
    try:
        wanted = ("ME", 2, 102)
        await house.running.until(lambda: directory.table(house.authority.id).verdict(*wanted).alarm_class == "life")
        for _ in range(2):
            assert await house.tried() == (TrialOutcome.REAL, (Status.FAILING, "real"))
    finally:
        register.execute("delete from vaka.class_override where authority_id = %s", house.authority.id)
    assert rows(house.authority, "select class, state, trial, messages from alarm") == [("life", "received", False, 1)]


@pytest.mark.turns_red(EVIDENCE)
async def test_term_21_6_trial_of_a_device_that_one_database_does_not_know_is_not_sent(
    house: House, rows: Rows, intake: Authority
) -> None:
    """As a contract's end, or a restored database, leaves it: nobody sees one, it is red, the next start mends it."""
    device = await house.prepare()
    sender, unprepared = blinded(device.number), (TrialOutcome.UNPREPARED, (Status.FAILING, "unprepared"))
    assert await house.tried() == (TrialOutcome.WELL, MET)
    others = "not exists (select from trial_device t where t.device_id = e.device_id)"
    [(count,)] = in_platform(
        house.server, f"select count(*) from device_entry e where authority_id = '{house.authority.id}' and {others}"
    )
    async with platform_as(house.server, "scheduler") as scheduler, scheduler.transaction(force_rollback=True):
        asked = {"authority": house.authority.id, "order": uuid4(), "now": SystemClock().now()}
        released = await scheduler.execute(QUERIES["release_authority"], asked)
        assert await released.fetchone() == (count,), "a trial's device is no returned one"
    told = rows(house.authority, "select count(*) from alarm")
    in_platform(house.server, f"delete from device_entry where sender = '{sender}'")
    assert await house.tried() == unprepared
    assert await house.prepare() == device
    assert await house.tried() == (TrialOutcome.WELL, MET)
    # The platform was put back to before: the authority's database says which device it is.
    in_platform(house.server, f"delete from device_entry where sender = '{sender}'")
    in_platform(house.server, f"delete from trial_device where sender = '{sender}'")
    assert await house.prepare() == device
    assert await house.tried() == (TrialOutcome.WELL, MET)
    # The authority's was, and knows alarms of that number: there is another one, and the one before is let in no more.
    rows(house.authority, f"set session_replication_role = replica; delete from trial_device where sender = '{sender}'")
    assert await house.tried() == unprepared
    assert rows(house.authority, "select count(*) from alarm where not trial") == [(0,)]
    assert rows(house.authority, "select count(*) from alarm") == [(told[0][0] + 2,)]
    assert rows(intake, "select count(*) from message") == [(0,)]
    new = await house.prepare()
    assert new.number != device.number
    assert await house.tried() == (TrialOutcome.WELL, MET)
    [(living,)] = in_platform(
        house.server, "select count(*) from device_entry e join trial_device t using (device_id)"
        f" where e.active and t.authority_id = '{house.authority.id}'",
    )  # fmt: skip
    assert living == 1
    # One more in the authority's database: whoever has it rings at nobody's.
    rows(house.authority, "set session_replication_role = replica;"
         f" insert into trial_device values (gen_random_uuid(), '{sender}', now())")  # fmt: skip
    try:
        assert await house.tried() == (TrialOutcome.WELL, (Status.FAILING, "unlike"))
    finally:
        rows(
            house.authority,
            f"set session_replication_role = replica; delete from trial_device where sender = '{sender}'",
        )
    assert await house.status() == MET


@pytest.mark.turns_red(EVIDENCE)
@pytest.mark.usefixtures("untold")
async def test_term_21_6_trials_of_two_machines_are_red_where_either_is(house: House) -> None:
    """What one tells does not stand in for what the other tells, or does not tell any more."""
    own = house.authority.id

    async def other(outcome: TrialOutcome = TrialOutcome.WELL) -> None:
        async with platform_as(house.server, "trial") as platform:
            figures = (11, 99_000) if outcome is TrialOutcome.WELL else (None, None)
            await report_trial(platform, "larm-2", own, Trial(outcome, *figures))

    async def shown() -> TrialStanding:
        async with platform_as(house.server, "portal") as portal:
            named = house.place.settings.trial.machines
            standing = combine(await list_trials(portal, own), SystemClock().now(), named)
        assert standing is not None
        return standing

    # What was told before machines had names is nobody's but the first's who tells.
    await other()
    in_platform(house.server, f"update trial_state set machine = '' where authority_id = '{own}'")
    await house.trials.make_round()
    assert [one.machine for one in await machines(house)] == ["larm-1"]
    await other()
    assert (await shown()).seen_ms == 99_000, "the slowest of both"
    assert await house.status() == MET
    for _ in range(2):
        await other(TrialOutcome.BUSY)
        await house.trials.make_round()
        assert (await shown()).outcome is TrialOutcome.BUSY
        assert await house.status() == (Status.FAILING, "busy")
    await other()
    assert await house.status() == MET
    for age, status in (("3 minutes", (Status.FAILING, "silent")), ("25 hours", MET)):
        in_platform(
            house.server, f"update trial_state set tried_at = now() - interval '{age}' where machine = 'larm-2'"
        )
        await house.trials.make_round()
        assert await house.status() == status
        outcomes = [TrialOutcome.SILENT, TrialOutcome.WELL]
        assert (await shown()).outcome is outcomes[status == MET]
    # One that is named is missed for as long as it is.
    named = Settings(trial=TrialSettings(machines=["larm-1", "larm-2"]))
    house.place = replace(house.place, settings=named)
    assert await house.status() == (Status.FAILING, "silent")
    assert (await shown()).outcome is TrialOutcome.SILENT
    await other()
    assert await house.status() == MET
    assert (await shown()).outcome is TrialOutcome.WELL
    house.place = replace(house.place, settings=Settings(trial=TrialSettings(machines=["larm-2"])))
    await house.running.receiver.stop()
    await house.trials.make_round()
    assert await house.status() == (Status.FAILING, "unanswered"), "one that is not named counts while it tells"
    async with platform_as(house.server, "trial") as platform:
        with pytest.raises(psycopg.errors.CheckViolation):
            await report_trial(platform, "", own, Trial(TrialOutcome.BUSY))


@pytest.fixture
def untold(server: Server, authority: Authority) -> Iterator[None]:
    """Nobody has told anything of this authority's trials, nor looked at them; nor does it stay so afterwards."""
    own = f"authority_id = '{authority.id}'"
    forget = f"delete from trial_state where {own}; delete from observation where {own} and requirement = '{EVIDENCE}'"
    in_platform(server, forget)
    yield
    in_platform(server, f"{forget}; update authority set created_at = '{START}' where id = '{authority.id}'")


async def machines(house: House) -> Sequence[TrialStanding]:
    """What each machine told."""
    async with platform_as(house.server, "portal") as portal:
        return await list_trials(portal, house.authority.id)


@pytest.mark.turns_red(EVIDENCE)
@pytest.mark.usefixtures("untold")
async def test_an_authority_of_which_none_could_be_tried_yet_is_not_disturbed(house: House) -> None:
    """Its device was registered just now: nobody knows, once. Where it stays so, or one came through, it is red."""
    own = house.authority.id
    in_platform(house.server, f"update authority set created_at = now() where id = '{own}'")
    assert (await house.status())[0] is Status.UNTESTED
    known, trials = Gateway(house.server, "trial", ()), house.trials
    async with pool(house.server, "trial") as telling:
        way = partial(find_way, Path("/"), house.settings)
        credentials, long = house.server.credentials, timedelta(days=1)
        house.trials = Trials(known, telling, credentials, way, house.clock, settled=long, machine="larm-1")
        outcome, (status, _) = await house.tried()
        assert (outcome, status) == (TrialOutcome.SETTLING, Status.UNTESTED)
        assert (await house.standing()).is_untried
        assert "vaka_trials_failing 0.0" in metrics_text((house.trials,)).decode()
        for _ in range(2):
            assert await house.tried() == (TrialOutcome.UNPREPARED, (Status.FAILING, "unprepared")), "once"
        late, house.trials = house.trials, trials
        assert await house.tried() == (TrialOutcome.WELL, MET)
        house.trials = late
        assert await house.tried() == (TrialOutcome.UNPREPARED, (Status.FAILING, "unprepared"))
        assert not (await house.standing()).is_untried
    await known.close()
    in_platform(house.server, f"delete from trial_state where authority_id = '{own}'")
    in_platform(house.server, f"update authority set created_at = now() - interval '3 minutes' where id = '{own}'")
    assert await house.status() == (Status.FAILING, "stopped"), "for long nobody was so new"


async def test_one_authority_without_a_trial_device_stops_no_other(house: House) -> None:
    """Its database is gone, or its file is not what it was: that is said, and the others' are made ready."""
    gone = Authority(uuid4(), "borta", "Borta", "authority", tenant_database("borta"), bytes(32))
    file = trial_file(house.server.credentials, house.authority)
    file.replace(kept := file.with_suffix(".kept"))
    try:
        prepared = await prepare_trial_devices(
            house.server, [gone, house.authority], REALM, SystemClock(), actor="setup"
        )
        assert ([one.slug for one, _ in prepared.failed], prepared.made) == (["borta"], 1)
        file.write_text("no password\n".replace(" ", ""))
        said: list[str] = []
        settings = Settings(receiver=ReceiverSettings(host=HOST, tls_port=house.running.tls, realm=REALM))
        assert not await prepare_trials(house.server, settings, SystemClock(), "setup", said.append, keyholder=False)
        assert any(f" {house.authority.slug} " in one for one in said)
    finally:
        kept.replace(file)
    await house.prepare()


async def test_a_receiver_that_does_not_prove_who_it_is_gets_no_trial(
    house: House, register: Register, rows: Rows, tmp_path: Path
) -> None:
    """Neither is one sent for an authority without a device, nor while its database lets nobody in."""
    strict = house.settings.model_copy(update={"trial": TrialSettings(trusted=Issuer(tmp_path).certificate)})
    way = find_way(Path("/"), strict)
    device = read_trial_device(house.server.credentials, house.authority)
    assert device is not None

    async def connect() -> Connection:
        return await gateway.open_own_connection(house.authority.id, "look")

    gateway = Gateway(house.server, "trial", [house.authority])
    [(device_id,)] = rows(
        house.authority, f"select device_id from trial_device where sender = '{blinded(device.number)}'"
    )
    known = sending.Known(device_id, blinded(device.number))
    assert await sending.try_alarm(way, device, known, connect, SystemClock()) == Trial(TrialOutcome.UNANSWERED)
    other = TrialDevice(device.number, "another password altogether")
    refused = await sending.try_alarm(find_way(Path("/"), house.settings), other, known, connect, SystemClock())
    assert refused == Trial(TrialOutcome.REFUSED)
    with register.absent(house.authority):
        assert (await house.tried())[0] is TrialOutcome.UNREACHABLE
    file = trial_file(house.server.credentials, house.authority)
    kept = file.rename(file.with_suffix(".kept"))
    try:
        assert (await house.tried())[0] is TrialOutcome.UNPREPARED
    finally:
        kept.rename(file)


async def test_whatever_becomes_of_a_trial_is_said() -> None:
    assert set(WORDS) == set(TrialOutcome) - {TrialOutcome.WELL}
    for outcome in (*WORDS, "stopped"):
        said = explain(TERM_OF[EVIDENCE], Judgement(Status.FAILING, SystemClock().now(), str(outcome), EVIDENCE, 1))
        assert said.sv != said.en


async def test_whoever_sends_trials_can_do_nothing_else(server: Server, authority: Authority) -> None:
    """It reads no alarm, no device and no log, and tells of nothing but trials."""
    gateway = Gateway(server, "trial", [authority])
    tenant = await gateway.open_own_connection(authority.id, "test")
    try:
        for table in ("alarm", "message", "device", "trial_device", "ledger.inbox", "person"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tenant.execute(f"select from {table}".encode())
    finally:
        await tenant.close()
    async with platform_as(server, "trial") as platform:
        for table in ("trial_state", "trial_hour", "device_entry", "account"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await platform.execute(f"select from {table}".encode())


@pytest.mark.turns_red(EVIDENCE)
@pytest.mark.usefixtures("untold")
async def test_a_machine_that_is_named_is_not_missed_before_it_can_have_told_of_a_new_authority(house: House) -> None:
    """Neither by the term nor by the page; once the authority is not new, both miss it."""
    own, named = house.authority.id, ["larm-1", "larm-2"]
    house.place = replace(house.place, settings=Settings(trial=TrialSettings(machines=named)))
    in_platform(house.server, f"update authority set created_at = now() where id = '{own}'")

    async def both() -> tuple[Status, TrialOutcome | None]:
        status, _ = await house.status()
        standing = combine(await machines(house), SystemClock().now(), named)
        return status, None if standing is None else standing.outcome

    assert await both() == (Status.UNTESTED, None)
    async with platform_as(house.server, "trial") as platform:
        for trial in (Trial(TrialOutcome.SETTLING), Trial(TrialOutcome.WELL, 11, 12)):
            await report_trial(platform, "larm-1", own, trial)
            assert await both() == (Status.UNTESTED, trial.outcome)
        await report_trial(platform, "larm-1", own, Trial(TrialOutcome.BUSY))
        assert await both() == (Status.FAILING, TrialOutcome.BUSY)
        await report_trial(platform, "larm-1", own, trial)
        in_platform(house.server, f"update authority set created_at = '{START}' where id = '{own}'")
        assert await both() == (Status.FAILING, TrialOutcome.SILENT)
        await report_trial(platform, "larm-2", own, trial)
        assert await both() == (Status.MET, TrialOutcome.WELL)
    in_platform(house.server, f"delete from trial_state where authority_id = '{own}'")
    assert await house.status() == (Status.FAILING, "stopped")


@pytest.mark.usefixtures("untold")
async def test_the_release_before_tells_and_looks_as_it_did(house: House) -> None:
    """While one machine has the new one, and another not yet; what it is told is in the words that it knows."""
    own = house.authority.id

    async def told(outcome: TrialOutcome, milliseconds: int | None = None) -> None:
        async with platform_as(house.server, "trial") as platform:
            told = (own, outcome.value, milliseconds, milliseconds)
            await platform.execute("select report_trial(%s, %s, %s, %s)", told)

    async def found() -> str | None:
        async with platform_as(house.server, "scheduler") as scheduler:
            rows = await scheduler.execute(
                "select reason from find_untried(%s, %s) where authority_id = %s",
                (TRIED_WITHIN, SystemClock().now(), own),
            )  # fmt: skip
            row = await rows.fetchone()
        return row and row[0]

    in_platform(house.server, f"update authority set created_at = now() where id = '{own}'")
    assert await found() == "stopped"
    async with platform_as(house.server, "trial") as platform:
        await report_trial(platform, "larm-1", own, Trial(TrialOutcome.SETTLING))
    assert await found() == "unprepared"
    await house.trials.make_round()
    await told(TrialOutcome.BUSY)
    assert (await house.status(), await found()) == ((Status.FAILING, "busy"), "busy")
    await told(TrialOutcome.WELL, 12)
    assert (await house.status(), await found()) == (MET, None)
    assert [one.machine for one in await machines(house)] == ["", "larm-1"]
    in_platform(house.server, "update trial_state set tried_at = now() - interval '3 minutes' where machine = ''")
    assert await found() == "stopped"
    async with platform_as(house.server, "trial") as platform:
        await report_trial(platform, "larm-2", own, Trial(TrialOutcome.WELL, 11, 12))
    assert [one.machine for one in await machines(house)] == ["larm-1", "larm-2"]
    assert await found() is None

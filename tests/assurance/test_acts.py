# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What logs say beside what tables, settings and devices' secrets say: acts, sources, accounts and codes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    TERM_OF,
    account,
    authority,
    by_hand,
    grant,
    own_server,
    place,
    server,
    session,
    status_of,
)
from tests.assurance.test_overseen import beat, enter_run
from tests.conftest import START
from tests.ledger.sealed import LogHouse
from tests.platform import make_account, platform_as
from vaka.access.grants import grant_role
from vaka.assurance.acts import TOUCHED_ACTS
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import REPLAYED_WITHIN
from vaka.assurance.wording import explain
from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.settings import AccessSettings, ReceiverSettings, Settings
from vaka.tenants.authorities import Authority
from vaka.web.office import confirmed as office
from vaka.web.portal import confirmed as portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

REPLAYED, TOUCHES, SOURCES, CODES = "accounts-replayed", "step-up", "log-sources", "activation-flagged"
MET = (Status.MET, "none")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WHO = "account:00000000-0000-0000-0000-000000000016"
TOUCHED = {"step_up": "5a" * 32}


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> Iterator[LogHouse]:  # noqa: F811
    """The authority's log and tables, which are as they were when the test is over."""
    house = LogHouse(server, authority, tmp_path)
    yield house
    with house.superuser(unguarded=True) as superuser:
        superuser.execute("set search_path = vaka, ledger")
        superuser.execute("truncate inbox, entry_index, log_entry, tile, checkpoint")
        superuser.execute("update head set size = 0, root = sha256('')")
        superuser.execute("truncate alarm, device_secret, device cascade")


async def do(house: LogHouse, component: str, event: Event, at: datetime, **detail: str) -> None:
    """Enter an act in the authority's log as a component of its own."""
    async with house.as_(component) as connection, connection.transaction():
        await append(connection, Entry(event, WHO, at, f"person:{uuid4()}", detail=dict(detail)))


def touch(by_hand: Callable[..., None], who: str, at: datetime) -> None:  # noqa: F811
    """Somebody touches a key over what acts here say was confirmed."""
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object, detail, written_by)"
        " values (%(at)s, 'security_key.used', %(who)s, 'security_key:x', %(detail)s, 'vaka_portal')",
        at=at, who=who, detail=Jsonb(TOUCHED),
    )  # fmt: skip


@pytest.mark.turns_red(TOUCHES)
async def test_touch_that_never_was_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    house: LogHouse,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Whoever has the portal's credential writes that a key confirmed it; that another's was touched is none of his."""
    await do(house, "portal", Event.HOLD_PLACED, START, **TOUCHED)
    assert await status_of(TOUCHES, place, server) == (Status.FAILING, "untouched")
    touch(by_hand, f"account:{uuid4()}", START)
    assert await status_of(TOUCHES, place, server) == (Status.FAILING, "untouched")
    touch(by_hand, WHO, START - timedelta(minutes=2))
    assert await status_of(TOUCHES, place, server) == MET


@pytest.mark.turns_red(TOUCHES)
async def test_privileged_act_that_no_key_confirmed_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    house: LogHouse,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Whether it waits or is sealed; not for what a command or a program did, and not for ever."""
    touch(by_hand, WHO, START)
    await do(house, "portal", Event.HOLD_PLACED, START, **TOUCHED)
    await do(house, "setup", Event.LOG_EXPORTED, START)
    await do(house, "portal", Event.ALARM_READ, START)
    assert await status_of(TOUCHES, place, server) == MET
    await do(house, "portal", Event.HOLD_LIFTED, START)
    assert await status_of(TOUCHES, place, server) == (Status.FAILING, "untouched")
    house.signer()
    async with house.as_("sequencer") as sequencer:
        await house.sealing(TurnedClock(START)).make_round(sequencer)
    assert house.waiting() == 0
    assert await status_of(TOUCHES, place, server) == (Status.FAILING, "untouched")
    assert await status_of(TOUCHES, place, server, START + 30 * DAY) == MET


@pytest.mark.turns_red(TOUCHES)
async def test_act_in_the_office_is_every_authoritys(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    enter = (
        "insert into ledger.inbox (happened_at, event, actor, object, written_by)"
        " values (%(at)s, 'role.proposed', %(who)s, 'account:x', %(by)s)"
    )
    by_hand(enter, at=START, who=WHO, by="vaka_setup")
    assert await status_of(TOUCHES, place, server) == MET
    by_hand(enter, at=START, who=WHO, by="vaka_office")
    assert await status_of(TOUCHES, place, server) == (Status.FAILING, "untouched")


@pytest.mark.turns_red(TOUCHES)
async def test_setting_that_lets_acts_through_turns_it_red(place: Place, server: Server) -> None:  # noqa: F811
    weak = replace(place, settings=Settings(access=AccessSettings(step_up="when_enrolled")))
    assert await status_of(TOUCHES, place, server) == MET
    assert await status_of(TOUCHES, weak, server) == (Status.FAILING, "weakened")


def test_acts_looked_for_are_those_that_portal_and_office_confirm() -> None:
    """Written a second time, and compared: what is done without a touch somewhere is left out, each for a reason."""
    confirmed = {act for one in (portal, office) for acts in one.CONFIRMED.values() for act in acts}
    without = {
        Event.SESSION_STARTED, Event.SESSION_ENDED,  # by signing in and out
        Event.SECURITY_KEY_ENROLLED,  # the first one, by a code
        Event.ACCOUNT_DEACTIVATED, Event.ACCOUNT_REFUSED, Event.ROLE_DECLINED,  # by time, and taken back
        Event.OUTAGE_DECLARED,  # proposed at the desk
        Event.COMMAND_APPROVED, Event.REGISTER_ACKNOWLEDGED,
    }  # fmt: skip
    assert set(TOUCHED_ACTS) == confirmed - {event.value for event in without}


@pytest.mark.turns_red(REPLAYED)
async def test_term_12_4_accounts_that_the_log_does_not_make_turn_it_red_and_so_does_a_replay_that_stopped(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """The newest run says it; the command itself is tried over a changed register in tests/commands."""
    assert await status_of(REPLAYED, place, server) == (Status.UNTESTED, "missing")
    replayed = "command:account.replay"
    enter_run(by_hand, replayed, START, found=0, unreadable=0)
    assert await status_of(REPLAYED, place, server, START + REPLAYED_WITHIN) == MET
    assert await status_of(REPLAYED, place, server, START + REPLAYED_WITHIN + SECOND) == (Status.UNTESTED, "missing")
    enter_run(by_hand, replayed, START + 2 * DAY, found=0, unreadable=0, by="vaka_office")
    assert await status_of(REPLAYED, place, server, START + 2 * DAY) == (Status.UNTESTED, "missing")
    for hours, found, unreadable, expected in (
        (1, 2, 0, (Status.FAILING, "differ")),
        (2, 0, 0, MET),
        (3, 0, 1, (Status.FAILING, "differ")),
    ):
        at = START + 2 * DAY + timedelta(hours=hours)
        enter_run(by_hand, replayed, at, found=found, unreadable=unreadable)
        assert await status_of(REPLAYED, place, server, at) == expected
    enter_run(by_hand, replayed, START + 3 * DAY)
    assert await status_of(REPLAYED, place, server, START + 3 * DAY) == (Status.FAILING, "differ")


@pytest.mark.turns_red(SOURCES)
async def test_receivers_that_have_gone_silent_turn_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Not tested before the first was heard."""
    quarter = timedelta(minutes=15)
    assert await status_of(SOURCES, place, server) == (Status.UNTESTED, "missing")
    beat(by_hand, START)
    assert await status_of(SOURCES, place, server, START + quarter) == MET
    assert await status_of(SOURCES, place, server, START + quarter + SECOND) == (Status.FAILING, "silent")
    beat(by_hand, START - 20 * DAY, "west-9")
    async with platform_as(server, "setup") as setup:
        found = await setup.execute(
            "select reason, things from vaka.find_silent_sources('{}', %s)", (START + quarter + SECOND,)
        )
        assert await found.fetchall() == [("silent", 1)], "one that has not been for weeks is none of them"


def stop_in_order(by_hand: Callable[..., None], at: datetime, machine: str) -> None:  # noqa: F811
    """The receiver of a machine ends, and says so."""
    by_hand("update receiver_presence set ended_at = %(at)s where machine = %(machine)s", at=at, machine=machine)


@pytest.mark.turns_red(SOURCES)
async def test_one_of_two_receivers_that_dies_turns_it_red_while_the_other_goes_on(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Within minutes, for a day; one that was stopped after an hour; not the release before's that is replaced."""
    minute, away = timedelta(minutes=1), (Status.FAILING, "away")
    beat(by_hand, START)
    beat(by_hand, START + 2 * minute, "west-1")
    beat(by_hand, START + 2 * minute, "west-2")
    assert await status_of(SOURCES, place, server, START + 5 * minute) == MET
    beat(by_hand, START + 5 * minute, "west-2")
    assert await status_of(SOURCES, place, server, START + 5 * minute) == MET
    assert await status_of(SOURCES, place, server, START + 5 * minute + SECOND) == away
    stop_in_order(by_hand, START + 6 * minute, "west-1")
    beat(by_hand, START + 30 * minute, "west-2")
    assert await status_of(SOURCES, place, server, START + 30 * minute) == MET
    beat(by_hand, START + 31 * minute, "west-1")
    assert await status_of(SOURCES, place, server, START + 31 * minute) == MET
    beat(by_hand, START + 40 * minute, "west-2")
    assert await status_of(SOURCES, place, server, START + 40 * minute) == away
    for at, expected in ((DAY, away), (DAY + SECOND, MET)):
        beat(by_hand, START + 31 * minute + at - SECOND, "west-2")
        assert await status_of(SOURCES, place, server, START + 31 * minute + at - SECOND) == expected
    beat(by_hand, START + 2 * DAY, "west-1")
    stop_in_order(by_hand, START + 2 * DAY, "west-1")
    for at, expected in ((59 * minute, MET), (60 * minute, away), (DAY - SECOND, away), (DAY, MET)):
        beat(by_hand, START + 2 * DAY + at, "west-2")
        assert await status_of(SOURCES, place, server, START + 2 * DAY + at) == expected
    now = START + 3 * DAY
    for ahead, expected in ((4 * minute, away), (DAY, away), (DAY + SECOND, MET)):
        beat(by_hand, now + ahead, "west-1")
        assert await status_of(SOURCES, place, server, now) == expected, "of a time that is not yet, it is not heard"
    beat(by_hand, now + 9 * DAY, "west-1")
    assert await status_of(SOURCES, place, server, now + 16 * minute) == (Status.FAILING, "silent"), "nor for others"


@pytest.mark.turns_red(SOURCES)
async def test_machine_that_is_named_for_a_receiver_and_has_none_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Also one that was never heard, or not for days; one that was stopped after an hour, and none that is heard."""
    receivers = ReceiverSettings(machines=["west-1", "west-2"])
    named, hour, away = (
        replace(place, settings=Settings(receiver=receivers)),
        timedelta(hours=1),
        (Status.FAILING, "away"),
    )

    async def status(at: datetime) -> tuple[Status, str]:
        beat(by_hand, at, "west-1")
        return await status_of(SOURCES, named, server, at)

    assert await status(START) == away
    beat(by_hand, START, "west-2")
    assert await status(START) == MET
    stop_in_order(by_hand, START + SECOND, "west-2")
    assert await status(START + hour) == MET
    assert await status(START + hour + SECOND) == away
    beat(by_hand, START + 2 * hour, "west-2")
    assert await status(START + 2 * hour) == MET
    stop_in_order(by_hand, START + SECOND, "west-2")
    assert await status(START + 2 * hour) == MET
    assert await status(START + 2 * DAY) == away
    assert await status_of(SOURCES, place, server, START + 2 * DAY) == MET


def plant_silent_session(by_hand: Callable[..., None]) -> None:  # noqa: F811
    session(by_hand, account(by_hand), 3)


def plant_silent_role(by_hand: Callable[..., None]) -> None:  # noqa: F811
    who = account(by_hand)
    grant(by_hand, who, "operator", None)
    by_hand("update role_grant set granted_at = %(at)s", at=START)
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object) values (%(at)s, 'account.created', 'x', %(who)s)",
        at=START, who=f"account:{who}",
    )  # fmt: skip


@pytest.mark.turns_red(SOURCES)
@pytest.mark.parametrize("plant", [plant_silent_session, plant_silent_role])
async def test_term_25_6_what_happens_without_an_entry_turns_it_red(
    plant: Callable[..., None],
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Somebody signed in, or got a role, while what enters it was turned off; with its entry it is as it should be."""
    beat(by_hand, START)
    assert await status_of(SOURCES, place, server) == MET
    plant(by_hand)
    assert await status_of(SOURCES, place, server) == (Status.FAILING, "untold")
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object, detail)"
        " select %(at)s, 'session.started', 'x', 'session:' || id, '{}' from session"
        " union all select %(at)s, 'role.granted', 'x', 'account:' || account_id,"
        " jsonb_build_object('role', role, 'authority', authority_id) from role_grant",
        at=START,
    )
    assert await status_of(SOURCES, place, server) == MET


@pytest.mark.turns_red(SOURCES)
async def test_term_25_6_one_role_with_an_entry_hides_no_other(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    house: LogHouse,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Each grant is told of by itself: the role, where, and not before it was given; sealed or not."""
    beat(by_hand, START)
    who = await make_account(server, "Vera Vilsen", now=START - DAY)
    async with platform_as(server, "setup") as setup:
        await grant_role(setup, who, "operator", authority.id, actor="setup", now=START - 4 * SECOND)
    assert await status_of(SOURCES, place, server) == MET
    give = "insert into role_grant values (%(who)s, %(role)s, %(where)s, %(at)s)"
    take = "delete from role_grant where role = %(role)s and authority_id is not distinct from %(where)s"
    for role, where in (("shift_leader", authority.id), ("operator", None)):
        by_hand(give, who=who, role=role, where=where, at=START)
        assert await status_of(SOURCES, place, server) == (Status.FAILING, "untold")
        by_hand(take, role=role, where=where)
        assert await status_of(SOURCES, place, server) == MET
    # A role that somebody had once is not his again for what was said then.
    by_hand("update role_grant set granted_at = %(at)s", at=START - SECOND)
    assert await status_of(SOURCES, place, server) == (Status.FAILING, "untold")
    # What was approved counts from when it was asked for; asking gives something in an emergency alone.
    tell = (
        "insert into ledger.inbox (happened_at, event, actor, object, written_by, detail)"
        " values (%(at)s, %(event)s, 'x', %(who)s,"
        " case %(event)s when 'role.approved' then 'vaka_portal' else 'vaka_setup' end,"
        " jsonb_build_object('role', 'operator', 'authority', %(where)s::text, 'kind', %(kind)s::text))"
    )
    for event, kind, expected in (
        ("role.requested", "approval", (Status.FAILING, "untold")),
        ("role.requested", "emergency", MET),
    ):
        by_hand(tell, at=START - SECOND, event=event, who=f"account:{who}", where=str(authority.id), kind=kind)
        assert await status_of(SOURCES, place, server) == expected
    by_hand("delete from ledger.inbox where event = 'role.requested' and detail ->> 'kind' = 'emergency'")
    by_hand(tell, at=START, event="role.approved", who=f"account:{who}", where=str(authority.id), kind="approval")
    assert await status_of(SOURCES, place, server) == MET


@pytest.mark.turns_red(SOURCES)
async def test_term_25_6_alarm_without_an_entry_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    house: LogHouse,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    beat(by_hand, START)
    identifier = uuid4()
    with house.superuser(unguarded=True) as superuser:
        superuser.execute(
            "insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at)"
            " values (%s, 'life', 'x', 'x', 'received', %s, '', %s, %s)",
            (identifier, f"{identifier}:life", START, START),
        )
    assert await status_of(SOURCES, place, server) == (Status.FAILING, "untold")
    for event, expected in (
        (Event.ALARM_PRESENTED, (Status.FAILING, "untold")),
        (Event.ALARM_RAISED, MET),
    ):
        async with house.as_("desk") as desk, desk.transaction():
            await append(desk, Entry(event, "receiver:1", START, f"alarm:{identifier}"))
        assert await status_of(SOURCES, place, server) == expected


def add_device(house: LogHouse, by_hand: Callable[..., None], where: UUID, **secret: object) -> UUID:  # noqa: F811
    """A device in use that proves itself by a secret, of which something is known or nothing."""
    identifier = uuid4()
    sender = f"~{identifier.hex[:28]}"
    with house.superuser(unguarded=True) as superuser:
        superuser.execute("insert into vaka.device (id, sender) values (%s, %s)", (identifier, sender))
        if secret:
            superuser.execute(
                "insert into vaka.device_secret (device_id, set_at, length, kinds, fingerprint)"
                " values (%(id)s, %(set_at)s, %(length)s, 2, sha256('x'))",
                {"id": identifier, **secret},
            )
    by_hand(
        "insert into device_entry (sender, authority_id, device_id, authentication, username, ha1_sha256, changed_at)"
        " values (%(sender)s, %(where)s, %(id)s, 'digest', %(sender)s, %(secret)s, %(at)s)",
        sender=sender, where=where, id=identifier, secret="0" * 64, at=START,
    )  # fmt: skip
    return identifier


@pytest.mark.turns_red(CODES)
async def test_term_16_2_secret_that_is_flagged_and_not_changed_in_time_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    house: LogHouse,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Below the floor for thirty days and more; a device nothing is known of is red at once."""
    assert await status_of(CODES, place, server) == MET
    add_device(house, by_hand, authority.id, set_at=START, length=12)
    weak = add_device(house, by_hand, authority.id, set_at=START, length=11)
    assert await status_of(CODES, place, server, START + 30 * DAY) == MET
    assert await status_of(CODES, place, server, START + 30 * DAY + SECOND) == (Status.FAILING, "late")
    with house.superuser(unguarded=True) as superuser:
        superuser.execute(
            "insert into vaka.device_secret (device_id, set_at, length, kinds, fingerprint)"
            " values (%s, %s, 20, 2, sha256('y'))",
            (weak, START + 30 * DAY),
        )
    assert await status_of(CODES, place, server, START + 90 * DAY) == MET
    add_device(house, by_hand, authority.id)
    assert await status_of(CODES, place, server, START + 90 * DAY) == (Status.FAILING, "unknown")


def test_what_they_find_is_said_in_words() -> None:
    """In both languages, with how many there are where there may be several."""
    for name, reasons in {
        REPLAYED: ("differ",), TOUCHES: ("untouched", "weakened"), SOURCES: ("untold", "silent"),
        CODES: ("late", "unknown"),
    }.items():  # fmt: skip
        for reason in reasons:
            said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 4711))
            assert ("4711" in said.sv) == ("4711" in said.en) == (reason != "weakened")

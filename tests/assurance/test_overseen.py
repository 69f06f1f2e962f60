# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What asks what something else has seen lately: red by what was seen, and where nothing has looked nobody knows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    authority,
    by_hand,
    enter,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import COLLECTORS, OVERSEEN_COLLECTORS
from vaka.assurance.looking import look
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MET = (Status.MET, "none")
NOBODY_KNOWS = (Status.UNTESTED, "missing")


def ran(by_hand: Callable[..., None], at: datetime) -> None:  # noqa: F811
    """The machine's records and accounts were looked at."""
    for command in ("sign-ins", "accounts"):
        enter_run(by_hand, f"command:host.{command}", at)


def enter_run(
    by_hand: Callable[..., None],  # noqa: F811
    command: str,
    at: datetime,
    *,
    by: str = "vaka_setup",
    **facts: bool | int,
) -> None:
    """A run of a command, as its entry says it."""
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object, detail, written_by)"
        " values (%(at)s, 'command.run', 'setup:uid-0', %(command)s, %(facts)s, %(by)s)",
        at=at, command=command, facts=Jsonb(facts), by=by,
    )  # fmt: skip


def compared(by_hand: Callable[..., None], at: datetime) -> None:  # noqa: F811
    """What is protected was compared with what was accepted."""
    by_hand(
        "insert into protected_look (looked_at) values (%(at)s) on conflict (one) do update set looked_at = %(at)s",
        at=at,
    )


def detected(by_hand: Callable[..., None], at: datetime) -> None:  # noqa: F811
    """The rules of detection have looked through every log."""
    by_hand(
        "insert into detection_look (authority_id, looked_until, looked_at, rules)"
        " select one, %(at)s, %(at)s, 1 from unnest(array[null::uuid] || array(select id from authority)) one"
        " on conflict (authority_id) do update set looked_until = %(at)s",
        at=at,
    )


def beat(by_hand: Callable[..., None], at: datetime, machine: str = "") -> None:  # noqa: F811
    """A receiver says that it is up: of the release before, in its own words, without the machine that it is on."""
    if machine:
        by_hand(
            "insert into receiver_presence (instance, machine, started_at, beat_at)"
            " values ('receiver-1@' || %(machine)s, %(machine)s, %(at)s, %(at)s)"
            " on conflict (instance) do update set beat_at = %(at)s, ended_at = null",
            at=at, machine=machine,
        )  # fmt: skip
        return
    by_hand(
        "insert into receiver_presence (instance, started_at, beat_at) values ('receiver-1', %(at)s, %(at)s)"
        " on conflict (instance) do update set beat_at = %(at)s",
        at=at,
    )


@pytest.mark.turns_red("machine-logins")
async def test_term_10_4_a_shared_sign_in_turns_it_red_and_so_does_a_look_that_stopped(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    name, day = "machine-logins", timedelta(days=1)
    assert await status_of(name, place, server) == NOBODY_KNOWS
    ran(by_hand, START)
    assert await status_of(name, place, server, START + day) == MET
    assert await status_of(name, place, server, START + day + timedelta(seconds=1)) == NOBODY_KNOWS
    enter(by_hand, "host.signed_in", "host:root", START + day)
    assert await status_of(name, place, server, START + day + timedelta(minutes=1)) == (Status.FAILING, "shared")
    ran(by_hand, START + 31 * day)
    assert await status_of(name, place, server, START + 31 * day + timedelta(minutes=1)) == MET
    enter(by_hand, "host.accounts_differ", "host:accounts", START + 31 * day)
    assert await status_of(name, place, server, START + 31 * day + timedelta(minutes=2)) == (Status.FAILING, "differ")


async def test_a_look_at_another_file_or_that_another_process_says_there_was_is_none(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    enter_run(by_hand, "command:host.accounts", START)
    enter_run(by_hand, "command:host.sign-ins", START, usual=False)
    enter_run(by_hand, "command:host.sign-ins", START, by="vaka_office")
    assert await status_of("machine-logins", place, server) == NOBODY_KNOWS
    enter_run(by_hand, "command:host.sign-ins", START, usual=True)
    assert await status_of("machine-logins", place, server, START + timedelta(minutes=1)) == MET


@pytest.mark.turns_red("configuration-drift")
async def test_what_is_not_as_it_was_accepted_turns_it_red_and_so_does_a_look_that_stopped(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    name, quarter = "configuration-drift", timedelta(minutes=15)
    assert await status_of(name, place, server) == NOBODY_KNOWS
    compared(by_hand, START)
    assert await status_of(name, place, server, START + quarter) == MET
    assert await status_of(name, place, server, START + quarter + timedelta(seconds=1)) == NOBODY_KNOWS
    by_hand(
        "insert into drift (name, change, since, authority_id) values ('file:vaka.toml', 'changed', %(at)s, null)",
        at=START,
    )
    later = START + 2 * quarter
    assert await status_of(name, place, server, later) == (Status.FAILING, "drifted")


@pytest.mark.turns_red(*OVERSEEN_COLLECTORS, stopped=True)
@pytest.mark.parametrize("name", OVERSEEN_COLLECTORS)
async def test_a_collector_that_is_stopped_turns_it_red(
    name: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """What was green is red when nobody has looked for as long as evidence may be old, and a second more."""
    ran(by_hand, START)
    compared(by_hand, START)
    enter_run(by_hand, "command:account.replay", START, found=0, unreadable=0)
    beat(by_hand, START)
    detected(by_hand, START)
    every = REQUIREMENTS[name].every
    await look(REQUIREMENTS[name], COLLECTORS[name], place, START)
    assert await judged(name, place, server, START + every) == MET
    standing = await judged(name, place, server, START + every + timedelta(seconds=1))
    assert standing == (Status.UNTESTED, "collector_down")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where administrators work, as term 3 is judged: red without a register, and by what went past it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    account,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import REMOTE_COLLECTORS, Place
from vaka.assurance.wording import explain
from vaka.database.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PATHS = "remote-paths"
MET = (Status.MET, "none")

ByHand = Callable[..., None]


def register_network(by_hand: ByHand, until: datetime, *, told: bool = True) -> UUID:  # noqa: F811
    """Put a network in force until a day, with the entry that tells of it."""
    entry = uuid4()
    fields = {"network": "198.51.100.0/24", "place": "remote", "valid_until": until.date().isoformat()}
    by_hand(
        "insert into register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        " select %(entry)s, 1, 'networks', 'in_force', %(fields)s, 1, register_digest(%(entry)s, 1, 'networks',"
        " 'in_force', %(fields)s, null, %(who)s), %(who)s, %(at)s",
        entry=entry, fields=Jsonb(fields), who=uuid4(), at=START - DAY,
    )  # fmt: skip
    if told:
        by_hand(
            "insert into ledger.inbox (happened_at, event, actor, object, detail, written_by)"
            " select %(at)s, 'register.moved', 'account:x', 'register_entry:' || entry,"
            " jsonb_build_object('digest', encode(digest, 'hex')), 'vaka_office' from register_version"
            " where entry = %(entry)s",
            at=START - DAY, entry=entry,
        )  # fmt: skip
    return entry


def open_session(by_hand: ByHand, used: datetime, *, realm: str = "administrator") -> UUID:  # noqa: F811
    """Let a session have been used."""
    session, who = uuid4(), account(by_hand, kind="administrator")
    by_hand(
        "insert into session (token_hash, id, account_id, realm, method, created_at, expires_at)"
        " values (sha256(%(session)s::text::bytea), %(session)s, %(who)s, %(realm)s, 'test', %(at)s, %(at)s)",
        session=session, who=who, realm=realm, at=used,
    )  # fmt: skip
    by_hand("insert into session_use (session_id, used_at) values (%(one)s, %(at)s)", one=session, at=used)
    return session


def see(by_hand: ByHand, session: UUID, where: str, network: UUID | None, at: datetime) -> None:  # noqa: F811
    """Let a session have been placed."""
    by_hand(
        "insert into session_place (session_id, place, network, placed_at)"
        " values (%(one)s, %(where)s, %(net)s, %(at)s)",
        one=session, where=where, net=network, at=at,
    )  # fmt: skip


@pytest.mark.turns_red(PATHS)
async def test_without_a_network_in_force_it_is_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    assert await status_of(PATHS, place, server) == (Status.FAILING, "empty")
    register_network(by_hand, START + 90 * DAY, told=False)
    assert await status_of(PATHS, place, server) == (Status.FAILING, "empty"), "no entry tells of it"
    register_network(by_hand, START + 90 * DAY)
    assert await status_of(PATHS, place, server) == MET
    assert await status_of(PATHS, place, server, START + 91 * DAY) == (Status.FAILING, "empty")


@pytest.mark.turns_red(PATHS)
async def test_a_session_from_elsewhere_that_was_let_in_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    network = register_network(by_hand, START + 90 * DAY)
    see(by_hand, open_session(by_hand, START - HOUR), "remote", network, START - HOUR)
    see(by_hand, open_session(by_hand, START - HOUR), "refused", None, START - HOUR)
    assert await status_of(PATHS, place, server) == MET
    see(by_hand, open_session(by_hand, START - HOUR), "remote", None, START - HOUR)
    assert await status_of(PATHS, place, server) == (Status.FAILING, "outside")
    assert await status_of(PATHS, place, server, START + DAY) == MET


@pytest.mark.turns_red(PATHS)
async def test_a_session_that_nothing_placed_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    """What asks from where a session comes has stopped; whoever answers alarms is not asked."""
    register_network(by_hand, START + 90 * DAY)
    open_session(by_hand, START - HOUR, realm="operator")
    session = open_session(by_hand, START)
    assert await status_of(PATHS, place, server) == MET, "it may be placed in a moment"
    assert await status_of(PATHS, place, server, START + HOUR) == (Status.FAILING, "unplaced")
    see(by_hand, session, "refused", None, START)
    assert await status_of(PATHS, place, server, START + 2 * HOUR) == MET


@pytest.mark.turns_red(*REMOTE_COLLECTORS, stopped=True)
@pytest.mark.parametrize("name", REMOTE_COLLECTORS)
async def test_where_the_look_has_stopped_it_is_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
    name: str,
) -> None:
    register_network(by_hand, START + 90 * DAY)
    assert await status_of(name, place, server) == MET
    at = START + REQUIREMENTS[name].looked_within + timedelta(seconds=1)
    assert await judged(name, place, server, at) == (Status.UNTESTED, "collector_down")


@pytest.mark.parametrize("reason", ["empty", "outside", "unplaced"])
def test_each_reason_is_said_in_words(reason: str) -> None:
    said = explain(TERM_OF[PATHS], Judgement(Status.FAILING, START, reason, PATHS, 3))
    assert "{count}" not in said.sv + said.en
    assert len({said.sv, said.en, TERM_OF[PATHS].label.sv}) == 3

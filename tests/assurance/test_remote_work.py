# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where administrators work, as term 3 is judged: red without a register, and by what went past it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
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
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import REMOTE_COLLECTORS
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
    draw(by_hand, START, sessions=0)
    assert await status_of(name, place, server) == MET
    at = START + REQUIREMENTS[name].looked_within + timedelta(seconds=1)
    assert await judged(name, place, server, at) == (Status.UNTESTED, "collector_down")


@pytest.mark.parametrize(
    ("name", "reason"), [(PATHS, "empty"), (PATHS, "outside"), (PATHS, "unplaced"), ("remote-sample", "unchecked")]
)
def test_each_reason_is_said_in_words(name: str, reason: str) -> None:
    said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 3))
    assert "{count}" not in said.sv + said.en
    assert len({said.sv, said.en, TERM_OF[name].label.sv}) == 3


SAMPLE = "remote-sample"


def draw(
    by_hand: ByHand,  # noqa: F811
    at: datetime,
    *,
    number: int = 1,
    sessions: int = 2,
    told: bool = True,
) -> tuple[UUID, list[UUID]]:
    """Let a sample have been drawn of the quarter before a time, with its entry."""
    one, who, drawn = uuid4(), uuid4(), [uuid4() for _ in range(sessions)]
    by_hand(
        "insert into remote_draw (id, quarter, number, reason, checkpoint, seed, population, drawn_by, drawn_at)"
        " select %(one)s, quarter, %(number)s, %(reason)s, 1, sha256(''), 9, %(who)s, %(at)s from last_quarter(%(at)s)",
        one=one, number=number, reason="Igen" if number > 1 else None, who=who, at=at,
    )  # fmt: skip
    for rank, session in enumerate(drawn, start=1):
        by_hand("insert into remote_drawn values (%(one)s, %(session)s, %(rank)s, %(who)s)",
                one=one, session=session, rank=rank, who=who)  # fmt: skip
    if told:
        tell(by_hand, "remote.drawn", one, at, {"seed": sha256(b"").hexdigest()})
    return one, drawn


def tell(by_hand: ByHand, event: str, of: UUID, at: datetime, facts: dict[str, str]) -> None:  # noqa: F811
    """Let an entry of the office's tell of a draw."""
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object, detail, written_by)"
        " values (%(at)s, %(event)s, 'account:x', %(of)s, %(facts)s, 'vaka_office')",
        at=at, event=event, of=f"remote_draw:{of}", facts=Jsonb(facts),
    )  # fmt: skip


def go_through(by_hand: ByHand, of: UUID, sessions: list[UUID], at: datetime) -> None:  # noqa: F811
    """Let sessions have been gone through."""
    for session in sessions:
        by_hand("insert into remote_check values (%(of)s, %(one)s, false, '', %(who)s, %(at)s)",
                of=of, one=session, who=uuid4(), at=at)  # fmt: skip
        tell(by_hand, "remote.checked", of, at, {"session": str(session), "verdict": "followed"})


@pytest.mark.turns_red(SAMPLE)
async def test_term_03_4_a_quarterly_check_that_was_missed_is_outdated(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    assert await status_of(SAMPLE, place, server) == (Status.UNTESTED, "missing")
    one, sessions = draw(by_hand, START)
    assert await status_of(SAMPLE, place, server, START + DAY) == (Status.UNTESTED, "not_yet")
    go_through(by_hand, one, sessions, START + DAY)
    assert await status_of(SAMPLE, place, server, START + DAY) == MET
    assert await status_of(SAMPLE, place, server, START + 92 * DAY) == MET
    late = START + 92 * DAY + timedelta(seconds=1)
    assert await status_of(SAMPLE, place, server, late) == (Status.OUTDATED, "overdue")
    draw(by_hand, late)
    assert await status_of(SAMPLE, place, server, late) == (Status.OUTDATED, "overdue"), "drawing alone checks nothing"


@pytest.mark.turns_red(SAMPLE)
async def test_a_sample_that_nobody_goes_through_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    one, sessions = draw(by_hand, START)
    go_through(by_hand, one, sessions[:1], START + DAY)
    assert await status_of(SAMPLE, place, server, START + 30 * DAY) == (Status.UNTESTED, "not_yet")
    late = START + 30 * DAY + timedelta(seconds=1)
    assert await status_of(SAMPLE, place, server, late) == (Status.FAILING, "unchecked")
    go_through(by_hand, one, sessions[1:], late)
    assert await status_of(SAMPLE, place, server, late) == MET


@pytest.mark.turns_red(SAMPLE)
async def test_drawing_again_does_not_do_away_with_what_was_drawn_first(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    first, sessions = draw(by_hand, START)
    again, others = draw(by_hand, START + DAY, number=2)
    go_through(by_hand, again, others, START + DAY)
    assert await status_of(SAMPLE, place, server, START + DAY) == (Status.UNTESTED, "not_yet")
    assert await status_of(SAMPLE, place, server, START + 31 * DAY) == (Status.FAILING, "unchecked")
    go_through(by_hand, first, sessions, START + 31 * DAY)
    assert await status_of(SAMPLE, place, server, START + 31 * DAY) == MET


async def test_rows_that_no_entry_tells_of_are_no_check(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    draw(by_hand, START, sessions=0, told=False)
    assert await status_of(SAMPLE, place, server) == (Status.UNTESTED, "not_yet")
    one, sessions = draw(by_hand, START, number=2)
    by_hand("delete from remote_draw where id <> %(one)s", one=one)
    for session in sessions:
        by_hand("insert into remote_check values (%(of)s, %(one)s, false, '', %(who)s, now())",
                of=one, one=session, who=uuid4())  # fmt: skip
    assert await status_of(SAMPLE, place, server) == (Status.UNTESTED, "not_yet")


async def test_a_quarter_in_which_nobody_worked_remotely_is_gone_through_when_it_is_drawn(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: ByHand,  # noqa: F811
) -> None:
    draw(by_hand, START, sessions=0)
    assert await status_of(SAMPLE, place, server) == MET

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom an entry concerns has one meaning: an empty set shows nobody anything, and makes nothing green."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.access.register import place
from tests.conftest import START
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server

pytestmark = pytest.mark.database

PAST, LATER = ((START + timedelta(days=days)).date().isoformat() for days in (-3, 30))
NAMED = st.one_of(st.none(), st.sets(st.integers(0, 2)))
"""Which of three authorities; none of them, or (None) all there are."""


@dataclass(frozen=True)
class Shortcoming:
    """One entry."""

    state: str
    day: str
    named: set[int] | None

    def concerns(self, one: int) -> bool:
        return self.named is None or one in self.named

    @property
    def is_past(self) -> bool:
        return self.state != "closed" and self.day == PAST


ENTRIES = st.lists(
    st.builds(Shortcoming, st.sampled_from(["open", "accepted", "closed"]), st.sampled_from([PAST, LATER]), NAMED),
    max_size=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def authorities(server: Server) -> list[UUID]:
    return [place(server).id for _ in range(3)]


@contextmanager
def register_of(
    server: Server, authorities: Sequence[UUID], entries: Sequence[Shortcoming]
) -> Iterator[tuple[psycopg.Connection[Any], dict[UUID, Shortcoming]]]:
    """A register of shortcomings with nothing else in it, shown to each; nothing of it is kept."""
    made: dict[UUID, Shortcoming] = {}
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute("set search_path = vaka")
        hand.execute("delete from register_version where register = 'findings'")
        for one in authorities:
            hand.execute("insert into register_showing values ('findings', %s, 'entries', %s)", (one, START))
        for entry in entries:
            made[uuid4()] = entry
            concerned = None if entry.named is None else [authorities[one] for one in sorted(entry.named)]
            hand.execute(
                "insert into register_version"
                " (entry, number, register, state, fields, concerned, content, digest, made_by, made_at)"
                " values (%s, 1, 'findings', %s, %s, %s, 1, %s, %s, %s)",
                ([*made][-1], entry.state, Jsonb({"due": entry.day, "accepted_until": entry.day}), concerned, bytes(32),
                 uuid4(), START),
            )  # fmt: skip
        yield hand, made
        hand.rollback()


@given(entries=ENTRIES)
@example(entries=[Shortcoming("open", PAST, {0}), Shortcoming("open", PAST, set())])  # each counted where it is told of
@settings(max_examples=40)
def test_an_empty_set_shows_nobody_anything_and_makes_nothing_green(
    server: Server, authorities: list[UUID], entries: list[Shortcoming]
) -> None:
    """Of each way to read it, and each authority: what is shown is what names it; what is past its day is red with whom
    it names, and with everybody where it names nobody.
    """
    with register_of(server, authorities, entries) as (hand, made):
        rows = hand.execute("select authority_id, reason, things from find_shortcomings(%s)", (START,)).fetchall()
        red = {authority: (reason, things) for authority, reason, things in rows if authority is not None}
        for number, one in enumerate(authorities):
            named = {entry for entry, of in made.items() if of.concerns(number)}
            shown = hand.execute("select entry from list_shown_entries(%s, 'findings')", (one,)).fetchall()
            assert {entry for (entry,) in shown} == named
            counted = hand.execute("select sum(entries)::int from count_shown_entries(%s)", (one,)).fetchone()
            assert counted == (len(named),)
            days = hand.execute("select entry from list_shown_days(%s)", (one,)).fetchall()
            assert {entry for (entry,) in days} == {entry for entry in named if made[entry].state != "closed"}
            past = [of for of in made.values() if of.is_past and (of.concerns(number) or of.named == set())]
            worst = ["lapsed" if of.state == "accepted" else "late" for of in past if of.concerns(number)]
            expected = (max(worst, default="unnamed"), len(worst) or len(past)) if past else None
            assert red.get(one) == expected

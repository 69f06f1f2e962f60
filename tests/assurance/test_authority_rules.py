# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What term 5 makes of an authority's own rules: not asked for, asked for and read, unread in time, not looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    TERM_OF,
    account,
    authority,
    by_hand,
    grant,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.evidence import RULES_GRACE as GRACE
from vaka.assurance.wording import explain
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NAME = "authority-policies"
SECOND = timedelta(seconds=1)
LATE = START + GRACE + SECOND
MET, UNREAD = (Status.MET, "none"), (Status.FAILING, "unread")


@dataclass
class Rules:
    """Rules of an authority, and one operator there, written past every guard."""

    by_hand: Callable[..., None]
    authority: Authority
    place: Place
    server: Server
    rule: UUID = field(default_factory=uuid4)

    def operator(self) -> UUID:
        """Let somebody work for the authority, who has done so for long."""
        made = account(self.by_hand)
        grant(self.by_hand, made, "operator", self.authority.id)
        return made

    def publish(self, number: int = 1, at: datetime = START, rule: UUID | None = None) -> None:
        """Let a version hold from a moment on."""
        self.by_hand(
            "insert into authority_rule (rule, number, authority_id, title, words, holds_from, digest, published_by,"
            " published_at) values (%(rule)s, %(number)s, %(where)s, 'Sekretess', 'Läs.', %(at)s, %(digest)s, %(by)s,"
            " %(at)s)", rule=rule or self.rule, number=number, where=self.authority.id, at=at, digest=bytes(32),
            by=uuid4(),
        )  # fmt: skip

    def acknowledge(self, who: UUID, number: int = 1, at: datetime = START) -> None:
        """Let somebody acknowledge one."""
        self.by_hand(
            "insert into authority_rule_acknowledgement values (%(rule)s, %(number)s, %(who)s, %(at)s)",
            rule=self.rule, number=number, who=who, at=at,
        )  # fmt: skip

    async def status(self, now: datetime) -> tuple[Status, str]:
        """Look, and say how it stands."""
        return await status_of(NAME, self.place, self.server, now)


@pytest.fixture
def rules(place: Place, server: Server, authority: Authority, by_hand: Callable[..., None]) -> Rules:  # noqa: F811
    return Rules(by_hand, authority, place, server)


async def test_nothing_published_is_not_asked_for(rules: Rules) -> None:
    """Not green: whoever asks for nothing waits for nothing."""
    rules.operator()
    assert await rules.status(START) == (Status.NOT_ASKED, "not_asked")


@pytest.mark.turns_red(NAME)
async def test_who_has_not_acknowledged_in_time_turns_it_red(rules: Rules) -> None:
    """Within the time that everybody has it is met; after it, each human who is behind counts once."""
    who = rules.operator()
    rules.publish()
    assert await rules.status(START) == MET
    assert await rules.status(START + GRACE - SECOND) == MET
    assert await rules.status(LATE) == UNREAD
    said = explain(TERM_OF[NAME], Judgement(Status.FAILING, LATE, "unread", NAME, 1))
    assert said.sv.startswith("1 ")
    rules.acknowledge(who)
    assert await rules.status(LATE) == MET


@pytest.mark.turns_red(NAME, stopped=True)
async def test_what_nobody_looks_at_any_more_is_not_tested(rules: Rules) -> None:
    rules.publish()
    assert await rules.status(START) == MET
    day = timedelta(days=1)
    assert await judged(NAME, rules.place, rules.server, START + day) == MET
    later = START + day + SECOND
    assert await judged(NAME, rules.place, rules.server, later) == (Status.UNTESTED, "collector_down")


async def test_a_newer_version_gives_no_more_time_to_who_was_late_with_the_one_before(rules: Rules) -> None:
    behind = rules.operator()
    rules.publish()
    rules.publish(2, LATE)
    assert await rules.status(LATE) == UNREAD
    rules.acknowledge(behind, 2, LATE)
    assert await rules.status(LATE) == MET


async def test_who_was_in_time_has_the_same_time_for_the_next(rules: Rules) -> None:
    who = rules.operator()
    rules.publish()
    rules.acknowledge(who)
    rules.publish(2, LATE)
    assert await rules.status(LATE + GRACE - SECOND) == MET
    assert await rules.status(LATE + GRACE) == UNREAD


async def test_term_05_4_what_was_acknowledged_too_late_counts_for_nothing(rules: Rules) -> None:
    """Of the version before, after the next one held: it is kept, and the one who is late stays late."""
    who = rules.operator()
    rules.publish()
    rules.publish(2, LATE)
    rules.acknowledge(who, 1, LATE + SECOND)
    assert await rules.status(LATE + SECOND) == UNREAD


async def test_who_has_acknowledged_what_comes_is_not_behind_with_what_holds(rules: Rules) -> None:
    """A version that does not hold yet asks nobody for anything, and who has read it has read enough."""
    who, behind = rules.operator(), rules.operator()
    rules.publish()
    rules.publish(2, LATE + GRACE)
    rules.acknowledge(who, 2, START + SECOND)
    assert await rules.status(LATE) == UNREAD
    rules.acknowledge(behind, 1, LATE)
    assert await rules.status(LATE) == MET


async def test_who_begins_to_work_there_has_his_own_time(rules: Rules) -> None:
    rules.publish(at=START - 2 * GRACE)
    who = account(rules.by_hand)
    rules.by_hand(
        "insert into role_grant (account_id, role, authority_id, granted_at) values (%(who)s, 'operator', %(where)s,"
        " %(at)s)", who=who, where=rules.authority.id, at=START,
    )  # fmt: skip
    assert await rules.status(START + SECOND) == MET
    assert await rules.status(LATE) == UNREAD


async def test_an_authoritys_own_people_are_not_counted(rules: Rules) -> None:
    grant(rules.by_hand, account(rules.by_hand), "contract_officer", rules.authority.id)
    rules.publish()
    assert await rules.status(LATE) == MET


async def test_each_of_several_rules_counts(rules: Rules) -> None:
    who = rules.operator()
    rules.publish()
    rules.acknowledge(who)
    rules.publish(rule=uuid4())
    assert await rules.status(LATE) == UNREAD

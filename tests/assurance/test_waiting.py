# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What waits for an authority and for the supplier is a task while it waits, by its day, and no longer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    account,
    authority,
    by_hand,
    grant,
    own_server,
    place,
    server,
)
from tests.conftest import START
from tests.registers.exercising import new_sides
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.deadlines import KINDS as OWED
from vaka.assurance.deadlines import read_deadlines
from vaka.assurance.evidence import RULES_GRACE, list_supervised
from vaka.assurance.looking import look
from vaka.assurance.tasks import Task
from vaka.assurance.terms import find_requirements, load_terms
from vaka.assurance.waiting import KINDS, read_waiting
from vaka.database.connections import transaction
from vaka.database.server import Server
from vaka.tenants.authorities import Authority
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.portal.application import ADDRESSES as PORTAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = START.date()


@dataclass(frozen=True)
class Both:
    """Both sides' tasks, as the scheduler asks for them."""

    place: Place
    authority: UUID
    by_hand: Callable[..., None]

    async def theirs(self, now: datetime = START) -> dict[str, Task]:
        """What waits for the authority, but for what its terms leave to it."""
        async with transaction(self.place.platform) as platform:
            [one] = [each for each in await list_supervised(platform, now) if each.id == self.authority]
            async with self.place.gateway.transaction(self.authority) as tenant:
                tasks = await read_waiting(platform, tenant, one, now)
        assert {task.turn for task in tasks} <= {"authority"}
        return {task.about: task for task in tasks}

    async def ours(self, now: datetime = START) -> dict[str, Task]:
        """What waits for the supplier."""
        async with transaction(self.place.platform) as platform:
            tasks = await read_deadlines(platform, now)
        assert {task.turn for task in tasks} <= {"supplier"}
        return {task.about: task for task in tasks}

    def say(self, inquiry: UUID, number: int, act: str, at: datetime = START) -> None:
        """Add what one side said of a question."""
        if number == 1:
            self.by_hand(
                "insert into inquiry (id, authority_id, kind) values (%(id)s, %(where)s, 'evidence')",
                id=inquiry, where=self.authority,
            )  # fmt: skip
        self.by_hand(
            "insert into inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by,"
            " made_at) values (%(id)s, %(number)s, %(act)s, 'Visa', '', '', %(by)s, %(digest)s, %(who)s, %(at)s)",
            id=inquiry, number=number, act=act, by=at + 14 * DAY if act in ("filed", "returned") else None,
            digest="0" * 64, who=uuid4(), at=at,
        )  # fmt: skip

    def open_case(self, *, regulated: bool = False) -> UUID:
        """Open a case that is known now, with an hour to take it on and two days to mend it."""
        case = uuid4()
        self.by_hand(
            "insert into security_case (id, kind, severity, regulated, known_at, opened_at, acknowledge_minutes,"
            " receipt_minutes, tell_minutes, fix_hours) values (%(id)s, 'incident', 'high', %(regulated)s, %(at)s,"
            " %(at)s, 60, 120, 60, 48)", id=case, regulated=regulated, at=START,
        )  # fmt: skip
        return case

    def write(self, case: UUID, number: int, kind: str, side: str = "supplier", **facts: str) -> None:
        """Add an entry of a case; what is between it and the authority where that is touched or writes."""
        where = self.authority if kind == "touched" or side == "authority" else None
        self.by_hand(
            "insert into case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by, made_at,"
            " digest) values (%(id)s, %(number)s, %(kind)s, %(side)s, 'AMBER', %(where)s, '', %(facts)s, %(who)s,"
            " %(at)s, %(digest)s)",
            id=case, number=number, kind=kind, side=side, where=where, facts=Jsonb(facts), who=uuid4(), at=START,
            digest=bytes(32),
        )  # fmt: skip

    def see(self, case: UUID, number: int, whose: UUID | None) -> None:
        """Give a receipt for an entry, of the authority or of the supplier."""
        self.by_hand(
            "insert into case_receipt (case_id, number, authority_id, account_id, seen_at) values (%(id)s, %(number)s,"
            " %(whose)s, %(who)s, %(at)s)", id=case, number=number, whose=whose, who=uuid4(), at=START,
        )  # fmt: skip


@pytest.fixture
def both(place: Place, authority: Authority, by_hand: Callable[..., None]) -> Both:  # noqa: F811
    return Both(place, authority.id, by_hand)


async def test_a_question_is_by_turns_the_suppliers_and_the_authoritys(both: Both) -> None:
    one = uuid4()
    both.say(one, 1, "filed")
    about = f"inquiry:{one}"
    assert about not in await both.theirs()
    assert (await both.ours())[about].due == TODAY + 14 * DAY
    both.say(one, 2, "answered", START + DAY)
    task = (await both.theirs())[about]
    assert (task.due, task.page, task.since) == (None, "inquiries", START + DAY)
    assert about not in await both.ours()
    both.say(one, 3, "returned", START + 2 * DAY)
    assert about not in await both.theirs()
    assert (await both.ours())[about].due == TODAY + 16 * DAY
    both.say(one, 4, "answered")
    both.say(one, 5, "accepted")
    assert about not in {**await both.theirs(), **await both.ours()}


async def test_an_exercise_waits_for_a_plan_a_yes_who_came_and_its_end(both: Both, server: Server) -> None:  # noqa: F811
    sides = await new_sides(server, both.authority)
    one = await sides.ask()
    plan, attendance, closing = (f"{kind}:{one}" for kind in ("plan", "attendance", "closing"))
    assert (await both.ours())[plan].due == TODAY + 14 * DAY
    assert plan not in await both.theirs()
    starts = START + 20 * DAY
    await sides.plan(one, starts)
    assert (await both.theirs())[plan].due == starts.date()
    assert plan not in await both.ours()
    assert plan not in await both.theirs(starts), "it can be agreed to no more, and the supplier owes another"
    assert plan in await both.ours(starts)
    await sides.agree(one)
    assert plan not in {**await both.theirs(), **await both.ours()}
    await sides.begin(one, at=starts)
    ended = starts + 4 * HOUR
    assert attendance not in {**await both.theirs(ended - HOUR), **await both.ours(ended - HOUR)}
    for tasks in (await both.theirs(ended), await both.ours(ended)):
        assert tasks[attendance].due == ended.date() + 30 * DAY
    await sides.attend(one, "portal", at=ended)
    assert attendance not in await both.theirs(ended)
    assert attendance in await both.ours(ended)
    await sides.attend(one, "office", at=ended)
    tasks = await both.ours(ended)
    assert (attendance in tasks, closing in tasks) == (False, True)
    assert await sides.say("office", "close_exercise", at=ended, id=one) == "done"
    assert closing not in await both.ours(ended)


async def test_a_case_waits_for_who_has_not_seen_it_and_for_its_clocks(both: Both) -> None:
    one = both.open_case(regulated=True)
    case, remedy, word, outcome = (f"{kind}:{one}" for kind in ("case", "remedy", "word", "outcome"))
    tasks = await both.ours()
    assert (tasks[case].due, tasks[case].page) == (TODAY, f"/cases/{one}")
    assert tasks[f"notification:{one}"].due == TODAY + DAY
    assert case not in await both.theirs(), "it touches nobody yet"
    both.write(one, 1, "touched")
    assert (await both.theirs())[case].due == TODAY
    both.see(one, 1, both.authority)
    assert case not in await both.theirs()
    both.write(one, 2, "moved", step="acknowledged")
    assert case in await both.theirs(), "there is more to see"
    tasks = await both.ours()
    assert (case in tasks, tasks[remedy].due) == (False, TODAY + 2 * DAY)
    both.write(one, 3, "noted", "authority")
    assert word in await both.ours()
    both.see(one, 3, None)
    assert word not in await both.ours()
    both.write(one, 4, "reported", report="24h")
    assert (await both.ours())[f"notification:{one}"].due == TODAY + 3 * DAY
    both.write(one, 5, "moved", step="fixed")
    tasks = await both.ours()
    assert (remedy in tasks, tasks[outcome].due) == (False, None)
    both.write(one, 6, "moved", step="closed", cause="Fel", impact="Inget", report="reported")
    assert not [about for about in await both.ours() if about.endswith(str(one))]


async def test_no_contact_and_one_that_ends_are_one_task_with_its_day(both: Both) -> None:
    """The term says the same in red, without a day: it says so where this does not."""
    name, about = "authority-contact", f"contact:{both.authority}"
    requirement = find_requirements(load_terms())[name]
    await look(requirement, COLLECTORS[name], both.place, START)
    tasks = await both.theirs()
    assert (tasks[about].due, tasks[about].page) == (None, "contacts")
    assert Status.FAILING.red
    assert f"requirement:{name}" not in tasks
    both.by_hand(
        "insert into case_contact (authority_id, place, name, mail, phone, hours, valid_until, set_by, since)"
        " values (%(where)s, 1, 'Säkerhetsfunktionen', '', '08-46500400', '', %(until)s, %(who)s, %(at)s)",
        where=both.authority, until=date(2027, 3, 1), who=uuid4(), at=START,
    )  # fmt: skip
    assert (await both.theirs())[about].due == date(2027, 3, 1)


async def test_a_term_that_the_supplier_proposes_to_leave_out_waits_for_an_answer(both: Both) -> None:
    one = uuid4()
    both.by_hand(
        "insert into exclusion (id, authority_id, term, reason, proposed_by, proposed_at)"
        " values (%(id)s, %(where)s, 19, 'Inga hallar', %(who)s, %(at)s)",
        id=one, where=both.authority, who=uuid4(), at=START,
    )  # fmt: skip
    assert (await both.theirs())[f"exclusion:{one}"].page == "exclusions"
    both.by_hand(
        "insert into exclusion_step (exclusion, step, made_by, made_at) values (%(id)s, 'ended', %(who)s, %(at)s)",
        id=one, who=uuid4(), at=START,
    )  # fmt: skip
    assert f"exclusion:{one}" not in await both.theirs()


async def test_a_rule_waits_until_everybody_who_works_there_has_read_it(both: Both) -> None:
    rule = uuid4()
    both.by_hand(
        "insert into authority_rule (rule, number, authority_id, title, words, holds_from, digest, published_by,"
        " published_at) values (%(id)s, 1, %(where)s, 'Nycklar', 'Läs', %(at)s, %(digest)s, %(who)s, %(at)s)",
        id=rule, where=both.authority, at=START, digest=bytes(32), who=uuid4(),
    )  # fmt: skip
    assert f"rule:{rule}" not in await both.ours(), "nobody works there"
    who = account(both.by_hand)
    grant(both.by_hand, who, "operator", both.authority)
    assert (await both.ours())[f"rule:{rule}"].due == TODAY + RULES_GRACE
    for table, moment in (("authority_rule_opening", "opened_at"), ("authority_rule_acknowledgement", "made_at")):
        both.by_hand(
            f"insert into {table} (rule, number, account_id, {moment}) values (%(id)s, 1, %(who)s, %(at)s)",
            id=rule, who=who, at=START,
        )  # fmt: skip
    assert f"rule:{rule}" not in await both.ours()


async def test_a_request_about_an_account_waits_for_a_second_administrator(both: Both) -> None:
    one = uuid4()
    both.by_hand(
        "insert into account_request (id, kind, account_id, human, reason, digest, requested_by, requested_at,"
        " answer_by) values (%(id)s, 'remove', %(who)s, %(who)s, 'Slutar', %(digest)s, %(who)s, %(at)s, %(until)s)",
        id=one, who=uuid4(), digest=bytes(32), at=START, until=START + 7 * DAY,
    )  # fmt: skip
    assert (await both.ours())[f"account:{one}"].due == TODAY + 7 * DAY
    assert f"account:{one}" not in await both.ours(START + 7 * DAY), "it has lapsed"


def test_each_kind_leads_to_a_page_that_there_is() -> None:
    portal = {one.path for one in PORTAL}
    assert [name for name, kind in KINDS.items() if f"/log/{{authority}}/{kind.page}" not in portal] == []
    office = {one.path for one in OFFICE}
    assert [name for name, kind in OWED.items() if kind.page.replace("{id}", "{case}") not in office] == []

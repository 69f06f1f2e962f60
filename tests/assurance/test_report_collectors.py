# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Terms 9 and 20: whether an authority has had the report of the year, by what it took out and by nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.platform import platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import REPORT_COLLECTORS
from vaka.assurance.evidence import list_supervised
from vaka.assurance.looking import look
from vaka.assurance.waiting import read_waiting
from vaka.assurance.wording import explain
from vaka.database.connections import transaction
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
REPORT_OF = {"access-report": "access", "change-report": "changes"}
KIND_OF = {"access-report": "access_report", "change-report": "change_report"}


@pytest.fixture
def taken(
    by_hand: Callable[..., None],  # noqa: F811
    authority: Authority,  # noqa: F811
) -> Callable[..., None]:
    """Lets the authority have taken a report out."""

    def take(report: str, at: datetime = START, year: int = START.year) -> None:
        by_hand(
            "insert into report_taken (authority_id, report, year, format, sha256, taken_by, taken_at)"
            " values (%(where)s, %(report)s, %(year)s, 'pdf', %(sha)s, %(who)s, %(at)s)",
            where=authority.id, report=report, year=year, sha="0" * 64, who=uuid4(), at=at,
        )  # fmt: skip

    return take


@pytest.mark.turns_red(*REPORT_COLLECTORS)
@pytest.mark.parametrize("name", REPORT_COLLECTORS)
async def test_no_report_an_old_one_and_one_of_an_older_year_turn_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    taken: Callable[..., None],
    name: str,
) -> None:
    report, other = REPORT_OF[name], next(one for one in REPORT_OF.values() if one != REPORT_OF[name])
    assert await status_of(name, place, server) == (Status.UNTESTED, "missing")
    taken(other)
    taken(report, year=START.year - 2)
    assert await status_of(name, place, server, START + DAY) == (Status.UNTESTED, "missing")
    taken(report, START + 2 * DAY, START.year - 1)
    assert await status_of(name, place, server, START + 2 * DAY) == (Status.MET, "none")
    assert await status_of(name, place, server, START + 367 * DAY) == (Status.MET, "none")
    late = START + 367 * DAY + timedelta(seconds=1)
    assert await status_of(name, place, server, late) == (Status.OUTDATED, "overdue")
    assert explain(TERM_OF[name], Judgement(Status.OUTDATED, START, "overdue", name, 1)).sv


@pytest.mark.turns_red(*REPORT_COLLECTORS, stopped=True)
async def test_what_nobody_looks_at_any_more_is_not_tested(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    taken: Callable[..., None],
) -> None:
    for name, collector in REPORT_COLLECTORS.items():
        taken(REPORT_OF[name])
        within = REQUIREMENTS[name].looked_within
        await look(REQUIREMENTS[name], collector, place, START)
        assert await judged(name, place, server, START + within) == (Status.MET, "none"), name
        later = START + within + timedelta(seconds=1)
        assert await judged(name, place, server, later) == (Status.UNTESTED, "collector_down"), name


@pytest.mark.parametrize("name", REPORT_COLLECTORS)
async def test_it_is_the_authoritys_task_until_it_is_taken_out(
    place: Place,  # noqa: F811
    taken: Callable[..., None],
    name: str,
) -> None:
    """Without a day where it never was, and then a year after it was; the term says the same no second time."""

    async def days(now: datetime) -> dict[str, object]:
        async with transaction(place.platform) as platform:
            [one] = await list_supervised(platform, now)
            async with place.gateway.transaction(one.id) as tenant:
                tasks = await read_waiting(platform, tenant, one, now)
        assert f"requirement:{name}" not in {task.about for task in tasks}
        return {task.kind: task.due for task in tasks if task.page == "reports"}

    await look(REQUIREMENTS[name], REPORT_COLLECTORS[name], place, START)
    assert (await days(START))[KIND_OF[name]] is None
    taken(REPORT_OF[name])
    assert (await days(START))[KIND_OF[name]] == (START + 365 * DAY).date()


async def test_the_supplier_says_of_no_authority_that_it_has_had_a_report(
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """No process of the supplier's calls the function, and no statement writes the row, the owner's neither."""
    call = "select vaka.take_report(%s, 'access', 2026, 'pdf', repeat('0', 64), %s, now())"
    for process in ("office", "setup", "scheduler"):
        async with platform_as(server, process) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(call, (authority.id, uuid4()))
    async with platform_as(server, "portal") as portal:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await portal.execute(
                "insert into vaka.report_taken (authority_id, report, year, format, sha256, taken_by, taken_at)"
                " values (%s, 'access', 2026, 'pdf', repeat('0', 64), %s, now())",
                (authority.id, uuid4()),
            )

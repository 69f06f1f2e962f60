# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How an administrator meets a course that is overdue: told on each page, then with a role that rests, then mended."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, written
from tests.web.office.test_registers import empty_registers, stepped  # noqa: F401 - a fixture
from tests.web.portal.conftest import Logs

pytestmark = [pytest.mark.anyio, pytest.mark.database]

COURSE = {"title": "Informationssäkerhet", "whom": "administrators", "months": "12", "summary": "Det som gäller"}


@pytest.fixture
def long_ago(installation: Installation, logs: Logs) -> Iterator[None]:
    """The lock and the accounts are a year old."""
    [kept] = logs.ask("platform", "select since from vaka.training_lock")
    accounts = logs.ask("platform", "select id, created_at from vaka.account where kind = 'administrator'")
    logs.execute("platform", "update vaka.training_lock set since = now() - interval '1 year'", unguarded=True)
    logs.execute("platform", "update vaka.account set created_at = now() - interval '1 year'"
                             " where kind = 'administrator'", unguarded=True)  # fmt: skip
    yield
    logs.execute("platform", f"update vaka.training_lock set since = '{kept['since']}'", unguarded=True)
    for one in accounts:
        logs.execute("platform", f"update vaka.account set created_at = '{one['created_at']}' where id = '{one['id']}'",
                     unguarded=True)  # fmt: skip


async def in_force(algot: Administrator, berit: Administrator, logs: Logs, days: int) -> str:
    """A course that came in force so many days ago."""
    entry = await written(algot, "courses", COURSE)
    assert await stepped(berit, entry, "approve") == 303
    logs.execute("platform", f"update vaka.register_version set made_at = made_at - interval '{days} days'"
                             " where register = 'courses'", unguarded=True)  # fmt: skip
    return entry.rpartition("/")[2]


async def test_term_05_1_a_role_rests_is_shown_as_such_and_comes_back_with_the_course(
    algot: Administrator, berit: Administrator, logs: Logs, long_ago: None
) -> None:
    course = await in_force(algot, berit, logs, 31)
    mark = logs.mark("platform")
    for path in ("/requests", "/requests/new", "/issuers", "/command"):
        refused = await algot.browser.get(path)
        assert refused.status == 403, path
        assert "vilar tills utbildningen Informationssäkerhet" in refused.text
    assert {one["event"] for one in logs.since(mark, "platform")} == {"access.denied"}
    home = await algot.browser.get("/")
    assert (home.status, home.header("location")) == (303, "/registers")
    page = await algot.get("/registers")
    assert "Din administratörsroll vilar sedan" in page
    assert 'href="/requests"' not in page
    assert "role rests since" in await berit.get("/registers")
    own = {"course": course, "edition": "1", "person": algot.browser.account,
           "taken": datetime.now(UTC).date().isoformat()}  # fmt: skip
    await written(algot, "completions", own)
    assert "vilar" not in await algot.get("/")
    assert (await algot.browser.get("/requests")).status == 200
    assert (await berit.browser.get("/requests")).status == 403


async def test_an_administrator_is_told_before_and_works_on(
    algot: Administrator, berit: Administrator, logs: Logs, long_ago: None
) -> None:
    await in_force(algot, berit, logs, 20)
    page = await algot.get("/requests")
    assert "Gå utbildningen Informationssäkerhet." in page
    assert 'href="/registers/completions"' in page
    assert "Take the course Informationssäkerhet." in await berit.get("/")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which pages an audit of some terms opens: those about them, and none that nobody thought of (term 37)."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.auditing import AGREED, EVERY_TERM
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs
from tests.web.portal.test_audits import auditor_of
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal
from vaka.web.portal.scope import is_within
from vaka.web.times import LOCAL

YEAR = datetime.now(LOCAL).year
WITHIN = [
    ({3}, "/remote"), ({27}, "/clocks"), ({30}, "/flows"), ({21}, "/status"), ({21}, "/trends"),
    ({9}, "/access"), ({9}, f"/access/report/{YEAR}"), ({9}, "/reports"), ({20}, "/reports"),
    ({20}, f"/reports/changes/{YEAR}"), ({20}, f"/reports/changes/{YEAR}/csv"),
]  # fmt: skip
OUTSIDE = [
    ({9, 20}, "/remote"), ({30}, "/clocks"), ({27}, "/flows"), ({20}, "/status"), ({30}, "/trends"),
    ({20}, f"/access/report/{YEAR}"), ({3}, "/reports"), ({9}, f"/reports/changes/{YEAR}"),
    (set(EVERY_TERM) - {37}, f"/reports/terms/{YEAR}"), (set(EVERY_TERM) - {37}, "/tasks/calendar"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "path"), WITHIN)
def test_what_a_term_is_about_is_open_where_it_is_audited(terms: set[int], path: str) -> None:
    assert is_within(frozenset(terms), path)
    assert not is_within(frozenset({36}), path)


@pytest.mark.parametrize(("terms", "path"), OUTSIDE)
def test_what_other_terms_are_about_is_open_where_all_are_audited(terms: set[int], path: str) -> None:
    assert not is_within(frozenset(terms), path)
    assert is_within(frozenset(EVERY_TERM), path)


@pytest.mark.parametrize("path", ["/anything-new", f"/reports/anything-new/{YEAR}"])
def test_a_page_that_nobody_thought_of_is_closed_to_every_audit(path: str) -> None:
    assert not is_within(frozenset(EVERY_TERM), path)


@pytest.mark.anyio
@pytest.mark.database
async def test_an_auditor_is_led_to_the_reports_of_his_terms(portal: Portal, installation: Installation) -> None:
    until, here = datetime.now(UTC) + timedelta(days=1), "/log/ekbacka"
    reports = [f"{here}/access/report/{YEAR}", f"{here}/reports/changes/{YEAR}", f"{here}/reports/terms/{YEAR}"]
    for terms, seen in (([9], reports[:1]), ([20], reports[1:2]), ([*EVERY_TERM], reports)):
        auditor = await auditor_of(installation, portal, terms=terms, until=until)
        assert f'href="{here}/reports"' in (await auditor.get(f"{here}/terms")).text
        page = (await auditor.get(f"{here}/reports")).text
        assert [one for one in reports if f'href="{one}"' in page] == seen
        for one in reports:
            assert (await auditor.get(one)).status == (200 if one in seen else 403), one
    auditor = await auditor_of(installation, portal, terms=[3], until=until)
    assert ((await auditor.get(f"{here}/remote")).status, (await auditor.get(f"{here}/reports")).status) == (200, 403)


@pytest.mark.anyio
@pytest.mark.database
async def test_an_auditors_calendar_shows_what_his_audit_is_about_and_each_look_is_an_entry(
    portal: Portal, installation: Installation, logs: Logs
) -> None:
    """He made it while all terms were audited; it is worth what he may at the moment it is opened."""
    rolf = await auditor_of(installation, portal, terms=[*EVERY_TERM], until=datetime.now(UTC) + timedelta(days=1))
    found = re.search(r"/calendar/[A-Za-z0-9_-]{43}", (await rolf.post("/log/ekbacka/tasks/calendar")).text)
    assert found
    calendar, mark = Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin), logs.mark("ekbacka")
    assert (await calendar.get(found[0])).status == 200
    told = [(one["event"], one["detail"]) for one in logs.since(mark, "ekbacka")
            if one["actor"] == f"account:{rolf.account}"]  # fmt: skip
    assert told == [("page.opened", {"page": "calendar"})]
    whose = f"auditors = array['{rolf.account}'::uuid]"
    logs.execute("platform", f"update vaka.audit set terms = '{{9}}' where {whose}", unguarded=True)
    logs.execute("platform", AGREED.replace("id = %s", whose), unguarded=True)
    assert (await rolf.get("/log/ekbacka/access")).status == 200, "his audit goes on"
    assert (await calendar.get(found[0])).status == 404

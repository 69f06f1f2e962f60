# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every privileged act of the office takes a touch over exactly that act (term 10), and the list is complete."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.registers.house import FILE
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, options_in, written
from tests.web.office.conftest import enter
from tests.web.portal.conftest import Logs
from vaka.web.office.application import ADDRESSES
from vaka.web.office.confirmed import CONFIRMED, UNCONFIRMED
from vaka.web.office.office import Office
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

GIVES_A_FILE = re.compile(r"/(table|\{file\}|files/\{number\})$")
DOCUMENT = {"title": "Kapacitetsplan", "purpose": "capacity-plan", "file": FILE, "summary": "Dubbelt så många larm"}
EMPTY = (
    "truncate vaka.register_version, vaka.register_acknowledgement, vaka.register_showing, vaka.attachment;"
    " delete from vaka.digest_rule; delete from vaka.notice_way where authority_id is null"
)
MAILBOX = {"way": "mail", "address": "larm@vaka.example", "server": "localhost:1", "certificate": ""}
Filled = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Case:
    """One act: where its form goes, how it is filled in, and what somebody changes after the touch."""

    path: str
    """As the route table has it."""
    form: Callable[[Installation, Administrator, Administrator, Office], Awaitable[Filled]]
    """What is filled in, and where it is sent."""
    event: str
    changed: dict[str, str]


async def undertaking(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    here = "/registers/undertakings/new"
    said = {"person": str(installation.accounts["vera"]), "customers": "yes", "signed": "2020-01-31", "file": FILE}
    return here, {**fields_in(await algot.get(here), here), **said}


async def table(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    line = f"{installation.accounts['vera']};yes;2024-02-01;{FILE}"
    said = f"person;customers;signed;file\n{line}\n{line}\n"
    return "/registers/undertakings/import", {"table": said, "act": "keep"}


async def edition(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    here = f"{await written(algot, 'documents', DOCUMENT)}/edit"
    return here, {**fields_in(await algot.get(here), here), **DOCUMENT, "summary": "Också från hotell"}


async def step(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    entry = await written(berit, "documents", DOCUMENT)
    return f"{entry}/move", {**fields_in(await algot.get(entry), f"{entry}/move"), "step": "approve"}


async def showing(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    said = {"authority": str(installation.authorities["ekbacka"].id), "how": "counts"}
    return "/registers/documents/showing", said


async def account(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    matching = {"attribute": "employee_number", "value": "E-1"}
    return "/requests/new", {**drawn, **matching, "name": "Nora Nyanställd", "reason": "Ny kollega"}


async def session(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    await enter(office, installation, "olga", realms=["operator"])
    return f"/account/{installation.accounts['olga']}/sessions", {"session": "all", "reason": "device_lost"}


async def rename(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    said = {"kind": "rename", "name": "Vera Nygift", "reason": "Nytt namn"}
    return f"/account/{installation.accounts['vera']}/ask", said


async def decision(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    await berit.ask()
    return "/requests/decide", {
        **fields_in(await algot.get("/requests"), "/requests/decide"), "verdict": "refused", "reason": "Nej"
    }  # fmt: skip


async def weekday(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    return "/due/digest", {"weekday": "5"}


async def way(installation: Installation, algot: Administrator, berit: Administrator, office: Office) -> Filled:
    return "/due/way", MAILBOX


CASES = [
    Case("/due/digest", weekday, "digest_rule.set", {"weekday": "6"}),
    Case("/due/way", way, "notice_way.set", {"address": "someone@else.example"}),
    Case("/registers/{register}/new", undertaking, "register.entered", {"signed": "2020-02-01"}),
    Case("/registers/{register}/import", table, "register.entered", {"drawn": str(UUID(int=7))}),
    Case("/registers/{register}/entry/{entry}/edit", edition, "register.entered", {"summary": "Något annat"}),
    Case("/registers/{register}/entry/{entry}/move", step, "register.moved", {}),
    Case("/registers/{register}/showing", showing, "register.shown", {"how": "entries"}),
    Case("/requests/new", account, "account.requested", {"value": "E-2"}),
    Case("/requests/decide", decision, "account.refused", {"reason": "Något annat"}),
    Case("/account/{account}/ask", rename, "account.requested", {"name": "Någon Annan"}),
    Case("/account/{account}/sessions", session, "session.ended", {"reason": "left_unattended"}),
]
ELSEWHERE = {
    "/account/{account}/roles": "test_movers", "/requests/roles": "test_movers",
    "/account/{account}/put-out": "test_requests", "/emergency/add": "test_emergency",
    "/emergency/{emergency}/review": "test_emergency", "/issuers/new": "test_issuers",
    "/issuers/extend": "test_issuers", "/issuers/decide": "test_issuers", "/outages/declare": "test_outages",
    "/registers/{register}/entry/{entry}/acknowledge": "test_registers", "/touch": "test_requests",
    "/vulnerabilities/accept": "test_vulnerabilities",
    "/remote/check": "test_remote_checks", "/exercises/begin": "test_exercises", "/due/end": "test_due",
    "/due/calendar": "test_due", "/command": "test_commands", "/keys/add": "../portal/test_keys",
    "/keys/remove": "../portal/test_keys",
}  # fmt: skip
"""Walked in the tests of their rooms; one's own keys are the same code in each realm."""


@pytest.fixture
def empty_registers(installation: Installation, logs: Logs) -> Iterator[None]:
    logs.execute("platform", EMPTY, unguarded=True)
    yield
    logs.execute("platform", EMPTY, unguarded=True)


def told(logs: Logs, mark: int, event: str) -> list[Any]:
    return [one for one in logs.since(mark, "platform") if one["event"] == event]


def test_every_address_that_changes_something_or_gives_a_file_is_in_one_of_the_two() -> None:
    acting = {
        one.path for one in ADDRESSES
        if one.needs is not PUBLIC and ("POST" in one.methods or GIVES_A_FILE.search(one.path))
    }  # fmt: skip
    assert CONFIRMED.keys() & UNCONFIRMED.keys() == set()
    assert CONFIRMED.keys() | UNCONFIRMED.keys() == acting
    assert all(len(why) > 20 for why in UNCONFIRMED.values())


def test_each_of_them_that_takes_a_touch_is_walked() -> None:
    assert {case.path for case in CASES} | ELSEWHERE.keys() == CONFIRMED.keys()
    assert all(case.event in CONFIRMED[case.path] for case in CASES)
    for path, module in ELSEWHERE.items():
        said = (Path(__file__).parent / f"{module}.py").read_text()
        assert path.rpartition("/")[2] in said, path


@pytest.mark.usefixtures("empty_registers")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.form.__name__)
async def test_an_act_takes_one_touch_over_exactly_that(
    case: Case, algot: Administrator, berit: Administrator, office: Office, installation: Installation, logs: Logs
) -> None:
    """Nothing before the touch, nothing where something was changed after it, once where it was not."""
    path, form = await case.form(installation, algot, berit, office)
    mark = logs.mark("platform")
    for changed in [case.changed] if case.changed else []:
        refused = await algot.do(path, form, changed=changed)
        assert refused.status == 403, refused.text
    page = await algot.browser.post(path, form)
    assert "data-key=" in page.text, page.text
    assert told(logs, mark, case.event) == []
    before = logs.mark("platform")
    sent = {**fields_in(page.text, path), "answer": algot.key.touch(options_in(page.text))}
    assert (await algot.browser.post(path, sent)).status == 303
    [touch] = told(logs, before, "security_key.used")
    done = told(logs, before, case.event)
    assert {one["detail"]["step_up"] for one in done} == {touch["detail"]["step_up"]} != set()
    assert touch["detail"]["act"] == case.event
    again, mark = await algot.browser.post(path, sent), logs.mark("platform")
    assert again.status >= 400
    assert told(logs, mark, case.event) == []

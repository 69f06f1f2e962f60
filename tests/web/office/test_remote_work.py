# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who works from elsewhere accepts the policy of remote work in force before anything else in the office (term 3)."""

from uuid import UUID

import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, written
from tests.web.office.conftest import enter
from tests.web.office.test_places import network
from tests.web.office.test_registers import DOCUMENT, empty_registers, stepped  # noqa: F401 - a fixture
from tests.web.portal.conftest import Logs
from vaka.access.remote_work import policy_to_accept
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]

POLICY = {**DOCUMENT, "title": "Policy för distansarbete", "purpose": "remote-policy"}
ELSEWHERE = ("/", "/requests", "/requests/new", "/issuers", "/command", "/registers", "/registers/documents", "/keys",
             "/sessions")  # fmt: skip


@pytest.fixture
async def policy(algot: Administrator, berit: Administrator) -> str:
    """The policy in force, on its page."""
    entry = await written(algot, "documents", POLICY)
    assert await stepped(berit, entry, "approve") == 303
    return entry


async def accept(who: Administrator, policy: str) -> int:
    """Accept what is in force on its page, with the key."""
    digest = fields_in(await who.get(policy), f"{policy}/acknowledge")["digest"]
    return (await who.do(f"{policy}/acknowledge", {"digest": digest})).status


async def is_open(who: Administrator, policy: str) -> bool:
    """Whether the office is open to somebody: every page of it, or none but the policy's."""
    led = {(answer.status, answer.header("location")) for answer in [await who.browser.get(one) for one in ELSEWHERE]}
    if led == {(200, "")}:
        return True
    assert led == {(303, f"{policy}?remote=1")}
    return False


async def test_term_03_1_without_accepting_the_policy_in_force_there_is_its_page_and_nothing_else(
    algot: Administrator, berit: Administrator, policy: str, logs: Logs
) -> None:
    assert not await is_open(algot, policy)
    page = await algot.get(f"{policy}?remote=1")
    assert "har inte godtagit den här policyn" in page
    assert "Jag har läst och godtar den" in page
    before = logs.mark("platform")
    for path in ("/requests/new", f"{policy}/move", "/registers/documents/new"):
        refused = await algot.browser.post(path, {"name": "Nora"})
        assert (refused.status, refused.header("location")) == (303, f"{policy}?remote=1"), path
    assert logs.since(before, "platform") == [], "nothing was done"
    assert await accept(algot, policy) == 303
    assert await is_open(algot, policy)
    assert not await is_open(berit, policy), "each for himself"
    told = [one for one in logs.since(before, "platform") if one["event"] == "register.acknowledged"]
    assert [one["actor"] for one in told] == [f"account:{algot.browser.account}"]
    assert len(told[0]["detail"]["step_up"]) == 64, "by a touch over exactly that version"


async def test_term_03_2_a_new_version_asks_again_and_going_through_it_does_not(
    algot: Administrator, berit: Administrator, policy: str
) -> None:
    assert await accept(algot, policy) == 303
    assert await accept(berit, policy) == 303
    assert await stepped(berit, policy, "confirm") == 303
    assert await is_open(algot, policy)
    form = f"{policy}/edit"
    changed = {**fields_in(await algot.get(form), form), **POLICY, "summary": "Bara från kända nät"}
    assert (await algot.do(form, changed)).status == 303
    assert await is_open(algot, policy), "a draft is not in force"
    assert await stepped(berit, policy, "approve") == 303
    assert not await is_open(algot, policy)
    assert not await is_open(berit, policy)
    assert await accept(berit, policy) == 303
    assert await is_open(berit, policy)


async def test_the_key_is_touched_first_and_the_policy_comes_then(
    algot: Administrator, policy: str, strict: Office, installation: Installation
) -> None:
    again = Administrator(await enter(strict, installation, "adam"), algot.key)
    assert (await again.browser.get(policy)).header("location") == "/touch"
    assert (await again.enter()).status == 303
    assert not await is_open(again, policy)
    assert await accept(again, policy) == 303
    assert await is_open(again, policy)


async def test_on_site_nobody_is_asked(algot: Administrator, berit: Administrator, policy: str) -> None:
    assert not await is_open(algot, policy)
    for who in (algot, berit):
        assert await accept(who, policy) == 303
        who.browser.address = "198.51.100.7"
    entry = await written(algot, "networks", network(place="site"))
    assert await stepped(berit, entry, "approve") == 303
    form = f"{policy}/edit"
    changed = {**fields_in(await algot.get(form), form), **POLICY, "summary": "Bara från kända nät"}
    assert (await algot.do(form, changed)).status == 303
    assert await stepped(berit, policy, "approve") == 303
    assert await is_open(algot, policy), "nobody has accepted that one, and nobody need"


async def test_what_somebody_forged_is_not_accepted(algot: Administrator, policy: str, logs: Logs) -> None:
    """A row past every guard, of which the log does not tell."""
    entry, account = policy.rpartition("/")[2], algot.browser.account
    logs.execute("platform", f"insert into vaka.register_acknowledgement values ('{entry}', 1, '{account}', now())",
                 unguarded=True)  # fmt: skip
    assert not await is_open(algot, policy)


async def test_without_a_policy_nobody_is_asked_and_other_documents_ask_nothing(
    algot: Administrator, berit: Administrator, installation: Installation
) -> None:
    entry = await written(algot, "documents", DOCUMENT)
    assert await stepped(berit, entry, "approve") == 303
    assert await is_open(algot, entry)
    async with platform_as(installation.server, "office") as office:
        assert await policy_to_accept(office, UUID(algot.browser.account)) is None

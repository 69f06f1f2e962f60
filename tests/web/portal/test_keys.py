# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One's own keys on their page, and the touch of one for what the authority decides."""

import re
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest

from tests.identity.authenticator import PRESENT, SoftKey
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs, enter
from tests.web.portal.touching import hidden, options
from vaka.access.retention import retention_act
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.ceremonies import FRESH
from vaka.identity.lost_keys import list_keys_of, remove_lost_keys
from vaka.settings import AccessSettings
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KEYS, RETENTION = "/log/ekbacka/keys", "/log/ekbacka/retention"
DECISION = {"days": "730", "reason": "Dokumenthanteringsplan KS 2026/9"}
STRICT = SETTINGS.model_copy(update={"access": AccessSettings(step_up="required")})


@pytest.fixture(autouse=True)
def nobody_has_a_key(logs: Logs) -> Iterator[None]:
    """Keys of before are gone, and none stays: another test's officer would be asked for it."""
    forget = "truncate vaka.security_key, vaka.security_key_challenge"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer, in an installation that asks for a key of whoever has one."""
    return await enter(portal, installation, "agneta")


@pytest.fixture
async def strict(installation: Installation) -> AsyncIterator[Browser]:
    """The same, where everybody must have one."""
    async with open_portal(installation.server, STRICT, SystemClock()) as portal:
        yield await enter(portal, installation, "agneta")


async def enrol(browser: Browser, by: SoftKey | None = None, name: str = "på nyckelknippan") -> SoftKey:
    """Add a key as a browser does."""
    key = SoftKey(SETTINGS.portal.origin)
    page = await browser.post(f"{KEYS}/add")
    if by is not None:
        page = await browser.post(f"{KEYS}/add", {"answer": by.touch(options(page))})
    answer = await browser.post(KEYS, {"name": name, "answer": key.make(options(page))})
    assert (answer.status, answer.header("location")) == (303, KEYS)
    return key


async def test_keys_are_added_listed_renamed_and_removed(agneta: Browser, logs: Logs) -> None:
    page = await agneta.get(KEYS)
    assert "Du har ingen nyckel än." in page.text
    mark = logs.mark("platform")
    key = await enrol(agneta)
    await enrol(agneta, key, "i <kassaskåpet>")
    page = await agneta.get(KEYS)
    assert page.text.count("<tr><td>") == 2
    assert "i &lt;kassaskåpet&gt;" in page.text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d CES?T", page.text), "times stand with their zone"
    assert [entry["event"] for entry in logs.since(mark, "platform")] == [
        "security_key.enrolled", "security_key.used", "security_key.enrolled",
    ]  # fmt: skip
    identifiers = re.findall(r'name="key" value="([0-9a-f-]{36})"', page.text)
    _, second = dict.fromkeys(identifiers)
    answer = await agneta.post(f"{KEYS}/rename", {"key": second, "name": "hemma"})
    assert (answer.status, answer.header("location")) == (303, KEYS)
    page = await agneta.post(f"{KEYS}/remove", {"key": second})
    assert page.status == 200
    assert "hemma" in page.text
    assert hidden(page) == {"key": second, "answer": ""}
    answer = await agneta.post(f"{KEYS}/remove", {"key": second, "answer": key.touch(options(page))})
    assert (answer.status, answer.header("location")) == (303, KEYS)
    assert "hemma" not in (await agneta.get(KEYS)).text
    assert [entry["event"] for entry in logs.since(mark, "platform")][3:] == [
        "security_key.renamed", "security_key.used", "security_key.removed",
    ]  # fmt: skip


async def test_nobody_sees_or_changes_anothers_keys(
    agneta: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    await enrol(agneta, name="Agnetas egen")
    arvid = await enter(portal, installation, "arvid")
    mine = re.findall(r'name="key" value="([0-9a-f-]{36})"', (await agneta.get(KEYS)).text)[0]
    assert "Agnetas egen" not in (await arvid.get(KEYS)).text
    mark = logs.mark("platform")
    for path, more in (("rename", {"name": "min"}), ("remove", {})):
        page = await arvid.post(f"{KEYS}/{path}", {"key": mine, **more})
        assert page.status == 404
        assert "Nyckeln finns inte längre." in page.text
    assert logs.since(mark, "platform") == []
    assert "Agnetas egen" in (await agneta.get(KEYS)).text


@pytest.mark.parametrize("persona", ["lovisa", "rut", "agneta", "arvid", "gun"])
async def test_everybody_who_works_with_an_authority_has_the_page(
    portal: Portal, installation: Installation, persona: str
) -> None:
    browser = await enter(portal, installation, persona)
    answer = await browser.get("/keys")
    assert (answer.status, answer.header("location")) == (303, KEYS)
    page = await browser.get(KEYS)
    assert (page.status, page.text.count(f'href="{KEYS}" aria-current="page"')) == (200, 1)


async def test_what_is_filled_in_wrongly_is_explained(agneta: Browser) -> None:
    page = await agneta.post(f"{KEYS}/add")
    key = SoftKey(SETTINGS.portal.origin)
    answer = await agneta.post(KEYS, {"name": "x" * 41, "answer": key.make(options(page))})
    assert answer.status == 400
    assert "1–40 tecken" in answer.text
    key.flags = PRESENT
    answer = await agneta.post(KEYS, {"name": "x", "answer": key.make(options(page))})
    assert answer.status == 403
    assert "Ställ in en PIN-kod" in answer.text
    assert "Du har ingen nyckel än." in answer.text
    for path in (f"{KEYS}/rename", f"{KEYS}/remove", f"{KEYS}/add", KEYS):
        assert (await agneta.post(path, {"key": "x", "wrong": "y"})).status == 400


async def test_a_first_key_takes_a_fresh_session(agneta: Browser, logs: Logs) -> None:
    old = FRESH.total_seconds() + 1
    logs.execute("platform", f"update vaka.session set created_at = created_at - interval '{old} seconds'"
                 f" where account_id = '{agneta.account}'", unguarded=True)  # fmt: skip
    page = await agneta.post(f"{KEYS}/add")
    assert page.status == 403
    assert "inom en kvart efter inloggningen" in page.text


# --- confirming -------------------------------------------------------------------------------------------------------


async def test_term_15_5_a_decision_takes_a_touch_of_whoever_has_a_key(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    key = await enrol(agneta)
    mark, before = logs.mark("ekbacka"), logs.mark("platform")
    page = await agneta.post(RETENTION, DECISION)
    assert page.status == 200
    assert hidden(page) == {**DECISION, "answer": ""}
    for shown in ("730", DECISION["reason"], "Ekbacka"):
        assert shown in page.text
    assert logs.since(mark, "ekbacka") == logs.since(before, "platform") == []
    answer = await agneta.post(RETENTION, {**hidden(page), "answer": key.touch(options(page))})
    assert answer.status == 303
    assert answer.header("location").startswith("/log/ekbacka/receipt/")
    [entry], [touched] = logs.since(mark, "ekbacka"), logs.since(before, "platform")
    act = retention_act(installation.authorities["ekbacka"].id, 730, DECISION["reason"])
    assert entry["detail"] == {"days": 730, "reason": DECISION["reason"], "step_up": act.digest}
    assert touched["detail"]["step_up"] == act.digest


@pytest.mark.parametrize("changed", [{"days": "36500"}, {"reason": "Dokumenthanteringsplan KS 2026/8"}])
async def test_term_15_5_a_changed_parameter_is_refused(agneta: Browser, logs: Logs, changed: dict[str, str]) -> None:
    key = await enrol(agneta)
    page = await agneta.post(RETENTION, DECISION)
    sent = key.touch(options(page))
    mark, before = logs.mark("ekbacka"), logs.mark("platform")
    refused = await agneta.post(RETENTION, {**DECISION, **changed, "answer": sent})
    assert refused.status == 403
    assert "inte det som nyckeln bekräftade" in refused.text
    [entry] = logs.since(before, "platform")
    assert (entry["event"], entry["detail"]["reason"]) == ("security_key.refused", "other_act")
    assert logs.since(mark, "ekbacka") == []
    # What is asked now is about what would be done now; the touch of before is spent.
    assert hidden(refused) == {**DECISION, **changed, "answer": ""}
    assert (await agneta.post(RETENTION, {**DECISION, "answer": sent})).status == 403
    assert logs.since(mark, "ekbacka") == []


async def test_a_removed_key_decides_nothing(agneta: Browser, logs: Logs) -> None:
    key = await enrol(agneta)
    waiting = key.touch(options(await agneta.post(RETENTION, DECISION)))
    [mine] = {*re.findall(r'name="key" value="([0-9a-f-]{36})"', (await agneta.get(KEYS)).text)}
    page = await agneta.post(f"{KEYS}/remove", {"key": mine})
    assert (await agneta.post(f"{KEYS}/remove", {"key": mine, "answer": key.touch(options(page))})).status == 303
    mark, before = logs.mark("ekbacka"), logs.mark("platform")
    assert (await agneta.post(RETENTION, {**DECISION, "answer": waiting})).status == 403
    [entry] = logs.since(before, "platform")
    assert entry["detail"]["reason"] == "unknown_key"
    assert logs.since(mark, "ekbacka") == []


async def test_term_15_5_rules_of_removal_are_approved_with_a_touch(
    agneta: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    logs.execute("ekbacka", "truncate vaka.removal_rules, vaka.removal_preview", unguarded=True)
    arvid = await enter(portal, installation, "arvid")
    key = await enrol(arvid)
    where = (await agneta.post("/log/ekbacka/removal", {"alarms": "60", "reason": "KS 2026/9"})).header("location")
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', (await arvid.get(where)).text)
    mark = logs.mark("ekbacka")
    page = await arvid.post(f"{where}/approve", {"digest": digest, "sure": "yes"})
    assert hidden(page) == {"digest": digest, "sure": "yes", "answer": ""}
    assert digest in page.text
    assert logs.since(mark, "ekbacka") == []
    answer = await arvid.post(f"{where}/approve", {**hidden(page), "answer": key.touch(options(page))})
    assert answer.status == 303
    [entry] = logs.since(mark, "ekbacka")
    assert entry["event"] == "removal.approved"
    assert entry["detail"].keys() == {"rules", "step_up"}
    logs.execute("ekbacka", "truncate vaka.removal_rules, vaka.removal_preview", unguarded=True)


async def test_another_session_cannot_use_what_was_touched_in_this_one(
    agneta: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    key = await enrol(agneta)
    sent = key.touch(options(await agneta.post(RETENTION, DECISION)))
    elsewhere = await enter(portal, installation, "agneta")
    mark = logs.mark("ekbacka")
    assert (await elsewhere.post(RETENTION, {**DECISION, "answer": sent})).status == 403
    assert logs.since(mark, "ekbacka") == []


async def test_where_a_key_is_required_somebody_without_one_is_led_to_add_it(strict: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    answer = await strict.post(RETENTION, DECISION)
    assert (answer.status, answer.header("location")) == (303, f"{KEYS}?needed=1")
    page = await strict.get(f"{KEYS}?needed=1")
    assert page.status == 200
    assert "Det här bekräftas med en säkerhetsnyckel, och du har ingen än." in page.text
    assert logs.since(mark, "ekbacka") == []
    key = await enrol(strict)
    page = await strict.post(RETENTION, DECISION)
    assert (await strict.post(RETENTION, {**DECISION, "answer": key.touch(options(page))})).status == 303
    assert [entry["event"] for entry in logs.since(mark, "ekbacka")] == ["retention.set"]


async def test_the_authority_sees_what_becomes_of_its_peoples_keys(
    agneta: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    key = await enrol(agneta)
    page = await agneta.post(RETENTION, DECISION)
    await agneta.post(RETENTION, {**DECISION, "days": "400", "answer": key.touch(options(page))})
    async with (
        await open_connection(
            installation.server, platform_role("setup"), PLATFORM_DATABASE, application="test"
        ) as setup,
    ):
        account = UUID(agneta.account)
        [lost] = await list_keys_of(setup, account)
        await remove_lost_keys(setup, account, [lost.id], actor="setup:uid-0", now=SystemClock().now())
    await logs.seal_platform()
    for persona, place, sees in (("lovisa", "ekbacka", True), ("niklas", "norrvik", False)):
        reviewer = await enter(portal, installation, persona)
        text = (await reviewer.get(f"/log/{place}/supplier?object=security_key:{lost.id}")).text
        assert ("Säkerhetsnyckel borttagen" in text.partition("<tbody>")[2]) is sees, persona
    for persona, place, sees in (("lovisa", "ekbacka", True), ("niklas", "norrvik", False)):
        reviewer = await enter(portal, installation, persona)
        text = (await reviewer.get(f"/log/{place}/supplier?actor=account:{UUID(agneta.account)}")).text
        for said in ("Säkerhetsnyckel tillagd", "Säkerhetsnyckel godtogs inte"):
            assert (f"<td>{said}" in text or f">{said}<" in text.partition("<tbody>")[2]) is sees, (persona, said)


async def test_a_key_that_nobody_can_use_here_is_no_way_round(agneta: Browser, logs: Logs) -> None:
    """Whoever spoils a key in the database is not rid of it."""
    await enrol(agneta)
    logs.execute("platform", "update vaka.security_key set binding = sha256('x')", unguarded=True)
    mark = logs.mark("ekbacka")
    page = await agneta.post(RETENTION, DECISION)
    assert options(page)["allowCredentials"] == []
    assert logs.since(mark, "ekbacka") == []

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who may read whose log: nobody but the authority's own, and whoever tries is written down where it matters."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import SETTINGS, Logs, account_of, enter, person_of
from vaka.access.roles import ROLES
from vaka.clock import SystemClock
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.web.asker import COOKIES, SESSION_COOKIE
from vaka.web.portal.application import ADDRESSES
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NEEDS = {
    (method, re.sub(r"\{(account|index|number|order|file:path|file|proposal|report|year)\}", "0", one.path)): one.needs
    for one in ADDRESSES
    if one.needs is not PUBLIC
    for method in one.methods
}
GUARDED = list(NEEDS)
CASE = UUID(int=7)
INQUIRY = UUID(int=8)
"""A case that touches nobody."""
OF_AN_AUTHORITY = [(method, path) for method, path in GUARDED if "{authority}" in path]


async def ask(browser: Browser, method: str, path: str) -> int:
    return (await (browser.get(path) if method == "GET" else browser.post(path))).status


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_who_is_not_signed_in_is_sent_to_sign_in(nobody: Browser, method: str, path: str) -> None:
    for token in ("", "x", "a" * 43):
        nobody.cookies = {COOKIES["authority"]: token} if token else {}
        where = path.format(authority="ekbacka", case=CASE, inquiry=INQUIRY)
        answer = await (nobody.get(where) if method == "GET" else nobody.post(where))
        if method == "GET":
            assert (answer.status, answer.header("location")) == (303, SETTINGS.signin.origin + "/?realm=authority")
        else:
            assert answer.status == 401


@pytest.mark.parametrize(("method", "path"), OF_AN_AUTHORITY)
async def test_another_authoritys_reviewer_finds_nothing_and_is_written_down(
    niklas: Browser, logs: Logs, method: str, path: str
) -> None:
    marks = [(place, logs.mark(place)) for place in ("ekbacka", "norrvik", "platform")]
    # Whoever holds the permission nowhere learns that it is missing; whoever holds it elsewhere, that nothing is here.
    status = 404 if NEEDS[method, path] in ROLES["log_reviewer"].permissions else 403
    assert await ask(niklas, method, path.format(authority="ekbacka", case=CASE, inquiry=INQUIRY)) == status
    here, own, platform = (logs.since(mark, place) for place, mark in marks)
    assert own == platform == []
    [entry] = here
    assert (entry["event"], entry["actor"]) == ("access.denied", f"account:{niklas.account}")
    assert (entry["object"], entry["outcome"]) == ("process:portal", "failure")
    assert "{authority}" in entry["detail"]["address"]
    # The same words for an authority that does not exist; then it is the platform's business.
    mark = logs.mark("platform")
    assert await ask(niklas, method, path.format(authority="nowhere", case=CASE, inquiry=INQUIRY)) == status
    assert [entry["event"] for entry in logs.since(mark, "platform")] == ["access.denied"]


@pytest.mark.parametrize("persona", ["olga", "lena", "greta", "vera"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_who_works_at_the_desk_is_refused_and_written_down(
    portal: Portal, installation: Installation, logs: Logs, persona: str, method: str, path: str
) -> None:
    browser = await enter(portal, installation, persona, ["operator"])
    marks = [(place, logs.mark(place)) for place in ("ekbacka", "norrvik", "platform")]
    assert await ask(browser, method, path.format(authority="ekbacka", case=CASE, inquiry=INQUIRY)) == 403
    here, there, platform = (logs.since(mark, place) for place, mark in marks)
    assert there == []
    where, elsewhere = (here, platform) if "{authority}" in path else (platform, here)
    assert [entry["event"] for entry in where] == ["access.denied"]
    assert elsewhere == []


async def test_what_was_counted_is_written_when_the_portal_ends(installation: Installation, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        niklas = await enter(portal, installation, "niklas")
        for _ in range(4):
            assert (await niklas.get("/log/ekbacka")).status == 404
        assert [entry["detail"]["count"] for entry in logs.since(mark, "ekbacka")] == [1]
    assert [entry["detail"]["count"] for entry in logs.since(mark, "ekbacka")] == [1, 3]


@pytest.mark.parametrize("persona", ["olga", "lena"])
async def test_an_operators_role_is_worth_nothing_in_the_portals_realm(
    portal: Portal, installation: Installation, persona: str
) -> None:
    browser = await enter(portal, installation, persona, ["authority"])
    assert (await browser.get("/log/ekbacka")).status == 403


async def test_a_reviewers_role_is_worth_nothing_in_the_operators_realm(
    portal: Portal, installation: Installation
) -> None:
    browser = await enter(portal, installation, "lovisa", ["operator"])
    assert (await browser.get("/log/ekbacka")).status == 403


async def test_a_token_under_the_other_cookie_is_nobodys(portal: Portal, installation: Installation) -> None:
    browser = await enter(portal, installation, "lovisa")
    browser.cookies = {SESSION_COOKIE: browser.cookies[COOKIES["authority"]]}
    assert (await browser.get("/log/ekbacka")).status == 303


async def test_an_auditor_reads_and_no_more(rut: Browser, logs: Logs, installation: Installation) -> None:
    alarm, person = installation.raise_alarm(FULL_PERSON), person_of(installation, FULL_PERSON)
    facts = {"person": str(person)}
    actor = account_of(installation, "olga")
    await logs.write(Entry(Event.ALARM_READ, actor, datetime.now(UTC), f"alarm:{alarm}", detail=facts))
    await logs.seal()
    page = (await rut.get(f"/log/ekbacka?person={person}")).text
    assert "Larm och person öppnade och lästa" in page
    assert "Olga Operatör" in page
    assert str(person)[-8:] in page
    assert FULL_PERSON not in page
    assert "Slå upp" not in page
    assert "Ta ut" not in page
    mark = logs.mark("ekbacka")
    assert (await rut.post("/log/ekbacka/people", {"text": "Karin"})).status == 403
    assert (await rut.get("/log/ekbacka/export")).status == 403
    sent = {"format": "csv", "reason": "audit", "reference": "KS 1"}
    assert (await rut.post("/log/ekbacka/export", sent)).status == 403
    assert [entry["event"] for entry in logs.since(mark, "ekbacka")] == ["access.denied"] * 3


async def test_each_log_is_its_authoritys_alone(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    """Names and identifiers of one never show at the other."""
    here, there = installation.raise_alarm(FULL_PERSON), installation.raise_alarm("Bertil Åström")
    await logs.seal()
    await logs.seal("norrvik")
    for browser, slug, own, foreign in (
        (lovisa, "ekbacka", FULL_PERSON, "Bertil Åström"), (niklas, "norrvik", "Bertil Åström", FULL_PERSON),
    ):  # fmt: skip
        page = (await browser.get(f"/log/{slug}?event=alarms")).text
        assert own in page
        assert foreign not in page
        other = person_of(installation, foreign)
        page = (await browser.get(f"/log/{slug}?person={other}&event=alarms")).text
        assert "Ingen post stämmer." in page
        assert foreign not in page
        assert foreign not in (await browser.search(f"/log/{slug}/people", {"text": foreign.split()[0]})).text.replace(
            f'value="{foreign.split()[0]}"', ""
        )
    assert here != there


async def test_who_reviews_several_logs_can_choose(portal: Portal, installation: Installation) -> None:
    lorna = await enter(portal, installation, "lorna")
    page = (await lorna.get("/log/ekbacka")).text
    assert 'href="/log/norrvik"' in page
    assert (await lorna.get("/log/norrvik")).status == 200
    assert (await lorna.get("/log/mottagning")).status == 404


async def test_signing_out_ends_the_session(lovisa: Browser, logs: Logs) -> None:
    mark = logs.mark("platform")
    answer = await lovisa.post("/sign-out")
    assert (answer.status, answer.header("location")) == (303, SETTINGS.signin.origin + "/signed-out?realm=authority")
    assert answer.cookies[COOKIES["authority"]][COOKIES["authority"]].value == ""
    assert (answer.header("clear-site-data"), answer.header("cache-control")) == ('"cache"', "no-store")
    assert [entry["event"] for entry in logs.since(mark, "platform")] == ["session.ended"]
    assert (await lovisa.get("/log/ekbacka")).status == 303


async def test_the_portal_is_light_unless_told_otherwise(lovisa: Browser) -> None:
    assert 'data-theme="light"' in (await lovisa.get("/log/ekbacka")).text
    answer = await lovisa.post("/preferences", {"theme": "dark", "back": "/log/ekbacka"})
    assert (answer.status, answer.header("location")) == (303, "/log/ekbacka")
    lovisa.cookies["__Host-vaka-theme"] = "dark"
    assert 'data-theme="dark"' in (await lovisa.get("/log/ekbacka")).text
    for back in ("//evil.example/", "https://evil.example/", "/\\evil.example", "", "/a\r\nx: y"):
        answer = await lovisa.post("/preferences", {"theme": "light", "back": back})
        assert answer.header("location") == "/"


async def test_somebody_with_a_protected_identity_is_found_by_number_and_not_named(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    [name] = [name for name, (slug, person, _) in installation.people.items()
              if slug == "ekbacka" and person.protected_identity]  # fmt: skip
    person = installation.people[name][1]
    page = await lovisa.search("/log/ekbacka/people", {"text": name})
    assert str(person.id) not in page.text
    found = await lovisa.search("/log/ekbacka/people", {"text": person.personal_number})
    assert f"person={person.id}" in found.text
    assert "Skyddad identitet" in found.text
    installation.raise_alarm(name)
    await logs.seal()
    shown = (await lovisa.get(f"/log/ekbacka?person={person.id}")).text
    assert "Larm mottaget" in shown
    assert person.family_name not in shown

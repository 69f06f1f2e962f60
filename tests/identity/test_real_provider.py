# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The whole way over HTTP: our sign-in process, a certified OpenID provider, and a browser between them."""

import re
from urllib.parse import quote, urlsplit

import pytest

from tests.identity.house import LOA3, LOA4
from tests.identity.real_provider import NAME, Place, Traveller
from tests.waiting import wait_for
from vaka.web.asker import SESSION_COOKIE

pytestmark = [pytest.mark.database, pytest.mark.end_to_end]


def test_an_operator_signs_in_at_a_real_provider(place: Place) -> None:
    before, browser = place.house.newest(), Traveller()
    page = browser.get(f"{place.origin}/", "none").text
    assert f'href="/begin/{NAME}?realm=operator"' in page
    assert browser.post(f"{place.origin}/invitation?realm=operator", {"code": place.code()}).status_code == 303
    desk = place.house.settings.desk.origin
    answer = browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", LOA3, desk)
    assert answer.status_code == 303, answer.text
    assert browser.been[-1] == f"{desk}/history"
    ours = browser.cookies[urlsplit(place.origin).netloc]
    assert set(ours) == {SESSION_COOKIE, "__Host-vaka-language", "__Host-vaka-operator-issuer"}
    assert f"Legitimerad av {place.issuer}, tillitsnivå 3." in browser.get(f"{place.origin}/", "same-origin").text
    started = place.house.entries(before)[-1]
    assert (started["event"], started["actor"]) == ("session.started", f"account:{place.account}")
    assert (started["detail"]["issuer"], started["detail"]["level"]) == (place.issuer, 3)
    callback = next(address for address in browser.been if "/callback/" in address)
    again = browser.get(callback)
    assert (again.status_code, "no_pending" in again.text) == (403, True), "the answer is of no more use"
    second = Traveller()
    answer = second.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", LOA3, desk)
    assert answer.status_code == 303, "and the next time without an invitation"


def test_term_15_1_a_provider_that_cannot_keep_the_level_lets_nobody_back(place: Place) -> None:
    """It was asked for an essential acr: a lower one it does not assert at all, and asks for another login."""
    browser = Traveller()
    with pytest.raises(AssertionError, match="round in a ring"):
        browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", "low", place.house.settings.desk.origin)
    assert not [address for address in browser.been if "/callback/" in address]
    browser = Traveller()
    with pytest.raises(AssertionError, match="round in a ring"):
        browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", LOA4, place.house.settings.desk.origin)


def test_term_15_1_a_foreign_organisation_is_refused(place: Place) -> None:
    before, browser = place.house.newest(), Traveller()
    answer = browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-2", LOA3, "nowhere")
    assert (answer.status_code, "organisation" in answer.text) == (403, True)
    assert SESSION_COOKIE not in browser.cookies[urlsplit(place.origin).netloc]
    [entry] = place.house.entries(before)
    assert (entry["event"], entry["detail"]["reason"]) == ("sign_in.refused", "organisation")


def test_who_signs_out_at_the_provider_is_signed_out_here(place: Place) -> None:
    """Its logout token comes by itself; what it looks like is up to the provider, and that it counts up to us."""
    browser, desk = Traveller(), place.house.settings.desk.origin
    # The first test may not have run: an invitation is not spent on whom it knows already.
    browser.post(f"{place.origin}/invitation?realm=operator", {"code": place.code()})
    assert browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", LOA3, desk).status_code == 303
    assert f"Legitimerad av {place.issuer}" in browser.get(f"{place.origin}/", "same-origin").text
    before = place.house.newest()
    asked = browser.get(f"{place.issuer}/session/end")
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
    assert xsrf is not None, asked.text
    left = browser.post(f"{place.issuer}/session/end/confirm", {"xsrf": xsrf[1], "logout": "yes"})
    assert left.status_code in (302, 303), left.text
    wait_for(lambda: "Legitimerad av" not in browser.get(f"{place.origin}/", "same-origin").text)
    told = [one for one in place.house.entries(before) if one["event"] == "session.ended"]
    assert told
    assert {one["detail"]["reason"] for one in told} == {"ended_by_issuer"}
    assert {one["detail"]["account"] for one in told} == {f"account:{place.account}"}


def signed_in(place: Place) -> Traveller:
    """Somebody who is signed in here and there."""
    browser, desk = Traveller(), place.house.settings.desk.origin
    browser.post(f"{place.origin}/invitation?realm=operator", {"code": place.code()})
    assert browser.travel(f"{place.origin}/begin/{NAME}?realm=operator", "real-1", LOA3, desk).status_code == 303
    return browser


def test_who_signs_out_here_signs_out_at_the_provider_too(place: Place) -> None:
    """Up to the provider is whether it knows where we want its people back, and what it asks them."""
    browser, before = signed_in(place), place.house.newest()
    left = browser.post(f"{place.origin}/sign-out", {})
    assert (left.status_code, left.headers["location"]) == (303, "/signed-out?realm=operator")
    page = browser.get(f"{place.origin}/signed-out?realm=operator", "same-origin").text
    assert f'href="/sign-out/{NAME}?realm=operator"' in page
    there = browser.get(f"{place.origin}/sign-out/{NAME}", "same-origin")
    assert there.headers["location"].startswith(f"{place.issuer}/session/end?")
    asked = browser.get(there.headers["location"])
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', asked.text)
    assert xsrf is not None, asked.text
    done = browser.post(f"{place.issuer}/session/end/confirm", {"xsrf": xsrf[1], "logout": "yes"})
    assert done.headers["location"].startswith(f"{place.origin}/signed-out/{NAME}?state=")
    told = browser.get(done.headers["location"])
    assert (told.status_code, "svarar att det är klart där" in told.text) == (200, True)
    # It asks whom it knows; now there is nobody, and its page sends itself on.
    assert "<noscript>" not in asked.text
    assert "<noscript>" in browser.get(f"{place.issuer}/session/end").text
    ended = [one["detail"]["reason"] for one in place.house.entries(before) if one["event"] == "session.ended"]
    assert ended[0] == "signed_out"


def test_the_provider_sends_nobody_back_to_where_we_did_not_ask(place: Place) -> None:
    browser = signed_in(place)
    there = browser.get(f"{place.origin}/sign-out/{NAME}", "same-origin").headers["location"]
    changed = there.replace(quote(f"{place.origin}/signed-out/", safe=""), quote("https://evil.example/", safe=""))
    assert changed != there
    assert browser.get(changed).status_code == 400

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The page on which two people of the authority order and approve that somebody is erased."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, enter, person_of
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/erasure"
NAME = "Elsa Nyström"


@pytest.fixture
async def gun(portal: Portal, installation: Installation, logs: Logs) -> AsyncIterator[Browser]:
    """One of Ekbacka's records officers; what was ordered is forgotten in the end."""
    yield await enter(portal, installation, "gun")
    logs.execute("ekbacka", "delete from vaka.erasure_order", unguarded=True)


@pytest.fixture
async def rakel(portal: Portal, installation: Installation) -> Browser:
    """The other."""
    return await enter(portal, installation, "rakel")


async def order(gun: Browser, installation: Installation) -> str:
    person = person_of(installation, NAME)
    answer = await gun.post(HERE, {"person": str(person), "decision": "SN 2026/7", "sure": "true"})
    assert (answer.status, answer.header("location")[:21]) == (303, "/log/ekbacka/receipt/"), answer.text
    found = re.search(r'name="order" value="([0-9a-f-]{36})"', (await gun.get(HERE)).text)
    assert found is not None
    return found[1]


async def test_an_officer_is_led_to_the_page_and_sees_no_log(gun: Browser) -> None:
    answer = await gun.get("/erasure")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await gun.get(HERE)
    assert (page.status, "Ingen har raderats" in page.text) == (200, True)
    assert 'href="/log/ekbacka"' not in page.text
    assert (await gun.get("/log/ekbacka")).status == 403


async def test_whoever_is_looked_up_is_shown_with_a_form_and_entered(gun: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    page = await gun.search(f"{HERE}/find", {"text": "elsa"})
    assert NAME in page.text
    assert 'name="decision"' in page.text
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"]) == ("person.searched", f"account:{gun.account}")
    assert "elsa" not in str(entry).lower()
    nobody = await gun.search(f"{HERE}/find", {"text": "finns inte alls"})
    assert "Ingen i registret stämmer" in nobody.text


async def test_one_orders_another_approves_and_each_gets_a_receipt(
    gun: Browser, rakel: Browser, installation: Installation, logs: Logs
) -> None:
    mark, person = logs.mark("ekbacka"), str(person_of(installation, NAME))
    number = await order(gun, installation)
    own = (await gun.get(HERE)).text
    assert "Ta tillbaka beställningen" in own
    assert "Godkänn och radera" not in own
    others = (await rakel.get(HERE)).text
    assert NAME in others
    assert "SN 2026/7" in others
    unsure = await rakel.post(f"{HERE}/decide", {"order": number, "verdict": "approved"})
    assert (unsure.status, "Kryssa i" in unsure.text) == (400, True)
    answer = await rakel.post(f"{HERE}/decide", {"order": number, "verdict": "approved", "sure": "true"})
    assert answer.status == 303
    entries = [one for one in logs.since(mark, "ekbacka") if one["event"].startswith("erasure.")]
    assert [(one["event"], one["actor"]) for one in entries] == [
        ("erasure.ordered", f"account:{gun.account}"), ("erasure.decided", f"account:{rakel.account}")
    ]  # fmt: skip
    assert all(one["object"] == f"erasure:{number}" and one["detail"]["person"] == person for one in entries)
    assert "Godkänd, utförs" in (await gun.get(HERE)).text
    assert (await gun.get(f"{HERE}/{number}/certificate")).status == 404  # there is none before it is done


async def test_nobody_approves_what_he_ordered_himself(gun: Browser, installation: Installation) -> None:
    number = await order(gun, installation)
    page = await gun.post(f"{HERE}/decide", {"order": number, "verdict": "approved", "sure": "true"})
    assert (page.status, "En annan än den som beställde" in page.text) == (400, True)
    assert (await gun.post(f"{HERE}/decide", {"order": number, "verdict": "withdrawn"})).status == 303
    assert "Återtagen" in (await gun.get(HERE)).text


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"decision": "SN 2026/7"}, "Kryssa i"),
        ({"decision": " ", "sure": "true"}, "Skriv beslutets nummer"),
        ({"decision": "för 19320212-9809", "sure": "true"}, "Skriv beslutets nummer"),
    ],
)
async def test_order_that_cannot_be_given_says_why(
    gun: Browser, installation: Installation, logs: Logs, facts: dict[str, str], says: str
) -> None:
    mark = logs.mark("ekbacka")
    page = await gun.post(HERE, {"person": str(person_of(installation, FULL_PERSON)), **facts})
    assert (page.status, says in page.text) == (400, True)
    assert logs.since(mark, "ekbacka") == []


async def test_order_of_another_authority_is_nowhere(
    gun: Browser, installation: Installation, portal: Portal, logs: Logs
) -> None:
    """Somebody of Norrvik's cannot be ordered to be erased from Ekbacka, nor found there."""
    others = next(one for name, one in installation.people.items() if one[0] == "norrvik")
    page = await gun.post(HERE, {"person": str(others[1].id), "decision": "SN 2026/7", "sure": "true"})
    assert (page.status, "Det finns inget att besluta om" in page.text) == (400, True)


async def test_somebody_with_a_protected_identity_is_approved_by_number(
    gun: Browser, rakel: Browser, installation: Installation
) -> None:
    name, (_, person, _) = next(
        (name, one) for name, one in installation.people.items() if one[0] == "ekbacka" and one[1].protected_identity
    )
    answer = await gun.post(HERE, {"person": str(person.id), "decision": "SN 2026/8", "sure": "true"})
    assert answer.status == 303
    page = await rakel.get(HERE)
    assert name not in page.text
    assert person.personal_number not in page.text
    found = re.search(r'name="order" value="([0-9a-f-]{36})"', page.text)
    assert found is not None
    verdict = {"order": found[1], "verdict": "approved", "sure": "true"}
    other = next(one[1] for one in installation.people.values() if one[0] == "ekbacka" and one[1].id != person.id)
    for number in ("", other.personal_number, name):
        refused = await rakel.post(f"{HERE}/decide", verdict | {"number": number})
        assert (refused.status, "Jämför med beslutet" in refused.text) == (400, True)
    assert (await rakel.post(f"{HERE}/decide", verdict | {"number": person.personal_number})).status == 303
    stopped = await gun.post(f"{HERE}/decide", {"order": found[1], "verdict": "cancelled"})
    assert (stopped.status, "Stoppad innan" in (await gun.get(HERE)).text) == (303, True)


async def test_page_says_that_it_waits_for_an_officer_who_lost_the_role(
    gun: Browser, rakel: Browser, installation: Installation, logs: Logs
) -> None:
    number = await order(gun, installation)
    assert (await rakel.post(f"{HERE}/decide", {"order": number, "verdict": "approved", "sure": "true"})).status == 303
    sentence = "Väntar: en av de två som beslutade får inte längre besluta om radering. Stoppa den och beställ på nytt."
    assert sentence not in (await gun.get(HERE)).text
    logs.execute("ekbacka", "update vaka.erasure_order set hindrance = 'officers'", unguarded=True)
    assert sentence in (await gun.get(HERE)).text
    assert (await gun.post(f"{HERE}/decide", {"order": number, "verdict": "cancelled"})).status == 303
    assert sentence not in (await gun.get(HERE)).text


async def test_page_says_who_came_back_with_a_backup_and_what_keeps_him(gun: Browser, logs: Logs) -> None:
    assert "Raderade som kommit tillbaka" not in (await gun.get(HERE)).text
    logs.execute(
        "ekbacka",
        "insert into vaka.returned select gen_random_uuid(), gen_random_uuid(), h, now()"
        " from unnest(array['legal_hold', 'open_alarm']) as h",
        unguarded=True,
    )
    try:
        page = (await gun.get(HERE)).text
        for sentence in ("Raderade som kommit tillbaka", "En rättslig spärr hindrar", "Ett larm är öppet."):
            assert sentence in page
        assert 'href="/log/ekbacka/holds"' in page
    finally:
        logs.execute("ekbacka", "delete from vaka.returned", unguarded=True)


async def test_nobody_approves_while_it_cannot_be_read_who_it_is(
    gun: Browser, rakel: Browser, installation: Installation, logs: Logs
) -> None:
    """Not by the form, which has no such button then, nor by a request made up."""
    number = await order(gun, installation)
    person = person_of(installation, NAME)
    # The same again mends it.
    flipped = "set_byte(given_name, 60, get_byte(given_name, 60) # 1)"
    spoil = f"update vaka.person set given_name = {flipped} where id = '{person}'"
    logs.execute("ekbacka", spoil, unguarded=True)
    try:
        page = await rakel.get(HERE)
        assert ("Ingen kan godkänna" in page.text, "Godkänn och radera" in page.text) == (True, False)
        refused = await rakel.post(f"{HERE}/decide", {"order": number, "verdict": "approved", "sure": "true"})
        assert (refused.status, "innan det syns" in refused.text) == (400, True)
    finally:
        logs.execute("ekbacka", spoil, unguarded=True)
    assert "Godkänn och radera" in (await rakel.get(HERE)).text

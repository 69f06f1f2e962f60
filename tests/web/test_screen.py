# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one screen: it answers every question, escapes everything, and its reading is recorded once."""

import re
from contextlib import closing
from uuid import UUID

import orjson
import pytest

from tests.alarms.house import connect_superuser
from tests.people import sealed_anew
from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import address, listed
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio

NASTY = """<script>alert('x')</script>"><img src=x onerror=alert(1)>{{ 7*7 }}</textarea>"""


def readings(installation: Installation, alarm: UUID) -> int:
    """How often the reading of an alarm stands in the ledger."""
    with closing(
        connect_superuser(installation.server, installation.authorities["ekbacka"].database_name)
    ) as superuser:
        return superuser.execute(
            "select id from ledger.inbox where event = 'alarm.read' and object = %s", (f"alarm:{alarm}",)
        ).rowcount


async def test_the_screen_answers_in_order(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren", "fall", location_code=12)
    text = (await olga.part(address(installation, alarm))).text
    headings = re.findall(r'<h2 id="(\w+)-heading">', text)
    assert headings == ["who", "where", "why", "danger", "keys", "send", "today"]
    for fact in (
        "Karin Holmgren", "19320103-••••", "finska", "Hörapparat", "Långsamt tal", "Lätt kognitiv svikt",
        "Blåklocksstigen 14 B", "3 tr", "2580", "Andra porten", "59.46012, 14.93145", "Fall", "Sovrum", "Trygg 4",
        "Hund i bostaden", "Två personer krävs", "Ring alltid dottern", "Blodförtunnande", "E417", "kod 4471",
        "Digitalt lås", "Anneli Holmgren", "070-174 06 33", "Centrum", "Ekbacka kommun",
    ):  # fmt: skip
        assert fact in text, fact
    assert re.search(r"Nattpatrullen Ekbacka|Hemtjänsten Centrum", text)


async def test_the_screen_is_complete_in_english(desk: Desk, installation: Installation) -> None:
    edith = await sign_in(desk, SETTINGS, installation, "edith")
    alarm = installation.raise_alarm("Karin Holmgren", "fall", location_code=12)
    text = (await edith.get(address(installation, alarm))).text
    assert '<html lang="en"' in text
    for word in ("Who", "Where", "Why", "Danger and care", "Keys", "Whom to send now", "Bedroom", "Take", "Life"):
        assert word in text, word
    for word in ("Vem", "Väntar", "Larmbord", "Mellanslag"):
        assert word not in text, word


@pytest.mark.parametrize(("level", "shown"), [(0, False), (1, False), (2, True)])
async def test_what_nobody_has_taken_for_too_long_says_whom_to_call(
    desk: Desk, olga: Browser, installation: Installation, level: int, shown: bool
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    installation.execute(
        "ekbacka",
        "with urged as (update alarm set escalation = %s, version = version + 1 where id = %s returning id)"
        " select announce_alarms(array_agg(id)) from urged",
        (level, alarm),
    )
    here = frozenset({installation.authorities["ekbacka"].id})
    wanted = f'data-escalation="{level}"' if level else str(alarm)

    def lines() -> str:
        return "".join(orjson.loads(card.wire["sv"])["html"] for card in desk.hub.cards(here, "sv"))

    await wait_until(lambda: wanted in lines())
    for text in (lines(), (await olga.part(address(installation, alarm))).text):
        assert ("08-465 004 56" in text) is shown
        assert ("Ring jouren" in text) is shown


async def test_everything_is_escaped(desk: Desk, olga: Browser, installation: Installation) -> None:
    _, person, _ = installation.people["Solveig Lindqvist"]
    authority = installation.authorities["ekbacka"]
    names = ("given_name", "street", "route", "care_notes", "key_box", "door_code", "hearing")
    sealed = sealed_anew(
        installation.server, authority, person, family_name="X", risks=[NASTY], **dict.fromkeys(names, NASTY)
    )
    with closing(connect_superuser(installation.server, authority.database_name)) as superuser:
        superuser.execute(
            f"update vaka.person set {', '.join(f'{name} = %({name})s' for name in sealed)} where id = %(id)s",
            {**sealed, "id": person.id},
        )
    alarm = installation.raise_alarm("Solveig Lindqvist", device_text=NASTY, location_text=NASTY, position_text=NASTY)
    where = address(installation, alarm)
    await listed(desk, installation, alarm)
    await olga.act(f"{where}/take")
    await olga.act(f"{where}/note", {"body": NASTY})
    pages = [await olga.get(where), await olga.get("/"), await olga.get(f"{where}?act=note")]
    ending = {"reason": "needs_help", "action": "none", "result": "arrived_and_helped", "text": NASTY}
    pages.append(await olga.act(f"{where}/close", ending | {"reason": "made_up"}))
    await olga.act(f"{where}/close", ending)
    pages += [await olga.get("/history"), await olga.get(where.replace("/alarm/", "/history/"))]
    pages.append(await olga.search("/history", {"from": "2026-01-01", "to": "2026-02-01", "text": NASTY[:100]}))
    for page in pages:
        assert page.status in (200, 400)
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "49" not in re.findall(r"alert\(1\)&gt;(\d+)", page.text)
    assert "&lt;script&gt;alert" in pages[0].text
    assert "&lt;script&gt;alert" in pages[1].text
    async with olga.stream() as stream:
        installation.raise_alarm("Solveig Lindqvist")
        event = await stream.next("all", "change")
        while not event.data["put"]:
            event = await stream.next("all", "change")
        assert "<script>alert" not in event.data["put"][0]["html"]
        assert "&lt;script&gt;" in event.data["put"][0]["html"]


async def test_opening_a_screen_is_recorded_and_its_refresh_is_not(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    for _ in range(3):
        await olga.part(where)
    assert readings(installation, alarm) == 1
    await emil.part(where)
    assert readings(installation, alarm) == 2
    await olga.act(f"{where}/take")
    assert readings(installation, alarm) == 2


async def test_the_queue_alone_is_no_reading(desk: Desk, olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, alarm)
    await olga.get("/")
    assert readings(installation, alarm) == 0


async def test_no_address_holds_anything_personal(desk: Desk, olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, alarm)
    text = (await olga.get(address(installation, alarm))).text
    for found in re.findall(r'(?:href|action|hx-get|hx-post|src)="([^"]*)"', text):
        assert re.fullmatch(r"/[a-z0-9./#?=-]*", found), found


async def test_a_protected_identity_is_not_named_in_the_queue(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    hidden = next(name for name, (_, person, _) in installation.people.items() if person.protected_identity)
    slug = installation.people[hidden][0]
    alarm = installation.raise_alarm(hidden)
    await listed(desk, installation, alarm)
    assert hidden not in (await olga.get("/")).text
    screen = (await olga.part(address(installation, alarm, slug))).text
    assert hidden in screen
    assert "Skyddad identitet: säg inte" in screen


async def test_an_unknown_sender_is_shown_as_such(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_unknown("66001")
    text = (await olga.part(address(installation, alarm, "mottagning"))).text
    assert "Okänd avsändare 66001" in text


async def test_in_each_class_people_we_know_come_first(desk: Desk, olga: Browser, installation: Installation) -> None:
    unknown = installation.raise_unknown("66003", ago=600)
    request = installation.raise_alarm("Gösta Öberg", "medicine", "request", ago=300)
    life = installation.raise_alarm("Karin Holmgren", "fall")
    await listed(desk, installation, unknown, request, life)
    everything = frozenset(authority.id for authority in installation.authorities.values())

    def order() -> list[UUID]:
        return [card.alarm for card in desk.hub.cards(everything, "sv") if card.section == "waiting"]

    assert order() == [life, unknown, request]
    # In somebody's hands it is an alarm like any other, and no longer bounded.
    await olga.act(f"{address(installation, unknown, 'mottagning')}/take")
    await wait_until(lambda: order() == [life, request])
    [held] = [card for card in desk.hub.cards(everything, "sv") if card.alarm == unknown]
    assert (held.section, held.stranger) == ("held", False)


async def test_a_sender_without_a_number_is_told_in_words(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    alarm = installation.raise_unknown("source:192.0.2.7")
    where = address(installation, alarm, "mottagning")
    told = "Okänd avsändare utan nummer, på 192.0.2.7"
    await listed(desk, installation, alarm)
    for page in (await olga.get("/"), await olga.part(where)):
        assert told in page.text
        assert "source:" not in page.text


async def test_what_a_role_may_not_see_is_not_said_to_be_missing(desk: Desk, installation: Installation) -> None:
    """Of this person address, key and contacts are registered."""
    tekla = await sign_in(desk, SETTINGS, installation, "tekla")
    text = (await tekla.part(address(installation, installation.raise_alarm("Karin Holmgren")))).text
    assert text.count("Visas inte för din roll.") == 5
    assert "registrerad." not in text
    unknown = (await tekla.part(address(installation, installation.raise_unknown("66002"), "mottagning"))).text
    assert "Visas inte för din roll." not in unknown
    assert "Ingen adress är registrerad." in unknown


async def test_acts_that_make_no_sense_now_are_not_offered(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    for act in ("close", "suspend", "hand-over", "release", "reopen", "adopt", "made-up", "<b>"):
        text = (await olga.part(f"{where}?act={act}")).text
        assert "act-form" not in text, act


async def test_the_open_alarm_goes_on_when_the_page_is_loaded_anew(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    page = await olga.get(address(installation, alarm))
    assert page.text.startswith("<!doctype html>")
    assert f'data-alarm="{alarm}"' in page.text
    assert 'id="queue"' in page.text

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What operators do, through the pages: the alarm changes, the answer shows it, and a conflict names who was first."""

import re
from uuid import UUID

import pytest

from tests.identities import blinded
from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS, emptied
from tests.web.furniture import Installation
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio

ENDING = {"reason": "needs_help", "action": "home_care", "result": "arrived_and_helped", "text": "Hjälpt upp."}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of the file's tests, as the desk belongs to it."""
    return "asyncio"


@pytest.fixture
async def desk(installation: Installation, open_for_all: Desk) -> Desk:
    return await emptied(open_for_all, installation)


def address(installation: Installation, alarm: UUID, slug: str = "ekbacka") -> str:
    """Where an alarm is."""
    return f"/alarm/{installation.authorities[slug].id}/{alarm}"


async def listed(desk: Desk, installation: Installation, *alarms: UUID) -> None:
    """Return when the queue knows these alarms."""
    everything = frozenset(one.id for one in installation.authorities.values())
    await wait_until(lambda: set(alarms) <= {card.alarm for card in desk.hub.cards(everything, "sv")})


async def answered(desk: Desk, installation: Installation, *alarms: UUID) -> None:
    """Return when the queue knows that these alarms have been answered."""
    everything = frozenset(one.id for one in installation.authorities.values())
    await wait_until(lambda: not set(alarms) & {card.alarm for card in desk.hub.takeable(everything, 50)})


def version_in(page: str) -> str:
    """The version an open form says the operator has seen."""
    return page.partition('name="version" value="')[2].partition('"')[0]


def target_in(form: str, alarm: UUID) -> str:
    """What the form says of a target: the alarm, and the version the operator has seen."""
    seen = form.partition(f'value="{alarm}@')[2].partition('"')[0]
    return f"{alarm}@{seen}"


async def test_take_and_close(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren", "fall")
    where = address(installation, alarm)
    taken = await olga.act(f"{where}/take")
    assert taken.status == 200
    assert 'data-state="taken"' in taken.text
    assert "Du har larmet" in taken.text
    assert taken.header("hx-push-url") == where
    form = await olga.part(f"{where}?act=close")
    assert 'value="needs_help"' in form.text
    assert 'form="act-form"' in form.text
    closed = await olga.act(f"{where}/close", ENDING)
    assert (closed.status, closed.header("hx-push-url")) == (200, "/")
    assert "Larmet är avslutat." in closed.text
    assert installation.state_of("ekbacka", alarm) == "closed"
    [row] = installation.execute("ekbacka", "select closing_reason, closed_by from alarm where id = %s", (alarm,))
    assert row == ("needs_help", f"account:{olga.account}")
    assert installation.closing_text("ekbacka", alarm) == "Hjälpt upp."


async def test_forms_work_without_scripts(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    answer = await olga.post(f"{where}/take")
    assert (answer.status, answer.header("location")) == (303, where)
    page = await olga.get(f"{where}?act=close")
    assert page.text.startswith("<!doctype html>")
    assert page.text.count('name="reason"') > 20
    answer = await olga.post(f"{where}/close", ENDING)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert installation.state_of("ekbacka", alarm) == "closed"


async def test_who_comes_second_is_told_calmly_who_was_first(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    assert (await emil.act(f"{where}/take")).status == 200
    answer = await olga.act(f"{where}/take")
    assert answer.status == 409
    assert "Emil Ekbacka var före." in answer.text
    assert "message-calm" in answer.text
    assert 'data-state="taken"' in answer.text
    assert "Emil Ekbacka har larmet" in answer.text


async def test_take_next_gives_each_a_different_one_and_says_when_nobody_waits(
    desk: Desk, olga: Browser, emil: Browser, installation: Installation
) -> None:
    first = installation.raise_alarm("Karin Holmgren", ago=50)
    second = installation.raise_alarm("Solveig Lindqvist", ago=10)
    await listed(desk, installation, first, second)
    assert f'data-alarm="{first}"' in (await olga.act("/take-next")).text
    # The list may still show the first one; the second operator is given the next.
    assert f'data-alarm="{second}"' in (await emil.act("/take-next")).text
    await answered(desk, installation, first, second)
    answer = await olga.act("/take-next")
    assert answer.status == 200
    assert "Ingen väntar just nu." in answer.text
    assert (await olga.post("/take-next")).status == 200


async def test_take_next_serves_life_before_requests_before_technical(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    technical = installation.raise_alarm("Dagny Berglund", "battery", "technical", ago=500)
    request = installation.raise_alarm("Solveig Lindqvist", "medicine", "request", ago=300)
    life = installation.raise_alarm("Karin Holmgren", ago=1)
    await listed(desk, installation, technical, request, life)
    for wanted in (life, request, technical):
        assert f'data-alarm="{wanted}"' in (await olga.act("/take-next")).text
        # Whoever asks twice in a moment is given the same again, not a second alarm.
        await answered(desk, installation, wanted)


async def test_lay_aside_and_take_up_again(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    assert "Larmet är lagt åt sidan" in (await olga.act(f"{where}/suspend", {"minutes": "10"})).text
    assert installation.state_of("ekbacka", alarm) == "suspended"
    assert 'data-state="taken"' in (await olga.act(f"{where}/resume")).text


@pytest.mark.parametrize("minutes", ["0", "241", "-5", "ten", "", "1.5"])
async def test_only_a_sensible_time_aside_is_accepted(olga: Browser, installation: Installation, minutes: str) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    assert (await olga.act(f"{where}/suspend", {"minutes": minutes})).status == 400
    assert installation.state_of("ekbacka", alarm) == "taken"


async def test_hand_over_to_a_colleague_who_takes_it(olga: Browser, emil: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    form = (await olga.part(f"{where}?act=hand-over")).text
    assert "Emil Ekbacka" in form
    assert "Nina Norrvik" not in form
    assert olga.account not in form.partition("act-form")[2]
    assert "erbjudet" in (await olga.act(f"{where}/hand-over", {"to": emil.account})).text
    screen = (await emil.part(where)).text
    assert "Olga Operatör lämnar över till dig" in screen
    assert 'data-state="taken"' in (await emil.act(f"{where}/take")).text


async def test_an_alarm_is_not_handed_to_somebody_of_another_authority(
    olga: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    answer = await olga.act(f"{where}/hand-over", {"to": str(installation.accounts["nina"])})
    assert answer.status == 400
    assert installation.state_of("ekbacka", alarm) == "taken"


async def test_put_back_rings_again_for_everybody(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    assert "Är du säker?" in (await olga.part(f"{where}?act=release")).text
    await olga.act(f"{where}/release")
    assert installation.state_of("ekbacka", alarm) == "presented"


async def test_a_note_is_kept_and_shown(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    answer = await olga.act(f"{where}/note", {"body": "Dottern är på väg.\nHar nyckel."})
    assert answer.status == 200
    assert "Dottern är på väg." in answer.text
    for body in ("", "   ", "x" * 2001):
        assert (await olga.act(f"{where}/note", {"body": body})).status == 400


async def test_what_the_device_took_back_is_read_and_closed(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    installation.withdraw("Karin Holmgren")
    where = address(installation, alarm)
    screen = (await olga.part(where)).text
    assert "Återtaget från enheten" in screen
    assert f"{where}/acknowledge" in screen
    assert "Läst och avslutat." in (await olga.act(f"{where}/acknowledge", {"version": version_in(screen)})).text
    assert installation.state_of("ekbacka", alarm) == "closed"


@pytest.mark.parametrize("fields", [{}, {"version": "0"}, {"version": "x"}, {"version": "99999999999"}])
async def test_nothing_is_acknowledged_without_saying_what_was_seen(
    olga: Browser, installation: Installation, fields: dict[str, str]
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    installation.withdraw("Karin Holmgren")
    assert (await olga.act(f"{address(installation, alarm)}/acknowledge", fields)).status == 400
    assert installation.state_of("ekbacka", alarm) == "withdrawn"


async def test_what_was_raised_and_taken_back_once_more_is_read_again(
    olga: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    installation.withdraw("Karin Holmgren")
    where = address(installation, alarm)
    seen = version_in((await olga.part(where)).text)
    assert installation.raise_alarm("Karin Holmgren") == alarm
    installation.withdraw("Karin Holmgren")
    answer = await olga.act(f"{where}/acknowledge", {"version": seen})
    assert answer.status == 409
    assert "Larmet har ändrats sedan du såg det. Inget har gjorts." in answer.text
    assert installation.state_of("ekbacka", alarm) == "withdrawn"
    again = await olga.act(f"{where}/acknowledge", {"version": version_in(answer.text)})
    assert "Läst och avslutat." in again.text


async def test_a_press_nobody_has_seen_is_not_closed_with_the_others(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    seen = version_in((await olga.part(f"{where}?act=close")).text)
    assert installation.raise_alarm("Karin Holmgren", "smoke") == alarm
    answer = await olga.act(f"{where}/close", ENDING | {"version": seen})
    assert answer.status == 409
    assert "Larmet har ändrats sedan du såg det." in answer.text
    # The form is as it was filled in, about the alarm as it now is.
    assert "Hjälpt upp." in answer.text
    assert answer.text.count("checked") == 3
    assert installation.state_of("ekbacka", alarm) == "taken"
    again = await olga.act(f"{where}/close", ENDING | {"version": version_in(answer.text)})
    assert "Larmet är avslutat." in again.text


async def test_two_alarms_that_are_one(olga: Browser, installation: Installation) -> None:
    mine = installation.raise_alarm("Karin Holmgren")
    other = installation.raise_alarm("Karin Holmgren", "medicine", "request")
    where = address(installation, other)
    assert "Ta först" in (await olga.part(f"{where}?act=merge")).text
    await olga.act(f"{address(installation, mine)}/take")
    form = (await olga.part(f"{where}?act=merge")).text
    into = target_in(form, mine)
    # Something comes while the form stands open: neither is made part of the other unseen.
    installation.raise_alarm("Karin Holmgren")
    refused = await olga.act(f"{where}/merge", {"into": into, "version": version_in(form)})
    assert (refused.status, installation.state_of("ekbacka", other)) == (409, "received")
    assert "Larmet har ändrats sedan du såg det." in refused.text
    form = (await olga.part(f"{where}?act=merge")).text
    into = target_in(form, mine)
    assert "ingår nu" in (await olga.act(f"{where}/merge", {"into": into, "version": version_in(form)})).text
    assert installation.state_of("ekbacka", other) == "merged"
    there = (await olga.part(address(installation, mine))).text
    assert "Ingår också i larmet" in there
    assert address(installation, other) in there
    assert "Ett annat larm fördes samman med det här" in there


@pytest.mark.parametrize("into", ["x", "0" * 36, f"{UUID(int=1)}@", f"{UUID(int=1)}@0", f"{UUID(int=1)}@9999999999"])
async def test_a_target_that_is_none(olga: Browser, installation: Installation, into: str) -> None:
    where = address(installation, installation.raise_alarm("Karin Holmgren"))
    assert (await olga.act(f"{where}/merge", {"into": into})).status == 400


async def test_a_life_alarm_does_not_go_into_a_technical_one(olga: Browser, installation: Installation) -> None:
    battery = installation.raise_alarm("Karin Holmgren", "battery", "technical")
    life = installation.raise_alarm("Karin Holmgren", "fall")
    await olga.act(f"{address(installation, battery)}/take")
    where = address(installation, life)
    form = (await olga.part(f"{where}?act=merge")).text
    assert 'name="into"' not in form
    # Without anything to choose the space bar leads back.
    assert "För samman <kbd>" not in form
    assert f'data-primary href="{where}"' in form
    refused = await olga.act(f"{where}/merge", {"into": str(battery)})
    assert refused.status == 409
    assert "mer brådskande" in refused.text
    assert installation.state_of("ekbacka", life) == "received"


async def test_somebody_elses_alarm_is_offered_when_asked_for(olga: Browser, installation: Installation) -> None:
    karin, solveig = (installation.raise_alarm(name) for name in ("Karin Holmgren", "Solveig Lindqvist"))
    await olga.act(f"{address(installation, karin)}/take")
    where = address(installation, solveig)
    form = (await olga.part(f"{where}?act=merge")).text
    assert 'name="into"' not in form
    assert "?act=merge&amp;all=1" in form
    wider = (await olga.part(f"{where}?act=merge&all=1")).text
    assert f'value="{karin}@' in wider
    assert "någon annans" in wider


async def test_a_closed_alarm_can_be_opened_again(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    await olga.act(f"{where}/close", ENDING)
    assert "Larmet blir ditt" in (await olga.part(f"{where}?act=reopen")).text
    assert 'data-state="taken"' in (await olga.act(f"{where}/reopen")).text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reason": "made_up"}, 400), ({"reason": ""}, 400), ({"reason": "Needs Help"}, 400),
        ({"text": "x" * 2001}, 400), ({"surprise": "1"}, 400),
    ],
)  # fmt: skip
async def test_a_closing_that_makes_no_sense_changes_nothing(
    olga: Browser, installation: Installation, change: dict[str, str], status: int
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    answer = await olga.act(f"{where}/close", ENDING | change)
    assert answer.status == status
    assert installation.state_of("ekbacka", alarm) == "taken"


async def test_what_was_filled_in_survives_a_refusal(olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    await olga.act(f"{where}/take")
    answer = await olga.act(f"{where}/close", ENDING | {"reason": "made_up", "text": "Hon är trött."})
    assert "Hon är trött." in answer.text
    assert 'value="home_care" required' in answer.text.replace("\n", " ")
    assert answer.text.count("checked") == 2


@pytest.mark.parametrize(
    "body",
    [b"reason=%ff%fe", b"reason=a&reason=b", b"&".join(b"a%d=1" % n for n in range(500)), b"reason", b"\x00\x01"],
)
async def test_a_form_that_is_none_is_refused_in_words(olga: Browser, installation: Installation, body: bytes) -> None:
    where = address(installation, installation.raise_alarm("Karin Holmgren"))
    headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
    plain = headers | {"content-type": "application/x-www-form-urlencoded"}
    answer = await olga.send("POST", f"{where}/close", plain, body)
    assert answer.status == 400
    assert "Inget har ändrats" in answer.text
    for other in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        assert (await olga.send("POST", f"{where}/close", headers | {"content-type": other}, body)).status == 400


async def test_a_mass_event_ends_together(desk: Desk, installation: Installation) -> None:
    lena = await sign_in(desk, SETTINGS, installation, "lena")
    technical = [installation.raise_alarm(name, "link", "technical") for name in ("Karin Holmgren", "Elsa Nyström")]
    life = installation.raise_alarm("Solveig Lindqvist")
    await listed(desk, installation, *technical, life)
    page = (await lena.part("/bulk")).text
    assert all(str(alarm) in page for alarm in technical)
    assert str(life) not in page
    here = str(installation.authorities["ekbacka"].id)
    fields = [("authority", here), *(("alarm", str(alarm)) for alarm in technical), *(ENDING | {"text": ""}).items()]
    refused = await lena.act("/bulk", [*fields, ("alarm", str(life))])
    assert refused.status == 400
    assert "Bara tekniska larm" in refused.text
    answer = await lena.act("/bulk", fields)
    assert "2 larm avslutade, 0 lämnade." in answer.text
    assert [installation.state_of("ekbacka", alarm) for alarm in technical] == ["closed", "closed"]
    assert installation.state_of("ekbacka", life) in ("received", "presented")


async def test_an_unknown_sender_is_registered(desk: Desk, installation: Installation) -> None:
    lena = await sign_in(desk, SETTINGS, installation, "lena")
    alarm = installation.raise_unknown("77001")
    where = address(installation, alarm, "mottagning")
    await lena.act(f"{where}/take")
    form = (await lena.part(f"{where}?act=adopt")).text
    assert "Ekbacka kommun" in form
    assert "77001" in form
    ekbacka = str(installation.authorities["ekbacka"].id)
    short = await lena.act(f"{where}/adopt", {"authority": ekbacka, "reason": "ny"})
    assert short.status == 400
    answer = await lena.act(f"{where}/adopt", {"authority": ekbacka, "reason": "Ny larmenhet, väntar på behörighet"})
    assert "Avsändaren är registrerad." in answer.text
    assert installation.state_of("mottagning", alarm) == "closed"
    assert installation.execute("ekbacka", "select count(*) from device where sender = %s", [blinded("77001")]) == [
        (1,)
    ]


async def test_unknown_senders_are_closed_together_with_a_reason(
    desk: Desk, installation: Installation, olga: Browser
) -> None:
    lena = await sign_in(desk, SETTINGS, installation, "lena")
    here = installation.authorities["mottagning"].id
    first, second, taken = (installation.raise_unknown(f"6600{number}") for number in range(3))
    known = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, first, second, taken, known)
    await olga.act(f"{address(installation, taken, 'mottagning')}/take")
    page = (await lena.part(f"/bulk?authority={here}")).text
    assert "Okänd avsändare 66000" in page
    assert "Bakom en okänd avsändare kan någon behöva hjälp." in page
    assert str(known) not in page
    assert str(taken) not in page
    seen = dict(re.findall(r'name="alarm" value="([0-9a-f-]{36})@(\d+)"', page))
    assert set(seen) == {str(first), str(second)}
    chosen = [("alarm", f"{first}@{seen[str(first)]}"), ("alarm", f"{second}@99"), ("alarm", str(taken))]
    fields = [("authority", str(here)), *chosen, *(ENDING | {"text": "kort"}).items()]
    refused = await lena.act("/bulk", fields)
    assert refused.status == 400
    assert "Skriv varför" in refused.text
    assert installation.state_of("mottagning", first) != "closed"
    answer = await lena.act("/bulk", [*fields[:-1], ("text", "Ett angrepp från ett enda nät, kontrollerat.")])
    # The second is not as it was on the page, and the third somebody has taken.
    assert "1 larm avslutat, 2 lämnade." in answer.text
    states = [installation.state_of("mottagning", one) for one in (first, second, taken)]
    assert states[0::2] == ["closed", "taken"]
    assert states[1] != "closed"
    # Nowhere else do life alarms go that way, whoever sends them.
    elsewhere = [("authority", str(installation.authorities["ekbacka"].id)), ("alarm", str(known)), *ENDING.items()]
    assert (await lena.act("/bulk", elsewhere)).status == 400
    assert installation.state_of("ekbacka", known) != "closed"

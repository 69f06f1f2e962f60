# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A desk while the keyholder is gone or hangs: alarms are shown, answered and closed; who is locked is said plainly."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.waiting import PATIENCE_SECONDS, wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation, open_installation
from tests.web.test_acts import address
from vaka.clock import SystemClock
from vaka.keys import keyring
from vaka.web import following
from vaka.web.desk.desk import Desk
from vaka.web.desk.opening import open_desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]
ENDING = {"reason": "needs_help", "action": "none", "result": "arrived_and_helped", "text": "Hjälpt upp."}
LOCKED = "går inte att låsa upp just nu"
REFUSED = "har ändrats utanför Vaka, eller så har en gammal kopia lagts tillbaka"
TEXT_LOCKED = "Texten är låst just nu."


@pytest.fixture(scope="module")
def furnished() -> Iterator[Installation]:
    """An installation whose keyholder these tests may stop."""
    with open_installation() as installation:
        yield installation


@pytest.fixture
async def desk(furnished: Installation, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A desk that has fetched nobody's key yet, and looks again soon."""
    furnished.close_everything()
    monkeypatch.setattr(following, "SOON_SECONDS", 0.5)
    monkeypatch.setattr(following, "QUIET_SECONDS", 0.5)
    monkeypatch.setattr(keyring, "PAUSE_SECONDS", 0.5)
    async with open_desk(furnished.server, SETTINGS, SystemClock()) as desk:
        # Names are read once at the start; that keeps keys, and these tests are about those that are not there.
        for authority in desk.gateway.authorities:
            await desk.people.find(authority.id, ["nobody"], protected=False)
        desk.keyring.forget()
        yield desk


@pytest.fixture
async def olga(desk: Desk, furnished: Installation) -> Browser:
    return await sign_in(desk, SETTINGS, furnished, "olga")


@pytest.fixture(params=[signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def away(request: pytest.FixtureRequest, desk: Desk, furnished: Installation) -> Iterator[None]:
    """The keyholder is away during the test, and back afterwards."""
    furnished.keyholder.send_signal(request.param)
    if request.param is signal.SIGKILL:
        furnished.keyholder.wait(PATIENCE_SECONDS)
    yield
    furnished.restore_keyholder()


def line_of(desk: Desk, furnished: Installation, alarm: UUID) -> str:
    """What the queue shows of an alarm; nothing before it does."""
    here = frozenset({furnished.authorities["ekbacka"].id})
    lines = {card.alarm: card.line("sv", named=True).decode() for card in desk.hub.cards(here, "sv", named=here)}
    return lines.get(alarm, "")


async def until(condition: Callable[[], object]) -> None:
    await wait_until(lambda: bool(condition()))


async def test_an_alarm_is_shown_answered_and_closed_without_the_keyholder(
    away: None, desk: Desk, olga: Browser, furnished: Installation
) -> None:
    alarm = furnished.raise_alarm("Karin Holmgren", device_text="Knapp i sängkammaren", position_text="59.33,18.06")
    await until(lambda: line_of(desk, furnished, alarm))
    assert "Person, namnet är låst just nu" in line_of(desk, furnished, alarm)
    assert "Holmgren" not in line_of(desk, furnished, alarm)
    where = address(furnished, alarm)
    page = await olga.part(where)
    assert page.status == 200
    assert LOCKED in page.text
    assert "Vad enheten sade går inte att låsa upp just nu." in page.text
    assert "sängkammaren" not in page.text
    assert (await olga.act(f"{where}/take")).status == 200
    assert (await olga.act(f"{where}/note", {"body": "Dottern är på väg."})).status == 200
    assert TEXT_LOCKED in (await olga.part(where)).text
    assert furnished.state_of("ekbacka", alarm) == "taken"
    assert (await olga.act(f"{where}/close", ENDING)).status == 200
    assert furnished.state_of("ekbacka", alarm) == "closed"
    history = await olga.get("/history")
    assert history.status == 200
    assert "Person, namnet är låst just nu" in history.text
    assert TEXT_LOCKED in history.text
    record = f"/history/{furnished.authorities['ekbacka'].id}/{alarm}"
    ended = await olga.get(record)
    assert ended.status == 200
    assert ended.text.count(TEXT_LOCKED) >= 2, "the ending and the note"
    # When the keyholder is back, everything that was said and written meanwhile can be read.
    waiting = furnished.raise_alarm("Solveig Lindqvist")
    furnished.restore_keyholder()
    await until(lambda: "Solveig Lindqvist" in line_of(desk, furnished, waiting))
    told = (await olga.get(record)).text
    for word in ("Knapp i sängkammaren", "59.33,18.06", "Dottern är på väg.", "Hjälpt upp.", "Karin Holmgren"):
        assert word in told, word
    assert "låst just nu" not in told
    assert "Hjälpt upp." in (await olga.get("/history")).text


async def test_whose_key_is_held_is_shown_all_the_same(desk: Desk, olga: Browser, furnished: Installation) -> None:
    alarm = furnished.raise_alarm("Karin Holmgren")
    await until(lambda: "Holmgren" in line_of(desk, furnished, alarm))
    furnished.keyholder.kill()
    furnished.keyholder.wait(PATIENCE_SECONDS)
    try:
        page = await olga.part(address(furnished, alarm))
        assert "Blåklocksstigen 14 B" in page.text
        assert LOCKED not in page.text
    finally:
        furnished.restore_keyholder()


async def test_names_come_back_by_themselves(desk: Desk, olga: Browser, furnished: Installation) -> None:
    furnished.keyholder.kill()
    furnished.keyholder.wait(PATIENCE_SECONDS)
    alarm = furnished.raise_alarm("Karin Holmgren")
    try:
        await until(lambda: "låst just nu" in line_of(desk, furnished, alarm))
    finally:
        furnished.restore_keyholder()
    await until(lambda: "Karin Holmgren" in line_of(desk, furnished, alarm))
    page = await olga.part(address(furnished, alarm))
    assert "Blåklocksstigen 14 B" in page.text


async def test_a_row_that_was_changed_is_locked_and_the_alarm_is_shown(
    desk: Desk, olga: Browser, furnished: Installation
) -> None:
    """Somebody put one person's sealed address into another's row: nobody is sent to the wrong door."""
    _, karin, _ = furnished.people["Karin Holmgren"]
    _, solveig, _ = furnished.people["Solveig Lindqvist"]
    database = furnished.authorities["ekbacka"].database_name
    with closing(connect_superuser(furnished.server, database)) as superuser:
        before = superuser.execute("select street from vaka.person where id = %s", (solveig.id,)).fetchone()
        assert before is not None
        superuser.execute(
            "update vaka.person set street = (select street from vaka.person where id = %s) where id = %s",
            (karin.id, solveig.id),
        )
        try:
            alarm = furnished.raise_alarm("Solveig Lindqvist")
            await until(lambda: "Solveig Lindqvist" in line_of(desk, furnished, alarm))
            page = await olga.part(address(furnished, alarm))
            assert REFUSED in page.text
            assert "Blåklocksstigen" not in page.text
            # Nothing is said to be missing that is only refused; everything else is there, and the alarm is answered.
            assert "Ingen adress är registrerad" not in page.text
            assert (LOCKED in page.text, "Solveig Lindqvist" in page.text) == (False, True)
            assert (await olga.act(f"{address(furnished, alarm)}/take")).status == 200
        finally:
            superuser.execute("update vaka.person set street = %s where id = %s", (before["street"], solveig.id))

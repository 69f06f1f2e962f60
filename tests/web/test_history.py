# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking back: only one's own authorities, nothing personal in an address, page after page."""

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.identities import blinded
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS, emptied
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE
from vaka.web.desk import history
from vaka.web.desk.desk import Desk
from vaka.web.questions import QuestionGoneError

pytestmark = pytest.mark.anyio

TODAY = SystemClock().now().date()
DAYS = {"from": str(TODAY - timedelta(days=2)), "to": str(TODAY + timedelta(days=1)), "authority": "", "text": ""}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of the file's tests, as the desk belongs to it."""
    return "asyncio"


@pytest.fixture
async def desk(installation: Installation, open_for_all: Desk) -> Desk:
    return await emptied(open_for_all, installation)


async def closed(browser: Browser, installation: Installation, name: str, text: str = "", **more: object) -> UUID:
    """An alarm that has been handled."""
    alarm = installation.raise_alarm(name, **more)  # type: ignore[arg-type]
    where = address(installation, alarm, installation.people[name][0])
    assert (await browser.act(f"{where}/take")).status == 200
    assert (await browser.act(f"{where}/close", ENDING | {"text": text})).status == 200
    return alarm


async def all_pages(browser: Browser, fields: dict[str, str]) -> list[str]:
    """The alarms on every page of a search, in the order they are shown."""
    seen: list[str] = []
    for _ in range(50):
        page = (await browser.search("/history", fields)).text
        seen += [link[37:73] for link in page.split('href="/history/')[1:]]
        before = page.partition('name="before" value="')[2].partition('"')[0]
        if not before:
            return seen
        fields = fields | {"before": before}
    raise AssertionError("the pages have no end")


def recorded(installation: Installation, event: str, persona: str, slug: str = "ekbacka") -> list[tuple[str, Any]]:
    """What an authority's ledger says that somebody did, oldest first."""
    database = installation.authorities[slug].database_name
    with closing(connect_superuser(installation.server, database)) as superuser:
        rows = superuser.execute(
            "select object, detail from ledger.inbox where event = %s and actor = %s order by id",
            (event, f"account:{installation.accounts[persona]}"),
        ).fetchall()
    return [(row["object"], row["detail"]) for row in rows]


async def test_what_was_closed_is_found_by_those_who_may(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    here = await closed(olga, installation, "Karin Holmgren")
    there = await closed(olga, installation, "Bertil Åström")
    everything, ekbacka = (await olga.get("/history")).text, (await emil.get("/history")).text
    assert str(here) in everything
    assert str(there) in everything
    assert str(here) in ekbacka
    assert str(there) not in ekbacka
    assert "Behöver hjälp · Hemtjänst" in ekbacka
    assert "Olga Operatör" in ekbacka


async def test_searching_by_name_or_sender_is_posted(olga: Browser, installation: Installation) -> None:
    mark = uuid4().hex
    found = await closed(olga, installation, "Karin Holmgren", sender=mark)
    other = await closed(olga, installation, "Solveig Lindqvist")
    for text in (mark, "holmgren"):
        answer = await olga.search("/history", DAYS | {"text": text})
        assert str(found) in answer.text
        assert str(other) not in answer.text
    assert "1 larm" in (await olga.search("/history", DAYS | {"text": mark})).text
    assert "Inget larm stämmer" in (await olga.search("/history", DAYS | {"text": uuid4().hex})).text
    sent = await olga.post("/history", DAYS | {"text": mark})
    assert sent.status == 303
    assert mark not in sent.header("location")
    # A name in an address would end in logs and histories: it is not read from there.
    assert str(other) in (await olga.get(f"/history?text={mark}")).text


async def test_what_operators_wrote_is_shown_and_not_searched(olga: Browser, installation: Installation) -> None:
    """It is sealed in letters; no database searches those, and the page says what it searches."""
    mark = uuid4().hex
    alarm = await closed(olga, installation, "Karin Holmgren", f"Letade efter {mark}")
    listed = (await olga.get("/history")).text
    assert f"Letade efter {mark}" in listed
    assert "Namn eller avsändare" in listed
    assert str(alarm) not in (await olga.search("/history", DAYS | {"text": mark})).text


async def test_what_was_searched_for_is_kept_for_who_searched_and_not_for_long(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    """The address is a number. It means something to one session alone, as long as that lasts (term 11, proof 5)."""
    found = str(await closed(olga, installation, "Karin Holmgren"))
    edith = await sign_in(desk, SETTINGS, installation, "edith")
    again = await sign_in(desk, SETTINGS, installation, "edith")
    where = (await edith.post("/history", DAYS | {"text": "Holmgren"})).header("location")
    for _ in range(2):
        assert found in (await edith.get(where)).text
    for other in (olga, again):
        assert (await other.get(where)).status == 404
    for wrong in ("/history/found/1", f"/history/found/{uuid4()}"):
        assert (await edith.get(wrong)).status == 404
    answer = await edith.post("/sign-out")
    assert (answer.status, answer.header("clear-site-data"), answer.header("cache-control")) == (
        303,
        '"cache"',
        "no-store",
    )
    assert (await edith.get(where)).status == 303
    number = UUID(where.rpartition("/")[2])
    with pytest.raises(QuestionGoneError):
        desk.searches.find(_session_of(installation, edith), number)


def _session_of(installation: Installation, browser: Browser) -> UUID:
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as platform:
        row = platform.execute(
            "select id from vaka.session where account_id = %s and ended_at is not null order by ended_at desc limit 1",
            (browser.account,),
        ).fetchone()
    assert row is not None
    return UUID(str(row["id"]))


async def test_an_authority_can_be_chosen_if_it_is_ones_own(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    here = await closed(olga, installation, "Karin Holmgren")
    there = await closed(olga, installation, "Bertil Åström")
    norrvik = str(installation.authorities["norrvik"].id)
    answer = await olga.search("/history", DAYS | {"authority": norrvik})
    assert str(there) in answer.text
    assert str(here) not in answer.text
    assert (await emil.search("/history", DAYS | {"authority": norrvik})).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"from": ""}, {"from": "yesterday"}, {"from": "2026-13-01"},
        {"authority": "x"}, {"text": "x" * 101}, {"before": "soon"}, {"before": "2026-01-01T00:00:00"}, {"more": "1"},
        {"before": f"0001-01-01T00:00:00+14:00 {UUID(int=1)}"}, {"before": f"9999-12-31T23:59:59-14:00 {UUID(int=1)}"},
        {"before": "2026-01-01T00:00:00+00:00 x"}, {"before": f"2026-01-01T00:00:00 {UUID(int=1)}"},
    ],
)  # fmt: skip
async def test_a_search_that_makes_no_sense_is_refused_in_words(olga: Browser, change: dict[str, str]) -> None:
    answer = await olga.search("/history", DAYS | change)
    assert answer.status == 400
    assert "Inget har ändrats" in answer.text


@pytest.mark.parametrize(
    ("first_day", "last_day", "says"),
    [
        ("2026-05-02", "2026-05-01", "Den första dagen ligger efter den sista"),
        ("2024-01-01", "2025-12-31", "Högst 366 dagar kan sökas i taget"),
        ("1999-12-31", "2000-01-01", "Välj dagar från 2000-01-01 till "),
        ("0001-01-01", "0001-01-02", "Välj dagar från 2000-01-01 till "),
        ("2026-01-01", "9999-12-31", "Välj dagar från 2000-01-01 till "),
        ("9999-12-31", "9999-12-31", "Välj dagar från 2000-01-01 till "),
    ],
)
async def test_days_that_cannot_be_searched_are_answered_in_words_and_stay_in_the_form(
    olga: Browser, installation: Installation, first_day: str, last_day: str, says: str
) -> None:
    searched = recorded(installation, "history.searched", "olga")
    answer = await olga.search("/history", {"from": first_day, "to": last_day, "text": "Sök <detta>"})
    assert answer.status == 400
    assert says in answer.text
    for kept in (f'value="{first_day}"', f'value="{last_day}"', 'value="Sök &lt;detta&gt;"'):
        assert kept in answer.text
    assert recorded(installation, "history.searched", "olga") == searched, "nothing was searched"


async def test_what_was_closed_in_one_moment_in_two_authorities_is_all_on_the_pages(
    olga: Browser, installation: Installation
) -> None:
    mark = uuid4().hex
    wanted: set[str] = set()
    for slug, count in (("ekbacka", 40), ("norrvik", 32)):
        rows = installation.execute(
            slug,
            "insert into alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at,"
            " closed_at, closed_by)"
            " select gen_random_uuid(), 'technical', 'link', 'link', 'closed', gen_random_uuid() || ':test',"
            " %s, now(), now(),"
            " date_trunc('hour', now()) - interval '1 hour', 'scheduler' from generate_series(1, %s) returning id",
            (blinded(mark), count), "scheduler",
        )  # fmt: skip
        wanted |= {str(alarm) for (alarm,) in rows}
    seen = await all_pages(olga, DAYS | {"text": mark})
    assert len(seen) == 72
    assert set(seen) == wanted


@pytest.mark.parametrize("persona", ["greta", "tekla"])
async def test_who_may_not_read_of_people_sees_no_name_and_no_text(
    desk: Desk, olga: Browser, installation: Installation, persona: str
) -> None:
    mark = uuid4().hex
    alarm = str(await closed(olga, installation, "Karin Holmgren", f"Diagnos {mark}"))
    reader = await sign_in(desk, SETTINGS, installation, persona)
    listed = (await reader.get("/history")).text
    assert alarm in listed
    assert "Person, namnet visas inte" in listed
    for secret in ("Karin", "Holmgren", mark, installation.people["Karin Holmgren"][2].sender):
        assert secret not in listed, secret
    for text in ("Karin", "holmgren", mark):
        assert alarm not in (await reader.search("/history", DAYS | {"text": text})).text, text
    # A device can be searched for; whose it is does not show.
    by_sender = (await reader.search("/history", DAYS | {"text": installation.people["Karin Holmgren"][2].sender})).text
    assert alarm in by_sender
    assert "Karin" not in by_sender


async def test_a_search_and_a_list_with_names_are_recorded(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    await closed(olga, installation, "Karin Holmgren")
    listed, searched = (recorded(installation, event, "olga") for event in ("history.listed", "history.searched"))
    word = uuid4().hex
    await olga.get("/history")
    await olga.search("/history", DAYS | {"text": word})
    about = f"authority:{installation.authorities['ekbacka'].id}"
    [(was_about, facts)] = recorded(installation, "history.listed", "olga")[len(listed) :]
    assert was_about == about
    assert int(str(facts["found"])) >= 1
    # Nothing found is an answer too. What was looked for may be a name: it is not kept.
    assert recorded(installation, "history.searched", "olga")[len(searched) :] == [
        (about, {"found": 0, "named": True, "by_text": True})
    ]
    greta = await sign_in(desk, SETTINGS, installation, "greta")
    before = recorded(installation, "history.searched", "greta")
    await greta.get("/history")
    await greta.search("/history", DAYS)
    assert recorded(installation, "history.listed", "greta") == []
    [(_, facts)] = recorded(installation, "history.searched", "greta")[len(before) :]
    assert (facts["named"], facts["by_text"]) == (False, False)


async def test_pages_follow_one_another_without_gap(
    olga: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid4().hex
    wanted = {str(await closed(olga, installation, "Karin Holmgren", sender=mark)) for _ in range(5)}
    monkeypatch.setattr(history, "PAGE_ROWS", 2)
    seen = await all_pages(olga, DAYS | {"text": mark})
    assert len(seen) == 5
    assert set(seen) == wanted


async def test_a_record_is_read_afterwards(olga: Browser, emil: Browser, installation: Installation) -> None:
    alarm = await closed(olga, installation, "Karin Holmgren", "Hade glidit ur sängen.")
    record = f"/history/{installation.authorities['ekbacka'].id}/{alarm}"
    text = (await emil.get(record)).text
    for fact in ("Behöver hjälp · Hemtjänst · På plats och hjälpt", "Hade glidit ur sängen.", "Olga Operatör", "Taget"):
        assert fact in text, fact
    foreign = await closed(olga, installation, "Bertil Åström")
    assert (await emil.get(f"/history/{installation.authorities['norrvik'].id}/{foreign}")).status == 404
    still_open = installation.raise_alarm("Karin Holmgren")
    assert (await emil.get(f"/history/{installation.authorities['ekbacka'].id}/{still_open}")).status == 404

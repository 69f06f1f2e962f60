# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A reviewer at a municipality finds by herself which terms are red and why, who holds administrator rights, the last
restore test, what vulnerability is open, and how to ask for an audit. No address is typed.

The walk follows links and headings by the words that stand on the page, from the page that signing in leads to.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from playwright.sync_api import Page, expect

from tests.access.register import Register
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.cases.house import House as Cases
from tests.platform import platform_as
from tests.registers.house import House as Registers
from vaka.assurance.evidence import Found, Look, enter_look
from vaka.assurance.terms import find_requirements, load_terms
from vaka.errors import Sentence
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.web.texts import Language
from vaka.web.times import whole_minute

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
SIZES = ((1366, 768), (1920, 1080))
TITLE = "Sårbar tolk i webbservern"
ASK = re.compile("hur ni ber om underlag, besök eller revision|how to ask for evidence, a visit or an audit")
"""How one comes to ask for an audit, from the board."""


@pytest.fixture(scope="module", autouse=True)
def drilled(furnished_house: House) -> datetime:
    """Something fails, a restore test was made days ago, and a vulnerability is open: before there is a browser, whose
    loop bars every other. Return when the restore test was made.
    """
    installation = furnished_house.installation
    now, ekbacka = datetime.now(UTC), installation.authorities["ekbacka"]
    at = now - timedelta(days=9)
    drill = Entry(
        Event.COMMAND_RUN, "setup:uid-0", at, "command:backup.drill",
        detail={"good": True, "took_seconds": 1500, "lost_seconds": 240},
    )  # fmt: skip

    async def arrange() -> None:
        requirements = find_requirements(load_terms())
        async with platform_as(installation.server, "scheduler") as scheduler:
            await enter_look(scheduler, requirements["left-open"], Look([Found(ekbacka.id, "open", 3)]), now)
            await enter_look(scheduler, requirements["restore-drill"], Look([Found(None)]), now)
        async with platform_as(installation.server, "setup") as setup, setup.transaction():
            await append(setup, drill)
        register = Register(installation.server, ekbacka, now)
        admin = await Registers(installation.server, lambda: now).administrator()
        await Cases(register, register, admin).open(register, kind="vulnerability", title=TITLE)

    asyncio.run(arrange())
    return at


class Walk:
    """Somebody who reads what stands on the page and follows it."""

    def __init__(self, page: Page, language: Language, drilled: datetime) -> None:
        self.page, self.drilled = page, drilled
        self._language = language

    def say(self, sv: str, en: str) -> str:
        """Return the words in the language of the walk."""
        return Sentence(sv, en).in_language(self._language)

    def arrive(self, sv: str, en: str) -> None:
        """The page says what it is, can be read by all, and fits at both sizes."""
        heading = self.page.get_by_role("heading", level=1)
        expect(heading).to_contain_text(self.say(sv, en))
        require_accessible(self.page, en)
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            assert not scrolls(self.page)[0], (en, width)

    def follow(self, sv: str, en: str) -> None:
        """Follow what the head of the page leads to."""
        self.page.get_by_role("link", name=self.say(sv, en), exact=True).first.click()

    def open_term(self, number: int) -> None:
        """Open the evidence of a term on the board."""
        self.page.locator("summary", has_text=re.compile(rf"\b{number}$")).click()


def which_terms_are_red(walk: Walk) -> None:
    """With the reason and whose turn it is; from there to the evidence, and what the words mean."""
    walk.follow("Villkoren", "The terms")
    walk.arrive("Hur de 37 villkoren står sig", "How the 37 terms stand")
    page = walk.page
    expect(page.get_by_role("heading", name=walk.say("Det som brister nu", "What fails now"))).to_be_visible()
    failing = page.locator("#failing + ul > li")
    assert failing.count() >= 1
    for line in failing.all():
        expect(line).to_contain_text(re.compile(r"^\s*\d+\. .+: .+\. .*(Vems tur|Whose turn): \w+"))
    link = failing.first.get_by_role("link")
    number = int(link.inner_text().split(".")[0])
    link.click()
    walk.open_term(number)
    tile = page.locator(f"#term-{number}")
    expect(tile.locator(".badge-failing").first).to_be_visible()
    expect(tile.locator(".evidence li").first).to_be_visible()
    page.get_by_text(walk.say("Vad orden betyder", "What the words mean")).click()
    expect(page.get_by_text(walk.say("Räknas aldrig som uppfyllt.", "It never counts as met."))).to_be_visible()
    require_accessible(page, "opened")


def the_last_restore_test(walk: Walk) -> None:
    """On the board, under backup and restore: the day on which a copy was restored, not that on which it was seen; and
    the same beside its evidence.
    """
    page = walk.page
    name = re.compile(walk.say("Säkerhetskopiering och återställning", "Backup and restore"))
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    made = whole_minute(walk.drilled)
    line = page.locator(
        "#term-24 #backups div", has_text=walk.say("Senaste återläsningsprovet", "The last restore test")
    )
    expect(line.locator("dd")).to_have_text(made)
    walk.open_term(24)
    line = page.locator("#term-24 li", has_text=walk.say("En kopia har återställts", "A backup has been restored"))
    expect(line).to_contain_text(walk.say("Uppfyllt", "Met"))
    expect(line).to_contain_text(walk.say(f"Själva provet gjordes {made}", f"The test itself was made {made}"))
    expect(line).to_contain_text(re.compile(r"(Sågs senast|Last looked at) \d{4}-\d\d-\d\d \d\d:\d\d"))


def who_holds_administrator_rights(walk: Walk) -> None:
    """By name, with since when."""
    walk.follow("Behörigheter", "Access")
    walk.follow("Administratörer", "Administrators")
    walk.arrive("Vem som har administratörsrättigheter", "Who holds administrator rights")
    for name in ("Adam Administratör", "Ada Administrator"):
        row = walk.page.get_by_role("row").filter(has=walk.page.get_by_role("link", name=name)).first
        expect(row).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))


def what_vulnerability_is_open(walk: Walk) -> None:
    """How many, which, how long the supplier has known, and what is done; it can be taken away as a document."""
    walk.follow("Incidenter och sårbarheter", "Incidents and vulnerabilities")
    walk.arrive("Incidenter och sårbarheter", "Incidents and vulnerabilities")
    page = walk.page
    expect(page.locator(".summary")).to_contain_text(re.compile(r"\d+ (sårbarhet|vulnerabilit)"))
    page.get_by_role("link", name=re.compile(TITLE)).first.click()
    walk.arrive(TITLE, TITLE)
    expect(page.locator("main")).to_contain_text(walk.say("Känt hos leverantören", "Known to the supplier"))
    with page.expect_download() as taken:
        page.get_by_role("link", name=walk.say("Som dokument (PDF)", "As a document (PDF)")).click()
    assert taken.value.path().read_bytes().startswith(b"%PDF")


def how_to_ask_for_an_audit(walk: Walk) -> None:
    """From the board by what the link says; the form has an audit among what one can ask for."""
    walk.follow("Villkoren", "The terms")
    walk.page.get_by_role("link", name=ASK).click()
    walk.arrive("Frågor till leverantören", "Questions to the supplier")
    expect(walk.page.get_by_role("option", name=re.compile("revision|audit", re.I)).first).to_be_attached()
    expect(walk.page.get_by_role("button", name=re.compile("Skicka frågan|Send"))).to_be_enabled()


STATIONS = (
    which_terms_are_red, the_last_restore_test, who_holds_administrator_rights, what_vulnerability_is_open,
    how_to_ask_for_an_audit,
)  # fmt: skip


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_a_reviewer_finds_the_five_answers_without_help(
    house: House,
    review: Review,  # noqa: F811
    drilled: datetime,
    theme: str,
    language: Language,
) -> None:
    page = review("agneta", "/", theme=theme, language=language, by_hand=True)
    walk = Walk(page, language, drilled)
    walk.arrive("Det som väntar på er", "What waits for you")
    for station in STATIONS:
        station(walk)

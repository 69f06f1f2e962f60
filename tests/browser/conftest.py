# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Real processes, a real database, real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.house import CHROMIUM_ARGUMENTS, CHROMIUM_SHELL, House
from tests.signing_in import let_in, sign_in_as
from tests.waiting import PATIENCE_SECONDS
from tests.web.furniture import open_installation

# What a page comes to show is waited for like everything else; Playwright's own five seconds say how busy a machine is.
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@pytest.fixture(scope="session")
def furnished_house() -> Iterator[House]:
    """Desk and sign-in page over a furnished installation."""
    with open_installation() as installation:
        house = House(installation)
        house.start("desk", "signin")
        try:
            yield house
        finally:
            house.stop()


@pytest.fixture
def house(furnished_house: House) -> House:
    """The same with an empty queue, both processes running."""
    furnished_house.start("desk", "signin")
    furnished_house.installation.close_everything()
    return furnished_house


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium's engine, as Debian ships it; tests of what the browser itself does have the whole of it instead."""
    with launched(CHROMIUM_SHELL) as browser:
        yield browser


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """A browser for a module. While it is open Playwright's loop runs, and no other could: so not for longer."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complained of; a test that expects complaints clears the list."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(house: House, chromium: Browser, complaints: list[str]) -> Iterator[OpenPage]:
    """A function that opens a page in a browser profile of its own, of somebody who signed in if told as whom.

    The page is the desk's, or that of another room `at`. Theme and language are what the browser remembers, or what is
    pressed in the pages where somebody signs in ``by_hand``, and on the sign-in page.
    """
    contexts = []

    def open_(
        persona: str | None = None, *, width: int = 1366, height: int = 768, theme: str = "dark",
        language: str | None = None, scripts: bool = True, at: str = "", path: str = "/", by_hand: bool = False,
    ) -> Page:  # fmt: skip
        context = chromium.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=scripts, reduced_motion="reduce"
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        room = at or house.desk
        if persona is None:
            page.goto(f"{house.signin}/")
            choose(page, theme, language)
        elif by_hand:
            sign_in_as(page, house.signin, persona)
            page.wait_for_url(f"{room}/**")
            choose(page, theme, language)
            if path != "/":  # otherwise where it leads
                page.goto(room + path)
        else:
            let_in(page, house.signin, persona, theme, language)
            page.goto(room + path)
        if persona is not None and scripts and room == house.desk and path == "/":
            page.wait_for_selector("#connection[data-state=live]")
        return page

    yield open_
    for context in contexts:
        context.close()


def choose(page: Page, theme: str, language: str | None) -> None:
    """Press the buttons of a theme and a language, where the page has another."""
    for name, attribute, value in (("theme", "data-theme", theme), ("language", "lang", language)):
        if value is not None and page.get_attribute("html", attribute) != value:
            page.click(f"button[name={name}][value={value}]")
            page.wait_for_selector(f"html[{attribute}={value}]")

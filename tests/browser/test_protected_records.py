# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A closed alarm of somebody with a protected identity in a real browser: a key is asked for, then it is read."""

from itertools import product
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_security_keys import add_key, no_keys, plug_in  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en"), ((1366, 768), (1920, 1080))))
ENDED = (
    "update alarm set state = 'closed', escalate_at = null, closed_by = 'scheduler',"
    " closed_at = now() - interval '25 hours' where id = %s"
)
WORDS = {
    "sv": ("Rör vid nyckeln", "Läsa ett avslutat larm för någon med skyddad identitet", "Inkom"),
    "en": ("Touch the key", "Read a closed alarm of somebody with a protected identity", "Arrived"),
}


def old_alarm(house: House) -> tuple[str, str]:
    """Let an alarm of somebody with a protected identity have ended yesterday; return whose, and where it is read."""
    people = house.installation.people
    name = next(name for name, (_, person, _) in people.items() if person.protected_identity)
    slug, alarm = people[name][0], house.installation.raise_alarm(name)
    house.installation.execute(slug, ENDED, (alarm,))
    return name, _path(house, slug, alarm)


def _path(house: House, slug: str, alarm: UUID) -> str:
    return f"/history/{house.installation.authorities[slug].id}/{alarm}"


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_desk_asks_for_the_key_and_then_shows_the_record(
    house: House, open_page: OpenPage, theme: str, language: str, size: tuple[int, int]
) -> None:
    width, height = size
    name, record = old_alarm(house)
    page = open_page("olga", theme=theme, language=language, width=width, height=height, path="/keys")
    plug_in(page)
    add_key(page, "på nyckelknippan")
    page.goto(house.desk + record)
    button, act, arrived = WORDS[language]
    expect(page.locator("fieldset legend")).to_have_text(act)
    expect(page.locator(".said")).to_contain_text(arrived)
    assert name not in page.content()
    assert scrolls(page) == (False, False)
    require_accessible(page, f"touch for a record, {theme}, {language}")
    page.get_by_role("button", name=button).click()
    expect(page.locator("#screen")).to_contain_text(name)
    require_accessible(page, f"record after a touch, {theme}, {language}")


def test_a_key_that_nobody_added_opens_no_record(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    name, record = old_alarm(house)
    page = open_page("olga", path="/keys")
    devtools, key = plug_in(page)
    add_key(page, "på nyckelknippan")
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    plug_in(page)  # another key, which nobody added
    page.goto(house.desk + record)
    page.get_by_role("button", name="Rör vid nyckeln").click()
    expect(page.locator("[data-say=failed]")).to_be_visible()
    assert name not in page.content()
    complaints.clear()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The check of remote work in real browsers, every theme and language: empty, drawn, gone through."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import product
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.test_asking import look
from tests.browser.test_office import Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
THERE = "/log/ekbacka/remote"


def by_hand(house: House, *statements: tuple[str, tuple[object, ...]]) -> None:
    """What stands there already."""
    connection = psycopg.connect(house.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
    with closing(connection) as superuser:
        superuser.execute("set session_replication_role = replica")
        for statement, values in statements:
            superuser.execute(statement.encode(), values)


@pytest.fixture(autouse=True)
def nothing_drawn(house: House) -> Iterator[None]:
    """Nothing was drawn before, and nothing stays."""
    forget = ("truncate vaka.remote_draw, vaka.remote_drawn, vaka.remote_check", ())
    by_hand(house, forget)
    yield
    by_hand(house, forget)


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_both_sides_are_accessible_and_fit(
    house: House,
    review: Review,  # noqa: F811
    administer: Administer,  # noqa: F811
    theme: str,
    language: str,
) -> None:
    """Empty; a sample that somebody goes through; drawn again, with what deviated."""
    office = administer("adam", "/remote", language=language, theme=theme)
    officer = review("agneta", THERE, language=language, theme=theme)
    for page, where in ((office, "/remote"), (officer, THERE)):
        expect(page.locator(".nothing")).to_be_visible()
        look(page, f"empty {where}")
    now, accounts = SystemClock().now(), house.installation.accounts
    adam, ada = accounts["adam"], accounts["ada"]
    draws = [(uuid4(), 1, None), (uuid4(), 2, "Två sessioner var övningar")]
    sessions = [uuid4(), uuid4(), uuid4()]
    by_hand(
        house,
        *(("insert into vaka.remote_draw select %s, quarter, %s, %s, 4711, sha256(''), 17, %s, %s"
           " from vaka.last_quarter(%s)", (one, number, why, adam, now, now)) for one, number, why in draws),
        *(("insert into vaka.remote_drawn values (%s, %s, %s, %s)", (draws[0][0], session, rank, who))
          for rank, (session, who) in enumerate(zip(sessions, (ada, ada, adam), strict=True), start=1)),
        ("insert into vaka.remote_check values (%s, %s, true, 'Kom från ett hotellnät', %s, %s)",
         (draws[0][0], sessions[0], adam, now - timedelta(minutes=2))),
    )  # fmt: skip
    office.reload()
    expect(office.locator(".inquiry")).to_have_count(2)
    expect(office.locator("form[action='/remote/check']")).to_have_count(1)
    look(office, "drawn, office")
    office.click("summary")
    look(office, "drawing again, office")
    officer.reload()
    expect(officer.locator(".inquiry")).to_have_count(2)
    expect(officer.get_by_text("Kom från ett hotellnät")).to_be_visible()
    look(officer, "drawn")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Crisis exercises as a contract officer's and an administrator's browser show them, in each state."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_office import Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.clock import LOCAL, SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = [("light", "sv"), ("dark", "en")]
HERE = "/log/ekbacka/exercises"
EMPTY = "truncate vaka.exercise, vaka.exercise_device, vaka.exercise_lesson, vaka.exercise_rule"
PUT = """
    insert into vaka.exercise (id, authority_id, year, wanted, wished, asked_by, asked_at, answer_by, starts_at,
        ends_at, office_takes_part, portal_takes_part, injects, planned_by, planned_at, agreed_by, agreed_at,
        refused_at, refusal, begun_by, begun_at, office_present, portal_present, closed_at)
    values (%(id)s, %(authority)s, %(year)s, 'Driften faller bort en förmiddag, och reservkraften startar inte.',
        'Andra veckan i november', %(who)s, %(asked)s, %(owed)s, %(starts)s, %(ends)s, %(people)s, %(people)s,
        %(people)s, %(planner)s, %(planned)s, %(agreer)s, %(agreed)s, %(refused)s, %(why)s, %(beginner)s, %(begun)s,
        %(present)s, %(present)s, %(closed)s)
"""


@pytest.fixture
def exercises(house: House) -> Iterator[None]:
    """One of each state, written past every rule."""
    now, installation = SystemClock().now(), house.installation
    with closing(psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(EMPTY)
        for state in ("asked", "refused", "planned", "agreed", "running", "held", "closed"):
            put(hand, installation.authorities["ekbacka"].id, installation.accounts["agneta"], state, now)
        yield
        hand.execute(EMPTY)


def put(hand: psycopg.Connection[tuple[object, ...]], authority: UUID, who: UUID, state: str, now: datetime) -> None:
    """Let an exercise be in a state."""
    reached = ("asked", "refused", "planned", "agreed", "running", "held", "closed").index(state)
    starts = now + {4: -1, 5: -9, 6: -9}.get(reached, 0.2) * timedelta(hours=1)
    planned, begun = reached >= 1, reached >= 4
    identifier = uuid4()
    hand.execute(
        PUT,
        {
            "id": identifier, "authority": authority, "year": now.astimezone(LOCAL).year, "who": who,
            "asked": now - timedelta(days=20), "owed": now - timedelta(days=6), "starts": starts if planned else None,
            "ends": starts + timedelta(hours=4) if planned else None, "people": "Två av oss" if planned else None,
            "planner": who if planned else None, "planned": now if planned else None,
            "agreer": who if reached >= 3 else None, "agreed": now if reached >= 3 else None,
            "refused": now if state == "refused" else None, "why": "Den dagen går inte" if state == "refused" else None,
            "beginner": who if begun else None, "begun": starts if begun else None,
            "present": 3 if state == "closed" else None, "closed": now if state == "closed" else None,
        },
    )  # fmt: skip
    if begun:
        hand.execute(
            "insert into vaka.exercise_lesson (id, exercise_id, lesson, side, noted_by, noted_at, motive)"
            " values (gen_random_uuid(), %s, 'Ingen visste numret till växeln', 'portal', %s, %s, %s)",
            (identifier, who, now, "Numret står på väggen" if state == "closed" else None),
        )


def require_looks(page: Page, where: str) -> None:
    """Accessible with everything open, and no wider than either screen."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    expect(page.locator("article.exercise")).to_have_count(7)
    require_accessible(page, where)
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert not scrolls(page)[0], width


@pytest.mark.parametrize(("theme", "language"), LOOKS)
@pytest.mark.usefixtures("exercises")
def test_the_portals_page_is_accessible_and_fits(
    house: House, review: Review, theme: str, language: str  # noqa: F811
) -> None:  # fmt: skip
    page = review("agneta", HERE, language=language, theme=theme)
    require_looks(page, HERE)


@pytest.mark.parametrize(("theme", "language"), LOOKS)
@pytest.mark.usefixtures("exercises")
def test_the_offices_page_is_accessible_and_fits(
    house: House, administer: Administer, theme: str, language: str  # noqa: F811
) -> None:  # fmt: skip
    page = administer("adam", "/exercises", language=language, theme=theme)
    require_looks(page, "/exercises")

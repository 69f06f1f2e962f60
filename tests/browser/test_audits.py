# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Audits and visits as an officer's, an auditor's and an administrator's browser show them; and asking for one."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.auditing import AGREED, engage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_office import Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.clock import LOCAL, SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = [("light", "sv"), ("dark", "en")]
HERE = "/log/ekbacka/audits"
STATES = ("asked", "proposed", "agreed", "over", "closed")
EMPTY = "truncate vaka.audit, vaka.audit_finding, vaka.audit_population, vaka.audit_item, vaka.audit_sample"
PUT = """
    insert into vaka.audit (id, authority_id, kind, terms, about, looks_from, looks_until, auditors, starts_at, ends_at,
        proposed_by, words, asked_by, asked_at, answer_by, answer_within, closed_at, moved)
    values (%(id)s, %(authority)s, 'visit', '{19}', 'Hur kylan och reservkraften sköts', %(asked)s, %(now)s, '{}',
        %(starts)s, %(starts)s + interval '1 day', %(by)s, %(words)s, %(who)s, %(asked)s, %(owed)s, '14 days',
        %(closed)s, %(moved)s)
"""


@pytest.fixture
def audits(house: House) -> Iterator[None]:
    """One of each state, written past every rule, and an audit that goes on with a sample and a finding."""
    now, installation = SystemClock().now(), house.installation
    authority, who = installation.authorities["ekbacka"].id, installation.accounts["agneta"]
    with closing(psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute(EMPTY)
        for state in STATES:
            put(hand, authority, who, state, now)
        one = engage(installation.server, authority, installation.accounts["rut"], now=now, terms=[8, 9, 20])
        hand.execute(
            "insert into vaka.audit_finding (id, audit, finding, noted_by, noted_at)"
            " values (gen_random_uuid(), %s, 'Två konton saknar slutdag', %s, %s)", (one, who, now),
        )  # fmt: skip
        sample(hand, one, installation.accounts["rut"], now)
        yield
        hand.execute(EMPTY)
        engage(installation.server, authority, installation.accounts["rut"], now=now)


def put(hand: psycopg.Connection[tuple[object, ...]], authority: UUID, who: UUID, state: str, now: datetime) -> None:
    """Let a visit be in a state."""
    identifier, is_past = uuid4(), state in ("over", "closed")
    hand.execute(
        PUT,
        {
            "id": identifier, "authority": authority, "who": who, "asked": now - timedelta(days=20), "now": now,
            "starts": now + timedelta(days=-3 if is_past else 5), "owed": now - timedelta(days=6),
            "by": "office" if state == "proposed" else "portal", "closed": now if state == "closed" else None,
            "words": "Hallen byggs om den veckan" if state == "proposed" else None,
            "moved": {"asked": 1, "proposed": 2}.get(state, 0),
        },
    )  # fmt: skip
    if state not in ("asked", "proposed"):
        hand.execute(AGREED, (identifier,))


def sample(hand: psycopg.Connection[tuple[object, ...]], audit: UUID, who: UUID, now: datetime) -> None:
    """Let a population be frozen and a sample of it drawn, of which one item is gone since."""
    population = uuid4()
    hand.execute(
        "insert into vaka.audit_population (id, audit, source, items, wanted, sha256, frozen_by, frozen_at, entry)"
        " values (%s, %s, 'accounts', 2, 2, repeat('0', 64), %s, %s, 1)", (population, audit, who, now),
    )  # fmt: skip
    for item in (who, uuid4()):
        hand.execute(
            "insert into vaka.audit_item values"
            " (%s, %s, coalesce(vaka.audit_item_sha256('accounts', %s), repeat('1', 64)))",
            (population, str(item), str(item)),
        )
    hand.execute(
        "insert into vaka.audit_sample values"
        " (%s, 7, repeat('a', 64), vaka.audit_sample_sha256(%s, repeat('a', 64)), %s)",
        (population, population, now),
    )


def require_looks(page: Page, where: str, count: int) -> None:
    """Accessible with everything open, and no wider than either screen."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    expect(page.locator(".exercise")).to_have_count(count)
    require_accessible(page, where)
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert not scrolls(page)[0], width


@pytest.mark.parametrize(("theme", "language"), LOOKS)
@pytest.mark.usefixtures("audits")
def test_the_pages_are_accessible_and_fit(
    house: House, review: Review, administer: Administer, theme: str, language: str  # noqa: F811
) -> None:  # fmt: skip
    for persona, where, count in (("agneta", HERE, 6), ("rut", HERE, 1), ("rut", "/log/ekbacka/auditing", 1)):
        require_looks(review(persona, where, language=language, theme=theme), f"{persona} {where}", count)
    require_looks(administer("adam", "/audits", language=language, theme=theme), "/audits", 6)


@pytest.mark.usefixtures("audits")
def test_how_to_ask_for_an_audit_is_found_from_the_terms(house: House, review: Review) -> None:  # noqa: F811
    page, today = review("agneta", "/log/ekbacka/terms", language="sv"), SystemClock().now().astimezone(LOCAL).date()
    page.get_by_role("link", name="Revisioner och besök: begär ett").click()
    page.get_by_role("link", name="Begär revision eller besök").click()
    page.get_by_label("Vad som granskas, och hur").fill("Behörigheter det senaste kvartalet")
    page.get_by_label("Första dagen").last.fill(str(today + timedelta(days=9)))
    page.get_by_label("Sista dagen").last.fill(str(today + timedelta(days=10)))
    page.get_by_label("9. Myndigheten godkänner").check()
    page.get_by_label("Rut Revisor").check()
    page.get_by_role("button", name="Begär").last.click()
    asked = page.locator("article").filter(has_text="Behörigheter det senaste kvartalet")
    expect(asked).to_contain_text("Det är leverantörens tur.")
    expect(asked).to_contain_text("Rut Revisor")

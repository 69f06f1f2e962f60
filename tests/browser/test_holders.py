# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pages about holders of rights, as an approver's browser shows them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.platform import platform_as
from vaka.identity.accounts import create_account

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/holders"


def make_administrator(house: House) -> UUID:
    """One of the supplier's administrators."""

    async def make() -> UUID:
        async with platform_as(house.installation.server, "setup") as setup:
            made = await create_account(
                setup, "Adam Administratör", kind="administrator", actor="setup:uid-0", now=datetime.now(UTC)
            )
            return made.id

    # Playwright runs a loop of its own in this thread.
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, make()).result()


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_holders_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    account = make_administrator(house)
    page = review("beata", HERE, language=language, theme=theme)
    for path in (HERE, f"{HERE}/{account}"):
        page.goto(house.portal + path)
        require_accessible(page, path)
        for width, height in ((1366, 768), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            sideways, _ = scrolls(page)
            assert not sideways, (path, width)

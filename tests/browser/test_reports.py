# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reports of a year, as a contract officer's browser shows them and takes them out."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.browser.test_rules import require_good

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/reports"


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_reports_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    """The list, which leads to each, and each with its tables."""
    page = review("agneta", HERE, language=language, theme=theme)
    require_good(page, f"reports {theme} {language}")
    for name in ("changes", "terms"):
        page.goto(house.portal + HERE)
        page.locator(f"a[href*='/reports/{name}/']").first.click()
        expect(page.locator("main table").first).to_be_visible()
        require_good(page, f"report {name} {theme} {language}")
    expect(page.locator("#part-1 + p + .table-frame tbody tr")).to_have_count(37)


def test_a_document_is_taken_out_by_a_click(house: House, review: Review, tmp_path: Path) -> None:  # noqa: F811
    """And then the list says so."""
    page = review("agneta", HERE)
    page.locator("a[href*='/reports/terms/']").first.click()
    with page.expect_download() as waited:
        page.locator("form[action$='/pdf'] button").click()
    saved = tmp_path / "report.pdf"
    waited.value.save_as(saved)
    assert saved.read_bytes().startswith(b"%PDF-")
    assert waited.value.suggested_filename.startswith("ekbacka-terms-")
    page.goto(house.portal + HERE)
    expect(page.locator("#terms + .table-frame tbody tr").first.locator("time")).to_be_visible()

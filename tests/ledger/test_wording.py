# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What looks like a person is kept out of the log's free texts; matters and plans are let in."""

import pytest

from vaka.ledger.wording import seems_personal


@pytest.mark.parametrize(
    "text",
    ["19320212-9809", "320212-9809", "193202129809", "3202129809", "för 320212+9809!", "320212 - 9809",
     "070-174 06 05", "0701740605", "+46 70 174 06 05", "0046701740605", "ring 08-465 004 12", "karin@example.org"],
)  # fmt: skip
def test_numbers_and_addresses_of_people_are_seen(text: str) -> None:
    assert seems_personal(text)


@pytest.mark.parametrize(
    "text",
    ["KS 2026/123", "Dokumenthanteringsplan KS 2026/9, § 114", "CHG-20417", "2026-11-24", "beslut 2026-11-24 dnr 123",
     "365 dagar blev 400", "RFC 3261", "8032.1", "", "ärende 12345/67"],
)  # fmt: skip
def test_matters_and_dates_are_not(text: str) -> None:
    assert not seems_personal(text)

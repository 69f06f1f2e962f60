# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The code lists are whole, and every number has a name of its own in both languages."""

import pytest

from vaka.scaip.codes import COMPONENTS, DEVICE_TYPES, LOCATIONS, STATUSES, Name


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (DEVICE_TYPES, set(range(52)) - {42}),
        (COMPONENTS, set(range(30))),
        (STATUSES, set(range(128))),
        (LOCATIONS, set(range(53))),
    ],
)
def test_lists_are_whole(names: dict[int, Name], numbers: set[int]) -> None:
    assert names.keys() == numbers
    for language in ("sv", "en"):
        texts = [getattr(name, language) for name in names.values()]
        assert all(text and text == text.strip() for text in texts)
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("names", "code", "sv"),
    [
        (DEVICE_TYPES, 3, "larmknapp"),
        (DEVICE_TYPES, 5, "fallsensor"),
        (DEVICE_TYPES, 23, "brandvarnare"),
        (COMPONENTS, 6, "knapp 5"),
        (COMPONENTS, 29, "modul 5"),
        (STATUSES, 10, "manuellt larm"),
        (STATUSES, 16, "batteri lågt"),
        (STATUSES, 40, "fel 9"),
        (STATUSES, 53, "nivå 1"),
        (STATUSES, 127, "upplåst"),
        (LOCATIONS, 12, "sovrum"),
    ],
)
def test_names(names: dict[int, Name], code: int, sv: str) -> None:
    assert names[code].sv == sv

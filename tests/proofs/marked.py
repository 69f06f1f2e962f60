# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A plugin of pytest (``-p tests.proofs.marked``) that says what evidence tests turn red, and how."""

import pytest

from tests.proofs.report import reddened_by

MARKED = "turns red: "


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Print a line for each, as `reddened_by` says it."""
    for one in sorted({way for item in items for way in reddened_by(item)}):
        print(f"{MARKED}{one}")

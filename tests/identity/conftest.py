# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One installation for all tests of who is believed and who signs in."""

from collections.abc import Iterator

import pytest

from tests.identity.house import IdentityHouse, open_house


@pytest.fixture(scope="session")
def house() -> Iterator[IdentityHouse]:
    """The installation. What one test puts into its registry has a name of its own."""
    with open_house() as opened:
        yield opened

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation of its own with a walker for every role, and real objects in both authorities."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.web.furniture import Installation, open_installation
from tests.web.matrix.objects import Objects, furnish
from tests.web.matrix.scene import Cast, engage


@pytest.fixture(scope="session")
def furnished() -> Iterator[Installation]:
    """An installation in which nothing but the walks happens."""
    with open_installation() as installation:
        yield installation


@pytest.fixture(scope="session")
def cast(furnished: Installation) -> Cast:
    """Who walks."""
    return asyncio.run(engage(furnished))


@pytest.fixture(scope="session")
def objects(furnished: Installation, cast: Cast) -> Objects:
    """What there is to be found in each authority."""
    return asyncio.run(furnish(furnished, cast))

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation of its own with a walker for every role, and real objects in both authorities."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from tests.web.furniture import Installation, open_installation
from tests.web.matrix.applications import Doors
from tests.web.matrix.objects import Objects, furnish
from tests.web.matrix.scene import PLACES, Cast, engage
from tests.web.portal.conftest import Logs

SEALED_EVERY_SECONDS = 15


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


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of a file's tests, as what is open belongs to it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def doors(furnished: Installation) -> AsyncIterator[Doors]:
    """The applications at work: to open one takes longer than most tests do."""
    async with AsyncExitStack() as stack:
        yield Doors(furnished, stack)


@pytest.fixture(scope="session")
def sealed() -> dict[str, float]:
    """When the logs were last sealed."""
    return {}


@pytest.fixture(autouse=True)
def standing(furnished: Installation, objects: Objects, sealed: dict[str, float]) -> None:
    """The logs are sealed now and then, as by a sequencer: what is privileged waits for them."""
    if monotonic() - sealed.get("at", 0) < SEALED_EVERY_SECONDS:
        return
    logs = Logs(furnished)
    for place in PLACES:
        asyncio.run(logs.seal(place))
    asyncio.run(logs.seal_platform())
    sealed["at"] = monotonic()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One real installation for all end-to-end tests that only use it; those that break it build their own."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import expect

from tests.end_to_end.house import House, build_house, free_port_base
from tests.ports import first_port
from tests.waiting import PATIENCE_SECONDS

PEOPLE = 14
_FIRST_PORT = first_port(21_000)
expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@pytest.fixture(scope="session")
def new_port_base() -> Callable[[], int]:
    """A function that returns the first of seven free ports; each call others."""
    numbers = count(_FIRST_PORT, 20)
    return lambda: free_port_base(next(numbers))


@pytest.fixture(scope="session")
def house(new_port_base: Callable[[], int]) -> Iterator[House]:
    """A running demo with three small authorities, and no device that sends by itself."""
    house = build_house("house")
    try:
        house.start("demo", "--no-traffic", "--people", str(PEOPLE), "--port-base", str(new_port_base()))
        yield house
    finally:
        house.clear_away()


@pytest.fixture(scope="module")
def own_house() -> Iterator[House]:
    """A directory in which nothing runs yet, for tests that start, break and stop it themselves."""
    house = build_house("own")
    try:
        yield house
    finally:
        house.clear_away()

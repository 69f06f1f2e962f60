# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One authority for each test, with a log that begins forty days ago."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from tests.ledger.sealed import LogHouse
from tests.people import register
from tests.removal.scene import Scene
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.keys.keyring import Keyring, open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.people import Person

OTHERS = {
    "karin": Person(uuid4(), "Karin", "Holmgren", born_on=date(1932, 2, 12)),
    "rune": Person(uuid4(), "Rune", "Ek", born_on=date(1932, 2, 15)),
    "nobody_knows": Person(uuid4(), "Solveig", "Lindqvist"),
}
"""Somebody, somebody born on the 15th, and somebody of whom no birth day is known."""


@pytest.fixture
async def scheduler_keys(keyholder: None, server: Server) -> AsyncIterator[Keyring]:
    async with open_keyring(server, Settings(), "scheduler", SystemClock()) as keyring:
        yield keyring


@pytest.fixture
async def scene(
    server: Server, authority: Authority, setup_keys: Keyring, scheduler_keys: Keyring, tmp_path: Path
) -> AsyncIterator[Scene]:
    await register(server, authority, setup_keys, list(OTHERS.values()))
    scene = Scene.opened(LogHouse(server, authority, tmp_path), scheduler_keys)
    yield scene
    await scene.gateway.close()

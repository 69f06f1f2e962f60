# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One database for all attacks; each finds a new, clean log in it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.ledger.attacks.scene import Scene, open_scene, save_tables
from tests.ledger.sealed import LogHouse
from vaka.database.server import Server
from vaka.tenants.authorities import Authority


@pytest.fixture(scope="session")
def attacked(server: Server, new_authority: Callable[..., Authority], directory: Path) -> Authority:
    """Whose log it is."""
    authority = new_authority()
    save_tables(LogHouse(server, authority, directory), "fresh")
    return authority


@pytest.fixture
async def scene(server: Server, attacked: Authority, tmp_path: Path) -> AsyncIterator[Scene]:
    """A clean log, sealed, signed and witnessed."""
    async with open_scene(LogHouse(server, attacked, tmp_path), tmp_path) as scene:
        yield scene

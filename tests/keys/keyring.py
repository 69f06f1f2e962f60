# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A key store under test: opened, closed, copied, put back, and looked at as a superuser would."""

import shutil
from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg

from vaka.clock import TurnedClock
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server
from vaka.identifiers import new_identifier
from vaka.keys.hierarchy import Hierarchy
from vaka.keys.memory import Memory
from vaka.keys.roots import RootPlace
from vaka.keys.sealed_file import SealedFilePlace
from vaka.keys.turning import Mark

TABLES = tuple(
    f"vaka.{name}"
    for name in (
        "store",
        "authority_key",
        "subject_key",
        "lookup_key",
        "edition",
        "erasure",
        "erased_subject",
        "key_register",
    )
)


class Keyring:
    """Where everything lies, and the hierarchy that was opened last."""

    def __init__(self, server: Server, clock: TurnedClock, directory: Path, place: RootPlace | None = None) -> None:
        self.server = server
        self.clock = clock
        self.directory = directory
        self.root_file = directory / "keys" / "root"
        self.credential = directory / "credentials" / "root.key"
        self.credential.parent.mkdir(exist_ok=True)
        self.place = place or SealedFilePlace(self.root_file, self.credential)
        self.memory = Memory(directory / "run" / "keys.seen")
        self._opened: list[Hierarchy] = []

    async def open(self, mark: Mark = lambda _step: None) -> Hierarchy:
        """Open the store anew, as a keyholder that starts does."""
        hierarchy = Hierarchy(self.server, self.place, self.memory, self.clock, mark)
        self._opened.append(hierarchy)
        await hierarchy.open()
        return hierarchy

    async def close(self) -> None:
        """Close whatever was opened."""
        while self._opened:
            await self._opened.pop().close()

    async def reopen(self) -> Hierarchy:
        """Close, and open again."""
        await self.close()
        return await self.open()

    def people(self, count: int) -> list[UUID]:
        """New people."""
        return sorted(new_identifier(self.clock.now()) for _ in range(count))

    def superuser(self) -> psycopg.Connection[tuple[object, ...]]:
        """Connect to the key database as the one who may do anything there."""
        return psycopg.connect(self.server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Do something to the key database behind the keyholder's back."""
        with closing(self.superuser()) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def copy_database(self) -> dict[str, bytes]:
        """Return everything the key database holds, as a backup does."""
        copies = {}
        with closing(self.superuser()) as connection:
            for table in TABLES:
                with connection.cursor().copy(f"copy {table} to stdout".encode()) as copy:
                    copies[table] = b"".join(map(bytes, copy))
        return copies

    def put_back_database(self, copies: dict[str, bytes]) -> None:
        """Restore a backup of the key database."""
        with closing(self.superuser()) as connection:
            connection.execute(f"truncate {', '.join(TABLES)}".encode())
            for table, data in copies.items():
                with connection.cursor().copy(f"copy {table} from stdin".encode()) as copy:
                    copy.write(data)

    def copy_root(self, to: str) -> None:
        """Copy the root store's file, and what opens it, as who has both does."""
        shutil.copyfile(self.root_file, self.directory / to)
        shutil.copyfile(self.credential, self.directory / f"{to}.credential")

    def put_back_root(self, copied: str) -> None:
        """Restore a backup of both."""
        self.put_back_root_file(copied)
        shutil.copyfile(self.directory / f"{copied}.credential", self.credential)

    def put_back_root_file(self, copied: str) -> None:
        """Restore a backup of the root store's file, and leave the credential of today."""
        shutil.copyfile(self.directory / copied, self.root_file)

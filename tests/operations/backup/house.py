# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation with one authority and somebody in its register, and the site its backups are added to."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from tests.commands.conftest import _register as register_authority
from tests.commands.test_key import running
from tests.identities import keep_key
from tests.keys.running import running_keyholder
from tests.operations.backup.site import OtherSite, running_site
from tests.people import register, with_keys
from vaka.commands.archive import prepare_archive
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.database.provision import provision_platform
from vaka.database.server import SUPERUSER
from vaka.keys.keyring import Keyring
from vaka.operations.backup.making import Installation
from vaka.tenants.authorities import Authority
from vaka.tenants.people import Person

SLUG = "ekbacka"
MARKED = "Märkgatan 17"
"""What is known of somebody, and may stand nowhere in clear."""
PLAIN = "plain marker of a table"
"""What the databases hold in clear, and no backup does."""


@dataclass
class House:
    """The installation while it runs."""

    data: DataDirectory
    site: OtherSite
    people: list[Person]
    works: ExitStack
    """While it is open, database and keyholder run as a supervisor keeps them."""

    def start(self) -> None:
        """Run it."""
        self.works.enter_context(running(self.data))

    def stop(self) -> None:
        """Stop it."""
        self.works.close()

    @property
    def installation(self) -> Installation:
        return Installation(self.data.root, self.data.load_settings(), self.data.cluster)

    @property
    def authority(self) -> Authority:
        return next(one for one in active_authorities(self.data.cluster.server) if one.slug == SLUG)

    def run(self, statement: str, *values: object, database: str | None = None) -> list[tuple[object, ...]]:
        """Do something as superuser, in the authority's database."""
        conninfo = self.data.cluster.server.conninfo(SUPERUSER, database or self.authority.database_name)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def note(self, text: str) -> UUID:
        """Write a row that is easily known again, with a moment before and after it; return its identifier."""
        identifier = uuid4()
        self.run("insert into vaka.backup_probe (id, said) values (%s, %s)", identifier, text)
        return identifier

    def now(self) -> datetime:
        """Return the database's own time: what is restored to is told by it."""
        [(at,)] = self.run("select clock_timestamp()")
        assert isinstance(at, datetime)
        return at.astimezone(UTC)


@contextmanager
def open_house() -> Iterator[House]:
    """An installation that runs, without a backup yet, and its site."""
    with tempfile.TemporaryDirectory(prefix="vaka-backup-") as name:
        path = Path(name)
        path.chmod(0o755)
        data = DataDirectory(path / "data")
        data.root.mkdir(mode=0o755)
        data.settings_file.write_text("[receiver]\ntls_port = false\n")
        data.prepare()
        with running_site(path / "site", data.root) as site:
            data.settings_file.write_text(f'[receiver]\ntls_port = false\n[backup]\nsite = "{site.address}"\n')
            data.cluster.create()
            said: list[str] = []
            prepare_archive(data, data.load_settings(), said.append)
            assert said == []
            data.cluster.start()
            try:
                provision_platform(data.cluster.server)
                keep_key(data.cluster.server.credentials)
                with running_keyholder(data.root):
                    asyncio.run(register_authority(data))
            finally:
                data.cluster.stop()
            people = [Person(uuid4(), name, "Märkesson", street=MARKED) for name in ("Märta", "Bo")]
            with ExitStack() as works:
                house = House(data, site, people, works)
                house.start()

                async def write(keyring: Keyring) -> None:
                    await register(data.cluster.server, house.authority, keyring, people)

                with_keys(data.cluster.server, write)
                house.run("create table vaka.backup_probe (id uuid primary key, said text not null)")
                house.note(PLAIN)
                yield house

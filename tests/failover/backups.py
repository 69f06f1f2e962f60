# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Backups of those machines: pgBackRest on each, the repository on Vaka's, and the other site, each a process."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from click.testing import CliRunner

from tests.failover.installation import Installation
from tests.failover.members import REPOSITORY, Members, pgbackrest_server
from tests.failover.steady import Sent
from tests.identities import blinded
from tests.operations.backup.site import running_site
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.database.cluster import server_account
from vaka.database.server import SUPERUSER
from vaka.operations.backup.copying import restored_copy
from vaka.operations.backup.making import Installation as BackedUp
from vaka.operations.backup.running import run_program


@dataclass
class Backups:
    """What takes in the log of whichever machine is primary."""

    installation: Installation
    first: str = ""
    """What was said of the first backup."""
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def backed_up(self) -> BackedUp:
        """The installation, as the commands see it."""
        data = DataDirectory(self.installation.root)
        return BackedUp(data.root, data.load_settings(), data.cluster)

    def start(self) -> None:
        """Take in what members send, as the repository's unit does."""
        directory = self.backed_up.repository.directory
        told = self.installation.root / "logs" / "pgbackrest.log"
        self._running.enter_context(pgbackrest_server(directory / "pgbackrest.conf", told))

    def stop(self) -> None:
        """Take in nothing."""
        self._running.close()

    def run(self, command: str) -> str:
        """Run a command of ``vaka backup``, as its timer does, and return what it says."""
        done = CliRunner().invoke(main, ["backup", command, "--data", str(self.installation.root)])
        assert done.exit_code == 0, done.output + done.stderr
        return done.output

    def was_copied_from_a_standby(self) -> bool:
        """What the newest backup says of itself."""
        repository = self.backed_up.repository
        newest = repository.list_backups()[-1].label
        manifest = run_program(
            "pgbackrest",
            [f"--config={repository.configuration}", "--stanza=production", "repo-get",
             f"backup/production/{newest}/backup.manifest"],
            account=server_account(),
        )  # fmt: skip
        return "option-backup-standby=true" in manifest

    def archived(self) -> set[str]:
        """Whole segments of the log that lie in the repository."""
        files = self.backed_up.repository.files / "archive" / "production"
        names = (path.name.partition("-")[0] for path in files.glob("*/*/*"))
        return {name for name in names if re.fullmatch("[0-9A-F]{24}", name)}

    def restored(self, sent: list[Sent]) -> set[tuple[str, str]]:
        """Restore what the site has into a cluster that is empty, and return which of these alarms are in it."""
        backed_up = self.backed_up
        newest = backed_up.site.list_snapshots()[-1].name
        with restored_copy(backed_up, SystemClock(), snapshot=newest) as (copy, _):
            conninfo = copy.server.conninfo(SUPERUSER, self.installation.authority.database_name)
            with psycopg.connect(conninfo) as connection:
                rows = connection.execute(
                    "select sender, ref from vaka.message where ref = any(%s)", ([one.ref for one in sent],)
                ).fetchall()
        return {(str(sender), str(ref)) for sender, ref in rows}


def answered(sent: list[Sent]) -> set[tuple[str, str]]:
    """What devices were told is kept, as the database has it."""
    return {(blinded(one.sender), one.ref) for one in sent if one.answered is not None}


@contextmanager
def backed_up(members: Members, installation: Installation) -> Iterator[Backups]:
    """Have these machines backed up until the block ends, set up as the documentation has it."""
    with ExitStack() as stack:
        site = stack.enter_context(running_site(members.root / "site", installation.root))
        installation.more = (
            f'[backup]\nsite = "{site.address}"\n'
            f'members_port = {members.backup_port}\nmembers_listen = "{REPOSITORY}"\n'
        ) + "".join(
            f'[[backup.members]]\nhost = "{one.host}"\ndata = "{one.data}"\n'
            f'configuration = "{one.backup_configuration}"\n'
            for one in members.all
        )
        installation.write_settings()
        for member in members.all:
            stack.enter_context(member.copied())
        backups = Backups(installation)
        # Writes what the repository is configured with; the first backup makes it.
        backups.run("list")
        backups.start()
        stack.callback(backups.stop)
        backups.backed_up.repository.create()
        wait_for(lambda: members.archives_now() and backups.archived() != set())
        backups.first = backups.run("now")
        yield backups

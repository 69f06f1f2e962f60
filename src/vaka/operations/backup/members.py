# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The servers of a cluster whose log and backups come into the repository here, over TLS with certificates both ways.

Whichever of them is primary sends its log; a backup is copied from a standby where one is there. pgBackRest runs on
each of them as the account of PostgreSQL, and here as ours: which is why what they are let into here is a process that
sees the repository and nothing else (``vaka-repository.service``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vaka.database.cluster import write_as_server
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.settings import Settings
from vaka.settings_backup import MemberSettings

REACHED_WITHIN_SECONDS = 10
ARCHIVED_WITHIN_SECONDS = 150
"""A server whose archive failed three times, for nobody was here yet, rests for a minute before it tries again."""
_SHOWN = {"database-ca.pem": "members.pem", "database-client.pem": "own.pem", "database-client.key": "own.key"}
"""What PostgreSQL is shown and shows itself is what pgBackRest on the same machine does; copies, of its account."""


@dataclass(frozen=True, slots=True)
class Members:
    """How they are reached, and how they reach us."""

    every: Sequence[MemberSettings]
    port: int
    listen: str
    tls: Path
    """Where our certificates lie."""

    def describe(self, directory: Path, stanza: str) -> tuple[str, str]:
        """Return the lines of pgBackRest's configuration that are about them: of all, and of the stanza."""
        members, own, key = (directory / name for name in _SHOWN.values())
        general = [
            # So long it waits for a machine that is gone to be reached, once in each round.
            f"io-timeout={REACHED_WITHIN_SECONDS}",
            f"archive-timeout={ARCHIVED_WITHIN_SECONDS}",
            f"tls-server-address={self.listen}",
            f"tls-server-port={self.port}",
            f"tls-server-ca-file={members}",
            f"tls-server-cert-file={own}",
            f"tls-server-key-file={key}",
            # By the name in its certificate, which is of the members' own issuer.
            *(f"tls-server-auth={one.host}={stanza}" for one in self.every),
        ]
        each = [
            line
            for number, one in enumerate(self.every, 1)
            for line in (
                f"pg{number}-host={one.host}",
                f"pg{number}-host-type=tls",
                f"pg{number}-host-port={self.port}",
                f"pg{number}-host-config={one.configuration}",
                f"pg{number}-host-ca-file={members}",
                f"pg{number}-host-cert-file={own}",
                f"pg{number}-host-key-file={key}",
                f"pg{number}-path={one.data}",
            )
        ]
        return "".join(f"{line}\n" for line in general), "".join(f"{line}\n" for line in each)

    def copy_certificates(self, directory: Path) -> None:
        """Put what proves us beside the repository, for the account and the process that see nothing but that."""
        for name, to in _SHOWN.items():
            try:
                text = (self.tls / name).read_text("ascii")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"{self.tls / name} cannot be read. The database servers are backed up over TLS with certificates "
                    "on both sides."
                ) from error
            if not (directory / to).exists() or (directory / to).read_text("ascii") != text:
                write_as_server(directory / to, text)


def find_members(settings: Settings, server: Server) -> Members | None:
    """Return the servers that are backed up here; None where the embedded one is, or whoever runs them does it."""
    port = settings.backup.members_port
    if port is None or settings.database.embedded or any(one.startswith("/") for one in server.hosts):
        return None
    named = {one.host: one for one in settings.backup.members}
    every = [named.get(host) or MemberSettings(host=host) for host in server.hosts]
    return Members(every, port, settings.backup.members_listen, server.credentials.parent / "tls")

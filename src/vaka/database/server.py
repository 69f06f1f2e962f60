# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where a PostgreSQL server is and which credential opens it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

PLATFORM_DATABASE = "vaka_platform"
KEY_DATABASE = "vaka_keys"
KEYHOLDER_ROLE = "vaka_keyholder"
"""The one login role of the key database; it can connect to no other, and nobody else to that one."""
SUPERUSER = "vaka_superuser"
"""Bootstraps the embedded cluster and creates roles; no process of Vaka ever connects as it."""

GONE_AFTER_MILLISECONDS = 6000
"""So long may a database server on another machine leave something unacknowledged."""


@dataclass(frozen=True, slots=True)
class Server:
    """One PostgreSQL server. A password is only ever a file that libpq itself reads."""

    host: str
    """Directory of the Unix socket, or a host name; several with commas between, of which one takes writes."""
    port: int
    credentials: Path
    """Directory with one libpq password file per login role."""

    @property
    def hosts(self) -> Sequence[str]:
        """Each host by itself."""
        return self.host.split(",")

    def credential_file(self, role: str) -> Path:
        """Return the password file of ``role``; it may not exist for this process."""
        return self.credentials / f"{role}.pgpass"

    def conninfo(self, role: str, database: str, *, application: str = "vaka") -> str:
        """Return a libpq connection string without any secret in it."""
        options: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "user": role,
            "dbname": database,
            "passfile": str(self.credential_file(role)),
            "application_name": application,
            "connect_timeout": 5,
        }
        if not all(one.startswith("/") for one in self.hosts):
            options |= {"sslmode": "verify-full", "ssl_min_protocol_version": "TLSv1.2", **self._certificates()}
            # A machine that is gone says nothing. Whoever waits for it longer than this waits in vain; and when a
            # network is back a new connection is sooner heard than an old one, which is tried ever less often.
            options["tcp_user_timeout"] = GONE_AFTER_MILLISECONDS
            options |= {"keepalives_idle": 3, "keepalives_interval": 1, "keepalives_count": 3}
        if len(self.hosts) > 1:
            # libpq asks one after the other, and stays with the one that takes writes: after a failover, another.
            options["target_session_attrs"] = "read-write"
        return make_conninfo("", **options)

    def _certificates(self) -> dict[str, str]:
        """Return which issuer the server's certificate has to be of, and our own, where they lie beside the settings.

        Without the first it is libpq's own list that decides (``~/.postgresql/root.crt``), and without that nobody.
        """
        directory = self.credentials.parent / "tls"
        named = {"sslrootcert": "database-ca.pem", "sslcert": "database-client.pem", "sslkey": "database-client.key"}
        return {option: str(directory / name) for option, name in named.items() if (directory / name).exists()}


def platform_role(component: str) -> str:
    """Return the login role of ``component`` in the platform database."""
    return f"vaka_{component}"


def tenant_role(database: str, component: str) -> str:
    """Return the login role of ``component`` in one authority's database; it can connect to no other."""
    return f"{database}_{component}"


def tenant_database(slug: str) -> str:
    """Return the name of the database of the authority with this ``slug``."""
    return f"vaka_t_{slug}"

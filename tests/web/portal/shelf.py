# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's registers as an authority may be shown them, filled by hand."""

from contextlib import closing
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.web.furniture import Installation
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER


class Shelf:
    """The registers as they stand, written by hand."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.author = installation.accounts["adam"]

    def execute(self, statement: str, *values: object) -> None:
        """Run a statement as a superuser who turned triggers off."""
        server = self.installation.server
        with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
            hand.execute("set session_replication_role = replica")
            hand.execute("set search_path = vaka")
            hand.execute(statement.encode(), values)

    def put(self, register: str, state: str, concerned: list[UUID] | None = None, **fields: str) -> UUID:
        """Add an entry."""
        entry = uuid4()
        self.execute(
            "insert into register_version (entry, number, register, state, fields, concerned, content, digest, made_by,"
            " made_at) values (%s, 1, %s, %s, %s, %s, 1, %s, %s, %s)",
            entry, register, state, Jsonb(fields), concerned, bytes(32), self.author, datetime.now(UTC),
        )  # fmt: skip
        return entry

    def attach(self, entry: UUID, name: str, body: bytes) -> UUID:
        """Add a file to the first text of an entry."""
        one = uuid4()
        self.execute(
            "insert into attachment (id, entry, content, name, media_type, size, sha256, body, signed_at, made_by,"
            " made_at) values (%s, %s, 1, %s, 'text/plain', %s, sha256(%s), %s, now(), %s, now())",
            one, entry, name, len(body), body, body, self.author,
        )  # fmt: skip
        return one

    def show(self, register: str, authority: str, how: str) -> None:
        """Let an authority be shown it."""
        self.execute("delete from register_showing where register = %s", register)
        where = self.installation.authorities[authority].id
        self.execute("insert into register_showing values (%s, %s, %s, now())", register, where, how)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An audit that both sides have agreed to, for tests that need an auditor whose role is worth something."""

from collections.abc import Collection
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg

from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server

EVERY_TERM = range(1, 38)
AGREED = "update vaka.audit a set agreed_at = asked_at, agreed_digest = vaka.audit_digest(a) where id = %s"


def engage(
    server: Server,
    authority: UUID,
    account: UUID,
    *,
    now: datetime,
    until: datetime | None = None,
    terms: Collection[int] = EVERY_TERM,
) -> UUID:
    """Let somebody audit an authority's terms from a day ago on, for a month unless it is said; return the audit."""
    identifier, ends = uuid4(), until or now + timedelta(days=30)
    starts = min(now, ends) - timedelta(days=1)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.audit (id, authority_id, kind, terms, about, looks_from, looks_until, auditors,"
            " starts_at, ends_at, proposed_by, asked_by, asked_at, answer_by, answer_within)"
            " values (%s, %s, 'audit', %s, 'Årlig revision', %s, %s, %s, %s, %s, 'portal', %s, %s, %s, '14 days')",
            (
                identifier, authority, list(terms), now - timedelta(days=366), now + timedelta(days=1), [account],
                starts, ends, account, starts, starts + timedelta(days=14),
            ),
        )  # fmt: skip
        superuser.execute(AGREED, (identifier,))
    return identifier

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An audit that goes on in a demo, whose auditor sees nothing outside one. Both sides agree, each by its own login."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from vaka.assurance.evidence import QUERIES
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identifiers import new_identifier

LENGTH = timedelta(days=365)
LOOKED_AT = timedelta(days=365)


async def arrange_audit(
    server: Server, authority: UUID, *, officer: UUID, auditor: UUID, administrator: UUID, now: datetime
) -> None:
    """Let a contract officer ask for an audit of everything, and an administrator agree to it."""
    identifier = new_identifier(now)
    asked = {
        "id": identifier, "authority_id": authority, "kind": "audit", "terms": list(range(1, 38)), "site": None,
        "about": "Årlig revision av alla villkor", "looks_from": now - LOOKED_AT, "looks_until": now + LENGTH,
        "auditors": [auditor], "starts_at": now, "ends_at": now + LENGTH, "answer_by": now + timedelta(days=14),
        "by": officer, "now": now,
    }  # fmt: skip
    await _say(server, "portal", "ask_audit", asked)
    shown = {"authority_id": None, "id": identifier}
    async with await open_connection(
        server, platform_role("office"), PLATFORM_DATABASE, application="vaka-demo"
    ) as office:
        row = await (await office.execute(QUERIES["list_audits"], shown)).fetchone()
    assert row is not None  # noqa: S101 - it was asked for just now
    digest = str(row[-2])
    agreed = {"id": identifier, "sha256": digest, "by": administrator, "now": now}
    await _say(server, "office", "agree_audit", agreed)


async def _say(server: Server, component: str, name: str, values: Mapping[str, object]) -> None:
    async with await open_connection(
        server, platform_role(component), PLATFORM_DATABASE, application="vaka-demo"
    ) as connection:
        row = await (await connection.execute(QUERIES[name], values)).fetchone()
    if row is None or row[0] != "done":
        raise RuntimeError(f"the demo's audit: {name} said {row}")

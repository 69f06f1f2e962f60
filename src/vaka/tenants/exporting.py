# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking out everything an authority owns, as one archive in an open format (docs/authority-export.md).

The archive is made while it is sent, and nothing of it lies on any disk of ours. Its manifest is the last file, so that
one that was cut off is known as such; that the last byte was sent is entered in the log, with the digest of the whole.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool
from vaka.keys.keyring import Keyring
from vaka.ledger.publishing import CHECKPOINT, published_paths, read_published_file
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.export_archive import Archive, describe
from vaka.tenants.export_rows import DIRECTORY_KINDS, KINDS, read_pages, read_schemas
from vaka.tenants.gateway import Gateway

FORMAT = "vaka-authority-export"
VERSION = 1
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Export:
    """One that was begun."""

    id: UUID
    account: UUID
    reason: str
    begun_at: datetime
    completed_at: datetime | None
    """When the last byte was sent; None where it is being sent, or was broken off."""
    digest: str | None
    """SHA-256 of the whole archive, in hexadecimal."""
    size: int | None
    """Bytes."""
    row_count: int | None
    unopened: int | None
    """In how many rows something could not be opened."""


async def begin(connection: Connection, export: UUID, account: UUID, reason: str, now: datetime) -> int:
    """Enter that an export is begun (as portal); return the number of the entry. Nothing is handed out before."""
    values = {"export": export, "account": account, "reason": reason, "now": now}
    row = await (await connection.execute(QUERIES["begin_export"], values)).fetchone()
    if row is None:
        raise LookupError("begin_export")
    return int(row[0])


async def list_exports(connection: Connection) -> Sequence[Export]:
    """Return the newest exports (as portal)."""
    async with connection.cursor(row_factory=class_row(Export)) as cursor:
        await cursor.execute(QUERIES["list_exports"], {"most": MOST_LISTED})
        return await cursor.fetchall()


async def write_export(
    gateway: Gateway,
    platform: Pool,
    keyring: Keyring,
    authority: Authority,
    export: UUID,
    reason: str,
    log: str,
    clock: Clock,
) -> AsyncGenerator[bytes, None]:
    """Yield the archive of an export that was begun, piece by piece, and enter in the end that it was taken.

    `log` is what the authority's log is called. Raises KeysUnavailableError, DatabaseUnavailableError: then the archive
    has no manifest and no end, and no entry says that it was completed.
    """
    begun = clock.now()
    archive, counts = Archive(begun.astimezone(UTC)), {}
    archive.add("README.txt", _README)
    for name, schema in read_schemas().items():
        archive.add(f"schemas/{name}", schema)
    yield archive.take()
    keys, total, locked = keyring.of(authority.id), 0, 0
    for kind in (*DIRECTORY_KINDS, *KINDS):
        path, rows, unopened = f"data/{kind}.jsonl", 0, 0
        with archive.open(path) as file:
            async for page in read_pages(gateway, platform, keys, export, kind):
                file.write(page.lines)
                rows, unopened = rows + page.count, unopened + page.unopened
                yield archive.take()
        counts[path] = (kind, rows, unopened)
        total, locked = total + rows, locked + unopened
    size = 0
    async with gateway.transaction(authority.id) as tenant:
        checkpoint, size, paths = await published_paths(tenant)
    for path in paths:
        async with gateway.transaction(authority.id) as tenant:
            published = await read_published_file(tenant, path)
        if published is not None:  # pruned meanwhile
            archive.add(f"log/{path}", published.data)
            yield archive.take()
    if size:
        archive.add(f"log/{CHECKPOINT}", checkpoint)
    manifest = {
        "format": FORMAT, "version": VERSION, "product": "Vaka", "export": str(export), "reason": reason,
        "authority": {"id": str(authority.id), "slug": authority.slug, "name": authority.name},
        "begun": _moment(begun), "ended": _moment(clock.now()), "complete": True,
        "log": {"origin": log, "size": size}, "files": describe(archive.members, counts),
    }  # fmt: skip
    archive.add("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n")
    archive.end()
    yield archive.take()
    values = {
        "export": export, "sha256": archive.sha256, "size": archive.size, "row_count": total, "unopened": locked,
        "now": clock.now(),
    }  # fmt: skip
    async with gateway.transaction(authority.id) as tenant:
        await tenant.execute(QUERIES["complete_export"], values)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


_README = """Everything an authority owns in Vaka: people in care, devices, alarms, decisions, and its log.

data/<kind>.jsonl      UTF-8, one JSON object to a line; schemas/<kind>.schema.json (JSON Schema 2020-12) describes it
log/                   the log, as `vaka verify` and others read it (C2SP tlog-tiles)
manifest.json          format, version, every file with its SHA-256; the last file: without it the archive was cut off

What could not be opened is null, and named in the row's "unopened". The whole format: docs/authority-export.md of Vaka.
This holds everything about everybody in clear. Keep it where only those who need it can read it.

Allt som en myndighet äger i Vaka: personer, enheter, larm, beslut och loggen. Filen innehåller allt om alla i klartext.
Förvara den så att bara den som behöver den kan läsa den.
""".encode()

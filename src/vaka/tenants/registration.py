# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking in a new authority: its database, its keys, its closing codes, its greeting, its row in the directory."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.connections import open_connection
from vaka.database.provision import provision_tenant
from vaka.database.server import Server, tenant_database, tenant_role
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.keys.keyring import Keyring
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.bulk import as_json
from vaka.tenants.closing_codes import DEFAULT_CODES

KINDS = ("authority", "intake")
LONGEST_NAME = 100
_SLUG = re.compile(r"[a-z][a-z0-9_]{1,30}")
# What a restored database of an authority, or the one that it took the place of, is called behind the authority's name.
_BESIDE = re.compile(r".*_(?:restored|apart|before_[0-9_]+)")


class UnusableAuthorityError(VakaError):
    """The facts given make no authority, or contradict the one that is there."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(sv, en))


async def register_authority(
    server: Server,
    platform: psycopg.AsyncConnection[Any],
    keyring: Keyring,
    slug: str,
    name: str,
    *,
    kind: str = "authority",
    actor: str = "setup",
    now: datetime,
) -> Authority:
    """Create the authority, or finish one that was begun, and return it; ``platform`` is a setup connection.

    The row in the directory comes last: what other processes find there is ready for use, keys included. Raises
    UnusableAuthorityError, KeysUnavailableError.
    """
    require_usable(slug, name, kind)
    known = await _find(platform, slug)
    if known is not None and known.kind != kind:
        raise UnusableAuthorityError(
            sv=f"{slug} finns redan och är av slaget {known.kind}.",
            en=f"{slug} exists already and is of the kind {known.kind}.",
        )
    authority = known or Authority(new_identifier(now), slug, name, kind, tenant_database(slug))
    # A crash after any of these steps leaves something that the next attempt finds and completes.
    await asyncio.to_thread(provision_tenant, server, authority.database_name)
    await keyring.open_authority(authority.id)
    # What is about nobody who is known is written to the authority itself.
    await keyring.create(authority.id, [authority.id])
    if known is None:  # from then on the lists and the greeting are the authority's own
        authority = replace(authority, address=keyring.of(authority.id).address(authority.id))
        await _furnish(server, authority, actor, now)
        await _enter(platform, authority, actor, now)
    return authority


def require_usable(slug: str, name: str, kind: str) -> None:
    """Raise UnusableAuthorityError where no authority can be called so."""
    if not _SLUG.fullmatch(slug):
        raise UnusableAuthorityError(
            sv="Kortnamnet ska ha 2–31 små bokstäver a–z, siffror eller understreck och börja med en bokstav.",
            en="The short name is 2–31 lower-case letters a–z, digits or underscores, and begins with a letter.",
        )
    if _BESIDE.fullmatch(slug):
        raise UnusableAuthorityError(
            sv="Kortnamn som slutar på _restored, _apart eller _before_ och siffror är databasernas vid återställning.",
            en="Short names that end in _restored, _apart or _before_ and digits are those of restored databases.",
        )
    if not 1 <= len(name.strip()) <= LONGEST_NAME or not name.isprintable() or kind not in KINDS:
        raise UnusableAuthorityError(
            sv=f"En kommun behöver ett namn på 1–{LONGEST_NAME} tecken och slaget authority eller intake.",
            en=f"An authority needs a name of 1–{LONGEST_NAME} characters and the kind authority or intake.",
        )


async def _find(platform: psycopg.AsyncConnection[Any], slug: str) -> Authority | None:
    async with platform.cursor(row_factory=class_row(Authority)) as cursor:
        await cursor.execute(QUERIES["find_authority"], {"slug": slug})
        return await cursor.fetchone()


async def _furnish(server: Server, authority: Authority, actor: str, now: datetime) -> None:
    database = authority.database_name
    tenant = await open_connection(server, tenant_role(database, "setup"), database, application="vaka-setup")
    rows = [
        {"list": name, "code": line.code, "sv": line.sv, "en": line.en, "position": position}
        for name, codes in DEFAULT_CODES.items()
        for position, line in enumerate(codes, 1)
    ]
    greeting = "" if authority.is_intake else f"Trygghetslarmet i {authority.name}, hur kan jag hjälpa dig?"
    try:
        async with tenant.transaction():
            cursor = await tenant.execute(QUERIES["keep_closing_codes"], {"rows": as_json(rows)})
            codes = len(await cursor.fetchall())
            greeted = (await tenant.execute(QUERIES["keep_greeting"], {"greeting": greeting})).rowcount
            if codes or greeted:
                entry = _entry(Event.POLICY_CHANGED, authority.id, actor, now, {"closing_codes": codes})
                await append_privileged(tenant, [entry])
    finally:
        await tenant.close()


async def _enter(platform: psycopg.AsyncConnection[Any], authority: Authority, actor: str, now: datetime) -> None:
    facts = {
        "id": authority.id, "slug": authority.slug, "name": authority.name, "kind": authority.kind,
        "database_name": authority.database_name, "address": authority.address, "now": now,
    }  # fmt: skip
    try:
        async with platform.transaction():
            await platform.execute(QUERIES["enter_authority"], facts)
            detail = {"slug": authority.slug, "kind": authority.kind}
            entry = _entry(Event.AUTHORITY_REGISTERED, authority.id, actor, now, detail)
            await append_privileged(platform, [entry])
    except psycopg.errors.UniqueViolation:
        raise UnusableAuthorityError(
            sv="Det finns redan en mottagning för okända avsändare." if authority.is_intake else "Den finns redan.",
            en="There is already a reception for unknown senders." if authority.is_intake else "It exists already.",
        ) from None


def _entry(
    event: Event, authority_id: UUID, actor: str, now: datetime, detail: Mapping[str, str | int | bool | None]
) -> Entry:
    return Entry(event, actor, now, f"authority:{authority_id}", detail=detail)

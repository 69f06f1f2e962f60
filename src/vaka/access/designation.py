# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Designated roles (term 9): the authority says, in its portal, which roles nobody gets without its approval.

Whoever holds a role when it is designated keeps it: that list was shown, and is approved by its fingerprint. All here
is run as portal, in the platform's database.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.grants import QUERIES, UnknownRoleError
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.access.roles import WITH_AUTHORITIES
from vaka.database.connections import Connection
from vaka.ledger.standing import require_standing


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A grant as it stands, and whether it is worth anything."""

    role: str
    account_id: UUID
    granted_at: datetime
    valid_until: datetime | None
    """Until when it is worth something; of an emergency, until when an answer is waited for."""
    state: str
    """Of the account: ``active``, ``deactivated``, ``removed``."""
    effective: bool
    kind: str | None
    """Of the request that it rests on."""
    last_signed_in_at: datetime | None
    """When the account last signed in, anywhere."""


@dataclass(frozen=True, slots=True)
class Designation:
    """Whether a role is designated, and the fingerprint of who holds it."""

    role: str
    since: datetime | None
    designated_by: UUID | None
    reason: str | None
    holders: bytes

    @property
    def is_designated(self) -> bool:
        """Whether nobody gets it without approval."""
        return self.since is not None


async def list_held(connection: Connection, authority_id: UUID, now: datetime) -> list[HeldRole]:
    """Return every grant in an authority that has not ended, worth something or not."""
    async with connection.cursor(row_factory=class_row(HeldRole)) as cursor:
        await cursor.execute(QUERIES["list_held"], {"authority_id": authority_id, "now": now})
        return await cursor.fetchall()


async def list_designations(connection: Connection, authority_id: UUID) -> list[Designation]:
    """Return for each role there is whether it is designated."""
    async with connection.cursor(row_factory=class_row(Designation)) as cursor:
        await cursor.execute(
            QUERIES["list_designations"], {"authority_id": authority_id, "roles": list(WITH_AUTHORITIES)}
        )
        return await cursor.fetchall()


async def designate_role(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    role: str,
    holders: bytes,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Let nobody get a role without approval any more; those whose fingerprint was shown keep it.

    Raises NotAllowedError, NothingHereError, UnknownRoleError, UnusableReasonError, NotDecidableError (it is designated
    already, other people hold it by now, or the asker holds it himself), LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_DESIGNATE_ROLE, authority_id)
    if role not in WITH_AUTHORITIES:
        raise UnknownRoleError
    facts = {
        "authority_id": authority_id, "role": role, "holders": holders, "account_id": principal.account_id,
        "reason": require_reason(reason), "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["designate_role"], facts)).fetchone()
        require_done(None if row is None else row[0])
        await require_standing(connection, now)


async def release_role(
    connection: Connection, principal: Principal, authority_id: UUID, role: str, *, reason: str, now: datetime
) -> None:
    """Take a designation back. Raises as :func:`designate_role` does."""
    require(principal, Permission.PORTAL_DESIGNATE_ROLE, authority_id)
    facts = {
        "authority_id": authority_id, "role": role, "account_id": principal.account_id,
        "reason": require_reason(reason), "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["release_role"], facts)).fetchone()
        require_done(None if row is None else row[0])
        await require_standing(connection, now)

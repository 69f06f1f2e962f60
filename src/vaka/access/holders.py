# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who holds privileged rights over an authority now (term 10): the supplier's administrators, whose rights reach every
authority, and whoever has a privileged role with this one. Read from the registers, as portal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.grants import QUERIES
from vaka.access.roles import PRIVILEGED_ROLES
from vaka.database.connections import Connection


@dataclass(frozen=True, slots=True)
class HolderRole:
    """One role a holder has with the authority."""

    role: str
    granted_at: datetime
    valid_until: datetime | None
    effective: bool
    """Whether it is worth anything: of a designated role only what the authority has approved."""
    rests_on: str | None
    """The kind of request that it rests on; None where nobody of the authority was asked."""
    decided_by: UUID | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """An account and its roles with one authority."""

    account_id: UUID
    display_name: str
    kind: str
    """The account's class: ``administrator`` or ``user``."""
    state: str
    created_at: datetime
    ends_at: datetime | None
    """The day on which it is deactivated by itself."""
    last_signed_in_at: datetime | None
    """When it last signed in, anywhere; a failed attempt leaves this as it is."""
    roles: tuple[HolderRole, ...]

    @property
    def is_administrator(self) -> bool:
        """Whether it is of the supplier's administrators' class."""
        return self.kind == "administrator"


@dataclass(frozen=True, slots=True)
class _Row:
    """A holder and one of its roles, or none."""

    account_id: UUID
    display_name: str
    kind: str
    state: str
    created_at: datetime
    ends_at: datetime | None
    last_signed_in_at: datetime | None
    role: str | None
    granted_at: datetime | None
    valid_until: datetime | None
    effective: bool
    rests_on: str | None
    decided_by: UUID | None
    decided_at: datetime | None


async def list_holders(connection: Connection, authority_id: UUID, now: datetime) -> list[Holder]:
    """Return everybody who holds privileged rights over an authority, administrators first, then by name."""
    facts = {"authority_id": authority_id, "account_id": None, "roles": list(PRIVILEGED_ROLES), "now": now}
    return _gather(await _read(connection, facts))


async def find_holder(connection: Connection, authority_id: UUID, account_id: UUID, now: datetime) -> Holder | None:
    """Return one account with every role it has with an authority, privileged or not; None where there is none."""
    facts = {"authority_id": authority_id, "account_id": account_id, "roles": None, "now": now}
    found = _gather(await _read(connection, facts))
    return found[0] if found else None


async def _read(connection: Connection, facts: dict[str, Any]) -> list[_Row]:
    async with connection.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(QUERIES["list_holders"], facts)
        return await cursor.fetchall()


def _gather(rows: Iterable[_Row]) -> list[Holder]:
    holders = []
    for _, group in groupby(rows, key=lambda row: row.account_id):
        own = list(group)
        first = own[0]
        roles = tuple(
            HolderRole(
                row.role, row.granted_at, row.valid_until, row.effective, row.rests_on, row.decided_by, row.decided_at
            )
            for row in own
            if row.role is not None and row.granted_at is not None
        )
        holders.append(
            Holder(
                first.account_id, first.display_name, first.kind, first.state, first.created_at, first.ends_at,
                first.last_signed_in_at, roles,
            )
        )  # fmt: skip
    return holders

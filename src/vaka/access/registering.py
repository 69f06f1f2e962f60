# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registering people in care as an authority's own, which its care system does (term 14).

Whoever may that reads nobody by it: he learns whether an identifier or a number is in his authority's register.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.keys.keyring import AuthorityKeys
from vaka.tenants.authorities import QUERIES
from vaka.tenants.lookups import key_of_number
from vaka.tenants.people import Person, register_people


class UnusablePersonError(VakaError):
    """A person cannot be registered like this; says why."""


async def register_person(
    tenant: Connection, keys: AuthorityKeys, principal: Principal, authority_id: UUID, person: Person, *, now: datetime
) -> bool:
    """Register a person on the portal's connection, in its open transaction; return whether he is new.

    Who is there by that identifier stays as he is. Raises NotAllowedError, NothingHereError, UnusablePersonError,
    LedgerStandsStillError, KeysUnavailableError, and what the keyholder refuses: who was erased does not come back.
    """
    require(principal, Permission.PORTAL_REGISTER_PEOPLE, authority_id)
    if person.id == authority_id:  # under that identifier lies what is about nobody
        raise _taken()
    # A program chooses the identifier, and may choose that of somebody who was erased a second ago: his key may be held
    # here still. No lock is held yet that could wait for the keyholder.
    await keys.create([person.id], trusting=False)
    there = await _find_same(tenant, person.id, await key_of_number(keys, person.personal_number))
    if person.id in there:
        return False
    if there:
        raise _taken()
    return await register_people(tenant, keys, [person], actor=principal.actor, now=now) == 1


async def require_own_number(tenant: Connection, person: UUID, number: bytes | None) -> None:
    """Return if nobody else has a number, given by its key, in an open transaction. Raises UnusablePersonError."""
    if await _find_same(tenant, person, number) - {person}:
        raise _taken()


async def _find_same(tenant: Connection, person: UUID, number: bytes | None) -> set[UUID]:
    """Return who is registered by this identifier or this number; nobody else gets the number until the end."""
    values: dict[str, Any] = {"person": person, "number": number}
    if number is not None:
        await tenant.execute(QUERIES["await_number"], values)
    return {row[0] for row in await (await tenant.execute(QUERIES["find_same_person"], values)).fetchall()}


def _taken() -> UnusablePersonError:
    return UnusablePersonError(
        Category.CONFLICT,
        Sentence(
            "Personnumret finns redan i registret, eller så är identifieraren upptagen. Inget har ändrats.",
            "The personal number is in the register already, or the identifier is taken. Nothing was changed.",
        ),
    )

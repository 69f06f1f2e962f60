# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading and changing people in care by an authority's program, one at a time and by version (terms 14 and 25).

That somebody is shown stands in the log before he is. Of somebody with a protected identity no program is shown
anything; it may write him anew from what it knows itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from vaka.access.decide import NothingHereError, require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.registering import require_own_number
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.kept_people import open_kept, read_kept
from vaka.tenants.lookups import key_of_number
from vaka.tenants.people import Note, Person
from vaka.tenants.person_changes import change_people


class ChangedMeanwhileError(VakaError):
    """What is there is another version than the one that is meant."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                "Det har ändrats under tiden. Inget har ändrats nu. Läs på nytt och försök igen.",
                "It was changed meanwhile. Nothing was changed now. Read it again, then try again.",
            ),
        )


class UnreadablePersonError(VakaError):
    """What stands there does not open: it was changed by hand, or the person is being erased."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                "Det som står om personen går inte att öppna. Inget har ändrats. Fråga leverantören.",
                "What stands about the person does not open. Nothing was changed. Ask the supplier.",
            ),
        )


class ShownPerson(NamedTuple):
    """A person as a program is shown one."""

    person: Person | None
    """None: the identity is protected."""
    version: str


async def read_person(
    tenant: Connection, keys: AuthorityKeys, principal: Principal, person: UUID, *, now: datetime
) -> ShownPerson:
    """Return what the register says of a person, on the registry's connection, and enter that it was shown.

    Raises NotAllowedError, NothingHereError, UnreadablePersonError, KeysUnavailableError.
    """
    require(principal, Permission.PORTAL_KEEP_PEOPLE, keys.authority)
    found, version = await _open(tenant, keys, person)
    async with tenant.transaction():
        facts: dict[str, str | int | bool | None] = {"withheld": found.protected_identity}
        await append(tenant, Entry(Event.PERSON_READ, principal.actor, now, f"person:{person}", detail=facts))
    return ShownPerson(None if found.protected_identity else found, version)


async def change_person(
    tenant: Connection, keys: AuthorityKeys, principal: Principal, person: Person, version: str, *, now: datetime
) -> bool:
    """Make a person what `person` says, if the register still has that ``version``; return whether anything changed.

    On the registry's connection, in no transaction: what is settled must be kept. A note that says what one says
    already is that one, and as old. Raises NotAllowedError, NothingHereError, ChangedMeanwhileError,
    UnusablePersonError, UnreadablePersonError, LedgerStandsStillError, KeysUnavailableError, and what the keyholder
    refuses.
    """
    require(principal, Permission.PORTAL_KEEP_PEOPLE, keys.authority)
    number = await key_of_number(keys, person.personal_number)
    before, there = await _open(tenant, keys, person.id)
    if there != version:
        raise ChangedMeanwhileError

    async def require_unchanged() -> None:
        """Look again where nobody else writes until this is kept."""
        if [one.version for one in await read_kept(tenant, [person.id], lock=True)] != [version]:
            raise ChangedMeanwhileError
        await require_own_number(tenant, person.id, number)

    anew = replace(person, notes=_keep_notes(before.notes, person.notes))
    changed = await change_people(
        tenant, keys, [anew], actor=principal.actor, now=now, before_writing=require_unchanged
    )  # fmt: skip
    return changed == 1


async def open_person(tenant: Connection, keys: AuthorityKeys, person: UUID) -> tuple[Person, str]:
    """Return a person as the register has him, and which version that is; nobody is shown anything by it.

    Raises NothingHereError, UnreadablePersonError, KeysUnavailableError.
    """
    return await _open(tenant, keys, person)


async def _open(tenant: Connection, keys: AuthorityKeys, person: UUID) -> tuple[Person, str]:
    for is_last in (False, True):
        async with tenant.transaction():
            kept = await read_kept(tenant, [person])
        if not kept:
            raise NothingHereError
        await keys.hold([person])
        opened = open_kept(keys, kept[0])
        if opened is not None:
            return opened, kept[0].version
        if is_last or not await keys.catch_up():  # somebody else wrote it anew a moment ago
            break
    raise UnreadablePersonError


def _keep_notes(before: Sequence[Note], told: Sequence[Note]) -> tuple[Note, ...]:
    left, kept = list(before), []
    for note in told:
        same = next((one for one in left if _says(one) == _says(note)), None)
        if same is not None:
            left.remove(same)
        kept.append(same or note)
    return tuple(sorted(kept, key=lambda one: (one.written_at, one.id)))


def _says(note: Note) -> tuple[str, bool, datetime | None]:
    return note.body, note.must_see, note.expires_at

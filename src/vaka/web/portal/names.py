# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Names for what entries only identify: looked up for the page, and no part of the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from vaka.database.connections import Connection, Pool, transaction
from vaka.identity.accounts import name_accounts
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.leaves import Leaf
from vaka.ledger.search import identifier_in, subject_of
from vaka.tenants.subjects import NamedPerson, list_people_of_things, name_people, name_units


@dataclass(frozen=True, slots=True)
class Things:
    """What could be named inside the authority's own database."""

    people: Mapping[UUID, NamedPerson] = field(default_factory=dict)
    owners: Mapping[UUID, UUID] = field(default_factory=dict)
    """Whose an alarm or a device is."""
    units: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that could be named."""

    things: Things
    accounts: Mapping[UUID, str]

    def account(self, thing: str) -> str:
        """Return what an account is called (``account:<uuid>``), or nothing."""
        identifier = identifier_in(thing) if thing.startswith("account:") else None
        return "" if identifier is None else self.accounts.get(identifier, "")

    def unit(self, thing: str) -> str:
        """Return what a unit is called, or nothing."""
        identifier = identifier_in(thing) if thing.startswith("unit:") else None
        return "" if identifier is None else self.things.units.get(identifier, "")

    def person_of(self, leaf: Leaf) -> UUID | None:
        """Return the person in care an entry concerns: the one it names, else whose the alarm or the device is."""
        named = subject_of(leaf)
        if named is not None:
            return named
        identifier = identifier_in(leaf.object)
        return None if identifier is None else self.things.owners.get(identifier)

    def person(self, identifier: UUID | None) -> NamedPerson | None:
        """Return what a person in care is called; None where it may not be said, or nobody knows (any more)."""
        return None if identifier is None else self.things.people.get(identifier)


async def name_things(
    tenant: Connection, keys: AuthorityKeys, leaves: Sequence[Leaf], *, people: bool, also: Iterable[UUID] = ()
) -> Things:
    """Name what these entries identify, and the people ``also``; nobody in care unless ``people`` may be named."""
    objects = [leaf.object for leaf in leaves]
    owners = await list_people_of_things(
        tenant, alarms=_identifiers("alarm:", objects), devices=_identifiers("device:", objects)
    )
    named = {subject for leaf in leaves if (subject := subject_of(leaf)) is not None}
    wanted = {*named, *owners.values(), *also} if people else set()
    return Things(
        await name_people(tenant, keys, wanted) if wanted else {}, owners,
        await name_units(tenant, _identifiers("unit:", objects)),
    )  # fmt: skip


async def name_everything(platform: Pool, things: Things, leaves: Sequence[Leaf], actors: Sequence[str] = ()) -> Names:
    """Name the accounts of these entries as well, and those of ``actors``."""
    texts = [*actors]
    for leaf in leaves:
        texts += [leaf.actor, leaf.object, *(value for value in leaf.detail.values() if isinstance(value, str))]
    wanted = _identifiers("account:", texts)
    if not wanted:
        return Names(things, {})
    async with transaction(platform) as connection:
        return Names(things, await name_accounts(connection, wanted))


def _identifiers(kind: str, texts: Iterable[str]) -> set[UUID]:
    found = {identifier_in(text) for text in texts if text.startswith(kind)}
    return {identifier for identifier in found if identifier is not None}

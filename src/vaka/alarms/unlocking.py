# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening what the desk has read about people, with the keys it holds.

An alarm is shown whether or not its person can be opened. Lists wait for the keyholder next to nothing and show who is
locked; a screen waits a little, and then says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from vaka.alarms.rows import Contact, Named, Person, PersonNote, Screen, SealedScreen, Target
from vaka.crypto.aead import UnopenableError
from vaka.errors import VakaError
from vaka.keys.keyring import AuthorityKeys

LOCAL = ZoneInfo("Europe/Stockholm")
SHOWN_TARGETS = 50
_HIDDEN_DIGITS = 4
_ADDRESS = ("street", "postal_code", "city")

Row = TypeVar("Row", bound=Named)


async def unlock_names(keys: AuthorityKeys, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the names that can be opened now; the others are marked as locked."""
    await _hold(keys, {row.person_id for row in rows if row.given_name is not None and row.person_id is not None})
    return [_unlock_name(keys, row) for row in rows]


async def unlock_targets(
    keys: AuthorityKeys, targets: Sequence[Target], address: Mapping[str, Any] | None
) -> list[Target]:
    """Return the alarms that another can become part of, named, and what it most likely belongs to first.

    ``address`` is the sealed address of whom that alarm is about.
    """
    subjects = {one.person_id for one in targets if one.person_id is not None}
    await _hold(keys, subjects | ({address["id"]} if address else set()))
    home = _open_address(keys, address["id"], address) if address else None
    judged = []
    for one in targets:
        there = _open_address(keys, one.person_id, {name: getattr(one, name) for name in _ADDRESS})
        related = one.same or (home is not None and home == there)
        judged.append(replace(_unlock_name(keys, one), street=None, postal_code=None, city=None, related=related))
    return sorted(judged, key=lambda one: not one.related)[:SHOWN_TARGETS]


async def unlock_screen(keys: AuthorityKeys, sealed: SealedScreen, now: datetime) -> Screen:
    """Return the screen with its person, contacts and notes; without them, and marked, where they are locked."""
    parts = await unlock_names(keys, sealed.screen.parts)
    screen = replace(sealed.screen, parts=parts)
    if sealed.person is None:
        return screen
    subject = sealed.person["id"]
    try:
        await keys.hold([subject])
        return replace(
            screen,
            person=_person(keys.open_row("person", str(subject), subject, sealed.person), now),
            contacts=[
                Contact(**keys.open_row("contact", f"{subject}/{row['position']}", subject, row))
                for row in sealed.contacts
            ],
            notes=[PersonNote(**keys.open_row("note", str(row["id"]), subject, row)) for row in sealed.notes],
        )
    except (
        VakaError
    ):  # the keyholder is away or refuses, or what is stored was changed: the alarm is shown all the same
        return replace(screen, is_locked=True)


async def _hold(keys: AuthorityKeys, subjects: Iterable[UUID]) -> None:
    try:
        await keys.hold(list(subjects), hasty=True)
    except VakaError:
        return  # refused: then they are locked, and the keyholder's log says why


def _unlock_name(keys: AuthorityKeys, row: Row) -> Row:
    if row.person_id is None or row.given_name is None:
        return row
    columns = {"given_name": row.given_name, "family_name": row.family_name}
    try:
        opened = keys.open_row("person", str(row.person_id), row.person_id, columns)
    except UnopenableError:
        return replace(row, given_name=None, family_name=None, is_locked=True)
    name = f"{opened['given_name']} {opened['family_name']}".strip()
    return replace(row, given_name=None, family_name=None, person_name=name)


def _open_address(keys: AuthorityKeys, subject: UUID | None, columns: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return street, postal code and place; None where there is no street, or it is locked."""
    if subject is None or columns["street"] is None:
        return None
    try:
        opened = keys.open_row("person", str(subject), subject, {name: columns[name] for name in _ADDRESS})
    except UnopenableError:
        return None
    return (opened["street"], opened["postal_code"], opened["city"]) if opened["street"] else None


def _person(facts: Mapping[str, Any], now: datetime) -> Person:
    absent_from, absent_until = facts["absent_from"], facts["absent_until"]
    is_told = absent_from is not None or absent_until is not None
    return Person(
        **{name: value for name, value in facts.items() if name != "personal_number"},
        masked_personal_number=mask(facts["personal_number"]),
        age=age_on(facts["born_on"], now.astimezone(LOCAL).date()),
        absent_now=is_told
        and (absent_from is None or absent_from <= now)
        and (absent_until is None or absent_until > now),
    )


def mask(number: str) -> str:
    """Return a personal number without its last four digits; nothing where there is none."""
    return f"{number[:-_HIDDEN_DIGITS]}{'•' * _HIDDEN_DIGITS}" if number else ""


def age_on(born_on: date | None, today: date) -> int | None:
    """Return how many years old somebody is."""
    if born_on is None:
        return None
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))

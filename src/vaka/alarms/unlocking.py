# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening what the desk has read about people, with the keys it holds.

An alarm is shown whether or not its person can be opened. Lists wait for the keyholder next to nothing and show who is
locked; a screen waits a little, and then says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from vaka.alarms.rows import (
    AlarmNote,
    Contact,
    EarlierAlarm,
    HistoryRow,
    Named,
    Person,
    PersonNote,
    Screen,
    SealedScreen,
    Target,
    Told,
)
from vaka.crypto.aead import UnopenableError
from vaka.errors import VakaError
from vaka.keys.keyring import AuthorityKeys

LOCAL = ZoneInfo("Europe/Stockholm")
SHOWN_TARGETS = 50
_HIDDEN_DIGITS = 4
_ADDRESS = ("street", "postal_code", "city")

Row = TypeVar("Row", bound=Named)
Closed = TypeVar("Closed", EarlierAlarm, HistoryRow)


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


async def unlock_endings(keys: AuthorityKeys, rows: Sequence[Closed]) -> list[Closed]:
    """Return the rows with what was written at the end, as far as it can be opened now; the others are marked."""
    await _hold(keys, {row.closing_subject for row in rows if row.closing_subject is not None})
    return [_unlock_ending(keys, row) for row in rows]


async def unlock_told(keys: AuthorityKeys, sealed: SealedScreen) -> Screen:
    """Return the screen with what the device said, and nothing else opened."""
    await _hold(keys, {row["subject_id"] for row in sealed.texts})
    return replace(sealed.screen, told=_told(keys, sealed))


async def unlock_screen(keys: AuthorityKeys, sealed: SealedScreen, now: datetime) -> Screen:
    """Return the screen with its person, contacts and notes, what the device said and what operators wrote; without
    them, and marked, where they are locked.
    """
    parts = await unlock_names(keys, sealed.screen.parts)
    written_to = {row["subject_id"] for row in (*sealed.texts, *sealed.alarm_notes)}
    with suppress(VakaError):  # the keyholder is away or refuses: the alarm is shown all the same
        await keys.hold(written_to | ({sealed.person["id"]} if sealed.person else set()))
    notes = [_note(keys, row) for row in sealed.alarm_notes]
    ending = next((note for note in notes if note.id == sealed.screen.alarm.closing_note), None)
    screen = replace(
        sealed.screen,
        parts=parts,
        told=_told(keys, sealed),
        alarm_notes=[note for note in notes if note is not ending],
        closing_text=ending.body if ending else "",
        ending_is_locked=ending is not None and ending.is_locked,
        earlier=await unlock_endings(keys, sealed.screen.earlier),
    )
    if sealed.person is None:
        return screen
    subject = sealed.person["id"]
    try:
        return replace(
            screen,
            person=_person(keys.open_row("person", str(subject), subject, sealed.person), now),
            contacts=[
                Contact(**keys.open_row("contact", f"{subject}/{row['position']}", subject, row))
                for row in sealed.contacts
            ],
            notes=[PersonNote(**keys.open_row("note", str(row["id"]), subject, row)) for row in sealed.notes],
        )
    except UnopenableError:  # its key is not at hand, or what is stored was changed
        return replace(screen, is_locked=True)


def open_texts(keys: AuthorityKeys, row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return what a device said in one message: place in the home, itself, position, network address.

    Raises UnopenableError where that was changed, or its key is not held.
    """
    opened = keys.open_row("message", str(row["id"]), row["subject_id"], {"texts": row["texts"]})["texts"]
    location, device, position, source = opened or ("", "", "", "")
    return location, device, position, source


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


def _told(keys: AuthorityKeys, sealed: SealedScreen) -> Told:
    alarm, is_locked = sealed.screen.alarm, False
    location = device = position = ""
    for row in sealed.texts:
        try:
            said = open_texts(keys, row)
        except UnopenableError:
            is_locked = True
            continue
        if row["id"] == alarm.first_message:
            location, device = said[:2]
        if row["id"] == alarm.position_message:
            position = said[2]
    return Told(location, device, position, is_locked)


def _note(keys: AuthorityKeys, row: Mapping[str, Any]) -> AlarmNote:
    facts = {name: row[name] for name in ("id", "written_at", "written_by")}
    try:
        return AlarmNote(**facts, body=_open_note(keys, row["id"], row["subject_id"], row["body"]))
    except UnopenableError:
        return AlarmNote(**facts, body="", is_locked=True)


def _unlock_ending(keys: AuthorityKeys, row: Closed) -> Closed:
    if row.closing_note is None:
        return row
    if row.closing_subject is None or row.closing_body is None:  # the note it names is not there
        return replace(row, ending_is_locked=True)
    try:
        text = _open_note(keys, row.closing_note, row.closing_subject, row.closing_body)
    except UnopenableError:
        return replace(row, closing_body=None, ending_is_locked=True)
    return replace(row, closing_body=None, closing_text=text)


def _open_note(keys: AuthorityKeys, note: UUID, subject: UUID, body: bytes) -> str:
    return str(keys.open_row("alarm_note", str(note), subject, {"body": body})["body"])


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

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening what the desk has read about people, with the keys it holds.

An alarm is shown whether or not its person can be opened. Lists wait for the keyholder next to nothing and show who is
locked; a screen waits a little, and then says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from vaka.alarms.named import Named
from vaka.alarms.rows import (
    AlarmNote,
    Contact,
    Device,
    EarlierAlarm,
    HistoryRow,
    Part,
    Person,
    PersonNote,
    Screen,
    SealedScreen,
    Target,
    Told,
)
from vaka.crypto.aead import UnopenableError
from vaka.errors import VakaError
from vaka.keys.identities import label
from vaka.keys.keyring import AuthorityKeys
from vaka.keys.personal import sealed_columns
from vaka.tenants.device_letters import Words, open_words

LOCAL = ZoneInfo("Europe/Stockholm")
SHOWN_TARGETS = 50
_HIDDEN_DIGITS = 4
_ADDRESS = ("street", "postal_code", "city")
_NOTHING: Mapping[str, Any] = defaultdict(
    str, born_on=None, latitude=None, longitude=None, absent_from=None, absent_until=None, risks=()
)
"""What stands for a value of a person that is refused."""

Row = TypeVar("Row", bound=Named)
Closed = TypeVar("Closed", EarlierAlarm, HistoryRow)


async def unlock_names(keys: AuthorityKeys, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the names that can be opened now; the others are marked as locked."""
    people = {row.person_id for row in rows if row.given_name is not None and row.person_id is not None}
    await _hold(keys, people | _senders(rows))
    named = [_unlock_name(keys, _unlock_sender(keys, row)) for row in rows]
    is_locked = any(one.is_locked or one.sender_is_locked for one in named)
    if is_locked and await keys.catch_up():  # somebody, or a device, was written anew a moment ago
        named = [_unlock_name(keys, _unlock_sender(keys, row)) for row in rows]
    return named


async def unlock_senders(keys: AuthorityKeys, rows: Sequence[Row]) -> list[Row]:
    """Return the rows without names, with what devices of nobody in the register call themselves."""
    await _hold(keys, _senders(rows))
    return [replace(_unlock_sender(keys, row), given_name=None, family_name=None, person_name="") for row in rows]


async def unlock_targets(
    keys: AuthorityKeys, targets: Sequence[Target], address: Mapping[str, Any] | None
) -> list[Target]:
    """Return the alarms that another can become part of, named, and what it most likely belongs to first.

    ``address`` is the sealed address of whom that alarm is about.
    """
    subjects = {one.person_id for one in targets if one.person_id is not None}
    await _hold(keys, subjects | _senders(targets) | ({address["id"]} if address else set()))
    home = _open_address(keys, address["id"], address) if address else None
    judged = []
    for one in targets:
        there = _open_address(keys, one.person_id, {name: getattr(one, name) for name in _ADDRESS})
        related = one.same or (home is not None and home == there)
        named = _unlock_name(keys, _unlock_sender(keys, one))
        judged.append(replace(named, street=None, postal_code=None, city=None, related=related))
    return sorted(judged, key=lambda one: not one.related)[:SHOWN_TARGETS]


async def unlock_endings(keys: AuthorityKeys, rows: Sequence[Closed]) -> list[Closed]:
    """Return the rows with what was written at the end, as far as it can be opened now; the others are marked."""
    await _hold(keys, {row.closing_subject for row in rows if row.closing_subject is not None})
    return [_unlock_ending(keys, row) for row in rows]


async def unlock_told(keys: AuthorityKeys, sealed: SealedScreen) -> Screen:
    """Return the screen with what the device said, and what is said of it, and nothing else opened."""
    await _hold(keys, _subjects(sealed.texts, sealed.devices))
    parts = await unlock_senders(keys, sealed.screen.parts)
    return replace(sealed.screen, parts=parts, told=_told(keys, sealed), **_devices(keys, sealed))


async def unlock_screen(keys: AuthorityKeys, sealed: SealedScreen, now: datetime) -> Screen:
    """Return the screen with its person, contacts and notes, what the device said and what operators wrote; without
    them, and marked, where they are locked.
    """
    parts = await unlock_names(keys, sealed.screen.parts)
    written_to = _subjects(sealed.texts, sealed.alarm_notes, sealed.devices)
    with suppress(VakaError):  # the keyholder is away or refuses: the alarm is shown all the same
        await keys.hold(written_to | ({sealed.person["id"]} if sealed.person else set()))
    earlier = await unlock_endings(keys, sealed.screen.earlier)
    screen = _open_screen(keys, sealed, parts, earlier, now)
    if screen.refused and await keys.catch_up():  # it was written anew a moment ago
        screen = _open_screen(keys, sealed, parts, earlier, now)
    return screen


def _open_screen(
    keys: AuthorityKeys, sealed: SealedScreen, parts: list[Part], earlier: list[EarlierAlarm], now: datetime
) -> Screen:
    notes = [_note(keys, row) for row in sealed.alarm_notes]
    ending = next((note for note in notes if note.id == sealed.screen.alarm.closing_note), None)
    screen = replace(
        sealed.screen,
        parts=parts,
        told=_told(keys, sealed),
        **_devices(keys, sealed),
        alarm_notes=[note for note in notes if note is not ending],
        closing_text=ending.body if ending else "",
        ending_is_locked=ending is not None and ending.is_locked,
        earlier=earlier,
    )
    if sealed.person is None:
        return screen
    subject = sealed.person["id"]
    try:
        person = keys.open_cells("person", str(subject), subject, sealed.person)
        contacts = [keys.open_cells("contact", f"{subject}/{row['position']}", subject, row) for row in sealed.contacts]
        about = [keys.open_cells("note", str(row["id"]), subject, row) for row in sealed.notes]
    except UnopenableError:  # its key is not at hand
        return replace(screen, is_locked=True)
    refused = {sealed_columns("person")[name].kind for name in person.refused}
    refused |= {"contacts" for one in contacts if one.refused} | {"notes" for one in about if one.refused}
    return replace(
        screen,
        person=_person({**person.opened, **{name: _NOTHING[name] for name in person.refused}}, now),
        contacts=[Contact(**one.opened) for one in contacts if not one.refused],
        notes=[PersonNote(**one.opened) for one in about if not one.refused],
        refused=tuple(sorted(refused)),
    )


class Said(NamedTuple):
    """What a device said in one message."""

    location: str = ""
    """Where in the home."""
    device: str = ""
    """What it says of itself."""
    position: str = ""
    source: str = ""
    """The network address it sent from."""
    sender: str = ""
    """What it calls itself."""


def open_texts(keys: AuthorityKeys, row: Mapping[str, Any]) -> Said:
    """Return what a device said in one message.

    Raises UnopenableError where that was changed, or its key is not held.
    """
    opened = keys.open_row("message", str(row["id"]), row["subject_id"], {"texts": row["texts"]})["texts"]
    return Said(*opened or ())


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


def _senders(rows: Iterable[Named]) -> set[UUID]:
    found = {row.said_subject if row.said_texts is not None else row.device_subject for row in rows}
    return {subject for subject in found if subject is not None}


def _unlock_sender(keys: AuthorityKeys, row: Row) -> Row:
    """Open what the device calls itself: as it said, or as it is registered where it said nothing."""
    is_locked, name = False, ""
    try:
        if row.said_texts is not None:
            name = open_texts(keys, {"id": row.said_id, "subject_id": row.said_subject, "texts": row.said_texts}).sender
        if not name and row.device_number is not None:
            registered = {"id": row.device_id, "subject_id": row.device_subject, "number": row.device_number}
            name = open_words(keys, {**registered, "placed": None}).number
    except UnopenableError:
        is_locked = True
    return replace(row, said_texts=None, device_number=None, sender_name=name, sender_is_locked=is_locked)


def _subjects(*many: Iterable[Mapping[str, Any]]) -> set[UUID]:
    return {row["subject_id"] for rows in many for row in rows if row["subject_id"] is not None}


def _devices(keys: AuthorityKeys, sealed: SealedScreen) -> dict[str, Any]:
    devices = [_device(keys, row) for row in sealed.devices]
    raised_by = sealed.screen.alarm.device_id
    return {
        "device": next((device for device in devices if device.id == raised_by), None),
        "other_devices": [device for device in devices if device.id != raised_by],
    }


def _device(keys: AuthorityKeys, row: Mapping[str, Any]) -> Device:
    words = Words("")
    with suppress(UnopenableError):  # then it is shown without
        words = open_words(keys, row)
    facts = {name: value for name, value in row.items() if name not in ("subject_id", "number")}
    return Device(**facts | {"sender": words.number or label(row["sender"]), "placed": words.placed})


def _told(keys: AuthorityKeys, sealed: SealedScreen) -> Told:
    alarm, is_locked = sealed.screen.alarm, False
    location = device = position = sender = ""
    for row in sealed.texts:
        try:
            said = open_texts(keys, row)
        except UnopenableError:
            is_locked = True
            continue
        if row["id"] == alarm.first_message:
            location, device, sender = said.location, said.device, said.sender
        if row["id"] == alarm.position_message:
            position = said.position
    return Told(location, device, position, sender, is_locked)


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

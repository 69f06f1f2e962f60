# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Inventing people in care: pure, the same from the same chance."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from vaka.demo import words
from vaka.demo.authorities import DemoAuthority, demo_identifier
from vaka.demo.numbers import landline_number, mobile_number, personal_number
from vaka.tenants.people import Contact, Note, Person

YOUNGEST, OLDEST = 67, 98


def invent_people(authority: DemoAuthority, count: int, now: datetime, chance: Random) -> list[Person]:
    """Return ``count`` people who live in ``authority``, between 67 and 98 years old at ``now``."""
    return [_invent_person(authority, now, chance) for _ in range(count)]


def _invent_person(authority: DemoAuthority, now: datetime, chance: Random) -> Person:
    woman = chance.random() < 0.68
    born_on = _birthday(now.date(), chance)
    family_name = chance.choice(words.FAMILIES)
    flat = chance.random() < 0.55
    key = chance.random()
    absent = chance.random() < 0.03
    return Person(
        id=demo_identifier(chance),
        given_name=chance.choice(words.WOMEN if woman else words.MEN),
        family_name=family_name,
        personal_number=personal_number(born_on, woman, chance),
        born_on=born_on,
        phone=landline_number(chance) if chance.random() < 0.6 else mobile_number(chance),
        language=_weighted(words.LANGUAGES, chance),
        hearing=_weighted(words.HEARING, chance),
        speech=_weighted(words.SPEECH, chance),
        cognition=_weighted(words.COGNITION, chance),
        street=f"{chance.choice(words.STREETS)} {chance.randint(1, 64)}{chance.choice(('', '', '', 'A', 'B'))}",
        postal_code=f"{authority.postal_area} {chance.randint(10, 49)}",
        city=authority.place,
        floor=f"{chance.randint(1, 6)} tr" if flat else "",
        door_code=f"{chance.randint(1000, 9999)}" if flat else "",
        route=chance.choice(words.ROUTES),
        latitude=round(authority.latitude + chance.gauss(0, 0.02), 5),
        longitude=round(authority.longitude + chance.gauss(0, 0.04), 5),
        area=chance.choice(authority.areas),
        risks=_invent_risks(chance),
        care_notes=chance.choice(words.CARE_NOTES),
        key_number=f"{authority.place[0]}{chance.randint(100, 999)}" if key < 0.55 else "",
        key_box=f"Nyckelskåp vid entrén, kod {chance.randint(1000, 9999)}" if key < 0.2 else "",
        digital_lock="Digitalt lås" if key >= 0.55 else "",
        protected_identity=chance.random() < 0.02,
        absent_from=now - timedelta(days=chance.randint(1, 6)) if absent else None,
        absent_until=now + timedelta(days=chance.randint(1, 14)) if absent else None,
        absence_reason=chance.choice(words.ABSENCES) if absent else "",
        contacts=_invent_contacts(family_name, chance),
        notes=_invent_notes(now, chance),
    )


def _birthday(today: date, chance: Random) -> date:
    """Most are between 78 and 92: the mean age of those with an alarm in Sweden is well above 80."""
    years = round(chance.triangular(YOUNGEST, OLDEST, 85))
    # A year and a little at most is added; one who would be too old by it was born a little later.
    day = today - timedelta(days=round(years * 365.25) + chance.randint(0, 364))
    oldest = today - timedelta(days=round(OLDEST * 365.25))
    return max(day, oldest)


def _invent_risks(chance: Random) -> tuple[str, ...]:
    names, weights = words.RISKS
    count = chance.choices((0, 1, 2), (62, 30, 8))[0]
    drawn = dict.fromkeys(chance.choices(names, weights, k=count))
    return tuple(drawn)


def _invent_contacts(family_name: str, chance: Random) -> tuple[Contact, ...]:
    contacts = []
    for relation in chance.sample(words.RELATIONS, k=chance.choices((0, 1, 2, 3), (6, 34, 40, 20))[0]):
        given_name = chance.choice(words.WOMEN + words.MEN)
        kin = relation not in ("granne", "god man", "vän") and chance.random() < 0.6
        surname = family_name if kin else chance.choice(words.FAMILIES)
        contacts.append(Contact(f"{given_name} {surname}", mobile_number(chance), relation, chance.random() < 0.4))
    return tuple(contacts)


def _invent_notes(now: datetime, chance: Random) -> tuple[Note, ...]:
    notes = []
    if chance.random() < 0.12:
        expires_at = now + timedelta(days=chance.randint(3, 60))
        notes.append(Note(demo_identifier(chance), chance.choice(words.MUST_SEE_NOTES), now, True, expires_at))
    if chance.random() < 0.25:
        written_at = now - timedelta(days=chance.randint(1, 40))
        notes.append(Note(demo_identifier(chance), chance.choice(words.NOTES), written_at))
    return tuple(notes)


def _weighted(choice: tuple[Sequence[str], Sequence[int]], chance: Random) -> str:
    values, weights = choice
    return chance.choices(values, weights)[0]

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who answers for an authority's areas, and when: all of it as it is wanted, compared with what is so (as setup).

A unit is known by its name. One that answers for nothing any more goes: nothing but its hours refers to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from vaka.identifiers import new_identifier
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json

DAY = 24 * 60
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True, order=True)
class Answer:
    """A unit answers for an area: minutes after local midnight; may pass midnight; equal means the whole day."""

    area: str
    from_minute: int
    until_minute: int
    unit: str

    def minutes(self) -> Iterator[int]:
        """Yield the minutes of the day at which it does."""
        for step in range((self.until_minute - self.from_minute) % DAY or DAY):
            yield (self.from_minute + step) % DAY

    def __str__(self) -> str:
        """Say it as people do."""
        return f"{self.area} {say_hours(self.from_minute, self.until_minute)}"


@dataclass(frozen=True, slots=True)
class Service:
    """Who answers, and when."""

    phones: Mapping[str, str] = field(repr=False)
    """Each unit's number, by its name."""
    answers: frozenset[Answer]

    @property
    def areas(self) -> set[str]:
        """Those that somebody answers for."""
        return {answer.area for answer in self.answers}


@dataclass(frozen=True, slots=True)
class Standing:
    """What an authority has now."""

    service: Service
    units: Mapping[str, UUID]
    lived_in: frozenset[str]
    """Areas that people in care belong to."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one unit."""

    unit: str
    how: str
    """``new``, ``changed`` or ``removed``."""
    gone: tuple[Answer, ...] = ()
    came: tuple[Answer, ...] = ()
    other_phone: bool = False


def say_minute(minute: int) -> str:
    """Return a time of the day as it is written."""
    return f"{minute // 60:02}:{minute % 60:02}"


def say_hours(begins: int, ends: int) -> str:
    """Return a stretch of the day as it is written."""
    return "all day" if begins == ends else f"{say_minute(begins)}–{say_minute(ends)}"


async def read_standing(connection: Connection) -> Standing:
    """Return who answers in the authority whose database this is (as setup)."""
    rows = await (await connection.execute(QUERIES["list_units"])).fetchall()
    units: dict[str, UUID] = {}
    phones: dict[str, str] = {}
    answers = set()
    for identifier, name, phone, area, begins, ends in rows:
        units.setdefault(name, identifier)
        phones.setdefault(name, phone)
        if area is not None:
            answers.add(Answer(area, begins, ends, name))
    lived_in = await (await connection.execute(QUERIES["list_areas_lived_in"])).fetchall()
    return Standing(Service(phones, frozenset(answers)), units, frozenset(area for (area,) in lived_in))


def compare(now: Service, wanted: Service) -> list[Change]:
    """Return what has to become of whom, by name."""
    changes = []
    for unit in sorted(now.phones.keys() | wanted.phones.keys()):
        before = {one for one in now.answers if one.unit == unit}
        after = {one for one in wanted.answers if one.unit == unit}
        gone, came = tuple(sorted(before - after)), tuple(sorted(after - before))
        if unit not in now.phones:
            changes.append(Change(unit, "new", came=came))
        elif unit not in wanted.phones:
            changes.append(Change(unit, "removed", gone=gone))
        elif gone or came or now.phones[unit] != wanted.phones[unit]:
            changes.append(Change(unit, "changed", gone, came, now.phones[unit] != wanted.phones[unit]))
    return changes


async def set_units(connection: Connection, wanted: Service, *, actor: str, now: datetime) -> list[Change]:
    """Make it so in one authority's database, and return what became of whom.

    Names, areas and numbers are not written in the ledger.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_units"])
        standing = await read_standing(connection)
        changes = compare(standing.service, wanted)
        units = dict(standing.units) | {one.unit: new_identifier(now) for one in changes if one.how == "new"}
        gone = [answer for change in changes for answer in change.gone]
        came = [answer for change in changes for answer in change.came]
        await _run(connection, "drop_unit_hours", [_row(units, one) for one in gone])
        await _run(
            connection, "register_units", [_unit(units, wanted, one.unit) for one in changes if one.how == "new"]
        )
        await _run(connection, "change_units", [_unit(units, wanted, one.unit) for one in changes if one.other_phone])
        await _run(connection, "register_unit_hours", [_row(units, one) for one in came])
        removed = [units[one.unit] for one in changes if one.how == "removed"]
        await _run(connection, "drop_units", [{"id": one} for one in removed])
        await append_privileged(connection, [_entry(one, units[one.unit], actor, now) for one in changes])
    return changes


def _unit(units: Mapping[str, UUID], wanted: Service, name: str) -> dict[str, Any]:
    return {"id": units[name], "name": name, "phone": wanted.phones[name]}


def _row(units: Mapping[str, UUID], answer: Answer) -> dict[str, Any]:
    return {
        "area": answer.area, "from_minute": answer.from_minute, "until_minute": answer.until_minute,
        "unit_id": units[answer.unit],
    }  # fmt: skip


async def _run(connection: Connection, query: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(QUERIES[query], {"rows": as_json(rows)})


def _entry(change: Change, unit: UUID, actor: str, now: datetime) -> Entry:
    event = {"new": Event.UNIT_REGISTERED, "removed": Event.UNIT_REMOVED}.get(change.how, Event.UNIT_CHANGED)
    detail = {"fields": ",".join(_fields(change))} if event is Event.UNIT_CHANGED else {}
    return Entry(event, actor, now, f"unit:{unit}", detail=detail)


def _fields(change: Change) -> Iterator[str]:
    if change.other_phone:
        yield "phone"
    if change.gone or change.came:
        yield "hours"

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keys of people: sealing and opening, what the real keyholder takes, and what waits for it when a desk starts."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from bench.installation import Installation, register
from bench.measurements import Bench
from bench.screens import measure_screens
from bench.sealed_values import measure_values
from vaka.clock import SystemClock
from vaka.demo.authorities import AUTHORITIES
from vaka.demo.people import invent_people
from vaka.identifiers import new_identifier
from vaka.keys.client import KeyClient
from vaka.keys.keyring import make_client, make_keyring
from vaka.settings import Settings
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import NameIndex
from vaka.tenants.people import Person

NAMES = 100_000
"""People whose names are read when a desk starts."""
KEYS = 10_000
"""People of the authority whose key is replaced, and of whom some are erased."""
SCREENS = 500
_MANY = 1_000
"""Erased by one order: the most that one takes."""
_CHANCE = 4_711


def measure_keys(bench: Bench) -> None:
    """Everything about keys; what is measured more than once is given as median, least and most."""
    installation, rounds = bench.installation, range(bench.rounds)
    bench.say("Keys: values and letters, sealed and opened")
    values = [measure_values(bench.seconds / 8) for _ in rounds]
    bench.say(f"Keys: an authority of {KEYS:,} people, its key replaced, people erased")
    turned = [asyncio.run(_turn(installation)) for _ in rounds]
    people = asyncio.run(_top_up(bench))
    bench.say(f"Keys: the names of {NAMES:,} people, as a desk that starts reads them")
    names = [asyncio.run(_read_names(installation, people[-1])) for _ in rounds]
    bench.results["keys"] = {
        "people": {"turned": KEYS, "names": NAMES},
        "values": _spread(values),
        "turned": _spread(turned),
        "names": _spread(names),
        "screens": measure_screens(bench, people),
    }


async def _turn(installation: Installation) -> dict[str, float]:
    """Seconds of each, and how many keys a second are made and handed out. Checks that the erased are gone."""
    clock = SystemClock()
    client, took = make_client(installation.server, Settings(), "setup", clock), dict[str, float]()

    async def timed(name: str, work: Callable[[], Awaitable[object]]) -> None:
        begun = time.perf_counter()
        await work()
        took[name] = time.perf_counter() - begun

    try:
        authority, *subjects = (new_identifier(clock.now()) for _ in range(KEYS + 1))
        await client.open_authority(authority)
        await timed("made", lambda: client.create(authority, subjects))
        await timed("handed out", lambda: client.unwrap(authority, subjects))
        alone = [await _ask_for_one(client, authority, subject) for subject in subjects[:SCREENS]]
        await timed("key replaced", lambda: client.rotate(authority))
        orders = [new_identifier(clock.now()) for _ in range(3)]
        await timed("one erased", lambda: client.erase(authority, subjects[:1], orders[0]))
        await timed(f"{_MANY:,} erased", lambda: client.erase(authority, subjects[1 : 1 + _MANY], orders[1]))
        left = {key.subject for key in await client.unwrap(authority, subjects)}
        if left != set(subjects[1 + _MANY :]):
            raise RuntimeError(f"{len(left)} people have keys after {1 + _MANY} of {KEYS} were erased")
        await timed("authority erased", lambda: client.erase_authority(authority, orders[2]))
    finally:
        await client.close()
    alone.sort()
    for name in ("made", "handed out"):
        took[f"{name} a second"] = KEYS / took.pop(name)
    return took | {"one asked for, p50": statistics.median(alone), "one asked for, p99": alone[int(SCREENS * 0.99)]}


async def _ask_for_one(client: KeyClient, authority: Any, subject: Any) -> float:
    begun = time.perf_counter()
    if len(await client.unwrap(authority, [subject])) != 1:
        raise RuntimeError("somebody has no key")
    return time.perf_counter() - begun


async def _top_up(bench: Bench) -> Sequence[Person]:
    """Register invented people with contacts and notes, and plain ones until there are NAMES; return the former."""
    installation = bench.installation
    authority = installation.authorities[0]
    with contextlib.closing(installation.connect(authority.database_name)) as connection:
        row = connection.execute("select count(*) from vaka.person").fetchone()
    there, now = int(row[0]) if row else 0, datetime.now(UTC)
    invented = invent_people(AUTHORITIES[0], SCREENS, now, Random(_CHANCE))
    plain = [Person(new_identifier(now), "Vera", f"Namn{n:07}") for n in range(NAMES - there - len(invented))]
    bench.say(f"Keys: registering {len(plain) + len(invented):,} more people in one authority")
    await register(installation, authority, [*plain, *invented])
    return invented


async def _read_names(installation: Installation, known: Person) -> dict[str, float]:
    """Seconds of the first reading, of one when nothing is new, and of a search. The keys are fetched each time."""
    authority = installation.authorities[0]
    gateway = Gateway(installation.server, "desk", [authority])
    keyring = make_keyring(installation.server, Settings(), "desk", SystemClock())
    took = {}
    try:
        index = NameIndex(keyring.of(authority.id))
        for name in ("all read", "nothing new"):
            begun = time.perf_counter()
            await index.refresh(gateway)
            took[name] = time.perf_counter() - begun
        begun = time.perf_counter()
        found = index.find((known.given_name, known.family_name), protected=True)
        took["searched"] = time.perf_counter() - begun
        if known.id not in {one.id for one in found}:
            raise RuntimeError("somebody who is in the register is not found by name")
    finally:
        await keyring.close()
        await gateway.close()
    return took


def _spread(rounds: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "median": statistics.median(each[name] for each in rounds),
            "least": min(each[name] for each in rounds),
            "most": max(each[name] for each in rounds),
        }
        for name in rounds[0]
    }

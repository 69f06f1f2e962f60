# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How long a desk takes to answer with the one screen, its person's key in its memory or still with the keyholder.

The alarms are closed ones: of a person in the queue, the desk has the key already, for the name stands there.
"""

import asyncio
import contextlib
import html
import re
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

from bench.desks import sign_in
from bench.installation import Installation
from bench.measurements import Bench
from vaka.clock import SystemClock
from vaka.identifiers import new_identifier
from vaka.keys.client import KeyClient
from vaka.keys.keyring import WATCH_SECONDS, make_client
from vaka.settings import Settings
from vaka.tenants.people import Person

_CLOSED = """
insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, person_id, sender, received_at, latest_at,
                        taken_at, closed_at, closed_by)
select id, 'life', 'button', 'button', 'closed', 'site:bench', person, '', now(), now(), now(), now(), 'setup'
from unnest(%s::uuid[], %s::uuid[]) as made (id, person)
"""
_UNWRAPPED = re.compile(r'^vaka_keyholder_calls_total\{call="unwrap"\} ([0-9.]+)$', re.MULTILINE)


def measure_screens(bench: Bench, people: Sequence[Person]) -> dict[str, Any]:
    """Milliseconds from the request to the whole page, for each person once, one after the other.

    ``cold``: the desk has forgotten every key, as it does when an authority's key was replaced. ``warm``: another
    operator opens the same screens. Both readings are recorded. ``again``: the first operator's page is loaded anew.
    """
    installation = bench.installation
    bench.say(f"Keys: the screens of {len(people)} people, cold and warm")
    alarms = _close_alarms(installation, people)
    tokens = iter(asyncio.run(sign_in(installation, 2 * bench.rounds)))
    waits: dict[str, list[float]] = {"cold": [], "warm": [], "again": []}
    with installation.desk():
        for _ in range(bench.rounds):
            first, second = next(tokens), next(tokens)
            asyncio.run(_forget_keys(installation))
            for name, token in (("cold", first), ("warm", second), ("again", first)):
                before = asyncio.run(_count_unwrapped(installation))
                waits[name] += _open(installation, token, alarms)
                asked = asyncio.run(_count_unwrapped(installation)) - before
                if (asked >= len(people)) != (name == "cold"):
                    raise RuntimeError(f"the desk asked for keys {asked} times while {name}")
    return {name: _summary(sorted(each)) for name, each in waits.items()}


def _close_alarms(installation: Installation, people: Sequence[Person]) -> list[tuple[UUID, Person]]:
    installation.empty()
    alarms = [(new_identifier(SystemClock().now()), person) for person in people]
    with contextlib.closing(installation.connect(installation.authorities[0].database_name)) as connection:
        connection.execute(_CLOSED, ([alarm for alarm, _ in alarms], [person.id for _, person in alarms]))
        connection.execute("analyze vaka.alarm")
    return alarms


def _open(installation: Installation, token: str, alarms: Sequence[tuple[UUID, Person]]) -> list[float]:
    authority, port = installation.authorities[0].id, installation.desk_port
    headers, waits = {"Cookie": f"__Host-vaka-operator={token}", "Host": f"localhost:{port}"}, []
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for alarm, person in alarms:
            begun = time.perf_counter()
            connection.request("GET", f"/alarm/{authority}/{alarm}", headers=headers)
            answer = connection.getresponse()
            page = answer.read()
            waits.append((time.perf_counter() - begun) * 1000)
            if answer.status != 200 or html.escape(person.street) not in page.decode():
                raise RuntimeError(f"the desk answered {answer.status}, or without the person's address")
    return waits


async def _forget_keys(installation: Installation) -> None:
    """Replace the key of an authority that has nobody, and wait until the desk has heard of it."""
    client = _client(installation)
    try:
        authority = new_identifier(SystemClock().now())
        await client.open_authority(authority)
        await client.rotate(authority)
        await client.erase_authority(authority, new_identifier(SystemClock().now()))
    finally:
        await client.close()
    await asyncio.sleep(2 * WATCH_SECONDS)


async def _count_unwrapped(installation: Installation) -> int:
    client = _client(installation)
    try:
        found = _UNWRAPPED.search(await client.metrics())
    finally:
        await client.close()
    return int(float(found[1])) if found else 0


def _client(installation: Installation) -> KeyClient:
    return make_client(installation.server, Settings(), "setup", SystemClock())


def _summary(waits: Sequence[float]) -> dict[str, float]:
    return {"p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "most": waits[-1]}

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each kind of event there is, is seen by the authority it concerns one round of sealing after it was written (25)."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role, tenant_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.web.portal.words import ALL_NAMES

pytestmark = [pytest.mark.anyio, pytest.mark.database]

WRITERS = ("desk", "scheduler", "portal", "sequencer", "receiver")
"""Who writes in an authority's log, the one that may the most first; the database says who may write which kind."""
SUPPLIERS = ("setup", "scheduler", "portal", "office", "signin", "sequencer")
"""The same of the supplier's."""
WITH_WHAT_THEY_DO = {Event.RETENTION_SET, Event.LEDGER_PRUNED}
"""The database takes these only together with what they tell of (tests/web/portal/test_retention.py, tests/ledger)."""
WRITTEN = {one.value for one in Event if one not in WITH_WHAT_THEY_DO}
INDEXES = (
    "select index, convert_from(leaf, 'UTF8')::jsonb ->> 'event' as event from ledger.log_entry"
    " where convert_from(leaf, 'UTF8')::jsonb ->> 'object' = %(thing)s"
)


async def write_one_of_each(installation: Installation, place: str | None, thing: str, **detail: str) -> None:
    """Write an entry of each kind, in an authority's own log or in the supplier's, as the first that may."""
    left = list(Event)
    for writer in WRITERS if place else SUPPLIERS:
        database = installation.authorities[place].database_name if place else PLATFORM_DATABASE
        role = tenant_role(database, writer) if place else platform_role(writer)
        refused = []
        async with await open_connection(installation.server, role, database, application="test") as connection:
            for kind in left:
                try:
                    async with connection.transaction():
                        await append(connection, Entry(kind, "scheduler", datetime.now(UTC), thing, detail=detail))
                except psycopg.Error:
                    refused.append(kind)
        left = refused
    assert set(left) == WITH_WHAT_THEY_DO


async def test_term_25_1_each_kind_in_an_authoritys_own_log_is_seen_after_one_round(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    """Found by its kind, and on its own page in words."""
    thing = f"probe:{uuid4()}"
    await write_one_of_each(installation, "ekbacka", thing)
    await logs.seal()
    places = {row["event"]: row["index"] for row in logs.ask("ekbacka", INDEXES, {"thing": thing})}
    assert places.keys() == WRITTEN
    for event, index in places.items():
        found = await lovisa.get(f"/log/ekbacka?event={event}")
        assert f'/log/ekbacka/entry/{index}"' in found.text, event
        page = await lovisa.get(f"/log/ekbacka/entry/{index}")
        assert ALL_NAMES["sv"]["event_word"](event) in page.text, event
        assert thing not in (await niklas.get(f"/log/norrvik?event={event}")).text


async def test_term_25_1_each_kind_in_the_suppliers_log_is_seen_by_whom_it_concerns(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    thing = f"probe:{uuid4()}"
    await write_one_of_each(installation, None, thing, authority=str(installation.authorities["ekbacka"].id))
    await logs.seal_platform()
    places = {row["event"]: row["index"] for row in logs.ask("platform", INDEXES, {"thing": thing})}
    assert places.keys() == WRITTEN
    missing = []
    for event, index in places.items():
        if f'/supplier/entry/{index}"' not in (await lovisa.get(f"/log/ekbacka/supplier?event={event}")).text:
            missing.append(event)
    assert missing == []

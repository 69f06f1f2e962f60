# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking advisory data into the platform's database: all of a file, or nothing of it (as setup)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.identifiers import new_identifier
from vaka.operations.vulnerabilities.reading import AdvisoryData, UnusableDataError

QUERIES = load_queries("vaka.operations.vulnerabilities")
AT_ONCE = 2000
"""Records in one statement."""
_REFUSALS = {
    "future": (
        "Uppgifterna sägs vara från en tid som inte har varit.",
        "The data are said to be of a time still to come.",
    ),
    "older": ("Det finns nyare uppgifter från källan redan.", "There are newer data of that source already."),
    "shrunk": (
        "Filen har färre än hälften så många poster som den förra. Säg --shrunk om det ska vara så.",
        "The file has fewer than half as many records as the last. Say --shrunk if that is as it should be.",
    ),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """Where data come from."""

    source_at: datetime
    """As of when the source says them."""
    fetched: bool
    shrunk: bool = False
    """Whether they may be fewer than half as many as before."""


async def take_in(connection: Connection, data: AdvisoryData, taken: Taken, *, by: str, now: datetime) -> UUID:
    """Take in what a file holds (as setup); return the import. Raises UnusableDataError.

    Of a file that is the last one byte for byte, only that it was taken in is entered.
    """
    if data.newest is not None and data.newest > taken.source_at:
        raise UnusableDataError(
            "En post är nyare än den tid som uppgifterna sägs vara från.",
            "A record is newer than the time that the data are said to be of.",
        )
    identifier = new_identifier(now)
    values = {
        "id": identifier, "source": data.source, "source_at": taken.source_at, "digest": data.digest,
        "records": len(data.records), "fetched": taken.fetched, "shrunk": taken.shrunk, "by": by, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["begin_import"], values)).fetchone()
        said = "" if row is None else str(row[0])
        if said == "same":
            return identifier
        if said != "done":
            raise UnusableDataError(*_REFUSALS[said])
        for first in range(0, len(data.records), AT_ONCE):
            some = data.records[first : first + AT_ONCE]
            records = [{"package": one.package, "id": one.id, "content": dict(one.content)} for one in some]
            await connection.execute(QUERIES["add_records"], {"id": identifier, "records": Jsonb(records)})
        await connection.execute(QUERIES["finish_import"], {"id": identifier})
    return identifier

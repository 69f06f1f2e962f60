# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sealed values that are refused: changed, moved, or an old one put back in its place. Each is told of, once (as desk).

At each opening the seal itself refuses them: whoever reads sees the value as locked, and everything else. Here they are
entered in the log. What nobody looks at, a round opens, everything once a day and slowly; it shows nobody anything.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from psycopg.rows import dict_row

from vaka.clock import Clock
from vaka.crypto.aead import UnopenableError
from vaka.errors import VakaError
from vaka.keys.cells import Refused
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.logs import describe_error
from vaka.tenants.authorities import QUERIES
from vaka.tenants.bulk import as_json
from vaka.tenants.gateway import Gateway

LOOK_SECONDS = 2.0
"""How often it is looked whether something was refused."""
ROUND_SECONDS = 86_400.0
"""How often everything is opened."""
FIRST_SECONDS = 60.0
"""After the start, when names are read and screens are opened, the round waits so long."""
PAUSE_SECONDS = 0.1
"""Between two pages: whoever answers an alarm goes first."""
AT_ONCE = 20
"""Rows of a page; opening them takes a few milliseconds."""
NOBODY = UUID(int=0)
_ROUNDS = (
    ("person", "page_of_people"), ("contact", "page_of_contacts"), ("note", "page_of_notes"),
    ("device", "page_of_devices"), ("message", "page_of_messages"), ("alarm_note", "page_of_alarm_notes"),
)  # fmt: skip

Row = Mapping[str, Any]


class Refusals:
    """Tells of what was refused in this process, and looks for what nobody has opened."""

    def __init__(self, gateway: Gateway, keyring: Keyring, clock: Clock) -> None:
        self._gateway = gateway
        self._keyring = keyring
        self._clock = clock

    async def watch(self) -> None:
        """Tell of what is refused, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.tell()

    async def tell(self) -> int:
        """Enter what was refused since the last time and still is; return how many entries that makes.

        What was read just before somebody wrote it anew is refused rightly and told of by nobody: something else stands
        there by now. What could not be entered waits for the next time; and everything while the keyholder does not say
        what was written anew since.
        """
        waiting = list(self._keyring.refused.values())
        if not waiting:
            return 0
        try:
            await self._keyring.learn_editions()
        except VakaError:
            return 0
        told = 0
        for one in waiting:
            self._keyring.refused.pop((one.authority, one.table, one.row), None)
            if (still := self._try_again(one)) is None:
                continue
            try:
                told += await self._enter(still)
            except VakaError:  # the database is away: whoever opens it the next time finds it again
                self._keyring.refused[one.authority, one.table, one.row] = still
            except Exception as error:
                structlog.get_logger().error("a refusal was not entered", **describe_error(error))
        return told

    async def keep_looking(self) -> None:
        """Open everything in every authority, again and again, for ever."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            for authority in self._gateway.authorities:
                try:
                    await self.look_at_everything(authority.id)
                except VakaError:  # keyholder or database are away: the next round
                    continue
                except Exception as error:
                    structlog.get_logger().error("a round over sealed values failed", **describe_error(error))
            await asyncio.sleep(ROUND_SECONDS)

    async def look_at_everything(self, authority: UUID) -> int:
        """Open everything sealed of an authority; return how many rows were refused somewhere.

        Raises KeysUnavailableError, DatabaseUnavailableError.
        """
        keys, refused = self._keyring.of(authority), 0
        await keys.catch_up()
        for table, query in _ROUNDS:
            async for page in self._read(authority, query):
                await keys.hold({row["subject_id"] for row in page})
                refused += sum(_is_refused(keys, table, row) for row in page)
                await asyncio.sleep(PAUSE_SECONDS)
        return refused

    async def _read(self, authority: UUID, query: str) -> AsyncIterator[Sequence[Row]]:
        after: dict[str, object] = {"after": NOBODY, "position": 0}
        while True:
            async with (
                self._gateway.transaction(authority) as tenant,
                tenant.cursor(row_factory=dict_row) as cursor,
            ):
                await cursor.execute(QUERIES[query], {**after, "most": AT_ONCE})
                page = await cursor.fetchall()
            if not page:
                return
            yield page
            last = page[-1]
            after = {"after": last.get("id", last["subject_id"]), "position": last.get("position", 0)}

    def _try_again(self, one: Refused) -> Refused | None:
        """Return what is refused of it by what is known now; None where nothing is, or the key was let go."""
        try:
            cells = self._keyring.of(one.authority).open_cells(one.table, one.row, one.subject, one.columns)
        except UnopenableError:
            return None
        self._keyring.refused.pop((one.authority, one.table, one.row), None)
        return one._replace(columns=cells.refused) if cells.refused else None

    async def _enter(self, one: Refused) -> bool:
        values = {"table": one.table, "row": one.row, "values": as_json(one.columns), "now": self._clock.now()}
        async with self._gateway.transaction(one.authority) as tenant:
            row = await (await tenant.execute(QUERIES["tell_refused"], values)).fetchone()
        return bool(row and row[0])


def _is_refused(keys: AuthorityKeys, table: str, row: Row) -> bool:
    subject = row["subject_id"]
    place = f"{subject}/{row['position']}" if table == "contact" else str(row["id"])
    try:
        return bool(keys.open_cells(table, place, subject, row).refused)
    except UnopenableError:  # its key is not held: erased, or not there yet
        return False

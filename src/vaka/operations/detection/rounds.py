# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looks through the logs by the rules, each minute, and raises alerts (as scheduler).

How far each log was looked through stands in the platform's database: a start goes on from there. What is told of once
is known there as well, so that looking twice at the same entries, which happens on purpose, tells nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.database.queries import load_queries
from vaka.identifiers import new_identifier
from vaka.logs import describe_error
from vaka.operations.detection.finding import Happening, Match, find, make_fields
from vaka.operations.detection.rules import LOGS, LONGEST_SPAN, Level, Rule, list_events, load_rules
from vaka.settings import CasesSettings
from vaka.tenants.gateway import Gateway

QUERIES = load_queries("vaka.operations.detection")
DETECTION_SECONDS = 60.0
"""How often it is looked."""
LONGEST_WAY_BACK = timedelta(days=7)
"""After a long stop, what is older is not looked at."""
MOST_ENTRIES = 5000
"""Entries of a log that are read at once. Where there are more, the next look goes on from there, and until it has
caught up the log counts as not looked through.
"""
MORE = "more"
"""What an alert is about that counts those of its rule that were too many to be told of one by one."""
_LEVELS: Sequence[Level] = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class _Log:
    authority_id: UUID | None

    @property
    def kind(self) -> str:
        return LOGS[self.authority_id is not None]


class Detection:
    """Makes the rounds. One log that cannot be read is logged once, and does not hold up the others."""

    def __init__(
        self, platform: Pool, gateway: Gateway, clock: Clock, agreed: CasesSettings,
        rules: Sequence[Rule] | None = None, most: int = MOST_ENTRIES,
    ) -> None:  # fmt: skip
        self._platform, self._gateway, self._clock, self._agreed = platform, gateway, clock, agreed
        self._most = most
        self._rules = load_rules() if rules is None else rules
        self._began: dict[_Log, datetime] = {}
        """Since when each is looked at without a pause: what is missed before is not missed."""
        self._failing: set[_Log] = set()

    async def look(self) -> int:
        """Return how many alerts were raised."""
        raised = 0
        try:
            looked = await self._read_looked()
        except Exception as error:  # of whatever kind: then no log can be looked through
            self._began.clear()
            self._fail(_Log(None), error)
            return 0
        for log in (_Log(None), *(_Log(one.id) for one in self._gateway.authorities)):
            try:
                raised += await self._look_through(log, looked)
            except Exception as error:  # one log's trouble, of whatever kind, is not the others'
                self._began.pop(log, None)
                self._fail(log, error)
            else:
                self._failing.discard(log)
        return raised

    def _fail(self, log: _Log, error: Exception) -> None:
        if log not in self._failing:
            structlog.get_logger().error("round failed", reason="detection", **describe_error(error))
        self._failing.add(log)

    async def _look_through(self, log: _Log, looked_until: Mapping[UUID | None, datetime]) -> int:
        rules, now = [one for one in self._rules if log.kind in one.logs], self._clock.now()
        looked = max(min(looked_until.get(log.authority_id, now), now), now - LONGEST_WAY_BACK)
        until = now
        for since in (looked - LONGEST_SPAN, looked):
            values = {"events": list_events(rules), "since": since, "until": now, "most": self._most}
            happened = await self._read(log, values)
            if len(happened) < self._most:
                break
            until = happened[-1].at
            if until > looked:
                break  # else there is too much before it: go on without looking back
        began = self._began.setdefault(log, now)
        raised = 0
        async with transaction(self._platform) as connection:
            for rule in rules:
                if not rule.less_than or (until == now and now - began >= rule.span):
                    raised += await self._tell(connection, log, find(rule, happened, now), now)
            await connection.execute(
                QUERIES["enter_detection"],
                {"authority_id": log.authority_id, "until": until, "rules": len(rules), "now": now},
            )
        return raised

    async def _tell(self, connection: Connection, log: _Log, found: Sequence[Match], now: datetime) -> int:
        said = [(one, await self._raise(connection, log, one, now)) for one in found]
        raised = sum(how == "done" for _, how in said)
        if left := [one for one, how in said if how == "many"]:
            since, until = min(one.since for one in left), max(one.until for one in left)
            more = Match(left[0].rule, MORE, len(left), since, until)
            raised += await self._raise(connection, log, more, now) == "done"
        return raised

    async def _read_looked(self) -> Mapping[UUID | None, datetime]:
        async with transaction(self._platform) as connection:
            return dict(await (await connection.execute(QUERIES["list_detection"])).fetchall())

    async def _read(self, log: _Log, values: dict[str, Any]) -> list[Happening]:
        if log.authority_id is None:
            async with transaction(self._platform) as connection:
                return await _read(connection, values)
        async with self._gateway.transaction(log.authority_id) as connection:
            return await _read(connection, values)

    async def _raise(self, connection: Connection, log: _Log, match: Match, now: datetime) -> str:
        place = _LEVELS.index(match.rule.level)
        agreed = self._agreed
        facts = {
            "id": new_identifier(now), "case_id": new_identifier(now), "rule": match.rule.name,
            "level": match.rule.level, "authority_id": log.authority_id, "about": match.about, "things": match.things,
            "since": match.since, "until": match.until, "now": now,
            "title": " / ".join((match.rule.title["sv"], match.rule.title["en"])), "text": describe(match),
            "minutes": [
                agreed.acknowledge_minutes, agreed.receipt_minutes, agreed.tell_minutes[place], agreed.fix_hours[place],
            ],
        }  # fmt: skip
        row = await (await connection.execute(QUERIES["raise_alert"], facts)).fetchone()
        return "" if row is None else str(row[0])


async def _read(connection: Connection, values: dict[str, Any]) -> list[Happening]:
    cursor = await connection.execute(QUERIES["list_watched"], values)
    return [
        Happening(at, make_fields(event, actor, thing, outcome, written_by, detail))
        for at, event, actor, thing, outcome, written_by, detail in await cursor.fetchall()
    ]


def describe(match: Match) -> str:
    """Return what stands in the case: identifiers and numbers, as the log has them."""
    since, until = (f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (match.since, match.until))
    if match.about == MORE:
        return (
            f"Regeln {match.rule.name} fann minst {match.things} till, från {since} till {until}, som inte har egna"
            " ärenden. Läs loggen.\n"
            f"The rule {match.rule.name} found at least {match.things} more, from {since} until {until}, that have no"
            " cases of their own. Read the log."
        )
    about = match.about or "-"
    return (
        f"Upptäckt av regeln {match.rule.name}: {match.things} i loggen från {since} till {until}. Gäller: {about}\n"
        f"Found by the rule {match.rule.name}: {match.things} in the log from {since} until {until}. About: {about}"
    )

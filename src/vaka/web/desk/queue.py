# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The lines of the queue: read from an authority's database, put in their place, made once per language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from vaka.alarms.model import WAITING_STATES, State
from vaka.alarms.reading import LARGEST_QUEUE, read_numbers, read_policy, read_queue, read_queue_rows
from vaka.alarms.rows import Policy, QueueRow
from vaka.alarms.taking import present
from vaka.alarms.unlocking import unlock_names
from vaka.clock import Clock
from vaka.keys.keyring import Keyring
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.web.cards import Card, Reading
from vaka.web.desk.colleagues import Colleagues
from vaka.web.desk.words import SECTIONS
from vaka.web.pages import Pages
from vaka.web.texts import LANGUAGES, Language

POLICY_SECONDS = 30.0
"""How long an authority's limits are remembered."""
PEOPLE = frozenset({"life", "request"})
"""Classes behind which a person waits."""
EXERCISE = "exercise"
"""The last part of the queue: nobody waits behind anything in it."""


@dataclass(frozen=True, slots=True)
class Line:
    """Everything a line of the queue shows; equal lines look equal."""

    row: QueueRow
    authority: Authority
    holder_name: str
    offered_name: str
    amber_after_seconds: int
    red_after_seconds: int
    on_call_phone: str
    """Whom to call where nobody has taken it for too long; empty where no number is registered."""

    @property
    def section(self) -> str:
        """Which part of the queue it stands in: what an exercise sends never stands among what is real."""
        if self.row.is_exercise:
            return EXERCISE
        if self.row.state is State.TAKEN:
            return "held"
        if self.row.state is State.SUSPENDED:
            return "resting"
        return "waiting" if self.row.alarm_class in PEOPLE else "technical"

    @property
    def place(self) -> str:
        """Sort key: section, class (what the device took back after what waits), known before unknown, arrival."""
        row = self.row
        section = tuple(SECTIONS).index(self.section)
        rank = row.rank * 2 + (row.state is State.WITHDRAWN)
        return f"{section}{rank}{int(self.is_strange)}{int(row.received_at.timestamp() * 1000):014d}{row.id.hex}"

    @property
    def is_strange(self) -> bool:
        """Whether nobody knows its sender, and nobody has taken it."""
        return self.authority.is_intake and self.row.holder is None

    @property
    def is_waiting(self) -> bool:
        """Whether a person waits and nobody has answered."""
        return not self.row.is_exercise and self.row.state in WAITING_STATES and self.row.alarm_class in PEOPLE

    @property
    def rings(self) -> bool:
        """Whether it is heard: nobody has taken it, or who has it does not answer a new press."""
        if self.row.is_exercise:
            return False
        left = self.row.unheard and self.row.escalation > 0
        return self.row.alarm_class == "life" and (left or self.row.state in WAITING_STATES)

    @property
    def ages(self) -> bool:
        """Whether its waiting shows in colour."""
        return self.is_waiting


class Nameless:
    """Makes a line for those who may not know whose alarm it is, when the first of them asks for it."""

    __slots__ = ("_line", "_made", "_pages")

    def __init__(self, pages: Pages, line: Line) -> None:
        self._pages = pages
        self._line = line
        self._made: dict[Language, bytes] = {}

    def __call__(self, language: Language) -> bytes:
        """Return the JSON object in one language."""
        made = self._made.get(language)
        if made is None:
            made = self._made[language] = _encode(self._pages, self._line, language, named=False)
        return made


class QueueSource:
    """Reads lines and makes cards of them; remembers what it made, so that only what changed is made again."""

    def __init__(self, gateway: Gateway, keyring: Keyring, colleagues: Colleagues, pages: Pages, clock: Clock) -> None:
        self._gateway = gateway
        self._keyring = keyring
        self._locked: set[UUID] = set()
        self._colleagues = colleagues
        self._pages = pages
        self._clock = clock
        self._policies: dict[UUID, tuple[float, Policy]] = {}
        self._made: dict[UUID, dict[UUID, tuple[Line, Card]]] = {}

    async def read_all(self, authority: Authority) -> Reading:
        """Return everything open in one authority. Raises DatabaseUnavailableError."""
        now = self._clock.now()
        async with self._gateway.transaction(authority.id) as connection:
            rows = await read_queue(connection, now)
            self._locked.discard(authority.id)
            numbers = await read_numbers(connection, now) if len(rows) >= LARGEST_QUEUE else None
        if numbers is not None:
            # Life alarms and requests come first: where anything else was read, all of them were. What an exercise
            # sends comes last, and is counted nowhere.
            complete = rows[-1].is_exercise or rows[-1].alarm_class not in PEOPLE
            real = [row for row in rows if not row.is_exercise]
            waiting = 0 if complete else numbers.waiting - sum(row.state in WAITING_STATES for row in real)
            return Reading(await self._make_cards(authority, rows), max(0, waiting), max(0, numbers.open - len(real)))
        open_now = {row.id for row in rows}
        made = self._made.get(authority.id, {})
        self._made[authority.id] = {alarm: one for alarm, one in made.items() if alarm in open_now}
        return Reading(await self._make_cards(authority, rows))

    async def read_some(self, authority: Authority, ids: Sequence[UUID]) -> Sequence[Card]:
        """Return those of ``ids`` that are open. Raises DatabaseUnavailableError."""
        async with self._gateway.transaction(authority.id) as connection:
            rows = await read_queue_rows(connection, ids, self._clock.now())
        made = self._made.setdefault(authority.id, {})
        for alarm in set(ids).difference(row.id for row in rows):
            made.pop(alarm, None)
        return await self._make_cards(authority, rows)

    async def mark_presented(self, authority: Authority, ids: Sequence[UUID]) -> None:
        """Note that these alarms have been shown. Raises DatabaseUnavailableError."""
        await present(self._gateway, authority.id, ids, now=self._clock.now())

    def is_incomplete(self, authority: Authority) -> bool:
        """Whether somebody's name could not be opened when it was last tried."""
        return authority.id in self._locked

    async def _make_cards(self, authority: Authority, sealed: Sequence[QueueRow]) -> list[Card]:
        rows = await unlock_names(self._keyring.of(authority.id), sealed)
        if any(row.is_locked or row.sender_is_locked for row in rows):
            self._locked.add(authority.id)
        policy = await self._policy(authority.id)
        names = await self._colleagues.names(
            [account for row in rows for account in (row.holder, row.offered_to) if account is not None]
        )
        return [self._make_card(_line(row, authority, policy, names)) for row in rows]

    def _make_card(self, line: Line) -> Card:
        made = self._made.setdefault(line.authority.id, {})
        known = made.get(line.row.id)
        if known is not None and known[0] == line:
            return known[1]
        card = Card(
            alarm=line.row.id,
            authority=line.authority.id,
            section=line.section,
            place=line.place,
            version=line.row.version,
            waiting=line.is_waiting,
            takeable=line.row.state in WAITING_STATES,
            urgent=line.rings,
            unshown=line.row.state is State.RECEIVED,
            received_at=line.row.received_at,
            wire={language: _encode(self._pages, line, language, named=True) for language in LANGUAGES},
            nameless=Nameless(self._pages, line),
            stranger=line.is_strange,
            urged=line.rings and line.row.escalation > 0,
            on_call=(line.authority.name, line.on_call_phone) if line.rings and line.row.escalation == 2 else None,
            again_to=line.row.holder if line.row.unheard and line.row.alarm_class == "life" else None,
            taken_by=line.row.holder if line.row.state is State.TAKEN else None,
            offered_to=line.row.offered_to if line.row.alarm_class in PEOPLE and not line.row.is_exercise else None,
            exercise=line.row.is_exercise,
        )
        made[line.row.id] = (line, card)
        return card

    async def _policy(self, authority_id: UUID) -> Policy:
        now = self._clock.monotonic()
        known = self._policies.get(authority_id)
        if known is not None and now - known[0] < POLICY_SECONDS:
            return known[1]
        async with self._gateway.transaction(authority_id) as connection:
            policy = await read_policy(connection)
        self._policies[authority_id] = (now, policy)
        return policy


def _encode(pages: Pages, line: Line, language: Language, *, named: bool) -> bytes:
    html = pages.block("row.html", "row", language, line=line, named=named).strip()
    return orjson.dumps({"id": str(line.row.id), "place": line.place, "section": line.section, "html": html})


def _line(row: QueueRow, authority: Authority, policy: Policy, names: Mapping[UUID, str]) -> Line:
    return Line(
        row=row,
        authority=authority,
        holder_name=names.get(row.holder, "") if row.holder else "",
        offered_name=names.get(row.offered_to, "") if row.offered_to else "",
        amber_after_seconds=policy.amber_after_seconds,
        red_after_seconds=policy.red_after_seconds,
        on_call_phone=policy.on_call_phone,
    )

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The data keys a component was handed, in its memory alone, and what it opens and seals with them.

Which columns are sealed is said in one place (``personal.toml``): here every column of a row is sealed or opened as it
is said there, and none besides. While the keyholder is away, what is held goes on opening; what is not stays locked.
What opens no more although its key is held was changed, moved or put back, and is refused (``vaka.keys.editions``).
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import structlog

from vaka.clock import Clock
from vaka.crypto.aead import UnopenableError
from vaka.crypto.blinding import blind
from vaka.database.server import Server
from vaka.errors import VakaError
from vaka.keys.cells import Cells, Refused, open_value
from vaka.keys.client import WAIT_SECONDS, KeyClient, KeysUnavailableError
from vaka.keys.credentials import credential_file
from vaka.keys.editions import Editions, object_of
from vaka.keys.envelope import DataKey, Place, seal
from vaka.keys.letters import Reader
from vaka.keys.personal import sealed_columns
from vaka.keys.values import write_value
from vaka.settings import Settings

MOST_HELD = 150_000
"""People whose keys are held at a time, some 600 bytes each; those longest not asked for are let go first."""
SHORT_WAIT_SECONDS = 0.5
"""How long what must not wait waits: the queue shows an alarm without a name sooner than no alarm."""
LONG_WAIT_SECONDS = 3.0
"""How long a screen waits for the keyholder, which is started again within a second or two."""
PAUSE_SECONDS = 3.0
"""After a wait was in vain, nobody tries for so long: what everybody waits for, one has waited for."""
WATCH_SECONDS = 5.0
"""How often it is asked whether keys were destroyed since."""
MOST_REFUSED = 1000
"""Rows whose refusal waits to be told of; the round over everything finds again what came on top."""
_TRIES = 3
"""How often those are asked for whose keys were let go meanwhile, before whoever asks is told so."""

Versions = Mapping[int, DataKey]


class Keyring:
    """Everything a component was handed."""

    def __init__(self, patient: KeyClient, hasty: KeyClient, clock: Clock, most_held: int = MOST_HELD) -> None:
        self._patient = patient
        self._hasty = hasty
        self._clock = clock
        self._most_held = most_held
        self._held: OrderedDict[tuple[UUID, UUID], dict[int, DataKey]] = OrderedDict()
        self._lookups: dict[tuple[UUID, str], bytes] = {}
        self.reader = Reader()
        self.editions = Editions()
        self.refused: dict[tuple[UUID, str, str], Refused] = {}
        """What was refused and nobody has told of yet, by place."""
        self._not_before = float("-inf")
        self._generation = 0
        self._forgotten = 0
        """How often everything was let go: a key that was asked for before that is not kept."""

    def of(self, authority: UUID) -> "AuthorityKeys":
        """Return what opens and seals in one authority."""
        return AuthorityKeys(self, authority)

    def held(self, authority: UUID, subject: UUID) -> Versions | None:
        """Return a person's keys, where they are held."""
        found = self._held.get((authority, subject))
        if found is not None:
            self._held.move_to_end((authority, subject))
        return found

    async def hold(self, authority: UUID, subjects: Collection[UUID], *, hasty: bool = False) -> bool:
        """Fetch the keys of those people that are not held yet; return whether everybody was asked for.

        Who has no key (any more) is asked for again the next time. Who is let go meanwhile is asked for anew, a few
        times. ``hasty`` waits next to nothing, and returns False where others raise KeysUnavailableError. Raises what
        else KeyClient raises.
        """
        wanted = set(subjects)
        if not self._find_missing(authority, wanted):
            return True
        try:
            if self._clock.monotonic() < self._not_before:
                raise KeysUnavailableError
            client, seconds = (self._hasty, SHORT_WAIT_SECONDS) if hasty else (self._patient, LONG_WAIT_SECONDS)
            try:
                # The client bounds each try; one that hangs must not be waited for longer than one that is gone.
                async with asyncio.timeout(seconds):
                    done = await self._fetch(client, authority, wanted)
            except TimeoutError:
                raise KeysUnavailableError from None
        except KeysUnavailableError:
            if self._clock.monotonic() >= self._not_before:
                self._not_before = self._clock.monotonic() + PAUSE_SECONDS
            if hasty:
                return False
            raise
        if not (done or hasty):
            raise KeysUnavailableError  # the keyholder is there: for this, nobody has to pause
        return done

    async def create(self, authority: UUID, subjects: Collection[UUID], *, trusting: bool = True) -> None:
        """Make keys for those who have none, and hold everybody's. Raises what KeyClient raises.

        Unless ``trusting``, the keyholder is asked also of whom keys are held: somebody may have been erased just now.
        """
        missing = [
            subject for subject in dict.fromkeys(subjects) if not (trusting and (authority, subject) in self._held)
        ]
        if missing:
            forgotten = self._forgotten
            if not self.editions.is_known:
                await self.editions.read(self._patient)
            keys = await self._patient.create(authority, missing)
            if forgotten == self._forgotten:
                self._keep(authority, keys)
            else:
                await self.hold(authority, subjects)

    async def open_authority(self, authority: UUID) -> None:
        """Give an authority its keys, or those it lacks. Raises what KeyClient raises."""
        await self._patient.open_authority(authority)

    async def is_ended(self, authority: UUID) -> bool:
        """Whether all of an authority's keys were destroyed, for ever. Raises what KeyClient raises."""
        return await self._patient.ended(authority) is not None

    async def lookup_key(self, authority: UUID, purpose: str) -> bytes:
        """Return a key of blind lookups. One that was let go while it was under way is not kept.

        Raises what KeyClient raises.
        """
        key = self._lookups.get((authority, purpose))
        if key is None:
            forgotten = self._forgotten
            key = await self._patient.lookup_key(authority, purpose)
            if forgotten == self._forgotten:
                self._lookups[authority, purpose] = key
        return key

    async def issue_editions(self, authority: UUID, objects: Collection[UUID]) -> dict[UUID, int]:
        """Let what is written of these be written anew; return by which numbers. Raises what KeyClient raises."""
        issued = await self._patient.issue_editions(authority, objects) if objects else []
        self.editions.learn(issued)
        return {one.object: one.issued for one in issued}

    async def settle_editions(self, authority: UUID, written: Mapping[UUID, int]) -> None:
        """Let nothing older than these editions count, which were written and kept.

        Where the keyholder is away, the scheduler does it by what the log says (``vaka.tenants.confirming``): until
        then the edition before counts as well.
        """
        with suppress(KeysUnavailableError):
            await self._patient.settle_editions(authority, written)
            self.editions.settle(authority, written)

    async def catch_up(self) -> bool:
        """Learn which editions count by now; return whether any changed.

        Waits next to nothing for the keyholder, and not at all where somebody has just waited for it in vain.
        """
        before = self.editions.turn
        if self._clock.monotonic() >= self._not_before:
            with suppress(VakaError):
                await self.learn_editions()
        return self.editions.turn != before

    async def learn_editions(self) -> None:
        """Learn which editions count by now, and wait next to nothing for it. Raises what KeyClient raises."""
        try:
            async with asyncio.timeout(SHORT_WAIT_SECONDS):
                await self.editions.read(self._hasty)
        except TimeoutError:
            raise KeysUnavailableError from None

    async def watch(self) -> None:
        """Let go of everything, for ever, whenever the keyholder has replaced or destroyed keys; and learn which
        editions count whenever something was written anew.
        """
        while True:
            try:
                async with asyncio.timeout(SHORT_WAIT_SECONDS):
                    state = await self._hasty.state()
                if self._generation and state.generation != self._generation:
                    self.forget()
                self._generation = state.generation
                if state.turn < self.editions.turn:  # the key database was put back
                    self.editions.begin_anew()
                if self.editions.is_known and self.editions.turn < state.turn:
                    await self.catch_up()
            except (KeysUnavailableError, TimeoutError):
                pass  # what is held goes on being used
            except VakaError as error:
                structlog.get_logger().warning("keys refused", reason=error.category.value)
            await asyncio.sleep(WATCH_SECONDS)

    def forget(self) -> None:
        """Let go of every key."""
        self._forgotten += 1
        self._held.clear()
        self._lookups.clear()
        self.reader.forget()

    async def close(self) -> None:
        """Let go of everything and everybody."""
        self.forget()
        await self._patient.close()
        await self._hasty.close()

    async def _fetch(self, client: KeyClient, authority: UUID, wanted: Collection[UUID]) -> bool:
        """Ask for those who are not held; return whether everybody was, with nothing let go since."""
        if not self.editions.is_known:
            await self.editions.read(client)
        asked: set[UUID] = set()
        for _ in range(_TRIES):
            missing = self._find_missing(authority, wanted) - asked
            forgotten = self._forgotten
            keys = await client.unwrap(authority, sorted(missing))
            if forgotten != self._forgotten:
                asked.clear()
                continue
            asked |= missing
            # Others may have been asked for meanwhile. Whoever is let go for these keys is none of those wanted here.
            others = self._find_missing(authority, wanted) - asked
            self._keep(authority, keys)
            if not others:
                return True
        return False

    def _find_missing(self, authority: UUID, wanted: Collection[UUID]) -> set[UUID]:
        """Return whose keys are not held; those of the others count as asked for just now."""
        return {subject for subject in wanted if self.held(authority, subject) is None}

    def _keep(self, authority: UUID, keys: Collection[DataKey]) -> None:
        for key in keys:
            self._held.setdefault((authority, key.subject), {})[key.version] = key
            self._held.move_to_end((authority, key.subject))
        while len(self._held) > self._most_held:
            self._held.popitem(last=False)


class AuthorityKeys:
    """The keyring as far as it concerns one authority."""

    def __init__(self, keyring: Keyring, authority: UUID) -> None:
        self._keyring = keyring
        self.authority = authority

    async def hold(self, subjects: Collection[UUID], *, hasty: bool = False) -> bool:
        """See Keyring.hold."""
        return await self._keyring.hold(self.authority, subjects, hasty=hasty)

    async def create(self, subjects: Collection[UUID], *, trusting: bool = True) -> None:
        """See Keyring.create."""
        await self._keyring.create(self.authority, subjects, trusting=trusting)

    def opens(self, subject: UUID) -> bool:
        """Whether a person's keys are held."""
        return self._keyring.held(self.authority, subject) is not None

    def address(self, subject: UUID) -> bytes:
        """Return where letters to a person are sent: the keyholder's own word for it, whatever a database says.

        Raises UnopenableError where no key of theirs is held.
        """
        keys = self._keyring.held(self.authority, subject)
        if not keys:
            raise UnopenableError
        return keys[max(keys)].address

    def open_row(self, table: str, row: str, subject: UUID, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with every sealed column opened; the others, and what is null, stay as they are.

        Raises UnopenableError where a value was changed, moved, put back, or is under a key that is not held.
        """
        opened, refused = self.open_cells(table, row, subject, columns)
        if refused:
            raise UnopenableError
        return opened

    def open_cells(self, table: str, row: str, subject: UUID, columns: Mapping[str, Any]) -> Cells:
        """Return a row as open_row does, but for single values that are refused: changed, moved or put back.

        They are kept to be told of (``vaka.tenants.refusing``). Raises UnopenableError where no key is held.
        """
        sealed = sealed_columns(table)
        keys = self._keyring.held(self.authority, subject)
        if keys is None:
            raise UnopenableError
        editions = self._keyring.editions.that_count(self.authority, object_of(table, row, subject))
        opened, refused = dict(columns), dict[str, bytes]()
        for name, value in columns.items():
            column = sealed.get(name)
            if column is not None and value is not None:
                places = [Place(self.authority, table, row, name, edition) for edition in editions]
                try:
                    opened[name] = open_value(self._keyring.reader, keys, column, places, bytes(value))
                except UnopenableError:
                    opened[name], refused[name] = None, bytes(value)
        if refused and len(self._keyring.refused) < MOST_REFUSED:
            found = Refused(self.authority, table, row, subject, refused)
            self._keyring.refused[self.authority, table, row] = found
        return Cells(opened, refused)

    async def catch_up(self) -> bool:
        """See Keyring.catch_up."""
        return await self._keyring.catch_up()

    async def issue_editions(self, objects: Collection[UUID]) -> dict[UUID, int]:
        """See Keyring.issue_editions."""
        return await self._keyring.issue_editions(self.authority, objects)

    async def settle_editions(self, written: Mapping[UUID, int]) -> None:
        """See Keyring.settle_editions."""
        if written:
            await self._keyring.settle_editions(self.authority, written)

    def seal_row(
        self, table: str, row: str, subject: UUID, columns: Mapping[str, Any], edition: int = 0
    ) -> dict[str, Any]:
        """Return a row with every column sealed that is to be, under the newest of the person's keys.

        What is written anew in the same place is of a new ``edition``, which is to be issued before and settled after.
        Raises UnopenableError where no key of theirs is held, TypeError where a value is not of its column's form, or
        its column holds letters (``vaka.keys.letters``).
        """
        sealed = sealed_columns(table)
        if any(column.is_letter for name, column in sealed.items() if name in columns):
            raise TypeError("letters are written to an address")
        keys = self._keyring.held(self.authority, subject)
        if not keys:
            raise UnopenableError
        newest = keys[max(keys)]
        return {
            name: seal(newest, Place(self.authority, table, row, name, edition), write_value(sealed[name].form, value))
            if name in sealed
            else value
            for name, value in columns.items()
        }

    async def blind(self, purpose: str, value: str) -> bytes:
        """Return what stands in the database for a value that is looked up by it. Raises what KeyClient raises."""
        return (await self.blinding(purpose))(value)

    async def blinding(self, purpose: str) -> Callable[[str], bytes]:
        """Return what makes of a value what stands in the database for it. Raises what KeyClient raises."""
        key = await self._keyring.lookup_key(self.authority, purpose)
        return lambda value: blind(key, purpose, value)


def make_keyring(server: Server, settings: Settings, component: str, clock: Clock) -> Keyring:
    """Return a component's keyring, with nothing in it. Nobody is asked before somebody is looked for."""
    return Keyring(
        make_client(server, settings, component, clock),
        make_client(server, settings, component, clock, wait_seconds=SHORT_WAIT_SECONDS),
        clock,
    )


def make_client(
    server: Server, settings: Settings, component: str, clock: Clock, *, wait_seconds: float = WAIT_SECONDS
) -> KeyClient:
    """Return how a component asks the keyholder of this installation."""
    socket = server.credentials.parent / settings.keyholder.socket
    credential = credential_file(server.credentials, component)
    return KeyClient(socket, component, credential, clock, wait_seconds=wait_seconds)


@asynccontextmanager
async def open_keyring(server: Server, settings: Settings, component: str, clock: Clock) -> AsyncIterator[Keyring]:
    """Make a component's keyring and watch over it until the block ends."""
    keyring = make_keyring(server, settings, component, clock)
    watching = asyncio.create_task(keyring.watch())
    try:
        yield keyring
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await keyring.close()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The device directory in memory, and the task that keeps it true. While the database is away, what is known stays."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError
from vaka.keys.identities import BlindSender, Identities
from vaka.logs import describe_error
from vaka.receiver.precedence import Precedence
from vaka.scaip.classes import AlarmClass, Effect, Rule, RuleTable, default_table
from vaka.scaip.codes import MessageType
from vaka.tenants.authorities import Authority, list_authorities
from vaka.tenants.directory import (
    ClassOverride,
    DeviceEntry,
    DirectoryMark,
    HeldDevice,
    list_held_devices,
    list_overrides,
    mark_directory,
    read_entries,
)

_log = structlog.get_logger()

DEBOUNCE_SECONDS = 0.2
"""Between two readings, so that a bulk load is read in a few turns and not row by row."""
RECHECK_SECONDS = 60.0
"""Without any notification: one may have been lost with a connection."""
REREAD_SECONDS = 3_600.0
"""Everything, whatever the marks say."""
EXERCISES_BELIEVED_SECONDS = 150.0
"""Since the directory was last known to be true. An exercise may have ended meanwhile, and then what its devices send
is real: while the database is away, nothing is an exercise's for long. Not wall time: a clock that is set back would
make it longer."""


class Directory:
    """Who the devices are, right now."""

    def __init__(self, identities: Identities) -> None:
        self.identities = identities
        """Makes of what a device calls itself what it is looked for by."""
        self.authorities: dict[UUID, Authority] = {}
        self.intake: Authority | None = None
        """Where unknown senders go."""
        self.precedence = Precedence()
        """What is read first: follows the authorities' own rules."""
        self._entries: dict[BlindSender, DeviceEntry] = {}
        self._tables: dict[UUID, RuleTable] = {}
        self._held: dict[bytes, HeldDevice] = {}
        self._held_read_at = float("-inf")

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, sender: BlindSender) -> DeviceEntry | None:
        """Return the device's entry; None where it is unknown, laid down, or its authority is no longer served."""
        entry = self._entries.get(sender)
        if entry is None or not entry.active or entry.authority_id not in self.authorities:
            return None
        return entry

    def exercise_of(self, entry: DeviceEntry, now: datetime, seconds: float) -> UUID | None:
        """Return whose exercise a message of this device belongs to, at wall time ``now`` and monotonic ``seconds``.

        None where it is real, and wherever that is not known for certain. The authority's database judges for itself
        once more.
        """
        held = self._held.get(entry.device_id)
        if held is None or entry.person_id is not None or not held.since <= now < held.until:
            return None
        return held.exercise_id if seconds - self._held_read_at < EXERCISES_BELIEVED_SECONDS else None

    def is_foreign(self) -> bool:
        """Whether devices are known, and none was registered under our key: then the key is another installation's."""
        return bool(self._entries) and not any(map(self.identities.is_ours, self._entries))

    def addresses(self) -> Iterator[bytes]:
        """Yield where letters may be sent, as it is known now: to the authorities and to everybody with a device."""
        yield from [authority.address for authority in self.authorities.values()]
        for entry in list(self._entries.values()):
            if entry.address is not None:
                yield entry.address

    def table(self, authority_id: UUID) -> RuleTable:
        """Return what codes mean to this authority."""
        return self._tables.get(authority_id) or default_table()

    def set_authorities(self, authorities: Iterable[Authority]) -> None:
        """Take over the list of those that are served."""
        self.authorities = {authority.id: authority for authority in authorities}
        self.intake = next((authority for authority in self.authorities.values() if authority.is_intake), None)

    def set_overrides(self, overrides: Iterable[ClassOverride]) -> None:
        """Take over the authorities' own rules. One that no table can hold is ignored, and said to be: it would silence
        plain alarms, or have messages answered that nobody stores."""
        own: dict[UUID, list[Rule]] = {}
        for override in sorted(overrides, key=_specificity):
            rules = _rules(override)
            try:
                default_table().with_overrides(rules)
            except ValueError:
                _log.warning("override_ignored", authority=str(override.authority_id))
            else:
                own.setdefault(override.authority_id, []).extend(rules)
        tables = {authority_id: default_table().with_overrides(rules) for authority_id, rules in own.items()}
        self.precedence.set_rules([rule for rules in own.values() for rule in rules])
        self._tables = tables

    def set_held(self, devices: Iterable[HeldDevice], read_at: float) -> None:
        """Take over which devices are those of exercises that are held, as known at ``read_at``, monotonic seconds."""
        self._held = {device.device_id: device for device in devices}
        self._held_read_at = read_at

    def update(self, entries: Iterable[DeviceEntry]) -> None:
        """Add or replace entries."""
        for entry in entries:
            self._entries[entry.sender] = entry

    def replace(self, entries: dict[BlindSender, DeviceEntry]) -> None:
        """Take over a complete reading."""
        self._entries = entries


class DirectoryKeeper:
    """Loads the directory, then keeps it up to date until cancelled."""

    def __init__(self, directory: Directory, connect: Callable[[], Awaitable[Connection]], clock: Clock) -> None:
        self.directory = directory
        self.read_at: float | None = None
        """When the directory was last known to be true, monotonic seconds; None before the first time."""
        self._connect = connect
        self._clock = clock
        self._mark: DirectoryMark | None = None
        self._reread_at = 0.0
        self._listener: Connection | None = None

    async def load(self) -> None:
        """Connect, listen, and read what is new. Raises DatabaseUnavailableError; what was known stays known."""
        try:
            if self._listener is None:
                self._listener = await self._connect()
                # Before reading: what changes from here on is announced.
                await self._listener.execute("listen directory")
            await self._read(self._listener)
        except (psycopg.Error, OSError) as error:
            await self.close()
            raise DatabaseUnavailableError from error

    async def keep(self) -> None:
        """Follow the changes for ever, through every loss of the database."""
        pause = 0.1
        while True:
            try:
                if self._listener is None:
                    await self.load()
                await self._wait_for_news()
                await self.load()
                pause = 0.1
                await asyncio.sleep(DEBOUNCE_SECONDS)
            except DatabaseUnavailableError as error:
                _log.warning("directory_unreachable", seconds=pause, **describe_error(error.__cause__ or error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)
            except Exception as error:  # our own fault must not leave an old directory standing for ever
                _log.error("directory_failed", **describe_error(error))
                await self.close()
                await asyncio.sleep(5.0)

    async def close(self) -> None:
        """Give the connection back."""
        if self._listener is not None:
            with suppress(psycopg.Error, OSError):
                await self._listener.close()
            self._listener = None

    async def _wait_for_news(self) -> None:
        assert self._listener is not None  # noqa: S101  load came first
        try:
            async for _ in self._listener.notifies(timeout=RECHECK_SECONDS, stop_after=1):
                pass
            async for _ in self._listener.notifies(timeout=0):  # the rest of the same news
                pass
        except (psycopg.Error, OSError) as error:
            await self.close()
            raise DatabaseUnavailableError from error

    async def _read(self, platform: Connection) -> None:
        now = self._clock.monotonic()
        mark = await mark_directory(platform)
        self.directory.set_authorities(await list_authorities(platform))
        self.directory.set_overrides(await list_overrides(platform))
        self.directory.set_held(await list_held_devices(platform, self._clock.now()), now)
        if self._mark is not None and now < self._reread_at:
            async for entries in read_entries(platform, since=self._mark):
                self.directory.update(entries)
        if self._mark is None or now >= self._reread_at or len(self.directory) < mark.entries or (
            self._mark.entries > mark.entries
        ):  # fmt: skip
            complete: dict[BlindSender, DeviceEntry] = {}
            async for entries in read_entries(platform):
                for entry in entries:
                    complete[entry.sender] = entry
            self.directory.replace(complete)
            self._reread_at = now + REREAD_SECONDS
            # The collector would walk through all of it again and again, each time while alarms wait.
            gc.collect()
            gc.freeze()
        self._mark = mark
        self.read_at = now


def _specificity(override: ClassOverride) -> int:
    """The most specific row wins; of two rules for the same messages, the table keeps the last."""
    return sum(value is not None for value in (override.message_type, override.device_type, override.status_code))


def _rules(override: ClassOverride) -> list[Rule]:
    """The rules an override stands for: an authority changes how urgent messages are, not what they do.

    Without a message type it is about what devices report, events and information. A heartbeat stays a heartbeat and a
    reset a reset, unless they are named.
    """
    types = (override.message_type,) if override.message_type else (MessageType.EVENT, MessageType.INFORMATION)
    return [_rule(override, message_type) for message_type in types]


def _rule(override: ClassOverride, message_type: str) -> Rule:
    usual = default_table().verdict(message_type, override.device_type, override.status_code)
    alarm_class = AlarmClass(override.alarm_class)
    # Where the class has no room for it, the class's own effect: only a fault is restored, a signal does nothing, and
    # what did nothing was a signal.
    keeps = {
        Effect.WITHDRAW: alarm_class not in (AlarmClass.SIGNAL, AlarmClass.HEARTBEAT),
        Effect.RESTORE: alarm_class is AlarmClass.TECHNICAL,
    }
    return Rule(
        mty=message_type,
        dty=override.device_type,
        stc=override.status_code,
        alarm_class=alarm_class,
        effect=usual.effect if keeps.get(usual.effect, False) else None,
        pair=usual.pair,
    )

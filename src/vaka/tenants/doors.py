# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the rounds that erase reach, and what they wait for."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from vaka.clock import Clock
from vaka.crypto.chance import new_key
from vaka.database.connections import Pool
from vaka.errors import ConfigurationError
from vaka.keys.client import KeyClient
from vaka.keys.credentials import read_credential
from vaka.keys.files import create_secret
from vaka.keys.keyring import Keyring
from vaka.settings import LedgerSettings, Settings
from vaka.tenants.attempts import Attempts
from vaka.tenants.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Rules:
    """What certificates say, and are signed with."""

    seed: bytes
    copies_kept: timedelta
    release: timedelta
    """After so long every receiver has read that the devices are nobody's."""
    in_a_device: bool
    """Whether the root key lies in a key device, which keeps no copy of what it destroys."""
    credential_stays: bool
    """Whether what opens a root key's file stays when the root key is replaced."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything the rounds reach."""

    gateway: Gateway
    platform: Pool
    keyring: Keyring
    client: KeyClient
    clock: Clock
    logs: LedgerSettings
    read_rules: Callable[[], Rules]
    attempts: Attempts
    deciders: Collection[str]
    """The roles whose holders decide."""


class Tried(Protocol):
    """An order that was carried out, as far as attempts at it are told."""

    @property
    def id(self) -> UUID:
        """Its identifier."""

    @property
    def hindrance(self) -> str:
        """``readable`` where something could be opened."""

    @property
    def attempt_entry(self) -> int | None:
        """The number of the entry that says how the attempt went."""


class Waits:
    """What is waited for: that receivers know, and that what can be read in a backup is found out.

    A start waits anew, since nobody knows how long ago receivers were told.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._released: dict[UUID, datetime] = {}
        self._readable: set[UUID] = set()

    def is_over(self, what: UUID, release: timedelta) -> bool:
        """Whether receivers know of an order, or a person, by now; counted from when that is asked first."""
        return self._clock.now() - self._released.setdefault(what, self._clock.now()) >= release

    def begin_anew(self, what: UUID) -> None:
        """Count from the next time it is asked: devices came back."""
        self._released.pop(what, None)

    def found_readable(self, order: UUID) -> None:
        """Remember that something could be opened: it is tried again after the next start."""
        self._readable.add(order)

    def wants_attempt(self, order: Tried) -> bool:
        """Whether it is to be tried to read in a backup what the order erased."""
        return order.attempt_entry is None or (order.hindrance != "" and order.id not in self._readable)


def read_rules(root: Path, settings: Settings) -> Rules:
    """Return what the settings say; the signing key is made where there is none yet. Raises ConfigurationError."""
    mine = settings.erasure
    path = root / mine.signing_key
    try:
        create_secret(path, new_key().hex().encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No key for certificates can be written to {path}: {error.strerror}.") from error
    return Rules(
        read_credential(path), timedelta(days=mine.backups_kept_days), timedelta(seconds=mine.release_seconds),
        in_a_device=settings.keyholder.root == "key_device",
        credential_stays=settings.keyholder.root_credential_stays,
    )  # fmt: skip

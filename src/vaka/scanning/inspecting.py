# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking at a file before anything of it is kept: its size, name and kind, and then the scanner. In doubt it is no."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vaka.scanning.clamd import Clamd, ScannerError, is_too_old
from vaka.scanning.kinds import Kind, tell_kind, tidy_name
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.settings_web import AttachmentSettings

_PATTERN = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")


def harmless_pattern() -> bytes:
    """Return what every scanner finds and nobody is harmed by (EICAR). It stands nowhere in one piece: a scanner of the
    machine's own would take this file away.
    """
    return "".join(_PATTERN).encode()


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that was looked at and may be kept."""

    name: str
    kind: Kind
    data: bytes
    signed_at: datetime
    """When the signatures were made by which nothing was found."""

    @property
    def sha256(self) -> str:
        """Its fingerprint, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Inspector:
    """What looks at files."""

    settings: AttachmentSettings
    scanner: Clamd | None
    """None where none is configured: then every file is refused."""

    @classmethod
    def of(cls, settings: AttachmentSettings, root: Path) -> "Inspector":
        """Return what looks at files by the settings of an installation, whose directory is ``root``."""
        socket = settings.scanner
        return cls(settings, None if socket is None else Clamd(root / socket, settings.scan_seconds))

    @property
    def longest(self) -> timedelta:
        """How old signatures may be."""
        return timedelta(hours=self.settings.signature_hours)

    async def inspect(self, name: str, data: bytes, now: datetime) -> Inspected:
        """Return a file in which nothing was found. Raises FileRefusedError."""
        if not data:
            raise FileRefusedError(Reason.EMPTY)
        if len(data) > self.settings.largest_bytes:
            raise FileRefusedError(Reason.LARGE)
        tidied = tidy_name(name)
        # Unpacking takes a moment, in which others are served.
        kind = await asyncio.to_thread(tell_kind, tidied, data)
        return Inspected(tidied, kind, data, await self._scan(data, now))

    async def _scan(self, data: bytes, now: datetime) -> datetime:
        if self.scanner is None:
            raise FileRefusedError(Reason.NO_SCANNER)
        try:
            signed_at = await self.scanner.signed_at()
            if signed_at is None or is_too_old(signed_at, now, self.longest):
                raise FileRefusedError(Reason.OLD_SIGNATURES)
            found = await self.scanner.scan(data)
        except ScannerError as error:
            raise FileRefusedError(Reason.NO_SCANNER) from error
        if found is not None:
            raise FileRefusedError(Reason.INFECTED, found)
        return signed_at


NO_SCANNER = Inspector(AttachmentSettings(), None)
"""Where none is configured."""

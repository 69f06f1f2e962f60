# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking clamd (ClamAV) over its Unix socket: what it holds of some bytes, and how old its signatures are.

Commands and answers end with a zero byte (clamd(8), "z" commands). What the answer is not known to mean is no "clean":
it comes from a parser of everybody's files, which may have been taken over by one of them.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vaka.errors import Category, Sentence, VakaError

CHUNK_BYTES = 64 * 1024
LONGEST_REPLY = 1024
LATE_FOR_A_CLOCK = timedelta(hours=2)
"""clamd tells local time without its zone: signatures of the hour that comes twice seem an hour younger."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_VERSION = re.compile(
    rb"ClamAV [^/\s]{1,40}/(\d{1,9})/\w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})"
)  # fmt: skip
_FOUND = re.compile(rb"stream: ([\x21-\x7e]{1,200}) FOUND")


class ScannerError(VakaError):
    """The scanner does not answer, or not as it should. Whether anything is clean nobody knows."""

    def __init__(self, why: str) -> None:
        """``why`` is ours: nothing of what was scanned."""
        super().__init__(Category.UNAVAILABLE, Sentence(sv="Genomsökningen svarar inte.", en=f"The scanner: {why}."))


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd at a Unix socket."""

    socket: Path
    seconds: float
    """How long an answer may take, from connecting on."""

    async def scan(self, data: bytes) -> str | None:
        """Return what it found in ``data``, or None where it says that there is nothing. Raises ScannerError."""
        reply = await self._ask(b"zINSTREAM\0", data)
        if reply == b"stream: OK":
            return None
        found = _FOUND.fullmatch(reply)
        if found is None:
            raise ScannerError("its answer is neither OK nor FOUND")
        return found[1].decode("ascii")

    async def signed_at(self) -> datetime | None:
        """Return when its signatures were made (with zone), or None where it does not say. Raises ScannerError."""
        return read_signature_time(await self._ask(b"zVERSION\0", None))

    async def _ask(self, command: bytes, data: bytes | None) -> bytes:
        try:
            async with asyncio.timeout(self.seconds):
                reader, writer = await asyncio.open_unix_connection(str(self.socket), limit=LONGEST_REPLY)
                try:
                    writer.write(command)
                    for start in range(0, len(data or b""), CHUNK_BYTES):
                        chunk = (data or b"")[start : start + CHUNK_BYTES]
                        writer.write(len(chunk).to_bytes(4, "big") + chunk)
                        await writer.drain()
                    if data is not None:
                        writer.write(bytes(4))
                    await writer.drain()
                    return (await reader.readuntil(b"\0"))[:-1]
                finally:
                    writer.close()
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError) as error:
            # A file larger than it takes ends the connection, with or without an answer.
            raise ScannerError("no whole answer in time") from error


def read_signature_time(reply: bytes) -> datetime | None:
    """Return when the signatures of a VERSION answer were made, by this machine's zone, which clamd is on as well."""
    said = _VERSION.fullmatch(reply)
    if said is None or said[2].decode("ascii", "replace") not in _MONTHS:
        return None
    day, hour, minute, second, year = (int(said[at]) for at in (3, 4, 5, 6, 7))
    try:
        return datetime(year, _MONTHS.index(said[2].decode()) + 1, day, hour, minute, second).astimezone()
    except (ValueError, OverflowError):
        return None


def is_too_old(signed_at: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether signatures are older than allowed, of unknown age, or of a time to come, which says as little."""
    return signed_at is None or not -LATE_FOR_A_CLOCK <= now - signed_at <= longest

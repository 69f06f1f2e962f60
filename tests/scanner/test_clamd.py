# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real clamd: what it finds, what it overlooks, and what becomes of a file when it does not answer well (term 23)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scanner.clamav import NAME, RunningClamd, document, packed, running_clamd
from vaka.scanning.clamd import Clamd, ScannerError, is_too_old, read_signature_time
from vaka.scanning.inspecting import Inspector, harmless_pattern
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.settings_web import AttachmentSettings

pytestmark = pytest.mark.anyio

TEXT = "Rutin för utlämning av nycklar\n".encode()


@pytest.fixture(scope="module")
def clamd() -> Iterator[RunningClamd]:
    with running_clamd() as running:
        yield running


def inspector(socket: Path | None, seconds: float = 30) -> Inspector:
    settings = AttachmentSettings(scanner=socket, scan_seconds=seconds)
    return Inspector.of(settings, Path("/"))


async def refusal(looks: Inspector, name: str, data: bytes) -> Reason:
    with pytest.raises(FileRefusedError) as refused:
        await looks.inspect(name, data, datetime.now(UTC))
    return refused.value.reason


async def test_a_file_in_which_nothing_is_found_may_be_kept(clamd: RunningClamd) -> None:
    looked = await inspector(clamd.socket).inspect("C:\\Rutiner\\Nycklar åäö.txt", TEXT, datetime.now(UTC))
    assert (looked.name, looked.kind.media_type, looked.data) == ("Nycklar åäö.txt", "text/plain", TEXT)
    assert datetime.now(UTC) - looked.signed_at < timedelta(minutes=5)
    large = await inspector(clamd.socket).inspect("Mycket.txt", b"rad\n" * 1_500_000, datetime.now(UTC))
    assert len(large.data) == 6_000_000


async def test_term_23_1_the_pattern_is_found_plain_packed_and_packed_twice(clamd: RunningClamd) -> None:
    scanner, pattern = Clamd(clamd.socket, 30), harmless_pattern()
    once = packed({"a.txt": pattern})
    for data in (pattern, once, packed({"b.zip": once})):
        assert await scanner.scan(data) == f"{NAME}.UNOFFICIAL"
    assert await scanner.scan(packed({"a.txt": TEXT})) is None
    looks = inspector(clamd.socket)
    for name, data in (("a.txt", pattern), ("a.docx", document({"word/a.xml": pattern}))):
        with pytest.raises(FileRefusedError, match=NAME) as refused:
            await looks.inspect(name, data, datetime.now(UTC))
        assert refused.value.reason is Reason.INFECTED
    for nested in (once, packed({"b.zip": once}), document({"word/b.zip": once})):
        assert await refusal(looks, "a.docx", nested) in (Reason.ARCHIVE, Reason.KIND)


async def test_term_23_4_what_the_scanner_would_not_reach_is_refused_before_it(clamd: RunningClamd) -> None:
    """Zeros by the mebibyte and then the pattern: whatever clamd says of it, it is never asked."""
    stopped = inspector(Path("/nowhere/clamd.ctl"))
    for zeros in (1, 3, 6):
        hidden = document({"word/media.bin": bytes(zeros * 1024 * 1024) + harmless_pattern()})
        assert await refusal(stopped, "a.docx", hidden) is Reason.ARCHIVE, zeros
        assert await refusal(inspector(clamd.socket), "a.docx", hidden) is Reason.ARCHIVE, zeros


async def test_term_23_2_a_scanner_that_is_down_or_not_configured_takes_nothing_in() -> None:
    with running_clamd() as own:
        looks = inspector(own.socket)
        await looks.inspect("a.txt", TEXT, datetime.now(UTC))
        own.stop()
        assert await refusal(looks, "a.txt", TEXT) is Reason.NO_SCANNER
    assert await refusal(inspector(None), "a.txt", TEXT) is Reason.NO_SCANNER


@asynccontextmanager
async def answering(scan: bytes | None) -> AsyncIterator[Path]:
    """Something in the scanner's place that tells a good age, and then this; None: nothing, for ever."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readuntil(b"\0") == b"zVERSION\0":
            writer.write(f"ClamAV 1.4.6/1/{datetime.now(UTC).astimezone():%a %b %d %H:%M:%S %Y}\0".encode())
        elif scan is None:
            await reader.read()
        else:
            writer.write(scan)
        writer.close()

    with tempfile.TemporaryDirectory(prefix="vaka-") as root:
        socket = Path(root) / "clamd.ctl"
        server = await asyncio.start_unix_server(answer, socket)
        try:
            yield socket
        finally:
            server.close()
            await server.wait_closed()


@pytest.mark.parametrize(
    "said",
    [b"stream: Can't allocate memory ERROR\0", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK", b"\0", b"",
     b"stream: OK\nstream: OK\0", b"STREAM: OK\0", b"stream: a b FOUND\0", b"OK\0", b"x" * 5000 + b"\0", None],
)  # fmt: skip
async def test_term_23_2_an_answer_that_is_no_answer_takes_nothing_in(said: bytes | None) -> None:
    """Errors, half an answer, something else, too much, or nothing in time."""
    async with answering(said) as socket:
        assert await refusal(inspector(socket, seconds=1), "a.txt", TEXT) is Reason.NO_SCANNER
    async with answering(b"stream: OK\0") as socket:
        await inspector(socket).inspect("a.txt", TEXT, datetime.now(UTC))


@pytest.mark.parametrize("age", [timedelta(hours=25), None, timedelta(hours=-6)])
async def test_term_23_5_old_signatures_or_of_unknown_age_take_nothing_in(age: timedelta | None) -> None:
    """A day is the most, whatever the settings say; what was made tomorrow is of unknown age."""
    with running_clamd(age) as old:
        assert await refusal(inspector(old.socket), "a.txt", TEXT) is Reason.OLD_SIGNATURES
    with pytest.raises(ValueError, match="less than or equal to 24"):
        AttachmentSettings(signature_hours=25)


@pytest.mark.parametrize(
    "reply",
    [b"ClamAV 1.4.6", b"ClamAV 1.4.6/27456", b"ClamAV 1.4.6/27456/Wed Nxv 26 09:30:00 2026", b"",
     b"ClamAV 1.4.6/27456/Wed Nov 31 09:30:00 2026", b"ClamAV 1.4.6/27456/Wed Nov 26 09:30:00 2026 and more"],
)  # fmt: skip
def test_what_tells_no_time_tells_none(reply: bytes) -> None:
    assert read_signature_time(reply) is None
    assert is_too_old(None, datetime.now(UTC), timedelta(days=1))


def test_the_time_of_signatures_is_of_this_machine() -> None:
    said = read_signature_time(b"ClamAV 1.4.6/27456/Thu Nov  5 09:30:00 2026")
    assert said == datetime(2026, 11, 5, 9, 30).astimezone()


async def test_nobody_there_says_so() -> None:
    with pytest.raises(ScannerError):
        await Clamd(Path("/nowhere/clamd.ctl"), 1).scan(TEXT)

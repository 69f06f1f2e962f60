# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking a witness to cosign, over HTTP (C2SP tlog-witness), and how far it has seen the log."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from enum import StrEnum
from urllib.parse import urlsplit

import h11

from vaka.clock import Clock
from vaka.errors import ConfigurationError
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, verify_cosignatures
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.notes import Note, SignatureLine, parse_signatures
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.witness_requests import LARGEST_ANSWER, PATH, AddCheckpoint, Answer, parse_size

ANSWER_SECONDS = 10.0
"""For all of an exchange, from the name's look-up to the last byte."""
FARTHEST_CLOCK_SECONDS = 300
"""A cosignature dated farther from our own time is not used: one of the two clocks is wrong."""
_MOST_ROUNDS = 3  # ask, learn the size, ask again; once more where another asked in between
_LARGEST_HEAD = 16_384  # bytes
_CHUNK = 16_384

Prove = Callable[[int], Awaitable[tuple[bytes, ...]]]


class WitnessFault(StrEnum):
    """Why there is no cosignature, in a form that can be counted."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # it does not watch this log, or holds the request to be wrong
    ANSWER = "answer"  # not what a witness answers, or a false cosignature
    CLOCK = "clock"  # dated too far from our own time
    ROLLED_BACK = "rolled_back"  # it has forgotten what it cosigned
    BUSY = "busy"  # its size moved each time it was asked


class WitnessError(Exception):
    """A witness gave no cosignature that can be used. `status` is its HTTP status, where it answered."""

    def __init__(self, code: WitnessFault, status: int | None = None) -> None:
        super().__init__(code.value if status is None else f"{code.value}: {status}")
        self.code = code
        self.status = status


class WitnessClient:
    """One witness as a log knows it: where it is, its key, and how far it had seen each log.

    `url` is the submission prefix; ``https`` except on this machine or a network that nobody else is on. Raises
    ConfigurationError where it is none.
    """

    def __init__(self, url: str, key: WitnessKey, clock: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        self._host, self._port, self._target, encrypted = _parse_url(url)
        self._named_host = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        self._tls = (tls or ssl.create_default_context()) if encrypted else None
        self._key = key
        self._clock = clock
        self._sizes: dict[str, int] = {}

    @property
    def name(self) -> str:
        """The witness's name."""
        return self._key.name

    async def cosign(self, note: Note, prove: Prove) -> tuple[SignatureLine, ...]:
        """Return the witness's cosignature of `note`, verified; `prove(old_size)` proves that it continues that size.

        Raises LedgerHaltedError where the witness has seen a log that this one does not continue, otherwise
        WitnessError.
        """
        checkpoint = parse_checkpoint(note.text)
        remembered = self._sizes.get(checkpoint.origin, 0)
        old_size = remembered if remembered <= checkpoint.size else 0
        for _ in range(_MOST_ROUNDS):
            proof = await prove(old_size) if 0 < old_size < checkpoint.size else ()
            answer = await self._exchange(AddCheckpoint(old_size, proof, note))
            if answer.status == 200:
                lines = self._accept(note, answer)
                self._sizes[checkpoint.origin] = checkpoint.size
                return lines
            size = _conflict(answer, old_size, checkpoint.size)
            if size < remembered:
                raise WitnessError(WitnessFault.ROLLED_BACK, answer.status)
            if size > checkpoint.size:
                raise LedgerHaltedError("older")
            old_size = size
        raise WitnessError(WitnessFault.BUSY)

    async def latest_size(self, note: Note) -> int:
        """Return how large the witness has seen the log of `note`, any checkpoint the log has signed.

        A witness that had seen nothing of the log cosigns the checkpoint, and has then seen that size. Raises
        WitnessError.
        """
        checkpoint = parse_checkpoint(note.text)
        answer = await self._exchange(AddCheckpoint(0, (), note))
        if answer.status == 200:
            self._accept(note, answer)
            size = checkpoint.size
        elif answer.status == 409:
            found = _size_in(answer)
            if found is None:
                raise WitnessError(WitnessFault.ANSWER, answer.status)
            size = found
        else:
            raise WitnessError(WitnessFault.REFUSED, answer.status)
        if size < self._sizes.get(checkpoint.origin, 0):
            raise WitnessError(WitnessFault.ROLLED_BACK, answer.status)
        return size

    def _accept(self, note: Note, answer: Answer) -> tuple[SignatureLine, ...]:
        """Return the newest line by this witness; a false one of its own refuses the whole answer."""
        try:
            lines = tuple(line for line in parse_signatures(answer.body.decode()) if line.is_by(self._key))[-1:]
            seen = verify_cosignatures(Note(note.text, lines), Policy((self._key,), 1)) if lines else ()
        except (LedgerError, UnicodeDecodeError):
            raise WitnessError(WitnessFault.ANSWER, answer.status) from None
        if not seen:
            raise WitnessError(WitnessFault.ANSWER, answer.status)
        if abs(seen[0].time - self._clock.now().timestamp()) > FARTHEST_CLOCK_SECONDS:
            raise WitnessError(WitnessFault.CLOCK, answer.status)
        return lines

    async def _exchange(self, request: AddCheckpoint) -> Answer:
        try:
            body = request.encode()
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(body)
        except (OSError, TimeoutError):
            raise WitnessError(WitnessFault.UNREACHABLE) from None
        except (h11.RemoteProtocolError, LedgerError):
            raise WitnessError(WitnessFault.ANSWER) from None

    async def _ask(self, body: bytes) -> Answer:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_CHUNK)
        try:
            http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
            headers = [
                ("Host", self._named_host), ("Content-Type", "text/plain"),
                ("Content-Length", str(len(body))), ("Connection", "close"),
            ]  # fmt: skip
            events = (
                h11.Request(method="POST", target=self._target, headers=headers), h11.Data(data=body),
                h11.EndOfMessage(),
            )  # fmt: skip
            writer.write(b"".join(http.send(event) or b"" for event in events))
            return await _read_answer(http, reader)
        finally:
            writer.transport.abort()  # the answer is read whole, or is not wanted


async def _read_answer(http: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, content_type, body = 0, "", bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            status = event.status_code
            content_type = next((v.decode("latin-1") for k, v in event.headers if k == b"content-type"), "")
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LARGEST_ANSWER:
                raise LedgerError(LedgerFault.WITNESS_ANSWER)
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, bytes(body), content_type)
        elif not isinstance(event, h11.InformationalResponse):
            raise LedgerError(LedgerFault.WITNESS_ANSWER)


def _conflict(answer: Answer, old_size: int, size: int) -> int:
    """Return the size that the witness has instead; raise what any other answer means."""
    if answer.status == 422:
        raise LedgerHaltedError("different")
    if answer.status != 409:
        raise WitnessError(WitnessFault.REFUSED, answer.status)
    found = _size_in(answer)
    if found is None or found == old_size:  # it has this very size, so what differs is the root
        if old_size == size:
            raise LedgerHaltedError("different")
        raise WitnessError(WitnessFault.ANSWER, answer.status)
    return found


def _size_in(answer: Answer) -> int | None:
    try:
        return parse_size(answer)
    except LedgerError:
        raise WitnessError(WitnessFault.ANSWER, answer.status) from None


def _parse_url(url: str) -> tuple[str, int, str, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError("A witness's address is no URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigurationError("A witness's address is http(s)://host[:port][/path], without anything more.")
    path = f"{parts.path.rstrip('/')}/{PATH}"
    if not path.isascii() or any(c <= " " for c in path):
        raise ConfigurationError("A witness's address holds a sign that no address has.")
    encrypted = parts.scheme == "https"
    return parts.hostname, port or (443 if encrypted else 80), path, encrypted

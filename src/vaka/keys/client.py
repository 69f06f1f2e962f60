# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a component asks the keyholder. While that is restarted a call waits; what was handed out already stays valid.

The client remembers the newest generation it was told. A keyholder that comes back with an older one holds keys from a
backup, and is asked nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from vaka.clock import Clock
from vaka.crypto.chance import random_bytes
from vaka.errors import Category, Sentence, VakaError
from vaka.keys.calls import (
    CALLS,
    MOST_SUBJECTS,
    Addresses,
    Body,
    Call,
    Copy,
    Edition,
    Editions,
    End,
    Ended,
    Erased,
    GoneOnes,
    Keys,
    LookupKey,
    Lost,
    Metrics,
    Opened,
    Readmitted,
    Register,
    Replaced,
    State,
    Tried,
)
from vaka.keys.credentials import read_credential
from vaka.keys.envelope import DataKey
from vaka.keys.frames import (
    CHALLENGE_BYTES,
    LARGEST_ANSWER,
    LARGEST_REQUEST,
    PROTOCOL,
    Answer,
    Ask,
    BrokenFrameError,
    Hello,
    Introduction,
    Refusal,
    Welcome,
    frame,
    is_proof,
    prove,
    read_frame,
)
from vaka.keys.memory import Seen

WAIT_SECONDS = 5.0
_GREETING_SECONDS = 3.0
_RETRY_SECONDS = 0.05

Got = TypeVar("Got", bound=Body)
_LOST = (OSError, EOFError, TimeoutError, BrokenFrameError)


class KeysUnavailableError(VakaError):
    """The keyholder did not answer in time. Nothing is known to have been changed; it may be asked again."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Nyckelhållaren svarar inte, så inga fler uppgifter kan låsas upp just nu. Försök igen om en stund.",
                en="The keyholder does not answer, so nothing more can be unlocked at the moment. Try again shortly.",
            ),
        )


class KeysNotOursError(VakaError):
    """What answers is not the keyholder, or does not know us, or holds keys from a backup."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(Category.CONFLICT, why)


class KeyCallRefusedError(VakaError):
    """The keyholder refused, in its own words."""


_STRANGER = Sentence(
    sv="Nyckelhållaren känner inte igen den här processen, eller är en annan. Inga nycklar hämtas.",
    en="The keyholder does not know this process, or is another one. No keys are fetched.",
)
_REVIVED = Sentence(
    sv="Nyckelhållaren har äldre nycklar än den har haft: en äldre kopia har lagts tillbaka. Inga nycklar hämtas.",
    en="The keyholder has older keys than it had before: an older copy was put back. No keys are fetched.",
)


class KeyClient:
    """One connection, opened when it is needed, and again when it was lost. One call at a time."""

    def __init__(
        self, socket: Path, component: str, credential: Path, clock: Clock, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._socket = socket
        self._component = component
        self._credential = credential
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._lock = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._seen: Seen | None = None

    @property
    def generation(self) -> int:
        """The newest generation the keyholder has told of; 0 before it has."""
        return self._seen.generation if self._seen else 0

    async def close(self) -> None:
        """End the connection."""
        async with self._lock:
            self._drop()

    async def open_authority(self, authority: UUID) -> int:
        """Give an authority its keys; return the version of its key."""
        return (await self._call("open_authority", Opened, authority=authority)).version

    async def create(self, authority: UUID, subjects: Collection[UUID]) -> list[DataKey]:
        """Make keys for those who have none; return everybody's."""
        return await self._keys("create", authority, subjects)

    async def unwrap(self, authority: UUID, subjects: Collection[UUID]) -> list[DataKey]:
        """Return the keys of these people, in every version; who has none is left out."""
        return await self._keys("unwrap", authority, subjects)

    async def unwrap_all(self, authority: UUID, page: int = MOST_SUBJECTS) -> AsyncIterator[list[DataKey]]:
        """Yield the keys of all people of an authority, a page at a time."""
        asked: dict[str, object] = {"authority": authority, "limit": page}
        while keys := _data_keys(await self._call("unwrap_page", Keys, **asked)):
            yield keys
            asked |= {"after_subject": keys[-1].subject, "after_version": keys[-1].version}

    async def unwrap_next(self, authority: UUID, subject: UUID) -> list[DataKey]:
        """Return a person's keys as whoever reads everybody's comes upon them; nothing where they are not there."""
        before = UUID(int=subject.int - 1)
        asked = {"authority": authority, "after_subject": before, "after_version": 65_535, "limit": 1}
        return [one for one in _data_keys(await self._call("unwrap_page", Keys, **asked)) if one.subject == subject]

    async def public_keys(self, authority: UUID, subjects: Collection[UUID]) -> dict[UUID, bytes]:
        """Return the address of each of these people, in the newest version."""
        found: dict[UUID, bytes] = {}
        for part in _parts(subjects):
            told = await self._call("public_keys", Addresses, authority=authority, subjects=part)
            found |= {one.subject: one.address for one in told.addresses}
        return found

    async def lookup_key(self, authority: UUID, purpose: str) -> bytes:
        """Return the key of blind lookups: ``personal_number`` or ``phone``."""
        return (await self._call("lookup_key", LookupKey, authority=authority, purpose=purpose)).key

    async def issue_editions(self, authority: UUID, objects: Collection[UUID]) -> list[Edition]:
        """Let what is written of these be written anew; return by which numbers."""
        found: list[Edition] = []
        for part in _parts(objects):
            found += (await self._call("issue_editions", Editions, authority=authority, objects=part)).editions
        return found

    async def settle_editions(self, authority: UUID, written: Mapping[UUID, int]) -> list[UUID]:
        """Say which editions were written; return of which of them the keyholder knows nothing."""
        lost: list[UUID] = []
        for part in _parts(written):
            told = [{"object": one, "number": written[one]} for one in part]
            lost += (await self._call("settle_editions", Lost, authority=authority, written=told)).objects
        return lost

    async def readmit_editions(self, authority: UUID) -> int:
        """Let the last editions of everything in an authority count again; return of how many objects."""
        return (await self._call("readmit_editions", Readmitted, authority=authority)).objects

    async def editions(self, after_turn: int) -> tuple[Edition, ...]:
        """Return a page of those that changed after a turn; nothing where none did."""
        return (await self._call("editions", Editions, after_turn=after_turn)).editions

    async def rotate(self, authority: UUID) -> Replaced:
        """Replace an authority's key."""
        return await self._call("rotate", Replaced, authority=authority)

    async def rotate_root(self) -> Replaced:
        """Replace the root key."""
        return await self._call("rotate_root", Replaced)

    async def erase(self, authority: UUID, subjects: Collection[UUID], order: UUID) -> Erased:
        """Destroy the keys of up to a thousand people."""
        return await self._call("erase", Erased, authority=authority, subjects=list(subjects), order=order)

    async def erase_authority(self, authority: UUID, order: UUID) -> Erased:
        """Destroy all of an authority's keys."""
        return await self._call("erase_authority", Erased, authority=authority, order=order)

    async def erased(self, authority: UUID) -> dict[UUID, UUID]:
        """Return everybody of an authority who was erased, each with the order it was done by."""
        found: dict[UUID, UUID] = {}
        after = UUID(int=0)
        while told := (await self._call("erased", GoneOnes, authority=authority, after_subject=after)).gone:
            found |= {one.subject: one.order for one in told}
            after = told[-1].subject
        return found

    async def try_copies(
        self, authority: UUID, subject: UUID, key_version: int, key: bytes, copies: Collection[Copy]
    ) -> int:
        """Return how many of a person's wrapped keys from a backup the keyholder can unwrap."""
        told = await self._call(
            "try_copies", Tried, authority=authority, subject=subject, key_version=key_version, key=key,
            copies=list(copies),
        )  # fmt: skip
        return told.opened

    async def ended(self, authority: UUID) -> End | None:
        """Return by which order and when all of an authority's keys were destroyed; None where they were not."""
        return (await self._call("ended", Ended, authority=authority)).end

    async def register(self) -> Register:
        """Return which keys there are."""
        return await self._call("register", Register)

    async def state(self) -> State:
        """Return how the keyholder is."""
        return await self._call("state", State)

    async def metrics(self) -> str:
        """Return its measurements, as Prometheus reads them."""
        return (await self._call("metrics", Metrics)).text

    async def _keys(self, name: str, authority: UUID, subjects: Collection[UUID]) -> list[DataKey]:
        found: list[DataKey] = []
        for part in _parts(subjects):
            found += _data_keys(await self._call(name, Keys, authority=authority, subjects=part))
        return found

    async def _call(self, name: str, answer: type[Got], **body: object) -> Got:
        """Ask until there is an answer, or the waiting time is over.

        Raises KeysUnavailableError, KeysNotOursError, KeyCallRefusedError, ConfigurationError.
        """
        call = CALLS[name]
        request = call.request.model_validate(body).model_dump(mode="json")
        async with self._lock:
            told = await self._ask_patiently(call, frame(Ask(call=name, body=request), LARGEST_REQUEST))
        return answer.model_validate_json(told)

    async def _ask_patiently(self, call: Call, content: bytes) -> str:
        waiting_since: float | None = None
        while True:
            try:
                told = await self._ask(call, content)
                if told.refusal is None:
                    return told.body
                if told.refusal.category != Category.UNAVAILABLE.value:
                    raise _as_error(told.refusal)
            except _LOST:
                self._drop()
            except BaseException:  # also where the caller gave up: an answer that comes later is nobody's
                self._drop()
                raise
            now = self._clock.monotonic()
            waiting_since = now if waiting_since is None else waiting_since
            if now - waiting_since >= self._wait_seconds:
                raise KeysUnavailableError
            await asyncio.sleep(_RETRY_SECONDS)

    async def _ask(self, call: Call, content: bytes) -> Answer:
        if self._reader is None or self._writer is None:
            async with asyncio.timeout(_GREETING_SECONDS):
                self._reader, self._writer = await self._connect()
        async with asyncio.timeout(call.seconds):
            self._writer.write(content)
            await self._writer.drain()
            return await read_frame(self._reader, Answer, LARGEST_ANSWER)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        credential = read_credential(self._credential)
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            hello = await read_frame(reader, Hello, LARGEST_REQUEST)
            if hello.protocol != PROTOCOL:
                raise KeysNotOursError(_STRANGER)
            mine = random_bytes(CHALLENGE_BYTES)
            proof = prove(credential, "component", self._component, hello.challenge, mine)
            introduction = Introduction(component=self._component, challenge=mine, proof=proof)
            writer.write(frame(introduction, LARGEST_REQUEST))
            welcome = await _read_welcome(reader)
            expected = prove(credential, "keyholder", self._component, hello.challenge, mine)
            if not is_proof(expected, welcome.proof):
                raise KeysNotOursError(_STRANGER)
            self._require_not_older(Seen(welcome.store, welcome.generation))
        except BaseException:
            writer.close()
            raise
        return reader, writer

    def _require_not_older(self, told: Seen) -> None:
        seen = self._seen
        if seen is not None and (told.identifier != seen.identifier or told.generation < seen.generation):
            raise KeysNotOursError(_REVIVED)
        self._seen = told

    def _drop(self) -> None:
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
        self._reader = self._writer = None


async def _read_welcome(reader: asyncio.StreamReader) -> Welcome:
    try:
        return await read_frame(reader, Welcome, LARGEST_ANSWER)
    except asyncio.IncompleteReadError:
        # It hung up on our proof. Had it died just now, there would be nobody to hang up.
        raise KeysNotOursError(_STRANGER) from None


def _parts(subjects: Collection[UUID]) -> list[list[UUID]]:
    everybody = list(subjects)
    return [everybody[start : start + MOST_SUBJECTS] for start in range(0, len(everybody), MOST_SUBJECTS)]


def _data_keys(told: Keys) -> list[DataKey]:
    return [DataKey(one.subject, one.version, one.secret, one.address) for one in told.keys]


def _as_error(refusal: Refusal) -> VakaError:
    known: Mapping[str, Any] = {category.value: category for category in Category}
    category = known.get(refusal.category, Category.UNAVAILABLE)
    return KeyCallRefusedError(category, Sentence(sv=refusal.sv, en=refusal.en))

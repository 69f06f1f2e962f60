# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keyholder's door: who comes in, what he may ask, and what is told of it.

The kernel says which account is at the other end, and the greeting proves which component. Whoever fails either is sent
away, and it is told. What is logged of a call is who asked what, how it ended and how long it took: no key, and nobody
it was about.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import structlog
from pydantic import ValidationError

from vaka.clock import Clock
from vaka.crypto.chance import random_bytes
from vaka.errors import Category, ConfigurationError, VakaError
from vaka.keys.answering import Answering
from vaka.keys.calls import CALLS, Body
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
from vaka.keys.hierarchy import Hierarchy
from vaka.keys.measures import INTERNAL, Measures
from vaka.logs import describe_error
from vaka.peers import peer_of

MOST_CONNECTIONS = 64
GREETING_SECONDS = 5.0
IDLE_SECONDS = 300.0
SEND_SECONDS = 10.0
_NOT_FOUND = (Category.FORBIDDEN.value, "Anropet är inte tillåtet.", "The call is not allowed.")
_NO_SENSE = (Category.INVALID.value, "Anropet är inte begripligt.", "The call makes no sense.")
_FAULT = (INTERNAL, "Ett internt fel i nyckelhållaren.", "An internal fault of the keyholder.")


class Keyholder:
    """Serves connections until it is closed."""

    def __init__(
        self, hierarchy: Hierarchy, credentials: Mapping[str, bytes], accounts: frozenset[int], clock: Clock
    ) -> None:
        self._hierarchy = hierarchy
        self._credentials = credentials
        self._accounts = accounts
        self._clock = clock
        self._connections: set[asyncio.StreamWriter] = set()
        self.measures = Measures(hierarchy, lambda: len(self._connections))
        self._perform = Answering(hierarchy, clock, self.measures.text).by_name()

    async def listen(self, path: Path, *, shared: bool = False) -> asyncio.Server:
        """Open the socket; ``shared`` lets the accounts of its group in, otherwise ours alone.

        Raises ConfigurationError. Whoever holds the key database is the only keyholder, so what stands in the socket's
        place is a dead one's.
        """
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            before = os.umask(0o177)
            try:
                server = await asyncio.start_unix_server(self.serve, path, backlog=MOST_CONNECTIONS)
            finally:
                os.umask(before)
            if shared:
                await asyncio.to_thread(path.chmod, 0o660)
        except OSError as error:
            raise ConfigurationError(f"The keyholder cannot listen on {path}: {error.strerror or error}.") from error
        return server

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends, is silent too long or breaks the rules."""
        if len(self._connections) >= MOST_CONNECTIONS:
            self._refuse("busy", -1)
            writer.close()
            return
        self._connections.add(writer)
        try:
            await self._serve(reader, writer)
        except (OSError, EOFError, TimeoutError):
            pass
        except BrokenFrameError:
            self._refuse("frame", -1)
        except Exception as error:  # a fault of ours ends this connection and no other
            structlog.get_logger().error("connection failed", **describe_error(error))
        finally:
            self._connections.discard(writer)
            writer.close()

    def close(self) -> None:
        """End every connection."""
        for writer in self._connections:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        process, account = peer_of(writer)
        if account not in self._accounts:
            self._refuse("account", process)
            return
        async with asyncio.timeout(GREETING_SECONDS):
            component = await self._greet(reader, writer, process)
        while component is not None:
            async with asyncio.timeout(IDLE_SECONDS):
                asked = await read_frame(reader, Ask, LARGEST_REQUEST)
            answer = await self._answer(asked, component)
            try:
                content = frame(answer, LARGEST_ANSWER)
            except BrokenFrameError:  # ours, not theirs
                content = frame(_refused(_FAULT), LARGEST_ANSWER)
            writer.write(content)
            async with asyncio.timeout(SEND_SECONDS):
                await writer.drain()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: int) -> str | None:
        challenge = random_bytes(CHALLENGE_BYTES)
        writer.write(frame(Hello(protocol=PROTOCOL, challenge=challenge), LARGEST_REQUEST))
        came = await read_frame(reader, Introduction, LARGEST_REQUEST)
        credential = self._credentials.get(came.component, b"")
        expected = prove(credential, "component", came.component, challenge, came.challenge)
        if not is_proof(expected, came.proof) or not credential:
            self._refuse("credential", process)
            return None
        store = self._hierarchy.store
        proof = prove(credential, "keyholder", came.component, challenge, came.challenge)
        welcome = Welcome(proof=proof, store=store.identifier, generation=store.generation)
        writer.write(frame(welcome, LARGEST_ANSWER))
        await writer.drain()
        structlog.get_logger().info("component connected", role=came.component, pid=process)
        return came.component

    async def _answer(self, asked: Ask, component: str) -> Answer:
        call = CALLS.get(asked.call)
        if call is None or component not in call.components:
            self._refuse("call", -1, role=component, method=asked.call if call else "unknown")
            return _refused(_NOT_FOUND)
        try:
            request = call.request.model_validate(asked.body)
        except ValidationError:  # its message quotes what was sent
            self._refuse("request", -1, role=component, method=call.name)
            return _refused(_NO_SENSE)
        begun = self._clock.monotonic()
        status = "ok"
        try:
            answer: Body = await self._perform[call.name](request)
            return Answer(body=answer.model_dump_json())
        except VakaError as error:
            status = error.category.value
            return _refused((status, error.sentence.sv, error.sentence.en))
        except Exception as error:  # a fault of ours; what it says may quote a key
            status = INTERNAL
            structlog.get_logger().error("call failed", method=call.name, **describe_error(error))
            return _refused(_FAULT)
        finally:
            seconds = self._clock.monotonic() - begun
            self.measures.note(call.name, status, seconds)
            structlog.get_logger().info(
                "call", method=call.name, role=component, status=status, milliseconds=round(1000 * seconds, 1)
            )

    def _refuse(self, reason: str, process: int, **facts: str) -> None:
        self.measures.refusals.add(reason)
        structlog.get_logger().warning("refused", reason=reason, pid=process, **facts)


def _refused(why: tuple[str, str, str]) -> Answer:
    return Answer(refusal=Refusal(category=why[0], sv=why[1], en=why[2]))

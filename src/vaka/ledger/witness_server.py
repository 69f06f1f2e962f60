# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The witness over HTTP/1.1: one address, small bodies, few connections, and nobody is waited for long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import h11
import structlog

from vaka.ledger.witness_requests import LARGEST_REQUEST, PATH, Answer, refuse
from vaka.logs import describe_error

MOST_CONNECTIONS = 64
REQUEST_SECONDS = 10.0
"""From the end of one answer, or the connection, to the end of the next request."""
LARGEST_HEAD = 16_384  # bytes
_CHUNK = 16_384
_FAREWELL_SECONDS = 2.0

Respond = Callable[[bytes], Answer]


class WitnessServer:
    """Hands the bodies of requests to `respond`, in a thread, and its answers back."""

    def __init__(self, respond: Respond, *, request_seconds: float = REQUEST_SECONDS) -> None:
        self._respond = respond
        self._request_seconds = request_seconds
        self._connections = 0

    async def serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it ends, is too slow or breaks the rules of HTTP."""
        if self._connections >= MOST_CONNECTIONS:
            writer.close()
            return
        self._connections += 1
        try:
            with suppress(OSError, TimeoutError):
                await self._serve(h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD), reader, writer)
        except Exception as error:  # a fault of ours ends this connection and no other
            structlog.get_logger().error("connection failed", **describe_error(error))
        finally:
            self._connections -= 1
            writer.close()

    async def _serve(self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                async with asyncio.timeout(self._request_seconds):
                    answer = await self._read_and_answer(http, reader, writer)
            except h11.RemoteProtocolError:
                answer = refuse(400, "this is not HTTP")
            if answer is None:
                return
            await self._send(http, writer, answer)
            if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                await _see_out(reader, writer)
                return
            http.start_next_cycle()

    async def _read_and_answer(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Answer | None:
        request = await _next_event(http, reader)
        if not isinstance(request, h11.Request):
            return None
        refusal = _refuse_head(request)
        if refusal is not None:
            return refusal  # its body is not read: the connection ends with the answer
        if http.they_are_waiting_for_100_continue:
            writer.write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        body = bytearray()
        while isinstance(event := await _next_event(http, reader), h11.Data):
            body += event.data
            if len(body) > LARGEST_REQUEST:
                return refuse(413, "too large")
        if not isinstance(event, h11.EndOfMessage):
            return None
        try:
            answer = await asyncio.to_thread(self._respond, bytes(body))
        except Exception as error:  # nothing was cosigned
            structlog.get_logger().error("cannot answer", **describe_error(error))
            return refuse(503, "the witness cannot answer now")
        structlog.get_logger().info("answered", status=answer.status)
        return answer

    async def _send(self, http: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))]
        if http.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        events = (
            h11.Response(status_code=answer.status, headers=headers), h11.Data(data=answer.body), h11.EndOfMessage(),
        )  # fmt: skip
        writer.write(b"".join(http.send(event) or b"" for event in events))
        async with asyncio.timeout(self._request_seconds):
            await writer.drain()


async def _next_event(http: h11.Connection, reader: asyncio.StreamReader) -> object:
    while True:
        event = http.next_event()
        if event is not h11.NEED_DATA:
            return event
        http.receive_data(await reader.read(_CHUNK))


async def _see_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what is still being sent, within bounds: closing on it would destroy the answer before it is read."""
    writer.write_eof()
    async with asyncio.timeout(_FAREWELL_SECONDS):
        for _ in range(2 * LARGEST_REQUEST // _CHUNK):
            if not await reader.read(_CHUNK):
                return


def _refuse_head(request: h11.Request) -> Answer | None:
    if request.target != f"/{PATH}".encode():
        return refuse(404, f"there is only /{PATH}")
    if request.method != b"POST":
        return refuse(405, "POST a checkpoint")
    lengths = [value for name, value in request.headers if name == b"content-length"]
    if lengths and int(lengths[0]) > LARGEST_REQUEST:
        return refuse(413, "too large")
    return None

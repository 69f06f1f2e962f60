# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking the processes of this machine for their figures, as Prometheus would, over their Unix sockets."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from vaka.operations.capacity.figures import SLOW_SECONDS

_REQUEST = b"GET /metrics HTTP/1.1\r\nHost: vaka\r\nConnection: close\r\n\r\n"
_PATIENCE_SECONDS = 5.0
LARGEST_PAGE = 2_000_000
_ANSWER = "vaka_receiver_answer_seconds"


class SilentError(Exception):
    """A process does not say its figures."""


async def read_receiver(socket: Path) -> Mapping[str, float]:
    """Return how many life alarms a receiver has answered (``count``), and how many soon enough (``soon``).

    Raises SilentError where it does not answer, or not with that.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(socket), limit=LARGEST_PAGE)
            try:
                writer.write(_REQUEST)
                said = await reader.read(LARGEST_PAGE)
                while part := await reader.read(LARGEST_PAGE):
                    said += part
                    if len(said) > LARGEST_PAGE:
                        raise SilentError
            finally:
                writer.close()
        return _read(said)
    except (OSError, TimeoutError, ValueError) as error:
        raise SilentError from error


def _read(said: bytes) -> Mapping[str, float]:
    head, _, body = said.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SilentError
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            if sample.name == f"{_ANSWER}_count":
                found["count"] = sample.value
            elif sample.name == f"{_ANSWER}_bucket" and float(sample.labels["le"]) == SLOW_SECONDS:
                found["soon"] = sample.value
    if set(found) != {"count", "soon"}:
        raise SilentError
    return found

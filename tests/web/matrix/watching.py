# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an answer tells of whether something exists: its words, the statements it took, and the time."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import unified_diff
from random import Random
from time import perf_counter
from typing import Any

import psycopg

from tests.web.browsers import Answer

Ask = Callable[[], Awaitable[Answer]]
PAIRS = 120
LOPSIDED = 0.8
"""Of the pairs, in how many the same one is slower. Where both do the same work, each pair is a coin that is tossed, on
however noisy a machine: 97 of 120 come up once in some 10^11 times."""

_MOVE_ON = (
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r'data-now="\d+"', r'data-after="[0-9a-f]+-\d+"', r"\d+ poster v",
)  # fmt: skip
"""Identifiers, the time, how far the live view has come, and how many entries of one's own log wait to be sealed."""

_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


@dataclass(frozen=True, slots=True)
class Told:
    """All that somebody learns from an answer who does not hold a watch."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statements: tuple[str, ...]
    """What the database was asked meanwhile, without values: the same work takes as long."""


@contextmanager
def recorded() -> Iterator[None]:
    """Let every statement of this process be noted for the request it serves, until the block ends."""
    execute = psycopg.AsyncCursor.execute

    async def note(self: Any, query: Any, *more: Any, **named: Any) -> Any:
        noted = _statements.get()
        if noted is not None:
            noted.append(query.decode() if isinstance(query, bytes) else str(query))
        return await execute(self, query, *more, **named)

    psycopg.AsyncCursor.execute = note  # type: ignore[method-assign]
    try:
        yield
    finally:
        psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]


async def told(asking: Ask, sent: Collection[str] = ()) -> Told:
    """Ask, and return what the answer tells. Identifiers, and what was ``sent``, are made the same."""
    noted: list[str] = []
    token = _statements.set(noted)
    try:
        answer = await asking()
    finally:
        _statements.reset(token)
    headers = tuple((name, value) for name, value in answer.headers if name != "content-length")
    return Told(answer.status, headers, _same(answer.body.decode("latin-1"), sent), tuple(noted))


def differences(one: Told, other: Told) -> list[str]:
    """Return in what two answers differ."""
    found = [
        f"{name}: {first!r} and {second!r}"
        for name in ("status", "headers", "statements")
        if (first := getattr(one, name)) != (second := getattr(other, name))
    ]
    lines = unified_diff(one.body.splitlines(), other.body.splitlines(), "one", "other", n=0, lineterm="")
    return found + list(lines)


async def share_slower(one: Ask, other: Ask, chance: Random) -> float:
    """Return in which share of interleaved pairs ``one`` took longer than ``other``; in each, chance says who begins.

    Their order within a pair is drawn, so that whatever else the machine does falls on both alike.
    """
    slower = 0
    for _ in range(PAIRS):
        seconds = {}
        for asking in chance.sample((one, other), 2):
            began = perf_counter()
            await asking()
            seconds[asking] = perf_counter() - began
        slower += seconds[one] > seconds[other]
    return slower / PAIRS


def is_even(share: float) -> bool:
    """Whether a share of pairs is what chance makes of two that do the same."""
    return 1 - LOPSIDED < share < LOPSIDED


def _same(body: str, sent: Collection[str]) -> str:
    for value in sent:
        body = body.replace(value.encode().decode("latin-1"), "#")
    for moves in _MOVE_ON:
        body = re.sub(moves, "#", body)
    return body

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Challenges that security keys sign: 256 bits, stored as a hash, for one session, answered once and within minutes."""

import hashlib
import os
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import psycopg

from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes
from vaka.identity.confirming import Act
from vaka.identity.refusing import KeyRefusedError, Reason

QUERIES = load_queries("vaka.identity")
Connection = psycopg.AsyncConnection[Any]
Purpose = Literal["enrol", "act"]

CHALLENGE_BYTES = 32
LIFETIMES: dict[Purpose, timedelta] = {"enrol": timedelta(minutes=5), "act": timedelta(minutes=2)}
KEPT = timedelta(minutes=10)
"""So long it is known of a challenge why it is not taken any more; then it was never asked."""
MOST = 30
"""Challenges and refusals of one session within KEPT, after which it is asked nothing more."""
MOST_JUDGED = 2 * MOST
"""After so many its answers are not looked at, for each refusal is an entry, and answers can be made up without end."""


class TooManyChallengesError(VakaError):
    """This session has asked for as many challenges as anybody needs."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det har blivit för många försök. Inget har ändrats. Vänta tio minuter och försök igen.",
                en="There have been too many attempts. Nothing was changed. Wait ten minutes and try again.",
            ),
        )


async def issue_challenge(
    connection: Connection,
    session_id: UUID,
    now: datetime,
    act: Act | None = None,
    random_bytes: RandomBytes = os.urandom,
) -> bytes:
    """Return a challenge for this session: to confirm ``act``, or without one to enrol a key (as portal).

    Raises TooManyChallengesError.
    """
    await connection.execute(QUERIES["drop_challenges"], {"since": now - KEPT})
    await require_few(connection, session_id, now, MOST)
    random = random_bytes(CHALLENGE_BYTES)
    challenge = random if act is None else act.challenge(random)
    purpose: Purpose = "enrol" if act is None else "act"
    await connection.execute(
        QUERIES["issue_challenge"],
        {
            "challenge_hash": _hash(challenge), "session_id": session_id, "purpose": purpose,
            "random": None if act is None else random, "now": now, "expires_at": now + LIFETIMES[purpose],
        },
    )  # fmt: skip
    return challenge


async def require_few(connection: Connection, session_id: UUID, now: datetime, most: int = MOST_JUDGED) -> None:
    """Return if this session has not asked, and been refused, too often. Raises TooManyChallengesError."""
    recent = await connection.execute(QUERIES["count_challenges"], {"session_id": session_id, "since": now - KEPT})
    if ((await recent.fetchone()) or (0,))[0] >= most:
        raise TooManyChallengesError


async def count_refusal(
    connection: Connection, session_id: UUID, now: datetime, random_bytes: RandomBytes = os.urandom
) -> None:
    """Count a refusal among the session's challenges, as one that nobody can answer."""
    spent = _hash(random_bytes(CHALLENGE_BYTES))
    values = {"challenge_hash": spent, "session_id": session_id, "now": now}
    await connection.execute(QUERIES["count_refusal"], values)


async def take_challenge(
    connection: Connection, session_id: UUID, challenge: bytes, now: datetime, act: Act | None = None
) -> bytes:
    """Take a challenge that came back, so that nobody can answer it again; return what it must have been.

    For an act that is computed anew from the act that is to be done: where a parameter differs, it is another.
    Raises KeyRefusedError.
    """
    purpose: Purpose = "enrol" if act is None else "act"
    values = {"challenge_hash": _hash(challenge), "session_id": session_id, "purpose": purpose, "now": now}
    taken = await (await connection.execute(QUERIES["take_challenge"], values)).fetchone()
    if taken is not None:
        return challenge if act is None else act.challenge(bytes(taken[0]))
    found = await (await connection.execute(QUERIES["find_challenge"], values)).fetchone()
    if found is None:
        raise KeyRefusedError(Reason.CHALLENGE_UNKNOWN)
    here, used = found
    if not here:
        raise KeyRefusedError(Reason.CHALLENGE_ELSEWHERE)
    raise KeyRefusedError(Reason.CHALLENGE_USED if used else Reason.CHALLENGE_EXPIRED)


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How keyholder and component speak: frames of a length (four bytes) and JSON, and a greeting in which both prove
themselves.

Both know the component's credential. Each sends chance, and answers the other's with what can only be made from the
credential; neither sends the credential, and an answer fits one greeting, one direction and one component. So a program
that has put itself in the keyholder's place learns nothing, and is told apart before anything is asked of it.
"""

import asyncio
import secrets
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field, ValidationError

from vaka.crypto.derivation import derive
from vaka.keys.calls import Body

PROTOCOL = 1
LARGEST_REQUEST = 65_536
"""Bytes; a thousand people are 39 kB."""
LARGEST_ANSWER = 4 * 1024 * 1024
CHALLENGE_BYTES = 32
FRAME_SECONDS = 10.0
"""From a frame's first byte to its last."""
_LENGTH = 4

Model = TypeVar("Model", bound=Body)
Challenge = Annotated[bytes, Field(min_length=CHALLENGE_BYTES, max_length=CHALLENGE_BYTES)]


class Hello(Body):
    """The keyholder's first word."""

    protocol: int
    challenge: Challenge


class Introduction(Body):
    """Who the component is, with proof."""

    component: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    challenge: Challenge
    proof: Challenge


class Welcome(Body):
    """The keyholder's proof, and what it holds."""

    proof: Challenge
    store: UUID
    generation: int


class Ask(Body):
    """One call; ``body`` is the call's own request."""

    call: Annotated[str, Field(max_length=40)]
    body: dict[str, Any]


class Refusal(Body):
    """Why a call was not carried out, in the words of ``vaka.errors``."""

    category: str
    sv: str
    en: str


class Answer(Body):
    """The answer to a call: its body as JSON, or a refusal."""

    refusal: Refusal | None = None
    body: str = ""


class BrokenFrameError(Exception):
    """What came is no frame, or not what is due now. The connection ends."""


async def read_frame(reader: asyncio.StreamReader, model: type[Model], largest: int) -> Model:
    """Return the next frame. Raises BrokenFrameError, IncompleteReadError at the end, TimeoutError."""
    start = await reader.readexactly(1)
    async with asyncio.timeout(FRAME_SECONDS):
        length = int.from_bytes(start + await reader.readexactly(_LENGTH - 1), "big")
        if length > largest:
            raise BrokenFrameError
        content = await reader.readexactly(length)
    try:
        return model.model_validate_json(content)
    except ValidationError:
        raise BrokenFrameError from None


def frame(message: Body, largest: int) -> bytes:
    """Return a message as it is sent. Raises BrokenFrameError where it is too large."""
    content = message.model_dump_json().encode()
    if len(content) > largest:
        raise BrokenFrameError
    return len(content).to_bytes(_LENGTH, "big") + content


def prove(credential: bytes, side: str, component: str, keyholders: bytes, components: bytes) -> bytes:
    """Return what proves that this side (``keyholder`` or ``component``) knows the credential, for these challenges."""
    return derive(credential, f"greeting of {side}", keyholders + components + component.encode())


def is_proof(expected: bytes, proof: bytes) -> bool:
    """Compare in a time that tells nothing."""
    return secrets.compare_digest(expected, proof)

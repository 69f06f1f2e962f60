# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signed statements: in-toto statements (v1) in DSSE envelopes (v1), and the keys that are believed for which of them.

What is signed is exactly what was read: the envelope is opened first, and only what its signature covers is looked at.
"""

import json
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
LARGEST_ENVELOPE = 64_000_000
"""Bytes: a release of 20,000 files has a tenth of it."""
LARGEST_KEYS = 1_000_000
MOST_SIGNATURES = 16
Purpose = Literal["release", "test"]


class Fault(Enum):
    """Why a statement is not believed. The value stands in the log."""

    MISSING = "missing"
    """There is none."""
    UNREADABLE = "unreadable"
    """Something else stands there."""
    UNSIGNED = "unsigned"
    """Nobody signed it."""
    STRANGE = "wrong_key"
    """A key that is not believed for this signed it, or nobody's."""
    REVOKED = "revoked_key"
    """A key signed it that is believed no more."""
    OLDER = "rollback"
    """It is older than the oldest that is let in."""
    ALTERED = "altered"
    """A file is not what the statement says, or is not there."""
    UNLISTED = "unlisted"
    """A file is there that the statement does not name."""
    DIFFERENT = "wrong_digest"
    """It is about something else."""
    ENVIRONMENT = "wrong_environment"
    """It was not made where such statements are made."""
    FAILED = "failed"
    """It says that what was tried did not pass."""


class NotBelievedError(Exception):
    """A statement is not believed."""

    def __init__(self, fault: Fault, things: int = 1) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.things = things
        """How many files it is about."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key that statements of one purpose are believed by, or were."""

    id: str
    """SHA-256 over the PEM file of the public half."""
    public: bytes
    purpose: Purpose
    revoked: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """Which keys are believed, and what is let in at least."""

    keys: Mapping[str, TrustedKey]
    lowest_sequence: int = 0


def read_trust(path: Path) -> Trust:
    """Read the file of trusted keys. Raises NotBelievedError where it is none: then nothing is believed."""
    try:
        content = tomllib.loads(_read(path, LARGEST_KEYS).decode())
        if content.keys() - {"key", "lowest_sequence"}:
            raise ValueError(path)
        keys = [_read_key(one) for one in content.get("key", [])]
        lowest = content.get("lowest_sequence", 0)
        if not isinstance(lowest, int) or lowest < 0:
            raise ValueError(lowest)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    return Trust({one.id: one for one in keys}, lowest)


def _read_key(said: Mapping[str, Any]) -> TrustedKey:
    if said.keys() - {"public", "purpose", "revoked", "note"} or said["purpose"] not in ("release", "test"):
        raise ValueError(said)
    public, revoked = str(said["public"]).strip().encode() + b"\n", said.get("revoked", False)
    if not isinstance(revoked, bool):
        raise ValueError(revoked)
    from vaka.crypto.signing import verifies  # not before there is a guard: see starting.py

    verifies(public, b"", bytes(64))  # a key that is none is found now, and not when it is needed
    return TrustedKey(sha256(public).hexdigest(), public, said["purpose"], revoked)


def seal(statement: Mapping[str, Any], seeds: Iterable[bytes]) -> bytes:
    """Return a statement in an envelope, signed by each of these keys."""
    from vaka.crypto.signing import public_pem, sign

    payload = json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    signatures = [
        {"keyid": sha256(public_pem(seed)).hexdigest(), "sig": b64encode(sign(seed, _encode(payload))).decode()}
        for seed in seeds
    ]
    envelope = {
        "payload": b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": signatures
    }  # fmt: skip
    return json.dumps(envelope).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope holds that is believed."""

    statement: Mapping[str, Any]
    digest: str
    """SHA-256 over the statement as it was signed, by which others name it."""


def open_file(path: Path, trust: Trust, purpose: Purpose, predicate: str) -> Opened:
    """Open an envelope that lies in a file. Raises NotBelievedError."""
    return open_envelope(_read(path, LARGEST_ENVELOPE), trust, purpose, predicate)


def open_envelope(envelope: bytes, trust: Trust, purpose: Purpose, predicate: str) -> Opened:
    """Return the statement that a trusted key signed for this purpose. Raises NotBelievedError.

    One signature that is believed is enough. Where none is, the worst that is known of them is told: that a key was
    revoked says more than that another is a stranger's.
    """
    payload, signatures = _take_apart(envelope)
    if not signatures:
        raise NotBelievedError(Fault.UNSIGNED)
    _require_signature(payload, signatures[:MOST_SIGNATURES], trust, purpose)
    return _open(payload, predicate)


def peek(path: Path, predicate: str) -> Opened:
    """Return what a file says without asking who signed it: nothing that may be believed. Raises NotBelievedError."""
    return _open(_take_apart(_read(path, LARGEST_ENVELOPE))[0], predicate)


def _take_apart(envelope: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    try:
        said = json.loads(envelope)
        payload = b64decode(said["payload"], validate=True)
        signatures = [(str(one.get("keyid", "")), b64decode(one["sig"], validate=True)) for one in said["signatures"]]
        if said["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(said["payloadType"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    return payload, signatures


def _open(payload: bytes, predicate: str) -> Opened:
    try:
        statement = json.loads(payload)
        if (statement["_type"], statement["predicateType"]) != (STATEMENT_TYPE, predicate):
            raise ValueError(statement["predicateType"])
    except (ValueError, TypeError, KeyError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    return Opened(statement, sha256(payload).hexdigest())


def _require_signature(payload: bytes, signatures: list[tuple[str, bytes]], trust: Trust, purpose: Purpose) -> None:
    from vaka.crypto.signing import verifies  # not before there is a guard: see starting.py

    fault = Fault.STRANGE
    signed = _encode(payload)
    for key_id, signature in signatures:
        key = trust.keys.get(key_id)
        if key is not None and key.purpose == purpose and verifies(key.public, signed, signature):
            if not key.revoked:
                return
            fault = Fault.REVOKED
    raise NotBelievedError(fault)


def _encode(payload: bytes) -> bytes:
    """Return what is signed (DSSE v1, PAE): the kind is under the signature as well, so it is no other document's."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError as error:
        raise NotBelievedError(Fault.MISSING) from error
    except OSError as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    if len(content) > largest:
        raise NotBelievedError(Fault.UNREADABLE)
    return content

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Judging what a program proves itself by: a client assertion (RFC 7523 section 3), signed by one of its keys. Pure.

joserfc verifies the signature with exactly one key and one algorithm; everything else is looked at here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

ALGORITHMS: Mapping[tuple[str, str], str] = {("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "Ed25519"}
"""The one algorithm of each kind of key; no other is believed, whatever a header says."""
_NAMES = {"ES256": ("ES256",), "Ed25519": ("Ed25519", "EdDSA")}
"""How headers call them: RFC 9864 gave the curve's name to what RFC 8037 called EdDSA."""
LONGEST_ASSERTION = 4096
LONGEST_LIFE = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
MOST_KEYS = 4
LONGEST_JTI = 128
SHORTEST_JTI = 16


class AssertionRefusedError(Exception):
    """A program did not prove what it says it is; ``reason`` is a code for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnusableKeysError(ValueError):
    """A set of keys cannot be registered; says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What an assertion proves."""

    client_id: UUID
    jti: str
    expires_at: datetime


def read_client_id(assertion: str) -> UUID:
    """Return which client an assertion says it is of; nothing is believed yet. Raises AssertionRefusedError."""
    _, claims = _split(assertion)
    try:
        return UUID(str(claims.get("sub", "")))
    except ValueError:
        raise AssertionRefusedError("form") from None


def judge_assertion(
    assertion: str, client_id: UUID, keys: Sequence[Mapping[str, Any]], audience: str, now: datetime
) -> Proven:
    """Return what is proven. Raises AssertionRefusedError, with a code for the log."""
    header, _ = _split(assertion)
    claims = _verify(assertion, header, keys)
    if claims.get("iss") != str(client_id) or claims.get("sub") != str(client_id):
        raise AssertionRefusedError("issuer")
    if claims.get("aud") not in (audience, [audience]):
        raise AssertionRefusedError("audience")
    moment, skew = now.timestamp(), SKEW.total_seconds()
    expires = _time(claims, "exp")
    if expires <= moment - skew:
        raise AssertionRefusedError("expired")
    if expires > moment + LONGEST_LIFE.total_seconds() + skew:
        raise AssertionRefusedError("too_long")
    for name in ("iat", "nbf"):
        if name in claims and _time(claims, name) > moment + skew:
            raise AssertionRefusedError("not_yet")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not SHORTEST_JTI <= len(jti) <= LONGEST_JTI or not jti.isascii():
        raise AssertionRefusedError("jti")
    return Proven(client_id, jti, datetime.fromtimestamp(expires, UTC) + SKEW)


def read_keys(text: str) -> list[dict[str, Any]]:
    """Return the public keys of a JWK set (or of one JWK), each with the members that are needed and no other.

    Raises UnusableKeysError.
    """
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnusableKeysError("it is no JSON") from None
    keys = said.get("keys") if isinstance(said, dict) and "keys" in said else [said]
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise UnusableKeysError(f"it holds no 1-{MOST_KEYS} keys")
    return [_read_key(key) for key in keys]


def _read_key(key: object) -> dict[str, Any]:
    if not isinstance(key, dict):
        raise UnusableKeysError("a key is no JSON object")
    if "d" in key or "k" in key:
        raise UnusableKeysError("it holds a private key: make another, and give the public half only")
    kind = (str(key.get("kty")), str(key.get("crv")))
    if kind not in ALGORITHMS:
        raise UnusableKeysError("a key is neither EC P-256 nor OKP Ed25519")
    kept = {name: key[name] for name in ("kty", "crv", "x", "y") if name in key}
    if not all(isinstance(value, str) and len(value) <= 64 for value in kept.values()):
        raise UnusableKeysError("a key has members that are no texts")
    try:
        made = JWKRegistry.import_key(kept)
    except (JoseError, ValueError, TypeError):
        raise UnusableKeysError("a key is no point of its curve") from None
    return {**kept, "kid": made.thumbprint()}


def _verify(assertion: str, header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if "crit" in header or "b64" in header:
        raise AssertionRefusedError("algorithm")
    of_algorithm = [
        key for key in keys if "kty" in key and header.get("alg") in _NAMES[ALGORITHMS[(key["kty"], key["crv"])]]
    ]
    if not of_algorithm:
        raise AssertionRefusedError("algorithm")
    for key in of_algorithm:
        try:
            opened = jws.deserialize_compact(
                assertion, JWKRegistry.import_key(dict(key)), algorithms=[str(header["alg"])]
            )  # fmt: skip
            claims = json.loads(opened.payload, object_pairs_hook=_once)
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        if isinstance(claims, dict):
            return claims
    raise AssertionRefusedError("signature")


def _split(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they stand there: nothing of them is believed yet."""
    if len(assertion) > LONGEST_ASSERTION or assertion.count(".") != 2 or not assertion.isascii():
        raise AssertionRefusedError("form")
    try:
        opened = jws.extract_compact(assertion.encode())
        claims = json.loads(opened.payload, object_pairs_hook=_once)
        header = opened.headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise AssertionRefusedError("form") from None
    if not isinstance(claims, dict):
        raise AssertionRefusedError("form")
    return dict(header), claims


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 253_402_300_000:
        raise AssertionRefusedError("claims")
    return float(value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says something twice: two readers might believe different halves."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found

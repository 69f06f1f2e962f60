# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The guard in front of every ID token. It verifies by itself what the library leaves alone, and then asks the library.

Left alone, Authlib ignores ``acr`` and ``max_age``, accepts another client's ``aud`` with our ``azp``, and drops the
check of ``iss`` where claim options are given. Nothing here depends on what it checks. Pure.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.levels import LEVELS, TOO_LOW, is_too_low
from vaka.identity.oidc_request import requested_levels
from vaka.identity.reasons import Reason
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import SIGNING_ALGORITHMS, OidcIssuer

SKEW = timedelta(seconds=30)
"""How far an issuer's clock may be from ours."""
LONGEST_TOKEN = 16_384
LONGEST_LIFE = timedelta(hours=2)
"""An ID token that holds longer is no proof of a fresh login."""
LONGEST_CLAIM = 255
TYPES = (None, "jwt")
"""What the header of an ID token says that it is, if anything (RFC 7519 section 5.1, in any case). What says ``at+jwt``
(RFC 9068), ``logout+jwt`` or anything else was made for something else (RFC 8725 section 3.11).
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to fit."""

    trusted: Trusted
    issuer: OidcIssuer
    nonce: str
    started_at: datetime
    """When this sign-in was begun: who authenticated before it has not done so for it."""
    now: datetime
    access_token: str = field(default="", repr=False)


def verify_id_token(token: str, expected: Expected) -> Assertion:
    """Return what the token asserts, after every check.

    Raises SignInRefusedError with the first reason against it.
    """
    said = Said(
        expected.trusted.name, requested_levels(expected.trusted), None, hashlib.sha256(token.encode()).hexdigest()
    )
    header, claims = open_token(token, expected.issuer, said)
    said = replace(said, returned=_returned(claims))
    _require_id_token(header, claims, said)
    _require_ours(claims, expected, said)
    _require_timely(claims, expected, said)
    if claims.get("nonce") is None or not _equal(claims["nonce"], expected.nonce):
        raise SignInRefusedError(Reason.NONCE, said)
    _require_bound(header, claims, expected, said)
    _ask_library(header, claims, expected, said)
    level_uri, level = _level(claims, expected.trusted, said)
    return Assertion(
        expected.trusted.id,
        "oidc",
        expected.issuer.issuer,
        read_word(claims, expected.issuer.subject_attribute, said),
        read_word(claims, expected.issuer.matching_attribute, said),
        level_uri,
        level,
        _organisation(claims, expected.issuer, said),
        datetime.fromtimestamp(claims["auth_time"], UTC),
        said.assertion or "",
    )


def open_token(token: str, issuer: OidcIssuer, said: Said) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return header and claims of a token that one of the pinned keys has signed. Raises SignInRefusedError."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2 or not token.isascii():
        raise SignInRefusedError(Reason.TOKEN_FORM, said)
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError):
        raise SignInRefusedError(Reason.TOKEN_FORM, said) from None
    algorithm = header.get("alg")
    if algorithm not in issuer.algorithms or algorithm not in SIGNING_ALGORITHMS:
        raise SignInRefusedError(Reason.ALGORITHM, said)
    for key in _keys(issuer, header.get("kid")):
        try:
            opened = jws.deserialize_compact(token, key, algorithms=[str(algorithm)])
        except (JoseError, ValueError, TypeError):
            continue
        try:
            claims = json.loads(opened.payload, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            raise SignInRefusedError(Reason.TOKEN_FORM, said) from None
        if not isinstance(claims, dict):
            raise SignInRefusedError(Reason.TOKEN_FORM, said)
        return header, claims
    raise SignInRefusedError(Reason.SIGNATURE, said)


def _keys(issuer: OidcIssuer, named: object) -> list[Key]:
    """Return the pinned keys that may have signed. What the token says of keys but for a name is not looked at."""
    return [
        JWKRegistry.import_key(key) for key in issuer.keys if named is None or key.get("kid") in (None, named)
    ]  # fmt: skip


def _require_id_token(header: Mapping[str, Any], claims: Mapping[str, Any], said: Said) -> None:
    """What the same issuer signs with the same key for something else is none, whatever it has in common with one."""
    kind = header.get("typ")
    if (kind.lower() if isinstance(kind, str) else kind) not in TYPES:
        raise SignInRefusedError(Reason.TOKEN_FORM, said)
    if "events" in claims:  # it tells of something that happened (RFC 8417 section 2.2), as logout tokens do
        raise SignInRefusedError(Reason.CLAIMS, said)


def _require_ours(claims: Mapping[str, Any], expected: Expected, said: Said) -> None:
    if claims.get("iss") != expected.issuer.issuer:
        raise SignInRefusedError(Reason.ISSUER, said)
    client = expected.issuer.client_id
    if claims.get("aud") not in (client, [client]):
        raise SignInRefusedError(Reason.AUDIENCE, said)
    if claims.get("azp", client) != client:
        raise SignInRefusedError(Reason.AUTHORISED_PARTY, said)


def _require_timely(claims: Mapping[str, Any], expected: Expected, said: Said) -> None:
    now, skew = expected.now.timestamp(), SKEW.total_seconds()
    expires, issued = read_time(claims, "exp", said), read_time(claims, "iat", said)
    if expires <= now - skew or issued < now - LONGEST_LIFE.total_seconds():
        raise SignInRefusedError(Reason.EXPIRED, said)
    if issued > now + skew or ("nbf" in claims and read_time(claims, "nbf", said) > now + skew):
        raise SignInRefusedError(Reason.NOT_YET, said)
    if expires - issued > LONGEST_LIFE.total_seconds():
        raise SignInRefusedError(Reason.CLAIMS, said)
    if "auth_time" not in claims:
        raise SignInRefusedError(Reason.AUTHENTICATION_TIME, said)
    if not expected.started_at.timestamp() - skew <= read_time(claims, "auth_time", said) <= now + skew:
        raise SignInRefusedError(Reason.AUTHENTICATION_TIME, said)


def _require_bound(header: Mapping[str, Any], claims: Mapping[str, Any], expected: Expected, said: Said) -> None:
    """Where the token says which access token it came with, it is that one."""
    if "at_hash" not in claims:
        return
    digest = hashlib.new(f"sha{str(header['alg'])[2:]}", expected.access_token.encode("utf-8", "replace")).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not expected.access_token or not _equal(claims["at_hash"], half):
        raise SignInRefusedError(Reason.ACCESS_HASH, said)


def _ask_library(header: Mapping[str, Any], claims: dict[str, Any], expected: Expected, said: Said) -> None:
    """What the library knows of ID tokens besides."""
    known = CodeIDToken(
        claims, dict(header),
        params={"nonce": expected.nonce, "client_id": expected.issuer.client_id, "max_age": 1,
                "access_token": expected.access_token},
    )  # fmt: skip
    try:
        known.validate(now=int(expected.now.timestamp()), leeway=int(SKEW.total_seconds()))
    except (JoseError, ValueError, TypeError):
        raise SignInRefusedError(Reason.CLAIMS, said) from None


def _level(claims: Mapping[str, Any], trusted: Trusted, said: Said) -> tuple[str, int]:
    uri = claims.get("acr")
    if uri in (None, ""):
        raise SignInRefusedError(Reason.LEVEL_MISSING, said)
    if not isinstance(uri, str):
        raise SignInRefusedError(Reason.LEVEL_UNKNOWN, said)
    if is_too_low(uri):
        raise SignInRefusedError(Reason.LEVEL_TOO_LOW, said)
    if uri not in trusted.levels:
        raise SignInRefusedError(
            Reason.LEVEL_EXPIRED if uri in trusted.content.levels else Reason.LEVEL_UNKNOWN, said
        )  # fmt: skip
    return uri, trusted.levels[uri]


def _organisation(claims: Mapping[str, Any], issuer: OidcIssuer, said: Said) -> str | None:
    if issuer.organisation_attribute is None:
        return None
    organisation = claims.get(issuer.organisation_attribute)
    if not isinstance(organisation, str) or organisation not in issuer.organisations:
        raise SignInRefusedError(Reason.ORGANISATION, said)
    return organisation


def _returned(claims: Mapping[str, Any]) -> str | None:
    """Return the level as it may be written down: a word of the issuer's own might be anything."""
    uri = claims.get("acr")
    return None if uri is None else uri if isinstance(uri, str) and uri in (LEVELS.keys() | TOO_LOW) else "other"


def read_word(claims: Mapping[str, Any], name: str, said: Said) -> str:
    """Return a claim that is a text of a usable length. Raises SignInRefusedError (CLAIMS)."""
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_CLAIM or "\0" in value:
        raise SignInRefusedError(Reason.CLAIMS, said)
    return value


def read_time(claims: Mapping[str, Any], name: str, said: Said) -> float:
    """Return a claim that is a time, in seconds since 1970. Raises SignInRefusedError (CLAIMS)."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 253_402_300_000:
        raise SignInRefusedError(Reason.CLAIMS, said)
    return float(value)


def _equal(value: object, other: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode("utf-8", "replace"), other.encode())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says something twice: two readers might believe different halves."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found

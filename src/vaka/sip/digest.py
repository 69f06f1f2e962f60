# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Digest authentication of devices: RFC 3261 section 22 with the algorithms of RFC 8760 and the rules of RFC 7616.

Supported: MD5 and SHA-256, with qop=auth and without qop. Session keys (-sess) and auth-int are refused, because no
device seen needs them and each would be one more way to be wrong.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from vaka.sip.errors import SipError, SipFault

MAX_AUTHORIZATION = 4096  # characters
_MAX_PARAMETERS = 32

# auth-param  =  auth-param-name EQUAL ( token / quoted-string ), joined by COMMA
_PARAMETER = re.compile(
    r'[\s,]*+([A-Za-z][A-Za-z0-9*_-]{0,31})\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"|([^\s,"]++))\s*+(?=,|\Z)', re.DOTALL
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# nc-value  =  8LHEX     (upper case is seen too)
_NONCE_COUNT = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a device presented. `uri` may differ from the request URI and `username` from the controller id."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str  # lower case
    algorithm: str  # MD5 or SHA-256
    qop: str | None  # auth or None
    nc: str | None  # eight hexadecimal digits as written: they go into the hash; present exactly with qop
    cnonce: str | None  # present exactly with qop


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asked for, as a device reads it."""

    realm: str
    nonce: str
    algorithm: str
    qop: bool
    stale: bool
    opaque: str | None


def parse_authorization(value: str) -> Authorization:
    """Read the value of an Authorization header. Raises SipError: AUTHORIZATION or UNSUPPORTED_DIGEST."""
    found = _parameters(value)
    algorithm = _algorithm(found)
    qop = found["qop"].lower() if found.get("qop") else None
    if qop not in (None, "auth"):
        raise SipError(SipFault.UNSUPPORTED_DIGEST)
    nc, cnonce = found.get("nc"), found.get("cnonce")
    if qop and (cnonce is None or nc is None or not _NONCE_COUNT.fullmatch(nc)):
        raise SipError(SipFault.AUTHORIZATION)
    try:
        return Authorization(
            username=found["username"],
            realm=found["realm"],
            nonce=found["nonce"],
            uri=found["uri"],
            response=found["response"].lower(),
            algorithm=algorithm,
            qop=qop,
            nc=nc if qop else None,
            cnonce=cnonce if qop else None,
        )
    except KeyError:
        raise SipError(SipFault.AUTHORIZATION) from None


def parse_challenge(value: str) -> Challenge:
    """Read the value of a WWW-Authenticate header. Raises SipError: AUTHORIZATION or UNSUPPORTED_DIGEST."""
    found = _parameters(value)
    offers = [offer.strip().lower() for offer in found.get("qop", "").split(",")]
    if offers != [""] and "auth" not in offers:
        raise SipError(SipFault.UNSUPPORTED_DIGEST)
    if "realm" not in found or "nonce" not in found:
        raise SipError(SipFault.AUTHORIZATION)
    return Challenge(
        realm=found["realm"],
        nonce=found["nonce"],
        algorithm=_algorithm(found),
        qop="auth" in offers,
        stale=found.get("stale", "").lower() == "true",
        opaque=found.get("opaque"),
    )


def challenge_headers(
    realm: str, nonce: str, algorithms: Sequence[str] = ("SHA-256", "MD5"), stale: bool = False
) -> list[tuple[str, str]]:
    """A WWW-Authenticate header for each algorithm, the preferred one first (RFC 8760 section 2.4).

    `stale` tells the device that its password was right and only the nonce is used up.
    """
    ending = ", stale=true" if stale else ""
    return [
        (
            "WWW-Authenticate",
            f'Digest realm="{_quoted(realm)}", nonce="{_quoted(nonce)}", algorithm={algorithm}, qop="auth"{ending}',
        )
        for algorithm in algorithms
    ]


def ha1(username: str, realm: str, password: str, algorithm: str) -> str:
    """The hash that stands in for a password, in hexadecimal. Whoever has it can sign in: guard it like one."""
    return _hash(algorithm, f"{username}:{realm}:{password}")


def expected_response(ha1: str, authorization: Authorization, method: str) -> str:
    """What the device must have computed. `ha1` must have been made with the same algorithm (RFC 7616 3.4.1)."""
    a = authorization
    ha2 = _hash(a.algorithm, f"{method}:{a.uri}")
    if a.qop is None:
        return _hash(a.algorithm, f"{ha1}:{a.nonce}:{ha2}")
    return _hash(a.algorithm, f"{ha1}:{a.nonce}:{a.nc}:{a.cnonce}:{a.qop}:{ha2}")


def verify(authorization: Authorization, ha1: str, method: str) -> bool:
    """Whether the response is right. Takes the same time wherever it differs. Says nothing about the nonce."""
    expected = expected_response(ha1, authorization, method)
    return hmac.compare_digest(expected.encode(), authorization.response.encode("utf-8", "replace"))


def build_authorization(
    challenge: Challenge, *, username: str, password: str, method: str, uri: str, cnonce: str, count: int = 1
) -> str:
    """The value of an Authorization header, as a device makes it. `count` rises by one with each use of a nonce."""
    answer = Authorization(
        username=username,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        qop="auth" if challenge.qop else None,
        nc=f"{count:08x}" if challenge.qop else None,
        cnonce=cnonce if challenge.qop else None,
    )
    response = expected_response(ha1(username, challenge.realm, password, challenge.algorithm), answer, method)
    value = (
        f'Digest username="{_quoted(username)}", realm="{_quoted(challenge.realm)}", '
        f'nonce="{_quoted(challenge.nonce)}", uri="{_quoted(uri)}", response="{response}", '
        f"algorithm={challenge.algorithm}"
    )
    if challenge.qop:
        value += f', qop=auth, nc={answer.nc}, cnonce="{_quoted(cnonce)}"'
    if challenge.opaque is not None:
        value += f', opaque="{_quoted(challenge.opaque)}"'
    return value


class NonceVerdict(Enum):
    """What a nonce is worth. Answer all but FRESH with a new nonce and `stale`, so that no person is asked again."""

    FRESH = "fresh"
    STALE = "stale"  # ours, but too old
    ELSEWHERE = "elsewhere"  # made with our secret, but its uses are remembered elsewhere, or by nobody any more
    FORGED = "forged"  # not ours, or not intact
    REPLAYED = "replayed"  # ours, but this use of it has been seen


class NonceMemory(Protocol):
    """What nonces were used for. Whoever shares it accepts each use once between them."""

    @property
    def era(self) -> bytes:
        """Eight bytes that no other memory has: of nonces from another era it knows nothing."""
        ...

    def use(self, issued: int, chance: int, count: int, oldest: int) -> NonceVerdict:
        """Mark one use of the nonce made of `issued` (milliseconds) and `chance`: FRESH, STALE or REPLAYED.

        `count` must be higher than at any use before; nonces issued before `oldest` are stale.
        """
        ...


class UsedNonces:
    """The memory of one process, for at most `capacity` nonces."""

    def __init__(self, capacity: int, era: bytes) -> None:
        self.era = era
        self._capacity = capacity
        self._counts: dict[tuple[int, int], int] = {}  # nonce → highest count used
        self._by_age: list[tuple[int, int]] = []  # heap of the same nonces
        self._oldest_accepted = 0

    def __len__(self) -> int:
        return len(self._counts)

    def use(self, issued: int, chance: int, count: int, oldest: int) -> NonceVerdict:
        """Mark one use. See `NonceMemory`."""
        nonce = issued, chance
        self._forget_before(oldest)
        if issued < self._oldest_accepted:
            return NonceVerdict.STALE
        if count <= self._counts.get(nonce, 0):
            return NonceVerdict.REPLAYED
        if nonce not in self._counts:
            heapq.heappush(self._by_age, nonce)
        self._counts[nonce] = count
        if len(self._counts) > self._capacity:
            # Out of room: the oldest is forgotten, and with it everything as old becomes stale. Devices are asked
            # once more than necessary, which is safer than accepting a use that can no longer be recognised.
            self._forget_before(self._by_age[0][0] + 1)
        return NonceVerdict.FRESH

    def _forget_before(self, oldest: int) -> None:
        self._oldest_accepted = max(self._oldest_accepted, oldest)
        while self._by_age and self._by_age[0][0] < self._oldest_accepted:
            del self._counts[heapq.heappop(self._by_age)]


class NonceBook:
    """Gives out nonces without remembering them, and has the used ones remembered in a memory that does not grow.

    A nonce carries its time of issue, the era of the memory, and a signature. It is good only where that memory is, for
    only that one knows its uses: what was recorded on the way to one receiver must be worth nothing at another that
    cannot know of it. Books with the same secret know each other's nonces for what they are.
    """

    _USED_UP = 1 << 32  # more than eight hexadecimal digits can count
    _CLOCK_SKEW = 5_000  # milliseconds a nonce may come from the future: the clock may have been set back
    _PAYLOAD = 12 + 16 + 16  # hexadecimal digits: time, era, chance

    def __init__(
        self,
        secret: bytes,
        lifetime_seconds: float,
        capacity: int,
        *,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        memory: NonceMemory | None = None,
    ) -> None:
        """Without a `memory` it has one of its own, for `capacity` nonces, and shares it with nobody."""
        self._secret = secret
        self._lifetime = round(lifetime_seconds * 1000)
        self._entropy = entropy
        self._memory: NonceMemory = memory or UsedNonces(capacity, entropy(8))
        self._era = self._memory.era.hex()

    def issue(self, now: float) -> str:
        """A new nonce of 76 characters. `now` is in seconds, of a clock that all books with this memory share."""
        payload = f"{round(now * 1000):012x}{self._era}{self._entropy(8).hex()}"
        return payload + self._signature(payload)

    def check(self, authorization: Authorization, now: float) -> NonceVerdict:
        """Judge the nonce, and mark this use of it. Call it only after `verify`: a stranger must not use one up.

        With qop the count must rise; without, a nonce is good for one request (RFC 7616 section 5.12).
        """
        nonce = authorization.nonce
        payload, signature = nonce[: self._PAYLOAD], nonce[self._PAYLOAD :]
        if not hmac.compare_digest(self._signature(payload).encode(), signature.encode("utf-8", "replace")):
            return NonceVerdict.FORGED
        if payload[12:28] != self._era:
            return NonceVerdict.ELSEWHERE
        issued, at = int(payload[:12], 16), round(now * 1000)
        if issued > at + self._CLOCK_SKEW:
            return NonceVerdict.STALE
        count = self._USED_UP if authorization.nc is None else int(authorization.nc, 16)
        return self._memory.use(issued, int(payload[28:], 16), count, at - self._lifetime)

    def _signature(self, payload: str) -> str:
        return hmac.digest(self._secret, payload.encode("utf-8", "replace"), "sha256")[:16].hex()


def _parameters(value: str) -> dict[str, str]:
    """The parameters of a Digest header value by lower-case name. Raises SipError(AUTHORIZATION)."""
    scheme, _, rest = value.strip().partition(" ")
    if len(value) > MAX_AUTHORIZATION or scheme.lower() != "digest":
        raise SipError(SipFault.AUTHORIZATION)
    rest = rest.rstrip(", \t")
    found: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1].lower() in found or len(found) == _MAX_PARAMETERS:
            raise SipError(SipFault.AUTHORIZATION)
        name, quoted, plain = match.groups()
        found[name.lower()] = plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
        position = match.end()
    return found


def _algorithm(found: dict[str, str]) -> str:
    algorithm = found.get("algorithm", "MD5").upper()
    if algorithm not in ("MD5", "SHA-256"):
        raise SipError(SipFault.UNSUPPORTED_DIGEST)
    return algorithm


def _hash(algorithm: str, text: str) -> str:
    data = text.encode("utf-8", "replace")
    # MD5 is what the devices in people's homes can do. It guards nothing here but their sign-in.
    if algorithm == "MD5":
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    if algorithm == "SHA-256":
        return hashlib.sha256(data).hexdigest()
    raise SipError(SipFault.UNSUPPORTED_DIGEST)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

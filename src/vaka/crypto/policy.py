# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cryptographic policy: read from the data beside it, checked whole, and asked before anything is used.

Loading is strict: a field that is unknown, an algorithm below the floor of its purpose, or an exception without a
reason stops the start.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vaka.errors import Category, ConfigurationError, Sentence, VakaError

FLOORS: Mapping[str, int] = MappingProxyType(
    {
        "encryption": 256, "derivation": 256, "lookup": 256, "binding": 256, "agreement": 250, "signature": 250,
        "security key": 250, "digest": 256, "assertion signature": 256, "assertion digest": 256,
        "assertion encryption": 256, "assertion key": 2048,
        "certificate signature": 256,
    }
)  # fmt: skip
"""The fewest bits a purpose may do with. A policy can ask for more, never for less."""
SHORTEST_EXCEPTION = 20  # characters of its reason


Suite = Annotated[str, Field(pattern=r"^(ECDHE-(ECDSA|RSA)-|TLS_)[A-Z0-9_-]*(GCM|CHACHA20)[A-Z0-9_-]*$")]
"""Forward secrecy and authenticated encryption: no other suite can be written into a policy."""
Group = Literal["X25519", "secp256r1", "X448", "secp521r1", "secp384r1"]
"""Curves of 128 bits of strength and more: no other can be written into a policy."""
KindOfKey = Literal["root", "authority", "person", "ledger"]


class ForbiddenAlgorithmError(VakaError):
    """An algorithm is not in the policy, or not for this purpose."""

    def __init__(self, name: str, purpose: str) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv=f"Krypteringspolicyn tillåter inte {name} för {purpose}.",
                en=f"The cryptographic policy does not allow {name} for {purpose}.",
            ),
        )


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Algorithm(_Data):
    name: Annotated[str, Field(min_length=2, max_length=40)]
    purpose: Annotated[str, Field(min_length=3, max_length=40)]
    bits: Annotated[int, Field(ge=1, le=65_536)]
    source: Annotated[str, Field(min_length=3, max_length=80)]
    exception: Annotated[str, Field(max_length=300)] = ""


class _Tls(_Data):
    versions: Annotated[list[Literal["TLSv1.2", "TLSv1.3"]], Field(min_length=1)]
    suites: Annotated[list[Suite], Field(min_length=1)]
    groups: Annotated[list[Group], Field(min_length=1)]


class _Certificates(_Data):
    issuer_days: Annotated[int, Field(ge=365, le=3650)]
    days: Annotated[int, Field(le=398)]
    # More than three weeks: what is renewed in time is never told of as ending soon.
    renew_before_days: Annotated[int, Field(ge=22)]

    @model_validator(mode="after")
    def _leave_time_to_use_one(self) -> Self:
        if self.days < 2 * self.renew_before_days:
            raise ValueError("a certificate is good for twice as long as it is renewed before its end")
        return self


class _Policy(_Data):
    tls: _Tls
    certificates: _Certificates
    algorithm: Annotated[list[_Algorithm], Field(min_length=1)]
    rotate_after_days: dict[KindOfKey, Annotated[int, Field(ge=1, le=3650)]]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What may be used."""

    name: str
    purpose: str
    bits: int
    """Of its key, or of what it makes."""
    source: str
    """Where it is defined."""
    exception: str
    """Why it may be used although it is weaker than the floor, or has none; empty for all others."""


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What whoever listens with TLS offers."""

    versions: tuple[str, ...]
    suites: tuple[str, ...]
    """By OpenSSL's names; those of TLS 1.3 begin with ``TLS_``."""
    groups: tuple[str, ...]
    """Curves for the agreement of keys, the one we prefer first."""


@dataclass(frozen=True, slots=True)
class CertificatePolicy:
    """For how long what our own issuers sign is good."""

    issuer: timedelta
    """An issuer's own certificate."""
    certificate: timedelta
    """What it issues."""
    renew_before: timedelta
    """So long before its end that is renewed."""


@dataclass(frozen=True, slots=True)
class CryptoPolicy:
    """The whole policy."""

    algorithms: Mapping[tuple[str, str], Algorithm]
    """By name and purpose."""
    rotate_after_days: Mapping[str, int]
    """By kind of key."""
    tls: TlsPolicy
    certificates: CertificatePolicy

    def require(self, name: str, purpose: str) -> Algorithm:
        """Return the algorithm, if it may be used for this. Raises ForbiddenAlgorithmError."""
        found = self.algorithms.get((name, purpose))
        if found is None:
            raise ForbiddenAlgorithmError(name, purpose)
        return found


def parse_policy(text: str) -> CryptoPolicy:
    """Read a policy. Raises ConfigurationError with what is wrong."""
    try:
        read = _Policy.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"The cryptographic policy cannot be read: {error}") from None
    algorithms: dict[tuple[str, str], Algorithm] = {}
    for one in read.algorithm:
        if (one.name, one.purpose) in algorithms:
            raise ConfigurationError(f"The cryptographic policy names {one.name} for {one.purpose} twice.")
        floor = FLOORS.get(one.purpose)
        if (floor is None or one.bits < floor) and len(one.exception) < SHORTEST_EXCEPTION:
            raise ConfigurationError(
                f"The cryptographic policy allows {one.name} ({one.bits} bits) for {one.purpose}, which is below the "
                "floor, without a reason for the exception."
            )
        algorithms[one.name, one.purpose] = Algorithm(one.name, one.purpose, one.bits, one.source, one.exception)
    lasts = read.certificates
    return CryptoPolicy(
        MappingProxyType(algorithms),
        MappingProxyType({str(kind): days for kind, days in read.rotate_after_days.items()}),
        TlsPolicy(tuple(read.tls.versions), tuple(read.tls.suites), tuple(read.tls.groups)),
        CertificatePolicy(
            timedelta(days=lasts.issuer_days), timedelta(days=lasts.days), timedelta(days=lasts.renew_before_days)
        ),
    )


@cache
def load_policy() -> CryptoPolicy:
    """Return the policy that this version of Vaka comes with. Raises ConfigurationError."""
    return parse_policy((files("vaka.crypto") / "policy.toml").read_text(encoding="utf-8"))


def require_allowed(name: str, purpose: str) -> Algorithm:
    """Return the algorithm, if the policy allows it for this. Raises ForbiddenAlgorithmError.

    Modules ask when they are imported: a policy that forbids what they do stops the start, and no call pays for it.
    """
    return load_policy().require(name, purpose)

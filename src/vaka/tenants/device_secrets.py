# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking a device's secret: judged by what the authority asks, turned into what receivers compare with, and forgotten.

Whatever the way it came (a sheet, a prompt, a page, the interface for programs), it passes `SecretDesk.take_secret`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import psycopg

from vaka.crypto.activation import DEVICE_SECRET, FLOORS, Rule, UnusableSecretError, is_same, require_usable_secret
from vaka.errors import Category, Sentence
from vaka.keys.identities import Identities
from vaka.tenants.activation import is_too_old, read_rules
from vaka.tenants.authorities import QUERIES
from vaka.tenants.devices import Digest, TakenSecret

Connection = psycopg.AsyncConnection[Any]
Algorithm = Literal["MD5", "SHA-256", "both"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A secret that a device has or had."""

    set_at: datetime
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class SecretDesk:
    """Takes the secrets of one authority's devices."""

    authority_id: UUID
    identities: Identities
    realm: str
    """The realm of the receivers' challenges (RFC 7616 section 3.3)."""
    now: datetime
    rule: Rule = FLOORS[DEVICE_SECRET.name]
    known: Mapping[str, Sequence[Earlier]] = field(default_factory=dict)
    """By blinded sender, newest first."""

    def take_secret(self, sender: str, username: str, secret: str, algorithm: Algorithm = "SHA-256") -> Digest:
        """Return what the registers hold of a secret, HA1 of RFC 7616 section 3.4.2 among it; the secret is in none.

        Raises UnusableSecretError: it is not what is asked for, has been there before, or is the present one and too
        old.
        """
        measured = require_usable_secret(DEVICE_SECRET, self.rule, secret, beside=(sender, username))
        fingerprint = self.identities.fingerprint(self.authority_id, secret)
        self._require_fresh(fingerprint, self.known.get(self.identities.blind(sender), ()))
        text = f"{username}:{self.realm}:{secret}".encode()
        return Digest(
            username,
            hashlib.md5(text, usedforsecurity=False).hexdigest() if algorithm != "SHA-256" else None,
            hashlib.sha256(text).hexdigest() if algorithm != "MD5" else None,
            TakenSecret(measured.length, measured.kinds, fingerprint),
        )

    def _require_fresh(self, fingerprint: bytes, known: Sequence[Earlier]) -> None:
        if known and is_same(fingerprint, [known[0].fingerprint]):
            if is_too_old(self.rule, known[0].set_at, self.now):
                raise _refused(
                    f"det är samma som förut och äldre än {self.rule.lifetime} dagar",
                    f"it is the same as before, and older than {self.rule.lifetime} days",
                )
        elif is_same(fingerprint, [one.fingerprint for one in known[1 : 1 + self.rule.reuse]]):
            raise _refused("enheten har haft det förut", "the device has had it before")


async def open_secret_desk(
    tenant: Connection, authority_id: UUID, identities: Identities, realm: str, now: datetime
) -> SecretDesk:
    """Return who takes secrets by what the authority asks now (as setup)."""
    known: dict[str, list[Earlier]] = defaultdict(list)
    for sender, set_at, fingerprint in await (await tenant.execute(QUERIES["read_device_secrets"])).fetchall():
        known[sender].append(Earlier(set_at, bytes(fingerprint)))
    rule = (await read_rules(tenant))[DEVICE_SECRET.name]
    return SecretDesk(authority_id, identities, realm, now, rule, known)


def _refused(sv: str, en: str) -> UnusableSecretError:
    return UnusableSecretError(
        Category.INVALID,
        Sentence(
            f"Lösenordet duger inte: {sv}. Välj ett annat.", f"The secret is not good enough: {en}. Choose another."
        ),
    )

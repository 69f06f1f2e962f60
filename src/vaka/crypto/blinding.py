# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finding a value without storing it: HMAC-SHA256 (RFC 2104) under a key that the database does not have."""

import hmac

from vaka.crypto.policy import require_allowed

require_allowed("HMAC-SHA256", "lookup")


def blind(key: bytes, kind: str, value: str) -> bytes:
    """Return what stands in the database for a value, 32 bytes. Of another kind, the same value gives another."""
    return hmac.digest(key, _begin(kind) + value.encode(), "sha256")


class Blinding:
    """The same for one key and one kind, made ready: what a receiver does for every message takes half as long."""

    __slots__ = ("_begun",)

    def __init__(self, key: bytes, kind: str) -> None:
        self._begun = hmac.new(key, _begin(kind), "sha256")

    def __call__(self, value: bytes) -> bytes:
        """Return what stands in the database for a value, 32 bytes."""
        mac = self._begun.copy()
        mac.update(value)
        return mac.digest()


def _begin(kind: str) -> bytes:
    if "\x00" in kind:
        raise ValueError("a kind holds no NUL, which ends it")
    return kind.encode() + b"\x00"

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finding a value without storing it: HMAC-SHA256 (RFC 2104) under a key that the database does not have."""

import hmac

from vaka.crypto.policy import require_allowed

require_allowed("HMAC-SHA256", "lookup")


def blind(key: bytes, kind: str, value: str) -> bytes:
    """Return what stands in the database for a value, 32 bytes. Of another kind, the same value gives another."""
    if "\x00" in kind:
        raise ValueError("a kind holds no NUL, which ends it")
    return hmac.digest(key, kind.encode() + b"\x00" + value.encode(), "sha256")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Knowing one's own rows again: HMAC-SHA256 (RFC 2104) over what a row says, under a key the database does not have."""

import hmac
from collections.abc import Sequence

from vaka.crypto.policy import require_allowed

require_allowed("HMAC-SHA256", "binding")


def bind(key: bytes, kind: str, facts: Sequence[bytes]) -> bytes:
    """Return what stands beside a row of that kind, 32 bytes.

    Each fact has its length before it, so that none runs into the next.
    """
    said = b"".join(len(fact).to_bytes(4, "big") + fact for fact in (kind.encode(), *facts))
    return hmac.digest(key, said, "sha256")


def is_bound(key: bytes, kind: str, facts: Sequence[bytes], binding: bytes) -> bool:
    """Whether ``bind`` gave this, told in a time that says nothing of where it differs."""
    return hmac.compare_digest(bind(key, kind, facts), binding)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How entries tell one security key from another, without a word of what identifies it elsewhere."""

import hashlib

SHORT_HASH = 16
"""Hexadecimal digits of a credential identifier's SHA-256: enough to tell keys apart, and no identifier."""


def short_hash(credential_id: bytes) -> str:
    """Return how entries name a credential."""
    return hashlib.sha256(credential_id).hexdigest()[:SHORT_HASH]

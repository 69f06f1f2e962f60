# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Several keys out of one: HKDF with SHA-256 (RFC 5869)."""

import hmac

from vaka.crypto.policy import require_allowed

_SALT = b"vaka key derivation v1"

require_allowed("HKDF-SHA256", "derivation")


def derive(secret: bytes, purpose: str, context: bytes = b"") -> bytes:
    """Return a key of 32 bytes for ``purpose``; others of the same secret tell nothing of it.

    ``context`` is bound in. One block of output is enough, so the expansion is a single HMAC.
    """
    if "\x00" in purpose:
        raise ValueError("a purpose holds no NUL, which ends it")
    return extract_and_expand(secret, _SALT, purpose.encode() + b"\x00" + context)


def extract_and_expand(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """Return the first 32 bytes of HKDF-SHA256 (RFC 5869 sections 2.2 and 2.3)."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")

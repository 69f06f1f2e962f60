# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a wrapped key is bound to: a row that was moved, or belongs to another installation, does not open. Pure."""

from uuid import UUID

_DOMAIN = b"vaka wrapped key v1\x00"


def bind_authority(store: UUID, authority: UUID, version: int) -> bytes:
    """Return what an authority's key-encryption key is bound to, under the root."""
    return _DOMAIN + b"authority\x00" + store.bytes + authority.bytes + version.to_bytes(4, "big")


def bind_subject(store: UUID, authority: UUID, subject: UUID, version: int, address: bytes) -> bytes:
    """Return what a person's data key is bound to, under the authority's key: the public address too."""
    place = store.bytes + authority.bytes + subject.bytes + version.to_bytes(4, "big")
    return _DOMAIN + b"subject\x00" + place + address


def bind_lookup(store: UUID, authority: UUID, purpose: str) -> bytes:
    """Return what a lookup key is bound to, under the authority's key."""
    return _DOMAIN + b"lookup\x00" + store.bytes + authority.bytes + purpose.encode()

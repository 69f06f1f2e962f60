# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The key under which devices are registered in the tests' own cluster, and what stands for them in its databases."""

from pathlib import Path

from vaka.keys.files import create_secret
from vaka.keys.identities import BlindSender, Identities, identity_key_file, is_blind

_KEY = bytes(range(32))
IDENTITIES = Identities(_KEY)


def blinded(sender: str) -> BlindSender:
    """Return what stands for a sender; what is blind already, or nobody, stays."""
    return BlindSender(sender) if not sender or is_blind(sender) else IDENTITIES.blind(sender)


def keep_key(credentials: Path) -> None:
    """Put the key where processes look for it."""
    create_secret(identity_key_file(credentials), _KEY.hex().encode())

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Levels of assurance, as issuers spell them: what each can be worth at the most, and which are never accepted.

Level 3 of the Swedish trust framework (ELN-0700) is what eIDAS calls substantial, level 4 what it calls high.
"""

from collections.abc import Mapping
from types import MappingProxyType

_SWEDISH = "http://id.elegnamnden.se/loa/1.0"
UNCERTIFIED = "http://id.swedenconnect.se/loa/1.0/uncertified-loa3"
"""What brokers say also of issuers that are reviewed. It says nothing by itself: only the evidence about the one issuer
that it is listed with does."""

DEMO = "http://vaka.invalid/loa/demo3"
"""What a demo's own provider says of its personas, and nobody else: it is no level anywhere but in a demo."""

LEVELS: Mapping[str, int] = MappingProxyType(
    {
        f"{_SWEDISH}/loa3": 3,
        f"{_SWEDISH}/loa4": 4,
        f"{_SWEDISH}/eidas-sub": 3,
        f"{_SWEDISH}/eidas-nf-sub": 3,
        f"{_SWEDISH}/eidas-high": 4,
        f"{_SWEDISH}/eidas-nf-high": 4,
        "http://id.sambi.se/loa/loa3": 3,
        UNCERTIFIED: 3,
        DEMO: 3,
    }
)
"""Every URI that can be listed with an issuer. One that is not here is no level, whoever says it."""

TOO_LOW = frozenset(
    f"{_SWEDISH}/{name}" for name in ("loa1", "loa2", "eidas-low", "eidas-nf-low")
)  # fmt: skip
"""Refused always; that they are known lets a refusal say why."""


def is_too_low(uri: str) -> bool:
    """Whether a URI says of itself that it is below level 3."""
    return uri in TOO_LOW or uri.endswith(("-low", "/loa1", "/loa2", "-loa1", "-loa2"))

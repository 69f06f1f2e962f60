# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cards for tests that need no database."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from vaka.web.cards import Card
from vaka.web.texts import LANGUAGES

EKBACKA, NORRVIK = UUID(int=1001), UUID(int=1002)
NOON = datetime(2026, 3, 14, 11, tzinfo=UTC)


def card(
    place: str = "0", *, alarm: UUID | None = None, authority: UUID = EKBACKA, version: int = 1, urgent: bool = False,
    unshown: bool = False, stranger: bool = False, **more: Any,
) -> Card:  # fmt: skip
    """A card that is nobody's alarm."""
    identifier = alarm or uuid4()
    wire = {language: json.dumps({"id": str(identifier), "language": language}).encode() for language in LANGUAGES}
    return Card(
        alarm=identifier, authority=authority, section="waiting", place=place, version=version, waiting=True,
        takeable=True, urgent=urgent, unshown=unshown, received_at=NOON, wire=wire,
        nameless=lambda language: json.dumps({"id": str(identifier), "nameless": language}).encode(),
        stranger=stranger, **more,
    )  # fmt: skip

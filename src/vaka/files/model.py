# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a file that is kept consists of, wherever it belongs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vaka.identifiers import new_identifier
from vaka.scanning.inspecting import Inspected


@dataclass(frozen=True, slots=True)
class Kept:
    """A file with its bytes."""

    name: str
    media_type: str
    body: bytes
    sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A file that came with what was said in a question, as it is listed: without its bytes."""

    inquiry: UUID
    number: int
    """Of what was said."""
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sends with words."""

    file: Inspected
    most: int
    """How many each side may have sent there."""

    @property
    def sha256(self) -> str:
        """Its fingerprint, in hexadecimal."""
        return self.file.sha256

    @property
    def facts(self) -> dict[str, Any]:
        """What an entry says of it."""
        file = self.file
        return {
            "name": file.name, "media_type": file.kind.media_type, "size": len(file.data), "sha256": file.sha256,
        }  # fmt: skip


def columns_of(file: Inspected, now: datetime) -> dict[str, Any]:
    """Return what the database keeps of a file in which nothing was found."""
    return {
        "id": new_identifier(now), "name": file.name, "media_type": file.kind.media_type, "body": file.data,
        "signed_at": file.signed_at,
    }  # fmt: skip

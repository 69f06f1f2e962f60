# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a mover's request says (term 8): which roles an account loses and which it gets, where and until when.

What is approved is the SHA-256 of it, which the database computes too (``role_change_digest``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from vaka.access.grants import UnknownRoleError
from vaka.access.role_change_refusals import RoleChangeError
from vaka.access.roles import ROLES

MOST_LINES = 200

LineKind = Literal["end", "give"]


@dataclass(frozen=True, slots=True)
class RoleLine:
    """One role that an account loses or gets."""

    kind: LineKind
    role: str
    authority_id: UUID | None
    """With which authority; None at the supplier's own premises."""
    until: datetime | None = None
    """When it ends by itself, of a role that is given."""

    @property
    def text(self) -> str:
        """The line as it is fingerprinted."""
        return " ".join((self.kind, self.role, str(self.authority_id or "-"), self._until or "-"))

    @property
    def as_kept(self) -> dict[str, str | None]:
        """The line as the database keeps it."""
        authority = None if self.authority_id is None else str(self.authority_id)
        return {"kind": self.kind, "role": self.role, "authority": authority, "until": self._until}

    @property
    def _until(self) -> str | None:
        return None if self.until is None else self.until.astimezone(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class WantedRoles:
    """What is asked for, by whom, about whose account."""

    id: UUID
    account_id: UUID
    human: UUID
    by: UUID
    """The administrator's account that asks."""
    lines: tuple[RoleLine, ...]
    reason: str

    @property
    def digest(self) -> bytes:
        """SHA-256 over all of it."""
        said = (
            "vaka role change 1", str(self.id), str(self.account_id), str(self.human), str(self.by),
            *(line.text for line in _ordered(self.lines)), self.reason,
        )  # fmt: skip
        return hashlib.sha256("\n".join(said).encode()).digest()

    @property
    def object(self) -> str:
        """How entries name whom it is about."""
        return f"account:{self.account_id}"


def read_lines(kept: Iterable[Mapping[str, str | None]]) -> tuple[RoleLine, ...]:
    """Return lines as they were kept, or as a page sent them, in the order in which they are done.

    Raises RoleChangeError for what are no lines.
    """
    try:
        return _ordered(_read(line) for line in kept)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise RoleChangeError.of("nothing") from None


def require_known(lines: Iterable[RoleLine]) -> tuple[RoleLine, ...]:
    """Return lines that name roles there are, at least one and not too many.

    Raises UnknownRoleError, RoleChangeError.
    """
    found = _ordered(lines)
    if not 1 <= len(found) <= MOST_LINES:
        raise RoleChangeError.of("nothing")
    if any(line.role not in ROLES for line in found):
        raise UnknownRoleError
    return found


def _read(line: Mapping[str, str | None]) -> RoleLine:
    kind, role, authority, until = line["kind"], line["role"], line["authority"], line["until"]
    if kind not in ("end", "give") or not isinstance(role, str):
        raise ValueError("no line of a request")
    return RoleLine(
        "end" if kind == "end" else "give",
        role,
        None if authority is None else UUID(authority),
        None if until is None else datetime.fromisoformat(until).astimezone(UTC),
    )


def _ordered(lines: Iterable[RoleLine]) -> tuple[RoleLine, ...]:
    """In the database's order: what ends first; the supplier's own premises last."""
    return tuple(
        sorted(lines, key=lambda line: (line.kind, line.role, line.authority_id is None, str(line.authority_id)))
    )

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming one privileged act by a touch of a security key: what exactly is confirmed, and that nothing else is done.

The digest of an act is the SHA-256 of its canonical JSON (RFC 8785: sorted names, no spaces, UTF-8). Whoever holds the
act's entry of the log can compute it again: name, authority, object and parameters stand there.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from vaka.crypto.policy import require_allowed
from vaka.errors import Category, Sentence, VakaError

require_allowed("SHA-256", "digest")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LARGEST_WHOLE_NUMBER = 2**53 - 1
"""Beyond it other readers of JSON round (RFC 8785 section 3.2.2.3)."""


class NotConfirmedError(VakaError):
    """What is to be done is not what was confirmed."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Det som skickades är inte det som bekräftades med säkerhetsnyckeln. Inget har ändrats. "
                "Börja om från början.",
                en="What was sent is not what was confirmed with the security key. Nothing was changed. "
                "Start again from the beginning.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Act:
    """One privileged act, with everything that decides what it does."""

    name: str
    """The event that tells of it."""
    authority_id: UUID | None
    """Where it is done; None for the supplier's own."""
    object: str
    """What it is done to, as entries name it."""
    parameters: Mapping[str, str | int | bool] = field(default_factory=dict)

    def canonical(self) -> bytes:
        """Return the act as canonical JSON. Raises ValueError for what has no canonical form here."""
        for name, value in self.parameters.items():
            if not _NAME.fullmatch(name):
                raise ValueError("a parameter has a plain name")
            if not isinstance(value, str | int) or (isinstance(value, int) and abs(value) > _LARGEST_WHOLE_NUMBER):
                raise ValueError("a parameter is a text, a whole number, or yes or no")
        said = {
            "act": self.name,
            "authority": None if self.authority_id is None else str(self.authority_id),
            "object": self.object,
            "parameters": dict(self.parameters),
        }
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def challenge(self, random: bytes) -> bytes:
        """Return what a key signs to confirm this act: SHA-256 of random bytes that the browser never sees, and it."""
        return hashlib.sha256(random + bytes.fromhex(self.digest)).digest()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That an act may be done: it was confirmed with a key, or need not be (``vaka.access.step_up`` decides that)."""

    digest: str
    """Of the one act that it is for."""
    touched: bool
    """Whether a key was touched for it."""

    def require(self, act: Act) -> None:
        """Return if this is for that act. Raises NotConfirmedError."""
        if act.digest != self.digest:
            raise NotConfirmedError

    @property
    def step_up(self) -> str | None:
        """What the act's entry says: the digest that was confirmed with a key, or nothing."""
        return self.digest if self.touched else None

    @property
    def said(self) -> dict[str, str]:
        """The same, as part of an entry's detail: nothing is said of a touch that was not."""
        return {"step_up": self.digest} if self.touched else {}

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose an alarm is, in a list: as it was read, sealed, and what could be opened of it."""

from dataclasses import dataclass, field
from uuid import UUID

from vaka.keys.identities import BlindSender, label


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A row about somebody in care: the name as it was read, sealed, and once it is opened."""

    person_id: UUID | None
    given_name: bytes | None = field(default=None, repr=False)
    family_name: bytes | None = field(default=None, repr=False)
    person_name: str = ""
    """Empty where nobody is known, or the name is locked; then show the sender."""
    sender: BlindSender
    """What stands for what the device calls itself; empty where it is about several."""
    said_id: UUID | None = None
    said_subject: UUID | None = None
    said_texts: bytes | None = field(default=None, repr=False)
    """Where nobody in the register is known: what the device said first, in a letter."""
    device_id: UUID | None = None
    device_subject: UUID | None = None
    device_number: bytes | None = field(default=None, repr=False)
    """And what the register says it calls itself, in a letter."""
    sender_name: str = ""
    """What the device calls itself, as far as that could be opened."""
    sender_is_locked: bool = False
    is_locked: bool = False
    """Somebody is known, and the name cannot be opened at the moment."""
    protected_identity: bool

    @property
    def shown_sender(self) -> str:
        """What the device calls itself or, where that is locked, always the same letters for it."""
        return self.sender_name or label(self.sender)

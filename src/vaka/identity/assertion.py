# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an issuer asserts about somebody, once it was verified, whatever protocol brought it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vaka.errors import Category, VakaError
from vaka.identity.reasons import Reason


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion. Made by a guard alone, after every check."""

    trust_id: UUID
    """The row of the trust registry that it was judged by."""
    method: str
    """``oidc`` or ``saml``."""
    issuer: str
    subject: str = field(repr=False)
    """What the issuer calls the person; may be a personal number, and is never stored or logged."""
    matching: str = field(repr=False)
    """What an invitation has to match; as personal as the subject."""
    level_uri: str
    level: int
    organisation: str | None
    authenticated_at: datetime
    digest: str
    """SHA-256 (hex) of the assertion as it came, by which the issuer finds it again."""


@dataclass(frozen=True, slots=True)
class Said:
    """What of an attempt may be written down, as far as it came: codes, levels and hashes, never who it was."""

    issuer: str | None = None
    """The issuer's name in the registry."""
    requested: str | None = None
    """The levels that were asked for."""
    returned: str | None = None
    """The level that was asserted, where it is one that somebody has written down; otherwise ``other``."""
    assertion: str | None = None
    account: str | None = None
    credential: str | None = None
    """Of a security key, the beginning of the SHA-256 of what it is known by."""


class SignInRefusedError(VakaError):
    """Somebody does not get in. Says why by a code, and what he can do."""

    def __init__(self, reason: Reason, said: Said | None = None) -> None:
        super().__init__(Category.FORBIDDEN, reason.sentence)
        self.reason = reason
        self.said = said or Said()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every address of the registry works with: its open parts, and which authority an address means."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vaka.clock import Clock
from vaka.database.connections import Pool
from vaka.keys.keyring import Keyring
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.web.authorities import Reading, find_by_slug
from vaka.web.denials import Teller
from vaka.web.programs.allowance import Allowances


@dataclass(frozen=True, slots=True)
class Registry:
    """The open parts of a registry process."""

    gateway: Gateway
    platform: Pool
    keyring: Keyring
    clock: Clock
    denials: Teller
    allowances: Allowances
    """How often programs may ask."""
    origins: Sequence[str]
    """Where programs find it."""
    _read: Reading = field(default_factory=Reading)

    async def find_authority(self, slug: str) -> Authority | None:
        """Return the authority called so, also one that was registered since the start."""
        return await find_by_slug(self.gateway, self.platform, self.clock, self._read, slug)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who is looked for among an authority's people."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LookedFor:
    """Words of a name, a personal number or a telephone number, and with which authority."""

    authority: UUID
    text: str

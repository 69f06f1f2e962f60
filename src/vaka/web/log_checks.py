# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What both sides show of an authority's own verifications of its log (term 26)."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.assurance.log_claims import Means
from vaka.web.texts import mark

MEANS: Mapping[Means, str] = MappingProxyType(
    {
        "verifier": mark("what vaka verify printed"),
        "checkpoint": mark("a checkpoint that was kept"),
        "numbers": mark("the number of entries and the root hash"),
        "none": mark("no checkpoint was to be had"),
    }
)
"""What a log reviewer had before him when he reported."""

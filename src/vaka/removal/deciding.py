# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deciding how long each kind is kept (terms 2 and 6): the authority's own people do, and two for each decision.

Nor does anybody approve who has not seen what would be removed.
"""

from collections.abc import Mapping
from typing import Any

from vaka.access.permissions import Permission
from vaka.access.proposing import Proposing, Statements
from vaka.ledger.events import Event
from vaka.removal.birth_days import QUERIES
from vaka.removal.rules import Rules, list_rules, require_sound, write_rules


def _write(rules: Rules) -> Mapping[str, Any]:
    return write_rules(require_sound(rules))


REMOVAL: Proposing[Rules] = Proposing(
    kind="removal",
    may_propose=Permission.PORTAL_SET_REMOVAL,
    may_approve=Permission.PORTAL_APPROVE_REMOVAL,
    proposed=Event.REMOVAL_PROPOSED,
    approved=Event.REMOVAL_APPROVED,
    withdrawn=Event.REMOVAL_WITHDRAWN,
    statements=Statements(QUERIES["propose"], QUERIES["approve"], QUERIES["withdraw"]),
    list=list_rules,
    write=_write,
    takes_two=True,
)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Deciding what codes and passwords have to be (term 16): the authority's own people do, nobody of the supplier's can.

What lets more through than before takes two of them. What asks for more, one puts in force alone.
"""

from collections.abc import Mapping
from typing import Any

from vaka.access.permissions import Permission
from vaka.access.proposing import Proposing, Statements
from vaka.crypto.activation import Rules, require_sound
from vaka.ledger.events import Event
from vaka.tenants.activation import list_rules, write_rules
from vaka.tenants.authorities import QUERIES


def _write(rules: Rules) -> Mapping[str, Any]:
    return write_rules(require_sound(rules))


ACTIVATION: Proposing[Rules] = Proposing(
    kind="activation",
    may_propose=Permission.PORTAL_SET_ACTIVATION,
    may_approve=Permission.PORTAL_APPROVE_ACTIVATION,
    proposed=Event.ACTIVATION_PROPOSED,
    approved=Event.ACTIVATION_APPROVED,
    withdrawn=Event.ACTIVATION_WITHDRAWN,
    statements=Statements(
        QUERIES["propose_activation"], QUERIES["approve_activation"], QUERIES["withdraw_activation"]
    ),
    list=list_rules,
    write=_write,
    takes_two=False,
)  # fmt: skip

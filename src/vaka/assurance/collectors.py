# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What looks for evidence: one collector a requirement, each a question that reality answers anew every time.

A collector tells what is wrong, in codes and counts. One that cannot look says nothing, and is not believed to have
found all well: its evidence grows old, and the requirement turns red.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from uuid import UUID

from vaka.access.roles import AUTHORITY_ROLES
from vaka.assurance.evidence import QUERIES, Found, Look
from vaka.assurance.own_evidence import ERASED_WITHIN, find_by_statement, find_unsealed, find_unwitnessed
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import ClockState, read_clock_state
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import VakaError
from vaka.ledger.receipts import policy_of
from vaka.settings import LedgerSettings
from vaka.tenants.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Place:
    """Where collectors look: the doors of the process they run in, and the authorities there are."""

    platform: Pool
    gateway: Gateway
    authorities: Sequence[UUID]
    read_clock: Callable[[], ClockState] = read_clock_state
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    """Which witnesses each log is shown to."""


ONCE_A_YEAR = timedelta(days=365)
"""Agreements with subcontractors and partners are gone through as often, however long each of them holds."""

RULES_GRACE = timedelta(days=30)
"""How long somebody has to acknowledge an authority's rule, from when it holds or he began to work there."""

Collector = Callable[[Place, datetime], Awaitable[Look]]


async def _ask_platform(statement: str, place: Place, now: datetime, **more: object) -> Look:
    """Ask the platform's database what is wrong, authority by authority. Who is not listed has nothing wrong.

    What is wrong in the supplier's own premises is wrong for every authority that it serves.
    """
    wrong = await _find(statement, place, now, more)
    of_all = sum(things for authority, _, things in wrong if authority is None)
    found = []
    for authority_id in place.authorities:
        own = [(reason, things) for authority, reason, things in wrong if authority in (authority_id, None)]
        things = of_all + sum(things for authority, _, things in wrong if authority == authority_id)
        found.append(Found(authority_id, own[0][0], things) if own else Found(authority_id))
    return Look(found)


async def _ask_platform_of_all(statement: str, place: Place, now: datetime) -> Look:
    """Ask the platform's database about what concerns every authority alike."""
    wrong = await _find(statement, place, now, {})
    return Look([Found(None, reason, things) for _, reason, things in wrong] or [Found(None)])


async def _find(
    statement: str, place: Place, now: datetime, more: Mapping[str, object]
) -> list[tuple[UUID | None, str, int]]:
    async with transaction(place.platform) as connection:
        cursor = await connection.execute(QUERIES[statement], {"at": now, **more})
        return [(authority, reason, things) for authority, reason, things in await cursor.fetchall()]


async def _ask_everywhere(
    question: Callable[[Connection, UUID, datetime], Awaitable[Found]], place: Place, now: datetime
) -> Look:
    """Ask every authority's own database. One that does not answer, or has no door here, is unseen."""
    found, unseen = [], []
    for authority_id in place.authorities:
        try:
            async with place.gateway.transaction(authority_id) as connection:
                found.append(await question(connection, authority_id, now))
        except VakaError:
            unseen.append(authority_id)
    return Look(found, unseen)


async def _find_unwitnessed(place: Place, now: datetime) -> Look:
    """Whether the witnesses of each authority's log have seen it just now (term 26)."""

    async def ask(connection: Connection, authority_id: UUID, now: datetime) -> Found:
        origin = place.ledger.log_name(place.gateway.authority(authority_id).slug)
        policy = policy_of(place.ledger, origin)
        return await find_unwitnessed(connection, authority_id, now, origin=origin, policy=policy)

    return await _ask_everywhere(ask, place, now)


async def _find_clock(place: Place, _now: datetime) -> Look:
    """Whether the kernel of this machine holds its clock for synchronised (term 27)."""
    state = place.read_clock()
    return Look([Found(None) if state == "synchronised" else Found(None, state, 1)])


def _of_own(statement: str, **more: object) -> Collector:
    """Return what asks each authority's own database by one statement."""
    return partial(_ask_everywhere, partial(find_by_statement, statement, more))


def _of_register(name: str, statement: str, **more: object) -> Collector:
    """Return what asks the registers about one requirement; how old evidence may be is the requirement's to say."""
    every = find_requirements(load_terms())[name].every

    async def ask(place: Place, now: datetime) -> Look:
        return await _ask_platform(statement, place, now, every=every, **more)

    return ask


_DOCUMENTS = (
    "applicability", "remote-policy", "erasure-procedure", "identity-process", "crypto-routine", "capacity-plan",
    "development-guidelines", "incident-routines",
)  # fmt: skip
"""What a document of the register is for: the requirement that it answers."""
_REVIEWS = ("internal-audit", "management-review", "conflict-review")

REGISTER_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        **{name: _of_register(name, "find_documents", purpose=name) for name in _DOCUMENTS},
        **{name: _of_register(name, "find_reviews", purpose=name) for name in _REVIEWS},
        "security-processes": _of_register("security-processes", "find_processes"),
        "management-certificate": _of_register("management-certificate", "find_certificates"),
        "remote-accepted": _of_register("remote-accepted", "find_unacknowledged", purpose="remote-policy"),
        "undertakings": _of_register("undertakings", "find_undertakings", roles=AUTHORITY_ROLES),
        "subcontractors": partial(_ask_platform, "find_subcontractors", every=ONCE_A_YEAR),
        "training": _of_register("training", "find_untrained", roles=AUTHORITY_ROLES),
        "risk-assessments": _of_register("risk-assessments", "find_unassessed"),
        "risk-actions": _of_register("risk-actions", "find_shortcomings"),
        "site-certificates": _of_register("site-certificates", "find_sites"),
        "site-access-review": _of_register("site-access-review", "find_site_reviews"),
        "partners": partial(_ask_platform, "find_partners", every=ONCE_A_YEAR),
        "emergency-changes": _of_register("emergency-changes", "find_unreviewed_changes"),
        "large-changes": _of_register("large-changes", "find_large_changes"),
    }
)
"""What asks the supplier's registers."""

CASE_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "authority-contact": partial(_ask_platform, "find_contacts"),
        "incident-clocks": partial(_ask_platform, "find_late_cases"),
        "case-receipts": partial(_ask_platform, "find_unseen_cases"),
    }
)
"""What asks about cases, and whom an authority has named."""

OWN_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "log-sealed": partial(_ask_everywhere, find_unsealed),
        "log-witnessed": _find_unwitnessed,
        "log-retention": _of_own("find_unpruned"),
        "erasure-orders": _of_own("find_late_erasures", within=ERASED_WITHIN),
        "erasures-returned": _of_own("find_returned_erasures"),
        "activation-policy": _of_own("find_unset_activation"),
    }
)
"""What asks each authority's own database."""

OVERSEEN_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "machine-logins": partial(_ask_platform, "find_shared_sign_ins", every=timedelta(days=1)),
        "configuration-drift": partial(_ask_platform, "find_drifted", every=timedelta(minutes=15)),
    }
)
"""What asks what something else has seen lately. Where that has stopped, all is not well: nobody knows."""

COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "conflicting-roles": partial(_ask_platform, "find_conflicting_roles"),
        "duty-exceptions": partial(_ask_platform, "find_ended_exceptions"),
        "accounts-of-humans": partial(_ask_platform_of_all, "find_accounts_not_of_one"),
        "identities-reused": partial(_ask_platform_of_all, "find_reused_identities"),
        "designated-roles": partial(_ask_platform, "find_unapproved_roles"),
        "emergency-grants": partial(_ask_platform, "find_late_emergencies"),
        "left-open": partial(_ask_platform_of_all, "find_sessions_left_open"),
        "ended-accounts": partial(_ask_platform_of_all, "find_accounts_past_their_end"),
        "session-levels": partial(_ask_platform_of_all, "find_sessions_below_level"),
        "emergency-reviews": partial(_ask_platform_of_all, "find_unreviewed_break_glass"),
        "administrator-class": partial(_ask_platform_of_all, "find_misplaced_administrators"),
        "holder-notices": partial(_ask_platform, "find_unarrived_notices"),
        "invitations": partial(_ask_platform_of_all, "find_long_invitations"),
        "accounts-by-hand": partial(_ask_platform_of_all, "find_accounts_by_hand"),
        "trust-registry": partial(_ask_platform, "find_doubtful_issuers"),
        "maintenance-runs": partial(_ask_platform_of_all, "find_unproved_runs"),
        "auditor-access": partial(_ask_platform, "find_endless_auditors"),
        **OVERSEEN_COLLECTORS,
        "authority-policies": partial(_ask_platform, "find_unread_rules", roles=AUTHORITY_ROLES, grace=RULES_GRACE),
        "audit-requests": partial(_ask_platform, "find_unanswered_audits"),
        "audit-samples": partial(_ask_platform, "find_changed_samples"),
        "exercise-requests": partial(_ask_platform, "find_unanswered_exercises"),
        "exercise-hours": partial(_ask_platform, "find_exercise_hours"),
        "clock-state": _find_clock,
        "plain-devices": partial(_ask_platform, "find_plain_devices"),
        **OWN_COLLECTORS,
        **CASE_COLLECTORS,
        **REGISTER_COLLECTORS,
    }
)
"""By the requirement each supplies."""

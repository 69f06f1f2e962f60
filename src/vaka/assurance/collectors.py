# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What looks for evidence: one collector a requirement, each a question that reality answers anew every time.

A collector tells what is wrong, in codes and counts. One that cannot look says nothing, and is not believed to have
found all well: its evidence grows old, and the requirement turns red.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from uuid import UUID

from vaka.access.roles import AUTHORITY_ROLES
from vaka.assurance.asking_databases import Collector, Place, ask_everywhere, ask_platform, ask_platform_of_all
from vaka.assurance.backup_evidence import BACKUP_COLLECTORS
from vaka.assurance.clock_evidence import find_clocks
from vaka.assurance.evidence import RULES_GRACE, Found, Look
from vaka.assurance.exchange_evidence import find_exchange_faults
from vaka.assurance.own_evidence import ERASED_WITHIN, find_by_statement, find_unsealed, find_unwitnessed
from vaka.assurance.release_evidence import RELEASE_COLLECTORS
from vaka.assurance.scanner_evidence import find_blind_scanner, find_old_signatures
from vaka.assurance.terms import find_requirements, load_terms
from vaka.assurance.trial_evidence import find_untried
from vaka.assurance.verified import (
    MACHINE_COLLECTORS,
    RIGHTS_COLLECTORS,
    find_secrets_in_use,
    find_sources,
    find_unhoused,
)
from vaka.database.connections import Connection
from vaka.ledger.receipts import policy_of

ONCE_A_YEAR = timedelta(days=365)
"""Agreements with subcontractors and partners are gone through as often, however long each of them holds."""

REPLAYED_WITHIN = timedelta(hours=26)
"""How old a replay of the accounts may be: it is run each night, and may begin a little later than the night before."""

DETECTED_WITHIN = timedelta(minutes=2)
"""Until when each log was looked through by the rules of detection, which is done each minute."""


async def _find_unwitnessed(place: Place, now: datetime) -> Look:
    """Whether the witnesses of each authority's log have seen it just now (term 26)."""

    async def ask(connection: Connection, authority_id: UUID, now: datetime) -> Found:
        origin = place.settings.ledger.log_name(place.gateway.authority(authority_id).slug)
        policy = policy_of(place.settings.ledger, origin)
        return await find_unwitnessed(connection, authority_id, now, origin=origin, policy=policy)

    return await ask_everywhere(ask, place, now)


async def _find_scanner(place: Place, _now: datetime) -> Look:
    """Whether what is uploaded is scanned (term 23)."""
    return Look([await find_blind_scanner(place.inspector)])


async def _find_signatures(place: Place, now: datetime) -> Look:
    """Whether the scanner's signatures are new enough (term 23). One that does not answer was not seen."""
    return Look([await find_old_signatures(place.inspector, now)])


_OF_OTHERS = ("waiting", "unreachable", "slow")
"""What is counted over every authority's alarms or databases together."""


async def _find_excess(place: Place, now: datetime) -> Look:
    """Whether what is measured is below its thresholds (term 21). What was not measured just now is unknown."""
    if place.capacity is None or not place.capacity.is_known(now):
        return Look([], place.authorities)
    excess = place.capacity.excess()
    if excess is None:
        return Look([Found(one) for one in place.authorities])
    reason, things = excess
    # How many alarms or databases of all authorities it is, is nobody's of them to read.
    return Look([Found(one, reason, 1 if reason in _OF_OTHERS else things) for one in place.authorities])


def _of_own(statement: str, **more: object) -> Collector:
    """Return what asks each authority's own database by one statement."""
    return partial(ask_everywhere, partial(find_by_statement, statement, more))


def _of_register(name: str, statement: str, **more: object) -> Collector:
    """Return what asks the registers about one requirement; how old evidence may be is the requirement's to say."""
    every = find_requirements(load_terms())[name].every

    async def ask(place: Place, now: datetime) -> Look:
        return await ask_platform(statement, place, now, every=every, **more)

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
        "subcontractors": partial(ask_platform, "find_subcontractors", every=ONCE_A_YEAR),
        "training": _of_register("training", "find_untrained", roles=AUTHORITY_ROLES),
        "risk-assessments": _of_register("risk-assessments", "find_unassessed"),
        "risk-actions": _of_register("risk-actions", "find_shortcomings"),
        "site-certificates": _of_register("site-certificates", "find_sites"),
        "host-sites": find_unhoused,
        "site-access-review": _of_register("site-access-review", "find_site_reviews"),
        "partners": partial(ask_platform, "find_partners", every=ONCE_A_YEAR),
        "emergency-changes": _of_register("emergency-changes", "find_unreviewed_changes"),
        "large-changes": _of_register("large-changes", "find_large_changes"),
    }
)
"""What asks the supplier's registers."""

LOG_CHECK_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {"log-verified": _of_register("log-verified", "find_unverified_logs")}
)
"""What asks whether an authority has verified its own log: it alone can say so."""

REPORT_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "access-report": _of_register("access-report", "find_unreported", report="access"),
        "change-report": _of_register("change-report", "find_unreported", report="changes"),
    }
)
"""What asks whether an authority has had the report of the year: it is there, and the authority takes it out."""

CASE_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "authority-contact": partial(ask_platform, "find_contacts"),
        "incident-clocks": partial(ask_platform, "find_late_cases"),
        "case-receipts": partial(ask_platform, "find_unseen_cases"),
    }
)
"""What asks about cases, and whom an authority has named."""

VULNERABILITY_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "advisory-data": partial(ask_platform, "find_stale_advisories"),
        "vulnerability-notices": partial(ask_platform, "find_unseen_vulnerabilities"),
        "vulnerability-deadlines": partial(ask_platform, "find_overdue_vulnerabilities"),
    }
)
"""What asks whether what runs is held against what is published, and what became of what was found."""

OWN_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "log-sealed": partial(ask_everywhere, find_unsealed),
        "log-witnessed": _find_unwitnessed,
        "log-retention": _of_own("find_unpruned"),
        "erasure-orders": _of_own("find_late_erasures", within=ERASED_WITHIN),
        "erasures-returned": _of_own("find_returned_erasures"),
        "activation-policy": _of_own("find_unset_activation"),
        "activation-flagged": find_secrets_in_use,
    }
)
"""What asks each authority's own database."""

SCANNER_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {"scanner": _find_scanner, "scanner-signatures": _find_signatures}
)
"""What asks the scanner of uploaded files."""

CAPACITY_COLLECTORS: Mapping[str, Collector] = MappingProxyType({"capacity": _find_excess, "trial-alarm": find_untried})
"""What asks what was measured, and what was tried."""

OVERSEEN_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "machine-logins": partial(ask_platform, "find_shared_sign_ins", every=timedelta(days=1)),
        "configuration-drift": partial(ask_platform, "find_drifted", every=timedelta(minutes=15)),
        "accounts-replayed": partial(ask_platform, "find_unreplayed", every=REPLAYED_WITHIN),
        "log-sources": find_sources,
        "detection": partial(ask_platform, "find_undetected", within=DETECTED_WITHIN),
    }
)
"""What asks what something else has seen lately. Where that has stopped, all is not well: nobody knows."""

REMOTE_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "remote-paths": partial(ask_platform, "find_remote_paths"),
        "remote-sample": _of_register("remote-sample", "find_remote_samples"),
    }
)
"""What asks from where administrators work, and whether that was checked."""

COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "conflicting-roles": partial(ask_platform, "find_conflicting_roles"),
        "duty-exceptions": partial(ask_platform, "find_ended_exceptions"),
        "accounts-of-humans": partial(ask_platform_of_all, "find_accounts_not_of_one"),
        "identities-reused": partial(ask_platform_of_all, "find_reused_identities"),
        "designated-roles": partial(ask_platform, "find_unapproved_roles"),
        "emergency-grants": partial(ask_platform, "find_late_emergencies"),
        "left-open": partial(ask_platform_of_all, "find_sessions_left_open"),
        "ended-accounts": partial(ask_platform_of_all, "find_accounts_past_their_end"),
        "session-levels": partial(ask_platform_of_all, "find_sessions_below_level"),
        "emergency-reviews": partial(ask_platform_of_all, "find_unreviewed_break_glass"),
        "administrator-class": partial(ask_platform_of_all, "find_misplaced_administrators"),
        "holder-notices": partial(ask_platform, "find_unarrived_notices"),
        "invitations": partial(ask_platform_of_all, "find_long_invitations"),
        "accounts-by-hand": partial(ask_platform_of_all, "find_accounts_by_hand"),
        "trust-registry": partial(ask_platform, "find_doubtful_issuers"),
        "maintenance-runs": partial(ask_platform_of_all, "find_unproved_runs"),
        "auditor-access": partial(ask_platform, "find_endless_auditors"),
        **OVERSEEN_COLLECTORS,
        **REMOTE_COLLECTORS,
        "authority-policies": partial(ask_platform, "find_unread_rules", roles=AUTHORITY_ROLES, grace=RULES_GRACE),
        "audit-requests": partial(ask_platform, "find_unanswered_audits"),
        "audit-samples": partial(ask_platform, "find_changed_samples"),
        "exercise-requests": partial(ask_platform, "find_unanswered_exercises"),
        "exercise-hours": partial(ask_platform, "find_exercise_hours"),
        "clock-state": find_clocks,
        "exchange-refusals": find_exchange_faults,
        "plain-devices": partial(ask_platform, "find_plain_devices"),
        **OWN_COLLECTORS,
        **RIGHTS_COLLECTORS,
        **MACHINE_COLLECTORS,
        **SCANNER_COLLECTORS,
        **CAPACITY_COLLECTORS,
        **BACKUP_COLLECTORS,
        **RELEASE_COLLECTORS,
        **CASE_COLLECTORS,
        **VULNERABILITY_COLLECTORS,
        **REGISTER_COLLECTORS,
        **REPORT_COLLECTORS,
        **LOG_CHECK_COLLECTORS,
    }
)
"""By the requirement each supplies."""

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which pages an auditor opens (term 37): those of the terms that his audit is about, and what is anybody's.

What stands in no list here is closed to him.
"""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from vaka.access.decide import NotAllowedError
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.time_boxes import find_scope
from vaka.assurance.terms import load_terms
from vaka.cases.model import Kind

_ALL = frozenset(range(1, 38))
_LOG = frozenset({25, 26})
_ALWAYS = frozenset({"/help", "/keys", "/sessions", "/audits", "/auditing", "/terms", "/registers"})
"""What is about nobody, one's own, or shows no more than the scope itself."""
_TERMS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "": _LOG, "/entry": _LOG, "/checkpoint": _LOG, "/supplier": _LOG | {12, 17}, "/access": frozenset({9}),
        "/checks": frozenset({26}), "/cases": frozenset({29, 34, 35}),
        "/holders": frozenset({10}), "/notices": frozenset({9, 10}), "/inquiries": frozenset({37}),
        "/exercises": frozenset({36}), "/remote": frozenset({3}), "/clocks": frozenset({27}),
        "/flows": frozenset({30}), "/reports/changes": frozenset({20}),
        "/status": frozenset({21}), "/trends": frozenset({21}),
    }
)  # fmt: skip
"""By the first part of an address below the authority's, or its first two: it is open where one of these is in the
scope."""
_CASES: Mapping[Kind, frozenset[int]] = MappingProxyType(
    {"incident": frozenset({34, 35}), "vulnerability": frozenset({29, 35})}
)
"""Which terms cases of each kind are about."""
_ALONE: Mapping[str, frozenset[int]] = MappingProxyType({"/reports": frozenset({9, 20})})
"""By a whole address: it leads on within the scope, and what is below it stands for itself."""
_WHOLE = frozenset({"/terms/pack", "/tasks", "/exclusions", "/reports/terms"})
"""What tells of every term: open where the scope is all of them."""


def is_within(scope: frozenset[int] | None, path: str) -> bool:
    """Whether an address below the authority's is within a scope; None is nobody's audit, and bounds nothing."""
    if scope is None:
        return True
    parts = [f"/{part}" for part in path.strip("/").split("/") if part]
    first, two = "".join(parts[:1]), "".join(parts[:2])
    if not _WHOLE.isdisjoint((first, two)):
        return scope == _ALL
    terms = _ALONE.get("".join(parts)) or _TERMS.get(two) or _TERMS.get(first, frozenset())
    return first in _ALWAYS or bool(terms & scope)


def require_scope(principal: Principal, authority_id: UUID, path: str, permission: Permission) -> None:
    """Return if somebody's audit, if he is here for one, is about what stands there. Raises NotAllowedError."""
    if not is_within(find_scope(principal, authority_id), path):
        raise NotAllowedError(permission, principal.session)


def is_case_within(scope: frozenset[int] | None, kind: Kind) -> bool:
    """Whether cases of a kind are within a scope."""
    return scope is None or bool(scope & _CASES[kind])


def require_case(principal: Principal, authority_id: UUID, kind: Kind, permission: Permission) -> None:
    """Return if somebody's audit, if he is here for one, is about such a case. Raises NotAllowedError."""
    if not is_case_within(find_scope(principal, authority_id), kind):
        raise NotAllowedError(permission, principal.session)


def registers_within(scope: frozenset[int] | None, answers: tuple[str, ...]) -> bool:
    """Whether a register that answers these requirements is within a scope."""
    if scope is None:
        return True
    return any(one.id in answers for term in load_terms() if term.number in scope for one in term.requirements)

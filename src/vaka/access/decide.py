# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one place where access is decided. Pure: everything it needs is in the principal."""

from uuid import UUID

from vaka.access.permissions import EMERGENCY, FALLBACK, MENDING, Permission
from vaka.access.principal import Engagement, Principal, Training
from vaka.access.roles import ROLES
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.sessions import Session

_NOT_COVERED = Sentence(
    sv="Din behörighet räcker inte för det här. Be din arbetsledare om du behöver den.",
    en="Your access does not cover this. Ask your shift leader if you need it.",
)
_NOT_BY_KEY = Sentence(
    sv="Du är reservinloggad och kan bara ta hand om larm. Logga ut och logga in med din e-legitimation när den "
    "fungerar igen, om du behöver det här.",
    en="You are signed in by the fallback and can only handle alarms. Sign out and sign in with your electronic "
    "identity when it works again, if you need this.",
)


_NOT_IN_EMERGENCY = Sentence(
    sv="Det här är en nödåtkomst: den är till för konton, första nycklar och utfärdare, och för inget annat. Logga in "
    "med din e-legitimation när den fungerar igen, om du behöver det här.",
    en="This is emergency access: it is for accounts, first keys and issuers, and for nothing else. Sign in with your "
    "electronic identity when it works again, if you need this.",
)


def while_resting(rest: Engagement | Training) -> Sentence:
    """Say why a role rests, and what brings it back."""
    if isinstance(rest, Engagement):
        return Sentence(
            sv=f"Din administratörsroll vilar, eftersom avtalet med {rest.firm} inte längre gäller. Den gäller "
            "igen när ett nytt avtal är godkänt under Register, Underleverantörer, eller när en kollega som inte "
            "arbetar där har lagt in din förbindelse för någon annan.",
            en=f"Your administrator's role rests, as the agreement with {rest.firm} holds no more. It holds "
            "again when a new agreement is approved under Registers, Subcontractors, or when a colleague who does not "
            "work there has entered your undertaking for somebody else.",
        )
    return Sentence(
        sv=f"Din administratörsroll vilar tills utbildningen {rest.title} är genomförd. Lägg in den under "
        "Register, Genomförda utbildningar, eller be en kollega; sedan gäller rollen igen.",
        en=f"Your administrator's role rests until the course {rest.title} is taken. Enter it under Registers, "
        "Courses taken, or ask a colleague; then the role holds again.",
    )


class NotAllowedError(VakaError):
    """Signed in and known here, but no rule allows it. Says what of session or role is in the way, if one is."""

    def __init__(
        self, permission: Permission, session: Session | None = None, *, resting: Engagement | Training | None = None
    ) -> None:
        sentence = _NOT_COVERED
        if session is not None and session.fallback:
            sentence = _NOT_BY_KEY
        elif session is not None and session.break_glass:
            sentence = _NOT_IN_EMERGENCY
        elif resting is not None:
            sentence = while_resting(resting)
        super().__init__(Category.FORBIDDEN, sentence)
        self.permission = permission


class NothingHereError(VakaError):
    """The principal has no business with that authority: the same answer whether or not it exists."""

    def __init__(self) -> None:
        super().__init__(Category.MISSING, Sentence(sv="Det finns ingen sådan sida.", en="There is no such page."))


def may(principal: Principal, permission: Permission, authority_id: UUID | None) -> bool:
    """Whether a rule allows it. No rule means no; an administrator never gets what the desk gives."""
    return permission in _permissions_in(principal, authority_id)


def require(principal: Principal, permission: Permission, authority_id: UUID | None) -> None:
    """Return if a rule allows it; otherwise raise NotAllowedError, or NothingHereError to one who has no role there."""
    held = _permissions_in(principal, authority_id)
    if permission in held:
        return
    if held:
        raise NotAllowedError(permission, principal.session, resting=principal.resting)
    raise NothingHereError


def authorities_where(principal: Principal, permission: Permission) -> frozenset[UUID]:
    """Return the authorities in which the principal has ``permission``; empty is nobody's business."""
    named = {grant.authority_id for grant in principal.grants if grant.authority_id is not None}
    return frozenset(authority_id for authority_id in named if may(principal, permission, authority_id))


def holds_somewhere(principal: Principal, permission: Permission) -> bool:
    """Whether the principal has ``permission`` in any authority, or at the supplier's own premises."""
    return may(principal, permission, None) or bool(authorities_where(principal, permission))


def _permissions_in(principal: Principal, authority_id: UUID | None) -> frozenset[Permission]:
    session = principal.session
    # An account of the administrators' class handles no alarms, whatever somebody granted it by mistake.
    if (session.kind == "administrator") != (session.realm == "administrator"):
        return frozenset()
    held: set[Permission] = set()
    for grant in principal.grants:
        role = ROLES.get(grant.role)
        if role is None or grant.authority_id != authority_id or role.realm != session.realm:
            continue
        # The supplier's own premises are where its administrators work, and nobody else; no authority is theirs.
        if (role.realm == "administrator") == (authority_id is None):
            held |= role.permissions
    if session.fallback:
        held &= FALLBACK
    if session.break_glass is not None:  # whoever opened it, and whatever he has not learnt: somebody goes through it
        held &= EMERGENCY
    elif session.kind == "administrator" and principal.resting is not None:
        held &= MENDING
    program = principal.program
    if program is None:
        return frozenset(held)
    return frozenset(held & program.scopes) if program.authority_id == authority_id else frozenset()

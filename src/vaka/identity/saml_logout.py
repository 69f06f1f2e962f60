# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The guard in front of what identity providers say of signing out (SAML 2.0 profiles, section 4.4). Pure.

A message counts where it is signed as a whole and was made out to us a moment ago. It says whose sessions end, and can
never say that somebody gets in.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.reasons import Reason
from vaka.identity.saml_entity import Entity
from vaka.identity.saml_guard import SKEW, SUCCESS
from vaka.identity.saml_metadata import ProviderFacts, read_instant
from vaka.identity.saml_person import LONGEST_VALUE
from vaka.identity.saml_signature import require_signed
from vaka.identity.saml_xml import ASSERTION, PROTOCOL, Element, SamlRefusedError, named, read_xml

LONGEST_LIFE = timedelta(minutes=2)
"""How old a request may be, whatever it says of itself: it is sent when somebody signs out, not later."""
MOST_SESSIONS = 20
"""Of how many sessions there a request may speak."""


@dataclass(frozen=True, slots=True)
class SigningOut:
    """Somebody signs out at his identity provider, verified."""

    identifier: str
    """The request's own, which the answer names."""
    name: str = field(repr=False)
    """What the provider calls him (NameID); as personal as in an assertion."""
    sessions: tuple[str, ...] = field(repr=False)
    """Which sessions there; none: all."""
    expires_at: datetime
    """Until when the request could be believed."""
    digest: str
    """SHA-256 (hex) of the message."""


def read_sender(document: bytes) -> str:
    """Return whom a message says it is from, which proves nothing yet. Raises SignInRefusedError."""
    try:
        return read_xml(document).one(ASSERTION, "Issuer", Reason.ISSUER).word()
    except SamlRefusedError as refused:
        raise SignInRefusedError(refused.reason, Said(assertion=_digest(document))) from None


def verify_logout_request(
    document: bytes, provider: ProviderFacts, entity: Entity, said: Said, now: datetime
) -> SigningOut:  # fmt: skip
    """Return who signs out. Raises SignInRefusedError with the first reason against it."""
    try:
        root = _open(document, "LogoutRequest", provider, entity, now)
        expires = _require_recent(root, now)
        name = root.one(ASSERTION, "NameID", Reason.CLAIMS).word()
        sessions = tuple(one.word() for one in root.all(PROTOCOL, "SessionIndex"))
        if len(sessions) > MOST_SESSIONS or any(not 0 < len(one) <= LONGEST_VALUE for one in (name, *sessions)):
            raise SamlRefusedError(Reason.CLAIMS)
        return SigningOut(root.attributes["ID"], name, sessions, expires, _digest(document))
    except SamlRefusedError as refused:
        raise SignInRefusedError(refused.reason, said) from None


def verify_logout_response(
    document: bytes, provider: ProviderFacts, entity: Entity, request: str, said: Said, now: datetime
) -> None:
    """Return where the provider says that what we asked was done. Raises SignInRefusedError."""
    try:
        root = _open(document, "LogoutResponse", provider, entity, now)
        _require_recent(root, now)
        if not hmac.compare_digest(root.attributes.get("InResponseTo", "").encode(), request.encode()):
            raise SamlRefusedError(Reason.IN_RESPONSE_TO)
        code = root.one(PROTOCOL, "Status").one(PROTOCOL, "StatusCode")
        # One that could not reach everybody says so below its success (section 4.4.4.2): then it is not all done.
        if code.attributes.get("Value") != SUCCESS or code.children:
            raise SamlRefusedError(Reason.ISSUER_REFUSED)
    except SamlRefusedError as refused:
        raise SignInRefusedError(refused.reason, said) from None


def _open(document: bytes, kind: str, provider: ProviderFacts, entity: Entity, now: datetime) -> Element:
    """Return the root of a message of this kind, signed by this provider and made out to us."""
    root = read_xml(document)
    if root.name != named(PROTOCOL, kind) or root.attributes.get("Version") != "2.0" or not root.attributes.get("ID"):
        raise SamlRefusedError(Reason.RESPONSE_FORM)
    require_signed(document, root, provider.certificates)
    if root.one(ASSERTION, "Issuer", Reason.ISSUER).word() != provider.entity_id:
        raise SamlRefusedError(Reason.ISSUER)
    if root.attributes.get("Destination") != entity.logout:
        raise SamlRefusedError(Reason.DESTINATION)
    return root


def _require_recent(root: Element, now: datetime) -> datetime:
    """Return until when a message could be believed; refuse one that cannot be now."""
    made = read_instant(root.attributes.get("IssueInstant", ""))
    until = made + LONGEST_LIFE
    if "NotOnOrAfter" in root.attributes:
        until = min(until, read_instant(root.attributes["NotOnOrAfter"]))
    if until <= now - SKEW:
        raise SamlRefusedError(Reason.EXPIRED)
    if made > now + SKEW:
        raise SamlRefusedError(Reason.NOT_YET)
    return until


def _digest(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()

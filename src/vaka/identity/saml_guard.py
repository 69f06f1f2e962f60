# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The guard in front of every SAML response. It verifies by itself, and only then is the library asked as well.

Left alone, pysaml2 accepts a lower level than was asked for, the same assertion twice, one that is not encrypted,
signatures with SHA-1, a document type, and any organisation. Nothing here depends on what it checks.

The response is signed as a whole, and the assertion in it is encrypted, as the Swedish federations ask; so everything
that is read was signed, and a wrapped document has no place for what it wraps.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.levels import LEVELS, TOO_LOW, is_too_low
from vaka.identity.reasons import Reason
from vaka.identity.saml_decryption import decrypt_assertion
from vaka.identity.saml_entity import Entity
from vaka.identity.saml_metadata import ProviderFacts, read_instant
from vaka.identity.saml_person import (
    AtIssuer,
    read_at_issuer,
    read_attributes,
    read_organisation,
    read_subject,
    read_word,
)
from vaka.identity.saml_signature import is_signed, require_signed
from vaka.identity.saml_xml import ASSERTION, PROTOCOL, Element, SamlRefusedError, named, read_xml
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import SamlIssuer

SKEW = timedelta(seconds=30)
"""How far an issuer's clock may be from ours."""
LONGEST_LIFE = timedelta(hours=2)
"""An assertion that holds longer is no proof of a fresh login."""
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
REFUSALS = {
    f"{_STATUS}NoAuthnContext": Reason.LEVEL_MISSING,
    f"{_STATUS}AuthnFailed": Reason.CANCELLED,
    "http://id.elegnamnden.se/status/1.0/cancel": Reason.CANCELLED,
}
"""What an issuer says instead of an assertion; anything else is ISSUER_REFUSED."""


@dataclass(frozen=True, slots=True)
class ExpectedResponse:
    """What a response has to fit."""

    trusted: Trusted
    issuer: SamlIssuer
    provider: ProviderFacts
    entity: Entity
    key: RSAPrivateKey = field(repr=False)
    request: str
    """The identifier of what we asked."""
    started_at: datetime
    now: datetime
    authenticated_since: datetime
    """Who authenticated earlier has not done so for this."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a response asserts, and what makes it known again."""

    assertion: Assertion
    identifier: str
    """The assertion's own."""
    expires_at: datetime
    at_issuer: AtIssuer | None
    """What signing out there takes."""


def verify_response(response: bytes, expected: ExpectedResponse) -> Judged:
    """Return what a response asserts, after every check.

    Raises SignInRefusedError with the first reason against it.
    """
    requested = " ".join(sorted(expected.trusted.levels))
    said = Said(expected.trusted.name, requested, None, hashlib.sha256(response).hexdigest())
    try:
        root = _open(response, expected)
        plain = decrypt_assertion(_encrypted(root), expected.key)
        assertion = read_xml(plain)
        if assertion.name != named(ASSERTION, "Assertion"):
            raise SamlRefusedError(Reason.RESPONSE_FORM)
        if is_signed(assertion):
            require_signed(plain, assertion, expected.provider.certificates)
        statement = assertion.one(ASSERTION, "AuthnStatement")
        uri = _level_uri(statement)
        said = replace(said, returned=None if not uri else uri if uri in LEVELS.keys() | TOO_LOW else "other")
        _require_ours(assertion, expected)
        expires = min(_require_timely(assertion, expected), _require_confirmed(assertion, expected))
        authenticated = _require_fresh(statement, expected)
        level = _level(uri, expected.trusted)
        return Judged(
            _read(assertion, expected, uri, level, authenticated, said), assertion.attributes["ID"], expires,
            read_at_issuer(assertion, statement),
        )  # fmt: skip
    except SamlRefusedError as refused:
        raise SignInRefusedError(refused.reason, said) from None


def _open(response: bytes, expected: ExpectedResponse) -> Element:
    """Return the root of a response that the issuer signed, made out to us and for what we asked."""
    root = read_xml(response)
    if root.name != named(PROTOCOL, "Response") or root.attributes.get("Version") != "2.0":
        raise SamlRefusedError(Reason.RESPONSE_FORM)
    require_signed(response, root, expected.provider.certificates)
    _require_issuer(root, expected)
    if root.attributes.get("Destination") != expected.entity.consumer:
        raise SamlRefusedError(Reason.DESTINATION)
    _require_answer(root.attributes.get("InResponseTo", ""), expected)
    _require_around_now(root, expected)
    status = root.one(PROTOCOL, "Status").one(PROTOCOL, "StatusCode")
    if status.attributes.get("Value") != SUCCESS:
        codes = [one.attributes.get("Value", "") for one in status.walk()]
        raise SamlRefusedError(next((REFUSALS[code] for code in codes if code in REFUSALS), Reason.ISSUER_REFUSED))
    return root


def _encrypted(root: Element) -> Element:
    # What is not encrypted was read by whoever sat between; also beside one that is.
    if root.all(ASSERTION, "Assertion") or not root.all(ASSERTION, "EncryptedAssertion"):
        raise SamlRefusedError(Reason.NOT_ENCRYPTED)
    return root.one(ASSERTION, "EncryptedAssertion")


def _require_issuer(element: Element, expected: ExpectedResponse) -> None:
    if element.one(ASSERTION, "Issuer", Reason.ISSUER).word() != expected.issuer.issuer:
        raise SamlRefusedError(Reason.ISSUER)


def _require_answer(identifier: str, expected: ExpectedResponse) -> None:
    if not hmac.compare_digest(identifier.encode(), expected.request.encode()):
        raise SamlRefusedError(Reason.IN_RESPONSE_TO)


def _require_around_now(element: Element, expected: ExpectedResponse) -> None:
    """Whatever answers what we asked was made since we asked."""
    made = read_instant(element.attributes.get("IssueInstant", ""))
    if made < expected.started_at - SKEW:
        raise SamlRefusedError(Reason.EXPIRED)
    if made > expected.now + SKEW:
        raise SamlRefusedError(Reason.NOT_YET)


def _require_ours(assertion: Element, expected: ExpectedResponse) -> None:
    """From this issuer, for this service provider and no other."""
    if assertion.attributes.get("Version") != "2.0" or not assertion.attributes.get("ID"):
        raise SamlRefusedError(Reason.RESPONSE_FORM)
    _require_issuer(assertion, expected)
    restriction = assertion.one(ASSERTION, "Conditions", Reason.AUDIENCE).one(
        ASSERTION, "AudienceRestriction", Reason.AUDIENCE
    )
    if [one.word() for one in restriction.children] != [expected.entity.identifier]:
        raise SamlRefusedError(Reason.AUDIENCE)


def _require_timely(assertion: Element, expected: ExpectedResponse) -> datetime:
    _require_around_now(assertion, expected)
    conditions = assertion.one(ASSERTION, "Conditions")
    allowed = [named(ASSERTION, name) for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")]
    if any(child.name not in allowed for child in conditions.children):
        # SAML 2.0 core, section 2.5.1.1: a condition that is not understood is not met.
        raise SamlRefusedError(Reason.CLAIMS)
    if "NotBefore" in conditions.attributes and read_instant(conditions.attributes["NotBefore"]) > expected.now + SKEW:
        raise SamlRefusedError(Reason.NOT_YET)
    return _require_unexpired(conditions, expected)


def _require_confirmed(assertion: Element, expected: ExpectedResponse) -> datetime:
    """Whoever brings it is whom it was made out for (SAML 2.0 profiles, section 4.1.4.2)."""
    confirmation = assertion.one(ASSERTION, "Subject").one(ASSERTION, "SubjectConfirmation")
    if confirmation.attributes.get("Method") != BEARER:
        raise SamlRefusedError(Reason.CLAIMS)
    data = confirmation.one(ASSERTION, "SubjectConfirmationData", Reason.RECIPIENT)
    if "NotBefore" in data.attributes:  # it could not have been brought at once
        raise SamlRefusedError(Reason.CLAIMS)
    if data.attributes.get("Recipient") != expected.entity.consumer:
        raise SamlRefusedError(Reason.RECIPIENT)
    _require_answer(data.attributes.get("InResponseTo", ""), expected)
    return _require_unexpired(data, expected)


def _require_unexpired(element: Element, expected: ExpectedResponse) -> datetime:
    ends = read_instant(element.attributes.get("NotOnOrAfter", ""))
    if ends <= expected.now - SKEW:
        raise SamlRefusedError(Reason.EXPIRED)
    if ends > expected.now + LONGEST_LIFE:
        raise SamlRefusedError(Reason.CLAIMS)
    return ends


def _require_fresh(statement: Element, expected: ExpectedResponse) -> datetime:
    authenticated = read_instant(statement.attributes.get("AuthnInstant", ""))
    if not expected.authenticated_since - SKEW <= authenticated <= expected.now + SKEW:
        raise SamlRefusedError(Reason.AUTHENTICATION_TIME)
    until = statement.attributes.get("SessionNotOnOrAfter")
    if until is not None and read_instant(until) <= expected.now - SKEW:
        raise SamlRefusedError(Reason.EXPIRED)
    return authenticated


def _level_uri(statement: Element) -> str:
    context = statement.one(ASSERTION, "AuthnContext", Reason.LEVEL_MISSING)
    return context.one(ASSERTION, "AuthnContextClassRef", Reason.LEVEL_MISSING).word()


def _level(uri: str, trusted: Trusted) -> int:
    if not uri:
        raise SamlRefusedError(Reason.LEVEL_MISSING)
    if is_too_low(uri):
        raise SamlRefusedError(Reason.LEVEL_TOO_LOW)
    if uri not in trusted.levels:
        raise SamlRefusedError(Reason.LEVEL_EXPIRED if uri in trusted.content.levels else Reason.LEVEL_UNKNOWN)
    return trusted.levels[uri]


def _read(
    assertion: Element, expected: ExpectedResponse, uri: str, level: int, authenticated: datetime, said: Said
) -> Assertion:
    issuer, attributes = expected.issuer, read_attributes(assertion)
    return Assertion(
        expected.trusted.id,
        "saml",
        issuer.issuer,
        read_subject(assertion, attributes, issuer.subject_attribute),
        read_word(attributes, issuer.matching_attribute),
        uri,
        level,
        read_organisation(attributes, issuer),
        authenticated,
        said.assertion or "",
    )

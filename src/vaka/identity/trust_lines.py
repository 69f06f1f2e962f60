# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of an issuer, line by line, so that two people can compare it: today's entry and the proposed one.

Keys, certificates and metadata stand there as fingerprints (SHA-256), certificates with their last day. The last line
is the fingerprint of the whole, so that no byte differs and every line is the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc.jwk import JWKRegistry

from vaka.identity.saml_metadata import read_metadata
from vaka.identity.saml_xml import SamlRefusedError
from vaka.identity.trust_content import Content, OidcIssuer, SamlIssuer, write_content

SHORT = 16
"""So many digits of a fingerprint tell two keys of one issuer apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is said."""

    what: str
    """Which: a word that a page translates."""
    of: str
    """Of which of several: a level's URI, a realm, the beginning of a fingerprint. Empty where there is one."""
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """The same thing before and after."""

    what: str
    of: str
    before: str | None
    """None where it was not said."""
    after: str | None
    """None where it is not said any more."""

    @property
    def differs(self) -> bool:
        """Whether somebody has to look at it."""
        return self.before != self.after


def lines_of(content: Content) -> tuple[Line, ...]:
    """Return everything that is said, always in the same order."""
    return tuple(_lines(content))


def compare(before: Content | None, after: Content) -> tuple[Change, ...]:
    """Return every line of both, in the order of ``after``; what is only in ``before`` stands last.

    Without ``before``, every line is new.
    """
    old = {} if before is None else {(one.what, one.of): one.value for one in lines_of(before)}
    new = {(one.what, one.of): one.value for one in lines_of(after)}
    places = [*new, *(place for place in old if place not in new)]
    return tuple(Change(*place, old.get(place), new.get(place)) for place in places)


def changed(changes: Sequence[Change]) -> list[Change]:
    """Return those that differ."""
    return [one for one in changes if one.differs]


def _lines(content: Content) -> Iterator[Line]:
    yield Line("protocol", "", content.protocol)
    yield Line("issuer", "", content.issuer)
    yield Line("title_sv", "", content.title_sv)
    yield Line("title_en", "", content.title_en)
    for realm in content.realms:
        yield Line("realm", realm, realm)
    for uri, accepted in content.levels.items():
        yield Line("level", uri, str(accepted.level))
        yield Line("evidence", uri, accepted.evidence)
        yield Line("expires", uri, accepted.expires.isoformat())
    yield Line("subject_attribute", "", content.subject_attribute)
    yield Line("matching_attribute", "", content.matching_attribute)
    if content.organisation_attribute is not None:
        yield Line("organisation_attribute", "", content.organisation_attribute)
    for organisation in content.organisations:
        yield Line("organisation", organisation, organisation)
    yield from _lines_of_oidc(content) if isinstance(content, OidcIssuer) else _lines_of_saml(content)
    yield Line("whole", "", hashlib.sha256(write_content(content).encode()).hexdigest())


def _lines_of_oidc(content: OidcIssuer) -> Iterator[Line]:
    yield Line("client_id", "", content.client_id)
    yield Line("authorization_endpoint", "", content.authorization_endpoint)
    yield Line("token_endpoint", "", content.token_endpoint)
    yield Line("client_audience", "", content.client_audience)
    yield Line("back_channel_logout", "", "yes" if content.back_channel_logout else "no")
    if content.end_session_endpoint is not None:
        yield Line("end_session_endpoint", "", content.end_session_endpoint)
    for algorithm in content.algorithms:
        yield Line("algorithm", algorithm, algorithm)
    for key in content.keys:
        # RFC 7638: over what makes it this key, and nothing of what it is called.
        thumbprint = JWKRegistry.import_key(key).thumbprint()
        yield Line("key", thumbprint[:SHORT], f"{key['kty']} {key.get('kid', '')} {thumbprint}")


def _lines_of_saml(content: SamlIssuer) -> Iterator[Line]:
    yield Line("back_channel_logout", "", "yes" if content.single_logout else "no")
    yield Line("metadata", "", hashlib.sha256(content.metadata.encode()).hexdigest())
    yield from _lines_of_certificate("metadata_certificate", content.metadata_certificate)
    try:
        provider = read_metadata(content.metadata, content.metadata_certificate)
    except SamlRefusedError as refused:
        yield Line("metadata_refused", "", refused.reason.code)
        return
    yield Line("sign_in", "", provider.sign_in)
    if content.single_logout and provider.sign_out is not None:
        yield Line("end_session_endpoint", "", provider.sign_out)
        yield Line("sign_out_answer", "", provider.sign_out_answer or provider.sign_out)
    if provider.valid_until is not None:
        yield Line("metadata_until", "", provider.valid_until.date().isoformat())
    for certificate in provider.certificates:
        yield from _lines_of_certificate("certificate", certificate)


def _lines_of_certificate(what: str, text: str) -> Iterator[Line]:
    certificate = x509.load_pem_x509_certificate(text.encode("ascii"))
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    yield Line(what, fingerprint[:SHORT], fingerprint)
    yield Line(f"{what}_until", fingerprint[:SHORT], certificate.not_valid_after_utc.date().isoformat())

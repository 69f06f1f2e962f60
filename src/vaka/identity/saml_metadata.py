# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an identity provider's metadata says, once the signature of whoever vouches for it was verified (SAML metadata).

The document is part of what two people approve, so nothing is fetched. Its signature is verified with the certificate
that is pinned beside it, before any library sees it: one whose signature was stripped says nothing.
"""

from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from vaka.identity.reasons import Reason
from vaka.identity.saml_signature import require_signed
from vaka.identity.saml_xml import METADATA, PROTOCOL, SIGNATURE, Element, SamlRefusedError, named, read_xml

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SMALLEST_RSA_BITS = 2048
_LINE = 64


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What is used of it."""

    entity_id: str
    sign_in: str
    """Where browsers are sent (redirect binding)."""
    certificates: tuple[str, ...]
    """Of the keys that it signs with (PEM)."""
    sign_out: str | None
    """Where browsers are sent to sign out (redirect binding); None where it has no such place."""
    sign_out_answer: str | None
    """Where they are sent with an answer to its own request."""
    valid_until: datetime | None
    """When whoever vouches for it wants it replaced."""


@lru_cache(maxsize=64)
def read_metadata(document: str, certificate: str) -> ProviderFacts:
    """Return what a document says of one provider, signed by the key of ``certificate`` (PEM).

    Raises SamlRefusedError with what is wrong. What was verified is remembered, by all its bytes.
    """
    written = document.encode()
    root = read_xml(written)
    if root.name != named(METADATA, "EntityDescriptor"):
        raise SamlRefusedError(Reason.METADATA)
    require_signed(written, root, [certificate])
    provider = root.one(METADATA, "IDPSSODescriptor", Reason.METADATA)
    if PROTOCOL not in provider.attributes.get("protocolSupportEnumeration", "").split():
        raise SamlRefusedError(Reason.METADATA)
    places = [one.get("Location", "") for one in _by_redirect(provider, "SingleSignOnService")]
    leaving = _by_redirect(provider, "SingleLogoutService")
    certificates = tuple(_certificates(provider))
    if len(places) != 1 or len(leaving) > 1 or not certificates:
        raise SamlRefusedError(Reason.METADATA)
    sign_out = leaving[0].get("Location") if leaving else None
    answer = leaving[0].get("ResponseLocation", sign_out) if leaving else None
    return ProviderFacts(
        root.attributes.get("entityID", ""), places[0], certificates, sign_out, answer, _valid_until(root, provider)
    )


def _by_redirect(provider: Element, service: str) -> list[dict[str, str]]:
    """Return what is said of a service, as often as browsers are redirected to it."""
    return [one.attributes for one in provider.all(METADATA, service) if one.attributes.get("Binding") == REDIRECT]


def _certificates(provider: Element) -> list[str]:
    """Return the certificates of keys for signatures. One that is too weak makes all of it unusable."""
    found: list[str] = []
    for descriptor in provider.all(METADATA, "KeyDescriptor"):
        if descriptor.attributes.get("use", "signing") != "signing":
            continue
        written = (element for element in descriptor.walk() if element.name == named(SIGNATURE, "X509Certificate"))
        found.extend(_pem(element.word()) for element in written)
    return found


def _pem(text: str) -> str:
    try:
        encoded = b64decode("".join(text.split()), validate=True)
        key = x509.load_der_x509_certificate(encoded).public_key()
    except (Error, ValueError):
        raise SamlRefusedError(Reason.METADATA) from None
    # Others sign in ways that the library does not know.
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_RSA_BITS:
        raise SamlRefusedError(Reason.METADATA)
    lines = b64encode(encoded).decode()
    wrapped = "\n".join(lines[start : start + _LINE] for start in range(0, len(lines), _LINE))
    return f"-----BEGIN CERTIFICATE-----\n{wrapped}\n-----END CERTIFICATE-----\n"


def _valid_until(root: Element, provider: Element) -> datetime | None:
    said = [read_instant(one.attributes["validUntil"]) for one in (root, provider) if "validUntil" in one.attributes]
    return min(said, default=None)


def read_instant(text: str) -> datetime:
    """Return a time as SAML writes it: UTC, with a Z at its end. Raises SamlRefusedError."""
    try:
        if not text.endswith("Z") or len(text) > len("2026-01-01T00:00:00.000000000Z"):
            raise ValueError
        whole, _, fraction = text[:-1].partition(".")
        if fraction and not (fraction.isascii() and fraction.isdigit()):
            raise ValueError
        return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")
    except ValueError:
        raise SamlRefusedError(Reason.RESPONSE_FORM) from None

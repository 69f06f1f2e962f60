# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking a SAML identity provider for somebody, and having its answer verified."""

import asyncio
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from vaka.errors import ConfigurationError
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.pending import PendingLogin, PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.saml_entity import Entity, find_entity, place_of
from vaka.identity.saml_guard import ExpectedResponse, Judged, verify_response
from vaka.identity.saml_library import ask_library, request_address, write_metadata
from vaka.identity.saml_metadata import ProviderFacts, read_metadata
from vaka.identity.saml_xml import LARGEST_DOCUMENT, SamlRefusedError
from vaka.identity.sessions import LIFETIMES, Realm
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import SamlIssuer, is_of_a_demo

FRESH: frozenset[Realm] = frozenset({"operator", "administrator"})
"""Who has to authenticate anew for each session. An authority's people come from their own workplace's login."""
LONGEST_RESPONSE = LARGEST_DOCUMENT * 4 // 3 + 1024
"""Characters of base64."""
MOST_AT_ONCE = 4
"""Each costs some runs of xmlsec1."""


@dataclass(frozen=True, slots=True)
class SamlClient:
    """Us, as SAML identity providers know us."""

    origin: str
    keys: Path
    """The directory with the keys of each service provider."""
    demo: bool
    """Whether an issuer on this machine may be without TLS."""
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    async def send(self, trusted: Trusted, slug: str | None, pending: PendingSecret, realm: Realm) -> str:
        """Return where the browser is sent. Raises SignInRefusedError."""
        issuer, provider = require_saml(trusted, demo=self.demo)
        entity = self.entity(trusted, slug)
        async with self.turn:
            try:
                return await asyncio.to_thread(
                    request_address, trusted, issuer, provider, entity, request=pending.request,
                    relay_state=pending.state, fresh=realm in FRESH,
                )  # fmt: skip
            except SamlRefusedError as refused:
                raise SignInRefusedError(refused.reason, Said(trusted.name)) from None

    async def verify(
        self, trusted: Trusted, slug: str | None, pending: PendingSecret, begun: PendingLogin, response: str,
        now: datetime,
    ) -> Judged:  # fmt: skip
        """Return what the issuer asserts in ``response`` (base64). Raises SignInRefusedError."""
        issuer, provider = require_saml(trusted, demo=self.demo)
        entity, said = self.entity(trusted, slug), Said(trusted.name)
        try:
            key = await asyncio.to_thread(entity.read_key)  # OpenSSL looks at it for a while
        except ConfigurationError:
            raise SignInRefusedError(Reason.CLIENT_KEY, said) from None
        since = begun.started_at if begun.realm in FRESH else now - LIFETIMES[begun.realm]
        expected = ExpectedResponse(
            trusted, issuer, provider, entity, key, pending.request, begun.started_at, now, since
        )  # fmt: skip
        document = decode(response, said)
        async with self.turn:
            return await asyncio.to_thread(_verify, document, response, expected)

    def entity(self, trusted: Trusted, slug: str | None) -> Entity:
        """Return who we are to an issuer of this authority (``slug``). Raises SignInRefusedError."""
        entity = find_entity(place_of(slug), self.origin, self.keys)
        if entity is None:
            raise SignInRefusedError(Reason.CLIENT_KEY, Said(trusted.name))
        return entity

    def metadata(self, place: str) -> str | None:
        """Return what issuers have to know of one of us; None where there is none of this place."""
        entity = find_entity(place, self.origin, self.keys)
        return None if entity is None else write_metadata(entity)


def require_saml(trusted: Trusted, *, demo: bool) -> tuple[SamlIssuer, ProviderFacts]:
    """Return what is said of an identity provider, and what its verified metadata say. Raises SignInRefusedError."""
    content, said = trusted.content, Said(trusted.name)
    if not isinstance(content, SamlIssuer) or not trusted.levels:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, said)
    try:
        provider = read_metadata(content.metadata, content.metadata_certificate)
    except SamlRefusedError as refused:
        raise SignInRefusedError(
            Reason.XMLSEC if refused.reason is Reason.XMLSEC else Reason.METADATA, said
        ) from None  # fmt: skip
    if provider.entity_id != content.issuer:
        raise SignInRefusedError(Reason.METADATA, said)
    if not demo and is_of_a_demo(content):
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, said)
    return content, provider


def _verify(document: bytes, response: str, expected: ExpectedResponse) -> Judged:
    judged = verify_response(document, expected)
    try:
        ask_library(response, expected)
    except SamlRefusedError as refused:
        assertion = judged.assertion
        said = Said(expected.trusted.name, " ".join(sorted(expected.trusted.levels)), assertion.level_uri,
                    assertion.digest)  # fmt: skip
        raise SignInRefusedError(refused.reason, said) from None
    return judged


def decode(response: str, said: Said) -> bytes:
    """Return the document that came in base64. Raises SignInRefusedError."""
    if not 1 <= len(response) <= LONGEST_RESPONSE:
        raise SignInRefusedError(Reason.RESPONSE_FORM, said)
    try:
        return b64decode("".join(response.split()), validate=True)
    except (Error, ValueError):
        raise SignInRefusedError(Reason.RESPONSE_FORM, said) from None

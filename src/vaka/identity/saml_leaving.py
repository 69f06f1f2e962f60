# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing out at a SAML identity provider, and for it: what is asked and answered (SAML 2.0 profiles, section 4.4).

Only with a provider of which two administrators wrote that it may (``single_logout``), and that says where.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime

from vaka.crypto.aead import UnopenableError
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.pending import PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.saml import SamlClient, require_saml
from vaka.identity.saml_entity import Entity
from vaka.identity.saml_library import logout_address, logout_answer_address
from vaka.identity.saml_logout import SigningOut, verify_logout_request, verify_logout_response
from vaka.identity.saml_metadata import ProviderFacts
from vaka.identity.saml_person import AtIssuer
from vaka.identity.saml_xml import SamlRefusedError
from vaka.identity.subjects import SubjectKey
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import SamlIssuer


def seal_at_issuer(subjects: SubjectKey, name: str, at: AtIssuer) -> str:
    """Return what a browser keeps of a session at the issuer called ``name``, which it cannot read."""
    return subjects.seal(json.dumps([at.name, at.form, at.session]), name)


def open_at_issuer(subjects: SubjectKey, name: str, sealed: str) -> AtIssuer | None:
    """Return what a browser kept; None for what was not sealed here for this issuer."""
    try:
        return AtIssuer(*json.loads(subjects.open(sealed, name)))
    except UnopenableError:
        return None


def may_sign_out(client: SamlClient, trusted: Trusted) -> tuple[SamlIssuer, ProviderFacts]:
    """Return what is said of a provider with which signing out is single. Raises SignInRefusedError."""
    issuer, provider = require_saml(trusted, demo=client.demo)
    if not issuer.single_logout or provider.sign_out is None or provider.sign_out_answer is None:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, Said(trusted.name))
    return issuer, provider


async def ask_to_sign_out(
    client: SamlClient, trusted: Trusted, slug: str | None, leaving: PendingSecret, at: AtIssuer
) -> str:
    """Return where the browser is sent to sign out. Raises SignInRefusedError."""
    issuer, provider = may_sign_out(client, trusted)
    entity, where = client.entity(trusted, slug), provider.sign_out or ""
    return await _run(
        client, trusted,
        lambda: logout_address(issuer, where, entity, at, request=leaving.request, relay_state=leaving.state),
    )  # fmt: skip


async def answer_that_it_is_done(
    client: SamlClient, trusted: Trusted, slug: str | None, out: SigningOut, relay_state: str
) -> str:
    """Return where the browser is sent with our answer to a provider's request. Raises SignInRefusedError."""
    issuer, provider = may_sign_out(client, trusted)
    entity, where = client.entity(trusted, slug), provider.sign_out_answer or ""
    return await _run(
        client, trusted,
        lambda: logout_answer_address(issuer, where, entity, request=out.identifier, relay_state=relay_state),
    )  # fmt: skip


async def hear_request(
    client: SamlClient, trusted: Trusted, slug: str | None, document: bytes, said: Said, now: datetime
) -> tuple[SigningOut, Entity]:
    """Return who signs out at a provider, and to which of us that was said. Raises SignInRefusedError."""
    _, provider = may_sign_out(client, trusted)
    entity = client.entity(trusted, slug)
    async with client.turn:
        return await asyncio.to_thread(verify_logout_request, document, provider, entity, said, now), entity


async def hear_answer(
    client: SamlClient, trusted: Trusted, slug: str | None, document: bytes, leaving: PendingSecret, said: Said,
    now: datetime,
) -> None:  # fmt: skip
    """Return where a provider says that it signed out whom this browser asked for. Raises SignInRefusedError."""
    _, provider = may_sign_out(client, trusted)
    entity = client.entity(trusted, slug)
    async with client.turn:
        await asyncio.to_thread(verify_logout_response, document, provider, entity, leaving.request, said, now)


async def _run(client: SamlClient, trusted: Trusted, write: Callable[[], str]) -> str:
    async with client.turn:
        try:
            return await asyncio.to_thread(write)
        except SamlRefusedError as refused:
            raise SignInRefusedError(refused.reason, Said(trusted.name)) from None

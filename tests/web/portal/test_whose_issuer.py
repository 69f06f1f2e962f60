# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who signed in by one authority's own issuer reaches nothing of another's, whatever roles he has there (term 31)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs
from vaka.access.grants import grant_role, revoke_role
from vaka.identity.sessions import Basis, open_session
from vaka.web.asker import COOKIES
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LEVEL = "http://id.elegnamnden.se/loa/1.0/loa3"


@pytest.fixture
async def both(installation: Installation) -> AsyncIterator[None]:
    """Ekbacka's log reviewer reviews Norrvik's log as well."""
    lovisa, norrvik = installation.accounts["lovisa"], installation.authorities["norrvik"].id
    async with platform_as(installation.server, "setup") as setup:
        await grant_role(setup, lovisa, "log_reviewer", norrvik, actor="setup", now=datetime.now(UTC))
        yield
        await revoke_role(setup, lovisa, "log_reviewer", norrvik, actor="setup", now=datetime.now(UTC))


async def enter(portal: Portal, installation: Installation, authority: UUID | None) -> Browser:
    """Lovisa, signed in by an issuer of this authority, or of the supplier's."""
    account = installation.accounts["lovisa"]
    basis = Basis("https://idp.example", 3, LEVEL, LEVEL, "0" * 64, authority)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, account, "authority", "saml", datetime.now(UTC), basis=basis)
    return Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin, {COOKIES["authority"]: token}, str(account))


@pytest.mark.usefixtures("both")
async def test_term_31_1_an_authoritys_issuer_opens_its_own_rooms_alone(
    portal: Portal, installation: Installation
) -> None:
    slugs = ("ekbacka", "norrvik")
    for whose, opened in ((None, slugs), ("ekbacka", ("ekbacka",)), ("norrvik", ("norrvik",))):
        browser = await enter(portal, installation, None if whose is None else installation.authorities[whose].id)
        found = [slug for slug in slugs if (await browser.get(f"/log/{slug}")).status == 200]
        assert found == list(opened), whose


async def test_whose_issuer_it_was_does_not_change(portal: Portal, installation: Installation, logs: Logs) -> None:
    await enter(portal, installation, installation.authorities["ekbacka"].id)
    with pytest.raises(psycopg.errors.RestrictViolation):
        logs.execute("platform", "update vaka.session set authority_id = null where authority_id is not null")


async def test_no_such_session_is_an_operators(installation: Installation) -> None:
    basis = Basis("https://idp.example", 3, LEVEL, LEVEL, "0" * 64, installation.authorities["ekbacka"].id)
    async with platform_as(installation.server, "signin") as signin:
        with pytest.raises(psycopg.errors.CheckViolation):
            await open_session(
                signin, installation.accounts["olga"], "operator", "saml", datetime.now(UTC), basis=basis
            )

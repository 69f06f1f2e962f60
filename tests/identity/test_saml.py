# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by a SAML identity provider that says what it is told: the way in."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.identity.house import LOA3, LOA4, IdentityHouse, content
from tests.identity.saml_provider import CBC, PROTOCOL, SamlProvider
from tests.identity.saml_scene import Answered, SamlScene, link, new_scene, request_of
from tests.identity.visitor import OWN, open_entrance
from vaka.identity.saml_signature import RSA_SHA256
from vaka.identity.saml_xml import ASSERTION
from vaka.web.asker import COOKIES
from vaka.web.signin.arriving import INVITATION_COOKIE, SAML_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture
async def scene(house: IdentityHouse, saml_provider: SamlProvider, entrance: Entrance) -> SamlScene:
    return await new_scene(house, saml_provider, entrance)


async def test_an_invited_person_signs_in_and_each_step_is_one_entry(scene: SamlScene) -> None:
    before, visitor, known = scene.house.newest(), scene.visitor(), Answered(subject=f"prov-1-{scene.name}")
    answer = await scene.sign_in(visitor, known, code=await scene.code())
    assert (answer.status, answer.header("location")) == (303, f"{scene.house.settings.desk.origin}/history")
    assert not {SAML_COOKIE, INVITATION_COOKIE} & set(visitor.cookies)
    _, linked, started = scene.house.entries(before)
    account = f"account:{scene.account}"
    assert (linked["event"], linked["object"]) == ("account.linked", account)
    said = started["detail"]
    assert (started["event"], said["method"], said["level"]) == ("session.started", "saml", 3)
    assert (said["issuer"], said["requested"], said["returned"]) == (scene.provider.entity_id, LOA3, LOA3)
    again = scene.visitor()
    assert (await scene.sign_in(again, known)).status == 303, "and from then on without an invitation"
    session = await scene.session(again)
    assert session is not None
    assert (session.account_id, session.method, session.level) == (scene.account, "saml", 3)

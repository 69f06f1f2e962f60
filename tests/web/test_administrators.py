# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator handles no alarm (term 10), not even with an operator's role and session written by hand."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import psycopg
import pytest

from tests.web.browsers import Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.identity.sessions import Realm
from vaka.web.asker import COOKIES
from vaka.web.desk.application import build_desk
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio


@contextmanager
def made_an_operator(installation: Installation, persona: str, realm: Realm) -> Iterator[str]:
    """Write a role and a session for an administrator's account, as who owns the server can; return the token."""
    account, token = installation.accounts[persona], uuid4().hex
    with closing(
        psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
    ) as superuser:
        superuser.execute("set search_path = vaka")
        superuser.execute(
            "insert into role_grant select %s, 'operator', id, now(), null from authority where slug = 'ekbacka'",
            (account,),
        )
        superuser.execute(
            "insert into session (token_hash, id, account_id, realm, method, created_at, expires_at)"
            " values (%s, %s, %s, %s, 'test', now(), now() + interval '1 hour')",
            (hashlib.sha256(token.encode()).digest(), uuid4(), account, realm),
        )
        try:
            yield token
        finally:
            superuser.execute("delete from role_grant where account_id = %s and role = 'operator'", (account,))


@pytest.mark.parametrize("realm", ["administrator", "operator"])
async def test_term_10_2_an_administrator_answers_no_alarm(
    desk: Desk, installation: Installation, olga: Browser, realm: Realm
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    with made_an_operator(installation, "adam", realm) as token:
        adam = Browser(build_desk(desk, SETTINGS), SETTINGS.desk.origin, {COOKIES[realm]: token}, "adam")
        for act in ("take", "hear", "take-over", "close", "note"):
            assert (await adam.act(f"{where}/{act}", ENDING if act == "close" else ())).status in (401, 403), act
        assert (await adam.act("/take-next")).status in (401, 403)
        assert (await adam.part(where)).status in (401, 403)
        assert "Karin" not in (await adam.get("/")).text
    assert installation.state_of("ekbacka", alarm) in ("received", "presented")
    assert (await olga.act(f"{where}/take")).status == 200, "whoever is an operator takes it"

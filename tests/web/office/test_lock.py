# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An office that nobody uses is locked after a quarter of an hour; time is moved at the session's row."""

import pytest

from tests.web.browsers import Browser
from tests.web.portal.conftest import Logs

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.mark.parametrize(("minutes", "status"), [(13, 200), (16, 303)])
async def test_an_office_that_nobody_uses_is_locked(
    adam: Browser, ada: Browser, logs: Logs, minutes: int, status: int
) -> None:
    logs.execute(
        "platform", "insert into vaka.session_use (session_id, used_at)"
        f" select id, now() - interval '{minutes} minutes' from vaka.session where account_id = '{adam.account}'"
        " on conflict (session_id) do update set used_at = excluded.used_at, locked_at = null",
    )  # fmt: skip
    assert (await adam.get("/")).status == status
    assert (await ada.get("/")).status == 200
    cover = await adam.get("/locked")
    if status == 200:
        assert cover.header("location") == "/"
    else:
        assert (await adam.get("/keys", {"accept": "*/*"})).status == 423
        assert "Låst" in cover.text
        assert "Adam" not in cover.text

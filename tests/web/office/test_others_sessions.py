# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sessions of others ended in the office (term 13): at one place or everywhere, at once, and told."""

from typing import Any
from uuid import UUID

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator
from tests.web.office.conftest import enter
from tests.web.portal.conftest import Logs
from vaka.database.connections import transaction
from vaka.identity.session_list import list_sessions
from vaka.identity.sessions import find_session
from vaka.web.asker import COOKIES
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def alone(installation: Installation, logs: Logs) -> UUID:
    """Olga's account, signed in nowhere."""
    account = installation.accounts["olga"]
    logs.execute("platform", f"update vaka.session set ended_at = now() where account_id = '{account}'", unguarded=True)
    return account


async def holds(office: Office, browser: Browser) -> UUID | None:
    """The session that a browser's cookie leads to, if any."""
    async with transaction(office.platform) as connection:
        found = await find_session(connection, browser.cookies[COOKIES["operator"]], office.clock.now())
    return None if found is None else found.id


def ended(logs: Logs, mark: int) -> list[Any]:
    return [one for one in logs.since(mark, "platform") if one["event"] == "session.ended"]


async def test_one_session_is_ended_and_the_other_is_left(
    alone: UUID, algot: Administrator, office: Office, installation: Installation, logs: Logs
) -> None:
    first = await enter(office, installation, "olga", realms=["operator"])
    second = await enter(office, installation, "olga", realms=["operator"])
    lost, kept = await holds(office, first), await holds(office, second)
    here = f"/account/{alone}"
    page = await algot.get(here)
    assert page.count('name="session"') == 3, "each, and all"
    assert str(lost) in page
    mark = logs.mark("platform")
    answer = await algot.do(f"{here}/sessions", {"session": str(lost), "reason": "device_lost"})
    assert (answer.status, answer.header("location")) == (303, f"{here}#sessions")
    assert await holds(office, first) is None
    assert await holds(office, second) == kept
    [told] = ended(logs, mark)
    assert (told["object"], told["actor"]) == (f"session:{lost}", f"account:{algot.browser.account}")
    detail = dict(told["detail"])
    assert len(detail.pop("step_up")) == 64
    assert detail == {"reason": "device_lost", "account": f"account:{alone}"}


async def test_all_sessions_are_ended_in_every_realm(
    alone: UUID, algot: Administrator, office: Office, installation: Installation, logs: Logs
) -> None:
    both = await enter(office, installation, "olga", realms=["operator", "authority"])
    mark = logs.mark("platform")
    asked = await algot.browser.post(f"/account/{alone}/sessions", {"session": "all", "reason": "misuse_suspected"})
    assert "Olga" in asked.text, "whom it is about is named before the touch"
    assert "Någon annan kan använda den" in asked.text
    assert await holds(office, both) is not None, "nothing before the touch"
    done = await algot.do(f"/account/{alone}/sessions", {"session": "all", "reason": "misuse_suspected"})
    assert done.status == 303
    assert len(ended(logs, mark)) == 2
    async with transaction(office.platform) as connection:
        assert await list_sessions(connection, alone, office.clock.now()) == []
    assert "Ingen är inloggad med det här kontot." in await algot.get(f"/account/{alone}")
    again = await algot.do(f"/account/{alone}/sessions", {"session": "all", "reason": "misuse_suspected"})
    assert (again.status, "data-key=" in again.text) == (409, False), "nobody touches a key in vain"


async def test_a_session_of_somebody_else_is_not_ended_through_an_account(
    alone: UUID, algot: Administrator, office: Office, installation: Installation
) -> None:
    """The touch names whose session it is: nobody is misled about whom he signs out."""
    vera = await enter(office, installation, "vera", realms=["operator"])
    hers = await holds(office, vera)
    answer = await algot.do(f"/account/{alone}/sessions", {"session": str(hers), "reason": "device_lost"})
    assert answer.status == 409
    assert await holds(office, vera) == hers


@pytest.mark.parametrize("wrong", [{"reason": "role_revoked"}, {"reason": ""}, {"session": "x"}, {"session": "others"}])
async def test_only_reasons_of_the_list_are_written(
    alone: UUID, algot: Administrator, office: Office, installation: Installation, wrong: dict[str, str]
) -> None:
    olga = await enter(office, installation, "olga", realms=["operator"])
    answer = await algot.do(f"/account/{alone}/sessions", {"session": "all", "reason": "device_lost", **wrong})
    assert answer.status == 400
    assert await holds(office, olga) is not None

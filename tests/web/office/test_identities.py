# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Another identity of an account in the office (terms 8 and 9): one asks, another sees what has to match."""

from typing import Any
from uuid import uuid4

import pytest

from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, code_in, sign
from tests.web.portal.conftest import Logs
from vaka.identity.invitations import read_code

pytestmark = pytest.mark.anyio

WANTED = {"kind": "identity", "realm": "operator", "attribute": "employee_number", "reason": "Nytt kort"}


@pytest.fixture
def linked(installation: Installation, logs: Logs) -> str:
    """An operator's account that is somebody's."""
    account = str(installation.accounts["olga"])
    for statement in (
        f"delete from vaka.invitation where account_id = '{account}'",
        f"delete from vaka.account_link where account_id = '{account}'",
        f"""insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)
            values ('{uuid4()}', '{account}', 'https://issuer.example', sha256('{uuid4()}'), sha256('x'), now())""",
    ):
        logs.execute("platform", statement, unguarded=True)
    return account


def invitations(logs: Logs, account: str) -> list[Any]:
    return logs.ask("platform", f"select * from vaka.invitation where account_id = '{account}'")


async def ask(who: Administrator, account: str, changed: dict[str, str] | None = None, **fields: str) -> Any:
    return await who.do(f"/account/{account}/ask", {**WANTED, "value": "E-9917", **fields}, changed=changed)


async def test_term_08_4_another_identity_is_approved_by_another_who_sees_what_has_to_match(
    linked: str, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    await sign(algot, linked)
    mark = logs.mark("platform")
    assert (await ask(algot, linked)).status == 303
    assert invitations(logs, linked) == [], "nothing is done before it is approved"
    assert "employee_number = E-9917" in await berit.get("/requests")
    assert (await algot.decide()).status == 403, "nobody approves what he asked for"
    approved = await berit.decide()
    assert approved.status == 200
    code = read_code(code_in(approved.text))
    assert code is not None
    [made] = invitations(logs, linked)
    assert bytes(made["code_hash"]) == code.digest
    assert bytes(made["matching_hmac"]) == code.of_matching("employee_number", "E-9917")
    assert made["attribute"] == "employee_number"
    assert (made["expires_at"] - made["created_at"]).total_seconds() == 3600, "her authority may ask for that"
    assert len(code.letters) == 52
    [link] = logs.ask("platform", f"select retired_at from vaka.account_link where account_id = '{linked}'")
    assert link["retired_at"] == made["created_at"]
    told = logs.since(mark, "platform")
    assert [one["event"] for one in told if one["event"].startswith("account.")] == [
        "account.requested", "account.approved", "account.invited"
    ]  # fmt: skip
    assert "9917" not in str(told)
    assert "row.changed_by_hand" not in str(told)
    [kept] = logs.ask("platform", "select display_name, digest from vaka.account_request where kind = 'identity'")
    assert kept["display_name"] == ""


async def test_what_was_touched_for_is_what_is_asked(linked: str, algot: Administrator, berit: Administrator) -> None:
    for changed in ({"value": "E-0001"}, {"attribute": "other"}, {"realm": "authority"}, {"kind": "second_identity"}):
        assert (await ask(algot, linked, changed)).status == 403, changed
    assert "Nothing waits." in await berit.get("/requests")


@pytest.mark.parametrize("wrong", [{"value": ""}, {"attribute": ""}, {"attribute": "a=b"}, {"realm": "administrator"}])
async def test_what_nobody_can_sign_in_with_is_not_asked_for(
    linked: str, algot: Administrator, wrong: dict[str, str]
) -> None:  # fmt: skip
    answer = await algot.do(f"/account/{linked}/ask", {**WANTED, "value": "E-9917", **wrong})
    assert answer.status in (400, 409)
    assert "Inget har ändrats." in answer.text


async def test_a_refused_identity_changes_nothing(
    linked: str, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    assert (await ask(algot, linked)).status == 303
    assert (await berit.decide("refused", "Inte sett henne")).status == 303
    assert invitations(logs, linked) == []
    [link] = logs.ask("platform", f"select retired_at from vaka.account_link where account_id = '{linked}'")
    assert link["retired_at"] is None
    assert logs.ask("platform", "select display_name from vaka.account_request where kind = 'identity'") == [
        {"display_name": ""}
    ]


async def test_nothing_is_put_beside_an_identity_that_is_not_there(
    algot: Administrator, installation: Installation
) -> None:
    answer = await ask(algot, str(installation.accounts["vera"]), kind="second_identity")
    assert answer.status == 409
    assert "Kontot är ännu ingens" in answer.text

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator declares in the office what a shift leader proposed at the desk, with a key in the hand."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.identity.house import content
from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in
from tests.web.portal.conftest import Logs
from vaka.clock import SystemClock
from vaka.identifiers import new_identifier
from vaka.identity.outages import QUERIES, Outage, list_outages
from vaka.identity.trust import approve, propose
from vaka.identity.trust_content import read_content

pytestmark = pytest.mark.anyio

HERE, DECLARE, END = "/outages", "/outages/declare", "/outages/end"


@pytest.fixture(autouse=True)
def no_outages(installation: Installation, logs: Logs) -> Iterator[None]:
    """No issuer and no outage of before is there, and none stays."""
    forget = "truncate vaka.trusted_issuer cascade"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


@pytest.fixture
async def issuer(installation: Installation, logs: Logs, no_outages: None) -> UUID:
    """An issuer that operators sign in by."""
    adam, ada = installation.accounts["adam"], installation.accounts["ada"]
    now = SystemClock().now()
    async with platform_as(installation.server, "setup") as setup:
        said = read_content(json.dumps(content()))
        row = await propose(setup, None, "prov-trasig", said, by=adam, demo=True, now=now)
        await approve(setup, row.id, row.digest, by=ada, now=now)
    await logs.seal_platform()
    return row.id


async def propose_at_the_desk(installation: Installation, issuer: UUID) -> Outage:
    """Lena the shift leader says that nobody gets in."""
    now = SystemClock().now()
    values = {"id": new_identifier(now), "trust_id": issuer, "hours": 3, "reason": "Tom sida",
              "by": installation.accounts["lena"], "now": now}  # fmt: skip
    async with platform_as(installation.server, "desk") as desk:
        assert await (await desk.execute(QUERIES["propose_outage"], values)).fetchone() == ("done",)
    return (await known(installation))[0]


async def known(installation: Installation) -> list[Outage]:
    async with platform_as(installation.server, "office") as office:
        return await list_outages(office, SystemClock().now())


async def test_what_is_declared_is_what_the_key_was_touched_for(
    algot: Administrator, installation: Installation, logs: Logs, issuer: UUID
) -> None:
    outage, mark = await propose_at_the_desk(installation, issuer), logs.mark("platform")
    page = await algot.get(HERE)
    assert "Tom sida" in page
    fields = fields_in(page, DECLARE)
    assert fields == {"outage": str(outage.id), "digest": outage.digest}
    asked = await algot.browser.post(DECLARE, fields)
    for shown in ("Avbrott hos en utfärdare förklarat", "prov-trasig", "Tom sida", outage.digest):
        assert shown in asked.text
    # What a script changes between the page and the touch is another act, or none.
    assert (await algot.do(DECLARE, fields, changed={"digest": "0" * 64})).status == 409
    assert (await known(installation))[0].approved_at is None
    assert (await algot.do(DECLARE, fields)).status == 303
    await logs.seal_platform()
    [held] = await known(installation)
    assert held.is_declared(SystemClock().now())
    [told] = [one for one in logs.since(mark, "platform") if one["event"] == "outage.declared"]
    assert told["actor"] == f"account:{algot.browser.account}"
    assert len(told["detail"].pop("step_up")) == 64
    assert told["detail"] == {"sha256": outage.digest, "issuer": "prov-trasig", "hours": 3, "reason": "Tom sida"}
    ended = await algot.browser.post(END, {"outage": str(outage.id)})
    assert ended.status == 303
    assert (await known(installation))[0].holds_until is None


async def test_an_outage_is_told_of_though_its_issuer_was_taken_away_by_hand(
    algot: Administrator, installation: Installation, logs: Logs, issuer: UUID
) -> None:
    outage = await propose_at_the_desk(installation, issuer)
    assert (await algot.do(DECLARE, fields_in(await algot.get(HERE), DECLARE))).status == 303
    await logs.seal_platform()
    logs.execute("platform", f"delete from vaka.trusted_issuer where id = '{issuer}'", unguarded=True)
    for page in (HERE, "/"):
        assert str(issuer) in await algot.get(page), page
    ended = await algot.browser.post(END, {"outage": str(outage.id)})
    assert ended.status in (303, 409)
    assert str(issuer) in await algot.get(HERE)


async def test_nobody_declares_his_own_nor_what_is_not_proposed_as_it_should_be(
    algot: Administrator, berit: Administrator, installation: Installation, issuer: UUID
) -> None:
    wrong = {"issuer": str(issuer), "hours": "2", "reason": "Ingen kommer in"}
    for changed, status in (
        ({"reason": ""}, 400), ({"reason": "Ring 070-174 06 05"}, 400), ({"hours": "5"}, 400), ({"hours": "9"}, 400),
        ({"issuer": str(UUID(int=7))}, 409),
    ):  # fmt: skip
        assert (await algot.browser.post(HERE, {**wrong, **changed})).status == status, changed
    assert await known(installation) == []
    assert (await algot.browser.post(HERE, wrong)).status == 303
    assert (await berit.browser.post(HERE, wrong)).status == 409, "one waits already"
    page = await algot.get(HERE)
    assert "Du har föreslagit det. En arbetsledare vid larmbordet förklarar det" in page
    [waiting] = await known(installation)
    for who, said in ((algot, "inte ens med ett annat konto"), (berit, "shift leader at the desk")):
        answer = await who.do(DECLARE, {"outage": str(waiting.id), "digest": waiting.digest})
        assert (answer.status, said in answer.text) == (403, True)
    assert (await known(installation))[0].approved_at is None

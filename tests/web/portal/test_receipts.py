# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who has decided something gets the proof of it, as soon as it is sealed, and nobody else's."""

import asyncio
import re

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs, enter, files_of
from vaka.ledger.note_keys import LogKey
from vaka.ledger.proofs import parse_proof, verify_proof
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.tree import hash_leaf
from vaka.web.portal import receipts
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LOOKS_AGAIN = re.compile(r'http-equiv="refresh" content="\d+">')
"""Of a page that waits; that of one nobody uses leads elsewhere."""

WHY = {"reason": "Dokumenthanteringsplan KS 2026/9"}


@pytest.fixture
def open_for_all(open_for_each: Portal) -> Portal:
    """Here each has its own: what one remembers, the next has not read."""
    return open_for_each


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


async def decide(agneta: Browser, days: int = 730) -> str:
    """Decide how long the log is kept, and return where the receipt is."""
    answer = await agneta.post("/log/ekbacka/retention", {"days": str(days), **WHY})
    assert answer.status == 303
    return answer.header("location")


async def test_the_page_waits_for_the_seal_and_hands_out_a_proof(
    agneta: Browser, logs: Logs, installation: Installation
) -> None:
    where = await decide(agneta)
    before = logs.mark("ekbacka")
    asking = asyncio.create_task(agneta.get(where))
    while not asking.done():
        await logs.seal()
        await asyncio.sleep(0.05)
    page = await asking
    assert page.status == 200
    # No witness is named in the settings: then nobody is said to have seen it.
    assert "inget vittne utanför" in page.text
    assert WHY["reason"] in page.text
    assert LOOKS_AGAIN.search(page.text) is None
    assert [one["event"] for one in logs.since(before, "ekbacka")] == ["log.read"]
    mark = logs.mark("ekbacka")
    answer = await agneta.get(f"{where}/proof")
    assert "attachment" in answer.header("content-disposition")
    proof = parse_proof(answer.body)
    database = installation.authorities["ekbacka"].database_name
    key = LogKey.parse(files_of(installation, database).public.read_text().strip())
    proven = verify_proof(proof, hash_leaf(proof.extra), key, None)
    assert proven.checkpoint.origin == SETTINGS.ledger.log_name("ekbacka")
    assert b'"event":"retention.set"' in proof.extra
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.read"]


async def test_until_it_is_sealed_the_page_says_so_and_looks_again(
    agneta: Browser, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.01)
    await logs.seal()
    where = await decide(agneta, 800)
    page = await agneta.get(where)
    assert page.status == 200
    assert "Väntar på förseglingen" in page.text
    assert LOOKS_AGAIN.search(page.text)
    assert (await agneta.get(f"{where}/proof")).status == 409
    monkeypatch.undo()
    await logs.seal()
    assert "gjort och förseglat" in (await agneta.get(where)).text


async def test_nobody_gets_the_receipt_of_anothers_act(
    portal: Portal, installation: Installation, agneta: Browser, lovisa: Browser, logs: Logs
) -> None:
    where = await decide(agneta, 900)
    await logs.seal()
    for address in (where, f"{where}/proof"):
        answer = await lovisa.get(address)
        assert answer.status == 404
        assert WHY["reason"] not in answer.text
    for persona, status in (("rut", 403), ("niklas", 404), ("olga", 403)):
        stranger = await enter(portal, installation, persona)
        assert (await stranger.get(where)).status == status


@pytest.mark.parametrize("number", ["x", "-1", "9" * 40, "1.0"])
async def test_a_number_that_is_none_is_no_page(agneta: Browser, number: str) -> None:
    assert (await agneta.get(f"/log/ekbacka/receipt/{number}")).status == 404


@pytest.mark.parametrize("step", ["before sealing", "out of the log"])
@pytest.mark.parametrize(("language", "said"), [("sv", "står inte i loggen"), ("en", "is not in the log")])
async def test_nobody_is_told_to_wait_for_an_entry_that_somebody_has_taken_away(
    agneta: Browser, logs: Logs, step: str, language: str, said: str
) -> None:
    await logs.seal()
    where = await decide(agneta, 850)
    number = where.rpartition("/")[2]
    if step == "out of the log":
        await logs.seal()
    table = "ledger.inbox" if step == "before sealing" else "ledger.log_entry"
    aside = f"create table public.aside as select * from {table} where id = {number}"
    logs.execute("ekbacka", aside)
    logs.execute("ekbacka", f"delete from {table} where id = {number}", unguarded=True)
    await agneta.post("/preferences", {"language": language, "back": "/"})
    agneta.cookies["__Host-vaka-language"] = language
    try:
        for _ in range(2):
            page = await agneta.get(where)
            assert page.status == 409
            assert said in page.text
            assert "står i loggen." not in page.text
            assert "stands in the log." not in page.text
            assert LOOKS_AGAIN.search(page.text) is None
            assert (await agneta.get(f"{where}/proof")).status == 409
            assert said in (await agneta.get(f"{where}/proof")).text
            if step == "out of the log":  # nor does the signer sign what a decision is gone from
                with pytest.raises(LedgerHaltedError):
                    await logs.seal()
            else:
                await logs.seal()
    finally:
        if step == "out of the log":
            logs.execute("ekbacka", "insert into ledger.log_entry select * from public.aside", unguarded=True)
        logs.execute("ekbacka", "drop table public.aside")


async def test_a_number_that_was_never_given_is_no_page(agneta: Browser, logs: Logs) -> None:
    for number in (logs.mark("ekbacka") + 1000, 0):
        for address in (f"/log/ekbacka/receipt/{number}", f"/log/ekbacka/receipt/{number}/proof"):
            assert (await agneta.get(address)).status == 404

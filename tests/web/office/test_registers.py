# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registers in the office: written by one, put in force by another with a key, brought in as tables, shown."""

import re
from collections.abc import Iterator

import pytest

from tests.registers.house import FILE
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, written
from tests.web.portal.conftest import Logs
from vaka.registers.declarations import load_registers

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DOCUMENT = {
    "title": "Kapacitetsplan",
    "purpose": "capacity-plan",
    "file": FILE,
    "summary": "Dubbelt så många larm som i fjol",
}
EMPTY = "truncate vaka.register_version, vaka.register_acknowledgement, vaka.register_showing, vaka.attachment"


@pytest.fixture(autouse=True)
def empty_registers(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing stands in any register before, and nothing stays."""
    logs.execute("platform", EMPTY, unguarded=True)
    yield
    logs.execute("platform", EMPTY, unguarded=True)


async def stepped(who: Administrator, entry: str, step: str) -> int:
    """Take a step on the page of an entry, with the key; return the status of the answer."""
    digest = fields_in(await who.get(entry), f"{entry}/move")["digest"]
    return (await who.do(f"{entry}/move", {"step": step, "digest": digest})).status


async def test_one_writes_and_another_puts_in_force(algot: Administrator, berit: Administrator, logs: Logs) -> None:
    mark = logs.mark("platform")
    entry = await written(algot, "documents", DOCUMENT)
    page = await algot.get(entry)
    assert "Du har skrivit det här." in page
    assert 'value="approve"' not in page
    assert await stepped(algot, entry, "approve") == 403
    shown = await berit.browser.post(
        f"{entry}/move", fields_in(await berit.get(entry), f"{entry}/move") | {"step": "approve"}
    )
    assert "Kapacitetsplan: " in shown.text
    assert await stepped(berit, entry, "approve") == 303
    page = await algot.get(entry)
    assert re.search(r"<h2[^>]*>Gäller</h2>", page)
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith("register.")]
    assert [one["event"] for one in told] == ["register.entered", "register.moved"]
    assert len(told[1]["detail"]["step_up"]) == 64, "a key was touched over exactly that"
    assert "Kapacitetsplan" not in str(told)


async def test_what_is_missing_is_told_all_at_once_and_nothing_is_lost(algot: Administrator, logs: Logs) -> None:
    """Term 1, proof 1, as somebody meets it: each field says what is wrong, and what was typed stands there still."""
    here = "/registers/processes/new"
    sent = {**fields_in(await algot.get(here), here), "title": "Hantera incidenter", "role": "Driftchef"}
    refused = await algot.browser.post(here, sent)
    assert refused.status == 400
    for field in ("procedure", "owner", "authority"):
        assert f'id="{field}-wrong"' in refused.text
    assert 'value="Hantera incidenter"' in refused.text
    assert logs.ask("platform", "select 1 from vaka.register_version") == []


async def test_a_new_version_waits_while_the_one_before_holds(algot: Administrator, berit: Administrator) -> None:
    entry = await written(algot, "documents", DOCUMENT)
    await stepped(berit, entry, "approve")
    form = await algot.get(f"{entry}/edit")
    assert "Dubbelt så många larm som i fjol" in form
    changed = {**fields_in(form, f"{entry}/edit"), **DOCUMENT, "summary": "Också från hotell"}
    assert (await algot.do(f"{entry}/edit", changed)).status == 303
    assert "Draft that waits" in await berit.get(entry)
    page = await algot.get(entry)
    assert "Utkast som väntar" in page
    assert "Också från hotell" in page
    assert "Dubbelt så många larm som i fjol" in page
    assert "både utkastet och det som gäller" in page
    assert "ett utkast väntar" in await algot.get("/registers/documents")
    late = await algot.do(f"{entry}/edit", changed)
    assert late.status == 409
    assert "Någon annan har ändrat posten" in late.text


async def test_a_policy_is_accepted_by_each_with_a_key(algot: Administrator, berit: Administrator, logs: Logs) -> None:
    entry = await written(algot, "documents", DOCUMENT)
    await stepped(berit, entry, "approve")
    fields = fields_in(await algot.get(entry), f"{entry}/acknowledge")
    assert (await algot.do(f"{entry}/acknowledge", {"digest": "0" * 64})).status == 409
    assert (await algot.do(f"{entry}/acknowledge", fields)).status == 303
    assert f'action="{entry}/acknowledge"' not in await algot.get(entry)
    assert f'action="{entry}/acknowledge"' in await berit.get(entry)
    [kept] = logs.ask("platform", "select account_id from vaka.register_acknowledgement")
    assert str(kept["account_id"]) == algot.browser.account


async def test_a_table_is_kept_whole_or_not_at_all(
    algot: Administrator, installation: Installation, logs: Logs
) -> None:
    """Every line that is wrong is told of at once; what was looked through is kept when it is sent once more."""
    here, olga = "/registers/undertakings/import", installation.accounts["olga"]
    heading = "person;customers;signed;file"
    good = f"{olga};yes;2024-02-01;{FILE}"
    table = f"{heading}\n{good}\n{olga};no;2024-02-01;{FILE}\n{olga};yes;i fjol;x\nför få fält\n"
    shown = await algot.browser.post(here, {"table": table, "act": "keep"})
    assert "3 rader är fel" in shown.text
    assert "En förbindelse som inte gäller kunderna räcker inte" in shown.text
    assert "Skriv dagen som ÅÅÅÅ-MM-DD." in shown.text
    assert logs.ask("platform", "select 1 from vaka.register_version") == []
    table = f"{heading}\n{good}\n{good}\n"
    shown = await algot.browser.post(here, {"table": table, "act": "look"})
    assert "2 rader, och inget fel på dem" in shown.text
    assert logs.ask("platform", "select 1 from vaka.register_version") == []
    mark = logs.mark("platform")
    assert (await algot.do(here, {"table": table, "act": "keep"})).status == 303
    assert len(logs.ask("platform", "select 1 from vaka.register_version where state = 'noted'")) == 2
    assert [one["event"] for one in logs.since(mark, "platform")].count("register.entered") == 2
    for unreadable in ("", "person\n", f"{heading};extra\n{good};x\n", f"{heading}\n" + f"{good}\n" * 101):
        assert (await algot.browser.post(here, {"table": unreadable, "act": "keep"})).status == 400


async def test_no_spreadsheet_calculates_what_is_taken_out(algot: Administrator, berit: Administrator) -> None:
    entry = await written(algot, "documents", {**DOCUMENT, "title": "=HYPERLINK(1)", "summary": "+1"})
    await stepped(berit, entry, "approve")
    table = await berit.browser.get("/registers/documents/table")
    assert "attachment" in str(table.header("content-disposition"))
    assert ";'=HYPERLINK(1);" in table.text
    assert table.text.rstrip().endswith(";'+1")


async def test_an_authority_is_shown_what_was_decided_with_a_key(
    algot: Administrator, installation: Installation, logs: Logs
) -> None:
    authority, mark = str(installation.authorities["ekbacka"].id), logs.mark("platform")
    assert "Ingenting, tills ni bestämmer annat" in await algot.get("/registers/documents")
    sent = {"authority": authority, "how": "entries"}
    assert (await algot.do("/registers/documents/showing", sent)).status == 303
    [told] = [one for one in logs.since(mark, "platform") if one["event"] == "register.shown"]
    assert (told["detail"]["authority"], told["detail"]["how"]) == (authority, "entries")
    refused = await algot.do("/registers/undertakings/showing", sent)
    assert refused.status == 403
    assert "visas myndigheter antal" in refused.text


async def test_what_is_overdue_comes_first(algot: Administrator, berit: Administrator, logs: Logs) -> None:
    for title in ("Ny", "Gammal"):
        await stepped(berit, await written(algot, "documents", {**DOCUMENT, "title": title}), "approve")
    logs.execute(
        "platform", "update vaka.register_version set made_at = made_at - interval '2 years'"
        " where fields ->> 'title' = 'Gammal'", unguarded=True,
    )  # fmt: skip
    page = await algot.get("/registers/documents")
    assert page.index("Gammal") < page.index(">Ny<")
    assert "Försenad" in page
    assert ">Ny<" not in await algot.get("/registers/documents?show=overdue")


async def test_every_register_has_a_form_with_all_its_fields(algot: Administrator) -> None:
    """And a page that says that it is empty, and a place in the list."""
    listed = await algot.get("/registers")
    for register in load_registers().values():
        page = await algot.get(f"/registers/{register.name}/new")
        assert [one.name for one in register.fields if f'name="{one.name}"' not in page] == []
        assert "Det finns ingen sådan post." in await algot.get(f"/registers/{register.name}?show=overdue")
        assert f'href="/registers/{register.name}"' in listed


async def test_what_is_not_there_is_no_page(algot: Administrator) -> None:
    """No register of that name, no identifier, no entry; and no entry of another register."""
    entry = await written(algot, "documents", DOCUMENT)
    documents = "/registers/documents/entry"
    for path in ("/registers/nothing", f"{documents}/nothing", f"{documents}/00000000-0000-4000-8000-000000000007",
                 entry.replace("documents", "processes")):  # fmt: skip
        assert (await algot.browser.get(path)).status == 404

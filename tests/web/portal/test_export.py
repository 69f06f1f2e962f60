# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking entries out: for a reason, written down first, all of them and nobody's name."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from syslog_rfc5424_parser import SyslogMessage

from tests.ledger.test_export_ocsf import faults
from tests.web.browsers import Answer, Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, account_of, person_of
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.proofs import parse_proof
from vaka.web.portal import export

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/export"
WHY = {"reason": "incident", "reference": "KS 2026/123"}


async def fill(logs: Logs, count: int = 7) -> str:
    """Entries about one thing; return it."""
    thing, now = f"device:{uuid4()}", datetime.now(UTC)
    facts: dict[str, str | int | bool | None] = {"before": "=late"}
    await logs.write(
        *(Entry(Event.DEVICE_LOST, "supervision", now - timedelta(seconds=one // 3), thing, detail=facts)
          for one in range(count))
    )  # fmt: skip
    await logs.seal()
    return thing


async def take(browser: Browser, form: str = "csv", **fields: str) -> Answer:
    return await browser.post(HERE, {"format": form, **WHY, **fields})


def read_csv(answer: Answer) -> list[dict[str, str]]:
    assert answer.body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_the_table_holds_just_what_was_asked_for(lovisa: Browser, logs: Logs) -> None:
    thing = await fill(logs)
    answer = await take(lovisa, object=thing)
    assert answer.status == 200
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-disposition").startswith('attachment; filename="vaka-ekbacka-')
    assert re.search(r'-[0-9]{8}-[0-9]{4}-[0-9]+\.csv"$', answer.header("content-disposition"))
    found = read_csv(answer)
    assert len(found) == 7
    assert {row["object"] for row in found} == {thing}
    indexes = [int(row["index"]) for row in found]
    assert sorted(indexes) == list(range(min(indexes), min(indexes) + 7))


async def test_ocsf_is_valid_and_carries_the_leaves(lovisa: Browser, logs: Logs) -> None:
    await fill(logs)
    answer = await take(lovisa, "ocsf")
    assert answer.header("content-type") == "application/x-ndjson"
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert len(events) > 20
    assert [fault for event in events for fault in faults(event)] == []
    for event in events:
        leaf = parse_leaf(event["raw_data"].encode())
        assert (leaf.event, event["metadata"]["log_name"]) == (event["activity_name"], "vaka.invalid/authority/ekbacka")


async def test_syslog_is_read_by_its_grammar(lovisa: Browser, logs: Logs) -> None:
    thing = await fill(logs)
    answer = await take(lovisa, "syslog", object=thing)
    messages = [SyslogMessage.parse(line) for line in answer.text.splitlines()]
    assert len(messages) == 7
    assert {message.msgid for message in messages} == {"device.lost"}
    assert {next(iter(message.sd.values()))["object"] for message in messages} == {thing}


@pytest.mark.parametrize("form", ["csv", "ocsf", "syslog"])
async def test_nobody_is_named_in_the_file(lovisa: Browser, logs: Logs, installation: Installation, form: str) -> None:
    alarm, person = installation.raise_alarm(FULL_PERSON), person_of(installation, FULL_PERSON)
    actor = account_of(installation, "olga")
    facts = {"person": str(person)}
    await logs.write(Entry(Event.ALARM_READ, actor, datetime.now(UTC), f"alarm:{alarm}", detail=facts))
    await logs.seal()
    text = (await take(lovisa, form, person=str(person))).text
    assert str(alarm) in text
    assert str(installation.accounts["olga"]) in text
    for name in (*FULL_PERSON.split(), "Olga"):
        assert name not in text


async def test_what_leaves_is_written_down_once_and_before(lovisa: Browser, logs: Logs) -> None:
    thing = await fill(logs)
    mark, other = logs.mark("ekbacka"), logs.mark("norrvik")
    assert (await take(lovisa, "ocsf", object=thing)).status == 200
    [entry] = logs.since(mark, "ekbacka")
    detail: dict[str, Any] = entry["detail"]
    assert (entry["event"], entry["actor"]) == ("log.exported", f"account:{lovisa.account}")
    assert entry["object"] == "log:vaka.invalid/authority/ekbacka"
    assert (detail["format"], detail["reason"], detail["reference"]) == ("ocsf", "incident", "KS 2026/123")
    assert (detail["object"], detail["found"]) == (thing, 7)
    assert {"from", "to", "size"} <= detail.keys()
    assert logs.since(other, "norrvik") == []


async def test_nothing_leaves_that_cannot_be_written_down(lovisa: Browser, logs: Logs) -> None:
    thing = await fill(logs)
    logs.execute("ekbacka", "revoke execute on function ledger.append from g_portal")
    try:
        answer = await take(lovisa, object=thing)
        assert answer.status == 500
        assert thing not in answer.text
    finally:
        logs.execute("ekbacka", "grant execute on function ledger.append to g_portal")


async def test_nothing_leaves_while_the_log_is_not_sealed(lovisa: Browser, logs: Logs) -> None:
    thing = await fill(logs)
    logs.execute("ekbacka", "update ledger.checkpoint set signed_at = signed_at - interval '4 minutes'", unguarded=True)
    mark = logs.mark("ekbacka")
    answer = await take(lovisa, object=thing)
    assert answer.status == 503
    assert thing not in answer.text
    assert logs.since(mark, "ekbacka") == []
    await fill(logs)
    assert (await take(lovisa, object=thing)).status == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""}, {"reason": "because"}, {"reference": ""}, {"reference": "no number"},
        {"reference": "19121212-9809"}, {"reference": "KS 191212121212"}, {"reference": "121212-9809"},
        {"from": "2020-01-01T00:00"}, {"object": "Karin"}, {"object": f"alarm:{UUID(int=1)}"},
    ],
)  # fmt: skip
async def test_without_a_reason_or_with_a_wrong_question_nothing_leaves(
    lovisa: Browser, logs: Logs, fields: dict[str, str]
) -> None:
    await fill(logs)
    mark = logs.mark("ekbacka")
    answer = await take(lovisa, **fields)
    assert answer.status == 400
    assert answer.header("content-type").startswith("text/html")
    assert "Inget har l" in answer.text  # lämnats ut, lästs
    assert logs.since(mark, "ekbacka") == []
    if "object" in fields:
        assert f'name="object" value="{fields["object"]}"' in answer.text


@pytest.mark.parametrize("fields", [{"format": "pdf"}, {"format": ""}, {"more": "1"}, {"reference": "KS <1>"}])
async def test_a_form_nobody_made_is_refused(lovisa: Browser, fields: dict[str, str]) -> None:
    assert (await lovisa.post(HERE, {"format": "csv", **WHY, **fields})).status == 400


async def test_a_large_file_comes_in_parts_and_holds_everything(
    lovisa: Browser, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing = await fill(logs, 25)
    for at_once in (1, 5, 24, 25, 26):
        monkeypatch.setattr(export, "AT_ONCE", at_once)
        rows = read_csv(await take(lovisa, object=thing))
        assert len({row["index"] for row in rows}) == len(rows) == 25


async def test_too_much_at_once_is_refused(lovisa: Browser, logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = await fill(logs, 7)
    monkeypatch.setattr(export, "LARGEST_EXPORT", 6)
    answer = await take(lovisa, object=thing)
    assert answer.status == 400
    assert "Urvalet är större" in answer.text
    monkeypatch.setattr(export, "LARGEST_EXPORT", 7)
    assert (await take(lovisa, object=thing)).status == 200


async def test_what_happens_meanwhile_is_not_in_the_file(lovisa: Browser, logs: Logs) -> None:
    """The reading itself, for one: the file is of the log as it stood before."""
    await fill(logs)
    taken = read_csv(await take(lovisa, event="log.exported"))
    assert all("2026/777" not in row["detail"] for row in taken)
    again = read_csv(await take(lovisa, reference="KS 2026/777"))
    assert all("2026/777" not in row["detail"] for row in again)


async def test_the_form_is_shown_and_reads_nothing(lovisa: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    page = await lovisa.get(f"{HERE}?event=reading&actor=device")
    assert page.status == 200
    assert 'name="event" value="reading"' in page.text
    assert "Vem har tittat" in page.text
    assert logs.since(mark, "ekbacka") == []


@pytest.mark.parametrize("form", ["csv", "ocsf", "syslog"])
async def test_an_entry_that_cannot_be_read_any_more_stands_in_the_file_as_such(
    lovisa: Browser, logs: Logs, form: str
) -> None:
    thing = await fill(logs, 3)
    where = f"(select max(index) from ledger.entry_index where object = '{thing}')"
    aside = "create table public.aside as select * from ledger.log_entry where index ="
    logs.execute("ekbacka", f"{aside} {where}")
    logs.execute("ekbacka", f"update ledger.log_entry set leaf = 'x' where index = {where}", unguarded=True)
    try:
        answer = await take(lovisa, form, object=thing)
    finally:
        back = "update ledger.log_entry l set leaf = a.leaf from public.aside a where a.index = l.index"
        logs.execute("ekbacka", back, unguarded=True)
        logs.execute("ekbacka", "drop table public.aside")
    assert answer.status == 200
    lines = [line for line in answer.text.splitlines() if "entry.unreadable" in line]
    assert len(lines) == 1
    assert len([line for line in answer.text.splitlines() if thing in line]) == 2
    if form == "ocsf":
        assert [fault for line in answer.text.splitlines() for fault in faults(json.loads(line))] == []


async def test_who_took_a_file_out_fetches_the_receipt_by_the_number_in_its_name(
    lovisa: Browser, niklas: Browser, logs: Logs
) -> None:
    thing = await fill(logs)
    mark = logs.mark("ekbacka")
    answer = await take(lovisa, object=thing)
    [entry] = logs.since(mark, "ekbacka")
    named = re.search(r'-([0-9]+)\.csv"$', answer.header("content-disposition"))
    assert named is not None
    assert int(named[1]) == entry["id"]
    await logs.seal()
    assert 'action="/log/ekbacka/receipt"' in (await lovisa.get(HERE)).text
    led = await lovisa.post("/log/ekbacka/receipt", {"number": named[1]})
    where = f"/log/ekbacka/receipt/{named[1]}"
    assert (led.status, led.header("location"), answer.header("link")) == (303, where, f'<{where}>; rel="related"')
    page = await lovisa.get(where)
    assert page.status == 200
    assert "KS 2026/123" in page.text
    proof = parse_proof((await lovisa.get(f"{where}/proof")).body)
    assert b'"event":"log.exported"' in proof.extra
    assert (await niklas.post("/log/ekbacka/receipt", {"number": named[1]})).status == 404
    assert (await lovisa.post("/log/ekbacka/receipt", {"number": "1; drop"})).status == 400
    assert (await lovisa.post("/log/ekbacka/receipt", {"number": ""})).status == 404


async def test_a_file_that_would_lack_a_part_of_the_persons_entries_is_not_made(
    lovisa: Browser, logs: Logs, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.raise_alarm(FULL_PERSON)
    await fill(logs)
    monkeypatch.setattr(export, "MOST_THINGS", 1)
    mark = logs.mark("ekbacka")
    answer = await take(lovisa, person=str(person_of(installation, FULL_PERSON)))
    assert answer.status == 400
    assert "skulle sakna poster" in answer.text
    assert logs.since(mark, "ekbacka") == []
    assert (await take(lovisa)).status == 200

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading the log: what is found and shown, page after page, and that every reading leaves one entry."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, account_of, enter, person_of
from vaka.ledger.cosignatures import Policy
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.note_keys import LogKey
from vaka.ledger.proofs import parse_proof, verify_proof
from vaka.ledger.tree import hash_leaf
from vaka.web.portal import log
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka"
OTHER = "Solveig Lindqvist"
INDEX = re.compile(r'href="/log/ekbacka/entry/(\d+)"')


def indexes(page: str) -> list[int]:
    """The entries a page lists, in its order."""
    return [int(found) for found in INDEX.findall(page)]


def rows(page: str) -> list[str]:
    """The lines of the table."""
    return re.findall(r"<tr[^>]*>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)


async def read_alarm(logs: Logs, installation: Installation, name: str = FULL_PERSON) -> UUID:
    """Somebody alarms, and Olga opens the alarm."""
    alarm = installation.raise_alarm(name)
    now, actor = datetime.now(UTC), account_of(installation, "olga")
    person = str(person_of(installation, name))
    await logs.write(Entry(Event.ALARM_READ, actor, now, f"alarm:{alarm}", detail={"person": person}))
    await logs.seal()
    return alarm


async def test_the_start_leads_to_ones_own_log(lovisa: Browser) -> None:
    for path in ("/", "/log"):
        answer = await lovisa.get(path)
        assert (answer.status, answer.header("location")) == (303, HERE)


async def test_the_start_leads_whoever_reads_no_log_to_what_waits(portal: Portal, installation: Installation) -> None:
    """And not to a page that says that there is none, whose only link leads there again."""
    agneta = await enter(portal, installation, "agneta")
    answer = await agneta.get("/")
    assert (answer.status, answer.header("location")) == (303, "/log/ekbacka/tasks")
    assert (await agneta.get("/log/ekbacka/tasks")).status == 200


async def test_a_new_reader_sees_the_newest_in_plain_words(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    await read_alarm(logs, installation)
    page = await lovisa.get(HERE)
    assert page.status == 200
    newest = next(row for row in rows(page.text) if "Larm och person" in row)
    assert "Olga Operatör" in newest
    assert FULL_PERSON in newest
    assert "Utfört" in newest
    assert "Förseglad till och med post" in page.text
    assert "Inget utomstående vittne har sett den." in page.text
    times = re.findall(r'<time datetime="([^"]+)"', page.text.partition("<tbody>")[2])
    assert times == sorted(times, reverse=True)
    assert len(set(indexes(page.text))) == len(times)
    assert page.header("cache-control") == "no-store"
    # The one script covers the page when nobody has used it for a while; without it the page covers itself.
    assert re.findall(r"<script[^>]*>", page.text) == re.findall(r'<script src="/static/\w+/here\.js"[^>]*>', page.text)


async def test_what_happened_to_somebody_and_who_looked(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    alarm = await read_alarm(logs, installation)
    other = await read_alarm(logs, installation, OTHER)
    page = await lovisa.search(f"{HERE}/people", {"text": "karin holm"})
    assert FULL_PERSON in page.text
    assert OTHER not in page.text
    [way] = set(re.findall(r'href="(/log/ekbacka\?person=[^"&]+)"', page.text))
    everything = (await lovisa.get(way)).text
    assert f"Vad loggen säger om {FULL_PERSON}" in " ".join(everything.split())
    for word in ("Larm mottaget", "Larm och person öppnade och lästa", "Brukare upplagd"):
        assert word in everything
    assert str(other)[-8:] not in everything
    assert OTHER not in everything
    looked = rows((await lovisa.get(f"{way}&event=reading")).text)
    assert all("Larm mottaget" not in row for row in looked)
    assert any("Olga Operatör" in row and str(alarm)[-8:] in row for row in looked)
    # Whoever asks the log about somebody has looked as well.
    await logs.seal()
    assert any("Sökning i loggen" in row and "Lovisa Logg" in row for row in rows((await lovisa.get(way)).text))


@pytest.mark.parametrize(
    ("field", "shown", "hidden"),
    [
        ("event=access.denied", "Åtkomst nekad", "Larm mottaget"),
        ("event=security", "Åtkomst nekad", "Larm mottaget"),
        ("outcome=failure", "Åtkomst nekad", "Larm mottaget"),
        ("event=alarms", "Larm mottaget", "Åtkomst nekad"),
        ("actor=receiver:test-1", "Mottagare test-1", "Larm och person"),
        ("actor=account:{olga}", "Olga Operatör", "Mottagare"),
        ("object=alarm:{alarm}", "Larm mottaget", "Brukare upplagd"),
    ],
)
async def test_what_is_searched_for_is_found_and_nothing_else(
    lovisa: Browser, logs: Logs, installation: Installation, field: str, shown: str, hidden: str
) -> None:
    alarm = await read_alarm(logs, installation)
    denied = Entry(Event.ACCESS_DENIED, "account:1", datetime.now(UTC), "process:desk", succeeded=False)
    await logs.write(denied)
    await logs.seal()
    asked = field.format(olga=installation.accounts["olga"], alarm=alarm)
    page = (await lovisa.get(f"{HERE}?{asked}")).text
    assert any(shown in row for row in rows(page))
    assert not any(hidden in row for row in rows(page))


async def test_pages_neither_lose_nor_repeat(lovisa: Browser, logs: Logs) -> None:
    now, thing = datetime.now(UTC), f"device:{uuid4()}"
    await logs.write(
        *(Entry(Event.DEVICE_LATE, "supervision", now - timedelta(seconds=one // 9), thing) for one in range(120))
    )
    await logs.seal()
    seen: list[int] = []
    where = f"{HERE}?object={thing}"
    for _ in range(9):
        page = (await lovisa.get(where.replace("&amp;", "&"))).text
        seen += indexes(page)
        older = re.search(r'class="act plain-act" href="([^"]+before=[^"]+)"', page)
        if older is None:
            break
        where = older[1]
    assert len(seen) == len(set(seen)) == 120
    assert "Till de nyaste" in page


READINGS = [
    ("", "log.read", {"named": "true"}, {"event", "outcome", "actor", "object", "person"}),
    ("?from=2026-01-01T00:00", "log.read", {}, {"event"}),
    ("?event=reading", "log.searched", {"event": "reading"}, {"actor"}),
    ("?outcome=failure&actor=device", "log.searched", {"outcome": "failure", "actor": "device"}, {"person"}),
    ("?person={person}", "log.searched", {"person": "{person}"}, {"object"}),
    ("?object=alarm:{person}", "log.searched", {"object": "alarm:{person}"}, {"person"}),
    ("?object=person:19121212-tolvan", "log.searched", {"object": "other"}, {"person"}),
]


@pytest.mark.parametrize(("query", "event", "said", "unsaid"), READINGS)
async def test_every_reading_leaves_one_entry(
    lovisa: Browser, logs: Logs, installation: Installation, query: str, event: str, said: dict[str, str],
    unsaid: set[str],
) -> None:  # fmt: skip
    person = str(person_of(installation, FULL_PERSON))
    year = datetime.now(UTC).year
    marks = [(place, logs.mark(place)) for place in ("ekbacka", "norrvik", "platform")]
    page = await lovisa.get(HERE + query.replace("2026", str(year)).format(person=person))
    assert page.status == 200
    here, there, platform = (logs.since(mark, place) for place, mark in marks)
    assert (there, platform) == ([], [])
    [entry] = here
    assert (entry["event"], entry["actor"], entry["outcome"]) == (event, f"account:{lovisa.account}", "success")
    assert entry["object"] == "log:vaka.invalid/authority/ekbacka"
    assert entry["written_by"].endswith("_portal")
    for name, value in said.items():
        told = entry["detail"][name]
        assert str(told).lower() == value.format(person=person)
    assert not unsaid & entry["detail"].keys()
    assert "tolvan" not in str(entry)
    assert {"from", "to", "found", "more"} <= entry["detail"].keys()


async def test_looking_somebody_up_is_written_without_the_words(lovisa: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    await lovisa.search(f"{HERE}/people", {"text": "Holmgren"})
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["detail"]) == ("person.searched", {"found": 1, "more": False})
    assert "Holmgren" not in str(entry)


async def test_nothing_is_shown_when_it_cannot_be_written(lovisa: Browser, logs: Logs) -> None:
    logs.execute("ekbacka", "revoke execute on function ledger.append from g_portal")
    try:
        for answer in (
            await lovisa.get(HERE), await lovisa.get(f"{HERE}/entry/0"),
            await lovisa.search(f"{HERE}/people", {"text": "Karin"}),
        ):  # fmt: skip
            assert answer.status == 500
            assert "Larm" not in answer.text.replace("Larmen tas emot som vanligt", "")
            assert FULL_PERSON not in answer.text
    finally:
        logs.execute("ekbacka", "grant execute on function ledger.append to g_portal")


@pytest.mark.parametrize("query", ["?from=2020-01-01T00:00", "?object=Karin", "?from=x"])
async def test_a_question_that_makes_no_sense_is_explained_and_reads_nothing(
    lovisa: Browser, logs: Logs, query: str
) -> None:
    mark = logs.mark("ekbacka")
    page = await lovisa.get(HERE + query)
    assert page.status == 400
    assert "Inget har lästs." in page.text
    assert rows(page.text) == []
    assert logs.since(mark, "ekbacka") == []
    assert query.partition("=")[2] in page.text  # the field is as it was filled in


@pytest.mark.parametrize("query", ["?event=Karin", "?x=1", "?event=a.b&event=c.d", "?person=Karin", "?before=x"])
async def test_an_address_nobody_made_is_refused(lovisa: Browser, query: str) -> None:
    assert (await lovisa.get(HERE + query)).status == 400


async def test_an_empty_answer_says_what_one_can_do(lovisa: Browser) -> None:
    page = (await lovisa.get(f"{HERE}?object=alarm:{uuid4()}")).text
    assert "Ingen post stämmer." in page
    assert "Välj en längre tid eller färre villkor." in page


async def test_an_entry_shows_everything_it_says(lovisa: Browser, logs: Logs, installation: Installation) -> None:
    alarm = await read_alarm(logs, installation)
    [index] = indexes((await lovisa.get(f"{HERE}?object=alarm:{alarm}&event=alarm.read")).text)
    mark = logs.mark("ekbacka")
    page = await lovisa.get(f"{HERE}/entry/{index}")
    assert page.status == 200
    for text in (
        "Larm och person öppnade och lästa", "Olga Operatör", FULL_PERSON, "Förseglad: under kontrollpunkten",
        "vaka_t_ekbacka_desk", "Källa och nummer", f"&#34;object&#34;:&#34;alarm:{alarm}&#34;", "Spara beviset",
        str(datetime.now(UTC).year),
    ):  # fmt: skip
        assert text in page.text, text
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["object"]) == ("log.read", f"entry:{index}")
    assert entry["detail"] == {"person": str(person_of(installation, FULL_PERSON))}


async def test_the_proof_verifies_without_us(lovisa: Browser, logs: Logs, installation: Installation) -> None:
    await read_alarm(logs, installation)
    mark = logs.mark("ekbacka")
    answer = await lovisa.get(f"{HERE}/entry/3/proof")
    assert answer.status == 200
    assert answer.header("content-disposition") == 'attachment; filename="ekbacka-3.tlog-proof"'
    key = (installation.root / "ledger" / "vaka_t_ekbacka.vkey").read_text().strip()
    proof = parse_proof(answer.body)
    policy: Policy | None = None
    assert verify_proof(proof, hash_leaf(proof.extra), LogKey.parse(key), policy).checkpoint.size > 3
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["object"]) == ("log.read", "entry:3")


async def test_what_waits_to_be_sealed_says_so(lovisa: Browser, logs: Logs, installation: Installation) -> None:
    alarm = await read_alarm(logs, installation)
    logs.execute("ekbacka", "delete from ledger.checkpoint where size = (select max(size) from ledger.checkpoint)")
    where = f"{HERE}?object=alarm:{alarm}&event=alarm.read"
    page = (await lovisa.get(where)).text
    assert "ännu inte förseglad" in page
    [index] = indexes(page)
    assert "I loggen, väntar på att förseglas" in (await lovisa.get(f"{HERE}/entry/{index}")).text
    assert (await lovisa.get(f"{HERE}/entry/{index}/proof")).status == 409
    await logs.write(Entry(Event.ALARM_HEARD, "account:1", datetime.now(UTC), "alarm:1"))
    assert "väntar." in (await lovisa.get(HERE)).text
    await logs.seal()
    assert "ännu inte förseglad" not in (await lovisa.get(where)).text


async def test_a_log_that_is_not_sealed_is_told_on_every_page(lovisa: Browser, logs: Logs) -> None:
    logs.execute("ekbacka", "update ledger.checkpoint set signed_at = signed_at - interval '4 minutes'", unguarded=True)
    for path in (HERE, f"{HERE}/entry/3"):
        page = (await lovisa.get(path)).text
        assert "Loggen förseglas inte" in page
        assert 'role="alert"' in page
    await logs.write(Entry(Event.ALARM_HEARD, "account:1", datetime.now(UTC), "alarm:1"))
    await logs.seal()
    assert "Loggen förseglas inte" not in (await lovisa.get(HERE)).text


async def test_what_was_changed_behind_the_logs_back_is_marked(lovisa: Browser, logs: Logs) -> None:
    now = datetime.now(UTC)
    await logs.write(*(Entry(Event.ALARM_HEARD, "account:1", now, f"alarm:{uuid4()}") for _ in range(3)))
    await logs.seal()
    page = (await lovisa.get(f"{HERE}?event=alarm.heard")).text
    other, gone, garbled, *_ = indexes(page)
    for attack in (
        f"update ledger.entry_index set actor = 'account:2' where index = {other}",
        f"delete from ledger.log_entry where index = {gone}",
        f"update ledger.log_entry set leaf = '{{}}' where index = {garbled}",
    ):
        logs.execute("ekbacka", attack, unguarded=True)
    page = (await lovisa.get(f"{HERE}?event=alarm.heard")).text
    assert page.count("sökningen säger annat") == 1
    assert page.count("går inte att läsa i loggen") == 2
    assert (await lovisa.get(f"{HERE}/entry/{gone}")).status == 404
    entry = await lovisa.get(f"{HERE}/entry/{garbled}")
    assert entry.status == 200
    assert "går inte att läsa i loggen" in entry.text


@pytest.mark.parametrize("index", ["-1", "x", "1e3", "9" * 16, "999999", "1/..", "٣"])
async def test_an_entry_that_is_not_there_is_missing(lovisa: Browser, index: str) -> None:
    assert (await lovisa.get(f"{HERE}/entry/{index}")).status == 404


async def test_english_is_complete(portal: object, installation: Installation, lovisa: Browser) -> None:
    lovisa.cookies["__Host-vaka-language"] = "en"
    for path in (HERE, f"{HERE}/entry/0", f"{HERE}/help", f"{HERE}/export"):
        page = (await lovisa.get(path)).text
        assert '<html lang="en"' in page
        assert "Sign out" in page
        assert "Logga ut" not in page


async def test_whoever_has_had_more_alarms_than_are_looked_for_is_told_of(
    lovisa: Browser, logs: Logs, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read_alarm(logs, installation)
    person = person_of(installation, FULL_PERSON)
    assert "mycket många larm" not in (await lovisa.get(f"{HERE}?person={person}")).text
    monkeypatch.setattr(log, "MOST_THINGS", 1)
    assert "de 1 nyaste" in (await lovisa.get(f"{HERE}?person={person}")).text

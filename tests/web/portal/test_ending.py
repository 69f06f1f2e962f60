# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The page of a contract's end: everything is taken out, and two people order and approve that it is erased."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from hashlib import sha256

import psycopg
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from tests.tenants.imported import take_in
from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, enter, person_of
from vaka.database.server import SUPERUSER
from vaka.web.portal.portal import Portal
from vaka.web.portal.sending import Sending

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/end"


@pytest.fixture
def open_for_all(open_for_each: Portal) -> Portal:
    """Here each has its own: what one takes out, the next may."""
    return open_for_each


@pytest.fixture
async def gun(portal: Portal, installation: Installation, logs: Logs) -> AsyncIterator[Browser]:
    """One of Ekbacka's records officers; what was ordered is forgotten in the end."""
    yield await enter(portal, installation, "gun")
    logs.execute("ekbacka", "delete from vaka.authority_ending", unguarded=True)


@pytest.fixture
async def rakel(portal: Portal, installation: Installation) -> Browser:
    """The other."""
    return await enter(portal, installation, "rakel")


async def test_officer_is_led_to_the_page_and_nobody_else_is(
    gun: Browser, lovisa: Browser, installation: Installation
) -> None:
    answer = await gun.get("/end")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await gun.get(HERE)
    assert (page.status, "Ta ut allt" in page.text) == (200, True)
    assert "Det som händer efter uttaget, tills allt raderas, finns inte i någon fil." in page.text
    assert "ta ut allt en gång till" in page.text
    assert (await lovisa.get(HERE)).status == 403
    assert (await lovisa.post(f"{HERE}/export", {"reason": "KS 2026/1"})).status == 403
    assert (await gun.post("/log/norrvik/end/export", {"reason": "KS 2026/1"})).status in (403, 404)


async def test_term_06_everything_comes_as_a_file_that_is_kept_nowhere_and_entered_first(
    gun: Browser, installation: Installation, logs: Logs
) -> None:
    mark = logs.mark("ekbacka")
    answer = await gun.post(f"{HERE}/export", {"reason": "KS 2026/123"})
    assert (answer.status, answer.header("content-type")) == (200, "application/zip")
    assert answer.header("cache-control") == "no-store"
    name = answer.header("content-disposition")
    assert re.fullmatch(r'attachment; filename="vaka-ekbacka-[0-9]{8}-[0-9]{4}-[0-9]+\.zip"', name)
    begun, completed = logs.since(mark, "ekbacka")
    assert [(one["event"], one["actor"]) for one in (begun, completed)] == [
        ("export.begun", f"account:{gun.account}"), ("export.completed", f"account:{gun.account}")
    ]  # fmt: skip
    assert (begun["id"], begun["detail"]) == (int(name[:-5].rpartition("-")[2]), {"reason": "KS 2026/123"})
    other = take_in(answer.body)
    person = str(person_of(installation, FULL_PERSON))
    [(given, family)] = other.ask("select given_name, family_name from person where id = ?", person)
    assert f"{given} {family}" == FULL_PERSON
    assert other.count("person") > 1
    assert FULL_PERSON.split()[0] not in str((begun, completed))
    assert (await gun.get(f"/log/ekbacka/receipt/{begun['id']}")).status == 200
    assert "Hela filen skickades" in (await gun.get(HERE)).text


@pytest.mark.parametrize("reason", ["", "för 19320212-9809"])
async def test_nothing_is_sent_without_a_reason(gun: Browser, logs: Logs, reason: str) -> None:
    mark = logs.mark("ekbacka")
    page = await gun.post(f"{HERE}/export", {"reason": reason})
    assert (page.status, "Skriv varför" in page.text) == (400, True)
    assert logs.since(mark, "ekbacka") == []


async def test_one_export_of_an_authority_at_a_time(gun: Browser, portal: Portal, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    portal.exporting.update(one.id for one in portal.gateway.authorities)
    page = await gun.post(f"{HERE}/export", {"reason": "KS 2026/1"})
    assert (page.status, "pågår redan" in page.text) == (400, True)
    assert logs.since(mark, "ekbacka") == []


async def test_of_two_exports_at_once_one_is_told_to_wait_and_leaves_the_others_mark(
    gun: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    mark, database = logs.mark("ekbacka"), installation.authorities["ekbacka"].database_name
    conninfo = installation.server.conninfo(SUPERUSER, database)
    waiting = "select 1 from pg_locks where relation = 'vaka.authority_export'::regclass and not granted"
    async with asyncio.timeout(60), await psycopg.AsyncConnection.connect(conninfo) as holder:
        await holder.execute("lock table vaka.authority_export in share row exclusive mode")
        first = asyncio.create_task(gun.post(f"{HERE}/export", {"reason": "KS 2026/1"}))
        while not await (await holder.execute(waiting)).fetchall():
            await asyncio.sleep(0.01)
        second = await gun.post(f"{HERE}/export", {"reason": "KS 2026/2"})
        assert (second.status, "pågår redan" in second.text) == (400, True)
        assert len(portal.exporting) == 1
        await holder.commit()
        assert (await first).status == 200
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["export.begun", "export.completed"]
    # Another may follow, also after one that was refused or broke off.
    assert (await gun.post(f"{HERE}/export", {"reason": ""})).status == 400
    assert portal.exporting == set()
    assert (await gun.post(f"{HERE}/export", {"reason": "KS 2026/3"})).status == 200


async def test_browser_that_is_gone_before_the_first_byte_leaves_no_mark() -> None:
    ended = list[bool]()

    async def make() -> AsyncGenerator[bytes, None]:
        yield b"x"

    async def refuse(_message: Message) -> None:
        raise OSError

    async def receive() -> Message:
        return await asyncio.Future()

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        await Sending(make(), lambda: ended.append(True), {})(scope, receive, refuse)
    assert ended == [True]


async def test_term_06_one_orders_with_the_files_fingerprint_another_approves_with_the_name_and_either_stops_it(
    gun: Browser, rakel: Browser, installation: Installation, logs: Logs
) -> None:
    file = (await gun.post(f"{HERE}/export", {"reason": "KS 2026/123"})).body
    mark = logs.mark("ekbacka")
    facts = {"decision": "KS 2026/123", "digest": sha256(file).hexdigest()}
    page = await gun.post(HERE, facts)
    assert (page.status, "Kryssa i" in page.text) == (400, True)
    page = await gun.post(HERE, {**facts, "digest": "0" * 64, "sure": "true"})
    assert (page.status, "Inget uttag med det fingeravtrycket" in page.text) == (400, True)
    done = await gun.post(HERE, {**facts, "sure": "true"})
    assert (done.status, done.header("location")[:21]) == (303, "/log/ekbacka/receipt/"), done.text
    own, others = (await gun.get(HERE)).text, (await rakel.get(HERE)).text
    assert "Ta tillbaka beställningen" in own
    assert "Godkänn: radera allt" not in own
    assert sha256(file).hexdigest() in others
    found = re.search(r'name="order" value="([0-9a-f-]{36})"', others)
    assert found is not None
    verdict = {"order": found[1], "verdict": "approved"}
    for name in ("", "Norrvik"):
        page = await rakel.post(f"{HERE}/decide", {**verdict, "name": name})
        assert (page.status, "Skriv myndighetens namn" in page.text) == (400, True)
    name = installation.authorities["ekbacka"].name
    assert (await gun.post(f"{HERE}/decide", {**verdict, "name": name})).status == 400
    assert (await rakel.post(f"{HERE}/decide", {**verdict, "name": name})).status == 303
    assert "Godkännandet står inte i loggen än" in (await gun.get(HERE)).text
    await logs.seal()
    waits = (await gun.get(HERE)).text
    assert re.search(r"Det utförs [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} CES?T\.", waits)
    assert (await gun.get(f"{HERE}/{found[1]}/certificate")).status == 404  # there is none before it is done
    assert (await gun.post(f"{HERE}/decide", {"order": found[1], "verdict": "cancelled"})).status == 303
    assert "Stoppad innan den påbörjats" in (await rakel.get(HERE)).text
    entries = [one for one in logs.since(mark, "ekbacka") if one["event"].startswith("ending.")]
    assert [(one["actor"], one["detail"].get("verdict")) for one in entries] == [
        (f"account:{gun.account}", None), (f"account:{rakel.account}", "approved"),
        (f"account:{gun.account}", "cancelled"),
    ]  # fmt: skip


async def test_page_says_how_much_of_the_file_that_was_taken_out_could_not_be_opened(
    gun: Browser, rakel: Browser, logs: Logs
) -> None:
    """Whoever orders, and whoever approves, knows what will be readable nowhere when it is carried out."""
    digest = sha256((await gun.post(f"{HERE}/export", {"reason": "KS 2026/124"})).body).hexdigest()
    in_form, in_order = "gick något inte att öppna i 1 av raderna. Ta ut allt på nytt", "1 av raderna gick något inte"
    whole = "Allt i den gick att öppna."
    assert digest not in (await gun.get(HERE)).text

    def change(what: str) -> None:
        logs.execute("ekbacka", f"update vaka.authority_export set {what} where digest = '{digest}'", unguarded=True)

    change("unopened = 1")
    page = (await gun.get(HERE)).text
    assert (digest in page, in_form in page) == (True, True)
    assert "I 1 rad gick något inte att öppna; filen säger var." in page
    change("completed_at = completed_at - interval '31 days'")
    assert digest not in (await gun.get(HERE)).text  # nobody can name it any more
    change("completed_at = completed_at + interval '31 days'")
    facts = {"decision": "KS 2026/124", "digest": digest, "sure": "true"}
    assert (await gun.post(HERE, facts)).status == 303
    for officer in (gun, rakel):
        page = (await officer.get(HERE)).text
        assert (digest in page, in_order in page, whole in page) == (True, True, False)
    change("unopened = 0")
    page = (await rakel.get(HERE)).text
    assert (in_order in page, whole in page) == (False, True)


async def test_page_says_that_everybody_came_back_and_what_keeps_them(gun: Browser, logs: Logs) -> None:
    assert "tagit tillbaka alla" not in (await gun.get(HERE)).text
    both = "insert into vaka.returned select o, o, 'legal_hold', now() from gen_random_uuid() as o"
    logs.execute("ekbacka", both, unguarded=True)
    try:
        page = (await gun.get(HERE)).text
        assert ("tagit tillbaka alla" in page, "En rättslig spärr hindrar" in page) == (True, True)
    finally:
        logs.execute("ekbacka", "delete from vaka.returned", unguarded=True)


async def test_page_says_what_an_order_waits_for_and_why_there_is_no_certificate(gun: Browser, logs: Logs) -> None:
    logs.execute(
        "ekbacka",
        "insert into vaka.authority_ending (id, decision, no_export, ordered_by, ordered_at, state, decided_by,"
        " decided_at, wait_days) values (gen_random_uuid(), 'SN 1', 'x', gen_random_uuid(), now(), 'approved',"
        " gen_random_uuid(), now(), 7)",
        unguarded=True,
    )
    lost = "Väntar: en av de två som beslutade får inte längre besluta om radering"
    readable = "Inget intyg: något hos er myndighet gick att läsa i en säkerhetskopia"
    page = (await gun.get(HERE)).text
    assert (lost in page, readable in page) == (False, False)
    for change, sentence in (
        ("hindrance = 'officers'", f"{lost}. Stoppa den och beställ på nytt."),
        ("state = 'released', released_at = now()", f"{lost}. Ge tillbaka rollen:"),
        (
            "state = 'erased', removed_at = now(), erased_at = now(), entry = 1, attempt_entry = 2,"
            " hindrance = 'readable'",
            readable,
        ),
    ):
        logs.execute("ekbacka", f"update vaka.authority_ending set {change}", unguarded=True)
        page = (await gun.get(HERE)).text
        assert [one in page for one in (lost, readable)] == [sentence.startswith(one) for one in (lost, readable)]
        assert sentence in page

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking for an audit in the portal, and an auditor's work there: his scope, his end, notes that nobody else reads."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest

from tests.auditing import engage
from tests.platform import make_account, platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from tests.web.portal.shelf import Shelf
from vaka.access.grants import grant_role
from vaka.assurance.audits import list_audits
from vaka.assurance.evidence import QUERIES
from vaka.clock import LOCAL
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role, tenant_role
from vaka.identity.sessions import open_session
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.tree import hash_leaf
from vaka.web.asker import COOKIES
from vaka.web.portal.application import ADDRESSES, LOG
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOTE = "Chefen verkade osäker på vem som har nyckel 47-B"
PLATFORM_LOGINS = (
    "office", "portal", "setup", "desk", "signin", "scheduler", "registry", "sequencer", "notifier", "receiver",
    "trial",
)  # fmt: skip
TENANT_LOGINS = ("desk", "scheduler", "setup", "sequencer", "receiver", "registry", "trial")


@pytest.fixture
def shelf(installation: Installation) -> Iterator[Shelf]:
    shelf = Shelf(installation)
    yield shelf
    shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")


async def auditor_of(installation: Installation, portal: Portal, *, terms: list[int], until: datetime) -> Browser:
    """Somebody who audits some terms at Ekbacka until a time, signed in."""
    now, where = datetime.now(UTC), installation.authorities["ekbacka"].id
    account = await make_account(installation.server, "Rolf Revisor", now=now)
    async with platform_as(installation.server, "setup") as setup:
        await grant_role(setup, account, "auditor", where, actor="setup", now=now, valid_until=now + timedelta(days=30))
    engage(installation.server, where, account, now=now, until=until, terms=terms)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, account, "authority", "test", now)
    rut = await enter(portal, installation, "rut")
    return Browser(rut.app, rut.origin, {COOKIES["authority"]: token}, str(account))


def audit_on(page: str) -> str:
    """The first audit that a page has a form for."""
    found = re.search(r'name="audit" value="([0-9a-f-]{36})"', page)
    assert found
    return found[1]


async def test_how_to_ask_for_an_audit_is_found_and_it_is_asked_for(
    portal: Portal, installation: Installation, logs: Logs
) -> None:
    agneta, mark = await enter(portal, installation, "agneta"), logs.mark("platform")
    assert "/log/ekbacka/audits" in (await agneta.get("/log/ekbacka/terms")).text
    today = datetime.now(LOCAL).date()
    wish = {
        "kind": "audit", "about": "Behörigheter", "terms": "9", "auditors": str(installation.accounts["rut"]),
        "looks_from": str(today - timedelta(days=90)), "looks_until": str(today),
        "starts": str(today + timedelta(days=7)),
        "ends": str(today + timedelta(days=8)), "answer": str(today + timedelta(days=3)),
    }  # fmt: skip
    page = await agneta.post("/log/ekbacka/audits", {**wish, "auditors": str(installation.accounts["agneta"])})
    assert (page.status, "Den som ska granska behöver först rollen revisor" in page.text) == (400, True)
    assert (await agneta.post("/log/ekbacka/audits", wish)).status == 303
    page = await agneta.get("/log/ekbacka/audits")
    assert "Behörigheter" in page.text
    assert "Det är leverantörens tur." in page.text
    assert [one["event"] for one in logs.since(mark, "platform") if one["event"].startswith("audit")] == ["audit.asked"]
    norrvik = await enter(portal, installation, "niklas")
    assert (await norrvik.get("/log/ekbacka/audits")).status == 404


async def test_a_hall_is_chosen_among_those_that_are_shown_by_whoever_asks(
    portal: Portal, installation: Installation, shelf: Shelf
) -> None:
    hall = shelf.put("sites", "in_force", title="Hallen i Berget")
    here, agneta = "/log/ekbacka/audits", await enter(portal, installation, "agneta")
    page = (await agneta.get(here)).text
    assert "Hallen i Berget" not in page, "shown to nobody, and so not to this authority"
    assert "Leverantören visar er ingen hall ur sitt register." in page
    assert "vilken hall som helst" in page
    shelf.show("sites", "ekbacka", "entries")
    today = datetime.now(LOCAL).date()
    visit = {
        "kind": "visit", "about": "Skalskydd", "site": str(hall), "looks_from": str(today), "looks_until": str(today),
        "starts": str(today), "ends": str(today), "answer": str(today),
    }  # fmt: skip
    assert (await agneta.post(here, visit)).status == 303
    assert "<dd>Hallen i Berget</dd>" in (await agneta.get(here)).text
    page = (await (await enter(portal, installation, "beata")).get(here)).text
    assert "Skalskydd" in page
    assert "Hallen i Berget" not in page, "she reads, and asks for none"


async def test_how_often_the_supplier_has_answered_with_another_time_is_shown(
    portal: Portal, installation: Installation
) -> None:
    here, agneta = "/log/ekbacka/audits", await enter(portal, installation, "agneta")
    today, now = datetime.now(LOCAL).date(), datetime.now(UTC)
    visit = {
        "kind": "visit", "about": "Besök som flyttas", "looks_from": str(today), "looks_until": str(today),
        "starts": str(today), "ends": str(today), "answer": str(today),
    }  # fmt: skip
    assert (await agneta.post(here, visit)).status == 303
    assert "Leverantören har svarat med en annan tid" not in (await agneta.get(here)).text
    async with platform_as(installation.server, "office") as office:
        [one] = [one for one in await list_audits(office, None) if one.about == visit["about"]]
        for moved in (1, 2):
            later = now + timedelta(days=moved)
            times = {"starts_at": later, "ends_at": later + timedelta(days=1), "words": "Den veckan är upptagen"}
            whose = {"id": one.id, "by": installation.accounts["adam"], "now": now}
            said = await (await office.execute(QUERIES["propose_audit"], {**times, **whose})).fetchone()
            assert said == ("done",)
    assert "Leverantören har svarat med en annan tid, 2 gånger." in (await agneta.get(here)).text


async def test_term_37_1_an_auditor_opens_the_pages_of_his_terms_and_writes_nothing_else(
    portal: Portal, installation: Installation
) -> None:
    rolf = await auditor_of(installation, portal, terms=[9], until=datetime.now(UTC) + timedelta(days=1))
    assert (await rolf.get("/")).header("location") == "/log/ekbacka/auditing", "he begins where he works"
    for path in ("/access", "/terms", "/audits", "/auditing"):
        assert (await rolf.get(f"/log/ekbacka{path}")).status == 200, path
    for path in ("", "/supplier", "/holders", "/inquiries", "/exercises", "/tasks", "/exclusions"):
        assert (await rolf.get(f"/log/ekbacka{path}")).status == 403, path
    board = (await rolf.get("/log/ekbacka/terms")).text
    assert 'id="term-9"' in board
    assert 'id="term-10"' not in board
    assert 'href="/log/ekbacka/holders"' not in board, "nor is he led there"
    assert (await rolf.get("/log/norrvik/access")).status == 404
    own = (f"{LOG}/keys", f"{LOG}/sessions", f"{LOG}/auditing", f"{LOG}/access/routine", f"{LOG}/access/report")
    for address in ADDRESSES:
        if "POST" in address.methods and address.path.startswith(LOG) and not address.path.startswith(own):
            path = re.sub(r"\{[^}]*\}", "0" * 8, address.path.replace("{authority}", "ekbacka"))
            assert (await rolf.post(path)).status == 403, path


async def test_term_37_1_an_auditor_is_given_the_files_of_the_registers_in_his_scope_alone(
    portal: Portal, installation: Installation, logs: Logs
) -> None:
    """An address that he was told of, or tries, gives him no more than the page; everybody else there is given both."""
    shelf, files, until = Shelf(installation), {}, datetime.now(UTC) + timedelta(days=1)
    try:
        for register, state in (("documents", "in_force"), ("findings", "open")):
            entry = shelf.put(register, state, title=register)
            files[register] = f"/log/ekbacka/registers/files/{shelf.attach(entry, 'a.txt', register.encode())}"
            shelf.show(register, "ekbacka", "entries")
        rolf = await auditor_of(installation, portal, terms=[7], until=until)
        beata = await enter(portal, installation, "beata")
        page = (await rolf.get("/log/ekbacka/registers")).text
        assert (files["findings"] in page, files["documents"] in page) == (True, False)
        assert (await rolf.get(files["findings"])).body == b"findings"
        mark = logs.mark("ekbacka")
        assert (await rolf.get(files["documents"])).status == 404
        assert [one for one in logs.since(mark, "ekbacka") if one["event"] == "page.opened"] == []
        for register, file in files.items():
            assert (await beata.get(file)).body == register.encode()
    finally:
        shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")


async def test_term_37_1_after_the_end_he_is_out(portal: Portal, installation: Installation, logs: Logs) -> None:
    rolf = await auditor_of(installation, portal, terms=[9], until=datetime.now(UTC) + timedelta(days=1))
    assert (await rolf.get("/log/ekbacka/access")).status == 200
    with closing(psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
        hand.execute("set session_replication_role = replica")
        hand.execute("update vaka.audit set ended_at = now() where auditors = array[%s::uuid]", (rolf.account,))
    answer = await rolf.get("/log/ekbacka/access")
    assert (answer.status, answer.header("location").startswith(portal.sign_in)) == (303, True)
    open_now = "select 1 from vaka.session where account_id = %(who)s and ended_at is null"
    assert logs.ask("platform", open_now, {"who": rolf.account}) == []


async def test_term_37_5_the_supplier_does_not_see_an_auditors_notes(
    rut: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    audit = audit_on((await rut.get("/log/ekbacka/auditing")).text)
    mark = logs.mark("ekbacka")
    assert (await rut.post("/log/ekbacka/auditing/note", {"audit": audit, "text": NOTE})).status == 303
    assert NOTE in (await rut.get("/log/ekbacka/auditing")).text
    told = [one for one in logs.since(mark, "ekbacka") if one["event"] == "audit.noted"]
    assert len(told) == 1
    assert "osäker" not in str(told)
    agneta = await enter(portal, installation, "agneta")
    assert (await agneta.get("/log/ekbacka/auditing")).status == 403, "not even the contract officer"
    # The supplier's rogue administrator tries every login of the platform, and every one in the authority's database.
    database = installation.authorities["ekbacka"].database_name
    for component in PLATFORM_LOGINS:
        for where in (database, PLATFORM_DATABASE):
            with pytest.raises(psycopg.Error):  # no such table, no such right, or no way in
                read(installation, platform_role(component), where)
    for component in TENANT_LOGINS:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.OperationalError)):
            read(installation, tenant_role(database, component), database)
    # The portal's own login, and whoever copies the disk, read what the authority's key alone opens.
    logins = (tenant_role(database, "portal"), SUPERUSER)
    bodies = [row[0] for role in logins for row in read(installation, role, database)]
    assert bodies
    for body in bodies:
        assert NOTE.encode() not in bytes(body)
    for place in ("ekbacka", "platform"):
        assert b"nyckel 47-B" not in dump(installation, place), place
    # Nor does he change or remove one, or put his own in its place.
    for statement in (
        "update vaka.audit_note set body = '\\x00'", "insert into vaka.audit_note select * from vaka.audit_note",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            logs.execute("ekbacka", statement)


async def test_a_note_is_for_those_who_audit_together(portal: Portal, installation: Installation) -> None:
    rolf = await auditor_of(installation, portal, terms=[9], until=datetime.now(UTC) + timedelta(days=1))
    other = audit_on((await (await enter(portal, installation, "rut")).get("/log/ekbacka/auditing")).text)
    for path, more in (
        ("note", {"text": "x"}), ("freeze", {"source": "accounts", "wanted": "2"}), ("finding", {"finding": "x"}),
    ):  # fmt: skip
        answer = await rolf.post(f"/log/ekbacka/auditing/{path}", {"audit": other, **more})
        assert answer.status == 409, path
    assert NOTE not in (await rolf.get("/log/ekbacka/auditing")).text


async def test_a_population_is_frozen_and_drawn_by_the_log(rut: Browser, logs: Logs) -> None:
    audit = audit_on((await rut.get("/log/ekbacka/auditing")).text)
    frozen = {"audit": audit, "source": "accounts", "wanted": "3"}
    assert (await rut.post("/log/ekbacka/auditing/freeze", frozen)).status == 303
    page = (await rut.get("/log/ekbacka/auditing")).text
    found = re.search(r'name="population" value="([0-9a-f-]{36})"', page)
    assert found
    answer = await rut.post("/log/ekbacka/auditing/draw", {"population": found[1]})
    assert (answer.status, "Försök igen om ett par minuter" in answer.text) == (409, True)
    assert (await rut.post("/log/ekbacka/auditing/freeze", {**frozen, "source": "nothing-here"})).status == 403
    assert (
        await rut.post("/log/ekbacka/auditing/finding", {"audit": audit, "finding": "Konton utan slut"})
    ).status == 303
    assert "Konton utan slut" in (await rut.get("/log/ekbacka/audits")).text


async def test_entries_of_the_authoritys_own_log_are_frozen_and_what_becomes_of_them_is_seen(
    rut: Browser, logs: Logs, installation: Installation
) -> None:
    """Each with the hash that the log's tree holds it by: what is changed or gone afterwards shows."""
    here, now = "/log/ekbacka/auditing", datetime.now(UTC)
    audit = audit_on((await rut.get(here)).text)
    await logs.write(*[Entry(Event.HISTORY_LISTED, "desk", now - timedelta(minutes=5), "process:desk")] * 6)
    await logs.seal()
    frozen = {"audit": audit, "source": "own-log", "event": "history.listed", "wanted": "200"}
    for wrong, status in (({"event": "nothing.here"}, 400), ({"event": "export.begun"}, 409), ({"wanted": "0"}, 400)):
        assert (await rut.post(f"{here}/freeze", {**frozen, **wrong})).status == status, wrong
    mark = logs.mark("platform")
    assert (await rut.post(f"{here}/freeze", frozen)).status == 303
    [entry] = [one["detail"] for one in logs.since(mark, "platform") if one["event"] == "audit.frozen"]
    assert (entry["drawn_from"], entry["event"]) == ("own-log", "history.listed")
    items = logs.ask("platform", "select item, sha256 from vaka.audit_item where population = %(id)s order by item",
                     {"id": entry["population"]})  # fmt: skip
    leaves = logs.ask("ekbacka", "select e.index, e.leaf from ledger.log_entry e join ledger.entry_index i using"
                      " (index) where i.event = 'history.listed'")  # fmt: skip
    theirs = {f"history.listed/{row['index']}": hash_leaf(bytes(row["leaf"])).hex() for row in leaves}
    assert {row["item"]: row["sha256"] for row in items} == theirs
    assert len(items) == entry["items"] >= 6
    whole = "\n".join(f"{row['item']} {row['sha256']}" for row in items)
    assert sha256(whole.encode()).hexdigest() == entry["sha256"]
    draw = {"id": entry["population"], "size": 1, "seed": "0" * 64}
    logs.execute(
        "platform", "insert into vaka.audit_sample (population, checkpoint, seed, sha256, drawn_at) select"
        f" '{draw['id']}', 1, '{draw['seed']}', vaka.audit_sample_sha256('{draw['id']}', '{draw['seed']}'), now()",
        unguarded=True,
    )  # fmt: skip
    page = (await rut.get(here)).text
    assert page.count("som det var") == len(items)
    index = items[0]["item"].rpartition("/")[2]
    logs.execute("ekbacka", f"create table public.aside as select * from ledger.log_entry where index = {index}")
    change = "update ledger.log_entry set leaf = replace(convert_from(leaf, 'UTF8'), 'desk', 'disk')::bytea"
    logs.execute("ekbacka", f"{change} where index = {index}", unguarded=True)
    try:
        page = (await rut.get(here)).text
        assert (page.count("som det var"), "är ändrat sedan dess" in page) == (len(items) - 1, True)
    finally:
        logs.execute("ekbacka", "update ledger.log_entry e set leaf = a.leaf from public.aside a where e.index ="
                     " a.index; drop table public.aside", unguarded=True)  # fmt: skip


def read(installation: Installation, role: str, database: str) -> list[tuple[bytes]]:
    with closing(psycopg.connect(installation.server.conninfo(role, database), autocommit=True)) as connection:
        return connection.execute("select body from vaka.audit_note").fetchall()


def dump(installation: Installation, place: str) -> bytes:
    """Every row of every table of a database, as its text."""
    known = installation.authorities
    database = PLATFORM_DATABASE if place == "platform" else known[place].database_name
    with closing(psycopg.connect(installation.server.conninfo(SUPERUSER, database), autocommit=True)) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('vaka', 'ledger')"
        ).fetchall()
        assert ("vaka.audit_note",) in tables or place == "platform"
        rows = [str(row) for (table,) in tables for row in connection.execute(f"select * from {table}".encode())]
    return "\n".join(rows).encode()

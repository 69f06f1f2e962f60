# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority asks, the supplier answers, and whose turn it is follows from what was said last (terms 19 and 37)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.asking import ASKED, SETTLE, answer, ask, day_after, fields_of, settle
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import at_its_start, enter
from tests.web.portal.conftest import SETTINGS, Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.assurance.asking import MOST_WAITING
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import QUERIES, enter_look, list_supervised
from vaka.assurance.inquiries import MOST_LISTED, list_every_inquiry
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import SystemClock, TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role
from vaka.identifiers import new_identifier
from vaka.tenants.gateway import Gateway
from vaka.web.inquiries import deadline_after, last_day_before
from vaka.web.office.office import Office
from vaka.web.office.work import list_work
from vaka.web.portal.portal import Portal
from vaka.web.terms_board import Evidence, read_board

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MARKER = "Märkligt-Ekorre-7"


@pytest.fixture(autouse=True)
def nothing_asked(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was asked before, and nothing stays."""
    forget = "truncate vaka.inquiry cascade; truncate vaka.look cascade"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


@pytest.fixture
def no_audit(logs: Logs) -> Iterator[None]:
    """The audit that the furniture has its auditor for was never asked for."""
    logs.execute("platform", "update vaka.audit set withdrawn_at = asked_at", unguarded=True)
    yield
    logs.execute("platform", "update vaka.audit set withdrawn_at = null", unguarded=True)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(SystemClock().now())


@pytest.fixture
def portal(portal: Portal, clock: TurnedClock) -> Portal:
    return at_its_start(portal, clock)


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter_portal(portal, installation, "agneta")


@pytest.fixture
async def algot(office: Office, installation: Installation, clock: TurnedClock) -> Browser:
    """An administrator, at that second."""
    return await enter(replace(office, clock=clock), installation, "adam")


def text(page: str) -> str:
    """What somebody reads."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


async def evidence_of(installation: Installation, requirement: str, now: datetime, slug: str = "ekbacka") -> Evidence:
    """How one requirement stands: the same for the portal and for the office."""
    seen = []
    for component in ("portal", "office"):
        async with platform_as(installation.server, component) as connection:
            [one] = [found for found in await list_supervised(connection, SystemClock().now()) if found.slug == slug]
            board = await read_board(connection, one, now)
        seen += [row for tile in board.tiles for row in tile.evidence if row.requirement.id == requirement]
    assert seen[0] == seen[1]
    return seen[0]


async def look(installation: Installation, now: datetime) -> None:
    """Let the scheduler look for what is late, as it does each few hours."""
    pool = make_pool(installation.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=1)
    await pool.open()
    try:
        authorities = [one.id for slug, one in installation.authorities.items() if slug != "mottagning"]
        place = Place(pool, Gateway(installation.server, "scheduler", []), authorities)
        found = await COLLECTORS["audit-requests"](place, now)
    finally:
        await pool.close()
    async with platform_as(installation.server, "scheduler") as scheduler:
        await enter_look(scheduler, find_requirements(load_terms())["audit-requests"], found, now)


async def test_a_question_goes_from_one_side_to_the_other_until_it_is_settled(
    agneta: Browser, algot: Browser, logs: Logs, clock: TurnedClock, installation: Installation
) -> None:
    """Each says what it says at its turn; each word is an entry that names the authority, with its fingerprint."""
    assert "Inget har frågats än." in (await agneta.get(ASKED)).text
    assert "Ingen myndighet har frågat något än." in (await algot.get("/inquiries")).text
    mark = logs.mark("platform")
    assert (await ask(agneta, clock.now())).status == 303
    page = text((await algot.get("/inquiries")).text)
    assert "1 fråga väntar på svar." in page
    assert "Underlag för ett villkor · villkor 24." in page
    assert "Leverantörens tur" in page
    assert (await settle(agneta, "Visa protokollet", "accepted")).status == 409
    said = await answer(algot, "Visa protokollet", reference="Protokoll 7", sha256="ab" * 32)
    assert said.status == 303
    page = text((await agneta.get(ASKED)).text)
    assert "1 svar väntar på er." in page
    assert "Hänvisar till: Protokoll 7" in page
    assert "ab" * 32 in page
    assert (await settle(agneta, "Visa protokollet", "returned")).status == 400  # without another day
    back = await settle(agneta, "Visa protokollet", "returned", wanted=day_after(clock.now(), 9))
    assert back.status == 303
    assert "Leverantörens tur" in text((await agneta.get(ASKED)).text)
    assert (await answer(algot, "Visa protokollet", "Nu så")).status == 303
    known = fields_of((await agneta.get(ASKED)).text, "Visa protokollet")
    assert (await settle(agneta, "Visa protokollet", "accepted")).status == 303
    assert "Godtaget" in text((await agneta.get(ASKED)).text)
    # It is settled: nothing more is said in it, by either.
    late = {**known, "words": "Ett ord till", "authority": str(installation.authorities["ekbacka"].id)}
    assert (await algot.post("/inquiries", late)).status == 409
    assert (await agneta.post(SETTLE, {**known, "seen": "5", "deed": "withdrawn", "words": "Nej"})).status == 409
    told = [row for row in logs.since(mark, "platform") if row["event"].startswith("inquiry.")]
    assert [(row["event"], row["written_by"]) for row in told] == [
        ("inquiry.filed", "vaka_portal"), ("inquiry.answered", "vaka_office"), ("inquiry.returned", "vaka_portal"),
        ("inquiry.answered", "vaka_office"), ("inquiry.accepted", "vaka_portal"),
    ]  # fmt: skip
    assert {row["detail"]["authority"] for row in told} == {str(installation.authorities["ekbacka"].id)}
    digests = [row["digest"] for row in logs.ask("platform", "select digest from vaka.inquiry_message order by number")]
    assert [row["detail"]["digest"] for row in told] == digests
    assert "protokollet" not in str(told)


async def test_what_was_read_is_what_is_answered(agneta: Browser, algot: Browser, clock: TurnedClock) -> None:
    """Whoever speaks after something that he has not read is told so."""
    await ask(agneta, clock.now())
    seen = fields_of((await algot.get("/inquiries")).text, "Visa protokollet")
    assert (await answer(algot, "Visa protokollet")).status == 303
    again = await algot.post("/inquiries", {**seen, "words": "En gång till"})
    assert again.status == 409
    assert "Läs den en gång till" in again.text


async def test_a_deadline_is_a_whole_day_in_sweden(agneta: Browser, algot: Browser, clock: TurnedClock) -> None:
    """The day is over at midnight in Stockholm, in winter as in summer; nobody asks for yesterday."""
    for day, over in (("2026-01-15", "2026-01-15T23:00"), ("2026-07-15", "2026-07-15T22:00"),
                      ("2026-03-28", "2026-03-28T23:00"), ("2026-03-29", "2026-03-29T22:00")):  # fmt: skip
        deadline = deadline_after(datetime.fromisoformat(day).date())
        assert f"{deadline.astimezone(UTC):%Y-%m-%dT%H:%M}" == over
        assert str(last_day_before(deadline)) == day
    for days, status in ((-1, 400), (371, 400), (0, 303)):
        assert (await ask(agneta, clock.now(), f"Dag {days}", wanted=day_after(clock.now(), days))).status == status
    usual = day_after(clock.now(), SETTINGS.terms.answer_days)
    assert f'value="{usual}"' in (await agneta.get(ASKED)).text
    assert "Dag 371" not in (await algot.get("/inquiries")).text


@pytest.mark.turns_red("audit-requests")
async def test_term_37_2_a_request_that_is_overdue_is_seen_without_the_suppliers_doing(
    agneta: Browser, algot: Browser, clock: TurnedClock, installation: Installation
) -> None:
    """Both pages say so at the deadline, from what was said alone; and term 37 fails on both boards, and is the
    supplier's work.
    """
    values = {
        "id": new_identifier(clock.now()), "seen": 0, "act": "filed", "kind": "audit", "term": 37,
        "authority_id": installation.authorities["ekbacka"].id, "words": "Bjud in oss", "reference": "", "sha256": "",
        "file": None, "wanted_by": clock.now() + timedelta(seconds=20), "by": installation.accounts["agneta"],
        "now": clock.now(),
    }  # fmt: skip
    async with platform_as(installation.server, "portal") as connection:
        assert await (await connection.execute(QUERIES["say_in_inquiry"], values)).fetchone() == ("done",)
    await look(installation, clock.now())
    evidence = await evidence_of(installation, "audit-requests", clock.now())
    assert evidence.judgement.status is Status.MET  # asked, and there is time left
    clock.turn(19)
    for page in ((await agneta.get(ASKED)).text, (await algot.get("/inquiries")).text):
        assert "inquiry-late" not in page
    clock.turn(1)
    for page in ((await agneta.get(ASKED)).text, (await algot.get("/inquiries")).text):
        assert "inquiry-late" in page
        assert "Leverantören är sen" in text(page)
    await look(installation, clock.now())
    evidence = await evidence_of(installation, "audit-requests", clock.now())
    assert (evidence.judgement.status, evidence.judgement.count) == (Status.FAILING, 1)
    assert (await evidence_of(installation, "audit-requests", clock.now(), "norrvik")).judgement.status is (
        Status.NOT_ASKED
    )
    async with platform_as(installation.server, "office") as connection:
        boards = [
            await read_board(connection, one, clock.now()) for one in await list_supervised(connection, clock.now())
        ]
    [work] = [one for one in list_work(boards) if one.evidence.requirement.id == "audit-requests"]
    assert (work.turn, [place.address for place in work.places]) == ("supplier", ["/inquiries", "/audits"])
    # An answer ends it, though it is late; what was late is still in what was said.
    assert (await answer(algot, "Bjud in oss")).status == 303
    assert "inquiry-late" not in (await agneta.get(ASKED)).text


@pytest.mark.usefixtures("no_audit")
async def test_what_waits_for_the_authority_to_ask_is_owed_from_when_it_asks(
    agneta: Browser, clock: TurnedClock, installation: Installation
) -> None:
    """Ej begärt until then, and again when the question is withdrawn; an exercise is not asked for in this way."""
    for requirement in ("audit-requests", "log-verified", "exercise-hours"):
        judged = (await evidence_of(installation, requirement, clock.now())).judgement
        assert judged.status is Status.NOT_ASKED
    [number] = [term.number for term in load_terms() for one in term.requirements if one.id == "log-verified"]
    await ask(agneta, clock.now(), words="Granska loggen", term=str(number))
    await ask(agneta, clock.now(), words="Hur övar ni", term="36")
    judged = (await evidence_of(installation, "log-verified", clock.now())).judgement
    assert (judged.status, judged.reason) == (Status.UNTESTED, "no_evidence")
    assert abs(judged.since - clock.now()) < timedelta(minutes=1)
    assert (await evidence_of(installation, "exercise-hours", clock.now())).judgement.status is Status.NOT_ASKED
    await settle(agneta, "Granska loggen", "withdrawn")
    assert (await evidence_of(installation, "log-verified", clock.now())).judgement.status is Status.NOT_ASKED


async def test_nobody_speaks_for_the_other_side(
    agneta: Browser, algot: Browser, portal: Portal, clock: TurnedClock, installation: Installation
) -> None:
    """Readers of the portal read; neither process, nor the owner's own statement, says what the other side says."""
    rut, lovisa = [await enter_portal(portal, installation, who) for who in ("rut", "lovisa")]
    await ask(agneta, clock.now(), words="Bara ni")
    for reader in (rut, lovisa):
        page = await reader.get(ASKED)
        assert page.status == 200
        assert "Bara ni" in page.text
        assert "<textarea" not in page.text
        assert (await ask(reader, clock.now())).status == 403
    known = fields_of((await agneta.get(ASKED)).text, "Bara ni")
    values = {"id": known["inquiry"], "seen": 1, "authority_id": installation.authorities["ekbacka"].id, "kind": None,
              "term": None, "words": "Klart", "reference": "", "sha256": "", "file": None, "wanted_by": None,
              "now": clock.now()}  # fmt: skip
    adam, contract = installation.accounts["adam"], installation.accounts["agneta"]
    for component, act, who in (("office", "withdrawn", adam), ("office", "withdrawn", contract),
                                ("portal", "answered", adam), ("portal", "answered", contract),
                                ("portal", "withdrawn", installation.accounts["rut"]),
                                ("portal", "withdrawn", installation.accounts["beata"])):  # fmt: skip
        async with platform_as(installation.server, component) as connection:
            cursor = await connection.execute(QUERIES["say_in_inquiry"], {**values, "act": act, "by": who})
            assert await cursor.fetchone() == ("stranger",), (component, act)
    filed = {**values, "id": new_identifier(clock.now()), "seen": 0, "act": "filed", "kind": "audit",
             "wanted_by": clock.now() + timedelta(days=1), "by": contract}  # fmt: skip
    async with platform_as(installation.server, "portal") as connection:
        elsewhere = {**filed, "authority_id": installation.authorities["norrvik"].id}
        cursor = await connection.execute(QUERIES["say_in_inquiry"], elsewhere)
        assert await cursor.fetchone() == ("stranger",)


async def test_nobody_edits_or_takes_away_what_was_said(
    agneta: Browser, clock: TurnedClock, installation: Installation
) -> None:
    """Neither a process, nor the tables' owner, nor a superuser by a statement."""
    await ask(agneta, clock.now(), words="Står kvar")
    changes = (
        "update vaka.inquiry_message set words = 'x'", "delete from vaka.inquiry_message",
        "truncate vaka.inquiry_message, vaka.message_file", "update vaka.inquiry set kind = 'other'",
        "delete from vaka.inquiry",
        "insert into vaka.inquiry (id, authority_id, kind)"
        " select gen_random_uuid(), authority_id, 'other' from vaka.inquiry",
    )  # fmt: skip
    with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True) as superuser:
        for role in ("", "set role vaka_owner"):
            superuser.execute(role or "reset role")
            for change in changes:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    superuser.execute(change)
    for component in ("portal", "office", "scheduler", "setup"):
        async with platform_as(installation.server, component) as connection:
            for change in changes:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(change)
    assert "Står kvar" in (await agneta.get(ASKED)).text


async def test_no_other_authority_sees_anything_of_it(
    agneta: Browser, algot: Browser, portal: Portal, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    """A marker in every field that one can write in is on no page of another authority, and in no entry it sees."""
    niklas = await enter_portal(portal, installation, "niklas")
    await ask(agneta, clock.now(), words=MARKER)
    known = fields_of((await agneta.get(ASKED)).text, MARKER)
    await answer(algot, MARKER, f"Svar {MARKER}", reference=MARKER)
    await settle(agneta, MARKER, "returned", wanted=day_after(clock.now(), 2))
    await logs.seal_platform()
    assert MARKER in (await agneta.get(ASKED)).text
    pages = [await niklas.get(f"/log/norrvik/{page}") for page in ("inquiries", "terms", "registers", "supplier")]
    assert [page.status for page in pages] == [200] * len(pages)
    for page in pages:
        assert MARKER not in page.text
        assert known["inquiry"] not in page.text
    assert (await niklas.get(ASKED)).status == 404
    async with platform_as(installation.server, "portal") as connection:
        values = {"authority_id": installation.authorities["norrvik"].id, "inquiries": [known["inquiry"]], "most": 200}
        for statement in ("list_inquiries", "list_inquiry_messages"):
            assert await (await connection.execute(QUERIES[statement], values)).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("select from inquiry_message")


async def test_words_that_seem_to_name_somebody_are_not_kept(agneta: Browser, clock: TurnedClock) -> None:
    for words in ("", "  ", "Ring 070-174 06 05", "x" * 4001):
        assert (await ask(agneta, clock.now(), words)).status == 400, words
    assert "Inget har frågats än." in (await agneta.get(ASKED)).text


async def test_what_is_overdue_stays_on_the_page_whatever_others_ask(
    agneta: Browser, algot: Browser, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    """Neither newer questions of another authority, nor newer answers, push the oldest one off."""
    await ask(agneta, clock.now(), words="Den äldsta")
    by, norrvik = installation.accounts["agneta"], installation.authorities["norrvik"].id
    logs.execute(
        "platform",
        "with made as (insert into vaka.inquiry (id, authority_id, kind)"
        f" select gen_random_uuid(), '{norrvik}', 'other' from generate_series(1, {2 * MOST_LISTED}) returning id),"
        " counted as (select id, row_number() over () as n from made)"
        " insert into vaka.inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by,"
        " made_at) select id, s.number, s.act, 'Senare', '', '', case when s.number = 1 then now() + interval '9 days'"
        f" end, repeat('0', 64), '{by}', now() + interval '1 day' from counted"
        " cross join (values (1, 'filed'), (2, 'answered')) as s (number, act) where n % 2 = 0 or s.number = 1",
        unguarded=True,
    )
    page = (await algot.get("/inquiries")).text
    assert "Senare" in page
    assert page.index("Den äldsta") < page.index("Senare")
    async with platform_as(installation.server, "office") as connection:
        listed = await list_every_inquiry(connection)
    assert (len(listed), listed[0].words) == (MOST_LISTED, "Den äldsta")
    assert {one.turn for one in listed} == {"supplier"}


async def test_one_authority_has_so_many_questions_waiting_at_a_time(
    agneta: Browser, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    for number in range(MOST_WAITING):
        assert (await ask(agneta, clock.now(), words=f"Fråga nummer {number:03}")).status == 303
    refused = await ask(agneta, clock.now(), words="En för mycket")
    assert refused.status == 409
    assert f"{MOST_WAITING} av era frågor väntar redan" in refused.text
    assert (await settle(agneta, "Fråga nummer 000", "withdrawn")).status == 303
    assert (await ask(agneta, clock.now(), words="Nu går det")).status == 303


async def test_an_exchange_that_is_full_says_so_and_can_still_be_settled(
    agneta: Browser, algot: Browser, clock: TurnedClock, logs: Logs
) -> None:
    await ask(agneta, clock.now(), words="Utan slut")
    logs.execute(
        "platform",
        "insert into vaka.inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by,"
        " made_at) select m.inquiry, n, case n % 2 when 0 then 'answered' else 'returned' end, 'Igen', '', '', case"
        " n % 2 when 1 then m.wanted_by end, m.digest, m.made_by, m.made_at from vaka.inquiry_message m,"
        " generate_series(2, 499) n",
        unguarded=True,
    )
    refused = await answer(algot, "Utan slut")
    assert refused.status == 409
    assert "rymmer inte fler svar" in refused.text
    assert (await settle(agneta, "Utan slut", "withdrawn")).status == 303

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A term does not concern an authority only while that agrees: until a day, and taken back at will."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.asking import day_after, fields_in_form, propose
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import at_its_start, enter
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.assurance.assessment import Status
from vaka.assurance.evidence import QUERIES, list_supervised
from vaka.assurance.exclusions import list_exclusions
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.identifiers import new_identifier
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.office.office import Office
from vaka.web.portal.application import ADDRESSES as PORTAL
from vaka.web.portal.portal import Portal
from vaka.web.terms_board import read_board

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/exclusions"
TERM = 19


@pytest.fixture(autouse=True)
def nothing_left_out(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was proposed before, and nothing stays."""
    forget = "truncate vaka.exclusion cascade"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


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


async def status_of(installation: Installation, clock: TurnedClock, slug: str = "ekbacka") -> Status:
    """How the term stands: the same for the portal and for the office."""
    seen = []
    for component in ("portal", "office"):
        async with platform_as(installation.server, component) as connection:
            [one] = [found for found in await list_supervised(connection, clock.now()) if found.slug == slug]
            board = await read_board(connection, one, clock.now())
        seen += [tile.judgement for tile in board.tiles if tile.term.number == TERM]
    assert seen[0] == seen[1]
    return seen[0].status


async def agree(agneta: Browser, clock: TurnedClock, days: int = 30, **more: str) -> int:
    fields = fields_in_form((await agneta.get(HERE)).text, f"{HERE}/agree")
    return (await agneta.post(f"{HERE}/agree", {**fields, "last": day_after(clock.now(), days), **more})).status


async def test_a_term_is_left_out_only_while_the_authority_agrees(
    agneta: Browser, algot: Browser, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    """On both boards at once; for no other authority; and owed again as soon as it is taken back."""
    assert "Alla villkor gäller er" in (await agneta.get(HERE)).text
    assert "Alla villkor gäller alla myndigheter." in (await algot.get("/exclusions")).text
    mark = logs.mark("platform")
    ekbacka = str(installation.authorities["ekbacka"].id)
    proposal = {"authority": ekbacka, "term": str(TERM), "reason": "Inga hallar"}
    assert (await algot.post("/exclusions", {**proposal, "reason": ""})).status == 400
    assert (await algot.post("/exclusions", proposal)).status == 303
    assert (await algot.post("/exclusions", proposal)).status == 409  # it waits already
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE
    assert await agree(agneta, clock, digest="0" * 64) == 409
    assert await agree(agneta, clock, days=-1) == 400
    assert await agree(agneta, clock, days=400) == 400
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE
    assert await agree(agneta, clock) == 303
    assert await status_of(installation, clock) is Status.NOT_APPLICABLE
    assert await status_of(installation, clock, "norrvik") is not Status.NOT_APPLICABLE
    for browser, board in ((agneta, "/log/ekbacka/terms"), (algot, "/terms/ekbacka")):
        tile = (await browser.get(board)).text.partition(f'id="term-{TERM}"')[2].partition('id="term-')[0]
        assert "Ej tillämpligt" in tile
        assert "Myndigheten har godtagit" in tile
    await logs.seal_platform()
    assert await status_of(installation, clock) is Status.NOT_APPLICABLE
    fields = fields_in_form((await agneta.get(HERE)).text, f"{HERE}/end")
    assert (await agneta.post(f"{HERE}/end", fields)).status == 303
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE
    told = [(one["event"], one["detail"]["authority"]) for one in logs.since(mark, "platform")
            if one["event"].startswith("exclusion.")]  # fmt: skip
    assert told == [(f"exclusion.{what}", ekbacka) for what in ("proposed", "approved", "ended")]


async def test_it_ends_by_itself(agneta: Browser, clock: TurnedClock, installation: Installation) -> None:
    """After the last day that the authority stated, and at no one's hand; until then it holds."""
    await propose(installation, clock.now())
    assert await agree(agneta, clock, days=0) == 303
    async with platform_as(installation.server, "portal") as connection:
        values = {"authority_id": installation.authorities["ekbacka"].id, "at": clock.now()}
        row = await (await connection.execute(QUERIES["list_exclusions"], values)).fetchone()
    assert row is not None
    until = row[8]
    clock.turn((until - clock.now() - timedelta(seconds=1)).total_seconds())
    assert await status_of(installation, clock) is Status.NOT_APPLICABLE
    clock.turn(1)
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE


async def test_the_supplier_agrees_to_nothing_itself(
    agneta: Browser, clock: TurnedClock, installation: Installation, logs: Logs, portal: Portal
) -> None:
    """Neither by the office's process, nor by a row that somebody wrote past the triggers: the log does not know it."""
    await propose(installation, clock.now())
    [one] = logs.ask("platform", "select id, digest from vaka.exclusion_standing")
    values = {"id": one["id"], "authority_id": installation.authorities["ekbacka"].id, "digest": one["digest"],
              "until": clock.now() + timedelta(days=9), "now": clock.now()}  # fmt: skip
    adam, contract = installation.accounts["adam"], installation.accounts["agneta"]
    for who in (adam, contract):
        async with platform_as(installation.server, "office") as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(QUERIES["approve_exclusion"], {**values, "by": who})
    for who in (adam, installation.accounts["beata"], installation.accounts["niklas"]):
        async with platform_as(installation.server, "portal") as connection:
            cursor = await connection.execute(QUERIES["approve_exclusion"], {**values, "by": who})
            assert await cursor.fetchone() == ("stranger",)
    row = (
        "insert into vaka.exclusion_step (exclusion, step, until, made_by, made_at)"
        f" values ('{one['id']}', 'approved', now() + interval '9 days', '{contract}', now())"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        logs.execute("platform", row)
    logs.execute("platform", row, unguarded=True)
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE
    assert "Loggen känner inte till det" in (await agneta.get(HERE)).text
    for persona in ("rut", "beata"):
        reader = await enter_portal(portal, installation, persona)
        assert "Inga hallar" in (await reader.get(HERE)).text
        assert (await reader.post(f"{HERE}/end", {"exclusion": str(one["id"])})).status == 403


async def test_a_term_that_was_agreed_on_for_longer_than_the_row_says_is_owed(
    agneta: Browser, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    """The day is part of what the log has a fingerprint of."""
    await propose(installation, clock.now())
    assert await agree(agneta, clock) == 303
    assert await status_of(installation, clock) is Status.NOT_APPLICABLE
    logs.execute("platform", "update vaka.exclusion_step set until = until + interval '90 days'", unguarded=True)
    assert await status_of(installation, clock) is not Status.NOT_APPLICABLE


async def test_of_another_authority_nothing_is_seen_or_ended(
    agneta: Browser, portal: Portal, clock: TurnedClock, installation: Installation
) -> None:
    await propose(installation, clock.now(), reason="Märkligt-Ekorre-8")
    niklas = await enter_portal(portal, installation, "niklas")
    for page in ("exclusions", "terms"):
        assert "Märkligt-Ekorre-8" not in (await niklas.get(f"/log/norrvik/{page}")).text
    fields = fields_in_form((await agneta.get(HERE)).text, f"{HERE}/agree")
    values = {"id": fields["exclusion"], "authority_id": installation.authorities["norrvik"].id,
              "by": installation.accounts["adam"], "now": clock.now()}  # fmt: skip
    async with platform_as(installation.server, "office") as connection:
        for known in (values, {**values, "id": new_identifier(clock.now()), "authority_id": uuid4()}):
            cursor = await connection.execute(QUERIES["end_exclusion"], known)
            assert await cursor.fetchone() == ("gone",)
        assert await list_exclusions(connection, clock.now(), uuid4()) == []
    async with platform_as(installation.server, "portal") as connection:
        assert await list_exclusions(connection, clock.now()) == []


async def test_what_waits_and_what_holds_is_listed_before_what_is_over(
    agneta: Browser, clock: TurnedClock, installation: Installation, logs: Logs
) -> None:
    """However many there are of another authority that are over, and newer."""
    await propose(installation, clock.now())
    assert await agree(agneta, clock) == 303
    await propose(installation, clock.now(), term=20, reason="Väntar än")
    norrvik, adam = installation.authorities["norrvik"].id, installation.accounts["adam"]
    logs.execute(
        "platform",
        "with made as (insert into vaka.exclusion (id, authority_id, term, reason, proposed_by, proposed_at)"
        f" select gen_random_uuid(), '{norrvik}', 19, 'Över', '{adam}', now() + interval '1 day'"
        " from generate_series(1, 200) returning id)"
        f" insert into vaka.exclusion_step (exclusion, step, made_by, made_at) select id, 'ended', '{adam}', now()"
        " from made",
        unguarded=True,
    )
    async with platform_as(installation.server, "office") as connection:
        listed = await list_exclusions(connection, clock.now())
    assert [(one.term, one.state(clock.now())) for one in listed[:3]] == [(20, "waits"), (19, "holds"), (19, "over")]


async def test_the_log_is_not_asked_for_what_is_over(
    agneta: Browser, clock: TurnedClock, installation: Installation
) -> None:
    """Which terms are left out is asked each minute; exclusions that are over are never fewer."""
    await propose(installation, clock.now())
    assert await agree(agneta, clock, days=0) == 303
    calls = "select pg_stat_get_xact_function_calls('ledger.is_exclusion_told(uuid,text)'::regprocedure)"
    asked = []
    for at in (clock.now(), clock.now() + timedelta(days=2)):
        with psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)) as superuser:
            superuser.execute("set track_functions = 'all'")
            superuser.execute("select from vaka.list_left_out(%s)", (at,))
            asked += superuser.execute(calls).fetchall()
    assert asked == [(1,), (None,)]


async def test_no_address_sets_how_a_term_stands() -> None:
    """Of all that either side can send about terms, nothing has a status in it."""
    sent = {
        one.path for one in (*PORTAL, *OFFICE) if "POST" in one.methods and ("term" in one.path or "excl" in one.path)
    }
    assert sent == {
        "/log/{authority}/terms/pack", "/log/{authority}/exclusions/agree", "/log/{authority}/exclusions/end",
        "/exclusions", "/exclusions/end",
    }  # fmt: skip

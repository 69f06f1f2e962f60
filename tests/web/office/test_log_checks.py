# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority says that it verified its log (term 26): held against what the log signed; wrong is red, for both."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import at_its_start
from tests.web.office.conftest import enter as enter_office
from tests.web.portal.conftest import SETTINGS, Logs, enter
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status, judge
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import enter_look, list_supervised, read_standings
from vaka.assurance.log_checks import list_log_checks, require_verified
from vaka.assurance.log_claims import UnusableCheckError, read_claim
from vaka.assurance.tasks import list_term_tasks
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import LOCAL, SystemClock, TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role
from vaka.ledger.checkpoints import Checkpoint
from vaka.tenants.gateway import Gateway
from vaka.web.office.office import Office
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/checks"
NAME = "log-verified"
REQUIREMENT = find_requirements(load_terms())[NAME]


@pytest.fixture(autouse=True)
def nothing_reported(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was reported or asked before, and nothing stays."""
    forget = "truncate vaka.log_check, vaka.look cascade; truncate vaka.inquiry cascade"
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
async def lovisa(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's log reviewer."""
    return await enter(portal, installation, "lovisa")


@pytest.fixture
async def checkpoint(lovisa: Browser) -> str:
    """The log's newest, as the reviewer saves it."""
    return (await lovisa.get("/log/ekbacka/checkpoint")).text


def minute(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%dT%H:%M}"


def numbers(checkpoint: str) -> tuple[int, str]:
    """Return the size and the root of a checkpoint, the root as people write it."""
    _, size, root = checkpoint.splitlines()[:3]
    return int(size), b64decode(root).hex()


def output(checkpoint: str, wrong: dict[str, str] | None = None, **changed: Any) -> str:
    """Return what ``vaka verify --json`` prints of a checkpoint."""
    size, root = numbers(checkpoint)
    checked = {"origin": checkpoint.splitlines()[0], "size": size, "root": root, "witnesses": ["w.example/1"]}
    said = {"verified": wrong is None, "wrong": wrong, "not_checked": None, "checked": {**checked, **changed}}
    return json.dumps(said, ensure_ascii=False, indent=2)


async def look(installation: Installation, now: datetime, slug: str = "ekbacka") -> tuple[Status, str]:
    """Let the collector look, and judge by what the authority is owed."""
    pool = make_pool(installation.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=1)
    await pool.open()
    try:
        authorities = [one.id for name, one in installation.authorities.items() if name != "mottagning"]
        found = await COLLECTORS[NAME](Place(pool, Gateway(installation.server, "scheduler", []), authorities), now)
    finally:
        await pool.close()
    async with platform_as(installation.server, "scheduler") as scheduler:
        await enter_look(scheduler, REQUIREMENT, found, now)
    return await judged(installation, now, slug)


async def judged(installation: Installation, now: datetime, slug: str = "ekbacka") -> tuple[Status, str]:
    """Judge by what was seen so far."""
    async with platform_as(installation.server, "portal") as connection:
        [one] = [found for found in await list_supervised(connection, now) if found.slug == slug]
        judgement = judge(REQUIREMENT, (await read_standings(connection, one.id)).get(NAME), one.contract, now)
    return judgement.status, judgement.reason


@pytest.mark.turns_red("log-verified")
async def test_what_the_authority_verified_is_evidence_and_what_it_found_wrong_is_red(
    lovisa: Browser, office: Office, clock: TurnedClock, installation: Installation, logs: Logs, checkpoint: str
) -> None:
    """Owed from the first report on; enough for 92 days; wrong until the authority itself says otherwise."""
    assert await look(installation, clock.now()) == (Status.NOT_ASKED, "not_asked")
    at = minute(clock.now())
    mark = logs.mark("platform")
    assert (await lovisa.post(HERE, {"pasted": checkpoint, "at": at})).status == 303
    assert await look(installation, clock.now()) == (Status.MET, "none")
    assert await look(installation, clock.now(), "norrvik") == (Status.NOT_ASKED, "not_asked")
    size, root = numbers(checkpoint)
    [entry] = [one for one in logs.since(mark, "platform") if one["event"] == "log.verified"]
    assert (entry["written_by"], entry["detail"]["size"], entry["detail"]["root"]) == ("vaka_portal", size, root)
    assert await look(installation, clock.now() + timedelta(days=91)) == (Status.MET, "none")
    assert await look(installation, clock.now() + timedelta(days=93)) == (Status.OUTDATED, "overdue")

    clock.turn(61)
    logs.execute("platform", "truncate vaka.look cascade", unguarded=True)
    said = output(checkpoint, {"code": "tile", "where": "tile/0/000", "sv": "", "en": ""})
    words = {"words": "Hasharna stämmer inte", "at": minute(clock.now() - timedelta(minutes=1))}
    assert (await lovisa.post(f"{HERE}/wrong", {**words, "pasted": said})).status == 303
    assert await look(installation, clock.now()) == (Status.FAILING, "wrong")
    async with platform_as(installation.server, "office") as connection:
        [one] = [found for found in await list_supervised(connection, clock.now()) if found.slug == "ekbacka"]
        standings = await read_standings(connection, one.id)
    [task] = [
        one for one in list_term_tasks(standings, one.contract, clock.now()) if one.about == f"requirement:{NAME}"
    ]
    assert (task.turn, task.term) == ("supplier", 26)
    told = logs.ask("platform", "select kind, authority_id from vaka.notice where event = 'log.doubted' order by kind")
    theirs, ours = installation.authorities["ekbacka"].id, installation.authorities["mottagning"].id
    assert [(row["kind"], row["authority_id"]) for row in told] == [("log_check", theirs), ("log_check_own", ours)]
    adam = await enter_office(replace(office, clock=clock), installation, "adam")
    page = (await adam.get("/log-checks")).text
    assert "Hasharna stämmer inte (tile: tile/0/000)" in page
    assert root in page

    # What was verified before it was found, or in that very minute, does not undo it; what is verified after it does.
    before = await lovisa.post(HERE, {"pasted": checkpoint, "at": at})
    assert (before.status, "Något har befunnits fel senare" in before.text) == (409, True)
    clock.turn(1)
    assert (await lovisa.post(HERE, {"pasted": checkpoint, "at": minute(clock.now())})).status == 303
    assert await look(installation, clock.now()) == (Status.MET, "none")


@pytest.mark.turns_red("log-verified", stopped=True)
async def test_where_nobody_looks_any_more_it_is_not_green(
    lovisa: Browser, clock: TurnedClock, installation: Installation, checkpoint: str
) -> None:
    assert (await lovisa.post(HERE, {"pasted": checkpoint, "at": minute(clock.now())})).status == 303
    assert await look(installation, clock.now()) == (Status.MET, "none")
    assert REQUIREMENT.looked is not None
    later = clock.now() + REQUIREMENT.looked + timedelta(seconds=1)
    assert await judged(installation, later) == (Status.UNTESTED, "collector_down")


async def test_a_checkpoint_that_the_log_never_had_is_no_evidence(
    lovisa: Browser, clock: TurnedClock, installation: Installation, checkpoint: str
) -> None:
    size, root = numbers(checkpoint)
    forged = Checkpoint(checkpoint.splitlines()[0], size, bytes(32)).text
    foreign = checkpoint.replace("authority/ekbacka", "authority/norrvik")
    wrong = output(checkpoint, {"code": "tile", "where": "tile/0/000", "sv": "", "en": ""})
    told: dict[str, list[dict[str, str]]] = {
        "har aldrig haft den kontrollpunkten": [
            {"pasted": checkpoint.replace(checkpoint.splitlines()[2], forged.splitlines()[2])},
            {"pasted": output(checkpoint, root="0" * 64)}, {"size": str(size - 1), "root": root},
            {"size": str(size + 1), "root": root}, {"size": str(size), "root": "0" * 64},
        ],
        "en annan logg": [{"pasted": foreign}, {"pasted": output(foreign)}],
        "varken en kontrollpunkt": [
            {"pasted": "VERIFIED"}, {"pasted": "{}"}, {"pasted": "{" * 5000}, {"size": "-1", "root": root},
            {"size": str(size), "root": "noll"}, {"pasted": output(checkpoint, size=True)},
        ],
        "vilken kontrollpunkt": [{}],
        "Säg det i stället": [{"pasted": wrong}],
        "kunde loggen inte kontrolleras": [
            {"pasted": output(checkpoint).replace('"not_checked": null', '"not_checked": "x"')}
        ],
    }  # fmt: skip
    for words, several in told.items():
        for fields in several:
            said = await lovisa.post(HERE, {"at": minute(clock.now()), **fields})
            assert (said.status, words in said.text) == (400, True), fields
    for at in ("", "igår", minute(clock.now() + timedelta(minutes=2)), minute(clock.now() - timedelta(days=3))):
        assert (await lovisa.post(HERE, {"pasted": checkpoint, "at": at})).status == 400
    for fields in ({"pasted": output(checkpoint)}, {"size": str(size), "root": root.upper()}):
        assert (await lovisa.post(HERE, {"at": minute(clock.now()), **fields})).status == 303
        clock.turn(1)
    async with platform_as(installation.server, "portal") as connection:
        kept = await list_log_checks(connection, installation.authorities["ekbacka"].id)
    assert [(one.means, one.size, one.witnesses) for one in kept] == [("numbers", size, 0), ("verifier", size, 1)]


async def test_an_old_log_is_no_evidence_of_what_came_later(
    portal: Portal, clock: TurnedClock, installation: Installation, checkpoint: str
) -> None:
    """Nor is one verified before it was there."""
    ekbacka = installation.authorities["ekbacka"]
    claim = read_claim(checkpoint, "", "", SETTINGS.ledger.log_name("ekbacka"), None)
    async with portal.gateway.transaction(ekbacka.id) as tenant:
        assert await require_verified(tenant, claim, clock.now() + timedelta(days=30)) is claim
        for days, why in ((32, "stale"), (-1, "when")):
            with pytest.raises(UnusableCheckError) as refused:
                await require_verified(tenant, claim, clock.now() + timedelta(days=days))
            assert refused.value.why == why


async def test_what_is_wrong_can_be_said_with_and_without_a_checkpoint(
    lovisa: Browser, clock: TurnedClock, installation: Installation, checkpoint: str
) -> None:
    """Two histories are what a verification is for: a whole checkpoint that the database denies is kept, as that."""
    size, root = numbers(checkpoint)
    other = checkpoint.replace(checkpoint.splitlines()[2], Checkpoint("x", 1, bytes(32)).text.splitlines()[2])
    gone = json.dumps({"verified": False, "wrong": {"code": "missing", "where": "checkpoint"}, "not_checked": None,
                       "checked": {"origin": "", "size": 0, "root": "", "witnesses": []}})  # fmt: skip
    words = {"words": "Något är fel", "at": minute(clock.now())}
    for refused in ({"words": ""}, {"words": "Ring 070-1740605"}, {"size": str(size), "root": "0" * 64},
                    {"pasted": output(checkpoint)}):  # fmt: skip
        assert (await lovisa.post(f"{HERE}/wrong", {**words, **refused})).status == 400, refused
    for fields in ({"pasted": other}, {"size": str(size), "root": root}, {}, {"pasted": gone}):
        assert (await lovisa.post(f"{HERE}/wrong", {**words, **fields})).status == 303, fields
        clock.turn(1)
    async with platform_as(installation.server, "portal") as connection:
        kept = await list_log_checks(connection, installation.authorities["ekbacka"].id)
    assert [(one.means, one.agrees, one.words) for one in reversed(kept)] == [
        ("checkpoint", False, "Något är fel"), ("numbers", True, "Något är fel"), ("none", False, "Något är fel"),
        ("none", False, "Något är fel (missing: checkpoint)"),
    ]  # fmt: skip
    assert "har aldrig haft den här rothashen" in (await lovisa.get(HERE)).text


async def test_nobody_else_says_so(
    portal: Portal, clock: TurnedClock, installation: Installation, checkpoint: str
) -> None:
    """No other role of the authority, no other process, nobody by hand; and no other authority reads it."""
    agneta = await enter(portal, installation, "agneta")
    for path in (HERE, f"{HERE}/wrong"):
        said = await agneta.post(path, {"pasted": checkpoint, "at": minute(clock.now()), "words": "Fel"})
        assert said.status == 403
    size, root = numbers(checkpoint)
    ekbacka, accounts = installation.authorities["ekbacka"].id, installation.accounts
    values = ("verified", size, root, True, "numbers", 0, "", clock.now())
    call = "select report_log_check(gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    async with platform_as(installation.server, "portal") as connection:
        for who in ("agneta", "adam"):
            row = await (await connection.execute(call, (ekbacka, *values, accounts[who], clock.now()))).fetchone()
            assert row == ("stranger",)
    async with platform_as(installation.server, "office") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(call, (ekbacka, *values, accounts["lovisa"], clock.now()))
    with (
        psycopg.connect(installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)) as hand,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        hand.execute(
            "insert into vaka.log_check (id, authority_id, result, size, root, agrees, means, witnesses,"
            " words, checked_at, digest, made_by, made_at) values (gen_random_uuid(), %s, 'verified', 1, %s, true,"
            " 'numbers', 0, '', now(), %s, %s, now())", (ekbacka, root, root, accounts["lovisa"]),
        )  # fmt: skip

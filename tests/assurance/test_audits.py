# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An audit from the request to its end: who does what, whose turn it is, and what an auditor's role is worth when."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.assurance.auditing import DAY, Parties, new_parties
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from vaka.access.decide import NotAllowedError, may
from vaka.access.grants import read_grants
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.assurance.audits import is_audited_out, list_audit_findings, list_audited_sites, list_audits
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.tenants.authorities import Authority
from vaka.web.portal.scope import is_within, require_scope

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOON = START + DAY + timedelta(hours=12)
OVER = START + 8 * DAY


@pytest.fixture
async def parties(server: Server, new_authority: Callable[..., Authority]) -> Parties:
    return await new_parties(server, new_authority().id)


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, object]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def test_it_always_shows_whose_turn_it_is_and_each_step_is_an_entry(
    parties: Parties, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    mark = newest(onlooker)
    one, said = await parties.ask()
    assert said == "done"
    seen = [((await parties.find(one)).state(START), (await parties.find(one)).turn(START))]

    async def then(side: str, name: str, *, at: timedelta = timedelta(), **values: Any) -> None:
        assert await parties.say(side, name, at=START + at, id=one, **values) == "done", name
        found = await parties.find(one)
        seen.append((found.state(START + at), found.turn(START + at)))

    other: dict[str, Any] = {
        "starts_at": START + 2 * DAY,
        "ends_at": START + 9 * DAY,
        "words": "Den veckan är upptagen",
    }
    await then("office", "propose_audit", **other)
    digest = (await parties.find(one)).digest
    assert await parties.agree(one, side="office") == "gone", "nobody agrees to what he proposed himself"
    assert await parties.say("portal", "agree_audit", at=START, id=one, sha256="0" * 64) == "changed"
    await then("portal", "agree_audit", sha256=digest)
    assert await parties.say("office", "propose_audit", at=START, id=one, **other) == "gone", "it is agreed"
    assert (await parties.find(one)).state(START + 3 * DAY) == "running"
    await then("portal", "end_audit", at=4 * DAY)
    await then("portal", "close_audit", at=4 * DAY, held=True)
    assert seen == [
        ("asked", "office"), ("proposed", "portal"), ("agreed", "nobody"), ("over", "portal"), ("closed", "nobody"),
    ]  # fmt: skip
    told = [entry["event"] for entry in entries(onlooker, mark) if entry["object"] == f"audit:{one}"]
    assert told == [f"audit.{what}" for what in ("asked", "proposed", "agreed", "ended", "closed")]
    assert "upptagen" not in str(entries(onlooker, mark)), "no word that was written"


async def test_term_37_1_an_auditors_role_is_worth_something_within_the_audit_alone(parties: Parties) -> None:
    async def roles(at: timedelta) -> set[str]:
        return {one.role for one in (await parties.principal(START + at)).grants}

    assert await roles(timedelta()) == set(), "he has the role, and no audit"
    one = (await parties.ask())[0]
    assert await roles(2 * DAY) == set(), "nobody has agreed"
    assert await parties.agree(one) == "done"
    assert await roles(timedelta()) == set(), "it has not begun"
    assert await roles(DAY) == {"auditor"}
    assert await roles(8 * DAY - timedelta(seconds=1)) == {"auditor"}
    assert await roles(8 * DAY) == set(), "it ends by itself"
    async with platform_as(parties.server, "portal") as portal:
        assert await is_audited_out(portal, parties.auditor, OVER)
        assert not await is_audited_out(portal, parties.auditor, NOON)
        assert not await is_audited_out(portal, parties.officer, OVER)
    for component in ("desk", "registry", "office", "signin"):
        async with platform_as(parties.server, component) as connection:
            assert await read_grants(connection, parties.auditor, OVER) == (), component


async def test_term_37_1_he_sees_his_tenant_and_his_scope_and_writes_nothing_outside_it(
    parties: Parties, new_authority: Callable[..., Authority]
) -> None:
    await parties.arrange(terms=[9, 20])
    rut, elsewhere = await parties.principal(NOON), new_authority().id
    assert find_scope(rut, parties.authority) == frozenset({9, 20})
    assert not any(may(rut, one, elsewhere) for one in Permission)
    # Which cases he may read, the terms in his scope decide (web/portal/test_auditor.py).
    read = {
        Permission.PORTAL_READ_LOG, Permission.PORTAL_SEE_ACCESS, Permission.PORTAL_SEE_TERMS,
        Permission.PORTAL_READ_CASES,
    }  # fmt: skip
    own = {Permission.PORTAL_AUDIT, Permission.PORTAL_OWN_KEYS, Permission.PORTAL_OWN_SESSIONS}
    assert {one for one in Permission if may(rut, one, parties.authority)} == read | own
    for path in ("/access", "/access/report/2026", "/audits", "/terms", "/keys"):
        require_scope(rut, parties.authority, path, Permission.PORTAL_SEE_TERMS)
    for path in ("", "/entry/4", "/holders", "/supplier", "/terms/pack", "/tasks", "/exercises", "/anything-new"):
        with pytest.raises(NotAllowedError):
            require_scope(rut, parties.authority, path, Permission.PORTAL_SEE_TERMS)
    assert is_within(None, "/anything-new"), "colleagues who work there are bounded by their roles"


async def test_term_37_1_the_supplier_makes_no_auditor_of_anybody(
    parties: Parties, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    """He asks for no audit, agrees to none but the authority's, and what he writes into one is agreed to by nobody."""
    wish: dict[str, Any] = {
        "id": uuid4(), "authority_id": parties.authority, "kind": "audit", "terms": [1], "site": None, "about": "x",
        "looks_from": START - DAY, "looks_until": START, "auditors": [parties.auditor], "starts_at": START + DAY,
        "ends_at": START + 2 * DAY, "answer_by": START + DAY,
    }  # fmt: skip
    for by in (parties.administrator, parties.auditor):
        assert await parties.say("portal", "ask_audit", at=START, by=by, **wish) == "stranger"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await parties.say("office", "ask_audit", at=START, **wish)
    one = await parties.arrange(terms=[9])
    for login in ("vaka_office", "vaka_portal", "vaka_setup"):
        async with platform_as(parties.server, login.removeprefix("vaka_")) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute("update vaka.audit set terms = '{1}' where id = %s", (one,))
    for statement in (
        "update vaka.audit set terms = '{1,2,3}' where id = %s", "delete from vaka.audit where id = %s",
        "update vaka.audit set ends_at = ends_at + interval '90 days' where id = %s",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            onlooker.execute(statement.encode(), (one,))
    # With the triggers off he can write what he likes; it is not what was agreed to, and so opens nothing.
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute("update vaka.audit set ends_at = ends_at + interval '90 days' where id = %s", (one,))
    onlooker.execute("set session_replication_role = origin")
    assert (await parties.principal(NOON)).grants == ()


async def test_nobody_is_an_auditor_who_does_not_have_the_role(parties: Parties) -> None:
    assert (await parties.ask(auditors=[parties.officer]))[1] == "auditors"
    assert (await parties.ask(auditors=[]))[1] == "auditors"
    assert (await parties.ask(ends_at=START - DAY))[1] == "times"
    assert (await parties.ask(answer_by=START))[1] == "deadline"


async def test_the_supplier_buys_no_time_by_proposing_another(parties: Parties) -> None:
    """Only what was agreed on and not held is owed in as long a time anew (test_term_19_5_…)."""

    async def propose(side: str, at: timedelta, starts: timedelta = 30 * DAY) -> str:
        times: dict[str, Any] = {
            "starts_at": START + starts,
            "ends_at": START + starts + DAY,
            "words": "Den veckan är upptagen",
        }
        return await parties.say(side, "propose_audit", at=START + at, id=one, **times)

    far: dict[str, Any] = {"starts_at": START + 367 * DAY, "ends_at": START + 368 * DAY}
    assert (await parties.ask(**far))[1] == "times"
    one, said = await parties.ask(answer_by=START + 14 * DAY)
    assert said == "done"
    assert await propose("office", DAY, 368 * DAY) == "times"
    owed = []
    for at in (DAY, 13 * DAY, 20 * DAY):
        assert await propose("office", at) == "done"
        assert not (await parties.find(one)).owes_answer, "it has answered"
        assert await propose("portal", at + DAY) == "done"
        found = await parties.find(one)
        owed.append((found.answer_by - START, found.moved, found.owes_answer))
    assert owed == [(14 * DAY, 1, True), (17 * DAY, 2, True), (24 * DAY, 3, True)], "as it was, or three days to answer"
    assert await propose("portal", 25 * DAY) == "done"
    assert (await parties.find(one)).is_late(START + 25 * DAY), "nor does the authority give any by proposing twice"
    brief, _ = await parties.ask(answer_by=START + DAY)
    one = brief
    assert await propose("office", 2 * DAY) == "done"
    assert await propose("portal", 2 * DAY) == "done"
    assert (await parties.find(one)).answer_by == START + 3 * DAY, "nor more than it had first"


async def test_an_authority_is_told_of_the_halls_that_it_is_shown(
    parties: Parties, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    hall = uuid4()

    async def told() -> bool:
        async with platform_as(parties.server, "portal") as portal:
            return hall in await list_audited_sites(portal, parties.authority)

    wish: dict[str, Any] = {"kind": "visit", "terms": [19], "site": hall}
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute(
        "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        " values (%s, 1, 'sites', 'in_force', %s, 1, %s, %s, %s)",
        (hall, Jsonb({"title": "Berget"}), bytes(32), parties.administrator, START),
    )
    assert (await told(), (await parties.ask(**wish))[1]) == (False, "site"), "of everybody, and shown to nobody"
    showing = "insert into vaka.register_showing values ('sites', %s, %s, %s)"
    onlooker.execute(showing, (parties.authority, "counts", START))
    assert (await told(), (await parties.ask(**wish))[1]) == (False, "site"), "how many there are says not which"
    onlooker.execute("update vaka.register_showing set how = 'entries' where authority_id = %s", (parties.authority,))
    assert (await told(), (await parties.ask(**wish))[1]) == (True, "done")


async def test_what_was_found_becomes_an_action_that_both_see(
    parties: Parties, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    one, finding = await parties.arrange(), uuid4()
    noted: dict[str, Any] = {"finding_id": finding, "id": one, "finding": "Två konton utan slutdag"}
    for by in (parties.administrator, uuid4()):
        assert await parties.say("portal", "note_audit_finding", at=NOON, by=by, **noted) == "stranger"
    assert await parties.say("portal", "note_audit_finding", at=START, by=parties.auditor, **noted) == "stranger"
    assert await parties.say("portal", "note_audit_finding", at=NOON, by=parties.auditor, **noted) == "done"
    entry = uuid4()
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute(
        "insert into vaka.register_version (entry, number, register, state, fields, concerned, content, digest,"
        " made_by, made_at) values (%s, 1, 'findings', 'open', %s, %s, 1, %s, %s, %s)",
        (
            entry, Jsonb({"title": "Slutdagar", "owner": str(parties.administrator), "due": "2026-06-01"}),
            [parties.authority], bytes(32), parties.administrator, START,
        ),
    )  # fmt: skip
    onlooker.execute("set session_replication_role = origin")

    async def settle(register_entry: UUID | None, motive: str | None) -> str:
        return await parties.say(
            "office", "settle_audit_finding", at=NOON, finding_id=finding, entry=register_entry, motive=motive
        )

    assert await settle(None, None) == "either"
    assert await settle(uuid4(), None) == "finding"
    assert await settle(entry, None) == "done"
    for side, whose in (("portal", parties.authority), ("office", None)):
        async with platform_as(parties.server, side) as connection:
            audits = [each for each in await list_audits(connection, whose) if each.id == one]
            [found] = (await list_audit_findings(connection, whose, audits))[one]
        assert (found.title, found.due, found.state) == ("Slutdagar", "2026-06-01", "open"), side

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A care system registers people at the registry: once, sealed, told of, in its own authority; nobody else does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.people import open_person
from tests.programs import owner_with
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs
from tests.web.portal.test_api import Program, registered
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import tenant_role
from vaka.keys.client import KeyCallRefusedError
from vaka.keys.keyring import make_client
from vaka.settings import Settings
from vaka.web.asker import COOKIES
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PEOPLE = "/api/v1/ekbacka/people"
MAY = "portal.register_people"
CONTACTS = [{"name": "Sven Prov", "phone": "070-1740650", "relation": "son", "has_key": True},
            {"name": "Åsa Prov", "phone": "070-1740651"}]  # fmt: skip


async def care_manager(portal: Portal, installation: Installation, slug: str = "ekbacka") -> Browser:
    """A care manager, signed in."""
    account, token = await owner_with(installation, "care_manager", slug)
    cookies = {COOKIES["authority"]: token}
    return Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin, cookies, str(account))


@pytest.fixture
async def program(portal: Portal, installation: Installation, logs: Logs) -> Program:
    """Ekbacka's care system."""
    await logs.seal()
    return await registered(portal, await care_manager(portal, installation), logs, MAY)


def person(**changes: Any) -> dict[str, Any]:
    """A person nobody has met."""
    return {
        "id": str(uuid4()), "given_name": "Örjan", "family_name": "Provsson", "phone": "08-46500420",
        "street": "Provgatan 1", "door_code": "Grindkod", "risks": ["fall"], "care_notes": "Hör dåligt.\nRing länge.",
        "contacts": CONTACTS, **changes,
    }  # fmt: skip


async def tell(
    door: Browser, token: str, body: Mapping[str, Any] | bytes, path: str = PEOPLE, kind: str = "application/json"
) -> Answer:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await door.send("POST", path, {"authorization": f"Bearer {token}", "content-type": kind}, sent)


def rows(logs: Logs, table: str, column: str, identifier: str, slug: str = "ekbacka") -> list[dict[str, Any]]:
    return logs.ask(slug, f"select * from vaka.{table} where {column} = %(id)s", {"id": identifier})


async def test_a_person_is_registered_once_sealed_and_told_of(
    program: Program, door: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    token, told, mark = await program.token(), person(), logs.mark("ekbacka")
    first, again = await tell(door, token, told), await tell(door, token, {**told, "given_name": "Annan"})
    assert (first.status, json.loads(first.text)) == (201, {"id": told["id"], "registered": True})
    assert (again.status, json.loads(again.text)) == (200, {"id": told["id"], "registered": False})
    entries = [(one["event"], one["actor"], one["object"], one["written_by"]) for one in logs.since(mark, "ekbacka")]
    database = installation.authorities["ekbacka"].database_name
    assert entries == [("person.registered", f"client:{program.id}", f"person:{told['id']}", f"{database}_registry")]
    [row] = rows(logs, "person", "id", told["id"])
    contacts = rows(logs, "contact", "person_id", told["id"])
    assert [one["position"] for one in contacts] == [1, 2]
    clear = str((row, contacts, logs.since(mark, "ekbacka")))
    for word in ("Örjan", "Provsson", "Provgatan", "Grindkod", "Sven"):
        assert word not in clear
    opened = open_person(installation.server, installation.authorities["ekbacka"], row)
    assert (opened["given_name"], opened["care_notes"], list(opened["risks"])) == (
        "Örjan", told["care_notes"], ["fall"]
    )  # fmt: skip


async def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_repeated(
    program: Program, door: Browser, logs: Logs
) -> None:
    token, mark = await program.token(), logs.mark("ekbacka")
    wrong = person(
        given_name="", personal_number="hemligt", latitude=91, secret="x", contacts=[{"name": "A", "phone": "hemligt"}]
    )
    answer = await tell(door, token, wrong)
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")
    said = json.loads(answer.text)
    assert {one["pointer"] for one in said["errors"]} == {
        "/given_name", "/personal_number", "/latitude", "/secret", "/contacts/0/phone"
    }  # fmt: skip
    assert "hemligt" not in answer.text
    for body, status in (
        (b"{", 400), (b"[]", 400), (b"\xff", 400), (b'{"id":', 400), (json.dumps(person(area="a\0b")).encode(), 400),
        (b'{"given_name": "\\ud800"}', 400), (json.dumps(person(id="1")).encode(), 400),
        (json.dumps(person(latitude=float("nan"))).encode(), 400),
        (json.dumps(person(contacts=CONTACTS * 11)).encode(), 400), (b" " * 40_000, 413),
    ):  # fmt: skip
        assert (await tell(door, token, body)).status == status, body[:40]
    assert (await tell(door, token, person(), kind="text/plain")).status == 415
    assert logs.since(mark, "ekbacka") == []


async def test_one_number_is_one_person_also_of_two_at_once(program: Program, door: Browser, logs: Logs) -> None:
    token, number = await program.token(), "193202129809"
    answers = await asyncio.gather(*(tell(door, token, person(personal_number=number)) for _ in range(4)))
    assert sorted(one.status for one in answers) == [201, 409, 409, 409]
    same = person()
    answers = await asyncio.gather(*(tell(door, token, same) for _ in range(4)))
    assert sorted(one.status for one in answers) == [200, 200, 200, 201]
    assert len(rows(logs, "contact", "person_id", same["id"])) == 2


async def test_nobody_takes_the_authoritys_own_identifier_or_that_of_somebody_erased(
    program: Program, door: Browser, installation: Installation, logs: Logs
) -> None:
    token, authority, gone = await program.token(), installation.authorities["ekbacka"], person()
    assert (await tell(door, token, gone)).status == 201

    setup = make_client(installation.server, Settings(), "setup", SystemClock())
    try:
        await setup.erase(authority.id, [UUID(gone["id"])], uuid4())
    finally:
        await setup.close()
    logs.execute("ekbacka", f"delete from vaka.contact where person_id = '{gone['id']}'", unguarded=True)
    logs.execute("ekbacka", f"delete from vaka.person where id = '{gone['id']}'", unguarded=True)
    mark = logs.mark("ekbacka")
    for taken in (str(authority.id), gone["id"]):
        answer = await tell(door, token, person(id=taken))
        assert answer.status == 409, answer.text
    assert logs.since(mark, "ekbacka") == []
    assert rows(logs, "person", "id", str(authority.id)) == []


async def test_term_14_5_nobody_registers_in_another_authority_or_without_the_permission(
    program: Program, door: Browser, portal: Portal, lovisa: Browser, installation: Installation, logs: Logs
) -> None:
    token, told = await program.token(), person()
    theirs, nowhere = [
        await tell(door, token, told, PEOPLE.replace("ekbacka", slug)) for slug in ("norrvik", "nowhere")
    ]
    assert (theirs.status, theirs.body) == (nowhere.status, nowhere.body) == (404, theirs.body)
    assert rows(logs, "person", "id", told["id"], "norrvik") == []
    reader = await registered(portal, lovisa, logs)
    assert (await tell(door, await reader.token(), told)).status == 403
    assert (await program.get("/api/v1/ekbacka/log/entries", token)).status == 403
    assert (await program.browser.send("POST", PEOPLE, {"authorization": f"Bearer {token}"}, b"{}")).status == 404
    assert (await door.get("/api/v1/ekbacka/log/entries")).status == 404
    [owner] = logs.ask("platform", "select owner from vaka.api_client where id = %(id)s", {"id": program.id})
    logs.execute("platform", f"delete from vaka.role_grant where account_id = '{owner['owner']}'", unguarded=True)
    assert (await tell(door, token, told)).status == 403
    assert rows(logs, "person", "id", told["id"]) == []


async def test_term_14_5_the_portal_enters_nobody_and_makes_no_keys(installation: Installation, logs: Logs) -> None:
    """What browsers reach has no way left to put somebody into the register."""
    authority, somebody = installation.authorities["ekbacka"], uuid4()
    async with await open_connection(
        installation.server, tenant_role(authority.database_name, "portal"), authority.database_name, application="test"
    ) as portal:
        for statement in ("insert into person default values", "insert into contact default values"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await portal.execute(statement)
    client = make_client(installation.server, Settings(), "portal", SystemClock())
    try:
        with pytest.raises(KeyCallRefusedError):
            await client.create(authority.id, [somebody])
    finally:
        await client.close()


async def test_while_the_log_stands_still_nobody_is_registered(program: Program, door: Browser, logs: Logs) -> None:
    """A person without an entry would be nobody's work: the row goes back with it."""
    token, told = await program.token(), person()
    logs.execute(
        "ekbacka", "insert into ledger.checkpoint (size, note, signed_at) values (9999999, '', now() - interval '9d')",
        unguarded=True,
    )  # fmt: skip
    try:
        answer = await tell(door, token, told)
    finally:
        logs.execute("ekbacka", "delete from ledger.checkpoint where size = 9999999", unguarded=True)
    assert answer.status == 503, answer.text
    assert rows(logs, "person", "id", told["id"]) == []

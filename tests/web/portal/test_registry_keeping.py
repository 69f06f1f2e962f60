# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A care system reads one person and writes him anew: by version, told of, sealed anew, and in its own authority."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from tests.people import open_person
from tests.waiting import PATIENCE_SECONDS
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, person_of
from tests.web.portal.test_api import Program, registered
from tests.web.portal.test_registry_people import MAY, PEOPLE, care_manager, person, rows, tell
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KEEP = "portal.keep_people"


class CareSystem:
    """Ekbacka's, at the registry."""

    def __init__(self, program: Program, door: Browser, token: str) -> None:
        self.program, self.door, self.token = program, door, token

    async def enter(self, **changes: Any) -> dict[str, Any]:
        """Register somebody; return what was told."""
        told = person(**changes)
        answer = await tell(self.door, self.token, told)
        assert answer.status == 201, answer.text
        return told

    async def read(self, identifier: str, path: str = PEOPLE) -> Answer:
        return await self.door.send("GET", f"{path}/{identifier}", {"authorization": f"Bearer {self.token}"})

    async def version(self, identifier: str) -> str:
        """The ETag of somebody."""
        tag = (await self.read(identifier)).header("etag")
        assert tag is not None
        return tag

    async def write(
        self, identifier: str, facts: Mapping[str, Any] | bytes, version: str | None, path: str = PEOPLE
    ) -> Answer:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent = facts if isinstance(facts, bytes) else json.dumps({k: v for k, v in facts.items() if k != "id"}).encode()
        return await self.door.send(
            "PUT", f"{path}/{identifier}", headers | ({} if version is None else {"if-match": version}), sent
        )  # fmt: skip


@pytest.fixture
async def care(portal: Portal, door: Browser, installation: Installation, logs: Logs) -> CareSystem:
    await logs.seal()
    program = await registered(portal, await care_manager(portal, installation), logs, MAY, KEEP)
    return CareSystem(program, door, await program.token())


async def test_somebody_is_shown_as_he_was_told_of_and_the_log_says_so(care: CareSystem, logs: Logs) -> None:
    told = await care.enter(
        notes=[{"body": "Ny nyckel hos grannen.", "must_see": True, "expires_at": "2027-03-01T08:00:00+01:00"}],
        absent_from="2026-12-24T12:00:00Z", absence_reason="hos dottern",
    )  # fmt: skip
    mark = logs.mark("ekbacka")
    answer = await care.read(told["id"])
    said = json.loads(answer.text)
    assert (answer.status, said["id"], said["withheld"]) == (200, told["id"], False)
    shown = said["person"]
    assert {name: shown[name] for name in ("given_name", "street", "care_notes", "risks", "absence_reason")} == {
        name: told[name] for name in ("given_name", "street", "care_notes", "risks", "absence_reason")
    }
    assert [(one["name"], one["has_key"]) for one in shown["contacts"]] == [("Sven Prov", True), ("Åsa Prov", False)]
    assert shown["notes"] == [
        {"body": "Ny nyckel hos grannen.", "must_see": True, "expires_at": "2027-03-01T07:00:00Z"}
    ]
    assert [(one["event"], one["actor"], one["object"], one["detail"]) for one in logs.since(mark, "ekbacka")] == [
        ("person.read", f"client:{care.program.id}", f"person:{told['id']}", {"withheld": False})
    ]
    assert (await care.write(told["id"], shown, answer.header("etag"))).text == json.dumps(
        {"id": told["id"], "changed": False}, separators=(",", ":")
    ), "what is read can be written as it is, and changes nothing"


async def test_somebody_is_written_anew_sealed_and_told_of(
    care: CareSystem, portal: Portal, installation: Installation, logs: Logs
) -> None:
    told = await care.enter(notes=[{"body": "Står kvar."}])
    [old], [note] = rows(logs, "person", "id", told["id"]), rows(logs, "note", "person_id", told["id"])
    version, mark = await care.version(told["id"]), logs.mark("ekbacka")
    anew = {
        **told, "street": "Nygatan 9", "family_name": "Omdöpt",
        "contacts": [{"name": "Ny Granne", "phone": "070-1740652"}],
        "notes": [{"body": "Ny anteckning."}, {"body": "Står kvar."}],
    }  # fmt: skip
    answer = await care.write(told["id"], anew, version)
    assert (answer.status, json.loads(answer.text)) == (200, {"id": told["id"], "changed": True})
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"]) == ("person.changed", f"client:{care.program.id}")
    assert entry["detail"] == {"fields": "family_name,street,contacts,notes", "edition": 1}
    database = installation.authorities["ekbacka"].database_name
    assert entry["written_by"] == f"{database}_registry"
    [row] = rows(logs, "person", "id", told["id"])
    assert "Nygatan" not in str((row, rows(logs, "contact", "person_id", told["id"]), entry))
    assert row["address"] == old["address"]
    assert open_person(installation.server, installation.authorities["ekbacka"], row)["street"] == "Nygatan 9"
    written = {one["id"]: one["written_at"] for one in rows(logs, "note", "person_id", told["id"])}
    assert written[note["id"]] == note["written_at"], "a note that stays is as old as it was"
    assert len(written) == 2
    # The portal learns of the edition a moment later, and searches by what was written.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (
            found := await portal.people.find(installation.authorities["ekbacka"].id, ["omdöpt"], protected=False)
        ):
            await asyncio.sleep(0.2)
    assert [str(one.id) for one in found] == [told["id"]]
    # What was there before opens no more: put back, it is known as old.
    assert json.loads((await care.read(told["id"])).text)["person"]["street"] == "Nygatan 9"
    columns = ", ".join(f"{name} = '\\x{bytes(old[name]).hex()}'" for name in ("street",))
    logs.execute("ekbacka", f"update vaka.person set {columns} where id = '{told['id']}'", unguarded=True)
    assert (await care.read(told["id"])).status == 409


async def test_nobody_undoes_what_another_changed_meanwhile(care: CareSystem, logs: Logs) -> None:
    told = await care.enter()
    version = await care.version(told["id"])
    missing = await care.write(told["id"], told, None)
    assert missing.status == 428, missing.text
    first = await care.write(told["id"], {**told, "floor": "2"}, version)
    assert first.status == 200
    mark = logs.mark("ekbacka")
    for replayed in (version, "*", '"0"', f"W/{version}", f'"{"0" * 64}"'):
        again = await care.write(told["id"], {**told, "floor": "3"}, replayed)
        assert (again.status, again.header("content-type")) == (412, "application/problem+json"), replayed
    assert logs.since(mark, "ekbacka") == []
    version = await care.version(told["id"])
    answers = await asyncio.gather(
        *(care.write(told["id"], {**told, "floor": str(number)}, version) for number in range(4, 8))
    )
    assert sorted(one.status for one in answers) == [200, 412, 412, 412]
    assert json.loads((await care.read(told["id"])).text)["person"]["floor"] in {"4", "5", "6", "7"}


async def test_of_somebody_protected_nothing_is_shown_and_he_can_be_written_anew(
    care: CareSystem, installation: Installation, logs: Logs
) -> None:
    told, mark = await care.enter(protected_identity=True), logs.mark("ekbacka")
    answer = await care.read(told["id"])
    assert json.loads(answer.text) == {"id": told["id"], "withheld": True, "person": None}
    assert [one["detail"] for one in logs.since(mark, "ekbacka")] == [{"withheld": True}]
    changed = await care.write(told["id"], {**told, "door_code": "ny kod"}, answer.header("etag"))
    assert json.loads(changed.text)["changed"] is True
    [row] = rows(logs, "person", "id", told["id"])
    assert open_person(installation.server, installation.authorities["ekbacka"], row)["door_code"] == "ny kod"


async def test_a_number_stays_one_persons_and_what_is_wrong_is_refused(care: CareSystem, logs: Logs) -> None:
    await care.enter(personal_number="193202129817")
    told = await care.enter()
    version, mark = await care.version(told["id"]), logs.mark("ekbacka")
    taken = await care.write(told["id"], {**told, "personal_number": "193202129817"}, version)
    assert taken.status == 409, taken.text
    for body, status in (
        (json.dumps({**told}).encode(), 400), (b"{}", 400), (b"[", 400), (b" " * 40_000, 413),
        (json.dumps({"given_name": "A", "family_name": "B", "secret": 1}).encode(), 400),
        (json.dumps({"given_name": "A", "family_name": "B", "absent_from": "2027-02-29T00:00:00Z"}).encode(), 400),
    ):  # fmt: skip
        assert (await care.write(told["id"], body, version)).status == status, body[:60]
    assert logs.since(mark, "ekbacka") == []
    assert (await care.write(told["id"], {**told, "floor": "1"}, version)).status == 200


async def test_term_14_5_nobody_of_another_authority_is_read_or_changed(
    care: CareSystem, portal: Portal, door: Browser, installation: Installation, logs: Logs
) -> None:
    theirs = [str(one.id) for slug, one, _ in installation.people.values() if slug == "norrvik"][:1]
    own = str(person_of(installation, next(n for n, (slug, *_) in installation.people.items() if slug == "ekbacka")))
    answers = [
        await care.read(identifier, path)
        for identifier, path in (
            (theirs[0], PEOPLE), (str(uuid4()), PEOPLE), ("x", PEOPLE),
            (str(installation.authorities["ekbacka"].id), PEOPLE),
            (theirs[0], PEOPLE.replace("ekbacka", "norrvik")), (own, PEOPLE.replace("ekbacka", "nowhere")),
        )
    ]  # fmt: skip
    assert {(one.status, one.body) for one in answers} == {(404, answers[0].body)}
    for path in (PEOPLE, PEOPLE.replace("ekbacka", "norrvik")):
        assert (await care.write(theirs[0], person(), f'"{"0" * 64}"', path)).status == 404
    assert (await care.read(own)).status == 200
    # Who may enter may not read; and whose owner lost the role, nothing at all.
    enters = await registered(portal, await care_manager(portal, installation), logs, MAY)
    other = CareSystem(enters, door, await enters.token())
    assert (await other.read(own)).status == 403
    assert (await other.write(own, person(), f'"{"0" * 64}"')).status == 403
    [owner] = logs.ask("platform", "select owner from vaka.api_client where id = %(id)s", {"id": care.program.id})
    logs.execute("platform", f"delete from vaka.role_grant where account_id = '{owner['owner']}'", unguarded=True)
    assert (await care.read(own)).status == 403
    assert (await door.send("GET", f"{PEOPLE}/{own}", {})).status == 401


async def test_while_the_log_stands_still_nobody_is_changed(care: CareSystem, logs: Logs) -> None:
    told = await care.enter()
    version = await care.version(told["id"])
    logs.execute(
        "ekbacka", "insert into ledger.checkpoint (size, note, signed_at) values (9999999, '', now() - interval '9d')",
        unguarded=True,
    )  # fmt: skip
    try:
        answer = await care.write(told["id"], {**told, "floor": "9"}, version)
    finally:
        logs.execute("ekbacka", "delete from ledger.checkpoint where size = 9999999", unguarded=True)
    assert answer.status == 503, answer.text
    assert await care.version(told["id"]) == version

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A person is erased when two of the authority's people say so, not before; then nobody can read anything (term 6)."""

import asyncio
import json
import re
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import Sender
from tests.identities import blinded
from tests.letters import as_letters
from tests.tenants.office import DECISION, RELEASE, Office, device_of
from vaka.crypto.aead import UnopenableError
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.keys.keyring import Keyring
from vaka.settings import ErasureSettings, KeyholderSettings, Settings
from vaka.tenants.attempting import Outcome, Question
from vaka.tenants.attempts import AttemptFailedError, Attempts
from vaka.tenants.certificates import FORMAT
from vaka.tenants.doors import Waits, read_rules
from vaka.tenants.ending import EndingOrder
from vaka.tenants.erasure import ErasureOrder, read_certificate
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_term_06_what_was_said_goes_with_whom_it_was_written_to(office: Office) -> None:
    """Devices change hands: what one said before belongs to whom it was about then."""
    märta, bo, cilla = office.people
    hers, since = await office.says(märta, device_of(märta)), await office.says(bo, device_of(märta))
    before, his = await office.says(bo, device_of(cilla)), await office.says(bo, device_of(bo))
    copies = {row[0]: row for row in office.rows("select id, subject_id, texts, body from vaka.message")}
    with office.house.superuser() as connection:
        connection.execute("update vaka.device set person_id = %s where id = %s", (bo.id, device_of(märta)))
        connection.execute("update vaka.device set person_id = %s where id = %s", (märta.id, device_of(cilla)))
    await office.erase(märta)
    left = {row[0] for row in office.rows("select id from vaka.message")}
    assert left == {since, before, his}
    # And of what a backup holds, nobody reads hers, and everybody who could reads his.
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id, bo.id])
    for message in (hers, since, before, his):
        _, subject, texts, body = copies[message]
        told = {"texts": texts, "body": body}
        if message == hers:
            with pytest.raises(UnopenableError):
                keys.open_row("message", str(message), subject, told)
        else:
            assert keys.open_row("message", str(message), subject, told)["texts"][1] == "Knapp"


async def test_term_06_person_is_erased_and_the_others_stay_readable(office: Office, tmp_path: Path) -> None:
    märta, bo, _ = office.people
    for person in (märta, bo):
        office.alarm(person, device_of(person))
    before = office.rows("select given_name from vaka.person where id = %s", märta.id)[0][0]
    order = await office.erase(märta)
    assert await office.state() == "certified"

    for table in ("person", "contact", "note", "alarm", "message", "device"):
        column = "id" if table == "person" else "device_id" if table == "message" else "person_id"
        whose = device_of(märta) if table == "message" else märta.id
        assert office.rows(f"select 1 from vaka.{table} where {column} = %s", whose) == [], table
        other = device_of(bo) if table == "message" else bo.id
        assert office.rows(f"select 1 from vaka.{table} where {column} = %s", other), table
    # Whoever is erased has no devices; the devices are known still, and nobody's.
    assert office.rows(
        "select person_id, subject_id, number, placed, sender from vaka.device where id = %s", device_of(märta)
    ) == [(None, None, None, None, blinded(f"{märta.id.int % 10**12}"))]
    with closing(psycopg.connect(office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as platform:
        entries: dict[UUID, UUID | None] = dict(
            platform.execute("select device_id, person_id from vaka.device_entry").fetchall()
        )
    assert (entries[device_of(märta)], entries[device_of(bo)]) == (None, bo.id)

    # What a backup holds of her, nobody can read; of the others, everybody who could.
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id, bo.id])
    assert not keys.opens(märta.id)
    name = office.rows("select given_name from vaka.person where id = %s", bo.id)[0][0]
    assert keys.open_row("person", str(bo.id), bo.id, {"given_name": name}) == {"given_name": "Bo"}
    assert bytes(before) != bytes(name)

    async with office.house.as_("portal") as portal:
        certificate = await read_certificate(portal, order)
    assert certificate is not None
    said = json.loads(certificate.document)
    assert said["format"] == FORMAT
    assert (said["order"]["decision"], said["order"]["scope"]) == (DECISION, f"person:{märta.id}")
    assert said["order"]["ordered"]["by"] != said["order"]["approved"]["by"]
    assert said["deleted"]["rows"] == {
        "person": 1, "contact": 1, "note": 1, "alarm": 1, "message": 1, "alarm_note": 0, "device": 1
    }  # fmt: skip
    tried = said["tried_afterwards"]
    assert (tried["values_read_before"], tried["values_tried"], tried["values_opened"]) == (2, 2, 0)
    assert tried["keys_handed_out"] == 0
    assert said["keys"]["root_destroyed"] < said["keys"]["root_new"]
    assert "what opens the file was replaced with it" in said["method"]["keys"]
    in_a_backup = said["tried_in_a_backup"]
    assert in_a_backup["outcome"].startswith("not tried: the operator's settings name no directory of backup sets")
    assert (in_a_backup["set"], in_a_backup["values_tried"]) == ("", 0)
    [attempted] = [one for one in office.house.leaves() if one.event == "erasure.attempted"]
    assert (attempted.object, attempted.detail["backup"]) == (f"erasure:{order}", "not_configured")
    assert office.house.leaves()[in_a_backup["entry"]].event == "erasure.attempted"
    for word in ("Märta", "Märkesson", "4711", "Lindvägen"):
        # A word of its own: digests and proofs hold every four digits now and then.
        assert not re.search(rf"(?<![\w+/=-]){word}(?![\w+/=-])", certificate.document.decode()), word
    require_openssl_agrees(tmp_path, certificate.document, certificate.signature, certificate.key)
    # The proof in it is one that the log's own verifier takes, and the log names the certificate.
    (tmp_path / "entry.tlog-proof").write_text(said["log"]["proof"])
    [leaf] = [one for one in office.house.leaves() if one.event == "erasure.completed"]
    assert (leaf.object, leaf.detail["person"]) == (f"erasure:{order}", str(märta.id))
    await office.seal()
    [told] = [one for one in office.house.leaves() if one.event == "erasure.certified"]
    digest = subprocess.run(["sha256sum"], input=certificate.document, capture_output=True, check=True).stdout
    assert told.detail["sha256"] == digest.split()[0].decode()
    by_hand = [one for one in office.house.leaves() if one.event == "row.changed_by_hand"]
    assert {one.object for one in by_hand} <= {f"device:{device_of(one)}" for one in office.people}  # the test's own


def require_horizon(said: dict[str, Any], order: ErasureOrder | EndingOrder, kept_days: int) -> None:
    """From when nothing can be read any more, and until when backups hold what cannot, as the order went."""
    assert order.removed_at is not None
    assert order.erased_at is not None
    final, until = order.erased_at, order.erased_at + timedelta(days=kept_days)
    assert said["final_from"] == said["backups"]["made_before"] == final.astimezone(UTC).isoformat(timespec="seconds")
    told = datetime.fromisoformat(said["backups"]["kept_until_by_the_operators_setting"])
    assert told == until.replace(microsecond=0)
    assert datetime.fromisoformat(said["deleted"]["at"]) == order.removed_at.replace(microsecond=0)
    approved, deleted, issued = said["order"]["approved"]["at"], said["deleted"]["at"], said["issued"]
    assert approved <= deleted <= said["final_from"] <= issued, "what was approved is deleted, and then final"


async def test_term_06_certificate_says_its_horizon_by_what_was_done_and_by_the_settings(
    office: Office, setup_keys: Keyring, tmp_path: Path
) -> None:
    märta, bo, _ = office.people
    keys, client = setup_keys.of(office.authority), office.doors.client
    blinded_before, root_before = await keys.blind("phone", "070-1740610"), (await client.state()).root_version
    said = await erase_and_read(office, märta)
    require_horizon(said, (await office.orders())[0], kept_days=35)
    backups, method = said["backups"], said["method"]["keys"]
    # What a backup from before holds: nothing under a key that lies under the root key that is gone.
    assert (said["keys"]["root_destroyed"], said["keys"]["root_new"]) == (
        root_before, (await client.state()).root_version,
    )  # fmt: skip
    assert "sealed under this person's key" in backups["unreadable"]
    # And what was never sealed: the authority's lookup key lives on, by which numbers can be tried.
    assert "whoever has the authority's lookup key can try numbers" in backups["also_hold"][0]
    setup_keys.forget()
    assert await keys.blind("phone", "070-1740610") == blinded_before
    assert any(one.startswith("When alarms were raised") for one in backups["also_hold"])
    # What remains is there: the log, which has no name of hers, and the device, which is nobody's.
    for word, query in (
        ("The entries of the authority's log", "select 1 from ledger.log_entry where position(%s::bytea in leaf) > 0"),
        ("The devices, without a person", "select 1 from vaka.device where id = %s::uuid and person_id is null"),
    ):
        thing = device_of(märta) if "device" in query else str(märta.id).encode()
        assert any(one.startswith(word) for one in said["remains"])
        assert office.rows(query, thing), word

    async def find(_question: Question) -> Outcome:
        return Outcome(backup="tried", set="monday", made="2026-11-02T03:00:00+00:00", values_tried=30)

    settings = Settings(
        erasure=ErasureSettings(backups_kept_days=400, release_seconds=RELEASE),
        keyholder=KeyholderSettings(root_credential_stays=True),
    )
    rules = read_rules(tmp_path, settings)
    attempts = Attempts(find, office.clock)
    office.erasing._doors = replace(office.doors, attempts=attempts, read_rules=lambda: rules)
    office.attempts = attempts
    other = await erase_and_read(office, bo)
    require_horizon(other, (await office.orders())[0], kept_days=400)
    assert "the same: whoever has it, and a copy of the file from before, opens that" in other["method"]["keys"]
    assert method != other["method"]["keys"]
    tried = other["tried_in_a_backup"]
    assert (tried["set"], tried["made"], tried["values_tried"]) == ("monday", "2026-11-02T03:00:00+00:00", 30)
    assert (said["tried_in_a_backup"]["set"], said["tried_in_a_backup"]["made"]) == ("", "")
    assert said["keys"]["root_new"] <= other["keys"]["root_destroyed"] < other["keys"]["root_new"]


async def erase_and_read(office: Office, person: Person) -> dict[str, Any]:
    """Erase somebody; return what the certificate says."""
    order = await office.erase(person)
    async with office.house.as_("portal") as portal:
        certificate = await read_certificate(portal, order)
    assert certificate is not None
    return dict(json.loads(certificate.document))


def require_openssl_agrees(where: Path, document: bytes, signature: bytes, key: bytes) -> None:
    """A tool that is not ours verifies it, and refuses it with one byte changed."""
    (where / "sig").write_bytes(signature)
    (where / "key.pem").write_bytes(key)
    verify = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        where / "key.pem",
        "-rawin",
        "-sigfile",
        where / "sig",
    ]
    for content, good in ((document, True), (document.replace(b"2026/123", b"2026/124"), False)):
        (where / "doc").write_bytes(content)
        done = subprocess.run(
            [*map(str, verify), "-in", str(where / "doc")], capture_output=True, text=True, check=False
        )
        assert ("Signature Verified Successfully" in done.stdout) is good, done.stdout + done.stderr


@pytest.mark.parametrize(("keys", "values"), [(1, 0), (0, 2)])
async def test_term_06_nothing_is_certified_where_something_was_read_after_the_keys_were_destroyed(
    office: Office, monkeypatch: pytest.MonkeyPatch, keys: int, values: int
) -> None:
    """No keyholder of ours hands out what it destroyed: what it would hand out is put in its place here."""

    async def hand_out(_authority: UUID, _people: object) -> list[object]:
        return [object()] * keys

    monkeypatch.setattr(office.doors.client, "unwrap", hand_out)
    monkeypatch.setattr("vaka.tenants.erasing.count_read", lambda *_: values)
    order = await office.erase(office.people[0])
    await office.certify()
    [found] = await office.orders()
    assert (found.state, found.destroyed["keys_handed_out"], found.destroyed["values_opened"]) == (
        "erased", keys, values,
    )  # fmt: skip
    with pytest.raises(psycopg.errors.NoDataFound):  # nor around who asks
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select certify_erasure(%s, 'x', %s, 'x', now())", (order, bytes(64)))


async def test_nobody_is_erased_while_somebody_helps_him(office: Office) -> None:
    märta = office.people[0]
    alarm = office.alarm(märta, device_of(märta), closed=False)
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("approved", "open_alarm")
    entries = len(office.rows("select 1 from ledger.inbox where event = 'erasure.begun'"))
    await office.round()  # again and again, with one entry
    assert len(office.rows("select 1 from ledger.inbox where event = 'erasure.begun'")) == entries == 1
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    await office.round()
    assert await office.state() == "removed"


async def test_what_comes_before_receivers_know_is_deleted_too(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert await office.state() == "removed"
    late = office.alarm(märta, device_of(märta), closed=False)  # a receiver that had not heard of it
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("removed", "open_alarm")
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (late,)
        )
    await office.round()
    assert (await office.state(), office.rows("select 1 from vaka.alarm where id = %s", late)) == ("erased", [])


async def test_press_with_a_reference_from_before_raises_an_alarm(office: Office) -> None:
    """Some devices use one reference for everything: what it meant went with the person, and a press must be heard."""
    märta = office.people[0]
    sender = Sender(märta.id, device_of(märta), "4711")
    message = as_letters(office.house.authority, sender.message(office.clock.now()))

    def press(seconds: int) -> str:
        again = {
            **message, "message_id": str(uuid4()), "alarm_id": str(uuid4()),
            "received_at": (office.clock.now() + timedelta(seconds=seconds)).isoformat(),
        }  # fmt: skip
        [(outcome,)] = office.rows("select outcome from vaka.accept_messages(%s, 'west-1')", Jsonb([again]))
        return str(outcome)

    assert press(0) == "raised"
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where person_id = %s",
            (märta.id,),
        )
    await office.erase(märta)
    message |= {"person_id": None}
    assert press(200) == "raised"


async def test_part_of_an_alarm_that_somebody_is_at_keeps_the_person(office: Office) -> None:
    märta, bo, _ = office.people
    hers, his = (office.alarm(one, device_of(one), closed=False) for one in (märta, bo))
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'merged', merged_into = %s, closed_at = now() where id = %s", (his, hers)
        )
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("approved", "open_alarm")
    assert office.rows("select 1 from vaka.alarm where id = %s", hers)


async def test_who_comes_back_and_is_helped_waits(office: Office) -> None:
    märta = office.people[0]
    await office.erase(märta)
    alarm = office.alarm(märta, device_of(märta), closed=False)  # a directory that was restored as well
    now = office.clock.now()
    assert await office.erasing.remove_returned(office.authority, now) == 0
    office.clock.turn(RELEASE + 1)
    for _ in range(2):
        assert await office.erasing.remove_returned(office.authority, now) == 0
    assert await office.returned() == [(märta.id, "open_alarm")]
    assert office.rows("select 1 from vaka.alarm where id = %s", alarm)
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    assert await office.erasing.remove_returned(office.authority, now) == 1
    assert office.rows("select 1 from vaka.alarm where id = %s", alarm) == []
    assert await office.returned() == []
    told = office.rows("select outcome, detail from ledger.inbox where event = 'erasure.returned'")
    assert told == [("failure", {"person": str(märta.id), "hindrance": "open_alarm"})], "once"


async def test_two_orders_in_one_round_are_each_tried(office: Office) -> None:
    orders = []
    for person in office.people[:2]:
        order = await office.order(person)
        await office.decide(order)
        orders.append(order)
    await office.seal()
    await office.round()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    tried = [one.destroyed for one in await office.orders() if one.id in orders]
    assert [(one["values_read_before"], one["values_tried"], one["values_opened"]) for one in tried] == [(2, 2, 0)] * 2


async def test_term_06_person_who_comes_back_with_a_restored_backup_goes_at_once(office: Office) -> None:
    märta, bo, _ = office.people
    with office.house.superuser() as superuser:
        kept = superuser.execute("select p::text from vaka.person p where id = %s", (märta.id,)).fetchone()
    assert kept is not None
    await office.erase(märta)
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("insert into vaka.person select (%s::vaka.person).*", kept)
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id])
    assert not keys.opens(märta.id)
    # Not before every receiver can know that the devices are nobody's: what they sent meanwhile would stay.
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    office.clock.turn(RELEASE - 1)
    assert await office.round() == 0
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    office.clock.turn(2)
    assert await office.round() == 1, "looked at as often as orders are"
    assert office.rows("select 1 from vaka.person where id = %s", märta.id) == []
    assert office.rows("select 1 from vaka.person where id = %s", bo.id)
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    again = office.rows("select detail from ledger.inbox where event = 'person.removed'")
    assert again[-1][0]["again"] is True


async def test_hold_that_a_backup_brought_back_is_told_of_and_keeps_who_is_held(office: Office) -> None:
    märta = office.people[0]
    with office.house.superuser() as superuser:
        kept = superuser.execute("select p::text from vaka.person p where id = %s", (märta.id,)).fetchone()
    assert kept is not None
    await office.erase(märta)
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("insert into vaka.person select (%s::vaka.person).*", kept)
        superuser.execute("insert into vaka.legal_hold values (%s, now(), 'account:x', 'tvist 12/26')", (märta.id,))
    assert await office.round() + await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    office.clock.turn(RELEASE + 1)
    for _ in range(3):
        assert await office.round() == 0
        assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    assert await office.returned() == [(märta.id, "legal_hold")]
    assert office.rows("select detail ->> 'hindrance' from ledger.inbox where event = 'erasure.returned'") == [
        ("legal_hold",)
    ]
    async with office.house.as_("portal") as portal:
        await portal.execute("select lift_hold(%s)", (märta.id,))
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 1
    assert await office.returned() == []


async def test_certificate_rests_on_the_orders_own_sealed_entries(office: Office) -> None:
    """Whoever changes the order's row, so that it names another's entry, or none, gets no certificate."""
    märta, bo, _ = office.people
    first = await office.erase(märta)
    order = await office.order(bo)
    await office.decide(order)
    await office.seal()
    await office.round()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    await office.round()
    await office.attempts.settle()
    await office.round()
    sign = "select certify_erasure(%s, 'x', %s, 'x', now())"
    own = office.rows("select entry, attempt_entry from vaka.erasure_order where id = %s", order)[0]
    others = office.rows("select entry, attempt_entry from vaka.erasure_order where id = %s", first)[0]
    assert None not in (*own, *others)
    async with office.house.as_("scheduler") as scheduler:
        with pytest.raises(psycopg.errors.NoDataFound):  # not sealed yet
            await scheduler.execute(sign, (order, bytes(64)))
        await office.seal()
        for said in ((others[0], own[1]), (own[0], others[1]), (own[1], own[1]), (own[0], 10**9)):
            with office.house.superuser(unguarded=True) as superuser:
                superuser.execute(
                    "update vaka.erasure_order set entry = %s, attempt_entry = %s where id = %s", (*said, order)
                )
            with pytest.raises(psycopg.errors.NoDataFound):
                await scheduler.execute(sign, (order, bytes(64)))
        with office.house.superuser(unguarded=True) as superuser:
            superuser.execute(
                "update vaka.erasure_order set entry = %s, attempt_entry = %s where id = %s", (*own, order)
            )
        await scheduler.execute(sign, (order, bytes(64)))


async def test_crash_between_deletion_and_destruction_goes_on_where_it_was(office: Office) -> None:
    """The scheduler that was ended had a sample in hand; the next has none, and says so in the certificate."""
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    office.erasing._samples.clear()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await asyncio.gather(office.round(), return_exceptions=True)
    await office.certify()
    async with office.house.as_("portal") as portal:
        certificate = await read_certificate(portal, order)
    assert certificate is not None
    tried = json.loads(certificate.document)["tried_afterwards"]
    assert (tried["values_tried"], tried["values_opened"], tried["keys_handed_out"]) == (0, 0, 0)


async def test_who_can_be_read_in_a_backup_is_not_certified(office: Office) -> None:
    """No keyholder of ours hands out what it destroyed: what it would find is put in its place here."""
    told = [Outcome(backup="tried", set="monday", values_tried=30, values_opened=1)]

    async def find(question: Question) -> Outcome:
        assert question.before is not None
        return told[-1]

    office.erasing._doors = replace(office.doors, attempts=Attempts(find, office.clock))
    office.attempts = office.erasing._doors.attempts
    order = await office.erase(office.people[0])
    for _ in range(2):  # it is not tried again and again
        await office.certify()
    [found] = await office.orders()
    assert (found.state, found.hindrance, found.attempted["opened"]) == ("erased", "readable", 1)
    entries = [one for one in office.house.leaves() if one.event == "erasure.attempted"]
    assert [(one.outcome, one.object) for one in entries] == [("failure", f"erasure:{order}")]
    with pytest.raises(psycopg.errors.NoDataFound):  # nor around who asks
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select certify_erasure(%s, 'x', %s, 'x', now())", (order, bytes(64)))
    # Mended, and started again: then it is tried anew.
    told.append(Outcome(backup="tried", set="monday", values_tried=30))
    office.erasing._waits = Waits(office.clock)
    await office.certify()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("certified", "")


async def test_attempt_that_breaks_is_made_again_and_holds_nobody_up(office: Office) -> None:
    """A set takes long to restore: meanwhile the rounds go on, and another person's rows are deleted."""
    going, breaks = asyncio.Event(), [True]

    async def take_long(_question: Question) -> Outcome:
        if breaks.pop() if breaks else False:
            raise AttemptFailedError
        await going.wait()
        return Outcome(backup="none_there")

    office.erasing._doors = replace(office.doors, attempts=Attempts(take_long, office.clock))
    office.attempts = office.erasing._doors.attempts
    märta, bo, _ = office.people
    first = await office.order(märta)
    await office.decide(first)
    await office.seal()
    await office.round()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    await office.round()
    await office.attempts.settle()
    with pytest.raises(AttemptFailedError):
        await office.round()
    second = await office.order(bo)
    await office.decide(second)
    await office.seal()
    await office.round()
    assert {one.id: one.state for one in await office.orders()} == {first: "erased", second: "removed"}
    going.set()
    office.clock.turn(60)  # a set is not restored again at once
    await office.seal()
    await office.certify()
    assert {one.id: one.state for one in await office.orders()}[first] == "certified"


async def test_two_minutes_are_counted_from_when_receivers_can_know(office: Office) -> None:
    """The round that tells them began long before: it had waited for another authority's keys, say."""
    order = await office.order(office.people[0])
    await office.decide(order)
    await office.seal()
    begun = office.clock.now()
    office.clock.turn(RELEASE - 10)
    await office.erasing.carry_out(office.authority, begun)
    office.clock.turn(RELEASE - 10)
    await office.seal()
    await office.round()
    assert await office.state() == "removed"
    office.clock.turn(11)
    await office.seal()
    await office.round()
    assert await office.state() == "erased"

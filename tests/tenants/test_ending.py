# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A whole authority is erased when two of its people say so, after a while; and no other authority is touched
(terms 6 and 31)."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.identities import blinded
from tests.people import register
from tests.tenants.leaving import EVERYTHING, WAIT, Leaving
from tests.tenants.office import DECISION, RELEASE, device_of
from tests.tenants.test_erasing import require_horizon, require_openssl_agrees
from vaka.commands.operate import open_keys
from vaka.crypto.aead import UnopenableError
from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER, Server
from vaka.keys.client import KeyCallRefusedError
from vaka.keys.keyring import Keyring
from vaka.settings import ErasureSettings, Settings
from vaka.tenants.attempting import Outcome, Question
from vaka.tenants.attempts import Attempts
from vaka.tenants.authorities import Authority
from vaka.tenants.doors import Waits, read_rules
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]


def dump(server: Server, database: str, *arguments: str) -> bytes:
    """Everything that a raw dump of a database holds, without the word by which psql is kept from its commands."""
    program = [str(find_server_binaries() / "pg_dump"), *arguments, server.conninfo(SUPERUSER, database)]
    done = subprocess.run(program, capture_output=True, check=True).stdout
    return b"\n".join(line for line in done.splitlines() if not line.startswith((b"\\restrict", b"\\unrestrict")))


async def test_term_31_4_authority_is_erased_and_the_other_is_byte_for_byte_the_same(
    leaving: Leaving, new_authority: Callable[..., Authority], server: Server, setup_keys: Keyring, tmp_path: Path
) -> None:
    office, other = leaving.office, new_authority()
    stina = Person(uuid4(), "Stina", "Annankommun", street="Storgatan 1")
    await register(server, other, setup_keys, [stina])
    leaving.directory(
        "insert into vaka.device_entry (sender, authority_id, device_id, authentication, network, exception_reason,"
        " exception_until, changed_at) values (%(sender)s, %(other)s, gen_random_uuid(), 'network', '192.0.2.0/24',"
        " 'kan inget nyare', now() + '1 day', now())",
        {"other": other.id, "sender": blinded(f"stina-{other.id}")},
    )
    märta, bo, _ = office.people
    for person in (märta, bo):
        office.alarm(person, device_of(person))
    await office.says(märta, device_of(märta))
    sealed = office.rows("select given_name from vaka.person where id = %s", märta.id)[0][0]
    before, log = dump(server, other.database_name), dump(server, office.house.authority.database_name)
    assert (
        märta.id.bytes.hex() not in before.decode()
    )  # what is compared holds nothing of ours, and something of theirs
    assert str(stina.id) in before.decode()
    assert str(märta.id) in log.decode()

    order = await leaving.end()
    assert await leaving.state() == ("certified", "")
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)
    assert leaving.directory("select 1 from vaka.device_entry where authority_id = %(authority)s") == []
    assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("closed",)]

    # Nothing of ours can be read any more, not what a backup holds either.
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id, office.authority])
    assert not keys.opens(märta.id)
    assert not keys.opens(office.authority)
    with pytest.raises(UnopenableError):
        keys.open_row("person", str(märta.id), märta.id, {"given_name": sealed})
    # Asked for as setup, which may: the lookup key is nowhere.
    setup_keys.forget()
    with pytest.raises(KeyCallRefusedError, match="The authority has no keys"):
        await setup_keys.of(office.authority).blind("phone", "070-1740610")
    assert len(await setup_keys.of(other.id).blind("phone", "070-1740610")) == 32
    # Of the other authority everything: as it was, byte for byte, and readable.
    assert dump(server, other.database_name) == before
    theirs = office.keyring.of(other.id)
    await theirs.hold([stina.id])
    with psycopg.connect(server.conninfo(SUPERUSER, other.database_name)) as superuser:
        [(given,)] = superuser.execute("select given_name from vaka.person where id = %s", (stina.id,)).fetchall()
    assert theirs.open_row("person", str(stina.id), stina.id, {"given_name": given}) == {"given_name": "Stina"}
    assert (
        len(leaving.directory("select 1 from vaka.device_entry where authority_id = %(other)s", {"other": other.id}))
        == 1
    )

    certificate = await leaving.certificate(order)  # the officers' own page goes on
    assert certificate is not None
    said = json.loads(certificate.document)
    assert (said["order"]["scope"], said["order"]["decision"]) == (f"authority:{office.authority}", DECISION)
    assert said["order"]["waited_days"] == WAIT
    assert len(said["order"]["export_taken_out_before"]["sha256"]) == 64
    assert said["order"]["ordered"]["by"] != said["order"]["approved"]["by"]
    assert said["deleted"]["rows"] == {
        "person": 3, "contact": 3, "note": 3, "device": 3, "alarm": 2, "message": 3, "repeat_key": 3
    }  # fmt: skip
    tried = said["tried_afterwards"]
    assert (tried["values_read_before"], tried["values_tried"], tried["values_opened"]) == (6, 6, 0)
    assert tried["keys_handed_out"] == 0
    assert said["keys"]["root_destroyed"] < said["keys"]["root_new"]
    assert said["keys"]["key_new"] is None
    require_horizon(said, (await leaving.orders())[0], kept_days=35)
    assert said["order"]["devices_let_go"] < said["deleted"]["at"]
    # Without the lookup key, which was asked for above and is gone, nobody tries numbers against what a backup holds.
    assert "lookup key they were made with is destroyed too" in said["backups"]["also_hold"][0]
    assert any(one.startswith("When alarms were raised") for one in said["backups"]["also_hold"])
    assert "sealed under this authority's keys, of everybody" in said["backups"]["unreadable"]
    remains = " ".join(said["remains"])
    for word, query in (
        ("The authority's log", "select 1 from ledger.log_entry"),
        ("Orders, decisions", "select 1 from vaka.authority_ending"),
    ):
        assert word in remains
        assert office.rows(query), word
    assert "its officers' accounts, that the contract has ended" in remains
    assert leaving.directory("select 1 from vaka.role_grant where authority_id = %(authority)s")
    in_a_backup = said["tried_in_a_backup"]
    assert in_a_backup["outcome"].startswith("not tried: the operator's settings name no directory of backup sets")
    assert (in_a_backup["set"], in_a_backup["people_tried"], in_a_backup["people_there"]) == ("", 0, 0)
    assert office.house.leaves()[in_a_backup["entry"]].event == "ending.attempted"
    require_openssl_agrees(tmp_path, certificate.document, certificate.signature, certificate.key)
    for word in ("Märta", "Märkesson", "4711", "Lindvägen"):
        # A word of its own: digests and proofs hold every four digits now and then.
        assert not re.search(rf"(?<![\w+/=-]){word}(?![\w+/=-])", certificate.document.decode()), word
    # The log tells of it, is sealed on, and no row went without being told of.
    await office.seal()
    leaves = office.house.leaves()
    assert [one.event for one in leaves if one.event.startswith("ending.") and "table" not in one.detail] == [
        "ending.ordered", "ending.decided", "ending.begun", "ending.removed", "ending.completed", "ending.attempted",
        "ending.certified",
    ]  # fmt: skip
    assert {one.object for one in leaves if one.event == "row.changed_by_hand"} <= {
        f"device:{device_of(one)}" for one in office.people
    }  # the test's own
    entered = leaving.directory(
        "select event, detail->>'order' from ledger.inbox where object = 'authority:' || %(authority)s order by id"
    )
    assert entered[-2:] == [("authority.released", str(order)), ("authority.closed", str(order))]


@pytest.mark.parametrize(("keys", "values"), [(1, 0), (0, 2)])
async def test_term_06_no_end_is_certified_where_something_was_read_after_the_keys_were_destroyed(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch, keys: int, values: int
) -> None:
    office = leaving.office

    async def hand_out(_authority: UUID) -> AsyncIterator[list[object]]:
        yield [object()] * keys

    monkeypatch.setattr(office.doors.client, "unwrap_all", hand_out)
    monkeypatch.setattr("vaka.tenants.ending_rounds.count_read", lambda *_: values)
    order = await leaving.end()
    await leaving.certify()
    [found] = await leaving.orders()
    assert (found.state, found.destroyed["keys_handed_out"]) == ("erased", keys)
    assert (found.destroyed["values_opened"] > 0) is (values > 0)
    with pytest.raises(psycopg.errors.NoDataFound):  # nor around who asks
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select certify_ending(%s, 'x', %s, 'x', now())", (order, bytes(64)))


async def test_nothing_is_deleted_while_somebody_is_helped_and_no_device_is_let_go(leaving: Leaving) -> None:
    office, (märta, bo, _) = leaving.office, leaving.office.people
    await leaving.approve()
    alarm = office.alarm(bo, device_of(bo), closed=False)
    await leaving.round()
    assert await leaving.state() == ("approved", "open_alarm")
    assert len(leaving.directory("select 1 from vaka.device_entry where authority_id = %(authority)s")) == 3
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    await leaving.round()
    assert await leaving.state() == ("released", "")
    # A press that a receiver took while it did not know yet: it is helped first, with the name still there.
    late = office.alarm(märta, device_of(märta), closed=False)
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await leaving.round()
    assert await leaving.state() == ("released", "open_alarm")
    assert leaving.counts()["person"] == 3
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (late,)
        )
    await leaving.round()
    assert (await leaving.state())[0] == "erased"
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)


async def test_many_rows_go_in_batches_each_with_its_entry(leaving: Leaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaka.tenants.ending_rounds.AT_ONCE", 2)
    await leaving.end()
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)
    batches = [one.detail for one in leaving.office.house.leaves() if one.event == "ending.removed"]
    assert [(one["table"], one["rows"]) for one in batches if "table" in one] == [
        (table, rows) for table in ("note", "contact", "device", "person") for rows in (2, 1)
    ]


async def test_term_06_whoever_comes_back_with_a_restored_backup_goes_again(leaving: Leaving, server: Server) -> None:
    office, (märta, bo, _) = leaving.office, leaving.office.people
    office.alarm(bo, device_of(bo), closed=False)  # in the backup it is open for ever
    database = office.house.authority.database_name
    tables = [f"--table=vaka.{table}" for table in EVERYTHING if table != "alarm_step"]
    backup = dump(server, database, "--data-only", "--column-inserts", *tables).decode()
    directory = leaving.directory("select * from vaka.device_entry where authority_id = %(authority)s")
    with office.house.superuser() as superuser:
        superuser.execute("update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x'")
    order = await leaving.end()
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("\n".join(line for line in backup.splitlines() if line.startswith("INSERT")).encode())
        superuser.execute("delete from vaka.authority_ending")  # the backup knows of no order
    leaving.directory("update vaka.authority set state = 'active' where id = %(authority)s")
    assert leaving.counts()["person"] == 3
    assert len(directory) == 3
    # Its keys cannot be made again, and the directory says that it is served: the installation starts nevertheless.
    await open_keys(server, Settings(), office.clock)
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
    # Whoever pressed in the meantime, when the directory was of before too, is helped first, and seen: it stays open.
    office.clock.turn(86_400)
    late = office.alarm(märta, device_of(märta), closed=False)
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
    assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("active",)]
    assert leaving.counts()["person"] == 3
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (late,)
        )
    gone = await office.ending.remove_returned(office.authority, office.clock.now())
    assert gone == sum((3, 3, 3, 3, 2, 2, 2))  # people, contacts, notes, devices, alarms, messages, repeats
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)
    assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("closed",)]
    await office.seal()
    told = [one for one in office.house.leaves() if one.event == "ending.removed" and "again" in one.detail]
    assert {one.object for one in told} == {f"ending:{order}"}
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0


async def test_press_that_is_accepted_while_receivers_do_not_know_yet_is_helped_where_a_backup_brought_all_back(
    leaving: Leaving,
) -> None:
    office, märta = leaving.office, leaving.office.people[0]
    columns = "sender, authority_id, device_id, person_id, address, authentication, network, exception_reason"
    kept = leaving.directory(f"select {columns} from vaka.device_entry where authority_id = %(authority)s")
    with office.house.superuser() as superuser:
        persons = superuser.execute("select p::text from vaka.person p").fetchall()
    await leaving.end()

    def restore() -> None:
        with office.house.superuser(unguarded=True) as superuser:
            for (person,) in persons:
                superuser.execute("insert into vaka.person select (%s::vaka.person).*", (person,))
        for row in kept:
            leaving.directory(
                f"insert into vaka.device_entry ({columns}, exception_until, changed_at) values (%(sender)s,"
                " %(authority)s, %(device)s, %(person)s, %(address)s, %(how)s, %(network)s, %(why)s,"
                " now() + '1 day', now())",
                dict(zip(("sender", "_", "device", "person", "address", "how", "network", "why"), row, strict=True)),
            )
        leaving.directory("update vaka.authority set state = 'active' where id = %(authority)s")

    for _ in range(2):  # brought back once more, it is waited once more
        restore()
        begun = office.clock.now()
        office.clock.turn(86_400)
        assert await office.ending.remove_returned(office.authority, begun) == 0
        assert leaving.directory("select 1 from vaka.device_entry where authority_id = %(authority)s") == []
        late = office.alarm(märta, device_of(märta), closed=False)
        office.clock.turn(RELEASE - 1)
        assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
        assert leaving.counts()["person"] == 3
        office.clock.turn(2)
        assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0  # it is open
        assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("active",)]
        assert leaving.counts()["person"] == 3
        with office.house.superuser() as superuser:
            superuser.execute(
                "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s",
                (late,),
            )
        assert await office.ending.remove_returned(office.authority, office.clock.now()) > 3
        assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)
        assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("closed",)]
    # Whoever waits for receivers is looked at as often as orders are.
    restore()
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
    assert await office.ending.carry_out(office.authority, office.clock.now()) == 0
    office.clock.turn(RELEASE + 1)
    assert await office.ending.carry_out(office.authority, office.clock.now()) == 3
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)


async def test_hold_that_a_backup_brought_back_with_everybody_is_told_of(leaving: Leaving) -> None:
    office, märta = leaving.office, leaving.office.people[0]
    with office.house.superuser() as superuser:
        persons = superuser.execute("select p::text from vaka.person p").fetchall()
    order = await leaving.end()
    with office.house.superuser(unguarded=True) as superuser:
        for (person,) in persons:
            superuser.execute("insert into vaka.person select (%s::vaka.person).*", (person,))
        superuser.execute("insert into vaka.legal_hold values (%s, now(), 'account:x', 'tvist 12/26')", (märta.id,))
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
    office.clock.turn(RELEASE + 1)
    for _ in range(3):
        assert await office.ending.remove_returned(office.authority, office.clock.now()) == 0
    assert await office.returned() == [(order, "legal_hold")]
    told = office.rows("select object, outcome, detail from ledger.inbox where event = 'ending.returned'")
    assert told == [(f"ending:{order}", "failure", {"hindrance": "legal_hold"})], "once"
    async with office.house.as_("portal") as portal:
        await portal.execute("select lift_hold(%s)", (märta.id,))
    assert await office.ending.remove_returned(office.authority, office.clock.now()) == 3
    assert await office.returned() == []


async def test_authority_that_was_not_erased_is_left_alone(leaving: Leaving) -> None:
    assert await leaving.office.ending.remove_returned(leaving.office.authority, leaving.office.clock.now()) == 0
    assert leaving.counts()["person"] == 3
    assert leaving.directory("select state from vaka.authority where id = %(authority)s") == [("active",)]


async def test_term_06_attempt_in_a_backup_is_certified_with_its_proof_and_nothing_that_opened_is(
    leaving: Leaving, tmp_path: Path
) -> None:
    """No keyholder of ours hands out what it destroyed: what it would find is put in its place here."""
    office, asked = leaving.office, list[Question]()
    told = [Outcome(backup="tried", set="monday", people_tried=3, people_there=3, values_tried=30, values_opened=1)]

    async def find(question: Question) -> Outcome:
        asked.append(question)
        return told[-1]

    rules = read_rules(tmp_path, Settings(erasure=ErasureSettings(backups_kept_days=400, release_seconds=RELEASE)))
    office.ending._doors = replace(office.doors, attempts=Attempts(find, office.clock), read_rules=lambda: rules)
    office.attempts = office.ending._doors.attempts
    order = await leaving.end()
    for _ in range(2):  # it is not tried again and again
        await leaving.certify()
    [found] = await leaving.orders()
    assert (found.state, found.hindrance, found.attempted["opened"]) == ("erased", "readable", 1)
    assert [(one.authority, one.person, one.before) for one in asked] == [(office.authority, None, found.released_at)]
    entries = [one for one in office.house.leaves() if one.event == "ending.attempted"]
    assert [(one.outcome, one.object) for one in entries] == [("failure", f"ending:{order}")]
    with pytest.raises(psycopg.errors.NoDataFound):  # nor around who asks
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select certify_ending(%s, 'x', %s, 'x', now())", (order, bytes(64)))
    # Mended, and started again: then it is tried anew.
    told.append(Outcome(backup="tried", set="monday", people_tried=3, people_there=3, values_tried=30))
    office.ending._waits = Waits(office.clock)
    await leaving.certify()
    assert await leaving.state() == ("certified", "")
    certificate = await leaving.certificate(order)
    assert certificate is not None
    document = json.loads(certificate.document)
    require_horizon(document, (await leaving.orders())[0], kept_days=400)
    said = document["tried_in_a_backup"]
    assert said["outcome"].startswith("the newest backup set from before the devices were let go")
    assert (said["set"], said["people_tried"], said["people_there"]) == ("monday", 3, 3)
    assert (said["values_tried"], said["values_opened"]) == (30, 0)
    leaf = office.house.leaves()[said["entry"]]
    assert (leaf.event, leaf.outcome, leaf.object) == ("ending.attempted", "success", f"ending:{order}")
    assert said["proof"].startswith("c2sp.org/tlog-proof@v1\n")


async def test_two_minutes_are_counted_from_when_receivers_can_know(leaving: Leaving) -> None:
    """The round that lets the devices go began long before: it had waited for another authority's keys, say."""
    office = leaving.office
    await leaving.approve()
    begun = office.clock.now()
    office.clock.turn(RELEASE - 10)
    await office.ending.carry_out(office.authority, begun)
    office.clock.turn(RELEASE - 10)
    await office.seal()
    await leaving.round()
    assert await leaving.state() == ("released", "")
    office.clock.turn(11)
    await office.seal()
    await leaving.round()
    assert (await leaving.state())[0] == "erased"

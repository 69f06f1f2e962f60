# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything an authority owns goes out in a form that another system takes in (term 6)."""

import base64
import json
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.confirming import begin_export
from tests.tenants.imported import REFERENCES, CutOffError, take_in
from tests.tenants.leaving import REASON, Leaving
from tests.tenants.office import ROLE, Office, device_of
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.exporting import export_act
from vaka.access.holds import UnusableReasonError
from vaka.keys.personal import load_declaration
from vaka.ledger.findings import Checked, WrongError
from vaka.ledger.published import open_published
from vaka.ledger.standing import LedgerStandsStillError
from vaka.ledger.verify import Expected, verify_log
from vaka.tenants.export_rows import DIRECTORY_KINDS, KINDS, columns_of
from vaka.tenants.exporting import list_exports

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LEFT_OUT = {
    "person": {"personal_number_key", "phone_key", "address"}, "policy": {"only_one"}, "alarm": {"join_key", "version"},
    "device": {"subject_id"},
}  # fmt: skip
"""Columns that do not go out: what values are looked up by, where letters are sent, what only this version knows."""
NOT_OWNED = {
    "repeat_key", "refused_value", "returned", "supervision_turn", "removal_preview", "removal_state",
    "authority_export", "authority_ending", "device_secret", "exercise_device", "audit_note",
    "trial_device",
}  # fmt: skip
"""Tables that do not go out: by them a message sent again is known, the product's own bookkeeping, when devices got
their passwords (of how they prove themselves the method alone goes out), which were made for exercises or trials, and
what auditors noted for themselves."""


async def test_term_06_export_is_taken_in_by_another_system(leaving: Leaving, tmp_path: Path) -> None:
    office = leaving.office
    märta, bo, _ = office.people
    alarms = [office.alarm(person, device_of(person), closed=person is bo) for person in (märta, bo)]
    said = await office.says(märta, device_of(märta))
    await office.order(bo)
    leaving.directory(
        "insert into vaka.class_override (authority_id, device_type, alarm_class, reason, changed_at)"
        " values (%(authority)s, 3, 'life', 'Beslut 12', now())"
    )
    await office.seal()
    archive = await leaving.take_out()
    other = take_in(archive)
    for kind in KINDS:
        [(there,)] = office.rows(f"select count(*) from vaka.{kind}")
        assert other.count(kind) == there, kind
    assert other.count("person") == other.count("note") == other.count("device") == 3
    assert [one for one in REFERENCES if other.astray(*one) and one[1] != "subject_id"] == []
    # What was written to nobody known was written to the authority.
    [(authority,)] = other.ask(
        "select distinct subject_id from message where subject_id not in (select id from person)"
    )
    assert authority == str(office.authority) == other.manifest["authority"]["id"]
    found = other.ask(
        "select p.given_name, p.door_code, c.name, c.phone, n.body from person p join contact c on c.person_id = p.id"
        " join note n on n.person_id = p.id order by p.given_name"
    )
    assert found == [
        (name, "4711", "Kalle Kontakt", "070-1740610", "Hund i hallen") for name in ("Bo", "Cilla", "Märta")
    ]
    assert set(other.ask("select id, state from alarm")) == {(str(alarms[0]), "received"), (str(alarms[1]), "closed")}
    [(texts, body)] = other.ask("select texts, body from message where id = ?", str(said))
    assert json.loads(texts)[1] == "Knapp"
    assert base64.b64decode(body)
    numbers = {str(device_of(person)): f"{person.id.int % 10**12}" for person in office.people}
    assert dict(other.ask("select id, number from device")) == numbers
    assert other.ask("select distinct placed from device") == [("Hall",)]
    assert set(other.unopened.values()) == {0}
    assert other.ask("select decision from erasure_order") == [("SN 2026/123",)]
    # By which method each device proves itself, and with what it does not; what the authority says that codes mean.
    assert set(other.ask("select device_id, authentication from device_entry")) == {
        (str(device_of(person)), "network") for person in office.people
    }
    everything = b"".join(zipfile.ZipFile(BytesIO(archive)).read(f"data/{kind}.jsonl") for kind in DIRECTORY_KINDS)
    assert not [word for word in (b"192.0.2", b"kan inget nyare", b"~", b"ha1", b"sha256") if word in everything]
    assert other.ask("select device_type, alarm_class, reason from class_override") == [(3, "life", "Beslut 12")]
    # The log is in it, and its verifier takes it; with one byte changed it does not.
    assert other.manifest["log"]["size"] == office.house.size() > 0
    with zipfile.ZipFile(BytesIO(archive)) as packed:
        packed.extractall(tmp_path)
    expected, now = Expected(office.house.key), office.clock.now()
    with open_published(str(tmp_path / "log")) as read:
        verify_log(read, expected, now, Checked())
    [bundle] = (tmp_path / "log" / "tile" / "entries").rglob("*.p/*")
    bundle.write_bytes(bundle.read_bytes().replace(b"setup", b"desk!", 1))
    with open_published(str(tmp_path / "log")) as read, pytest.raises(WrongError):
        verify_log(read, expected, now, Checked())


async def test_term_06_what_cannot_be_opened_is_said_in_the_row(leaving: Leaving) -> None:
    office = leaving.office
    märta, bo, _ = office.people
    kept = office.rows("select given_name from vaka.person where id = %s", bo.id)[0][0]
    with office.house.superuser(unguarded=True) as superuser:  # a value that was moved from one to another
        superuser.execute("update vaka.person set family_name = %s where id = %s", (kept, märta.id))
    other = take_in(await leaving.take_out())
    assert other.unopened == {kind: int(kind == "person") for kind in other.unopened}
    [(given, family, unopened)] = other.ask(
        "select given_name, family_name, unopened from person where id = ?", str(märta.id)
    )
    assert (given, family, json.loads(unopened)) == ("Märta", None, ["family_name"])
    # Of somebody whose keys are gone everything is null, and the row is there all the same.
    copies = office.rows("select * from vaka.person where id = %s", bo.id)
    await office.erase(bo)
    with office.house.superuser(unguarded=True) as superuser:
        marks = ", ".join(["%s"] * len(copies[0]))
        superuser.execute(f"insert into vaka.person values ({marks})".encode(), copies[0])
    leaving.keyring.forget()
    other = take_in(await leaving.take_out())
    [(given, unopened)] = other.ask("select given_name, unopened from person where id = ?", str(bo.id))
    assert given is None
    assert {"given_name", "personal_number", "door_code"} <= set(json.loads(unopened))


async def test_term_06_nothing_is_handed_out_before_it_stands_in_the_log(leaving: Leaving) -> None:
    office = leaving.office
    async with office.house.as_("portal") as connection:
        for kind in KINDS:
            with pytest.raises(psycopg.errors.NoDataFound):
                await connection.execute("select * from read_export(%s, %s, null, 10)", (uuid4(), kind))
        for table in ("message", "contact", "note", "alarm_note"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"select * from {table}".encode())
        export = await leaving.begin()
        rows = await (await connection.execute("select * from read_export(%s, 'unit', null, 10)", (export,))).fetchall()
        assert rows == []
        people = await connection.execute("select * from read_export(%s, 'person', null, 10)", (export,))
        assert len(await people.fetchall()) == 3
        # An export that is half a day old hands out nothing more.
        with office.house.superuser(unguarded=True) as superuser:
            superuser.execute("update vaka.authority_export set begun_at = now() - interval '13 hours'")
        with pytest.raises(psycopg.errors.NoDataFound):
            await connection.execute("select * from read_export(%s, 'person', null, 10)", (export,))
    await office.seal()
    [entry] = [one for one in office.house.leaves() if one.event == "export.begun"]
    confirmed = export_act(office.authority, REASON).digest
    assert (entry.actor, entry.detail) == (office.first.actor, {"reason": REASON, "step_up": confirmed})


async def test_term_06_export_that_was_cut_off_is_known_as_such(leaving: Leaving) -> None:
    office = leaving.office
    with pytest.raises(CutOffError):
        take_in(await leaving.take_out(4))
    async with office.house.as_("portal") as connection:
        [one] = await list_exports(connection)
        assert one.completed_at is None
    whole = await leaving.take_out()
    with pytest.raises(CutOffError):
        take_in(whole[:-30])
    take_in(whole)
    async with office.house.as_("portal") as connection:
        done = next(one for one in await list_exports(connection) if one.completed_at is not None)
    assert done.size == len(whole)
    await office.seal()
    [entry] = [one for one in office.house.leaves() if one.event == "export.completed"]
    assert entry.detail["sha256"] == done.digest


async def test_nobody_else_no_other_component_and_nobody_without_a_reason_takes_everything_out(office: Office) -> None:
    now = office.clock.now()
    async with office.house.as_("portal") as connection:
        for who in (
            principal(("log_reviewer", office.authority), realm="authority"),
            principal((ROLE, office.authority), realm="operator"),
            principal((ROLE, uuid4()), realm="authority"),
        ):
            with pytest.raises((NotAllowedError, NothingHereError)):
                await begin_export(connection, who, office.authority, uuid4(), REASON, now=now)
        for reason in ("", "  ", "för 19121212-9821", "x" * 201):
            with pytest.raises(UnusableReasonError):
                await begin_export(connection, office.first, office.authority, uuid4(), reason, now=now)
        await office.seal()
        later = now + timedelta(seconds=600)
        with pytest.raises(LedgerStandsStillError):
            await begin_export(connection, office.first, office.authority, uuid4(), REASON, now=later)
        assert await list_exports(connection) == []
    for component in ("desk", "setup", "receiver", "sequencer", "scheduler"):
        async with office.house.as_(component) as connection:
            for statement in (
                "select vaka.begin_export(gen_random_uuid(), gen_random_uuid(), 'x', now())",
                "select * from vaka.read_export(gen_random_uuid(), 'person', null, 1)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)


async def test_archive_is_made_in_pieces_and_unpacked_by_others(leaving: Leaving, tmp_path: Path) -> None:
    """Rows enough for several pages: no piece holds more than a page, and the tools of others read the whole."""
    office = leaving.office
    count = 3
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute(
            "insert into vaka.device (id, sender)"
            " select gen_random_uuid(), '~' || lpad(n::text, 28, '0') from generate_series(1, %s) n",
            (count * 200,),
        )
    archive = await leaving.take_out()
    assert take_in(archive).count("device") == count * 200 + 3
    path = tmp_path / "export.zip"
    path.write_bytes(archive)
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert all(one.external_attr >> 16 == 0o600 for one in packed.infolist())
    assert zipfile.ZipFile(BytesIO(archive)).namelist()[-1] == "manifest.json"


def test_every_column_goes_out_or_is_left_out_on_purpose() -> None:
    """A column that somebody adds is in a schema, or named here."""
    declared: dict[str, set[str]] = {}
    for table, column in load_declaration():
        declared.setdefault(table, set()).add(column)
    assert declared.keys() - set(KINDS) == NOT_OWNED
    for kind in KINDS:
        assert declared[kind] == set(columns_of(kind)) | LEFT_OUT.get(kind, set()), kind

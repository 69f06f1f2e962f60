# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A whole demo in a cluster of its own: everything is registered, twice is as once, an interruption is made good."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from tests.clusters import start_cluster
from tests.identities import blinded, keep_key
from tests.keys.running import running_keyholder
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, Server
from vaka.demo import furnishing as furnishing_module
from vaka.demo.authorities import AUTHORITIES, DemoAuthority, invent_units
from vaka.demo.furnishing import SEED, Furnishing, furnish, issue_certificates
from vaka.demo.people import invent_people
from vaka.demo.personas import PERSONAS
from vaka.demo.provider_facts import read_facts
from vaka.demo.registering import NAMES
from vaka.settings import ReceiverSettings, Settings
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
SETTINGS = Settings(mode="demo", receiver=ReceiverSettings(udp_port=5090, tcp_port=5090, tls_port=5091))
PEOPLE = 8


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="vaka-demo-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Server]:
    cluster = start_cluster(root)
    try:
        keep_key(cluster.server.credentials)
        with running_keyholder(root):
            yield cluster.server
    finally:
        cluster.stop(immediately=True)


def read(server: Server, database: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.conninfo(SUPERUSER, database)) as connection:
        connection.execute("set search_path = vaka")
        return connection.execute(statement.encode()).fetchall()


def tally(server: Server) -> dict[str, int]:
    counted = {
        name: read(server, PLATFORM_DATABASE, f"select count(*) from {name}")[0][0]
        for name in ("authority", "device_entry", "account", "role_grant", "installation", "ledger.inbox")
    }
    for name in ("unit", "unit_hours", "person", "contact", "device", "closing_code", "ledger.inbox"):
        counted[f"ekbacka {name}"] = read(server, "vaka_t_ekbacka", f"select count(*) from {name}")[0][0]
    return counted


async def test_an_interrupted_furnishing_is_made_good(
    server: Server, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnishing = Furnishing(root, PEOPLE)
    (root / "tls").mkdir()
    issue_certificates(furnishing, SETTINGS, NOW)

    class PowerCutError(Exception):
        pass

    async def fail(*_arguments: object, **_options: object) -> int:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(furnishing_module, "register_devices", fail)
        with pytest.raises(PowerCutError):
            await furnish(server, furnishing, SETTINGS, NOW, lambda _: None)
    before = json.loads(furnishing.device_list.read_text())["devices"]
    assert not furnishing.finished.exists()

    said: list[str] = []
    await furnish(server, furnishing, SETTINGS, NOW, said.append)
    assert said == [f"{name}: {PEOPLE} people with devices registered" for name in
                    ("Ekbacka kommun", "Norrviks kommun", "Sjöhults kommun")]  # fmt: skip
    assert json.loads(furnishing.device_list.read_text())["devices"] == before


async def test_everything_is_there(server: Server) -> None:
    counted = tally(server)
    assert counted["authority"] == 4
    assert counted["device_entry"] == 3 * PEOPLE
    assert counted["account"] == len(PERSONAS)
    assert counted["role_grant"] == sum(len(persona.authorities) for persona in PERSONAS)
    signed = "select count(*) from vaka.register_holding where register = 'undertakings' and state = 'noted'"
    suppliers = [persona for persona in PERSONAS if persona.realm != "authority"]
    assert read(server, PLATFORM_DATABASE, signed) == [(len(suppliers),)], "who is let in has signed, invented or not"
    assert counted["installation"] == 1
    assert counted["ekbacka person"] == counted["ekbacka device"] == PEOPLE
    assert counted["ekbacka unit"] == 4
    assert counted["ekbacka unit_hours"] == 6
    assert counted["ekbacka closing_code"] > 20
    assert read(server, "vaka_t_ekbacka", "select on_call_phone from vaka.policy") == [("08-465 004 91",)]
    events = dict(read(server, "vaka_t_ekbacka", "select event, count(*) from ledger.inbox group by event"))
    assert events["person.registered"] == events["device.registered"] == PEOPLE


async def test_the_directory_holds_what_the_devices_prove_themselves_with(server: Server, root: Path) -> None:
    listed = json.loads((root / "demo" / "devices.json").read_text())["devices"]
    known = {blinded(line["cid"]): line for line in listed if line["authentication"] != "none"}
    rows = read(server, PLATFORM_DATABASE, "select sender, authentication, username, certificate_sha256, network::text,"
                " exception_until from device_entry")  # fmt: skip
    assert {row[0] for row in rows} == set(known)
    for sender, authentication, username, certificate, network, until in rows:
        line = known[sender]
        assert line["authentication"] == authentication
        assert username == (line["username"] and blinded(line["username"]))
        assert (certificate is not None) == (line["certificate"] is not None)
        assert (network, until is None) == (("127.0.0.0/8", False) if authentication == "network" else (None, True))


async def test_a_second_start_changes_nothing_but_the_ports(server: Server, root: Path) -> None:
    furnishing = Furnishing(root, PEOPLE)
    before, devices = tally(server), json.loads(furnishing.device_list.read_text())["devices"]
    moved = Settings(mode="demo", receiver=ReceiverSettings(udp_port=5190, tcp_port=5190, tls_port=5191))
    await furnish(server, furnishing, moved, NOW, lambda _: None)
    content = json.loads(furnishing.device_list.read_text())
    assert tally(server) == before
    assert content["devices"] == devices
    assert content["receiver"]["udp_port"] == 5190
    assert furnishing.device_list.stat().st_mode & 0o777 == 0o600


async def test_its_provider_is_believed_as_two_administrators_decided_and_knows_everybody(
    server: Server, root: Path
) -> None:
    """Anew at another address: then it is another issuer, and the old one is believed no more."""
    trusted = "select name, content::json->>'issuer', proposed_by <> approved_by from trusted_issuer order by 2, 1"
    linked = "select issuer, count(*) from account_link group by issuer order by issuer"
    names, first, second = sorted(NAMES.values()), SETTINGS.demo.origin, "http://localhost:8504"
    assert read(server, PLATFORM_DATABASE, trusted) == [(name, first, True) for name in names]
    assert read(server, PLATFORM_DATABASE, linked) == [(first, len(PERSONAS))]
    told = "select count(*) from ledger.inbox where event = 'account.linked'"
    assert read(server, PLATFORM_DATABASE, told) == [(len(PERSONAS),)]
    furnishing = Furnishing(root, PEOPLE)
    assert await furnish(server, furnishing, SETTINGS, NOW, lambda _: None) is False
    moved = SETTINGS.model_copy(update={"demo": SETTINGS.demo.model_copy(update={"origin": second})})
    assert await furnish(server, furnishing, moved, NOW, lambda _: None) is True
    assert read(server, PLATFORM_DATABASE, trusted)[len(names) :] == [(name, second, True) for name in names]
    assert read(server, PLATFORM_DATABASE, linked) == [(first, len(PERSONAS)), (second, len(PERSONAS))]
    assert read_facts(root).issuer == second


async def test_no_password_is_anywhere_but_in_the_device_list(server: Server, root: Path) -> None:
    listed = json.loads((root / "demo" / "devices.json").read_text())["devices"]
    passwords = [line["password"] for line in listed if line["password"]]
    assert len(passwords) == len(set(passwords)) >= 3 * 5
    for path in root.rglob("*"):
        if path.is_file() and path.name != "devices.json" and "cluster/data" not in str(path):
            content = path.read_bytes()
            assert not any(password.encode() in content for password in passwords), path
    rows = read(server, PLATFORM_DATABASE, "select device_entry::text from device_entry")
    assert not any(password in row for (row,) in rows for password in passwords)


async def test_nobody_is_in_clear_in_any_database(server: Server, root: Path) -> None:
    """What makes somebody known is looked for in everything a dump of the databases would hold."""
    invented = [
        person
        for number, demo in enumerate(AUTHORITIES)
        for person in invented_people(demo, number)
    ]  # fmt: skip
    assert len(invented) == 3 * PEOPLE
    wanted = {
        mark.encode()
        for person in invented
        for mark in (
            f"{person.given_name} {person.family_name}", person.personal_number, person.phone, person.street,
            person.care_notes, person.key_box, *(contact.phone for contact in person.contacts),
            *(note.body for note in person.notes),
        )
        if len(mark) > 5
    } - {demo.on_call_phone.encode() for demo in AUTHORITIES}  # fmt: skip
    assert len(wanted) > 5 * len(invented)
    for database in (PLATFORM_DATABASE, KEY_DATABASE, "vaka_t_ekbacka", "vaka_t_norrvik", "vaka_t_sjohult"):
        held = everything_in(server, database)
        assert len(held) > 1000
        found = {mark for mark in wanted if mark in held or mark.hex().encode() in held}
        assert found == set(), database
    listed = json.loads((root / "demo" / "devices.json").read_text())["devices"]
    numbers = {line["cid"] for line in listed}
    for database, table in ((PLATFORM_DATABASE, "device_entry"), ("vaka_t_ekbacka", "device")):
        rows = read(server, database, f"select to_jsonb(d) from vaka.{table} d")
        kept = {str(value) for (row,) in rows for value in row.values()}
        assert not kept & numbers
        assert kept & set(map(blinded, numbers)), "what stands for them is there"
    # And such a look would find what is there.
    assert b"08-465 004 91" in everything_in(server, "vaka_t_ekbacka")


def invented_people(demo: DemoAuthority, number: int) -> list[Person]:
    """Who is in a demo: invented anew from the same seed, after its units as there."""
    chance = Random(SEED + number)
    invent_units(demo, chance)
    return invent_people(demo, PEOPLE, NOW, chance)


def everything_in(server: Server, database: str) -> bytes:
    """Every row of every table, as a dump writes it."""
    held = []
    with psycopg.connect(server.conninfo(SUPERUSER, database)) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('vaka', 'ledger')"
        ).fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f"copy {table} to stdout".encode()) as copy:
                held.append(b"".join(map(bytes, copy)))
    return b"\n".join(held)

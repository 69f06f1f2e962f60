# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Somebody is erased from a whole installation: no marker is left, a backup from before reads nobody (term 6, 1 and 2).

The markers are what makes one person of the demo known, and what her device said. They are looked for
in raw dumps, the data directory with its write-ahead log, the other logs, receipts and whatever else lies there.
"""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.end_to_end.house import House
from tests.end_to_end.test_nothing_told import MARK, SPOKEN, Visitor, alarm_of, people_of, say, sign_in
from tests.people import open_person
from tests.secrets.traces import Searcher
from tests.waiting import wait_for
from vaka.crypto.aead import UnopenableError
from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, tenant_database

pytestmark = pytest.mark.end_to_end

SLUG = "ekbacka"
INTAKE = tenant_database("mottagning")
NUMBER = "0701740677"
"""What a device that nobody has registered calls itself; the others have no number that is long enough to look for."""
TABLES = ("person", "contact", "note")
QUICKLY = "\n[erasure]\nlook_seconds = 0.3\nrelease_seconds = 2\n"


@dataclass
class Erased:
    """A house in which somebody was erased, and the copy of everything from before."""

    house: House
    backup: Path
    person: UUID
    other: UUID
    searcher: Searcher
    certificate: bytes


@pytest.fixture(scope="module")
def erased(own_house: House, new_port_base: Callable[[], int]) -> Erased:
    house, base = own_house, str(new_port_base())
    house.start("demo", "--no-traffic", "--people", "7", "--port-base", base)
    device = house.draw_device("udp", "network", authority=SLUG)
    say(house, alarm_of(device, "ER1", SPOKEN))
    wait_for(lambda: house.messages(device, "ER1") != [])
    say(house, alarm_of(device, "ER3", SPOKEN, sender=NUMBER))
    wait_for(lambda: house.blind(NUMBER).encode() in dump(house.server, INTAKE))
    with house.tenant(SLUG, "superuser") as superuser:
        row = superuser.execute("select person_id from device where sender = %s", (house.blind(device.cid),)).fetchone()
        assert row is not None
        superuser.execute(
            "update alarm set state = 'closed', closed_at = now(), closed_by = 'account:x', escalate_at = null"
            " where person_id = %s",
            (row["person_id"],),
        )
    person = UUID(str(row["person_id"]))
    people = people_of(house, SLUG)
    [her] = [one for one in people if one["id"] == person]
    other = next(one["id"] for one in people if one["id"] != person and not one["protected_identity"])
    searcher = Searcher({}, {SPOKEN, MARK, NUMBER, *words_of(her, people)})
    assert searcher.find(take_out(house)), "what was taken out before the erasure holds her"
    assert house.stop() == 0
    backup = house.root.with_name("backup")
    copy_all(house.root, backup)
    sets = house.root.with_name("sets")
    sets.mkdir(mode=0o700)
    copy_all(backup / "cluster" / "data", sets / "monday")
    with (house.root / "vaka.toml").open("a") as settings:
        settings.write(f"{QUICKLY}backups = '{sets}'\n")
    house.start("demo", "--no-traffic", "--people", "7", "--port-base", base)
    certificate = erase(house, her)
    return Erased(house, backup, person, other, searcher, certificate)


def take_out(house: House) -> bytes:
    """Let the authority's people take everything out, and the log; and queue mail to a server that is not there.

    Returns all that the export holds. None of it may stay on a disk of the installation (decision 29).
    """
    everything = sign_in(house, "records_officer_ekbacka", portal=True).ask(
        "POST", f"/log/{SLUG}/end/export", reason="KS 2026/31"
    )
    assert everything.status_code == 200, everything.text
    asked = {"format": "csv", "reason": "audit", "reference": "KS 2026/31"}
    log = sign_in(house, "log_reviewer_ekbacka", portal=True).ask("POST", f"/log/{SLUG}/export", **asked)
    assert log.status_code == 200, log.text
    mail = {"way": "mail", "address": "sakerhet@ekbacka.example", "server": "localhost:1", "certificate": ""}
    officer = sign_in(house, "contract_officer_ekbacka", portal=True)
    assert officer.ask("POST", f"/log/{SLUG}/notices/way", **mail).status_code == 303
    with zipfile.ZipFile(io.BytesIO(everything.content)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def words_of(her: dict[str, Any], people: list[dict[str, Any]]) -> set[str]:
    """What makes her known and nobody else."""
    words = {f"{her['given_name']} {her['family_name']}", her["personal_number"], her["phone"], her["street"]}
    others = " ".join(str(value) for one in people if one["id"] != her["id"] for value in one.values())
    found = {word for word in words if len(word) >= 8 and word not in others}
    assert len(found) >= 3
    return found


def erase(house: House, her: dict[str, Any]) -> bytes:
    """As two records officers do it; return the file with the certificate."""
    page = f"/log/{SLUG}/erasure"
    gunilla = sign_in(house, "records_officer_ekbacka", portal=True)
    rakel = sign_in(house, "second_records_officer_ekbacka", portal=True)
    asked = gunilla.ask("POST", f"{page}/find", text=her["personal_number"])
    found = gunilla.ask("GET", asked.headers["location"])
    assert str(her["id"]) in found.text
    done = gunilla.ask("POST", page, person=str(her["id"]), decision="SN 2026/123", sure="true")
    assert done.status_code == 303, done.text
    with house.tenant(SLUG, "superuser") as superuser:
        row = superuser.execute("select id from erasure_order").fetchone()
    assert row is not None
    done = rakel.ask("POST", f"{page}/decide", order=str(row["id"]), verdict="approved", sure="true")
    assert done.status_code == 303, done.text
    return wait_for_certificate(house, gunilla, f"{page}/{row['id']}/certificate")


def wait_for_certificate(house: House, visitor: Visitor, path: str) -> bytes:
    got: list[bytes] = []

    def is_there() -> bool:
        answer = visitor.ask("GET", path)
        got[:] = [answer.content] if answer.status_code == 200 else []
        return bool(got)

    wait_for(is_there, 90)
    return got[0]


def copy_all(here: Path, there: Path) -> None:
    """As a file system's snapshot: with owners and rights."""
    subprocess.run(["cp", "-a", here, there], check=True)


def binary(name: str) -> str:
    return str(find_server_binaries() / name)


def dump(server: Any, database: str, *arguments: str) -> bytes:
    """Everything that a raw dump of a database holds."""
    conninfo = server.conninfo(SUPERUSER, database)
    return subprocess.run([binary("pg_dump"), *arguments, conninfo], capture_output=True, check=True).stdout


def test_term_06_3_certificate_verifies_with_openssl(erased: Erased, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(erased.certificate)) as archive:
        archive.extractall(tmp_path)
    [command] = [line for line in (tmp_path / "VERIFY.txt").read_text().splitlines() if line.startswith("openssl")]
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True), done.stderr
    document = (tmp_path / "certificate.json").read_bytes()
    (tmp_path / "certificate.json").write_bytes(document[:40] + bytes([document[40] ^ 1]) + document[41:])
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_term_06_it_was_tried_in_the_backup_and_nothing_of_it_is_left(erased: Erased) -> None:
    with zipfile.ZipFile(io.BytesIO(erased.certificate)) as archive:
        tried = json.loads(archive.read("certificate.json"))["tried_in_a_backup"]
    assert tried["outcome"].startswith("the newest backup set from before the deletion")
    assert (tried["set"], tried["copies_tried"]) == ("monday", 1)
    assert tried["values_tried"] > 10
    assert tried["letters_tried"] >= 2
    assert [tried[name] for name in tried if name.endswith(("_opened", "handed_out"))] == [0] * 4
    assert not (erased.house.root / "restored").exists()


def test_term_06_1_no_marker_is_left_anywhere(erased: Erased) -> None:
    house = erased.house
    databases = [tenant_database(one) for one in (SLUG, "norrvik", "sjohult", "mottagning")]
    for database in (*databases, PLATFORM_DATABASE, KEY_DATABASE):
        content = dump(house.server, database)
        assert len(content) > 1000
        assert erased.searcher.find(content) == set(), database
    assert house.blind(NUMBER).encode() in dump(house.server, INTAKE), "what stands for its number is there"
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("checkpoint")
    files = [path for path in house.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any("pg_wal" in str(path) for path in files)
    assert erased.searcher.find_in_files(files) == {}


def test_term_06_2_restored_register_is_unreadable_and_goes_at_once(erased: Erased) -> None:
    house = erased.house
    copy = Cluster(erased.backup / "cluster", erased.backup / "credentials")
    copy.start()
    try:
        wanted = [f"--table=vaka.{table}" for table in TABLES]
        before = dump(copy.server, tenant_database(SLUG), "--data-only", "--column-inserts", *wanted).decode()
    finally:
        copy.stop()
    assert str(erased.person) in before
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("set session_replication_role = replica")
        for table in TABLES:
            superuser.execute(f"delete from {table}".encode())
        superuser.execute(
            "\n".join(line for line in before.splitlines() if line.startswith("INSERT")).encode()
        )  # fmt: skip
        rows = {row["id"]: row for row in superuser.execute("select * from person").fetchall()}
    with pytest.raises(UnopenableError):
        open_person(house.server, house.authority(SLUG), rows[erased.person])
    assert open_person(house.server, house.authority(SLUG), rows[erased.other])["given_name"]
    house.wait_for_restart("scheduler", house.kill("scheduler"))

    def is_gone() -> bool:
        with house.tenant(SLUG, "superuser") as superuser:
            return superuser.execute("select 1 from person where id = %s", (erased.person,)).fetchall() == []

    wait_for(is_gone, 60)
    with house.tenant(SLUG, "superuser") as superuser:
        assert superuser.execute("select 1 from person where id = %s", (erased.other,)).fetchall()


def test_term_06_2_revived_key_database_is_refused(erased: Erased, tmp_path: Path) -> None:
    """All databases from before, with what is kept elsewhere: the root key, and the memory of the newest generation."""
    house, revived = erased.house, erased.backup.with_name("revived")
    copy_all(erased.backup, revived)
    for kept in ("keys", "credentials", "ledger"):
        shutil.rmtree(revived / kept)
        copy_all(house.root / kept, revived / kept)
    cluster = Cluster(revived / "cluster", erased.backup / "credentials")
    cluster.start()
    try:
        for path in (erased.backup / "credentials").glob("*.pgpass"):
            shutil.copy2(path, revived / "credentials")
        done = subprocess.run(
            [sys.executable, "-m", "vaka.processes.keyholder", "--data", revived],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode != 0
        assert "older copy of it was put back" in done.stderr
        # Nor is the old root key, from the same backup, of any use where the newest generation is remembered.
        shutil.rmtree(revived / "keys")
        copy_all(erased.backup / "keys", revived / "keys")
        shutil.copy2(erased.backup / "credentials" / "root.key", revived / "credentials" / "root.key")
        done = subprocess.run(
            [sys.executable, "-m", "vaka.processes.keyholder", "--data", revived],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode != 0
        assert "older copies were put back" in done.stderr
    finally:
        cluster.stop()


def test_alarm_of_a_device_whose_person_was_erased_reaches_the_desk(erased: Erased) -> None:
    house = erased.house
    device = next(one for one in house.devices if one.cid in house.drawn)
    say(house, alarm_of(device, "ER2", "Hjälp"))
    wait_for(lambda: house.messages(device, "ER2") != [])
    alarm = house.alarm(device, "ER2")
    assert (alarm["class"], alarm["state"] in ("received", "presented"), alarm["person_id"]) == ("life", True, None)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A contract ends in a whole installation: everything is taken out and erased, no alarm is lost (terms 6 and 31)."""

import io
import json
import socket
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.end_to_end.house import House, SimulatedDevice
from tests.end_to_end.test_erasure import QUICKLY, dump
from tests.end_to_end.test_nothing_told import Visitor, alarm_of, people_of, sign_in
from tests.restoring import back_up
from tests.tenants.imported import Imported, take_in
from tests.tenants.leaving import EVERYTHING
from tests.waiting import wait_for
from vaka.database.server import tenant_database

pytestmark = pytest.mark.end_to_end

SLUG, OTHER, RECEPTION = "ekbacka", "norrvik", "mottagning"
PAGE = f"/log/{SLUG}/end"
LONG_AGO = "alter table ledger.inbox alter written_at set default clock_timestamp() - interval '8 days'"
NOW = "alter table ledger.inbox alter written_at set default clock_timestamp()"


@dataclass
class Ended:
    """A house in which an authority's contract has ended."""

    house: House
    device: SimulatedDevice
    before: str
    """The rows of the authority's database, as a backup has them."""
    other_before: bytes
    taken: Imported
    certificate: bytes
    gunilla: Visitor


def rows_of(house: House, slug: str) -> bytes:
    """Everything about people in an authority's database; its log goes on."""
    tables = [f"--table=vaka.{table}" for table in EVERYTHING]
    told = dump(house.server, tenant_database(slug), "--data-only", "--column-inserts", *tables)
    return b"\n".join(line for line in told.splitlines() if line.startswith(b"INSERT"))


def press(house: House, device: SimulatedDevice, ref: str) -> bytes:
    """Send an alarm and return the first line of the answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(20)
        sender.sendto(alarm_of(device, ref, "Hjälp"), ("127.0.0.1", house.port("udp")))
        return sender.recv(4096).split(b"\r\n")[0]


@pytest.fixture(scope="module")
def ended(own_house: House, new_port_base: Callable[[], int]) -> Ended:
    house = own_house
    house.start("demo", "--no-traffic", "--people", "7", "--port-base", str(new_port_base()))
    sets = house.root.with_name("sets")
    sets.mkdir(mode=0o700)
    with (house.root / "vaka.toml").open("a") as settings:
        settings.write(f"{QUICKLY}backups = '{sets}'\n")
    house.wait_for_restart("scheduler", house.kill("scheduler"))
    device = house.draw_device("udp", "network", authority=SLUG)
    assert press(house, device, "EN1") == b"SIP/2.0 200 OK"
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute(
            "update alarm set state = 'closed', closed_at = now(), closed_by = 'account:x', escalate_at = null"
        )
    back_up(house.server, sets / "monday")
    before, other_before = rows_of(house, SLUG).decode(), rows_of(house, OTHER)
    gunilla = sign_in(house, "records_officer_ekbacka", portal=True)
    rakel = sign_in(house, "second_records_officer_ekbacka", portal=True)
    file = gunilla.ask("POST", f"{PAGE}/export", reason="KS 2026/123")
    assert file.status_code == 200
    taken = take_in(file.content)
    done = gunilla.ask(
        "POST", PAGE, decision="KS 2026/123", digest=sha256(file.content).hexdigest(), sure="true"
    )  # fmt: skip
    assert done.status_code == 303, done.text
    with house.tenant(SLUG, "superuser") as superuser:
        row = superuser.execute("select id from authority_ending").fetchone()
        assert row is not None
        # Who has eight days to wait for a test? What the page writes now, the database says it wrote then.
        superuser.execute(LONG_AGO)
        name = house.authority(SLUG).name
        done = rakel.ask("POST", f"{PAGE}/decide", order=str(row["id"]), verdict="approved", name=name)
        superuser.execute(NOW)
    assert done.status_code == 303, done.text
    certificate: list[bytes] = []

    def is_there() -> bool:
        answer = gunilla.ask("GET", f"{PAGE}/{row['id']}/certificate")
        certificate[:] = [answer.content] if answer.status_code == 200 else []
        return bool(certificate)

    wait_for(is_there, 90)
    return Ended(house, device, before, other_before, taken, certificate[0], gunilla)


def count_people(house: House) -> int:
    with house.tenant(SLUG, "superuser") as superuser:
        row = superuser.execute("select count(*) as count from person").fetchone()
    assert row is not None
    return int(row["count"])


def test_term_06_what_was_taken_out_is_what_there_was(ended: Ended) -> None:
    for table in EVERYTHING:
        if table != "repeat_key":
            there = sum(line.startswith(f"INSERT INTO vaka.{table} ") for line in ended.before.splitlines())
            assert ended.taken.count(table) == there, table
    assert ended.taken.count("person") == 7
    real = "select count(*) from alarm a join message m on m.alarm_id = a.id where not a.trial"
    assert ended.taken.ask(real) == [(1,)], "besides trial alarms, of which there is one each minute"
    assert ended.taken.count("alarm") == ended.taken.count("message")
    assert set(ended.taken.unopened.values()) == {0}


def test_term_06_it_was_tried_in_the_backup_before_it_was_certified(ended: Ended) -> None:
    with zipfile.ZipFile(io.BytesIO(ended.certificate)) as archive:
        tried = json.loads(archive.read("certificate.json"))["tried_in_a_backup"]
    assert tried["outcome"].startswith("the newest backup set from before the devices were let go")
    assert (tried["set"], tried["people_tried"], tried["people_there"], tried["copies_tried"]) == ("monday", 7, 7, 8)
    assert tried["values_tried"] > 70
    assert tried["letters_tried"] >= 2
    assert [tried[name] for name in tried if name.endswith(("_opened", "handed_out"))] == [0] * 4
    assert not (ended.house.root / "restored").exists()


def test_term_06_certificate_verifies_and_the_officers_still_read_the_log(ended: Ended, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(ended.certificate)) as archive:
        archive.extractall(tmp_path)
    [command] = [line for line in (tmp_path / "VERIFY.txt").read_text().splitlines() if line.startswith("openssl")]
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verified Successfully" in done.stdout) == (0, True), done.stderr
    said = json.loads((tmp_path / "certificate.json").read_bytes())
    tried = said["tried_afterwards"]
    assert (tried["values_read_before"], tried["values_opened"], tried["keys_handed_out"]) == (14, 0, 0)
    assert count_people(ended.house) == 0
    page = ended.gunilla.ask("GET", PAGE)
    assert (page.status_code, "Avtalet har tagit slut" in page.text) == (200, True)
    lovisa = sign_in(ended.house, "log_reviewer_ekbacka", portal=True)
    log = lovisa.ask("GET", f"/log/{SLUG}")
    assert (log.status_code, "Alla myndighetens nycklar förstörda" in log.text) == (200, True)


def test_term_31_4_nothing_of_another_authority_was_touched(ended: Ended) -> None:
    assert len(ended.other_before.splitlines()) > 20
    assert rows_of(ended.house, OTHER) == ended.other_before
    assert len(people_of(ended.house, OTHER)) == 7  # opened, every one


def test_press_of_a_device_of_the_ended_authority_is_answered_and_reaches_the_reception(ended: Ended) -> None:
    assert press(ended.house, ended.device, "EN2") == b"SIP/2.0 200 OK"
    with ended.house.tenant(RECEPTION, "superuser") as superuser:
        rows = superuser.execute(
            "select a.class, a.state, a.person_id from alarm a join message m on m.alarm_id = a.id"
            " where m.ref = 'EN2' and m.sender = %s",
            (ended.house.blind(ended.device.cid),),
        ).fetchall()
    assert [(row["class"], row["state"] in ("received", "presented"), row["person_id"]) for row in rows] == [
        ("life", True, None)
    ]


def test_term_06_restored_backup_from_before_is_emptied_at_once(ended: Ended) -> None:
    house = ended.house
    with house.tenant(SLUG, "superuser") as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("delete from authority_ending")
        superuser.execute(ended.before.encode())
    with house.platform() as platform:
        platform.execute("update vaka.authority set state = 'active' where slug = %s", (SLUG,))
    assert count_people(house) == 7
    house.wait_for_restart("scheduler", house.kill("scheduler"))
    wait_for(lambda: count_people(house) == 0, 60)

    def is_closed() -> bool:
        with house.platform() as platform:
            row = platform.execute("select state from vaka.authority where slug = %s", (SLUG,)).fetchone()
        return row is not None and row["state"] == "closed"

    wait_for(is_closed)

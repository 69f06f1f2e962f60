# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A day in a whole installation, after which no secret and nobody's name is where it does not belong.

Term 11, proof 3: arguments, environments, logs, metrics and core dumps of every process, the database server's and the
simulated devices' included.
"""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.house import House, SimulatedDevice
from tests.people import open_person
from tests.plain import NO_TLS
from tests.secrets.traces import Searcher, secrets_below
from tests.signing_in import cookies_of, sign_in_over_http
from tests.waiting import wait_for

pytestmark = pytest.mark.end_to_end

PROCESSES = (
    "postgresql", "keyholder", "signin", "desk", "portal", "registry", "office", "scheduler", "sequencer", "notifier",
    "trial",
    "receiver-1",
    "provider", "devices",
)  # fmt: skip
KEEP_OUT_OF_SWAP = ("keyholder", "desk", "portal", "registry", "scheduler", "sequencer")
SPOKEN = "Fru Agda Markörsdotter på Hemliga vägen 17"
"""What a device says of whom it belongs to, an operator writes, a clerk types in the wrong field."""
MARK = "Markörsdotter"
NUMBER = "0701740699"
"""What a device that nobody has registered calls itself."""


@dataclass
class Visitor:
    """A browser's requests, kept simple."""

    origin: str
    cookie: str = ""

    def ask(self, method: str, path: str, **fields: str) -> httpx.Response:
        headers = {"sec-fetch-site": "same-origin", "accept": "text/html", "cookie": self.cookie}
        answer = httpx.request(
            method, self.origin + path, headers=headers, data=fields or None, timeout=30, verify=NO_TLS
        )
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if name in ("__Host-vaka-operator", "__Host-vaka-authority") and morsel.value:
                    self.cookie = f"{name}={morsel.value}"
        return answer


def find(visitor: Visitor, path: str, **fields: str) -> httpx.Response:
    """Search, and go where the answer is."""
    answer = visitor.ask("POST", path, **fields)
    return visitor.ask("GET", answer.headers["location"]) if answer.status_code == 303 else answer


def sign_in(house: House, persona: str, *, portal: bool = False) -> Visitor:
    cookie = cookies_of(sign_in_over_http(house.settings.signin.origin, persona))
    assert "__Host-vaka-authority" in cookie if portal else "__Host-vaka-operator" in cookie
    return Visitor((house.settings.portal if portal else house.settings.desk).origin, cookie)


def say(house: House, text: bytes) -> None:
    """Send one datagram to the receiver, whatever becomes of it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.sendto(text, ("127.0.0.1", house.port("udp")))


def alarm_of(device: SimulatedDevice, ref: str, said: str, sender: str = "") -> bytes:
    """An alarm whose every free text names somebody."""
    body = (
        f"<mrq><ref>{ref}</ref><cid>{sender or device.cid}</cid><dty>2</dty><mty>ME</mty><stc>10</stc>"
        f"<dte>{said}</dte><lco>1</lco><lte>{said}</lte></mrq>"
    ).encode()
    head = (
        "MESSAGE sip:alarm@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{ref};rport\r\n"
        f'From: "{said}" <sip:{sender or device.cid}@127.0.0.1>;tag={ref}\r\nTo: <sip:alarm@127.0.0.1>\r\n'
        f"Call-ID: {ref}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
        f"Content-Type: application/scaip+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def people_of(house: House, slug: str) -> list[dict[str, Any]]:
    with house.tenant(slug) as tenant:
        rows = tenant.execute("select * from person").fetchall()
    return [open_person(house.server, house.authority(slug), row) for row in rows]


def words_about(people: list[dict[str, Any]]) -> set[str]:
    """What makes these people known, long enough to mean something."""
    found = {SPOKEN, MARK, NUMBER}
    for one in people:
        found |= {f"{one['given_name']} {one['family_name']}", f"{one['family_name']}, {one['given_name']}"}
        found |= {str(one[name]) for name in ("personal_number", "phone", "street", "key_box", "route", "care_notes")}
    return {word for word in found if len(word) >= 8}


@dataclass
class Day:
    """A running installation in which something has happened, and what must not show."""

    house: House
    searcher: Searcher
    secrets: dict[str, bytes]
    words: set[str]


@pytest.fixture(scope="module")
def day(own_house: House, new_port_base: Callable[[], int]) -> Day:
    house = own_house
    house.start("demo", "--people", "7", "--port-base", str(new_port_base()))
    people = people_of(house, "ekbacka")
    words = words_about(people)
    assert len(words) > 20
    sessions = live_through(house, people)
    secrets = secrets_below(house.root / "credentials", house.root / "keys", house.root / "tls")
    secrets |= {f"device {one.cid}": one.password.encode() for one in house.devices if one.password}
    secrets |= {f"session {number}": token.encode() for number, token in enumerate(sessions)}
    return Day(house, Searcher(secrets, words), secrets, words)


def live_through(house: House, people: list[dict[str, Any]]) -> list[str]:
    """Do what a day brings, mishaps included; return the tokens of those who signed in."""
    name = f"{people[0]['given_name']} {people[0]['family_name']}"
    device = house.draw_device("udp", "network", authority="ekbacka")
    say(house, alarm_of(device, "NT1", SPOKEN))
    wait_for(lambda: house.messages(device, "NT1") != [])
    # Unknown, unreadable, unproved, and not SIP at all.
    say(house, alarm_of(device, "NT2", SPOKEN, sender=NUMBER))
    say(house, alarm_of(device, "NT3", SPOKEN).replace(b"</mrq>", b"</mrq"))
    say(house, alarm_of(device, "NT4", SPOKEN).replace(b"CSeq: 1 MESSAGE", f"CSeq: {SPOKEN}".encode()))
    say(house, f"{SPOKEN}\r\n\r\n".encode())
    digest = house.draw_device("udp", "digest", authority="ekbacka")
    wrong = f'Authorization: Digest username="{SPOKEN}", realm="vaka", nonce="x", uri="sip:x", response="00"\r\n'
    say(house, alarm_of(digest, "NT5", SPOKEN).replace(b"Call-ID", wrong.encode() + b"Call-ID"))

    desk, portal = sign_in(house, "operator"), sign_in(house, "log_reviewer_ekbacka", portal=True)
    alarm = house.alarm(device, "NT1")["id"]
    place = f"/alarm/{house.authority('ekbacka').id}/{alarm}"
    assert desk.ask("POST", f"{place}/take").status_code < 400
    assert desk.ask("GET", place).status_code == 200
    version = str(house.alarm(device, "NT1")["version"])
    assert desk.ask("POST", f"{place}/note", version=version, body=SPOKEN).status_code < 400
    ordinary = {"from": "2026-01-01", "to": "2026-01-02"}
    assert find(desk, "/history", **ordinary, text=name).status_code == 200
    log = f"/log/{house.authority('ekbacka').slug}"
    assert find(portal, f"{log}/people", text=name).status_code == 200
    # What goes wrong: unknown addresses, wrong methods, wrong fields, too much, another's door.
    for visitor in (desk, portal, Visitor(desk.origin), Visitor(house.settings.signin.origin)):
        for path in (
            f"/{name}",
            f"/history?text={name}",
            f"/history/{name}",
            f"{log}?person={name}",
            f"{place}?{name}",
        ):
            for method in ("GET", "POST", "PUT"):
                assert visitor.ask(method, path).status_code < 500
        assert visitor.ask("POST", "/history", text=name * 40, **{name: name}).status_code < 500
        assert visitor.ask("POST", f"{place}/note", version=name, body=SPOKEN * 200).status_code < 500
        assert visitor.ask("POST", "/", persona=name).status_code < 500
    # While the keyholder and then the database are away.
    for gone in ("keyholder", "postgresql"):
        killed = house.kill(gone)
        find(desk, "/history", **ordinary, text=name)
        find(portal, f"{log}/people", text=name)
        say(house, alarm_of(device, f"NT-{gone}", SPOKEN))
        house.wait_for_restart(gone, killed)
    wait_for(lambda: desk.ask("GET", "/").status_code == 200)
    return [visitor.cookie.partition("=")[2] for visitor in (desk, portal)]


def told_by(process_id: int) -> bytes:
    """The arguments and the environment of a process."""
    return b"\0".join(Path(f"/proc/{process_id}/{name}").read_bytes() for name in ("cmdline", "environ"))


def processes_of(house: House) -> dict[str, int]:
    return {name: house.process_id(name) for name in PROCESSES}


# --- Arguments, environments, logs, metrics ---------------------------------------------------------------------------


def test_there_is_something_to_look_for(day: Day) -> None:
    assert len(day.secrets) > 40
    names = {name.partition("[")[0] for name in day.secrets}
    assert {"root.key", "receiver-challenges.secret", "receiver.key", "session 0"} <= names
    assert any(name.endswith(".pgpass") for name in names)


def test_nothing_of_a_new_installation_shows_as_changed(day: Day) -> None:
    """Keys that a process makes at its first start are a shortcoming of term 17, unless the start made them before."""
    with day.house.platform() as platform:
        wait_for(lambda: platform.execute("select from vaka.protected_look").fetchone() is not None)
        drifted = [row["name"] for row in platform.execute("select name from vaka.drift").fetchall()]
        accepted = {row["name"] for row in platform.execute("select name from vaka.protected_state").fetchall()}
    assert drifted == []
    assert {"file:credentials/notices.key", "file:credentials/vaka_t_ekbacka.log.key"} <= accepted


def test_term_11_3_no_process_tells_a_secret_or_a_name_by_its_arguments_or_environment(day: Day) -> None:
    seen = day.house.process_ids()
    assert set(processes_of(day.house).values()) <= set(seen)
    assert day.house.process is not None
    assert day.house.process.pid in seen
    assert {one: found for one in seen if (found := day.searcher.find(told_by(one)))} == {}


def test_term_11_3_no_log_tells_one(day: Day) -> None:
    logs = [path for path in (day.house.root / "logs").rglob("*") if path.is_file()]
    assert {path.stem for path in logs} >= {*PROCESSES, "supervisor"}
    assert all(path.stat().st_size for path in logs if path.stem in ("desk", "receiver-1", "supervisor", "postgresql"))
    logs += [path for path in (day.house.root / "run").iterdir() if path.is_file()]
    assert day.searcher.find_in_files([*logs, day.house.output_file, day.house.root / "vaka.toml"]) == {}


def test_no_metric_tells_one(day: Day) -> None:
    pages = list((day.house.root / "run").glob("*.metrics"))
    assert pages
    for page in pages:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(page))) as client:
            answer = client.get("http://metrics/metrics")
        assert b"vaka_" in answer.content
        assert day.searcher.find(answer.content) == set()


def test_term_11_3_the_search_finds_what_is_there(day: Day, tmp_path: Path) -> None:
    """The same search, where one planted something: in every process's way of telling, and in each form."""
    secret = next(value for name, value in sorted(day.secrets.items()) if name.endswith(".pgpass[0]"))
    word = next(word for word in sorted(day.words) if " " in word)
    for planted in (secret.decode(), secret.hex(), word, f"{{'name': {word.upper()!r}}}"):
        code = "import sys, time; print('up', flush=True); time.sleep(600)"
        teller = subprocess.Popen(
            [sys.executable, "-c", code, f"--given={planted}"], stdout=subprocess.PIPE, cwd=day.house.root
        )
        envious = subprocess.Popen(
            [sys.executable, "-c", code], env={"GIVEN": planted}, stdout=subprocess.PIPE, cwd=day.house.root
        )
        try:
            for process in (teller, envious):
                assert process.stdout is not None
                process.stdout.readline()
            seen = day.house.process_ids()
            assert {teller.pid, envious.pid} <= {one for one in seen if day.searcher.find(told_by(one))}
        finally:
            for process in (teller, envious):
                process.kill()
                process.wait()
        log = tmp_path / "some.log"
        log.write_text(f'{{"event": "x", "path": "/a/{planted}"}}\n')
        assert day.searcher.find_in_files([log]) != {}


# --- Memory: core dumps and swap --------------------------------------------------------------------------------------

_HOLDER = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
if sys.argv[1] == "kept":
    from vaka.keys.hardening import keep_memory_to_itself
    keep_memory_to_itself()
held = bytes(byte ^ 0x5A for byte in bytes.fromhex(sys.argv[2])) * 100
print("holds", flush=True)
time.sleep(600)
"""


def let_it_crash(folder: Path, how: str, held: bytes) -> list[Path]:
    """Let a process that holds ``held`` in memory crash in ``folder``; return the core dumps that are there then."""
    folder.mkdir()
    masked = bytes(byte ^ 0x5A for byte in held).hex()
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, how, masked], cwd=folder, stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, unlimited),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGABRT)
    assert process.wait(60) == -signal.SIGABRT
    return list(folder.iterdir())


def limits_of(process_id: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{process_id}/limits").read_text().splitlines()[1:]
    return {line[:25].strip(): line[25:].split()[:2] for line in lines}


def test_every_process_keeps_its_memory_out_of_core_dumps(day: Day) -> None:
    house = day.house
    assert house.process is not None
    for name, process_id in {**processes_of(house), "supervisor": house.process.pid}.items():
        assert limits_of(process_id)["Max core file size"] == ["0", "0"], name
        assert int(Path(f"/proc/{process_id}/coredump_filter").read_text(), 16) == 0, name
    # Whatever else runs there too: PostgreSQL's own processes.
    assert len(house.process_ids()) > len(PROCESSES) + 1
    assert {tuple(limits_of(one)["Max core file size"]) for one in house.process_ids()} == {("0", "0")}


def test_who_holds_keys_stays_out_of_swap_or_says_that_it_cannot(day: Day) -> None:
    lines = (day.house.root / "logs" / "supervisor.log").read_text().splitlines()
    begun = [json.loads(line) for line in lines if line.startswith("{")]
    for name in KEEP_OUT_OF_SWAP:
        status = Path(f"/proc/{day.house.process_id(name)}/status").read_text()
        locked = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmLck"))
        told = (day.house.root / "logs" / f"{name}.log").read_text().count('"reason": "swap"')
        # Once at each start, and not again.
        started = [line for line in begun if line.get("instance") == name and line["event"] == "started"]
        assert (locked > 10_000, told) in ((True, 0), (False, len(started))), name


@pytest.mark.skipif(
    not hasattr(os, "geteuid")
    or Path("/proc/sys/kernel/core_pattern").read_text().strip()[:1] in ("|", "/", ""),
    reason="this machine keeps core dumps elsewhere",
)  # fmt: skip
def test_term_11_3_a_crash_leaves_no_core_dump_of_a_process_that_holds_keys(day: Day, tmp_path: Path) -> None:
    held = os.urandom(48)
    [left] = let_it_crash(tmp_path / "careless", "careless", held)
    assert held in left.read_bytes()  # so it would be, and so it would be found
    assert let_it_crash(tmp_path / "kept", "kept", held) == []
    for name in ("desk", "portal", "keyholder"):
        process_id = day.house.process_id(name)
        place = Path(os.readlink(f"/proc/{process_id}/cwd"))
        before = {path: path.stat().st_mtime_ns for path in place.glob("core*")}
        began = time.time_ns()
        os.kill(process_id, signal.SIGABRT)
        day.house.wait_for_restart(name, process_id)
        dumps = [path for path in place.glob("core*") if path not in before or path.stat().st_mtime_ns > began]
        assert dumps == [], name
        assert f"{name} stopped unasked (signal 6)" in day.house.output

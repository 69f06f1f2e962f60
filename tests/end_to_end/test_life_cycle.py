# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Starting, crashing and stopping a whole installation. The tests follow one another in one directory, as days do."""

import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.house import VAKA, House, build_house
from tests.waiting import is_alive, wait_for
from vaka.database.cluster import Cluster
from vaka.demo.personas import PERSONAS

pytestmark = pytest.mark.end_to_end

PROGRAMS = (
    "postgresql", "keyholder", "signin", "desk", "portal", "registry", "office", "scheduler", "sequencer", "notifier",
    "trial",
    "receiver-1",
    "provider",
)  # fmt: skip


def fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def require_nothing_left(house: House) -> None:
    wait_for(lambda: not house.process_ids())
    settings = house.settings
    for port in (settings.signin.port, settings.desk.port, house.port("tcp"), house.port("tls")):
        assert not answers(port)
    assert list((house.root / "cluster").glob(".s.PGSQL.*")) == []
    assert not (house.root / "cluster" / "data" / "postmaster.pid").exists()
    assert list((house.root / "run").glob("*.pid")) == []


def test_a_demo_starts_from_nothing_and_says_where_it_is(own_house: House, new_port_base: Callable[[], int]) -> None:
    base = new_port_base()
    own_house.start("demo", "--people", "7", "--port-base", str(base))
    output = own_house.output
    assert f"http://localhost:{base}/" in output
    assert f"http://localhost:{base + 1}/" in output
    assert f"udp {base + 2}, tcp {base + 2}, tls {base + 3}" in output
    for persona in PERSONAS:
        assert persona.display_name in output
    for name in (*PROGRAMS, "devices"):
        assert is_alive(own_house.process_id(name)), name
    status, page = fetch(f"http://localhost:{base}/")
    assert status == 200
    assert "Demolegitimeringen" in page
    assert f"http://localhost:{base + 6}" in output


def test_nothing_secret_is_in_any_command_line_or_environment(own_house: House) -> None:
    files = [path for path in (own_house.root / "credentials").iterdir() if path.is_file()]
    passwords = [path.read_bytes().rpartition(b":")[2].strip() for path in files if path.suffix == ".pgpass"]
    others = [path.read_bytes() for path in files if path.suffix != ".pgpass"]
    assert passwords
    assert others
    secrets = [*passwords, *others]
    assert min(map(len, secrets)) >= 16
    secrets += [device.password.encode() for device in own_house.devices if device.password]
    assert len(secrets) > 20
    for process_id in own_house.process_ids():
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{process_id}/{name}").read_bytes()
            assert not any(secret in content for secret in secrets), (process_id, name)


def test_a_second_supervisor_is_refused(own_house: House) -> None:
    for command in ("demo", "run"):
        done = subprocess.run(
            [VAKA, command, "--data", own_house.root], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 1
        assert done.stderr.startswith("vaka: Vaka runs already in ")
        assert done.stderr.count("\n") == 1
    assert is_alive(own_house.process_id("desk"))


@pytest.mark.parametrize("name", [*PROGRAMS, "devices"])
def test_a_killed_process_is_started_again(own_house: House, name: str) -> None:
    killed = own_house.kill(name)
    own_house.wait_for_restart(name, killed)
    settings = own_house.settings
    if name == "desk":
        wait_for(lambda: answers(settings.desk.port))
    if name == "signin":
        wait_for(lambda: answers(settings.signin.port))
    if name == "receiver-1":
        wait_for(lambda: answers(own_house.port("tcp")))
    if name == "postgresql":

        def database_answers() -> bool:
            try:
                with own_house.tenant("ekbacka") as tenant:
                    return tenant.execute("select 1 as one").fetchone() == {"one": 1}
            except Exception:
                return False

        wait_for(database_answers)
    wait_for(lambda: f"{name} stopped unasked (signal 9); it is started again." in own_house.output)


def test_ctrl_c_leaves_nothing_behind(own_house: House) -> None:
    assert own_house.stop(signal.SIGINT) == 0
    assert "Everything is stopped." in own_house.output
    require_nothing_left(own_house)


def test_it_goes_on_where_it_was_as_a_plain_run(own_house: House) -> None:
    with_people = own_house.devices
    own_house.start("run", says="Vaka works")
    assert own_house.devices == with_people
    with own_house.tenant("ekbacka") as tenant:
        assert tenant.execute("select count(*) as people from person").fetchone() == {"people": 7}
    assert fetch(f"{own_house.settings.signin.origin}/")[0] == 200


def test_migrate_lists_and_applies_while_it_runs(own_house: House) -> None:
    for options in ((), ("--apply", "--change", "C-17", "--reason", "Uppgradering", "--unattended")):
        done = subprocess.run(
            [VAKA, "migrate", "--data", own_house.root, *options],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert "Every database is up to date." in done.stdout


def test_nothing_outlives_a_killed_supervisor(own_house: House) -> None:
    left = [own_house.process_id(name) for name in PROGRAMS]
    assert own_house.process is not None
    own_house.process.kill()
    own_house.process.wait()
    wait_for(lambda: not any(map(is_alive, left)))
    wait_for(lambda: not own_house.process_ids())


def test_it_starts_after_a_kill_with_a_database_left_running(own_house: House) -> None:
    # What an older supervisor, or an administrator by hand, may have left.
    cluster = Cluster(own_house.root / "cluster", own_house.root / "credentials")
    cluster.start()
    left = cluster.process_id()
    own_house.start("demo", "--no-traffic")
    assert "A PostgreSQL server left by an earlier run was stopped." in own_house.output
    assert not is_alive(left)
    assert is_alive(own_house.process_id("postgresql"))


def test_sigterm_stops_it_as_ctrl_c_does(own_house: House) -> None:
    assert own_house.stop(signal.SIGTERM) == 0
    require_nothing_left(own_house)


def test_a_start_can_be_broken_off(own_house: House) -> None:
    own_house.start("demo", "--no-traffic", says="PostgreSQL works.")
    assert own_house.stop(signal.SIGINT) == 0
    require_nothing_left(own_house)


def test_personas_are_refused_outside_a_demo(new_port_base: Callable[[], int]) -> None:
    house = build_house("production")
    base = new_port_base()
    try:
        house.root.mkdir()
        (house.root / "vaka.toml").write_text(
            f"[receiver]\nudp_port = {base + 2}\ntcp_port = {base + 2}\ntls_port = false\n"
            f'[desk]\nport = {base + 1}\norigin = "http://localhost:{base + 1}"\n'
            f'[signin]\nport = {base}\norigin = "http://localhost:{base}"\n'
        )
        house.start("run", says="Vaka works")
        status, page = fetch(f"http://localhost:{base}/")
        assert status < 500
        assert not any(persona.display_name in page for persona in PERSONAS)
        assert house.stop() == 0
        # Nor can it be made a demo by a setting: what it is stands in its database.
        text = (house.root / "vaka.toml").read_text()
        (house.root / "vaka.toml").write_text(f'mode = "demo"\n{text}')
        done = subprocess.run(
            [VAKA, "run", "--data", house.root], capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 1
        assert "production" in done.stderr
        assert not house.process_ids()
    finally:
        house.clear_away()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A witness on another machine (another process here) comes and goes: receipts wait for it, alarms never do."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.house import VAKA, House, SimulatedDevice, build_house, free_port_base
from tests.end_to_end.test_standing import ENDING, SLUG, Operator, authority, checkpoints
from tests.receiver.devices import Credentials, UdpDevice, authorization, message, mrq
from tests.waiting import wait_for

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]

NAME = "witness.kommun.example/1"
FETCH = "It is done and entered, but not sealed yet. Fetch its receipt later: "


class Witness:
    """The authority's own witness: `vaka witness`, in a directory of its own."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory, self.port = directory, port
        told = self._run("init", "--data", directory, "--name", NAME)
        self.key = told.strip().splitlines()[-1]

    def add(self, vkey: str) -> None:
        self._run("add-log", "--data", self.directory, vkey)

    @contextmanager
    def running(self) -> Iterator[None]:
        listen = f"127.0.0.1:{self.port}"
        with subprocess.Popen([VAKA, "witness", "run", "--data", self.directory, "--listen", listen]) as process:
            try:
                yield
            finally:
                process.terminate()

    def _run(self, *arguments: str | Path) -> str:
        return subprocess.run([VAKA, "witness", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def place() -> Iterator[House]:
    house = build_house("witnessed")
    try:
        yield house
    finally:
        house.clear_away()


@pytest.fixture(scope="module")
def witness(place: House, new_port_base: Callable[[], int]) -> Witness:
    """Everything stands, and the platform's log is shown to the witness from the second start on."""
    witness = Witness(place.root.parent / "witness", free_port_base(new_port_base() + 8))
    start = ("demo", "--no-traffic", "--people", "7", "--port-base", str(new_port_base()))
    place.start(*start)
    wait_for(lambda: all(checkpoints(place, slug) for slug in (None, SLUG)), 60)
    witness.add((place.root / "ledger" / "vaka_platform.vkey").read_text().strip())
    assert place.stop() == 0
    file = place.root / "vaka.toml"
    section = f'[[ledger.witnesses]]\nurl = "http://127.0.0.1:{witness.port}"\nkey = "{witness.key}"\n'
    file.write_text(f"{file.read_text()}\n{section}logs = {json.dumps(['platform'])}\n")
    place.start(*start)
    return witness


@pytest.fixture(scope="module")
def device(place: House, witness: Witness) -> SimulatedDevice:
    return place.draw_device("udp", "digest", "MD5", SLUG)


def register(house: House, sender: str, directory: Path) -> str:
    """Register a device, and return what the command says last."""
    house.stand_behind_commands()
    sheet = directory / f"{sender}.csv"
    sheet.write_text(f"sender;authentication;password\n{sender};digest;correct horse\n")
    done = house.command(
        "device", "import", "--authority", SLUG, "--apply", "--change", "C-1", "--reason", "Planerat underhåll", sheet
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 1 devices are new and were registered" in done.stdout
    return done.stdout.splitlines()[-1]


def verify(house: House, witness: Witness, proof: Path) -> subprocess.CompletedProcess[str]:
    log = (house.root / "ledger" / "vaka_platform.vkey").read_text().strip()
    return subprocess.run(
        [VAKA, "verify", "--proof", proof, "--log", log, "--witness", witness.key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


async def test_receipts_wait_for_a_witness_that_is_away_and_alarms_do_not(
    place: House, witness: Witness, device: SimulatedDevice, tmp_path: Path
) -> None:
    with witness.running():
        said = register(place, "7801", tmp_path)
        path = Path(said.removeprefix("Its receipt is ").removesuffix("."))
        shown = verify(place, witness, path)
        assert shown.returncode == 0, shown.stdout
        assert NAME in shown.stdout

    # It is gone. What is done stands; its proof is not handed out before it has been seen.
    said = register(place, "7802", tmp_path)
    assert said.startswith(FETCH)
    fetch = said.removeprefix(FETCH).split()
    refused = subprocess.run([VAKA, *fetch[1:], "--to", tmp_path], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "no witness has seen it yet" in refused.stderr

    olga, sender = Operator(place), UdpDevice(place.port("udp"))
    body = mrq(device.cid, ref="unseen")
    known = Credentials(device.cid, device.username or "", device.password or "")
    proof = authorization(await sender.ask(message(device.cid, body)), known)
    assert (await sender.ask(message(device.cid, body, headers=(proof,)))).status == 200
    await sender.close()
    alarm = place.alarm(device, "unseen")["id"]
    wait_for(lambda: olga.sees(alarm))
    where = f"/alarm/{authority(place)}/{alarm}"
    assert olga.act(f"{where}/take") == 303
    assert olga.act(f"{where}/close", ENDING) == 303
    assert place.alarm(device, "unseen")["state"] == "closed"

    with witness.running():  # it comes back, and sees what it has missed

        def fetched() -> bool:
            done = subprocess.run([VAKA, *fetch[1:], "--to", tmp_path], capture_output=True, check=False)
            return done.returncode == 0

        wait_for(fetched, 90)
    shown = verify(place, witness, tmp_path / f"{fetch[-1]}.tlog-proof")
    assert shown.returncode == 0, shown.stdout

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Digest as older devices do it (RFC 2069): no qop, no count, and every challenge good for one message only."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.house import VAKA, House, SimulatedDevice
from vaka.simulate.quirks import Quirk

pytestmark = pytest.mark.end_to_end

CASES = [("udp", "MD5"), ("udp", "SHA-256"), ("tcp", "MD5")]


def device_file(house: House, device: SimulatedDevice, path: Path) -> Path:
    """A file with this one device, as the demo's own file has it."""
    content = json.loads((house.root / "demo" / "devices.json").read_text())
    content["devices"] = [line for line in content["devices"] if line["cid"] == device.cid]
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(("transport", "algorithm"), CASES)
def test_an_alarm_is_answered_and_in_the_record(house: House, tmp_path: Path, transport: str, algorithm: str) -> None:
    device = house.draw_device(transport, "digest", algorithm)
    file = device_file(house, device, tmp_path / "device.json")
    for number in (1, 2):  # the second must be asked about anew
        done = subprocess.run(
            [VAKA, "simulate", "alarm", "--devices", file, "--quirk", Quirk.DIGEST_WITHOUT_QOP, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        told = json.loads(done.stdout)
        assert (told["answered"], told["mrs_received"], told["lost"]) == (1, 1, 0)
        with house.tenant(device.authority) as tenant:
            rows = tenant.execute(
                "select class, transport from message where sender = %s", (house.blind(device.cid),)
            ).fetchall()
        assert rows == [{"class": "life", "transport": transport}] * number

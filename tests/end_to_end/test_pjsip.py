# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""PJSIP as the device, over every transport and with every proof: what it was answered, and what the record says."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.house import House, SimulatedDevice
from tests.peers import require_module

pytestmark = pytest.mark.end_to_end

SCRIPT = Path(__file__).with_name("pjsip_script.py")
CASES = [
    ("udp", "digest", "MD5"),
    ("udp", "digest", "SHA-256"),
    ("udp", "network", None),
    ("tcp", "digest", "MD5"),
    ("tcp", "digest", "SHA-256"),
    ("tls", "digest", "SHA-256"),
    ("tls", "certificate", None),
]


def play(house: House, device: SimulatedDevice, ref: str, folder: Path, **changes: str) -> dict[str, Any]:
    require_module("pjsua2")
    body = f"<mrq><ref>{ref}</ref><cid>{device.cid}</cid><dty>02</dty><mty>ME</mty><stc>10</stc></mrq>"
    part = asdict(device) | {
        "host": "127.0.0.1", "port": house.port(device.transport), "trusted": str(house.trusted), "body": body,
        "log": str(folder / "pjsip.log"),
    } | changes  # fmt: skip
    done = subprocess.run(
        [sys.executable, SCRIPT], input=json.dumps(part).encode(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    # The library speaks on standard output before it reads where its log is.
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize(("transport", "authentication", "algorithm"), CASES)
def test_an_alarm_is_answered_confirmed_and_in_the_record(
    house: House, tmp_path: Path, transport: str, authentication: str, algorithm: str | None
) -> None:
    device = house.draw_device(transport, authentication, algorithm)
    seen = play(house, device, "2001", tmp_path)
    assert seen["status"] == 200, (tmp_path / "pjsip.log").read_text(errors="replace")[-4000:]
    [confirmation] = seen["received"]
    assert confirmation["type"] == "application/scaip+xml"
    assert "<ref>2001</ref>" in confirmation["body"]
    assert "<snu>0</snu>" in confirmation["body"]

    [message] = house.messages(device, "2001")
    assert (message["class"], message["transport"]) == ("life", transport)
    alarm = house.alarm(device, "2001")
    assert (alarm["kind"], alarm["sender"]) == ("button", house.blind(device.cid))
    assert house.ledger(device, f"alarm:{alarm['id']}")[0] == "alarm.raised"


def test_another_device_s_certificate_is_refused(house: House, tmp_path: Path) -> None:
    device = house.draw_device("tls", "certificate")
    other = house.draw_device("tls", "certificate")
    assert other.certificate is not None
    assert other.key is not None
    seen = play(house, device, "2002", tmp_path, certificate=other.certificate, key=other.key)
    assert seen["status"] in (401, 403)
    assert house.messages(device, "2002") == []


def test_a_certificate_is_not_left_out(house: House, tmp_path: Path) -> None:
    device = house.draw_device("tls", "certificate")
    seen = play(house, device, "2003", tmp_path, certificate="", key="")
    assert seen["status"] not in (None, 200)
    assert house.messages(device, "2003") == []

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SIPp as the device: what it was answered, and what the record then says."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.house import House
from tests.end_to_end.sipp_device import send_alarm
from tests.waiting import wait_for

pytestmark = pytest.mark.end_to_end

# Debian's SIPp knows MD5 and neither SHA-256 nor TLS; PJSIP plays those (test_pjsip.py).
CASES = [
    ("udp", "network", None),
    ("udp", "digest", "MD5"),
    ("tcp", "digest", "MD5"),
]


@pytest.mark.parametrize(("transport", "authentication", "algorithm"), CASES)
def test_an_alarm_is_answered_confirmed_and_in_the_record(
    house: House, tmp_path: Path, transport: str, authentication: str, algorithm: str | None
) -> None:
    device = house.draw_device(transport, authentication, algorithm)
    seen = send_alarm(house, device, "1001", tmp_path)
    assert seen.succeeded, seen.text
    confirmations = re.findall(r"<mrs>.*?</mrs>", seen.text, re.DOTALL)
    assert confirmations, seen.text
    assert "<ref>1001</ref>" in confirmations[0]
    assert "<snu>0</snu>" in confirmations[0]

    [message] = house.messages(device, "1001")
    assert (message["class"], message["kind"], message["effect"]) == ("life", "button", "raise")
    assert message["transport"] == transport
    alarm = house.alarm(device, "1001")
    assert alarm["class"] == "life"
    assert alarm["sender"] == house.blind(device.cid)
    assert alarm["person_id"] is not None
    assert house.ledger(device, f"alarm:{alarm['id']}")[0] == "alarm.raised"


def test_the_same_alarm_sent_again_is_confirmed_again_and_stored_once(house: House, tmp_path: Path) -> None:
    device = house.draw_device("udp", "network")
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        seen = send_alarm(house, device, "77", folder)
        assert seen.succeeded, seen.text
        assert "<snu>0</snu>" in seen.text
    assert len(house.messages(device, "77")) == 1


def test_a_wrong_password_stores_nothing(house: House, tmp_path: Path) -> None:
    device = house.draw_device("udp", "digest", "MD5")
    seen = send_alarm(house, device, "1002", tmp_path, password="not the password")
    assert not seen.succeeded
    assert "<mrs>" not in seen.text
    assert house.messages(device, "1002") == []


def test_who_has_digest_cannot_leave_it_out(house: House, tmp_path: Path) -> None:
    device = house.draw_device("tcp", "digest", "MD5")
    without = type(device)(**{name: getattr(device, name) for name in device.__slots__} | {"authentication": "network"})
    seen = send_alarm(house, without, "1003", tmp_path)
    assert not seen.succeeded
    assert "SIP/2.0 401" in seen.text
    assert house.messages(device, "1003") == []


def test_an_unknown_sender_is_kept_at_the_reception(house: House, tmp_path: Path) -> None:
    known = house.draw_device("udp", "network")
    stranger = type(known)(**{name: getattr(known, name) for name in known.__slots__} | {"cid": "90055501"})
    seen = send_alarm(house, stranger, "1004", tmp_path)
    assert seen.succeeded, seen.text

    def is_kept() -> bool:
        with house.tenant("mottagning") as tenant:
            rows = tenant.execute(
                "select id from message where sender = %s and ref = '1004'", (house.blind("90055501"),)
            ).fetchall()
        return len(rows) == 1

    wait_for(is_kept)

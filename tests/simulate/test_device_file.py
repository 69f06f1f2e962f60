# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The list of simulated devices: read whole, or refused with a sentence that says why and gives no password away."""

import json
from pathlib import Path
from typing import Any

import pytest

from vaka.errors import ConfigurationError
from vaka.simulate.device_file import read_device_file

PASSWORD = "not-for-your-eyes"
DEVICE = {"cid": "8031372", "transport": "udp"}


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "devices.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    path = written(tmp_path, {
        "receiver": {"host": "127.0.0.1", "udp_port": 5060, "tcp_port": 5060, "tls_port": 5061, "trusted": "ca.pem"},
        "devices": [
            DEVICE | {"authority": "ekeby", "device_type": 2, "authentication": "digest", "algorithm": "MD5",
                      "username": None, "password": PASSWORD, "certificate": None, "key": None,
                      "interval_seconds": 300},
            {"cid": "2", "transport": "tls", "authentication": "certificate", "certificate": "a.pem", "key": "a.key"},
            {"cid": "3", "quirks": ["no_from_tag", "lf_line_ends"]},
        ],
    })  # fmt: skip
    found = read_device_file(path)
    assert [device.cid for device in found.devices] == ["8031372", "2", "3"]
    assert found.receiver is not None
    assert found.receiver.tls_port == 5061


REFUSED: list[tuple[object, str]] = [
    ("", "not valid JSON"),
    ("[" * 200_000, "not valid JSON"),
    ([], "file:"),
    ({}, "devices: Field required"),
    ({"devices": []}, "devices:"),
    ({"devices": [{}]}, "devices.0.cid"),
    ({"devices": [DEVICE | {"cid": "blank space"}]}, "devices.0.cid"),
    ({"devices": [DEVICE | {"cid": "1\r\nVia: x"}]}, "devices.0.cid"),
    ({"devices": [DEVICE | {"transport": "sctp"}]}, "devices.0.transport"),
    ({"devices": [DEVICE | {"interval_seconds": 0}]}, "devices.0.interval_seconds"),
    ({"devices": [DEVICE | {"colour": "red"}]}, "devices.0.colour"),
    ({"devices": [DEVICE | {"quirks": ["sings"]}]}, "devices.0.quirks.0"),
    ({"devices": [DEVICE | {"authentication": "digest"}]}, "devices.0 has digest but no password"),
    ({"devices": [DEVICE | {"authentication": "certificate", "certificate": "a.pem"}]}, "only over tls"),
    ({"devices": [DEVICE], "receiver": {"host": "x", "udp_port": 70_000}}, "receiver.udp_port"),
    ({"devices": [DEVICE | {"password": PASSWORD, "interval_seconds": PASSWORD}]}, "devices.0.interval_seconds"),
    ({"devices": [{"transport": number} for number in range(100)]}, "; and 19"),
]


@pytest.mark.parametrize(("content", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_what_is_refused(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_device_file(written(tmp_path, content))
    sentence = refusal.value.sentence.en
    assert reason in sentence
    assert PASSWORD not in sentence
    assert len(sentence) < 1000


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_device_file(tmp_path / "none.json")

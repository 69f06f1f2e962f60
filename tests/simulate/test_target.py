# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where simulated devices send: read exactly, and never guessed."""

from pathlib import Path

import pytest

from vaka.errors import ConfigurationError
from vaka.simulate.device_file import ReceiverPlace
from vaka.simulate.target import read_target, target_of, tls_context


@pytest.mark.parametrize(
    ("text", "address", "ports", "is_loopback"),
    [
        ("127.0.0.1", "127.0.0.1", {"udp": 5060, "tcp": 5060, "tls": 5061}, True),
        ("127.8.9.1:7000", "127.8.9.1", {"udp": 7000, "tcp": 7000, "tls": 7000}, True),
        ("localhost:7000", "127.0.0.1", {"udp": 7000, "tcp": 7000, "tls": 7000}, True),
        ("[::1]:7000", "::1", {"udp": 7000, "tcp": 7000, "tls": 7000}, True),
        ("[::1]", "::1", {"udp": 5060, "tcp": 5060, "tls": 5061}, True),
        ("192.0.2.1", "192.0.2.1", {"udp": 5060, "tcp": 5060, "tls": 5061}, False),
        ("0.0.0.0:7000", "0.0.0.0", {"udp": 7000, "tcp": 7000, "tls": 7000}, False),
    ],
)
def test_addresses(text: str, address: str, ports: dict[str, int], is_loopback: bool) -> None:
    target = read_target(text)
    assert (target.address, target.ports, target.is_loopback) == (address, ports, is_loopback)


@pytest.mark.parametrize(
    "text", ["", ":5060", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "::1:5060", "a b", "sip:x@y", "http://x"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address to send to"):
        read_target(text)


def test_a_host_that_nobody_knows() -> None:
    with pytest.raises(ConfigurationError, match="cannot be found"):
        read_target("no-such-host.invalid")


def test_a_receiver_on_all_addresses_is_reached_at_its_own() -> None:
    target = target_of(ReceiverPlace(host="0.0.0.0", udp_port=7000))
    assert target.is_loopback
    assert target.address_for("udp") == ("127.0.0.1", 7000)
    with pytest.raises(ConfigurationError, match="no port for tls"):
        target.address_for("tls")


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.pem"
    with pytest.raises(ConfigurationError, match="issuers"):
        tls_context(read_target("127.0.0.1", missing))
    with pytest.raises(ConfigurationError, match="a device's certificate"):
        tls_context(read_target("127.0.0.1"), missing, missing)

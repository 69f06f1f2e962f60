# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which messages are the same request, and when one is sent again."""

import pytest

from tests.sip.samples import BODY, message, request
from vaka.sip.transactions import T1, T2, TIMEOUT, retransmission_delays, transaction_key

SOURCE = ("203.0.113.7", 40111)
CONSTANT: dict[str, str | None] = {
    "Via": "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK-0001",
    "From": "<sip:26317@192.0.2.1>;tag=1",
    "CSeq": "1 MESSAGE",
    "Call-ID": "1@10.0.0.2",
}


def key(data: bytes, source: tuple[str, int] = SOURCE) -> object:
    return transaction_key(request(data), source)


def test_a_retransmission_has_the_same_key() -> None:
    assert key(message(CONSTANT)) == key(message(CONSTANT))


@pytest.mark.parametrize(
    "changed",
    [
        {"Via": "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK-0002"},
        {"Via": "SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK-0001"},
        {"Via": "SIP/2.0/UDP 10.0.0.2:5062;branch=z9hG4bK-0001"},
        {"Call-ID": "2@10.0.0.2"},
        {"CSeq": "2 MESSAGE"},
        {"CSeq": "1 OPTIONS"},
        {"From": "<sip:26317@192.0.2.1>;tag=2"},
        {"From": "<sip:26317@192.0.2.1>"},
    ],
)
def test_any_difference_makes_another_request(changed: dict[str, str | None]) -> None:
    assert key(message(CONSTANT | changed)) != key(message(CONSTANT))


def test_two_devices_behind_one_constant_identity() -> None:
    assert key(message(CONSTANT)) != key(message(CONSTANT), ("203.0.113.8", 40111))
    assert key(message(CONSTANT)) != key(message(CONSTANT), ("203.0.113.7", 40112))


def test_second_alarm_of_a_device_whose_identifiers_never_change() -> None:
    assert key(message(CONSTANT)) != key(message(CONSTANT, body=BODY.replace(b"1883", b"1884")))


def test_same_message_with_credentials_is_not_a_repeat_of_the_one_without() -> None:
    # Otherwise a device with constant identifiers would be sent the stored 401 for ever.
    assert key(message(CONSTANT)) != key(message(CONSTANT | {"Authorization": 'Digest username="26317"'}))


def test_eleven_sends_within_the_timeout() -> None:
    delays = retransmission_delays()
    assert delays == (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0)
    assert 1 + len(delays) == 11
    assert sum(delays) < TIMEOUT == 64 * T1
    assert max(delays) == T2

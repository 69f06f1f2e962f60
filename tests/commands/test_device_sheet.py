# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sheets of devices: what is read, and that every fault is told at once without quoting what stands there."""

from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identities import IDENTITIES
from vaka.commands.device_sheet import Context, read_sheet
from vaka.commands.sheets import SheetError
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.devices import Certificate, Digest, Network

PERSON = UUID(int=7)
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


HEADING = "sender,authentication,password"
EXCEPTION = "sender,authentication,network,exception_reason,exception_until\n"


def context() -> Context:
    numbers = count(1)
    return Context(
        SecretDesk(UUID(int=1), IDENTITIES, "vaka", NOW),
        {"19380209-9809": PERSON}.get,
        lambda: UUID(int=next(numbers)),
        NOW,
    )


def test_every_kind_of_device_is_read() -> None:
    text = (
        "\ufeffsender;authentication;personal_number;username;password;algorithm;certificate_sha256;network;"
        "exception_reason;exception_until;interval_seconds;device_type;model;placed\r\n"
        "8031001;digest;19380209-9809;;Circle of Life;MD5;;;;;;2;Careium;Hall\r\n"
        "8031002;digest;;larm2;pass the salt, please;both;;;;;900;;;\r\n"
        f"8031003;certificate;;;;;{'AB:' * 31}AB;;;;;;;\r\n"
        "8031004;network;;;;;;192.0.2.0/24;Äldre utan digest;2027-01-31;;;;\r\n"
    )
    first, second, third, fourth = read_sheet(text, context()).devices
    assert (first.id, first.sender, first.person_id, first.device_type) == (UUID(int=1), "8031001", PERSON, 2)
    assert (first.model, first.placed, first.interval_seconds) == ("Careium", "Hall", 300)
    assert isinstance(first.authentication, Digest)
    assert (first.authentication.username, first.authentication.ha1_sha256) == ("8031001", None)
    assert first.authentication.ha1_md5 is not None
    assert isinstance(second.authentication, Digest)
    assert None not in (second.authentication.ha1_md5, second.authentication.ha1_sha256)
    assert (second.authentication.username, second.interval_seconds) == ("larm2", 900)
    assert third.authentication == Certificate("ab" * 32)
    assert isinstance(fourth.authentication, Network)
    assert fourth.authentication.network == ip_network("192.0.2.0/24")
    assert (third.interval_seconds, fourth.interval_seconds) == (300, 86_400)
    assert fourth.authentication.until.isoformat() == "2027-01-31T23:59:59+01:00"


@pytest.mark.parametrize(
    ("kind", "device_type", "interval", "expected"),
    [
        ("", "", "", 300), ("", "2", "", 300), ("", "51", "", 1800), ("fixed", "51", "", 300),
        ("mobile", "2", "", 1800), ("legacy", "", "", 86_400), ("legacy", "", "600", 600), ("", "51", "60", 60),
    ],
)  # fmt: skip
def test_how_often_a_device_is_expected_goes_by_its_kind(
    kind: str, device_type: str, interval: str, expected: int
) -> None:
    heading = "sender,authentication,password,kind,device_type,interval_seconds\n"
    [device] = read_sheet(f"{heading}1,digest,unguessable!,{kind},{device_type},{interval}\n", context()).devices
    assert device.interval_seconds == expected


def test_a_device_is_laid_down_by_its_line() -> None:
    lines = "1,digest,unguessable!,no\n2,digest,unguessable!,yes\n3,digest,unguessable!,\n"
    text = f"{HEADING},in_use\n{lines}"
    sheet = read_sheet(text, context())
    assert [device.in_use for device in sheet.devices] == [False, True, True]
    assert sheet.columns == ["sender", "authentication", "password", "in_use"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the column sender is missing; the column authentication is missing"),
        ("sender,authentication\n", "it has no device"),
        ("sender,authentication,colour\n1,digest,red\n", "the column colour is unknown"),
        ("sender,authentication,password\n,digest,unguessable!\n", "line 2: sender is not 1-64 visible characters"),
        ("sender,authentication\n1,digest\n", "line 2: digest needs a password"),
        ("sender,authentication\n1,none\n", "line 2: authentication is neither digest, certificate nor network"),
        ("sender,authentication\n1,certificate\n", "line 2: certificate_sha256 is not 64 hexadecimal digits"),
        ("sender,authentication,network\n1,network,somewhere\n", "line 2: network is no address range"),
        ("sender,authentication,network\n1,network,192.0.2.0/24\n", "line 2: exception_reason has fewer than 10"),
        (EXCEPTION + "1,network,0.0.0.0/0,Äldre utan digest,2027-01-31\n", "line 2: network is wider than /16"),
        (EXCEPTION + "1,network,2001:db8::/31,Äldre utan digest,2027-01-31\n", "line 2: network is wider than /32"),
        (EXCEPTION + "1,network,10.0.0.0/16,Äldre utan digest,2027-11-26\n", "line 2: exception_until is not within"),
        (EXCEPTION + "1,network,10.0.0.0/16,Äldre utan digest,2026-11-23\n", "line 2: exception_until is not within"),
        (f"{HEADING},in_use\n1,digest,unguessable!,maybe\n", "line 2: in_use is neither yes nor no"),
        ("sender,authentication,password,algorithm\n1,digest,unguessable!,SHA-1\n", "line 2: algorithm is neither"),
        (f"{HEADING},kind\n1,digest,unguessable!,wireless\n", "line 2: kind is none of fixed, mobile, legacy"),
        (f"{HEADING},model\n1,digest,unguessable!,a\0b\n", "it holds characters that cannot be stored"),
        (f"{HEADING},interval_seconds\n1,digest,unguessable!,5\n", "line 2: interval_seconds is not a number"),
        (f"{HEADING},personal_number\n1,digest,unguessable!,19\n", "line 2: nobody in this authority"),
        (f"{HEADING}\n1,digest,unguessable!\n1,digest,another one!\n", "line 3: the sender stands in line 2 already"),
        ("sender,authentication,password\n1,digest,unguessable!,y,z\n", "line 2: more fields than columns"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(SheetError) as refused:
        read_sheet(text, context())
    assert fault in str(refused.value)
    assert "nothing was changed" in str(refused.value)


def test_all_faults_are_told_at_once_up_to_a_bound() -> None:
    text = "sender,authentication\n" + "".join(f"{number},secret{number}\n" for number in range(50))
    with pytest.raises(SheetError) as refused:
        read_sheet(text, context())
    assert str(refused.value).count("line ") == 20
    assert "and 30 more" in str(refused.value)
    assert "secret" not in str(refused.value)


@given(st.text(max_size=300), st.booleans())
def test_any_text_gives_devices_or_the_one_error(text: str, headed: bool) -> None:
    with suppress(SheetError):
        read_sheet(("sender,authentication,password,network\n" if headed else "") + text, context())

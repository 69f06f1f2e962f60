# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The policy refuses what is not in it, and what is below the floor is not let into it."""

import pytest

from vaka.crypto.policy import FLOORS, ForbiddenAlgorithmError, load_policy, parse_policy, require_allowed
from vaka.errors import ConfigurationError

GOOD = """
[[algorithm]]
name = "AES-256-GCM"
purpose = "encryption"
bits = 256
source = "NIST SP 800-38D"
[tls]
versions = ["TLSv1.3"]
suites = ["TLS_AES_256_GCM_SHA384"]
groups = ["X25519"]
[certificates]
issuer_days = 1826
days = 90
renew_before_days = 30
[rotate_after_days]
person = 365
"""


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("RSA-1024", "signature"), ("SHA-1", "digest"), ("none", "signature"), ("3DES", "encryption"),
        ("AES-128-GCM", "encryption"), ("MD5", "digest"), ("Ed25519", "encryption"), ("AES-256-GCM", "signature"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_not_in_the_policy_is_refused(name: str, purpose: str) -> None:
    with pytest.raises(ForbiddenAlgorithmError):
        require_allowed(name, purpose)


def test_what_is_in_it_is_allowed_for_its_purpose() -> None:
    assert require_allowed("AES-256-GCM", "encryption").bits == 256
    assert require_allowed("Ed25519", "signature").source == "RFC 8032"


def test_every_exception_says_why_and_everything_else_keeps_to_the_floor() -> None:
    for algorithm in load_policy().algorithms.values():
        floor = FLOORS.get(algorithm.purpose)
        assert algorithm.exception or (floor is not None and algorithm.bits >= floor)
    assert {one.name for one in load_policy().algorithms.values() if one.exception} == {"MD5"}


def test_a_policy_is_read() -> None:
    policy = parse_policy(GOOD)
    assert policy.require("AES-256-GCM", "encryption").bits == 256
    assert policy.rotate_after_days == {"person": 365}


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace("bits = 256", "bits = 128"),
        GOOD.replace('purpose = "encryption"', 'purpose = "ornament"'),
        GOOD.replace("bits = 256", 'bits = 128\nexception = "short"'),
        GOOD.replace("bits = 256", 'bits = "256"'),
        GOOD + "colour = 1",
        GOOD.replace("[rotate_after_days]", "[rotate]"),
        GOOD.replace("person = 365", "person = 0"),
        GOOD.replace("[rotate_after_days]", GOOD.split("[rotate")[0] + "[rotate_after_days]"),
        GOOD.replace('["TLSv1.3"]', '["TLSv1.3", "TLSv1.1"]'), GOOD.replace('["TLSv1.3"]', "[]"),
        GOOD.replace("TLS_AES_256_GCM_SHA384", "AES256-GCM-SHA384"), GOOD.replace("TLS_AES_256_GCM_SHA384", "NULL"),
        GOOD.replace("TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-SHA"),
        GOOD.replace("X25519", "secp224r1"), GOOD.replace('["X25519"]', "[]"),
        GOOD.replace('groups = ["X25519"]\n', ""),
        GOOD.replace("renew_before_days = 30", "renew_before_days = 21"), GOOD.replace("days = 90", "days = 400"),
        GOOD.replace("\ndays = 90", "\ndays = 59"), GOOD.replace("issuer_days = 1826\n", ""),
        "", "[[algorithm", "algorithm = []\n[rotate_after_days]\n",
    ],
)  # fmt: skip
def test_a_policy_that_is_weaker_or_unclear_is_refused(bad: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_policy(bad)


def test_a_weaker_one_is_let_in_with_a_reason() -> None:
    excused = GOOD.replace("bits = 256", 'bits = 128\nexception = "one device of 2009 that knows no other"')
    assert parse_policy(excused).require("AES-256-GCM", "encryption").exception.startswith("one device")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a program proves itself by is judged here: every attack on a client assertion is refused, with its code."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from vaka.identity.client_guard import (
    AssertionRefusedError,
    UnusableKeysError,
    judge_assertion,
    read_client_id,
    read_keys,
)

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
AT = int(NOW.timestamp())
CLIENT, OTHER = UUID(int=5), UUID(int=6)
AUDIENCE = "https://portal.example/api/token"
KEY, STRANGER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
EDWARDS = OKPKey.generate_key("Ed25519")
PUBLIC = read_keys(json.dumps({"keys": [KEY.as_dict(private=False), EDWARDS.as_dict(private=False)]}))


def claims(**changes: Any) -> dict[str, Any]:
    said = {"iss": str(CLIENT), "sub": str(CLIENT), "aud": AUDIENCE, "exp": AT + 120, "iat": AT, "jti": "a" * 22}
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def signed(payload: Any, key: Any = KEY, algorithm: str = "ES256", **header: Any) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return jws.serialize_compact({"alg": algorithm, **header}, text, key, algorithms=[algorithm])


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def judge(assertion: str) -> str:
    """The code of the refusal; empty where it is believed."""
    try:
        judge_assertion(assertion, CLIENT, PUBLIC, AUDIENCE, NOW)
    except AssertionRefusedError as refused:
        return refused.reason
    return ""


def test_what_is_right_is_believed() -> None:
    for assertion in (signed(claims()), signed(claims(aud=[AUDIENCE])), signed(claims(), EDWARDS, "Ed25519")):
        assert judge(assertion) == ""
        assert read_client_id(assertion) == CLIENT
    assert judge_assertion(signed(claims()), CLIENT, PUBLIC, AUDIENCE, NOW).jti == "a" * 22


def confused() -> str:
    """HS256, with the public key as the secret: made by hand, since no library would."""
    head = f"{part({'alg': 'HS256'})}.{part(claims())}"
    mac = hmac.digest(KEY.as_pem(private=False), head.encode(), "sha256")
    return f"{head}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


ATTACKS: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: f"{part({'alg': 'none'})}.{part(claims())}.", "algorithm"),
    "alg None": (lambda: f"{part({'alg': 'None'})}.{part(claims())}.AA", "algorithm"),
    "HS256 with the public key": (confused, "algorithm"),
    "no alg": (lambda: f"{part({})}.{part(claims())}.AA", "form"),
    "another algorithm": (lambda: signed(claims(), ECKey.generate_key("P-384"), "ES384"), "algorithm"),
    "another's key": (lambda: signed(claims(), STRANGER), "signature"),
    "a key of its own in the header": (
        lambda: signed(claims(), STRANGER, jwk=STRANGER.as_dict(private=False)), "signature"
    ),
    "a key at an address": (lambda: signed(claims(), STRANGER, jku="https://evil.example/keys"), "signature"),
    "a changed payload": (lambda: _changed(), "signature"),
    "wrong audience": (lambda: signed(claims(aud="https://other.example/api/token")), "audience"),
    "two audiences": (lambda: signed(claims(aud=[AUDIENCE, "https://other.example"])), "audience"),
    "no audience": (lambda: signed(claims(aud=None)), "audience"),
    "another issuer": (lambda: signed(claims(iss=str(OTHER))), "issuer"),
    "another subject": (lambda: signed(claims(sub=str(OTHER))), "issuer"),
    "expired": (lambda: signed(claims(exp=AT - 31)), "expired"),
    "good for too long": (lambda: signed(claims(exp=AT + 331)), "too_long"),
    "for ever": (lambda: signed(claims(exp=None)), "claims"),
    "expires as a text": (lambda: signed(claims(exp=str(AT + 60))), "claims"),
    "of the future": (lambda: signed(claims(iat=AT + 31)), "not_yet"),
    "not before later": (lambda: signed(claims(nbf=AT + 31)), "not_yet"),
    "no jti": (lambda: signed(claims(jti=None)), "jti"),
    "a short jti": (lambda: signed(claims(jti="a" * 15)), "jti"),
    "a long jti": (lambda: signed(claims(jti="a" * 129)), "jti"),
    "says its audience twice": (
        lambda: signed(json.dumps(claims())[:-1] + ',"aud":"https://other.example"}'), "form"
    ),
    "no object": (lambda: signed("[]"), "form"),
    "too large": (lambda: signed(claims(more="x" * 5000)), "form"),
    "no token": (lambda: "x.y", "form"),
    "critical extension": (lambda: _critical(), "algorithm"),
}  # fmt: skip


def _changed() -> str:
    head, _, signature = signed(claims()).split(".")
    return f"{head}.{part(claims(jti='b' * 22))}.{signature}"


def _critical() -> str:
    _, payload, signature = signed(claims()).split(".")
    return f"{part({'alg': 'ES256', 'crit': ['exp'], 'exp': 1})}.{payload}.{signature}"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_with_its_code(attack: str) -> None:
    make, reason = ATTACKS[attack]
    assert judge(make()) == reason


@given(st.text(max_size=300) | st.text("abcAZ09-_.", max_size=300))
def test_whatever_comes_is_refused_and_nothing_else_happens(text: str) -> None:
    assert judge(text) != ""


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "no JSON"), ("[]", "no JSON object"), ('{"keys": []}', "1-4 keys"),
        (json.dumps(KEY.as_dict(private=True)), "private key"),
        (json.dumps({"kty": "oct", "k": "c2VjcmV0"}), "private key"),
        (json.dumps({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "neither EC P-256"),
        (json.dumps(ECKey.generate_key("P-384").as_dict(private=False)), "neither EC P-256"),
        (json.dumps({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}), "no point"),
        (json.dumps({"kty": "EC", "crv": "P-256", "x": 5, "y": "AAAA"}), "no texts"),
        (json.dumps({"keys": [KEY.as_dict(private=False)] * 5}), "1-4 keys"),
    ],
)  # fmt: skip
def test_only_public_keys_of_two_kinds_are_registered(keys: str, said: str) -> None:
    with pytest.raises(UnusableKeysError, match=said):
        read_keys(keys)


def test_of_a_key_nothing_is_kept_but_the_point() -> None:
    given_ = {**KEY.as_dict(private=False), "use": "sig", "x5u": "https://evil.example", "kid": "../../etc"}
    [kept] = read_keys(json.dumps(given_))
    assert kept.keys() == {"kty", "crv", "x", "y", "kid"}
    assert kept["kid"] == KEY.thumbprint()
    other = generate_private_key(SECP256R1())
    assert read_keys(json.dumps(ECKey.import_key(other.public_key()).as_dict()))[0]["kid"] != kept["kid"]

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the library behind the guard takes and the guard does not. Where the library learns to refuse it, this fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from webauthn import verify_authentication_response, verify_registration_response

from tests.identity.authenticator import CAN_BE_COPIED, NO_MODEL, PRESENT, VERIFIED, Maker, SoftKey, bytes_of, text_of
from vaka.identity.guard import RULES, KeyRule, Known, Site, judge_new_key, judge_touch, read_answer
from vaka.identity.models import Model
from vaka.identity.refusing import KeyRefusedError, Reason

SITE = Site("https://portal.example.se", "portal.example.se")
CHALLENGE, USER = bytes(range(32)), uuid4().bytes
LISTED = UUID(int=0xA1)
MAKER = Maker(LISTED)
MODELS = {LISTED: Model(LISTED, "A key of the test", (MAKER.root().encode(),))}
CREATE = {"rp": {"id": SITE.identifier}, "user": {"id": text_of(USER)}, "challenge": text_of(CHALLENGE)}
GET = {"rpId": SITE.identifier, "challenge": text_of(CHALLENGE)}
PLAIN, STRICT = RULES["user"], RULES["administrator"]


def library_takes_new(sent: str) -> None:
    message = json.loads(sent)
    made = verify_registration_response(
        credential={**message, "rawId": message["id"]}, expected_challenge=CHALLENGE, expected_rp_id=SITE.identifier,
        expected_origin=SITE.origin, require_user_verification=True,
    )  # fmt: skip
    assert made.user_verified


def library_takes_touch(sent: str, key: SoftKey) -> None:
    message = json.loads(sent)
    verify_authentication_response(
        credential={**message, "rawId": message["id"]}, expected_challenge=CHALLENGE, expected_rp_id=SITE.identifier,
        expected_origin=SITE.origin, credential_public_key=key.cose(), credential_current_sign_count=0,
        require_user_verification=True,
    )  # fmt: skip


def known(key: SoftKey) -> Known:
    return Known(key.credential_id, key.cose(), "ECDSA-P256-SHA256", SITE.identifier, True, False, 0)


NEW: list[tuple[str, Callable[[], SoftKey], KeyRule, Reason]] = [
    ("a page within another's", lambda: soft(said={"crossOrigin": True}), PLAIN, Reason.CROSS_ORIGIN),
    ("another's page around it", lambda: soft(said={"topOrigin": "https://evil.example"}), PLAIN, Reason.CROSS_ORIGIN),
    ("a key that can be copied", lambda: soft(flags=PRESENT | VERIFIED | CAN_BE_COPIED), STRICT, Reason.SYNCED),
    ("a model nobody vouches for", lambda: soft(aaguid=LISTED), STRICT, Reason.ATTESTATION),
    ("a model that vouches for itself", lambda: soft(aaguid=LISTED, attests_itself=True), STRICT, Reason.ATTESTATION),
    ("a chain that ends anywhere", lambda: soft(aaguid=LISTED, maker=Maker(LISTED)), STRICT, Reason.ATTESTATION),
    ("a certificate of another model", lambda: soft(aaguid=LISTED, maker=replace(MAKER, stated=UUID(int=2))), STRICT,
     Reason.ATTESTATION),
    ("a certificate of no model", lambda: soft(aaguid=LISTED, maker=replace(MAKER, stated=NO_MODEL)), STRICT,
     Reason.ATTESTATION),
    ("an issuer's certificate", lambda: soft(aaguid=LISTED, maker=replace(MAKER, certifies_issuers=True)), STRICT,
     Reason.ATTESTATION),
]  # fmt: skip
TOUCHES: list[tuple[str, dict[str, Any], Reason]] = [
    ("a page within another's", {"said": {"crossOrigin": True}}, Reason.CROSS_ORIGIN),
    ("another's page around it", {"said": {"topOrigin": "https://evil.example"}}, Reason.CROSS_ORIGIN),
    ("a key of another user", {"user": uuid4().bytes}, Reason.KEY_OF_ANOTHER),
    ("a key that changed its nature", {"flags": PRESENT | VERIFIED | CAN_BE_COPIED}, Reason.BACKUP_CHANGED),
]


def soft(**how: Any) -> SoftKey:
    return SoftKey(SITE.origin, **how)


@pytest.mark.parametrize(("make", "rule", "reason"), [row[1:] for row in NEW], ids=[row[0] for row in NEW])
def test_what_the_library_takes_of_a_new_key(make: Callable[[], SoftKey], rule: KeyRule, reason: Reason) -> None:
    sent = make().make(CREATE)
    library_takes_new(sent)
    with pytest.raises(KeyRefusedError) as refused:
        judge_new_key(read_answer(sent, "webauthn.create"), CHALLENGE, SITE, rule, MODELS)
    assert refused.value.reason is reason


@pytest.mark.parametrize(("how", "reason"), [row[1:] for row in TOUCHES], ids=[row[0] for row in TOUCHES])
def test_what_the_library_takes_of_a_touch(how: dict[str, Any], reason: Reason) -> None:
    key = soft(**how)
    sent = key.touch(GET)
    library_takes_touch(sent, key)
    with pytest.raises(KeyRefusedError) as refused:
        judge_touch(read_answer(sent, "webauthn.get"), CHALLENGE, SITE, PLAIN, known(key), USER)
    assert refused.value.reason is reason


@pytest.mark.parametrize("rule", [PLAIN, STRICT])
def test_an_honest_key_is_taken_by_both(rule: KeyRule) -> None:
    key = soft(aaguid=LISTED, maker=MAKER)
    sent = key.make(CREATE)
    library_takes_new(sent)
    made = judge_new_key(read_answer(sent, "webauthn.create"), CHALLENGE, SITE, rule, MODELS)
    assert (made.public_key, made.device_bound, made.attested) == (key.cose(), True, rule.attested)
    sent = key.touch(GET)
    library_takes_touch(sent, key)
    assert judge_touch(read_answer(sent, "webauthn.get"), CHALLENGE, SITE, PLAIN, known(key), USER) == 1


def test_without_a_list_no_model_is_one() -> None:
    sent = soft(aaguid=LISTED, maker=MAKER).make(CREATE)
    with pytest.raises(KeyRefusedError) as refused:
        judge_new_key(read_answer(sent, "webauthn.create"), CHALLENGE, SITE, STRICT, {})
    assert refused.value.reason is Reason.MODEL


@pytest.mark.parametrize("place", range(0, 37, 3))
def test_any_byte_of_what_was_signed_matters(place: int) -> None:
    key = soft()
    message = json.loads(key.touch(GET))
    data = bytearray(bytes_of(message["response"]["authenticatorData"]))
    data[place] ^= 0x20
    message["response"]["authenticatorData"] = text_of(bytes(data))
    with pytest.raises(KeyRefusedError):
        judge_touch(read_answer(json.dumps(message), "webauthn.get"), CHALLENGE, SITE, PLAIN, known(key), USER)

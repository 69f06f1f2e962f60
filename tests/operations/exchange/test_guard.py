# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is believed of a message of a partner, and what is not; and the examples of the standards themselves."""

import hashlib
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.operations.exchange.partner import Partner
from vaka.operations.exchange.guard import LARGEST, Agreement, Arrived, MessageRefusedError, Reason, judge
from vaka.operations.exchange.signatures import is_digest_of, is_signed_by, signature_base, write_digest

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
ADDRESS = "https://portal.example/api/registry/exchange/ekbacka/0198b6f0-0000-7000-8000-000000000001"
BODY = b'{"person":"0198b6f0-0000-7000-8000-000000000002","contacts":[]}'
UNTIL = date(2026, 12, 31)


@pytest.fixture(params=[True, False], ids=["ecdsa-p256-sha256", "ed25519"])
def partner(request: pytest.FixtureRequest) -> Partner:
    return Partner(NOW, curve=bool(request.param))


def agreed(partner: Partner, valid: date | None = UNTIL, certificate: date | None = UNTIL) -> Agreement:
    return Agreement(partner.fingerprint, valid, certificate)


def sent(partner: Partner, body: bytes = BODY, at: datetime = NOW, **how: str) -> Arrived:
    return Arrived("POST", ADDRESS, partner.sign(ADDRESS, body, at, **how), body)


def refused(message: Arrived, agreement: Agreement | None, now: datetime = NOW) -> Reason:
    with pytest.raises(MessageRefusedError) as error:
        judge(message, agreement, now)
    return error.value.reason


def changed(message: Arrived, **headers: str | None) -> Arrived:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {**message.headers, **names}
    return replace(message, headers={name: value for name, value in merged.items() if value is not None})


def test_a_message_that_is_as_it_should_be_is_believed(partner: Partner) -> None:
    one, other = sent(partner), sent(partner)
    assert judge(one, agreed(partner), NOW) != judge(other, agreed(partner), NOW)
    assert judge(one, agreed(partner), NOW) == judge(one, agreed(partner), NOW + timedelta(minutes=4))


def test_term_32_1_one_changed_byte_is_refused(partner: Partner) -> None:
    message = sent(partner)
    for at in range(len(BODY)):
        body = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]
        assert refused(replace(message, body=body), agreed(partner)) is Reason.DIGEST
        assert refused(
            changed(replace(message, body=body), content_digest=write_digest(body)), agreed(partner)
        ) is Reason.SIGNATURE  # fmt: skip
    assert refused(replace(message, address=ADDRESS[:-1] + "2"), agreed(partner)) is Reason.SIGNATURE
    assert refused(replace(message, method="PUT"), agreed(partner)) is Reason.SIGNATURE
    later = message.headers["signature-input"].replace("created=1", "created=2")
    assert refused(changed(message, signature_input=later), agreed(partner)) is Reason.SIGNATURE
    shown = b64decode(message.headers["vaka-partner-certificate"].strip(":"))
    for at in range(len(shown)):
        for bit in (1, 2, 128):
            other = shown[:at] + bytes([shown[at] ^ bit]) + shown[at + 1 :]
            header = f":{b64encode(other).decode()}:"
            assert refused(changed(message, vaka_partner_certificate=header), agreed(partner)) is Reason.CERTIFICATE
    header = message.headers["vaka-partner-certificate"]
    for at in range(len(header)):
        other_header = header[:at] + chr(ord(header[at]) ^ 1) + header[at + 1 :]
        assert refused(changed(message, vaka_partner_certificate=other_header), agreed(partner)) in (
            Reason.CERTIFICATE, Reason.FORM, Reason.SIGNATURE,
        )  # fmt: skip


def test_term_32_1_a_certificate_that_cannot_be_read_is_refused_even_where_it_was_agreed(partner: Partner) -> None:
    """Of another version, or with a key of an algorithm that there is not: no exception comes out but the refusal."""
    shown = partner.certificate
    for at in range(len(shown)):
        partner.certificate = shown[:at] + bytes([shown[at] ^ 2]) + shown[at + 1 :]
        partner.fingerprint = hashlib.sha256(partner.certificate).hexdigest()
        with suppress(MessageRefusedError):
            judge(sent(partner), agreed(partner), NOW)


@pytest.mark.parametrize("created", ["99999999999", "999999999999", '"1773453600"', '""', "", "-1"])
def test_term_32_1_a_time_that_is_too_long_or_quoted_is_none(partner: Partner, created: str) -> None:
    message = sent(partner)
    said = re.sub(r"created=\d+", f"created={created}", message.headers["signature-input"])
    assert refused(changed(message, signature_input=said), agreed(partner)) is Reason.FORM
    signed = sent(partner, created=created)
    assert refused(signed, agreed(partner)) is Reason.FORM


def test_term_32_3_another_certificate_or_one_that_does_not_hold_is_refused(partner: Partner) -> None:
    stranger = Partner(NOW)
    assert refused(sent(stranger), agreed(partner)) is Reason.CERTIFICATE
    assert refused(sent(partner), None) is Reason.PARTNER
    assert refused(sent(partner), replace(agreed(partner), certificate="")) is Reason.PARTNER
    old = Partner(NOW, days=-1)
    assert refused(sent(old), agreed(old)) is Reason.CERTIFICATE_DATES
    assert refused(sent(partner), agreed(partner), NOW + timedelta(days=31)) is Reason.CERTIFICATE_DATES
    # What was replaced in the register is another certificate from then on.
    assert refused(sent(partner), agreed(Partner(NOW))) is Reason.CERTIFICATE


def test_term_32_4_a_signature_does_not_speak_for_another_partner(partner: Partner) -> None:
    """His own certificate and key, and the other's address, certificate or name."""
    other = Partner(NOW)
    assert refused(sent(other), agreed(partner)) is Reason.CERTIFICATE
    assert refused(sent(other, key_id=partner.fingerprint), agreed(partner)) is Reason.CERTIFICATE
    borrowed = changed(sent(other), vaka_partner_certificate=sent(partner).headers["vaka-partner-certificate"])
    assert refused(borrowed, agreed(partner)) is Reason.CERTIFICATE
    named = changed(
        sent(other, key_id=partner.fingerprint),
        vaka_partner_certificate=sent(partner).headers["vaka-partner-certificate"],
    )
    assert refused(named, agreed(partner)) is Reason.SIGNATURE


def test_an_agreement_that_has_ended_lets_nobody_in(partner: Partner) -> None:
    gone = date(2026, 3, 13)
    for agreement in (agreed(partner, gone), agreed(partner, UNTIL, gone), agreed(partner, None)):
        assert refused(sent(partner), agreement) is Reason.EXPIRED
    # The last day is a day of the clock on the wall: in Sweden it is the 14th already.
    assert judge(sent(partner), agreed(partner, date(2026, 3, 14)), NOW)


def test_a_message_of_another_time_is_refused(partner: Partner) -> None:
    for shift in (timedelta(minutes=6), timedelta(minutes=-6)):
        assert refused(sent(partner, at=NOW + shift), agreed(partner)) is Reason.TIME


def test_term_32_6_what_is_large_packed_or_xml_is_refused(partner: Partner) -> None:
    large = b" " * (LARGEST + 1)
    assert refused(sent(partner, large), agreed(partner)) is Reason.LARGE
    assert refused(changed(sent(partner), content_encoding="gzip"), agreed(partner)) is Reason.PACKED
    xml = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    assert refused(sent(partner, xml, media="application/xml"), agreed(partner)) is Reason.MEDIA


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("signature-input", '"content-digest" ', ""),
        ("signature-input", ";alg=", ";tag="),
        ("signature-input", ";created=", ";created=1;created="),
        ("signature-input", "partner=", "other="),
        ("signature-input", 'nonce="', 'nonce="\t'),
        ("signature", "partner=:", "partner="),
        ("vaka-partner-certificate", ":", ""),
    ],
)
def test_a_signature_of_another_form_is_none(partner: Partner, name: str, old: str, new: str) -> None:
    message = sent(partner)
    assert old in message.headers[name]
    other = changed(message, **{name.replace("-", "_"): message.headers[name].replace(old, new)})
    assert refused(other, agreed(partner)) is Reason.FORM
    assert refused(changed(message, **{name.replace("-", "_"): None}), agreed(partner)) is Reason.FORM
    assert refused(sent(partner, nonce="short"), agreed(partner)) is Reason.FORM


def number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "="), "big")


def test_the_standards_own_examples_are_signed_by_their_keys() -> None:
    """RFC 9421, B.2.6 (Ed25519) and B.2.4 (ECDSA P-256): keys, components and signatures as they stand there."""
    edwards = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs="))
    covered = ("date", "@method", "@path", "@authority", "content-type", "content-length")
    values = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT", "@method": "POST", "@path": "/foo", "@authority": "example.com",
        "content-type": "application/json", "content-length": "18",
    }  # fmt: skip
    names = " ".join(f'"{name}"' for name in covered)
    base = signature_base(covered, values, f'({names});created=1618884473;keyid="test-key-ed25519"')
    signature = b64decode("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==")
    assert is_signed_by(edwards, "ed25519", base, signature)
    assert not is_signed_by(edwards, "ed25519", base + b" ", signature)
    assert not is_signed_by(edwards, "ecdsa-p256-sha256", base, signature)
    curve = EllipticCurvePublicNumbers(
        number("qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA"), number("Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"),
        SECP256R1(),
    ).public_key()  # fmt: skip
    said = ("@status", "content-type", "content-digest", "content-length")
    values = {
        "@status": "200", "content-type": "application/json", "content-length": "23", "content-digest":
        "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
    }  # fmt: skip
    names = " ".join(f'"{name}"' for name in said)
    base = signature_base(said, values, f'({names});created=1618884473;keyid="test-key-ecc-p256"')
    signature = b64decode("wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==")
    assert is_signed_by(curve, "ecdsa-p256-sha256", base, signature)
    assert not is_signed_by(curve, "ecdsa-p256-sha256", base[:-1], signature)


def test_the_standards_own_digest_is_that_of_its_body() -> None:
    """RFC 9530, B.1."""
    body = b'{"hello": "world"}\n'
    assert is_digest_of("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", body)
    assert not is_digest_of("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", body[:-1])
    assert not is_digest_of("sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", body)

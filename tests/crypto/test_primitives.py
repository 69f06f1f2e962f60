# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each operation against the published vectors of its standard, and against every kind of change."""

import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from vaka.crypto.aead import NONCE_BYTES, UnopenableError, decrypt, encrypt
from vaka.crypto.agreement import public_of, shared
from vaka.crypto.blinding import blind
from vaka.crypto.chance import new_key, random_bytes
from vaka.crypto.derivation import derive, extract_and_expand

KEY = bytes(range(32))


# --- AES-256-GCM ------------------------------------------------------------------------------------------------------


def test_aes_gcm_opens_the_published_example() -> None:
    """McGrew and Viega, the GCM specification, test case 16."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
        "ba637b39"
    )
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
        "bcc9f662" "76fc6ece0f4e1768cddf8853bb2d551b"
    )  # fmt: skip
    assert decrypt(key, nonce + sealed, associated) == plain


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_is_encrypted_is_decrypted(plaintext: bytes, associated: bytes) -> None:
    assert decrypt(KEY, encrypt(KEY, plaintext, associated), associated) == plaintext


def test_every_change_is_seen() -> None:
    sealed = encrypt(KEY, b"Karin Holmgren", b"person")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(UnopenableError):
            decrypt(KEY, bytes(changed), b"person")
    for changed_to in (sealed[:-1], sealed + b"x", b"", sealed[:27]):
        with pytest.raises(UnopenableError):
            decrypt(KEY, changed_to, b"person")
    with pytest.raises(UnopenableError):
        decrypt(KEY, sealed, b"persons")
    with pytest.raises(UnopenableError):
        decrypt(bytes(32), sealed, b"person")


def test_no_nonce_comes_twice() -> None:
    assert len({encrypt(KEY, b"", b"")[:NONCE_BYTES] for _ in range(1000)}) == 1000


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_a_key_of_another_length_is_our_mistake(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        encrypt(bytes(length), b"", b"")
    with pytest.raises(ValueError, match="32 bytes"):
        decrypt(bytes(length), bytes(40), b"")


def test_it_is_plain_aes_gcm_that_others_can_open() -> None:
    sealed = encrypt(KEY, b"text", b"place")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"place") == b"text"


# --- HKDF -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "salt", "info", "made"),
    [
        ("0b" * 22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"),
        ("0b" * 22, "", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
    ],
    ids=["RFC 5869 A.1", "RFC 5869 A.3"],
)  # fmt: skip
def test_hkdf_gives_what_the_rfc_says(secret: str, salt: str, info: str, made: str) -> None:
    assert extract_and_expand(*map(bytes.fromhex, (secret, salt, info))).hex() == made


def test_keys_for_other_purposes_are_other_keys() -> None:
    made = {derive(KEY, "a"), derive(KEY, "b"), derive(KEY, "a", b"x"), derive(bytes(32), "a"), derive(KEY, "ax")}
    assert len(made) == 5
    assert derive(KEY, "a") == derive(KEY, "a")
    with pytest.raises(ValueError, match="NUL"):
        derive(KEY, "a\x00b")


# --- X25519 -----------------------------------------------------------------------------------------------------------


def test_x25519_gives_what_the_rfc_says() -> None:
    """RFC 7748 section 6.1."""
    alice = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    bob = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    alices, bobs = public_of(alice), public_of(bob)
    assert alices.hex() == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    assert bobs.hex() == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    assert shared(alice, bobs).hex() == shared(bob, alices).hex() == secret


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31), b"", bytes(31), bytes(33)])
def test_a_half_that_everybody_could_agree_with_is_refused(public: bytes) -> None:
    with pytest.raises(UnopenableError):
        shared(KEY, public)


# --- blind lookup -----------------------------------------------------------------------------------------------------


def test_it_is_plain_hmac_that_others_can_make() -> None:
    assert blind(b"Jefe", "what do ya want", "for nothing?") == hmac.digest(
        b"Jefe", b"what do ya want\x00for nothing?", "sha256"
    )


def test_the_same_value_is_found_under_the_same_key_and_kind_alone() -> None:
    found = blind(KEY, "phone", "0701740605")
    assert found == blind(KEY, "phone", "0701740605")
    assert len({found, blind(KEY, "number", "0701740605"), blind(bytes(32), "phone", "0701740605"),
                blind(KEY, "phone", "0701740606"), blind(KEY, "phone0", "701740605")}) == 5  # fmt: skip
    with pytest.raises(ValueError, match="NUL"):
        blind(KEY, "a\x00", "b")


def test_chance_is_not_the_same_twice() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert len(random_bytes(7)) == 7

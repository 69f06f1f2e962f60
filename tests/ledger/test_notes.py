# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signed notes and their keys: what is read is exactly what the format allows, and only true signatures stand."""

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ledger.sample import LOG, WITNESSES, is_refused, log_key, private_key
from vaka.ledger.cosignatures import WitnessKey, WitnessSigner
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LONGEST_NAME, LogKey, LogSigner, NoteKey, NoteSecret, encode_base64
from vaka.ledger.notes import (
    LARGEST_NOTE,
    MOST_SIGNATURES,
    Note,
    SignatureLine,
    decode_number,
    parse_note,
    parse_signatures,
    sign_note,
    verify_note,
)

TEXT = "What was agreed\n\non two lines.\n"
OTHER = LogSigner.of("other.example", private_key("other"))
NOTE = sign_note(TEXT, LOG)
LINE = NOTE.signatures[0].encode()
ENCODED = encode_base64(LOG.key_id + NOTE.signatures[0].signature)
PUBLIC = encode_base64(b"\x01" + LOG.key.public_key)
FIELD = 2**255 - 19


def line(name: str, encoded: str) -> bytes:
    return f"— {name} {encoded}\n".encode()


def test_note_is_written_as_it_was_read() -> None:
    data = sign_note(TEXT, LOG, OTHER).encode()
    assert parse_note(data).encode() == data
    assert parse_note(data).text == TEXT
    assert data.decode() == f"{TEXT}\n{LINE}{sign_note(TEXT, OTHER).signatures[0].encode()}"


@pytest.mark.parametrize("text", ["\n", "a\n", "\n\n", "a\n\n", "\n\na\n", "å\x7f\u2028\n", "— name AAAAAAA=\n"])
def test_texts_that_a_note_may_have(text: str) -> None:
    note = parse_note(sign_note(text, LOG).encode())
    assert note.text == text
    assert verify_note(note, [log_key()]) == note.signatures


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        b"text\n" + LINE.encode(),  # no blank line
        b"text\n\n" + LINE.encode()[:-1],  # no line feed at the end
        b"text\n\n" + LINE.encode() + b"\n",  # a blank line after the signatures
        b"text\n\n" + LINE.encode() + b"tail",
        b"text\r\n\n" + LINE.encode(),
        b"te\x00xt\n\n" + LINE.encode(),
        b"te\txt\n\n" + LINE.encode(),
        b"te\xffxt\n\n" + LINE.encode(),
        b"te\xed\xa0\x80xt\n\n" + LINE.encode(),  # half a surrogate pair
        b"text\n\n" + LINE.encode().replace("—".encode(), b"-"),
        b"text\n\n" + LINE.encode().replace("— ".encode(), "—".encode()),
        b"text\n\n" + LINE.encode().replace("— ".encode(), "—  ".encode()),
        b"text\n\n" + LINE.encode().replace(b" ", "\u00a0".encode()),
        b"text\n\n" + line("", ENCODED),
        b"text\n\n" + line("a+b", ENCODED),
        b"text\n\n" + line("a\u00a0b", ENCODED),
        b"text\n\n" + line("a\u2003b", ENCODED),
        b"text\n\n" + line("a" * (LONGEST_NAME + 1), ENCODED),
        b"text\n\n" + line("a b", ENCODED),
        b"text\n\n" + line("name", ""),
        b"text\n\n" + line("name", "AAAAAA=="),  # a key id and no signature
        b"text\n\n" + line("name", "AAA="),
        b"text\n\n" + line("name", ENCODED.rstrip("=")),
        b"text\n\n" + line("name", ENCODED + "="),
        b"text\n\n" + line("name", ENCODED + " "),
        b"text\n\n" + line("name", " " + ENCODED),
        b"text\n\n" + line("name", "AAAAAAB="),  # spare bits set
        b"text\n\n" + line("name", "AAAA-_A="),  # the alphabet of addresses
        b"text\n\n" + line("name", "AAAAåAA="),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    assert is_refused(LedgerFault.NOTE, parse_note, data)


def test_a_note_that_is_too_large_is_refused_unread() -> None:
    fits = b"x" * (LARGEST_NOTE - len(LINE.encode()) - 2) + b"\n\n" + LINE.encode()
    assert parse_note(fits).encode() == fits
    assert is_refused(LedgerFault.NOTE_TOO_LARGE, parse_note, b"x" + fits)
    assert is_refused(LedgerFault.NOTE_TOO_LARGE, Note("x" * LARGEST_NOTE + "\n", NOTE.signatures).encode)


def test_signatures_are_counted() -> None:
    """A hundred are read, which is also where Go's sumdb/note stops; the format asks for sixteen, however large."""
    assert len(parse_note(b"text\n\n" + LINE.encode() * MOST_SIGNATURES).signatures) == MOST_SIGNATURES
    assert is_refused(LedgerFault.TOO_MANY_SIGNATURES, parse_note, b"text\n\n" + LINE.encode() * (MOST_SIGNATURES + 1))
    assert is_refused(LedgerFault.TOO_MANY_SIGNATURES, Note, "text\n", NOTE.signatures * (MOST_SIGNATURES + 1))
    large = line("name", encode_base64(bytes(5000)))
    assert len(parse_note(b"text\n\n" + large * 16).signatures) == 16


@pytest.mark.parametrize("block", ["", "\n", LINE + "\n", LINE[:-1], "x\n"])
def test_witness_answer_must_be_signature_lines(block: str) -> None:
    assert is_refused(LedgerFault.NOTE, parse_signatures, block)


def test_witness_answer_is_counted_too() -> None:
    assert len(parse_signatures(LINE * MOST_SIGNATURES)) == MOST_SIGNATURES
    assert is_refused(LedgerFault.TOO_MANY_SIGNATURES, parse_signatures, LINE * (MOST_SIGNATURES + 1))


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("7", 7), ("10", 10), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), ("07", None)]
)
def test_numbers_fit_in_63_bits(text: str, number: int | None) -> None:
    if number is None:
        assert is_refused(LedgerFault.PROOF, decode_number, text, LedgerFault.PROOF)
    else:
        assert decode_number(text, LedgerFault.PROOF) == number


@given(st.binary(max_size=300))
@example(NOTE.encode())
def test_any_bytes_are_a_note_or_refused(data: bytes) -> None:
    with suppress(LedgerError):
        assert parse_note(data).encode() == data


@given(st.integers(0), st.integers(0, 255))
def test_no_mutated_note_verifies(place: int, byte: int) -> None:
    data = NOTE.encode()
    place %= len(data)
    mutated = data[:place] + bytes([byte]) + data[place + 1 :]
    if mutated == data:
        return
    with pytest.raises(LedgerError):
        verify_note(parse_note(mutated), [log_key()])


def test_unknown_signatures_are_ignored() -> None:
    false = SignatureLine("nobody.example", b"\0\1\2\3", b"nonsense")
    same_name = SignatureLine(LOG.name, OTHER.key_id, b"nonsense")
    same_id = SignatureLine(OTHER.name, LOG.key_id, b"nonsense")
    note = Note(TEXT, (false, same_name, same_id, false, *NOTE.signatures))
    assert verify_note(note, [log_key()]) == NOTE.signatures


def test_nobody_known_has_signed() -> None:
    assert is_refused(LedgerFault.UNSIGNED, verify_note, NOTE, [OTHER.key])
    assert is_refused(LedgerFault.UNSIGNED, verify_note, NOTE, [])


def test_every_signature_by_a_known_key_must_be_true() -> None:
    """Also the second one by the same key, and also beside a true one by another."""
    false = SignatureLine(LOG.name, LOG.key_id, bytes(64))
    true = NOTE.signatures[0]
    for signatures in ((false,), (true, false), (false, true), (*sign_note(TEXT, OTHER).signatures, false)):
        assert is_refused(LedgerFault.SIGNATURE, verify_note, Note(TEXT, signatures), [LOG.key, OTHER.key])
    assert verify_note(Note(TEXT, (true, true)), [LOG.key]) == (true, true)


@pytest.mark.parametrize("signature", [b"x", bytes(63), bytes(65), bytes(64)])
def test_signature_of_any_length_is_only_false(signature: bytes) -> None:
    note = Note(TEXT, (SignatureLine(LOG.name, LOG.key_id, signature),))
    assert is_refused(LedgerFault.SIGNATURE, verify_note, note, [LOG.key])


def test_keys_that_cannot_be_told_apart_are_refused() -> None:
    assert is_refused(LedgerFault.KEY_AMBIGUOUS, verify_note, NOTE, [LOG.key, log_key()])


def test_newer_signature_takes_the_place_of_the_older() -> None:
    first, second = (WITNESSES[0].cosign(checkpoint_text(), time) for time in (10, 20))
    note = sign_note(checkpoint_text(), LOG).with_signatures([first])
    assert [each.signature for each in note.with_signatures([second]).signatures] == [
        note.signatures[0].signature,
        second.signature,
    ]


def checkpoint_text() -> str:
    return f"{LOG.name}\n1\n{encode_base64(bytes(32))}\n"


@pytest.mark.parametrize(
    ("key_class", "signer_class"), [(LogKey, LogSigner), (WitnessKey, WitnessSigner)], ids=["log", "witness"]
)
def test_keys_are_written_as_they_were_read(key_class: type[NoteKey], signer_class: type[NoteSecret]) -> None:
    signer = signer_class.of("name.example", private_key("any"))
    assert isinstance(signer.key, key_class)
    assert key_class.parse(signer.key.encode()) == signer.key
    again = signer_class.parse(signer.encode())
    assert (again.key, again.encode()) == (signer.key, signer.encode())


def test_a_key_of_one_kind_is_none_of_another() -> None:
    """The same secret gives other ids, so that what it signs as a log never counts as a cosignature."""
    log = LogSigner.of("name.example", private_key("any"))
    witness = WitnessSigner.of("name.example", private_key("any"))
    assert log.key.public_key == witness.key.public_key
    assert log.key_id != witness.key_id
    for parse, text in (
        (LogKey.parse, witness.key.encode()),
        (WitnessKey.parse, log.key.encode()),
        (LogSigner.parse, witness.encode()),
        (WitnessSigner.parse, log.encode()),
    ):
        assert is_refused(LedgerFault.KEY, parse, text)


def test_secret_is_not_shown() -> None:
    secret = encode_base64(b"\x01" + LOG.private_key.private_bytes_raw())
    assert secret in LOG.encode()
    assert secret not in repr(LOG)
    assert LOG.private_key.private_bytes_raw().hex() not in repr(LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG.name,
        f"{LOG.name}+{LOG.key_id.hex()}",
        f"{LOG.name}+{LOG.key_id.hex()}+",
        f"+{LOG.key_id.hex()}+{PUBLIC}",
        f"{LOG.name}+{LOG.key_id.hex()[1:]}+{PUBLIC}",
        f"{LOG.name}+{LOG.key_id.hex().upper()}+{PUBLIC}",
        f"{LOG.name}+00000000+{PUBLIC}",
        f"{LOG.name}x+{LOG.key_id.hex()}+{PUBLIC}",
        f"{LOG.name} +{LOG.key_id.hex()}+{PUBLIC}",
        f"{LOG.name}\n+{LOG.key_id.hex()}+{PUBLIC}",
        f" {LOG.key.encode()}",
        f"{LOG.key.encode()}\n",
        f"{LOG.name}+{LOG.key_id.hex()}+{PUBLIC}=",
        f"{LOG.name}+{LOG.key_id.hex()}+{PUBLIC[:-4]}",
        f"{LOG.name}+{LOG.key_id.hex()}+{encode_base64(bytes([1]) + LOG.key.public_key + bytes(1))}",
        f"{LOG.name}+{LOG.key_id.hex()}+{encode_base64(bytes([2]) + LOG.key.public_key)}",
        LOG.encode(),
    ],
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    assert is_refused(LedgerFault.KEY, LogKey.parse, text)


@pytest.mark.parametrize(
    "text",
    [
        LOG.key.encode(),
        LOG.encode().removeprefix("PRIVATE+KEY+"),
        LOG.encode() + "\n",
        LOG.encode().replace(LOG.key_id.hex(), OTHER.key_id.hex()),
        LOG.encode().replace(LOG.name, OTHER.name),
        f"PRIVATE+KEY+{LOG.name}+{LOG.key_id.hex()}+{encode_base64(bytes([1]) + bytes(31))}",
    ],
)
def test_what_is_no_signer_key_is_refused(text: str) -> None:
    assert is_refused(LedgerFault.KEY, LogSigner.parse, text)


def test_key_that_anyone_can_sign_under_is_refused() -> None:
    """The point of order one accepts this signature of every text: so such keys may never become known."""
    identity, signature = (1).to_bytes(32, "little"), (1).to_bytes(32, "little") + bytes(32)
    for message in (b"one thing", b"another"):
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, message)
    assert is_refused(LedgerFault.KEY_WEAK, LogKey, "name", identity)


@pytest.mark.parametrize("height", [0, 1, FIELD - 1, FIELD, FIELD + 1, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_weak_keys_are_refused(height: int, sign: int) -> None:
    assert is_refused(LedgerFault.KEY_WEAK, LogKey, "name", (height | sign << 255).to_bytes(32, "little"))


def test_points_of_order_eight_are_refused() -> None:
    """Each is doubled three times here and must come to the origin, not before."""
    for text in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ):
        x, y = point(int.from_bytes(bytes.fromhex(text), "little"))
        for _ in range(3):
            assert (x, y) != (0, 1)
            x, y = add((x, y), (x, y))
        assert (x, y) == (0, 1)
        assert is_refused(LedgerFault.KEY_WEAK, WitnessKey, "name", bytes.fromhex(text))


D = -121665 * pow(121666, -1, FIELD) % FIELD


def point(y: int) -> tuple[int, int]:
    """The point at this height (RFC 8032 section 5.1.3), either of the two."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if x * x % FIELD != square:
        x = x * pow(2, (FIELD - 1) // 4, FIELD) % FIELD
    assert x * x % FIELD == square
    return x, y


def add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Add two points of the curve."""
    (a, b), (c, d) = one, other
    product = D * a * b * c * d
    return (
        (a * d + b * c) * pow(1 + product, -1, FIELD) % FIELD,
        (b * d + a * c) * pow(1 - product, -1, FIELD) % FIELD,
    )

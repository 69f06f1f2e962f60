# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Checkpoints: three lines that must be exactly so, signed by the log they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import LOG, ORIGIN, is_refused, log_key, private_key
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint, sign_checkpoint, verify_checkpoint
from vaka.ledger.errors import LedgerFault
from vaka.ledger.note_keys import LogKey, LogSigner
from vaka.ledger.notes import Note, SignatureLine, sign_note
from vaka.ledger.tree import EMPTY_ROOT, LARGEST_SIZE

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
CHECKPOINT = Checkpoint(ORIGIN, 20852163, parse_checkpoint(TEXT).root)


@pytest.mark.parametrize(
    ("text", "size", "extensions"),
    [
        (TEXT, 20852163, ()),
        (f"origin\n1\n{ROOT}\n", 1, ()),
        (f"two words + more\n{LARGEST_SIZE}\n{ROOT}\n", LARGEST_SIZE, ()),  # others may name their logs so
        (f"origin\n0\n{EMPTY}\n", 0, ()),
        (f"origin\n7\n{ROOT}\none\ntwo words\n", 7, ("one", "two words")),
        (f"origin\n7\n{ROOT}\n" + "more\n" * 16, 7, ("more",) * 16),
    ],
)
def test_checkpoint_is_written_as_it_was_read(text: str, size: int, extensions: tuple[str, ...]) -> None:
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.size, checkpoint.extensions) == (size, extensions)
    assert checkpoint.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n1\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        "origin\n1\n\n",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT}\n\nmore\n",
        f"origin\n1\n{ROOT}\nmore",
        f"origin\n01\n{ROOT}\n",
        f"origin\n00\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n 1\n{ROOT}\n",
        f"origin\n1 \n{ROOT}\n",
        f"origin\n1_0\n{ROOT}\n",
        f"origin\n1e3\n{ROOT}\n",
        f"origin\n0x1\n{ROOT}\n",
        f"origin\n١\n{ROOT}\n",  # a digit, but not one of ours
        f"origin\n{LARGEST_SIZE + 1}\n{ROOT}\n",
        f"origin\n{'9' * 5000}\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n{ROOT} \n",
        f"origin\n1\n{ROOT[:-2]}J=\n",  # spare bits set
        "origin\n1\nAAAA\n",
        f"origin\n1\n{'A' * 44}\n",
        f"origin\n0\n{ROOT}\n",  # the empty log has one root only
        f"origin\n1\r\n{ROOT}\n",
        f"or\tigin\n1\n{ROOT}\n",
        f"{'o' * 1025}\n1\n{ROOT}\n",
        f"origin\n1\n{ROOT}\n" + "more\n" * 17,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    assert is_refused(LedgerFault.CHECKPOINT, parse_checkpoint, text)


@given(st.text(max_size=100) | st.integers().map(lambda size: f"o\n{size}\n{ROOT}\n"))
def test_any_text_is_a_checkpoint_or_refused(text: str) -> None:
    if not is_refused(LedgerFault.CHECKPOINT, parse_checkpoint, text):
        assert parse_checkpoint(text).text == text


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, bytes(32), ()),
        ("evil\n999", 1, bytes(32), ()),  # would read as a checkpoint of another size
        ("o", -1, bytes(32), ()),
        ("o", LARGEST_SIZE + 1, bytes(32), ()),
        ("o", 1, bytes(31), ()),
        ("o", 0, bytes(32), ()),
        ("o", 1, bytes(32), ("",)),
        ("o", 1, bytes(32), ("a\nb",)),
        ("o", 1, bytes(32), ("a",) * 17),
    ],
)
def test_nothing_else_is_ever_signed(origin: str, size: int, root: bytes, extensions: tuple[str, ...]) -> None:
    assert is_refused(LedgerFault.CHECKPOINT, Checkpoint, origin, size, root, extensions)


@pytest.mark.parametrize(
    "checkpoint", [CHECKPOINT, Checkpoint(ORIGIN, 0, EMPTY_ROOT), Checkpoint(ORIGIN, 1, bytes(32), ("more",))]
)
def test_signed_checkpoint_verifies(checkpoint: Checkpoint) -> None:
    assert verify_checkpoint(sign_checkpoint(checkpoint, LOG), log_key()) == checkpoint


def test_no_log_signs_for_another() -> None:
    other = LogSigner.of("other.example", private_key("other"))
    assert is_refused(LedgerFault.ORIGIN, sign_checkpoint, CHECKPOINT, other)
    assert is_refused(LedgerFault.ORIGIN, verify_checkpoint, sign_note(CHECKPOINT.text, other), other.key)


def test_only_the_known_log_is_believed() -> None:
    note = sign_checkpoint(CHECKPOINT, LOG)
    stranger = LogKey(ORIGIN, private_key("stranger").public_key().public_bytes_raw())
    assert is_refused(LedgerFault.UNSIGNED, verify_checkpoint, note, stranger)
    false = Note(note.text, (SignatureLine(LOG.name, LOG.key_id, bytes(64)),))
    assert is_refused(LedgerFault.SIGNATURE, verify_checkpoint, false, log_key())


def test_signed_text_that_is_no_checkpoint_is_refused() -> None:
    assert is_refused(LedgerFault.CHECKPOINT, verify_checkpoint, sign_note("something\n", LOG), log_key())

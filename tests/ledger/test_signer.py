# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The signer signs one history: what continues the last that it signed, and nothing else."""

import stat
from functools import partial
from pathlib import Path

import pytest

from tests.ledger.sample import leaf_hashes, slow_node, slow_root
from vaka.errors import ConfigurationError
from vaka.ledger.checkpoints import Checkpoint, verify_checkpoint
from vaka.ledger.note_keys import LogKey
from vaka.ledger.signer import CheckpointSigner, KeyFiles, LedgerHaltedError, hold_memories, open_signer
from vaka.ledger.tree import EMPTY_ROOT, prove_consistency

ORIGIN = "vaka.example/authority/prov"
LEAVES = leaf_hashes(20)
ROOTS = [slow_root(LEAVES[:size]) for size in range(21)]
OTHER = [slow_root([b"\1" * 32, *LEAVES[1:size]]) for size in range(21)]


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    return KeyFiles.of(tmp_path, tmp_path, "vaka_t_prov")


@pytest.fixture
def signer(files: KeyFiles) -> CheckpointSigner:
    return open_signer(files, ORIGIN, is_new=True)


def proof(old: int, new: int) -> tuple[bytes, ...]:
    return prove_consistency(old, new, partial(slow_node, LEAVES))


def halted(reason: str, signer: CheckpointSigner, size: int, root: bytes, shown: tuple[bytes, ...] = ()) -> bool:
    with pytest.raises(LedgerHaltedError) as raised:
        signer.sign(size, root, shown, 0)
    return raised.value.reason == reason


def test_it_signs_what_grows_and_the_same_again(signer: CheckpointSigner, files: KeyFiles) -> None:
    key = LogKey.parse(files.public.read_text().removesuffix("\n"))
    for old, new in ((0, 3), (3, 3), (3, 4), (4, 17)):
        note = signer.sign(new, ROOTS[new], proof(old, new), 0)
        checkpoint = verify_checkpoint(note, key)
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, new, ROOTS[new])
        assert note == signer.sign(new, ROOTS[new], (), 0) == signer.sign_again()


def test_it_refuses_every_other_history_and_remembers_after_a_start(signer: CheckpointSigner, files: KeyFiles) -> None:
    signer.sign(8, ROOTS[8], (), 0)
    for each in (signer, open_signer(files, ORIGIN, is_new=False)):
        assert halted("older", each, 7, ROOTS[7])
        assert halted("older", each, 0, EMPTY_ROOT)
        assert halted("different", each, 8, OTHER[8])
        assert halted("different", each, 12, OTHER[12], proof(8, 12))
        assert halted("different", each, 12, ROOTS[12], proof(8, 12)[:-1])
        assert halted("different", each, 12, ROOTS[12])
        assert each.last.size == 8
    signer.sign(12, ROOTS[12], proof(8, 12), 0)


def test_memory_is_written_before_anything_is_signed(files: KeyFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = open_signer(files, ORIGIN, is_new=True)
    monkeypatch.setattr("vaka.ledger.signer.sign_checkpoint", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        signer.sign(5, ROOTS[5], (), 1)
    monkeypatch.undo()
    again = open_signer(files, ORIGIN, is_new=True)
    assert halted("different", again, 5, OTHER[5])
    assert again.decisions == 1
    assert again.sign(5, ROOTS[5], (), 1).text.startswith(ORIGIN)


def test_a_memory_that_cannot_be_written_signs_nothing(signer: CheckpointSigner, files: KeyFiles) -> None:
    (files.memory.parent / f".{files.memory.name}.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        signer.sign(5, ROOTS[5], (), 1)
    assert (signer.last.size, signer.decisions) == (0, 0)


def test_key_is_made_once_for_its_owner_alone(signer: CheckpointSigner, files: KeyFiles) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in (files.secret, files.memory)} == {0o600}
    before = files.secret.read_text()
    assert open_signer(files, ORIGIN, is_new=True).origin == signer.origin
    assert files.secret.read_text() == before
    assert "PRIVATE" not in files.public.read_text()


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("lost", [("secret",), ("memory",), ("secret", "memory")])
def test_what_was_lost_is_never_made_anew(
    signer: CheckpointSigner, files: KeyFiles, lost: tuple[str, ...], is_new: bool
) -> None:
    signer.sign(5, ROOTS[5], (), 0)
    for name in lost:
        getattr(files, name).unlink()
    if is_new and lost == ("secret", "memory"):
        return  # nothing here nor in the database says that there ever was a log: only witnesses know
    with pytest.raises(LedgerHaltedError, match="missing"):
        open_signer(files, ORIGIN, is_new=is_new)


def test_a_key_of_another_log_is_refused(signer: CheckpointSigner, files: KeyFiles) -> None:
    with pytest.raises(ConfigurationError, match=r"ledger\.origin"):
        open_signer(files, "vaka.example/authority/other", is_new=False)


@pytest.mark.parametrize("content", ["", "nonsense", "PRIVATE+KEY+x+00000000+AAAA\n"])
def test_a_broken_key_is_refused_without_a_word_of_it(signer: CheckpointSigner, files: KeyFiles, content: str) -> None:
    files.secret.write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be used") as raised:
        open_signer(files, ORIGIN, is_new=False)
    assert not content or content not in str(raised.value)


def test_decisions_that_were_signed_are_remembered_and_must_be_there(signer: CheckpointSigner, files: KeyFiles) -> None:
    signer.require_decisions(0)
    note = signer.sign(5, ROOTS[5], (), 2)
    assert "decisions" not in note.text  # what is signed is the checkpoint alone
    assert files.memory.read_text() == f"{note.text}decisions 2\n"
    for each in (signer, open_signer(files, ORIGIN, is_new=False)):
        each.require_decisions(2)
        for counted in (1, 0, 3):
            with pytest.raises(LedgerHaltedError) as raised:
                each.require_decisions(counted)
            assert raised.value.reason == "decisions"
        assert each.decisions == 2


def test_memory_of_an_earlier_version_takes_the_first_count(signer: CheckpointSigner, files: KeyFiles) -> None:
    files.memory.write_text(signer.sign(5, ROOTS[5], (), 0).text)
    adopting = open_signer(files, ORIGIN, is_new=False)
    adopting.require_decisions(3)
    for each in (adopting, open_signer(files, ORIGIN, is_new=False)):
        assert (each.last.size, each.decisions) == (5, 3)
        with pytest.raises(LedgerHaltedError):
            each.require_decisions(2)


_BROKEN = Checkpoint(ORIGIN, 5, ROOTS[5], ("decisions 2", "decisions 3")).text.encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"vaka.example\n", _BROKEN, _BROKEN.replace(b"decisions", b"choices", 2),
     _BROKEN.replace(b"decisions 3\n", b"").replace(b"ns 2", b"ns -2")],
)  # fmt: skip
def test_a_broken_memory_is_refused(signer: CheckpointSigner, files: KeyFiles, content: bytes) -> None:
    files.memory.write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        open_signer(files, ORIGIN, is_new=False)


def test_memories_are_held_by_one(tmp_path: Path) -> None:
    with hold_memories(tmp_path / "ledger"), pytest.raises(ConfigurationError, match="Another sequencer"):
        hold_memories(tmp_path / "ledger").__enter__()
    with hold_memories(tmp_path / "ledger"):
        pass

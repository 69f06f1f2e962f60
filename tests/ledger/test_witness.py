# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A witness on its disk: what it cosigns, what it refuses and why, and that it never goes back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ledger.sample import LOG, SampleLog, log_key, private_key, sample_log
from tests.ledger.test_witness_requests import MALFORMED
from tests.ledger.watched import ANOTHER, WITNESS, another_log, asked, new_witness, other_history, signed, witness_key
from vaka.clock import TurnedClock
from vaka.errors import ConfigurationError
from vaka.ledger import witness as module
from vaka.ledger.checkpoints import verify_checkpoint
from vaka.ledger.cosignatures import Policy, verify_cosignatures
from vaka.ledger.errors import LedgerError
from vaka.ledger.note_keys import LogKey, LogSigner
from vaka.ledger.notes import Note, parse_note, parse_signatures
from vaka.ledger.witness import Witness, WitnessFiles
from vaka.ledger.witness_requests import AddCheckpoint, Answer, parse_size

GROWN = sample_log(20)
THIEF = LogSigner.of(LOG.name, private_key("a thief's"))
SIZES = [(0, 1), (0, 300), (1, 2), (255, 256), (256, 300), (300, 300)]


@pytest.fixture
def files(tmp_path: Path) -> WitnessFiles:
    return new_witness(tmp_path / "witness")


@pytest.fixture
def witness(files: WitnessFiles, clock: TurnedClock) -> Witness:
    return Witness(files, clock)


def seen_size(files: WitnessFiles) -> int:
    return files.load_seen(log_key()).checkpoint.size


def times(note: Note, answer: Answer) -> list[int]:
    assert answer.status == 200, answer
    cosigned = Note(note.text, parse_signatures(answer.body.decode()))
    return [each.time for each in verify_cosignatures(cosigned, Policy((witness_key(),), 1))]


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_log_that_grows_is_cosigned(
    files: WitnessFiles, witness: Witness, clock: TurnedClock, old: int, new: int
) -> None:
    if old:
        before = sample_log(old)
        assert witness.answer(asked(before, 0, signed(before, LOG))).status == 200
    clock.turn(61)
    log = sample_log(new)
    note = signed(log, LOG)
    assert times(note, witness.answer(asked(log, old, note))) == [int(clock.now().timestamp())]
    seen = files.load_seen(log_key())
    assert (seen.checkpoint.size, seen.checkpoint.root, seen.time) == (new, log.edge.root(), clock.now().timestamp())


def test_empty_log_is_cosigned(witness: Witness) -> None:
    log = SampleLog()
    assert witness.answer(asked(log, 0, signed(log, LOG))).status == 200


def test_foreign_signatures_are_neither_needed_nor_kept(files: WitnessFiles, witness: Witness) -> None:
    log = sample_log(5)
    assert witness.answer(asked(log, 0, log.checkpoint())).status == 200
    assert [line.name for line in parse_note(files.load_seen(log_key()).note).signatures] == [LOG.name]


def turned(note: Note) -> Note:
    """The same note with one bit of its signature turned."""
    (line,) = note.signatures
    data = bytes([line.signature[0] ^ 1]) + line.signature[1:]
    return Note(note.text, (type(line)(line.name, line.key_id, data),))


REWRITTEN = other_history(20)
REFUSED: dict[str, tuple[Callable[[], bytes], int]] = {
    "another log": (lambda: AddCheckpoint(0, (), another_log()).encode(), 404),
    "forged by a thief's own key": (lambda: asked(GROWN, 10, signed(GROWN, THIEF)), 403),
    "one bit of the signature": (lambda: asked(GROWN, 10, turned(signed(GROWN, LOG))), 403),
    "signed by the witness only": (lambda: asked(GROWN, 10, _cosigned_only(GROWN)), 403),
    "replayed from an old size": (lambda: asked(GROWN, 4, signed(GROWN, LOG)), 409),
    "from the beginning again": (lambda: asked(GROWN, 0, signed(GROWN, LOG)), 409),
    "rolled back": (lambda: asked(sample_log(9), 9, signed(sample_log(9), LOG)), 409),
    "old larger than new": (lambda: AddCheckpoint(10, (), signed(sample_log(9), LOG)).encode(), 400),
    "rewritten": (lambda: asked(REWRITTEN, 10, signed(REWRITTEN, LOG)), 422),
    "no proof": (lambda: AddCheckpoint(10, (), signed(GROWN, LOG)).encode(), 422),
    "a size that is not the root's": (lambda: asked(GROWN, 10, signed(GROWN, LOG, size=40)), 422),
    "a second root of this size": (lambda: asked(other_history(10), 10, signed(other_history(10), LOG)), 409),
}


def _cosigned_only(log: SampleLog) -> Note:
    text = signed(log, LOG).text
    return Note(text, (WITNESS.cosign(text, 1),))


@pytest.mark.parametrize(("make", "status"), REFUSED.values(), ids=REFUSED)
def test_refusal_changes_nothing(files: WitnessFiles, witness: Witness, make: Callable[[], bytes], status: int) -> None:
    log = sample_log(10)
    assert witness.answer(asked(log, 0, signed(log, LOG))).status == 200
    before = files.seen_of(LOG.name).read_bytes()
    answer = witness.answer(make())
    assert answer.status == status, answer
    assert b"cosignature" not in answer.body
    assert "—".encode() not in answer.body
    assert files.seen_of(LOG.name).read_bytes() == before
    assert witness.answer(asked(GROWN, 10, signed(GROWN, LOG))).status == 200


@pytest.mark.parametrize("name", ["replayed from an old size", "from the beginning again", "rolled back"])
def test_conflict_names_the_size(witness: Witness, name: str) -> None:
    log = sample_log(10)
    witness.answer(asked(log, 0, signed(log, LOG)))
    assert parse_size(witness.answer(REFUSED[name][0]())) == 10


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_is_a_bad_one(files: WitnessFiles, witness: Witness, body: bytes) -> None:
    assert witness.answer(body).status == 400
    assert seen_size(files) == 0


@pytest.mark.parametrize("old_size", [0, 3, 10])
def test_two_views_of_one_log_are_kept_as_evidence(files: WitnessFiles, witness: Witness, old_size: int) -> None:
    """Both checkpoints, each signed by the log, of one size: anybody can see who lied."""
    log, other = sample_log(10), other_history(10)
    witness.answer(asked(log, 0, signed(log, LOG)))
    for _ in range(3):  # asking again adds nothing
        assert witness.answer(asked(other, old_size, signed(other, LOG))).status == 409
    kept = [verify_checkpoint(parse_note(path.read_bytes()), log_key()) for path in files.evidence.iterdir()]
    assert {(each.size, each.root) for each in kept} == {(10, log.edge.root()), (10, other.edge.root())}
    assert seen_size(files) == 10


def test_evidence_is_bounded(files: WitnessFiles, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVIDENCE", 4)
    log = sample_log(3)
    witness.answer(asked(log, 0, signed(log, LOG)))
    for number in range(10):
        other = SampleLog()
        other.append([b"%d" % number, b"", b""])
        assert witness.answer(asked(other, 3, signed(other, LOG))).status == 409
    assert len(list(files.evidence.iterdir())) <= 5


def test_memory_outlasts_the_process(files: WitnessFiles, clock: TurnedClock) -> None:
    log = sample_log(10)
    assert Witness(files, clock).answer(asked(log, 0, signed(log, LOG))).status == 200
    again = Witness(files, clock)
    assert parse_size(again.answer(asked(log, 0, signed(log, LOG)))) == 10
    assert again.answer(asked(REWRITTEN, 10, signed(REWRITTEN, LOG))).status == 422


def test_clock_that_went_back_cosigns_nothing(files: WitnessFiles, clock: TurnedClock) -> None:
    """Otherwise whoever turns it back gets a cosignature that is older than what it covers."""
    earlier = TurnedClock(clock.now())
    clock.turn(3600)
    log = sample_log(10)
    assert Witness(files, clock).answer(asked(log, 0, signed(log, LOG))).status == 200
    body = asked(GROWN, 10, signed(GROWN, LOG))
    assert Witness(files, earlier).answer(body).status == 503
    assert seen_size(files) == 10
    assert Witness(files, earlier, clock_was_ahead=True).answer(body).status == 200


def test_nothing_is_cosigned_that_is_not_on_the_disk(
    files: WitnessFiles, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    log = sample_log(10)
    with monkeypatch.context() as patched:
        patched.setattr(module, "replace_file", full)
        with pytest.raises(OSError, match="space"):
            witness.answer(asked(log, 0, signed(log, LOG)))
    assert seen_size(files) == 0
    assert witness.answer(asked(log, 0, signed(log, LOG))).status == 200


def test_of_two_histories_at_once_one_is_cosigned(files: WitnessFiles, witness: Witness) -> None:
    log, other = sample_log(30), other_history(30)
    bodies = [asked(each, 0, signed(each, LOG)) for each in (log, other) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(witness.answer, bodies))
    statuses = [[answer.status for answer in answers[:8]], [answer.status for answer in answers[8:]]]
    assert sorted((each.count(200) for each in statuses), reverse=True) == [1, 0]
    assert {status for each in statuses for status in each} == {200, 409}


def test_of_many_sizes_at_once_the_state_is_the_last_cosigned(files: WitnessFiles, witness: Witness) -> None:
    logs = [sample_log(size) for size in range(1, 33)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda log: witness.answer(asked(log, 0, signed(log, LOG))), logs))
    cosigned = [log.edge.size for log, answer in zip(logs, answers, strict=True) if answer.status == 200]
    assert cosigned == [seen_size(files)]


def test_log_that_is_added_while_it_runs_is_watched(files: WitnessFiles, witness: Witness) -> None:
    body = REFUSED["another log"][0]()
    assert witness.answer(body).status == 404
    assert files.add_log(LogKey.parse(ANOTHER.key.encode()))
    assert witness.answer(body).status == 200


def test_log_is_added_once_and_keeps_its_key(files: WitnessFiles, witness: Witness) -> None:
    log = sample_log(10)
    witness.answer(asked(log, 0, signed(log, LOG)))
    assert not files.add_log(log_key())
    assert seen_size(files) == 10
    with pytest.raises(ConfigurationError, match="another key"):
        files.add_log(LogKey.parse(THIEF.key.encode()))


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"\n10\n", b"\n9\n")),
        lambda path: path.write_bytes(b"x" + path.read_bytes()),
    ],
    ids=["missing", "empty", "cut off", "another size", "no time"],
)
def test_memory_that_was_harmed_stops_the_start(
    files: WitnessFiles, witness: Witness, clock: TurnedClock, harm: Callable[[Path], None]
) -> None:
    log = sample_log(10)
    witness.answer(asked(log, 0, signed(log, LOG)))
    harm(files.seen_of(LOG.name))
    with pytest.raises(ConfigurationError, match="two histories"):
        Witness(files, clock)


def test_key_is_for_its_owner_alone_and_never_written_over(files: WitnessFiles) -> None:
    assert files.secret.stat().st_mode & 0o777 == 0o600
    assert files.root.stat().st_mode & 0o777 == 0o700
    before = files.secret.read_bytes()
    with pytest.raises(FileExistsError):
        files.create(WITNESS)
    files.secret.unlink()
    with pytest.raises(FileExistsError):  # what was seen belongs to the key that is gone
        files.create(WITNESS)
    assert not files.secret.exists()
    assert before


def test_two_processes_do_not_share_a_witness(files: WitnessFiles) -> None:
    with files.held("running"), pytest.raises(ConfigurationError, match="at work"), files.held("running"):
        pass


def test_parse_seen_refuses_another_logs_checkpoint(files: WitnessFiles) -> None:
    with pytest.raises(LedgerError):
        module.parse_seen(b"1\n" + another_log().encode(), log_key())

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka witness` as an authority meets it: made once, told what to watch, asked what it saw."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.ledger.sample import LOG, log_key, private_key, sample_log
from tests.ledger.watched import asked, other_history, signed
from vaka.clock import TurnedClock
from vaka.commands.main import main
from vaka.ledger.cosignatures import WitnessKey
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.tree import EMPTY_ROOT
from vaka.ledger.witness import Witness, WitnessFiles

THIEF = LogSigner.of(LOG.name, private_key("a thief's"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "below" / "witness"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["witness", *map(str, arguments)])


def init(data: Path) -> WitnessKey:
    shown = run("init", "--data", data, "--name", "witness.example/kommun")
    assert shown.exit_code == 0, shown.output
    return WitnessKey.parse(shown.output.strip())


def test_key_is_made_once_and_only_its_public_half_is_shown(data: Path) -> None:
    key = init(data)
    assert (data / "witness.key").stat().st_mode & 0o777 == 0o600
    secret = (data / "witness.key").read_text()
    shown = run("init", "--data", data, "--name", "witness.example/kommun")
    assert (shown.exit_code, "already" in shown.stderr) == (1, True)
    assert (data / "witness.key").read_text() == secret
    assert run("show", "--data", data).output == f"{key.encode()}\n"


def test_log_is_added_and_shown(data: Path, clock: TurnedClock) -> None:
    init(data)
    assert "is watched from now on" in run("add-log", "--data", data, log_key().encode()).output
    assert "was watched already" in run("add-log", "--data", data, log_key().encode()).output
    assert run("show", "--data", data).output.endswith("0 entries, root " + EMPTY_ROOT.hex() + ", cosigned never\n")
    log, other = sample_log(10), other_history(10)
    witness = Witness(WitnessFiles(data), clock)
    witness.answer(asked(log, 0, signed(log, LOG)))
    shown = run("show", "--data", data).output
    assert f"{LOG.name}: 10 entries, root {log.edge.root().hex()}, cosigned 2026-03-14T01:59:00Z" in shown
    assert "EVIDENCE" not in shown
    witness.answer(asked(other, 10, signed(other, LOG)))
    assert "EVIDENCE of two histories" in run("show", "--data", data).output


def test_two_checkpoints_that_contradict_each_other_can_be_verified_apart(data: Path, clock: TurnedClock) -> None:
    init(data)
    run("add-log", "--data", data, log_key().encode())
    witness = Witness(WitnessFiles(data), clock)
    for each in (sample_log(10), other_history(10)):
        witness.answer(asked(each, 0, signed(each, LOG)))
    kept = sorted((data / "evidence").iterdir())
    assert len(kept) == 2
    assert all(path.read_bytes().startswith(f"{LOG.name}\n10\n".encode()) for path in kept)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "--data", "{}"], "There is no witness in"),
        (["run", "--data", "{}"], "There is no witness in"),
        (["add-log", "--data", "{}", log_key().encode()], "There is no witness in"),
        (["init", "--data", "{}", "--name", "a b"], "A name has"),
        (["init", "--data", "/proc/none", "--name", "a"], "cannot be used"),
    ],
)
def test_refusal_without_a_witness(data: Path, arguments: list[str], sentence: str) -> None:
    shown = run(*[part.replace("{}", str(data)) for part in arguments])
    assert shown.exit_code == 1
    assert sentence in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add-log", "--data", "{}", "nonsense"], "no public key of a log"),
        (["add-log", "--data", "{}", THIEF.key.encode()], "watched under another key"),
        (["run", "--data", "{}", "--listen", "8765"], "no address to listen on"),
        (["run", "--data", "{}", "--listen", "127.0.0.1:70000"], "no address to listen on"),
        (["run", "--data", "{}", "--listen", "192.0.2.1:1"], "cannot be listened on"),
    ],
)
def test_refusal_with_a_witness(data: Path, arguments: list[str], sentence: str) -> None:
    init(data)
    run("add-log", "--data", data, log_key().encode())
    shown = run(*[part.replace("{}", str(data)) for part in arguments])
    assert shown.exit_code == 1
    assert sentence in shown.stderr
    assert shown.stderr.count("\n") == 1


def test_harmed_memory_stops_the_start(data: Path) -> None:
    init(data)
    run("add-log", "--data", data, log_key().encode())
    WitnessFiles(data).seen_of(LOG.name).unlink()
    shown = run("run", "--data", data)
    assert (shown.exit_code, "could cosign two histories" in shown.stderr) == (1, True)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka verify` as a log reviewer meets it: sentences in two languages, JSON, and an exit code for scripts."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.ledger.removed import DECIDED, Aged, at
from tests.ledger.reviewed import files_of, leaves, log_of, publish
from tests.ledger.sample import LOG, WITNESSES, log_key, private_key, witness_keys
from vaka.commands.main import main
from vaka.errors import Sentence
from vaka.ledger.findings import Wrong
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.proofs import Proof
from vaka.ledger.tree import prove_inclusion

LOG_600 = log_of(leaves(600))
FILES = files_of(LOG_600)
THIEF = LogSigner.of(LOG.name, private_key("a thief's"))
THREE = [part for key in witness_keys() for part in ("--witness", key.encode())]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return publish(FILES, tmp_path / "log")


def run(*arguments: object, log: str = log_key().encode()) -> Result:
    return CliRunner().invoke(main, ["verify", "--log", log, *map(str, arguments)])


def test_log_is_verified_and_what_holds_is_said(directory: Path) -> None:
    earlier = files_of(log_of(leaves(300)))["checkpoint"]
    (directory / "earlier").write_bytes(earlier)
    shown = run(directory, *THREE, "--since", directory / "earlier")
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines() == [
        f"{LOG.name}: 600 entries, root {LOG_600.edge.root().hex()}, signed by the log",
        "seen by 2026-03-14T01:59:02Z by the witnesses: witness.example/1, witness.example/2, witness.example/3",
        "4 tiles, the root rests on all of them",
        "continues the earlier checkpoint of 300 entries",
        "600 entries are those that were sealed",
        "3 sources without a gap; written from 2026-03-12T22:12:20.000000Z to 2026-03-12T22:22:19.000000Z",
        "VERIFIED",
    ]


def test_removal_is_said_with_the_decision_it_rests_on(tmp_path: Path) -> None:
    place = publish(Aged().files(), tmp_path / "aged")
    shown = run(place, *THREE)
    assert shown.exit_code == 0, shown.output
    line = "511 entries were removed after 400 days or more, by entry 3: the authority's decision of"
    assert f"{line} {decided_at()} by account:7" in shown.output.splitlines()
    assert "511 poster är borttagna efter minst 400 dagar, enligt post 3" in run(place, "--language", "sv").output
    assert run(place, *THREE, "--retention", "400").exit_code == 0
    shown = run(place, *THREE, "--retention", "730")
    assert (shown.exit_code, Wrong.TOO_SOON.value.en in shown.output) == (1, True)


def test_receipts_are_a_memory(tmp_path: Path) -> None:
    aged = Aged({10: {"actor": "account:8"}})
    log, place = log_of(aged.leaves()), publish(aged.files(), tmp_path / "aged")
    entries = aged.leaves()
    for index in (3, 10):
        hashes = prove_inclusion(index, len(entries), log.nodes())
        (tmp_path / f"{index}.tlog-proof").write_bytes(Proof(index, hashes, log.checkpoint(), entries[index]).encode())
    kept = [part for index in (3, 10) for part in ("--receipt", tmp_path / f"{index}.tlog-proof")]
    shown = run(place, *THREE, *kept)
    assert shown.exit_code == 0, shown.output
    assert "2 receipts are of entries that stand, or stood, in their places" in shown.output
    assert "pulsposter: 19440000 s, före post 1500; sedan den sista: " in run(place, "--language", "sv").output
    assert "heartbeats: 19440000 s, before entry 1500; since the last one: " in shown.output
    other = publish(Aged().files(), tmp_path / "other")
    shown = run(other, *THREE, *kept)
    assert (shown.exit_code, "WRONG: entry 10" in shown.output) == (1, True)
    shown = run(place, *THREE, "--receipt", place / "checkpoint")
    assert (shown.exit_code, "is no receipt of this log" in shown.output) == (2, True)
    shown = run(place, *THREE, "--silence", 10)
    assert (shown.exit_code, Wrong.SILENT.value.en in shown.output) == (1, True)


@pytest.mark.parametrize(
    "option", [("--since", "x"), ("--back", "10"), ("--retention", "400"), ("--receipt", "x"), ("--silence", "5")]
)
def test_what_is_for_a_whole_log_is_refused_with_one_receipt(tmp_path: Path, option: tuple[str, str]) -> None:
    shown = run("--proof", tmp_path / "x", *option)
    assert shown.exit_code == 2
    assert "for a whole log" in shown.output


def decided_at() -> str:
    return at(DECIDED).isoformat(timespec="seconds").replace("+00:00", "Z")


def test_log_without_witnesses_says_so(directory: Path) -> None:
    shown = run(directory)
    assert shown.exit_code == 0
    assert "the log alone vouches for itself" in shown.output
    assert "loggen intygar ensam sig själv" in run(directory, "--language", "sv").output


@pytest.mark.parametrize("language", ["sv", "en"])
def test_first_thing_that_is_wrong_is_said_with_its_place(directory: Path, language: str) -> None:
    path = directory / "tile/entries/001"
    path.write_bytes(path.read_bytes().replace(b'"object":"alarm:300"', b'"object":"alarm:301"'))
    shown = run(directory, *THREE, "--language", language)
    assert shown.exit_code == 1
    word = {"sv": "FEL", "en": "WRONG"}[language]
    sentence = Wrong.ENTRY.value.in_language(language)
    assert shown.output.splitlines()[-1] == f"{word}: tile/entries/001, entry 300: {sentence}"


def json_of(shown: Result) -> dict[str, Any]:
    told = json.loads(shown.output)
    assert isinstance(told, dict)
    return told


def test_json_says_the_same(directory: Path) -> None:
    told = json_of(run(directory, *THREE, "--json"))
    assert (told["verified"], told["wrong"], told["not_checked"]) == (True, None, None)
    assert told["checked"]["entries"] == 600
    (directory / "tile/0/001").unlink()
    shown = run(directory, *THREE, "--json")
    assert shown.exit_code == 1
    told = json_of(shown)
    assert (told["verified"], told["wrong"]["code"], told["wrong"]["where"]) == (False, "missing", "tile/0/001")
    assert told["checked"]["entries"] == 256


NOT_CHECKED = [
    (["/nowhere/at/all"], "there is no directory"),
    (["http://127.0.0.1:9/"], "does not answer"),
    (["{}", "--quorum", "1"], "need a --witness"),
    (["{}", *THREE, "--quorum", "4"], "a larger quorum"),
    (["{}", *THREE[:2], *THREE[:2]], "the same witness twice"),
    (["{}", "--witness", log_key().encode()], "a public key is not one"),
    (["{}", "--since", "{}/none"], "cannot be read"),
    (["{}", "--since", "{}/tile/0/000"], "is no checkpoint signed by this log"),
]


@pytest.mark.parametrize(("arguments", "reason"), NOT_CHECKED, ids=[reason for _, reason in NOT_CHECKED])
def test_what_could_not_be_checked_is_no_accusation(directory: Path, arguments: list[str], reason: str) -> None:
    filled = [part.replace("{}", str(directory)) for part in arguments]
    shown = run(*filled)
    assert shown.exit_code == 2, shown.output
    assert reason in shown.output
    assert "NOT CHECKED" in shown.output
    assert json_of(run(*filled, "--json"))["verified"] is False


def test_key_that_is_none_cannot_check_anything(directory: Path) -> None:
    assert run(directory, log="nonsense").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [[], ["{}", "--proof", "{}/checkpoint", "--entry", "{}/checkpoint"], ["--entry", "x"], ["{}", "--entry", "x"]],
)
def test_one_thing_is_verified_at_a_time(directory: Path, arguments: list[str]) -> None:
    shown = run(*[part.replace("{}", str(directory)) for part in arguments])
    assert shown.exit_code == 2
    assert "Usage" in shown.output


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    """What is handed out for entry 300."""
    proof = Proof(300, prove_inclusion(300, 600, LOG_600.nodes()), LOG_600.checkpoint())
    (tmp_path / "a.tlog-proof").write_bytes(proof.encode())
    (tmp_path / "entry").write_bytes(leaves(301)[300])
    return tmp_path


def test_receipt_is_verified(receipt: Path) -> None:
    shown = run("--proof", receipt / "a.tlog-proof", "--entry", receipt / "entry", *THREE)
    assert shown.exit_code == 0, shown.output
    assert "the entry is the one that was sealed" in shown.output


def test_receipt_that_holds_its_entry_needs_none_beside_it(receipt: Path) -> None:
    shown = run("--proof", receipt / "a.tlog-proof", *THREE)
    assert (shown.exit_code, "name it with --entry" in shown.output) == (2, True)
    for extra, code in ((leaves(301)[300], 0), (leaves(301)[299], 1)):
        proof = Proof(300, prove_inclusion(300, 600, LOG_600.nodes()), LOG_600.checkpoint(), extra)
        (receipt / "a.tlog-proof").write_bytes(proof.encode())
        assert run("--proof", receipt / "a.tlog-proof", *THREE).exit_code == code


def test_receipt_of_another_entry_proves_nothing(receipt: Path) -> None:
    (receipt / "entry").write_bytes(leaves(301)[299])
    shown = run("--proof", receipt / "a.tlog-proof", "--entry", receipt / "entry", *THREE)
    assert (shown.exit_code, Wrong.INCLUSION.value.en in shown.output) == (1, True)


def test_every_changed_byte_of_a_receipt_is_found(receipt: Path) -> None:
    data = (receipt / "a.tlog-proof").read_bytes()
    for place in range(0, len(data), 3):
        (receipt / "b.tlog-proof").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert run("--proof", receipt / "b.tlog-proof", "--entry", receipt / "entry", *THREE).exit_code == 1, place


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--log", THIEF.key.encode()], Wrong.UNSIGNED),
        (["--witness", WITNESSES[0].of("witness.example/4", private_key("4")).key.encode()], Wrong.QUORUM),
    ],
)
def test_receipt_of_strangers_proves_nothing(receipt: Path, arguments: list[str], sentence: Wrong) -> None:
    shown = run("--proof", receipt / "a.tlog-proof", "--entry", receipt / "entry", *arguments)
    assert (shown.exit_code, sentence.value.en in shown.output) == (1, True)


def test_every_finding_is_said_in_both_languages() -> None:
    for wrong in Wrong:
        assert isinstance(wrong.value, Sentence)
        assert wrong.value.sv != wrong.value.en

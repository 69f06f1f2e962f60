# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The gates of a release: a planted flaw stops it, and so does a tool that ends well without having looked."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests import peers
from vaka.commands.main import main
from vaka.operations.integrity.gates import REQUIRED, find_failures, judge

ROOT = Path(__file__).resolve().parents[3]
MULTITOOL = ROOT / "out/node-operations/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
RUFF = Path(sys.executable).with_name("ruff")
CONFIGURATION = "[lint]\nselect = ['S']\n"


def sarif(results: list[Any] | None = None, *, successful: bool = True, artifacts: int = 3) -> str:
    """What a tool of another gate writes."""
    run = {
        "tool": {"driver": {"name": "t"}}, "invocations": [{"executionSuccessful": successful}],
        "artifacts": [{}] * artifacts, "results": results or [],
    }  # fmt: skip
    return json.dumps({"version": "2.1.0", "runs": [run]})


def run_gates(where: Path, code: str, tool: Path = RUFF, **instead: str) -> Result:
    """Run `vaka release gates` over a source tree with this in it."""
    shutil.rmtree(where / "out", ignore_errors=True)
    (where / "tree").mkdir(exist_ok=True)
    (where / "tree/code.py").write_text(code)
    (where / "ruff.toml").write_text(CONFIGURATION)
    findings: list[str] = []
    for name in REQUIRED:
        if name != "flaws" and instead.get(name, "x"):
            (where / f"{name}.sarif").write_text(instead.get(name, sarif()))
            findings += ["--findings", name, str(where / f"{name}.sarif")]
    arguments = ["release", "gates", "--tree", str(where / "tree"), "--tool", str(tool), "--configuration",
                 str(where / "ruff.toml"), *findings, "--to", str(where / "out")]  # fmt: skip
    return CliRunner().invoke(main, arguments)


def test_term_33_2_a_planted_flaw_stops_the_release(tmp_path: Path) -> None:
    """Found by the real tool; without it the same tree passes."""
    found = run_gates(tmp_path, "import subprocess\n\nsubprocess.run(input(), shell=True)\n")
    assert found.exit_code == 1
    assert "no release: flaws." in found.stderr
    passed = run_gates(tmp_path, "x = 1\n")
    assert passed.exit_code == 0, passed.output
    assert find_failures(json.loads((tmp_path / "out/gates.json").read_text())) == []
    other = run_gates(tmp_path, "x = 1\n", secrets=sarif([{"level": "error"}]))
    assert "no release: secrets." in other.stderr


def script(where: Path, text: str) -> Path:
    """A tool that does as it is told."""
    path = where / "tool"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "does",
    ["exit 0", "exit 2", "kill -9 $$", f"""echo '{sarif(artifacts=0)}'""", f'exec {RUFF} "$@" --ignore S602',
     f'case "$*" in *show-files*) exit 0;; esac; exec {RUFF} "$@"'],
    ids=["silent", "refuses", "killed", "blind", "told to overlook", "skips every file"],
)  # fmt: skip
def test_term_33_3_a_tool_that_crashes_or_skips_stops_the_release(tmp_path: Path, does: str) -> None:
    """Whatever it ends with: it did not find the flaw that is planted each time, or looked at nothing."""
    stopped = run_gates(tmp_path, "x = 1\n", script(tmp_path, does))
    assert stopped.exit_code == 1
    assert "no release: flaws." in stopped.stderr


@pytest.mark.parametrize("name", [one for one in REQUIRED if one != "flaws"])
@pytest.mark.parametrize(
    "wrote", ["", "{}", sarif(successful=False), sarif(artifacts=0), '{"version":"2.1.0","runs":[]}']
)
def test_term_33_3_a_gate_whose_tool_wrote_nothing_of_worth_stops_the_release(
    tmp_path: Path, name: str, wrote: str
) -> None:
    """Not run, nothing written, no SARIF, a run that failed, one that looked at nothing."""
    (tmp_path / "x").write_text(wrote)
    assert judge(name, tmp_path / "x").outcome == "broken"
    assert judge(name, None).outcome == "broken"
    assert judge(name, tmp_path / "none").outcome == "broken"


def judge_sarif(folder: Path) -> dict[str, list[str]]:
    """What the validator of SARIF's own makers finds wrong in each document: schema, and the rules that are errors."""
    if not MULTITOOL.is_file():
        peers.report_missing("@microsoft/sarif-multitool-linux is not installed (tools/node-packages)")
    # No script of a package is run as it is installed, and this one's makes the program one.
    MULTITOOL.chmod(0o755)
    documents = sorted(folder.glob("*.sarif"))
    done = subprocess.run(
        [MULTITOOL, "validate", *documents, "--output", folder / "said", "--log", "ForceOverwrite"], text=True,
        capture_output=True, check=False,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(folder)},
    )  # fmt: skip
    assert f"{len(documents)} files scanned" in done.stdout, done.stdout + done.stderr
    [run] = json.loads((folder / "said").read_text("utf-8-sig"))["runs"]
    found: dict[str, list[str]] = {one.stem: [] for one in documents}
    for one in run.get("results", []):
        if one.get("level", "warning") == "error":
            [where] = one["locations"]
            found[Path(where["physicalLocation"]["artifactLocation"]["uri"]).stem].append(one["ruleId"])
    return found


def misspell(result: dict[str, Any]) -> None:
    result["locationz"] = result.pop("locations")


def count_from_none(result: dict[str, Any]) -> None:
    result["locations"][0]["physicalLocation"]["region"]["startLine"] = 0


def say_no_word(result: dict[str, Any]) -> None:
    del result["message"]


SPOILT: tuple[Callable[[dict[str, Any]], None], ...] = (misspell, count_from_none, say_no_word)


def test_term_33_4_what_the_gate_writes_is_valid_by_the_formats_own_judge(tmp_path: Path) -> None:
    """With findings, without, and where the tool did not work; and that judge does find what is wrong."""
    judged = tmp_path / "judged"
    judged.mkdir()
    for name, code, tool in (
        ("found", "import subprocess\n\nsubprocess.run(input(), shell=True)\n", RUFF),
        ("clean", "x = 1\n", RUFF),
        ("crashed", "x = 1\n", script(tmp_path, "exit 2")),
    ):
        run_gates(tmp_path, code, tool)
        shutil.copy(tmp_path / "out/flaws.sarif", judged / f"{name}.sarif")
    document = (judged / "found.sarif").read_text()
    for spoil in SPOILT:
        broken = json.loads(document)
        [result] = broken["runs"][0]["results"]
        spoil(result)
        (judged / f"{spoil.__name__}.sarif").write_text(json.dumps(broken))
    said = judge_sarif(judged)
    assert {name: said[name] for name in ("found", "clean", "crashed")} == {"found": [], "clean": [], "crashed": []}
    assert all(said[spoil.__name__] for spoil in SPOILT), said

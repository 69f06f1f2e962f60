# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Running the gate that looks for flaws (SAST: ruff's rules of security), so that what it did is seen, not believed.

Each run looks at a planted flaw as well: a tool that does not find that one finds nothing (term 33).
"""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from vaka.errors import ConfigurationError

SECONDS: Final = 300
PLANTED: Final = b"import subprocess\n\nsubprocess.run(input(), shell=True)\n"
PLANTED_RULE: Final = "S602"


def run_flaws(tool: Path, configuration: Path, tree: Path, findings: Path) -> None:
    """Write what the tool finds in a source tree as SARIF 2.1.0, with what it looked at and whether it works.

    Raises ConfigurationError where it cannot be run, or where its findings cannot be written.
    """
    options = ["--config", str(configuration), "--no-cache"]
    listed = _run(tool, "check", *options, "--show-files", str(tree)).stdout.decode(errors="replace").splitlines()
    done = _run(tool, "check", *options, "--select", "S", "--output-format", "sarif", str(tree))
    planted = _run(
        tool, "check", *options, "--select", "S", "--output-format", "json", "--stdin-filename", "planted.py", "-",
        given=PLANTED,
    )  # fmt: skip
    said = _read(done.stdout)
    # 1 says that there are findings; anything else says that it ended before it was done.
    works = said is not None and done.returncode in (0, 1) and PLANTED_RULE.encode() in planted.stdout
    results = said["runs"][0].get("results", []) if said else []
    driver = {"name": "ruff", "informationUri": "https://docs.astral.sh/ruff/", "rules": []}
    document: dict[str, Any] = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": said["runs"][0]["tool"] if said else {"driver": driver},
            "invocations": [{"executionSuccessful": works, "exitCode": done.returncode}],
            "artifacts": [{"location": {"uri": Path(one).as_uri()}} for one in listed if Path(one).is_absolute()],
            "results": results,
        }],
    }  # fmt: skip
    try:
        findings.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{findings} cannot be written: {error.strerror}.") from error


def _run(tool: Path, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            [str(tool), *arguments], input=given, capture_output=True, timeout=SECONDS, check=False
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"{tool} cannot be run.") from error


def _read(output: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(output)
        return said if isinstance(said, dict) and said["runs"][0]["tool"] else None
    except (ValueError, KeyError, IndexError, TypeError):
        return None

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Runs the judge written in JavaScript (peers/judge.cjs) against a package that `make test` installs."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests import peers

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).parent / "peers" / "judge.cjs"
MODULES = ROOT / "out" / "node" / "node_modules"


def require_node() -> str:
    """Return the program that runs the judge, where the judge's package is there too."""
    node = peers.require_program("node", "nodejs", package="nodejs npm")
    if not (MODULES / "@sigstore" / "verify").is_dir():
        peers.report_missing("@sigstore/verify is not installed (tools/node-packages)")
    return node


def ask(do: str, **asked: Any) -> dict[str, Any]:
    """Put one request to the judge and return its answer."""
    done = subprocess.run(
        [require_node(), PROGRAM], input=json.dumps({"do": do, **asked}), capture_output=True, text=True, check=False,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Runs the judge written in Go (peers/peer.go) against its own libraries, offline, as Debian packages them."""

import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests import peers

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).parent / "peers" / "peer.go"
DEBIAN_SOURCES = Path("/usr/share/gocode")


def require_go() -> Path:
    """Return the judge as a program, built where it can be."""
    go = peers.require_program("go", package="golang-go")
    if not has_libraries():
        peers.report_missing("Go's sumdb/tlog is not installed (apt-get install golang-golang-x-mod-dev)")
    return build(go)


def has_libraries() -> bool:
    """Whether the libraries that judge are on this machine."""
    return (DEBIAN_SOURCES / "src/golang.org/x/mod/sumdb/tlog").is_dir()


def ask(do: str, **asked: Any) -> dict[str, Any]:
    """Put one request to the judge and return its answer."""
    request = json.dumps({"do": do, **asked})
    done = subprocess.run([require_go()], input=request, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def encoded(values: Sequence[bytes]) -> list[str]:
    """Bytes as the judge reads them."""
    return [b64encode(value).decode() for value in values]


def decoded(values: Sequence[str] | None) -> tuple[bytes, ...]:
    """Bytes as the judge wrote them; Go writes an empty list as null."""
    return tuple(b64decode(value) for value in values or ())


def record(index: int, size: int, leaf: bytes, root: bytes, proof: Sequence[bytes]) -> dict[str, Any]:
    """An inclusion proof for the judge."""
    leaf_text, root_text = encoded([leaf, root])
    return {"index": index, "size": size, "leaf": leaf_text, "root": root_text, "proof": encoded(proof)}


def tree(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> dict[str, Any]:
    """A consistency proof for the judge."""
    old_text, new_text = encoded([old_root, new_root])
    return {"old": old, "old_root": old_text, "new": new, "new_root": new_text, "proof": encoded(proof)}


@cache
def build(go: str) -> Path:
    """Return the judge as a program."""
    program = ROOT / "out" / "go" / "peer"
    program.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "GO111MODULE": "off",  # the sources that are installed, and no download
        "GOPATH": str(DEBIAN_SOURCES),
        "GOCACHE": str(ROOT / "out" / "go" / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [go, "build", "-o", program, PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return program

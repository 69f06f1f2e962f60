# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Making a release as one is made: a virtual environment with what runs, gates that passed, a signature."""

import os
import re
import shutil
import subprocess
import tempfile
import venv
from collections.abc import Iterable, Iterator, Sequence
from compileall import compile_dir
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import psycopg

import vaka
from vaka.crypto.signing import public_pem
from vaka.operations.integrity.gates import REQUIRED, Passage, as_gates
from vaka.operations.integrity.releasing import make_release

PROJECT = Path(vaka.__file__).parents[2]
RELEASE_KEY, TEST_KEY, OTHER_KEY = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
CONFIGURATION = sha256(b"configuration of the gates").hexdigest()


def passed_gates(configuration: str = CONFIGURATION) -> Any:
    """Gates that let a release through."""
    return as_gates([Passage(name, "passed", 0, 10, sha256(name.encode()).hexdigest()) for name in REQUIRED],
                    configuration)  # fmt: skip


def install(root: Path) -> Path:
    """Install what runs into a new virtual environment, from what is installed here; return where modules are."""
    venv.create(root, with_pip=False, symlinks=True)
    [site] = (root / "lib").glob("python3*/site-packages")
    for one in _runtime():
        _link(one, site)
    shutil.copytree(PROJECT / "src/vaka", site / "vaka")
    described = site / "vaka-0.1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: vaka\nVersion: 0.1.0\n")
    names = [path.relative_to(site).as_posix() for path in site.glob("vaka*/**/*") if path.is_file()]
    (described / "RECORD").write_text("".join(f"{name},,\n" for name in (*names, "vaka-0.1.0.dist-info/RECORD")))
    # What was compiled before is of the same files, and taken as it is.
    compile_dir(site, quiet=2, workers=2)
    _write_command(root)
    return site


def _write_command(root: Path) -> None:
    (root / "bin/vaka").write_text(f"#!{root}/bin/python\nfrom vaka.commands.main import main\nmain()\n")
    (root / "bin/vaka").chmod(0o755)


def install_alone(root: Path) -> None:
    """Install our own program and nothing that it stands on, which is looked for where it is installed here: enough for
    what no guard holds to its release.
    """
    venv.create(root, with_pip=False, symlinks=True)
    [site] = (root / "lib").glob("python3*/site-packages")
    shutil.copytree(PROJECT / "src/vaka", site / "vaka")
    (site / "others.pth").write_text(f"{Path(psycopg.__file__).parents[1]}\n")
    described = site / "vaka-0.1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: vaka\nVersion: 0.1.0\n")
    names = [path.relative_to(site).as_posix() for path in (site / "vaka").rglob("*") if path.is_file()]
    (described / "RECORD").write_text("".join(f"{name},,\n" for name in (*names, "others.pth")))
    _write_command(root)


def install_little(root: Path) -> None:
    """Make what is signed like a release, and of which no process could run."""
    described = root / "lib/python3.11/site-packages/vaka-0.1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: vaka\nVersion: 0.1.0\n")
    (root / "bin").mkdir()
    (root / "bin/vaka").write_text("#!/bin/sh\n")


def _runtime() -> Iterable[Distribution]:
    locked = (PROJECT / "requirements/runtime.txt").read_text()
    for name in re.findall(r"(?m)^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", locked):
        yield distribution(name)


def _link(one: Distribution, site: Path) -> None:
    for file in one.files or ():
        if ".." not in file.parts and Path(str(file.locate())).is_file():
            target = site / str(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                os.link(str(file.locate()), target)


def sign(root: Path, sequence: int = 1, seeds: Sequence[bytes] = (RELEASE_KEY,), gates: Any = None) -> None:
    """Sign what is installed there."""
    make_release(root, sequence, gates or passed_gates(), seeds)


def trust(path: Path, *keys: tuple[bytes, str, bool], lowest: int = 0) -> Path:
    """Write which keys are believed: the release's and the test environment's, unless others are named."""
    named = keys or ((RELEASE_KEY, "release", False), (TEST_KEY, "test", False))
    lines = [f"lowest_sequence = {lowest}"]
    for seed, purpose, revoked in named:
        pem = public_pem(seed).decode()
        lines.append(f'[[key]]\npublic = """\n{pem}"""\npurpose = "{purpose}"\nrevoked = {str(revoked).lower()}')
    path.write_text("\n".join(lines) + "\n")
    return path


def data_directory(path: Path, mode: str = "production") -> Path:
    """Make a data directory whose settings believe those keys, and have a mistake that every process tells of."""
    path.mkdir(exist_ok=True)
    trust(path / "trusted.toml")
    lines = [f'mode = "{mode}"', "mistake = 1", "[release]", 'trusted_keys = "trusted.toml"', ""]
    (path / "vaka.toml").write_text("\n".join(lines))
    return path


def run(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run something with the release's own interpreter."""
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **(environment or {})}
    return subprocess.run(
        [str(root / "bin/python"), *arguments], capture_output=True, text=True, env=clean, timeout=60, check=False
    )


@contextmanager
def instead(path: Path, content: bytes | None) -> Iterator[None]:
    """Let other content, or none, stand in a file's place: never in the file, which may be a link to one of ours."""
    aside = Path(tempfile.gettempdir()) / f"aside-{os.getpid()}-{path.name}"
    was_there = path.exists()
    if was_there:
        shutil.move(path, aside)
    try:
        if content is not None:
            path.write_bytes(content)
        yield
    finally:
        path.unlink(missing_ok=True)
        if was_there:
            shutil.move(aside, path)


def one_byte_off(path: Path) -> bytes:
    """What stands in a file, with one byte changed in a comment or a text."""
    content = path.read_bytes()
    return content.replace(b"SPDX", b"SPDY", 1) if b"SPDX" in content else content[:-1] + bytes([content[-1] ^ 1])

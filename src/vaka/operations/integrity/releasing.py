# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Making a release of a directory in which everything is installed: its bill of materials, and its signed manifest."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from vaka.errors import ConfigurationError
from vaka.operations.integrity.envelope import seal
from vaka.operations.integrity.gates import require_passed
from vaka.operations.integrity.manifest import BILL, MANIFEST, Gates, Release, describe, digest_of, take_stock
from vaka.operations.integrity.sbom import running_sbom, write_sbom

_RUNS = (".py", ".pyc", ".so", ".pth")
_CACHE = "__pycache__"
MOST_TOLD = 5


def make_release(root: Path, sequence: int, gates: Gates, seeds: Iterable[bytes]) -> Release:
    """Write the bill of materials and the signed manifest into a release's directory; return what was signed.

    Raises ConfigurationError where the directory is none of a release: a gate did not pass, nothing is installed there,
    or something is that belongs to no distribution of the bill.
    """
    require_passed(gates)
    places = find_places(root)
    strange = sorted(_find_strangers(places))
    if strange:
        told = ", ".join(strange[:MOST_TOLD])
        raise ConfigurationError(f"In no distribution, and so in no bill of materials: {told}. Remove it from {root}.")
    number = find_version(places)
    bill = root / BILL
    try:
        (root / MANIFEST).unlink(missing_ok=True)
        bill.write_bytes(write_sbom(release_sbom(places)))
        files, links = take_stock(root)
        release = Release(number, sequence, digest_of(bill), gates, files, links)
        envelope = seal(describe(release), seeds)
        (root / MANIFEST).write_bytes(envelope)
    except OSError as error:
        raise ConfigurationError(f"The release in {root} cannot be written: {error.strerror}.") from error
    return release


def find_places(root: Path) -> list[Path]:
    """Return where modules are installed in a release's directory. Raises ConfigurationError where there are none."""
    found = sorted((root / "lib").glob("python3*/site-packages"))
    if not found:
        raise ConfigurationError(f"Nothing is installed in {root}: it is a virtual environment with Vaka in it.")
    return found


def find_version(places: Iterable[Path]) -> str:
    """Return which version of Vaka is installed there. Raises ConfigurationError."""
    for one in distributions(name="vaka", path=[str(place) for place in places]):
        return one.version
    raise ConfigurationError("Vaka itself is not installed there.")


def release_sbom(places: Iterable[Path]) -> dict[str, Any]:
    """Return the bill of a release: what it brings, and not what the machine under it has."""
    bill = running_sbom(lambda: "", [str(place) for place in places])
    parts = [one for one in bill["components"] if one["type"] != "platform"]
    return {**{name: value for name, value in bill.items() if name != "serialNumber"}, "components": parts}


def compile_release(root: Path) -> None:
    """Compile every module anew, so that a release starts fast and nothing is written into it when it runs.

    Which source each is of, the file does not say: the manifest names both. Raises ConfigurationError.
    """
    for place in find_places(root):
        done = subprocess.run(
            [str(root / "bin/python"), "-I", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash",
             str(place)],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ConfigurationError(f"Not everything in {place} can be compiled.")


def _find_strangers(places: Iterable[Path]) -> Iterator[str]:
    for place in places:
        listed = {str(file) for one in distributions(path=[str(place)]) for file in one.files or ()}
        for directory, _, names in os.walk(place):
            here = Path(directory).relative_to(place)
            for name in names:
                if name.endswith(_RUNS) and here.name != _CACHE and (here / name).as_posix() not in listed:
                    yield (here / name).as_posix()

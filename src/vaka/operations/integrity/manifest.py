# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The manifest of a release: every file of its directory with its digest, signed (terms 20, 22, 28 and 33).

What is byte for byte what the manifest says may be loaded; what it does not name may not even be there.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from vaka.operations.integrity.envelope import STATEMENT_TYPE, Fault, NotBelievedError, Opened, Trust, open_file, peek

MANIFEST: Final = "release.dsse.json"
"""The one file of a release that it does not name."""
BILL: Final = "sbom.cdx.json"
PREDICATE: Final = "https://vaka.example/release/v1"
MOST_FILES = 100_000
_HEX = frozenset("0123456789abcdef")
Gates = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Release:
    """What a release holds, as whoever signed it says."""

    version: str
    sequence: int
    """Grows with each release; a lower one is an older one, whatever its version is called."""
    bill: str
    """SHA-256 over its bill of materials."""
    gates: Gates
    """Which gates it passed, how, and the digests of what they found."""
    files: Mapping[str, str]
    """SHA-256 of each file, by its name below the release's directory."""
    links: Mapping[str, str]
    """Where each symbolic link points."""
    digest: str = ""
    """By what change, attestation and deployment name it; empty before it was signed."""


def describe(release: Release) -> dict[str, Any]:
    """Return the statement to sign."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(release.files.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "version": release.version, "sequence": release.sequence, "sbom": {"sha256": release.bill},
            "gates": dict(release.gates), "links": dict(release.links),
        },
    }  # fmt: skip


def read_release(root: Path, trust: Trust) -> Release:
    """Return the release that is installed in a directory, as its signed manifest says. Raises NotBelievedError."""
    release = _read(open_file(root / MANIFEST, trust, "release", PREDICATE))
    if release.sequence < trust.lowest_sequence:
        raise NotBelievedError(Fault.OLDER)
    return release


def peek_release(root: Path) -> Release:
    """Return what the manifest there says, before anybody has asked who signed it. Raises NotBelievedError."""
    return _read(peek(root / MANIFEST, PREDICATE))


def _read(opened: Opened) -> Release:
    try:
        said = opened.statement["predicate"]
        release = Release(
            version=str(said["version"]), sequence=said["sequence"], bill=_hex(said["sbom"]["sha256"]),
            gates=dict(said["gates"]), links={str(name): str(to) for name, to in said["links"].items()},
            files={str(one["name"]): _hex(one["digest"]["sha256"]) for one in opened.statement["subject"]},
            digest=opened.digest,
        )  # fmt: skip
        if type(release.sequence) is not int or release.sequence < 1:
            raise ValueError(release.sequence)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotBelievedError(Fault.UNREADABLE) from error
    return release


def survey(root: Path, below: Sequence[str] = (".",)) -> Iterator[tuple[str, Path]]:
    """Yield every file and link below these directories of a release, by the name that a manifest has for it.

    Raises NotBelievedError where there are more than a release has, OSError where one cannot be looked at.
    """
    found = 0
    for place in below:
        for directory, names, files in os.walk(root / place, onerror=_raise):
            here = Path(directory)
            # A link to a directory is walked by nobody: it is listed as what it is.
            linked = [name for name in names if (here / name).is_symlink()]
            for name in (*files, *linked):
                found += 1
                if found > MOST_FILES:
                    raise NotBelievedError(Fault.UNLISTED, found)
                path = here / name
                told = path.relative_to(root).as_posix()
                if told != MANIFEST:
                    yield told, path


def take_stock(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the digest of every file below a directory, and where every link in it points. Raises OSError."""
    files, links = {}, {}
    for name, path in survey(root):
        if path.is_symlink():
            links[name] = str(path.readlink())
        else:
            files[name] = digest_of(path)
    return files, links


def require_unaltered(root: Path, release: Release, below: Sequence[str] = (".",)) -> None:
    """Refuse a directory in which a file is not what the manifest says, is gone, or is not in it.

    `below` are the parts that are looked at, the whole without it. Raises NotBelievedError with how many.
    """
    wanted = {
        name for name in (*release.files, *release.links)
        if any(place == "." or name.startswith(f"{place}/") for place in below)
    }  # fmt: skip
    altered, unlisted = 0, 0
    try:
        for name, path in survey(root, below):
            if name not in wanted:
                unlisted += 1
            elif name in release.links:
                altered += not path.is_symlink() or str(path.readlink()) != release.links[name]
            else:
                altered += path.is_symlink() or digest_of(path) != release.files[name]
            wanted.discard(name)
    except OSError as error:
        raise NotBelievedError(Fault.ALTERED) from error
    altered += len(wanted)
    if altered:
        raise NotBelievedError(Fault.ALTERED, altered)
    if unlisted:
        raise NotBelievedError(Fault.UNLISTED, unlisted)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _hex(text: str) -> str:
    if len(text) != 64 or not set(text) <= _HEX:
        raise ValueError(text)
    return text


def _raise(error: OSError) -> None:
    raise error

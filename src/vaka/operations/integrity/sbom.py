# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What runs on this machine, as a bill of materials (CycloneDX 1.6): what is installed, asked of what is installed.

Nothing in it is of today: two machines with the same parts have the same bill, to the byte, so that a release can name
its digest.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path
from platform import freedesktop_os_release
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

SPECIFICATION = "1.6"
OWN_NAME = "vaka"
SECONDS_FOR_PACKAGES = 20.0
MOST_COMPONENTS = 20_000
_CHECKSUMS = Path("/var/lib/dpkg/info")
_FORMAT = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
_INSTALLED = "ii"
_SOURCE = "vaka:source"
_HASHED = "vaka:hash-of"
Component = dict[str, Any]


class NoPackagesError(Exception):
    """The system's packages cannot be listed. Nobody may take that for a machine that has none."""


def ask_packages() -> str:
    """Return what dpkg says is installed. Raises NoPackagesError."""
    try:
        asked = subprocess.run(
            ["/usr/bin/dpkg-query", "--show", f"--showformat={_FORMAT}"],
            capture_output=True, text=True, timeout=SECONDS_FOR_PACKAGES, check=True, env={"LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise NoPackagesError from error
    return asked.stdout


def running_sbom(ask: Callable[[], str] = ask_packages, search: list[str] | None = None) -> dict[str, Any]:
    """Return the bill of what runs: this interpreter, each installed distribution and each of the system's packages.

    `search` is where distributions are looked for: where this process looks for modules, unless it says otherwise.
    Raises NoPackagesError.
    """
    found = list(_unique(_find_distributions(sys.path if search is None else search)))
    own = [one for one in found if one["name"] == OWN_NAME]
    parts = [one for one in found if one["name"] != OWN_NAME]
    parts = [_interpreter(), *parts, *_unique(_find_packages(ask()))]
    if len(parts) > MOST_COMPONENTS:
        raise NoPackagesError
    parts.sort(key=lambda one: str(one["bom-ref"]))
    subject = {**own[0], "type": "application"} if own else {"type": "application", "name": OWN_NAME}
    bill: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {"component": subject},
        "components": parts,
    }
    return {**bill, "serialNumber": uuid5(NAMESPACE_URL, write_sbom(bill).decode()).urn}


def write_sbom(bill: Mapping[str, Any]) -> bytes:
    """Return a bill as the bytes whose digest a release names."""
    return json.dumps(bill, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def _interpreter() -> Component:
    said = sys.version_info
    number = f"{said.major}.{said.minor}.{said.micro}"
    return {
        "type": "platform", "bom-ref": f"interpreter:{sys.implementation.name}", "name": sys.implementation.name,
        "version": number, "cpe": f"cpe:2.3:a:python:python:{number}:*:*:*:*:*:*:*",
    }  # fmt: skip


def _find_distributions(search: list[str]) -> Iterator[Component]:
    for one in distributions(path=search):
        name, number = one.metadata["Name"], one.version
        if name and number:  # a directory that only looks like one has neither
            yield _describe_distribution(one, re.sub(r"[-_.]+", "-", name).lower(), number)


def _describe_distribution(one: Distribution, name: str, number: str) -> Component:
    kind = "generic" if name == OWN_NAME else "pypi"  # ours is published there by nobody
    purl = f"pkg:{kind}/{quote(name)}@{quote(number)}"
    record = one.read_text("RECORD")
    hashed = _hashed(record.encode(), "RECORD: the installed files, each with its SHA-256") if record else {}
    return {"type": "library", "bom-ref": purl, "name": name, "version": number, "purl": purl, **hashed}


def _hashed(content: bytes, what: str) -> Component:
    """Say what was hashed beside the hash: an installed part is no file that has one of its own."""
    return {
        "hashes": [{"alg": "SHA-256", "content": sha256(content).hexdigest()}],
        "properties": [{"name": _HASHED, "value": what}],
    }


def _find_packages(said: str) -> Iterator[Component]:
    system = freedesktop_os_release()
    vendor, release = system.get("ID", "debian"), system.get("VERSION_ID", "")
    for line in said.splitlines():
        state, name, number, architecture, source, source_number = line.split("\t")
        if state.strip() == _INSTALLED:
            distro = f"&distro={quote(vendor)}-{quote(release)}" if release else ""
            purl = f"pkg:deb/{quote(vendor)}/{quote(name)}@{quote(number)}?arch={quote(architecture)}{distro}"
            hashed = _hash_package(name, architecture)
            # The Debian tracker tells of sources, and a source may have a version that its packages have not.
            told = {"name": _SOURCE, "value": f"{source}@{source_number}"}
            yield {
                "type": "library", "bom-ref": purl, "name": name, "version": number, "purl": purl, **hashed,
                "properties": [told, *hashed.get("properties", [])],
            }  # fmt: skip


def _hash_package(name: str, architecture: str) -> Component:
    for file in (_CHECKSUMS / f"{name}.md5sums", _CHECKSUMS / f"{name}:{architecture}.md5sums"):
        try:
            return _hashed(file.read_bytes(), "md5sums: the installed files, as the package lists them")
        except OSError:
            continue
    return {}


def _unique(found: Iterable[Component]) -> Iterator[Component]:
    """Pass over what is found a second time: of two distributions of a name the first on the path is imported."""
    seen: set[str] = set()
    for one in found:
        key = one["bom-ref"] if one["purl"].startswith("pkg:deb/") else one["name"]
        if key not in seen:
            seen.add(key)
            yield one

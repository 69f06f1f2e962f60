# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What runs, as components that can be held against advisories: from CycloneDX bills. Pure, but for reading files.

A component of a bill works for the whole installation, unless the settings say for which authority alone the bill's
do. One that has no package URL, or one of a kind that nobody publishes advisories for here, cannot be assessed; it is
listed, and counts as wrong.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote
from uuid import UUID

from vaka.errors import ConfigurationError
from vaka.operations.vulnerabilities.ranges import is_version
from vaka.operations.vulnerabilities.reading import normalise

LARGEST_BILL = 50_000_000  # bytes
MOST_COMPONENTS = 100_000
RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}
"""What the Debian tracker calls the releases that a package URL numbers."""
SOURCE = "vaka:source"
"""The property in which the bill of what runs says of which source a package is, and in which version."""
Unassessed = Literal["", "unnamed", "ecosystem", "version", "source"]


@dataclass(frozen=True, slots=True)
class Running:
    """A component that runs."""

    purl: str
    name: str
    version: str
    ecosystem: str
    """Whose advisories it is held against; empty where nobody's."""
    package: str
    """What those call it."""
    compared: str
    """The version they speak of: of a Debian package, its source's."""
    release: str
    """Of Debian, by its number."""
    authority_id: UUID | None
    unassessed: Unassessed
    """Why it cannot be assessed; empty where it can."""


def read_bill(path: Path) -> Mapping[str, Any]:
    """Return a bill from a file. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BILL + 1)
        bill = json.loads(content) if len(content) <= LARGEST_BILL else None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"The bill of materials {path} cannot be read.") from error
    if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX":
        raise ConfigurationError(f"{path} is no bill of materials (CycloneDX, JSON).")
    return bill


def list_running(bill: Mapping[str, Any], authority_id: UUID | None = None) -> list[Running]:
    """Return the components of a bill, those within others too. Raises ConfigurationError."""
    found = {one.purl or f"{one.name}@{one.version}": one for one in _walk(bill.get("components", []), authority_id)}
    if not found:
        # Something runs: what says otherwise is broken, and all would look as if it were mended.
        raise ConfigurationError("A bill of materials has no components.")
    return [*_cover_interpreter(list(found.values()))]


def _walk(components: object, authority_id: UUID | None) -> Iterator[Running]:
    waiting, seen = [components], 0
    while waiting:
        some = waiting.pop()
        if not isinstance(some, list):
            raise ConfigurationError("A bill of materials has components that are no list.")
        for one in some:
            seen += 1
            if not isinstance(one, dict) or seen > MOST_COMPONENTS:
                raise ConfigurationError("A bill of materials has components that cannot be read, or too many.")
            yield _read_component(one, authority_id)
            if "components" in one:
                waiting.append(one["components"])


def _read_component(one: Mapping[str, Any], authority_id: UUID | None) -> Running:
    name, version, purl = (str(one.get(key) or "")[:500] for key in ("name", "version", "purl"))
    kind, vendor, package, said, more = _split_purl(purl)
    ecosystem, compared, release = "", said or version, ""
    unassessed: Unassessed = ""
    if not purl:
        unassessed = "unnamed"
    elif kind == "pypi":
        ecosystem = "PyPI"
        package = normalise("PyPI", package)
    elif kind == "deb" and vendor == "debian":
        ecosystem, release = "Debian", more.get("distro", "").removeprefix("debian-").partition(".")[0]
        package, _, compared = _source_of(one, more).rpartition("@")
        unassessed = "" if package and release in RELEASES else "source"
    else:
        unassessed = "ecosystem"
    if not unassessed and not is_version(ecosystem, compared):
        unassessed = "version"
    return Running(purl, name, said or version, ecosystem, package, compared, release, authority_id, unassessed)


def _split_purl(purl: str) -> tuple[str, str, str, str, Mapping[str, str]]:
    """Return kind, namespace, name, version and qualifiers of a package URL; empty where it is none."""
    rest, _, qualifiers = purl.partition("#")[0].partition("?")
    scheme, _, rest = rest.partition(":")
    path, _, version = rest.strip("/").rpartition("@") if "@" in rest else (rest.strip("/"), "", "")
    kind, *namespace, name = [unquote(part) for part in path.split("/")] if "/" in path else ["", path]
    more = {key: values[0] for key, values in parse_qs(qualifiers).items()}
    return (kind.lower() if scheme == "pkg" else ""), "/".join(namespace), name, unquote(version), more


def _source_of(one: Mapping[str, Any], more: Mapping[str, str]) -> str:
    """Return source and version, as the bill of what runs says them, or as other tools do (``upstream``)."""
    properties = one.get("properties") or []
    said = [each.get("value", "") for each in properties if isinstance(each, dict) and each.get("name") == SOURCE]
    return str(next((each for each in [*said, more.get("upstream", "")] if "@" in str(each)), ""))


def _cover_interpreter(components: list[Running]) -> Iterator[Running]:
    """Leave out an interpreter without a package URL where the system's package of it is in the bill.

    Where it was built by hand nobody publishes advisories that name it, and it stays: unassessed.
    """
    packaged = {
        one.compared.partition("-")[0].partition("+")[0]
        for one in components
        if one.ecosystem == "Debian" and one.package.startswith("python3.")
    }
    for one in components:
        if not (one.unassessed == "unnamed" and one.name == "cpython" and one.version in packaged):
            yield one


def digest_of(components: Iterable[Running]) -> bytes:
    """Return SHA-256 over what runs, and for whom."""
    lines = sorted(f"{one.purl} {one.name} {one.version} {one.authority_id or ''}" for one in components)
    return sha256("\n".join(lines).encode()).digest()

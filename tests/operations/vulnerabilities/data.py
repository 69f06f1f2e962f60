# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Small advisory data and bills of our own, in the formats of OSV, of Debian's tracker and of CycloneDX."""

import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

V4_CRITICAL = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
V3_HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


def osv(name: str = "VAKA-2026-1", package: str = "provpaket", **more: Any) -> dict[str, Any]:
    """Return a record: below 2.0 of a package is hit, severely."""
    return {
        "schema_version": "1.6.0", "id": name, "modified": "2026-01-02T03:04:05Z", "published": "2026-01-01T00:00:00Z",
        "aliases": ["CVE-2026-10001"], "summary": "A page of the test package can be read by anybody",
        "severity": [{"type": "CVSS_V3", "score": V3_HIGH}],
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": package},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
            }
        ],
        "references": [{"type": "ADVISORY", "url": f"https://advisories.example/{name}"}], **more,
    }  # fmt: skip


def filler(many: int = 1, ecosystem: str = "PyPI") -> list[dict[str, Any]]:
    """Return records of packages that nobody has, so that a file is never empty."""
    return [
        osv(f"VAKA-2026-9{number}", f"ingens{number}", aliases=[],
            affected=[{"package": {"ecosystem": ecosystem, "name": f"ingens{number}"}, "versions": ["1"]}])
        for number in range(many)
    ]  # fmt: skip


def zipped(*records: dict[str, Any]) -> bytes:
    """Return records as OSV publishes an ecosystem: a zip with a file for each."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for one in records:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return made.getvalue()


def tracker(**releases: dict[str, str]) -> bytes:
    """Return what Debian's tracker says of one source package, by release."""
    entry = {"description": "reads past the end", "scope": "remote", "releases": releases}
    return json.dumps({"provkalla": {"CVE-2026-20002": entry}, "annan": {"CVE-2026-20003": entry}}).encode()


def python(name: str = "provpaket", version: str = "1.5") -> dict[str, Any]:
    """Return a component of a bill: a Python distribution."""
    return {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}


def debian(name: str = "libprov1", version: str = "1.2-2", source: str = "provkalla@1.2-2") -> dict[str, Any]:
    """Return a component of a bill: a Debian package and its source."""
    return {
        "type": "library", "name": name, "version": version,
        "purl": f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12",
        "properties": [{"name": "vaka:source", "value": source}],
    }  # fmt: skip


def bill(*components: dict[str, Any]) -> dict[str, Any]:
    """Return a bill of materials."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components)}

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The bill of materials of what runs: what is installed stands in it, in a form that others read."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from vaka.commands.main import main
from vaka.operations.integrity.sbom import NoPackagesError, ask_packages, running_sbom, write_sbom

PACKAGE = "ii \tlibc6\t2.36-9+deb12u13\tamd64\tglibc\t2.36-9+deb12u13\nrc \tgone\t1\tall\tgone\t1\n"


def test_the_bill_is_valid_and_names_what_is_installed() -> None:
    """By CycloneDX's own schema, strictly; versions are those that the interpreter and dpkg themselves say."""
    bill = running_sbom()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(write_sbom(bill).decode()) is None
    parts = {one["purl"]: one for one in bill["components"] if "purl" in one}
    assert f"pkg:pypi/psycopg@{version('psycopg')}" in parts
    assert all(PackageURL.from_string(one).name == parts[one]["name"] for one in parts)
    asked = ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}\n"]
    installed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.count("ii ")
    assert sum(one.startswith("pkg:deb/") for one in parts) == installed > 50
    assert bill["metadata"]["component"]["name"] == "vaka"


def test_the_command_prints_the_bill_of_what_runs(tmp_path: Path) -> None:
    """The same each time, to the byte, on standard output and in a file."""
    printed = CliRunner().invoke(main, ["sbom"])
    assert printed.stdout_bytes == write_sbom(running_sbom())
    written = CliRunner().invoke(main, ["sbom", "--to", str(tmp_path / "bill.cdx.json")])
    assert (written.exit_code, written.output) == (0, "")
    assert (tmp_path / "bill.cdx.json").read_bytes() == printed.stdout_bytes
    refused = CliRunner().invoke(main, ["sbom", "--to", str(tmp_path / "nowhere" / "bill")])
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (1, True)


def test_two_machines_with_the_same_parts_have_the_same_bill(tmp_path: Path) -> None:
    """To the byte; one part more, or of another version, is another bill. What was removed is in none."""
    bills = [running_sbom(lambda: PACKAGE), running_sbom(lambda: PACKAGE)]
    assert write_sbom(bills[0]) == write_sbom(bills[1])
    names = {one["name"] for one in bills[0]["components"]}
    assert "libc6" in names
    assert "gone" not in names
    (tmp_path / "more-2.dist-info").mkdir()
    (tmp_path / "more-2.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: More\nVersion: 2\n")
    more = running_sbom(lambda: PACKAGE, [*sys.path, str(tmp_path)])
    assert {one["name"] for one in more["components"]} - names == {"more"}
    assert more["serialNumber"] != bills[0]["serialNumber"]
    assert json.loads(write_sbom(more)) == more


def test_the_source_of_a_package_is_told() -> None:
    """Debian's tracker tells of sources."""
    (libc,) = [one for one in running_sbom(lambda: PACKAGE)["components"] if one["name"] == "libc6"]
    assert {"name": "vaka:source", "value": "glibc@2.36-9+deb12u13"} in libc["properties"]


def test_a_machine_whose_packages_cannot_be_listed_has_no_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for one without packages."""

    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(NoPackagesError):
        running_sbom(ask_packages)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka advisory`: what authorities are told of a vulnerability, as a document that their tools read."""

import json
from importlib.metadata import version
from pathlib import Path

import click

from vaka.assurance.advisory_file import read_advisory, read_components
from vaka.assurance.csaf import make_csaf
from vaka.errors import ConfigurationError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def advisory() -> None:
    """Write security advisories and VEX (CSAF 2.0)."""


@advisory.command()
@click.option("--from", "source", required=True, type=_FILE, help="What is told, as JSON.")
@click.option("--sbom", required=True, type=_FILE, help="The bill of materials of what runs (CycloneDX, JSON).")
@click.option("--to", "target", required=True, type=_FILE, help="A new file.")
def write(source: Path, sbom: Path, target: Path) -> None:
    """Make a CSAF 2.0 document of an advisory: a security advisory, or VEX.

    Refused is what would leave a question open: an affected component without a remedy, one that is said not to be
    affected without the reason, one that the bill of materials does not have, a clock that runs backwards. Nothing is
    sent, and no installation is touched.
    """
    document = make_csaf(read_advisory(source, read_components(sbom)), version("vaka"))
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise ConfigurationError(f"The advisory cannot be written to {target}: {error.strerror}.") from error
    click.echo(f"{target} holds the {document['document']['category']}.")

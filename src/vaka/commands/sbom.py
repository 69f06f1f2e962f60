# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka sbom`: what runs on this machine, as a bill of materials that others read (terms 28 and 29)."""

from pathlib import Path

import click

from vaka.errors import ConfigurationError
from vaka.operations.integrity.sbom import NoPackagesError, running_sbom, write_sbom


@click.command()
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; otherwise it is printed.",
)  # fmt: skip
def sbom(target: Path | None) -> None:
    """Print what runs on this machine: the interpreter, each installed distribution, each of the system's packages.

    CycloneDX 1.6, the same to the byte as long as the same is installed. The scheduler compares its own machine's with
    what is published by itself; that of another machine is named in its settings, under vulnerabilities.bills.
    """
    try:
        written = write_sbom(running_sbom())
        if target is None:
            click.echo(written, nl=False)
        else:
            target.write_bytes(written)
    except NoPackagesError as error:
        raise ConfigurationError("The system's packages cannot be listed: dpkg-query is missing, or fails.") from error
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from error

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a trial device is known by: its number and its password, in a file of its own for each authority."""

from dataclasses import dataclass, field
from pathlib import Path

from vaka.errors import ConfigurationError
from vaka.keys.roots import read_secret
from vaka.tenants.authorities import Authority

DEVICE_TYPE = 2
"""Local unit and controller (SCAIP, dty)."""


@dataclass(frozen=True, slots=True)
class TrialDevice:
    """The device, as whoever sends for it needs to know it. No database holds its number or its password."""

    number: str
    password: str = field(repr=False)


def trial_file(credentials: Path, authority: Authority) -> Path:
    """Return where the number and the password lie."""
    return credentials / f"trial-{authority.slug}.secret"


def read_trial_device(credentials: Path, authority: Authority) -> TrialDevice | None:
    """Return an authority's trial device; None where none was made. Raises ConfigurationError."""
    path = trial_file(credentials, authority)
    if not path.exists():
        return None
    number, _, password = read_secret(path, "The trial device").partition(" ")
    if not password:
        raise ConfigurationError(f"The trial device {path} has no password. Remove the file, and start again.")
    return TrialDevice(number, password)

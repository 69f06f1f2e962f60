# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every look, in the order in which things are mended: the machine first, then what needs it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from vaka.errors import ConfigurationError, Sentence
from vaka.operations.doctor.certificates import look_at_certificates
from vaka.operations.doctor.databases import look_at_databases
from vaka.operations.doctor.files import look_at_credentials, look_at_directory
from vaka.operations.doctor.findings import Finding, Grade, good, unseen, wrong
from vaka.operations.doctor.flows import look_at_flows
from vaka.operations.doctor.issued import look_at_issued
from vaka.operations.doctor.machine import (
    look_at_clock,
    look_at_core_dumps,
    look_at_locales,
    look_at_room,
    look_at_swap,
    look_at_versions,
)
from vaka.operations.doctor.place import Place
from vaka.operations.doctor.processes import (
    look_at_keyholder,
    look_at_ports,
    look_at_processes,
    look_at_units,
)
from vaka.operations.doctor.scanner import look_at_scanner
from vaka.settings import Settings
from vaka.settings_reading import load_settings

Look = Callable[[Place], Iterator[Finding]]

LOOKS: Mapping[str, Look] = {
    "versions": look_at_versions,
    "room": look_at_room,
    "clock": look_at_clock,
    "locales": look_at_locales,
    "directory": look_at_directory,
    "credentials": look_at_credentials,
    "certificates": look_at_certificates,
    "issued": look_at_issued,
    "databases": look_at_databases,
    "keyholder": look_at_keyholder,
    "processes": look_at_processes,
    "ports": look_at_ports,
    "flows": look_at_flows,
    "units": look_at_units,
    "swap": look_at_swap,
    "core_dumps": look_at_core_dumps,
    "scanner": look_at_scanner,
}
"""What is looked at besides the settings, by a name that stays."""
WITHOUT_SETTINGS = frozenset({"room", "clock", "locales", "directory", "issued", "units", "core_dumps", "swap"})
"""What can be looked at while nobody knows what the settings say."""
_MENDED_FIRST = Sentence(
    sv="Rätta inställningarna först, och kör detta igen.", en="Mend the settings first, and run this again."
)


def examine(root: Path, now: datetime) -> Iterator[tuple[str, Finding]]:
    """Yield each finding with the name of its look. Whatever is down, the others are looked at."""
    place = Place(root, Settings(), now)
    known = True
    for finding, settings in _read_settings(root):
        yield "settings", finding
        known = settings is not None
        place = replace(place, settings=settings or place.settings)
    for name, look in LOOKS.items():
        if known or name in WITHOUT_SETTINGS:
            found = list(look(place))
            # That all is well ends a look; after something that is not, it is left out.
            yield from ((name, one) for one in found if one.grade is not Grade.GOOD or len(found) == 1)
            if len(found) > 1 and all(one.grade is Grade.GOOD for one in found):
                yield name, found[-1]
        else:
            said = Sentence(
                sv=f"Detta går inte att se efter utan inställningar: {name}.",
                en=f"This cannot be looked at without settings: {name}.",
            )
            yield name, unseen(said, _MENDED_FIRST)


def _read_settings(root: Path) -> Iterator[tuple[Finding, Settings | None]]:
    path = root / "vaka.toml"
    try:
        settings = load_settings(path)
    except ConfigurationError as error:
        if isinstance(error.__cause__, PermissionError):
            said = Sentence(sv=f"{path} går inte att läsa.", en=f"{path} cannot be read.")
            mend = Sentence(
                sv="Kör detta som det konto som äger filen, eller som root.",
                en="Run this as the account that owns the file, or as root.",
            )
            yield unseen(said, mend), None
            return
        said = Sentence(sv=f"Inställningarna tas inte emot: {error.sentence.sv}", en=error.sentence.en)
        mend = Sentence(
            sv="Rätta filen, eller ange rätt katalog med --data; docs/settings.md har alla inställningar.",
            en="Mend the file, or name the right directory with --data; docs/settings.md has every setting.",
        )
        yield wrong(said, mend), None
    else:
        yield good("Inställningarna går att läsa.", "The settings can be read."), settings

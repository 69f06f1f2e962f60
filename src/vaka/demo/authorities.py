# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The invented authorities, their units, and the supplier's own reception of unknown senders."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from vaka.demo.numbers import landline_number
from vaka.identifiers import new_identifier
from vaka.tenants.people import Unit, UnitHours

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""When the identifiers of invented rows were "made": the same seed gives the same rows, whenever it is."""
MORNING, NIGHT = 7 * 60, 22 * 60


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """One invented authority."""

    slug: str
    name: str
    place: str
    postal_area: str
    """The first three digits of its postal codes; no place in Sweden has them."""
    latitude: float
    longitude: float
    areas: tuple[str, ...]
    first_sender: int
    """Controller id of its first device."""
    on_call_phone: str = ""
    authority_kind: str = "authority"


AUTHORITIES = (
    DemoAuthority(
        "ekbacka",
        "Ekbacka kommun",
        "Ekbacka",
        "991",
        59.46,
        14.93,
        ("Centrum", "Norra", "Södra"),
        8031001,
        "08-465 004 91",
    ),
    DemoAuthority(
        "norrvik", "Norrviks kommun", "Norrvik", "992", 62.81, 17.36, ("Tätorten", "Kusten"), 26301001, "08-465 004 92"
    ),
    DemoAuthority(
        "sjohult", "Sjöhults kommun", "Sjöhult", "993", 57.18, 14.21, ("Öster", "Väster"), 10149001, "08-465 004 93"
    ),
)
INTAKE = DemoAuthority("mottagning", "Larmcentralens mottagning", "", "", 0, 0, (), 0, authority_kind="intake")


def demo_identifier(chance: Random) -> UUID:
    """Return an identifier that the same chance gives again."""
    return new_identifier(EPOCH, chance.randbytes)


def invent_units(authority: DemoAuthority, chance: Random) -> tuple[list[Unit], list[UnitHours]]:
    """Return home care for each area by day, one night patrol for all, and their hours."""
    patrol = Unit(demo_identifier(chance), f"Nattpatrullen {authority.place}", landline_number(chance))
    units, hours = [patrol], []
    for area in authority.areas:
        home_care = Unit(demo_identifier(chance), f"Hemtjänsten {area}", landline_number(chance))
        units.append(home_care)
        hours.append(UnitHours(area, MORNING, NIGHT, home_care.id))
        hours.append(UnitHours(area, NIGHT, MORNING, patrol.id))
    return units, hours

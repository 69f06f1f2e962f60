# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each role may do, as it is published with the program: beside the code that decides it (term 14).

The file is written from the code when a version is made, and read nowhere that decides. Code that was changed where it
runs says something else than it.
"""

import tomllib
from collections.abc import Set as AbstractSet
from pathlib import Path

from vaka.access.roles import ROLES

PUBLISHED = Path("access", "published_roles.toml")
"""Below the program."""
Line = tuple[str, str, str]
"""A role, the realm whose sessions can use it, and a permission that it gives."""


def read_published(program: Path) -> AbstractSet[Line]:
    """Return what is published with a program. Raises OSError, and ValueError where it cannot be read."""
    published = tomllib.loads((program / PUBLISHED).read_text(encoding="utf-8"))
    try:
        return {(name, role["realm"], one) for name, role in published.items() for one in role["permissions"]}
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{PUBLISHED} is not what it was written as") from error


def list_decided() -> AbstractSet[Line]:
    """Return what the code decides that runs here."""
    return {(role.name, role.realm, one.value) for role in ROLES.values() for one in role.permissions}

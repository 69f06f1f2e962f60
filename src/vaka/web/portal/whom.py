# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom an act is about, in words that are shown before a key is touched for it."""

from collections.abc import Mapping
from uuid import UUID

from vaka.keys.client import KeysUnavailableError
from vaka.tenants.authorities import Authority
from vaka.tenants.subjects import read_people
from vaka.web.asker import Asker
from vaka.web.portal.people import enter_look
from vaka.web.portal.portal import Portal


async def name_person(portal: Portal, asker: Asker, authority: Authority, person: UUID) -> Mapping[str, str]:
    """Return what is shown of a person: the name and when he was born, or where that may not be or cannot be read, the
    identifier. That it was looked is entered.
    """
    try:
        found = (await read_people(portal.gateway, portal.keyring, authority.id, [person])).get(person)
    except KeysUnavailableError:
        found = None
    if found is None or found.protected_identity:
        return {"person": str(person)}
    await enter_look(portal, asker, authority, 1, more=False)
    born = f", {found.born_on.isoformat()}" if found.born_on is not None else ""
    return {"person": f"{found.given_name} {found.family_name}{born}"}

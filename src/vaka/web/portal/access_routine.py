# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The routine of who gets access and how, as a document an authority takes out (term 14): drawn from what decides.

It says what holds at the moment it is drawn: the same roles, pairs, designations and acts that the platform asks for
each request. It names nobody.
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.designation import list_designations
from vaka.access.duties import CONFLICTS
from vaka.access.permission_words import PERMISSION_WORDS
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.database.connections import transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.web.asker import Asker
from vaka.web.portal.access import MAY_SEE
from vaka.web.portal.confirmed import CONFIRMED
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.times import LOCAL


async def give_routine(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/access/routine: the document, in the reader's language. That it was taken is entered."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    now, language = portal.clock.now(), asker.preferences.language
    async with transaction(portal.platform) as platform:
        designations = await list_designations(platform, authority.id)
    designated = {one.role: one for one in designations if one.is_designated}
    text = portal.pages.render(
        "portal_access_routine.html", asker.preferences,
        authority=authority, roles=ROLES.values(), permissions=list(Permission), designated=designated,
        words={one: said.in_language(language) for one, said in PERMISSION_WORDS.items()},
        pairs=[(pair, pair.why.in_language(language)) for pair in CONFLICTS],
        touched=sorted({act for acts in CONFIRMED.values() for act in acts}),
    )  # fmt: skip
    document = text.encode()
    facts: dict[str, str | int | bool | None] = {"format": "html", "sha256": hashlib.sha256(document).hexdigest()}
    entry = Entry(Event.ROUTINE_TAKEN, asker.principal.actor, now, f"authority:{authority.id}", detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        number = await append(tenant, entry)
    name = f"vaka-{authority.slug}-access-{now.astimezone(LOCAL):%Y%m%d-%H%M}.html"
    return Response(
        document, media_type="text/html",
        headers={
            "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"',
            "Link": f'<{receipt_address(authority, number)}>; rel="related"',
        },
    )  # fmt: skip

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One's own security keys, in the frame of the portal."""

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.permissions import Permission
from vaka.web import own_keys
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import key_frame
from vaka.web.touching import KeyFrame

MINE = Permission.PORTAL_OWN_KEYS


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /keys: one's keys, in the room of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MINE, "keys")


async def show_keys(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/keys: what one has, and the forms."""
    return await own_keys.show_keys(await _frame(portal, request, asker), request, asker)


async def add(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/add: the page on which a key is made."""
    return await own_keys.add(await _frame(portal, request, asker), request, asker)


async def enrol(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys: enrol the key that was made."""
    return await own_keys.enrol(await _frame(portal, request, asker), request, asker)


async def rename(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/rename: call a key something else."""
    return await own_keys.rename(await _frame(portal, request, asker), request, asker)


async def remove(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/keys/remove: remove one, after a touch."""
    return await own_keys.remove(await _frame(portal, request, asker), request, asker)


async def _frame(portal: Portal, request: Request, asker: Asker) -> KeyFrame:
    return key_frame(portal, asker, await require_authority(portal, request, asker, MINE))

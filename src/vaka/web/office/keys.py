# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator's own security keys, in the frame of the office. Each proves its model."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.web import own_keys
from vaka.web.asker import Asker
from vaka.web.office.first_touch import FIRST_KEY
from vaka.web.office.office import Office
from vaka.web.office.touching import key_frame


async def show_keys(office: Office, request: Request, asker: Asker) -> Response:
    """GET /keys: what one has, and the forms."""
    return await own_keys.show_keys(key_frame(office, asker), request, asker)


async def add(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/add: the page on which a further key is made; the first one takes a code."""
    if office.step_up == "required" and not await office.security_keys.has_any(asker.session.account_id):
        return RedirectResponse(FIRST_KEY, 303)
    return await own_keys.add(key_frame(office, asker), request, asker)


async def enrol(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys: enrol the key that was made."""
    return await own_keys.enrol(key_frame(office, asker), request, asker)


async def rename(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/rename: call a key something else."""
    return await own_keys.rename(key_frame(office, asker), request, asker)


async def remove(office: Office, request: Request, asker: Asker) -> Response:
    """POST /keys/remove: remove one, after a touch."""
    return await own_keys.remove(key_frame(office, asker), request, asker)

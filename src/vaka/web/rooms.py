# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every room answers alike: who asks, language and theme, signing out. Written once, so that no room is laxer."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urljoin
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.identity.sessions import Realm, end_session
from vaka.web.asker import Asker, find_asker, find_principal, read_token, take_token_back
from vaka.web.attending import IsBusy, attend, is_by_somebody, nobody_is_busy
from vaka.web.forms import NoForm, read_form
from vaka.web.preferences import PreferenceForm, Theme, remember
from vaka.web.routes import Address


async def recognise(
    platform: Pool,
    clock: Clock,
    request: Request,
    address: Address,
    *,
    realm: Realm,
    others: Sequence[Realm] = (),
    theme: Theme = "dark",
    is_busy: IsBusy = nobody_is_busy,
) -> Asker | None:
    """Return who asks for an address of a room of ``realm``; None for nobody, and for somebody whose time is out.

    Whoever is signed in to one of the ``others`` is known too: no role of that realm is worth anything here, and so the
    attempt is refused and written down instead of looking like nobody's. Raises DatabaseUnavailableError.
    """
    asker = await find_asker(platform, request, clock, realm=realm, theme=theme)
    if asker is not None:
        is_used = is_by_somebody(request) and not address.unasked
        principal = await attend(platform, clock, asker.principal, is_used=is_used, is_busy=is_busy)
        return None if principal is None else Asker(principal, asker.preferences)
    for other in others:
        asker = await find_asker(platform, request, clock, realm=other, theme=theme)
        if asker is not None:
            return asker
    return None


async def set_preferences(_room: object, request: Request) -> Response:
    """POST /preferences: remember a language or a theme, and go on where one was."""
    form = await read_form(request, PreferenceForm)
    response = RedirectResponse(local_address(form.back), HTTPStatus.SEE_OTHER)
    remember(response, language=form.language, theme=form.theme)
    return response


def local_address(wanted: str) -> str:
    """Return ``wanted`` if it is a plain path of this room, else the start: nobody is led elsewhere."""
    plain = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if plain and wanted.isascii() and wanted.isprintable() and "\\" not in wanted else "/"


async def leave(
    platform: Pool, clock: Clock, request: Request, sign_in: str, *, realm: Realm
) -> tuple[Response, UUID | None]:
    """Sign out: the session ends and the browser forgets. Return the answer, and the session that there was.

    It leads to the sign-in page's own, which says what is left to do; nothing is asked of any issuer on the way.
    """
    await read_form(request, NoForm)
    principal = await find_principal(platform, read_token(request, realm=realm), clock, realm=realm)
    if principal is not None:
        async with transaction(platform) as connection:
            await end_session(connection, principal.session, clock.now())
    response = RedirectResponse(urljoin(sign_in, f"/signed-out?realm={realm}"), HTTPStatus.SEE_OTHER)
    take_token_back(response, realm=realm)
    return response, None if principal is None else principal.session.id

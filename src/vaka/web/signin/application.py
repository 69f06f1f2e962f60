# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page: the issuers that are believed."""

import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from vaka.identity.invitations import LONGEST_CODE
from vaka.web import rooms, security_txt
from vaka.web.asker import COOKIES, take_token_back
from vaka.web.forms import NoForm, read_form
from vaka.web.preferences import read_preferences
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, build_router, route
from vaka.web.safety import Safety
from vaka.web.signin.arriving import INVITATION_COOKIE
from vaka.web.signin.emergency import show_emergency, take_touch
from vaka.web.signin.entrance import Entrance, end_sessions, find_asker_here, own_room
from vaka.web.signin.fallback import list_away, show_fallback, sign_in_by_key
from vaka.web.signin.federated import begin, finish, list_ways, read_realm, take_invitation
from vaka.web.signin.logout import ARRIVALS as LOGOUTS
from vaka.web.signin.logout import end_by_issuer
from vaka.web.signin.saml import ARRIVALS, consume, show_metadata
from vaka.web.signin.saml_logout import ARRIVALS as SAML_LOGOUTS
from vaka.web.signin.saml_logout import hear
from vaka.web.signin.signed_out import come_back, show_signed_out, sign_out_there


async def show_sign_in(entrance: Entrance, request: Request) -> Response:
    """GET /: how one can sign in."""
    asker = await find_asker_here(entrance, request)
    preferences = asker.preferences if asker else read_preferences(request)
    realm, ways = read_realm(request), await list_ways(entrance, preferences)
    away = await list_away(entrance, preferences) if realm == "operator" else []
    page = entrance.pages.render(
        "signin.html", preferences, demo=entrance.settings.mode == "demo", asker=asker,
        own_room=own_room(entrance, asker), realm=realm, ways=ways[realm], any_way=any(ways.values()),
        invited=INVITATION_COOKIE in request.cookies, away=away, longest_code=LONGEST_CODE,
    )  # fmt: skip
    return HTMLResponse(page)


async def sign_out(entrance: Entrance, request: Request) -> Response:
    """POST /sign-out: the session ends, the browser forgets."""
    await read_form(request, NoForm)
    ended = await end_sessions(entrance, request)
    response = RedirectResponse(f"/signed-out?realm={ended[0]}" if ended else "/", HTTPStatus.SEE_OTHER)
    for realm in COOKIES:
        take_token_back(response, realm=realm)
    return response


async def serve_static(entrance: Entrance, request: Request) -> Response:
    """GET /static/…: style and signs."""
    return entrance.assets.serve(request)


async def say_alive(entrance: Entrance, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


async def tell_security_contact(entrance: Entrance, request: Request) -> Response:
    """GET /.well-known/security.txt: whom somebody tells who has found a weakness (RFC 9116)."""
    return security_txt.answer(entrance.settings.security_contact, entrance.settings.signin.origin, entrance.clock)


ADDRESSES: tuple[Address, ...] = (
    route("/", show_sign_in, ["GET"], needs=PUBLIC),
    route("/sign-out", sign_out, ["POST"], needs=PUBLIC),
    route("/signed-out", show_signed_out, ["GET"], needs=PUBLIC),
    route("/sign-out/{name}", sign_out_there, ["GET"], needs=PUBLIC),
    route("/signed-out/{name}", come_back, ["GET"], needs=PUBLIC),
    route("/begin/{name}", begin, ["GET"], needs=PUBLIC),
    route("/callback/{name}", finish, ["GET"], needs=PUBLIC),
    route("/saml/supplier/acs", consume, ["POST"], needs=PUBLIC),
    route("/saml/authority/{slug}/acs", consume, ["POST"], needs=PUBLIC),
    route("/saml/supplier/metadata", show_metadata, ["GET"], needs=PUBLIC),
    route("/saml/authority/{slug}/metadata", show_metadata, ["GET"], needs=PUBLIC),
    route("/saml/supplier/slo", hear, ["POST"], needs=PUBLIC),
    route("/saml/authority/{slug}/slo", hear, ["POST"], needs=PUBLIC),
    route("/logout/{name}", end_by_issuer, ["POST"], needs=PUBLIC),
    route("/fallback", show_fallback, ["GET"], needs=PUBLIC),
    route("/fallback", sign_in_by_key, ["POST"], needs=PUBLIC),
    route("/emergency", show_emergency, ["GET"], needs=PUBLIC),
    route("/emergency", take_touch, ["POST"], needs=PUBLIC),
    route("/invitation", take_invitation, ["POST"], needs=PUBLIC),
    route("/preferences", rooms.set_preferences, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route(security_txt.PATH, tell_security_contact, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


_FROM_ELSEWHERE = re.compile("|".join(one.pattern for one in (ARRIVALS, SAML_LOGOUTS, LOGOUTS)))


def build_signin(entrance: Entrance) -> ASGIApp:
    """Return the application of the sign-in process."""
    settings = entrance.settings
    router = build_router(ADDRESSES, entrance)
    # Signing in is answered by leading to the desk, the portal or the office, which may stand at other origins.
    targets = (settings.desk.origin, settings.portal.origin, settings.office.origin)
    return Safety(
        router,
        Refusals(entrance.pages),
        origin=settings.signin.origin,
        form_targets=targets,
        arrivals=_FROM_ELSEWHERE,
    )

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page: the issuers that are believed, and named personas in a demo; both over real sessions."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from vaka.access.roles import ROLES
from vaka.database.connections import transaction
from vaka.identity.personas import NotADemoError, Persona, list_personas, sign_in_as
from vaka.identity.sessions import CannotSignInError, Realm
from vaka.web import security_txt
from vaka.web.asker import COOKIES, find_principal, give_token, take_token_back
from vaka.web.browser_kinds import read_browser
from vaka.web.forms import Form, NoForm, read_form
from vaka.web.preferences import PreferenceForm, Preferences, read_preferences, remember
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, build_router, route
from vaka.web.safety import Safety
from vaka.web.signin.arriving import INVITATION_COOKIE
from vaka.web.signin.entrance import Entrance, end_sessions, find_asker_here, first_page, own_room
from vaka.web.signin.federated import begin, finish, list_ways, read_realm, take_invitation
from vaka.web.signin.saml import ARRIVALS, consume, show_metadata
from vaka.web.texts import texts_in


@dataclass(frozen=True, slots=True)
class Choice:
    """A persona as the page shows it."""

    persona: str
    name: str
    initials: str
    roles: str
    authorities: str
    welcome: bool
    """Whether any page here is for it."""


class PersonaForm(Form):
    """Who signs in."""

    persona: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]


async def show_sign_in(entrance: Entrance, request: Request) -> Response:
    """GET /: whom one can sign in as."""
    asker = await find_asker_here(entrance, request)
    preferences = asker.preferences if asker else read_preferences(request)
    demo, personas = True, []
    try:
        async with transaction(entrance.platform) as connection:
            personas = await list_personas(connection, entrance.settings.mode, entrance.clock.now())
    except NotADemoError:
        demo = False
    realm, ways = read_realm(request), await list_ways(entrance, preferences)
    page = entrance.pages.render(
        "signin.html", preferences, demo=demo, personas=_present_all(personas, preferences), asker=asker,
        own_room=own_room(entrance, asker), message=None, realm=realm, ways=ways[realm], any_way=any(ways.values()),
        invited=INVITATION_COOKIE in request.cookies,
    )  # fmt: skip
    return HTMLResponse(page)


async def sign_in(entrance: Entrance, request: Request) -> Response:
    """POST /: open a session for a persona and go to where it works. Earlier sessions of this browser end."""
    form = await read_form(request, PersonaForm)
    await end_sessions(entrance, request)
    now, mode = entrance.clock.now(), entrance.settings.mode
    try:
        async with transaction(entrance.platform) as connection:
            realm = _realm_of(form.persona, await list_personas(connection, mode, now))
            token = await sign_in_as(connection, form.persona, mode, now, realm=realm, browser=read_browser(request))
    except (CannotSignInError, NotADemoError) as refused:
        reason = "not_a_demo" if isinstance(refused, NotADemoError) else "account"
        await entrance.attempts.note(reason, request.client.host if request.client else "")
        raise
    principal = await find_principal(entrance.platform, token, entrance.clock, realm=realm)
    response = RedirectResponse(first_page(entrance, realm, principal), HTTPStatus.SEE_OTHER)
    give_token(response, token, realm=realm)
    if principal is not None:
        remember(response, language=principal.session.language, theme=None)
    return response


async def sign_out(entrance: Entrance, request: Request) -> Response:
    """POST /sign-out: the session ends, the browser forgets."""
    await read_form(request, NoForm)
    await end_sessions(entrance, request)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    for realm in COOKIES:
        take_token_back(response, realm=realm)
    return response


async def set_preferences(entrance: Entrance, request: Request) -> Response:
    """POST /preferences: remember a language or a theme."""
    form = await read_form(request, PreferenceForm)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    remember(response, language=form.language, theme=form.theme)
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
    route("/", sign_in, ["POST"], needs=PUBLIC),
    route("/sign-out", sign_out, ["POST"], needs=PUBLIC),
    route("/begin/{name}", begin, ["GET"], needs=PUBLIC),
    route("/callback/{name}", finish, ["GET"], needs=PUBLIC),
    route("/saml/supplier/acs", consume, ["POST"], needs=PUBLIC),
    route("/saml/authority/{slug}/acs", consume, ["POST"], needs=PUBLIC),
    route("/saml/supplier/metadata", show_metadata, ["GET"], needs=PUBLIC),
    route("/saml/authority/{slug}/metadata", show_metadata, ["GET"], needs=PUBLIC),
    route("/invitation", take_invitation, ["POST"], needs=PUBLIC),
    route("/preferences", set_preferences, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route(security_txt.PATH, tell_security_contact, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_signin(entrance: Entrance) -> ASGIApp:
    """Return the application of the sign-in process."""
    settings = entrance.settings
    router = build_router(ADDRESSES, entrance)
    # Signing in is answered by leading to the desk, the portal or the office, which may stand at other origins.
    targets = (settings.desk.origin, settings.portal.origin, settings.office.origin)
    return Safety(
        router, Refusals(entrance.pages), origin=settings.signin.origin, form_targets=targets, arrivals=ARRIVALS
    )


def _realm_of(wanted: str, personas: Sequence[Persona]) -> Realm:
    """Return where a persona works: with an authority, where all its roles are of that realm; else at the desk."""
    if any(persona.persona == wanted and persona.kind == "administrator" for persona in personas):
        return "administrator"
    roles = [
        ROLES[name] for persona in personas if persona.persona == wanted for name in persona.roles if name in ROLES
    ]
    return "authority" if roles and all(role.realm == "authority" for role in roles) else "operator"


def _present_all(personas: Sequence[Persona], preferences: Preferences) -> list[Choice]:
    everywhere = {authority for persona in personas for authority in persona.authorities}
    return [_present(persona, everywhere, preferences) for persona in personas]


def _present(persona: Persona, everywhere: AbstractSet[str], preferences: Preferences) -> Choice:
    gettext = texts_in(preferences.language).gettext
    roles = [ROLES[name] for name in persona.roles if name in ROLES]
    if persona.kind == "administrator":
        work, place = gettext("Administrator"), gettext("The supplier's office; sees no alarm and no person")
    else:
        work = ", ".join(role.title.in_language(preferences.language) for role in roles)
        place = ", ".join(persona.authorities)
        if len(everywhere) > 1 and everywhere <= set(persona.authorities):
            place = gettext("All authorities")
    return Choice(
        persona=persona.persona,
        name=persona.display_name,
        initials="".join(part[0] for part in persona.display_name.split()[:2]).upper(),
        roles=work,
        authorities=place,
        welcome=any(role.realm in COOKIES and role.permissions for role in roles),
    )

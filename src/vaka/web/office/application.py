# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The office's route table and the application around it."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.identity.sessions import Realm, end_session
from vaka.settings import Settings
from vaka.web.asker import Asker, find_asker, find_principal, read_token, take_token_back
from vaka.web.denials import Denial, name_need
from vaka.web.forms import Form, read_form
from vaka.web.office import accounts, keys, own_sessions
from vaka.web.office.office import Office
from vaka.web.preferences import PreferenceForm, Theme, remember
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, Door, build_router, route
from vaka.web.safety import Safety

REALM: Realm = "administrator"
OTHERS: tuple[Realm, ...] = ("operator", "authority")
THEME: Theme = "light"


class NoForm(Form):
    """Nothing to fill in."""


async def set_preferences(office: Office, request: Request) -> Response:
    """POST /preferences: remember a language or a theme, and go on where one was."""
    form = await read_form(request, PreferenceForm)
    plain = form.back.startswith("/") and not form.back.startswith("//") and "\\" not in form.back
    back = form.back if plain and form.back.isascii() and form.back.isprintable() else "/"
    response = RedirectResponse(back, HTTPStatus.SEE_OTHER)
    remember(response, language=form.language, theme=form.theme)
    return response


async def sign_out(office: Office, request: Request) -> Response:
    """POST /sign-out: the session ends, the browser forgets."""
    await read_form(request, NoForm)
    principal = await find_principal(office.platform, read_token(request, realm=REALM), office.clock, realm=REALM)
    if principal is not None:
        async with transaction(office.platform) as connection:
            await end_session(connection, principal.session, office.clock.now())
    response = RedirectResponse(office.sign_in, HTTPStatus.SEE_OTHER)
    take_token_back(response, realm=REALM)
    return response


async def serve_static(office: Office, request: Request) -> Response:
    """GET /static/…: style, signs."""
    return office.assets.serve(request)


async def say_alive(office: Office, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


ADDRESSES: tuple[Address, ...] = (
    route("/", accounts.show_accounts, ["GET"], needs=Permission.OFFICE_SEE_ACCOUNTS),
    route("/account/{account}", accounts.show_account, ["GET"], needs=Permission.OFFICE_SEE_ACCOUNTS),
    route("/keys", keys.show_keys, ["GET"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys", keys.enrol, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/add", keys.add, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/rename", keys.rename, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/remove", keys.remove, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/sessions", own_sessions.show, ["GET"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/sessions", own_sessions.end, ["POST"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/preferences", set_preferences, ["POST"], needs=PUBLIC),
    route("/sign-out", sign_out, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_office(office: Office, settings: Settings) -> ASGIApp:
    """Return the application of the office process."""

    async def recognise(request: Request) -> Asker | None:
        # Whoever is signed in elsewhere is known too: no role of another realm is worth anything here, and so the
        # attempt is refused and written down instead of looking like nobody's.
        for realm in (REALM, *OTHERS):
            asker = await find_asker(office.platform, request, office.clock, realm=realm, theme=THEME, in_use=True)
            if asker is not None:
                return asker
        return None

    async def record_denial(asker: Asker, address: Address, request: Request) -> None:
        denial = Denial(
            asker.principal.actor, asker.session.id, address.path, ",".join(address.methods), name_need(address), None
        )
        await office.denials.tell(denial)

    router = build_router(ADDRESSES, office, Door(recognise, record_denial, office.sign_in))
    # Signing out is answered by leading to the sign-in page, which may stand at another origin.
    return Safety(
        router, Refusals(office.pages, THEME), origin=settings.office.origin, form_targets=(settings.signin.origin,)
    )

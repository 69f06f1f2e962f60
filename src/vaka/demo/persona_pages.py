# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pages of a demo's provider: who one can be, as buttons, and the address where codes become ID tokens."""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from vaka.access.roles import ROLES
from vaka.demo.openid import AUTHORIZE, REDEEM, TOKEN_LIFE, Asked, Provider, UnusableRequestError
from vaka.demo.provider_facts import Figure
from vaka.settings import Settings
from vaka.web.assets import Assets
from vaka.web.forms import Form, read_fields, read_form
from vaka.web.pages import Pages
from vaka.web.preferences import Preferences, read_preferences
from vaka.web.refusals import Refusals
from vaka.web.rooms import set_preferences
from vaka.web.routes import PUBLIC, Address, build_router, route
from vaka.web.safety import Safety


@dataclass(frozen=True, slots=True)
class Stage:
    """The open parts of the provider's process."""

    provider: Provider
    pages: Pages
    assets: Assets
    settings: Settings


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure as the page shows it."""

    persona: str
    name: str
    initials: str
    work: str
    place: str
    everywhere: bool
    """Whether it works for everybody that anybody works for."""
    welcome: bool
    """Whether any page is for it."""


class PersonaForm(Form):
    """Who to be."""

    persona: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]


async def authorize(stage: Stage, request: Request) -> Response:
    """GET /authorize: somebody comes from the sign-in page. Raises UnusableRequestError."""
    query = dict(request.query_params.multi_items())
    if len(query) != len(request.query_params.multi_items()):
        raise UnusableRequestError
    return RedirectResponse(f"/choose/{stage.provider.begin(query)}", HTTPStatus.SEE_OTHER)


async def show_choice(stage: Stage, request: Request) -> Response:
    """GET /choose/{begun}: who one can be. Whoever took too long begins anew."""
    asked = stage.provider.begun.get(request.path_params["begun"])
    if asked is None:
        return _begin_anew(stage)
    preferences, realm = read_preferences(request), asked.client.realm
    figures = stage.provider.facts.figures
    everywhere = {place for figure in figures for place in figure.places}
    page = stage.pages.render(
        "personas.html", preferences, here=request.url.path, realm=realm, sign_in=stage.provider.facts.sign_in,
        choices=[_present(one, everywhere, preferences) for one in figures if one.realm == realm],
    )  # fmt: skip
    return HTMLResponse(page)


async def choose(stage: Stage, request: Request) -> Response:
    """POST /choose/{begun}: back to the sign-in page with a code for being that one."""
    form, begun = await read_form(request, PersonaForm), request.path_params["begun"]
    asked = stage.provider.begun.get(begun)
    if asked is None:
        return _begin_anew(stage)
    code = stage.provider.grant(asked, form.persona)
    if code is None:
        raise UnusableRequestError
    stage.provider.begun.take(begun)
    return RedirectResponse(_answer(stage, asked, code), HTTPStatus.SEE_OTHER)


async def give_token(stage: Stage, request: Request) -> Response:
    """POST /token: the sign-in process fetches the ID token."""
    fields = await read_fields(request)
    form = dict(fields)
    token = stage.provider.redeem(form) if len(form) == len(fields) else None
    if token is None:
        return JSONResponse({"error": "invalid_grant"}, HTTPStatus.BAD_REQUEST)
    # There is nothing that an access token would open here.
    lasts = int(TOKEN_LIFE.total_seconds())
    return JSONResponse({"access_token": "none", "token_type": "Bearer", "expires_in": lasts, "id_token": token})


async def lead_to_sign_in(stage: Stage, request: Request) -> Response:
    """GET /: nobody begins here."""
    return _begin_anew(stage)


async def serve_static(stage: Stage, request: Request) -> Response:
    """GET /static/…: style and signs."""
    return stage.assets.serve(request)


async def say_alive(stage: Stage, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


ADDRESSES: tuple[Address, ...] = (
    route("/", lead_to_sign_in, ["GET"], needs=PUBLIC),
    route(AUTHORIZE, authorize, ["GET"], needs=PUBLIC),
    route("/choose/{begun}", show_choice, ["GET"], needs=PUBLIC),
    route("/choose/{begun}", choose, ["POST"], needs=PUBLIC),
    route(REDEEM, give_token, ["POST"], needs=PUBLIC),
    route("/preferences", set_preferences, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_provider(stage: Stage) -> ASGIApp:
    """Return the application of a demo's provider."""
    settings = stage.settings
    rooms = (settings.signin, settings.desk, settings.portal, settings.office)
    return Safety(
        build_router(ADDRESSES, stage), Refusals(stage.pages), origin=settings.demo.origin,
        form_targets=tuple(room.origin for room in rooms), arrivals=re.compile(re.escape(REDEEM)),
    )  # fmt: skip


def _answer(stage: Stage, asked: Asked, code: str) -> str:
    answer = {"code": code, "state": asked.state, "iss": stage.provider.facts.issuer}
    return f"{asked.client.redirect_uri}?{urlencode(answer)}"


def _begin_anew(stage: Stage) -> Response:
    return RedirectResponse(f"{stage.provider.facts.sign_in}/", HTTPStatus.SEE_OTHER)


def _present(figure: Figure, everywhere: set[str], preferences: Preferences) -> Choice:
    role = ROLES.get(figure.role or "")
    return Choice(
        persona=figure.persona,
        name=figure.display_name,
        initials="".join(part[0] for part in figure.display_name.split()[:2]).upper(),
        work=role.title.in_language(preferences.language) if role else "",
        place=", ".join(figure.places),
        everywhere=len(everywhere) > 1 and everywhere <= set(figure.places),
        welcome=role is not None,
    )

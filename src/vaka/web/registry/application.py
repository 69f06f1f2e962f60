# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The registry's route table, its description, and the application around it. No page, no cookie, nobody in person."""

from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from vaka.access.permissions import Permission
from vaka.settings import Settings
from vaka.web.denials_of_authorities import record_denial
from vaka.web.problems import Problems
from vaka.web.programs.describing import Interface, describe
from vaka.web.programs.front import Rooms
from vaka.web.programs.recognising import recognise_program
from vaka.web.registry import exchange, people
from vaka.web.registry.registry import Registry
from vaka.web.registry.told import ToldFacts, ToldPerson
from vaka.web.routes import PUBLIC, Address, Door, build_router, route
from vaka.web.safety import Safety

PEOPLE = "/api/v1/{authority}/people"
"""As before there was a registry: programs that register people ask at the same address."""
PERSON = f"{PEOPLE}/{{person}}"
DESCRIPTION = "/api/registry/openapi.json"
EXCHANGE = "/api/registry/exchange/{authority}/{partner}/contacts"
"""Where partners send whom to ring about a person."""
_REGISTERING, _READING, _CHANGING = f"POST {PEOPLE}", f"GET {PERSON}", f"PUT {PERSON}"
_IDENTIFIER = {"type": "string", "format": "uuid"}


async def show_description(registry: Registry, request: Request) -> Response:
    """GET /api/registry/openapi.json: this part of the interface, described (OpenAPI 3.1)."""
    said = describe(API, INTERFACE, registry.origins)
    return JSONResponse(said, headers={"Cache-Control": "public, max-age=300"})


async def say_alive(registry: Registry, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


API: tuple[Address, ...] = (
    route(DESCRIPTION, show_description, ["GET"], needs=PUBLIC),
    route(PEOPLE, people.register, ["POST"], needs=Permission.PORTAL_REGISTER_PEOPLE),
    route(PERSON, people.show, ["GET"], needs=Permission.PORTAL_KEEP_PEOPLE),
    route(PERSON, people.change, ["PUT"], needs=Permission.PORTAL_KEEP_PEOPLE),
    # The message proves itself: by a signature over all of it, with the key that stands in the register of partners.
    route(EXCHANGE, exchange.take_contacts, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
)

INTERFACE = Interface(
    about="How an authority's care system keeps the register of its people in care. Tokens are the portal's.",
    bodies={_REGISTERING: ToldPerson, _CHANGING: ToldFacts, f"POST {EXCHANGE}": exchange.ToldContacts},
    answers={
        _REGISTERING: {"id": _IDENTIFIER, "registered": {"type": "boolean"}},
        _READING: {
            "id": _IDENTIFIER,
            "withheld": {"type": "boolean"},
            "person": {"type": ["object", "null"], "description": "As it is written; null where it is withheld."},
        },
        _CHANGING: {"id": _IDENTIFIER, "changed": {"type": "boolean"}},
        f"POST {EXCHANGE}": {"changed": {"type": "boolean"}},
    },
    enters=frozenset({_REGISTERING}),
    tagged=frozenset({_READING}),
    guarded=frozenset({_CHANGING}),
    proves_itself=frozenset({f"POST {EXCHANGE}"}),
)


def build_registry(registry: Registry, settings: Settings) -> ASGIApp:
    """Return the application of the registry process."""
    router = build_router(
        API, registry, Door(partial(recognise_program, registry), partial(record_denial, registry), sign_in="")
    )

    def answer_programs(origin: str) -> Safety:
        return Safety(router, Problems(), origin=origin, programs=True)

    certified = settings.portal.programs_origin
    openly = answer_programs(settings.registry.origin)
    return Rooms(openly, openly, answer_programs(certified) if certified else None)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The route table is the access matrix: an address cannot be written down without saying who may use it."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from vaka.access.decide import NotAllowedError, NothingHereError, holds_somewhere
from vaka.access.permissions import Permission
from vaka.errors import Category, Sentence, VakaError
from vaka.web.asker import Asker
from vaka.web.refusals import NO_SUCH_PAGE, RequestRefusedError
from vaka.web.safety import WRONG_METHOD


class _Public(Enum):
    PUBLIC = "public"


PUBLIC: Final = _Public.PUBLIC
"""Anyone may ask, signed in or not."""

Needs = Permission | Literal[_Public.PUBLIC]
Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Recognise = Callable[[Request, "Address"], Awaitable[Asker | None]]
First = Callable[[Asker, "Address", Request], Awaitable[Response | None]]
RecordDenial = Callable[[Asker, "Address", Request], Awaitable[None]]

SIGN_IN_FIRST = Sentence(sv="Logga in först.", en="Sign in first.")
UNLOCK_FIRST = Sentence(
    sv="Sidan är låst. Inget har ändrats. Lås upp den först.", en="The page is locked. Nothing was changed. Unlock it."
)
COVER = "/locked"
"""The page that a locked session shows, in every process that has pages."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address: what answers there, to which methods, and which permission it takes."""

    path: str
    endpoint: Endpoint
    """Called with (context, request) where public, otherwise with (context, request, asker)."""
    methods: tuple[str, ...]
    needs: Needs
    unasked: bool = False
    """A page asks here by itself: no use of the session."""
    while_locked: bool = False
    """It answers in a session that is locked, and shows nothing of anybody."""


def route(
    path: str,
    endpoint: Endpoint,
    methods: Sequence[str],
    *,
    needs: Needs,
    unasked: bool = False,
    while_locked: bool = False,
) -> Address:
    """Describe one address. ``needs`` has no default on purpose.

    A permission here only opens the door: the asker must hold it for some authority, or at the supplier's premises. The
    handler still asks, for the very authority and object it is about to touch.
    """
    return Address(path, endpoint, tuple(methods), needs, unasked, while_locked)


@dataclass(frozen=True, slots=True)
class Door:
    """How a process knows who asks, and what becomes of those it does not let in."""

    recognise: Recognise
    record_denial: RecordDenial
    sign_in: str
    """Where somebody is sent who is not signed in."""
    first: First | None = None
    """Answers with what somebody who is signed in has to do before anything else; None where that is nothing."""


def build_router(addresses: Sequence[Address], context: object, door: Door | None = None) -> Router:
    """Return the router for ``addresses``; without a ``door`` every one of them must be public."""
    routes, allowed = [], dict[str, set[str]]()
    for address in addresses:
        allowed.setdefault(address.path, set()).update(address.methods)
    for address in addresses:
        if address.needs is PUBLIC:
            endpoint: Endpoint = partial(address.endpoint, context)
        elif door is None:
            raise ValueError(f"{address.path} is not public, and there is no door")
        else:
            endpoint = partial(_guarded, address, address.needs, context, door)
        served = _MethodRoute(address.path, endpoint, methods=address.methods)
        served.allowed = allowed[address.path]
        served.methods = set(address.methods)  # HEAD comes with GET unless told otherwise; a live stream has none
        routes.append(served)
    return Router(routes, redirect_slashes=False, default=_no_such_page)


async def _guarded(address: Address, needs: Permission, context: object, door: Door, request: Request) -> Response:
    asker = await door.recognise(request, address)
    if asker is None:
        return _send_to_sign_in(request, door.sign_in)
    if asker.session.is_locked and not address.while_locked:
        return _send_to_cover(request)
    try:
        if not holds_somewhere(asker.principal, needs):
            raise NotAllowedError(needs, asker.session, resting=asker.principal.resting)
        before = None if door.first is None else await door.first(asker, address, request)
        return before or await address.endpoint(context, request, asker)
    except (NotAllowedError, NothingHereError):
        await door.record_denial(asker, address, request)
        raise


def _send_to_sign_in(request: Request, sign_in: str) -> Response:
    if not sign_in:  # programs are led nowhere
        raise VakaError(Category.UNAUTHENTICATED, SIGN_IN_FIRST)
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": sign_in})
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(sign_in, HTTPStatus.SEE_OTHER)
    raise VakaError(Category.UNAUTHENTICATED, SIGN_IN_FIRST)


def _send_to_cover(request: Request) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.LOCKED, headers={"HX-Redirect": COVER})
    if "text/html" in request.headers.get("accept", ""):
        # What was sent is not done, and the page says so.
        return RedirectResponse(COVER if request.method == "GET" else f"{COVER}?undone=1", HTTPStatus.SEE_OTHER)
    raise RequestRefusedError(HTTPStatus.LOCKED, UNLOCK_FIRST)


async def _no_such_page(scope: Scope, receive: Receive, send: Send) -> None:
    raise VakaError(Category.MISSING, NO_SUCH_PAGE)


class _MethodRoute(Route):
    """Raises where Starlette would answer in plain text, so that one place writes every refusal."""

    allowed: Collection[str] = ()
    """The methods of its path, those that other addresses serve among them."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            raise RequestRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, WRONG_METHOD, self.allowed)
        await super().handle(scope, receive, send)

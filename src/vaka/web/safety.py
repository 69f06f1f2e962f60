# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The outermost layer of every web process: whose requests are heard at all, and what browsers are told to refuse.

Requests that change something are accepted from our own pages only. That is judged by what the browser itself says of
where the request came from (Fetch Metadata, otherwise Origin); where it says nothing, the answer is no.
"""

import re
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaka.errors import Sentence
from vaka.web.refusals import RequestRefusedError

SAFE_METHODS = frozenset({"GET"})
UNSAFE_METHODS = frozenset({"POST"})
LARGEST_BODY_BYTES = 32_768
LARGEST_ARRIVAL_BYTES = 196_608
"""What may come from elsewhere is larger: a signed and encrypted document, in base64, in a form."""
LONGEST_ADDRESS = 2048

FORM_AROUND_A_FILE_BYTES = 32_768
"""What may stand around an uploaded file, beside its own size: the words that it comes with."""
FILES_COME_AS = "multipart/form-data"
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""The policy of a file that somebody uploaded: nothing in it runs, wherever a browser shows it."""

NOTHING = re.compile(r"(?!)")

WRONG_HOST = Sentence(sv="Adressen hör inte hit.", en="This address is not served here.")
WRONG_ORIGIN = Sentence(
    sv="Begäran kom inte från den här sidan och har inte utförts.",
    en="The request did not come from this page and was not carried out.",
)
WRONG_METHOD = Sentence(sv="Så kan sidan inte användas.", en="The page cannot be used that way.")
TOO_LARGE = Sentence(
    sv="Det som skickades är för stort. Inget har ändrats.", en="What was sent is too large. Nothing was changed."
)


def content_security_policy(form_targets: tuple[str, ...] = ()) -> str:
    """Return the policy: nothing but our own files; forms go to us and, through a redirect, to ``form_targets``."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "font-src 'self'",
            "connect-src 'self'",
            " ".join(("form-action 'self'", *form_targets)),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class Answers(Protocol):
    """Whoever turns errors into answers: pages (`vaka.web.refusals`), or problem details (`vaka.web.problems`)."""

    def answer(self, request: Request, error: Exception) -> Response:
        """Return the answer for ``error``."""


class Safety:
    """ASGI layer around a whole web process."""

    def __init__(
        self,
        app: ASGIApp,
        refusals: Answers,
        *,
        origin: str,
        form_targets: tuple[str, ...] = (),
        arrivals: re.Pattern[str] = NOTHING,
        documents: re.Pattern[str] = NOTHING,
        uploads: re.Pattern[str] = NOTHING,
        largest_upload: int = 0,
        programs: bool = False,
    ) -> None:
        """Serve ``app`` at ``origin``; other sites' pages may send forms to the paths that ``arrivals`` matches whole.

        Those prove in some other way that they belong to this browser. As much as they take the forms whose paths
        ``documents`` matches whole: a document is part of them; and files of ``largest_upload`` bytes those of
        ``uploads``, where they come as files do. With ``programs`` those who ask are no browsers:
        no cookie is looked at behind this, and so no origin is.
        """
        self._app = app
        self._arrivals = arrivals
        self._documents = documents
        self._uploads = uploads
        self._largest_upload = largest_upload + FORM_AROUND_A_FILE_BYTES
        self._refusals = refusals
        self._origin = origin
        self._programs = programs
        self._host = urlsplit(origin).netloc
        self._headers = {
            "Content-Security-Policy": content_security_policy(form_targets),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
            "X-Frame-Options": "DENY",
        }
        if origin.startswith("https:"):
            self._headers["Strict-Transport-Security"] = "max-age=63072000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; lifespan messages pass through, anything else (WebSocket) is refused."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                is_strict = headers.get("Content-Security-Policy") == SANDBOX
                headers.update({**self._headers, "Content-Security-Policy": SANDBOX} if is_strict else self._headers)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope)
        try:
            self._require_acceptable(scope)
            await self._app(scope, _bounded(receive, self._largest_body(scope)), send_guarded)
        except Exception as error:  # the boundary: nothing passes it, neither to the browser nor to a log
            response = self._refusals.answer(request, error)
            if not started:
                await response(scope, receive, send_guarded)

    def _require_acceptable(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._host]:
            raise RequestRefusedError(HTTPStatus.MISDIRECTED_REQUEST, WRONG_HOST)
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > LONGEST_ADDRESS:
            raise RequestRefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, TOO_LARGE)
        if scope["method"] in SAFE_METHODS:
            return
        # Of programs' addresses each knows its own methods; pages know these two and no others.
        if not self._programs and scope["method"] not in UNSAFE_METHODS:
            raise RequestRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, WRONG_METHOD, SAFE_METHODS | UNSAFE_METHODS)
        is_foreign = self._programs or self._arrivals.fullmatch(scope["path"])
        if not is_foreign and not comes_from_own_page(headers, self._origin):
            raise RequestRefusedError(HTTPStatus.FORBIDDEN, WRONG_ORIGIN)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > self._largest_body(scope):
            raise RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)

    def _largest_body(self, scope: Scope) -> int:
        if self._uploads.fullmatch(scope["path"]) and comes_with_files(Headers(scope=scope)):
            return self._largest_upload
        is_large = any(one.fullmatch(scope["path"]) for one in (self._arrivals, self._documents))
        return LARGEST_ARRIVAL_BYTES if is_large else LARGEST_BODY_BYTES


def comes_from_own_page(headers: Headers, origin: str) -> bool:
    """Whether the browser says that a page of ``origin`` itself made the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") == origin


def comes_with_files(headers: Headers) -> bool:
    """Whether a form comes in the way in which files come."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == FILES_COME_AS


def _bounded(receive: Receive, largest: int) -> Receive:
    """Count what arrives: a chunked body states no length."""
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > largest:
                raise RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
        return message

    return receive_bounded

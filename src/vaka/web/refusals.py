# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one place where errors become answers: which status, which sentence, and never any detail."""

from collections.abc import Collection
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from vaka.errors import Category, Sentence, VakaError
from vaka.logs import describe_error
from vaka.web.pages import Message, Pages
from vaka.web.preferences import Theme, read_preferences

STATUS = {
    Category.INVALID: HTTPStatus.BAD_REQUEST,
    Category.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Category.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Category.MISSING: HTTPStatus.NOT_FOUND,
    Category.CONFLICT: HTTPStatus.CONFLICT,
    Category.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_AFTER_SECONDS = 5

INTERNAL = Sentence(
    sv="Något gick fel hos oss och har loggats. Larmen tas emot som vanligt. Läs in sidan igen.",
    en="Something went wrong on our side and was logged. Alarms are received as usual. Reload the page.",
)
NO_SUCH_PAGE = Sentence(sv="Det finns ingen sådan sida.", en="There is no such page.")

log = structlog.get_logger()


class RequestRefusedError(VakaError):
    """A request that is turned away before anyone looks at what it asks."""

    def __init__(self, status: HTTPStatus, sentence: Sentence, allowed: Collection[str] = ()) -> None:
        """Refuse with a status; a wrong method with those that are ``allowed`` (RFC 9110 section 10.2.1)."""
        super().__init__(Category.INVALID, sentence)
        self.status = status
        self.headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}


class Refusals:
    """Turns errors into pages, or into a message on the open page where HTMX asked."""

    def __init__(self, pages: Pages, theme: Theme = "dark") -> None:
        self._pages = pages
        self._theme = theme

    def answer(self, request: Request, error: Exception) -> Response:
        """Return the answer for ``error``; what is not a VakaError is logged by type and place only."""
        if isinstance(error, RequestRefusedError):
            status, sentence = error.status, error.sentence
        elif isinstance(error, VakaError):
            status, sentence = STATUS[error.category], error.sentence
        else:
            log.error("request failed", method=request.method, **describe_error(error))
            status, sentence = HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL
        response = self._render(request, status, sentence)
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        if isinstance(error, RequestRefusedError):
            response.headers.update(error.headers)
        return response

    def _render(self, request: Request, status: HTTPStatus, sentence: Sentence) -> Response:
        preferences = read_preferences(request, usual_theme=self._theme)
        text = sentence.in_language(preferences.language)
        if "text/html" not in request.headers.get("accept", "text/html") and "hx-request" not in request.headers:
            return PlainTextResponse(text, status)
        fragment = "hx-request" in request.headers
        template = "message.html" if fragment else "refusal.html"
        page = self._pages.render(template, preferences, message=Message(text), text=text, status=int(status))
        response = HTMLResponse(page, status)
        if fragment:
            response.headers["HX-Retarget"] = "#message"
            response.headers["HX-Reswap"] = "innerHTML"
            response.headers["HX-Push-Url"] = "false"
        return response

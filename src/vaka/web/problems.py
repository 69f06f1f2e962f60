# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Errors as programs read them: problem details (RFC 9457), by the same categories and sentences as pages."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vaka.errors import Sentence, VakaError
from vaka.logs import describe_error
from vaka.web.json_bodies import BodyError, Fault
from vaka.web.refusals import INTERNAL, RETRY_AFTER_SECONDS, STATUS, RequestRefusedError

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class Problems:
    """Turns errors into problem details."""

    def answer(self, request: Request, error: Exception) -> Response:
        """Return the answer for ``error``; what is not a VakaError is logged by type and place only."""
        if isinstance(error, RequestRefusedError):
            status, sentence = error.status, error.sentence
        elif isinstance(error, VakaError):
            status, sentence = STATUS[error.category], error.sentence
        else:
            log.error("request failed", method=request.method, **describe_error(error))
            status, sentence = HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL
        response = describe(request, status, sentence, error.faults if isinstance(error, BodyError) else ())
        if isinstance(error, RequestRefusedError):
            response.headers.update(error.headers)
        return response


def describe(request: Request, status: HTTPStatus, sentence: Sentence, faults: Sequence[Fault] = ()) -> Response:
    """Return one problem, in Swedish where the program asks for it, with everything that is wrong with a body."""
    language = "sv" if request.headers.get("accept-language", "").lower().startswith("sv") else "en"
    body: dict[str, Any] = {
        "type": "about:blank", "title": status.phrase, "status": int(status), "detail": sentence.in_language(language),
    }  # fmt: skip
    if faults:
        body["errors"] = [{"pointer": one.pointer, "detail": one.detail} for one in faults]
    response = JSONResponse(body, status, media_type=MEDIA_TYPE)
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="vaka"'
    return response

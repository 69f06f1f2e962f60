# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading what a program sent in JSON: one media type, checked against a model that names every member, all at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from vaka.errors import Category, Sentence, VakaError
from vaka.web.forms import BODY_SECONDS
from vaka.web.refusals import RequestRefusedError

MEDIA_TYPE = "application/json"
MOST_FAULTS = 50

Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a body: where (JSON Pointer, RFC 6901), and how; never what stood there."""

    pointer: str
    detail: str


class BodyError(VakaError):
    """What was sent cannot be used; says everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Något saknas eller är fel i det som skickades. Inget har ändrats.",
                en="Something is missing or wrong in what was sent. Nothing was changed.",
            ),
        )
        self.faults = tuple(faults[:MOST_FAULTS])


async def read_json(request: Request, model: type[Read]) -> Read:
    """Return what was sent. Raises BodyError, or RequestRefusedError for another media type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise RequestRefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, Sentence(f"Skicka {MEDIA_TYPE}.", f"Send {MEDIA_TYPE}.")
        )
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
        return model.model_validate_json(body)
    except TimeoutError:
        raise BodyError from None
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False, include_input=False)
        raise BodyError([Fault(_point(one["loc"]), one["msg"]) for one in told]) from None


def _point(place: Sequence[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)

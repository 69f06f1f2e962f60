# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading what a form sent: bounded, one media type, checked against a model that names every field."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from vaka.errors import Category, Sentence, VakaError

LARGEST_FORM_FIELDS = 400
BODY_SECONDS = 10
MEDIA_TYPE = "application/x-www-form-urlencoded"


class FormError(VakaError):
    """What was filled in cannot be used."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Något saknas eller är fel ifyllt. Inget har ändrats. Fyll i och försök igen.",
                en="Something is missing or filled in wrongly. Nothing was changed. Fill it in and try again.",
            ),
        )


class Form(BaseModel):
    """The fields of one form; a field nobody expects is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


class NoForm(Form):
    """Nothing to fill in."""


Filled = TypeVar("Filled", bound=Form)


async def read_fields(request: Request) -> list[tuple[str, str]]:
    """Return the fields as they were sent. Raises FormError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in ("", MEDIA_TYPE):
        raise FormError
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.body()
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=LARGEST_FORM_FIELDS,
            errors="strict",
        )
    except (ValueError, TimeoutError):
        raise FormError from None


async def read_form(request: Request, model: type[Filled], *, lists: frozenset[str] = frozenset()) -> Filled:
    """Return what was filled in; names in ``lists`` may come several times. Raises FormError."""
    sent: dict[str, str | list[str]] = {}
    for name, value in await read_fields(request):
        if name in lists:
            several = sent.setdefault(name, [])
            assert isinstance(several, list)  # noqa: S101 - narrows the type; only lists are put there
            several.append(value)
        elif name in sent:
            raise FormError
        else:
            sent[name] = value
    return check_form(sent, model)


def check_form(sent: Mapping[str, str | list[str]], model: type[Filled]) -> Filled:
    """Return what was sent as what the form has. Raises FormError."""
    try:
        return model.model_validate(sent)
    except ValidationError:
        raise FormError from None

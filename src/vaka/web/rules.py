# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Authorities' own rules, read and acknowledged by whom they concern (term 5). Written once; desk and office put
it into their frames.

Nothing here stands in anybody's way: who has something to read sees a line that says so. That a version was opened the
server knows by itself, and an acknowledgement of one that was not is refused whatever the page says.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import psycopg
from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.authority_rules import RuleToRead, acknowledge_rule, list_to_read, open_rule
from vaka.access.decide import NothingHereError
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.errors import Category, VakaError
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.refusals import STATUS

HERE = "/rules"
COUNTING_SECONDS = 0.5
"""So long a page waits to hear how many rules somebody has to read."""


class ReadForm(Form):
    """Which version was read."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Frame:
    """How one side shows the pages."""

    platform: Pool
    clock: Clock
    render: Callable[[str, str, int, Mapping[str, Any]], Response]
    """Answers with a template, the page it is, a status, and what it shows put into the side's frame."""
    address: Callable[[RuleToRead], str]
    """Where a version is read."""


async def count_unread(frame: Frame, asker: Asker) -> int:
    """Return how many rules somebody has to read. 0 where that cannot be said, or not soon: it is in nobody's way."""
    try:
        async with asyncio.timeout(COUNTING_SECONDS), transaction(frame.platform) as connection:
            found = await list_to_read(connection, asker.principal.account_id, frame.clock.now())
    except (VakaError, psycopg.Error, TimeoutError):
        return 0
    return _unread(found)


async def show_rules(frame: Frame, asker: Asker, error: VakaError | None = None) -> Response:
    """GET: the rules of the authorities that one works for, what is not acknowledged first."""
    now = frame.clock.now()
    async with transaction(frame.platform) as connection:
        found = await list_to_read(connection, asker.principal.account_id, now)
    status, message = 200, None
    if error is not None:
        status, message = STATUS[error.category], Message(error.sentence.in_language(asker.preferences.language))
    rules = [(one, frame.address(one)) for one in sorted(found, key=lambda one: one.acknowledged)]
    facts = {"rules": rules, "unread": _unread(found), "message": message}
    return frame.render("rules.html", HERE, status, facts)


async def show_rule(frame: Frame, request: Request, asker: Asker, authority: UUID | None = None) -> Response:
    """GET: one version, to be read; of this authority, where its address names one.

    That it was opened is an entry of the log, the first time.
    """
    rule, number = _named(request)
    async with transaction(frame.platform) as connection:
        opened = await open_rule(connection, asker.principal, rule, number, now=frame.clock.now())
        if authority not in (None, opened.authority_id):
            raise NothingHereError
    here = request.url.path
    return frame.render("rule.html", here, 200, {"rule": opened, "number_of": number, "here": here, "message": None})


async def acknowledge(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST: say that one has read exactly this version, and follows it."""
    rule, number = _named(request)
    form = await read_form(request, ReadForm)
    try:
        async with transaction(frame.platform) as connection:
            await acknowledge_rule(
                connection, asker.principal, rule, number, bytes.fromhex(form.digest), now=frame.clock.now()
            )
    except VakaError as error:
        if error.category not in (Category.CONFLICT, Category.FORBIDDEN):
            raise
        return await show_rules(frame, asker, error)
    return RedirectResponse(HERE, 303)


def _unread(found: Sequence[RuleToRead]) -> int:
    """Return how many rules those are, whether of one version each or of two."""
    return len({one.rule for one in found if not one.acknowledged})


def _named(request: Request) -> tuple[UUID, int]:
    """Return the rule and the version that an address names; what is neither is an address that does not exist."""
    rule, number = request.path_params["rule"], request.path_params["version"]
    if not (number.isascii() and number.isdecimal() and len(number) <= 4):
        raise NothingHereError
    try:
        return UUID(rule), int(number)
    except ValueError:
        raise NothingHereError from None

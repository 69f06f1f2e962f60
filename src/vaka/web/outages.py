# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Outages of issuers: seen, proposed, declared, ended. Written once; the desk and the office put it into their frames.

What one side proposes the other declares, with the touch of a key over exactly what it is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import holds_somewhere
from vaka.access.holds import UnusableReasonError
from vaka.access.outages import (
    UndecidableOutageError,
    declare_outage,
    declaring_act,
    end_outage,
    list_issuers,
    propose_outage,
    require_declarable,
)
from vaka.access.permissions import Permission
from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import VakaError
from vaka.identity.accounts import name_accounts
from vaka.identity.confirming import NotConfirmedError
from vaka.identity.outages import Outage, list_outages
from vaka.identity.trust import Trusted, list_rows
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.standing import LedgerStandsStillError
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.refusals import STATUS
from vaka.web.touching import Confirming, KeyFrame, confirm

HERE = "/outages"
_EXPLAINED = (UndecidableOutageError, UnusableReasonError, NotConfirmedError, LedgerStandsStillError)


class ProposalForm(Form):
    """By which issuer nobody gets in, for how long that is to hold at most, and what was seen."""

    issuer: UUID
    hours: Annotated[int, Field(ge=1, le=8)]
    reason: Annotated[str, Field(max_length=2 * LONGEST_REASON)] = ""


class DeclarationForm(Form):
    """Which proposal, and what of it was shown."""

    outage: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    answer: KeyAnswer = ""


class EndForm(Form):
    """Which one."""

    outage: UUID


@dataclass(frozen=True, slots=True)
class Frame:
    """How one of the two sides shows the page."""

    platform: Pool
    clock: Clock
    may: Permission
    """What it takes to propose, declare and end there."""
    most_hours: int
    keys: KeyFrame
    room: str
    render: Callable[[int, Mapping[str, Any]], Response]
    """Answers with a status, and what the page shows put into the side's frame."""


@dataclass(frozen=True, slots=True)
class Line:
    """One outage as pages show it."""

    outage: Outage
    name: str
    """Of the issuer in the registry: what the log calls it."""
    issuer: str
    """What its people know it as."""
    state: str
    names: Mapping[UUID, str]
    """Of those who had a hand in it."""
    mine: bool
    """Whether the asker proposed it: somebody else declares it."""


async def list_lines(connection: Connection, asker: Asker, now: datetime) -> list[Line]:
    """Return the outages of the last weeks, the newest first (as desk or office)."""
    outages = await list_outages(connection, now)
    if not outages:
        return []
    names = await name_accounts(connection, {one for outage in outages for one in outage.people})
    called = {row.id: row.name for row in await list_rows(connection)}
    titles = {one.id: _title(one, asker) for one in await list_issuers(connection, now)}
    account = asker.principal.account_id
    # Nothing in Vaka takes an issuer's row away. Where a superuser did, what was declared of it is still told.
    return [
        Line(one, name, titles.get(one.trust_id, name), one.state(now), names, one.proposed_by == account)
        for one in outages if (name := called.get(one.trust_id, str(one.trust_id)))
    ]  # fmt: skip


async def list_declared(platform: Pool, clock: Clock, asker: Asker) -> list[Line]:
    """Return the outages that hold now, for whichever page says so (as desk or office)."""
    async with transaction(platform) as connection:
        lines = await list_lines(connection, asker, clock.now())
    return [one for one in lines if one.state == "declared"]


async def show_outages(frame: Frame, asker: Asker, error: VakaError | None = None) -> Response:
    """GET: what is declared, what waits, what was; and the form, for whoever may propose one."""
    now = frame.clock.now()
    async with transaction(frame.platform) as connection:
        lines = await list_lines(connection, asker, now)
        issuers = await list_issuers(connection, now)
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    facts = {
        "page": "outages", "here": HERE, "may_declare": holds_somewhere(asker.principal, frame.may), "message": message,
        "declared": _in_state(lines, "declared"), "waiting": _in_state(lines, "waiting"),
        "unknown": _in_state(lines, "unknown"), "past": _in_state(lines, "ended", "over"),
        "issuers": [(one.id, _title(one, asker)) for one in issuers], "most_hours": frame.most_hours,
        "longest_reason": LONGEST_REASON,
    }  # fmt: skip
    return frame.render(HTTPStatus.OK if error is None else STATUS[error.category], facts)


async def propose(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST: say that nobody gets in by an issuer. The other side is asked to see for itself."""
    form = await read_form(request, ProposalForm)
    return await _try(frame, asker, lambda connection: propose_outage(
        connection, asker.principal, frame.may, form.issuer, hours=form.hours, most_hours=frame.most_hours,
        reason=form.reason, now=frame.clock.now(),
    ))  # fmt: skip


async def declare(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/declare: declare exactly what was shown, confirmed with a security key."""
    form = await read_form(request, DeclarationForm)
    try:
        now = frame.clock.now()
        async with transaction(frame.platform) as connection:
            lines = {one.outage.id: one for one in await list_lines(connection, asker, now)}
        line = lines.get(form.outage)
        outage = require_declarable(
            None if line is None else line.outage, form.digest, most_hours=frame.most_hours, now=now
        )
        issuer = "" if line is None else line.name
        asked = Confirming(
            declaring_act(outage, issuer), f"{HERE}/declare", HERE, frame.room,
            {"outage": str(form.outage), "digest": form.digest},
        )  # fmt: skip
        confirmed = await confirm(frame.keys, asker, asked, form.answer)
    except _EXPLAINED as error:
        return await show_outages(frame, asker, error)
    if isinstance(confirmed, Response):
        return confirmed
    return await _try(frame, asker, lambda connection: declare_outage(
        connection, asker.principal, frame.may, outage, issuer, now=frame.clock.now(), confirmation=confirmed,
    ))  # fmt: skip


async def end(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/end: end one, or take a proposal back."""
    form = await read_form(request, EndForm)
    return await _try(frame, asker, lambda connection: end_outage(
        connection, asker.principal, frame.may, form.outage, now=frame.clock.now(),
    ))  # fmt: skip


async def _try(frame: Frame, asker: Asker, work: Callable[[Connection], Any]) -> Response:
    try:
        async with transaction(frame.platform) as connection:
            await work(connection)
    except _EXPLAINED as error:
        return await show_outages(frame, asker, error)
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


def _in_state(lines: Sequence[Line], *states: str) -> list[Line]:
    return [one for one in lines if one.state in states]


def _title(issuer: Trusted, asker: Asker) -> str:
    return issuer.content.title_in(asker.preferences.language)

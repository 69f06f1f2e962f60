# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Audits and visits (terms 37 and 19): the page, and what both sides do about one.

Written once; the portal and the office put it into their frames, and each adds what it alone does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.assurance.audit_acts import LONGEST, AuditError, agree, note_finding, propose
from vaka.assurance.audits import Audit, AuditFinding, AuditSide, list_audit_findings, list_audits
from vaka.assurance.terms import load_terms
from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import VakaError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.inquiries import deadline_after
from vaka.web.pages import Message
from vaka.web.refusals import STATUS
from vaka.web.texts import mark
from vaka.web.times import LOCAL

EXPLAINED = (AuditError, LedgerStandsStillError)
Text = Annotated[str, Field(max_length=2 * max(LONGEST.values()))]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

KINDS: Mapping[str, str] = MappingProxyType({"audit": mark("Audit"), "visit": mark("Visit to a hall")})
STATES: Mapping[str, str] = MappingProxyType(
    {
        "withdrawn": mark("Taken back"),
        "asked": mark("Asked for"),
        "proposed": mark("Another time waits for the authority"),
        "agreed": mark("Agreed by both"),
        "running": mark("Goes on now"),
        "over": mark("Over, not closed yet"),
        "closed": mark("Held and closed"),
    }
)
TURNS: Mapping[str, str] = MappingProxyType(
    {
        "office": mark("It is the supplier's turn."),
        "portal": mark("It is the authority's turn."),
        "nobody": "",
    }
)


class OneForm(Form):
    """Which one."""

    audit: UUID


class AgreeForm(OneForm):
    """What was shown."""

    digest: Digest


class ProposeForm(OneForm):
    """Another time, by its first and its last day, and why."""

    starts: date
    ends: date
    words: Text = ""


class FindingForm(OneForm):
    """What was found."""

    finding: Text


@dataclass(frozen=True, slots=True)
class Frame:
    """How one of the two sides shows the page."""

    platform: Pool
    clock: Clock
    side: AuditSide
    here: str
    authority_id: UUID | None
    """Whose these are; None: those of every authority."""
    read_more: Callable[[Connection, datetime], Awaitable[Mapping[str, Any]]]
    """What the side's own forms need."""
    render: Callable[[int, Mapping[str, Any]], Response]
    sees: Callable[[Audit], bool] = lambda _: True
    """Which of them whoever asks is shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One as the page shows it."""

    audit: Audit
    state: str
    turn: str
    findings: Sequence[AuditFinding]


async def show(frame: Frame, asker: Asker, error: VakaError | None = None) -> Response:
    """GET: what was asked for, how far it has come and whose turn it is; with the forms of this side."""
    now, language = frame.clock.now(), asker.preferences.language
    async with transaction(frame.platform) as connection:
        audits = [one for one in await list_audits(connection, frame.authority_id) if frame.sees(one)]
        found = await list_audit_findings(connection, frame.authority_id, audits)
        more = await frame.read_more(connection, now)
    lines = [Line(one, one.state(now), one.turn(now), found[one.id]) for one in audits]
    facts = {
        "page": "audits", "here": frame.here, "side": frame.side, "lines": lines, "today": now.astimezone(LOCAL).date(),
        "message": None if error is None else Message(error.sentence.in_language(language)),
        "late": sum(one.audit.is_late(now) for one in lines), "mine": sum(one.turn == frame.side for one in lines),
        "states": STATES, "turns": TURNS, "kinds": KINDS, "longest": LONGEST, "last_day": last_day,
        "first_day": first_day,
        "term_labels": {one.number: one.label.in_language(language) for one in load_terms()}, **more,
    }  # fmt: skip
    return frame.render(HTTPStatus.OK if error is None else STATUS[error.category], facts)


async def agree_to_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/agree: agree to exactly what was shown."""
    form = await read_form(request, AgreeForm)
    return await act(frame, asker, form.audit, lambda connection, one: agree(
        connection, asker.principal, one, form.digest, now=frame.clock.now()
    ))  # fmt: skip


async def propose_for_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/propose: propose another time."""
    form = await read_form(request, ProposeForm)
    return await act(frame, asker, form.audit, lambda connection, one: propose(
        connection, asker.principal, one, midnight(form.starts), deadline_after(form.ends), form.words,
        now=frame.clock.now(),
    ))  # fmt: skip


async def note_one(frame: Frame, request: Request, asker: Asker) -> Response:
    """POST …/finding: write down what was found, which both sides read."""
    form = await read_form(request, FindingForm)
    return await act(frame, asker, form.audit, lambda connection, one: note_finding(
        connection, asker.principal, one, form.finding, now=frame.clock.now()
    ))  # fmt: skip


async def act(
    frame: Frame, asker: Asker, wanted: UUID, work: Callable[[Connection, Audit], Awaitable[object]]
) -> Response:
    """Do something about one that this side sees, and lead back to the page. Of another's there is none."""
    try:
        async with transaction(frame.platform) as connection:
            await work(connection, await find(connection, frame.authority_id, wanted))
    except EXPLAINED as error:
        return await show(frame, asker, error)
    return RedirectResponse(frame.here, HTTPStatus.SEE_OTHER)


async def find(connection: Connection, authority_id: UUID | None, wanted: UUID) -> Audit:
    """Return one that this side sees. Raises AuditError."""
    found = await list_audits(connection, authority_id, wanted)
    if not found:
        raise AuditError("gone")
    return found[0]


def midnight(day: date) -> datetime:
    """Return when a Swedish day begins."""
    return datetime.combine(day, time(), LOCAL)


def first_day(at: datetime) -> date:
    """Return the Swedish day that a time is on."""
    return at.astimezone(LOCAL).date()


def last_day(at: datetime) -> date:
    """Return the last Swedish day before a time."""
    then = at.astimezone(LOCAL)
    return date.fromordinal(then.date().toordinal() - (then.time() == time()))

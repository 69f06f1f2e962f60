# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Closed alarms: searching them, and reading one. What was searched for may be a name: it is posted, and kept here.

A name is searched, and a sender; what operators wrote is not, since it is in letters that no database reads. Where the
asker may not read of people, a line names nobody, repeats no closing text, and no name is searched. Somebody with a
protected identity is found by no name, and read after a touch of the operator's own key (`vaka.alarms.looking_back`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.permissions import Permission
from vaka.alarms.looking_back import RecordWithheldError, reading_act
from vaka.alarms.model import Alarm, State
from vaka.alarms.reading import read_closing_codes, read_history
from vaka.alarms.rows import HistoryRow
from vaka.alarms.unlocking import unlock_endings, unlock_names, unlock_senders
from vaka.errors import Category, Sentence, VakaError
from vaka.keys.identities import BlindSender
from vaka.ledger.entries import Entry as LedgerEntry
from vaka.ledger.entries import append
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk, authority_of, identifier, say
from vaka.web.desk.keys import key_frame
from vaka.web.desk.screen import open_alarm, words_of
from vaka.web.desk.search import Search
from vaka.web.desk.view import Filled, describe_ending
from vaka.web.desk.words import ALL_NAMES
from vaka.web.forms import Form, FormError, read_form
from vaka.web.own_keys import AnswerForm
from vaka.web.pages import Message
from vaka.web.texts import texts_in
from vaka.web.times import LOCAL, whole_minute
from vaka.web.touching import Confirming, confirm

PAGE_ROWS = 50
AT_ONCE = 8
"""Authorities searched at the same time."""
DAYS_AT_FIRST = 7
LONGEST_SEARCH = timedelta(days=366)
FIRST_DAY = date(2000, 1, 1)
"""No alarm is older."""


class SearchForm(Form):
    """What to look for."""

    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="to")]
    authority: UUID | Literal[""] = ""
    text: Annotated[str, Field(max_length=100)] = ""
    before: Annotated[str, Field(max_length=80)] = ""
    """The last line of the page before: when it was closed, a blank, and its identifier."""


class StillOpenError(VakaError):
    """An open alarm is worked on at the desk, not read afterwards."""

    def __init__(self) -> None:
        super().__init__(Category.MISSING, Sentence("Larmet är inte avslutat.", "The alarm has not ended."))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table."""

    row: HistoryRow
    authority: Authority
    named: bool
    """Whether whose alarm it was may be shown."""
    ending: str
    closed_by: str


async def show_history(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /history: the last days."""
    today = desk.clock.now().astimezone(LOCAL).date()
    return await _answer(desk, asker, Search(today - timedelta(days=DAYS_AT_FIRST), today), Event.HISTORY_LISTED)


async def search_history(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /history: what is looked for. Leads to what is found."""
    form = await read_form(request, SearchForm)
    authority = form.authority or None
    if authority is not None:
        require(asker.principal, Permission.DESK_SEE_HISTORY, authority)
    beyond = _parse_line(form.before) if form.before else None
    search = Search(form.first_day, form.last_day, authority, form.text, beyond)
    number = desk.searches.keep(asker.session.id, search)
    return RedirectResponse(f"/history/found/{number}", HTTPStatus.SEE_OTHER)


async def show_found(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /history/found/{number}: what this session looked for; looked for anew, and entered, each time."""
    search = desk.searches.find(asker.session.id, identifier(request, "number"))
    if search.authority is not None:
        require(asker.principal, Permission.DESK_SEE_HISTORY, search.authority)
    wrong = judge_days(search.first_day, search.last_day, desk.clock.now().astimezone(LOCAL).date() + LONGEST_SEARCH)
    if wrong is not None:
        return _show(desk, asker, search, [], HTTPStatus.BAD_REQUEST, say(wrong, asker))
    return await _answer(desk, asker, search, Event.HISTORY_SEARCHED)


def judge_days(first_day: date, last_day: date, latest: date) -> Sentence | None:
    """Return why these days cannot be searched; None where they can."""
    if first_day > last_day:
        return Sentence(
            "Den första dagen ligger efter den sista, så inget har sökts. Byt plats på dem.",
            "The first day is after the last, so nothing was searched. Change them round.",
        )
    if first_day < FIRST_DAY or last_day > latest:
        return Sentence(
            f"Inget har sökts. Välj dagar från {FIRST_DAY} till {latest}.",
            f"Nothing was searched. Choose days from {FIRST_DAY} to {latest}.",
        )
    if last_day - first_day > LONGEST_SEARCH:
        return Sentence(
            f"Högst {LONGEST_SEARCH.days} dagar kan sökas i taget, så inget har sökts. Välj färre.",
            f"At most {LONGEST_SEARCH.days} days can be searched at a time, so nothing was searched. Choose fewer.",
        )
    return None


async def show_record(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /history/{authority}/{alarm}: one alarm that has ended, or the page that asks for a key first."""
    return await _show_record(desk, request, asker, "")


async def show_touched_record(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /history/{authority}/{alarm}: the same, with what a key said."""
    form = await read_form(request, AnswerForm)
    return await _show_record(desk, request, asker, form.answer)


async def _show_record(desk: Desk, request: Request, asker: Asker, answer: str) -> Response:
    authority, alarm_id = authority_of(desk, request), identifier(request, "alarm")
    require(asker.principal, Permission.DESK_SEE_HISTORY, authority.id)
    read = partial(open_alarm, desk, asker, authority, alarm_id, act="", filled=Filled(), back="/history")
    try:
        view = await read()
    except RecordWithheldError as withheld:
        asked = _touch_for(authority, withheld.alarm)
        confirmed = await confirm(key_frame(desk, asker), asker, asked, answer)
        if isinstance(confirmed, Response):
            return confirmed
        view = await read(confirmation=confirmed)
    if view.screen.alarm.state not in (State.CLOSED, State.MERGED):
        raise StillOpenError
    context = {**desk.facts(asker), **desk.room(asker), "view": view, "message": None}
    return HTMLResponse(desk.pages.render("record.html", asker.preferences, page="history", back="/history", **context))


def _touch_for(authority: Authority, alarm: Alarm) -> Confirming:
    act = reading_act(authority.id, alarm.id)
    shown = {"authority": authority.name, "arrived": whole_minute(alarm.received_at)}
    return Confirming(act, f"/history/{authority.id}/{alarm.id}", "/history", "history", shown=shown)


async def _answer(desk: Desk, asker: Asker, search: Search, event: Event) -> Response:
    allowed = desk.authorities(asker, Permission.DESK_SEE_HISTORY)
    searched = [one for one in allowed if search.authority in (None, one.id)]
    limit = asyncio.Semaphore(AT_ONCE)
    found: list[Entry] = []
    for entries in await asyncio.gather(*(_search(desk, asker, search, event, one, limit) for one in searched)):
        found += entries
    found.sort(key=lambda entry: (entry.row.closed_at, entry.row.id), reverse=True)
    return _show(desk, asker, search, found)


def _show(
    desk: Desk,
    asker: Asker,
    search: Search,
    found: Sequence[Entry],
    status: HTTPStatus = HTTPStatus.OK,
    message: Message | None = None,
) -> Response:
    shown = found[:PAGE_ROWS]
    older = _name_line(shown[-1].row) if len(found) > PAGE_ROWS else ""
    context = {**desk.facts(asker), **desk.room(asker), "message": message}
    page = desk.pages.render(
        "history.html", asker.preferences, page="history", back="/history", search=search, found=shown, older=older,
        authorities=desk.authorities(asker, Permission.DESK_SEE_HISTORY),
        summary="" if message else _summarise(asker, len(shown), bool(older)), **context,
    )  # fmt: skip
    return HTMLResponse(page, status)


async def _search(
    desk: Desk, asker: Asker, search: Search, event: Event, authority: Authority, limit: asyncio.Semaphore
) -> list[Entry]:
    named = may(asker.principal, Permission.DESK_READ_PERSON, authority.id)
    called = await desk.people.find(authority.id, [search.text], protected=False) if named and search.text else []
    number = search.text.replace("\0", "").strip()
    async with limit, desk.gateway.transaction(authority.id) as connection:
        rows = await read_history(
            connection, since=search.since, until=search.until,
            sender=desk.identities.blind(number) if number else None,
            people=[one.id for one in called], limit=PAGE_ROWS + 1, beyond=search.beyond,
        )  # fmt: skip
        if event is Event.HISTORY_SEARCHED or (named and rows):
            facts = {"found": len(rows), "named": named, "by_text": bool(search.text)}
            await append(
                connection,
                LedgerEntry(event, asker.principal.actor, desk.clock.now(), f"authority:{authority.id}", detail=facts),
            )
        endings = words_of(await read_closing_codes(connection), asker.preferences.language)
    names = await desk.colleagues.names([_account(row) for row in rows])
    keys = desk.keyring.of(authority.id)
    if named:
        shown = await unlock_endings(keys, await unlock_names(keys, [_without_protected_ending(row) for row in rows]))
    else:
        shown = [_without_person(row) for row in await unlock_senders(keys, rows)]
    return [_entry(row, authority, named, endings, names, asker) for row in shown]


def _without_protected_ending(row: HistoryRow) -> HistoryRow:
    """Take out what was written of somebody with a protected identity: it is in the record, behind a touch."""
    return replace(row, closing_note=None, closing_body=None) if row.protected_identity else row


def _without_person(row: HistoryRow) -> HistoryRow:
    return replace(
        row, given_name=None, family_name=None, closing_note=None, closing_body=None,
        sender=BlindSender("") if row.person_id else row.sender,
        sender_name="" if row.person_id else row.sender_name,
    )  # fmt: skip


def _entry(
    row: HistoryRow,
    authority: Authority,
    named: bool,
    endings: Mapping[tuple[str, str], str],
    names: Mapping[UUID, str],
    asker: Asker,
) -> Entry:
    account = _account(row)
    actor = ALL_NAMES[asker.preferences.language]["actor_word"]
    closed_by = names.get(account, "") if account else actor(row.closed_by) if row.closed_by else ""
    ending = describe_ending(endings, row.closing_reason, row.closing_action, row.closing_result)
    if row.state is State.MERGED:
        ending = texts_in(asker.preferences.language).gettext("Part of another alarm")
    return Entry(row, authority, named or row.person_id is None, ending, closed_by)


def _account(row: HistoryRow) -> UUID | None:
    kind, _, account = row.closed_by.partition(":")
    return UUID(account) if kind == "account" else None


def _summarise(asker: Asker, count: int, more: bool) -> str:
    texts = texts_in(asker.preferences.language)
    if count == 0:
        return texts.gettext("No alarm matches.")
    sentence = texts.ngettext("%(count)s alarm", "%(count)s alarms", count) % {"count": count}
    if not more:
        return sentence
    return f"{sentence}, " + texts.gettext("newest first; there are older ones")


def _name_line(row: HistoryRow) -> str:
    return f"{row.closed_at.astimezone(UTC).isoformat()} {row.id}"


def _parse_line(text: str) -> tuple[datetime, UUID]:
    moment, _, alarm = text.partition(" ")
    try:
        closed_at, alarm_id = datetime.fromisoformat(moment), UUID(alarm)
    except ValueError:
        raise FormError from None
    # Near the ends of the calendar a moment cannot be told in every zone.
    if closed_at.tzinfo is None or not FIRST_DAY.year <= closed_at.year <= MAXYEAR - 1:
        raise FormError
    return closed_at, alarm_id

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Closed alarms: searching them, and reading one. What was searched for is posted, since it may be a name."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.alarms.model import State
from vaka.alarms.reading import read_closing_codes, read_history
from vaka.alarms.rows import HistoryRow
from vaka.errors import Category, Sentence, VakaError
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk, authority_of, identifier
from vaka.web.desk.screen import open_alarm, words_of
from vaka.web.desk.view import Filled, describe_ending
from vaka.web.desk.words import ALL_NAMES
from vaka.web.forms import Form, FormError, read_form
from vaka.web.texts import texts_in
from vaka.web.times import LOCAL

PAGE_ROWS = 50
AT_ONCE = 8
"""Authorities searched at the same time."""
DAYS_AT_FIRST = 7
LONGEST_SEARCH = timedelta(days=366)


class SearchForm(Form):
    """What to look for."""

    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="to")]
    authority: UUID | Literal[""] = ""
    text: Annotated[str, Field(max_length=100)] = ""
    before: Annotated[str, Field(max_length=40)] = ""


class StillOpenError(VakaError):
    """An open alarm is worked on at the desk, not read afterwards."""

    def __init__(self) -> None:
        super().__init__(Category.MISSING, Sentence("Larmet är inte avslutat.", "The alarm has not ended."))


@dataclass(frozen=True, slots=True)
class Search:
    """A search that makes sense."""

    first_day: date
    last_day: date
    authority: UUID | None = None
    text: str = ""
    before: datetime | None = None

    @property
    def since(self) -> datetime:
        """The first moment that counts."""
        return datetime.combine(self.first_day, time(), LOCAL)

    @property
    def until(self) -> datetime:
        """The first moment that no longer counts."""
        end = datetime.combine(self.last_day + timedelta(days=1), time(), LOCAL)
        return end if self.before is None else min(end, self.before)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table."""

    row: HistoryRow
    authority: Authority
    ending: str
    closed_by: str


async def show_history(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /history: the last days."""
    today = desk.clock.now().astimezone(LOCAL).date()
    return await _answer(desk, asker, Search(today - timedelta(days=DAYS_AT_FIRST), today))


async def search_history(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /history: what was looked for."""
    form = await read_form(request, SearchForm)
    if not timedelta() <= form.last_day - form.first_day <= LONGEST_SEARCH:
        raise FormError
    authority = form.authority or None
    if authority is not None:
        require(asker.principal, Permission.DESK_SEE_HISTORY, authority)
    before = _parse_moment(form.before) if form.before else None
    return await _answer(desk, asker, Search(form.first_day, form.last_day, authority, form.text, before))


async def show_record(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /history/{authority}/{alarm}: one alarm that has ended."""
    authority, alarm_id = authority_of(desk, request), identifier(request, "alarm")
    require(asker.principal, Permission.DESK_SEE_HISTORY, authority.id)
    view = await open_alarm(desk, asker, authority, alarm_id, act="", filled=Filled(), back="/history")
    if view.screen.alarm.state not in (State.CLOSED, State.MERGED):
        raise StillOpenError
    context = {**desk.facts(asker), "view": view, "message": None, "scripts": ("ages.js", "keys.js")}
    return HTMLResponse(desk.pages.render("record.html", asker.preferences, page="history", back="/history", **context))


async def _answer(desk: Desk, asker: Asker, search: Search) -> Response:
    allowed = desk.authorities(asker, Permission.DESK_SEE_HISTORY)
    searched = [one for one in allowed if search.authority in (None, one.id)]
    limit = asyncio.Semaphore(AT_ONCE)
    found: list[Entry] = []
    for entries in await asyncio.gather(*(_search(desk, asker, search, one, limit) for one in searched)):
        found += entries
    found.sort(key=lambda entry: (entry.row.closed_at, entry.row.id), reverse=True)
    shown = found[:PAGE_ROWS]
    older = shown[-1].row.closed_at.isoformat() if len(found) > PAGE_ROWS else ""
    page = desk.pages.render(
        "history.html", asker.preferences, **desk.facts(asker), page="history", back="/history", scripts=("ages.js",),
        search=search, authorities=allowed, found=shown, older=older, message=None,
        summary=_summarise(asker, len(shown), bool(older)),
    )  # fmt: skip
    return HTMLResponse(page)


async def _search(
    desk: Desk, asker: Asker, search: Search, authority: Authority, limit: asyncio.Semaphore
) -> list[Entry]:
    async with limit, desk.gateway.transaction(authority.id) as connection:
        rows = await read_history(
            connection, since=search.since, until=search.until, text=search.text or None, limit=PAGE_ROWS + 1
        )
        endings = words_of(await read_closing_codes(connection), asker.preferences.language)
    names = await desk.colleagues.names([_account(row) for row in rows])
    return [_entry(row, authority, endings, names, asker) for row in rows]


def _entry(
    row: HistoryRow,
    authority: Authority,
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
    return Entry(row, authority, ending, closed_by)


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


def _parse_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FormError from None
    if moment.tzinfo is None:
        raise FormError
    return moment

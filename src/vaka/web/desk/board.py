# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The desk itself: its page, taking the next alarm, mass events, preferences, signing out."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.permissions import Permission
from vaka.alarms import closing, taking
from vaka.alarms.conflicts import AlarmConflictError, UnusableActError
from vaka.alarms.reading import read_closing_codes, read_queue
from vaka.alarms.rows import QueueRow
from vaka.alarms.unlocking import unlock_names
from vaka.counted import counted
from vaka.database.connections import DatabaseUnavailableError
from vaka.errors import Sentence
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.desk.acts import Code, Text, answer_with_nothing_open
from vaka.web.desk.desk import Desk, is_fragment, say
from vaka.web.desk.rules import frame_of
from vaka.web.desk.screen import answer_with_alarm, choices_of
from vaka.web.desk.view import Choice, Filled
from vaka.web.forms import Form, NoForm, read_form
from vaka.web.pages import Message
from vaka.web.rooms import leave
from vaka.web.rules import count_unread

ATTEMPTS = 12
"""Colleagues may be faster with the first ones; then the next is tried."""
LARGEST_BULK = 200
BULK_CLASSES = ("technical", "test")

NOBODY_WAITS = Sentence("Ingen väntar just nu.", "Nobody is waiting at the moment.")
_CLOSED = Sentence("{count} larm [avslutat|avslutade]", "{count} [alarm|alarms] closed")
_LEFT = Sentence("{count} [lämnat|lämnade]", "{count} left as [it was|they were]")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What waits in one authority and could end together."""

    authority: Authority
    rows: Sequence[QueueRow]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows)


SeenAlarm = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(@[1-9][0-9]{0,8})?$")]


class BulkForm(Form):
    """Which alarms end together, and how."""

    authority: UUID
    alarm: Annotated[list[SeenAlarm], Field(min_length=1, max_length=LARGEST_BULK)]
    """Each an alarm, and after ``@`` how many arrivals the page told of."""
    reason: Code
    action: Code
    result: Code
    text: Text = ""


async def show_desk(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /: the queue, and no alarm open."""
    unread = 0 if is_fragment(request) else await count_unread(frame_of(desk, asker), asker)
    return desk.page(request, asker, "alarm.html", unread_rules=unread)


async def take_next(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /take-next: the first that waits becomes the asker's; when a colleague was faster, the one after it.

    Where nobody waits but a colleague leaves somebody unanswered, it is asked whether to take that over. Behind an
    exercise's alarm nobody waits: it comes after that too.
    """
    await read_form(request, NoForm)
    mine = frozenset(authority.id for authority in desk.authorities(asker, Permission.DESK_HANDLE_ALARM))
    unavailable: DatabaseUnavailableError | None = None
    rings = desk.hub.left(mine) is not None
    for card in desk.hub.takeable(mine, ATTEMPTS):
        if rings and card.exercise:
            continue
        try:
            await taking.take(desk.gateway, asker.principal, card.authority, card.alarm, now=desk.clock.now())
        except AlarmConflictError:
            continue
        except DatabaseUnavailableError as error:
            unavailable = error
            continue
        if not is_fragment(request):
            return RedirectResponse(f"/alarm/{card.authority}/{card.alarm}", HTTPStatus.SEE_OTHER)
        authority = desk.gateway.authority(card.authority)
        return await answer_with_alarm(desk, request, asker, authority, card.alarm)
    if unavailable is not None:
        raise unavailable
    left = desk.hub.left(mine)
    if left is not None:
        if not is_fragment(request):
            return RedirectResponse(f"/alarm/{left.authority}/{left.alarm}?act=take-over", HTTPStatus.SEE_OTHER)
        authority = desk.gateway.authority(left.authority)
        return await answer_with_alarm(desk, request, asker, authority, left.alarm, act="take-over")
    return answer_with_nothing_open(desk, request, asker, say(NOBODY_WAITS, asker, "calm"))


async def show_bulk(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /bulk[?authority=…]: what could end together."""
    return await _answer_with_bulk(desk, request, asker, request.query_params.get("authority", ""))


async def close_bulk(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /bulk: end the chosen ones."""
    form = await read_form(request, BulkForm, lists=frozenset({"alarm"}))
    ending = closing.Closing(form.reason, form.action, form.result, form.text)
    seen = {UUID(alarm): int(count or 0) for alarm, _, count in (each.partition("@") for each in form.alarm)}
    try:
        closed = await closing.close_many(
            desk.gateway, asker.principal, form.authority, list(seen), ending, now=desk.clock.now(), seen_arrivals=seen
        )
    except UnusableActError as error:
        filled = Filled(form.reason, form.action, form.result, form.text)
        return await _answer_with_bulk(
            desk, request, asker, str(form.authority), HTTPStatus.BAD_REQUEST, say(error.sentence, asker), filled
        )
    if not is_fragment(request):
        return RedirectResponse("/bulk", HTTPStatus.SEE_OTHER)
    ended, left = counted(_CLOSED, len(closed)), counted(_LEFT, len(seen) - len(closed))
    sentence = Sentence(sv=f"{ended.sv}, {left.sv}.", en=f"{ended.en}, {left.en}.")
    return await _answer_with_bulk(
        desk, request, asker, str(form.authority), message=say(sentence, asker, "done" if closed else "calm")
    )


async def sign_out(desk: Desk, request: Request) -> Response:
    """POST /sign-out: the session ends, its streams end, the browser forgets."""
    response, session = await leave(desk.platform, desk.clock, request, desk.sign_in, realm="operator")
    if session is not None:
        desk.hub.end_session(session)
        desk.searches.forget(session)
    return response


async def _answer_with_bulk(
    desk: Desk,
    request: Request,
    asker: Asker,
    wanted: str,
    status: int = 200,
    message: Message | None = None,
    filled: Filled | None = None,
) -> Response:
    crowds = [
        Crowd(authority, await _waiting_in(desk, asker, authority))
        for authority in desk.authorities(asker, Permission.DESK_BULK_CLOSE)
        if desk.hub.has_open(authority.id, *(("waiting", "technical") if authority.is_intake else ("technical",)))
    ]
    crowds = [crowd for crowd in crowds if crowd.rows]
    chosen = next((crowd for crowd in crowds if str(crowd.authority.id) == wanted), crowds[0] if crowds else None)
    codes: dict[str, list[Choice]] = {}
    if chosen is not None:
        async with desk.gateway.transaction(chosen.authority.id) as connection:
            codes = choices_of(await read_closing_codes(connection), asker.preferences.language)
    named = chosen is not None and may(asker.principal, Permission.DESK_READ_PERSON, chosen.authority.id)
    candidates = list(chosen.rows[:LARGEST_BULK]) if chosen else []
    if named and chosen is not None:
        candidates = await unlock_names(desk.keyring.of(chosen.authority.id), candidates)
    return desk.page(
        request, asker, "bulk.html", status, named=named, crowds=crowds, chosen=chosen.authority if chosen else None,
        candidates=candidates, codes=codes,
        filled=filled or Filled(), message=message,
    )  # fmt: skip


async def _waiting_in(desk: Desk, asker: Asker, authority: Authority) -> list[QueueRow]:
    require(asker.principal, Permission.DESK_BULK_CLOSE, authority.id)
    async with desk.gateway.transaction(authority.id) as connection:
        rows = await read_queue(connection, desk.clock.now())
    return [
        row for row in rows
        if row.holder is None and not row.is_exercise and (row.alarm_class in BULK_CLASSES or authority.is_intake)
    ]  # fmt: skip

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening an alarm: reads its screen, records the reading, and fetches what the open form needs."""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import may, require
from vaka.access.grants import list_colleagues
from vaka.access.permissions import Permission
from vaka.alarms.answering import may_be_taken_over
from vaka.alarms.looking_back import RecordWithheldError, is_withheld
from vaka.alarms.model import Alarm
from vaka.alarms.reading import read_address, read_closing_codes, read_policy, read_screen, read_targets
from vaka.alarms.rows import ClosingCode, Screen
from vaka.alarms.taking import record_read
from vaka.alarms.unlocking import unlock_screen, unlock_targets, unlock_told
from vaka.database.connections import DatabaseUnavailableError, transaction
from vaka.identity.confirming import Confirmation
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk, authority_of, identifier, is_fragment
from vaka.web.desk.view import AlarmView, Choice, Colleague, Filled
from vaka.web.pages import Message
from vaka.web.texts import Language

QUICK_KEYS = "1234567890qweryuiopasdfghjklzxcvbnm"
"""Keys of a closing list in order. Without T, which leads to the text."""
OPENABLE = frozenset({"close", "suspend", "hand-over", "note", "release", "merge", "adopt", "reopen", "take-over"})
LISTS = ("reason", "action", "result")


async def show_alarm(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /alarm/{authority}/{alarm}[?act=…]: the one screen, with the form of an act open where asked."""
    authority, alarm_id = authority_of(desk, request), identifier(request, "alarm")
    require(asker.principal, Permission.DESK_SEE_QUEUE, authority.id)
    wanted = request.query_params.get("act", "")
    return await answer_with_alarm(
        desk, request, asker, authority, alarm_id, act=wanted if wanted in OPENABLE else "",
        widely="all" in request.query_params,
    )  # fmt: skip


async def answer_with_alarm(
    desk: Desk,
    request: Request,
    asker: Asker,
    authority: Authority,
    alarm_id: UUID,
    status: int = 200,
    *,
    act: str = "",
    message: Message | None = None,
    filled: Filled | None = None,
    widely: bool = False,
) -> Response:
    """Answer with the alarm as it is now; the caller has authorised. ``widely`` offers whatever could be chosen.

    No key is touched here: what is read only after a touch is left to the history.
    """
    try:
        view = await open_alarm(desk, asker, authority, alarm_id, act=act, filled=filled or Filled(), widely=widely)
    except RecordWithheldError:
        return _lead_to_history(desk, request, asker, f"/history/{authority.id}/{alarm_id}", status, message)
    response = desk.page(request, asker, "alarm.html", status, view=view, message=message)
    if request.method == "POST" or act == "":
        # After an act the address bar says which alarm is open, so that a reload comes back to it.
        response.headers["HX-Push-Url"] = view.address
    return response


async def open_alarm(
    desk: Desk,
    asker: Asker,
    authority: Authority,
    alarm_id: UUID,
    *,
    act: str,
    filled: Filled,
    back: str = "/",
    widely: bool = False,
    confirmation: Confirmation | None = None,
) -> AlarmView:
    """Return the view of one alarm. What the asker may not see is taken out before any template could show it.

    Raises RecordWithheldError, before anything is opened, where a touch of a key has to come first.
    """
    principal, now = asker.principal, desk.clock.now()
    full = may(principal, Permission.DESK_READ_PERSON, authority.id)
    async with desk.gateway.transaction(authority.id) as connection:
        sealed = await read_screen(connection, alarm_id, now)
        withheld = full and await is_withheld(connection, sealed, now)
        policy = await read_policy(connection)
        codes = await read_closing_codes(connection)
    if withheld and confirmation is None:
        raise RecordWithheldError(sealed.screen.alarm)
    keys = desk.keyring.of(authority.id)
    screen = await (unlock_screen(keys, sealed, now) if full else unlock_told(keys, sealed))
    if withheld:  # a touch is for this alarm, and for no other of the same person
        screen = replace(screen, earlier=[])
    if withheld or (full and desk.reads.is_new(asker.session.id, alarm_id)):
        await record_read(desk.gateway, principal, authority.id, alarm_id, now=now, confirmation=confirmation)
    if full:
        desk.reads.remember(asker.session.id, alarm_id)
    else:
        screen = _without_person(screen)
    view = AlarmView(
        authority=authority,
        screen=screen,
        language=asker.preferences.language,
        account_id=principal.account_id,
        names=await desk.colleagues.names(_accounts_in(screen)),
        amber=policy.amber_after_seconds,
        red=policy.red_after_seconds,
        greeting=policy.greeting,
        on_call_phone=policy.on_call_phone,
        full=full,
        may_handle=may(principal, Permission.DESK_HANDLE_ALARM, authority.id) and not withheld,  # it is read, no more
        may_adopt=may(principal, Permission.DESK_ADOPT_DEVICE, authority.id),
        back=back,
        endings=words_of(codes, asker.preferences.language),
        codes=choices_of(codes, asker.preferences.language),
        filled=filled,
        may_take_over=await _may_take_over(desk, asker, authority, screen.alarm),
    )
    # One who is closing and is told of a new press closes on from there.
    if act not in {one.name for one in view.acts} | ({"close"} if view.primary in ("close", "hear") else set()):
        return view
    return replace(view, act=act, **await _needed_for(desk, asker, view, act, widely))


def _lead_to_history(
    desk: Desk, request: Request, asker: Asker, record: str, status: int, message: Message | None
) -> Response:
    """Lead to the record; where something is to be said first, say it at the desk, on which no alarm is open."""
    if message is not None:
        return desk.page(request, asker, "alarm.html", status, message=message)
    if is_fragment(request):
        return Response(headers={"HX-Redirect": record})
    return RedirectResponse(record, HTTPStatus.SEE_OTHER)


def choices_of(codes: Sequence[ClosingCode], language: Language) -> dict[str, list[Choice]]:
    """Return the closing lists with a key for each choice."""
    lists: dict[str, list[Choice]] = {name: [] for name in LISTS}
    for code in codes:
        chosen = lists[code.list]
        key = QUICK_KEYS[len(chosen)] if len(chosen) < len(QUICK_KEYS) else ""
        chosen.append(Choice(code.code, code.in_language(language), key))
    return lists


def words_of(codes: Sequence[ClosingCode], language: Language) -> dict[tuple[str, str], str]:
    """Return the closing words by list and code."""
    return {(code.list, code.code): code.in_language(language) for code in codes}


async def _may_take_over(desk: Desk, asker: Asker, authority: Authority, alarm: Alarm) -> bool:
    try:
        return await may_be_taken_over(desk.platform, asker.principal, authority.id, alarm, now=desk.clock.now())
    except DatabaseUnavailableError:  # the alarm is shown all the same; who is at a desk is not known now
        return False


async def _needed_for(desk: Desk, asker: Asker, view: AlarmView, act: str, widely: bool) -> dict[str, Any]:
    now, authority = desk.clock.now(), view.authority
    if act == "hand-over":
        async with transaction(desk.platform) as connection:
            found = await list_colleagues(connection, authority.id, now)
        on_duty = desk.hub.on_duty(authority.id)
        others = [
            Colleague(one.account_id, one.display_name, one.account_id in on_duty)
            for one in found
            if one.account_id != asker.principal.account_id
        ]
        return {"colleagues": sorted(others, key=lambda one: (not one.on_duty, one.name))[:50]}
    if act == "merge":
        async with desk.gateway.transaction(authority.id) as connection:
            sealed = await read_targets(connection, view.screen.alarm.id, asker.principal.account_id)
            address = await read_address(connection, view.screen.alarm.id)
        mine = await unlock_targets(desk.keyring.of(authority.id), sealed, address)
        targets = [one for one in mine if widely or one.related]
        return {"targets": targets, "other_targets": len(mine) - len(targets)}
    if act == "adopt":
        return {
            "authorities": [one for one in desk.authorities(asker, Permission.DESK_ADOPT_DEVICE) if not one.is_intake]
        }
    return {}


def _without_person(screen: Screen) -> Screen:
    return replace(
        screen, told=replace(screen.told, position=""), person=None, contacts=[], notes=[], unit=None,
        other_devices=[], earlier=[], alarm_notes=[], closing_text="", ending_is_locked=False,
        parts=[replace(part, person_name="") for part in screen.parts],
    )  # fmt: skip


def _accounts_in(screen: Screen) -> list[UUID | None]:
    actors = [actor.partition(":") for actor in (screen.alarm.closed_by, *(step.actor for step in screen.steps))]
    return [
        screen.alarm.holder,
        screen.alarm.offered_to,
        *(note.written_by for note in screen.alarm_notes),
        *(UUID(account) for kind, _, account in actors if kind == "account"),
    ]

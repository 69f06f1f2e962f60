# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What operators do to an alarm. Each handler reads its form and calls the one action; that authorises and changes.

A form without scripts is answered with a redirect, one sent by HTMX with the alarm (or the empty desk) as it is then.
A conflict is no fault of the operator: the answer says who was first and shows the alarm as it is.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import require
from vaka.access.grants import require_colleague
from vaka.access.permissions import Permission
from vaka.alarms import adoption, answering, closing, noting, taking
from vaka.alarms.conflicts import AlarmConflictError, ChangedMeanwhileError, UnusableActError
from vaka.alarms.model import LONGEST_SUSPENSION
from vaka.database.connections import transaction
from vaka.errors import Sentence
from vaka.tenants.authorities import Authority
from vaka.tenants.intervals import DeviceKind
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk, authority_of, identifier, is_fragment, say
from vaka.web.desk.screen import answer_with_alarm
from vaka.web.desk.view import Filled
from vaka.web.forms import Form, FormError, NoForm, read_form
from vaka.web.pages import Message

LONGEST_MINUTES = int(LONGEST_SUSPENSION.total_seconds()) // 60
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
Text = Annotated[str, Field(max_length=2000)]


Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Which state of the alarm the operator had before him when he chose the act."""


class AcknowledgeForm(Form):
    """What was read."""

    version: Version


class HearForm(Form):
    """Which presses were heard."""

    version: Version | None = None


class CloseForm(Form):
    """How the alarm ended."""

    version: Version | None = None
    reason: Code
    action: Code
    result: Code
    text: Text = ""


class SuspendForm(Form):
    """For how long it is laid aside."""

    version: Version | None = None
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]


class HandOverForm(Form):
    """To whom."""

    version: Version | None = None
    to: UUID


class TakeOverForm(Form):
    """Who had it when the operator decided to take it over."""

    holder: UUID


class NoteForm(Form):
    """What is written."""

    version: Version | None = None
    body: Annotated[str, Field(min_length=1, max_length=2000)]


class MergeForm(Form):
    """Of which alarm it becomes part, and which state of both the operator had before him."""

    version: Version | None = None
    into: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}(@[1-9][0-9]{0,8})?$")]
    """The alarm, and after ``@`` its version."""

    def target(self) -> tuple[UUID, int | None]:
        """Return the alarm and the version that was seen of it. Raises FormError."""
        alarm, _, version = self.into.partition("@")
        try:
            return UUID(alarm), int(version) if version else None
        except ValueError:
            raise FormError from None


class AdoptForm(Form):
    """Whose device it becomes, and why it may."""

    authority: UUID
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    kind: DeviceKind | None = None
    personal_number: Annotated[str, Field(max_length=20)] = ""


DONE = {
    "close": Sentence("Larmet är avslutat.", "The alarm is closed."),
    "acknowledge": Sentence("Läst och avslutat.", "Read and closed."),
    "suspend": Sentence("Larmet är lagt åt sidan och fortfarande ditt.", "The alarm is laid aside and still yours."),
    "hand-over": Sentence("Larmet är erbjudet.", "The alarm is offered."),
    "release": Sentence("Larmet är tillbaka i kön.", "The alarm is back in the queue."),
    "merge": Sentence("Larmet ingår nu i det andra.", "The alarm is now part of the other."),
    "adopt": Sentence("Avsändaren är registrerad.", "The sender is registered."),
}
"""What is said when the desk is empty afterwards; the other acts leave the alarm open."""


async def take(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/take."""
    await read_form(request, NoForm)
    return await _act(desk, request, asker, "take", lambda authority, alarm: taking.take(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now()
    ))  # fmt: skip


async def take_over(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/take-over."""
    form = await read_form(request, TakeOverForm)
    return await _act(desk, request, asker, "take-over", lambda authority, alarm: answering.take_over(
        desk.gateway, desk.platform, asker.principal, authority.id, alarm, form.holder, now=desk.clock.now()
    ))  # fmt: skip


async def hear(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/hear."""
    form = await read_form(request, HearForm)
    return await _act(desk, request, asker, "hear", lambda authority, alarm: answering.hear(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now(), seen_version=form.version
    ))  # fmt: skip


async def resume(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/resume."""
    await read_form(request, NoForm)
    return await _act(desk, request, asker, "resume", lambda authority, alarm: taking.resume(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now()
    ))  # fmt: skip


async def release(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/release."""
    await read_form(request, NoForm)
    return await _act(desk, request, asker, "release", lambda authority, alarm: taking.release(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now()
    ))  # fmt: skip


async def acknowledge(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/acknowledge."""
    form = await read_form(request, AcknowledgeForm)
    return await _act(desk, request, asker, "acknowledge", lambda authority, alarm: closing.acknowledge_withdrawn(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now(), seen_version=form.version
    ))  # fmt: skip


async def reopen(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/reopen."""
    await read_form(request, NoForm)
    return await _act(desk, request, asker, "reopen", lambda authority, alarm: closing.reopen(
        desk.gateway, asker.principal, authority.id, alarm, now=desk.clock.now()
    ))  # fmt: skip


async def close(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/close."""
    form = await read_form(request, CloseForm)
    ending = closing.Closing(form.reason, form.action, form.result, form.text)
    filled = Filled(form.reason, form.action, form.result, form.text)
    return await _act(desk, request, asker, "close", lambda authority, alarm: closing.close(
        desk.gateway, asker.principal, authority.id, alarm, ending, now=desk.clock.now(), seen_version=form.version
    ), filled)  # fmt: skip


async def suspend(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/suspend."""
    form = await read_form(request, SuspendForm)
    now = desk.clock.now()
    return await _act(desk, request, asker, "suspend", lambda authority, alarm: taking.suspend(
        desk.gateway, asker.principal, authority.id, alarm, now + timedelta(minutes=form.minutes), now=now,
        seen_version=form.version,
    ))  # fmt: skip


async def hand_over(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/hand-over."""
    form = await read_form(request, HandOverForm)
    now = desk.clock.now()

    async def do(authority: Authority, alarm: UUID) -> object:
        require(asker.principal, Permission.DESK_HANDLE_ALARM, authority.id)
        async with transaction(desk.platform) as connection:
            colleague = await require_colleague(connection, authority.id, form.to, now)
        return await taking.hand_over(
            desk.gateway, asker.principal, authority.id, alarm, colleague, now=now, seen_version=form.version
        )

    return await _act(desk, request, asker, "hand-over", do)


async def note(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/note."""
    form = await read_form(request, NoteForm)
    return await _act(desk, request, asker, "note", lambda authority, alarm: noting.add_note(
        desk.gateway, asker.principal, authority.id, alarm, form.body, now=desk.clock.now(), seen_version=form.version
    ))  # fmt: skip


async def merge(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/merge."""
    form = await read_form(request, MergeForm)
    into, seen_into = form.target()
    return await _act(desk, request, asker, "merge", lambda authority, alarm: noting.merge(
        desk.gateway, asker.principal, authority.id, alarm, into, now=desk.clock.now(),
        seen_version=form.version, seen_into=seen_into,
    ))  # fmt: skip


async def adopt(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST …/adopt."""
    form = await read_form(request, AdoptForm)
    return await _act(desk, request, asker, "adopt", lambda authority, alarm: adoption.adopt(
        desk.gateway, desk.platform, desk.keyring, asker.principal, authority.id, alarm, form.authority,
        reason=form.reason, personal_number=form.personal_number, kind=form.kind, now=desk.clock.now(),
    ))  # fmt: skip


async def _act(
    desk: Desk,
    request: Request,
    asker: Asker,
    act: str,
    do: Callable[[Authority, UUID], Awaitable[object]],
    filled: Filled | None = None,
) -> Response:
    authority, alarm_id = authority_of(desk, request), identifier(request, "alarm")
    require(asker.principal, Permission.DESK_SEE_QUEUE, authority.id)
    try:
        await do(authority, alarm_id)
    except AlarmConflictError as conflict:
        message = await describe_conflict(desk, asker, conflict)
        # What was filled in is still good where only something new has to be read first.
        again = act if filled is not None and isinstance(conflict, ChangedMeanwhileError) else ""
        return await answer_with_alarm(
            desk, request, asker, authority, alarm_id, HTTPStatus.CONFLICT, act=again, message=message, filled=filled,
        )  # fmt: skip
    except UnusableActError as error:
        return await answer_with_alarm(
            desk, request, asker, authority, alarm_id, HTTPStatus.BAD_REQUEST,
            act=act, message=say(error.sentence, asker), filled=filled,
        )  # fmt: skip
    done = DONE.get(act)
    if not is_fragment(request):
        address = "/" if done else f"/alarm/{authority.id}/{alarm_id}"
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)
    if done is None:
        return await answer_with_alarm(desk, request, asker, authority, alarm_id)
    return answer_with_nothing_open(desk, request, asker, say(done, asker, "done"))


def answer_with_nothing_open(desk: Desk, request: Request, asker: Asker, message: Message | None = None) -> Response:
    """Answer with the desk on which no alarm is open."""
    response = desk.page(request, asker, "alarm.html", message=message)
    response.headers["HX-Push-Url"] = "/"
    return response


async def describe_conflict(desk: Desk, asker: Asker, conflict: AlarmConflictError) -> Message:
    """Return what happened, naming the colleague who was first."""
    names = await desk.colleagues.names([conflict.holder])
    name = names.get(conflict.holder) if conflict.holder else None
    if name is None or conflict.holder == asker.principal.account_id:
        return say(conflict.sentence, asker, "calm")
    sentence = Sentence(sv=f"{name} var före. {conflict.sentence.sv}", en=f"{name} was first. {conflict.sentence.en}")
    return say(sentence, asker, "calm")

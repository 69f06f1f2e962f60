# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The desk's route table and the application around it."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.settings import Settings
from vaka.tenants.gateway import UnknownAuthorityError
from vaka.web import rooms
from vaka.web.asker import Asker
from vaka.web.covering import ask_whether_open, say_here
from vaka.web.denials import Denial, name_need
from vaka.web.desk import acts, board, cover, history, keys, outages, own_sessions, rules, screen, stream
from vaka.web.desk.busy import is_busy
from vaka.web.desk.desk import Desk, authority_of
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, Door, build_router, route
from vaka.web.safety import Safety

ALARM = "/alarm/{authority}/{alarm}"


async def serve_static(desk: Desk, request: Request) -> Response:
    """GET /static/…: style, scripts, signs."""
    return desk.assets.serve(request)


async def say_alive(desk: Desk, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


ADDRESSES: tuple[Address, ...] = (
    route("/", board.show_desk, ["GET"], needs=Permission.DESK_SEE_QUEUE),
    route("/stream", stream.follow, ["GET"], needs=Permission.DESK_SEE_QUEUE, unasked=True, while_locked=True),
    route("/take-next", board.take_next, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(ALARM, screen.show_alarm, ["GET"], needs=Permission.DESK_SEE_QUEUE),
    route(f"{ALARM}/take", acts.take, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/take-over", acts.take_over, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/hear", acts.hear, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/resume", acts.resume, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/release", acts.release, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/suspend", acts.suspend, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/hand-over", acts.hand_over, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/note", acts.note, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/merge", acts.merge, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/acknowledge", acts.acknowledge, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/close", acts.close, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/reopen", acts.reopen, ["POST"], needs=Permission.DESK_HANDLE_ALARM),
    route(f"{ALARM}/adopt", acts.adopt, ["POST"], needs=Permission.DESK_ADOPT_DEVICE),
    route("/bulk", board.show_bulk, ["GET"], needs=Permission.DESK_BULK_CLOSE),
    route("/bulk", board.close_bulk, ["POST"], needs=Permission.DESK_BULK_CLOSE),
    route("/history", history.show_history, ["GET"], needs=Permission.DESK_SEE_HISTORY),
    route("/history", history.search_history, ["POST"], needs=Permission.DESK_SEE_HISTORY),
    route("/history/found/{number}", history.show_found, ["GET"], needs=Permission.DESK_SEE_HISTORY),
    route("/history/{authority}/{alarm}", history.show_record, ["GET"], needs=Permission.DESK_SEE_HISTORY),
    route("/history/{authority}/{alarm}", history.show_touched_record, ["POST"], needs=Permission.DESK_SEE_HISTORY),
    route("/outages", outages.show, ["GET"], needs=Permission.DESK_SEE_QUEUE),
    route("/outages", outages.propose, ["POST"], needs=Permission.DESK_DECLARE_OUTAGE),
    route("/outages/declare", outages.declare, ["POST"], needs=Permission.DESK_DECLARE_OUTAGE),
    route("/outages/end", outages.end, ["POST"], needs=Permission.DESK_DECLARE_OUTAGE),
    route("/rules", rules.show, ["GET"], needs=Permission.DESK_READ_RULES),
    route("/rules/{authority}/{rule}/{version}", rules.show_one, ["GET"], needs=Permission.DESK_READ_RULES),
    route("/rules/{authority}/{rule}/{version}", rules.acknowledge, ["POST"], needs=Permission.DESK_READ_RULES),
    route("/keys", keys.show_keys, ["GET"], needs=Permission.DESK_OWN_KEYS),
    route("/keys", keys.enrol, ["POST"], needs=Permission.DESK_OWN_KEYS),
    route("/keys/add", keys.add, ["POST"], needs=Permission.DESK_OWN_KEYS),
    route("/keys/rename", keys.rename, ["POST"], needs=Permission.DESK_OWN_KEYS),
    route("/keys/remove", keys.remove, ["POST"], needs=Permission.DESK_OWN_KEYS),
    route("/locked", cover.show, ["GET"], needs=Permission.DESK_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/unlock", cover.unlock, ["POST"], needs=Permission.DESK_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/here", say_here, ["POST"], needs=Permission.DESK_OWN_SESSIONS),
    route("/here", ask_whether_open, ["GET"], needs=Permission.DESK_OWN_SESSIONS, unasked=True),
    route("/sessions", own_sessions.show, ["GET"], needs=Permission.DESK_OWN_SESSIONS),
    route("/sessions", own_sessions.end, ["POST"], needs=Permission.DESK_OWN_SESSIONS),
    route("/preferences", rooms.set_preferences, ["POST"], needs=PUBLIC),
    route("/sign-out", board.sign_out, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_desk(desk: Desk, settings: Settings) -> ASGIApp:
    """Return the application of the desk process."""

    async def recognise(request: Request, address: Address) -> Asker | None:
        return await rooms.recognise(
            desk.platform, desk.clock, request, address, realm="operator", is_busy=partial(is_busy, desk)
        )

    async def record_denial(asker: Asker, address: Address, request: Request) -> None:
        denial = Denial(
            asker.principal.actor, asker.session.id, address.path, ",".join(address.methods), name_need(address),
            _authority_named(desk, request),
        )  # fmt: skip
        await desk.denials.tell(denial)

    router = build_router(ADDRESSES, desk, Door(recognise, record_denial, desk.sign_in))
    # Signing out is answered by leading to the sign-in page, which may stand at another origin.
    return Safety(router, Refusals(desk.pages), origin=settings.desk.origin, form_targets=(settings.signin.origin,))


def _authority_named(desk: Desk, request: Request) -> UUID | None:
    """Return the authority an address names, where it is one of ours: what was tried there is its business."""
    try:
        return authority_of(desk, request).id
    except (KeyError, NothingHereError, UnknownAuthorityError):
        return None

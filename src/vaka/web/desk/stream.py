# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The live queue as server-sent events (WHATWG HTML, section 9.2).

``all`` replaces what the browser shows, ``change`` changes some lines, ``beat`` says every few seconds that nothing is
lost and what time it is, ``ended`` that the session is over, about a second after it is (``session_news``). A page
without the queue (``?only=numbers``) gets beats alone, at once where a number changes: it rings there too, and whoever
reads it is at his desk. A beat is an event and not a comment, because a page can hear events and so notice that they
stopped; a comment it never hears.
"""

from collections.abc import AsyncIterator

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from vaka.access.decide import authorities_where
from vaka.access.permissions import Permission
from vaka.logs import describe_error
from vaka.web.asker import Asker, find_principal, read_token
from vaka.web.audience import Subscriber
from vaka.web.desk.desk import Desk

BEAT_SECONDS = 4.0
CHECK_SECONDS = 8.0
"""How often it is asked whether the session still holds, and what it may see, though nobody said anything of it."""
RETRY_MILLISECONDS = 1000
LONGEST_EVENT_ID = 40

log = structlog.get_logger()


async def follow(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /stream: everything that changes, until the session or the connection ends."""
    last_seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
    subscriber = desk.hub.subscribe(
        desk.seen(asker),
        asker.preferences.language,
        asker.principal.account_id,
        asker.session.id,
        last_seen if len(last_seen) <= LONGEST_EVENT_ID else "",
        named=desk.named(asker),
        has_queue=request.query_params.get("only") != "numbers",
    )
    return StreamingResponse(
        _events(desk, request, subscriber),
        media_type="text/event-stream",
        # A proxy that gathers what it passes on would make the queue old.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(desk: Desk, request: Request, subscriber: Subscriber) -> AsyncIterator[bytes]:
    token = read_token(request)
    checked_at = desk.clock.monotonic()
    try:
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        while True:
            message = await subscriber.next(BEAT_SECONDS)
            if subscriber.in_doubt:
                subscriber.in_doubt = False
                checked_at = desk.clock.monotonic()
                await _check(desk, subscriber, token)
                if subscriber.ended is None:
                    continue
            if subscriber.ended is not None:
                break
            if subscriber.is_behind:
                yield desk.hub.everything(subscriber)
            elif message is not None:
                yield message
            else:
                yield desk.hub.beat(subscriber)
            if desk.clock.monotonic() - checked_at >= CHECK_SECONDS:
                checked_at = desk.clock.monotonic()
                await _check(desk, subscriber, token)
        yield b"event: ended\ndata: %s\n\n" % (subscriber.ended or "").encode()
    finally:
        desk.hub.unsubscribe(subscriber)


async def _check(desk: Desk, subscriber: Subscriber, token: str) -> None:
    """End the stream of a session that is over; let it see what it may see now."""
    try:
        principal = await find_principal(desk.platform, token, desk.clock)
    except Exception as error:  # running sessions go on while the platform's database is away
        log.warning("a session was not checked", session=str(subscriber.session_id), **describe_error(error))
        return
    if principal is None:
        subscriber.end("signed_out")
        return
    served = frozenset(authority.id for authority in desk.gateway.authorities)
    seen = authorities_where(principal, Permission.DESK_SEE_QUEUE) & served
    named = authorities_where(principal, Permission.DESK_READ_PERSON) & seen
    if (seen, named) != (subscriber.audience.authorities, subscriber.audience.named):
        desk.hub.move(subscriber, seen, named=named)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator's own security keys, in the frame of the desk: with one he unlocks it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.web import own_keys
from vaka.web.asker import Asker
from vaka.web.desk.desk import Desk
from vaka.web.touching import KeyFrame

HERE = "/keys"


async def show_keys(desk: Desk, request: Request, asker: Asker) -> Response:
    """GET /keys: what one has, and the forms."""
    return await own_keys.show_keys(key_frame(desk, asker), request, asker)


async def add(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /keys/add: the page on which a key is made."""
    return await own_keys.add(key_frame(desk, asker), request, asker)


async def enrol(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /keys: enrol the key that was made."""
    return await own_keys.enrol(key_frame(desk, asker), request, asker)


async def rename(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /keys/rename: call a key something else."""
    return await own_keys.rename(key_frame(desk, asker), request, asker)


async def remove(desk: Desk, request: Request, asker: Asker) -> Response:
    """POST /keys/remove: remove one, after a touch."""
    return await own_keys.remove(key_frame(desk, asker), request, asker)


def key_frame(desk: Desk, asker: Asker) -> KeyFrame:
    """Return how the desk shows pages about one's security keys."""

    def render(template: str, here: str, status: int, shown: Mapping[str, Any]) -> Response:
        facts = {
            "message": None, **desk.facts(asker), **desk.room(asker), "back": here, "frame": "desk_room.html",
            "authority": None, **shown,
        }  # fmt: skip
        return HTMLResponse(desk.pages.render(template, asker.preferences, **facts), status)

    return KeyFrame(desk.security_keys, desk.step_up, HERE, render)

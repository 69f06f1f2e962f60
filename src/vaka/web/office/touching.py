# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key, in the frame of the office."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from vaka.identity.confirming import Confirmation
from vaka.web import touching
from vaka.web.asker import Asker
from vaka.web.office.office import Office
from vaka.web.touching import Confirming, KeyFrame

KEYS = "/keys"
_OWN_TEMPLATES = {"key_touch.html": "office_touch.html"}
"""What the office shows in words of its own: whose account an act is about, and that a session begins with a touch."""


def key_frame(office: Office, asker: Asker) -> KeyFrame:
    """Return how the office shows pages about one's security keys."""

    def render(template: str, here: str, status: int, shown: Mapping[str, Any]) -> Response:
        own, room = _OWN_TEMPLATES.get(template, template), shown["page"]
        return office.page(
            asker, own, room, here, status, frame="office_room.html", authority=None, **shown
        )  # fmt: skip

    return KeyFrame(office.keys_for(asker.session), office.step_up, KEYS, render)


async def confirm(office: Office, asker: Asker, asked: Confirming, answer: str) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first. Raises TooManyChallengesError."""
    return await touching.confirm(key_frame(office, asker), asker, asked, answer)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key, in the frame of the portal."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.responses import Response

from vaka.identity.confirming import Confirmation
from vaka.tenants.authorities import Authority
from vaka.web import touching
from vaka.web.asker import Asker
from vaka.web.portal.confirmed import CONFIRMED
from vaka.web.portal.portal import Portal
from vaka.web.portal.whom import name_person
from vaka.web.touching import Confirming, KeyFrame

_ACTS = frozenset().union(*CONFIRMED.values())


def keys_address(authority: Authority) -> str:
    """Return the page of one's own keys."""
    return f"/log/{authority.slug}/keys"


def key_frame(portal: Portal, asker: Asker, authority: Authority) -> KeyFrame:
    """Return how the portal shows pages about keys, in the room of one authority."""

    def render(template: str, here: str, status: int, shown: Mapping[str, Any]) -> Response:
        return portal.page(asker, template, authority, here, status, **shown)

    name = partial(name_person, portal, asker, authority)
    return KeyFrame(portal.security_keys, portal.step_up, keys_address(authority), render, name)


async def confirm(
    portal: Portal, asker: Asker, authority: Authority, asked: Confirming, answer: str
) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first.

    Raises TooManyChallengesError, and LookupError for an act of which nobody has written down that it is confirmed.
    """
    if asked.act.name not in _ACTS:
        raise LookupError("an act that is confirmed stands in vaka.web.portal.confirmed")
    return await touching.confirm(key_frame(portal, asker, authority), asker, asked, answer)

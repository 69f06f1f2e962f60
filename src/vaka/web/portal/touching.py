# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key: the page that shows exactly what is confirmed, and what comes back.

A form is sent twice: first as it was filled in, which is answered with this page; then again with what the key said.
The act is made anew of the fields each time, so a field that was changed in between makes another act, and is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field
from starlette.responses import RedirectResponse, Response

from vaka.access.step_up import KeyNeededError
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.guard import LONGEST_ANSWER
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.pages import Message
from vaka.web.portal.portal import Portal
from vaka.web.touch import confirm_by_touch

KeyAnswer = Annotated[str, Field(max_length=LONGEST_ANSWER)]
"""The field in which what a key said comes; empty the first time."""


@dataclass(frozen=True, slots=True)
class Confirming:
    """What is asked for, and how its page looks."""

    act: Act
    action: str
    """Where its form goes."""
    here: str
    """The page one came from."""
    page: str
    """Which room of the portal it is in."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the form was filled in with."""
    named: str = ""
    """What the key is called that the act is about."""


def keys_address(authority: Authority) -> str:
    """Return the page of one's own keys."""
    return f"/log/{authority.slug}/keys"


async def confirm(
    portal: Portal, asker: Asker, authority: Authority, asked: Confirming, answer: str
) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first.

    Where a key was refused that page comes again, with the reason. Raises TooManyChallengesError.
    """
    try:
        done = await confirm_by_touch(portal.security_keys, portal.step_up, asker.session, asked.act, answer)
    except KeyNeededError:
        return RedirectResponse(f"{keys_address(authority)}?needed=1", 303)
    if isinstance(done, Confirmation):
        return done
    message = None if done.refused is None else Message(done.refused.sentence.in_language(asker.preferences.language))
    return portal.page(
        asker, "portal_touch.html", authority, asked.here, done.status,
        page=asked.page, here=asked.here, action=asked.action, act=asked.act, fields=asked.fields, named=asked.named,
        options=done.options, message=message,
    )  # fmt: skip

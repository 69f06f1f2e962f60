# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key: the page that shows exactly what is confirmed, and what comes back.

A form is sent twice: first as it was filled in, which is answered with this page; then again with what the key said.
The act is made anew of the fields each time, so a field that was changed in between makes another act, and is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.responses import RedirectResponse, Response

from vaka.access.step_up import KeyNeededError
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.guard import LONGEST_ANSWER
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.pages import Message
from vaka.web.portal.confirmed import CONFIRMED
from vaka.web.portal.portal import Portal
from vaka.web.portal.whom import name_person
from vaka.web.touch import confirm_by_touch

_ACTS = frozenset().union(*CONFIRMED.values())

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
    shown: Mapping[str, str] = field(default_factory=dict)
    """What is shown of the act in plain words: a fact's name → what it says, instead of the parameter of that name or
    beside them."""
    person: UUID | None = None
    """The person in care that it is about, who is named on the page."""
    hands_out: bool = False
    """Whether what follows is a file, and the page stays."""


def keys_address(authority: Authority) -> str:
    """Return the page of one's own keys."""
    return f"/log/{authority.slug}/keys"


async def confirm(
    portal: Portal, asker: Asker, authority: Authority, asked: Confirming, answer: str
) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first.

    Where a key was refused that page comes again, with the reason. Raises TooManyChallengesError, and LookupError for
    an act of which nobody has written down that it is confirmed.
    """
    if asked.act.name not in _ACTS:
        raise LookupError("an act that is confirmed stands in vaka.web.portal.confirmed")
    try:
        done = await confirm_by_touch(portal.security_keys, portal.step_up, asker.session, asked.act, answer)
    except KeyNeededError:
        return RedirectResponse(f"{keys_address(authority)}?needed=1", 303)
    if isinstance(done, Confirmation):
        return done
    named = {} if asked.person is None else await name_person(portal, asker, authority, asked.person)
    message = None if done.refused is None else Message(done.refused.sentence.in_language(asker.preferences.language))
    return portal.page(
        asker, "portal_touch.html", authority, asked.here, done.status,
        page=asked.page, here=asked.here, action=asked.action, act=asked.act, fields=asked.fields, named=asked.named,
        shown={**named, **asked.act.parameters, **asked.shown}, hands_out=asked.hands_out, options=done.options,
        message=message,
    )  # fmt: skip

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act in the office: the page that shows exactly what is confirmed, and what comes back.

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
from vaka.web.asker import Asker
from vaka.web.office.office import Office, explain
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
    room: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the form was filled in with."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What identifiers in the act are called, for the page alone: whose account, which key."""


async def confirm(office: Office, asker: Asker, asked: Confirming, answer: str) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first.

    Where a key was refused that page comes again, with the reason. Raises TooManyChallengesError.
    """
    try:
        done = await confirm_by_touch(office.security_keys, office.step_up, asker.session, asked.act, answer)
    except KeyNeededError:
        return RedirectResponse("/keys?needed=1", 303)
    if isinstance(done, Confirmation):
        return done
    _, message = explain(asker, done.refused)
    return office.page(
        asker, "office_touch.html", asked.room, asked.here, done.status,
        here=asked.here, action=asked.action, act=asked.act, fields=asked.fields, named=asked.named,
        options=done.options, message=message,
    )  # fmt: skip

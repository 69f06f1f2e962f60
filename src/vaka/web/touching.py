# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key: the page that shows exactly what is confirmed, and what comes back.

A form is sent twice: first as it was filled in, which is answered with this page; then again with what the key said.
The act is made anew of the fields each time, so a field that was changed in between makes another act, and is refused.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from vaka.access.step_up import KeyNeededError, Policy
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.trust_lines import Change
from vaka.web.asker import Asker
from vaka.web.pages import Message
from vaka.web.touch import confirm_by_touch


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """How one realm shows pages about its people's security keys."""

    keys: Ceremonies
    step_up: Policy
    here: str
    """The page of one's own keys."""
    render: Callable[[str, str, int, Mapping[str, Any]], Response]
    """Answers with a template, for the page one came from, with a status, and what it shows."""
    name_person: Callable[[UUID], Awaitable[Mapping[str, str]]] | None = None
    """Says who a person in care is, where the realm may name people; asked only when the page is shown."""


@dataclass(frozen=True, slots=True)
class Confirming:
    """What is asked for, and how its page looks."""

    act: Act
    action: str
    """Where its form goes."""
    here: str
    """The page one came from."""
    page: str
    """Which room it is in."""
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """What the form was filled in with; of what was marked several times, each."""
    named: Mapping[str, str] = field(default_factory=dict)
    """What identifiers in the act are called, for the page alone: which key, whose account."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """What is shown of the act in plain words: a fact's name → what it says, instead of the parameter of that name or
    beside them."""
    changes: Sequence[Change] = ()
    """What differs between today's entry and the one that is decided, line by line."""
    lines: Sequence[tuple[str, str]] = ()
    """What is written by it: what each line is called, and what it says."""
    person: UUID | None = None
    """The person in care that it is about, who is named on the page."""
    hands_out: bool = False
    """Whether what follows is a file, and the page stays."""


async def confirm(frame: KeyFrame, asker: Asker, asked: Confirming, answer: str) -> Confirmation | Response:
    """Return that the act may be done, or the page that has to come first.

    Where a key was refused that page comes again, with the reason. Raises TooManyChallengesError.
    """
    try:
        done = await confirm_by_touch(frame.keys, frame.step_up, asker.session, asked.act, answer)
    except KeyNeededError:
        return RedirectResponse(f"{frame.here}?needed=1", 303)
    if isinstance(done, Confirmation):
        return done
    message = None if done.refused is None else Message(done.refused.sentence.in_language(asker.preferences.language))
    person = {} if asked.person is None or frame.name_person is None else await frame.name_person(asked.person)
    facts = {
        "page": asked.page, "here": asked.here, "action": asked.action, "act": asked.act, "fields": asked.fields,
        "named": asked.named, "shown": {**person, **asked.act.parameters, **asked.shown}, "hands_out": asked.hands_out,
        "changes": asked.changes, "lines": asked.lines,
        "options": done.options, "message": message,
    }  # fmt: skip
    return frame.render("key_touch.html", asked.here, done.status, facts)

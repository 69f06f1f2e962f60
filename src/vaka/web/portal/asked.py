# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was asked of the log: the fields of an address, as typed, and what they mean. Only identifiers stand in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlencode
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationError
from starlette.requests import Request

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.events import Event
from vaka.ledger.search import LONGEST_KEY, About, Place, Wanted, identifier_in
from vaka.web.forms import Form, FormError
from vaka.web.portal.event_words import GROUPS
from vaka.web.times import LOCAL

FIRST_STRETCH = timedelta(days=7)
"""What is shown where nothing else was asked."""
LONGEST_STRETCH = timedelta(days=366)
FIRST_YEAR = 2000
_EVENTS = frozenset(event.value for event in Event)
_PROCESSES = frozenset({"demo", "desk", "device", "portal", "scheduler", "sequencer", "setup", "signin", "supervision"})
_OBJECT = re.compile(r"[a-z_]{1,30}:[!-~]{1,160}")
_MINUTE = timedelta(minutes=1)


class StretchError(VakaError):
    """This stretch of time cannot be searched."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Välj en tid från och en tid till, den första först, från år {FIRST_YEAR} och högst "
                f"{LONGEST_STRETCH.days} dygn i taget. Inget har lästs.",
                en=f"Choose a time from and a time to, the first one first, from the year {FIRST_YEAR} and at most "
                f"{LONGEST_STRETCH.days} days at a time. Nothing was read.",
            ),
        )


class ObjectError(VakaError):
    """That is no object an entry could name."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Ett föremål skrivs som i loggen, till exempel alarm: följt av larmets id. Sök efter personer med "
                "fältet för personer. Inget har lästs.",
                en="An object is written as in the log, such as alarm: followed by the alarm's id. Look for people "
                "with the field for people. Nothing was read.",
            ),
        )


class AskedForm(Form):
    """The fields. All may be left out."""

    model_config = ConfigDict(populate_by_name=False)

    first: Annotated[str, Field(alias="from", max_length=19)] = ""
    last: Annotated[str, Field(alias="to", max_length=19)] = ""
    event: Annotated[str, Field(max_length=80, pattern=r"^[a-z_.]*$")] = ""
    """One event, or a group of them (``event_words.GROUPS``)."""
    outcome: Literal["", "success", "failure"] = ""
    actor: Annotated[str, Field(max_length=100, pattern=r"^([a-z_]+(:[0-9A-Za-z._-]+)?)?$")] = ""
    object: Annotated[str, Field(max_length=LONGEST_KEY)] = ""
    person: UUID | Literal[""] = ""
    before: Annotated[str, Field(max_length=40, pattern=r"^([0-9]{1,16}\.[0-9]{1,18})?$")] = ""
    """The last entry of the page before: microseconds since 1970, a point, and its index."""

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read them from an address. Raises FormError where one is unknown, comes twice or has another form."""
        sent = request.query_params.multi_items()
        if len({name for name, _ in sent}) < len(sent):
            raise FormError
        try:
            return cls.model_validate(dict(sent))
        except ValidationError:
            raise FormError from None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that makes sense."""

    form: AskedForm
    since: datetime
    until: datetime

    @property
    def is_narrowed(self) -> bool:
        """Whether more than a stretch of time was asked for."""
        form = self.form
        return bool(form.event or form.outcome or form.actor or form.object or form.person)

    @property
    def person(self) -> UUID | None:
        """The person in care it is about."""
        return self.form.person or None

    @property
    def before(self) -> Place | None:
        """Where the page before ended."""
        if not self.form.before:
            return None
        at, _, index = self.form.before.partition(".")
        return Place(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at)), int(index))

    def wanted(self, about: About | None) -> Wanted:
        """Return what is looked for."""
        form = self.form
        events = GROUPS[form.event][1] if form.event in GROUPS else (form.event,) if form.event else None
        return Wanted(
            self.since, self.until, events, form.actor or None, form.object or None, form.outcome or None, about
        )

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        """Return what the log is told of the question: codes and identifiers, no text that somebody typed freely."""
        form = self.form
        is_account = form.actor.startswith("account:") and identifier_in(form.actor) is not None
        said: dict[str, str | int | bool | None] = {
            "from": _tell(self.since), "to": _tell(self.until), "outcome": form.outcome or None,
            "event": _known(form.event, form.event in GROUPS or form.event in _EVENTS),
            "actor": _known(form.actor, form.actor in _PROCESSES or is_account),
            "object": _known(form.object, identifier_in(form.object) is not None),
            "person": str(form.person) if form.person else None,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    @property
    def fields(self) -> Mapping[str, str]:
        """Return the fields of this question, for a form or an address; the page is left out."""
        form = self.form
        told = {
            "from": form.first, "to": form.last, "event": form.event, "outcome": form.outcome, "actor": form.actor,
            "object": form.object, "person": str(form.person),
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}

    def pinned(self) -> Mapping[str, str]:
        """Return the fields of this question with its stretch of time written out to the minute: understood later, they
        mean the same.
        """
        return {**self.fields, "from": _local_minute(self.since), "to": _local_minute(self.until - _MINUTE)}

    def address(self, path: str, **changed: str) -> str:
        """Return ``path`` with this question, some of its fields changed; an empty one is left out."""
        fields = {name: value for name, value in {**self.fields, **changed}.items() if value}
        return f"{path}?{urlencode(fields)}" if fields else path


def understand(form: AskedForm, now: datetime) -> Asked:
    """Return what the fields mean at ``now``. Raises StretchError or ObjectError.

    Times are local. Where the clock strikes an hour twice, the stretch begins with the first and ends with the second.
    """
    if form.object and not _OBJECT.fullmatch(form.object):
        raise ObjectError
    until = _local(form.last, fold=1) + _MINUTE if form.last else now + _MINUTE
    since = _local(form.first, fold=0) if form.first else until - FIRST_STRETCH
    if not since < until or until - since > LONGEST_STRETCH + _MINUTE or until > now + LONGEST_STRETCH:
        raise StretchError
    return Asked(form, since, until)


def tell_place(place: Place) -> str:
    """Return an entry's place as the field ``before`` holds it."""
    return f"{(place.happened_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)}.{place.index}"


def _local(text: str, *, fold: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StretchError from None
    if moment.tzinfo is not None or moment.year < FIRST_YEAR or moment.year > 9000:
        raise StretchError
    return moment.replace(tzinfo=LOCAL, fold=fold).astimezone(UTC)


def _local_minute(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL):%Y-%m-%dT%H:%M}"


def _tell(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _known(text: str, known: bool) -> str | None:
    """What the log is told of a field: a word of ours or an identifier, and of anything else only that it was asked."""
    return (text if known else "other") if text else None

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the supplier reaches at an authority when something has happened (term 35): the authority's own list.

Its contract officers write it in the portal, each change with a touch: a stolen session does not lead what is urgent to
somebody else. The office reads it. Neither the office nor a statement by hand changes it; the database refuses.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.access.step_up import confirmed
from vaka.cases.model import QUERIES
from vaka.clock import LOCAL
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

MOST_CONTACTS = 5
LONGEST_NAME, LONGEST_MAIL, LONGEST_PHONE, LONGEST_HOURS = 100, 254, 40, 200
LONGEST_VALID = timedelta(days=366)
"""A list that nobody has to look at again for longer is a list that nobody looks at."""


class UnusableContactError(VakaError):
    """A contact cannot be kept like this; says why."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is reached, and how."""

    authority_id: UUID
    place: int
    """1 is tried first."""
    name: str
    mail: str
    phone: str
    hours: str
    """When somebody is there, in words."""
    valid_until: date
    """The last day on which it holds."""
    since: datetime

    @property
    def named(self) -> "Named":
        """It as somebody filled it in."""
        return Named(self.place, self.name, self.mail, self.phone, self.hours, self.valid_until.isoformat())

    def holds(self, today: date) -> bool:
        """Whether it holds."""
        return today <= self.valid_until


def contact_day(now: datetime) -> date:
    """Return which day it is for contacts: the Swedish one, as everybody who reads their last day means it."""
    return now.astimezone(LOCAL).date()


def whose_duty(contacts: Sequence[Contact], today: date) -> str:
    """Return why the duty rests with the authority, ``unnamed`` or ``expired``; ``""`` where somebody holds today."""
    if any(one.holds(today) for one in contacts):
        return ""
    return "expired" if contacts else "unnamed"


async def list_contacts(connection: Connection, authority_id: UUID | None = None) -> list[Contact]:
    """Return whom an authority named, in their order; without one, those of all (as office, or portal for its own)."""
    async with connection.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(QUERIES["list_contacts"], {"authority_id": authority_id})
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Named:
    """A contact as somebody filled it in."""

    place: int
    name: str
    mail: str
    phone: str
    hours: str
    valid_until: str

    def require_sound(self, today: date) -> date:
        """Return until when it holds. Raises UnusableContactError."""
        if not 1 <= self.place <= MOST_CONTACTS:
            raise UnusableContactError(f"Välj en plats, 1–{MOST_CONTACTS}.", f"Choose a place, 1–{MOST_CONTACTS}.")
        if not self.name or not self.name.isprintable():
            raise UnusableContactError("Skriv vem som nås.", "Say who is reached.")
        if not self.mail and not self.phone:
            raise UnusableContactError(
                "Skriv en e-postadress eller ett telefonnummer.", "Write a mail address or a telephone number."
            )
        local, at, domain = self.mail.rpartition("@")
        if self.mail and not (local and at and "." in domain and self.mail.isprintable() and " " not in self.mail):
            raise UnusableContactError("E-postadressen kan inte stämma.", "The mail address cannot be right.")
        if self.phone and (set(self.phone) - set("+0123456789 -()") or sum(map(str.isdigit, self.phone)) < 5):
            raise UnusableContactError(
                "Telefonnumret kan inte stämma. Skriv siffror, mellanslag, bindestreck och + i början.",
                "The telephone number cannot be right. Write digits, spaces, hyphens, and + at the front.",
            )
        try:
            until = date.fromisoformat(self.valid_until)
        except ValueError:
            until = date.min
        if not today <= until <= today + LONGEST_VALID:
            raise UnusableContactError(
                "Skriv en sista dag, från i dag till högst ett år fram.",
                "Write a last day, from today to a year off at most.",
            )
        return until

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of it: what a key is touched for, and nobody's number in a challenge."""
        said = [self.place, self.name, self.mail, self.phone, self.hours, self.valid_until]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def setting_act(authority_id: UUID, named: Named) -> Act:
    """Return the act that naming a contact is, as a key confirms it."""
    said: dict[str, str | int | bool] = {
        "place": named.place, "valid_until": named.valid_until, "sha256": named.digest,
    }  # fmt: skip
    return Act(Event.CONTACT_SET.value, authority_id, f"authority:{authority_id}", said)


def ending_act(authority_id: UUID, shown: Named) -> Act:
    """Return the act that taking a contact off the list is: the one that was shown, not whoever stands there by now."""
    said: dict[str, str | int | bool] = {"place": shown.place, "sha256": shown.digest}
    return Act(Event.CONTACT_ENDED.value, authority_id, f"authority:{authority_id}", said)


async def set_contact(
    connection: Connection, principal: Principal, authority_id: UUID, named: Named, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Name a contact, in place of who stood there (as portal).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableContactError, NotDecidableError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_HANDLE_CASES, authority_id)
    facts = {
        "authority_id": authority_id, "place": named.place, "name": named.name, "mail": named.mail,
        "phone": named.phone, "hours": named.hours, "valid_until": named.require_sound(contact_day(now)),
        "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    async with confirmed(connection, confirmation, setting_act(authority_id, named)):
        require_done(await _ask(connection, "set_contact", facts))
        await require_standing(connection, now)


async def end_contact(
    connection: Connection, principal: Principal, authority_id: UUID, shown: Named, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Take the contact that was shown off the list (as portal). Raises as :func:`set_contact` does."""
    require(principal, Permission.PORTAL_HANDLE_CASES, authority_id)
    facts = {
        "authority_id": authority_id, "place": shown.place, "name": shown.name, "mail": shown.mail,
        "phone": shown.phone, "hours": shown.hours, "valid_until": shown.valid_until or None,
        "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    async with confirmed(connection, confirmation, ending_act(authority_id, shown)):
        require_done(await _ask(connection, "end_contact", facts))
        await require_standing(connection, now)


async def _ask(connection: Connection, query: str, facts: dict[str, Any]) -> str | None:
    row = await (await connection.execute(QUERIES[query], facts)).fetchone()
    return None if row is None else str(row[0])

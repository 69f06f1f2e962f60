# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's own rules (term 5): what it has published, and who of those who work for it has acknowledged that.

Its contract officer publishes (as portal); whoever of the supplier's has a role there reads and acknowledges at the
desk, and administrators in the office. All here is run in the platform's database, where the roles are; which rules
somebody is shown the database decides anew each time, by what he holds there.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import class_row

from vaka.access.decide import NothingHereError, require
from vaka.access.grants import QUERIES
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.roles import AUTHORITY_ROLES
from vaka.access.step_up import confirmed
from vaka.crypto.policy import require_allowed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

require_allowed("SHA-256", "digest")

LONGEST_TITLE = 120
LONGEST_WORDS = 4000
FURTHEST = timedelta(days=366)
"""How long ahead a version can be published."""


class RuleError(VakaError):
    """A rule cannot be published, read or acknowledged like this; says why."""

    @classmethod
    def of(cls, said: str) -> "RuleError":
        """Return the error for what a function of the database, or a check before it, said."""
        return cls(*_REFUSALS.get(said, _REFUSALS["gone"]))


_REFUSALS = {
    name: (category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
    for name, category, sv, en in (
        ("gone", Category.CONFLICT, "Regeln finns inte här.", "There is no such rule here."),
        ("changed", Category.CONFLICT, "En nyare version har publicerats medan du skrev. Läs den först.",
         "A newer version was published while you wrote. Read it first."),
        ("many", Category.CONFLICT, "Regeln har så många versioner som den kan ha. Publicera en ny regel i stället.",
         "The rule has as many versions as it can have. Publish a new rule instead."),
        ("early", Category.INVALID, "En ny version gäller inte från en tidigare dag än den som den ersätter.",
         "A new version does not hold from an earlier day than the one it replaces."),
        ("past", Category.INVALID, "Skriv en dag från i dag till om ett år: ingen kan ha läst en regel i går.",
         "Write a day from today to a year from now: nobody can have read a rule yesterday."),
        ("empty", Category.INVALID, "Skriv både vad regeln heter och vad som ska läsas.",
         "Write both what the rule is called and what is to be read."),
        ("unread", Category.CONFLICT, "Öppna den version som gäller och läs den innan du bekräftar.",
         "Open that version and read it before you acknowledge it."),
        ("supplier", Category.FORBIDDEN, "Leverantörens personal publicerar inget åt myndigheten.",
         "The supplier's people publish nothing for an authority."),
        ("stranger", Category.FORBIDDEN, "Din behörighet räcker inte för det här.", "Your access does not cover this."),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """What an authority is about to publish."""

    rule: UUID
    number: int
    """1 for a new rule, else one more than the newest version."""
    title: str
    words: str
    file: bytes | None
    """SHA-256 of the file that is kept elsewhere, if there is one."""
    day: date
    """From which day on it holds, by the clock on the wall."""


@dataclass(frozen=True, slots=True)
class PublishedRule:
    """A version as its authority sees it: with numbers, and without anybody's name."""

    rule: UUID
    number: int
    title: str
    words: str
    file: bytes | None
    holds_from: datetime
    digest: bytes
    published_at: datetime
    readers: int
    """How many of the supplier's people reach the authority now."""
    acknowledged: int
    """How many of them acknowledged it before a newer version held."""

    @property
    def percent(self) -> int:
        """How many of a hundred, rounded down: 100 are all. Where nobody has to, nobody is missing."""
        return 100 if not self.readers else 100 * self.acknowledged // self.readers


@dataclass(frozen=True, slots=True)
class RuleToRead:
    """A version of a rule that holds or is the newest, in the list of somebody whom it concerns."""

    rule: UUID
    number: int
    authority_id: UUID
    authority: str
    title: str
    holds_from: datetime
    opened: bool
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class OpenedRule:
    """A version that somebody has open."""

    authority_id: UUID
    authority: str
    title: str
    words: str
    file: bytes | None
    holds_from: datetime
    digest: bytes
    newest: int
    """The number of the newest version of the same rule."""
    replaced: bool
    """Whether a newer one holds already."""
    acknowledged: bool
    """Whether he acknowledged this version, whenever."""


def require_day(day: date, now: datetime, zone: ZoneInfo) -> None:
    """Return where a version can be published from a day on. Raises RuleError."""
    today = now.astimezone(zone).date()
    if not today <= day <= today + FURTHEST:
        raise RuleError.of("past")


def publishing_act(authority_id: UUID, draft: Draft) -> Act:
    """Return the act that publishing a version is, as a key confirms it. Raises RuleError."""
    draft = _require_usable(draft)
    said: dict[str, str | int] = {
        "version": draft.number, "title": draft.title, "sha256": hashlib.sha256(draft.words.encode()).hexdigest(),
        "from": draft.day.isoformat(),
    }  # fmt: skip
    if draft.file is not None:
        said["file"] = draft.file.hex()
    return Act(Event.RULE_PUBLISHED.value, authority_id, f"rule:{draft.rule}", said)


async def publish_rule(
    connection: Connection, principal: Principal, authority_id: UUID, draft: Draft, zone: ZoneInfo, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Publish a version; who reaches the authority has to acknowledge it from the beginning.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, RuleError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_PUBLISH_RULES, authority_id)
    act, draft = publishing_act(authority_id, draft), _require_usable(draft)
    require_day(draft.day, now, zone)
    holds_from = max(now, datetime.combine(draft.day, time(), zone))
    facts = {
        "rule": draft.rule, "number": draft.number, "authority_id": authority_id, "title": draft.title,
        "words": draft.words, "file": draft.file, "holds_from": holds_from, "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with confirmed(connection, confirmation, act):
        await _require_done(connection, "publish_rule", facts)
        await require_standing(connection, now)


async def list_published(connection: Connection, authority_id: UUID, now: datetime) -> list[PublishedRule]:
    """Return every version that an authority has published, the newest of each rule first (as portal)."""
    async with connection.cursor(row_factory=class_row(PublishedRule)) as cursor:
        facts = {"authority_id": authority_id, "roles": AUTHORITY_ROLES, "now": now}
        await cursor.execute(QUERIES["list_published_rules"], facts)
        return await cursor.fetchall()


async def list_to_read(connection: Connection, account_id: UUID, now: datetime) -> list[RuleToRead]:
    """Return what concerns somebody (as desk or office): of each rule the newest version, and the one that holds."""
    async with connection.cursor(row_factory=class_row(RuleToRead)) as cursor:
        await cursor.execute(QUERIES["list_rules_to_read"], _reader(account_id, now))
        return await cursor.fetchall()


async def open_rule(
    connection: Connection, principal: Principal, rule: UUID, number: int, *, now: datetime
) -> OpenedRule:
    """Return a version, and remember that he opened it (as desk or office).

    Raises NothingHereError, NotAllowedError.
    """
    async with connection.transaction(), connection.cursor(row_factory=class_row(OpenedRule)) as cursor:
        facts: dict[str, Any] = {**_reader(principal.account_id, now), "rule": rule, "number": number}
        await cursor.execute(QUERIES["open_rule"], facts)
        opened = await cursor.fetchone()
        if opened is None:
            raise NothingHereError
        _require_reader(principal, opened.authority_id)
        return opened


async def acknowledge_rule(
    connection: Connection, principal: Principal, rule: UUID, number: int, digest: bytes, *, now: datetime
) -> None:
    """Say that one has read a version and follows it (as desk or office).

    It says nothing of anybody else, and takes no key. Raises RuleError: where he has not opened exactly that version.
    """
    facts = {**_reader(principal.account_id, now), "rule": rule, "number": number, "digest": digest}
    async with connection.transaction():
        await _require_done(connection, "acknowledge_rule", facts)


def _require_usable(draft: Draft) -> Draft:
    usable = replace(draft, title=draft.title.strip(), words="\n".join(draft.words.strip().splitlines()))
    if not usable.title or not usable.words:
        raise RuleError.of("empty")
    return usable


def _require_reader(principal: Principal, authority_id: UUID) -> None:
    if principal.session.kind == "administrator":
        require(principal, Permission.OFFICE_SEE_REGISTERS, None)
    else:
        require(principal, Permission.DESK_READ_RULES, authority_id)


def _reader(account_id: UUID, now: datetime) -> dict[str, Any]:
    return {"account_id": account_id, "roles": AUTHORITY_ROLES, "now": now}


async def _require_done(connection: Connection, statement: str, facts: dict[str, Any]) -> None:
    row = await (await connection.execute(QUERIES[statement], facts)).fetchone()
    said = row[0] if row else "gone"
    if said != "done":
        raise RuleError.of(said)

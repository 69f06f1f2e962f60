# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Emergency access (term 15): two custodians touch their keys, one after the other, and one session of an hour opens.

Each key was added for this alone, proves its model, stays in its device and asks who touches it. What opens the session
is a row bound by an HMAC whose key is not in the database: a row that somebody else wrote opens nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from psycopg.rows import class_row

from vaka.clock import Clock
from vaka.crypto.binding import bind, is_bound
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.ceremonies import Options
from vaka.identity.guard import RULES, Site
from vaka.identity.key_sign_in import (
    ANSWERED_WITHIN,
    KeySignInRefusedError,
    KeyTouch,
    ask_for_any_key,
    count_touch,
    judge_key,
)
from vaka.identity.pending import SECRET_BYTES, PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.security_keys import QUERIES, Connection, SecurityKey, is_ours
from vaka.identity.sessions import EMERGENCY, CannotSignInError, Session, open_session
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.events import Event
from vaka.ledger.wording import seems_personal

METHOD = "break_glass"
BOTH_WITHIN = timedelta(minutes=5)
"""Between the two touches, as the database has it too."""
LONGEST_WHY = LONGEST_REASON
LONGEST_REVIEW = 500
MOST_ACTS = 500
MOST_SHOWN = 50
_KIND = "break glass"
_RULE = RULES["administrator"]
_REFUSED = {"spent": Reason.EMERGENCY_SPENT, "same": Reason.SAME_CUSTODIAN, "account": Reason.ACCOUNT}


@dataclass(frozen=True, slots=True)
class Custodian(SecurityKey):
    """A key for emergencies, and whose it is."""

    human: UUID = field(kw_only=True)
    display_name: str = field(kw_only=True)
    acts: bool = field(kw_only=True)
    """Whether the account is active and has the role."""


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One emergency: begun by one custodian, opened by two, over."""

    id: UUID
    first_account: UUID
    first_key: UUID
    begun_at: datetime
    second_account: UUID | None
    second_key: UUID | None
    session_id: UUID | None
    opened_at: datetime | None
    expires_at: datetime | None
    reason: str | None
    binding: bytes | None
    review_by: datetime | None
    ended_at: datetime | None = None
    reviewed_by: UUID | None = None
    reviewed_at: datetime | None = None
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of the log, of what was done in an emergency."""

    id: int
    happened_at: datetime
    event: str
    object: str
    outcome: str


@dataclass(frozen=True, slots=True)
class OpenNow:
    """An emergency session that is open, for who has to be told."""

    id: UUID
    first_account: UUID
    second_account: UUID
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Emergency:
    """Emergency access as the sign-in process gives it."""

    site: Site
    """The sign-in page, and for what the custodians' keys are made."""
    secret: bytes = field(repr=False)
    """What binds rows."""
    clock: Clock
    review_within: timedelta
    """After the session's end."""

    @property
    def is_possible(self) -> bool:
        """Whether a browser lets keys of the office be used at the sign-in page."""
        host = urlsplit(self.site.origin).hostname or ""
        return host == self.site.identifier or host.endswith(f".{self.site.identifier}")

    async def is_ready(self, connection: Connection) -> bool:
        """Whether two humans could open it now (as signin)."""
        keys = await list_custodians(connection, self.clock.now())
        return self.is_possible and len(count_humans(keys, self.secret, self.site.identifier)) >= 2

    async def count_overdue(self, connection: Connection) -> int:
        """Return how many emergencies nobody has gone through in time (as signin)."""
        values = {"now": self.clock.now()}
        row = await (await connection.execute(QUERIES["count_unreviewed_break_glass"], values)).fetchone()
        return 0 if row is None else int(row[0])

    def ask(self, pending: PendingSecret) -> Options:
        """Return what a browser is asked: a touch of a custodian's key."""
        return ask_for_any_key(self.site, pending)

    async def wait(self, connection: Connection, begun: UUID | None, random_bytes: RandomBytes) -> PendingSecret:
        """Return what one browser keeps until the next touch, the first or the second of ``begun`` (as signin)."""
        pending, now = PendingSecret(random_bytes(SECRET_BYTES)), self.clock.now()
        values = {"token_hash": pending.digest, "break_glass": begun, "now": now, "oldest": now - BOTH_WITHIN}
        await connection.execute(QUERIES["await_touch"], values)
        return pending

    async def take(self, connection: Connection, pending: PendingSecret | None) -> UUID | None:
        """Return which emergency the touch that comes now is the second of, or None for a first one; once.

        Raises KeySignInRefusedError where this browser was asked nothing, or too long ago.
        """
        if pending is None:
            raise KeySignInRefusedError.of(Reason.EMERGENCY_SPENT)
        row = await (await connection.execute(QUERIES["take_touch"], {"token_hash": pending.digest})).fetchone()
        if row is None or self.clock.now() - row[1] > ANSWERED_WITHIN:
            raise KeySignInRefusedError.of(Reason.EMERGENCY_SPENT)
        begun: UUID | None = row[0]
        return begun

    async def begin(self, connection: Connection, pending: PendingSecret, sent: str) -> UUID:
        """Take the first custodian's touch; return which emergency has begun. Raises KeySignInRefusedError."""
        if not await self.is_ready(connection):
            raise KeySignInRefusedError.of(Reason.NO_CUSTODIANS)
        touch, now = await self._judge(connection, pending, sent), self.clock.now()
        identifier = new_identifier(now)
        async with connection.transaction():
            values = {"id": identifier, "account_id": touch.key.account_id, "key_id": touch.key.id,
                      "credential": touch.said.credential, "now": now}  # fmt: skip
            row = await (await connection.execute(QUERIES["begin_break_glass"], values)).fetchone()
            if row != (True,):
                raise KeySignInRefusedError.of(Reason.ACCOUNT, touch.said)
            await count_touch(connection, touch, Event.BREAK_GLASS_BEGUN, None, now)
        return identifier

    async def open(
        self, connection: Connection, begun: UUID, pending: PendingSecret, sent: str, reason: str, *, browser: str = ""
    ) -> str:
        """Take the second custodian's touch, and return the token of the session that both have opened.

        It is in the first one's name; whatever is done in it, both have done. Raises KeySignInRefusedError.
        """
        why = " ".join(reason.split())
        if not 1 <= len(why) <= LONGEST_WHY or not why.isprintable() or seems_personal(why):
            raise KeySignInRefusedError.of(Reason.NO_WHY)
        touch, now = await self._judge(connection, pending, sent), self.clock.now()
        known = await find_break_glass(connection, begun)
        if known is None:
            raise KeySignInRefusedError.of(Reason.EMERGENCY_SPENT, touch.said)
        session_id, ends = new_identifier(now), now + EMERGENCY
        opened = BreakGlass(
            begun, known.first_account, known.first_key, known.begun_at, touch.key.account_id, touch.key.id, session_id,
            now, ends, why, None, ends + self.review_within,
        )  # fmt: skip
        values = {
            "id": begun, "account_id": touch.key.account_id, "key_id": touch.key.id,
            "credential": touch.said.credential, "session_id": session_id, "reason": why, "expires_at": ends,
            "review_by": opened.review_by,
            "binding": bind(self.secret, _KIND, _facts(opened)), "now": now,
        }  # fmt: skip
        async with connection.transaction():
            row = await (await connection.execute(QUERIES["open_break_glass"], values)).fetchone()
            if row != ("done",):
                raise KeySignInRefusedError.of(_REFUSED[str(row and row[0])], touch.said)
            try:
                token = await open_session(
                    connection, known.first_account, "administrator", METHOD, now, browser=browser, break_glass=begun,
                    session_id=session_id,
                )  # fmt: skip
            except CannotSignInError:
                raise KeySignInRefusedError.of(Reason.ACCOUNT, touch.said) from None
            await count_touch(connection, touch, Event.BREAK_GLASS_OPENED, session_id, now)
        return token

    async def _judge(self, connection: Connection, pending: PendingSecret, sent: str) -> KeyTouch:
        if not self.is_possible:
            raise KeySignInRefusedError.of(Reason.NO_CUSTODIANS)
        return await judge_key(connection, self.secret, self.site, _RULE, "emergency", pending, sent)


async def list_custodians(connection: Connection, now: datetime) -> list[Custodian]:
    """Return the keys for emergencies and whose they are, by name (as office or signin)."""
    async with connection.cursor(row_factory=class_row(Custodian)) as cursor:
        await cursor.execute(QUERIES["list_emergency_keys"], {"now": now})
        return await cursor.fetchall()


def count_humans(keys: Sequence[Custodian], secret: bytes, site: str) -> set[UUID]:
    """Return the humans whose keys would open it: bound as this program does, for this site, of who may act."""
    return {one.human for one in keys if one.acts and one.site == site and is_ours(secret, one)}


async def find_break_glass(connection: Connection, identifier: UUID) -> BreakGlass | None:
    """Return one emergency (as office or signin)."""
    async with connection.cursor(row_factory=class_row(BreakGlass)) as cursor:
        await cursor.execute(QUERIES["find_break_glass"], {"id": identifier})
        return await cursor.fetchone()


async def list_break_glass(connection: Connection) -> list[BreakGlass]:
    """Return the emergencies there were, the newest first (as office)."""
    async with connection.cursor(row_factory=class_row(BreakGlass)) as cursor:
        await cursor.execute(QUERIES["list_break_glass"], {"most": MOST_SHOWN})
        return await cursor.fetchall()


async def find_open(connection: Connection, now: datetime) -> OpenNow | None:
    """Return the emergency session that is open, if there is one (as office)."""
    async with connection.cursor(row_factory=class_row(OpenNow)) as cursor:
        await cursor.execute(QUERIES["find_open_break_glass"], {"now": now})
        return await cursor.fetchone()


async def is_genuine(connection: Connection, secret: bytes, session: Session) -> bool:
    """Whether two custodians opened this session, and nobody has changed it or the row since (as office)."""
    if session.break_glass is None:
        return False
    known = await find_break_glass(connection, session.break_glass)
    return (
        known is not None
        and known.binding is not None
        and known.opened_at is not None
        and is_bound(secret, _KIND, _facts(known), known.binding)
        and (known.session_id, known.first_account, known.opened_at, known.expires_at)
        == (session.id, session.account_id, session.created_at, session.expires_at)
    )


def read_review(text: str) -> str | None:
    """Return what somebody wrote of an emergency as it is kept, or None for what is none."""
    words = " ".join(text.split())
    sound = 1 <= len(words) <= LONGEST_REVIEW and words.isprintable() and not seems_personal(words)
    return words if sound else None


async def enter_review(
    connection: Connection, emergency: UUID, by: UUID, review: str, step_up: str | None, now: datetime
) -> str:
    """Keep what somebody wrote of an emergency that is over (as office). Says `done`, or why not."""
    values = {"id": emergency, "by": by, "reason": review, "step_up": step_up, "now": now}
    row = await (await connection.execute(QUERIES["review_break_glass"], values)).fetchone()
    return "gone" if row is None else str(row[0])


async def list_acts(connection: Connection, one: BreakGlass) -> list[Deed]:
    """Return what was done in an emergency session, by the log (as office)."""
    if one.opened_at is None:
        return []
    values = {"actor": f"account:{one.first_account}", "since": one.opened_at,
              "until": one.ended_at or one.expires_at, "most": MOST_ACTS}  # fmt: skip
    async with connection.cursor(row_factory=class_row(Deed)) as cursor:
        await cursor.execute(QUERIES["list_acts"], values)
        return await cursor.fetchall()


async def shares_a_human(connection: Connection, one: UUID, one_at: datetime, other: UUID, other_at: datetime) -> bool:
    """Whether somebody stands behind what both did then: himself, or as a custodian in an emergency (as office)."""
    values = {"one": one, "one_at": one_at, "other": other, "other_at": other_at}
    row = await (await connection.execute(QUERIES["share_a_human"], values)).fetchone()
    return row == (True,)


def _facts(one: BreakGlass) -> list[bytes]:
    identifiers = (one.id, one.first_account, one.first_key, one.second_account, one.second_key, one.session_id)
    times = (one.begun_at, one.opened_at, one.expires_at, one.review_by)
    return [
        *(b"" if known is None else known.bytes for known in identifiers),
        *(b"" if at is None else at.astimezone(UTC).isoformat().encode() for at in times),
        (one.reason or "").encode(),
    ]

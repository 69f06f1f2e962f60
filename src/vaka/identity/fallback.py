# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator signs in by his own security key while his issuer is away (term 15): flagged, brief, reduced.

The key was enrolled in a session that rested on the issuer. It stays in its device, asks who touches it, and names its
account itself; nobody types who he is. Whether issuers answer is measured here (``answering``) and claimed by nobody at
a browser. One that answers and lets nobody in is away where two people declared so (``outages``).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from vaka.identifiers import new_identifier
from vaka.identity.answering import Answering, places_of
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.ceremonies import Options
from vaka.identity.guard import KeyRule, Site
from vaka.identity.key_sign_in import KeySignInRefusedError, KeyTouch, ask_for_any_key, count_touch, judge_key
from vaka.identity.outages import Outage, find_declared
from vaka.identity.pending import PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.security_keys import QUERIES, SecurityKey
from vaka.identity.sessions import BRIEF, CannotSignInError, open_session
from vaka.identity.trust import Trusted, list_trusted
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

Connection = psycopg.AsyncConnection[Any]
Policy = Literal["off", "device_bound", "attested"]

METHOD = "passkey"
UNREACHABLE = "issuer_unreachable"
"""The reason that stands in the log: it was measured."""
DECLARED = "outage_declared"
"""The other reason: for one of the account's issuers at least, two people declared it."""


@dataclass(frozen=True, slots=True)
class Away:
    """An issuer by which nobody signs in just now."""

    issuer: Trusted
    outage: Outage | None
    """What two people declared; None where it was measured."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A key that was touched for a sign-in, by somebody who may use it so."""

    touch: KeyTouch
    issuers: Sequence[Trusted]
    """Those that know its owner; while one of them answers he signs in by it."""
    declared: Mapping[UUID, Outage]
    """The outages that held when the key was touched, by the registry's row."""

    @property
    def said(self) -> Said:
        """What is known of it."""
        return self.touch.said


@dataclass(frozen=True, slots=True)
class Fallback:
    """The fallback of one installation."""

    site: Site
    """The sign-in page, and for what the desk's keys are made."""
    policy: Policy
    secret: bytes = field(repr=False)
    """What binds rows."""
    roles: Collection[str]
    """Those that work at the desk; without one there is nothing to fall back to."""
    answering: Answering

    @property
    def is_possible(self) -> bool:
        """Whether a browser lets keys of the desk be used at the sign-in page, and the installation wants it."""
        host = urlsplit(self.site.origin).hostname or ""
        here = host == self.site.identifier or host.endswith(f".{self.site.identifier}")
        return self.policy != "off" and here

    async def list_issuers(self, connection: Connection) -> list[Trusted]:
        """Return the issuers that operators sign in by (as signin); none where there is no fallback."""
        return await self._believed(connection) if self.is_possible else []

    async def list_declared(self, connection: Connection) -> dict[UUID, Outage]:
        """Return the outages that two people declared and that hold now (as signin)."""
        return await find_declared(connection, self.answering.clock.now())

    async def find_away(self, issuers: Sequence[Trusted], declared: Mapping[UUID, Outage]) -> list[Away]:
        """Return those of them that do not answer, or are declared to let nobody in.

        Takes seconds, so no transaction is kept open meanwhile.
        """
        measured = [one for one in issuers if one.id not in declared]
        answers = await asyncio.gather(*(self.answering.answers(one) for one in measured))
        there = {one.id for one, is_there in zip(measured, answers, strict=True) if is_there}
        return [Away(one, declared.get(one.id)) for one in issuers if one.id not in there]

    def ask(self, pending: PendingSecret) -> Options:
        """Return what a browser is asked: a touch of any key that is kept for this site."""
        return ask_for_any_key(self.site, pending)

    async def judge(self, connection: Connection, pending: PendingSecret, sent: str) -> Touched:
        """Return the key that was touched, if its owner may come in by it (as signin). Raises KeySignInRefusedError."""
        if not self.is_possible:
            raise KeySignInRefusedError.of(Reason.ISSUER_NOT_APPROVED)
        rule = KeyRule(device_bound=True, attested=self.policy == "attested")
        touch = await judge_key(connection, self.secret, self.site, rule, "own", pending, sent)
        await self._require_operator(connection, touch.key, touch.said)
        issuers = await self._issuers_of(connection, touch.key, touch.said)
        return Touched(touch, issuers, await self.list_declared(connection))

    async def require_away(self, touched: Touched) -> list[Away]:
        """Return the issuers that know the key's owner, if each is away. Raises KeySignInRefusedError."""
        away = await self.find_away(touched.issuers, touched.declared)
        known = {one.issuer.id for one in away}
        for issuer in touched.issuers:
            if issuer.id not in known:
                raise KeySignInRefusedError.of(Reason.ISSUER_ANSWERS, replace(touched.said, issuer=issuer.name))
        return away

    async def open(self, connection: Connection, touched: Touched, away: Sequence[Away], *, browser: str = "") -> str:
        """Open a session by a key (as signin) and return its token. Raises KeySignInRefusedError."""
        key, now = touched.touch.key, self.answering.clock.now()
        actor, session_id = f"account:{key.account_id}", new_identifier(now)
        async with connection.transaction():
            try:
                token = await open_session(
                    connection, key.account_id, "operator", METHOD, now, browser=browser, fallback=True,
                    session_id=session_id,
                )  # fmt: skip
            except CannotSignInError:
                raise KeySignInRefusedError.of(Reason.ACCOUNT, touched.said) from None
            await count_touch(connection, touched.touch, Event.SIGN_IN_FALLBACK, session_id, now)
            facts: dict[str, str | int | bool | None] = {
                **reason_of(away), "issuer": " ".join(one.name for one in touched.issuers),
                "credential": touched.said.credential, "attested": key.attested,
                "valid_until": (now + BRIEF).astimezone(UTC).isoformat(timespec="seconds"),
            }  # fmt: skip
            await append(connection, Entry(Event.SIGN_IN_FALLBACK, actor, now, f"session:{session_id}", detail=facts))
        return token

    async def _believed(self, connection: Connection) -> list[Trusted]:
        found = []
        for one in await list_trusted(connection, self.answering.clock.now()):
            try:
                places_of(one, demo=self.answering.demo)
            except SignInRefusedError:
                continue
            if "operator" in one.realms:
                found.append(one)
        return found

    async def _require_operator(self, connection: Connection, key: SecurityKey, said: Said) -> None:
        async with connection.cursor(row_factory=dict_row) as cursor:
            values = {"account_id": key.account_id, "roles": list(self.roles), "now": self.answering.clock.now()}
            await cursor.execute(QUERIES["find_fallback_account"], values)
            account = await cursor.fetchone()
        if account is None or account["state"] != "active":
            raise KeySignInRefusedError.of(Reason.ACCOUNT, said)
        if account["kind"] != "user" or not account["works_there"]:
            raise KeySignInRefusedError.of(Reason.WRONG_REALM, said)

    async def _issuers_of(self, connection: Connection, key: SecurityKey, said: Said) -> list[Trusted]:
        """Return the operators' issuers that are believed and know whose the key is; none of them, nobody comes in."""
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(QUERIES["list_links"], {"account_id": key.account_id})
            known = {row["issuer"] for row in await cursor.fetchall() if row["retired_at"] is None}
        found = [one for one in await self._believed(connection) if one.content.issuer in known]
        if not found:
            raise KeySignInRefusedError.of(Reason.ISSUER_NOT_APPROVED, said)
        return found


def reason_of(away: Sequence[Away]) -> dict[str, str]:
    """Return why somebody comes in by his key, as the log says it: measured, or declared, and then by which outage."""
    declared = [str(one.outage.id) for one in away if one.outage is not None]
    return {"reason": DECLARED, "outage": " ".join(declared)} if declared else {"reason": UNREACHABLE}

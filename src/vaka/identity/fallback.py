# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator signs in by his own security key while his issuer does not answer (term 15): flagged, brief, reduced.

The key was enrolled in a session that rested on the issuer. It stays in its device, asks who touches it, and names its
account itself; nobody types who he is. Whether issuers answer is measured here (``answering``) and claimed by nobody.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from hmac import compare_digest
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.answering import Answering, places_of
from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.ceremonies import Options
from vaka.identity.credentials import short_hash
from vaka.identity.guard import KeyRule, Site, judge_touch, read_answer, to_text
from vaka.identity.pending import PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.refusing import Reason as KeyReason
from vaka.identity.security_keys import QUERIES, SecurityKey, find_key, is_ours
from vaka.identity.sessions import BRIEF, CannotSignInError, open_session
from vaka.identity.trust import Trusted, list_trusted
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

Connection = psycopg.AsyncConnection[Any]
Policy = Literal["off", "device_bound", "attested"]

METHOD = "passkey"
ANSWERED_WITHIN = timedelta(minutes=2)
UNREACHABLE = "issuer_unreachable"
"""The reason that stands in the log."""


class FallbackRefusedError(VakaError):
    """Somebody does not get in by his key. Says why by a code: of ``reasons``, or of a security key (``refusing``)."""

    def __init__(self, code: str, sentence: Sentence, said: Said) -> None:
        super().__init__(Category.FORBIDDEN, sentence)
        self.code = code
        self.said = said


@dataclass(frozen=True, slots=True)
class Touched:
    """A key that was touched for a sign-in, by somebody who may use it so."""

    key: SecurityKey
    counted: int
    """Its new counter."""
    issuers: Sequence[Trusted]
    """Those that know its owner; while one of them answers he signs in by it."""
    said: Said


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

    async def find_away(self, issuers: Sequence[Trusted]) -> list[Trusted]:
        """Return those of them that do not answer. Takes seconds, so no transaction is kept open meanwhile."""
        answers = await asyncio.gather(*(self.answering.answers(one) for one in issuers))
        return [one for one, is_there in zip(issuers, answers, strict=True) if not is_there]

    def ask(self, pending: PendingSecret) -> Options:
        """Return what a browser is asked: a touch of any key that is kept for this site."""
        return {
            "challenge": to_text(pending.challenge), "rpId": self.site.identifier, "allowCredentials": [],
            "userVerification": "required", "timeout": ANSWERED_WITHIN // timedelta(milliseconds=1),
        }  # fmt: skip

    async def judge(self, connection: Connection, pending: PendingSecret, sent: str) -> Touched:
        """Return the key that was touched, if its owner may come in by it (as signin). Raises FallbackRefusedError."""
        said = Said()
        if not self.is_possible:
            raise _refused(Reason.ISSUER_NOT_APPROVED, said)
        if not sent:
            raise _refused(Reason.NO_KEY, said)
        try:
            answer = read_answer(sent, "webauthn.get")
            said = replace(said, credential=short_hash(answer.credential_id))
            if not compare_digest(answer.challenge, pending.challenge):
                raise KeyRefusedError(KeyReason.CHALLENGE_UNKNOWN)
            key = await find_key(connection, answer.credential_id)
            if key is None:
                raise KeyRefusedError(KeyReason.UNKNOWN_KEY)
            said = replace(said, account=f"account:{key.account_id}")
            if not is_ours(self.secret, key):
                raise KeyRefusedError(KeyReason.KEY_BY_HAND)
            if answer.user is None:  # it was asked who it is, not told (WebAuthn Level 3, section 7.2 step 6)
                raise KeyRefusedError(KeyReason.MALFORMED)
            rule = KeyRule(device_bound=True, attested=self.policy == "attested")
            counted = judge_touch(answer, pending.challenge, self.site, rule, key.known, key.account_id.bytes)
        except KeyRefusedError as refused:
            raise FallbackRefusedError(refused.reason.value, refused.sentence, said) from None
        await self._require_operator(connection, key, said)
        return Touched(key, counted, await self._issuers_of(connection, key, said), said)

    async def require_away(self, touched: Touched) -> None:
        """Return if none of the issuers that know the key's owner answers. Raises FallbackRefusedError."""
        away = {one.id for one in await self.find_away(touched.issuers)}
        for issuer in touched.issuers:
            if issuer.id not in away:
                raise _refused(Reason.ISSUER_ANSWERS, replace(touched.said, issuer=issuer.name))

    async def open(self, connection: Connection, touched: Touched, *, browser: str = "") -> str:
        """Open a session by a key (as signin) and return its token. Raises FallbackRefusedError."""
        key, now = touched.key, self.answering.clock.now()
        actor, session_id = f"account:{key.account_id}", new_identifier(now)
        async with connection.transaction():
            values = {"id": key.id, "sign_count": touched.counted, "now": now}
            if (await connection.execute(QUERIES["use_key"], values)).rowcount == 0:
                copied = KeyRefusedError(KeyReason.COUNTER)
                raise FallbackRefusedError(copied.reason.value, copied.sentence, touched.said)
            try:
                token = await open_session(
                    connection, key.account_id, "operator", METHOD, now, browser=browser, fallback=True,
                    session_id=session_id,
                )  # fmt: skip
            except CannotSignInError:
                raise _refused(Reason.ACCOUNT, touched.said) from None
            used: dict[str, str | int | bool | None] = {
                "act": Event.SIGN_IN_FALLBACK.value, "session": str(session_id), "credential": touched.said.credential,
            }  # fmt: skip
            await append(connection, Entry(Event.SECURITY_KEY_USED, actor, now, key.object, detail=used))
            facts: dict[str, str | int | bool | None] = {
                "reason": UNREACHABLE, "issuer": " ".join(one.name for one in touched.issuers),
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
            raise _refused(Reason.ACCOUNT, said)
        if account["kind"] != "user" or not account["works_there"]:
            raise _refused(Reason.WRONG_REALM, said)

    async def _issuers_of(self, connection: Connection, key: SecurityKey, said: Said) -> list[Trusted]:
        """Return the operators' issuers that are believed and know whose the key is; none of them, nobody comes in."""
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(QUERIES["list_links"], {"account_id": key.account_id})
            known = {row["issuer"] for row in await cursor.fetchall() if row["retired_at"] is None}
        found = [one for one in await self._believed(connection) if one.content.issuer in known]
        if not found:
            raise _refused(Reason.ISSUER_NOT_APPROVED, said)
        return found


def _refused(reason: Reason, said: Said) -> FallbackRefusedError:
    return FallbackRefusedError(reason.code, reason.sentence, said)

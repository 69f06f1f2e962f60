# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Enrolling, using, renaming and removing security keys: what is asked of a browser, and what becomes of its answer.

Each is one transaction with exactly one entry of the platform's ledger. A refusal is one too: the challenge it answered
is spent, and the reason stands in the entry.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.challenges import LIFETIMES, count_refusal, issue_challenge, require_few, take_challenge
from vaka.identity.confirming import Act, Confirmation, NotConfirmedError
from vaka.identity.credentials import short_hash
from vaka.identity.guard import OFFERED, RULES, KeyRule, Site, judge_new_key, judge_touch, read_answer, to_text
from vaka.identity.invitations import Code
from vaka.identity.models import Model
from vaka.identity.refusing import KeyRefusedError, Reason
from vaka.identity.security_keys import (
    MOST_KEYS,
    QUERIES,
    Connection,
    NoSuchKeyError,
    Purpose,
    SecurityKey,
    add_key,
    find_key,
    is_ours,
    list_keys,
    require_name,
)
from vaka.identity.sessions import Session
from vaka.identity.undertaking import undertaking_asked
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing

FRESH = timedelta(minutes=15)
"""So long after signing in a first key can be enrolled: a session that was left open must not become a key."""
ENROL, REMOVE = Event.SECURITY_KEY_ENROLLED.value, Event.SECURITY_KEY_REMOVED.value

Options = Mapping[str, Any]
"""What navigator.credentials is called with; bytes as base64url."""


class SignInAgainError(VakaError):
    """The session is too old for a first key."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Den första nyckeln läggs till inom en kvart efter inloggningen. Logga ut, logga in igen och lägg "
                "sedan till nyckeln.",
                en="The first key is added within a quarter of an hour after signing in. Sign out, sign in again and "
                "then add the key.",
            ),
        )


class NotAllowedToAddError(VakaError):
    """No two people have decided that the account gets a key for emergencies."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Ingen har godkänt att du lägger till en nyckel för nödåtkomst, eller så är godkännandet använt "
                "eller äldre än en vecka. Inget har ändrats. Be en administratör begära det och en annan godkänna det.",
                en="Nobody has approved that you add a key for emergency access, or the approval was used or is older "
                "than a week. Nothing was changed. Let one administrator ask for it and another approve it.",
            ),
        )


@dataclass(slots=True)
class _Judged:
    """Which key an answer was of, as far as is known."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class Ceremonies:
    """The security keys of one site."""

    platform: Pool
    clock: Clock
    site: Site
    models: Mapping[UUID, Model]
    secret: bytes
    """What binds rows."""
    new_keys: Mapping[str, KeyRule] = field(default_factory=lambda: RULES)
    """What a key must be that is added here, by the class of the account: as much as ``RULES`` ask, or more."""
    purpose: Purpose = "own"
    """What its keys are good for; a key for anything else is none here."""

    async def list_keys(self, account_id: UUID) -> list[SecurityKey]:
        """Return the keys an account can use here, the oldest first."""
        async with transaction(self.platform) as connection:
            return [key for key in await self._list(connection, account_id) if self._is_usable(key)]

    async def has_any(self, account_id: UUID) -> bool:
        """Whether the account has enrolled a key.

        One whose row was changed by hand counts: whoever spoils a key must not be rid of it.
        """
        async with transaction(self.platform) as connection:
            return bool(await self._list(connection, account_id))

    async def ask_for_touch(self, session: Session, act: Act) -> Options:
        """Return what a browser is asked so that a key confirms this act, within two minutes.

        Raises TooManyChallengesError.
        """
        async with transaction(self.platform) as connection:
            challenge = await issue_challenge(connection, session.id, self.clock.now(), act)
            keys = [key for key in await self._list(connection, session.account_id) if self._is_usable(key)]
        return {
            "challenge": to_text(challenge), "rpId": self.site.identifier, "allowCredentials": _name(keys),
            "userVerification": "required", "timeout": _milliseconds(LIFETIMES["act"]),
        }  # fmt: skip

    async def confirm(self, session: Session, act: Act, sent: str) -> Confirmation:
        """Return that a key of this account was touched for this act, by what the browser sent.

        Raises KeyRefusedError; that it was refused is then in the ledger. Raises TooManyChallengesError.
        """
        async with self._judging(session, act.name) as (connection, judged):
            now = self.clock.now()
            answer = read_answer(sent, "webauthn.get")
            judged.key = short_hash(answer.credential_id)
            challenge = await take_challenge(connection, session.id, answer.challenge, now, act)
            key = await find_key(connection, answer.credential_id)
            if key is None:
                raise KeyRefusedError(Reason.UNKNOWN_KEY)
            if key.account_id != session.account_id:
                raise KeyRefusedError(Reason.KEY_OF_ANOTHER)
            if not is_ours(self.secret, key):
                raise KeyRefusedError(Reason.KEY_BY_HAND)
            if key.purpose != self.purpose:
                raise KeyRefusedError(Reason.OTHER_PURPOSE)
            rule = RULES[session.kind]
            counted = judge_touch(answer, challenge, self.site, rule, key.known, session.account_id.bytes)
            done = await connection.execute(QUERIES["use_key"], {"id": key.id, "sign_count": counted, "now": now})
            if done.rowcount == 0:
                raise KeyRefusedError(Reason.COUNTER)
            facts: dict[str, str | int | bool | None] = {
                "act": act.name, "step_up": act.digest, "session": str(session.id), "credential": judged.key,
            }  # fmt: skip
            await append(connection, Entry(Event.SECURITY_KEY_USED, _actor(session), now, key.object, detail=facts))
        return Confirmation(act.digest, touched=True)

    async def ask_for_new_key(self, session: Session, confirmation: Confirmation | None) -> Options:
        """Return what a browser is asked so that a key is made for this account, within five minutes.

        Whoever has keys has confirmed it with one of them. One for emergencies takes that and two people's approval.
        Raises SignInAgainError, NotConfirmedError, NotAllowedToAddError, TooManyChallengesError.
        """
        now = self.clock.now()
        async with transaction(self.platform) as connection:
            keys = await self._list(connection, session.account_id)
            await self._require_leave(connection, session, keys, confirmation, now)
            challenge = await issue_challenge(connection, session.id, now, self._enrolling(session))
        return self._new_key_options(session, keys, challenge)

    def _new_key_options(self, session: Session, keys: list[SecurityKey], challenge: bytes) -> Options:
        rule = self.new_keys[session.kind]
        return {
            "rp": {"id": self.site.identifier, "name": "Vaka"},
            "user": {
                "id": to_text(session.account_id.bytes), "name": session.display_name,
                "displayName": session.display_name,
            },
            "challenge": to_text(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": int(number)} for number in OFFERED],
            "excludeCredentials": _name(keys),
            "authenticatorSelection": {
                "userVerification": "required", "residentKey": "preferred" if self.purpose == "own" else "required",
            },
            "attestation": "direct" if rule.attested else "none",
            "timeout": _milliseconds(LIFETIMES["enrol"]),
        }  # fmt: skip

    async def ask_for_first_key(self, session: Session, code: Code | None) -> Options:
        """Return what a browser is asked so that an administrator's first key is made; his code is spent (as office).

        Raises KeyRefusedError (then the refusal is in the ledger), UndertakingMissingError (the code holds still),
        TooManyChallengesError, LedgerStandsStillError.
        """
        async with self._judging(session, ENROL) as (connection, _judged):
            now = self.clock.now()
            facts = {"account_id": session.account_id, "code_hash": code and code.digest, "now": now}
            with undertaking_asked():
                row = await (await connection.execute(QUERIES["redeem_key_code"], facts)).fetchone()
            if row is None or row[0] is None or await self._list(connection, session.account_id):
                raise KeyRefusedError(Reason.NOT_INVITED)
            await require_standing(connection, now)
            challenge = await issue_challenge(connection, session.id, now)
        return self._new_key_options(session, [], challenge)

    async def enrol(self, session: Session, name: str, sent: str) -> SecurityKey:
        """Enrol the key that the browser made; return it.

        The challenge was given to who might enrol one, so whoever answers it may. Raises UnusableNameError,
        KeyRefusedError (then the refusal is in the ledger), LedgerStandsStillError.
        """
        plain = require_name(name)
        async with self._judging(session, ENROL) as (connection, judged):
            now = self.clock.now()
            answer = read_answer(sent, "webauthn.create")
            judged.key = short_hash(answer.credential_id)
            challenge = await take_challenge(
                connection, session.id, answer.challenge, now, self._enrolling(session)
            )  # fmt: skip
            made = judge_new_key(answer, challenge, self.site, self.new_keys[session.kind], self.models)
            await connection.execute(QUERIES["lock_account"], {"account_id": session.account_id})
            if len(await self._list(connection, session.account_id)) >= MOST_KEYS:
                raise KeyRefusedError(Reason.TOO_MANY)
            if self.purpose == "emergency" and not await may_add(connection, session.account_id, now):
                raise KeyRefusedError(Reason.NOT_INVITED)
            key = await add_key(
                connection, self.secret, new_identifier(now), session.account_id, plain, made, self.site.identifier,
                now, self.purpose,
            )  # fmt: skip
            if key is None:
                raise KeyRefusedError(Reason.ENROLLED_ALREADY)
            facts: dict[str, str | int | bool | None] = {
                "credential": judged.key, "model": str(made.model), "device_bound": made.device_bound,
                "attested": made.attested, "session": str(session.id), **self._said,
            }  # fmt: skip
            entry = Entry(Event.SECURITY_KEY_ENROLLED, _actor(session), now, key.object, detail=facts)
            await append_privileged(connection, [entry])
            return key

    async def rename(self, session: Session, key_id: UUID, name: str) -> None:
        """Call one's own key something else. Raises UnusableNameError, NoSuchKeyError."""
        values = {"id": key_id, "account_id": session.account_id, "name": require_name(name)}
        async with transaction(self.platform) as connection:
            if (await connection.execute(QUERIES["rename_key"], values)).rowcount == 0:
                raise NoSuchKeyError
            thing = f"security_key:{key_id}"
            await append(connection, Entry(Event.SECURITY_KEY_RENAMED, _actor(session), self.clock.now(), thing))

    def removal_of(self, key_id: UUID) -> Act:
        """Return the act that removing a key is."""
        return Act(REMOVE, None, f"security_key:{key_id}")

    def enrolment_for(self, session: Session) -> Act:
        """Return the act that adding a further key is."""
        return Act(ENROL, None, _actor(session), self._said)

    async def remove(self, session: Session, key_id: UUID, confirmation: Confirmation) -> None:
        """Remove one's own key, as confirmed with any of one's keys.

        Raises NotConfirmedError, NoSuchKeyError, LedgerStandsStillError.
        """
        act, now = self.removal_of(key_id), self.clock.now()
        confirmation.require(act)
        if not confirmation.touched:
            raise NotConfirmedError
        async with transaction(self.platform) as connection:
            await connection.execute(QUERIES["lock_account"], {"account_id": session.account_id})
            values = {"id": key_id, "account_id": session.account_id}
            row = await (await connection.execute(QUERIES["remove_key"], values)).fetchone()
            if row is None:
                raise NoSuchKeyError
            facts: dict[str, str | int | bool | None] = {
                "credential": short_hash(bytes(row[0])), "step_up": confirmation.step_up,
            }  # fmt: skip
            entry = Entry(Event.SECURITY_KEY_REMOVED, _actor(session), now, act.object, detail=facts)
            await append_privileged(connection, [entry])

    async def _list(self, connection: Connection, account_id: UUID) -> list[SecurityKey]:
        return await list_keys(connection, account_id, self.purpose)

    def _is_usable(self, key: SecurityKey) -> bool:
        return key.site == self.site.identifier and is_ours(self.secret, key)

    @property
    def _said(self) -> Mapping[str, str]:
        """What entries and acts say of a key that is no ordinary one."""
        return {} if self.purpose == "own" else {"key_for": self.purpose}

    def _enrolling(self, session: Session) -> Act | None:
        """Return what a challenge for a new key is bound to: one for emergencies answers no other, nor the reverse."""
        return None if self.purpose == "own" else self.enrolment_for(session)

    async def _require_leave(
        self, connection: Connection, session: Session, keys: list[SecurityKey], confirmation: Confirmation | None,
        now: datetime,
    ) -> None:  # fmt: skip
        if self.purpose == "emergency" and not await may_add(connection, session.account_id, now):
            raise NotAllowedToAddError
        if (keys or self.purpose == "emergency") and (confirmation is None or not confirmation.touched):
            raise NotConfirmedError
        if confirmation is not None:
            confirmation.require(self.enrolment_for(session))
        elif now - session.created_at > FRESH:
            raise SignInAgainError

    @asynccontextmanager
    async def _judging(self, session: Session, act: str) -> AsyncIterator[tuple[Connection, _Judged]]:
        """Open a transaction that is kept with the refusal's entry where the block raises KeyRefusedError.

        Raises TooManyChallengesError, and writes nothing, where this session was refused too often.
        """
        judged, refused = _Judged(), None
        async with transaction(self.platform) as connection:
            await require_few(connection, session.id, self.clock.now())
            try:
                yield connection, judged
            except KeyRefusedError as error:
                refused = error
                await count_refusal(connection, session.id, self.clock.now())
                facts: dict[str, str | int | bool | None] = {
                    "reason": error.reason.value, "act": act, "session": str(session.id), "credential": judged.key,
                }  # fmt: skip
                entry = Entry(
                    Event.SECURITY_KEY_REFUSED, _actor(session), self.clock.now(), _actor(session), succeeded=False,
                    detail=facts,
                )  # fmt: skip
                await append(connection, entry)
        if refused is not None:
            raise refused


async def may_add(connection: Connection, account_id: UUID, now: datetime) -> bool:
    """Whether two people have decided that the account adds a key for emergencies now (as office)."""
    values = {"account_id": account_id, "now": now}
    row = await (await connection.execute(QUERIES["find_emergency_request"], values)).fetchone()
    return row is not None and row[0] is not None


def _actor(session: Session) -> str:
    return f"account:{session.account_id}"


def _name(keys: list[SecurityKey]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": to_text(key.credential_id)} for key in keys]


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)

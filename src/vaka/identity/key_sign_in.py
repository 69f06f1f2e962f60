# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by a security key, where no issuer says who it is: the key names its account, and nobody types it.

What is opened by it, and for whom, is another's to say: operators while their issuer does not answer (``fallback``),
two custodians of the administrators in an emergency (``break_glass``).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from vaka.errors import Category, Sentence, VakaError
from vaka.identity.assertion import Said
from vaka.identity.ceremonies import Options
from vaka.identity.credentials import short_hash
from vaka.identity.guard import KeyRule, Site, judge_touch, read_answer, to_text
from vaka.identity.pending import PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.refusing import Reason as KeyReason
from vaka.identity.security_keys import QUERIES, Connection, Purpose, SecurityKey, find_key, is_ours
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

ANSWERED_WITHIN = timedelta(minutes=2)


class KeySignInRefusedError(VakaError):
    """Somebody does not get in by his key. Says why by a code: of ``reasons``, or of a security key (``refusing``)."""

    def __init__(self, code: str, sentence: Sentence, said: Said) -> None:
        super().__init__(Category.FORBIDDEN, sentence)
        self.code = code
        self.said = said

    @classmethod
    def of(cls, reason: Reason, said: Said | None = None) -> "KeySignInRefusedError":
        """Return what says this reason."""
        return cls(reason.code, reason.sentence, said or Said())


@dataclass(frozen=True, slots=True)
class KeyTouch:
    """A key that was touched for a sign-in."""

    key: SecurityKey
    counted: int
    """Its new counter."""
    said: Said


def ask_for_any_key(site: Site, pending: PendingSecret) -> Options:
    """Return what a browser is asked: a touch of any key that is kept for this site."""
    return {
        "challenge": to_text(pending.challenge), "rpId": site.identifier, "allowCredentials": [],
        "userVerification": "required", "timeout": ANSWERED_WITHIN // timedelta(milliseconds=1),
    }  # fmt: skip


async def judge_key(
    connection: Connection, secret: bytes, site: Site, rule: KeyRule, purpose: Purpose, pending: PendingSecret,
    sent: str,
) -> KeyTouch:  # fmt: skip
    """Return the key that was touched over this browser's challenge (as signin). Raises KeySignInRefusedError."""
    said = Said()
    if not sent:
        raise KeySignInRefusedError.of(Reason.NO_KEY)
    try:
        answer = read_answer(sent, "webauthn.get")
        said = replace(said, credential=short_hash(answer.credential_id))
        if not compare_digest(answer.challenge, pending.challenge):
            raise KeyRefusedError(KeyReason.CHALLENGE_UNKNOWN)
        key = await find_key(connection, answer.credential_id)
        if key is None:
            raise KeyRefusedError(KeyReason.UNKNOWN_KEY)
        said = replace(said, account=f"account:{key.account_id}")
        if not is_ours(secret, key):
            raise KeyRefusedError(KeyReason.KEY_BY_HAND)
        if key.purpose != purpose:
            raise KeyRefusedError(KeyReason.OTHER_PURPOSE)
        if answer.user is None:  # it was asked who it is, not told (WebAuthn Level 3, section 7.2 step 6)
            raise KeyRefusedError(KeyReason.MALFORMED)
        counted = judge_touch(answer, pending.challenge, site, rule, key.known, key.account_id.bytes)
    except KeyRefusedError as refused:
        raise KeySignInRefusedError(refused.reason.value, refused.sentence, said) from None
    return KeyTouch(key, counted, said)


async def count_touch(connection: Connection, touch: KeyTouch, act: Event, session: UUID | None, now: datetime) -> None:
    """Keep the key's new counter, with the entry that says what it was touched for (as signin).

    Raises KeySignInRefusedError where it has counted backwards meanwhile.
    """
    values = {"id": touch.key.id, "sign_count": touch.counted, "now": now}
    if (await connection.execute(QUERIES["use_key"], values)).rowcount == 0:
        copied = KeyRefusedError(KeyReason.COUNTER)
        raise KeySignInRefusedError(copied.reason.value, copied.sentence, touch.said)
    used: dict[str, str | int | bool | None] = {"act": act.value, "credential": touch.said.credential}
    if session is not None:
        used["session"] = str(session)
    actor = f"account:{touch.key.account_id}"
    await append(connection, Entry(Event.SECURITY_KEY_USED, actor, now, touch.key.object, detail=used))

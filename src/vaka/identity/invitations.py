# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Invitations: how an account that was made for somebody becomes his, once, within a day, and by an attribute of his.

The code goes another way than the sign-in (on paper, or in a letter). No account appears because an issuer knows
somebody.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import CheckViolation

from vaka.crypto.activation import INVITATION_CODE, Rule, require_usable_secret
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.sessions import Realm
from vaka.identity.subjects import normalise
from vaka.identity.undertaking import undertaking_asked
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged

QUERIES = load_queries("vaka.identity")

LIFETIME = timedelta(hours=24)
"""The longest there is; an authority may ask for less (`vaka.crypto.activation`)."""
LONGEST_CODE = 80
"""Characters that are looked at; a code has 26 to 52 and some hyphens."""
ONE_HUMAN, BY_TWO = "account_of_one_human", "invited_by_two"
"""What the database calls the rules that an account stays the human's it became, and that two decide whose that is."""
_CODE = re.compile(r"[A-Z2-7]{26,53}")


@dataclass(frozen=True, slots=True)
class Code:
    """An invitation's code."""

    secret: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(b"vaka invitation v1\0" + self.secret).digest()

    @property
    def letters(self) -> str:
        """The code as it is compared: five bits a character."""
        return base64.b32encode(self.secret).decode().rstrip("=")

    @property
    def text(self) -> str:
        """What is handed over, in groups that can be read out."""
        letters = self.letters
        return "-".join(letters[start : start + 5] for start in range(0, len(letters), 5))

    def of_matching(self, attribute: str, value: str) -> bytes:
        """Return what is stored of the attribute that must match."""
        return hmac.digest(self.secret, f"{attribute}\0{normalise(value)}".encode(), "sha256")


def read_code(text: str) -> Code | None:
    """Return the code that somebody typed, or None for what is none."""
    letters = "".join(sign for sign in text[:LONGEST_CODE].upper() if sign not in " -")
    if not _CODE.fullmatch(letters):
        return None
    try:
        return Code(base64.b32decode(letters + "=" * (-len(letters) % 8)))
    except binascii.Error:  # no number of whole bytes has so many letters
        return None


class AlreadyLinkedError(VakaError):
    """The account is or was somebody's: one administrator does not make it another's."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Kontot är redan någons. Inget har ändrats. En annan identitet begärs på kontots sida eller med "
                "vaka account identity, och en annan administratör godkänner den.",
                en="The account is somebody's already. Nothing was changed. Another identity is asked for on the "
                "account's page or by vaka account identity, and another administrator approves it.",
            ),
        )


class InvitedByTwoError(VakaError):
    """The installation is founded: one administrator does not decide whom an account is for."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Vem ett konto är till för bestämmer två. Inget har ändrats. Begär det på kontots sida eller med "
                "vaka account identity; en annan administratör godkänner det och får koden.",
                en="Two people decide whom an account is for. Nothing was changed. Ask on the account's page or by "
                "vaka account identity; another administrator approves it and gets the code.",
            ),
        )


class CannotInviteError(VakaError):
    """The account is not active, or of the wrong class for the realm; or there is nothing to match."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Det kontot kan inte bjudas in så: det är inte aktivt, hör inte till den rollen, eller så saknas "
                "uppgiften som ska stämma. Inget har ändrats.",
                en="That account cannot be invited so: it is not active, is not of that class, or what has to match is "
                "missing. Nothing was changed.",
            ),
        )


def lifetime_of(rule: Rule) -> timedelta:
    """Return how long a code holds by a rule."""
    return LIFETIME if rule.lifetime is None else min(timedelta(hours=rule.lifetime), LIFETIME)


def make_code(rule: Rule = INVITATION_CODE.floor, random_bytes: RandomBytes = os.urandom) -> Code:
    """Return a code that a rule lets through; 128 bits at least."""
    # Five bits a character, and a last one that is not full.
    code = Code(random_bytes(-(-(rule.length * 5 - 4) // 8)))
    require_usable_secret(INVITATION_CODE, rule, code.letters)
    return code


async def invite(
    connection: psycopg.AsyncConnection[Any],
    account_id: UUID,
    realm: Realm,
    attribute: str,
    value: str,
    *,
    actor: str,
    now: datetime,
    rule: Rule = INVITATION_CODE.floor,
    random_bytes: RandomBytes = os.urandom,
) -> Code:
    """Make an invitation (as setup) while the installation is being founded, or of a demo's persona; return its code.

    The code is stored nowhere. It is for whoever signs in to ``realm`` with ``value`` as the issuer's ``attribute``;
    ``rule`` is what the authorities ask in which the account has a role. Raises CannotInviteError, AlreadyLinkedError,
    InvitedByTwoError, UndertakingMissingError, or LedgerStandsStillError.
    """
    rule = rule.combined_with(INVITATION_CODE.floor)
    if not attribute or not normalise(value):
        raise CannotInviteError
    code, identifier = make_code(rule, random_bytes), new_identifier(now, random_bytes)
    async with connection.transaction():
        try:
            with undertaking_asked():
                done = await connection.execute(
                    QUERIES["invite"],
                    {
                        "code_hash": code.digest, "id": identifier, "account_id": account_id, "realm": realm,
                        "attribute": attribute, "matching_hmac": code.of_matching(attribute, value), "now": now,
                        "expires_at": now + lifetime_of(rule),
                        "kind": "administrator" if realm == "administrator" else "user",
                    },
                )  # fmt: skip
        except CheckViolation as error:
            if error.diag.constraint_name == ONE_HUMAN:
                raise AlreadyLinkedError from None
            if error.diag.constraint_name == BY_TWO:
                raise InvitedByTwoError from None
            raise
        if done.rowcount == 0:
            raise CannotInviteError
        detail = {"realm": realm, "invitation": str(identifier)}
        await append_privileged(
            connection, [Entry(Event.ACCOUNT_INVITED, actor, now, f"account:{account_id}", detail=detail)]
        )
    return code

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the desk calls where nobody answers a life alarm: the authority's on-call telephone."""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES
from vaka.tenants.lookups import is_phone, plain_phone

FEWEST_DIGITS = 5


class NoPhoneError(VakaError):
    """What was given is no telephone number."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Det är inget telefonnummer. Skriv det med riktnummer, som 08-465 004 00, eller med landskod, som "
                "+46 8 465 004 00.",
                en="That is no telephone number. Write it with its area code, as 08-465 004 00, or with its country's "
                "code, as +46 8 465 004 00.",
            ),
        )


async def register_on_call(
    tenant: psycopg.AsyncConnection[Any], authority_id: UUID, phone: str, *, actor: str, now: datetime
) -> bool:
    """Register the number where there is none yet, and return whether that was so; ``tenant`` is a setup connection.

    The number itself is not written in the ledger.
    """
    async with tenant.transaction():
        done = await tenant.execute(QUERIES["keep_on_call_phone"], {"phone": phone})
        if done.rowcount == 0:
            return False
        await append_privileged(tenant, [_entry(authority_id, actor, now)])
    return True


async def set_on_call(
    tenant: psycopg.AsyncConnection[Any], authority_id: UUID, phone: str, *, actor: str, now: datetime
) -> bool:
    """Let the desk call this number from now on, whatever was registered, and return whether it was another before.

    The number itself is not written in the ledger. Raises NoPhoneError.
    """
    phone = require_phone(phone)
    async with tenant.transaction():
        done = await tenant.execute(QUERIES["set_on_call_phone"], {"phone": phone})
        if done.rowcount == 0:
            return False
        await append_privileged(tenant, [_entry(authority_id, actor, now)])
    return True


async def has_on_call(tenant: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the desk has anybody to call there (as setup)."""
    row = await (await tenant.execute(QUERIES["has_on_call_phone"])).fetchone()
    return row is not None and bool(row[0])


def require_phone(text: str) -> str:
    """Return a telephone number as it is shown to whoever calls it. Raises NoPhoneError."""
    text = " ".join(text.split())
    if not is_phone(text) or len(plain_phone(text)) < FEWEST_DIGITS:
        raise NoPhoneError
    return text


def _entry(authority_id: UUID, actor: str, now: datetime) -> Entry:
    return Entry(Event.POLICY_CHANGED, actor, now, f"authority:{authority_id}", detail={"on_call_phone": True})

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs that act for one of an authority's people (term 14): what each may is said, and is never more than he may.

Whoever registers one answers for it. What it does is worth what he may at that moment: when he loses a role, leaves, or
ends it, the next request is refused.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vaka.access.decide import may, require
from vaka.access.grants import read_grants
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal, Program
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.client_certificates import is_certificates, read_certificates
from vaka.identity.client_guard import UnusableKeysError, read_keys
from vaka.identity.clients import QUERIES, Bearer, write_keys
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.sessions import Session
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

SCOPES = (
    Permission.PORTAL_READ_LOG,
    Permission.PORTAL_SEE_ACCESS,
    Permission.PORTAL_SET_ACTIVATION,
    Permission.PORTAL_REGISTER_PEOPLE,
    Permission.PORTAL_KEEP_PEOPLE,
)
"""What a program can be given. Whatever two people or a touch of a key decide is not among it."""
LONGEST_LIFE_DAYS = 366


class UnusableClientError(VakaError):
    """A program cannot be registered or ended like this; says why."""


def _unusable(category: Category, sv: str, en: str) -> UnusableClientError:
    return UnusableClientError(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


def offered_scopes(principal: Principal, authority_id: UUID) -> list[Permission]:
    """Return what somebody can give a program of his own."""
    return [scope for scope in SCOPES if may(principal, scope, authority_id)]


def registration_act(authority_id: UUID, purpose: str, scopes: list[str], keys: str, days: int) -> Act:
    """Return the act that a registration is, as a key confirms it."""
    facts: dict[str, str | int | bool] = {
        "reason": purpose.strip(), "scopes": ",".join(sorted(scopes)), "days": days,
        "sha256": hashlib.sha256(keys.strip().encode()).hexdigest(),
    }  # fmt: skip
    return Act(Event.CLIENT_REGISTERED.value, authority_id, "client", facts)


def require_sound(
    principal: Principal, authority_id: UUID, purpose: str, scopes: list[str], keys: str, days: int, now: datetime
) -> list[dict[str, Any]]:
    """Return the keys or the certificates' fingerprints, if a program can be registered so.

    Raises what `register_client` does.
    """
    require(principal, Permission.PORTAL_OWN_CLIENTS, authority_id)
    require_reason(purpose)
    allowed = {scope.value for scope in offered_scopes(principal, authority_id)}
    if not scopes or not set(scopes) <= allowed:
        raise _unusable(
            Category.INVALID, "Välj minst en behörighet, bland dem du själv har.",
            "Choose at least one permission, of those you have yourself.",
        )  # fmt: skip
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise _unusable(
            Category.INVALID, f"Ange 1–{LONGEST_LIFE_DAYS} dagar.", f"Give 1–{LONGEST_LIFE_DAYS} days."
        )  # fmt: skip
    try:
        return read_certificates(keys, now) if is_certificates(keys) else read_keys(keys)
    except UnusableKeysError as error:
        raise _unusable(
            Category.INVALID,
            "Nycklarna går inte att använda. Klistra in en JWK Set med 1–4 publika nycklar, eller 1–4 egensignerade "
            "certifikat (PEM), EC P-256 eller Ed25519.",
            f"The keys cannot be used: {error}. Paste a JWK set of 1–4 public keys, or 1–4 self-signed certificates "
            "(PEM), EC P-256 or Ed25519.",
        ) from None


async def register_client(
    platform: Connection,
    principal: Principal,
    authority_id: UUID,
    *,
    purpose: str,
    scopes: list[str],
    keys: str,
    days: int,
    now: datetime,
    confirmation: Confirmation,
) -> UUID:
    """Register a program of one's own, on the portal's connection; return its identifier.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableReasonError, UnusableClientError,
    LedgerStandsStillError.
    """
    public = require_sound(principal, authority_id, purpose, scopes, keys, days, now)
    confirmation.require(registration_act(authority_id, purpose, scopes, keys, days))
    client, ends_at = new_identifier(now), now + timedelta(days=days)
    async with platform.transaction():
        values = {
            "client": client, "authority_id": authority_id, "account_id": principal.account_id,
            "purpose": purpose.strip(), "scopes": sorted(set(scopes)), "keys": write_keys(public), "now": now,
            "ends_at": ends_at,
        }  # fmt: skip
        row = await (await platform.execute(QUERIES["register_client"], values)).fetchone()
        await require_standing(platform, now)
        await append(platform, Entry(
            Event.CLIENT_REGISTERED, principal.actor, now, f"client:{client}",
            detail={
                "authority": str(authority_id), "scopes": ",".join(sorted(set(scopes))), "reason": purpose.strip(),
                "valid_until": ends_at.isoformat(timespec="seconds"), "digest": "" if row is None else str(row[0]),
                **confirmation.said,
            },
        ))  # fmt: skip
    return client


async def end_client(
    platform: Connection, principal: Principal, authority_id: UUID, client: UUID, *, now: datetime
) -> None:
    """End one's own program, or as access approver anybody's; its tokens are worth nothing from then on.

    Raises NotAllowedError, NothingHereError, UnusableClientError.
    """
    any_owner = may(principal, Permission.PORTAL_APPROVE_ACCESS, authority_id)
    if not any_owner:
        require(principal, Permission.PORTAL_OWN_CLIENTS, authority_id)
    async with platform.transaction():
        values = {
            "client": client, "authority_id": authority_id, "account_id": principal.account_id, "now": now,
            "any_owner": any_owner,
        }  # fmt: skip
        if await (await platform.execute(QUERIES["end_client"], values)).fetchone() is None:
            raise _unusable(
                Category.CONFLICT, "Programmet är redan avslutat, eller är inte ditt.",
                "The program has ended already, or is not yours.",
            )  # fmt: skip
        # Ending takes rights away: it waits for no ledger that stands still.
        await append(platform, Entry(
            Event.CLIENT_ENDED, principal.actor, now, f"client:{client}", detail={"authority": str(authority_id)}
        ))  # fmt: skip


async def principal_of(platform: Connection, bearer: Bearer, now: datetime) -> Principal:
    """Return who asks with a token: the program, with what its owner may now as its bounds."""
    session = Session(
        bearer.token_id, bearer.owner, "authority", bearer.issued_at, bearer.expires_at, bearer.owner_name, "user",
        bearer.language, method="client",
    )  # fmt: skip
    scopes = frozenset(scope for scope in SCOPES if scope.value in bearer.scopes)
    program = Program(bearer.client_id, bearer.authority_id, scopes)
    return Principal(session, await read_grants(platform, bearer.owner, now), program)

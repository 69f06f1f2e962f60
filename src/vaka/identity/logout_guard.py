# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The guard in front of every logout token (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6). Pure.

It says whose sessions end, and can never say that somebody gets in. Nor does a token that was made for something else
end anything: the header has to say what it is, the event has to be there, and a nonce, as ID tokens have, must not.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.oidc_guard import SKEW, open_token, read_time, read_word
from vaka.identity.reasons import Reason
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import OidcIssuer

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_LIFE = timedelta(minutes=2)
"""How old a logout token may be, whatever it says of itself: it is sent when somebody signs out, not later."""
TYPES = ("logout+jwt", "application/logout+jwt")
"""What its header has to say that it is, so that no token made for something else is taken for one."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Somebody has signed out at his issuer, verified."""

    issuer: str
    subject: str = field(repr=False)
    """As personal as in an assertion."""
    identifier: str = field(repr=False)
    expires_at: datetime
    """Until when the token could be believed."""
    digest: str
    """SHA-256 (hex) of the token."""


def verify_logout_token(token: str, trusted: Trusted, issuer: OidcIssuer, now: datetime) -> SignedOut:
    """Return who has signed out. Raises SignInRefusedError with the first reason against it."""
    said = Said(trusted.name, assertion=hashlib.sha256(token.encode("utf-8", "replace")).hexdigest())
    header, claims = open_token(token, issuer, said)
    if header.get("typ") not in TYPES:
        raise SignInRefusedError(Reason.TOKEN_FORM, said)
    if claims.get("iss") != issuer.issuer:
        raise SignInRefusedError(Reason.ISSUER, said)
    if claims.get("aud") not in (issuer.client_id, [issuer.client_id]):
        raise SignInRefusedError(Reason.AUDIENCE, said)
    _require_event(claims, said)
    expires_at = _require_timely(claims, now, said)
    identifier, subject = read_word(claims, "jti", said), read_word(claims, "sub", said)
    return SignedOut(issuer.issuer, subject, identifier, expires_at, said.assertion or "")


def _require_event(claims: Mapping[str, Any], said: Said) -> None:
    if "nonce" in claims:
        raise SignInRefusedError(Reason.NONCE, said)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise SignInRefusedError(Reason.CLAIMS, said)


def _require_timely(claims: Mapping[str, Any], now: datetime, said: Said) -> datetime:
    moment, skew = now.timestamp(), SKEW.total_seconds()
    issued = read_time(claims, "iat", said)
    until = issued + LONGEST_LIFE.total_seconds()
    if "exp" in claims:
        until = min(until, read_time(claims, "exp", said))
    if until <= moment - skew:
        raise SignInRefusedError(Reason.EXPIRED, said)
    if issued > moment + skew or ("nbf" in claims and read_time(claims, "nbf", said) > moment + skew):
        raise SignInRefusedError(Reason.NOT_YET, said)
    return datetime.fromtimestamp(until, UTC)

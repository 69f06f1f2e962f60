# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""security.txt (RFC 9116): whom somebody tells who has found a weakness. Portal, office and sign-in page serve it.

One that has expired says nothing that holds (section 2.5.5), and is not served.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.responses import PlainTextResponse, Response

from vaka.access.decide import NothingHereError
from vaka.clock import Clock
from vaka.settings import SecurityContactSettings

PATH = "/.well-known/security.txt"
_LANGUAGES = "sv, en"


def write_security_txt(said: SecurityContactSettings, origin: str, now: datetime) -> str | None:
    """Return the file as it is served at an origin; None where nobody is named, or what is said has expired."""
    if not said.is_told(now) or said.expires is None:
        return None
    fields: Sequence[tuple[str, str]] = [
        *(("Contact", one) for one in said.contacts),
        ("Expires", said.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        *([("Encryption", said.encryption)] if said.encryption else []),
        ("Preferred-Languages", _LANGUAGES),
        ("Canonical", f"{origin}{PATH}"),
        *([("Policy", said.policy)] if said.policy else []),
    ]
    return "".join(f"{name}: {value}\n" for name, value in fields)


def answer(said: SecurityContactSettings, origin: str, clock: Clock) -> Response:
    """Answer GET /.well-known/security.txt. Raises NothingHereError where there is none."""
    text = write_security_txt(said, origin, clock.now())
    if text is None:
        raise NothingHereError
    return PlainTextResponse(text)

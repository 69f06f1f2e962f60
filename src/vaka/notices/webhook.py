# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A notice as a signed POST (RFC 9421, Ed25519). Any 2xx is the receipt, with the SHA-256 of what came with it.

The body names accounts by their random identifiers alone. Its ``id`` is the same each time the notice is sent.
"""

import hashlib
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlsplit

from vaka.clock import Clock
from vaka.crypto.signing import sign
from vaka.identity.fetch import UnreachableError, UnusableAnswerError, post
from vaka.notices.outbox import Due, Fault, Rooms, SendingError
from vaka.notices.reaching import Networks, resolve, trust

MEDIA_TYPE = "application/json"
LABEL = "vaka"
COVERED = ("@method", "@target-uri", "content-type", "content-digest")
"""What the signature is over (RFC 9421, section 2)."""


class Webhook:
    """Signs and posts notices."""

    def __init__(self, seed: bytes, key_id: str, rooms: Rooms, allowed: Networks, clock: Clock) -> None:
        """Prepare to sign with a private key (32 bytes), by which others know it (``key_id``)."""
        self._seed, self._key_id, self._rooms, self._allowed, self._clock = seed, key_id, rooms, allowed, clock

    async def send(self, due: Due) -> str:
        """Post one notice and return the receipt. Raises SendingError."""
        parts = urlsplit(due.address)
        if parts.scheme != "https" or not parts.hostname:
            raise SendingError(Fault.UNENCRYPTED)
        place = await resolve(parts.hostname, parts.port or 443, self._allowed)
        body = write_body(due, self._rooms)
        created = int(self._clock.now().timestamp())
        headers = sign_request(due.address, body, created, self._seed, self._key_id)
        try:
            answer = await post(due.address, body, MEDIA_TYPE, headers, tls=trust(due.certificate), connect_to=place)
        except UnreachableError as error:
            is_untrusted = isinstance(error.__context__, ssl.SSLCertVerificationError)
            raise SendingError(Fault.CERTIFICATE if is_untrusted else Fault.UNREACHABLE) from None
        except UnusableAnswerError:
            raise SendingError(Fault.ANSWER) from None
        if not 200 <= answer.status < 300:
            raise SendingError(Fault.REFUSED)
        return f"{answer.status} {hashlib.sha256(answer.body).hexdigest()}"


def write_body(due: Due, rooms: Rooms) -> bytes:
    """Return what is posted: one JSON object of strings and a whole number; of what says more, its facts too."""
    said = {
        "id": str(due.notice_id), "kind": due.kind, "authority": due.slug, "event": due.event, "object": due.object,
        "entry": due.entry, "happened_at": due.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "link": rooms.link(due), **({} if due.said is None else {"facts": due.said["facts"]}),
    }  # fmt: skip
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def sign_request(address: str, body: bytes, created: int, seed: bytes, key_id: str) -> Mapping[str, str]:
    """Return the headers that sign a POST of a body to an address, made at a moment (seconds since 1970)."""
    digest = f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"
    covered = " ".join(f'"{name}"' for name in COVERED)
    parameters = f'({covered});created={created};keyid="{key_id}";alg="ed25519"'
    values = {"@method": "POST", "@target-uri": address, "content-type": MEDIA_TYPE, "content-digest": digest}
    base = "\n".join([*(f'"{name}": {values[name]}' for name in COVERED), f'"@signature-params": {parameters}'])
    signature = b64encode(sign(seed, base.encode())).decode()
    return {
        "Content-Digest": digest, "Signature-Input": f"{LABEL}={parameters}", "Signature": f"{LABEL}=:{signature}:",
    }  # fmt: skip

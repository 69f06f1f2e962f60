# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a device proves itself: by digest, by its certificate, or (a recorded exception with an end) by its network."""

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from vaka.keys.identities import Identities
from vaka.receiver.allowance import Allowance
from vaka.receiver.counters import Reason
from vaka.receiver.exchange import Flow, Headers
from vaka.receiver.refused import RefusedDevices
from vaka.receiver.streams import StreamFlow
from vaka.receiver.surroundings import Surroundings
from vaka.sip.digest import (
    Authorization,
    NonceBook,
    NonceMemory,
    NonceVerdict,
    challenge_headers,
    parse_authorization,
    verify,
)
from vaka.sip.errors import SipError
from vaka.sip.message import Request
from vaka.tenants.directory import DeviceEntry

_NONCE_REASONS = {
    NonceVerdict.STALE: Reason.NONCE_STALE,
    NonceVerdict.ELSEWHERE: Reason.NONCE_ELSEWHERE,
    NonceVerdict.FORGED: Reason.NONCE_FORGED,
    NonceVerdict.REPLAYED: Reason.NONCE_REPLAYED,
}
_MOST_CREDENTIALS = 8
"""Authorization headers looked at in one request."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a device is not believed, and what it is answered."""

    status: int
    reason: Reason
    headers: Headers = ()


class Authenticator:
    """Judges requests by the directory's entry of the device they say they come from."""

    def __init__(
        self,
        realm: str,
        identities: Identities,
        secret: bytes,
        lifetime_seconds: float,
        refused: RefusedDevices,
        around: Surroundings,
        *,
        memory: NonceMemory | None = None,
    ) -> None:
        """``memory`` knows what challenges were used for, and may be shared; without it each has its own."""
        self._realm = realm
        self._identities = identities
        self._nonces = NonceBook(secret, lifetime_seconds, around.limits.nonces, memory=memory)
        self._refused = refused
        self._failures = Allowance(around.limits.failures_per_minute, around.limits.sources_watched)
        self._rejections = around.rejections
        self._clock = around.clock

    def judge(
        self, request: Request, flow: Flow, entry: DeviceEntry, *, sender_differs: bool = False
    ) -> Refusal | None:
        """Return None where the device has proved itself. Judge a request once: a challenge is used up by it.

        ``sender_differs`` says that its From names another than its body, as only some devices may.
        """
        if entry.authentication == "digest":
            refusal = self._judge_digest(request, flow, entry)
        elif entry.authentication == "certificate":
            refusal = _judge_certificate(flow, entry)
        else:
            refusal = self._judge_network(flow, entry)
        if refusal is None and sender_differs and not entry.sender_may_differ:
            refusal = Refusal(403, Reason.SENDER_DIFFERS)
        if refusal is not None:
            in_vain = self._refused.note_refusal(request, flow, entry, refusal.reason)
            # Being asked for a password is how every exchange begins.
            if refusal.reason is not Reason.CREDENTIALS_ASKED or in_vain:
                self._rejections.note(refusal.reason, flow.source[0], entry)
            if refusal.reason is Reason.CREDENTIALS_THROTTLED and isinstance(flow, StreamFlow):
                flow.dismiss()
        else:
            self._refused.note_proof(request, flow, entry)
            if isinstance(flow, StreamFlow):
                flow.note_proof()
        return refusal

    def _judge_digest(self, request: Request, flow: Flow, entry: DeviceEntry) -> Refusal | None:
        presented = self._credentials(request)
        if not presented:
            return self._challenge(entry, Reason.CREDENTIALS_ASKED)
        proofs = [credentials for credentials in presented if self._is_right(credentials, entry, request.method)]
        if not proofs:
            # The right password is never slowed down by wrong ones from the same address: it is looked at first.
            if self._failures.spend(flow.source[0], self._clock.monotonic()):
                return self._challenge(entry, Reason.CREDENTIALS_WRONG)
            return Refusal(403, Reason.CREDENTIALS_THROTTLED)
        # By the seconds since the machine's start, which all its receivers share, as they do the memory of what was
        # used: a clock on the wall that is set back would make every challenge worthless until it is as late again.
        now = self._clock.monotonic()
        for credentials in proofs:
            worth = self._nonces.check(credentials, now)
            if worth is NonceVerdict.FRESH:
                return None
        return self._challenge(entry, _NONCE_REASONS[worth], stale=True)

    def _is_right(self, credentials: Authorization, entry: DeviceEntry, method: str) -> bool:
        stored = entry.ha1_md5 if credentials.algorithm == "MD5" else entry.ha1_sha256
        if stored is None or self._identities.blind(credentials.username) != entry.username:
            return False
        return verify(credentials, stored.hex(), method)

    def _credentials(self, request: Request) -> list[Authorization]:
        """What was presented for our realm. A device may answer several realms, and each with several algorithms."""
        found = []
        for value in request.headers.all("authorization")[:_MOST_CREDENTIALS]:
            with suppress(SipError):
                found.append(parse_authorization(value))
        return [credentials for credentials in found if credentials.realm == self._realm]

    def _challenge(self, entry: DeviceEntry, reason: Reason, *, stale: bool = False) -> Refusal:
        algorithms = [
            name for name, stored in (("SHA-256", entry.ha1_sha256), ("MD5", entry.ha1_md5)) if stored is not None
        ]
        nonce = self._nonces.issue(self._clock.monotonic())
        return Refusal(401, reason, challenge_headers(self._realm, nonce, algorithms, stale))

    def _judge_network(self, flow: Flow, entry: DeviceEntry) -> Refusal | None:
        if entry.exception_until is None or self._clock.now().timestamp() >= entry.exception_until:
            return Refusal(403, Reason.EXCEPTION_EXPIRED)
        if entry.network is None or _address(flow.source[0]) not in entry.network:
            return Refusal(403, Reason.NETWORK_OTHER)
        return None


def _judge_certificate(flow: Flow, entry: DeviceEntry) -> Refusal | None:
    if flow.fingerprint is None:
        return Refusal(403, Reason.CERTIFICATE_MISSING)
    if entry.certificate_sha256 is None or bytes.fromhex(flow.fingerprint) != entry.certificate_sha256:
        return Refusal(403, Reason.CERTIFICATE_OTHER)
    return None


@lru_cache(maxsize=4_096)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 peer of a dual-stack socket is written as IPv6; networks are recorded as what they are."""
    return ipaddress.ip_address(host.partition("%")[0].removeprefix("::ffff:"))

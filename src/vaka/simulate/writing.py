# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The SIP requests of one device: identifiers that count on (or never do), credentials, peculiarities."""

from dataclasses import replace
from random import Random

from vaka.scaip.body import build_mrq
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.quirks import (
    CONSTANT_BRANCH,
    CONSTANT_TAG,
    OTHER_DIGEST_URI,
    PRIVATE_ADDRESS,
    Quirk,
    distort_body,
    distort_message,
)
from vaka.simulate.reports import Report, report_fields
from vaka.sip.build import build_request
from vaka.sip.digest import Challenge, build_authorization, parse_challenge
from vaka.sip.errors import SipError
from vaka.sip.message import Response

CONTENT_TYPE = "application/scaip+xml"


class Writer:
    """Writes what one device sends. A device without quirks follows RFC 3261."""

    def __init__(self, device: DeviceRecord, host: str, chance: Random) -> None:
        self.device = device
        self._chance = chance
        self._quirks = frozenset(device.quirks)
        self._host = f"[{host}]" if ":" in host else host
        self._cseq = 0
        self._challenge: Challenge | None = None
        self._nonce_uses = 0

    def body(self, report: Report, ref: str) -> bytes:
        """Return the `<mrq>`; a repeat of the same report is the same bytes again."""
        fields = report_fields(report, ref, self.device.cid, self.device.device_type, self._chance)
        return distort_body(build_mrq(fields), self._quirks)

    def new_call_id(self) -> str:
        """Return a Call-ID that no other device has; responses are told apart by it alone."""
        return f"{self._chance.getrandbits(64):016x}-{self.device.cid}"

    def message(self, body: bytes, call_id: str, sent_by: tuple[str, int]) -> bytes:
        """Return a MESSAGE, with credentials once the receiver has asked for them."""
        constant = Quirk.CONSTANT_IDENTIFIERS in self._quirks
        self._cseq = 1 if constant else self._cseq + 1
        uri = f"sip:alarm@{self._host}"
        plain = Quirk.CONSTANT_FROM_TAG in self._quirks
        request = build_request(
            "MESSAGE",
            uri,
            via_transport=self.device.transport.upper(),
            via_host=PRIVATE_ADDRESS if Quirk.PRIVATE_VIA in self._quirks else sent_by[0],
            via_port=sent_by[1],
            branch=CONSTANT_BRANCH if constant else f"z9hG4bK{self._chance.getrandbits(64):016x}",
            from_uri=f"sip:{self.device.cid}@{self._host}",
            from_tag=CONSTANT_TAG if plain else f"{self._chance.getrandbits(32):08x}",
            to_uri=uri,
            call_id=call_id,
            cseq=self._cseq,
            body=body,
            content_type="text/plain" if Quirk.PLAIN_TEXT in self._quirks else CONTENT_TYPE,
            headers=self._credentials(uri),
        )
        return distort_message(request, self._quirks)

    def heed(self, response: Response) -> bool:
        """Take in a 401. Return whether it asks for something this device can answer and has not answered already."""
        if self.device.password is None:
            return False
        for value in response.headers.all("www-authenticate"):
            try:
                challenge = parse_challenge(value)
            except SipError:
                continue
            if self.device.algorithm in (None, challenge.algorithm):
                # The same question twice means that the answer was wrong; a stale nonce only that it took long.
                refused = self._challenge is not None and self._challenge.nonce == challenge.nonce
                if Quirk.DIGEST_WITHOUT_QOP in self._quirks:
                    challenge = replace(challenge, qop=False)
                self._challenge, self._nonce_uses = challenge, 0
                return not refused
        return False

    def _credentials(self, uri: str) -> list[tuple[str, str]]:
        challenge, password = self._challenge, self.device.password
        if challenge is None or password is None:
            return []
        if not challenge.qop and self._nonce_uses:
            self._challenge = None  # good for one request only
            return []
        self._nonce_uses += 1
        value = build_authorization(
            challenge,
            username=self.device.username or self.device.cid,
            password=password,
            method="MESSAGE",
            uri=OTHER_DIGEST_URI if Quirk.OTHER_DIGEST_URI in self._quirks else uri,
            cnonce=f"{self._chance.getrandbits(64):016x}",
            count=self._nonce_uses,
        )
        return [("Authorization", value)]

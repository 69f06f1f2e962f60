# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Requests and responses as values. What a header says is read when first asked for, and kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vaka.sip.errors import SipDeviation, SipError, SipFault
from vaka.sip.fields import Address, CSeq, Via, read_address, read_cseq, read_number, read_recipient, read_via
from vaka.sip.headers import Headers

__all__ = ["Address", "CSeq", "Headers", "Message", "Request", "Response", "Via"]

# contact-params  =  c-p-q / c-p-expires / contact-extension ;  c-p-expires = "expires" EQUAL delta-seconds
_EXPIRES = re.compile(r";\s*+expires\s*+=\s*+([0-9]{1,10})(?![0-9])", re.IGNORECASE)

_NOBODY = Address("", "", None, None, None)


class Message:
    """What requests and responses share.

    A message that `parse` or a Framer returned has its five mandatory headers, and its CSeq and topmost Via can be
    read: none of these properties raises. On a message put together by hand `call_id`, `cseq` and `top_via` raise
    SipError when the header is missing or malformed.
    """

    __slots__ = ("_cseq", "_from", "_to", "_top_via")

    headers: Headers
    body: bytes
    deviations: tuple[SipDeviation, ...]

    def __post_init__(self) -> None:
        self._cseq: CSeq | None = None
        self._from: Address | None = None
        self._to: Address | None = None
        self._top_via: Via | None = None

    @property
    def call_id(self) -> str:
        """The Call-ID, compared byte by byte and never interpreted."""
        return self._require("call-id")

    @property
    def cseq(self) -> CSeq:
        """The sequence number and its method. Some devices send 1 for ever: it orders nothing by itself."""
        if self._cseq is None:
            self._cseq = read_cseq(self._require("cseq"))
        return self._cseq

    @property
    def top_via(self) -> Via:
        """The nearest hop. Its branch alone identifies nothing: some devices never change it."""
        if self._top_via is None:
            self._top_via = read_via(self._require("via"))
        return self._top_via

    @property
    def from_(self) -> Address:
        """Who says to have sent this. The tag may be missing; `user` is normally the controller id."""
        if self._from is None:
            value = self.headers.first("from")
            self._from = _NOBODY if value is None else read_address(value)
        return self._from

    @property
    def to(self) -> Address:
        """Whom it was meant for."""
        if self._to is None:
            value = self.headers.first("to")
            self._to = _NOBODY if value is None else read_recipient(value)
        return self._to

    @property
    def contact(self) -> Address | None:
        """Where the sender wants to be reached (its first Contact); `uri` is `*` when a device takes all back."""
        value = self.headers.first("contact")
        return None if value is None else read_address(value)

    @property
    def expires(self) -> int | None:
        """Seconds: of the first Contact, else of the Expires header (RFC 3261 10.2.1.1), else None."""
        if (contact := self.headers.first("contact")) and (match := _EXPIRES.search(contact)):
            return int(match[1])
        value = self.headers.first("expires")
        return None if value is None else read_number(value)

    @property
    def content_type(self) -> str | None:
        """The media type in lower case, without its parameters."""
        value = self.headers.first("content-type")
        return None if value is None else value.partition(";")[0].strip().lower()

    def _require(self, name: str) -> str:
        value = self.headers.first(name)
        if value is None:
            raise SipError(SipFault.HEADER_MISSING)
        return value


@dataclass(slots=True)
class Request(Message):
    """`MESSAGE sip:alarm@example.net SIP/2.0` with what follows it."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""
    deviations: tuple[SipDeviation, ...] = ()


@dataclass(slots=True)
class Response(Message):
    """`SIP/2.0 200 OK` with what follows it."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""
    deviations: tuple[SipDeviation, ...] = ()

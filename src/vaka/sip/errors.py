# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one exception of this package: bad input raises SipError; anything else that comes out is our own bug."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaka.sip.message import Request


class SipFault(StrEnum):
    """What was wrong, in a form that can be counted. It never carries a piece of the input."""

    EMPTY = "empty"  # nothing but line ends: a keep-alive, not a message
    TOO_LARGE = "too_large"
    HEAD_TOO_LARGE = "head_too_large"
    HEAD_UNFINISHED = "head_unfinished"  # the blank line after the head never came
    TOO_MANY_HEADERS = "too_many_headers"
    HEADER_TOO_LONG = "header_too_long"
    START_LINE = "start_line"
    VERSION = "version"
    HEADER_MISSING = "header_missing"  # Via, From, To, Call-ID or CSeq
    VIA = "via"
    CSEQ = "cseq"
    CONTENT_LENGTH = "content_length"  # not a number, or two that differ
    LENGTH_REQUIRED = "length_required"  # a body on a stream needs Content-Length
    BODY_UNFINISHED = "body_unfinished"  # a datagram ended before its body did; `partial` holds what came of it
    AUTHORIZATION = "authorization"
    UNSUPPORTED_DIGEST = "unsupported_digest"  # an algorithm or qop that nobody here offered
    UNSAFE_TEXT = "unsafe_text"  # asked to build a message that would say more than it should


class SipDeviation(StrEnum):
    """What was wrong with a message that is accepted all the same, because nothing that counts depends on it."""

    HEADER_LINE = "header_line_unreadable"  # no name or no colon: the line is skipped
    BODY_SHORTER = "body_shorter_than_stated"  # but whole in itself, which whoever accepts it has made sure of


_STATUS = {
    SipFault.TOO_LARGE: 413,
    SipFault.HEAD_TOO_LARGE: 413,
    SipFault.TOO_MANY_HEADERS: 413,
    SipFault.HEADER_TOO_LONG: 413,
    SipFault.VERSION: 505,
}


class SipError(Exception):
    """These bytes (or arguments) are not an acceptable SIP message.

    `code` says why. `partial` is the request as far as it could be read, present only when it holds the five
    headers an answer copies (RFC 3261 8.2.6.2); answer it with `status`. Without it there is nobody to answer.
    """

    def __init__(self, code: SipFault, partial: Request | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.partial = partial

    @property
    def status(self) -> int:
        """The status code that tells the sender: 413, 505, or 400 for everything else."""
        return _STATUS.get(self.code, 400)

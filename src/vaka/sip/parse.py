# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Bytes to messages (RFC 3261 section 7 and 18.3).

Strict where a mistake could change who is answered or where a message ends; lenient about everything a device may write
in its own way: order, case and form of headers, folding, blanks, LF line ends, a From without a tag, a line among the
headers that is none (it is skipped, and the message says so in `deviations`).
"""

from __future__ import annotations

import re

from vaka.sip.errors import SipDeviation, SipError, SipFault
from vaka.sip.fields import read_number, require_via
from vaka.sip.headers import Headers
from vaka.sip.message import Request, Response

MAX_DATAGRAM = 64 * 1024
MAX_HEAD = 16 * 1024  # bytes up to the blank line
MAX_HEADER = 8 * 1024  # characters in one header, unfolded
MAX_HEADERS = 100

# Request-Line  =  Method SP Request-URI SP SIP-Version CRLF
# Status-Line   =  SIP-Version SP Status-Code SP Reason-Phrase CRLF
# SIP-Version   =  "SIP" "/" 1*DIGIT "." 1*DIGIT      (in any case: RFC 3261 7.1)
_REQUEST_LINE = re.compile(r"([A-Za-z0-9.!%*_+`'~-]{1,32}) ++(\S++) ++(?i:SIP)/([0-9]\.[0-9]) *+", re.ASCII)
_STATUS_LINE = re.compile(r"(?i:SIP)/([0-9]\.[0-9]) ++([1-6][0-9]{2})(?: ++(.*+))?+", re.ASCII)

# The line end of the last header and the empty line after it.
_BLANK_LINE = re.compile(rb"\n\r?\n")

# header-value continues on the next line when that begins with a blank (RFC 3261 7.3.1).
_FOLD = re.compile(r"\n[ \t]++")

# A control character inside a head has no meaning, and a bare CR copied into an answer could forge a line of it.
_CONTROLS_TO_BLANKS = bytes(
    0x20 if (byte < 0x20 and byte not in b"\t\n") or byte == 0x7F else byte for byte in range(256)
)


def parse(datagram: bytes | memoryview) -> Request | Response:
    """The one message in a datagram. Raises SipError, with `partial` when its sender can be told.

    Bytes after Content-Length are dropped; without Content-Length the body is the rest of the datagram; a body shorter
    than Content-Length is refused (RFC 3261 18.3), with what came of it in `partial`: it may be whole nevertheless.
    """
    if len(datagram) > MAX_DATAGRAM:
        raise SipError(SipFault.TOO_LARGE)
    data = bytes(datagram)
    start = 0
    if data[:1] in b"\r\n":  # also true of an empty datagram
        start = len(data) - len(data.lstrip(b"\r\n"))
        if start == len(data):
            raise SipError(SipFault.EMPTY)
    found = find_head(data, start)
    if found is None:
        if len(data) - start >= MAX_HEAD:
            raise SipError(SipFault.HEAD_TOO_LARGE)
        raise refusal(SipFault.HEAD_UNFINISHED, read_head(data[start:].rstrip()))
    end, body = found
    message = read_head(data[start:end])
    require_answerable(message)
    length = content_length(message)
    if length is None:
        message.body = data[body:]
    elif body + length > len(data):
        message.body = data[body:]
        raise refusal(SipFault.BODY_UNFINISHED, message)
    else:
        message.body = data[body : body + length]
    return message


def find_head(data: bytes | bytearray, start: int = 0, searched: int = 0) -> tuple[int, int] | None:
    """Where the head ends and where the body begins, or None when no blank line comes within MAX_HEAD bytes.

    `searched` says how far an earlier call has already looked. Lines may end in CRLF or LF, each on its own.
    """
    found = _BLANK_LINE.search(data, max(start, searched), start + MAX_HEAD)
    return None if found is None else found.span()


def read_head(head: bytes | bytearray) -> Request | Response:
    """Start line and headers, without the blank line; nothing is yet required of them. Raises SipError."""
    plain = head.replace(b"\r\n", b"\n").translate(_CONTROLS_TO_BLANKS)
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        text = plain.decode("latin-1")  # every byte has a meaning there, so this cannot fail
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    start_line, *lines = text.split("\n")
    if len(lines) > MAX_HEADERS:
        raise SipError(SipFault.TOO_MANY_HEADERS)
    deviations: tuple[SipDeviation, ...] = ()
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip()
        if not (colon and name):
            deviations = (SipDeviation.HEADER_LINE,)
            continue
        if len(line) > MAX_HEADER:
            raise SipError(SipFault.HEADER_TOO_LONG)
        pairs.append((name, value.strip()))
    message: Request | Response
    if match := _REQUEST_LINE.fullmatch(start_line):
        message = Request(match[1], match[2], Headers(pairs))
        version = match[3]
    elif match := _STATUS_LINE.fullmatch(start_line):
        message = Response(int(match[2]), match[3] or "", Headers(pairs))
        version = match[1]
    else:
        raise SipError(SipFault.START_LINE)
    if version != "2.0":
        raise refusal(SipFault.VERSION, message)
    message.deviations = deviations
    return message


def require_answerable(message: Request | Response) -> None:
    """Refuse a message that lacks a mandatory header, or whose CSeq or topmost Via cannot be read."""
    if not message.headers.answerable:
        raise SipError(SipFault.HEADER_MISSING)
    try:
        _ = message.cseq
        require_via(message.headers.first("via") or "")
    except SipError as error:
        raise refusal(error.code, message) from None


def content_length(message: Request | Response) -> int | None:
    """The length of the body in bytes as its sender states it, or None. Raises SipError(CONTENT_LENGTH)."""
    stated = message.headers.all("content-length")
    if not stated:
        return None
    length = read_number(stated[0])
    if length is None or any(read_number(other) != length for other in stated[1:]):
        raise refusal(SipFault.CONTENT_LENGTH, message)
    return length


def refusal(code: SipFault, message: Request | Response) -> SipError:
    """The error to raise about a message whose head could be read: with `partial` when it can be answered."""
    if isinstance(message, Request) and message.headers.answerable:
        return SipError(code, partial=message)
    return SipError(code)

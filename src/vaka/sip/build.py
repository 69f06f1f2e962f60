# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Messages to bytes. Whatever is passed in, what comes out has exactly the lines it should have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vaka.sip.errors import SipError, SipFault
from vaka.sip.message import Request

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
    513: "Message Too Large",
    603: "Decline",
}

# What would end the value it stands in: a blank or bracket in a URI; also a separator in a tag, branch or Call-ID.
_NOT_IN_URI = re.compile(r'[\s<>"\x00-\x20\x7f]')
_NOT_IN_TOKEN = re.compile(r'[\s<>",;=\x00-\x20\x7f]')


def respond(
    request: Request,
    status: int,
    *,
    source: tuple[str, int] | None,
    to_tag: str,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """The answer to a request, without a body (RFC 3261 8.2.6.2; RFC 3428 section 7 forbids one on MESSAGE).

    `source` is the address the request really came from; it is written into the topmost Via (RFC 3261 18.2.1,
    RFC 3581 section 4). None leaves the Via as it is. `request` may be a SipError's `partial`.
    Raises SipError(UNSAFE_TEXT) when an argument holds a line end, SipError(HEADER_MISSING) on an unanswerable request.
    """
    found = request.headers
    if not found.answerable:
        raise SipError(SipFault.HEADER_MISSING)
    via, *other_vias = found.all("via")
    lines = [f"SIP/2.0 {status} {REASONS.get(status, '')}", f"Via: {via if source is None else _stamp(via, source)}"]
    lines += [f"Via: {value}" for value in other_vias]
    to = found.first("to")
    if request.to.tag is None:
        to = f"{to};tag={_token(to_tag)}"
    lines += (
        f"From: {found.first('from')}",
        f"To: {to}",
        f"Call-ID: {found.first('call-id')}",
        f"CSeq: {found.first('cseq')}",
    )
    if headers:
        lines += [f"{name}: {value}" for name, value in headers]
    lines.append("Content-Length: 0")
    return _finish(lines)


def build_request(
    method: str,
    uri: str,
    *,
    via_transport: str,
    via_host: str,
    via_port: int,
    branch: str,
    from_uri: str,
    from_tag: str,
    to_uri: str,
    to_tag: str | None = None,
    call_id: str,
    cseq: int,
    contact: str | None = None,
    body: bytes = b"",
    content_type: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """A request of our own, with `rport` so that its answer finds the way back (RFC 3581 section 3).

    `contact` is a URI. Raises SipError(UNSAFE_TEXT) when an argument would break out of its place.
    """
    lines = [
        f"{_token(method)} {_uri(uri)} SIP/2.0",
        f"Via: SIP/2.0/{_token(via_transport)} {_bracketed(_uri(via_host))}:{via_port};branch={_token(branch)};rport",
        "Max-Forwards: 70",
        f"From: <{_uri(from_uri)}>;tag={_token(from_tag)}",
        f"To: <{_uri(to_uri)}>" + (f";tag={_token(to_tag)}" if to_tag else ""),
        f"Call-ID: {_uri(call_id)}",
        f"CSeq: {cseq} {method}",
    ]
    if contact is not None:
        lines.append(f"Contact: <{_uri(contact)}>")
    lines += [f"{name}: {value}" for name, value in headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    lines.append(f"Content-Length: {len(body)}")
    return _finish(lines) + body


class RequestForm:
    """A request that is sent over and over: what stays the same is written and checked once, for half the cost.

    Raises SipError(UNSAFE_TEXT) when an argument would break out of its place.
    """

    __slots__ = ("_before_branch", "_before_call_id", "_before_length", "_before_tag", "_before_to", "_before_uri")

    def __init__(
        self,
        method: str,
        *,
        via_transport: str,
        via_host: str,
        via_port: int,
        branch_mark: str,
        from_uri: str,
        content_type: str,
    ) -> None:
        host = _bracketed(_uri(via_host))
        self._before_uri = f"{_token(method)} "
        self._before_branch = (
            f" SIP/2.0\r\nVia: SIP/2.0/{_token(via_transport)} {host}:{via_port};branch={_token(branch_mark)}"
        )
        self._before_tag = f";rport\r\nMax-Forwards: 70\r\nFrom: <{_uri(from_uri)}>;tag="
        self._before_to = "\r\nTo: <"
        self._before_call_id = ">\r\nCall-ID: "
        self._before_length = f"@{host}\r\nCSeq: 1 {method}\r\nContent-Type: {_uri(content_type)}\r\nContent-Length: "

    def fill(self, uri: str, to_uri: str, token: str, body: bytes) -> bytes:
        """The request, as `build_request` writes it; `token` tells its branch, tag and Call-ID from all others.

        Raises SipError(UNSAFE_TEXT).
        """
        _uri(uri)
        if to_uri != uri:
            _uri(to_uri)
        head = (
            f"{self._before_uri}{uri}{self._before_branch}{_token(token)}{self._before_tag}{token[:12]}"
            f"{self._before_to}{to_uri}{self._before_call_id}{token}{self._before_length}{len(body)}\r\n\r\n"
        )
        try:
            return head.encode() + body
        except UnicodeEncodeError:  # half of a surrogate pair is no text
            raise SipError(SipFault.UNSAFE_TEXT) from None


def _stamp(via: str, source: tuple[str, int]) -> str:
    """The Via value with the sender's real address on its topmost hop. Works on text: the Via may be malformed."""
    host, port = _plain(source[0]), source[1]
    top, comma, rest = via.partition(",")
    sent_by, *parameters = top.split(";")
    kept = []
    asked_for_port = False
    for parameter in parameters:
        name = parameter.partition("=")[0].strip().lower()
        if name == "rport":
            asked_for_port = True
        elif name != "received":
            kept.append(parameter.strip())
    if asked_for_port:
        kept.append(f"rport={port}")
    kept.append(f"received={host}")
    return ";".join((sent_by.strip(), *kept)) + comma + rest


def _plain(host: str) -> str:
    """A socket's address as RFC 3261 writes it: no zone, and no IPv4 dressed as IPv6 by a dual-stack socket."""
    return host.partition("%")[0].removeprefix("::ffff:")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _token(text: str) -> str:
    if not text or _NOT_IN_TOKEN.search(text):
        raise SipError(SipFault.UNSAFE_TEXT)
    return text


def _uri(text: str) -> str:
    if not text or _NOT_IN_URI.search(text):
        raise SipError(SipFault.UNSAFE_TEXT)
    return text


def _finish(lines: list[str]) -> bytes:
    """Join the lines of a head; one line end hidden in any of them, and the count no longer fits."""
    text = "\r\n".join(lines)
    joints = len(lines) - 1
    if text.count("\r") != joints or text.count("\n") != joints or "\0" in text:
        raise SipError(SipFault.UNSAFE_TEXT)
    try:
        return text.encode() + b"\r\n\r\n"
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        raise SipError(SipFault.UNSAFE_TEXT) from None

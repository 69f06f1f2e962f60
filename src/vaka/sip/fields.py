# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading the three structured header values an alarm receiver lives by: CSeq, Via and addresses.

Each pattern stands under the rule of RFC 3261 section 25.1 it reads. Quantifiers are possessive wherever two neighbours
could claim the same character, so that no value, however hostile, costs more than one pass.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from vaka.sip.errors import SipError, SipFault


class CSeq(NamedTuple):
    """The sequence number of a request and the method it belongs to (RFC 3261 20.16)."""

    number: int
    method: str


class Via(NamedTuple):
    """One hop: where the sender believes it is, and what a receiver found instead (RFC 3261 20.42, RFC 3581)."""

    transport: str  # upper case: UDP, TCP, TLS
    host: str
    port: int | None
    branch: str | None
    rport: int | None  # None: not there; 0: asked for but not filled in
    received: str | None


class Address(NamedTuple):
    """What From, To and Contact hold. Reading one never fails: what cannot be read is empty or None."""

    display: str
    uri: str  # as it was written
    user: str | None  # without its parameters, escapes undone
    host: str | None
    tag: str | None


# CSeq    =  "CSeq" HCOLON 1*DIGIT LWS Method
# token   =  1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" )
_CSEQ = re.compile(r"([0-9]{1,10})\s++([A-Za-z0-9.!%*_+`'~-]{1,32})", re.ASCII)

# via-parm       =  sent-protocol LWS sent-by *( SEMI via-params )
# sent-protocol  =  protocol-name SLASH protocol-version SLASH transport
# sent-by        =  host [ COLON port ]         (blanks are allowed around every sign)
_VIA = re.compile(
    r"SIP\s*+/\s*+2\.0\s*+/\s*+([A-Za-z0-9-]{1,16})\s++"
    r"(\[[0-9A-Fa-f:.%]{2,64}\]|[^\s;:,\[\]]{1,255})\s*+(?::\s*+([0-9]{1,5})\s*+)?+(?=[;,]|\Z)",
    re.ASCII | re.IGNORECASE,
)

# via-params     =  via-ttl / via-maddr / via-received / via-branch / via-extension, each  token [ EQUAL value ]
_VIA_PARAMETER = re.compile(r";\s*+([^\s;=]++)\s*+(?:=\s*+([^\s;]*+))?+")

# name-addr      =  [ display-name ] LAQUOT addr-spec RAQUOT
# display-name   =  *(token LWS) / quoted-string
# quoted-string  =  SWS DQUOTE *(qdtext / quoted-pair ) DQUOTE
_NAME_ADDR = re.compile(r'(?:"((?:[^"\\]++|\\.)*+)"\s*+|([^<"]*+))<([^<>]*+)>', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# The way nearly all addresses are written, with a controller id for a user: read by one pattern in place of three.
_USUAL_ADDRESS = re.compile(r"<(sip:([A-Za-z0-9]++)@([A-Za-z0-9.-]++))>(?:;tag=([A-Za-z0-9.-]++))?+", re.ASCII)

# A bare addr-spec ends where the header's own parameters begin (RFC 3261 20.10).
_ADDR_SPEC = re.compile(r"[^;,]*+")

# SIP-URI        =  "sip:" [ userinfo ] hostport uri-parameters [ headers ]
# userinfo       =  ( user / telephone-subscriber ) [ ":" password ] "@"
_URI = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]{0,15}):)?+(?:([^@:]*+)(?::[^@]*+)?+@)?(\[[^\]]*+\]|[^:;?\s]*+)", re.ASCII
)

# escaped        =  "%" HEXDIG HEXDIG      (one for each byte of UTF-8)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})++")

# tag-param      =  "tag" EQUAL token
_TAG = re.compile(r";\s*+tag\s*+=\s*+([^\s;,]++)", re.IGNORECASE)


@lru_cache(maxsize=256)  # most devices number every request alike
def read_cseq(value: str) -> CSeq:
    """`314 MESSAGE`. Raises SipError(CSEQ)."""
    match = _CSEQ.fullmatch(value)
    if match is None:
        raise SipError(SipFault.CSEQ)
    return CSeq(int(match[1]), match[2])


def require_via(value: str) -> None:
    """Look whether `read_via` could read that, for who does not ask what it says. Raises SipError(VIA)."""
    if _VIA.match(value) is None:
        raise SipError(SipFault.VIA)


def read_via(value: str) -> Via:
    """The topmost hop of a Via value, which may hold several joined by commas. Raises SipError(VIA)."""
    match = _VIA.match(value)
    if match is None:
        raise SipError(SipFault.VIA)
    transport, host, port = match.groups()
    branch = received = None
    rport: int | None = None
    for name, setting in _VIA_PARAMETER.findall(value.partition(",")[0], match.end()):
        match name.lower():
            case "branch":
                branch = setting
            case "rport":
                rport = read_number(setting, digits=5) or 0
            case "received":
                received = setting
    return Via(transport.upper(), host, int(port) if port else None, branch, rport, received)


def read_address(value: str) -> Address:
    """`"Anna" <sip:8031372@example.net>;tag=a1`, or the same without brackets, name or tag."""
    usual = _USUAL_ADDRESS.fullmatch(value)
    return _read_any_address(value) if usual is None else Address("", *usual.groups())


def _read_any_address(value: str) -> Address:
    match = _NAME_ADDR.match(value)
    if match is not None:
        quoted, plain, uri = match.groups()
        display = _QUOTED_PAIR.sub(r"\1", quoted) if quoted else (plain or "").strip()
        end = match.end()
    else:
        bare = _ADDR_SPEC.match(value)
        end = bare.end() if bare else 0
        display, uri = "", value[:end].strip("<> \t")
    uri = uri.strip()
    tag = _TAG.search(value, end)
    user, host = _user_and_host(uri)
    return Address(display, uri, user, host, tag[1] if tag else None)


@lru_cache(maxsize=256)
def read_recipient(value: str) -> Address:
    """The same for a To, which says to nearly all devices of an installation the same."""
    return read_address(value)


def read_number(text: str, digits: int = 10) -> int | None:
    """A whole number of at most that many digits, or None. int() alone would also take '+1', '1_0' and '１'."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def _user_and_host(uri: str) -> tuple[str | None, str | None]:
    match = _URI.match(uri)
    if match is None:
        return None, None
    scheme, user, host = match.groups()
    if scheme and scheme.lower() in ("tel", "gsm"):
        return host or None, None
    if user and (";" in user or "%" in user):
        # A telephone-subscriber brings parameters along (RFC 3261 19.1.6), and any sign may be escaped (19.1.2).
        user = _ESCAPES.sub(_unescape, user.partition(";")[0])
    return user or None, host or None


def _unescape(escapes: re.Match[str]) -> str:
    return bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "replace")

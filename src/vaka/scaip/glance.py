# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What kind of message a body is, at a glance: a tenth of the work of reading it, before it is decided what waits.

Only the usual spelling is understood. Whatever is written oddly has no kind here, however plain it may be to a reader;
where a kind is given it is the very one that reading the body would give.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vaka.scaip.codes import MessageType

# Elements in small letters beside each other, each begun and ended, and a place within one of them. No references, for
# a wrong one takes with it what follows; no comments, attributes or namespaces; no more elements than a device needs.
_BLANKS = rb"[ \t\r\n]*+"
_DECLARATION = rb"<\?xml version=\"1\.[01]\"[ a-zA-Z0-9=\"-]{0,100}+\?>"
_ELEMENT = rb"<([a-z]{2,8}+)>[^<>&]*+</\1>"
_PLACE = rb"<lge>%b(?:<(geo|tim|gga)>[^<>&]*+</\2>%b){0,3}+</lge>" % (_BLANKS, _BLANKS)
_PLAIN = re.compile(
    rb"(?:\xef\xbb\xbf)?+%b(?:%b%b)?+<mrq>%b(?:(?:%b|%b)%b){1,64}+</mrq>%b"
    % (_BLANKS, _DECLARATION, _BLANKS, _BLANKS, _ELEMENT, _PLACE, _BLANKS, _BLANKS)
)
_LARGEST = 4 * 1024  # bytes: more than seven times a talkative device's; so a glance never takes long
_MESSAGE_TYPES = {mty.value.encode(): mty.value for mty in MessageType}
_LONGEST_CODE = 4  # digits


class Kind(NamedTuple):
    """What decides how urgent a message is; None where the body does not say."""

    mty: str
    dty: int | None
    stc: int | None


class _OddError(Exception):
    """A value is not written as usual."""


def glance(body: bytes) -> Kind | None:
    """Return the kind of message in a plainly written body, and None for any other. Never fails."""
    if len(body) > _LARGEST or _PLAIN.fullmatch(body) is None:
        return None
    try:
        return Kind(_message_type(body), _code(body, b"<dty>"), _code(body, b"<stc>"))
    except _OddError:
        return None


def _message_type(body: bytes) -> str:
    written = _value(body, b"<mty>")
    if written is None:
        return MessageType.EVENT.value
    found = _MESSAGE_TYPES.get(written)
    if found is None:
        raise _OddError
    return found


def _code(body: bytes, tag: bytes) -> int | None:
    written = _value(body, tag)
    if written is None:
        return None
    if not written.isdigit() or len(written) > _LONGEST_CODE:
        raise _OddError
    return int(written)


def _value(body: bytes, tag: bytes) -> bytes | None:
    """The text of the first element of this name, which is the one that counts."""
    found = body.find(tag)
    if found < 0:
        return None
    begin = found + len(tag)
    return body[begin : body.index(b"<", begin)]

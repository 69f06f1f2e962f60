# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What real devices do differently from the standard, done to a message that follows it."""

import re
from collections.abc import Collection
from enum import StrEnum


class Quirk(StrEnum):
    """One peculiarity. Each has been seen in devices that a receiver must serve all the same."""

    CONSTANT_IDENTIFIERS = "constant_identifiers"  # branch and CSeq never change
    NO_FROM_TAG = "no_from_tag"
    CONSTANT_FROM_TAG = "constant_from_tag"
    SPACED_LENGTH = "spaced_length"  # blanks before the number of Content-Length
    FOLDED_HEADERS = "folded_headers"
    COMPACT_HEADERS = "compact_headers"
    REVERSED_HEADERS = "reversed_headers"
    LF_LINE_ENDS = "lf_line_ends"
    XML_DECLARATION = "xml_declaration"
    BYTE_ORDER_MARK = "byte_order_mark"
    TRAILING_LINE_END = "trailing_line_end"  # inside Content-Length
    PLAIN_TEXT = "plain_text"  # content type text/plain
    PADDED_VALUES = "padded_values"  # blanks inside elements, codes with leading zeros
    OTHER_DIGEST_URI = "other_digest_uri"  # digest uri differs from the request URI
    DIGEST_WITHOUT_QOP = "digest_without_qop"  # answers a challenge as RFC 2069 has it, whatever is offered
    PRIVATE_VIA = "private_via"  # a Via address that cannot be reached, as behind NAT


CONSTANT_BRANCH = "z9hG4bK-0001"
CONSTANT_TAG = "1"
PRIVATE_ADDRESS = "192.168.1.10"
OTHER_DIGEST_URI = "sip:alarm"

_COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Type": "c",
            "Content-Length": "l"}  # fmt: skip
_VALUE = re.compile(rb">([^<>]+)<")
_CODE = re.compile(rb"<(dty|stc|lco|dco)>(\d{1,3})<")


def distort_body(body: bytes, quirks: Collection[Quirk]) -> bytes:
    """Return the XML as a device with these quirks writes it."""
    if Quirk.PADDED_VALUES in quirks:
        body = _CODE.sub(lambda found: b"<%s>%s<" % (found[1], found[2].zfill(4)), body)
        body = _VALUE.sub(rb"> \1<", body)
    if Quirk.XML_DECLARATION in quirks:
        body = b'<?xml version="1.0" encoding="UTF-8"?>\r\n' + body
    if Quirk.BYTE_ORDER_MARK in quirks:
        body = b"\xef\xbb\xbf" + body
    if Quirk.TRAILING_LINE_END in quirks:
        body += b"\r\n"
    return body


def distort_message(message: bytes, quirks: Collection[Quirk]) -> bytes:
    """Return a whole request as a device with these quirks writes it. The body stays as it is."""
    if not quirks:
        return message
    head, _, body = message.partition(b"\r\n\r\n")
    start_line, *lines = head.decode().split("\r\n")
    if Quirk.REVERSED_HEADERS in quirks:
        lines.reverse()
    if Quirk.NO_FROM_TAG in quirks:
        lines = [line.partition(";tag=")[0] if line.startswith("From:") else line for line in lines]
    lines = [_distort_line(line, quirks) for line in lines]
    line_end = "\n" if Quirk.LF_LINE_ENDS in quirks else "\r\n"
    return line_end.join((start_line, *lines, "", "")).encode() + body


def _distort_line(line: str, quirks: Collection[Quirk]) -> str:
    name, _, value = line.partition(": ")
    if Quirk.SPACED_LENGTH in quirks and name == "Content-Length":
        value = f"   {value}"
    if Quirk.FOLDED_HEADERS in quirks and name in ("Via", "From"):
        value = value.replace(";", "\r\n ;", 1)
    if Quirk.COMPACT_HEADERS in quirks:
        name = _COMPACT.get(name, name)
    return f"{name}: {value}"

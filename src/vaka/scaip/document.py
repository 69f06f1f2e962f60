# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The bytes of a SCAIP body to its fields, for every way devices have of writing a small XML document.

Dangers are refused before the XML parser sees them (document types and entities, size, number of elements and thereby
depth). Mistakes are forgiven and recorded: a person may be lying on the floor behind a body with a missing bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple, cast

# The parser is safe here: it never gets a document type or an entity to expand (see _refuse_dangers).
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from vaka.scaip.errors import ScaipError, ScaipFault

MAX_BODY = 64 * 1024  # bytes
MAX_ELEMENTS = 256
MAX_TEXT = 512  # characters kept of one value: four times what the longest may have
MAX_TAG = 32  # characters kept of an element's name


class Deviation(StrEnum):
    """A way in which a readable body was not written as the standard asks."""

    BOM = "bom"
    ENCODING = "encoding"  # not UTF-8
    XML_DECLARATION = "xml_declaration"
    TRAILING_BYTES = "trailing_bytes"
    NOT_WELL_FORMED = "not_well_formed"
    ROOT_NAME = "root_name"  # a namespace, or upper case
    PADDED_VALUE = "padded_value"
    TOO_DEEP = "too_deep"
    UNKNOWN_ELEMENT = "unknown_element"
    REPEATED_ELEMENT = "repeated_element"
    MISSING_MANDATORY = "missing_mandatory"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"


class Document(NamedTuple):
    """What a body says before anyone asks what it means.

    `fields` holds (tag, text) for each element below the root in document order: tags in lower case without namespace,
    texts trimmed and cut to MAX_TEXT characters; an element inside an element is `outer/inner`.
    """

    name: str  # the root element, in lower case
    fields: tuple[tuple[str, str], ...]
    deviations: tuple[Deviation, ...]


# XML 1.0 section 2.2: what no document may hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"<\?xml[^?]{0,200}+\?>")
# An ampersand that begins no reference a parser would accept (those below a blank are forbidden too).
_BARE_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#3[2-9]|#[4-9][0-9]|#[1-9][0-9]{2,6}|#x[2-9A-Fa-f][0-9A-Fa-f]{1,5});)"
)
_ELEMENT_NAME = re.compile(r"[a-z][a-z0-9]{0,31}", re.ASCII)

# What nearly every device writes: elements beside each other with plain texts and nothing else. One pass of a pattern
# reads it, in a quarter of the time that a tree of elements takes to build; anything more is left to the XML parser.
_PLAIN_ELEMENT = re.compile(r"<([a-z][a-z0-9]{0,31}+)>([^<]{0,512}+)</\1>")
_PLAIN_ROOTS = frozenset({"<mrq>", "<mrs>"})
_ROOT = len("<mrq>")
_SIGNS_OF_ELEMENT = len("<></>")

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_BLANKS = " \t\r\n\0"


def read_document(body: bytes) -> Document:
    """Read a body of any kind. Raises ScaipError: TOO_LARGE, TOO_MANY_ELEMENTS, DECLARATIONS or NOT_XML."""
    if len(body) > MAX_BODY:
        raise ScaipError(ScaipFault.TOO_LARGE)
    deviations: dict[Deviation, None] = {}  # an ordered set
    text = _decode(body, deviations)
    plain = _read_plain(text)
    if plain is not None:  # then there is no danger in it
        return Document(*plain, tuple(deviations))
    _refuse_dangers(text)
    return _read_xml(text, deviations)


def is_whole(body: bytes, name: str) -> bool:
    """Whether the end tag of the root element is there, so that nothing is missing however long the body should be."""
    ending = rf"</(?:[^\s<>/:]{{1,{MAX_TAG}}}+:)?+{re.escape(name)}\s*+>[^<]*+\Z"
    return len(body) <= MAX_BODY and re.search(ending, _decode(body, {}), re.IGNORECASE) is not None


def _read_plain(text: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The root and the fields of a plain document without padded values; None for any other."""
    # Of all blanks only the common one is printable, and no control character is.
    if text[:_ROOT] not in _PLAIN_ROOTS or "&" in text or "> " in text or " <" in text or not text.isprintable():
        return None
    name, end = text[1 : _ROOT - 1], len(text) - _ROOT - 1
    if text[end:] != f"</{name}>":
        return None
    fields = tuple(_PLAIN_ELEMENT.findall(text, _ROOT, end))
    if len(fields) >= MAX_ELEMENTS:
        return None
    # Where their lengths add up, nothing stands between the elements; and where nobody else wrote a bracket, none
    # stands in a value.
    length = sum([2 * len(tag) + len(value) for tag, value in fields]) + _SIGNS_OF_ELEMENT * len(fields)
    if _ROOT + length != end or text.count(">") != 2 * len(fields) + 2:
        return None
    return name, fields


def _read_xml(text: str, deviations: dict[Deviation, None]) -> Document:
    trimmed = text.strip(_BLANKS)
    if not text.endswith(trimmed):
        deviations[Deviation.TRAILING_BYTES] = None
    if trimmed.startswith("<?xml"):
        deviations[Deviation.XML_DECLARATION] = None
    try:
        root = ET.fromstring(trimmed)  # noqa: S314
    except ET.ParseError:
        root = _salvage(trimmed, deviations)
    name = _tag(root.tag)
    if name != root.tag:
        deviations[Deviation.ROOT_NAME] = None
    return Document(name, _fields(root, deviations), tuple(deviations))


def write_document(name: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The inverse: neighbouring fields `outer/inner` share one outer element. Raises ScaipError(UNSAFE_TEXT)."""
    parts = []
    for outer, group in groupby(fields, key=lambda field: field[0].rpartition("/")[0]):
        content = "".join(_element(tag.rpartition("/")[2], text) for tag, text in group)
        parts.append(_wrapped(outer, content) if outer else content)
    return _wrapped(name, "".join(parts)).encode()


def _element(tag: str, text: str) -> str:
    if _FORBIDDEN.search(text):
        raise ScaipError(ScaipFault.UNSAFE_TEXT)
    return _wrapped(tag, escape(text, {"\r": "&#13;"}))


def _wrapped(tag: str, content: str) -> str:
    if not _ELEMENT_NAME.fullmatch(tag):
        raise ScaipError(ScaipFault.UNSAFE_TEXT)
    return f"<{tag}>{content}</{tag}>"


def _decode(body: bytes, deviations: dict[Deviation, None]) -> str:
    """To text, never failing: UTF-8, else UTF-16 when it looks like it, else Latin-1, where every byte is a sign."""
    encoding = "utf-8"
    for mark, its_encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            deviations[Deviation.BOM] = None
            body, encoding = body[len(mark) :], its_encoding
            break
    else:
        if body[:2] == b"<\0":
            encoding = "utf-16-le"
        elif body[:2] == b"\0<":
            encoding = "utf-16-be"
    if encoding != "utf-8":
        deviations[Deviation.ENCODING] = None
        return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        deviations[Deviation.ENCODING] = None
        return body.decode("latin-1")


def _refuse_dangers(text: str) -> None:
    """Before parsing: nothing that expands, nothing outside, and no more elements than a message can need."""
    if "<!" in text and ("<!doctype" in (lower := text.lower()) or "<!entity" in lower):
        raise ScaipError(ScaipFault.DECLARATIONS)
    # Each element costs at least one bracket, and each level of depth an element.
    if text.count("<") > 2 * MAX_ELEMENTS:
        raise ScaipError(ScaipFault.TOO_MANY_ELEMENTS)


def _salvage(text: str, deviations: dict[Deviation, None]) -> ET.Element:
    """The finished part of a document that a strict parser refuses: cut off, with bare ampersands, or with more after
    its end. An element whose end was never seen is dropped: half a controller id is somebody else's."""
    plain = _FORBIDDEN.sub(" ", _DECLARATION.sub("", text))
    # Taking something out can bring together what was harmless apart: `<!DOC<?xml?>TYPE`.
    _refuse_dangers(plain)
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    still_open: list[ET.Element] = []
    deviation = Deviation.NOT_WELL_FORMED
    try:
        parser.feed(_BARE_AMPERSAND.sub("&amp;", plain[max(0, plain.find("<")) :]))
        for event, element in cast("Iterator[tuple[str, ET.Element]]", parser.read_events()):
            if event == "start":
                still_open.append(element)
                root = element if root is None else root
            else:
                still_open.pop()
    except ET.ParseError:
        if not still_open:
            deviation = Deviation.TRAILING_BYTES
    if root is None:
        raise ScaipError(ScaipFault.NOT_XML)
    for outer, unfinished in pairwise(still_open):
        outer.remove(unfinished)
    deviations[deviation] = None
    return root


def _fields(root: ET.Element, deviations: dict[Deviation, None]) -> tuple[tuple[str, str], ...]:
    fields = []
    for element in root:
        tag = _tag(element.tag)
        if len(element):
            for inner in element:
                if len(inner):
                    deviations[Deviation.TOO_DEEP] = None
                fields.append((f"{tag}/{_tag(inner.tag)}", _kept(inner.text or "", deviations)))
        else:
            written = element.text or ""
            text = written.strip()
            if text != written or len(text) > MAX_TEXT:
                text = _kept(written, deviations)
            fields.append((tag, text))
    return tuple(fields)


@lru_cache(maxsize=256)  # the same two dozen names in every message
def _tag(name: str) -> str:
    return name.rpartition("}")[2][:MAX_TAG].lower()


def _kept(written: str, deviations: dict[Deviation, None]) -> str:
    text = written.strip()
    if text != written:
        deviations[Deviation.PADDED_VALUE] = None
    if len(text) > MAX_TEXT:
        deviations[Deviation.TOO_LONG] = None
        return text[:MAX_TEXT].rstrip()
    return text

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a file is, by its content: one of a few kinds, or nothing that is taken in. Its name may only agree."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from vaka.scanning.archives import read_members
from vaka.scanning.documents import CONTENT_TYPES, require_no_programs, require_plain_types, require_readable
from vaka.scanning.refusing import FileRefusedError, Reason

LONGEST_NAME = 150
"""Characters."""
_TEXT_CONTROLS = frozenset("\t\n\r")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    media_type: str
    suffixes: tuple[str, ...]


PDF = Kind("application/pdf", (".pdf",))
PNG = Kind("image/png", (".png",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
TEXT = Kind("text/plain", (".txt",))
CSV = Kind("text/csv", (".csv",))
_OOXML = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
OFFICE: Mapping[str, Kind] = {
    "word/document.xml": Kind(f"{_OOXML}.wordprocessingml.document", (".docx",)),
    "xl/workbook.xml": Kind(f"{_OOXML}.spreadsheetml.sheet", (".xlsx",)),
    "ppt/presentation.xml": Kind(f"{_OOXML}.presentationml.presentation", (".pptx",)),
}
"""By the member that such a document has."""
OPEN: Mapping[bytes, Kind] = {
    f"{_OPEN}.{name}".encode(): Kind(f"{_OPEN}.{name}", (suffix,))
    for name, suffix in (("text", ".odt"), ("spreadsheet", ".ods"), ("presentation", ".odp"))
}
"""By what the member ``mimetype`` says."""
KINDS = (PDF, PNG, JPEG, TEXT, CSV, *OFFICE.values(), *OPEN.values())


def tell_kind(name: str, data: bytes) -> Kind:
    """Return what a file is. Raises FileRefusedError where it is nothing that is taken in, or its name disagrees."""
    kind = _kind_of(data, name.lower().endswith(CSV.suffixes))
    if not name.lower().endswith(kind.suffixes):
        raise FileRefusedError(Reason.NAME)
    return kind


def tidy_name(sent: str) -> str:
    """Return a name as it is shown. It is never a path: of one, only the last part is left. Raises FileRefusedError."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", sent)[-1]).strip()
    # Cc, Cf, Cs …: a mark that turns the direction of writing lets a program look like a document.
    if (
        not 0 < len(name) <= LONGEST_NAME
        or name.startswith(".")
        or any(unicodedata.category(one)[0] == "C" for one in name)
    ):
        raise FileRefusedError(Reason.NAME)
    return name


def _kind_of(data: bytes, says_table: bool) -> Kind:
    if data.startswith(b"PK\x03\x04"):
        return _document(read_members(data))
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]:
        if re.search(rb"/Encrypt\b", data):
            raise FileRefusedError(Reason.ENCRYPTED)
        if re.search(rb"/EmbeddedFiles?\b", data):
            raise FileRefusedError(Reason.ARCHIVE)
        return PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") and data.endswith(b"IEND\xaeB`\x82"):
        return PNG
    if data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        return JPEG
    if _is_text(data):
        return CSV if says_table else TEXT
    raise FileRefusedError(Reason.KIND)


def _document(members: Mapping[str, bytes]) -> Kind:
    require_no_programs(members)
    content_types = members.get(CONTENT_TYPES)
    if content_types is not None:
        require_plain_types(content_types)
        # What says that it is both is read by each office program as its own kind.
        found = [kind for member, kind in OFFICE.items() if member in members and "mimetype" not in members]
    else:
        found = [kind for kind in [OPEN.get(members.get("mimetype", b""))] if kind is not None]
        if found:
            require_readable(members)
    if len(found) != 1:
        raise FileRefusedError(Reason.KIND)
    return found[0]


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(one in _TEXT_CONTROLS or unicodedata.category(one) != "Cc" for one in set(text))

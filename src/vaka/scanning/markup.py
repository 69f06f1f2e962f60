# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""XML within documents, read without a document type and so without entities: every element with its attributes.

It is parsed, never searched for bytes: UTF-16 and character references spell the same words otherwise.
"""

from collections.abc import Callable, Mapping
from xml.parsers import expat

from vaka.scanning.refusing import FileRefusedError, Reason

_ENCODINGS = ("utf-8", "utf-16")
"""What every reader of XML knows (XML 1.0, 4.3.3); of another, two readers may make two things."""

See = Callable[[str, Mapping[str, str]], None]
"""Is shown an element's name and attributes, each name as ``namespace}local``, or ``local`` where it has none."""
SEPARATOR = "}"


def read_elements(content: bytes, see: See) -> None:
    """Show every element of a document. Raises FileRefusedError (ARCHIVE) where it is no XML or has a document type."""
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    parser.XmlDeclHandler = _declare
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = see
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise FileRefusedError(Reason.ARCHIVE) from None


def _declare(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding or "utf-8").lower() not in _ENCODINGS:
        _refuse()


def _refuse(*_said: object) -> None:
    raise FileRefusedError(Reason.ARCHIVE)


def local(name: str) -> str:
    """Return a name without its namespace, of which some readers know several spellings."""
    return name.rpartition(SEPARATOR)[2]

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a document of an office program says of its own parts: no macros, nothing fetched from elsewhere, no encryption.

A member's name alone tells little: a relationship makes a macro of any member, or of a file on another machine.
"""

import re
from collections.abc import Mapping

from vaka.scanning.markup import local, read_elements
from vaka.scanning.refusing import FileRefusedError, Reason

CONTENT_TYPES, MANIFEST = "[Content_Types].xml", "META-INF/manifest.xml"
_PROGRAMS = re.compile(r"(?i)(.*/)?(vba[a-z]*\.(bin|xml)|activex\d*\.(bin|xml)|oleobject\d*\.bin)|(basic|scripts)/.*")
"""Members that carry macros, controls or embedded objects."""
_PIECES = re.compile(r"(?i).*/\[\d+\](\.last)?\.piece")
"""Parts that are cut up (ECMA-376-2, interleaving): each piece says nothing."""
_PROGRAM_TYPES = ("macroenabled", "vbaproject", "macrosheet", "activex", "oleobject")
"""In a member's type."""
_PROGRAM_RELATIONS = frozenset(
    {"afchunk", "vbaproject", "wordvbadata", "control", "activexcontrolbinary", "oleobject", "xlmacrosheet",
     "xlintlmacrosheet"}
)  # fmt: skip
"""The last part of a relationship's type. An aFChunk is another document, of a kind that nobody looked at."""
_MACRO_ADDRESS = re.compile(r"(?i)\s*(vnd\.sun\.star\.script|macro|script):")
_PRESENTATION = "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"
_ACTIONS = frozenset(
    {"none", "previous-page", "next-page", "first-page", "last-page", "hide", "stop", "show", "fade-out", "sound"}
)
"""What a click in a presentation may do: another page, and nothing that runs."""


def require_no_programs(members: Mapping[str, bytes]) -> None:
    """Require that no member's name and no relationship is one of a program. Raises FileRefusedError."""
    for name, content in members.items():
        if _PROGRAMS.fullmatch(name):
            raise FileRefusedError(Reason.PROGRAM)
        if _PIECES.fullmatch(name):
            raise FileRefusedError(Reason.ARCHIVE)
        if name.lower().endswith(".rels"):
            read_elements(content, _require_near)


def require_plain_types(content_types: bytes) -> None:
    """Require of a package of Office Open XML that no member's type is one of a program. Raises FileRefusedError."""
    read_elements(content_types, _require_plain_type)


def require_readable(members: Mapping[str, bytes]) -> None:
    """Require of an OpenDocument that no member is encrypted and no event leads to a macro. Raises FileRefusedError.

    The flags of the ZIP say nothing of that: the manifest does, by member, or the whole is one member (ODF, part 2). A
    document that is encrypted and does not say so has content that is no XML.
    """
    if any(name.lower() == "encrypted-package" for name in members):
        raise FileRefusedError(Reason.ENCRYPTED)
    if MANIFEST not in members or "content.xml" not in members:
        raise FileRefusedError(Reason.KIND)
    read_elements(members[MANIFEST], _require_clear)
    for name, content in members.items():
        if name.rpartition("/")[2] in ("content.xml", "styles.xml"):
            read_elements(content, _require_no_macro)


def _require_near(name: str, attributes: Mapping[str, str]) -> None:
    """A link is followed by whoever clicks on it; all else that is elsewhere is fetched when the document is opened."""
    relation = attributes.get("Type", "").strip().rpartition("/")[2].lower()
    is_far = attributes.get("TargetMode", "Internal").strip().lower() != "internal"
    if local(name) == "Relationship" and (relation in _PROGRAM_RELATIONS or (is_far and relation != "hyperlink")):
        raise FileRefusedError(Reason.PROGRAM)


def _require_plain_type(_name: str, attributes: Mapping[str, str]) -> None:
    if any(one in attributes.get("ContentType", "").lower() for one in _PROGRAM_TYPES):
        raise FileRefusedError(Reason.PROGRAM)


def _require_clear(name: str, _attributes: Mapping[str, str]) -> None:
    if local(name) == "encryption-data":
        raise FileRefusedError(Reason.ENCRYPTED)


def _require_no_macro(name: str, attributes: Mapping[str, str]) -> None:
    leads = any(local(key) == "href" and _MACRO_ADDRESS.match(value) for key, value in attributes.items())
    turns = name == f"{_PRESENTATION}}}event-listener" and attributes.get(f"{_PRESENTATION}}}action") in _ACTIONS
    if leads or (local(name) == "event-listener" and not turns):
        raise FileRefusedError(Reason.PROGRAM)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""XML that issuers write, read strictly into a small tree. What is dangerous, or could be read in two ways, is refused.

Whoever verifies a signature and whoever reads what was signed are two parsers. So nothing is let through on which they
might differ: document types and entities, comments and instructions (which split a text), another encoding than UTF-8,
an identifier that stands twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from vaka.identity.reasons import Reason

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
XML = "http://www.w3.org/XML/1998/namespace"

LARGEST_DOCUMENT = 98_304  # bytes
MOST_ELEMENTS = 2_000
DEEPEST = 40
_SEPARATOR = "}"


class SamlRefusedError(Exception):
    """What an issuer wrote is not believed. Carries the reason, and nothing of what was written."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


@dataclass(slots=True)
class Element:
    """One element: its name as ``{namespace}local``, its attributes, what is in it."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = field(default="", repr=False)

    def all(self, namespace: str, local: str) -> list["Element"]:
        """Return the children of this name."""
        return [child for child in self.children if child.name == named(namespace, local)]

    def one(self, namespace: str, local: str, reason: Reason = Reason.RESPONSE_FORM) -> "Element":
        """Return the only child of this name. Raises SamlRefusedError where there are none or several."""
        found = self.all(namespace, local)
        if len(found) != 1:
            raise SamlRefusedError(reason)
        return found[0]

    def walk(self) -> Iterator["Element"]:
        """Yield this element and everything in it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def word(self) -> str:
        """Return the text of an element that holds nothing but text. Raises SamlRefusedError."""
        if self.children:
            raise SamlRefusedError(Reason.RESPONSE_FORM)
        return self.text.strip()


def named(namespace: str, local: str) -> str:
    """Return how a name is written in a tree."""
    return f"{{{namespace}}}{local}"


def read_xml(document: bytes) -> Element:
    """Return the root of a document. Raises SamlRefusedError (DOCUMENT_TYPE or RESPONSE_FORM)."""
    if not document or len(document) > LARGEST_DOCUMENT:
        raise SamlRefusedError(Reason.RESPONSE_FORM)
    reading = _Reading()
    try:
        document.decode("utf-8")  # which UTF-16 with its mark is not; expat would read it all the same
        reading.parser.Parse(document, True)
    except (expat.ExpatError, ValueError):
        raise SamlRefusedError(Reason.RESPONSE_FORM) from None
    root = reading.root
    if root is None:
        raise SamlRefusedError(Reason.RESPONSE_FORM)
    _require_unlike_identifiers(root)
    return root


class _Reading:
    """The parser and how far it has come."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        # The encoding is fixed: what a document says of it is only compared.
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declare
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type
        self.parser.EntityDeclHandler = self._refuse_document_type
        self.parser.CommentHandler = self._refuse
        self.parser.ProcessingInstructionHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add

    def _declare(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() != "utf-8":
            raise SamlRefusedError(Reason.RESPONSE_FORM)

    def _refuse_document_type(self, *_said: object) -> None:
        raise SamlRefusedError(Reason.DOCUMENT_TYPE)

    def _refuse(self, *_said: object) -> None:
        raise SamlRefusedError(Reason.RESPONSE_FORM)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST:
            raise SamlRefusedError(Reason.RESPONSE_FORM)
        element = Element(_written(name), {_written(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _add(self, text: str) -> None:
        self._open[-1].text += text


def _written(name: str) -> str:
    return f"{{{name}" if _SEPARATOR in name else name


def _require_unlike_identifiers(root: Element) -> None:
    """Refuse a document in which two elements have one identifier, however the attribute is spelt."""
    seen: set[str] = set()
    for element in root.walk():
        for name, value in element.attributes.items():
            if name.rpartition(_SEPARATOR)[2].lower() != "id":
                continue
            if value in seen or name.startswith(f"{{{XML}"):
                raise SamlRefusedError(Reason.SIGNATURE_FORM)
            seen.add(value)

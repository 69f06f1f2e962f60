# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the contract itself says of the 37 terms: data that an installation imports, beside our own words.

The file is plain text in UTF-8 as the contract's annex has it: a term begins where a line begins with its number, and
ends where the next one does. What comes before term 1 is left out.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import ConfigurationError

QUERIES = load_queries("vaka.assurance")
TERMS = 37
LARGEST_FILE = 1_000_000
"""Bytes."""
LONGEST_TEXT = 10_000
SHORTEST_SOURCE, LONGEST_SOURCE = 3, 200


@dataclass(frozen=True, slots=True)
class ContractText:
    """The contract's own words."""

    source: str
    """What the document calls itself."""
    digest: str
    """SHA-256 of the file, in hexadecimal."""
    texts: Sequence[str]
    """Of term 1, 2, …, 37."""
    imported_at: datetime | None = None

    def text_of(self, number: int) -> str:
        """Return what it says of a term; paragraphs are lines of their own."""
        return self.texts[number - 1]

    def as_json(self) -> bytes:
        """Return it as a file of JSON: where it is from, and what it says of each term by number."""
        texts = {str(number): text for number, text in enumerate(self.texts, start=1)}
        told = {"source": self.source, "sha256": self.digest, "terms": texts}
        return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def parse_contract(content: bytes, source: str) -> ContractText:
    """Read a file. Raises ConfigurationError where it is not one, or where a term is not found in it."""
    named = " ".join(source.split())
    if not SHORTEST_SOURCE <= len(named) <= LONGEST_SOURCE or not named.isprintable():
        raise ConfigurationError(
            f"Say with --source what the document calls itself, in {SHORTEST_SOURCE}-{LONGEST_SOURCE} characters."
        )
    if len(content) > LARGEST_FILE:
        raise ConfigurationError(f"The file is larger than {LARGEST_FILE} bytes: it is not the text of 37 terms.")
    try:
        text = unicodedata.normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigurationError("The file is not plain text in UTF-8: save it as that.") from error
    return ContractText(named, sha256(content).hexdigest(), [_tidy(one) for one in _split(text)])


def _split(text: str) -> list[str]:
    """Return what stands under each number. A line that begins with another number than the next is a line like any."""
    parts: list[list[str]] = []
    for line in text.splitlines():
        begins = re.match(rf"\s*{len(parts) + 1}[.)]?(?:\s+|$)", line) if len(parts) < TERMS else None
        if begins:
            parts.append([line[begins.end() :]])
        elif parts:
            parts[-1].append(line)
    if len(parts) < TERMS:
        raise ConfigurationError(
            f"Term {len(parts) + 1} is not found: no line after term {len(parts)} begins with its number."
        )
    return ["\n".join(part) for part in parts]


def _tidy(text: str) -> str:
    """Return a term's paragraphs, a line each. Raises ConfigurationError where there is none, or far too much."""
    paragraphs = [" ".join(one.split()) for one in re.split(r"\n\s*\n", text.strip())]
    told = "\n".join(one for one in paragraphs if one)
    if not told or len(told) > LONGEST_TEXT:
        raise ConfigurationError(
            f"A term has {len(told)} characters of text, and may have 1-{LONGEST_TEXT}: look at how the file is "
            "divided."
        )
    if any(unicodedata.category(one) in ("Cc", "Co", "Cn") for one in told if one != "\n"):
        raise ConfigurationError("The file holds characters that are no text: save it as plain text in UTF-8.")
    return told


async def import_contract(
    connection: Connection, contract: ContractText, content: bytes, *, actor: str, now: datetime
) -> bool:
    """Keep a contract's words with their file and tell of it (as setup); return whether they are others than before."""
    values = {
        "id": uuid4(), "source": contract.source, "file": content, "texts": list(contract.texts),
        "actor": actor, "at": now,
    }  # fmt: skip
    row = await (await connection.execute(QUERIES["import_contract"], values)).fetchone()
    return row is not None and bool(row[0])


async def read_contract(connection: Connection) -> ContractText | None:
    """Return the words that are shown; None where none were imported, or the log tells of others (as portal, office or
    setup).
    """
    row = await (await connection.execute(QUERIES["read_contract"])).fetchone()
    return None if row is None else ContractText(row[0], row[1], row[2], row[3])

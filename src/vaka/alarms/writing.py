# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What operators write by hand, made fit to be stored."""

from vaka.alarms.conflicts import UnusableActError
from vaka.alarms.model import LONGEST_TEXT


def clean_text(text: str, *, may_be_empty: bool = False) -> str:
    """Return ``text`` without outer blanks and with plain line ends.

    Raises UnusableActError where nothing is left, it is longer than LONGEST_TEXT, or it holds control characters.
    """
    cleaned = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not cleaned and not may_be_empty:
        raise UnusableActError(sv="Skriv något först.", en="Write something first.")
    if len(cleaned) > LONGEST_TEXT:
        raise UnusableActError(
            sv=f"Texten är för lång: {len(cleaned)} tecken, högst {LONGEST_TEXT}.",
            en=f"The text is too long: {len(cleaned)} characters, at most {LONGEST_TEXT}.",
        )
    if any(_cannot_be_stored(character) for character in cleaned):
        raise UnusableActError(
            sv="Texten innehåller tecken som inte går att spara.", en="The text holds characters that cannot be stored."
        )
    return cleaned


def _cannot_be_stored(character: str) -> bool:
    return (ord(character) < 32 and character not in "\n\t") or 0xD800 <= ord(character) <= 0xDFFF

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One error type for everything a person may be told about.

A :class:`VakaError` carries a category, which one place maps to HTTP statuses and exit codes, and a sentence for the
user in both languages. Anything else that is raised is our own bug and is shown as "internal", without detail.
"""

from dataclasses import dataclass
from enum import Enum


class Category(Enum):
    """What kind of refusal it is; the value is stable and appears in logs."""

    INVALID = "invalid"
    """The request makes no sense as given."""
    UNAUTHENTICATED = "unauthenticated"
    """Nobody is signed in, or the session has ended."""
    FORBIDDEN = "forbidden"
    """Signed in, but no rule allows it."""
    MISSING = "missing"
    """There is no such object, or the asker may not know that there is."""
    CONFLICT = "conflict"
    """Someone else was first, or the object is in another state."""
    UNAVAILABLE = "unavailable"
    """Something needed does not answer at the moment."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the user reads, in Swedish and in English: what happened and what to do."""

    sv: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the Swedish text for ``sv``, otherwise the English."""
        return self.sv if language == "sv" else self.en


class VakaError(Exception):
    """A refusal that is part of normal work. Never holds personal data or secrets."""

    def __init__(self, category: Category, sentence: Sentence) -> None:
        super().__init__(sentence.en)
        self.category = category
        self.sentence = sentence


class ConfigurationError(VakaError):
    """The configuration or the machine lacks something; the sentence says what to change."""

    def __init__(self, sentence: str) -> None:
        super().__init__(Category.INVALID, Sentence(sv=sentence, en=sentence))

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What users read, in both languages.

The English sentence stands in the template or the code; its Swedish stands in ``languages/sv.po``. The catalogue is
read at the start, so nothing has to be compiled at installation. A test proves that every text has its Swedish.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")
LANGUAGE_NAMES: dict[Language, str] = {"sv": "Svenska", "en": "English"}


@cache
def texts_in(language: Language) -> NullTranslations:
    """Return the catalogue of a language; English needs none, its sentences are the keys."""
    if language == "en":
        return NullTranslations()
    source = files("vaka.web").joinpath("languages", f"{language}.po").read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def mark(text: str) -> str:
    """Return ``text`` unchanged; marks it for the catalogue where it is looked up later by a variable."""
    return text

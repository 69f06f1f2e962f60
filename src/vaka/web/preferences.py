# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Language and theme, remembered in two cookies that say nothing of who uses them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from vaka.web.forms import Form
from vaka.web.texts import LANGUAGES, Language

Theme = Literal["dark", "light"]
THEMES: tuple[Theme, ...] = ("dark", "light")

LANGUAGE_COOKIE = "__Host-vaka-language"
THEME_COOKIE = "__Host-vaka-theme"
ONE_YEAR_SECONDS = 31_536_000


class PreferenceForm(Form):
    """A language, or a theme, and where to go on."""

    language: Language | None = None
    theme: Theme | None = None
    back: Annotated[str, Field(max_length=200)] = "/"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one browser wants its pages."""

    language: Language
    theme: Theme


def read_preferences(request: Request, account_language: str = "sv", usual_theme: Theme = "dark") -> Preferences:
    """Return what the browser remembers; else the account's language, and the theme of the place."""
    language = request.cookies.get(LANGUAGE_COOKIE, account_language)
    theme = request.cookies.get(THEME_COOKIE, usual_theme)
    if theme not in THEMES:
        theme = usual_theme
    return Preferences(
        language="en" if language == "en" else "sv",
        theme="light" if theme == "light" else "dark",
    )


def remember(response: Response, *, language: str | None, theme: str | None) -> None:
    """Let the browser remember a language, a theme, or both; unknown ones are ignored."""
    for name, value, known in ((LANGUAGE_COOKIE, language, LANGUAGES), (THEME_COOKIE, theme, THEMES)):
        if value is not None and value in known:
            response.set_cookie(
                name, value, max_age=ONE_YEAR_SECONDS, path="/", secure=True, httponly=True, samesite="lax"
            )

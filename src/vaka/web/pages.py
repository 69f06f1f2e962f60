# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Templates: everything is escaped, an unknown name is an error, each language has its own environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from vaka.clock import Clock
from vaka.web import times
from vaka.web.assets import Assets
from vaka.web.preferences import THEMES, Preferences
from vaka.web.texts import LANGUAGE_NAMES, LANGUAGES, Language, texts_in


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for the reader of the open page."""

    text: str
    tone: str = "trouble"
    """``trouble``, ``calm`` (another was first) or ``done``."""


class Pages:
    """Renders templates in the reader's language."""

    def __init__(self, assets: Assets, clock: Clock, names: Mapping[Language, Mapping[str, Any]] | None = None) -> None:
        """Prepare one environment per language; ``names`` are further things templates may call, per language."""
        self._clock = clock
        self._environments = {
            language: _environment(language, assets, (names or {}).get(language, {})) for language in LANGUAGES
        }

    def render(self, template: str, preferences: Preferences, /, **context: Any) -> str:
        """Return a template rendered for one reader."""
        environment = self._environments[preferences.language]
        return environment.get_template(template).render(preferences=preferences, now=self._clock.now(), **context)

    def block(self, template: str, name: str, language: Language, /, **context: Any) -> str:
        """Return what the macro ``name`` of a template makes of ``context``: a part that many readers share."""
        module = self._environments[language].get_template(template).module
        return str(getattr(module, name)(**context))


class _Compiled(BytecodeCache):
    """What templates were made into, in memory: environments differ in what names mean there, not in their code.

    So a page that was shown in one language need not be made ready a second time for the other.
    """

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if the very same text was made into it before."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def _environment(language: Language, assets: Assets, names: Mapping[str, Any]) -> Environment:
    environment = Environment(
        loader=PackageLoader("vaka.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=_COMPILED,
        extensions=["jinja2.ext.i18n"],
    )
    texts = texts_in(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        texts.gettext, texts.ngettext, newstyle=True, pgettext=texts.pgettext, npgettext=texts.npgettext
    )
    environment.globals.update(
        asset=assets.__getitem__,
        language=language,
        languages=LANGUAGES,
        language_names=LANGUAGE_NAMES,
        themes=THEMES,
        whole_time=times.whole_time,
        local_time=times.local_time,
        whole_minute=times.whole_minute,
        machine_time=times.machine_time,
        waited=times.waited,
        age_in_years=times.age_in_years,
        day_and_time=partial(_day_and_time, language),
        how_long=partial(times.how_long, language=language),
        milliseconds=lambda at: int(at.timestamp() * 1000),
        **names,
    )
    return environment


def _day_and_time(language: Language, at: datetime, now: datetime) -> str:
    return times.local_day_and_time(at, now, language)

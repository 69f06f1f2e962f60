# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every text a page can show has its Swedish, and the catalogue holds nothing else."""

import re
from importlib import import_module
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import vaka.receiver
import vaka.web
from vaka.alarms.technical import OFFLINE, RECEIVER_SILENT, SITE_SILENT
from vaka.receiver.counters import Counters
from vaka.receiver.reading import UNKNOWN_SENDER, UNREADABLE
from vaka.scaip.classes import Verdict, kind_names
from vaka.web.desk.words import ALL_NAMES, KINDS, STEPS
from vaka.web.texts import LANGUAGES, texts_in

ROOT = Path(vaka.web.__path__[0])
PLACEHOLDER = re.compile(r"%\(\w+\)s")

Text = str | tuple[str, ...]


def used_texts() -> set[Text]:
    """Every text that templates and code mark for the catalogue."""
    found = extract_from_dir(
        ROOT,
        method_map=[("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")],
        options_map={"**/templates/**.html": {"trim_blocks": "true", "silent": "false", "newstyle_gettext": "true"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "mark": None},
    )
    return {message for _, _, message, _, _ in found}


def swedish() -> dict[Text, Text]:
    """The catalogue."""
    catalogue = read_po(BytesIO(files("vaka.web").joinpath("languages", "sv.po").read_bytes()), locale="sv")
    return {_text(message.id): _text(message.string) for message in catalogue if message.id}


def _text(found: object) -> Text:
    return tuple(str(one) for one in found) if isinstance(found, list | tuple) else str(found or "")


def test_every_text_has_its_swedish() -> None:
    known = swedish()
    assert sorted(map(str, used_texts() - known.keys())) == []
    for text, translated in known.items():
        variants = translated if isinstance(translated, tuple) else (translated,)
        assert all(variants), f"{text} has no Swedish"


def test_the_catalogue_holds_nothing_that_is_not_used() -> None:
    assert sorted(map(str, swedish().keys() - used_texts())) == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    for text, translated in swedish().items():
        wanted = set(PLACEHOLDER.findall(" ".join(text) if isinstance(text, tuple) else text))
        for variant in translated if isinstance(translated, tuple) else (translated,):
            assert set(PLACEHOLDER.findall(variant)) == wanted, text


def test_nothing_is_shouted() -> None:
    """Sentence case, no exclamation marks."""
    for text, translated in swedish().items():
        assert "!" not in f"{text} {translated}"


def given_kinds() -> set[str]:
    """Every kind a stored message or an alarm can have: of the rules, of the receiver itself, and of supervision."""
    modules = [import_module(f"vaka.receiver.{module.name}") for module in iter_modules(vaka.receiver.__path__)]
    verdicts = [value for module in modules for value in vars(module).values() if isinstance(value, Verdict)]
    assert {UNREADABLE, UNKNOWN_SENDER} <= set(verdicts)
    return {verdict.kind for verdict in verdicts} | kind_names().keys() | {OFFLINE, SITE_SILENT, RECEIVER_SILENT}


@pytest.mark.parametrize("kind", sorted(given_kinds()))
def test_every_kind_of_alarm_has_a_name(kind: str) -> None:
    for language in LANGUAGES:
        text = KINDS[kind].sv if language == "sv" else KINDS[kind].en
        shown = text[0].upper() + text[1:]
        assert ALL_NAMES[language]["kind_word"](kind) == shown
        assert ALL_NAMES[language]["kinds_word"](SimpleNamespace(kind=kind, latest_kind=kind)) == shown


def test_no_kind_is_named_that_nothing_has() -> None:
    assert set(KINDS) == given_kinds()


def test_every_step_a_message_can_make_has_its_words() -> None:
    """What ``accept_messages`` answers is the step it writes into the alarm's history; a trial alarm has none."""
    (family,) = Counters().stored.collect()
    outcomes = {sample.labels["outcome"] for sample in family.samples}
    assert "joined" in outcomes
    assert outcomes - {"stored", "repeat", "tried"} <= STEPS.keys()


def test_a_word_nobody_translated_is_shown_all_the_same() -> None:
    assert ALL_NAMES["sv"]["kind_word"]("new_thing") == "New thing"
    assert ALL_NAMES["sv"]["step_word"]("new_step") == "New step"


def test_what_opened_an_alarm_is_not_lost_behind_what_joined_it() -> None:
    class Fallen:
        kind, latest_kind = "fall", "button"

    assert ALL_NAMES["sv"]["kinds_word"](Fallen) == "Fall + larmknapp"


def test_plural_forms() -> None:
    assert texts_in("sv").ngettext("%(count)s alarm", "%(count)s alarms", 3) == "%(count)s larm"
    assert texts_in("en").ngettext("%(count)s alarm", "%(count)s alarms", 1) == "%(count)s alarm"

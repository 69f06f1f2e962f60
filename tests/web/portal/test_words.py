# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything the log can say is said in plain words, in both languages, and belongs where it is looked for."""

import pytest

from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.web.portal.event_words import EVENTS, GROUPS
from vaka.web.portal.fact_words import FACTS
from vaka.web.portal.words import ACTORS, ALL_NAMES, KINDS, REASONS
from vaka.web.texts import LANGUAGES


@pytest.mark.parametrize("event", Event, ids=lambda event: event.value)
def test_every_event_has_its_words(event: Event) -> None:
    for language in LANGUAGES:
        assert ALL_NAMES[language]["event_word"](event.value) not in ("", event.value)


def test_no_word_is_of_an_event_that_cannot_be() -> None:
    assert set(EVENTS) == {event.value for event in Event}


def test_every_event_is_in_one_group() -> None:
    grouped = [name for _, events in GROUPS.values() for name in events]
    assert sorted(grouped) == sorted(EVENTS)
    assert all("." not in name for name in GROUPS), "a group is never taken for an event"


def test_no_two_events_read_the_same() -> None:
    for language in LANGUAGES:
        words = [ALL_NAMES[language]["event_word"](name) for name in EVENTS]
        assert len(set(words)) == len(words)


def test_everything_that_an_entry_may_say_has_its_words() -> None:
    for about in CATALOGUE.values():
        assert set(about.object) <= set(KINDS)
        assert set(about.beside) <= set(FACTS)
        assert set(about.by) <= {*ACTORS, *KINDS}


def test_what_nobody_put_into_words_is_shown_all_the_same() -> None:
    for language in LANGUAGES:
        assert ALL_NAMES[language]["event_word"]("new.thing") == "new.thing"
        assert ALL_NAMES[language]["role_word"]("new_role") == "new_role"
    assert ALL_NAMES["sv"]["number"](1234567) == "1\u00a0234\u00a0567"
    assert all(len(code) <= 20 for code in REASONS)

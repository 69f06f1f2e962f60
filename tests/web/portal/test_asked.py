# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the fields of an address mean: local times, bounded stretches, and nothing personal in what the log is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from tests.conftest import START
from vaka.errors import VakaError
from vaka.ledger.search import Place
from vaka.web.portal.asked import (
    FIRST_STRETCH,
    LONGEST_STRETCH,
    AskedForm,
    ObjectError,
    StretchError,
    tell_place,
    understand,
)
from vaka.web.portal.event_words import GROUPS
from vaka.web.times import LOCAL

PERSON = UUID(int=7)
MINUTE = timedelta(minutes=1)


def ask(**fields: Any) -> AskedForm:
    return AskedForm.model_validate({name.removesuffix("_"): value for name, value in fields.items()})


STRETCHES = [
    ({}, START + MINUTE - FIRST_STRETCH, START + MINUTE),
    ({"from": "2026-03-01T00:00"}, datetime(2026, 2, 28, 23, tzinfo=UTC), START + MINUTE),
    # The last minute counts whole.
    (
        {"from": "2026-03-01T00:00", "to": "2026-03-01T00:00"},
        datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 2, 28, 23, 1, tzinfo=UTC),
    ),
    # An hour that comes twice is searched from its first to its second time.
    (
        {"from": "2025-10-26T02:30", "to": "2025-10-26T02:30"},
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 31, tzinfo=UTC),
    ),
    # An hour that does not come at all.
    (
        {"from": "2025-03-30T02:30", "to": "2025-03-30T03:30"},
        datetime(2025, 3, 30, 1, 30, tzinfo=UTC), datetime(2025, 3, 30, 1, 31, tzinfo=UTC),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "since", "until"), STRETCHES)
def test_times_are_local(fields: dict[str, str], since: datetime, until: datetime) -> None:
    asked = understand(AskedForm.model_validate(fields), START)
    assert (asked.since, asked.until) == (since, until)


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "2026-03-02T00:00", "to": "2026-03-01T00:00"},
        {"from": "2025-01-01T00:00"},
        {"from": "1999-12-31T00:00", "to": "2000-01-02T00:00"},
        {"from": "2026-03-01"[:4]},
        {"from": "yesterday"},
        {"from": "2026-03-01T00:00Z"},
        {"to": "9999-12-31T23:59"},
        {"to": "2028-01-01T00:00", "from": "2027-12-01T00:00"},
        {"from": "9001-01-01T00:00"},
    ],
)
def test_other_stretches_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(StretchError):
        understand(AskedForm.model_validate(fields), START)


def test_the_longest_stretch_is_a_year() -> None:
    first = (START - LONGEST_STRETCH).astimezone(LOCAL)
    assert understand(ask(from_=f"{first:%Y-%m-%dT%H:%M}"), START).since == START - LONGEST_STRETCH
    with pytest.raises(StretchError):
        understand(ask(from_=f"{first - MINUTE:%Y-%m-%dT%H:%M}"), START)


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "alarm read"}, {"event": "x" * 81}, {"outcome": "maybe"}, {"actor": "account: 1"},
        {"actor": "Karin Holmgren"}, {"person": "Karin"}, {"before": "x"}, {"before": "1"}, {"before": "-1.1"},
        {"before": f"{'9' * 17}.1"}, {"unknown": "1"}, {"first": "2026-03-01T00:00"}, {"object": "x" * 201},
    ],
)  # fmt: skip
def test_what_is_no_identifier_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AskedForm.model_validate(fields)


@pytest.mark.parametrize("thing", ["Karin Holmgren", "alarm", "alarm:", ":1", "alarm:a b", "Alarm:1", "alarm:å"])
def test_an_object_is_written_as_in_the_log(thing: str) -> None:
    with pytest.raises(ObjectError):
        understand(ask(object=thing), START)


def test_what_the_log_is_told_holds_no_text_that_somebody_typed() -> None:
    typed = understand(ask(object="person:19121212-Tolvansson", person=str(PERSON), actor="device"), START)
    assert typed.facts["object"] == "other"
    assert "Tolvansson" not in str(typed.facts)
    assert typed.facts["person"] == str(PERSON)
    for field in ("event", "actor"):
        word = {"event": "karin_holmgren.ringde", "actor": "x:Karin.Holmgren-191212129809"}[field]
        assert understand(ask(**{field: word}), START).facts[field] == "other"
    asked = understand(ask(event="alarm.read", actor=f"account:{PERSON}"), START).facts
    assert (asked["event"], asked["actor"]) == ("alarm.read", f"account:{PERSON}")
    known = understand(ask(object=f"alarm:{PERSON}"), START)
    assert known.facts["object"] == f"alarm:{PERSON}"
    assert set(known.facts) == {"from", "to", "object"}


def test_a_group_is_all_its_events() -> None:
    wanted = understand(ask(event="reading"), START).wanted(None)
    assert wanted.events == GROUPS["reading"][1]
    assert understand(ask(event="alarm.read"), START).wanted(None).events == ("alarm.read",)
    assert understand(ask(), START).wanted(None).events is None


def test_an_address_keeps_the_question_and_leaves_the_page() -> None:
    asked = understand(ask(event="reading", actor="device", from_="2026-03-10T00:00", before="17.4"), START)
    assert asked.is_narrowed
    assert asked.before == Place(datetime(1970, 1, 1, 0, 0, 0, 17, tzinfo=UTC), 4)
    assert asked.address("/log") == "/log?from=2026-03-10T00%3A00&event=reading&actor=device"
    assert asked.address("/log", event="") == "/log?from=2026-03-10T00%3A00&actor=device"
    assert understand(ask(), START).address("/log") == "/log"
    assert not understand(ask(from_="2026-03-10T00:00"), START).is_narrowed


@pytest.mark.parametrize("place", [Place(START, 0), Place(START + timedelta(microseconds=1), 10**15)])
def test_a_place_is_told_to_the_microsecond(place: Place) -> None:
    assert understand(ask(before=tell_place(place)), START).before == place


def test_every_refusal_says_that_nothing_was_read() -> None:
    for error in (StretchError(), ObjectError()):
        assert isinstance(error, VakaError)
        assert "Inget har lästs." in error.sentence.sv
        assert "Nothing was read." in error.sentence.en

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The lowest layer: clock, identifiers, errors and logs, which everything else leans on."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import structlog
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vaka.clock import LARGEST_ERROR_MICROSECONDS, SystemClock, TurnedClock, read_clock_state
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.logs import ALLOWED_FIELDS, configure_logs, describe_error

NIGHT = datetime(2026, 3, 14, 1, 59, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Microseconds from 1970 to the end of Python's calendar; 48 bits of milliseconds would last to the year 10889.
LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
MOMENTS = st.integers(min_value=0, max_value=LAST).map(lambda number: EPOCH + timedelta(microseconds=number))


def test_clock_of_the_machine_is_aware_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now() <= clock.now()
    assert clock.monotonic() <= clock.monotonic()


@pytest.mark.parametrize(
    ("answer", "status", "largest_error", "state"),
    [
        (0, 0x2001, 5_000, "synchronised"),
        (0, 0x2001, LARGEST_ERROR_MICROSECONDS, "synchronised"),
        (0, 0x2001, LARGEST_ERROR_MICROSECONDS + 1, "unsynchronised"),  # nobody has corrected it for half an hour
        (5, 0x2001, 5_000, "unsynchronised"),
        (0, 0x40, 5_000, "unsynchronised"),
        (5, 0x40, 16_000_000, "unsynchronised"),  # as it is after the machine has started
        (-1, 0, 0, "unknown"),  # the kernel does not let us ask
    ],
)
def test_state_of_the_clock_is_what_the_kernel_says(answer: int, status: int, largest_error: int, state: str) -> None:
    def adjust(asked: Any) -> int:
        assert asked.modes == 0, "it is asked, and never set"
        asked.status, asked.maxerror = status, largest_error
        return answer

    assert read_clock_state(adjust) == state


@pytest.mark.parametrize("error", [OSError, AttributeError, TypeError])
def test_state_of_a_clock_that_cannot_be_asked_is_unknown(error: type[Exception]) -> None:
    def adjust(asked: object) -> int:
        raise error

    assert read_clock_state(adjust) == "unknown"


def test_state_of_this_machines_clock_is_one_of_the_three() -> None:
    assert read_clock_state() in ("synchronised", "unsynchronised", "unknown")


def test_turned_clock_stands_until_it_is_turned() -> None:
    clock = TurnedClock(NIGHT)
    assert (clock.now(), clock.monotonic()) == (NIGHT, 0.0)
    clock.turn(90.5)
    assert (clock.now(), clock.monotonic()) == (NIGHT + timedelta(seconds=90.5), 90.5)


def test_turned_clock_tells_utc_wherever_it_was_set() -> None:
    there = NIGHT.astimezone(timezone(timedelta(hours=2)))
    assert TurnedClock(there).now().utcoffset() == timedelta(0)


def test_turned_clock_refuses_what_would_lie() -> None:
    with pytest.raises(ValueError, match="zone"):
        TurnedClock(datetime(2026, 3, 14))  # noqa: DTZ001
    with pytest.raises(ValueError, match="forward"):
        TurnedClock(NIGHT).turn(-1)


@example(EPOCH + timedelta(seconds=1, milliseconds=1), b"\0" * 10)  # 1000.9999999999999 as a float
@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_identifier_is_a_uuid_of_version_7_with_its_time(moment: datetime, chance: bytes) -> None:
    made = new_identifier(moment, lambda size: chance[:size])
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == (moment - EPOCH) // timedelta(milliseconds=1)


@example(EPOCH + timedelta(seconds=1), EPOCH + timedelta(seconds=1, milliseconds=1))
@given(MOMENTS, MOMENTS)
def test_identifiers_sort_by_their_milliseconds(one: datetime, other: datetime) -> None:
    """Whatever chance adds. Those of one millisecond are in no order, and nothing counts on one."""
    earlier, later = sorted((one, other))
    assume(later - earlier >= timedelta(milliseconds=1))
    assert new_identifier(earlier, lambda size: b"\xff" * size) < new_identifier(later, bytes)


def test_identifier_of_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        new_identifier(datetime(2026, 3, 14))  # noqa: DTZ001


def test_identifiers_of_one_moment_differ() -> None:
    assert len({new_identifier(NIGHT) for _ in range(1000)}) == 1000


def test_sentence_is_given_in_the_readers_language() -> None:
    sentence = Sentence(sv="Larmet är taget.", en="The alarm is taken.")
    assert sentence.in_language("sv") == "Larmet är taget."
    assert sentence.in_language("en") == "The alarm is taken."
    assert sentence.in_language("fi") == "The alarm is taken."


def test_error_is_its_sentence() -> None:
    error = VakaError(Category.CONFLICT, Sentence(sv="Upptaget.", en="Taken."))
    assert str(error) == "Taken."
    assert error.category is Category.CONFLICT
    assert isinstance(ConfigurationError("x"), VakaError)


def test_categories_are_named_once() -> None:
    assert len({category.value for category in Category.__members__.values()}) == len(Category.__members__)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs("tested", "tested-1", stream=stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_line_is_json_with_who_and_when(log: io.StringIO) -> None:
    structlog.get_logger().info("listening", port=5060)
    line = json.loads(log.getvalue())
    assert line["event"] == "listening"
    assert line["port"] == 5060
    assert line["process"] == "tested"
    assert line["instance"] == "tested-1"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_field_off_the_list_is_dropped_and_only_its_name_is_told(log: io.StringIO) -> None:
    structlog.get_logger().warning("refused", name="Agda Ek", phone="070-1740605", reason="digest")
    line = json.loads(log.getvalue())
    assert line["dropped_fields"] == ["name", "phone"]
    assert "Agda" not in log.getvalue()
    assert "1740605" not in log.getvalue()


def test_list_of_fields_has_no_room_for_people() -> None:
    telling = ("name", "phone", "person", "body", "text", "content", "number", "sender", "cid", "token", "password")
    assert [field for field in ALLOWED_FIELDS for word in telling if word in field] == []


def test_unexpected_error_is_described_without_its_message() -> None:
    def fail() -> None:
        raise ValueError("Agda Ek, 070-1740605")

    try:
        fail()
    except ValueError as error:
        described = describe_error(error)
    assert described["error_type"] == "ValueError"
    assert "fail" in described["where"]
    assert "Agda" not in str(described)


def test_error_that_was_never_raised_is_described_too() -> None:
    assert describe_error(KeyError("Agda")) == {"error_type": "KeyError", "where": ""}

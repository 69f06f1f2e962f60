# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is written before it is sealed is read back as it was, and nothing else is read."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.crypto.aead import UnopenableError
from vaka.keys.values import FORMS, Form, read_value, write_value

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: dict[Form, st.SearchStrategy[Any]] = {
    "text": WORDS,
    "date": st.dates(),
    "moment": st.datetimes(timezones=st.just(UTC)),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "words": st.lists(WORDS),
    "flag": st.booleans(),
    "bytes": st.binary(max_size=200),
}


@given(st.sampled_from(FORMS).flatmap(lambda form: st.tuples(st.just(form), VALUES[form])))
def test_what_was_written_is_read(told: tuple[Form, Any]) -> None:
    form, value = told
    assert read_value(form, write_value(form, value)) == value


@pytest.mark.parametrize(
    ("form", "nothing"), [("text", ""), ("date", None), ("moment", None), ("number", None), ("words", []),
                          ("flag", False), ("bytes", b"")],
)  # fmt: skip
def test_what_is_not_there_is_nothing_of_its_form(form: Form, nothing: object) -> None:
    assert read_value(form, write_value(form, None)) == nothing


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("text", 1), ("text", b"x"), ("date", "2026-01-01"), ("date", datetime(2026, 1, 1, tzinfo=UTC)),
        ("moment", date(2026, 1, 1)), ("moment", datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)),
        ("number", True), ("number", "1"),
        ("words", "dog"), ("words", ["dog", 1]), ("flag", 1), ("flag", "yes"), ("bytes", "x"),
    ],
)  # fmt: skip
def test_what_is_of_another_form_is_not_written(form: Form, value: object) -> None:
    with pytest.raises(TypeError):
        write_value(form, value)


@given(st.sampled_from(FORMS), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(form: Form, written: bytes) -> None:
    try:
        read_value(form, written)
    except UnopenableError:
        return

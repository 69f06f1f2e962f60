# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Leaves: one spelling, pinned; whatever else is no leaf."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import is_refused
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.leaves import Leaf, flatten, parse_leaf
from vaka.ledger.tiles import LARGEST_ENTRY

TEXT = st.characters(codec="utf-8")
AT = datetime(2026, 3, 14, 1, 59, 0, 5, tzinfo=UTC)
LEAF = Leaf(
    id=7, at=AT, event="alarm.taken", actor="account:1", object="alarm:åäö", outcome="success",
    written_by="vaka_t_prov_desk", written_at=AT + timedelta(seconds=1), source="64f-1a", number=3,
    detail={"b": "text", "a": -5},
)  # fmt: skip
ENCODED = (
    '{"actor":"account:1","at":"2026-03-14T01:59:00.000005Z","clock":"unknown","detail":{"a":-5,"b":"text"},'
    '"event":"alarm.taken","id":7,"number":3,"object":"alarm:åäö","outcome":"success","source":"64f-1a","v":1,'
    '"written_at":"2026-03-14T01:59:01.000005Z","written_by":"vaka_t_prov_desk"}'
)


def changed(**fields: Any) -> bytes:
    """The leaf above with some fields others, as compact and sorted as itself."""
    return json.dumps(
        {**json.loads(ENCODED), **fields}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def test_leaf_is_these_bytes_for_ever() -> None:
    assert LEAF.encode().decode() == ENCODED
    assert parse_leaf(ENCODED.encode()) == LEAF


def test_time_is_written_in_utc_whatever_zone_it_came_in() -> None:
    there = timezone(timedelta(hours=2))
    moved = Leaf(**{name: getattr(LEAF, name) for name in Leaf.__slots__} | {"at": AT.astimezone(there)})
    assert moved.encode() == LEAF.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b"[" * 60_000, b"1" * 5000,
        ENCODED.encode() + b"\n",
        b" " + ENCODED.encode(),
        ENCODED.replace('"v":1', '"v":2').encode(),
        ENCODED.replace('"v":1', '"v":1.0').encode(),
        ENCODED.replace('"v":1', '"v":true').encode(),
        ENCODED.replace('"id":7', '"id":7,"id":7').encode(),
        ENCODED.replace('"id":7', '"id":"7"').encode(),
        ENCODED.replace('"id":7', '"id":07').encode(),
        ENCODED.replace('"id":7', '"id":-0').encode(),
        ENCODED.replace('"id":7', f'"id":{2**63}').encode(),
        ENCODED.replace('"number":3', f'"number":{2**63}').encode(),
        ENCODED.replace("å", "\\u00e5").encode(),
        ENCODED.replace("å", "\\ud800").encode(),
        ENCODED.replace("-5", "-5.0").encode(),
        ENCODED.replace("-5", "NaN").encode(),
        ENCODED.replace("-5", "null").encode(),
        ENCODED.replace("-5", "false").encode(),
        ENCODED.replace("-5", "{}").encode(),
        ENCODED.replace("-5", str(2**63)).encode(),
        ENCODED.replace("05Z", "05+00:00").encode(),
        ENCODED.replace("2026-03-14T01:59:00", "2026-02-30T01:59:00").encode(),
        ENCODED.replace('"a":-5,"b":"text"', '"b":"text","a":-5').encode(),
        changed(extra="field"),
        changed(object="x" * 1001),
        changed(detail={"x": "y" * LARGEST_ENTRY}),
    ],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes) -> None:
    assert is_refused(LedgerFault.LEAF, parse_leaf, data)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_a_leaf_or_the_one_exception(data: bytes) -> None:
    with suppress(LedgerError):
        assert parse_leaf(data).encode() == data


@given(
    text=st.text(TEXT, max_size=60),
    number=st.integers(-(2**63), 2**63 - 1),
    detail=st.dictionaries(
        st.text(TEXT, max_size=9),
        st.text(TEXT, max_size=30) | st.integers(-(2**63), 2**63 - 1),
        max_size=5,
    ),
)
def test_whatever_a_row_holds_is_read_back(text: str, number: int, detail: dict[str, str | int]) -> None:
    leaf = Leaf(
        id=number, at=AT, event="alarm.read", actor=text, object=text, outcome="failure", written_by=text,
        written_at=AT, source=text, number=number, detail=detail,
    )  # fmt: skip
    assert parse_leaf(leaf.encode()) == leaf


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({}, {}),
        ({"a": "b", "c": 1}, {"a": "b", "c": 1}),
        ({"yes": True, "no": False, "nothing": None}, {"yes": "true", "no": "false"}),
        ({"part": 1.5, "list": [1, "å"], "deep": {"b": 1, "a": None}},
         {"part": "1.5", "list": '[1,"å"]', "deep": '{"a":null,"b":1}'}),
        ({"tiny": [1e-300]}, {"tiny": '["1e-300"]'}),
        ({"most": 2**63 - 1, "least": -(2**63)}, {"most": 2**63 - 1, "least": -(2**63)}),
        ({"huge": 2**63, "small": -(2**63) - 1}, {"huge": str(2**63), "small": str(-(2**63) - 1)}),
        ([1], {"value": "[1]"}),
        (None, {"value": "null"}),
    ],
)  # fmt: skip
def test_detail_becomes_flat(detail: object, expected: dict[str, str | int]) -> None:
    assert flatten(json.dumps(detail)) == expected


@pytest.mark.parametrize("text", ['{"a":' + "9" * 9999 + "}", '{"a":' + "1" * 9999 + ".5}", "[" * 9999 + "]" * 9999])
def test_detail_beyond_what_python_reads_is_kept_as_text(text: str) -> None:
    (value,) = flatten(text).values()
    assert str(value) in text
    assert len(str(value)) >= 9999


def test_oversize_is_replaced_by_its_hash() -> None:
    """Nobody can hold up the log with an entry that is larger than any."""
    huge = Leaf(
        id=1, at=AT, event="\1" * 70_000, actor="å" * 70_000, object="\1" * 1000, outcome="success", written_by="x",
        written_at=AT, source="\1" * 1000, number=1, detail={"\1" * 70_000: "å" * 70_000},
    )  # fmt: skip
    data = huge.encode()
    assert len(data) <= LARGEST_ENTRY
    leaf = parse_leaf(data)
    assert set(leaf.detail) == {"bytes", "sha256"}
    assert leaf.actor.startswith("sha256:")

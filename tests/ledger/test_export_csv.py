# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The table reads back as it was, opens rightly where it is opened, and calculates nothing."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.test_export_ocsf import LEAF
from vaka.ledger.export_csv import COLUMNS, guard, write_csv, write_heading
from vaka.ledger.leaves import Leaf

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def read(*leaves: Leaf) -> list[dict[str, str]]:
    """Read a whole file as a program would."""
    data = write_heading() + b"".join(write_csv(index, leaf, STOCKHOLM) for index, leaf in enumerate(leaves))
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_the_table_reads_back() -> None:
    [row] = read(LEAF)
    assert tuple(row) == COLUMNS
    assert row["index"] == "0"
    assert row["happened_local"] == "2026-03-14 02:59:00.000+01:00"
    assert datetime.fromisoformat(row["happened_utc"]) == LEAF.at
    assert (row["event"], row["actor"], row["object"]) == (LEAF.event, LEAF.actor, LEAF.object)
    assert json.loads(row["detail"]) == dict(LEAF.detail)
    assert (row["source"], row["number"], row["id"]) == (LEAF.source, "12", "41")


def test_a_swedish_excel_opens_it_rightly() -> None:
    assert write_heading().startswith(b"\xef\xbb\xbfindex;happened_local;")
    assert write_heading().endswith(b"\r\n")
    assert write_csv(1, replace(LEAF, object="å"), STOCKHOLM).decode().endswith("\r\n")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = (
        read(replace(LEAF, at=datetime(2026, 10, 25, hour, 30, tzinfo=UTC)))[0]["happened_local"] for hour in (0, 1)
    )
    assert (first, second) == ("2026-10-25 02:30:00.000+02:00", "2026-10-25 02:30:00.000+01:00")


@pytest.mark.parametrize(
    "cell", ["=1+1", "+46", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "'", "=cmd|'/c calc'!A1"]
)
def test_a_spreadsheet_calculates_nothing(cell: str) -> None:
    [row] = read(replace(LEAF, object=cell, actor=cell, event=cell))
    for name in ("object", "actor", "event"):
        assert row[name] == f"'{cell}"
    assert row["index"] == "0"


@pytest.mark.parametrize("cell", ["", "alarm:1", "a=b", "1-2", " =1"])
def test_what_is_harmless_is_left_alone(cell: str) -> None:
    assert guard(cell) == cell


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40))
def test_any_text_reads_back_and_begins_no_formula(text: str) -> None:
    [row, other] = read(replace(LEAF, object=text), LEAF)
    shown = row["object"]
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert (shown[1:] if shown.startswith("'") else shown) == text
    assert other["object"] == LEAF.object

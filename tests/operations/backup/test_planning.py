# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is due, how long it is kept, what counts as compared: all pure."""

from datetime import timedelta

import pytest

from tests.conftest import START
from vaka.operations.backup.comparing import Compared, compare
from vaka.operations.backup.drilling import Drilled
from vaka.operations.backup.erasures import Replayed
from vaka.operations.backup.planning import Backup, Kind, count_days_kept, find_due
from vaka.operations.backup.repository import has_hole
from vaka.settings_backup import BackupSettings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USUAL = BackupSettings()


@pytest.mark.parametrize(
    ("places", "hole"),
    [((5, 6, 7), False), ((5,), False), ((1, 5, 6), False), ((5, 7), True), ((6, 7), True), ((), True), ((1, 2), True),
     ((5, *range(6, 300)), False), ((5, *range(7, 300)), True)],
)  # fmt: skip
def test_a_hole_of_the_archive_is_seen_by_the_names_of_its_segments(places: tuple[int, ...], hole: bool) -> None:
    """Whatever timeline they are of, and across the 256 that one file of the log has."""
    names = [f"{1 + (place > 250):08X}{place // 256:08X}{place % 256:08X}" for place in places]
    assert has_hole(names, "000000010000000000000005") is hole


@pytest.mark.parametrize(
    ("first", "second", "hole"),
    [((5, 6, 7), (8, 9), False), ((5, 6, 7, 8, 9), (8, 9), False), ((5, 6, 7, 8), (7, 9), True),
     ((5, 6, 7, 8), (7, 8), False), ((5, 7, 8), (7, 8), True), ((5, 6, 7, 8, 9), (7,), False)],
)  # fmt: skip
def test_what_a_timeline_wrote_after_another_began_closes_no_hole_of_that_one(
    first: tuple[int, ...], second: tuple[int, ...], hole: bool
) -> None:
    names = [f"{line:08X}00000000{place:08X}" for line, places in ((1, first), (2, second)) for place in places]
    assert has_hole(names, "000000010000000000000005") is hole


def made(kind: Kind, ago: timedelta) -> Backup:
    return Backup("x", kind, START - ago, START - ago, whole=True)


@pytest.mark.parametrize(
    ("backups", "due"),
    [
        ([], "full"),
        ([made("incr", HOUR)], "full"),
        ([made("full", 7 * DAY)], "full"),
        ([made("full", HOUR)], None),
        ([made("full", 25 * HOUR)], "diff"),
        ([made("full", 25 * HOUR), made("diff", HOUR)], None),
        ([made("full", 25 * HOUR), made("incr", HOUR)], "diff"),
        ([made("full", 7 * HOUR)], "incr"),
        ([made("full", 7 * HOUR), made("incr", HOUR)], None),
        ([made("full", 7 * DAY - timedelta(minutes=1))], "full"),
    ],
)
def test_the_largest_that_is_due_is_made(backups: list[Backup], due: Kind | None) -> None:
    assert find_due(backups, USUAL, START) == due


def test_nothing_is_anywhere_for_longer_than_whoever_is_erased_is_told() -> None:
    """The oldest full one goes when the next is old enough, and the site has what it was given some days more."""
    for kept in (17, 35, 3650):
        assert count_days_kept(kept, USUAL) + USUAL.full_days + USUAL.site_days < kept
    assert count_days_kept(1, USUAL) == 1


TABLE, OTHER = ("base", "vaka", "alarm"), ("base", "vaka", "note")


@pytest.mark.parametrize(
    ("after", "copy", "found"),
    [
        ({TABLE: (1, 5), OTHER: (2, 9)}, {TABLE: (1, 5), OTHER: (2, 9)}, Compared(2, 0, 0)),
        ({TABLE: (2, 7), OTHER: (2, 9)}, {TABLE: (9, 9), OTHER: (2, 9)}, Compared(1, 1, 0)),
        ({TABLE: (1, 5), OTHER: (2, 9)}, {TABLE: (1, 6), OTHER: (2, 9)}, Compared(2, 0, 1)),
        ({TABLE: (1, 5), OTHER: (2, 9)}, {}, Compared(2, 0, 2)),
    ],
    ids=["same", "changed meanwhile", "another row", "nothing"],
)
def test_what_stood_still_has_to_be_the_same(after: dict, copy: dict, found: Compared) -> None:  # type: ignore[type-arg]
    assert compare({TABLE: (1, 5), OTHER: (2, 9)}, after, copy) == found


@pytest.mark.parametrize(
    ("compared", "unsound", "wrong", "opened", "good"),
    [
        (Compared(50, 1, 0), 0, 0, 0, True),
        (Compared(50, 1, 1), 0, 0, 0, False),
        (Compared(0, 51, 0), 0, 0, 0, False),
        (Compared(50, 1, 0), 1, 0, 0, False),
        (Compared(50, 1, 0), 0, 1, 0, False),
        (Compared(50, 1, 0), 0, 0, 1, False),
    ],
)
def test_a_drill_is_good_where_nothing_at_all_is_otherwise(
    compared: Compared, unsound: int, wrong: int, opened: int, good: bool
) -> None:
    found = Drilled(60, 600, compared, unsound, 2, wrong, Replayed(1, opened, 1, 0))
    assert (found.is_good, found.facts["good"]) == (good, good)


def test_an_authority_has_what_was_agreed_with_it_and_the_others_what_holds_for_all() -> None:
    settings = BackupSettings.model_validate(
        {"agreed": [{"authority": "ekbacka", "point_minutes": 30, "time_minutes": 60}]}
    )
    assert settings.agreed_with("ekbacka") == (HOUR / 2, HOUR)
    assert settings.agreed_with("lillaby") == (HOUR / 4, 4 * HOUR)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every picture root store and key database can be found in: begun, settled, interrupted, or from another time."""

from uuid import UUID

import pytest

from vaka.keys.memory import Seen
from vaka.keys.settling import Beginning, Completion, RevivedStoreError, RootState, StoreState, judge

A = UUID(int=1)
B = UUID(int=2)


@pytest.mark.parametrize(
    ("root", "store", "seen", "expected"),
    [
        pytest.param(None, None, None, Beginning.MAKE_ROOT, id="nothing yet"),
        pytest.param((A, 0, (1,)), None, None, Beginning.WRITE_STORE, id="crash after the root was made"),
        pytest.param((A, 0, (1,)), (A, 1, 1), None, Completion(1, 1), id="crash before the root counts"),
        pytest.param((A, 1, (1,)), (A, 1, 1), None, Completion(1, 1), id="crash before it is remembered"),
        pytest.param((A, 4, (3,)), (A, 4, 3), (A, 4), Completion(3, 4), id="settled"),
        pytest.param((A, 4, (3, 4)), (A, 4, 3), (A, 4), Completion(3, 4), id="crash before the commit"),
        pytest.param((A, 4, (3, 4)), (A, 5, 4), (A, 4), Completion(4, 5), id="crash after the commit"),
        pytest.param((A, 4, (4,)), (A, 5, 4), (A, 4), Completion(4, 5), id="crash in a token before it counts"),
        pytest.param((A, 4, (3,)), (A, 5, 3), (A, 4), Completion(3, 5), id="crash after a rotation's commit"),
        pytest.param((A, 5, (4,)), (A, 5, 4), (A, 4), Completion(4, 5), id="crash before the memory"),
        pytest.param((A, 5, (4,)), (A, 5, 4), None, Completion(4, 5), id="memory lost with the machine"),
    ],
)
def test_what_belongs_together_is_completed(
    root: tuple[UUID, int, tuple[int, ...]] | None,
    store: tuple[UUID, int, int] | None,
    seen: tuple[UUID, int] | None,
    expected: object,
) -> None:
    found = judge(
        root and RootState(*root), store and StoreState(*store), seen and Seen(*seen)
    )  # fmt: skip
    assert found == expected


@pytest.mark.parametrize(
    ("root", "store", "seen", "reason"),
    [
        (None, (A, 1, 1), None, "root missing"),
        (None, (A, 9, 4), (A, 9), "root missing"),
        ((A, 1, (1,)), None, None, "database empty"),
        ((A, 0, (1,)), None, (A, 3), "database empty"),
        (None, None, (A, 1), "all gone"),
        ((B, 4, (3,)), (A, 4, 3), None, "another installation"),
        ((B, 4, (3,)), (B, 4, 3), (A, 4), "another installation"),
        ((A, 5, (4,)), (A, 4, 3), None, "old database"),
        ((A, 5, (4,)), (A, 4, 4), None, "old database"),
        ((A, 4, (3,)), (A, 5, 4), None, "old root"),
        ((A, 3, (3,)), (A, 5, 3), None, "old root"),
        ((A, 4, (2,)), (A, 4, 3), None, "old root"),
        ((A, 4, (3,)), (A, 4, 3), (A, 5), "both old"),
    ],
)
def test_what_is_from_another_time_is_refused(
    root: tuple[UUID, int, tuple[int, ...]] | None,
    store: tuple[UUID, int, int] | None,
    seen: tuple[UUID, int] | None,
    reason: str,
) -> None:
    with pytest.raises(RevivedStoreError) as refused:
        judge(root and RootState(*root), store and StoreState(*store), seen and Seen(*seen))
    assert refused.value.reason == reason
    assert "No keys are opened" in refused.value.sentence.en
    assert "Inga nycklar öppnas" in refused.value.sentence.sv

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A published log of real entries by three writers, as a verifier meets it: files by their paths."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.ledger.sample import SEEN_AT, SampleLog, log_key, policy
from vaka.ledger.findings import Checked
from vaka.ledger.leaves import Leaf
from vaka.ledger.notes import LARGEST_NOTE
from vaka.ledger.tiles import ENTRIES, FULL, Tile
from vaka.ledger.verify import Expected, NotPublishedError, Read, verify_log

NOW = datetime.fromtimestamp(SEEN_AT + 60, UTC)
BEGUN = datetime.fromtimestamp(SEEN_AT - 100_000, UTC)
EXPECTED = Expected(log_key(), policy(3))

Files = dict[str, bytes]


def leaf(index: int, **other: object) -> bytes:
    """Entry number `index`, written a second after the one before by one of three writers."""
    at = BEGUN + timedelta(seconds=index)
    fields: dict[str, object] = {
        "id": index + 1, "at": at, "event": "alarm.taken", "actor": "account:ö", "object": f"alarm:{index}",
        "outcome": "success", "written_by": "t_provkommun_desk", "written_at": at, "source": f"a-{index % 3}",
        "number": index // 3 + 1, "detail": {"count": index, "reason": "fall"} if index % 2 else {}, **other,
    }  # fmt: skip
    return Leaf(**fields).encode()  # type: ignore[arg-type]


def leaves(count: int) -> list[bytes]:
    """The first entries."""
    return [leaf(index) for index in range(count)]


def log_of(entries: Sequence[bytes], batch: int = 1000) -> SampleLog:
    """A log of these entries."""
    log = SampleLog()
    for start in range(0, len(entries), batch):
        log.append(entries[start : start + batch])
    return log


def files_of(log: SampleLog) -> Files:
    """What is published of a log, cosigned by three witnesses."""
    files = {tile.path: data for tile, data in log.tiles.items()}
    for index, data in log.bundles.items():
        files[Tile(ENTRIES, index, min(log.edge.size - index * FULL, FULL)).path] = data
    return {**files, "checkpoint": log.checkpoint().encode()}


def reader(files: Files) -> Read:
    """Reads out of a dictionary as out of a directory."""

    def read(path: str, most: int) -> bytes:
        assert most >= LARGEST_NOTE or path != "checkpoint"
        if path not in files:
            raise NotPublishedError
        return files[path][: most + 1]

    return read


def verify(files: Files, expected: Expected = EXPECTED) -> Checked:
    """Verify what is published; raises what `verify_log` raises."""
    checked = Checked()
    verify_log(reader(files), expected, NOW, checked)
    return checked


def publish(files: Files, directory: Path) -> Path:
    """Write the files where a program reads them."""
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    return directory

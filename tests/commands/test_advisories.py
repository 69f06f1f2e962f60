# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka advisories`: what others publish of vulnerabilities is taken in from a file, or from a mirror over TLS."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_maintenance import vaka
from tests.commands.test_role_and_account import entries
from tests.operations.vulnerabilities.data import filler, osv, tracker, zipped
from tests.operations.vulnerabilities.test_reading import answer_of, certificate, mirror  # noqa: F401 - a fixture
from vaka.commands.data_directory import DataDirectory

pytestmark = pytest.mark.database

SETTINGS = "[receiver]\ntls_port = false\n"


@pytest.fixture
def running(made: DataDirectory) -> Iterator[DataDirectory]:
    """The database server runs for the whole test; the settings are as they were afterwards."""
    with made.locked():
        made.cluster.start()
        try:
            yield made
        finally:
            made.cluster.stop()
            (made.root / "vaka.toml").write_text(SETTINGS)


def told_of(made: DataDirectory) -> list[dict[str, Any]]:
    return [one.get("detail", {}) for one in entries(made) if one["event"] == "advisories.imported"]


def test_a_file_or_a_mirror_is_taken_in_and_what_is_older_is_not(
    running: DataDirectory,
    tmp_path: Path,
    certificate: Path,  # noqa: F811
) -> None:
    """With its source, time and digest in the log; what is refused leaves what there is, and says why."""
    data, file = ("--data", str(running.root)), tmp_path / "all.zip"
    file.write_bytes(zipped(osv(), *filler(3)))
    took = vaka("advisories", "import", *data, "--from", str(file))
    assert took.exit_code == 0, took.output
    assert "osv:PyPI: 4 records" in took.output
    [told] = told_of(running)
    assert (told["dataset"], told["records"], told["fetched"]) == ("osv:PyPI", 4, "false")
    assert datetime.now(UTC) - datetime.fromisoformat(told["dataset_at"]) < timedelta(minutes=5)

    for content, more in (
        (b"{", ()), (zipped(osv(), *filler(3)), ("--as-of", "2026-02-01T00:00:00Z")), (zipped(osv()), ()),
        (zipped(osv(), *filler(3)), ("--as-of", "yesterday")), (zipped(osv(), *filler(3)), ("--as-of", "2026-02-01")),
    ):  # fmt: skip
        file.write_bytes(content)
        assert vaka("advisories", "import", *data, "--from", str(file), *more).exit_code != 0, more
    assert vaka("advisories", "import", *data, "--from", str(tmp_path / "missing")).exit_code != 0
    assert len(told_of(running)) == 1
    file.write_bytes(zipped(osv()))
    assert vaka("advisories", "import", *data, "--from", str(file), "--shrunk").exit_code == 0

    assert vaka("advisories", "fetch", *data).exit_code == 0, "without a source it does nothing"
    content = tracker(bookworm={"status": "resolved", "fixed_version": "0"})
    with serving(certificate, answer_of(content)) as url:
        trusted = json.dumps(str(certificate))
        tables = (
            f"[[vulnerabilities.sources]]\nurl = {json.dumps(each)}\ntrusted = {trusted}\n"
            for each in (url, "https://localhost:9/gone")
        )
        (running.root / "vaka.toml").write_text("\n".join([SETTINGS, *tables]))
        fetched = vaka("advisories", "fetch", *data)
    assert fetched.exit_code == 1, "one of two gave nothing"
    assert "debian: 2 records" in fetched.output
    told = told_of(running)[-1]
    assert (told["dataset"], told["fetched"], told["dataset_at"]) == ("debian", "true", "2026-01-01T10:00:00Z")


class serving:  # noqa: N801 - reads as what it does
    """A mirror on this machine, in a thread of its own while a command runs."""

    def __init__(self, certificate: Path, answer: bytes) -> None:  # noqa: F811
        self._what, self._loop, self._stop = (certificate, answer), asyncio.new_event_loop(), asyncio.Event()
        self._ready, self._url = threading.Event(), ""
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        async with mirror(*self._what) as self._url:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> str:
        self._thread.start()
        assert self._ready.wait(60)
        return self._url

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()

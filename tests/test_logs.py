# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The operational log: what it may say, and that it never stops the work it tells of."""

import errno
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from vaka.logs import configure_logs, describe_error


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_a_line_is_json_and_names_its_process() -> None:
    stream = io.StringIO()
    configure_logs("receiver", "receiver-1", stream=stream)
    structlog.get_logger().info("listening", count=3)
    line = json.loads(stream.getvalue())
    assert {"event": "listening", "process": "receiver", "instance": "receiver-1", "count": 3}.items() <= line.items()


def test_what_is_not_on_the_list_is_not_said() -> None:
    stream = io.StringIO()
    configure_logs("receiver", stream=stream)
    structlog.get_logger().info("refused", name="Anna Andersson", reason="lane_full")
    line = json.loads(stream.getvalue())
    assert (line["reason"], line["dropped_fields"]) == ("lane_full", ["name"])
    assert "Anna" not in stream.getvalue()


class FullDisk(io.StringIO):
    """Takes no more."""

    def write(self, text: str) -> int:
        """Refuse, as the kernel does."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_or_a_closed_stream_stops_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (FullDisk(), closed):
        configure_logs("receiver", stream=stream)
        structlog.get_logger().error("batch_refused", count=1)


def test_an_error_is_described_without_what_it_says() -> None:
    try:
        int("Anna Andersson")
    except ValueError as error:
        described = describe_error(error)
    assert described["error_type"] == "ValueError"
    assert "Anna" not in str(described)

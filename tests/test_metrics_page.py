# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The figures are given to whoever may open the socket, and that is the platform's own account."""

import asyncio
from pathlib import Path

import pytest

from vaka.metrics_page import open_metrics_page

pytestmark = pytest.mark.anyio


async def test_term_21_5_nobody_but_the_platforms_account_reads_the_figures(directory: Path) -> None:
    """Also where a killed process has left a socket that everybody could open."""
    path = directory / "metrics.sock"
    path.touch(0o666)
    path.chmod(0o666)
    async with await open_metrics_page(path, lambda: b"vaka_up 1\n"):
        assert path.stat().st_mode & 0o777 == 0o600
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.endswith(b"\r\n\r\nvaka_up 1\n")

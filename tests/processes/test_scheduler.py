# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The scheduler as a process: it starts, does its work, and ends when told."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import Sender, connect, connect_superuser
from tests.letters import as_letters
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.database.server import Server
from vaka.processes.starting import REFUSED
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

COMMAND = (sys.executable, "-m", "vaka.processes.scheduler", "--data")


@pytest.fixture
def data(cluster: Cluster) -> Iterator[Path]:
    """A data directory on the test's cluster."""
    with tempfile.TemporaryDirectory(prefix="vaka-", dir="/tmp") as name:
        directory = Path(name)
        (directory / "cluster").symlink_to(cluster.directory)
        (directory / "credentials").symlink_to(cluster.credentials)
        (directory / "vaka.toml").write_text("[scheduler]\nescalation_seconds = 0.2\nsupervision_seconds = 0.5\n")
        yield directory


@pytest.mark.usefixtures("alone")
def test_it_escalates_until_it_is_told_to_stop(server: Server, data: Path, authority: Authority) -> None:
    now = SystemClock().now()
    with (
        closing(connect(server, authority, "receiver")) as receiver,
        closing(connect_superuser(server, authority.database_name)) as onlooker,
    ):
        old = Sender().message(now - timedelta(seconds=61))
        [(_, _, alarm_id)] = receiver.execute(
            "select * from accept_messages(%s, 'west-1')", (Jsonb([as_letters(authority, old)]),)
        ).fetchall()

        def level(alarm: UUID) -> int:
            row = onlooker.execute("select escalation from vaka.alarm where id = %s", (alarm,)).fetchone()
            assert row is not None
            return int(row["escalation"])

        with subprocess.Popen([*COMMAND, str(data)], stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_for(lambda: level(alarm_id) == 1)
            finally:
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert '"scheduler works"' in said
        assert "Traceback" not in said
        entry = onlooker.execute(
            "select actor, written_by from ledger.inbox where event = 'alarm.escalated'"
        ).fetchone()
        assert entry == {"actor": "scheduler", "written_by": f"{authority.database_name}_scheduler"}


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), ("[scheduler]\nescalation = 1\n", "escalation"), ("mode = ", "not valid TOML")],
)
def test_faulty_settings_stop_the_start_with_a_sentence(data: Path, content: str | None, says: str) -> None:
    (data / "vaka.toml").unlink()
    if content is not None:
        (data / "vaka.toml").write_text(content)
    done = subprocess.run([*COMMAND, str(data)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == REFUSED
    assert says in done.stderr
    assert "Traceback" not in done.stderr

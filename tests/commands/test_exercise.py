# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka device exercise`: the devices of an exercise that is held, and of no other, in a file for `vaka simulate`."""

import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.rows import dict_row

from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.simulate.device_file import read_device_file

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-36", "--reason", "Krisövning")
HELD = """
    insert into exercise (id, authority_id, year, wanted, wished, asked_by, asked_at, answer_by, starts_at, ends_at,
        agreed_at, begun_at)
    select %(id)s, id, extract(year from now()), 'Driften faller bort', 'Nu', %(id)s, now(), now(), now(),
        now() + interval '4 hours', now(), %(begun)s
    from authority where slug = 'ekbacka'
"""


def prepare(made: DataDirectory, exercise: UUID, file: Path, *options: str) -> Result:
    given = ["device", "exercise", "--data", made.root, "--exercise", exercise, "--count", "2", *options, file]
    return CliRunner().invoke(main, [str(argument) for argument in given])


@contextmanager
def database(made: DataDirectory, name: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    made.cluster.start()
    try:
        conninfo = made.cluster.server.conninfo(SUPERUSER, name)
        with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as connection:
            connection.execute("set search_path = vaka")
            yield connection
    finally:
        made.cluster.stop()


def enter(made: DataDirectory, begun: datetime | None) -> UUID:
    """Let an exercise be agreed to, past every rule; return it."""
    exercise = uuid4()
    with database(made, PLATFORM_DATABASE) as platform:
        platform.execute("set session_replication_role = replica")
        platform.execute(HELD, {"id": exercise, "begun": begun})
    return exercise


def test_what_is_not_held_gets_no_device(made: DataDirectory, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for exercise in (uuid4(), enter(made, None), enter(made, now + timedelta(hours=1))):
        for options in ((), APPLY):
            refused = prepare(made, exercise, tmp_path / "devices.json", *options)
            assert refused.exit_code == 1, refused.output
            assert "is not held at the moment" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_held_gets_devices_whose_passwords_are_in_the_file_alone(made: DataDirectory, tmp_path: Path) -> None:
    exercise, file = enter(made, datetime.now(UTC) - timedelta(minutes=1)), tmp_path / "devices.json"
    looked = prepare(made, exercise, file)
    assert (looked.exit_code, file.exists()) == (0, False), looked.output
    assert "Ekbacka kommun holds this exercise. Nothing was changed." in looked.output

    done = prepare(made, exercise, file, *APPLY)
    assert done.exit_code == 0, done.output
    assert f"vaka simulate alarm --devices {file}" in done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = read_device_file(file)
    assert written.receiver is not None
    assert [device.cid[:8] for device in written.devices] == ["EXERCISE"] * 2
    for device in written.devices:
        assert device.password is not None
        assert device.password not in done.output
        assert device.cid not in done.output

    again = prepare(made, exercise, file, *APPLY)
    assert again.exit_code == 1
    assert "Name a file that is not there." in again.stderr

    with database(made, PLATFORM_DATABASE) as platform:
        found = platform.execute(
            "select d.person_id, d.authentication, x.exercise_id from device_entry d"
            " join exercise_device x using (device_id, sender, authority_id)"
        ).fetchall()
        sealed = platform.execute(
            "select count(*) as told from ledger.log_entry"
            " where encode(leaf, 'escape') like '%%device.registered%%' and position(%s in encode(leaf, 'escape')) > 0",
            (str(exercise),),
        ).fetchall()  # fmt: skip
    assert sealed == [{"told": 2}]
    assert found == [{"person_id": None, "authentication": "digest", "exercise_id": exercise}] * 2
    with database(made, "vaka_t_ekbacka") as tenant:
        rows = tenant.execute("select exercise_id from exercise_device").fetchall()
    assert rows == [{"exercise_id": exercise}] * 2

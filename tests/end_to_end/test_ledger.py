# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo's own log, exported as a user exports it, is true to those who have never seen our code."""

from pathlib import Path

import pytest

from tests.end_to_end.house import House
from tests.ledger import golang
from tests.waiting import wait_for

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("options", "database", "origin"),
    [
        ((), "vaka_platform", "vaka.invalid/platform"),
        (("--authority", "ekbacka"), "vaka_t_ekbacka", "vaka.invalid/authority/ekbacka"),
    ],
)
def test_demo_publishes_a_log_that_others_verify(
    house: House, tmp_path: Path, options: tuple[str, ...], database: str, origin: str
) -> None:
    golang.require_go()
    house.stand_behind_commands()
    matter = ("--change", "KS-1", "--reason", "Årlig granskning")
    command: list[str | Path] = ["ledger", "export", *options, *matter, "--to", tmp_path / "pack"]

    def exported() -> bool:
        done = house.command(*command)
        return done.returncode == 0 and origin in done.stdout

    wait_for(exported, 60)
    key = (house.root / "ledger" / f"{database}.vkey").read_text().removesuffix("\n")
    told = golang.ask("log", directory=str(tmp_path / "pack"), keys=[key], indexes=[0], sizes=[1])
    assert told.get("error") is None
    assert told["verified"] == [origin]
    assert told["entries"] == told["size"] > 10

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Term 23's collectors against a real clamd: green by what it finds, red when it is blind, old, gone or not asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    authority,
    judged,
    own_server,
    place,
    server,
)
from tests.scanner.clamav import RunningClamd, running_clamd
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import SCANNER_COLLECTORS
from vaka.assurance.evidence import Found
from vaka.assurance.looking import Looking, look
from vaka.assurance.scanner_evidence import find_blind_scanner, find_old_signatures
from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.scanning.clamd import ScannerError
from vaka.scanning.inspecting import Inspector
from vaka.settings_web import AttachmentSettings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MET = (Status.MET, "none")


@pytest.fixture(scope="module")
def clamd() -> Iterator[RunningClamd]:
    with running_clamd() as running:
        yield running


def inspector(socket: Path | None) -> Inspector:
    return Inspector.of(AttachmentSettings(scanner=socket, scan_seconds=60), Path("/"))


async def status_of(name: str, where: Place, server: Server, socket: Path | None) -> tuple[Status, str]:  # noqa: F811
    """Look at this very moment, which clamd's signatures are of."""
    now = datetime.now(UTC)
    await look(REQUIREMENTS[name], SCANNER_COLLECTORS[name], replace(where, inspector=inspector(socket)), now)
    return await judged(name, where, server, now)


@pytest.mark.turns_red("scanner")
async def test_a_scanner_that_is_blind_or_gone_turns_it_red(
    place: Place, server: Server, clamd: RunningClamd  # noqa: F811
) -> None:  # fmt: skip
    """The harmless pattern is really sent. A clamd that knows other signatures says OK to it."""
    assert await status_of("scanner", place, server, clamd.socket) == MET
    with running_clamd(knows=b"something else") as blind:
        assert await status_of("scanner", place, server, blind.socket) == (Status.FAILING, "blind")
        assert await find_blind_scanner(inspector(blind.socket)) == Found(None, "blind", 2)
        blind.stop()
        assert await status_of("scanner", place, server, blind.socket) == (Status.FAILING, "silent")
    assert await status_of("scanner", place, server, None) == (Status.UNTESTED, "missing")
    assert await status_of("scanner", place, server, clamd.socket) == MET


async def test_a_scanner_that_looks_into_no_archive_is_blind() -> None:
    with running_clamd(more="ScanArchive no\n") as shallow:
        assert await find_blind_scanner(inspector(shallow.socket)) == Found(None, "blind", 1)


@pytest.mark.turns_red("scanner-signatures")
@pytest.mark.parametrize(
    ("age", "reason"), [(timedelta(hours=25), "old"), (None, "undated"), (timedelta(hours=-6), "old")]
)
async def test_term_23_5_signatures_that_are_old_or_of_unknown_age_turn_it_red(
    place: Place, server: Server, clamd: RunningClamd, age: timedelta | None, reason: str  # noqa: F811
) -> None:  # fmt: skip
    assert await status_of("scanner-signatures", place, server, clamd.socket) == MET
    with running_clamd(age) as old:
        assert await status_of("scanner-signatures", place, server, old.socket) == (Status.FAILING, reason)
    assert await status_of("scanner-signatures", place, server, None) == (Status.UNTESTED, "missing")


@pytest.mark.turns_red(*SCANNER_COLLECTORS, stopped=True)
async def test_a_collector_that_is_stopped_turns_it_red(
    place: Place, server: Server, clamd: RunningClamd  # noqa: F811
) -> None:  # fmt: skip
    now = datetime.now(UTC)
    for name, collector in SCANNER_COLLECTORS.items():
        every = REQUIREMENTS[name].every
        await look(REQUIREMENTS[name], collector, replace(place, inspector=inspector(clamd.socket)), now)
        assert await judged(name, place, server, now + every) == MET
        late = await judged(name, place, server, now + every + timedelta(seconds=1))
        assert late == (Status.UNTESTED, "collector_down")


async def test_a_scanner_that_does_not_answer_says_nothing_of_its_age(place: Place) -> None:  # noqa: F811
    """The round goes on; only this evidence grows old, and the other one fails at once."""
    with pytest.raises(ScannerError):
        await find_old_signatures(inspector(Path("/nowhere/clamd.ctl")), datetime.now(UTC))
    where = replace(place, inspector=inspector(Path("/nowhere/clamd.ctl")))
    looking = Looking(where, TurnedClock(datetime.now(UTC)), SCANNER_COLLECTORS)
    assert await looking.look_around() == 1
    assert looking.failing == {"scanner-signatures"}

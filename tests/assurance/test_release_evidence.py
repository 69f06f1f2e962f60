# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of the release that runs: a real one, installed and deployed. Green, and red by each fault."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    account,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.assurance.test_register_collectors import TODAY, Shelf
from tests.conftest import START
from tests.operations.integrity.releases import (
    CONFIGURATION,
    OTHER_KEY,
    RELEASE_KEY,
    TEST_KEY,
    install_little,
    instead,
    one_byte_off,
    passed_gates,
    sign,
    trust,
)
from tests.operations.integrity.test_deployments import CHANGE, approve, attest, founded, put_out, shelf  # noqa: F401
from tests.platform import platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import Look
from vaka.assurance.looking import look
from vaka.assurance.release_evidence import RELEASE_COLLECTORS
from vaka.clock import TurnedClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.operations.integrity.admitting import require_release
from vaka.operations.integrity.attestation import Scan, describe_scan
from vaka.operations.integrity.envelope import read_trust, seal
from vaka.operations.integrity.gates import Passage, as_gates
from vaka.operations.integrity.manifest import MANIFEST, Release, describe, read_release
from vaka.operations.integrity.restricting import allow_only, find_version
from vaka.operations.integrity.vigil import Vigil
from vaka.settings import ReleaseSettings, Settings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MET = (Status.MET, "none")
KEYS, SCAN = Path("trusted.toml"), Path("scan.json")
SETTINGS = Settings(release=ReleaseSettings(trusted_keys=KEYS, test_scan=SCAN))
DEPLOYED = ("release-integrity", "deployments", "test-attestation", "release-gates")


def scanned(found: int = 0, at: datetime = START, seed: bytes = TEST_KEY) -> bytes:
    """What a test environment signs of its stores."""
    return seal(describe_scan(Scan(at, 3, 1000, found), "0" * 64), [seed])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed release of little: what starts of a whole one is tried in test_starting.py."""
    root = tmp_path_factory.mktemp("release")
    install_little(root)
    sign(root)
    return root


@pytest.fixture
def running(place: Place, installed: Path, tmp_path: Path) -> Place:  # noqa: F811
    """Where a scheduler of that release looks."""
    trust(tmp_path / KEYS)
    (tmp_path / SCAN).write_bytes(scanned())
    (tmp_path / "run").mkdir()
    return replace(place, installed=installed, root=tmp_path, settings=SETTINGS)


@pytest.fixture
async def deployed(
    running: Place, founded: Server, shelf: Shelf, by_hand: Callable[..., None], tmp_path: Path  # noqa: F811
) -> Release:  # fmt: skip
    """The release, put in production as it is to be."""
    made = read_release(running.installed, read_trust(tmp_path / KEYS))
    approve(shelf, made, by_hand)
    assert await put_out(founded, made) == "done"
    return made


async def all_of(where: Place, server: Server, names: tuple[str, ...] = DEPLOYED) -> list[tuple[Status, str]]:  # noqa: F811
    """How each stands now."""
    return [await status_of(name, where, server) for name in names]


@pytest.mark.turns_red("release-integrity")
async def test_what_is_not_as_it_was_signed_turns_it_red(running: Place, server: Server) -> None:  # noqa: F811
    """A file changed, gone, or one more; by a stranger's key, or by nobody's, or where nobody is believed."""
    name, root = "release-integrity", running.installed
    assert await status_of(name, running, server) == MET
    path = root / "bin/vaka"
    for there, reason in ((one_byte_off(path), "altered"), (None, "altered")):
        with instead(path, there):
            assert await status_of(name, running, server) == (Status.FAILING, reason)
    with instead(root / "bin/other", b""):
        assert await status_of(name, running, server) == (Status.FAILING, "unlisted")
    with instead(root / MANIFEST, None):
        assert await status_of(name, running, server) == (Status.FAILING, "unsigned")
    assert running.root is not None
    trust(running.root / KEYS, (OTHER_KEY, "release", False))
    assert await status_of(name, running, server) == (Status.FAILING, "refused")
    nobody = replace(running, settings=Settings())
    assert await status_of(name, nobody, server) == (Status.FAILING, "unsigned")
    trust(running.root / KEYS)
    assert await status_of(name, running, server) == MET


@pytest.mark.turns_red("deployments", "test-attestation")
async def test_term_20_4_what_was_changed_outside_is_an_unauthorised_change(
    running: Place, server: Server, deployed: Release, by_hand: Callable[..., None], clock: TurnedClock  # noqa: F811
) -> None:  # fmt: skip
    """Altered files, or another signed release that nobody deployed; a row taken away, or put there by hand."""
    assert await all_of(running, server) == [MET] * 4
    path, root = running.installed / "bin/vaka", running.root
    assert root is not None
    vigil = Vigil(running.platform, root, SETTINGS, clock, running.installed)
    assert await vigil.look() == 0
    with instead(path, one_byte_off(path)):
        assert await status_of("deployments", running, server) == (Status.FAILING, "unauthorised")
        assert [await vigil.look() for _ in range(2)] == [1, 1]
    other = seal(describe(replace(deployed, sequence=9)), [RELEASE_KEY])
    with instead(running.installed / MANIFEST, other):
        assert await status_of("deployments", running, server) == (Status.FAILING, "unauthorised")
        assert await status_of("release-integrity", running, server) == MET
        assert await vigil.look() == 1
    assert await vigil.look() == 0
    told = [detail for event, detail in entries(server) if event == "release.differs"]
    assert told == [{"reason": "altered", "count": 1}, {"reason": "undeployed", "count": 1}]
    by_hand("update deployment set number = 2")
    assert await status_of("deployments", running, server) == (Status.FAILING, "gap")
    by_hand("update deployment set number = 1, attestation = %(word)s", word=attest(deployed, OTHER_KEY))
    assert await status_of("test-attestation", running, server) == (Status.FAILING, "refused")
    by_hand("delete from register_version where register = 'changes'")
    assert await status_of("deployments", running, server) == (Status.FAILING, "unapproved")
    by_hand(
        "insert into deployment select 2, sha256('x'), '9', 9, attestation, gates, change, kind, deployed_at"
        " from deployment"
    )
    assert (await status_of("deployments", running, server))[1] == "unauthorised"
    by_hand("delete from deployment")
    assert await status_of("test-attestation", running, server) == (Status.UNTESTED, "missing")
    assert await status_of("deployments", running, server) == (Status.FAILING, "unauthorised")


async def test_before_anything_was_deployed_nobody_knows(running: Place, server: Server) -> None:  # noqa: F811
    for name in ("deployments", "test-attestation"):
        assert await status_of(name, running, server) == (Status.UNTESTED, "missing")


@pytest.mark.turns_red("deployments")
async def test_deployments_taken_from_the_end_are_missed_by_what_the_log_tells(
    running: Place, server: Server, founded: Server, shelf: Shelf, deployed: Release,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:  # fmt: skip
    """What was deployed before it runs again, and the row that says otherwise is gone."""
    newer = replace(deployed, sequence=9, digest="9" * 64)
    approve(shelf, newer, by_hand)
    assert await put_out(founded, newer) == "done"
    assert await status_of("deployments", running, server) == (Status.FAILING, "unauthorised")
    by_hand("delete from deployment where number = 2")
    assert await status_of("deployments", running, server) == (Status.FAILING, "gap")


@pytest.mark.turns_red("deployments")
async def test_an_emergency_that_nobody_reviewed_within_five_days_is_unapproved(
    running: Place, server: Server, founded: Server, shelf: Shelf, by_hand: Callable[..., None]  # noqa: F811
) -> None:  # fmt: skip
    """Also where its author withdrew the draft, or let it name another release, after that."""
    assert running.root is not None
    made, days = read_release(running.installed, read_trust(running.root / KEYS)), timedelta(days=1)
    fields = {**CHANGE, "kind": "emergency", "done": TODAY}
    entry = shelf.put("changes", "draft", **fields, release=made.digest)
    assert await put_out(founded, made) == "done"
    assert await status_of("deployments", running, server, START + 5 * days) == MET
    late = START + 5 * days + timedelta(seconds=1)
    assert await status_of("deployments", running, server, late) == (Status.FAILING, "unapproved")
    shelf.put("changes", "draft", entry=entry, number=2, **fields, release="f" * 64)
    shelf.put("changes", "withdrawn", entry=entry, number=3, **fields, release="f" * 64)
    assert await status_of("deployments", running, server, late) == (Status.FAILING, "unapproved")
    other = Shelf(by_hand, account(by_hand, kind="administrator"))
    other.put("changes", "in_force", entry=entry, number=4, content=1, **fields, release=made.digest)
    assert await status_of("deployments", running, server, late) == MET


@pytest.mark.turns_red("deployments")
async def test_what_is_deployed_again_while_founding_nobody_approved(
    running: Place, server: Server, by_hand: Callable[..., None], shelf: Shelf  # noqa: F811
) -> None:  # fmt: skip
    """Until another is deployed by a change."""
    assert running.root is not None
    by_hand("delete from founding")
    made = read_release(running.installed, read_trust(running.root / KEYS))
    assert await put_out(server, replace(made, digest="1" * 64)) == "done"
    again = replace(made, sequence=made.sequence + 1)
    assert await put_out(server, again) == "done"
    assert await status_of("deployments", running, server) == (Status.FAILING, "unapproved")


@pytest.mark.turns_red("test-data-scan")
async def test_real_people_in_a_test_environment_turn_it_red(running: Place, server: Server) -> None:  # noqa: F811
    """Also a word that no test environment signed; one of long ago says nothing."""
    name, root = "test-data-scan", running.root
    assert root is not None
    assert await status_of(name, running, server) == MET
    later = START + REQUIREMENTS[name].every + timedelta(seconds=1)
    (root / SCAN).write_bytes(scanned())
    assert await status_of(name, running, server, later) == (Status.UNTESTED, "collector_down")
    (root / SCAN).write_bytes(seal(describe_scan(Scan(START, 3, 0, 0), "0" * 64), [TEST_KEY]))
    assert (await status_of(name, running, server, START + timedelta(minutes=1)))[0] != Status.FAILING
    for word in (scanned(found=2), scanned(seed=OTHER_KEY), scanned(seed=RELEASE_KEY), b""):
        (root / SCAN).write_bytes(word)
        reason = "found" if word == scanned(found=2) else "refused"
        assert await status_of(name, running, server) == (Status.FAILING, reason)


@pytest.mark.turns_red("release-gates")
@pytest.mark.parametrize(
    "gate", [None, Passage("flaws", "found", 1, 9, "0" * 64), Passage("flaws", "broken", 0, 0, "")]
)
async def test_a_gate_that_was_not_passed_turns_it_red(
    running: Place, server: Server, gate: Passage | None  # noqa: F811
) -> None:  # fmt: skip
    """Found something, broken, or not run at all, however the release was signed all the same."""
    name, root = "release-gates", running.root
    assert root is not None
    assert await status_of(name, running, server) == MET
    whole = read_release(running.installed, read_trust(root / KEYS))
    kept = [Passage(**one) for one in passed_gates()["gates"] if one["name"] != "flaws"]
    gates = as_gates([*kept, *([gate] if gate else [])], CONFIGURATION)
    with instead(running.installed / MANIFEST, seal(describe(replace(whole, gates=gates)), [RELEASE_KEY])):
        assert await status_of(name, running, server) == (Status.FAILING, "failed")


async def ask_held(where: Place, now: datetime) -> Look:
    """Look for the limits from a thread that the kernel holds, as it holds a process of ours."""

    async def ask() -> Look:
        return await COLLECTORS["execution-limits"](where, now)

    def ask_there() -> Look:
        assert allow_only(["/bin/sh"])
        return asyncio.run(ask())

    with ThreadPoolExecutor(1) as held:
        return await asyncio.get_running_loop().run_in_executor(held, ask_there)


@pytest.mark.turns_red("execution-limits")
@pytest.mark.skipif(find_version() < 1, reason="this kernel has no Landlock: nothing of it can be tried here")
async def test_a_process_that_starts_what_it_likes_turns_it_red(running: Place, server: Server) -> None:  # noqa: F811
    """The tests' own process may; a thread that the kernel holds may not, and the same is asked of both."""
    name = "execution-limits"
    await look(REQUIREMENTS[name], ask_held, running, START)
    assert await judged(name, running, server, START) == MET
    assert await status_of(name, running, server, START + timedelta(minutes=1)) == (Status.FAILING, "runs")


@pytest.mark.turns_red(*RELEASE_COLLECTORS, stopped=True)
async def test_a_collector_that_is_stopped_turns_it_red(
    running: Place, server: Server, deployed: Release  # noqa: F811
) -> None:  # fmt: skip
    for name, collector in RELEASE_COLLECTORS.items():
        every = REQUIREMENTS[name].every
        await look(REQUIREMENTS[name], ask_held if name == "execution-limits" else collector, running, START)
        assert await judged(name, running, server, START + every) == MET
        late = await judged(name, running, server, START + every + timedelta(seconds=1))
        assert late == (Status.UNTESTED, "collector_down")


async def test_term_28_1_a_start_that_is_refused_leaves_an_entry(
    running: Place, server: Server, deployed: Release, clock: TurnedClock, shelf: Shelf,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:  # fmt: skip
    """Of what was altered, and of a whole release that nobody deployed; what was deployed starts and leaves none."""
    path, root = running.installed / "bin/vaka", running.root
    assert root is not None
    said: list[str] = []

    async def start(settings: Settings = SETTINGS) -> None:
        async with platform_as(server, "setup") as setup:
            await require_release(setup, root, settings, clock, said.append, running.installed)

    await start()
    assert "release.refused" not in dict(entries(server))
    with instead(path, one_byte_off(path)):
        with pytest.raises(ConfigurationError, match=r"altered, 1"):
            await start()
        await start(SETTINGS.model_copy(update={"mode": "test"}))
    assert said == ["What runs is no signed release (altered, 1): allowed in a test, and nowhere else."]
    other = seal(describe(replace(deployed, sequence=9)), [RELEASE_KEY])
    with instead(running.installed / MANIFEST, other), pytest.raises(ConfigurationError, match="undeployed"):
        await start()
    # Whoever takes the setting away does not get further by it.
    with pytest.raises(ConfigurationError, match="unsigned"):
        await start(Settings())
    told = [detail["reason"] for event, detail in entries(server) if event == "release.refused"]
    assert told == ["altered", "undeployed", "unsigned"]
    # Where machines change one after the other, what was before may start for a day.
    approve(shelf, newer := replace(deployed, sequence=9, digest="9" * 64), by_hand)
    assert await put_out(server, newer) == "done"
    await start()
    clock.turn(24 * 3600 + 1)
    with pytest.raises(ConfigurationError, match="undeployed"):
        await start()
    assert json.loads((running.installed / MANIFEST).read_bytes())


async def test_where_nothing_was_deployed_a_signed_release_starts_and_says_so(
    running: Place, founded: Server, clock: TurnedClock  # noqa: F811
) -> None:  # fmt: skip
    """Keys may be named before the first deployment: who upgrades is not locked out of deploying."""
    assert running.root is not None
    said: list[str] = []
    path = running.installed / "bin/vaka"
    async with platform_as(founded, "setup") as setup:
        await require_release(setup, running.root, SETTINGS, clock, said.append, running.installed)
        assert [one.partition(":")[0] for one in said] == ["Nothing was deployed yet"]
        with instead(path, one_byte_off(path)), pytest.raises(ConfigurationError, match=r"altered, 1"):
            await require_release(setup, running.root, SETTINGS, clock, said.append, running.installed)


def entries(server: Server) -> list[tuple[str, dict[str, Any]]]:  # noqa: F811
    """The entries of releases."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        rows = superuser.execute("select event, detail from ledger.inbox where event like 'release.%' order by id")
        return [(str(event), dict(detail)) for event, detail in rows]

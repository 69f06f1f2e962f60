# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Removal in a real database: announced, sealed, published, then carried out; never more, never without an excuse."""

import asyncio
import importlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.ledger.aged import POLICY, AgedLog
from tests.ledger.sealed import ORIGIN, LogHouse
from tests.peers import require_module
from tests.waiting import wait_until
from vaka.clock import SystemClock
from vaka.database.server import Server, tenant_role
from vaka.ledger import pruning
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.published import open_published
from vaka.ledger.rounds import LogPlace, keep_sealed
from vaka.ledger.stored import QUERIES
from vaka.ledger.verify import Expected, verify_log
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


@pytest.fixture
async def aged(house: LogHouse) -> AgedLog:
    """Five hundred days: a decision of 400, six hundred entries soon after, two hundred much later."""
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    await aged.seal()
    aged.turn(days=20)
    await aged.write(600)
    await aged.seal()
    aged.turn(days=1)
    await aged.seal()
    aged.turn(days=430)
    await aged.write(200)
    await aged.seal()
    aged.turn(days=49 - 1e-3)
    return aged


async def verified(aged: AgedLog, directory: Path, *, least_days: int | None = None) -> Checked:
    await aged.house.export(directory)
    checked = Checked()
    expected = Expected(aged.house.key, POLICY, least_days=least_days)
    with open_published(str(directory)) as read:
        verify_log(read, expected, SystemClock().now(), checked)
    return checked


def said(aged: AgedLog) -> list[Leaf]:
    with aged.house.superuser() as onlooker:
        rows = onlooker.execute("select leaf from ledger.log_entry order by index").fetchall()
    return [leaf for (data,) in rows if (leaf := parse_leaf(data)).event == "ledger.pruned"]


async def test_what_is_old_is_announced_then_removed_and_the_log_verifies(aged: AgedLog, tmp_path: Path) -> None:
    before = await verified(aged, tmp_path / "before")
    assert before.removed == 0
    assert await aged.prune() == 0  # announced
    assert aged.indexes() == list(range(aged.house.size()))
    assert await aged.prune() == 0  # neither sealed nor published: nothing goes
    await aged.seal()
    assert (await verified(aged, tmp_path / "announced")).removed == 0
    assert await aged.prune() == 511
    assert aged.indexes() == [0, *range(512, aged.house.size())]

    (entry,) = said(aged)
    assert (entry.actor, entry.object) == ("sequencer", "log:vaka.example/authority/provkommun")
    assert dict(entry.detail) == {
        "first": 0, "last": 511, "count": 511, "days": 400, "policy": 0, "reason": "retention",
        "checkpoint": entry.detail["checkpoint"],
    }  # fmt: skip
    checked = await verified(aged, tmp_path / "after", least_days=400)
    assert (checked.size, checked.removed, checked.kept_days, checked.decision) == (aged.house.size(), 511, 400, 0)
    files = {str(path.relative_to(tmp_path / "after")) for path in (tmp_path / "after").rglob("*") if path.is_file()}
    assert {"kept/000", f"kept/checkpoint.{entry.detail['checkpoint']}", "tile/0/000", "tile/0/001"} <= files
    assert not {"tile/entries/000", "tile/entries/001", "kept/001"} & files


async def test_others_verify_the_tree_and_every_proof_of_a_pruned_log(aged: AgedLog, tmp_path: Path) -> None:
    """As tlog-tiles has it: bundles of what was removed are not there, every hash is."""
    require_module("aics_tlog")
    aics = importlib.import_module("aics_tlog")
    await aged.prune()
    await aged.seal()
    assert await aged.prune() == 511
    directory = await aged.house.export(tmp_path / "pack")
    verdict = aics.verify_checkpoint(
        aics.parse_note((directory / "checkpoint").read_bytes()), aics.parse_vkey(aged.house.key.encode())
    )
    assert verdict.ok, verdict.error
    reader = aics.FileSystemTileReader(directory)
    size = aged.house.size()
    assert aics.audit_tiles(reader, size, verdict.root, entries=False).tiles == size // 256 + 1 + 1
    with pytest.raises(aics.TileMissingError):
        aics.audit_tiles(reader, size, verdict.root)
    with aged.house.superuser() as onlooker:
        rows = onlooker.execute("select index, leaf from ledger.log_entry").fetchall()
    for index, leaf in rows[::50]:
        proof = aics.inclusion_proof_from_tiles(reader, index, size)
        assert aics.verify_leaf_inclusion(leaf, index, size, proof, verdict.root)


async def test_next_day_only_what_is_more_goes(house: LogHouse, tmp_path: Path) -> None:
    """The newest entry about removal covers all that went before it: an older one may itself be gone."""
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    await aged.write(600)
    await aged.seal()
    aged.turn(days=60)
    await aged.write(600)
    await aged.seal()
    young = "update ledger.checkpoint set signed_at = signed_at + interval '%s days' where size > 700"
    with aged.forger() as superuser:
        superuser.execute((young % 100).encode())
    aged.turn(days=438)
    await aged.prune()
    await aged.seal()
    assert await aged.prune() == 511
    with aged.forger() as superuser:
        superuser.execute((young % -100).encode())
    aged.turn(days=2 - 1e-3)
    await aged.prune()
    await aged.seal()
    assert await aged.prune() == 512
    first, second = (dict(entry.detail) for entry in said(aged))
    assert (first["first"], first["last"], first["count"]) == (0, 511, 511)
    assert (second["first"], second["last"], second["count"]) == (512, 1023, 512)
    assert (await verified(aged, tmp_path / "pack")).removed == 1023
    await aged.prune()
    assert house.waiting() == 0  # less than a day later nothing is announced


async def test_nothing_goes_where_nobody_decided(house: LogHouse) -> None:
    aged = AgedLog.begun(house, 2000)
    await aged.write(600)
    await aged.seal()
    aged.turn(days=2000 - 1e-3)
    assert await aged.prune() == 0
    assert house.waiting() == 0


@pytest.mark.parametrize(("days", "ago", "goes"), [(400, 31, True), (400, 29, False), (499, 31, False)])
async def test_a_decision_waits_thirty_days_and_days_are_days(house: LogHouse, days: int, ago: int, goes: bool) -> None:
    aged = AgedLog.begun(house, 450)
    await aged.write(600)
    await aged.seal()
    aged.turn(days=450 - ago)
    await aged.decide(days)
    await aged.seal()
    aged.turn(days=ago - 1e-3)
    await aged.prune()
    assert (house.waiting() == 1) is goes


async def test_a_longer_time_holds_at_once_even_when_removal_was_announced(aged: AgedLog, tmp_path: Path) -> None:
    await aged.decide(900)
    await aged.prune()
    assert aged.house.waiting() == 1  # the decision waits to be sealed: nothing is announced beside it
    await aged.seal()
    await aged.prune()
    assert aged.house.waiting() == 0
    assert (await verified(aged, tmp_path / "pack")).removed == 0


STRIP = (
    "update ledger.checkpoint set note = convert_to(regexp_replace(convert_from(note, 'UTF8'),"
    " '— witness[^\n]*\n', ''), 'UTF8') where size %s"
)


async def test_of_a_days_checkpoints_the_newest_that_all_witnesses_signed_counts(aged: AgedLog) -> None:
    with aged.forger() as superuser:
        (size,) = superuser.execute(
            "select size from ledger.checkpoint where size between 601 and 700 order by size desc limit 1"
        ).fetchone() or (0,)
        assert superuser.execute((STRIP % f"= {size}").encode()).rowcount == 1
    await aged.prune()
    await aged.seal()
    (entry,) = said(aged)
    assert entry.detail["checkpoint"] != size


async def test_removal_waits_until_a_witness_that_was_added_has_seen_what_goes(aged: AgedLog, tmp_path: Path) -> None:
    """Otherwise the authority's verifier, which asks for that witness, would accuse a log that is right."""
    with aged.forger() as superuser:
        assert superuser.execute((STRIP % "< 700").encode()).rowcount > 1
    await aged.prune()
    assert aged.house.waiting() == 0
    with aged.forger() as superuser:  # and where nobody signs, nobody is waited for
        assert superuser.execute((STRIP % ">= 700").encode()).rowcount > 0
    aged.turn(days=1)
    await aged.prune()
    assert aged.house.waiting() == 1


@pytest.mark.parametrize("batch", [1, 100, 511, 512])
async def test_killed_between_its_batches_it_is_finished_next_time(
    aged: AgedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(pruning, "MOST_BATCHES", 1)
    monkeypatch.setattr(pruning, "BATCH", batch)
    await aged.prune()
    await aged.seal()
    removed = await aged.prune()
    assert removed == min(batch, 511)
    assert (await verified(aged, tmp_path / "midway")).removed in (0, min(removed, 511), removed - 1)
    monkeypatch.setattr(pruning, "BATCH", 600)
    assert await aged.prune() == 511 - removed
    assert (await verified(aged, tmp_path / "after")).removed == 511


async def test_sequencer_finishes_what_it_announced_before_it_was_ended(
    aged: AgedLog, server: Server, tmp_path: Path
) -> None:
    """Ended between the announcement and the removal: the next one begins with that."""
    house = aged.house
    database = house.authority.database_name
    place = LogPlace(database, tenant_role(database, "sequencer"), ORIGIN, house.files)

    async def live(until: Callable[[], bool]) -> None:
        stopped = asyncio.Event()
        life = asyncio.create_task(keep_sealed(place, server, aged.clock, seconds=0.05, stopped=stopped))
        try:
            await wait_until(until)
        finally:
            life.cancel()

    await live(lambda: bool(said(aged)) and not house.waiting() and house.checkpoints()[-1][0] == house.size())
    assert 5 in aged.indexes()
    await live(lambda: 5 not in aged.indexes())
    assert aged.indexes() == [0, *range(512, house.size())]
    checked = Checked()
    await house.export(tmp_path / "pack")
    with open_published(str(tmp_path / "pack")) as read:
        verify_log(read, Expected(house.key), SystemClock().now(), checked)
    assert checked.removed == 511


# --- what the database does not let itself be talked into -------------------------------------------------------------

FORGERIES = {
    "more": '{"first": 0, "last": 767, "days": 400, "policy": 0, "checkpoint": BASIS}',
    "days that nobody decided": '{"first": 0, "last": 511, "days": 1, "policy": 0, "checkpoint": BASIS}',
    "another decision": '{"first": 0, "last": 511, "days": 400, "policy": 2, "checkpoint": BASIS}',
    "a checkpoint of today": '{"first": 0, "last": 511, "days": 400, "policy": 0, "checkpoint": NOW}',
    "nothing": "{}",
}


@pytest.mark.parametrize("detail", FORGERIES.values(), ids=FORGERIES)
async def test_an_entry_that_somebody_put_there_removes_nothing(aged: AgedLog, detail: str) -> None:
    sizes = [size for size, _ in aged.house.checkpoints()]
    basis = max(size for size in sizes if 600 < size < 700)
    aged.forge("ledger.pruned", detail.replace("BASIS", str(basis)).replace("NOW", str(sizes[-1])))
    await aged.seal()
    before = aged.indexes()
    async with aged.house.as_("sequencer") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(QUERIES["prune"], {"most": 1000})
    assert await aged.prune() == 0  # and it is told, and nothing stands still
    assert aged.indexes() == before
    await aged.write(1)
    await aged.seal()
    assert aged.house.waiting() == 0


async def test_a_right_entry_of_anothers_hand_removes_nothing(aged: AgedLog) -> None:
    basis = max(size for size, _ in aged.house.checkpoints() if 600 < size < 700)
    detail = FORGERIES["more"].replace("767", "511").replace("BASIS", str(basis))
    with aged.forger() as superuser:
        superuser.execute(
            "insert into ledger.inbox (happened_at, event, actor, detail, written_by)"
            " values (now(), 'ledger.pruned', 'x', %s, 'vaka_t_other_sequencer')", (detail,)
        )  # fmt: skip
    await aged.seal()
    assert await aged.prune() == 0
    assert 0 in aged.indexes()


async def test_forged_decision_and_removal_are_found_by_who_knows_what_was_decided(
    house: LogHouse, tmp_path: Path
) -> None:
    """A superuser can write as the portal; then the database removes, and the authority's own knowledge accuses."""
    aged = AgedLog.begun(house, 500)
    aged.forge("retention.set", '{"days": 400, "reason": "-"}', role="portal")
    await aged.seal()
    aged.turn(days=1e-2)  # of a minute, one checkpoint stays
    await aged.write(600)
    await aged.seal()
    aged.turn(days=500 - 2e-2)
    await aged.prune()
    await aged.seal()
    assert await aged.prune() > 0
    with pytest.raises(WrongError) as found:
        await verified(aged, tmp_path / "pack", least_days=730)
    assert found.value.code is Wrong.TOO_SOON


async def test_removed_by_hand_and_not_let_go_is_found(aged: AgedLog, tmp_path: Path) -> None:
    await aged.prune()
    await aged.seal()
    await aged.prune()
    with aged.forger() as superuser:
        superuser.execute("delete from ledger.log_entry where index = 513")
    with pytest.raises(WrongError) as found:
        await verified(aged, tmp_path / "pack")
    assert (found.value.code, found.value.where) == (Wrong.BUNDLE, "tile/entries/002")


@pytest.mark.parametrize("component", ["portal", "desk", "setup", "scheduler", "receiver"])
@pytest.mark.parametrize("call", ["announce_pruning('x')", "prune(1)"])
async def test_only_the_sequencer_removes(house: LogHouse, component: str, call: str) -> None:
    async with house.as_(component) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(f"select ledger.{call}".encode())


async def test_not_even_the_superuser_removes_through_the_function(aged: AgedLog) -> None:
    await aged.prune()
    await aged.seal()
    with aged.house.superuser() as superuser, pytest.raises(psycopg.errors.InsufficientPrivilege):
        superuser.execute("select ledger.prune(1000)")
    with aged.house.superuser() as superuser:
        superuser.execute("set role vaka_ledger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute("delete from ledger.log_entry")

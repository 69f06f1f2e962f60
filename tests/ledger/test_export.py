# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log as files: an earlier export brought up to date is the one that would be made anew, and so is what is served."""

from pathlib import Path

import pytest

from tests.ledger.aged import AgedLog
from tests.ledger.sealed import LogHouse
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.ledger import export
from vaka.ledger.findings import Checked
from vaka.ledger.published import open_published
from vaka.ledger.publishing import read_published_file
from vaka.ledger.verify import Expected, verify_log
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(SystemClock().now())


async def grow(house: LogHouse, clock: TurnedClock, count: int) -> None:
    clock.turn(61)
    await house.write(clock, *(f"alarm:{n}" for n in range(count)))
    async with house.as_("sequencer") as connection:
        await house.sealing(clock).make_round(connection)


def files(directory: Path) -> dict[str, bytes]:
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


async def served(house: LogHouse, paths: dict[str, bytes]) -> dict[str, bytes]:
    """What the portal gives for these paths; where it gives nothing, nothing."""
    async with house.as_("portal") as portal:
        answers = {path: await read_published_file(portal, path) for path in paths}
    return {path: answer.data for path, answer in answers.items() if answer is not None}


def verified(house: LogHouse, directory: Path) -> int:
    checked = Checked()
    with open_published(str(directory)) as read:
        verify_log(read, Expected(house.key), SystemClock().now(), checked)
    return checked.size


@pytest.mark.parametrize("steps", [(3, 5), (250, 10), (255, 1), (1, 700), (256, 256), (300, 0)])
async def test_an_export_that_is_brought_up_to_date_is_the_one_that_would_be_made_anew(
    house: LogHouse, clock: TurnedClock, tmp_path: Path, steps: tuple[int, ...]
) -> None:
    for step in steps:
        await grow(house, clock, step)
        await house.export(tmp_path / "kept")
    await house.export(tmp_path / "kept")
    anew = files(await house.export(tmp_path / "anew"))
    assert files(tmp_path / "kept") == anew == await served(house, anew)
    assert verified(house, tmp_path / "kept") == house.size()


async def test_only_what_is_new_is_written(house: LogHouse, clock: TurnedClock, tmp_path: Path) -> None:
    await grow(house, clock, 700)
    pack = await house.export(tmp_path / "pack")
    untouched = pack / "tile/entries/000"
    untouched.write_bytes(b"kept as it is")
    await grow(house, clock, 300)
    await house.export(pack)
    assert untouched.read_bytes() == b"kept as it is"


async def test_what_was_removed_for_its_age_goes_from_the_export_too(house: LogHouse, tmp_path: Path) -> None:
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    await aged.seal()
    aged.turn(days=20)
    await aged.write(600)
    await aged.seal()
    aged.turn(days=1)
    await aged.seal()
    aged.turn(days=479 - 1e-3)
    await aged.write(5)
    await aged.seal()
    before = files(await house.export(tmp_path / "kept"))
    await aged.prune()
    await aged.seal()
    announced = files(await house.export(tmp_path / "kept"))
    assert "tile/entries/000" in before.keys() & announced.keys()
    assert await aged.prune() > 0
    await aged.seal()
    await house.export(tmp_path / "kept")
    anew = files(await house.export(tmp_path / "anew"))
    assert files(tmp_path / "kept") == anew
    assert "kept/000" in anew
    assert "tile/entries/000" not in anew
    assert await served(house, {**before, **announced, **anew}) == {
        path: data for path, data in {**before, **announced, **anew}.items()
        if path in anew or (".p/" in path and "checkpoint" not in path)
    }  # fmt: skip
    assert verified(house, tmp_path / "kept") == house.size()


async def refused(house: LogHouse, directory: Path, words: str) -> None:
    before = files(directory)
    with pytest.raises(ConfigurationError, match=words):
        await house.export(directory)
    assert files(directory) == before


async def test_a_directory_of_something_else_is_refused(house: LogHouse, clock: TurnedClock, tmp_path: Path) -> None:
    await grow(house, clock, 10)
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "letter.txt").write_text("Dear reader")
    await refused(house, pack, "not empty, and holds no finished export")
    (pack / "checkpoint").write_text("Dear reader")
    await refused(house, pack, "is no checkpoint")


async def test_an_export_that_this_log_does_not_continue_is_refused(
    house: LogHouse, clock: TurnedClock, tmp_path: Path
) -> None:
    await grow(house, clock, 300)
    pack = await house.export(tmp_path / "pack")
    await grow(house, clock, 10)
    note = (pack / "checkpoint").read_bytes()
    for old, new, words in (
        (b"vaka.example/authority/provkommun\n", b"vaka.example/authority/annan\n", "holds an export of"),
        (note.split(b"\n")[1], b"9999", "entries were taken off its end"),
        (note.split(b"\n")[1], b"299", "does not continue"),
        (note.split(b"\n")[2], b"A" * 43 + b"=", "does not continue"),
    ):
        (pack / "checkpoint").write_bytes(note.replace(old, new, 1))
        await refused(house, pack, words)


async def test_a_rewritten_history_is_refused(house: LogHouse, clock: TurnedClock, tmp_path: Path) -> None:
    await grow(house, clock, 300)
    pack = await house.export(tmp_path / "pack")
    with house.superuser(unguarded=True) as thief:
        thief.execute("update ledger.tile set data = sha256('x') || substr(data, 33) where level = 0 and index = 1")
    await refused(house, pack, "does not continue")


async def test_after_a_crash_the_next_export_goes_on(
    house: LogHouse, clock: TurnedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the checkpoint is there, what stands is the old export; nobody finds half of a file."""
    await grow(house, clock, 300)
    pack, size = await house.export(tmp_path / "pack"), house.size()
    await grow(house, clock, 600)
    write, left = export._write, [4]

    def fail(path: Path, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(export, "_write", fail)
    with pytest.raises(ConfigurationError, match="No space left"):
        await house.export(pack)
    assert verified(house, pack) == size
    monkeypatch.setattr(export, "_write", write)
    await house.export(pack)
    assert files(pack) == files(await house.export(tmp_path / "anew"))


@pytest.mark.parametrize(
    "path",
    ["", "checkpoint/", "tile/0/000.p/9", "tile/0/001", "tile/9/000", "tile/entries/000.p/257", "kept/000",
     "kept/checkpoint.5", "kept/checkpoint.05", "tile/0/0", "tile/0/../entries/000.p/1", "x" * 2000],
)  # fmt: skip
async def test_what_is_not_published_is_not_there(house: LogHouse, clock: TurnedClock, path: str) -> None:
    async with house.as_("portal") as portal:
        assert await read_published_file(portal, "checkpoint") is None
    await grow(house, clock, 5)
    async with house.as_("portal") as portal:
        assert await read_published_file(portal, path) is None
        assert await read_published_file(portal, "tile/0/000.p/3") is not None

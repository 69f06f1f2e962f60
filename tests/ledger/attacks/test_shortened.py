# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The end of a log cut off, and entries withheld from whoever asks for them.

Who finds it: the signer and the witnesses, when the log goes on; the verifier, by a checkpoint that was kept or by how
fresh the cosignatures are, and in every case by a file that is not there.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger.attacks.scene import Scene, with_since
from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.findings import Wrong
from vaka.ledger.notes import parse_note
from vaka.ledger.tree import EMPTY_ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def cut(scene: Scene) -> Checkpoint:
    """Let the log live for a minute more, then take that minute off it again; return what a reviewer had kept of it.

    What remains is true, signed and cosigned: it is the log as it was.
    """
    older, leaves = scene.house.checkpoints()[-1][1], scene.raw_leaves()
    await scene.live()
    kept = scene.keep()
    scene.lay(leaves)
    scene.store(parse_note(older))
    return kept


async def test_cut_off_and_kept_short(scene: Scene) -> None:
    """Found by the reviewer who kept a newer checkpoint, and by freshness once the minute is over.

    Without either it is the log of a minute ago: no more than that can be hidden from who asks for freshness.
    """
    kept = await cut(scene)
    assert await scene.found(with_since(scene, kept)) == (Wrong.OLDER, "checkpoint (26 after 39)")
    scene.clock.turn(300)
    assert (await scene.found(replace(scene.expected(), oldest=300)))[0] is Wrong.QUORUM
    await scene.require_clean()


@pytest.mark.parametrize("acts", [1, 30])
async def test_cut_off_and_grown_again(scene: Scene, acts: int) -> None:
    """Found by the signer, which has signed more, or has signed something else; nothing is published."""
    await cut(scene)
    async with scene.house.as_("desk") as desk:
        for _ in range(acts):
            await scene.write(desk)
    sequencer = scene.start()
    assert await scene.halts(sequencer) == "older"
    assert scene.house.waiting() == acts


@pytest.mark.parametrize("acts", [1, 30])
async def test_cut_off_with_the_signers_memory(scene: Scene, acts: int) -> None:
    """Whoever is root on the machine takes the signer's memory back too: the witnesses find it, at any size.

    When the sequencer starts they tell it their size, and nothing is signed again. One that they did not answer then
    signs, and is told with its first checkpoint.
    """
    older = scene.house.files.memory.read_bytes()
    await cut(scene)
    scene.house.files.memory.write_bytes(older)
    async with scene.house.as_("desk") as desk:
        for _ in range(acts):
            await scene.write(desk)
    assert await scene.halts() == "older"
    assert scene.house.files.memory.read_bytes() == older
    assert await scene.halts(scene.start()) == ("older" if acts == 1 else "different")


async def test_cut_off_below_the_checkpoint(scene: Scene) -> None:
    """Entries gone and the checkpoint left as it is: their file is short."""
    scene.lay(scene.raw_leaves()[:20])
    assert (await scene.found())[0] in (Wrong.TILE_SIZE, Wrong.ROOT)


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000.p/26", "tile/entries/000.p/26"])
async def test_file_withheld(scene: Scene, path: str) -> None:
    pack = await scene.pack()
    (pack / path).rename(pack / "aside")
    assert scene.accused(pack) == (Wrong.MISSING, path)
    (pack / "aside").rename(pack / path)
    scene.judge(pack)


async def test_old_pack_handed_over_as_new(scene: Scene, tmp_path: Path) -> None:
    """True, and out of date: found as a log that was cut off is."""
    old = await scene.pack()
    for _ in range(6):
        await scene.live(1)
    fresh = replace(scene.expected(), oldest=300)
    assert scene.accused(old, fresh)[0] is Wrong.QUORUM
    assert scene.accused(old, with_since(scene, scene.keep()))[0] is Wrong.OLDER
    new = await scene.pack()
    scene.judge(new, fresh)
    shutil.copy(new / "checkpoint", old / "checkpoint")
    assert scene.accused(old)[0] is Wrong.MISSING


async def test_all_withheld(scene: Scene) -> None:
    """An empty log in place of this one, signed by who has the key: shorter than what was kept, and not cosigned."""
    kept = scene.keep()
    empty = Checkpoint(scene.thief().name, 0, EMPTY_ROOT)
    pack = scene.root / "empty"
    pack.mkdir()
    (pack / "checkpoint").write_bytes(sign(scene, empty))
    assert scene.accused(pack)[0] is Wrong.QUORUM
    assert scene.accused(pack, replace(scene.expected(), policy=None, since=kept))[0] is Wrong.OLDER


def sign(scene: Scene, checkpoint: Checkpoint) -> bytes:
    """A checkpoint as a thief of the log's key signs it."""
    return sign_checkpoint(checkpoint, scene.thief()).encode()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The whole log rewritten, tiles and head with it, so that the database agrees with itself.

Who finds it: without the log's key, the verifier and the signer; with the signer's memory rewritten too, the witnesses.
"""

import pytest

from tests.ledger.attacks.scene import Scene, changed, log_of, signed
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.findings import Wrong
from vaka.ledger.notes import parse_note
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.witness import WitnessFiles

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_log_laid_anew_with_the_same_entries_accuses_nobody(scene: Scene) -> None:
    """The procedure of the attack, without the attack."""
    before = scene.house.checkpoints()
    log = scene.lay(scene.raw_leaves())
    scene.house.files.memory.write_text(Checkpoint(scene.thief().name, log.edge.size, log.edge.root()).text)
    await scene.require_clean()
    await scene.live()
    assert scene.house.checkpoints()[: len(before)] == before
    assert (await scene.require_clean()).entries == 26 + 13
    assert not evidence(scene)


async def test_rewritten_log_is_found_in_the_pack_and_by_the_signer(scene: Scene) -> None:
    """By the verifier: the root that was signed does not rest on these tiles. By the signer: its memory is another."""
    scene.lay(changed(scene.raw_leaves(), 7))
    assert await scene.found() == (Wrong.ROOT, "tile/0/000.p/26")
    assert await scene.halts() == "different"
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    assert await scene.halts() == "different"
    assert await scene.found() == (Wrong.ROOT, "tile/0/000.p/26")


async def test_rewritten_and_longer_log_is_found_by_the_signer(scene: Scene) -> None:
    """By the signer, before anybody is shown anything; by the verifier, once the head is published by force."""
    leaves = changed(scene.raw_leaves(), 7)
    scene.lay([*leaves, *leaves])
    assert await scene.halts() == "different"
    assert (await scene.found())[0] is Wrong.ROOT


async def test_signers_memory_rewritten_too_is_found_by_the_witnesses(scene: Scene) -> None:
    """Whoever is root on the machine makes its own sequencer sign the new history. No witness goes along.

    Of the same size, both checkpoints are signed by the log: each witness keeps them as evidence.
    """
    log = scene.lay(changed(scene.raw_leaves(), 7))
    scene.house.files.memory.write_text(Checkpoint(scene.thief().name, log.edge.size, log.edge.root()).text)
    scene.forge("update ledger.checkpoint set size = size + 100")  # so that the rest looks unpublished
    assert await scene.halts() == "different"
    for files in scene.witnesses:
        assert roots(files) == {scene_root(scene), log.edge.root()}
    assert await scene.found() == (Wrong.ROOT, "tile/0/000.p/26")


async def test_longer_history_of_a_signer_without_memory_is_found_by_the_witnesses(scene: Scene) -> None:
    log = scene.lay([*changed(scene.raw_leaves(), 7), *scene.raw_leaves()[:4]])
    scene.house.files.memory.write_text(Checkpoint(scene.thief().name, log.edge.size, log.edge.root()).text)
    assert await scene.halts() == "different"
    assert not evidence(scene)  # of different sizes: nobody but the witnesses knows that they contradict
    scene.store(signed(log, scene.thief()))
    assert (await scene.found())[0] is Wrong.QUORUM


async def test_key_and_memory_that_were_made_anew_are_found(scene: Scene) -> None:
    """By the start-up where one of the two is missing; by the verifier where the whole log was made to look new."""
    files, known = scene.house.files, scene.expected()
    for lost in (files.secret, files.memory):
        kept = lost.read_bytes()
        lost.unlink()
        with pytest.raises(LedgerHaltedError, match="missing"):
            scene.start()
        lost.write_bytes(kept)
    await scene.seal()
    await scene.require_clean()
    scene.forge("delete from ledger.checkpoint")
    files.secret.unlink()
    files.memory.unlink()
    await scene.seal()
    assert await scene.found(known) == (Wrong.UNSIGNED, "checkpoint")


def evidence(scene: Scene) -> list[str]:
    """What the witnesses have kept."""
    return [path.name for files in scene.witnesses for path in files.evidence.iterdir()]


def roots(files: WitnessFiles) -> set[bytes]:
    """The roots in one witness's evidence, which are signed by the log."""
    return {parse_checkpoint(parse_note(path.read_bytes()).text).root for path in files.evidence.iterdir()}


def scene_root(scene: Scene) -> bytes:
    """What the genuine log was signed as."""
    root = parse_checkpoint(parse_note(scene.house.checkpoints()[-1][1]).text).root
    assert root != log_of(scene.raw_leaves()).edge.root()
    return root

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keys in the wrong hands: one that nobody knows, the log's, the log's and a witness's; and two views of one log.

Who finds it: the witnesses, who cosign one history only, and so the verifier who asks for them; where a witness is on
the thief's side, the other witness, and whoever kept a checkpoint.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger.attacks.scene import Scene, changed, forged, log_of, signed, with_since, witness_key
from tests.ledger.sample import SampleLog
from tests.ledger.watched import proves
from vaka.ledger.checkpoints import Checkpoint
from vaka.ledger.cosignatures import Policy
from vaka.ledger.findings import Wrong
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.notes import Note, parse_note
from vaka.ledger.signer import LedgerHaltedError, replace_file
from vaka.ledger.verify import Expected
from vaka.ledger.witness_client import WitnessError, WitnessFault

pytestmark = [pytest.mark.anyio, pytest.mark.database]


def published(log: SampleLog, note: Note, directory: Path) -> Path:
    """The thief's own pack: a log in his memory, under a checkpoint of his."""
    log.publish(directory)
    (directory / "checkpoint").write_bytes(note.encode())
    return directory


def only(scene: Scene, number: int) -> Expected:
    """What a reviewer knows who relies on one witness."""
    return replace(scene.expected(), policy=Policy((witness_key(scene.witnesses[number]),), 1))


async def test_same_procedure_with_the_genuine_log_accuses_nobody(scene: Scene) -> None:
    """A thief who publishes just what is true: the same bytes are signed as the log signed."""
    log = log_of(scene.raw_leaves())
    genuine = parse_note(scene.house.checkpoints()[-1][1])
    note = signed(log, scene.thief())
    assert note.signatures[0] == genuine.signatures[0]
    lines = [line for client in scene.clients for line in await client.cosign(note, proves(log))]
    pack = published(log, note.with_signatures(lines), scene.root / "thief")
    assert scene.judge(pack, with_since(scene, scene.keep())).entries == 26
    await scene.live()
    await scene.require_clean()


@pytest.mark.parametrize("name", ["vaka.example/authority/provkommun", "vaka.example/authority/annan"])
async def test_unknown_key(scene: Scene, name: str) -> None:
    """A history signed by a key of the same name, or of another: unsigned to the verifier, refused by the witnesses."""
    log = log_of(changed(scene.raw_leaves(), 7))
    stranger = LogSigner.of(name, Ed25519PrivateKey.generate())
    note = signed(log, LogSigner.of(scene.thief().name, stranger.private_key))
    for client, status in zip(scene.clients, (403, 403), strict=True):
        with pytest.raises(WitnessError) as refused:
            await client.cosign(note, proves(log))
        assert (refused.value.code, refused.value.status) == (WitnessFault.REFUSED, status)
    cosigned = note.with_signatures(parse_note(scene.house.checkpoints()[-1][1]).signatures[1:])
    pack = published(log, cosigned, scene.root / "pack")
    assert scene.accused(pack) == (Wrong.UNSIGNED, "checkpoint")


async def test_sequencer_given_another_key(scene: Scene) -> None:
    """The witnesses do not cosign, and the verifier, who has the old key, finds no signature that counts."""
    known = scene.expected()
    stranger = LogSigner.of(scene.thief().name, Ed25519PrivateKey.generate())
    replace_file(scene.house.files.secret, stranger.encode().encode() + b"\n")
    await scene.seal()
    assert len(parse_note(scene.house.checkpoints()[-1][1]).signatures) == 1
    assert await scene.found(known) == (Wrong.UNSIGNED, "checkpoint")


@pytest.mark.parametrize("longer", [0, 4])
async def test_log_key_stolen_and_history_rewritten(scene: Scene, longer: int) -> None:
    """The witnesses refuse, so the verifier finds no quorum; cosignatures taken from the genuine log are false here."""
    leaves = scene.raw_leaves()
    log = log_of([*changed(leaves, 7), *leaves[:longer]])
    note = signed(log, scene.thief())
    for client in scene.clients:
        with pytest.raises(LedgerHaltedError) as halted:
            await client.cosign(note, proves(log))
        assert halted.value.reason == "different"
    assert scene.accused(published(log, note, scene.root / "none")) == (Wrong.QUORUM, "checkpoint (0 of 2)")
    borrowed = note.with_signatures(parse_note(scene.house.checkpoints()[-1][1]).signatures[1:])
    assert scene.accused(published(log, borrowed, scene.root / "false")) == (Wrong.COSIGNATURE, "checkpoint")
    await scene.seal()
    await scene.require_clean()


async def test_log_key_stolen_and_entries_added(scene: Scene) -> None:
    """What fits onto the genuine log is cosigned, and the pack verifies: a limit that the guide names.

    The supplier's own sequencer finds it at its next round: the witnesses have seen a log that is not this one.
    """
    leaves = scene.raw_leaves()
    added = [forged(leaves[25], source="thief", number=1)]
    log = log_of([*leaves, *added])
    note = signed(log, scene.thief())
    lines = [line for client in scene.clients for line in await client.cosign(note, proves(log))]
    pack = published(log, note.with_signatures(lines), scene.root / "thief")
    assert scene.judge(pack, with_since(scene, scene.keep())).entries == 27
    assert await scene.halts() in ("older", "different")


async def test_log_key_and_one_witness_key_stolen(scene: Scene) -> None:
    """The other witness is missing; whoever relies on the stolen one alone finds it by the checkpoint he kept.

    Without either there is nothing left to find it by: the guide says so.
    """
    kept = scene.keep()
    log = log_of(changed(scene.raw_leaves(), 7))
    note = signed(log, scene.thief())
    stolen = scene.witnesses[0].load_signer()
    note = note.with_signatures([stolen.cosign(note.text, int(datetime.now(UTC).timestamp()))])
    pack = published(log, note, scene.root / "thief")
    assert scene.accused(pack) == (Wrong.QUORUM, "checkpoint (1 of 2)")
    assert scene.accused(pack, replace(only(scene, 0), since=kept))[0] is Wrong.DIFFERENT
    assert scene.judge(pack, only(scene, 0)).entries == 26
    with pytest.raises(LedgerHaltedError):
        await scene.clients[1].cosign(note, proves(log))
    assert list(scene.witnesses[1].evidence.iterdir())


async def test_key_of_the_log_is_no_witness_of_it(scene: Scene) -> None:
    """A thief who has the log's key alone, and calls it a witness."""
    own = replace(witness_key(scene.witnesses[0]), public_key=scene.thief().key.public_key)
    expected = replace(scene.expected(), policy=Policy((own,), 1))
    assert await scene.found(expected) == (Wrong.COSIGNATURE, "checkpoint")


async def test_two_views_of_one_log(scene: Scene) -> None:
    """One history is shown to the first witness and its reviewer, another to the second and his.

    Found by whoever asks for both witnesses, by the reviewer who compares a checkpoint with his colleague's, and by
    either witness as soon as it is shown the other's.
    """
    leaves, views = scene.raw_leaves(), []
    for number, outcome in enumerate(("success", "failure")):
        log = log_of([*leaves, forged(leaves[25], source="thief", number=1, outcome=outcome)])
        note = signed(log, scene.thief())
        note = note.with_signatures(await scene.clients[number].cosign(note, proves(log)))
        views.append((log, note, published(log, note, scene.root / f"view-{number}")))
    for number, (log, note, pack) in enumerate(views):
        assert scene.accused(pack) == (Wrong.QUORUM, "checkpoint (1 of 2)")
        other = views[1 - number][0]
        seen = Checkpoint(scene.thief().name, 27, other.edge.root())
        assert scene.accused(pack, replace(only(scene, number), since=seen))[0] is Wrong.DIFFERENT
        with pytest.raises(LedgerHaltedError):
            await scene.clients[1 - number].cosign(note, proves(log))
        assert len(list(scene.witnesses[1 - number].evidence.iterdir())) == 2
    assert await scene.halts() == "older"
    assert await scene.halts(scene.start()) == "different"

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Makes the committed vectors (``python -m tests.ledger.make_vectors``): one log three times, by us and by others.

Keys, times and entries are those of sample.py, so each run makes the same files. Bytes are base64 in them.
"""

import importlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.ledger import golang
from tests.ledger.sample import (
    LOG,
    ORIGIN,
    SEEN_AT,
    WITNESSES,
    entries,
    log_key,
    sample_log,
    witness_keys,
)
from vaka.ledger.proofs import Proof
from vaka.ledger.tree import prove_consistency, prove_inclusion

DIRECTORY = Path(__file__).parent / "vectors"
COUNT = 11
SIZES = (1, 2, 3, 6, 7, 8, COUNT)
TILED = 600

Document = dict[str, Any]


def make_vaka() -> Document:
    """The log by our own code, with a proof file and the hashes of all published files."""
    log = sample_log(TILED)
    files = {tile.path: data for tile, data in sample_log(TILED, batch=TILED).tiles.items()}
    return {
        "made_by": "vaka.ledger",
        **_tree(
            root=lambda size: sample_log(size).edge.root(),
            inclusion=lambda index, size: prove_inclusion(index, size, sample_log(size).nodes()),
            consistency=lambda old, new: prove_consistency(old, new, sample_log(new).nodes()),
        ),
        "keys": [key.encode() for key in (log_key(), *witness_keys())],
        "note": log.checkpoint().encode().decode(),
        "tiles": {path: sha256(data).hexdigest() for path, data in sorted(files.items())},
        "proof": Proof(137, prove_inclusion(137, TILED, log.nodes()), log.checkpoint()).encode().decode(),
    }


def make_go() -> Document:
    """The log by Go's sumdb/tlog; the note signed by sumdb/note, which knows no cosignatures."""
    by_size = {}
    for size in SIZES:
        told = golang.ask(
            "build",
            entries=golang.encoded(entries(size)),
            indexes=list(range(size)),
            sizes=list(range(1, size + 1)),
        )
        by_size[size] = told
    tiled = golang.ask("build", entries=golang.encoded(entries(TILED)))
    head = f"{ORIGIN}\n{TILED}\n{tiled['root']}\n"
    return {
        "made_by": "golang.org/x/mod/sumdb",
        **_tree(
            root=lambda size: golang.decoded(by_size[COUNT]["roots"])[size - 1],
            inclusion=lambda index, size: golang.decoded(by_size[size]["records"][index]["proof"]),
            consistency=lambda old, new: golang.decoded(by_size[new]["trees"][old - 1]["proof"]),
        ),
        "keys": [log_key().encode()],
        "note": golang.ask("sign", text=head, keys=[LOG.encode()])["note"],
    }


def make_aics() -> Document:
    """The log by aics-tlog, cosigned and in tiles."""
    aics = importlib.import_module("aics_tlog")
    tree, tiled = aics.MerkleTree(entries(COUNT)), aics.MerkleTree(entries(TILED))
    signed = aics.sign_checkpoint(aics.Checkpoint(ORIGIN, TILED, tiled.root()), LOG.private_key, ORIGIN)
    lines = [
        aics.sign_cosignature(witness.private_key, witness.name, SEEN_AT + n, ORIGIN, TILED, tiled.root())[1]
        for n, witness in enumerate(WITNESSES)
    ]
    keys = [aics.vkey_from_ed25519(ORIGIN, LOG.private_key.public_key())]
    keys += [aics.cosignature_vkey(witness.name, witness.private_key.public_key()) for witness in WITNESSES]
    files = aics.TileWriter(entries(TILED)).materialise()
    return {
        "made_by": "aics-tlog",
        **_tree(root=tree.root, inclusion=tree.inclusion_proof, consistency=tree.consistency_proof),
        "keys": [aics.format_vkey(key) for key in keys],
        "note": aics.Note(signed.text, (*signed.signatures, *lines)).serialise(),
        "tiles": {path: sha256(data).hexdigest() for path, data in sorted(files.items()) if "entries" not in path},
    }


MAKERS: dict[str, Callable[[], Document]] = {"vaka": make_vaka, "go": make_go, "aics": make_aics}


def read(name: str) -> Document:
    """Return the committed vectors of one maker."""
    document: Document = json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _tree(
    root: Callable[[int], bytes],
    inclusion: Callable[[int, int], Iterable[bytes]],
    consistency: Callable[[int, int], Iterable[bytes]],
) -> Document:
    return {
        "entries": _texts(entries(COUNT)),
        "roots": _texts(root(size) for size in range(1, COUNT + 1)),
        "inclusion": [
            {"index": index, "size": size, "proof": _texts(inclusion(index, size))}
            for size in SIZES
            for index in range(size)
        ],
        "consistency": [
            {"old": old, "new": new, "proof": _texts(consistency(old, new))}
            for new in SIZES
            for old in range(1, new + 1)
        ],
    }


def _texts(values: Iterable[bytes]) -> list[str]:
    return [b64encode(value).decode() for value in values]


def main() -> None:
    """Write all vectors anew."""
    for name, make in MAKERS.items():
        text = json.dumps(make(), ensure_ascii=False, indent=1)
        (DIRECTORY / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

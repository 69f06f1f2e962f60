# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A published log of which the oldest entries were removed, as the authority decided; or as somebody pretends."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.ledger.reviewed import Files, files_of, leaf, log_of
from tests.ledger.sample import LOG, ORIGIN, SEEN_AT, WITNESSES
from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.tiles import FULL, encode_entries

SIZE = 2400
DAY = 4  # entries
BEGUN = datetime.fromtimestamp(SEEN_AT, UTC) - timedelta(days=SIZE / DAY, minutes=1)
DECIDED, PRUNED = 3, 2390
"""Where the decision and the entry about removal stand."""
BASIS, END = 700, 512
BEATS = (100, 600, 1500, 2350)
"""Where heartbeats stand. Real ones come every minute."""

Change = Mapping[int, Mapping[str, object]]


def at(index: int) -> datetime:
    return BEGUN + timedelta(days=index / DAY)


def decision(index: int = DECIDED, days: int = 400, **other: object) -> dict[str, object]:
    return {
        "event": "retention.set", "written_by": "vaka_t_provkommun_portal", "actor": "account:7",
        "detail": {"days": days, "reason": "KS 2024/17"}, "at": at(index), "written_at": at(index), **other,
    }  # fmt: skip


def pruning(index: int = PRUNED, *, days: int = 400, policy: int = DECIDED, last: int = END - 1, basis: int = BASIS,
            **other: object) -> dict[str, object]:  # fmt: skip
    return {
        "event": "ledger.pruned", "written_by": "vaka_t_provkommun_sequencer", "actor": "sequencer",
        "detail": {"first": 0, "last": last, "count": last, "days": days, "policy": policy, "checkpoint": basis,
                   "reason": "retention"},
        "at": at(index), "written_at": at(index), **other,
    }  # fmt: skip


def beat(index: int, decisions: int, size: int | None = None, **other: object) -> dict[str, object]:
    return {
        "event": "ledger.heartbeat", "written_by": "vaka_t_provkommun_sequencer", "actor": "sequencer",
        "detail": {"size": index if size is None else size, "decisions": decisions},
        "at": at(index), "written_at": at(index), **other,
    }  # fmt: skip


@dataclass
class Aged:
    """Six hundred days of a log, four entries a day, of which the first five hundred and twelve entries are gone."""

    change: Change = field(default_factory=dict)
    seen_at: datetime = BEGUN + timedelta(days=BASIS / DAY)
    basis: int = BASIS
    cosigned: int = 3
    signer: LogSigner = LOG
    other_root: bool = False
    gone: tuple[int, ...] = (0, 1)
    kept: tuple[int, ...] = (DECIDED,)

    def leaves(self) -> list[bytes]:
        special: Change = {DECIDED: decision(), PRUNED: pruning(), **self.change}
        decided = [n for n, fields in special.items() if fields.get("event") == "retention.set"]
        beats = {n: beat(n, sum(place < n for place in decided)) for n in BEATS}
        special = {n: {**beats.get(n, {}), **special.get(n, {})} for n in {*beats, *special}}
        written: Counter[object] = Counter()
        leaves = []
        for n in range(SIZE):
            fields = {"at": at(n), "written_at": at(n), "source": f"a-{n % 3}", **special.get(n, {})}
            writer = fields["source"], fields.get("written_by", "")  # each login role counts for itself
            written[writer] += 1
            leaves.append(leaf(n, **({"number": written[writer]} | fields)))
        return leaves

    def files(self) -> Files:
        leaves = self.leaves()
        files = files_of(log_of(leaves))
        for index in self.gone:
            del files[f"tile/entries/{index:03}"]
            places = range(index * FULL, (index + 1) * FULL)
            if set(self.kept) & set(places):
                files[f"kept/{index:03}"] = encode_entries([leaves[n] if n in self.kept else b"" for n in places])
        root = log_of(leaves[: self.basis]).edge.root()
        checkpoint = Checkpoint(ORIGIN, self.basis, bytes(32) if self.other_root else root)
        note = sign_checkpoint(checkpoint, self.signer)
        seconds = int(self.seen_at.timestamp())
        cosigned = note.with_signatures([each.cosign(note.text, seconds) for each in WITNESSES[: self.cosigned]])
        return {**files, f"kept/checkpoint.{self.basis}": cosigned.encode()}

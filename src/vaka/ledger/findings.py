# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What verifying a log can find: each kind of wrong, with the sentence that the reader gets."""

from dataclasses import dataclass, field
from enum import Enum

from vaka.errors import Sentence


class Wrong(Enum):
    """What is wrong. The name is stable and stands in the JSON output; the value is what it means."""

    MISSING = Sentence(
        sv="filen saknas, fast kontrollpunkten förutsätter den: poster undanhålls",
        en="the file is missing, although the checkpoint needs it: entries are withheld",
    )
    CHECKPOINT = Sentence(sv="detta är ingen undertecknad kontrollpunkt", en="this is no signed checkpoint")
    UNSIGNED = Sentence(
        sv="kontrollpunkten är inte undertecknad av den här loggen", en="the checkpoint is not signed by this log"
    )
    SIGNATURE = Sentence(sv="loggens underskrift är falsk", en="the log's signature is false")
    ORIGIN = Sentence(sv="kontrollpunkten gäller en annan logg", en="the checkpoint is of another log")
    COSIGNATURE = Sentence(sv="ett vittnes underskrift är falsk", en="a witness's signature is false")
    QUORUM = Sentence(
        sv="för få av vittnena har undertecknat i tillåten tid",
        en="too few of the witnesses have signed in the time allowed",
    )
    OLDER = Sentence(
        sv="loggen är kortare än den tidigare kontrollpunkten: poster har tagits bort i slutet",
        en="the log is shorter than the earlier checkpoint: entries were taken off its end",
    )
    DIFFERENT = Sentence(
        sv="loggen fortsätter inte den tidigare kontrollpunkten: historien har skrivits om",
        en="the log does not continue the earlier checkpoint: its history was rewritten",
    )
    TILE_SIZE = Sentence(
        sv="filen har inte så många hashar som den ska", en="the file has not as many hashes as it must"
    )
    ROOT = Sentence(
        sv="trädet ger inte den rot som är undertecknad", en="the tree does not have the root that was signed"
    )
    TILE = Sentence(
        sv="hasharna är inte de som nivån ovanför vilar på", en="the hashes are not those that the level above rests on"
    )
    BUNDLE = Sentence(
        sv="filen har inte så många hela poster som den ska", en="the file has not as many whole entries as it must"
    )
    ENTRY = Sentence(sv="posten är inte den som förseglades", en="the entry is not the one that was sealed")
    LEAF = Sentence(sv="posten är inte skriven på det enda tillåtna sättet", en="the entry is not in its one spelling")
    GAP = Sentence(
        sv="nummerföljden hos den som skrev är bruten: en post togs bort, lades till eller flyttades före förseglingen",
        en="the numbers of its writer are broken: an entry was removed, added or moved before it was sealed",
    )
    TIME = Sentence(sv="tiden går bakåt längre än tillåtet", en="the time goes back farther than is allowed")
    FUTURE = Sentence(
        sv="posten är daterad efter att vittnena såg den", en="the entry is dated after the witnesses had seen it"
    )
    UNDECIDED = Sentence(
        sv="äldre poster har tagits bort utan att myndigheten har beslutat det",
        en="older entries were removed, and no decision of the authority lets them go",
    )
    TOO_SOON = Sentence(
        sv="poster har tagits bort innan den tid som myndigheten har beslutat hade gått",
        en="entries were removed before the time that the authority decided had passed",
    )
    AGE = Sentence(
        sv="vittnena intygar inte att det som togs bort var gammalt nog",
        en="the witnesses do not confirm that what was removed was old enough",
    )
    BEAT = Sentence(
        sv="pulsen stämmer inte med myndighetens beslut i loggen: ett beslut undanhålls, eller pulsen är falsk",
        en="the heartbeat does not agree with the authority's decisions in the log: one is withheld, or it is false",
    )
    SILENT = Sentence(sv="loggen har varit tyst längre än tillåtet", en="the log was silent for longer than is allowed")
    RECEIPT = Sentence(
        sv="ett kvitto gäller en post som inte står där i den här loggen",
        en="a receipt is of an entry that does not stand there in this log",
    )
    PROOF = Sentence(sv="detta är ingen bevisfil", en="this is no proof file")
    INCLUSION = Sentence(sv="beviset gäller inte den här posten", en="the proof is not of this entry")


class WrongError(Exception):
    """The first thing that is wrong. `where` is a file's path, and an entry's number in the log, counted from 0."""

    def __init__(self, code: Wrong, where: str) -> None:
        super().__init__(f"{code.name.lower()}: {where}")
        self.code = code
        self.where = where


@dataclass(slots=True)
class Checked:
    """What was verified so far: facts that hold. What was not come to is left at its beginning."""

    origin: str = ""
    size: int = 0
    root: str = ""
    is_signed: bool = False
    witnesses: list[str] = field(default_factory=list)
    seen_at: int | None = None
    """POSIX seconds: by then a quorum of the witnesses had seen this log."""
    continues: int | None = None
    """The size of the earlier checkpoint that this log continues."""
    tiles: int = 0
    entries: int = 0
    sources: int = 0
    removed: int = 0
    """Entries that the authority's decision let go; their hashes were verified."""
    kept_days: int | None = None
    """How long they had been kept at least, and by which decision: its place in the log, its time and who took it."""
    decision: int | None = None
    decided_at: str = ""
    decided_by: str = ""
    known_gaps: list[str] = field(default_factory=list)
    """Where a writer's numbers are broken, and whoever verifies had said that he knows it."""
    receipts: int = 0
    """Receipts whose entries stand in this log."""
    silence: int = 0
    """Seconds: the longest time between two heartbeats, and the place of the later one."""
    silence_before: int | None = None
    since_beat: int | None = None
    """Seconds from the last heartbeat to when the witnesses saw the log (or it is verified)."""
    first_at: str = ""
    last_at: str = ""

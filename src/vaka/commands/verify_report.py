# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What `vaka verify` prints, in Swedish and in English."""

from collections.abc import Iterator
from datetime import UTC, datetime

from vaka.counted import counted
from vaka.errors import Sentence
from vaka.ledger.findings import Checked, Wrong, WrongError

_SIZE = Sentence(sv="{count} [post|poster]", en="{count} [entry|entries]")
_TILES = Sentence(
    sv="{count} [trädfil|trädfiler] vilar på roten", en="{count} [tile|tiles], the root rests on [it|all of them]"
)
_SEALED = Sentence(
    sv="[posten är den|{count} poster är de] som förseglades",
    en="[the entry is the one that was|{count} entries are those that were] sealed",
)
_REMOVED = Sentence(sv="{count} [post är borttagen|poster är borttagna]", en="{count} [entry was|entries were] removed")
_RECEIPTS = Sentence(
    sv="{count} [kvitto gäller en post|kvitton gäller poster] som står kvar eller har funnits där",
    en="{count} [receipt is of an entry that stands, or stood, in its place|"
    "receipts are of entries that stand, or stood, in their places]",
)
_SOURCES = Sentence(sv="{count} [källa|källor] utan", en="{count} [source|sources] without")


def report(checked: Checked, wrong: WrongError | None, reason: str | None, language: str) -> list[str]:
    """Return one line for each thing that holds, and the verdict."""
    lines = [sentence.in_language(language) for sentence in _facts(checked)]
    if reason is not None:
        return [
            *lines,
            Sentence(sv=f"KUNDE INTE KONTROLLERAS: {reason}", en=f"NOT CHECKED: {reason}").in_language(language),
        ]
    if wrong is not None:
        return [*lines, f"{Sentence(sv='FEL', en='WRONG').in_language(language)}: {wrong.where}: "
                f"{wrong.code.value.in_language(language)}"]  # fmt: skip
    return [*lines, Sentence(sv="VERIFIERAD", en="VERIFIED").in_language(language)]


def _facts(checked: Checked) -> Iterator[Sentence]:
    if not checked.is_signed:
        return
    size = counted(_SIZE, checked.size)
    yield Sentence(
        sv=f"{checked.origin}: {size.sv}, rot {checked.root}, undertecknad av loggen",
        en=f"{checked.origin}: {size.en}, root {checked.root}, signed by the log",
    )
    if checked.seen_at is None:
        yield Sentence(
            sv="inget vittne efterfrågades: loggen intygar ensam sig själv",
            en="no witness was asked for: the log alone vouches for itself",
        )
    else:
        when = datetime.fromtimestamp(checked.seen_at, UTC).isoformat().replace("+00:00", "Z")
        names = ", ".join(checked.witnesses)
        yield Sentence(sv=f"sedd senast {when} av vittnena: {names}", en=f"seen by {when} by the witnesses: {names}")
    if checked.tiles:
        yield counted(_TILES, checked.tiles)
    if checked.continues is not None:
        size = counted(_SIZE, checked.continues)
        yield Sentence(
            sv=f"fortsätter den tidigare kontrollpunkten med {size.sv}",
            en=f"continues the earlier checkpoint of {size.en}",
        )
    if checked.entries:
        yield counted(_SEALED, checked.entries)
    if checked.removed:
        removed = counted(_REMOVED, checked.removed)
        yield Sentence(
            sv=f"{removed.sv} efter minst {checked.kept_days} dagar, enligt post "
            f"{checked.decision}: myndighetens beslut {checked.decided_at} av {checked.decided_by}",
            en=f"{removed.en} after {checked.kept_days} days or more, by entry "
            f"{checked.decision}: the authority's decision of {checked.decided_at} by {checked.decided_by}",
        )
    for where in checked.known_gaps:
        yield Sentence(sv=f"KÄND LUCKA: {where}: {Wrong.GAP.value.sv}", en=f"KNOWN GAP: {where}: {Wrong.GAP.value.en}")
    if checked.receipts:
        yield counted(_RECEIPTS, checked.receipts)
    if checked.since_beat is not None:
        longest = Sentence(sv="–", en="–")
        if checked.silence_before is not None:
            longest = Sentence(
                sv=f"{checked.silence} s, före post {checked.silence_before}",
                en=f"{checked.silence} s, before entry {checked.silence_before}",
            )
        yield Sentence(
            sv=f"längsta tystnaden mellan två pulsposter: {longest.sv}; sedan den sista: {checked.since_beat} s",
            en=f"longest silence between two heartbeats: {longest.en}; since the last one: {checked.since_beat} s",
        )
    if checked.sources:
        sources = counted(_SOURCES, checked.sources)
        yield Sentence(
            sv=f"{sources.sv} {'annan ' if checked.known_gaps else ''}lucka; "
            f"skrivna från {checked.first_at} till {checked.last_at}",
            en=f"{sources.en} {'any other' if checked.known_gaps else 'a'} gap; "
            f"written from {checked.first_at} to {checked.last_at}",
        )

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What `vaka verify` prints, in Swedish and in English."""

from collections.abc import Iterator
from datetime import UTC, datetime

from vaka.errors import Sentence
from vaka.ledger.findings import Checked, Wrong, WrongError


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
    yield Sentence(
        sv=f"{checked.origin}: {checked.size} poster, rot {checked.root}, undertecknad av loggen",
        en=f"{checked.origin}: {checked.size} entries, root {checked.root}, signed by the log",
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
        yield Sentence(
            sv=f"{checked.tiles} trädfiler vilar på roten", en=f"{checked.tiles} tiles, the root rests on all of them"
        )
    if checked.continues is not None:
        yield Sentence(
            sv=f"fortsätter den tidigare kontrollpunkten med {checked.continues} poster",
            en=f"continues the earlier checkpoint of {checked.continues} entries",
        )
    if checked.entries == 1:
        yield Sentence(sv="posten är den som förseglades", en="the entry is the one that was sealed")
    elif checked.entries:
        yield Sentence(
            sv=f"{checked.entries} poster är de som förseglades",
            en=f"{checked.entries} entries are those that were sealed",
        )
    if checked.removed:
        yield Sentence(
            sv=f"{checked.removed} poster är borttagna efter minst {checked.kept_days} dagar, enligt post "
            f"{checked.decision}: myndighetens beslut {checked.decided_at} av {checked.decided_by}",
            en=f"{checked.removed} entries were removed after {checked.kept_days} days or more, by entry "
            f"{checked.decision}: the authority's decision of {checked.decided_at} by {checked.decided_by}",
        )
    for where in checked.known_gaps:
        yield Sentence(sv=f"KÄND LUCKA: {where}: {Wrong.GAP.value.sv}", en=f"KNOWN GAP: {where}: {Wrong.GAP.value.en}")
    if checked.receipts:
        yield Sentence(
            sv=f"{checked.receipts} kvitton gäller poster som står kvar eller har funnits där",
            en=f"{checked.receipts} receipts are of entries that stand, or stood, in their places",
        )
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
        yield Sentence(
            sv=f"{checked.sources} källor utan {'annan ' if checked.known_gaps else ''}lucka; "
            f"skrivna från {checked.first_at} till {checked.last_at}",
            en=f"{checked.sources} sources without {'any other' if checked.known_gaps else 'a'} gap; "
            f"written from {checked.first_at} to {checked.last_at}",
        )

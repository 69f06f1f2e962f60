# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The report of a year on what was changed (term 20): what the log says, held against the register of changes.

Nobody of the supplier's is named: who wrote and who approved stands in the log, by accounts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from vaka.assurance.reports import ChangeVersion, list_changes
from vaka.database.connections import transaction
from vaka.errors import Sentence
from vaka.ledger.events import Event
from vaka.ledger.export_csv import write_csv, write_heading
from vaka.ledger.reading import read_state
from vaka.ledger.search import Hit, Wanted, identifier_in
from vaka.registers.declarations import load_registers
from vaka.registers.model import State
from vaka.tenants.authorities import Authority
from vaka.web.documents import MOST_ROWS as MOST_IN_DOCUMENT
from vaka.web.documents import Part
from vaka.web.portal.portal import Portal
from vaka.web.portal.words import ALL_NAMES
from vaka.web.portal.yearly import MOST_ROWS, Drawn, bounds, find_all
from vaka.web.register_words import STATES
from vaka.web.texts import Language
from vaka.web.times import LOCAL

REGISTER = "changes"
WRITTEN = (Event.REGISTER_ENTERED, Event.REGISTER_MOVED)
"""What the log says of a register; of them the report has those of the register of changes."""
OF_INSTALLATION = (
    Event.SETTINGS_CHANGED, Event.SETTINGS_DRIFTED, Event.SETTINGS_SETTLED, Event.SETTINGS_ACCEPTED, Event.KEY_CHANGED,
    Event.KEY_ROTATED, Event.RELEASE_DEPLOYED, Event.RELEASE_DIFFERS,
)  # fmt: skip
"""Changes of the installation itself, found or accepted, with or without a change in the register."""

Agreement = Literal["agrees", "differs", "absent"]
_AGREEMENT: Mapping[Agreement, Sentence] = {
    "agrees": Sentence("Som i loggen", "As in the log"),
    "differs": Sentence("Inte som i loggen", "Not as in the log"),
    "absent": Sentence("Saknas i registret", "Not in the register"),
}
_COLUMNS = (
    Sentence("Post", "Entry"), Sentence("Tid", "Time"), Sentence("Vad som hände", "What happened"),
    Sentence("Ändring", "Change"), Sentence("Slag", "Kind"), Sentence("Läge", "State"),
    Sentence("Registret", "The register"),
)  # fmt: skip
_WIDTHS = (0.07, 0.16, 0.19, 0.24, 0.12, 0.1, 0.12)


@dataclass(frozen=True, slots=True)
class Held:
    """The entries of a year, held against the register."""

    hits: Sequence[Hit]
    """Of changes and of the installation, the newest first."""
    versions: Mapping[tuple[UUID, int], ChangeVersion]

    def agreement(self, hit: Hit) -> Agreement | None:
        """Return whether the register says what an entry says; None for what is not of the register."""
        key = _version_of(hit)
        if hit.leaf is None or key is None:
            return None
        version = self.versions.get(key)
        if version is None:
            return "absent"
        said = (hit.leaf.detail.get("digest"), hit.leaf.detail.get("state"))
        return "agrees" if said == (version.digest, version.state) else "differs"

    @property
    def untold(self) -> int:
        """How many versions stand in the register that no sealed entry tells of."""
        return len(self.versions.keys() - {_version_of(hit) for hit in self.hits})

    @property
    def skipped(self) -> int:
        """How many versions are skipped in the log: of each change they are numbered without a gap."""
        numbers: dict[UUID, list[int]] = {}
        for entry, number in filter(None, map(_version_of, self.hits)):
            numbers.setdefault(entry, []).append(number)
        return sum(max(every) - min(every) + 1 - len(set(every)) for every in numbers.values())


async def draw(portal: Portal, authority: Authority, year: int, language: Language) -> Drawn:
    """Draw the report of a year."""
    wanted = Wanted(*bounds(year), events=[one.value for one in (*WRITTEN, *OF_INSTALLATION)])
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        found = await find_all(platform, authority, wanted, state.size)
        versions = await list_changes(platform, authority.id, *bounds(year))
    held = Held(
        [hit for hit in found if _is_reported(hit)], {(one.entry, one.number): one for one in versions}
    )  # fmt: skip
    table = write_heading() + b"".join(write_csv(hit.index, hit.leaf, LOCAL) for hit in held.hits if hit.leaf)
    log = portal.logs.log_name()
    about = [
        Sentence(
            f"Hämtad ur leverantörens logg {log}, då den hade {state.size} poster, och jämförd med registret över "
            "ändringar.",
            f"Drawn from the supplier's log {log}, when it had {state.size} entries, and held against the register of "
            "changes.",
        ),
        Sentence(
            "Så kontrolleras den: varje rad bär sitt nummer i loggen. Hämta postens bevis i portalen, eller ta ut "
            "samma år som fil och jämför fingeravtrycket. Det som ännu inte är förseglat finns inte med.",
            "To check it: each line bears its number in the log. Fetch the entry's proof in the portal, or take the "
            "same year out as a file and compare the fingerprint. What is not sealed yet is not in it.",
        ),
    ]  # fmt: skip
    if len(found) >= MOST_ROWS:
        about.append(Sentence("Årets äldsta poster ryms inte.", "The oldest entries of the year do not fit."))
    title = Sentence(f"Ändringar {year}", f"Changes in {year}")
    return Drawn(title, about, write_parts(held, language), table, len(held.hits))


def write_parts(held: Held, language: Language) -> list[Part]:
    """Return what stands in the report. Pure."""

    def say(sv: str, en: str) -> str:
        return Sentence(sv, en).in_language(language)

    states = Counter(str(hit.leaf.detail.get("state")) for hit in held.hits if hit.leaf and _version_of(hit))
    events = Counter(hit.leaf.event for hit in held.hits if hit.leaf and not _version_of(hit))
    kinds = Counter(one.said["kind"] for one in held.versions.values() if one.said and one.state == "in_force")
    word = ALL_NAMES[language]["event_word"]
    counted = [
        *([STATES[State(name)].in_language(language), str(count)] for name, count in sorted(states.items())),
        *([_kind_word(name, language), str(count)] for name, count in sorted(kinds.items())),
        *([word(one.value), str(events[one.value])] for one in OF_INSTALLATION),
    ]
    said = Counter(filter(None, map(held.agreement, held.hits)))
    checked = [
        [say("Versioner i loggen som registret har likadana", "Versions in the log that the register has alike"),
         str(said["agrees"])],
        [say("Versioner som registret har annorlunda", "Versions that the register has otherwise"),
         str(said["differs"])],
        [say("Versioner i loggen som registret saknar", "Versions in the log that the register lacks"),
         str(said["absent"])],
        [say("Versioner i registret som loggen inte har, eller inte har förseglat",
             "Versions in the register that the log lacks, or has not sealed"), str(held.untold)],
        [say("Versioner som är överhoppade i loggen", "Versions that are skipped in the log"), str(held.skipped)],
    ]  # fmt: skip
    shown = held.hits[:MOST_IN_DOCUMENT]
    rest = len(held.hits) - len(shown)
    return [
        Part(say("Antal", "Counted"), columns=[say("Vad", "What"), say("Antal", "How many")], rows=counted,
             widths=(0.8, 0.2)),
        Part(say("Registret mot loggen", "The register against the log"),
             columns=[say("Vad", "What"), say("Antal", "How many")], rows=checked, widths=(0.8, 0.2)),
        Part(say("Var och en", "Each of them"),
             text=[*([] if held.hits else [say("Inget har ändrats det året.", "Nothing was changed in that year.")]),
                   *([say(f"{rest} äldre poster står i filen.", f"{rest} older ones stand in the file.")] if rest
                     else [])],
             columns=[one.in_language(language) for one in _COLUMNS], widths=_WIDTHS,
             rows=[_row(hit, held, language) for hit in shown]),
    ]  # fmt: skip


def _is_reported(hit: Hit) -> bool:
    """Whether an entry is of the register of changes, or of the installation. What cannot be read is shown as such."""
    return hit.leaf is None or hit.leaf.detail.get("register", REGISTER) == REGISTER


def _version_of(hit: Hit) -> tuple[UUID, int] | None:
    """Return which version in the register an entry tells of."""
    if hit.leaf is None or hit.leaf.event not in {one.value for one in WRITTEN}:
        return None
    entry, number = identifier_in(hit.leaf.object), hit.leaf.detail.get("version")
    return (entry, number) if entry is not None and isinstance(number, int) else None


def _row(hit: Hit, held: Held, language: Language) -> list[str]:
    words, agreement = ALL_NAMES[language], held.agreement(hit)
    if hit.leaf is None:
        unread = Sentence("Går inte att läsa i loggen", "Cannot be read in the log").in_language(language)
        return [str(hit.index), words["local_day_and_second"](hit.happened_at), unread, "–", "–", "–", "–"]
    key = _version_of(hit)
    version = None if key is None else held.versions.get(key)
    said = (version.said or {}) if version else {}
    state = str(hit.leaf.detail.get("state", ""))
    return [
        str(hit.index), words["local_day_and_second"](hit.leaf.at), words["event_word"](hit.leaf.event),
        said.get("title") or (f"…{str(key[0])[-8:]}" if key else "–"),
        _kind_word(said["kind"], language) if said.get("kind") else "–",
        STATES[State(state)].in_language(language) if key and state in set(State) else "–",
        _AGREEMENT[agreement].in_language(language) if agreement else "–",
    ]  # fmt: skip


def _kind_word(kind: str, language: Language) -> str:
    field = next(one for one in load_registers()[REGISTER].fields if one.name == "kind")
    return next((one.label.in_language(language) for one in field.choices if one.value == kind), kind)

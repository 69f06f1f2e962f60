# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the report of a year on all 37 terms says, in words and as a file. Pure.

It names nobody, and of cases it has kinds, dates and counts and no word: what is marked RED leaves in no file.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from vaka.assurance.assessment import Contract, Judgement, Standing, Status, judge
from vaka.assurance.exclusions import Exclusion
from vaka.assurance.inquiries import KINDS as INQUIRIES
from vaka.assurance.inquiries import Inquiry, Message
from vaka.assurance.tasks import Turn
from vaka.assurance.terms import Requirement, Term
from vaka.assurance.wording import explain_one
from vaka.assurance.wording_statuses import STATUSES
from vaka.assurance.year import TermYear
from vaka.cases.model import Case
from vaka.counted import counted
from vaka.errors import Sentence
from vaka.ledger.export_csv import BYTE_ORDER_MARK, DELIMITER, guard
from vaka.registers.exercises import Exercise
from vaka.web.case_words import say_word
from vaka.web.documents import MOST_ROWS, Part
from vaka.web.portal.words import ALL_NAMES
from vaka.web.texts import Language
from vaka.web.times import LOCAL

RESTORED = "restore-drill"
"""Evidence that a backup was restored."""
_MORE_ROWS = Sentence(
    "{count} [rad|rader] till står i filen (CSV).", "{count} more [row stands|rows stand] in the file (CSV)."
)  # fmt: skip
_TURNS: Mapping[Turn, Sentence] = {
    "supplier": Sentence("Leverantören", "The supplier"), "authority": Sentence("Myndigheten", "The authority"),
    "operations": Sentence("Den som driver plattformen", "Whoever runs the platform"),
}  # fmt: skip
_SHORT: Mapping[Status, Sentence] = {
    Status.MET: Sentence("Uppf.", "Met"), Status.FAILING: Sentence("Brist", "Fail."),
    Status.OUTDATED: Sentence("Inakt.", "Outd."), Status.UNTESTED: Sentence("Ej pr.", "Not t."),
    Status.NOT_ASKED: Sentence("Ej beg.", "Not ask."), Status.NOT_APPLICABLE: Sentence("Ej till.", "N/A"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseYear:
    """A case that touches the authority."""

    case: Case
    told_at: datetime | None
    is_shown: bool
    """Whether its first entry is shown to the authority: else it is counted, and not listed."""


@dataclass(frozen=True, slots=True)
class Year:
    """Everything that the report says."""

    moment: datetime
    """When the year ended, or now."""
    terms: Sequence[TermYear]
    contract: Contract
    standings: Mapping[str, Standing]
    """What the evidence says at the moment."""
    restored: Sequence[datetime]
    """When it was found that a backup had been restored."""
    exclusions: Sequence[Exclusion]
    exercises: Sequence[Exercise]
    cases: Sequence[CaseYear]
    inquiries: Sequence[tuple[Inquiry, Sequence[Message]]]
    """Those that were asked in the year, each with what was said by the moment."""
    staff: Mapping[str, int] | None
    """How many accounts have which role here; None of a year that is over: nobody counted them then."""

    def by_then(self, at: datetime | None) -> datetime | None:
        """Return when something happened; None for what had not by the moment."""
        return at if at is not None and at <= self.moment else None

    @property
    def open(self) -> Iterator[tuple[Term, Requirement, Judgement]]:
        """The requirements that somebody has to do something about, by term."""
        for one in self.terms:
            if one.last.status is Status.NOT_APPLICABLE:
                continue
            for requirement in one.term.requirements:
                judged = judge(requirement, self.standings.get(requirement.id), self.contract, self.moment)
                if judged.status.red:
                    yield one.term, requirement, judged

    @property
    def counted(self) -> Mapping[tuple[str, str], int]:
        """How many cases there were of each kind and severity, those that are not listed too."""
        return Counter((one.case.kind, one.case.severity) for one in self.cases)


def write_table(year: Year) -> bytes:
    """Return the report as a file (CSV): a line for each fact, beginning with what it is, in codes and days."""
    lines = sorted(_lines(year), key=lambda line: _ORDER.index(line[0]))
    text = io.StringIO()
    rows = csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n")
    rows.writerows([guard(cell) for cell in line] for line in lines)
    return BYTE_ORDER_MARK + text.getvalue().encode()


_ORDER = ("until", "term", "moved", "open", "restored", "exclusion", "exercise", "cases", "case", "inquiry")


def _lines(year: Year) -> Iterator[list[str]]:
    # Of a year that is not over, the day: two files of one day are alike where nothing happened between.
    yield ["until", _day(year.moment)]
    for one in year.terms:
        days = [str(one.days.get(status, 0)) for status in _SHORT]
        yield ["term", str(one.term.number), one.last.status.value, _day(one.last.since), *days]
        for move in one.moves:
            yield ["moved", move.day.isoformat(), str(move.term), move.before.value, move.after.value]
    for term, requirement, judged in year.open:
        yield ["open", str(term.number), requirement.id, judged.reason, str(judged.count), _day(judged.since)]
    for at in year.restored:
        yield ["restored", _day(at)]
    for left in year.exclusions:
        yield ["exclusion", str(left.term), *map(_day, (left.approved_at, left.until, year.by_then(left.ended_at)))]
    for held in year.exercises:
        came = [str(held.office_present or 0), str(held.portal_present or 0)]
        yield ["exercise", _day(held.asked_at), _day(year.by_then(held.begun_at)), str(held.seconds), *came]
    for (kind, severity), count in sorted(year.counted.items()):
        yield ["cases", kind, severity, str(count)]
    for case in _listed(year):
        yield ["case", str(case.case.number), case.case.kind, case.case.severity, *map(_day, _case_days(year, case))]
    for asked, said in year.inquiries:
        yield ["inquiry", asked.kind, str(asked.term or ""), *map(_day, _inquiry_days(asked, said))]


def write_parts(year: Year, language: Language) -> list[Part]:
    """Return what stands in the report, in the reader's language."""

    def say(sv: str, en: str) -> str:
        return Sentence(sv, en).in_language(language)

    def status(one: Status) -> str:
        return STATUSES[one].in_language(language)

    day, none = say("Dag", "Day"), say("Inget.", "None.")
    labels = {one.term.number: f"{one.term.number}. {one.term.label.in_language(language)}" for one in year.terms}
    moves = sorted((move for one in year.terms for move in one.moves), key=lambda move: (move.day, move.term))
    restored = [[_day(at)] for at in year.restored]
    parts = [
        _part(say("Villkoren", "The terms"),
              [say("Villkor", "Term"), say("Läge", "Status"), say("Sedan", "Since"),
               *(one.in_language(language) for one in _SHORT.values())],
              ([labels[one.term.number], status(one.last.status), _day(one.last.since),
                *(str(one.days.get(each, 0)) for each in _SHORT)] for one in year.terms),
              (0.31, 0.12, 0.12, *(0.075,) * 6), none,
              say("Läget är det vid periodens slut. De sex kolumnerna till höger är antalet dagar som slutade så: "
                  "uppfyllt, brister, inaktuellt, ej prövat, ej begärt, ej tillämpligt.",
                  "The status is that at the end of the period. The six columns to the right count the days that ended "
                  "so: met, failing, outdated, not tested, not asked for, not applicable.")),
        _part(say("Hur lägena har ändrats", "How statuses changed"),
              [day, say("Villkor", "Term"), say("Från", "From"), say("Till", "To")],
              ([move.day.isoformat(), labels[move.term], status(move.before), status(move.after)] for move in moves),
              (0.15, 0.45, 0.2, 0.2), none),
        _part(say("Öppna brister", "Open shortcomings"),
              [say("Villkor", "Term"), say("Vad som saknas", "What is missing"), say("Sedan", "Since"),
               say("Vem som ger underlaget", "Who supplies the evidence")],
              ([labels[term.number], explain_one(judged).in_language(language), _day(judged.since),
                _TURNS["operations" if one.by == "product" else one.by].in_language(language)]
               for term, one, judged in year.open),
              (0.28, 0.38, 0.13, 0.21), none),
        _part(say("Undantag som ni har godtagit", "Exceptions that you accepted"),
              [say("Villkor", "Term"), say("Godtaget", "Accepted"), say("Till", "Until"),
               say("Återtaget", "Taken back")],
              ([labels[one.term], *map(_day, (one.approved_at, one.until, year.by_then(one.ended_at)))]
               for one in year.exclusions), (0.4, 0.2, 0.2, 0.2), none),
        _part(say("Återläsning av säkerhetskopior", "Restores of backups"),
              [say("Dag då det sågs att en återläsning hade lyckats", "Day on which a successful restore was seen")],
              restored, (1.0,),
              say("Ingen återläsning har setts under perioden.", "No restore was seen in the period.")),
        _part(say("Krisövningar", "Crisis exercises"),
              [say("Begärd", "Asked for"), say("Hållen", "Held"), say("Timmar", "Hours"),
               say("Från leverantören", "Of the supplier"), say("Från er", "Of yours")],
              ([_day(one.asked_at), _day(year.by_then(one.begun_at)), f"{one.seconds / 3600:.1f}",
                str(one.office_present or 0), str(one.portal_present or 0)] for one in year.exercises),
              (0.2,) * 5, say("Ingen har begärts.", "None was asked for.")),
        _part(say("Incidenter och sårbarheter i antal", "Incidents and vulnerabilities, counted"),
              [say("Slag", "Kind"), say("Allvar", "Severity"), say("Antal", "How many")],
              ([say_word(kind, language), say_word(severity, language), str(count)]
               for (kind, severity), count in sorted(year.counted.items())), (0.4, 0.4, 0.2), none),
        _part(say("Var och en", "Each of them"),
              [say("Nr", "No."), say("Slag", "Kind"), say("Allvar", "Severity"), say("Känt", "Known"),
               say("Ni fick veta", "You were told"), say("Kvitterat", "Acknowledged"), say("Åtgärdat", "Mended")],
              ([str(one.case.number), say_word(one.case.kind, language),
                say_word(one.case.severity, language), *map(_day, _case_days(year, one))]
               for one in _listed(year)), (0.08, 0.17, 0.13, 0.15, 0.16, 0.16, 0.15), none,
              say("Vad som står i dem finns i ärenderummet. Det som bara är för namngivna läsare räknas, men listas "
                  "inte.",
                  "What stands in them is in the case room. What is for named readers alone is counted, not listed.")),
        _part(say("Frågor och svar", "Questions and answers"),
              [say("Slag", "Kind"), say("Villkor", "Term"), say("Ställd", "Asked"), say("Svar senast", "Answer by"),
               say("Besvarad", "Answered"), say("Avslutad", "Settled")],
              ([INQUIRIES[asked.kind].in_language(language), labels.get(asked.term or 0, "–"),
                *map(_day, _inquiry_days(asked, said))] for asked, said in year.inquiries),
              (0.2, 0.28, 0.13, 0.13, 0.13, 0.13), say("Ingen har ställts.", "None was asked.")),
    ]  # fmt: skip
    if year.staff is not None:
        role = ALL_NAMES[language]["role_word"]
        parts.append(
            _part(say("Personal i antal", "Staff, counted"), [say("Roll", "Role"), say("Konton", "Accounts")],
                  ([role(name), str(count)] for name, count in sorted(year.staff.items())), (0.7, 0.3), none,
                  say("Som det är när redovisningen görs; räknas inte med i fingeravtrycket.",
                      "As it is when the report is made; not in the fingerprint."))
        )  # fmt: skip
    return [_shorten(one, language) for one in parts]


def _part(
    heading: str, columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float], none: str,
    text: str = "",
) -> Part:  # fmt: skip
    every = list(rows)
    said = ([text] if text else []) + ([] if every else [none])
    return Part(heading, said, columns, every, widths)


def _shorten(part: Part, language: Language) -> Part:
    """Return as much of a part as there is room for, which says how much more there is."""
    rest = len(part.rows) - MOST_ROWS
    if rest <= 0:
        return part
    more = counted(_MORE_ROWS, rest).in_language(language)
    return replace(part, text=[*part.text, more], rows=part.rows[:MOST_ROWS])


def _listed(year: Year) -> list[CaseYear]:
    return [one for one in year.cases if one.is_shown]


def _case_days(year: Year, one: CaseYear) -> tuple[datetime | None, ...]:
    case = one.case
    return (case.known_at, *map(year.by_then, (one.told_at, case.acknowledged_at, case.fixed_at)))


def _inquiry_days(asked: Inquiry, said: Sequence[Message]) -> tuple[datetime | None, ...]:
    wanted = next((one.wanted_by for one in reversed(said) if one.wanted_by), None)
    answered = next((one.made_at for one in said if one.act == "answered"), None)
    settled = next((one.made_at for one in said if one.act in ("accepted", "withdrawn")), None)
    return asked.filed_at, wanted, answered, settled


def _day(at: datetime | date | None) -> str:
    if isinstance(at, datetime):
        return at.astimezone(UTC).astimezone(LOCAL).date().isoformat()
    return "–" if at is None else at.isoformat()

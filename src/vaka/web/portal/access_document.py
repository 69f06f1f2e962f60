# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The report of a year's roles (term 9) as a document that stands by itself: whose, when made, and how to hold it
against the log. Accounts are named in it; it is for the authority that approves them. Pure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vaka.errors import Sentence
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.search import Hit
from vaka.web.documents import MOST_ROWS, Document, Part
from vaka.web.portal.names import Names
from vaka.web.portal.words import ALL_NAMES
from vaka.web.texts import Language
from vaka.web.times import whole_time

REPORTED = (
    Event.ROLE_REQUESTED, Event.ROLE_APPROVED, Event.ROLE_REFUSED, Event.ROLE_GRANTED, Event.ROLE_REVOKED,
    Event.ROLE_LAPSED, Event.ROLE_DESIGNATED, Event.ROLE_RELEASED, Event.ROLE_UNAUTHORISED,
)  # fmt: skip
"""What the report counts and lists."""
MOST_IN_DOCUMENT = MOST_ROWS
_COLUMNS = (
    Sentence("Post", "Entry"), Sentence("Tid", "Time"), Sentence("Vad som hände", "What happened"),
    Sentence("Vem det gäller", "Whom it concerns"), Sentence("Roll", "Role"), Sentence("Av", "By"),
)  # fmt: skip
_WIDTHS = (0.08, 0.17, 0.2, 0.2, 0.17, 0.18)


@dataclass(frozen=True, slots=True)
class Report:
    """What stands in the document."""

    authority: str
    year: int
    hits: Sequence[Hit]
    """The entries, newest first."""
    names: Names
    log: str
    """What the supplier's log calls itself."""
    size: int
    """How many entries it had when the report was made."""
    digest: str
    """SHA-256 of the same entries as a file."""
    made_at: datetime


def write_report(report: Report, language: Language) -> Document:
    """Return the document in one language."""

    def say(sv: str, en: str) -> str:
        return Sentence(sv, en).in_language(language)

    words = ALL_NAMES[language]
    leaves = [hit.leaf for hit in report.hits if hit.leaf is not None]
    counts = Counter(leaf.event for leaf in leaves)
    shown = report.hits[:MOST_IN_DOCUMENT]
    title = say(f"Behörigheter {report.year}", f"Access in {report.year}")
    made = whole_time(report.made_at)
    about = [
        report.authority,
        say(f"Gjord {made}.", f"Made {made}."),
        say(
            f"Hämtad ur leverantörens logg {report.log}, då den hade {report.size} poster, och ur inget annat.",
            f"Drawn from the supplier's log {report.log}, when it had {report.size} entries, and from nothing else.",
        ),
        say(
            f"SHA-256 av samma poster som fil (CSV): {report.digest}",
            f"SHA-256 of the same entries as a file (CSV): {report.digest}",
        ),
        say(
            "Så kontrolleras den: varje rad bär sitt nummer i loggen. Hämta postens bevis i portalen, eller ta ut "
            "samma år som fil och jämför fingeravtrycket. Det som ännu inte är förseglat finns inte med.",
            "To check it: each line bears its number in the log. Fetch the entry's proof in the portal, or take the "
            "same year out as a file and compare the fingerprint. What is not sealed yet is not in it.",
        ),
    ]  # fmt: skip
    counted = Part(
        say("Antal", "Counted"), columns=[say("Vad som hände", "What happened"), say("Gånger", "Times")],
        rows=[[words["event_word"](event.value), str(counts[event.value])] for event in REPORTED], widths=(0.7, 0.3),
    )  # fmt: skip
    rest = len(report.hits) - len(shown)
    listed = Part(
        say("Var och en", "Each of them"),
        text=[] if report.hits else [say("Ingen roll har begärts, getts eller tagits tillbaka det året.",
                                         "No role was asked for, given or taken back in that year.")],
        columns=[one.in_language(language) for one in _COLUMNS], widths=_WIDTHS,
        rows=[_row(hit, report.names, language) for hit in shown],
    )  # fmt: skip
    older = say(f"{rest} äldre poster står i filen.", f"{rest} older ones stand in the file.")
    more = [Part(say("Fler", "More"), text=[older])] if rest else []
    foot, page = f"{report.authority} · {title}", say("Sida %d", "Page %d")
    return Document(title, language, about, [counted, listed, *more], page, foot)


def _row(hit: Hit, names: Names, language: Language) -> list[str]:
    words = ALL_NAMES[language]
    if hit.leaf is None:
        unread = Sentence("Går inte att läsa i loggen", "Cannot be read in the log").in_language(language)
        return [str(hit.index), words["local_day_and_second"](hit.happened_at), unread, "–", "–", "–"]
    leaf: Leaf = hit.leaf
    return [
        str(hit.index), words["local_day_and_second"](leaf.at), words["event_word"](leaf.event),
        names.account(leaf.object) or leaf.object, words["role_word"](str(leaf.detail.get("role", "–"))),
        names.account(leaf.actor) or leaf.actor,
    ]  # fmt: skip

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as a document to keep and to hand on (term 35): its clocks and what was written, without what is RED. Pure."""

from collections.abc import Sequence
from datetime import datetime

from vaka.assurance.case_file import CaseFile
from vaka.cases.words import said_in
from vaka.counted import counted
from vaka.errors import Sentence
from vaka.web.case_words import Clock
from vaka.web.documents import MOST_ROWS, Document, Part
from vaka.web.times import whole_minute, whole_time

_ENTRY, _WRITTEN = Sentence("Post", "Entry"), Sentence("Vad som har skrivits", "What was written")
_OLDER = Sentence(
    "{count} äldre [post|poster] står i ärendets fil (JSON).",
    "{count} older [one stands|ones stand] in the case's file (JSON).",
)


def write_case(file: CaseFile, clocks: Sequence[Clock], now: datetime) -> Document:
    """Return the document."""
    say, marked = file.say, f"TLP:{file.tlp}"
    in_time, late = say(Sentence("i tid", "in time")), say(Sentence("för sent", "too late"))
    not_yet, done = say(Sentence("inte än", "not yet")), say(Sentence("gjort", "done"))
    about = [
        file.authority,
        say(Sentence(f"Märkning: {marked}, {file.word(file.tlp)}.", f"Marking: {marked}, {file.word(file.tlp)}.")),
        file.summary,
        say(
            Sentence(
                f"Gjord {whole_time(now)} i {file.supplier}. Ingen människa är nämnd.",
                f"Made {whole_time(now)} in {file.supplier}. Nobody is named.",
            )
        ),
    ]
    limits = Part(
        say(Sentence("Tidsfrister", "Time limits")),
        text=[
            say(
                Sentence(
                    f"Känt hos leverantören {whole_minute(file.case.known_at)}.",
                    f"Known to the supplier {whole_minute(file.case.known_at)}.",
                )
            )
        ],
        columns=[
            say(Sentence("Tidsfrist", "Time limit")), say(Sentence("Senast", "At the latest")),
            say(Sentence("Gjort", "Done")), say(Sentence("Hur det står", "How it stands")),
        ],
        rows=[
            [say(one.name), whole_minute(one.due), whole_minute(one.done) if one.done else done if one.is_done else "–",
             late if one.is_late(now) else in_time if one.done else "–" if one.is_done else not_yet]
            for one in clocks
        ],
        widths=(0.34, 0.26, 0.26, 0.14),
    )  # fmt: skip
    shown = file.entries[-MOST_ROWS:]
    rest = len(file.entries) - len(shown)
    written = Part(
        say(_WRITTEN), text=[say(counted(_OLDER, rest))] if rest else [],
        columns=[say(_ENTRY), say(Sentence("Tid", "Time")), say(_WRITTEN)], widths=(0.28, 0.2, 0.52),
        rows=[
            [file.heading(one), whole_minute(one.made_at), "\n".join(said_in(one, file.language))] for one in shown
        ],
    )  # fmt: skip
    page = say(Sentence("Sida %d", "Page %d"))
    return Document(file.name, file.language, about, [limits, written], page, f"{marked} · {file.name}")

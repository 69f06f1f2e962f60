# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is kept for a time and then removed, kind by kind, as data.

Who has left the register, and recordings of speech, come when there are any: so far nobody is struck from the register
but by erasure, and nothing is recorded. The database has the same kinds and bounds (``removal_kinds``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vaka.errors import Sentence


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data that a rule can be about."""

    name: str
    title: Sentence
    counted_from: Sentence
    """What its age is reckoned from."""
    shortest: int
    """Months it is kept at least."""
    public: int
    """Months that are proposed to a public body."""
    private: int
    """Months that are proposed to a private performer of care."""
    may_exempt: bool = False
    """Whether records of people born on certain days of a month can be kept for research."""


LONGEST_MONTHS = 1200

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "alarms",
                Sentence("Avslutade larm från personer", "Closed alarms of people"),
                Sentence(
                    "senaste avslut, meddelande eller anteckning; med alla meddelanden, anteckningar och steg",
                    "the last closing, message or note; with all messages, notes and steps",
                ),
                24, 60, 24, may_exempt=True,
            ),
            Kind(
                "strangers",
                Sentence("Avslutade larm från okända avsändare", "Closed alarms of unknown senders"),
                Sentence("senaste avslut, meddelande eller anteckning", "the last closing, message or note"),
                3, 60, 24,
            ),
            Kind(
                "technical",
                Sentence("Tekniska larm och provlarm", "Technical and test alarms"),
                Sentence("senaste avslut, meddelande eller anteckning", "the last closing, message or note"),
                1, 12, 12,
            ),
            Kind(
                "messages",
                Sentence("Meddelanden utan larm", "Messages that belong to no alarm"),
                Sentence("när de togs emot", "when they were received"),
                1, 6, 6,
            ),
            Kind(
                "notes",
                Sentence("Utgångna anteckningar om personer", "Notes on people that have expired"),
                Sentence("när de gick ut", "when they expired"),
                1, 60, 24, may_exempt=True,
            ),
        )
    }
)  # fmt: skip

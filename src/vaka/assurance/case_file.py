# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as it leaves in a file, whatever its format: what one authority may see of it, without what is marked RED.

Nobody is named in it: of an entry it says whether the supplier or the authority wrote it. How a case stands has no
marking of its own, since every authority that it touches sees that. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from vaka.cases.model import MARKINGS, Case, CaseEntry, Tlp, may_leave
from vaka.cases.words import WORDS, title_of
from vaka.errors import Sentence


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a file about a case is made of."""

    case: Case
    entries: Sequence[CaseEntry]
    """What leaves, in order."""
    red: int
    """How many entries do not."""
    authority: str
    """Its name."""
    supplier: str
    """What the installation's logs are called after."""
    portal: str
    """The portal's origin, a URL."""
    address: str
    """Where the case's room is."""
    language: Literal["sv", "en"]

    @classmethod
    def of(
        cls, case: Case, entries: Sequence[CaseEntry], *, authority: str, supplier: str, portal: str, address: str,
        language: Literal["sv", "en"],
    ) -> Self:  # fmt: skip
        """Return it of everything that the authority sees."""
        leaving = may_leave(entries)
        return cls(case, leaving, len(entries) - len(leaving), authority, supplier, portal, address, language)

    @property
    def called(self) -> str:
        """What tools know the case by; also a good file name."""
        return f"case-{self.case.number}"

    @property
    def name(self) -> str:
        """What people call it; its title only where that leaves."""
        title, number = title_of(self.entries), self.case.number
        name = self.say(Sentence(f"Ärende {number}", f"Case {number}"))
        return f"{name}: {title}" if title else name

    @property
    def tlp(self) -> Tlp:
        """The narrowest marking of what leaves, which holds for the file as a whole."""
        return min((one.tlp for one in self.entries), key=MARKINGS.index, default="AMBER")

    @property
    def summary(self) -> str:
        """How the case stands, and that something was left out where it was."""
        stands = " · ".join(self.word(one) for one in (self.case.kind, self.case.severity, self.case.state))
        return f"{stands}. {self.left_out}" if self.red else f"{stands}."

    @property
    def left_out(self) -> str:
        """That entries are missing."""
        return self.say(
            Sentence(
                f"Poster märkta TLP:RED står i ingen fil: {self.red} är utelämnade.",
                f"What is marked TLP:RED stands in no file: {self.red} entries are left out.",
            )
        )

    def heading(self, entry: CaseEntry) -> str:
        """Return what stands above an entry: its number in the room, its marking, whose it is, and what was done."""
        return f"{entry.number}. TLP:{entry.tlp} · {self.word(entry.side)} · {self.word(entry.kind)}"

    def word(self, name: str) -> str:
        """Return the word for a name of the model's."""
        return self.say(WORDS[name])

    def say(self, sentence: Sentence) -> str:
        """Return a sentence in the file's language."""
        return sentence.in_language(self.language)

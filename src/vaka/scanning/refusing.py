# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why a file is not taken in, and what whoever sent it is told."""

from collections.abc import Mapping
from enum import StrEnum

from vaka.errors import Category, Sentence, VakaError


class Reason(StrEnum):
    """Why; the value stands in the entry of the log."""

    EMPTY = "empty"
    LARGE = "large"
    NAME = "name"
    """It has no name that somebody can be shown, or one that says something else than the file is."""
    KIND = "kind"
    """It is nothing that is taken in, whatever its name says."""
    ARCHIVE = "archive"
    """It is packed in a way that could hide something from the scanner."""
    ENCRYPTED = "encrypted"
    PROGRAM = "program"
    """It carries macros or the like, or fetches something from elsewhere."""
    INFECTED = "infected"
    NO_SCANNER = "no_scanner"
    """None is configured, or it does not answer as it should."""
    OLD_SIGNATURES = "old_signatures"
    """The scanner's signatures are too old, or it does not say how old."""


_SENTENCES: Mapping[Reason, tuple[str, str]] = {
    Reason.EMPTY: (
        "Filen är tom. Ingenting har sparats.",
        "The file is empty. Nothing was kept.",
    ),
    Reason.LARGE: (
        "Filen är för stor. Ingenting har sparats. Dela upp den, eller skriv ut den som en mindre PDF.",
        "The file is too large. Nothing was kept. Split it, or print it as a smaller PDF.",
    ),
    Reason.NAME: (
        "Filens namn går inte att använda. Ingenting har sparats. Ge den ett vanligt namn som slutar på det som "
        "filen är, till exempel .pdf.",
        "The file's name cannot be used. Nothing was kept. Give it an ordinary name that ends in what the file "
        "is, for example .pdf.",
    ),
    Reason.KIND: (
        "Filer av det slaget tas inte emot, vad de än heter. Ingenting har sparats. Det som tas emot är PDF, PNG, "
        "JPEG, text, CSV och dokument från kontorsprogram (.docx, .xlsx, .pptx, .odt, .ods, .odp).",
        "Files of that kind are not taken in, whatever they are called. Nothing was kept. What is taken in is PDF, "
        "PNG, JPEG, text, CSV and documents of office programs (.docx, .xlsx, .pptx, .odt, .ods, .odp).",
    ),
    Reason.ARCHIVE: (
        "Dokumentet är packat så att genomsökningen inte når allt i det. Ingenting har sparats. Spara det som PDF"
        " och ladda upp den.",
        "The document is packed so that the scanner does not reach all of it. Nothing was kept. Save it as PDF "
        "and upload that.",
    ),
    Reason.ENCRYPTED: (
        "Filen är krypterad eller låst med lösenord, så den går inte att genomsöka. Ingenting har sparats. Ta "
        "bort lösenordet.",
        "The file is encrypted or locked with a password, so it cannot be scanned. Nothing was kept. Remove the "
        "password.",
    ),
    Reason.PROGRAM: (
        "Dokumentet har makron eller något annat program i sig, eller hämtar något från en annan plats när det "
        "öppnas. Ingenting har sparats. Spara det utan makron, eller som PDF.",
        "The document has macros or some other program in it, or fetches something from elsewhere when it is opened. "
        "Nothing was kept. Save it without macros, or as PDF.",
    ),
    Reason.INFECTED: (
        "Genomsökningen hittade skadlig kod i filen. Ingenting har sparats. Öppna den inte, och hör av dig till "
        "den som sköter din dator.",
        "The scanner found malicious code in the file. Nothing was kept. Do not open it, and tell whoever looks "
        "after your computer.",
    ),
    Reason.NO_SCANNER: (
        "Filer tas inte emot just nu, för det finns ingen genomsökning som svarar. Ingenting har sparats, och "
        "allt annat fungerar. Be den som sköter installationen att starta clamd, eller ange var den finns "
        "(attachments.scanner).",
        "No files are taken in at the moment, since no scanner answers. Nothing was kept, and everything else "
        "works. Ask whoever runs the installation to start clamd, or to say where it is (attachments.scanner).",
    ),
    Reason.OLD_SIGNATURES: (
        "Filer tas inte emot just nu, för genomsökningens signaturer är för gamla. Ingenting har sparats, och "
        "allt annat fungerar. Be den som sköter installationen att se till freshclam.",
        "No files are taken in at the moment, since the scanner's signatures are too old. Nothing was kept, and "
        "everything else works. Ask whoever runs the installation to see to freshclam.",
    ),
}
_OURS = (Reason.NO_SCANNER, Reason.OLD_SIGNATURES)


class FileRefusedError(VakaError):
    """A file is not taken in. Nothing of it was kept."""

    def __init__(self, reason: Reason, found: str = "") -> None:
        """``found`` is what the scanner calls what it found; nothing the sender wrote."""
        sv, en = _SENTENCES[reason]
        if found:
            sv, en = f"{sv} Den kallar det {found}.", f"{en} It calls it {found}."
        super().__init__(Category.UNAVAILABLE if reason in _OURS else Category.INVALID, Sentence(sv=sv, en=en))
        self.reason = reason
        self.found = found

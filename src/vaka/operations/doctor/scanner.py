# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The scanner of uploaded files: whether it answers, and how old its signatures are."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from vaka.errors import Sentence
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place
from vaka.scanning.clamd import Clamd, ScannerError, is_too_old


def look_at_scanner(place: Place) -> Iterator[Finding]:
    """Whether clamd is there where the settings say, with signatures of today. Only uploads wait for it."""
    told = place.settings.attachments
    if told.scanner is None:
        yield good(
            "Ingen genomsökning är vald, så inga filer tas emot.", "No scanner is named, so no file is taken in."
        )
        return
    path = place.root / told.scanner
    try:
        signed_at = asyncio.run(Clamd(path, told.scan_seconds).signed_at())
    except ScannerError as error:
        if isinstance(error.__cause__, PermissionError):
            yield unseen(
                Sentence(sv=f"{path} släpper inte in det här kontot.", en=f"{path} does not let this account in."),
                Sentence(
                    sv="Kör detta som det konto som Vaka körs som.", en="Run this as the account that Vaka runs as."
                ),
            )
            return
        yield wrong(
            Sentence(
                sv=f"Genomsökningen svarar inte på {path}: inga filer tas emot.",
                en=f"The scanner does not answer at {path}: no file is taken in.",
            ),
            Sentence(
                sv="Kör systemctl restart clamav-daemon, och se efter i journalctl -u clamav-daemon.",
                en="Run systemctl restart clamav-daemon, and look in journalctl -u clamav-daemon.",
            ),
        )
        return
    if is_too_old(signed_at, place.now, timedelta(hours=told.signature_hours)):
        yield wrong(
            Sentence(
                sv="Genomsökningens signaturer är för gamla, eller utan tid: inga filer tas emot.",
                en="The scanner's signatures are too old, or without a time: no file is taken in.",
            ),
            Sentence(
                sv="Kör freshclam, och se efter att clamav-freshclam når sin spegel.",
                en="Run freshclam, and see that clamav-freshclam reaches its mirror.",
            ),
        )
    else:
        yield good("Genomsökningen svarar, med färska signaturer.", "The scanner answers, with fresh signatures.")

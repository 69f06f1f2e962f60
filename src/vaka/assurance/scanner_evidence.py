# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether the scanner of uploaded files finds what it has to find, and how old its signatures are (term 23)."""

from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from vaka.assurance.evidence import Found
from vaka.scanning.clamd import Clamd, ScannerError, is_too_old
from vaka.scanning.inspecting import Inspector, harmless_pattern

_NONE_THERE = Found(None, "missing", 1)
"""Without a scanner nothing is taken in, and nothing is known of one."""


async def find_blind_scanner(inspector: Inspector) -> Found:
    """Whether the scanner finds the harmless pattern, plain and packed; a scanner that says OK to it is none."""
    if inspector.scanner is None:
        return _NONE_THERE
    try:
        overlooked = await _count_overlooked(inspector.scanner)
    except ScannerError:
        return Found(None, "silent", 1)
    return Found(None, "blind", overlooked) if overlooked else Found(None)


async def find_old_signatures(inspector: Inspector, now: datetime) -> Found:
    """Whether the scanner says how old its signatures are, and they are new enough. Raises ScannerError."""
    if inspector.scanner is None:
        return _NONE_THERE
    signed_at = await inspector.scanner.signed_at()
    if signed_at is None:
        return Found(None, "undated", 1)
    return Found(None, "old", 1) if is_too_old(signed_at, now, inspector.longest) else Found(None)


async def _count_overlooked(scanner: Clamd) -> int:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("pattern.txt", harmless_pattern())
    return [await scanner.scan(one) for one in (harmless_pattern(), packed.getvalue())].count(None)

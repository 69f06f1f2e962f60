# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is due as a calendar that others subscribe to (iCalendar, RFC 5545): one whole day for each day that is kept.

A day is a day by the clock on the wall, whatever the zone of whoever looks, so the events are dates and no moments
(section 3.3.4), and no change to summer time moves them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from vaka.assurance.tasks import Task

MEDIA_TYPE = "text/calendar"
MOST_EVENTS = 500
_LONGEST_LINE = 75
"""Octets of a line, without its end (section 3.1)."""
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def answer_calendar(tasks: Iterable[Task], name: str, address: str, language: str, now: datetime) -> Response:
    """Answer with a calendar of the days among ``tasks``; ``address`` is what their pages stand below."""
    return Response(
        write_calendar(tasks, name, address, language, now), media_type=MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="vaka.ics"', "Cache-Control": "no-store"},
    )  # fmt: skip


def write_calendar(tasks: Iterable[Task], name: str, address: str, language: str, now: datetime) -> bytes:
    """Return the calendar. It says what is to be done and where, and names nobody."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Vaka//Vaka//SV", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"NAME:{_escape(name)}", f"X-WR-CALNAME:{_escape(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]  # fmt: skip
    host = address.partition("://")[2].partition("/")[0]
    for task in [one for one in tasks if one.due is not None][:MOST_EVENTS]:
        lines += _event(task, host, address, language, now)
    return "".join(f"{_fold(line)}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def _event(task: Task, host: str, address: str, language: str, now: datetime) -> list[str]:
    if task.due is None:
        return []
    page = f"{address}/{task.page.lstrip('/')}"
    return [
        "BEGIN:VEVENT", f"UID:{_escape(task.about)}@{host}", f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{task.due:%Y%m%d}", f"DTEND;VALUE=DATE:{task.due + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escape(task.what.in_language(language))}", f"DESCRIPTION:{_escape(task.why.in_language(language))}",
        f"URL:{page}", "TRANSP:TRANSPARENT", "END:VEVENT",
    ]  # fmt: skip


def _escape(text: str) -> str:
    """Return a text as a value (section 3.3.11)."""
    return text.translate(_ESCAPED)


def _fold(line: str) -> str:
    """Return a line in pieces that are short enough, none of which ends within a character (section 3.1)."""
    pieces, piece, longest = [], "", _LONGEST_LINE
    for character in line:
        if len((piece + character).encode()) > longest:
            pieces.append(piece)
            piece, longest = "", _LONGEST_LINE - 1  # the next begins with a blank
        piece += character
    return "\r\n ".join([*pieces, piece])

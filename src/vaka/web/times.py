# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Times as people read them: local, with the zone at hand, absolute and relative."""

from datetime import date, datetime, timedelta

from babel.dates import format_date, format_timedelta

from vaka.clock import LOCAL as LOCAL
from vaka.web.texts import Language


def local_time(at: datetime, *, seconds: bool = True) -> str:
    """Return the local time of day, ``03:14:07`` or ``03:14``."""
    return f"{at.astimezone(LOCAL):{'%H:%M:%S' if seconds else '%H:%M'}}"


def local_day_and_time(at: datetime, now: datetime, language: Language) -> str:
    """Return the time of day today, the weekday and time within six days, otherwise the date and time."""
    then, today = at.astimezone(LOCAL), now.astimezone(LOCAL).date()
    if then.date() == today:
        return f"{then:%H:%M}"
    if 0 < (today - then.date()).days <= 6:
        return f"{format_date(then, 'EEE', locale=language)} {then:%H:%M}"
    return f"{then:%Y-%m-%d %H:%M}"


def whole_time(at: datetime) -> str:
    """Return date, time and zone without doubt: ``2026-03-14 03:14:07 CET (UTC+01:00)``."""
    then = at.astimezone(LOCAL)
    offset = f"{then:%z}"
    return f"{then:%Y-%m-%d %H:%M:%S} {then.tzname()} (UTC{offset[:3]}:{offset[3:]})"


def whole_minute(at: datetime) -> str:
    """Return date, time and zone, to the minute: ``2026-03-14 03:14 CET``."""
    return f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M %Z}"


def machine_time(at: datetime) -> str:
    """Return the time for the ``datetime`` attribute: ISO 8601 with offset, to the millisecond."""
    return at.astimezone(LOCAL).isoformat(timespec="milliseconds")


def waited(seconds: float) -> str:
    """Return a length of time as a clock shows it: ``0:07``, ``12:40``, ``1:02:40``. Never below zero."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def how_long(length: timedelta, language: Language) -> str:
    """Return a length of time in words, rounded: ``3 minuter``, ``2 days``."""
    return format_timedelta(length, granularity="second", threshold=1.2, locale=language)


def age_in_years(born_on: date, now: datetime) -> int:
    """Return the age on the local day of ``now``."""
    today = now.astimezone(LOCAL).date()
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))

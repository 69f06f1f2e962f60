# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What reports of a year have in common: which years there are, what the log says of one, and files to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from vaka.assurance.reports import FIRST_YEAR
from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.ledger.search import Hit, Wanted, find_concerning
from vaka.tenants.authorities import Authority
from vaka.web.documents import Part
from vaka.web.forms import FormError
from vaka.web.portal.portal import Portal
from vaka.web.texts import Language
from vaka.web.times import LOCAL, whole_time

BATCH = 1000
MOST_ROWS = 20_000
"""Entries in a report at most; whatever is left out is said. No authority comes near it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report of a year, drawn from what there is."""

    title: Sentence
    about: Sequence[Sentence]
    """What it is drawn from, and how it is checked."""
    parts: Sequence[Part]
    """In the reader's language."""
    table: bytes
    """The same as a file (CSV), alike in every language; its fingerprint stands in the report and in the log."""
    found: int | None = None
    """How many entries of the log it was drawn from; None where it is not drawn from the log."""

    @property
    def sha256(self) -> str:
        """The file's fingerprint."""
        return sha256(self.table).hexdigest()

    def say_about(self, authority: Authority, made_at: datetime, language: Language) -> list[str]:
        """Return what stands below the title: of whom, when it was made, and how it is held against its sources."""
        said = [
            Sentence(f"Gjord {whole_time(made_at)}.", f"Made {whole_time(made_at)}."),
            *self.about,
            Sentence(
                f"SHA-256 av samma uppgifter som fil (CSV): {self.sha256}",
                f"SHA-256 of the same facts as a file (CSV): {self.sha256}",
            ),
        ]
        return [authority.name, *(one.in_language(language) for one in said)]


def read_year(portal: Portal, request: Request) -> int:
    """Return the year that an address means. Raises FormError for one of which there is no report."""
    text = request.path_params["year"]
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise FormError
    year = int(text)
    if not FIRST_YEAR <= year <= this_year(portal):
        raise FormError
    return year


def this_year(portal: Portal) -> int:
    """Return the year by the clock on the wall."""
    return portal.clock.now().astimezone(LOCAL).year


def years_until(year: int, first: int = FIRST_YEAR + 1) -> range:
    """Return the years that are offered, the newest first: six at most, and none before the `first`."""
    return range(year, max(first - 1, year - 6), -1)


def bounds(year: int) -> tuple[datetime, datetime]:
    """Return the year's first moment and the first that no longer counts, by the clock on the wall."""
    return datetime(year, 1, 1, tzinfo=LOCAL), datetime(year + 1, 1, 1, tzinfo=LOCAL)


def moment_of(year: int, now: datetime) -> datetime:
    """Return when a year is told of: its last moment, or now as long as it is not over."""
    return min(now, bounds(year)[1] - timedelta(microseconds=1))


def stretch(year: int) -> dict[str, str]:
    """Return the same as an entry of the log says it."""
    first, last = bounds(year)
    return {"from": first.isoformat(), "to": last.isoformat()}


async def find_all(platform: Connection, authority: Authority, wanted: Wanted, size: int) -> list[Hit]:
    """Return the entries of the supplier's log that concern an authority, the newest first; at most MOST_ROWS."""
    hits: list[Hit] = []
    while len(hits) < MOST_ROWS:
        before = hits[-1].place if hits else None
        more = await find_concerning(platform, authority.id, wanted, size=size, most=BATCH, before=before)
        hits += more
        if len(more) < BATCH:
            break
    return hits


def attach(authority: Authority, report: str, year: int, ending: str, media_type: str, content: bytes) -> Response:
    """Answer with a file to keep."""
    name = f"{authority.slug}-{report}-{year}.{ending}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})

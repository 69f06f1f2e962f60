# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The report of a year on who got and lost which role (term 9), drawn from the log and from nothing else."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from vaka.assurance.reports import Format, Kind, take_report
from vaka.database.connections import transaction
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.export_csv import MEDIA_TYPE, write_csv, write_heading
from vaka.ledger.reading import LogState, read_state
from vaka.ledger.search import Hit, Wanted
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.documents import MEDIA_TYPE as PDF
from vaka.web.documents import make_pdf
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.access import MAY_SEE
from vaka.web.portal.access_document import MOST_IN_DOCUMENT, REPORTED, Report, write_report
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.portal.yearly import (
    MOST_ROWS,
    attach,
    bounds,
    find_all,
    read_year,
    stretch,
    this_year,
    years_until,
)
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MOST_SHOWN = 500


class TakeOutForm(Form):
    """Nothing but what a key said."""

    answer: KeyAnswer = ""


async def show_report(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/access/report/{year}: what the log says of a year's roles, counted and listed."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    year = read_year(portal, request)
    state, hits = await _read(portal, asker, authority, year, Event.LOG_READ)
    leaves = [hit.leaf for hit in hits if hit.leaf is not None]
    names = await name_everything(portal.platform, Things(), leaves)
    counts = Counter(leaf.event for leaf in leaves)
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_access_report.html", authority, f"{path}/access/report/{year}", 200,
        page="access", path=path, state=state, names=names, hits=hits[:MOST_SHOWN], found=len(hits), year=year,
        counts=[(event.value, counts[event.value]) for event in REPORTED],
        years=years_until(this_year(portal)),
        is_whole=len(hits) < MOST_ROWS,
    )  # fmt: skip


async def give_report(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/access/report/{year}/csv: the same entries as a file that names nobody, for a touch."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    form = await read_form(request, TakeOutForm)
    year = read_year(portal, request)
    here = f"/log/{authority.slug}/access/report/{year}"
    asked = Confirming(_taking_out(portal, authority, year, "csv"), f"{here}/csv", here, "access", hands_out=True)
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    _, hits = await _read(portal, asker, authority, year, Event.LOG_EXPORTED, confirmed)
    table = _table(hits)
    await _take(portal, asker, authority, (year, "csv"), table, confirmed)
    return attach(authority, "access", year, "csv", MEDIA_TYPE, table)


async def give_document(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/access/report/{year}/pdf: the report as a document to keep, with names, for a touch."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    form = await read_form(request, TakeOutForm)
    year = read_year(portal, request)
    here = f"/log/{authority.slug}/access/report/{year}"
    asked = Confirming(_taking_out(portal, authority, year, "pdf"), f"{here}/pdf", here, "access", hands_out=True)
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    state, hits = await _read(portal, asker, authority, year, Event.LOG_EXPORTED, confirmed, "pdf")
    leaves = [hit.leaf for hit in hits[:MOST_IN_DOCUMENT] if hit.leaf is not None]
    names = await name_everything(portal.platform, Things(), leaves)
    table = _table(hits)
    report = Report(
        authority.name, year, hits, names, portal.logs.log_name(), state.size, hashlib.sha256(table).hexdigest(),
        portal.clock.now(),
    )  # fmt: skip
    content = await make_pdf(write_report(report, asker.preferences.language))
    await _take(portal, asker, authority, (year, "pdf"), table, confirmed)
    return attach(authority, "access", year, "pdf", PDF, content)


async def _take(
    portal: Portal, asker: Asker, authority: Authority, which: tuple[int, Format], table: bytes, confirmed: Confirmation
) -> None:
    """Enter for the term that the authority has had the report of that year."""
    year, form = which
    taken: tuple[Kind, int, Format, str] = ("access", year, form, hashlib.sha256(table).hexdigest())
    act, now = _taking_out(portal, authority, year, form), portal.clock.now()
    async with transaction(portal.platform) as platform:
        await take_report(platform, asker.principal, authority.id, taken, act, now=now, confirmation=confirmed)


def _table(hits: Sequence[Hit]) -> bytes:
    return write_heading() + b"".join(write_csv(hit.index, hit.leaf, LOCAL) for hit in hits if hit.leaf is not None)


def _taking_out(portal: Portal, authority: Authority, year: int, form: Literal["csv", "pdf"]) -> Act:
    said = {"format": form, **stretch(year)}
    return Act(Event.LOG_EXPORTED.value, authority.id, f"log:{portal.logs.log_name()}", said)


async def _read(
    portal: Portal,
    asker: Asker,
    authority: Authority,
    year: int,
    event: Event,
    confirmed: Confirmation | None = None,
    form: Literal["csv", "pdf"] = "csv",
) -> tuple[LogState, list[Hit]]:
    wanted = Wanted(*bounds(year), events=[one.value for one in REPORTED])
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        hits = await find_all(platform, authority, wanted, state.size)
    facts: dict[str, str | int | bool | None] = {
        "event": "role", "found": len(hits), **stretch(year),
        **({"format": form, "reason": "yearly_report"} if event is Event.LOG_EXPORTED else {}),
        **({} if confirmed is None else confirmed.said),
    }  # fmt: skip
    entry = Entry(
        event, asker.principal.actor, portal.clock.now(), f"log:{portal.logs.log_name()}", detail=facts
    )  # fmt: skip
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)
    return state, hits

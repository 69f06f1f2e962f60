# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reports of a year: which there are and which were taken out, each as a page, as a file, and as a document to keep.

The page and the document are the same parts; the file has the same facts, and its fingerprint stands in all
three places: in the report, in the document and in the log.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.access.time_boxes import find_scope
from vaka.assurance.reports import Format, Kind, list_taken, take_report, taking_act
from vaka.database.connections import transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.export_csv import MEDIA_TYPE
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.documents import MEDIA_TYPE as PDF
from vaka.web.documents import Document, make_pdf
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal import change_report, terms_report
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.scope import is_within
from vaka.web.portal.tasks import find_supervised
from vaka.web.portal.touching import confirm
from vaka.web.portal.yearly import Drawn, attach, read_year, stretch, this_year, years_until
from vaka.web.texts import Language
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

MAY_SEE = Permission.PORTAL_SEE_TERMS
Draw = Callable[[Portal, Authority, int, Language], Awaitable[Drawn]]
REPORTS: Mapping[Kind, Draw] = MappingProxyType({"changes": change_report.draw, "terms": terms_report.draw})
"""By the name in the address. That of roles, which names accounts, has a page of its own."""


class TakeOutForm(Form):
    """Nothing but what a key said."""

    answer: KeyAnswer = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /reports: those of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "reports")


async def show_reports(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/reports: which reports there are of which years, and when each was taken out last."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    await enter_opened(portal, asker, authority, "reports")
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        taken = {(one.report, one.year): one for one in await list_taken(platform, authority.id)}
    years = await _list_years(portal, authority)
    path = f"/log/{authority.slug}"
    sees_access = may(asker.principal, Permission.PORTAL_SEE_ACCESS, authority.id)
    below = {"access": "/access/report"} if sees_access else {}
    below |= {name: f"/reports/{name}" for name in REPORTS}
    scope = find_scope(asker.principal, authority.id)
    pages = {name: f"{path}{address}" for name, address in below.items() if is_within(scope, address)}
    return portal.page(
        asker, "portal_reports.html", authority, f"{path}/reports",
        page="reports", path=path, state=state, taken=taken, pages=pages, years=years,
    )  # fmt: skip


async def show_report(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/reports/{report}/{year}: what stands in a report, before it is taken out."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    name, year, language = _which(request), read_year(portal, request), asker.preferences.language
    drawn = await REPORTS[name](portal, authority, year, language)
    await _enter_shown(portal, asker, authority, year, drawn)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_report.html", authority, f"{path}/reports/{name}/{year}",
        page="reports", path=path, state=state, name=name, year=year, years=await _list_years(portal, authority),
        title=drawn.title.in_language(language), about=drawn.say_about(authority, portal.clock.now(), language)[1:],
        parts=drawn.parts,
    )  # fmt: skip


async def give_file(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/reports/{report}/{year}/csv: the report's facts as a file, for a touch."""
    return await _take_out(portal, request, asker, "csv")


async def give_document(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/reports/{report}/{year}/pdf: the report as a document to keep, for a touch."""
    return await _take_out(portal, request, asker, "pdf")


async def _take_out(portal: Portal, request: Request, asker: Asker, form: Format) -> Response:
    """Draw a report, enter that it leaves, and let it."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    said = await read_form(request, TakeOutForm)
    name, year, language = _which(request), read_year(portal, request), asker.preferences.language
    here, act = f"/log/{authority.slug}/reports/{name}/{year}", taking_act(authority.id, name, year, form)
    asked = Confirming(act, f"{here}/{form}", here, "reports", hands_out=True)
    confirmed = await confirm(portal, asker, authority, asked, said.answer)
    if isinstance(confirmed, Response):
        return confirmed
    drawn = await REPORTS[name](portal, authority, year, language)
    now, title = portal.clock.now(), drawn.title.in_language(language)
    content = drawn.table
    if form == "pdf":
        page = "Sida %d" if language == "sv" else "Page %d"
        about = drawn.say_about(authority, now, language)
        content = await make_pdf(Document(title, language, about, drawn.parts, page, f"{authority.name} · {title}"))
    async with transaction(portal.platform) as platform:
        await take_report(
            platform, asker.principal, authority.id, (name, year, form, drawn.sha256), act, now=now,
            confirmation=confirmed,
        )  # fmt: skip
    return attach(authority, name, year, form, PDF if form == "pdf" else MEDIA_TYPE, content)


async def _enter_shown(portal: Portal, asker: Asker, authority: Authority, year: int, drawn: Drawn) -> None:
    """Enter that the supplier's log was read, where the report is drawn from it; else, that an auditor opened it."""
    if drawn.found is None:
        await enter_opened(portal, asker, authority, "reports")
        return
    entry = Entry(
        Event.LOG_READ, asker.principal.actor, portal.clock.now(), f"log:{portal.logs.log_name()}",
        detail={"found": drawn.found, **stretch(year)},
    )  # fmt: skip
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)


async def _list_years(portal: Portal, authority: Authority) -> range:
    """Return the years of the contract. Raises NothingHereError where there is none."""
    async with transaction(portal.platform) as platform:
        supervised = await find_supervised(platform, authority.id, portal.clock.now())
    return years_until(this_year(portal), supervised.contract.since.astimezone(LOCAL).year)


def _which(request: Request) -> Kind:
    """Return the report that an address means. Raises NothingHereError."""
    name = request.path_params["report"]
    found = next((one for one in REPORTS if one == name), None)
    if found is None:
        raise NothingHereError
    return found

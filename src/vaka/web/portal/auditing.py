# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an auditor works while his audit goes on (term 37): populations, samples, and notes that nobody else reads."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.assurance.audit_acts import AUDITING, LONGEST, MOST_DRAWN, AuditError, draw, freeze, note_finding
from vaka.assurance.audit_log import EVENTS, compare_with_log, freeze_log
from vaka.assurance.audit_notes import LONGEST_NOTE, NoteError, keep_note, list_notes
from vaka.assurance.audit_samples import OWN_LOG, SOURCES, list_drawn, list_populations, sources_within
from vaka.assurance.audits import Audit, list_audits
from vaka.database.connections import Connection, transaction
from vaka.errors import VakaError
from vaka.keys.client import KeysUnavailableError
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web import audits
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.opened import enter_opened
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.refusals import STATUS

EXPLAINED = (*audits.EXPLAINED, NoteError, KeysUnavailableError)


class FreezeForm(audits.OneForm):
    """What is frozen, and how many are to be drawn."""

    source: Annotated[str, Field(max_length=40)]
    wanted: Annotated[int, Field(ge=1, le=MOST_DRAWN)]
    event: Annotated[str, Field(max_length=80)] = ""
    """Of entries of the authority's own log: which."""


class DrawForm(Form):
    """Of which population."""

    population: UUID


class NoteForm(audits.OneForm):
    """A note of one's own."""

    text: Annotated[str, Field(max_length=2 * LONGEST_NOTE)] = ""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /auditing: where one audits; of several authorities, the first by name."""
    return portal.lead_to_own(asker, AUDITING, "auditing")


async def show(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/auditing: the audits that go on, with what was frozen, drawn and noted."""
    authority = await require_authority(portal, request, asker, AUDITING)
    await enter_opened(portal, asker, authority, "auditing")
    return await _show(portal, asker, authority)


async def freeze_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/auditing/freeze: freeze a population."""
    authority = await require_authority(portal, request, asker, AUDITING)
    form = await read_form(request, FreezeForm)
    try:
        if form.source not in SOURCES:
            raise AuditError("scope")
        async with transaction(portal.platform) as platform:
            one = await _find(platform, asker, authority, form.audit)
            if form.source != OWN_LOG:
                await freeze(platform, asker.principal, one, form.source, form.wanted, now=portal.clock.now())
            else:
                async with portal.gateway.transaction(authority.id) as tenant:
                    await freeze_log(
                        platform, tenant, asker.principal, one, form.event, form.wanted, now=portal.clock.now()
                    )
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return _lead_back(authority)


async def draw_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/auditing/draw: draw the sample of a population."""
    authority = await require_authority(portal, request, asker, AUDITING)
    form = await read_form(request, DrawForm)
    try:
        async with transaction(portal.platform) as platform:
            await draw(platform, asker.principal, authority.id, form.population, now=portal.clock.now())
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return _lead_back(authority)


async def keep_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/auditing/note: keep a note that the supplier does not read."""
    authority = await require_authority(portal, request, asker, AUDITING)
    form = await read_form(request, NoteForm)
    try:
        async with transaction(portal.platform) as platform:
            one = await _find(platform, asker, authority, form.audit)
        keys = portal.keyring.of(authority.id)
        async with portal.gateway.transaction(authority.id) as tenant:
            await keep_note(tenant, keys, asker.principal, one.id, form.text, now=portal.clock.now())
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return _lead_back(authority)


async def find_one(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/auditing/finding: write down what was found; both sides read it."""
    authority = await require_authority(portal, request, asker, AUDITING)
    form = await read_form(request, audits.FindingForm)
    try:
        async with transaction(portal.platform) as platform:
            one = await _find(platform, asker, authority, form.audit)
            await note_finding(platform, asker.principal, one, form.finding, now=portal.clock.now())
    except EXPLAINED as error:
        return await _show(portal, asker, authority, error)
    return _lead_back(authority)


async def _find(platform: Connection, asker: Asker, authority: Authority, wanted: UUID) -> Audit:
    """Return an audit that whoever asks audits in. Raises AuditError."""
    one = await audits.find(platform, authority.id, wanted)
    if asker.principal.account_id not in one.auditors:
        raise AuditError("gone")
    return one


async def _show(portal: Portal, asker: Asker, authority: Authority, error: VakaError | None = None) -> Response:
    now, language, keys = portal.clock.now(), asker.preferences.language, portal.keyring.of(authority.id)
    async with transaction(portal.platform) as platform:
        own = [
            one for one in await list_audits(platform, authority.id)
            if asker.principal.account_id in one.auditors and one.state(now) == "running"
        ]  # fmt: skip
        populations = await list_populations(platform, authority.id, own)
        drawn = await list_drawn(platform, authority.id, populations)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        drawn = await compare_with_log(tenant, populations, drawn)
        notes = {one.id: await list_notes(tenant, keys, asker.principal, one.id) for one in own}
    path = f"/log/{authority.slug}"
    return portal.page(
        asker, "portal_auditing.html", authority, f"{path}/auditing",
        HTTPStatus.OK if error is None else STATUS[error.category],
        page="auditing", path=path, state=state, audits=own, populations=populations, drawn=drawn, notes=notes,
        longest=LONGEST,
        own_log=OWN_LOG, events=EVENTS,
        longest_note=LONGEST_NOTE, most_drawn=MOST_DRAWN, last_day=audits.last_day,
        sources=lambda one: {name: SOURCES[name][0].in_language(language) for name in sources_within(one)},
        source_word=lambda name: SOURCES[name][0].in_language(language),
        message=None if error is None else Message(error.sentence.in_language(language)),
    )  # fmt: skip


def _lead_back(authority: Authority) -> Response:
    return RedirectResponse(f"/log/{authority.slug}/auditing", HTTPStatus.SEE_OTHER)

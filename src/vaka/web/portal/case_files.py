# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case taken out by the authority that it touches: JSON, CSAF 2.0, STIX 2.1 and PDF (term 35).

Each is what the authority may see of it, without what is marked RED, and leaves with an entry of its digest.
"""

import hashlib
import json
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from vaka.assurance.case_csaf import make_case_csaf
from vaka.assurance.case_file import CaseFile
from vaka.assurance.case_stix import make_case_stix
from vaka.assurance.vulnerability_csaf import make_vulnerability_csaf
from vaka.cases.model import Case, CaseEntry, may_leave
from vaka.cases.reading import list_entries, write_file
from vaka.database.connections import transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.operations.vulnerabilities.told import list_told
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.case_words import clocks
from vaka.web.documents import MEDIA_TYPE as PDF
from vaka.web.documents import make_pdf
from vaka.web.portal.case_document import write_case
from vaka.web.portal.cases import MAY, read_case, told_at
from vaka.web.portal.portal import Portal, require_authority

Read = tuple[Authority, Case, list[CaseEntry]]


async def give_json(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}/file: the case as our own JSON."""
    _, case, entries = read = await _read(portal, request, asker)
    return await _give(portal, asker, read, "json", "json", "application/json", write_file(case, entries))


async def give_csaf(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}/file/csaf: as CSAF 2.0: an advisory or VEX, where it names components."""
    read = await _read(portal, request, asker)
    authority, case, _ = read
    async with transaction(portal.platform) as platform:
        told = await list_told(platform, authority.id, case.id)
    file = _file(portal, asker, read)
    said = _write(make_vulnerability_csaf(file, told, version("vaka")) or make_case_csaf(file, version("vaka")))
    return await _give(portal, asker, read, "csaf", "json", "application/json", said)


async def give_stix(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}/file/stix: as a bundle of STIX 2.1, for what collects incidents."""
    read = await _read(portal, request, asker)
    said = _write(make_case_stix(_file(portal, asker, read)))
    return await _give(portal, asker, read, "stix", "json", "application/stix+json;version=2.1", said)


async def give_pdf(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/cases/{case}/file/pdf: as a document to read."""
    _, case, entries = read = await _read(portal, request, asker)
    limits = clocks(case, told_at(entries), may_leave(entries))
    document = write_case(_file(portal, asker, read), limits, portal.clock.now())
    return await _give(portal, asker, read, "pdf", "pdf", PDF, await make_pdf(document))


async def _read(portal: Portal, request: Request, asker: Asker) -> Read:
    authority = await require_authority(portal, request, asker, MAY)
    async with transaction(portal.platform) as platform:
        case = await read_case(platform, authority, request)
        return authority, case, await list_entries(platform, case.id, authority.id)


def _file(portal: Portal, asker: Asker, read: Read) -> CaseFile:
    authority, case, entries = read
    return CaseFile.of(
        case, entries, authority=authority.name, supplier=portal.logs.origin, portal=portal.origin,
        address=f"{portal.origin}/log/{authority.slug}/cases/{case.id}", language=asker.preferences.language,
    )  # fmt: skip


def _write(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


async def _give(
    portal: Portal, asker: Asker, read: Read, form: str, ending: str, media_type: str, content: bytes
) -> Response:
    authority, case, _ = read
    facts = {"format": form, "sha256": hashlib.sha256(content).hexdigest()}
    entry = Entry(Event.CASE_EXPORTED, asker.principal.actor, portal.clock.now(), f"case:{case.id}", detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)
    name = f"case-{case.number}.{ending}" if form == ending else f"case-{case.number}-{form}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)

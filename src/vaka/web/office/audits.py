# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Audits and visits in the frame of the office (terms 37 and 19): the supplier answers what authorities asked for, and
says what became of each finding.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import may
from vaka.assurance.audit_acts import ANSWERING, settle_finding
from vaka.database.connections import Connection
from vaka.registers.declarations import load_registers
from vaka.registers.store import list_lines
from vaka.tenants.authorities import list_every_authority
from vaka.web import audits
from vaka.web.asker import Asker
from vaka.web.audits import Frame, OneForm, Text
from vaka.web.forms import read_form
from vaka.web.office.office import Office

HERE, ROOM, FINDINGS, SITES = "/audits", "audits", "findings", "sites"


class SettleForm(OneForm):
    """What becomes of a finding: a shortcoming in the register, or the reason why none."""

    finding: UUID
    entry: UUID | Literal[""] = ""
    motive: Text = ""


async def show_audits(office: Office, request: Request, asker: Asker) -> Response:
    """GET /audits: what every authority asked for, how far it has come, whose turn it is."""
    return await audits.show(_frame(office, asker), asker)


async def agree_to_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /audits/agree: agree to exactly what was asked for."""
    return await audits.agree_to_one(_frame(office, asker), request, asker)


async def propose_for_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /audits/propose: propose another time."""
    return await audits.propose_for_one(_frame(office, asker), request, asker)


async def settle_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /audits/settle: say what became of a finding."""
    form = await read_form(request, SettleForm)
    return await audits.act(_frame(office, asker), asker, form.audit, lambda connection, _: settle_finding(
        connection, asker.principal, form.finding, entry=form.entry or None, motive=form.motive, now=office.clock.now()
    ))  # fmt: skip


def _frame(office: Office, asker: Asker) -> Frame:
    async def read_more(connection: Connection, now: datetime) -> Mapping[str, Any]:
        registers = load_registers()
        findings = [one.holding for one in await list_lines(connection, registers[FINDINGS]) if one.holding is not None]
        sites = [one.holding for one in await list_lines(connection, registers[SITES]) if one.holding is not None]
        return {
            "authority_names": {one.id: one.name for one in await list_every_authority(connection)},
            "sites": {one.entry: one.fields.get("title", "–") for one in sites},
            "findings_of": lambda authority: [
                one for one in findings if one.concerned is None or authority in one.concerned
            ],
        }  # fmt: skip

    def render(status: int, shown: Mapping[str, Any]) -> Response:
        return office.page(
            asker, "audits.html", ROOM, HERE, status, frame="office_room.html", may_audit=False,
            may_act=may(asker.principal, ANSWERING, None), **shown,
        )  # fmt: skip

    return Frame(office.platform, office.clock, "office", HERE, None, read_more, render)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Handing out the signed evidence pack of one's own authority's terms (term 37), for a touch.

It is made whole before anything leaves, so that the entry about it has its fingerprint; what leaves is on no disk under
a name.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from importlib.metadata import version
from typing import IO

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.assurance.pack import FORMAT, Doors, write_pack
from vaka.identity.confirming import Act, Confirmation
from vaka.keys.signing_key import read_signing_key
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.sending import Sending
from vaka.web.portal.terms import MAY_SEE
from vaka.web.portal.touching import confirm
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

_PIECE = 65_536  # bytes


class PackForm(Form):
    """Nothing but what a key said."""

    answer: KeyAnswer = ""


async def give_pack(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/terms/pack: the archive, once a security key was touched for it."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    form = await read_form(request, PackForm)
    here = f"/log/{authority.slug}/terms"
    asked = Confirming(_taking_out(authority), f"{here}/pack", here, "terms", hands_out=True)
    confirmed = await confirm(portal, asker, authority, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    return await _send(portal, asker, authority, confirmed)


def _taking_out(authority: Authority) -> Act:
    return Act(Event.EVIDENCE_PACKED.value, authority.id, f"authority:{authority.id}", {"format": FORMAT})


async def _send(portal: Portal, asker: Asker, authority: Authority, confirmed: Confirmation) -> Response:
    """Make the pack, enter that it leaves, and send it. Raises NothingHereError for who has no contract, and
    LedgerStandsStillError: what cannot be sealed is not taken out.
    """
    confirmed.require(_taking_out(authority))
    now, file = portal.clock.now(), tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        doors = Doors(
            portal.platform, portal.gateway, portal.logs.origin, version("vaka"), read_signing_key(portal.packs_key)
        )
        with_cases = may(asker.principal, Permission.PORTAL_HANDLE_CASES, authority.id)
        async with portal.packing:
            packed = await write_pack(doors, authority, now, file, with_cases=with_cases)
        if packed is None:
            raise NothingHereError
        facts = {**packed.facts, **confirmed.said}
        entry = Entry(
            Event.EVIDENCE_PACKED, asker.principal.actor, portal.clock.now(), f"authority:{authority.id}", detail=facts
        )
        async with portal.gateway.transaction(authority.id) as tenant:
            await require_standing(tenant, portal.clock.now())
            number = await append(tenant, entry)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"vaka-{authority.slug}-terms-{now.astimezone(LOCAL):%Y%m%d-%H%M}-{number}.zip"
    return Sending(
        _pieces(file), file.close,
        {
            "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"',
            "Link": f'<{receipt_address(authority, number)}>; rel="related"',
        },
    )  # fmt: skip


async def _pieces(file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece

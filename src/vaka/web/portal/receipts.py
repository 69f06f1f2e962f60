# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The receipt of what one has just done: the page waits a little until it is sealed and witnessed, and hands out the
proof. Everybody may fetch the receipts of his own acts, and no other's here.

That it waits is said only of an entry that is there; of one whose number was given out, and that is nowhere, that it is
gone.
"""

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.permissions import Permission
from vaka.database.connections import Connection
from vaka.ledger.entries import Entry, append
from vaka.ledger.errors import LedgerError
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.reading import read_state
from vaka.ledger.receipts import (
    EntryGoneError,
    NotSealedYetError,
    Receipt,
    find_receipt,
    policy_of,
    require_there,
    wait_for_receipt,
)
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.portal.log import LARGEST_INDEX_DIGITS, NoSuchEntryError, NotProvenError
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority

WAIT_SECONDS = 5.0
"""How long an answer waits for the seal; then the page says so and looks again by itself."""
LOOK_AGAIN_SECONDS = 5
MAY_FETCH = Permission.PORTAL_OWN_RECEIPT


def receipt_address(authority: Authority, number: int) -> str:
    """Return where the receipt of the entry with this number is handed out."""
    return f"/log/{authority.slug}/receipt/{number}"


class NumberForm(Form):
    """The number of an entry, as a page, a file's name or the supplier told it."""

    number: Annotated[str, Field(pattern=r"^[0-9]*$", max_length=LARGEST_INDEX_DIGITS)] = ""


async def find_own_receipt(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/receipt: lead to the receipt with the number that was written."""
    authority = await require_authority(portal, request, asker, MAY_FETCH)
    form = await read_form(request, NumberForm)
    if not form.number:
        raise NoSuchEntryError
    return RedirectResponse(receipt_address(authority, int(form.number)), 303)


async def show_receipt(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/receipt/{number}: that it is sealed and who has seen it; until then, that it waits.

    What the page shows of an entry is written down, as all reading is.
    """
    authority = await require_authority(portal, request, asker, MAY_FETCH)
    number = _number(request)
    receipt: Receipt | None = None
    gone: EntryGoneError | None = None
    policy = policy_of(portal.logs, portal.logs.log_name(authority.slug))
    async with await portal.gateway.open_own_connection(authority.id, "receipt") as waiting:
        try:
            receipt = await wait_for_receipt(waiting, number, seconds=WAIT_SECONDS, policy=policy)
        except NotSealedYetError:
            pass
        except EntryGoneError as error:
            gone = error
        state = await read_state(waiting)
        leaf = None if receipt is None else _require_own(receipt, asker)
        if receipt is not None:
            async with waiting.transaction():
                await _record(portal, waiting, asker, authority, {"entry": receipt.proof.index})
    names = await name_everything(portal.platform, Things(), [] if leaf is None else [leaf])
    return portal.page(
        asker, "portal_receipt.html", authority, receipt_address(authority, number), 200 if gone is None else 409,
        page="retention", path=f"/log/{authority.slug}", state=state, receipt=receipt, leaf=leaf, names=names,
        number_told=number, witnessed=policy is not None, look_again=LOOK_AGAIN_SECONDS,
        gone=gone and gone.sentence.in_language(asker.preferences.language),
    )  # fmt: skip


async def give_receipt(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/receipt/{number}/proof: the file (C2SP tlog-proof). That it left is an entry."""
    authority = await require_authority(portal, request, asker, MAY_FETCH)
    policy = policy_of(portal.logs, portal.logs.log_name(authority.slug))
    async with portal.gateway.transaction(authority.id) as tenant:
        number = _number(request)
        receipt = await find_receipt(tenant, number, policy)
        if receipt is None:
            await require_there(tenant, number)
            raise NotProvenError
        _require_own(receipt, asker)
        await _record(portal, tenant, asker, authority, {"format": "tlog-proof", "entry": receipt.proof.index})
    disposition = f'attachment; filename="{authority.slug}-{receipt.proof.index}.tlog-proof"'
    return Response(receipt.proof.encode(), media_type="text/plain", headers={"Content-Disposition": disposition})


async def _record(
    portal: Portal, tenant: Connection, asker: Asker, authority: Authority, facts: dict[str, str | int | bool | None]
) -> None:
    log = portal.log_name(authority)
    await append(tenant, Entry(Event.LOG_READ, asker.principal.actor, portal.clock.now(), log, detail=facts))


def _require_own(receipt: Receipt, asker: Asker) -> Leaf:
    """Return the entry, if the asker is who acted. Raises NoSuchEntryError: the same as where there is none."""
    try:
        leaf = parse_leaf(receipt.entry)
    except LedgerError:
        raise NoSuchEntryError from None
    if leaf.actor != asker.principal.actor:
        raise NoSuchEntryError
    return leaf


def _number(request: Request) -> int:
    text = request.path_params["number"]
    if not text.isascii() or not text.isdigit() or len(text) > LARGEST_INDEX_DIGITS:
        raise NoSuchEntryError
    return int(text)

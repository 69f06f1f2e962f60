# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs that act for oneself: which there are, registering one, ending it (`vaka.access.clients`)."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.clients import (
    LONGEST_LIFE_DAYS,
    end_client,
    offered_scopes,
    register_client,
    registration_act,
    require_sound,
)
from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.database.connections import transaction
from vaka.errors import Category, VakaError
from vaka.identity.clients import list_clients
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.reading import read_state
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.api_token import audience
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.touching import confirm
from vaka.web.texts import mark
from vaka.web.touching import Confirming

SCOPE_WORDS: Mapping[str, str] = {
    "portal.read_log": mark("read the log, without names of people in care"),
    "portal.see_access": mark("see who holds which role, and what is asked for"),
    "portal.set_activation": mark("see what codes and passwords have to be"),
    "portal.register_people": mark("register people in care, and read nobody"),
    "portal.keep_people": mark("read people in care one by one, and change them"),
}
MAY_OWN = Permission.PORTAL_OWN_CLIENTS
LONGEST_KEYS = 4000


class ClientForm(Form):
    """What a program is for, what it may, by which keys it proves itself, and for how long."""

    purpose: Annotated[str, Field(max_length=LONGEST_REASON)] = ""
    scopes: Annotated[str, Field(max_length=400, pattern=r"^[a-z_., ]*$")] = ""
    scope: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    keys: Annotated[str, Field(max_length=LONGEST_KEYS)] = ""
    days: Annotated[int, Field(ge=0, le=9999)] = 180
    answer: KeyAnswer = ""

    @property
    def wanted(self) -> list[str]:
        """The permissions: ticked, or, when the form comes back with what a key said, named."""
        return sorted({*self.scope, *filter(None, self.scopes.split(","))})


class EndForm(Form):
    """Which program ends."""

    client: UUID


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /programs: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_OWN, "programs")


async def show_clients(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/programs: one's own programs; whoever sees access, everybody's."""
    authority = await require_authority(portal, request, asker, MAY_OWN)
    return await _show(portal, asker, authority, ClientForm())


async def register(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/programs: register a program, confirmed with a security key."""
    authority = await require_authority(portal, request, asker, MAY_OWN)
    form = await read_form(request, ClientForm, lists=frozenset({"scope"}))
    here, who, scopes = f"/log/{authority.slug}/programs", asker.principal, form.wanted
    try:
        require_sound(who, authority.id, form.purpose, scopes, form.keys, form.days, portal.clock.now())
        asked = Confirming(
            registration_act(authority.id, form.purpose, scopes, form.keys, form.days), here, here, "programs",
            {"purpose": form.purpose, "scopes": ",".join(scopes), "keys": form.keys, "days": str(form.days)},
        )  # fmt: skip
        confirmed = await confirm(portal, asker, authority, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(portal.platform) as platform:
            await register_client(
                platform, who, authority.id, purpose=form.purpose, scopes=scopes, keys=form.keys, days=form.days,
                now=portal.clock.now(), confirmation=confirmed,
            )  # fmt: skip
    except VakaError as error:
        if error.category is not Category.INVALID:
            raise
        return await _show(portal, asker, authority, form, error)
    return RedirectResponse(here, 303)


async def end(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/programs/end: end a program; its tokens are worth nothing at once."""
    authority = await require_authority(portal, request, asker, MAY_OWN)
    form = await read_form(request, EndForm)
    async with transaction(portal.platform) as platform:
        await end_client(platform, asker.principal, authority.id, form.client, now=portal.clock.now())
    return RedirectResponse(f"/log/{authority.slug}/programs", 303)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: ClientForm, error: VakaError | None = None
) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    sees_all = may(asker.principal, Permission.PORTAL_SEE_ACCESS, authority.id)
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        clients = await list_clients(platform, authority.id, now)
    shown = [one for one in clients if sees_all or one.owner == asker.principal.account_id]
    names = await name_everything(portal.platform, Things(), [], [f"account:{one.owner}" for one in shown])
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    context: dict[str, Any] = {
        "clients": shown, "form": form, "message": message, "me": asker.principal.account_id,
        "scopes": [scope.value for scope in offered_scopes(asker.principal, authority.id)],
        "scope_words": SCOPE_WORDS, "may_end_any": may(asker.principal, Permission.PORTAL_APPROVE_ACCESS, authority.id),
    }  # fmt: skip
    return portal.page(
        asker, "portal_programs.html", authority, f"{path}/programs", 200 if error is None else 400,
        page="programs", path=path, state=state, names=names, audience=audience(portal), origin=portal.origin,
        programs_origin=portal.programs_origin,
        longest=LONGEST_LIFE_DAYS, longest_reason=LONGEST_REASON, **context,
    )  # fmt: skip

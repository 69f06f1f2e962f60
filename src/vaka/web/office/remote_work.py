# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where the office is used: from a network of the register, and from elsewhere than on site by whoever has read
and accepted the policy of remote work before he does anything else (term 3).

It is asked of administrators alone, as they alone have an office: no desk and no portal knows of it.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.remote_work import (
    NETWORKS,
    PlaceRefusedError,
    list_networks,
    place_session,
    policy_to_accept,
    require_way_in,
)
from vaka.database.connections import transaction
from vaka.errors import Sentence
from vaka.registers.model import Register, State, Step, Version
from vaka.web.asker import Asker
from vaka.web.office.first_touch import FIRST
from vaka.web.office.office import Office
from vaka.web.routes import Address

ENTRY = "/registers/documents/entry/{entry}"
LED_HERE = "remote"
"""The parameter by which the page of a policy knows that somebody was led there."""
READ_FIRST = Sentence(
    sv="Du arbetar inte från en plats som räknas som leverantörens, och har inte godtagit den här policyn. Läs den "
    "och godta den nedan; sedan är kontoret öppet för dig. Det som du var på väg att göra är inte gjort.",
    en="You do not work from a place that counts as the supplier's, and have not accepted this policy. Read it and "
    "accept it below; then the office is open to you. What you were about to do is not done.",
)


async def require_place(office: Office, asker: Asker, request: Request) -> None:
    """Return where one may administer from here. Raises PlaceRefusedError; then the session has ended."""
    async with transaction(office.platform) as connection:
        try:
            now = office.clock.now()
            request.state.place = await place_session(connection, asker.session.id, host_of(request), now)
        except PlaceRefusedError as error:
            refused = error
        else:
            return
    # Outside: that it was refused is kept.
    raise refused


async def keep_way_in(office: Office, request: Request, register: Register, version: Version, step: Step) -> None:
    """Return where whoever takes a step with a network can still work from where he is. Raises LockedOutError."""
    if register.name == NETWORKS:
        async with transaction(office.platform) as connection:
            networks = await list_networks(connection, office.clock.now())
        becomes = version.fields["network"] if step.to is State.IN_FORCE else None
        require_way_in(networks, version.entry, becomes, host_of(request))


def host_of(request: Request) -> str:
    """Return the address that a request came from, as the web server in front saw it (web/fronted.py)."""
    return request.client.host if request.client else ""


async def lead_to_policy(office: Office, asker: Asker, address: Address, request: Request) -> Response | None:
    """Return the page of the policy that has to be accepted first, or None where nothing has."""
    # The key is touched before that: nobody accepts anything in a session that is not confirmed. An emergency is opened
    # from wherever the two are, reaches no register, and is gone through by somebody else.
    if address.while_locked or address.unasked or address.path in FIRST or asker.session.break_glass is not None:
        return None
    if request.state.place == "site":
        return None
    async with transaction(office.platform) as connection:
        policy = await policy_to_accept(connection, asker.principal.account_id)
    if policy is None:
        return None
    here = ENTRY.format(entry=policy)
    if (request.method, request.url.path) in (("GET", here), ("POST", f"{here}/acknowledge")):
        return None
    return RedirectResponse(f"{here}?{LED_HERE}=1", 303)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who holds privileged rights over the authority now, and what became of whom (terms 10 and 12).

The list is read from the registers, and held against the supplier's log: what no sealed entry tells of, and what
somebody wrote by hand, is marked. What changed is drawn from the log and from nothing else. Reading it is an entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.holders import Holder, find_holder, list_holders
from vaka.access.permissions import Permission
from vaka.access.roles import PRIVILEGED_ROLES
from vaka.database.connections import Connection, transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.reading import LogState, read_state
from vaka.ledger.search import Hit, Wanted, find_concerning, identifier_in
from vaka.notices.board import count_late
from vaka.notices.kinds import KINDS
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.portal.names import Names, Things, name_everything
from vaka.web.portal.portal import Portal, require_authority

MAY_SEE = Permission.PORTAL_SEE_ACCESS
MOST_READ = 5000
"""Changes that are read from the log; of an older one the page does not say that the log is silent about it."""
MOST_SHOWN = 100
CHANGES = KINDS["holders"].events
"""What changes who holds what: of each the authority is told."""
SIGN_INS = (
    Event.SESSION_STARTED, Event.SIGN_IN_FALLBACK, Event.SESSION_ENDED, Event.SECURITY_KEY_REFUSED,
    Event.ACCESS_DENIED,
)  # fmt: skip
"""What an account's own page tells of besides."""
REGISTERS = (
    "account", "account_link", "designated_role", "invitation", "role_change", "role_grant", "role_request",
    "security_key", "session",
)  # fmt: skip
"""Registers about accounts, as an entry names one whose row was changed by hand."""
_EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Told:
    """What the supplier's log says of accounts and roles; of everything the newest entry counts."""

    is_whole: bool
    """Whether the log was read back to its beginning."""
    made: dict[str, Leaf] = field(default_factory=dict)
    """By account, as entries name it, the entry of its making."""
    roles: dict[tuple[str, str], Leaf] = field(default_factory=dict)
    """By account and role, the newest entry that gave or took it."""
    by_hand: dict[str, Leaf] = field(default_factory=dict)
    """By account, the newest entry that says that a row about it was changed by hand."""
    privileged: set[str] = field(default_factory=set)
    """Accounts that are administrators' or had a privileged role."""

    def gave(self, account_id: UUID, role: str) -> Leaf | None:
        """Return the entry by which an account has a role."""
        leaf = self.roles.get((f"account:{account_id}", role))
        return None if leaf is None or _takes(leaf) else leaf

    def is_silent(self, holder: Holder) -> bool:
        """Whether no entry tells of something the registers say of an account. The newest may not be sealed yet."""
        untold_role = any(self.gave(holder.account_id, one.role) is None for one in holder.roles)
        return self.is_whole and (f"account:{holder.account_id}" not in self.made or untold_role)


def draw(hits: Iterable[Hit], *, is_whole: bool) -> Told:
    """Read what entries tell, the newest first."""
    told = Told(is_whole)
    for leaf in (hit.leaf for hit in hits if hit.leaf is not None):
        role = str(leaf.detail.get("role", ""))
        if _gives(leaf) or _takes(leaf):
            told.roles.setdefault((leaf.object, role), leaf)
        if leaf.event == Event.ACCOUNT_CREATED.value:
            told.made.setdefault(leaf.object, leaf)
            if leaf.detail.get("kind") == "administrator":
                told.privileged.add(leaf.object)
        elif role in PRIVILEGED_ROLES:
            told.privileged.add(leaf.object)
        if leaf.event == Event.ROW_CHANGED_BY_HAND.value and identifier_in(leaf.object) is not None:
            told.by_hand.setdefault(f"account:{identifier_in(leaf.object)}", leaf)
    return told


def _gives(leaf: Leaf) -> bool:
    """Whether an account has a role from this entry on: an emergency holds before it is approved."""
    if leaf.event == Event.ROLE_REQUESTED.value:
        return leaf.detail.get("kind") == "emergency"
    return leaf.event in (Event.ROLE_GRANTED.value, Event.ROLE_APPROVED.value)


def _takes(leaf: Leaf) -> bool:
    """Whether an account has a role no longer; a request for one that it never had takes nothing."""
    if leaf.event in (Event.ROLE_REFUSED.value, Event.ROLE_LAPSED.value):
        return leaf.detail.get("kind") in ("emergency", "exception")
    return leaf.event == Event.ROLE_REVOKED.value


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /holders: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "holders")


async def show_holders(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/holders: who holds privileged rights now, and what changed."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    async with transaction(portal.platform) as platform:
        state = await read_state(platform)
        hits = await _find(platform, authority, state, CHANGES, MOST_READ)
        holders = await list_holders(platform, authority.id, portal.clock.now())
        late = await count_late(platform, authority.id, portal.clock.now())
    told = draw(hits, is_whole=len(hits) < MOST_READ)
    feed = [hit for hit in hits if _is_privileged(hit, told)]
    await _record(portal, asker, authority, {"found": len(feed)})
    shown = feed[:MOST_SHOWN]
    by = [leaf.actor for leaf in (*told.made.values(), *told.roles.values())]
    return portal.page(
        asker, "portal_holders.html", authority, f"/log/{authority.slug}/holders", 200, page="holders",
        path=f"/log/{authority.slug}", state=state, hits=shown, more=len(feed) > MOST_SHOWN, holders=holders,
        told=told, late=late, names=await _name(portal, holders, shown, by),
        administrators=sum(one.is_administrator for one in holders),
        keys={one.account_id: await portal.security_keys.list_keys(one.account_id) for one in holders},
    )  # fmt: skip


async def show_account(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/holders/{account}: one account, and all that the supplier's log tells of it here."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    account_id = identifier_in(f"account:{request.path_params['account']}")
    if account_id is None:
        raise NothingHereError
    events, own = (*CHANGES, *SIGN_INS), f"account:{account_id}"
    async with transaction(portal.platform) as platform:
        holder = await find_holder(platform, authority.id, account_id, portal.clock.now())
        state = await read_state(platform)
        found = [
            *await _find(platform, authority, state, events, MOST_SHOWN + 1, thing=own),
            *await _find(platform, authority, state, events, MOST_SHOWN + 1, actor=own),
        ]
    hits = sorted(
        {hit.index: hit for hit in found}.values(), key=lambda hit: (hit.happened_at, hit.index), reverse=True
    )
    # Whoever never had anything to do with the authority is not there for it.
    if holder is None or not (holder.is_administrator or holder.roles or hits):
        raise NothingHereError
    await _record(portal, asker, authority, {"account": own, "found": len(hits)})
    shown = hits[:MOST_SHOWN]
    return portal.page(
        asker, "portal_account.html", authority, f"/log/{authority.slug}/holders/{account_id}", 200, page="holders",
        path=f"/log/{authority.slug}", state=state, hits=shown, more=len(hits) > MOST_SHOWN, holder=holder,
        names=await _name(portal, [holder], shown, []),
        keys={account_id: await portal.security_keys.list_keys(account_id)},
    )  # fmt: skip


async def _find(
    platform: Connection, authority: Authority, state: LogState, events: Iterable[Event], most: int,
    *, thing: str | None = None, actor: str | None = None,
) -> list[Hit]:  # fmt: skip
    wanted = Wanted(*_EVER, [event.value for event in events], actor, thing)
    return await find_concerning(platform, authority.id, wanted, size=state.size, most=most)


async def _name(portal: Portal, holders: Iterable[Holder], hits: Iterable[Hit], actors: list[str]) -> Names:
    leaves = [hit.leaf for hit in hits if hit.leaf is not None]
    accounts = {one.account_id for one in holders}
    accounts |= {role.decided_by for one in holders for role in one.roles if role.decided_by is not None}
    return await name_everything(
        portal.platform, Things(), leaves, [*actors, *(f"account:{account}" for account in accounts)]
    )


def _is_privileged(hit: Hit, told: Told) -> bool:
    """Whether an entry belongs on the page; one that cannot be read does."""
    leaf = hit.leaf
    if leaf is None:
        return True
    register, _, _ = leaf.object.partition(":")
    if leaf.event == Event.ROW_CHANGED_BY_HAND.value:
        return register in REGISTERS
    if register == "host":
        return True
    if "role" in leaf.detail:
        return leaf.detail["role"] in PRIVILEGED_ROLES
    whose = leaf.object if register == "account" else str(leaf.detail.get("account", leaf.actor))
    return whose in told.privileged


async def _record(
    portal: Portal, asker: Asker, authority: Authority, facts: dict[str, str | int | bool | None]
) -> None:
    thing = f"log:{portal.logs.log_name()}"
    entry = Entry(Event.LOG_READ, asker.principal.actor, portal.clock.now(), thing, detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)

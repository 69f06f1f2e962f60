# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every address of the portal works with: the open parts, whose log an address means, and the frame of a page."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from vaka.access.decide import NothingHereError, authorities_where, may
from vaka.access.permissions import Permission
from vaka.access.step_up import Policy
from vaka.access.time_boxes import find_scope
from vaka.clock import Clock
from vaka.database.connections import Pool
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.locking import IDLE
from vaka.keys.keyring import Keyring
from vaka.scanning.inspecting import NO_SCANNER, Inspector
from vaka.settings import LedgerSettings, SecurityContactSettings
from vaka.settings_backup import BackupSettings
from vaka.settings_operations import ClockSettings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import NameIndexes
from vaka.web.asker import Asker
from vaka.web.assets import Assets
from vaka.web.authorities import Reading, find_by_slug
from vaka.web.authorities import require_authority as require_in
from vaka.web.denials import Teller
from vaka.web.navigation import open_groups, rooms_where
from vaka.web.pages import Pages
from vaka.web.portal.lookup import LookedFor
from vaka.web.portal.rooms import GROUPS
from vaka.web.portal.scope import is_within, require_scope
from vaka.web.portal.taking_out import TakingOut
from vaka.web.programs.allowance import Allowances
from vaka.web.questions import Questions
from vaka.web.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Portal:
    """The open parts of a portal process."""

    gateway: Gateway
    platform: Pool
    keyring: Keyring
    people: NameIndexes
    """In whose names is searched."""
    pages: Pages
    assets: Assets
    clock: Clock
    denials: Teller
    sign_in: str
    """Where one signs in."""
    logs: LedgerSettings
    """What the logs are called."""
    lookups: Questions[LookedFor]
    """Whom each session looked for a moment ago."""
    taking_out: TakingOut
    """Which sessions take a log out just now."""
    security_keys: Ceremonies
    """People's own keys."""
    step_up: Policy
    """Who must touch one."""
    origin: str
    """Where the portal is reached."""
    allowances: Allowances
    """How often programs may ask."""
    programs_origin: str = ""
    """Where programs show their certificates; empty: nowhere."""
    registry: str = ""
    """Where programs find the registry."""
    answer_days: int = 14
    """How long the supplier usually has for what an authority asks."""
    ending_wait_days: int = 7
    """How long the erasure of everything waits after its approval."""
    notices_key: Path | None = None
    """Where the public half of the key is that signs what is posted to authorities' systems."""
    security_contact: SecurityContactSettings = field(default_factory=SecurityContactSettings)
    """Whom somebody tells who has found a weakness."""
    backup: BackupSettings = field(default_factory=BackupSettings)
    """What was agreed of backups."""
    clocks: ClockSettings = field(default_factory=ClockSettings)
    """Which machines have to tell, and the rule of their clocks."""
    trial_machines: Sequence[str] = ()
    """Which machines have to send trial alarms."""
    inspector: Inspector = NO_SCANNER
    """What looks at files before they are kept."""
    uploads: Uploads = field(default_factory=Uploads)
    """The files that are being taken in."""
    packs_key: Path = Path("packs.key")
    """The private key that evidence packs are signed with; made at the first of them."""
    packing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One evidence pack is made at a time."""
    exporting: set[UUID] = field(default_factory=set)
    """The authorities of which everything is being sent just now."""
    _read: Reading = field(default_factory=Reading)

    async def find_authority(self, slug: str) -> Authority | None:
        """Return the authority called so, also one that was registered since the start."""
        return await find_by_slug(self.gateway, self.platform, self.clock, self._read, slug)

    def log_name(self, authority: Authority) -> str:
        """Return an authority's log, as entries name it."""
        return f"log:{self.logs.log_name(authority.slug)}"

    def own_authorities(self, asker: Asker, permission: Permission = Permission.PORTAL_READ_LOG) -> list[Authority]:
        """Return the authorities in which the asker has a permission, by name."""
        allowed = authorities_where(asker.principal, permission)
        return sorted((one for one in self.gateway.authorities if one.id in allowed), key=lambda one: one.name)

    def lead_to_own(self, asker: Asker, permission: Permission, page: str) -> Response:
        """Lead to a page of the first authority, by name, in which the asker has a permission. Raises NothingHereError
        where there is none.
        """
        own = self.own_authorities(asker, permission)
        if not own:
            raise NothingHereError
        return RedirectResponse(f"/log/{own[0].slug}/{page}", 303)

    def page(
        self, asker: Asker, template: str, authority: Authority, here: str, status: int = 200, /, **context: Any
    ) -> Response:
        """Answer with a page about one authority. ``here`` names it in the head, and is where switches come back to."""
        facts = {"message": None, **self.facts(asker, authority), "back": here, **context}
        return HTMLResponse(self.pages.render(template, asker.preferences, **facts), status)

    def facts(self, asker: Asker, authority: Authority) -> Mapping[str, Any]:
        """Return what every template of the portal may ask."""
        principal, scope = asker.principal, find_scope(asker.principal, authority.id)
        return {
            "asker": asker,
            "frame": "portal_room.html",
            "idle": IDLE["authority"],
            "authority": authority,
            "base": f"/log/{authority.slug}",
            "groups": rooms_where(
                open_groups(GROUPS, lambda needs: may(principal, needs, authority.id)),
                lambda room: is_within(scope, room.path),
            ),
            "may_read": may(principal, Permission.PORTAL_READ_LOG, authority.id),
            "may_set_retention": may(principal, Permission.PORTAL_SET_RETENTION, authority.id),
            "may_set_removal": may(principal, Permission.PORTAL_SET_REMOVAL, authority.id),
            "may_approve_removal": may(principal, Permission.PORTAL_APPROVE_REMOVAL, authority.id),
            "may_hold": may(principal, Permission.PORTAL_HOLD_PERSON, authority.id),
            "may_own_programs": may(principal, Permission.PORTAL_OWN_CLIENTS, authority.id),
            "may_set_activation": may(principal, Permission.PORTAL_SET_ACTIVATION, authority.id),
            "may_approve_activation": may(principal, Permission.PORTAL_APPROVE_ACTIVATION, authority.id),
            "may_see_access": may(principal, Permission.PORTAL_SEE_ACCESS, authority.id),
            "may_designate": may(principal, Permission.PORTAL_DESIGNATE_ROLE, authority.id),
            "may_approve_access": may(principal, Permission.PORTAL_APPROVE_ACCESS, authority.id),
            "may_handle_cases": may(principal, Permission.PORTAL_HANDLE_CASES, authority.id),
            "may_see_terms": may(principal, Permission.PORTAL_SEE_TERMS, authority.id),
            "may_find_person": may(principal, Permission.PORTAL_FIND_PERSON, authority.id),
            "may_take_out": may(principal, Permission.PORTAL_EXPORT_LOG, authority.id),
            "may_fetch_receipt": may(principal, Permission.PORTAL_OWN_RECEIPT, authority.id),
            "may_have_keys": may(principal, Permission.PORTAL_OWN_KEYS, authority.id),
            "may_erase": may(principal, Permission.PORTAL_ERASE, authority.id),
            "may_end": may(principal, Permission.PORTAL_END_AUTHORITY, authority.id),
            "may_take_everything": may(principal, Permission.PORTAL_EXPORT_AUTHORITY, authority.id),
            "may_export": may(principal, Permission.PORTAL_EXPORT_LOG, authority.id),
        }


async def require_authority(portal: Portal, request: Request, asker: Asker, permission: Permission) -> Authority:
    """Return the authority an address names, if the asker has ``permission`` there.

    Whoever is there for an audit alone opens what that is about. Raises NotAllowedError or NothingHereError.
    """
    authority = await require_in(portal, request, asker, permission)
    require_scope(asker.principal, authority.id, request.url.path.removeprefix(f"/log/{authority.slug}"), permission)
    return authority

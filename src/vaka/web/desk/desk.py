# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every address of the desk works with, and the frame around its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from vaka.access.decide import NothingHereError, authorities_where
from vaka.access.permissions import Permission
from vaka.access.step_up import Policy
from vaka.clock import Clock
from vaka.database.connections import Pool
from vaka.errors import Sentence
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.locking import IDLE
from vaka.keys.identities import Identities
from vaka.keys.keyring import Keyring
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import NameIndexes
from vaka.web.asker import Asker
from vaka.web.assets import Assets
from vaka.web.audience import left_out
from vaka.web.denials import Teller
from vaka.web.desk.colleagues import Colleagues
from vaka.web.desk.reads import Reads
from vaka.web.desk.search import Search
from vaka.web.desk.words import SECTIONS
from vaka.web.live import Hub
from vaka.web.pages import Message, Pages
from vaka.web.questions import Questions

TAKEN_BACK = 'data-state="withdrawn"'
"""Such a line is still to be read, but nobody waits behind it."""
ROOM_SCRIPTS = ("live.js", "ages.js", "sound.js", "keys.js", "here.js")
COVER_SCRIPTS = ("live.js", "ages.js", "sound.js", "touch.js")
DESK_SCRIPTS = ("live.js", "opened.js", "ages.js", "sound.js", "keys.js", "closing.js", "here.js")


@dataclass(frozen=True, slots=True)
class Desk:
    """The open parts of a desk process."""

    gateway: Gateway
    platform: Pool
    keyring: Keyring
    identities: Identities
    """Makes of what is searched for what devices are known by."""
    people: NameIndexes
    """In whose names is searched."""
    hub: Hub
    pages: Pages
    assets: Assets
    colleagues: Colleagues
    reads: Reads
    searches: Questions[Search]
    """What each session looked for a moment ago."""
    clock: Clock
    denials: Teller
    sign_in: str
    """Where one signs in."""
    security_keys: Ceremonies
    """People's own keys."""
    step_up: Policy
    """Who must touch one."""
    outage_hours: int
    """For how many hours at most an outage is declared."""

    def authorities(self, asker: Asker, permission: Permission) -> list[Authority]:
        """Return the authorities in which the asker has a permission, by name."""
        allowed = authorities_where(asker.principal, permission)
        return sorted((one for one in self.gateway.authorities if one.id in allowed), key=lambda one: one.name)

    def seen(self, asker: Asker) -> frozenset[UUID]:
        """Return the authorities whose queue the asker sees."""
        return frozenset(authority.id for authority in self.authorities(asker, Permission.DESK_SEE_QUEUE))

    def named(self, asker: Asker) -> frozenset[UUID]:
        """Return the authorities whose queue shows the asker the names of people."""
        return self.seen(asker) & authorities_where(asker.principal, Permission.DESK_READ_PERSON)

    def page(self, request: Request, asker: Asker, middle: str, status: int = 200, /, **context: Any) -> Response:
        """Answer with the middle of the desk alone where HTMX asked for it, else with the whole page around it."""
        context = {"message": None, **self.facts(asker), **context}
        if is_fragment(request):
            return HTMLResponse(self.pages.render(middle, asker.preferences, **context), status)
        return HTMLResponse(
            self.pages.render(
                "desk.html", asker.preferences, middle=middle, **self.surroundings(asker), **context,
                page="desk", back=back_to(request),
            ),
            status,
        )  # fmt: skip

    def facts(self, asker: Asker) -> Mapping[str, Any]:
        """Return what every template of the desk may ask."""
        allowed = {
            name: bool(authorities_where(asker.principal, permission))
            for name, permission in (
                ("may_see_queue", Permission.DESK_SEE_QUEUE),
                ("may_handle", Permission.DESK_HANDLE_ALARM),
                ("may_bulk_close", Permission.DESK_BULK_CLOSE),
                ("may_see_history", Permission.DESK_SEE_HISTORY),
                ("may_keep_keys", Permission.DESK_OWN_KEYS),
                ("may_declare", Permission.DESK_DECLARE_OUTAGE),
                ("may_read_rules", Permission.DESK_READ_RULES),
            )
        }
        return {"asker": asker, "view": None, "locked": False, "idle": IDLE["operator"], "unread_rules": 0, **allowed}

    def surroundings(self, asker: Asker) -> Mapping[str, Any]:
        """Return what the page around the middle shows: the queue and the numbers."""
        seen, named = self.seen(asker), self.named(asker)
        account = str(asker.principal.account_id)
        rows: dict[str, list[str]] = {section: [] for section in SECTIONS}
        view = self.hub.view(seen, asker.preferences.language, named=named)
        for card in view.cards:
            line = orjson.loads(card.line(asker.preferences.language, named=card.authority in named))
            rows[line["section"]].append(line["html"])
        mine = f'data-holder="{account}"'
        rows["held"].sort(key=lambda html: mine not in html)
        return {
            **self.room(asker),
            "rows": rows,
            "counts": {name: sum(TAKEN_BACK not in html for html in found) for name, found in rows.items()},
            "unshown": left_out(self.hub.numbers(seen), view),
            "after": self.hub.position(seen, asker.preferences.language, named=named),
            "scripts": DESK_SCRIPTS,
        }

    def room(self, asker: Asker) -> Mapping[str, Any]:
        """Return what every page of the desk shows at its head, and the scripts that keep it so, ring and hear keys."""
        seen = self.seen(asker)
        return {
            "numbers": self.hub.numbers(seen),
            "scripts": ROOM_SCRIPTS if self.facts(asker)["may_see_queue"] else ("ages.js", "keys.js", "here.js"),
        }


def is_fragment(request: Request) -> bool:
    """Whether HTMX asks for a part to put into the open page."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def back_to(request: Request) -> str:
    """Return the address a switch of language or theme comes back to; only a GET can be come back to."""
    return request.url.path if request.method == "GET" else "/"


def authority_of(desk: Desk, request: Request) -> Authority:
    """Return the authority an address names. Raises NothingHereError or UnknownAuthorityError: the same words."""
    return desk.gateway.authority(identifier(request, "authority"))


def identifier(request: Request, name: str) -> UUID:
    """Return an identifier of the address; one that is none is an address that does not exist."""
    try:
        return UUID(request.path_params[name])
    except ValueError:
        raise NothingHereError from None


def say(sentence: Sentence, asker: Asker, tone: str = "trouble") -> Message:
    """Return a message in the asker's language."""
    return Message(sentence.in_language(asker.preferences.language), tone)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How long alarms, messages and notes are kept: what holds, what the last night did, and a proposal of new rules.

A proposal holds when somebody else has approved it; that page is `vaka.web.portal.removal_preview`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.permissions import Permission
from vaka.errors import Category, VakaError
from vaka.ledger.deciding import LONGEST_REASON
from vaka.ledger.reading import read_state
from vaka.removal.birth_days import QUERIES
from vaka.removal.deciding import REMOVAL
from vaka.removal.kinds import KINDS, LONGEST_MONTHS
from vaka.removal.rules import Connection, Rule, Rules, list_rules, read_in_force
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.pages import Message
from vaka.web.portal.names import Things, name_everything
from vaka.web.portal.portal import Portal, require_authority

MAY_SET = Permission.PORTAL_SET_REMOVAL
MOST_SETS = 20
"""Decisions on the page; the others are in the log."""

Months = Annotated[str, Field(max_length=4, pattern=r"^[0-9]*$")]
Mark = Literal["", "yes"]


class RulesForm(Form):
    """Months for each kind, empty for ever; whose birth days are exempt; why."""

    alarms: Months = ""
    alarms_exempt: Mark = ""
    strangers: Months = ""
    technical: Months = ""
    messages: Months = ""
    notes: Months = ""
    notes_exempt: Mark = ""
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    def rules(self) -> Rules:
        """Return what was filled in; whether it is sound is for whoever proposes it."""
        return {
            kind: Rule(int(months), getattr(self, f"{kind}_exempt", "") == "yes")
            for kind in KINDS
            if (months := getattr(self, kind))
        }

    @classmethod
    def filled(cls, rules: Rules) -> "RulesForm":
        """Return the form with these rules in it."""
        fields = {name: str(rule.months) for name, rule in rules.items()}
        return cls(**fields, **{f"{name}_exempt": "yes" for name, rule in rules.items() if rule.exempt})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class LastNight:
    """What the scheduler did when it last removed here."""

    finished_at: datetime | None
    complete: bool
    result: dict[str, dict[str, int]]

    def total(self, what: str) -> int:
        """Return the sum of one count over all kinds."""
        return sum(kind.get(what, 0) for kind in self.result.values())


SUGGESTED: Rules = {kind.name: Rule(kind.public, kind.may_exempt) for kind in KINDS.values()}
"""What the form proposes where nothing was decided: what a public body does."""


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /removal: the page of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SET, "removal")


async def show_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/removal: what holds, what was decided before, and the form."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    return await _show(portal, asker, authority)


async def propose_removal(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/removal: propose; what follows is the preview."""
    authority = await require_authority(portal, request, asker, MAY_SET)
    form = await read_form(request, RulesForm)
    try:
        async with portal.gateway.transaction(authority.id) as tenant:
            proposal = await REMOVAL.propose(
                tenant, asker.principal, authority.id, form.rules(), reason=form.reason, now=portal.clock.now()
            )
    except VakaError as error:
        if error.category not in (Category.INVALID, Category.CONFLICT):
            raise
        return await _show(portal, asker, authority, form, error)
    return RedirectResponse(f"/log/{authority.slug}/removal/{proposal}", 303)


async def _show(
    portal: Portal, asker: Asker, authority: Authority, form: RulesForm | None = None, error: VakaError | None = None
) -> Response:
    now, path = portal.clock.now(), f"/log/{authority.slug}"
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        sets = await list_rules(tenant)
        in_force = await read_in_force(tenant, now)
        last = await _read_last_night(tenant)
    unproven = [one for one in sets if one.is_unproven(now)]
    decided = [one for one in sets if one.approved_at is not None and one not in unproven]
    names = await name_everything(portal.platform, Things(), [], [actor for one in sets for actor in one.actors])
    shown = form or RulesForm.filled(decided[0].rules if decided else SUGGESTED)
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    status = 200 if error is None else 409 if error.category is Category.CONFLICT else 400
    context: dict[str, Any] = {
        "sets": sets[:MOST_SETS], "in_force": in_force, "last": last, "form": shown, "message": message,
        "waiting": next((one for one in sets if one.is_open), None), "decided": bool(decided),
        "unproven": unproven,
    }  # fmt: skip
    return portal.page(
        asker, "portal_removal.html", authority, f"{path}/removal", status,
        page="removal", path=path, state=state, names=names, kinds=KINDS, longest=LONGEST_MONTHS,
        longest_reason=LONGEST_REASON, **context,
    )  # fmt: skip


async def _read_last_night(connection: Connection) -> LastNight:
    row = await (await connection.execute(QUERIES["read_state"])).fetchone()
    if row is None:
        raise LookupError("removal_state has one row")
    return LastNight(*row)

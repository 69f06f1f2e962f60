# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which issuers of identities are believed: the registry as it stands, what waits, and what was decided (term 15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.issuers import (
    ProposalGoneError,
    Verdict,
    decide_issuer,
    decision_act,
    find_current,
    list_decisions,
    list_standings,
    require_decidable,
)
from vaka.database.connections import transaction
from vaka.errors import Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.accounts import name_accounts
from vaka.identity.sessions import Realm
from vaka.identity.trust import Standing, TrustRow
from vaka.identity.trust_content import UnusableTrustError, require_current
from vaka.identity.trust_lines import Change, changed, compare, lines_of
from vaka.ledger.search import identifier_in
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import Form, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office.office import Office, explain
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.outages import list_declared
from vaka.web.touching import Confirming

HERE = "/issuers"
EXPIRES_SOON = timedelta(days=60)
"""Evidence that ends within this is marked: somebody has to review the issuer, and a colleague to approve it."""


class VerdictForm(Form):
    """Which row, what of it was shown, and what is decided."""

    issuer: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    verdict: Verdict
    answer: KeyAnswer = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What waits, held against what is believed today."""

    row: TrustRow
    changes: tuple[Change, ...]
    replaces: bool
    fault: Sentence | None
    """Why it cannot be approved as it is."""
    own: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is believed, and how it looks on the page."""

    standing: Standing
    draft: UUID
    """Drawn for the form that extends the evidence: which row that proposal will be."""
    last_for: tuple[Realm, ...]
    """For which realms nobody could sign in any more without it."""


async def show_issuers(office: Office, request: Request, asker: Asker) -> Response:
    """GET /issuers: the registry as it stands, what waits, and what was decided."""
    return await show(office, asker)


async def decide(office: Office, request: Request, asker: Asker) -> Response:
    """POST /issuers/decide: approve or withdraw exactly what was shown, confirmed with a security key."""
    form, now = await read_form(request, VerdictForm), office.clock.now()
    try:
        async with transaction(office.platform) as connection:
            standings = await list_standings(connection)
            owners = await name_owners(office)
        known = next((one for one in standings if one.row.id == form.issuer), None)
        if known is None or known.row.digest != form.digest:
            raise ProposalGoneError
        require_decidable(asker.principal, known, form.verdict, demo=office.demo, now=now)
        current = find_current(standings, known.row.name)
        asked = Confirming(
            decision_act(known.row, form.verdict), f"{HERE}/decide", HERE, "issuers",
            {"issuer": str(form.issuer), "digest": form.digest, "verdict": form.verdict},
            {f"trust:{known.row.id}": name_row(known.row, owners)},
            changes=_changes(current, known) if form.verdict == "approved" else (),
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await decide_issuer(
                connection, asker.principal, known, form.verdict, demo=office.demo, now=now, confirmation=confirmed
            )
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await show(office, asker, error)
    return RedirectResponse(HERE, 303)


async def show(office: Office, asker: Asker, error: VakaError | None = None) -> Response:
    """Answer with the page of issuers, and why something was not done."""
    now = office.clock.now()
    async with transaction(office.platform) as connection:
        standings = await list_standings(connection)
        decisions = await list_decisions(connection)
        people = {one.row.proposed_by for one in standings} | {
            identifier for one in decisions if (identifier := identifier_in(one.actor)) is not None
        }
        names = await name_accounts(connection, people)
    believed = [one for one in standings if one.state == "approved" and one.content is not None]
    status, message = explain(asker, error)
    return office.page(
        asker, "office_issuers.html", "issuers", HERE, status,
        entries=[Entry(one, new_identifier(now), _last_for(one, believed)) for one in believed],
        waiting=[
            _proposal(office, asker, one, find_current(standings, one.row.name), now)
            for one in standings if one.state == "proposed"
        ],
        altered=_without_effect(standings, "altered"), of_a_demo=_without_effect(standings, "of_a_demo"),
        decisions=decisions, names=names, owners=await name_owners(office), today=_today(now),
        soon=_today(now) + EXPIRES_SOON, lines_of=lines_of, changed=changed, message=message,
        declared=await list_declared(office.platform, office.clock, asker),
    )  # fmt: skip


def _without_effect(standings: Sequence[Standing], state: str) -> list[Standing]:
    return [one for one in standings if one.state == state and one.row.withdrawn_at is None]


async def name_owners(office: Office) -> Mapping[UUID, str]:
    """Return what each authority is called."""
    async with transaction(office.platform) as connection:
        return {one.id: one.name for one in await list_every_authority(connection)}


def name_row(row: TrustRow, owners: Mapping[UUID, str]) -> str:
    """Return what a touch is told that it is about: the name, and of an authority's issuer whose."""
    owner = "" if row.authority_id is None else owners.get(row.authority_id, str(row.authority_id))
    return f"{row.name} ({owner})" if owner else row.name


def _proposal(office: Office, asker: Asker, standing: Standing, current: Standing | None, now: datetime) -> Proposal:
    fault = None
    if standing.content is not None:
        try:
            require_current(standing.content, now, demo=office.demo)
        except UnusableTrustError as error:
            fault = error.sentence
    own = standing.row.proposed_by == asker.principal.account_id
    return Proposal(standing.row, _changes(current, standing), current is not None, fault, own)


def _changes(current: Standing | None, proposed: Standing) -> tuple[Change, ...]:
    if proposed.content is None:
        return ()
    return compare(None if current is None else current.content, proposed.content)


def _last_for(standing: Standing, believed: list[Standing]) -> tuple[Realm, ...]:
    others = {
        realm for one in believed if one.row.id != standing.row.id and one.row.authority_id == standing.row.authority_id
        for realm in (one.content.realms if one.content else ())
    }  # fmt: skip
    return tuple(realm for realm in (standing.content.realms if standing.content else ()) if realm not in others)


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which issuers of identities are believed, as administrators decide it in the office: each act is one touch of a key.

What is touched for is the SHA-256 of the row: its identifier, whose it is, its name and every byte that is said. The
commands do the same with the same functions (``vaka.identity.trust``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.proposing import UndecidableProposalError
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.trust import QUERIES, Standing, TrustRow, approve, judge, list_rows, propose, withdraw
from vaka.identity.trust_content import Content, digest_of, read_content, require_current, write_content
from vaka.ledger.events import Event

Verdict = Literal["approved", "withdrawn"]
MOST_EVENTS = 50


class ProposalGoneError(VakaError):
    """It does not wait any more, or is not what was read."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det är redan avgjort, eller så är det inte det som du har sett. Inget har ändrats. Läs sidan en "
                "gång till.",
                en="It has been decided already, or is not what you have seen. Nothing was changed. Read the page once "
                "more.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be proposed, and which row it will be."""

    id: UUID
    authority_id: UUID | None
    name: str
    content: Content

    @property
    def digest(self) -> str:
        """What a touch, and later the approval, is of."""
        return digest_of(self.id, self.authority_id, self.name, write_content(self.content))


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of what was decided about issuers, as the log tells it."""

    happened_at: datetime
    event: str
    actor: str
    name: str
    """Of the issuer."""
    digest: str
    written_by: str
    """The login role of the process that wrote it: the office's, or that of commands."""

    @property
    def in_office(self) -> bool:
        """Whether it was decided on a page, with a touch; otherwise by a command."""
        return self.written_by.endswith("_office")


async def list_standings(connection: Connection) -> list[Standing]:
    """Return the registry as it stands, by name, the oldest first (as office)."""
    return [await judge(connection, row) for row in await list_rows(connection)]


async def list_decisions(connection: Connection) -> list[Decision]:
    """Return what was decided, the newest first (as office)."""
    async with connection.cursor(row_factory=class_row(Decision)) as cursor:
        await cursor.execute(QUERIES["trust_history"], {"most": MOST_EVENTS})
        return await cursor.fetchall()


def find_current(standings: list[Standing], name: str) -> Standing | None:
    """Return the entry of this name that two people have approved, and that is believed: what a proposal replaces."""
    return next((one for one in standings if one.row.name == name and one.state == "approved"), None)


def extend(content: Content, evidence: Mapping[str, tuple[str, str]]) -> Content:
    """Return the same with other evidence for its levels: for each URI what was reviewed, and its last day (ISO).

    Raises UnusableTrustError.
    """
    said = content.model_dump(mode="json")
    for uri, (reviewed, expires) in evidence.items():
        if uri in said["levels"]:
            said["levels"][uri] |= {"evidence": reviewed, "expires": expires}
    return read_content(json.dumps(said))


def proposal_act(draft: Draft) -> Act:
    """Return the act that proposing it is, as a key confirms it."""
    return _act(Event.TRUST_PROPOSED, draft.id, draft.authority_id, draft.name, draft.digest)


def decision_act(row: TrustRow, verdict: Verdict) -> Act:
    """Return the act that approving or withdrawing exactly this row is."""
    event = Event.TRUST_APPROVED if verdict == "approved" else Event.TRUST_WITHDRAWN
    return _act(event, row.id, row.authority_id, row.name, row.digest)


async def propose_issuer(
    connection: Connection, principal: Principal, draft: Draft, *, demo: bool, now: datetime, confirmation: Confirmation
) -> None:
    """Put an issuer forward, on the office's connection; it is believed by nobody yet.

    Raises NotAllowedError, NotConfirmedError, UnusableTrustError, NotAnAdministratorError, NameTakenError,
    LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_SET_ISSUERS, None)
    async with confirmed(connection, confirmation, proposal_act(draft)):
        await propose(
            connection, draft.authority_id, draft.name, draft.content, by=principal.account_id, demo=demo, now=now,
            identifier=draft.id,
        )  # fmt: skip


async def decide_issuer(
    connection: Connection, principal: Principal, standing: Standing, verdict: Verdict, *, demo: bool, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Approve what a colleague proposed, or believe an issuer no longer; one person is enough to close a door.

    Raises NotAllowedError, NotConfirmedError, UndecidableProposalError (one's own), UnusableTrustError (it cannot be
    believed any more), ProposalGoneError, CannotApproveError, NothingToWithdrawError, NotAnAdministratorError,
    LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_SET_ISSUERS, None)
    row = standing.row
    require_decidable(principal, standing, verdict, demo=demo, now=now)
    async with confirmed(connection, confirmation, decision_act(row, verdict)):
        if verdict == "approved":
            await approve(connection, row.id, row.digest, by=principal.account_id, now=now)
        else:
            await withdraw(connection, row.id, by=principal.account_id, now=now)


def require_decidable(principal: Principal, standing: Standing, verdict: Verdict, *, demo: bool, now: datetime) -> None:
    """Say before a key is touched what would be said after it.

    Raises ProposalGoneError, UndecidableProposalError (one's own), UnusableTrustError.
    """
    if standing.state == "withdrawn":
        raise ProposalGoneError
    if verdict == "withdrawn":
        return
    if standing.state != "proposed" or standing.content is None:
        raise ProposalGoneError
    if standing.row.proposed_by == principal.account_id:
        raise UndecidableProposalError("own")
    require_current(standing.content, now, demo=demo)


def _act(event: Event, identifier: UUID, authority_id: UUID | None, name: str, digest: str) -> Act:
    return Act(event.value, authority_id, f"trust:{identifier}", {"sha256": digest, "issuer": name})

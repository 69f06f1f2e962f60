# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Populations that an auditor freezes and the samples that are drawn of them (term 37).

A population is every item there is, with the SHA-256 of what each was. How many are drawn is said as it is frozen;
which, the first signed checkpoint of the platform's log over that entry decides: drawn is what comes first by SHA-256
over the seed, a space, and the item. Whoever has the list and the checkpoint draws the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from psycopg.rows import class_row

from vaka.assurance.audits import Audit
from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.errors import Sentence

OWN_LOG = "own-log"
"""What is in the authority's own database, and frozen by `vaka.assurance.audit_log`."""
SOURCES: Mapping[str, tuple[Sentence, frozenset[int]]] = MappingProxyType(
    {
        "accounts": (Sentence("Konton hos er", "Accounts with you"), frozenset({8, 12, 13, 14})),
        "role-changes": (Sentence("Rolländringar", "Changes of roles"), frozenset({2, 9, 14})),
        "sessions": (Sentence("Inloggningar", "Sign-ins"), frozenset({3, 10, 12, 15})),
        "commands": (Sentence("Kommandon på servern", "Commands on the server"), frozenset({14, 17, 20})),
        "changes": (Sentence("Ändringar och utgåvor", "Changes and releases"), frozenset({20, 22, 33})),
        "documents": (Sentence("Dokument", "Documents"), frozenset({1, 3, 5, 18})),
        "findings": (Sentence("Brister och åtgärder", "Shortcomings and actions"), frozenset({7})),
        "risk-assessments": (Sentence("Riskbedömningar", "Risk assessments"), frozenset({7})),
        "sites": (Sentence("Hallar", "Halls"), frozenset({19})),
        "subcontractors": (Sentence("Underleverantörer", "Subcontractors"), frozenset({4})),
        "systems": (Sentence("System", "Systems"), frozenset({7})),
        "processes": (Sentence("Processer", "Processes"), frozenset({1})),
        OWN_LOG: (Sentence("Poster i er egen logg", "Entries of your own log"), frozenset({25, 26})),
    }
)
"""What can be frozen, and of which terms; the database has the same (``audit_source``)."""


@dataclass(frozen=True, slots=True)
class Population:
    """What was frozen, and the sample if it is drawn."""

    id: UUID
    audit: UUID
    source: str
    items: int
    wanted: int
    """How many are drawn."""
    sha256: str
    """Over every item with what it was, in order."""
    frozen_at: datetime
    checkpoint: int | None
    """The size of the log in the checkpoint that gave the seed; None before it is drawn."""
    seed: str | None
    """SHA-256 (hex) of what that checkpoint says, with the log's own signature."""
    sample_sha256: str | None
    drawn_at: datetime | None
    stands: bool
    """Whether what is stored still is what was frozen and drawn."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One item of a sample."""

    population: UUID
    place: int
    item: str
    sha256: str
    """What it was."""
    now_sha256: str | None
    """What it is now; None where it is gone."""

    @property
    def is_changed(self) -> bool:
        """Whether it is not what it was."""
        return self.now_sha256 != self.sha256


def sources_within(audit: Audit) -> list[str]:
    """Return what can be frozen within an audit's scope."""
    return [name for name, (_, terms) in SOURCES.items() if terms & set(audit.terms)]


async def list_populations(connection: Connection, authority_id: UUID, audits: Sequence[Audit]) -> list[Population]:
    """Return what was frozen in some audits, in order (as portal)."""
    wanted = [one.id for one in audits]
    async with connection.cursor(row_factory=class_row(Population)) as cursor:
        await cursor.execute(QUERIES["list_audit_populations"], {"authority_id": authority_id, "audits": wanted})
        return await cursor.fetchall()


async def list_drawn(
    connection: Connection, authority_id: UUID, populations: Sequence[Population]
) -> dict[UUID, list[Drawn]]:
    """Return what was drawn of each, in the order it was drawn, with what it is now (as portal)."""
    drawn: dict[UUID, list[Drawn]] = {one.id: [] for one in populations}
    async with connection.cursor(row_factory=class_row(Drawn)) as cursor:
        await cursor.execute(QUERIES["list_audit_drawn"], {"authority_id": authority_id, "populations": list(drawn)})
        async for one in cursor:
            drawn[one.population].append(one)
    return drawn

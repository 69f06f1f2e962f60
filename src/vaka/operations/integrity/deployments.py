# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was put in production, and putting something there: the database judges the change (terms 20 and 33)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.operations.integrity.manifest import Release

ONE_BY_ONE: Final = timedelta(hours=24)
"""For how long what was in production before may still start: the other machine is not stopped for an upgrade."""
QUERIES = load_queries("vaka.operations.integrity")
_WHY: Mapping[str, Sentence] = MappingProxyType(
    {
        "rollback": Sentence(
            "Utgåvan är inte nyare än den som senast infördes. Ge den gamla koden en ny utgåva med ett högre nummer.",
            "The release is not newer than what was deployed last. Give the old code a release with a higher number.",
        ),
        "unapproved": Sentence(
            "Ingen godkänd ändring i registret nämner den här utgåvans fingeravtryck.",
            "No approved change in the register names this release's fingerprint.",
        ),
        "unassessed": Sentence(
            "Ändringen är en större och saknar en riskbedömning som gäller, eller ett säkerhetstest.",
            "The change is a larger one, and has no risk assessment in force or no security test.",
        ),
        "gates": Sentence(
            "Utgåvan har gått igenom andra kontroller än den förra: det är en större ändring, och den här är ingen.",
            "The release went through other gates than the one before: that is a larger change, and this is none.",
        ),
    }
)


class NotDeployableError(VakaError):
    """A release may not be put in production."""

    def __init__(self, why: str) -> None:
        super().__init__(Category.FORBIDDEN, _WHY[why])
        self.why = why


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was put in production last."""

    number: int
    digest: str
    version: str
    sequence: int
    attestation: bytes
    gates: str
    deployed_at: datetime
    before: str
    """The digest of what was in production before it; empty: nothing was."""

    def admits(self, digest: str, now: datetime) -> bool:
        """Whether a release may start: this one, or for a while the one before it, where machines change one by one."""
        return digest == self.digest or (digest == self.before and now - self.deployed_at <= ONE_BY_ONE)


async def find_newest(connection: Connection) -> Deployment | None:
    """Return what was put in production last; None before anything was (as scheduler, setup)."""
    async with connection.cursor(row_factory=class_row(Deployment)) as cursor:
        await cursor.execute(QUERIES["newest_deployment"])
        return await cursor.fetchone()


async def deploy(
    connection: Connection, release: Release, attestation: bytes, *, actor: str, apply: bool, now: datetime
) -> None:
    """Enter that a release is put in production, which its manifest and its attestation allow (as setup).

    Raises NotDeployableError where no change allows it.
    """
    values: dict[str, Any] = {
        "digest": bytes.fromhex(release.digest), "version": release.version, "sequence": release.sequence,
        "attestation": attestation, "gates": bytes.fromhex(release.gates["configuration"]), "actor": actor,
        "apply": apply, "now": now,
    }  # fmt: skip
    row = await (await connection.execute(QUERIES["enter_deployment"], values)).fetchone()
    said = "unapproved" if row is None else str(row[0])
    if said != "done":
        raise NotDeployableError(said)

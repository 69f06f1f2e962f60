# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was refused of what partners sent, as an authority sees its own and the supplier sees all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Sentence
from vaka.operations.exchange.guard import Reason

QUERIES = load_queries("vaka.operations.exchange")

REASONS: Mapping[str, Sentence] = {
    Reason.PARTNER: Sentence("Inget avtal med en sådan part", "No agreement with such a partner"),
    Reason.EXPIRED: Sentence("Avtalet har gått ut", "The agreement has expired"),
    Reason.MEDIA: Sentence("Inte JSON", "Not JSON"),
    Reason.PACKED: Sentence("Packat", "Packed"),
    Reason.LARGE: Sentence("För stort", "Too large"),
    Reason.FORM: Sentence("Ingen signatur av rätt form", "No signature of the right form"),
    Reason.CERTIFICATE: Sentence("Ett annat certifikat än det avtalade", "Another certificate than was agreed"),
    Reason.CERTIFICATE_DATES: Sentence("Certifikatet gäller inte", "The certificate is not valid"),
    Reason.TIME: Sentence("Från en annan tid", "Of another time"),
    Reason.DIGEST: Sentence("Ändrat efter signeringen", "Changed after it was signed"),
    Reason.SIGNATURE: Sentence("Signaturen stämmer inte", "The signature is wrong"),
    Reason.REPEATED: Sentence("Skickat en gång till", "Sent once more"),
    Reason.CONTENT: Sentence("Inte det som utbyts", "Not what is exchanged"),
}
"""What people read for each reason."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that was refused."""

    authority_id: UUID
    partner: UUID | None
    """None where the address named no partner in force."""
    firm: str | None
    at: datetime
    reason: str
    size: int
    sha256: bytes
    times: int
    """How many of that day it stands for, where no partner in force is named; the rest is the first one's."""

    @property
    def why(self) -> Sentence:
        """What people read."""
        return REASONS[self.reason]


async def list_refused(platform: Connection, authority_id: UUID | None) -> list[Refused]:
    """Return the newest hundred, as portal of one authority, as office of all (None)."""
    async with platform.cursor(row_factory=class_row(Refused)) as cursor:
        await cursor.execute(QUERIES["list_refused_exchanges"], {"authority_id": authority_id})
        return await cursor.fetchall()

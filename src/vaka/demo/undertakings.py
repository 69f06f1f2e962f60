# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The undertakings of secrecy of a demo's invented staff, as its first administrator enters them in the register.

Nobody of the supplier's is let in without one, a persona no more than anybody else.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from vaka.access.grants import read_grants
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Confirmation
from vaka.identity.sessions import LIFETIMES, Realm, Session
from vaka.identity.undertaking import lacks_undertaking
from vaka.registers.actions import Written, entering_act, write
from vaka.registers.declarations import load_registers


async def enter_undertakings(
    office: Connection, administrator: UUID, people: Iterable[tuple[UUID, Realm]], now: datetime
) -> None:
    """Enter what is missing of whom these accounts are for, each with where it signs in to (as office)."""
    undersigned = [account for account, realm in people if await lacks_undertaking(office, account, realm, now)]
    if not undersigned:
        return
    ends = now + LIFETIMES["administrator"]
    session = Session(new_identifier(now), administrator, "administrator", now, ends, "", "administrator", "sv")
    writer = Principal(session, await read_grants(office, administrator, now))
    written = [Written(new_identifier(now), 1, _undertaking(account, now), None) for account in undersigned]
    register = load_registers()["undertakings"]
    # Nobody sits at a key here: the register says so, as no touch stands in the entry.
    unasked = Confirmation(entering_act(register, written).digest, touched=False)
    await write(office, writer, register, written, now=now, confirmation=unasked)


def _undertaking(account: UUID, now: datetime) -> dict[str, str]:
    # There is no file: nobody has signed anything in a demo.
    paper = hashlib.sha256(f"demo undertaking of {account}".encode()).hexdigest()
    return {"person": str(account), "customers": "yes", "signed": now.date().isoformat(), "file": paper}

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Attaching files to entries, in the office: one in which nothing was found is added, one that was refused is told of.

Each with its entry in the ledger, in one transaction. A file belongs to the text that it was attached to, and comes
before what takes two people; whoever attached it is not the second of them.
"""

from datetime import datetime
from hashlib import sha256

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.files.model import columns_of
from vaka.ledger.standing import require_standing
from vaka.registers.actions import require_done
from vaka.registers.model import TAKES_TWO, State, Version
from vaka.registers.store import QUERIES
from vaka.scanning.inspecting import Inspected
from vaka.scanning.refusing import Reason


def takes_files(version: Version) -> bool:
    """Whether files can be attached to what an entry's newest version says."""
    return version.state not in TAKES_TWO | {State.WITHDRAWN}


async def attach(
    connection: Connection, principal: Principal, version: Version, file: Inspected, most: int, now: datetime
) -> None:
    """Attach a file to the text of an entry's newest version, which has at most so many (as office).

    Raises NotAllowedError, NothingHereError, RegisterError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_KEEP_REGISTERS, None)
    facts = {
        **columns_of(file, now), "entry": version.entry, "number": version.number, "most": most,
        "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        require_done(await (await connection.execute(QUERIES["attach_file"], facts)).fetchone())
        await require_standing(connection, now)


async def tell_refused(
    connection: Connection, principal: Principal, version: Version, data: bytes, reason: Reason, now: datetime
) -> None:
    """Enter that a file was refused: its fingerprint and why, and nothing that it holds or is called (as office).

    Raises NotAllowedError, NothingHereError, RegisterError.
    """
    require(principal, Permission.OFFICE_KEEP_REGISTERS, None)
    facts = {
        "entry": version.entry, "sha256": sha256(data).digest(), "reason": reason.value, "by": principal.account_id,
        "now": now,
    }  # fmt: skip
    async with connection.transaction():
        require_done(await (await connection.execute(QUERIES["refuse_file"], facts)).fetchone())

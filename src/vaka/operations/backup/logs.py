# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The logs of a restored copy: each verified by the verifier that authorities use, and continued by the live one."""

import tempfile
from datetime import datetime
from pathlib import Path

from vaka.database.connections import Connection, open_connection
from vaka.database.server import SUPERUSER, Server
from vaka.ledger.errors import LedgerError
from vaka.ledger.export import NothingPublishedError, export_log
from vaka.ledger.findings import Checked, WrongError
from vaka.ledger.note_keys import LogKey
from vaka.ledger.published import open_published
from vaka.ledger.stored import prove_growth, read_standing
from vaka.ledger.tree import require_consistency
from vaka.ledger.verify import Expected, UnreadableError, verify_log


async def is_log_whole(copy: Server, live: Server, database: str, records: Path, now: datetime) -> bool | None:
    """Return whether the log of a database is whole in the copy, and the live log continues it; None: none has begun.

    `records` is the directory with the logs' public keys: they are not taken out of what they verify.
    """
    async with (
        await open_connection(copy, SUPERUSER, database, application="vaka-backup") as there,
        await open_connection(live, SUPERUSER, database, application="vaka-backup") as here,
    ):
        try:
            key = LogKey.parse((records / f"{database}.vkey").read_text("ascii").strip())
        except FileNotFoundError:
            key = None
        except (OSError, UnicodeDecodeError, LedgerError):
            return False
        with tempfile.TemporaryDirectory(prefix="vaka-log-") as directory:
            place = Path(directory) / "log"
            try:
                await export_log(there, place)
            except NothingPublishedError:
                return None if key is None else False
            if key is None:
                return False
            try:
                with open_published(str(place)) as read:
                    verify_log(read, Expected(key), now, Checked())
            except (WrongError, UnreadableError):
                return False
        return await _continues(there, here)


async def _continues(there: Connection, here: Connection) -> bool:
    old, new = await read_standing(there), await read_standing(here)
    try:
        proof = await prove_growth(here, old.size, new.size)
        require_consistency(old.size, old.root, new.size, new.root, proof)
    except (LedgerError, ValueError, LookupError):
        return False
    return True

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sealing the logs where no sequencer runs: before and after a maintenance command on an installation that is stopped.

Privileged acts need a ledger that stands. Where nobody seals, the command does it itself; where a sequencer runs, it
holds the signers' memories, and this does nothing.
"""

from collections.abc import Iterable

import psycopg

from vaka.clock import Clock
from vaka.commands.data_directory import DataDirectory
from vaka.database.connections import DatabaseUnavailableError, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.errors import ConfigurationError
from vaka.ledger.rounds import LogPlace, open_signer_on_record
from vaka.ledger.sealing import Sealing
from vaka.ledger.signer import KeyFiles, LedgerHaltedError, hold_memories
from vaka.ledger.stored import read_standing
from vaka.ledger.witnesses import open_witnesses, require_none_ahead
from vaka.settings import Settings
from vaka.tenants.authorities import Authority

COMPONENT = "sequencer"


async def seal_logs(
    data: DataDirectory, settings: Settings, server: Server, authorities: Iterable[Authority], clock: Clock
) -> list[str]:
    """Seal and sign the platform's log and those of `authorities` once; return the databases whose logs stand still.

    What stands still is refused later, by whoever asks whether the ledger stands.
    """
    return await _seal_all(data, settings, server, _places(data, settings, authorities), clock)


async def begin_logs(
    data: DataDirectory, settings: Settings, server: Server, authorities: Iterable[Authority], clock: Clock
) -> None:
    """Make the keys of logs that have none yet, and seal those logs once.

    One that was signed before gets no other key: its sequencer says that the key is missing.
    """
    places = [one for one in _places(data, settings, authorities) if not one.files.secret.exists()]
    await _seal_all(data, settings, server, places, clock)


def _places(data: DataDirectory, settings: Settings, authorities: Iterable[Authority]) -> list[LogPlace]:
    records, log_name = data.root / "ledger", settings.ledger.log_name
    roles = [(PLATFORM_DATABASE, platform_role(COMPONENT), log_name())]
    roles += [(one.database_name, tenant_role(one.database_name, COMPONENT), log_name(one.slug)) for one in authorities]
    return [
        LogPlace(database, role, origin, KeyFiles.of(data.credentials, records, database))
        for database, role, origin in roles
    ]


async def _seal_all(
    data: DataDirectory, settings: Settings, server: Server, places: Iterable[LogPlace], clock: Clock
) -> list[str]:
    halted = []
    try:
        with hold_memories(data.root / "ledger"):
            for place in places:
                try:
                    await _seal(server, place, settings, clock)
                except (LedgerHaltedError, DatabaseUnavailableError, ConfigurationError, psycopg.Error):
                    halted.append(place.database)
    except ConfigurationError:  # a sequencer is at work
        return []
    return halted


async def _seal(server: Server, place: LogPlace, settings: Settings, clock: Clock) -> None:
    witnesses = open_witnesses(settings.ledger, place.origin, clock)
    async with await open_connection(server, place.role, place.database, application="vaka-setup") as connection:
        standing = await read_standing(connection)
        signer = await open_signer_on_record(connection, place, clock, is_new=standing.published is None)
        await require_none_ahead(witnesses, signer, standing.size)
        await Sealing(signer, clock, witnesses).make_round(connection)

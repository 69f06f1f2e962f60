# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeps a log sealed for as long as the process lives, whatever happens to it or to its database on the way."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from vaka.clock import Clock
from vaka.database.connections import DatabaseUnavailableError, open_connection
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.ledger.sealing import Sealing, Witness
from vaka.ledger.signer import KeyFiles, LedgerHaltedError, open_signer
from vaka.ledger.stored import read_standing
from vaka.logs import describe_error

RETRY_ROUNDS = 5
"""After a failure so many rounds are left out."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """One log: in which database, reached as whom, called what, signed with what."""

    database: str
    role: str
    origin: str
    files: KeyFiles


async def keep_sealed(
    place: LogPlace,
    server: Server,
    clock: Clock,
    *,
    seconds: float,
    stopped: asyncio.Event,
    witnesses: Sequence[Witness] = (),
) -> None:
    """Make a round every so many `seconds` until `stopped`. What is wrong is told once, and again when it has passed.

    A halted log is looked at again like any other failure: when the right copy of the database is back, it goes on.
    """
    log = structlog.get_logger()
    told = ""
    while not stopped.is_set():
        wrong, facts = "", {}
        try:
            async with await open_connection(
                server, place.role, place.database, application="vaka-sequencer"
            ) as connection:
                standing = await read_standing(connection)
                signer = open_signer(place.files, place.origin, is_new=standing.published is None)
                sealing = Sealing(signer, clock, witnesses)
                while not stopped.is_set():
                    await sealing.make_round(connection)
                    if told:
                        log.info("ledger works again", database=place.database)
                        told = ""
                    await pause(stopped, seconds)
        except LedgerHaltedError as error:
            wrong = f"halted: {error.reason}"
        except DatabaseUnavailableError:
            wrong = "unavailable"
        except ConfigurationError as error:
            wrong = error.sentence.en
        except Exception as error:  # one log's trouble, of whatever kind, is not the others'
            wrong, facts = type(error).__name__, describe_error(error)
        if wrong and wrong != told:
            log.error("ledger stands still", database=place.database, state=wrong, **facts)
            told = wrong
        await pause(stopped, RETRY_ROUNDS * seconds)


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stopped`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)

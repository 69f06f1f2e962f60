# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeps a log sealed for as long as the process lives, whatever happens to it or to its database on the way."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import structlog

from vaka.clock import Clock
from vaka.database.connections import DatabaseUnavailableError, open_connection
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.pruning import Pruner
from vaka.ledger.sealing import ACTOR, Sealing
from vaka.ledger.signer import CheckpointSigner, KeyFiles, LedgerHaltedError, open_signer
from vaka.ledger.stored import Connection, read_standing
from vaka.ledger.witness_client import WitnessClient
from vaka.ledger.witnesses import require_none_ahead
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
    witnesses: Sequence[WitnessClient] = (),
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
                signer = await open_signer_on_record(connection, place, clock, is_new=standing.published is None)
                await require_none_ahead(witnesses, signer, standing.size)
                sealing = Sealing(signer, clock, witnesses)
                pruner = Pruner(place.origin, clock)
                while not stopped.is_set():
                    await sealing.make_round(connection)
                    await pruner.make_round(connection)
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


async def open_signer_on_record(
    connection: Connection, place: LogPlace, clock: Clock, *, is_new: bool
) -> CheckpointSigner:
    """Open a log's signer as `open_signer` does; where the key is new, the log's first entry says which it is.

    The mark beside the key says that the entry was written. A crash before the mark writes the entry twice, never not
    at all.
    """
    signer = open_signer(place.files, place.origin, is_new=is_new)
    told = place.files.public.with_suffix(".told")
    if not told.exists():
        facts = {"sha256": sha256(place.files.public.read_bytes()).hexdigest()}
        entry = Entry(Event.KEY_CREATED, ACTOR, clock.now(), f"key:log:{place.origin}", detail=facts)
        async with connection.transaction():
            await append(connection, entry)
        await asyncio.to_thread(told.touch, mode=0o600)
    return signer


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stopped`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), seconds)

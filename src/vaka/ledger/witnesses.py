# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log's witnesses: who they are by the settings, and whether any of them has seen more than the database holds."""

import asyncio
from collections.abc import Sequence

import structlog

from vaka.clock import Clock
from vaka.errors import ConfigurationError
from vaka.ledger.cosignatures import WitnessKey
from vaka.ledger.errors import LedgerError
from vaka.ledger.signer import CheckpointSigner, LedgerHaltedError
from vaka.ledger.witness_client import WitnessClient, WitnessError
from vaka.settings import LedgerSettings


def open_witnesses(settings: LedgerSettings, origin: str, clock: Clock) -> tuple[WitnessClient, ...]:
    """Return the witnesses that the log called `origin` is shown to. Raises ConfigurationError."""
    named = [each for each in settings.witnesses if origin in (f"{settings.origin}/{log}" for log in each.logs)]
    try:
        keys = [WitnessKey.parse(each.key) for each in named]
    except LedgerError as error:
        raise ConfigurationError(
            f"ledger.witnesses holds a key that is no witness's ({error.code.value}); `vaka witness show` prints it."
        ) from None
    if len({key.public_key for key in keys}) < len(keys) or len({key.name for key in keys}) < len(keys):
        raise ConfigurationError(f"ledger.witnesses names a witness of {origin} twice.")
    return tuple(WitnessClient(each.url, key, clock) for each, key in zip(named, keys, strict=True))


def require_usable(settings: LedgerSettings, clock: Clock) -> None:
    """Raise ConfigurationError where any log's witnesses are named wrongly: at the start, and not when it is opened."""
    for log in {log for each in settings.witnesses for log in each.logs}:
        open_witnesses(settings, f"{settings.origin}/{log}", clock)


async def require_none_ahead(witnesses: Sequence[WitnessClient], signer: CheckpointSigner, size: int) -> None:
    """Raise LedgerHaltedError where a witness has seen more of the log than the `size` entries of the database.

    Asked before anything is signed: our own memory may have been put back together with the database. A witness that
    cannot be asked holds up nothing: it is asked again with the next checkpoint, and what it has not cosigned counts
    for nobody who verifies.
    """
    note = signer.sign_again()

    async def ask(witness: WitnessClient) -> int:
        try:
            return await witness.latest_size(note)
        except WitnessError as error:
            structlog.get_logger().warning("witness missing", instance=witness.name, reason=error.code.value)
            return 0

    if max(await asyncio.gather(*map(ask, witnesses)), default=0) > size:
        raise LedgerHaltedError("older")

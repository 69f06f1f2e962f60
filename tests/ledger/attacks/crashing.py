# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A sequencer in a process of its own that is killed (SIGKILL) at a step it is told, or whenever its killer likes."""

import asyncio
import os
import signal
from dataclasses import dataclass
from importlib import import_module

from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.ledger.cosignatures import WitnessKey
from vaka.ledger.rounds import LogPlace, keep_sealed
from vaka.ledger.witness_client import WitnessClient


@dataclass(frozen=True)
class Seam:
    """A step on the way from inbox to publication, and whether the process ends before or after it."""

    module: str
    name: str
    is_after: bool

    def __str__(self) -> str:
        return f"{'after' if self.is_after else 'before'} {self.name}"


SEAMS = [
    Seam("vaka.ledger.sequencer", "_grow_tiles", False),  # entries are drained and added, nothing is committed
    Seam("vaka.ledger.sealing", "prove_growth", False),  # committed, nothing signed
    Seam("vaka.ledger.signer", "replace_file", False),  # not in the memory
    Seam("vaka.ledger.signer", "replace_file", True),  # in the memory, not signed
    Seam("vaka.ledger.signer", "sign_checkpoint", True),  # signed, shown to nobody
    Seam("vaka.ledger.sealing.Sealing", "publish", False),
    Seam("vaka.ledger.sealing.Sealing", "publish", True),  # cosigned, not stored
]


def run_sequencer(place: LogPlace, server: Server, witness: str, vkey: str, seam: Seam | None) -> None:
    """Keep a log sealed as the sequencer does, until the process is killed."""
    os.setsid()
    if seam is not None:
        _arm(seam)
    clock = SystemClock()
    client = WitnessClient(witness, WitnessKey.parse(vkey), clock)
    asyncio.run(keep_sealed(place, server, clock, seconds=0.05, stopped=asyncio.Event(), witnesses=[client]))


def _arm(seam: Seam) -> None:
    holder: object
    try:
        holder = import_module(seam.module)
    except ModuleNotFoundError:
        module, _, name = seam.module.rpartition(".")
        holder = getattr(import_module(module), name)
    genuine = getattr(holder, seam.name)

    def killing(*arguments: object, **named: object) -> object:
        if not seam.is_after:
            _kill()
        result = genuine(*arguments, **named)
        if not asyncio.iscoroutine(result):
            _kill()

        async def late() -> None:
            await result
            _kill()

        return late()

    setattr(holder, seam.name, killing)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

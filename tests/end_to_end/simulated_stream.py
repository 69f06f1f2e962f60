# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A steady stream from devices of every kind, over every transport, each proving itself as it can."""

import asyncio
from collections import Counter
from itertools import cycle
from random import Random

from tests.end_to_end.house import House
from tests.end_to_end.stream import Record
from vaka.clock import SystemClock
from vaka.simulate.device import Persistence
from vaka.simulate.device_file import DeviceRecord, read_device_file
from vaka.simulate.fleet import Fleet
from vaka.simulate.quirks import Quirk
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.target import target_of

Kind = tuple[str, str, str]
"""Transport, authentication, and the digest algorithm or a word about how it is used."""

# Life, technical and test messages take different ways through the receiver; all are kept once.
REPORTS = (Report.BUTTON, Report.BATTERY, Report.FALL, Report.TEST)
STUBBORN = Persistence(attempts=1_000, pause_seconds=0.3, confirmation_seconds=1.0, confirmation_attempts=0)
WITHOUT_QOP = "without qop"


class SimulatedStream:
    """Every device reports one thing after the other; each report until it is answered."""

    def __init__(self, house: House, of_each: int, pause_seconds: float) -> None:
        file = read_device_file(house.root / "demo" / "devices.json")
        assert file.receiver is not None
        chosen = _choose(file.devices, of_each)
        known = {device.cid: device for device in house.devices}
        self.records = [Record(known[device.cid]) for _, device in chosen]
        self.kinds = [kind for kind, _ in chosen]
        self._fleet = Fleet(
            [device for _, device in chosen], target_of(file.receiver), tally=Tally(), clock=SystemClock(),
            chance=Random(7), persistence=STUBBORN,
        )  # fmt: skip
        self._pause = pause_seconds
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def answered(self) -> Counter[Kind]:
        """How many reports of each kind of device were answered 200 so far. Raises what made a device give up."""
        for task in self._tasks:
            if task.done():
                task.result()
        count: Counter[Kind] = Counter()
        for kind, record in zip(self.kinds, self.records, strict=True):
            count[kind] += len(record.answered)
        return count

    def begin(self) -> None:
        """Start sending."""
        self._tasks = [asyncio.create_task(self._send_on(number)) for number in range(len(self.records))]

    def halt(self) -> None:
        """Begin nothing more, for whoever leaves early."""
        self._ending.set()

    async def end(self) -> None:
        """Let what is under way be answered, and stop."""
        self._ending.set()
        await asyncio.gather(*self._tasks)
        self._fleet.close()

    async def _send_on(self, number: int) -> None:
        record, reports = self.records[number], cycle(REPORTS)
        while not self._ending.is_set():
            outcome = await self._fleet.device(number).report(next(reports))
            record.sent.append(outcome.ref)
            assert outcome.is_delivered, f"{self.kinds[number]}: {outcome.status}"
            record.answered.append(outcome.ref)
            await asyncio.sleep(self._pause)


def _choose(devices: tuple[DeviceRecord, ...], of_each: int) -> list[tuple[Kind, DeviceRecord]]:
    """So many devices of each kind, and besides one for each algorithm that answers as RFC 2069 has it."""
    chosen: list[tuple[Kind, DeviceRecord]] = []
    taken: Counter[Kind] = Counter()
    for device in devices:
        if device.authentication not in ("digest", "certificate"):
            continue
        kind = (device.transport, device.authentication, device.algorithm or "")
        old_style = (device.transport, WITHOUT_QOP, device.algorithm or "")
        if taken[kind] < of_each:
            taken[kind] += 1
            chosen.append((kind, device))
        elif device.authentication == "digest" and not taken[old_style]:
            taken[old_style] += 1
            chosen.append((old_style, device.model_copy(update={"quirks": (Quirk.DIGEST_WITHOUT_QOP,)})))
    return chosen

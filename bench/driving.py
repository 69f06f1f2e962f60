# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Running the load generator against something, with a look at what the machine's processors did meanwhile."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path

from bench.hammer import Plan, Result

ROOT = Path(__file__).parent.parent
_RUNS = count(1)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the generator, and the processor cores that others used during it."""

    result: Result
    cores: dict[str, float]

    def as_dict(self) -> dict[str, float]:
        """Return everything, rounded, for the JSON."""
        told = {name: round(value, 3) for name, value in asdict(self.result).items()}
        return told | {f"{name}_cores": round(value, 3) for name, value in self.cores.items()}


class Generator:
    """One generator process, loaded and waiting for the word."""

    def __init__(self, plan: Plan, work: Path) -> None:
        run = next(_RUNS)
        self.statuses = work / f"statuses-{run}"
        self.plan = replace(plan, run=run, statuses=str(self.statuses))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.hammer"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(json.dumps(asdict(self.plan)))
        self._hear()

    def begin(self) -> None:
        """Start sending."""
        self._say("go")

    def finish(self) -> Result:
        """Return what came of it, when it is done."""
        result = Result(**json.loads(self._hear()))
        self._process.wait(30)
        return result

    def answered(self) -> set[str]:
        """Return the references of the messages that were answered 200; asked for once."""
        statuses = self.statuses.read_bytes()
        self.statuses.unlink()
        return {f"{self.plan.run:08d}{number:08d}" for number, status in enumerate(statuses) if status == 1}

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended without a word")
        return line


def drive(plan: Plan, work: Path, clocks: Mapping[str, Callable[[], float]]) -> tuple[Measured, set[str]]:
    """Run one plan. Return what was measured, and the references that were answered 200.

    ``clocks`` says for each name how much processor time those processes have taken so far.
    """
    generator = Generator(plan, work)
    before = {name: clock() for name, clock in clocks.items()}
    generator.begin()
    result = generator.finish()
    # The generator waits for stragglers after its time; little work is done then.
    cores = {name: (clock() - before[name]) / result.seconds for name, clock in clocks.items()}
    return Measured(result, cores), generator.answered()

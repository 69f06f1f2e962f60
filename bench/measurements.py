# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The measurements, each a function of an installation. Ours and Kamailio's rounds take turns, so that a machine that
changes its mind changes it for both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.datagrams import FIRST_SENDER
from bench.driving import Generator, Measured, drive
from bench.hammer import Plan
from bench.installation import DIGEST_DEVICES, Installation, Receivers
from bench.kamailio import (
    Kamailio,
    empty_kamailio,
    prepare_kamailio,
    running_kamailio,
    stored_by_kamailio,
)

OUTSTANDING = (160, 640)
"""Under way in a closed loop; each system is measured with what it does best with. 160 datagrams are about what the
kernel's usual buffer holds."""
LIFE_RATE = 50.0


@dataclass
class Bench:
    """What all measurements share."""

    installation: Installation
    say: Callable[[str], None]
    quick: bool
    results: dict[str, Any] = field(default_factory=dict)
    processes: int = 1

    @property
    def seconds(self) -> float:
        """How long one run lasts."""
        return 4.0 if self.quick else 8.0

    @property
    def rounds(self) -> int:
        """How often ours and Kamailio's take turns."""
        return 1 if self.quick else 3

    @property
    def network_devices(self) -> int:
        """Devices that come from their recorded network."""
        return self.installation.open_devices

    def plan(self, port: int, report: str = "life", rate: float = 0.0, **more: Any) -> Plan:
        """Return a plan over the devices without digest."""
        most = round(rate * self.seconds) + 1 if rate else round(20_000 * self.seconds)
        values = {"first_sender": FIRST_SENDER, "senders": self.network_devices, "seconds": self.seconds, "most": most}
        loop = {"rate": rate, "outstanding": 0 if rate else OUTSTANDING[0]}
        return Plan(report=report, run=0, port=port, **{**values, **loop, **more})

    def drive_ours(self, receivers: Receivers, plan: Plan) -> Measured:
        """Run a plan against the receivers and check that everything answered 200 is in the database, once."""
        installation = self.installation
        installation.empty()
        measured, answered = drive(
            plan, installation.root, {"receiver": receivers.seconds, "database": installation.database_seconds}
        )
        if plan.report != "heartbeat":
            missing = answered - installation.stored()
            if missing:
                raise RuntimeError(f"{len(missing)} of {len(answered)} messages answered 200 are not in the database")
        return measured

    def drive_kamailio(self, kamailio: Kamailio, plan: Plan) -> Measured:
        """Run a plan against Kamailio and count what it kept."""
        installation = self.installation
        empty_kamailio(installation)
        installation.settle()
        measured, answered = drive(
            plan, installation.root, {"kamailio": kamailio.seconds, "database": installation.database_seconds}
        )
        kept = stored_by_kamailio(installation)
        if kept < len(answered):
            raise RuntimeError(f"Kamailio kept {kept} of {len(answered)} messages it answered 200")
        return measured


def median(runs: list[Measured], what: str) -> float:
    """Return the median of one figure of several runs."""
    return float(statistics.median(getattr(run.result, what) for run in runs))


def measure_alarms(bench: Bench) -> None:
    """Alarms durably stored and answered, at fixed rates and at saturation, beside Kamailio."""
    installation, password = bench.installation, None
    if bench.results["machine"]["kamailio"] != "not installed":
        password = prepare_kamailio(installation)
    children, their_best = _best_children(bench, password) if password else (0, 0)
    bench.processes, our_best = _best_processes(bench)
    complaints = 0
    ours: dict[str, list[Measured]] = {}
    theirs: dict[str, list[Measured]] = {}
    rates = (1_000.0, 4_000.0, 8_000.0, 0.0)
    for number in range(bench.rounds):
        bench.say(f"Alarms, round {number + 1} of {bench.rounds}: Vaka at 1,000, 4,000, 8,000 a second and saturated")
        with installation.receivers(bench.processes) as receivers:
            for rate in rates:
                run = bench.drive_ours(receivers, bench.plan(installation.udp_port, rate=rate, **_loop(rate, our_best)))
                ours.setdefault(_name(rate), []).append(run)
        if password:
            bench.say(f"Alarms, round {number + 1} of {bench.rounds}: Kamailio at the same rates")
            with running_kamailio(installation, password, children) as kamailio:
                for rate in rates:
                    plan = bench.plan(kamailio.port, rate=rate, **_loop(rate, their_best))
                    run = bench.drive_kamailio(kamailio, plan)
                    theirs.setdefault(_name(rate), []).append(run)
                complaints += kamailio.complaints()
    stateless = []
    if password:
        with running_kamailio(installation, password, children, transactions=False) as kamailio:
            for number in range(bench.rounds):
                bench.say(f"Alarms saturated, round {number + 1} of {bench.rounds}: Kamailio without transactions")
                stateless.append(bench.drive_kamailio(kamailio, bench.plan(kamailio.port, **_loop(0.0, their_best))))
    bench.say("Alarms with digest, each device asked for it every time")
    with installation.receivers(bench.processes) as receivers:
        digest: dict[str, Any] = {
            "first_sender": FIRST_SENDER + bench.network_devices,
            "senders": DIGEST_DEVICES,
            "digest": True,
        }
        asked = [
            bench.drive_ours(receivers, bench.plan(installation.udp_port, rate=rate, **digest)) for rate in (1_000.0, 0)
        ]
    bench.results["alarms"] = {
        "receiver_processes": bench.processes,
        "kamailio_children": children,
        "kamailio_complaints": complaints,
        "under_way": {"vaka": our_best, "kamailio": their_best},
        "vaka": {name: _summary(runs) for name, runs in ours.items()},
        "vaka_digest": {name: _summary([run]) for name, run in zip((_name(1_000.0), _name(0)), asked, strict=True)},
        "kamailio": {name: _summary(runs) for name, runs in theirs.items()},
        "kamailio_stateless": {_name(0): _summary(stateless)} if stateless else {},
    }
    saturated = ours[_name(0)]
    for name, others in (("ratio", theirs.get(_name(0), [])), ("ratio_stateless", stateless)):
        ratios = [mine.result.rate / other.result.rate for mine, other in zip(saturated, others, strict=bool(others))]
        if ratios:
            bench.results["alarms"][name] = {
                "median": round(statistics.median(ratios), 2), "least": round(min(ratios), 2),
                "most": round(max(ratios), 2),
            }  # fmt: skip


def measure_heartbeats(bench: Bench) -> None:
    """Heartbeats a second with all devices known, and the transactions they cost."""
    installation = bench.installation
    with installation.receivers(bench.processes) as receivers:
        bench.say(f"Heartbeats from {bench.network_devices:,} devices")
        before = _transactions(installation)
        begun = time.monotonic()
        runs = {
            _name(rate): bench.drive_ours(receivers, bench.plan(installation.udp_port, "heartbeat", rate))
            for rate in (3_300.0, 0.0)
        }
        answered = sum(run.result.answered for run in runs.values())
        transactions = _transactions(installation) - before
        bench.results["heartbeats"] = {
            "devices": installation.devices,
            "runs": {name: _summary([run]) for name, run in runs.items()},
            "answered": answered,
            "transactions_in_that_time": transactions,
            "seconds": round(time.monotonic() - begun, 1),
            "receiver_megabytes": round(receivers.megabytes()),
        }


def measure_flood(bench: Bench, capacity: float) -> None:
    """Life alarms at 50 a second while tests, and then faults, come at twice what can be carried."""
    installation = bench.installation
    seconds = bench.seconds
    with installation.receivers(bench.processes) as receivers:
        found = {}
        for name, report in (("alone", ""), ("tests", "test"), ("faults", "technical")):
            flood = 2 * capacity
            bench.say(
                f"Life alarms at {LIFE_RATE:.0f} a second" + (f", {report} messages at {flood:,.0f}" if report else "")
            )
            installation.empty()
            half = bench.network_devices // 2
            life = Generator(
                bench.plan(installation.udp_port, "life", LIFE_RATE, senders=half, sockets=8), installation.root
            )
            others = None
            if report:
                plan = bench.plan(
                    installation.udp_port, report, flood, first_sender=FIRST_SENDER + half, senders=half,
                    seconds=seconds + 1, most=round(flood * (seconds + 1)),
                )  # fmt: skip
                others = Generator(plan, installation.root)
                others.begin()
                time.sleep(1.0)  # the flood is there first
            before = receivers.seconds()
            life.begin()
            alarm = life.finish()
            flooded = others.finish() if others else None
            missing = life.answered() - installation.stored()
            if others:
                missing |= others.answered() - installation.stored()
            if missing:
                raise RuntimeError(f"{len(missing)} messages answered 200 are not in the database")
            found[name] = {
                "life": Measured(alarm, {"receiver": (receivers.seconds() - before) / seconds}).as_dict(),
                "others": None if flooded is None else Measured(flooded, {}).as_dict(),
            }
    bench.results["flood"] = found


def _best_children(bench: Bench, password: str) -> tuple[int, int]:
    """Kamailio's best number of processes on this machine, and of messages under way."""
    found = {}
    for children in (8, 16, 32):
        with running_kamailio(bench.installation, password, children) as kamailio:
            for outstanding in OUTSTANDING:
                plan = bench.plan(kamailio.port, seconds=3.0, most=60_000, outstanding=outstanding)
                rate = found[children, outstanding] = bench.drive_kamailio(kamailio, plan).result.rate
                bench.say(f"Kamailio with {children} children and {outstanding} under way: {rate:,.0f} a second")
    return _best(bench, "kamailio_tried", found)


def _best_processes(bench: Bench) -> tuple[int, int]:
    """Our best number of receiver processes on this machine, and of messages under way."""
    found = {}
    for processes in (1, 2):
        with bench.installation.receivers(processes) as receivers:
            for outstanding in OUTSTANDING:
                plan = bench.plan(bench.installation.udp_port, seconds=3.0, most=60_000, outstanding=outstanding)
                rate = found[processes, outstanding] = bench.drive_ours(receivers, plan).result.rate
                bench.say(f"Vaka with {processes} receiver(s) and {outstanding} under way: {rate:,.0f} a second")
    return _best(bench, "vaka_tried", found)


def _best(bench: Bench, name: str, found: dict[tuple[int, int], float]) -> tuple[int, int]:
    bench.results[name] = [
        {"processes": processes, "under_way": under_way, "rate": round(rate)}
        for (processes, under_way), rate in found.items()
    ]
    return max(found, key=lambda setting: found[setting])


def _loop(rate: float, outstanding: int) -> dict[str, Any]:
    """What a plan is told beside its rate: how many are under way, in a closed loop."""
    return {} if rate else {"outstanding": outstanding}


def _name(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate else "saturated"


def _summary(runs: list[Measured]) -> dict[str, Any]:
    """Medians over the rounds, the spread of the rate, and every round."""
    rates = [run.result.rate for run in runs]
    names = ("rate", "p50", "p95", "p99", "max", "answered", "busy", "unanswered", "repeated", "generator_cores")
    return {
        **{name: round(median(runs, name), 2) for name in names},
        "least_rate": round(min(rates)),
        "most_rate": round(max(rates)),
        "cores": {name: round(statistics.median(run.cores[name] for run in runs), 2) for name in runs[0].cores},
        "rounds": [run.as_dict() for run in runs],
    }


def _transactions(installation: Installation) -> int:
    total = 0
    for authority in installation.authorities:
        with installation.connect(authority.database_name) as connection:
            connection.execute("select pg_stat_force_next_flush()")
            row = connection.execute(
                "select xact_commit from pg_stat_database where datname = current_database()"
            ).fetchone()
            total += int(row[0]) if row else 0
    return total

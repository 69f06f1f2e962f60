# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each machine tells the platform's database of its flows and certificates; pages and collectors of term 30 read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Sentence
from vaka.operations.flows.register import Finding, Flow

QUERIES = load_queries("vaka.operations.flows")
SOON = timedelta(days=21)
"""So long before its end a certificate is to be renewed."""
LOOKED_WITHIN = timedelta(minutes=15)
"""How old what a machine told of its sockets may be: it tells each five minutes."""


@dataclass(frozen=True, slots=True)
class ToldFlow:
    """One flow of a machine, as it told."""

    flow: Flow
    is_open: bool
    """Whether something listens for it that others can reach."""


@dataclass(frozen=True, slots=True)
class ToldCertificate:
    """One certificate that a machine shows or has."""

    name: str
    """Where it is shown, or the name of its file."""
    begins_at: datetime
    ends_at: datetime

    def standing(self, now: datetime) -> str:
        """Return ``expired`` (also before its time), ``soon`` where it has to be renewed, or ``holds``."""
        return (
            "expired" if not self.begins_at <= now < self.ends_at else "soon" if self.ends_at - now < SOON else "holds"
        )


@dataclass(frozen=True, slots=True)
class MachineFlows:
    """What is known of a machine."""

    machine: str
    looked_at: datetime | None
    """When it told of its sockets, by the database server's clock; None where it told of certificates alone."""
    flows: Sequence[ToldFlow]
    wrong: Sequence[Mapping[str, Any]]
    """``transport``, ``port``, ``address`` and ``reason`` of each socket that is not as the register has it."""
    certificates: Sequence[ToldCertificate]
    by_scheduler: bool = False
    """Whether the scheduler told, of the machine it runs on."""

    def is_silent(self, now: datetime) -> bool:
        """Whether nobody knows any more what listens there."""
        return self.looked_at is None or abs(now - self.looked_at) > LOOKED_WITHIN


async def report_flows(
    connection: Connection, machine: str, flows: Sequence[Flow], opened: set[tuple[str, int]],
    findings: Sequence[Finding],
) -> None:  # fmt: skip
    """Tell of a machine's flows, in place of what it told before (as scheduler or setup)."""
    told = [
        {"name": one.name, "source": [one.source.sv, one.source.en], "target": [one.target.sv, one.target.en],
         "transport": one.transport, "port": one.port, "protection": one.protection,
         "until": one.until and one.until.isoformat(),
         "open": not one.is_elsewhere and (one.transport, one.port) in opened}
        for one in flows
    ]  # fmt: skip
    wrong = [
        {"transport": one.listening.transport, "port": one.listening.port, "address": one.listening.address,
         "reason": one.reason}
        for one in findings
    ]  # fmt: skip
    values = {"machine": machine, "flows": Jsonb(told), "wrong": Jsonb(wrong)}
    await connection.execute(QUERIES["report_flows"], values)


async def report_certificates(connection: Connection, machine: str, certificates: Sequence[ToldCertificate]) -> None:
    """Tell of a machine's certificates, in place of what it told before (as scheduler or setup)."""
    told = [
        {"name": one.name, "begins_at": one.begins_at.isoformat(), "ends_at": one.ends_at.isoformat()}
        for one in certificates
    ]
    await connection.execute(QUERIES["report_certificates"], {"machine": machine, "told": Jsonb(told)})


async def list_machine_flows(connection: Connection) -> Sequence[MachineFlows]:
    """Return what every machine told last, by name (as office, portal, scheduler or setup)."""
    cursor = await connection.execute(QUERIES["list_machine_flows"])
    return [
        MachineFlows(machine, looked_at, [_flow(one) for one in flows], wrong,
                     [_certificate(one) for one in certificates], by_scheduler)
        for machine, looked_at, flows, wrong, certificates, by_scheduler in await cursor.fetchall()
    ]  # fmt: skip


def _certificate(one: Mapping[str, Any]) -> ToldCertificate:
    begins, ends = datetime.fromisoformat(one["begins_at"]), datetime.fromisoformat(one["ends_at"])
    return ToldCertificate(one["name"], begins, ends)


def _flow(one: Mapping[str, Any]) -> ToldFlow:
    until = one["until"] and datetime.fromisoformat(one["until"])
    source, target = Sentence(*one["source"]), Sentence(*one["target"])
    flow = Flow(one["name"], source, target, one["transport"], one["port"], one["protection"], until)
    return ToldFlow(flow, bool(one["open"]))

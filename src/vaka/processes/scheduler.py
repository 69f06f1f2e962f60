# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Timers, supervision, erasures, removal by night: ``python -m vaka.processes.scheduler --data DIR``"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from vaka.access.permissions import Permission
from vaka.access.roles import roles_with
from vaka.alarms.watch import ATTENDANCE_SECONDS, DIRECTORY_SECONDS, FORGET_SECONDS, Watch
from vaka.assurance.asking_databases import Place
from vaka.assurance.looking import EVIDENCE_SECONDS, Looking
from vaka.assurance.reminding import REMINDING_SECONDS, Reminding
from vaka.cases.rounds import CASES_SECONDS, Cases
from vaka.clock import Clock, SystemClock, read_clock_state
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.keyring import make_client, open_keyring
from vaka.operations.capacity.rounds import CAPACITY_SECONDS, Capacity
from vaka.operations.detection.rounds import DETECTION_SECONDS, Detection
from vaka.operations.integrity.vigil import LOOK_SECONDS as VIGIL_SECONDS
from vaka.operations.integrity.vigil import Vigil
from vaka.operations.vulnerabilities.rounds import COMPARING_SECONDS, Vulnerabilities
from vaka.processes.starting import run_process, until_told
from vaka.protected.drift import Protection
from vaka.removal.measures import show
from vaka.removal.nights import LOOK_SECONDS, Nights
from vaka.repeating import repeat, unless
from vaka.scanning.inspecting import Inspector
from vaka.settings import Settings
from vaka.tenants.attempts import open_attempts
from vaka.tenants.confirming import CONFIRMING_SECONDS, Confirming
from vaka.tenants.doors import Doors, read_rules
from vaka.tenants.ending_rounds import Ending
from vaka.tenants.erasing import RETURNED_SECONDS, Erasing
from vaka.tenants.gateway import Gateway
from vaka.tenants.rotating import ROTATION_SECONDS, rotate_due
from vaka.tenants.rounds import if_keys

COMPONENT = "scheduler"


async def run(server: Server, settings: Settings, clock: Clock, stopped: asyncio.Event) -> None:
    """Make the rounds until ``stopped`` is set."""
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}")
    gateway = Gateway(server, COMPONENT, (), pool_size=2)
    watch = Watch(gateway, platform, clock, settings.scheduler.supervision_seconds)
    client, root = make_client(server, settings, COMPONENT, clock), server.credentials.parent
    await platform.open()
    try:
        await watch.look_for_authorities()
        structlog.get_logger().info("scheduler works", count=len(gateway.authorities))
        async with (
            open_attempts(root, settings, clock) as attempts,
            open_keyring(server, settings, COMPONENT, clock) as keyring,
            asyncio.TaskGroup() as rounds,
        ):
            rules, may_erase = partial(read_rules, root, settings), roles_with(Permission.PORTAL_ERASE)
            doors = Doors(gateway, platform, keyring, client, clock, settings.ledger, rules, attempts, may_erase)
            people, whole = Erasing(doors), Ending(replace(doors, deciders=roles_with(Permission.PORTAL_END_AUTHORITY)))
            # A demo's or a test's machine may have no time service, and what is removed there was nobody's.
            read_clock = read_clock_state if settings.mode == "production" else None
            nights = Nights(gateway, keyring, clock, settings.scheduler.removal_hour, stopped.is_set, read_clock)
            capacity = Capacity(platform, gateway, root, clock)
            nights.measures.beside.append(capacity)
            rounds.create_task(show(nights.measures, root / "run" / f"{COMPONENT}.metrics", stopped))
            inspector = Inspector.of(settings.attachments, root)
            place = Place(
                platform, gateway, (), settings=settings, keys=client, root=root, inspector=inspector, capacity=capacity
            )
            keyed, make = partial(if_keys, client), watch.make_round
            for seconds, work in (
                (DIRECTORY_SECONDS, watch.look_for_authorities),
                (settings.scheduler.escalation_seconds, watch.escalate),
                (ATTENDANCE_SECONDS, watch.look_after_held),
                (DIRECTORY_SECONDS, watch.settle_roles),
                (settings.scheduler.supervision_seconds, watch.supervise),
                (FORGET_SECONDS, watch.forget),
                (settings.erasure.look_seconds, partial(make, "erasure", people.carry_out)),
                (settings.erasure.look_seconds, partial(make, "ending", whole.carry_out)),
                (ROTATION_SECONDS, partial(keyed, partial(make, "rotation", partial(rotate_due, gateway, client)))),
                (RETURNED_SECONDS, partial(keyed, partial(make, "returned", people.remove_returned))),
                (RETURNED_SECONDS, partial(keyed, partial(make, "ended", whole.remove_returned))),
                (CONFIRMING_SECONDS, partial(keyed, partial(make, "editions", Confirming(gateway, client).confirm))),
                (LOOK_SECONDS, partial(make, "removal", nights.visit)),
                (settings.scheduler.protection_seconds, Protection(gateway, platform, root, settings, clock).look),
                (CAPACITY_SECONDS, capacity.measure),
                (DETECTION_SECONDS, Detection(platform, gateway, clock, settings.cases).look),
                (VIGIL_SECONDS, Vigil(platform, root, settings, clock).look),
                (CASES_SECONDS, Cases(platform, clock).let_time_pass),
                (COMPARING_SECONDS, Vulnerabilities(platform, settings, clock).look_around),
                (EVIDENCE_SECONDS, Looking(place, clock).look_around),
                (REMINDING_SECONDS, Reminding(platform, gateway, clock).look_around),
            ):
                rounds.create_task(repeat(seconds, partial(unless, stopped, work), stopped))
    finally:
        await client.close()
        await gateway.close()
        await platform.close()


async def _run_until_told(root: Path, settings: Settings) -> None:
    await run(find_server(settings.database, root), settings, SystemClock(), until_told())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "Timers and supervision.", _run_until_told, arguments)


if __name__ == "__main__":
    sys.exit(main())

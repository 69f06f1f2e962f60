# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Brings an installation up, keeps it up until told to stop, and takes it down in order: the database last."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from vaka.clock import Clock
from vaka.commands.archive import prepare_archive
from vaka.commands.child import Program
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, provision_all
from vaka.commands.first_files import make_first_files
from vaka.commands.listening import Port, is_free
from vaka.commands.programs import database_program, keyholder_program, receiver_ports, retire_orphan, vaka_programs
from vaka.commands.progress import Progress
from vaka.commands.protection import changes_accepted
from vaka.commands.settings_record import ACTOR, watch_settings
from vaka.commands.supervisor import Supervisor
from vaka.database.server import Server
from vaka.errors import ConfigurationError, VakaError
from vaka.keys.keyring import open_keyring
from vaka.settings import Settings
from vaka.tenants.trial_devices import prepare_trial_devices

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PORT_WAIT_SECONDS = 3.0


async def operate(
    data: DataDirectory,
    settings: Settings,
    progress: Progress,
    clock: Clock,
    *,
    furnish: Callable[[Server], Awaitable[None]],
    companions: Callable[[], Sequence[Program]],
    welcome: Callable[[], None],
    beside: Sequence[Program] = (),
) -> None:
    """Start everything, wait for Ctrl-C or a signal to stop, and stop everything.

    ``furnish`` is awaited when the databases are there and nothing else runs yet; ``beside`` is started
    together with Vaka's own processes, ``companions`` after them; ``welcome`` is called when all of them work.
    Raises VakaError where something cannot be started; then too, nothing is left running.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    supervisor = Supervisor(data.logs, data.run, clock, progress.say)

    async def bring_up() -> None:
        if settings.database.embedded:
            await _start_database(data, settings, supervisor, progress)
        # What a start itself changes, an upgraded installation's tables say, is accepted with it.
        with changes_accepted(data.root, data.server(settings), clock, ACTOR):
            if settings.database.embedded:
                await asyncio.to_thread(provision_all, data.server(settings), progress.say)
            await supervisor.start(keyholder_program(data, settings))
            await open_keys(data.server(settings), settings, clock)
            await furnish(data.server(settings))
            await make_first_files(data, settings, data.server(settings), clock)
        await _require_free_ports(data, settings)
        await supervisor.start(*vaka_programs(data, settings), *beside)
        progress.say("Keyholder, receiver, desk, portal, registry, office, sign-in, scheduler and sequencer work.")
        # Alarms are received by now, whatever becomes of those that are only tried.
        with changes_accepted(data.root, data.server(settings), clock, ACTOR):
            await prepare_trials(data.server(settings), settings, clock, ACTOR, progress.say, keyholder=True)
        extra = companions()
        if extra:
            await supervisor.start(*extra)
        welcome()

    try:
        rising = asyncio.create_task(bring_up())
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({rising, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if rising.done():
            rising.result()
            # Whatever becomes of it, nothing that receives alarms depends on it.
            watching = asyncio.create_task(watch_settings(data, data.server(settings), clock, stopped))
            await stopping
            await asyncio.gather(watching, return_exceptions=True)
        else:
            rising.cancel()
            with suppress(asyncio.CancelledError):
                await rising
        progress.say("Stopping …")
    finally:
        await supervisor.stop()
    progress.say("Everything is stopped.")


async def open_keys(server: Server, settings: Settings, clock: Clock) -> None:
    """Give keys to authorities that were registered before there were any; the others keep theirs."""
    authorities = await asyncio.to_thread(active_authorities, server)
    async with open_keyring(server, settings, "setup", clock) as keyring:
        for authority in authorities:
            # One that was erased can be in the directory again, with a restored backup: the scheduler closes it anew.
            if not await keyring.is_ended(authority.id):
                await keyring.open_authority(authority.id)


async def prepare_trials(
    server: Server, settings: Settings, clock: Clock, actor: str, say: Callable[[str], None], *, keyholder: bool
) -> bool:
    """Make the devices that send trial alarms, where authorities have none; they go over TLS or not at all.

    Return whether every authority has one. Where not, that is said, and its term is red: nothing else waits for it.
    With a ``keyholder``, those whose keys were destroyed get none.
    """
    if settings.receiver.tls_port is None:
        return True
    try:
        authorities = await asyncio.to_thread(active_authorities, server)
        if keyholder:
            async with open_keyring(server, settings, "setup", clock) as keyring:
                authorities = [one for one in authorities if not await keyring.is_ended(one.id)]
        prepared = await prepare_trial_devices(server, authorities, settings.receiver.realm, clock, actor=actor)
    except Exception as error:  # of whatever kind: alarms are received without it
        say(f"No device that sends trial alarms was made ready: {_name(error)}")
        return False
    for authority, reason in prepared.failed:
        say(f"The device that sends the trial alarms of {authority.slug} was not made ready: {_name(reason)}")
    return not prepared.failed


def _name(error: Exception) -> str:
    """A refusal's own sentence; of anything else its kind, since a message may quote a row."""
    return error.sentence.en if isinstance(error, VakaError) else f"{type(error).__name__}."


async def _start_database(data: DataDirectory, settings: Settings, supervisor: Supervisor, progress: Progress) -> None:
    cluster = data.cluster
    if await asyncio.to_thread(cluster.create):
        progress.say("A private PostgreSQL server was created.")
    elif await asyncio.to_thread(retire_orphan, cluster):
        progress.say("A PostgreSQL server left by an earlier run was stopped.")
    await asyncio.to_thread(prepare_archive, data, settings, progress.say)
    await supervisor.start(database_program(cluster))
    progress.say("PostgreSQL works.")


async def _require_free_ports(data: DataDirectory, settings: Settings) -> None:
    """Refuse ports that others hold; those of a run that was just killed may need a moment."""
    wanted = [(port, name, settings.receiver.host) for port, name in receiver_ports(settings)]
    wanted.append((Port("tcp", settings.desk.port), "desk.port", settings.desk.host))
    wanted.append((Port("tcp", settings.portal.port), "portal.port", settings.portal.host))
    wanted.append((Port("tcp", settings.registry.port), "registry.port", settings.registry.host))
    wanted.append((Port("tcp", settings.office.port), "office.port", settings.office.host))
    wanted.append((Port("tcp", settings.signin.port), "signin.port", settings.signin.host))
    if settings.mode == "demo":
        wanted.append((Port("tcp", settings.demo.port), "demo.port", settings.demo.host))
    for _ in range(int(_PORT_WAIT_SECONDS / 0.1)):
        taken = [(port, name) for port, name, host in wanted if not is_free(port, host)]
        if not taken:
            return
        await asyncio.sleep(0.1)
    named = ", ".join(f"{port.number}/{port.protocol} ({name})" for port, name in taken)
    raise ConfigurationError(
        f"Another program holds {named}, or the address is not this machine's. End it, or choose others in "
        f"{data.settings_file}."
    )

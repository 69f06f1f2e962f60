# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One attempt to read somebody in a restored backup: ``python -m vaka.processes.attempt --data DIR``

A question comes on standard input, the outcome goes to standard output, both as JSON; then it ends. Whoever started it
bounds its time. However it ends, what it restored is stopped, and removed by itself or by the next one.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import structlog

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.database.restoring import BackupSet, NotRestoredError, choose_set, list_sets, restored
from vaka.database.server import Server
from vaka.errors import VakaError
from vaka.keys.hardening import keep_memory_and_tell
from vaka.keys.keyring import LONG_WAIT_SECONDS, make_client
from vaka.logs import configure_logs, describe_error
from vaka.orphans import end_with
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.tenants.attempting import Outcome, Question, try_reading

COMPONENT = "attempt"
_LARGEST_QUESTION = 4096


def attempt(root: Path, settings: Settings, question: Question) -> Outcome:
    """Restore the set that is wanted, and try. Raises what the keyholder answers; nobody knows then."""
    mine = settings.erasure
    if mine.backups is None:
        return Outcome(backup="not_configured")
    try:
        sets = [one for one in list_sets(root / mine.backups) if question.name in ("", one.name)]
    except OSError as error:
        structlog.get_logger().error("backup sets cannot be read", **describe_error(error))
        sets = []
    chosen = choose_set(sets, question.before)
    if chosen is None:
        return Outcome(backup="none_there")
    return _attempt(root, settings, question, chosen)


def _attempt(root: Path, settings: Settings, question: Question, chosen: BackupSet) -> Outcome:
    about = {"set": chosen.name, "made": chosen.made.isoformat(timespec="seconds")}
    server = find_server(settings.database, root)
    asyncio.run(_require_keyholder(server, settings, question))
    try:
        with restored(chosen, root / settings.erasure.restored) as copy:
            counts = asyncio.run(_ask(server, settings, copy, question))
    except NotRestoredError as error:
        return Outcome.model_validate({"backup": error.reason, **about})
    except OSError as error:
        structlog.get_logger().error("backup set cannot be restored", **describe_error(error))
        return Outcome.model_validate({"backup": "not_restored", **about})
    except psycopg.Error as error:
        structlog.get_logger().error("backup set is not read", **describe_error(error))
        return Outcome.model_validate({"backup": "unreadable", **about})
    return Outcome.model_validate({"backup": "tried", **about, **counts})


async def _require_keyholder(server: Server, settings: Settings, question: Question) -> None:
    """Raise what the keyholder answers, before a whole cluster is restored for nothing."""
    client = make_client(server, settings, question.component, SystemClock(), wait_seconds=LONG_WAIT_SECONDS)
    try:
        await client.state()
    finally:
        await client.close()


async def _ask(server: Server, settings: Settings, copy: Server, question: Question) -> dict[str, int]:
    client = make_client(server, settings, question.component, SystemClock())
    try:
        return dict(await try_reading(copy, question, client))
    finally:
        await client.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one question; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="vaka.processes.attempt", description="Tries to read a restored backup.", allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="data directory")
    data = parser.parse_args(arguments).data.absolute()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was restored is removed on the way out
    end_with(os.getppid(), signal.SIGTERM)
    configure_logs(COMPONENT)
    keep_memory_and_tell()
    try:
        question = Question.model_validate_json(sys.stdin.buffer.read(_LARGEST_QUESTION))
        outcome = attempt(data, load_settings(data / "vaka.toml"), question)
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return 1
    print(outcome.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator stands behind the commands that come, as `vaka login` and the office bring it about.

Where one of them waits for his touch he confirms exactly what waits, as the office does for somebody who touched a key.
That happens in the pauses in which a command of this process looks whether he has: nothing runs beside the tests.
"""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.confirming import touched
from tests.platform import platform_as
from vaka.access.step_up import confirmed
from vaka.clock import SystemClock
from vaka.commands import touching
from vaka.commands.proof import keep_session, read_session
from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import Server
from vaka.identity.command_confirmations import WaitingRun, confirm_run, confirming_act
from vaka.identity.command_logins import QUERIES, approve_login, find_login, hash_code, hash_secret, new_code

_WAITING = f"""
    select {", ".join(WaitingRun.__slots__)} from command_confirmation
    where expires_at > now()
      and case when account_id = %(who)s then entry is null
               else by_two and entry is not null and second_entry is null end"""
_behind: dict[Path, tuple[Server, UUID]] = {}
"""Who stands behind the commands of an installation with his key in his hand."""


async def stand_behind(server: Server, root: Path, account: UUID, *, touches: bool = True) -> None:
    """Take a session for the commands of this installation, approved by an administrator with that role.

    Each run that waits for his touch gets it, unless ``touches`` says that he does not look.
    """
    token = await take_session(server, account, SystemClock().now())
    assert token is not None
    (root / "run").mkdir(exist_ok=True)
    keep_session(root, token)
    _behind.pop(root, None)
    if touches:
        _behind[root] = server, account


async def take_session(
    server: Server, account: UUID, now: datetime, *, machine: str = "west-1",
    meanwhile: Callable[[], Awaitable[object]] | None = None,
) -> bytes | None:  # fmt: skip
    """Let an administrator approve a login, and its command take the session; return its token, if it got one.

    ``meanwhile`` happens between the two.
    """
    secret, token, login, code = os.urandom(32), os.urandom(32), uuid4(), new_code()
    asked = {"id": login, "code_hash": hash_code(code), "verifier_hash": hash_secret(secret), "machine": machine,
             "uid": os.getuid(), "username": "adm", "now": now}  # fmt: skip
    async with platform_as(server, "setup") as setup:
        await setup.execute(QUERIES["ask_command_login"], asked)
    async with platform_as(server, "office") as office:
        await approve_login(office, await find_login(office, code, now), account, now)
    if meanwhile is not None:
        await meanwhile()
    taken = {"login_id": login, "verifier_hash": hash_secret(secret), "id": uuid4(), "token_hash": hash_secret(token),
             "now": now}  # fmt: skip
    async with platform_as(server, "setup") as setup:
        cursor = await setup.execute(QUERIES["start_command_session"], taken)
        return token if await cursor.fetchone() == (account,) else None


async def confirm_waiting(server: Server, account: UUID) -> int:
    """Confirm what waits for this administrator, as the office does once a key was touched for it; return how many."""
    async with platform_as(server, "office") as office:
        rows = await (await office.execute(_WAITING.encode(), {"who": account})).fetchall()
        for row in rows:
            run = WaitingRun(*row)
            act = confirming_act(run)
            async with confirmed(office, touched(act), act):
                await confirm_run(office, run, account, SystemClock().now())
    return len(rows)


def _confirm_or_wait(seconds: float) -> None:
    done: list[int] = []

    async def confirm_all() -> None:
        for root, one in _behind.items():
            if read_session(root) is not None:
                with suppress(DatabaseUnavailableError):  # an installation of an earlier test, which runs no more
                    done.append(await confirm_waiting(*one))

    # Of a thread's own, since a test that awaits has a loop that runs already.
    thread = threading.Thread(target=lambda: asyncio.run(confirm_all()))
    thread.start()
    thread.join()
    if not any(done):
        time.sleep(seconds)


pytest.MonkeyPatch().setattr(touching, "sleep", _confirm_or_wait)

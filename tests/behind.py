# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator stands behind the commands that come, as `vaka login` and the office bring it about."""

import os
from pathlib import Path
from uuid import UUID, uuid4

from tests.platform import platform_as
from vaka.clock import SystemClock
from vaka.commands.proof import keep_session
from vaka.database.server import Server
from vaka.identity.command_logins import QUERIES, approve_login, find_login, hash_code, hash_secret, new_code


async def stand_behind(server: Server, root: Path, account: UUID) -> None:
    """Take a session for the commands of this installation, approved by an administrator with that role."""
    now, secret, token, login, code = SystemClock().now(), os.urandom(32), os.urandom(32), uuid4(), new_code()
    asked = {"id": login, "code_hash": hash_code(code), "verifier_hash": hash_secret(secret), "machine": "west-1",
             "uid": os.getuid(), "username": "adm", "now": now}  # fmt: skip
    async with platform_as(server, "setup") as setup:
        await setup.execute(QUERIES["ask_command_login"], asked)
    async with platform_as(server, "office") as office:
        await approve_login(office, await find_login(office, code, now), account, now)
    taken = {"login_id": login, "verifier_hash": hash_secret(secret), "id": uuid4(), "token_hash": hash_secret(token),
             "now": now}  # fmt: skip
    async with platform_as(server, "setup") as setup:
        await setup.execute(QUERIES["start_command_session"], taken)
    (root / "run").mkdir(exist_ok=True)
    keep_session(root, token)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Accounts that come back or go for ever, as two administrators have decided: the decision itself is told elsewhere."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import psycopg

from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identity.leaving import LastApproverError, NotChangeableError

State = Literal["active", "deactivated", "removed"]


async def change_account(server: Server, account: UUID | str, state: State, *, actor: str, now: datetime) -> None:
    """Do what a decision does (``decide_account_request``). No process may alone.

    Raises NotChangeableError, LastApproverError.
    """
    connection = await psycopg.AsyncConnection.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
    async with connection:
        done = await connection.execute("select vaka.change_account(%s, %s, %s, %s)", (account, state, actor, now))
        said = await done.fetchone()
    if said == ("last_approver",):
        raise LastApproverError
    if said != ("done",):
        raise NotChangeableError

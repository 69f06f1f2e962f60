# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Administrators who keep registers over the office's own role, and entries as they would write them."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.conftest import START
from tests.platform import make_account, platform_as
from vaka.access.principal import Grant, Principal
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Confirmation
from vaka.identity.sessions import Session
from vaka.registers.actions import Written, acknowledge, acknowledging_act, entering_act, move, moving_act, write
from vaka.registers.declarations import load_registers
from vaka.registers.files import list_files
from vaka.registers.model import Version
from vaka.registers.store import read_history

FILE = "ab" * 32


@dataclass(frozen=True)
class House:
    """A server, and the time."""

    server: Server
    now: Callable[[], datetime]

    async def administrator(self, *, human: UUID | None = None) -> Principal:
        """Make an administrator with the role."""
        account = await make_account(self.server, kind="administrator", human=human, now=self.now())
        with closing(psycopg.connect(self.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute(
                "insert into vaka.role_grant (account_id, role, granted_at) values (%s, 'administrator', %s)",
                (account, self.now()),
            )
        return principal(account)

    async def write(
        self, who: Principal, register: str, values: Mapping[str, str], *, entry: UUID | None = None, number: int = 1,
        concerned: tuple[UUID, ...] | None = None,
    ) -> UUID:  # fmt: skip
        """Write an entry, or a new version of one."""
        declared, entry = load_registers()[register], entry or new_identifier(self.now())
        async with platform_as(self.server, "office") as office:
            written = [Written(entry, number, values, concerned)]
            confirmation = Confirmation(entering_act(declared, written).digest, touched=True)
            await write(office, who, declared, written, now=self.now(), confirmation=confirmation)
        return entry

    async def newest(self, entry: UUID) -> Version:
        """Return how an entry stands."""
        async with platform_as(self.server, "office") as office:
            return (await read_history(office, entry))[0]

    async def move(self, who: Principal, entry: UUID, step: str) -> None:
        """Take a step with the newest version, confirmed."""
        version = await self.newest(entry)
        register = load_registers()[version.register]
        taken = register.find_step(step, version.state)
        assert taken is not None
        async with platform_as(self.server, "office") as office:
            files = await list_files(office, version)
            confirmation = Confirmation(moving_act(register, version, taken, files).digest, touched=True)
            await move(
                office, who, register, version, taken, now=self.now(), confirmation=confirmation, files=files
            )  # fmt: skip

    async def put_in_force(
        self, author: Principal, other: Principal, register: str, values: Mapping[str, str], **more: Any
    ) -> UUID:
        """Let one write and another approve."""
        entry = await self.write(author, register, values, **more)
        await self.move(other, entry, "approve")
        return entry

    async def acknowledge(self, who: Principal, version: Version) -> None:
        """Accept a version, confirmed."""
        register = load_registers()[version.register]
        confirmation = Confirmation(acknowledging_act(register, version).digest, touched=True)
        async with platform_as(self.server, "office") as office:
            await acknowledge(office, who, register, version, now=self.now(), confirmation=confirmation)


def principal(account: UUID) -> Principal:
    """Return an administrator at the supplier's premises."""
    session = Session(
        uuid4(), account, "administrator", START, START + timedelta(hours=4), "Ada", "administrator", "sv"
    )
    return Principal(session, (Grant("administrator", None, None),))


def document(purpose: str = "procedure", **changed: str) -> dict[str, str]:
    """Return what a document needs."""
    return {"title": "Rutin", "purpose": purpose, "file": FILE, **changed}

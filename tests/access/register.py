# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's people and who has which role, over the real functions of the platform's database."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.alarms.house import connect_superuser
from tests.confirming import decide_request
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from vaka.access.grants import grant_role, read_grants
from vaka.access.principal import Principal
from vaka.access.requests import Kind, RequestVerdict, RoleRequest, list_requests, request_role
from vaka.access.settling import end_accounts
from vaka.access.settling import settle_roles as settle
from vaka.access.time_boxes import usual_end
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.identity.sessions import Session
from vaka.tenants.authorities import Authority

SETUP = "setup:uid-0"
REASON = "KS 2026/31"


def place(server: Server) -> Authority:
    """Register an authority of which nothing but its people is needed: no process serves it."""
    slug = f"plats_{uuid4().hex[:12]}"
    made = Authority(uuid4(), slug, f"Provkommun {slug}", "authority", f"vaka_t_{slug}", bytes(32))
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.execute(
            "insert into vaka.authority (id, slug, name, kind, database_name, address, state, created_at)"
            " values (%s, %s, %s, 'authority', %s, %s, 'closed', %s)",
            (made.id, slug, made.name, made.database_name, made.address, START),
        )
    return made


@dataclass
class Register:
    """One authority, and the time, which a test sets forward."""

    server: Server
    authority: Authority
    now: datetime = START

    async def account(self, *roles: str, kind: str = "user", human: UUID | None = None) -> UUID:
        """Make an account with roles in the authority."""
        made = await make_account(self.server, kind=kind, human=human, actor=SETUP, now=self.now)
        for role in roles:
            await self.grant(made, role, until=usual_end(role, self.now))
        return made

    async def human(self, account: UUID) -> UUID:
        """Return whose an account is."""
        [(human,)] = self.ask("select human from vaka.account where id = %s", account)
        return UUID(str(human))

    async def grant(self, account: UUID, role: str, where: UUID | None = None, until: datetime | None = None) -> bool:
        """Give a role, as setup's commands do."""
        async with platform_as(self.server, "setup") as setup:
            return await grant_role(
                setup, account, role, where or self.authority.id, actor=SETUP, now=self.now, valid_until=until
            )

    async def request(
        self, account: UUID, role: str, kind: Kind = "approval", *, actor: str = SETUP, **facts: Any
    ) -> RoleRequest:
        """Ask for a role, and return the request as it is kept."""
        facts = {"reason": REASON} | facts
        if kind == "exception":
            end = self.now + timedelta(days=30)
            facts = {"control": "Granskas av revisorn varje vecka", "valid_until": end} | facts
        async with platform_as(self.server, "setup") as setup:
            made = await request_role(
                setup, account, role, self.authority.id, kind=kind, actor=actor, now=self.now, **facts
            )
        return await self.find(made)

    async def find(self, request: UUID) -> RoleRequest:
        """Return a request as the portal sees it."""
        async with platform_as(self.server, "portal") as portal:
            return next(one for one in await list_requests(portal, self.authority.id) if one.id == request)

    async def decide(
        self, request: RoleRequest, who: Principal, verdict: RequestVerdict = "approved", *, digest: bytes | None = None
    ) -> None:
        """Decide it, as the portal does."""
        async with platform_as(self.server, "portal") as portal:
            await decide_request(
                portal, who, self.authority.id, request.id, digest or request.digest, verdict, reason=REASON,
                now=self.now,
            )  # fmt: skip

    async def settle(self) -> int:
        """Do what the scheduler does."""
        async with platform_as(self.server, "scheduler") as scheduler:
            return await settle(scheduler, self.now)

    async def end_accounts(self) -> int:
        """Put out whose day has come, as the scheduler does."""
        async with platform_as(self.server, "scheduler") as scheduler:
            return await end_accounts(scheduler, self.now)

    async def principal(self, account: UUID, realm: str = "authority", kind: str = "user") -> Principal:
        """Return somebody signed in, with what his account may now."""
        session = Session(uuid4(), account, realm, self.now, self.now + timedelta(hours=8), "Vera", kind, "sv")
        async with platform_as(self.server, "portal") as portal:
            return Principal(session, await read_grants(portal, account, self.now))

    async def roles(self, account: UUID) -> set[str]:
        """Return what an account may here, as every process decides it."""
        found = []
        for component in ("desk", "portal", "signin"):
            async with platform_as(self.server, component) as connection:
                grants = await read_grants(connection, account, self.now)
            found.append({one.role for one in grants if one.authority_id == self.authority.id})
        assert found[0] == found[1] == found[2]
        return found[0]

    def ask(self, statement: str, *values: object, unguarded: bool = False) -> list[tuple[Any, ...]]:
        """Run a statement as who owns the server; ``unguarded`` with every trigger off."""
        with closing(connect_superuser(self.server, PLATFORM_DATABASE)) as superuser:
            superuser.execute("set search_path = vaka")
            if unguarded:
                superuser.execute("set session_replication_role = replica")
            done = superuser.execute(statement.encode(), values)
            return [] if done.description is None else [tuple(row.values()) for row in done.fetchall()]

    def no_administrators(self) -> None:
        """Let nobody be an administrator any more, so that setup founds the first."""
        self.ask("update account set state = 'deactivated' where kind = 'administrator' and state = 'active'",
                 unguarded=True)  # fmt: skip

    def mark(self) -> int:
        """Return the number of the newest entry."""
        with closing(connect_superuser(self.server, PLATFORM_DATABASE)) as superuser:
            return newest(superuser)

    def since(self, mark: int) -> list[dict[str, Any]]:
        """Return what was entered after a mark."""
        with closing(connect_superuser(self.server, PLATFORM_DATABASE)) as superuser:
            return entries(superuser, mark)

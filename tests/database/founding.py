# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A platform that is founded as it really is: by two humans' accounts with the role, a link and a key."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role

ROLE = "insert into role_grant (account_id, role, granted_at) values (%(id)s, 'administrator', now())"
KEY = (
    "insert into security_key (id, account_id, name, credential_id, public_key, algorithm, model, site, device_bound,"
    " attested, sign_count, added_at, binding) values (gen_random_uuid(), %(id)s, 'x',"
    " decode(md5(random()::text), 'hex'), sha256('1'), 'Ed25519', gen_random_uuid(), 'x', true, false, 0, now(),"
    " sha256('1'))"
)
LINK = (
    "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
    " values (gen_random_uuid(), %(id)s, 'https://idp.example', sha256(random()::text::bytea), sha256('1'), now())"
)
BACK = "update account set state = 'active' where id = %(id)s"
STEPS = {"role": (ROLE, "setup"), "link": (LINK, "signin"), "key": (KEY, None), "back": (BACK, None)}
"""What it takes, and as which component; None: the superuser."""


@dataclass
class House:
    """A platform that was never founded; what a test puts there goes with it."""

    server: Server
    superuser: psycopg.Connection[tuple[object, ...]]
    made: list[UUID]

    def ask(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        done = self.superuser.execute(statement.encode(), values)
        return [] if done.description is None else done.fetchall()

    def unguarded(self, statement: str, **values: object) -> None:
        self.ask("set session_replication_role = replica")
        self.ask(statement, **values)
        self.ask("set session_replication_role = origin")

    def account(self, *steps: str, kind: str = "administrator", state: str = "active") -> UUID:
        """An account, with what it takes of these."""
        self.made.append(uuid4())
        self.unguarded(
            "insert into account (id, display_name, kind, state, created_at)"
            " values (%(id)s, 'Ada', %(kind)s, %(state)s, now())",
            id=self.made[-1], kind=kind, state=state,
        )  # fmt: skip
        for step in steps:
            self.take(self.made[-1], step)
        return self.made[-1]

    def take(self, account: UUID, step: str) -> None:
        statement, component = STEPS[step]
        role = SUPERUSER if component is None else platform_role(component)
        with closing(psycopg.connect(self.server.conninfo(role, PLATFORM_DATABASE), autocommit=True)) as connection:
            connection.execute("set search_path = vaka")
            connection.execute(statement.encode(), {"id": account})

    def is_founding(self) -> bool:
        """What a command asks, as setup."""
        conninfo = self.server.conninfo(platform_role("setup"), PLATFORM_DATABASE)
        with closing(psycopg.connect(conninfo)) as setup:
            return setup.execute("select vaka.is_founding()").fetchone() == (True,)

    def newest(self) -> object:
        return self.ask("select coalesce(max(id), 0) from ledger.inbox")[0][0]

    def told(self, event: str, since: object) -> list[tuple[object, ...]]:
        said = "select actor, object from ledger.inbox where event = %(event)s and id > %(since)s order by id"
        return self.ask(said, event=event, since=since)

    def found(self) -> None:
        """Let two act as administrators."""
        for _ in range(2):
            self.account("role", "link", "key")
        assert not self.is_founding()


@contextmanager
def unfounded_house(server: Server) -> Iterator[House]:
    """Forget that it was founded, and afterwards what was done in it."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set search_path = vaka")
        house = House(server, superuser, [])
        house.unguarded("update account set state = 'deactivated' where kind = 'administrator' and state = 'active'")
        house.unguarded("delete from founding")
        assert house.is_founding()
        yield house
        for table in ("security_key", "account_link", "role_grant", "account_request"):
            house.unguarded(f"delete from {table} where account_id = any (%(made)s)", made=house.made)
        house.unguarded("delete from account where id = any (%(made)s)", made=house.made)
        house.unguarded("delete from founding")

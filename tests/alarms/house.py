# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's database with everyone who works in it: receiver, operators, scheduler, and an onlooker who counts."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.letters import as_letters
from vaka.access.principal import Grant, Principal
from vaka.alarms.changes import Connection
from vaka.alarms.closing import Closing
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.identity.sessions import Session
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

CLOSING = Closing("needs_help", "home_care", "arrived_and_helped", "Hjälpt upp.")
Message = dict[str, object]


def operator(*authorities: Authority, role: str = "operator", kind: str = "user", realm: str = "operator") -> Principal:
    """Somebody with ``role`` in these authorities."""
    account = uuid4()
    session = Session(
        id=uuid4(), account_id=account, realm=realm, created_at=START, expires_at=START + timedelta(hours=12),
        display_name="Olga Operatör", kind=kind, language="sv",
    )  # fmt: skip
    return Principal(session, tuple(Grant(role, authority.id, None) for authority in authorities))


@dataclass
class Sender:
    """A device, and the person it belongs to."""

    person: UUID | None = field(default_factory=uuid4)
    device: UUID | None = field(default_factory=uuid4)
    name: str = field(default_factory=lambda: str(uuid4().int % 10**14))
    sent: int = 0

    def message(self, at: datetime, effect: str = "raise", alarm_class: str = "life", **more: Any) -> Message:
        """What the receiver hands to the database."""
        self.sent += 1
        return {
            "place": 0, "message_id": str(uuid4()), "alarm_id": str(uuid4()),
            "device_id": str(self.device) if self.device else None,
            "person_id": str(self.person) if self.person else None, "sender": self.name, "ref": str(self.sent),
            "digest": hashlib.sha256(str(self.sent).encode()).hexdigest(), "received_at": at.isoformat(),
            "class": alarm_class, "kind": "button", "effect": effect, "restores": None, "device_type": 3,
            "status_code": 10, "location_code": 12, "location_text": "Sovrum", "device_text": "", "position_text": "",
            "transport": "udp", "source": "192.0.2.7:5060", "deviations": [],
            "body": base64.b64encode(b"<mrq/>").decode(), **more,
        }  # fmt: skip


@dataclass
class House:
    """One authority as the tests see it. ``superuser`` and ``receiver`` are plain blocking connections."""

    server: Server
    authority: Authority
    superuser: psycopg.Connection[dict[str, Any]]
    receiver: psycopg.Connection[tuple[Any, ...]]
    desk: Gateway
    scheduler: Gateway
    opened_at: int
    """The number of the newest ledger entry when the test began."""

    @property
    def id(self) -> UUID:
        """The authority's identifier."""
        return self.authority.id

    def accept(self, *messages: Message) -> list[tuple[str, UUID]]:
        """Let the receiver store these in one batch; return outcome and alarm of each."""
        batch = [{**as_letters(self.authority, message), "place": place} for place, message in enumerate(messages)]
        rows = self.receiver.execute(
            "select place, outcome, alarm_id from accept_messages(%s, %s)", (Jsonb(batch), "west-1")
        ).fetchall()
        return [(outcome, alarm_id) for _, outcome, alarm_id in sorted(rows)]

    def raise_alarm(self, at: datetime = START, sender: Sender | None = None, **more: Any) -> UUID:
        """Let a device raise an alarm, and return it."""
        [(outcome, alarm_id)] = self.accept((sender or Sender()).message(at, **more))
        assert outcome == "raised"
        return alarm_id

    def alarm(self, alarm_id: UUID) -> dict[str, Any]:
        """The alarm's row."""
        row = self.superuser.execute("select * from vaka.alarm where id = %s", (alarm_id,)).fetchone()
        assert row is not None
        return row

    def steps(self, alarm_id: UUID) -> list[str]:
        """What happened to the alarm, in order."""
        rows = self.superuser.execute("select step from vaka.alarm_step where alarm_id = %s order by id", (alarm_id,))
        return [row["step"] for row in rows]

    def entries(self, *, after: int | None = None) -> list[dict[str, Any]]:
        """The ledger's entries after the one numbered ``after``, or since the test began.

        Without those about what the tests themselves put into the registers by hand.
        """
        first = self.opened_at if after is None else after
        query = "select * from ledger.inbox where id > %s and event <> 'row.changed_by_hand' order by id"
        return self.superuser.execute(query, (first,)).fetchall()

    def last_entry(self) -> int:
        """The number of the newest entry."""
        return last_entry(self.superuser)

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        """Run ``work`` on a desk connection."""
        async with self.desk.transaction(self.id) as connection:
            return await work(connection)


def connect(server: Server, authority: Authority, component: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a plain connection as one component of an authority."""
    database = authority.database_name
    connection = psycopg.connect(server.conninfo(tenant_role(database, component), database), autocommit=True)
    connection.execute("set search_path = vaka")
    return connection


def connect_superuser(server: Server, database: str) -> psycopg.Connection[dict[str, Any]]:
    """Open a superuser's connection, for looking and for breaking things."""
    connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
        server.conninfo(SUPERUSER, database),
        autocommit=True,
        row_factory=dict_row,
    )
    return connection


def give_codes(superuser: psycopg.Connection[dict[str, Any]], codes: Sequence[tuple[str, str]]) -> None:
    """Put codes on the authority's closing lists."""
    for list_name, code in codes:
        superuser.execute(
            "insert into vaka.closing_code (list, code, sv, en, position) values (%s, %s, %s, %s, 1)"
            " on conflict do nothing",
            (list_name, code, code, code),
        )


def last_entry(superuser: psycopg.Connection[dict[str, Any]]) -> int:
    """Return the number of the newest ledger entry."""
    row = superuser.execute("select coalesce(max(id), 0) as last from ledger.inbox").fetchone()
    assert row is not None
    return int(row["last"])


@contextmanager
def failing_ledger(house: House) -> Iterator[None]:
    """While inside, the ledger refuses every entry."""
    house.superuser.execute("""create function ledger.break() returns trigger language plpgsql as
        $$ begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$""")
    house.superuser.execute(
        "create trigger broken before insert on ledger.inbox for each row execute function ledger.break()"
    )
    try:
        yield
    finally:
        house.superuser.execute("drop function ledger.break() cascade")

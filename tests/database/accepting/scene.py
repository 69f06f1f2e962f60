# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's database as a receiver sees it, and somebody with an alarm."""

import base64
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.letters import as_letters, opened
from vaka.database.server import Server
from vaka.identifiers import new_identifier
from vaka.receiver.counters import Counters
from vaka.tenants.authorities import Authority

Connection = psycopg.Connection[tuple[Any, ...]]
Message = dict[str, object]
Answer = tuple[str, UUID | None]
OUTCOMES = {sample.labels["outcome"] for family in Counters().stored.collect() for sample in family.samples}
BODY = b"<mrq><ref>1</ref><cid>8031372</cid><dty>2</dty><stc>10</stc></mrq>"


@dataclass
class Person:
    """Somebody with an alarm; ``press`` and the like say what the device sends at START plus ``after`` seconds."""

    id: UUID | None = field(default_factory=lambda: new_identifier(START))
    device: UUID | None = field(default_factory=lambda: new_identifier(START))
    sender: str = field(default_factory=lambda: str(new_identifier(START).int % 10**16))
    sent: int = 0

    def send(
        self,
        effect: str = "raise",
        *,
        after: float = 0,
        ref: str = "",
        body: bytes = BODY,
        alarm_class: str = "life",
        **more: Any,
    ) -> Message:
        self.sent += 1
        now = START + timedelta(seconds=after)
        return {
            "place": 0, "message_id": str(new_identifier(now)), "alarm_id": str(new_identifier(now)),
            "device_id": str(self.device) if self.device else None, "person_id": str(self.id) if self.id else None,
            "sender": self.sender, "ref": ref or str(self.sent), "digest": hashlib.sha256(body).hexdigest(),
            "received_at": now.isoformat(), "class": alarm_class, "kind": "button", "effect": effect, "restores": None,
            "device_type": 2, "status_code": 10, "location_code": 12, "location_text": "", "device_text": "",
            "position_text": "", "transport": "udp", "source": "192.0.2.7:5060", "deviations": [],
            "body": base64.b64encode(body).decode(), **more,
        }  # fmt: skip


@dataclass
class House:
    """One authority's database: the receiver's own connection, and an onlooker's."""

    server: Server
    authority: Authority
    open_receiver: Callable[[], Connection]
    receiver: Connection
    onlooker: Connection

    def accept(self, *messages: Message, receiver: Connection | None = None) -> list[Answer]:
        """Outcome and alarm of each message, in the order given."""
        batch = [{**as_letters(self.authority, message), "place": place} for place, message in enumerate(messages)]
        rows = (receiver or self.receiver).execute(
            "select place, outcome, alarm_id from vaka.accept_messages(%s, %s)", (Jsonb(batch), "west-1")
        )
        found = {place: (outcome, alarm) for place, outcome, alarm in rows}
        assert set(found) == set(range(len(messages)))
        assert {outcome for outcome, _ in found.values()} <= OUTCOMES, "the receiver counts them by name"
        return [found[place] for place in range(len(messages))]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.onlooker.execute(query.encode(), values).fetchall()

    def alarm(self, alarm_id: UUID | None, columns: str) -> tuple[Any, ...]:
        (row,) = self.rows(f"select {columns} from alarm where id = %s", alarm_id)
        return row

    def said(self, message_id: UUID | None) -> tuple[list[str], bytes]:
        """What a device said in a message, opened: its texts and the message as it came."""
        ((identifier, subject, texts, body),) = self.rows(
            "select id, subject_id, texts, body from message where id = %s", message_id
        )
        row = {"id": identifier, "subject_id": subject, "texts": texts, "body": body}
        told = opened(self.server, self.authority, "message", row)
        return told["texts"], told["body"]

    def set_state(self, alarm_id: UUID | None, state: str, **columns: object) -> None:
        """What an operator's doing has made of the alarm."""
        values: dict[str, object] = {"state": state, **columns}
        assignments = ", ".join(f"{name} = %s" for name in values)
        self.onlooker.execute(f"update alarm set {assignments} where id = %s".encode(), (*values.values(), alarm_id))


def in_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start ``work`` in a thread; its result is appended to the list. An error leaves the list empty."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def wait_until_blocked(house: House, other: Connection) -> None:
    """Return when ``other`` waits for a lock: the race is then on."""
    for _ in range(1000):
        waiting = house.rows(
            "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", other.info.backend_pid
        )
        if waiting == [(1,)]:
            return
        threading.Event().wait(0.01)
    pytest.fail("the second receiver did not wait for the first")

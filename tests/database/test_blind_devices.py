# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""No database takes what a device calls itself, by whatever hand; and none that holds it is carried over."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.identities import blinded
from vaka.database.migrate import migrations_for
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

NUMBER = "0701740605"
BLIND = blinded(NUMBER)
Connection = psycopg.Connection[tuple[Any, ...]]

ALARM = (
    "insert into alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at)"
    " values (gen_random_uuid(), 'test', 'test', 'test', 'received', %(key)s, %(sender)s, now(), now())"
)
TENANT = {
    "device": "insert into device (id, sender) values (gen_random_uuid(), %(sender)s)",
    "alarm": ALARM.replace("%(key)s", "gen_random_uuid() || ':test'"),
    "join key": ALARM.replace("%(sender)s", "''").replace("%(key)s", "%(sender)s || ':test'"),
    "message": (
        "insert into message (id, sender, ref, class, kind, effect, received_at, receiver, transport, subject_id)"
        " values (gen_random_uuid(), %(sender)s, '', 'test', 'test', 'none', now(), 'w', 'udp', gen_random_uuid())"
    ),
    "repeat": (
        "insert into repeat_key (sender, ref, digest, message_id, seen_at)"
        " values (%(sender)s, '', '', gen_random_uuid(), now())"
    ),
}
ENTRY = (
    "insert into device_entry (sender, username, authority_id, device_id, authentication, certificate_sha256,"
    " changed_at) values (%(sender)s, %(username)s, %(authority)s, gen_random_uuid(), 'certificate', repeat('a', 64),"
    " now())"
)


@pytest.fixture(scope="module")
def municipality(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
def tenant(server: Server, municipality: Authority) -> Iterator[Connection]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, municipality.database_name))) as connection:
        connection.execute("set search_path = vaka")
        yield connection


@pytest.fixture
def platform(server: Server) -> Iterator[Connection]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as connection:
        connection.execute("set search_path = vaka")
        yield connection


@pytest.mark.parametrize("place", TENANT)
@pytest.mark.parametrize("clear", [NUMBER, f"~{NUMBER}", f"{BLIND}\n", f"{BLIND} {NUMBER}", "source:192.0.2.7"])
def test_an_authoritys_database_takes_nothing_in_clear(tenant: Connection, place: str, clear: str) -> None:
    tenant.execute(TENANT[place].encode(), {"sender": BLIND})
    with pytest.raises(psycopg.errors.CheckViolation):
        tenant.execute(TENANT[place].encode(), {"sender": clear})


@pytest.mark.parametrize("column", ["number", "placed"])
def test_what_is_said_of_a_device_is_a_letter(tenant: Connection, column: str) -> None:
    statement = f"insert into device (id, sender, subject_id, {column}) values (%s, %s, %s, %s)".encode()
    tenant.execute(statement, (uuid4(), blinded("1"), uuid4(), b"\x02" + bytes(128)))
    for value, subject in ((NUMBER.encode(), uuid4()), (b"\x01" + bytes(128), uuid4()), (b"\x02" + bytes(128), None)):
        with pytest.raises(psycopg.errors.CheckViolation), tenant.transaction():
            tenant.execute(statement, (uuid4(), blinded("2"), subject, value))


@pytest.mark.parametrize(("sender", "username"), [(NUMBER, BLIND), (BLIND, NUMBER)])
def test_the_directory_takes_nothing_in_clear(
    platform: Connection, municipality: Authority, sender: str, username: str
) -> None:
    facts = {"sender": BLIND, "username": BLIND, "authority": municipality.id}
    platform.execute(ENTRY, facts)
    with pytest.raises(psycopg.errors.CheckViolation):
        platform.execute(ENTRY, facts | {"sender": sender, "username": username})


@pytest.mark.parametrize("place", ["device", "alarm", "message", "repeat"])
def test_what_holds_devices_of_before_is_not_carried_over(tenant: Connection, place: str) -> None:
    [migration] = [one for one in migrations_for("tenant") if one.name.endswith("_blind_devices.sql")]
    question = migration.text[migration.text.index("do $$") :].partition("end $$;")[0] + "end $$"
    tenant.execute(question.encode())
    tenant.execute(TENANT[place].encode(), {"sender": BLIND})
    with pytest.raises(psycopg.errors.RaiseException, match="numbers stand in clear"):
        tenant.execute(question.encode())


def test_nor_is_a_directory_that_does(platform: Connection, municipality: Authority) -> None:
    [migration] = [one for one in migrations_for("platform") if one.name.endswith("_blind_devices.sql")]
    question = migration.text[migration.text.index("do $$") :].partition("end $$;")[0] + "end $$"
    platform.execute("set session_replication_role = replica")
    platform.execute("delete from device_entry")
    platform.execute(question.encode())
    platform.execute(ENTRY, {"sender": BLIND, "username": BLIND, "authority": municipality.id})
    with pytest.raises(psycopg.errors.RaiseException, match="numbers stand in clear"):
        platform.execute(question.encode())

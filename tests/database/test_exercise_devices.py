# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""No real alarm is given an exercise's mark, whoever writes: both databases refuse that of themselves (term 36)."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.conftest import open_house
from tests.alarms.house import House, Sender, connect, connect_superuser
from tests.conftest import START
from tests.exercise_devices import make_devices
from tests.identities import blinded
from tests.letters import as_letters
from tests.registers.exercising import HOUR, new_sides
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BEGAN = START + timedelta(days=1)
Onlooker = psycopg.Connection[dict[str, Any]]


@dataclass
class Drill:
    """An authority that holds an exercise, with an open alarm of the exercise and a real one."""

    house: House
    exercise: UUID
    device: Sender
    alarm: UUID
    person: Sender
    real: UUID
    platform: Onlooker

    def facts(self) -> dict[str, object]:
        """What a statement may name."""
        return {
            "exercise": self.exercise, "device": self.device.device, "sender": blinded(self.device.name),
            "alarm": self.alarm, "real": self.real, "real_device": self.person.device,
            "real_sender": blinded(self.person.name), "somebody": self.person.person, "authority": self.house.id,
            "new": uuid4(), "new_sender": blinded(uuid4().hex),
            "claim": Jsonb({str(self.person.device): str(self.exercise)}),
        }  # fmt: skip

    def accept(self, sender: Sender, *, claims: bool = True, **more: Any) -> tuple[str, UUID | None]:
        """Let the receiver store a message that it takes for the exercise's; return the outcome and the mark it got."""
        told = as_letters(self.house.authority, sender.message(BEGAN + HOUR, **more))
        row = {**told, "exercise_id": str(self.exercise)} if claims else told
        found = self.house.receiver.execute("select outcome from accept_exercises(%s, 'west-1')", (Jsonb([row]),))
        [(outcome,)] = found.fetchall()
        marked = self.house.superuser.execute(
            "select a.exercise_id from alarm a join message m on m.alarm_id = a.id where m.id = %s",
            (told["message_id"],),
        ).fetchone()
        assert marked is not None
        return str(outcome), marked["exercise_id"]


@pytest.fixture(scope="module")
def municipality(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def drill(server: Server, municipality: Authority) -> AsyncIterator[Drill]:
    sides = await new_sides(server, municipality.id)
    exercise = await sides.hold(starts=BEGAN, attended=False)
    [made] = await make_devices(server, municipality, exercise, now=BEGAN)
    with connect_superuser(server, PLATFORM_DATABASE) as platform:
        platform.execute("set search_path = vaka")
        known = platform.execute("select device_id from exercise_device where sender = %s", (blinded(made.number),))
        device = Sender(person=None, device=known.fetchall()[0]["device_id"], name=made.number)
        async for house in open_house(server, municipality):
            house.superuser.execute("set search_path = vaka")
            person = Sender()
            real = house.raise_alarm(sender=person)
            held = Drill(house, exercise, device, UUID(int=0), person, real, platform)
            assert held.accept(device) == ("raised", exercise)
            found = house.superuser.execute("select id from alarm where exercise_id = %s", (exercise,)).fetchall()
            held.alarm = found[0]["id"]
            yield held
        # An authority may have twelve under way.
        platform.execute("set session_replication_role = replica")
        platform.execute("update exercise set closed_at = now() where id = %s", (exercise,))


@contextmanager
def undone(connection: Onlooker) -> Iterator[None]:
    """What a statement does is taken back."""
    with connection.transaction(force_rollback=True):
        yield


@pytest.mark.parametrize("statement", [
    "update alarm set exercise_id = %(exercise)s where id = %(real)s",
    "update alarm set exercise_id = null where id = %(alarm)s",
    "update alarm set exercise_id = gen_random_uuid() where id = %(alarm)s",
    "update alarm set person_id = %(somebody)s where id = %(alarm)s",
    "update alarm set merged_into = %(alarm)s, state = 'merged', closed_at = now() where id = %(real)s",
    "update alarm set merged_into = %(real)s, state = 'merged', closed_at = now() where id = %(alarm)s",
    "update exercise_device set device_id = %(real_device)s, sender = %(real_sender)s",
    "update exercise_device set ends_at = ends_at + interval '1 hour'",
    "delete from exercise_device",
    "truncate exercise_device",
    "insert into exercise_device select %(real_device)s, %(real_sender)s, exercise_id, registered_at, ends_at"
    " from exercise_device limit 1",
    "insert into exercise_device select %(new)s, %(new_sender)s, exercise_id, registered_at, ends_at"
    " from exercise_device limit 1",
    "insert into device (id, sender) values (%(device)s, %(new_sender)s)",
    "insert into device (id, sender, person_id) values (%(new)s, %(sender)s, null)",
])  # fmt: skip
async def test_the_authoritys_database_refuses(drill: Drill, statement: str) -> None:
    """As its superuser, the strongest there is."""
    drill.house.superuser.execute("select set_config('vaka.exercises', %(claim)s::text, false)", drill.facts())
    with pytest.raises(psycopg.Error) as refused, undone(drill.house.superuser):
        drill.house.superuser.execute(statement, drill.facts())
    assert refused.value.sqlstate in ("42501", "23505", "23514"), refused.value


@pytest.mark.parametrize("statement", [
    "update device_entry set person_id = gen_random_uuid(), address = decode(repeat('00', 32), 'hex')"
    " where device_id = %(device)s",
    "update device_entry set device_id = %(real_device)s where device_id = %(device)s",
    "update device_entry set sender = %(new_sender)s where device_id = %(device)s",
    "insert into device_entry (sender, authority_id, device_id, authentication, certificate_sha256, changed_at)"
    " values (%(sender)s, %(authority)s, %(new)s, 'certificate', repeat('0', 64), now())",
    "update exercise_device set exercise_id = exercise_id",
    "delete from exercise_device",
    "truncate exercise_device",
    "insert into exercise_device values (%(new)s, %(new_sender)s, %(exercise)s, %(authority)s, 'setup', now())",
])  # fmt: skip
async def test_the_platforms_database_refuses(drill: Drill, statement: str) -> None:
    with pytest.raises(psycopg.Error) as refused, undone(drill.platform):
        drill.platform.execute(statement, drill.facts())
    assert refused.value.sqlstate in ("42501", "23505", "23514"), refused.value


async def test_what_is_somebodys_is_never_registered_for_an_exercise(drill: Drill, server: Server) -> None:
    """By the one function that registers, as the one role that may call it."""
    known = uuid4().hex
    drill.platform.execute(
        "insert into device_entry (sender, authority_id, device_id, authentication, certificate_sha256, changed_at)"
        " values (%s, %s, %s, 'certificate', repeat('0', 64), now())", (blinded(known), drill.house.id, uuid4()),
    )  # fmt: skip
    drill.house.superuser.execute("insert into device (id, sender) values (%s, %s)", (uuid4(), blinded(known)))
    wanted = Jsonb(
        [{"device_id": str(uuid4()), "sender": blinded(known), "ha1_sha256": "0" * 64, "username": blinded(known)}]
    )
    said = (drill.exercise, wanted, "setup:uid-0", BEGAN)
    setup = psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE))
    with setup, pytest.raises(psycopg.errors.UniqueViolation):
        setup.execute("select vaka.register_exercise_devices(%s, %s, %s, %s)", said)
    with connect(server, drill.house.authority, "setup") as tenant, pytest.raises(psycopg.errors.UniqueViolation):
        tenant.execute("select register_exercise_devices(%s, %s, %s, %s, %s)", (*said[:2], BEGAN + HOUR, *said[2:]))


async def test_who_holds_setups_login_cannot_move_a_persons_button_out_of_the_way(drill: Drill, server: Server) -> None:
    """And then register it anew, as an exercise's: the directory knows a device by one name for ever."""
    her, button, hidden = blinded(uuid4().hex), uuid4(), blinded(uuid4().hex)
    drill.platform.execute(
        "insert into device_entry (sender, authority_id, device_id, person_id, address, authentication, username,"
        " ha1_sha256, changed_at)"
        " values (%s, %s, %s, %s, decode(repeat('00', 32), 'hex'), 'digest', %s, repeat('0', 64), now())",
        (her, drill.house.id, button, drill.person.person, her),
    )
    wanted = Jsonb([{"device_id": str(uuid4()), "sender": her, "ha1_sha256": "0" * 64, "username": her}])
    ways = [
        "update vaka.device_entry set sender = %(hidden)s where sender = %(her)s",
        "update vaka.device_entry set device_id = gen_random_uuid() where sender = %(her)s",
        "delete from vaka.device_entry where sender = %(her)s",
    ]
    with psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True) as setup:
        for way in ways:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                setup.execute(way, {"her": her, "hidden": hidden})
        with pytest.raises(psycopg.errors.UniqueViolation):
            setup.execute(
                "select vaka.register_exercise_devices(%s, %s, 'setup:uid-0', %s)", (drill.exercise, wanted, BEGAN)
            )


async def test_nor_in_the_authoritys_database_where_she_ever_alarmed(drill: Drill, server: Server) -> None:
    """Also when the alarm is over, and nothing but it still tells of her device."""
    her = blinded(drill.person.name)
    drill.house.superuser.execute("insert into device (id, sender) values (%s, %s)", (drill.person.device, her))
    drill.house.superuser.execute("delete from repeat_key where sender = %s", (her,))
    drill.house.superuser.execute("update alarm set state = 'closed', closed_at = now() where id = %s", (drill.real,))
    wanted = Jsonb([{"device_id": str(uuid4()), "sender": her}])
    with connect(server, drill.house.authority, "setup") as setup:
        setup.execute("update device set sender = %s where sender = %s", (blinded(uuid4().hex), her))
        with pytest.raises(psycopg.errors.UniqueViolation):
            setup.execute(
                "select register_exercise_devices(%s, %s, %s, 'setup:uid-0', %s)",
                (drill.exercise, wanted, BEGAN + HOUR, BEGAN),
            )


@pytest.mark.parametrize("component", ["office", "portal", "desk", "receiver", "scheduler"])
async def test_nobody_else_registers_any(drill: Drill, server: Server, component: str) -> None:
    connection = psycopg.connect(server.conninfo(platform_role(component), PLATFORM_DATABASE))
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select vaka.register_exercise_devices(null, null, null, null)")


async def test_a_receiver_that_claims_too_much_gets_real_alarms(drill: Drill) -> None:
    assert drill.accept(drill.person) == ("joined", None)
    assert drill.accept(Sender(person=None)) == ("raised", None), "a device that nobody made for it"
    mine, name = drill.device.device, drill.device.name
    assert drill.accept(Sender(person=uuid4(), device=mine, name=name, sent=9)) == ("raised", None), "somebody's"
    assert drill.accept(Sender(person=None, device=mine)) == ("joined", None), "and by another name"
    assert drill.house.alarm(drill.real)["escalate_at"] is not None


async def test_what_is_heard_outside_joins_no_mark(drill: Drill) -> None:
    assert drill.accept(drill.device) == ("joined", drill.exercise)
    assert drill.accept(drill.device, claims=False) == ("joined", None)
    now = drill.house.alarm(drill.alarm)
    assert (now["exercise_id"], now["escalate_at"] is None, now["messages"]) == (None, False, 3)
    assert drill.accept(drill.device) == ("joined", None), "what is real stays real"


@pytest.mark.parametrize(("rests", "then"), [
    ("state = 'suspended', holder = gen_random_uuid(), suspended_until = now() + interval '1 hour'", "received"),
    ("state = 'withdrawn', withdrawn_at = now()", "received"),
    ("state = 'taken', holder = gen_random_uuid()", "taken"),
])  # fmt: skip
async def test_a_real_alarm_that_rests_rings_again_whatever_the_next_message_is_taken_for(
    drill: Drill, rests: str, then: str
) -> None:
    """What joins it is real, so its timer runs as any does: 60 s after the press."""
    assert drill.accept(drill.device, claims=False) == ("joined", None)
    drill.house.superuser.execute(f"update alarm set escalate_at = null, {rests} where id = %s", (drill.alarm,))
    assert drill.accept(drill.device) == ("joined", None)
    now = drill.house.alarm(drill.alarm)
    assert (now["state"], now["escalation"], now["messages"]) == (then, 0, 3)
    assert now["escalate_at"] == BEGAN + HOUR + timedelta(seconds=60)


async def test_after_its_hour_no_claim_makes_a_mark(drill: Drill) -> None:
    late = as_letters(drill.house.authority, drill.device.message(BEGAN + 4 * HOUR, alarm_class="request"))
    row = Jsonb([{**late, "exercise_id": str(drill.exercise)}])
    drill.house.receiver.execute("select * from accept_exercises(%s, 'west-1')", (row,))
    found = drill.house.superuser.execute(
        "select exercise_id from alarm where class = 'request' and sender = %s", (late["sender"],)
    )
    assert found.fetchall() == [{"exercise_id": None}]


async def test_what_marks_keeps_its_plan_as_what_stores_does(drill: Drill) -> None:
    """It is on the same way: a plan made on the first day must be good in a storm."""
    found = drill.house.superuser.execute(
        "select proname, proconfig from pg_proc where proname in ('accept_messages', 'accept_exercises')"
    )
    kept = {row["proname"]: {*row["proconfig"]} - {"search_path=vaka, ledger, pg_temp"} for row in found.fetchall()}
    assert kept["accept_messages"] == {"plan_cache_mode=force_generic_plan", "enable_seqscan=off"}
    assert kept["accept_exercises"] >= kept["accept_messages"]

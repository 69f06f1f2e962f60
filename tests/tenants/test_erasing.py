# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A person is erased when two of the authority's people say so, not before; then nobody can read anything (term 6)."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.access.test_decide import principal
from tests.alarms.house import Sender
from tests.ledger.aged import POLICY, Cosigner
from tests.ledger.sealed import LogHouse
from tests.letters import as_letters
from tests.people import register
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.erasure import decide_erasure, order_erasure
from vaka.access.holds import place_hold
from vaka.access.principal import Principal
from vaka.clock import SystemClock, TurnedClock
from vaka.crypto.aead import UnopenableError
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.keys.keyring import Keyring, make_client, open_keyring
from vaka.keys.letters import Addressee
from vaka.ledger.standing import LedgerStandsStillError
from vaka.settings import ErasureSettings, LedgerSettings, Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.certificates import FORMAT
from vaka.tenants.erasing import Erasing, read_rules
from vaka.tenants.erasure import (
    ErasureOrder,
    NotErasableError,
    UnusableDecisionError,
    Verdict,
    list_orders,
    read_certificate,
)
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Contact, Note, Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ROLE = "records_officer"
DECISION = "SN 2026/123"
RELEASE = 60


@dataclass
class Office:
    """An authority with three people in its register, its two records officers, and the scheduler's rounds."""

    house: LogHouse
    clock: TurnedClock
    keyring: Keyring
    erasing: Erasing
    people: list[Person]
    first: Principal
    second: Principal

    @property
    def authority(self) -> UUID:
        return self.house.authority.id

    async def order(self, person: Person, decision: str = DECISION, who: Principal | None = None) -> UUID:
        async with self.house.as_("portal") as portal:
            await order_erasure(
                portal, who or self.first, self.authority, person.id, decision, now=self.clock.now()
            )  # fmt: skip
        return next(one.id for one in await self.orders() if (one.person_id, one.state) == (person.id, "ordered"))

    async def decide(self, order: UUID, verdict: Verdict = "approved", who: Principal | None = None) -> int:
        async with self.house.as_("portal") as portal:
            return await decide_erasure(
                portal, who or self.second, self.authority, order, verdict, now=self.clock.now()
            )  # fmt: skip

    async def orders(self) -> list[ErasureOrder]:
        async with self.house.as_("portal") as portal:
            return list(await list_orders(portal))

    async def state(self) -> str:
        return (await self.orders())[0].state

    async def seal(self) -> None:
        async with self.house.as_("sequencer") as connection:
            await self.house.sealing(self.clock, Cosigner(self.clock)).make_round(connection)

    async def round(self) -> int:
        return await self.erasing.carry_out(self.authority, self.clock.now())

    async def erase(self, person: Person) -> UUID:
        """All the way to the certificate."""
        order = await self.order(person)
        await self.decide(order)
        await self.seal()
        await self.round()
        self.clock.turn(RELEASE + 1)
        await self.seal()
        await self.round()
        await self.seal()
        await self.round()
        return order

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.house.superuser() as onlooker:
            return onlooker.execute(query.encode(), values).fetchall()

    def alarm(self, person: Person, device: UUID, *, closed: bool = True) -> UUID:
        message = Sender(person.id, device, f"{device.int % 10**12}").message(self.clock.now())
        sent = as_letters(self.house.authority, message)
        database = self.house.authority.database_name
        with closing(psycopg.connect(self.house.server.conninfo(SUPERUSER, database), autocommit=True)) as connection:
            connection.execute("set search_path = vaka")
            [(alarm,)] = connection.execute(
                "select alarm_id from accept_messages(%s, 'west-1')", (Jsonb([sent]),)
            ).fetchall()
            if closed:
                connection.execute(
                    "update alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s",
                    (alarm,),
                )
        return UUID(str(alarm))

    async def says(self, person: Person, device: UUID, **more: Any) -> UUID:
        """Let a device say something that concerns no alarm, in letters to somebody; return the message."""
        keys = self.keyring.of(self.authority)
        await keys.hold([person.id])
        plain = Sender(person.id, device).message(self.clock.now(), "none", "signal", device_text="Knapp", **more)
        sent = as_letters(self.house.authority, plain, Addressee(person.id, keys.address(person.id)))
        with self.house.superuser() as connection:
            connection.execute("set search_path = vaka")
            connection.execute("select outcome from accept_messages(%s, 'west-1')", (Jsonb([sent]),))
        return UUID(str(plain["message_id"]))


def employ(server: Server, authority: Authority, officers: list[Principal]) -> None:
    """Give them accounts and the role, as setup does."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        for one in officers:
            connection.execute(
                "insert into vaka.account (id, display_name, kind, created_at) values (%s, 'Gun', 'user', now())",
                (one.account_id,),
            )
            connection.execute(
                "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, now())",
                (one.account_id, ROLE, authority.id),
            )


def device_of(person: Person) -> UUID:
    return UUID(int=person.id.int ^ 0xD)


@pytest.fixture
async def office(server: Server, authority: Authority, setup_keys: Keyring, tmp_path: Path) -> AsyncIterator[Office]:
    clock = TurnedClock(SystemClock().now())
    people = [
        Person(
            uuid4(), name, "Märkesson", street="Lindvägen 3", door_code="4711",
            contacts=(Contact("Kalle Kontakt", "070-1740610"),),
            notes=(Note(uuid4(), "Hund i hallen", clock.now()),),
        )
        for name in ("Märta", "Bo", "Cilla")
    ]  # fmt: skip
    await register(server, authority, setup_keys, people)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as connection:
        for person in people:
            connection.execute(
                "insert into vaka.device (id, person_id, sender, placed) values (%s, %s, %s, 'Hall')",
                (device_of(person), person.id, f"{person.id.int % 10**12}"),
            )
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        for person in people:
            connection.execute(
                "insert into vaka.device_entry (sender, authority_id, device_id, person_id, address, authentication,"
                " network, exception_reason, exception_until, changed_at)"
                " values (%s, %s, %s, %s, sha256('address'), 'network', '192.0.2.0/24', 'kan inget nyare',"
                " now() + '1 day', now())",
                (f"{person.id.int % 10**12}", authority.id, device_of(person), person.id),
            )
    house = LogHouse(server, authority, tmp_path / "ledger")
    house.records.mkdir()
    (tmp_path / "credentials").mkdir()
    officers = [principal((ROLE, authority.id), realm="authority") for _ in range(2)]
    employ(server, authority, officers)
    gateway = Gateway(server, "scheduler", [authority])
    platform = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test")
    await platform.open()
    logs = LedgerSettings(origin="vaka.example", witnesses=[])
    client = make_client(server, Settings(), "scheduler", clock)
    async with open_keyring(server, Settings(), "scheduler", SystemClock()) as keyring:
        rules = read_rules(tmp_path, Settings(erasure=ErasureSettings(release_seconds=RELEASE)))
        erasing = Erasing(gateway, platform, keyring, client, logs, lambda: rules, [ROLE])
        yield Office(house, clock, keyring, erasing, people, *officers)
    await client.close()
    await gateway.close()
    await platform.close()


async def test_term_06_what_was_said_goes_with_whom_it_was_written_to(office: Office) -> None:
    """Devices change hands: what one said before belongs to whom it was about then."""
    märta, bo, cilla = office.people
    hers, since = await office.says(märta, device_of(märta)), await office.says(bo, device_of(märta))
    before, his = await office.says(bo, device_of(cilla)), await office.says(bo, device_of(bo))
    copies = {row[0]: row for row in office.rows("select id, subject_id, texts, body from vaka.message")}
    with office.house.superuser() as connection:
        connection.execute("update vaka.device set person_id = %s where id = %s", (bo.id, device_of(märta)))
        connection.execute("update vaka.device set person_id = %s where id = %s", (märta.id, device_of(cilla)))
    await office.erase(märta)
    left = {row[0] for row in office.rows("select id from vaka.message")}
    assert left == {since, before, his}
    # And of what a backup holds, nobody reads hers, and everybody who could reads his.
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id, bo.id])
    for message in (hers, since, before, his):
        _, subject, texts, body = copies[message]
        told = {"texts": texts, "body": body}
        if message == hers:
            with pytest.raises(UnopenableError):
                keys.open_row("message", str(message), subject, told)
        else:
            assert keys.open_row("message", str(message), subject, told)["texts"][1] == "Knapp"


async def test_term_06_person_is_erased_and_the_others_stay_readable(office: Office, tmp_path: Path) -> None:
    märta, bo, _ = office.people
    for person in (märta, bo):
        office.alarm(person, device_of(person))
    before = office.rows("select given_name from vaka.person where id = %s", märta.id)[0][0]
    order = await office.erase(märta)
    assert await office.state() == "certified"

    for table in ("person", "contact", "note", "alarm", "message", "device"):
        column = "id" if table == "person" else "device_id" if table == "message" else "person_id"
        whose = device_of(märta) if table == "message" else märta.id
        assert office.rows(f"select 1 from vaka.{table} where {column} = %s", whose) == [], table
        other = device_of(bo) if table == "message" else bo.id
        assert office.rows(f"select 1 from vaka.{table} where {column} = %s", other), table
    # Whoever is erased has no devices; the devices are known still, and nobody's.
    assert office.rows("select person_id, placed from vaka.device where id = %s", device_of(märta)) == [(None, "")]
    with closing(psycopg.connect(office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as platform:
        entries: dict[UUID, UUID | None] = dict(
            platform.execute("select device_id, person_id from vaka.device_entry").fetchall()
        )
    assert (entries[device_of(märta)], entries[device_of(bo)]) == (None, bo.id)

    # What a backup holds of her, nobody can read; of the others, everybody who could.
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id, bo.id])
    assert not keys.opens(märta.id)
    name = office.rows("select given_name from vaka.person where id = %s", bo.id)[0][0]
    assert keys.open_row("person", str(bo.id), bo.id, {"given_name": name}) == {"given_name": "Bo"}
    assert bytes(before) != bytes(name)

    async with office.house.as_("portal") as portal:
        certificate = await read_certificate(portal, order)
    assert certificate is not None
    said = json.loads(certificate.document)
    assert said["format"] == FORMAT
    assert (said["order"]["decision"], said["order"]["scope"]) == (DECISION, f"person:{märta.id}")
    assert said["order"]["ordered"]["by"] != said["order"]["approved"]["by"]
    assert said["deleted"]["rows"] == {
        "person": 1, "contact": 1, "note": 1, "alarm": 1, "message": 1, "alarm_note": 0, "device": 1
    }  # fmt: skip
    tried = said["tried_afterwards"]
    assert (tried["values_read_before"], tried["values_tried"], tried["values_opened"]) == (2, 2, 0)
    assert tried["keys_handed_out"] == 0
    assert said["keys"]["root_destroyed"] < said["keys"]["root_new"]
    for word in ("Märta", "Märkesson", "4711", "Lindvägen"):
        assert word not in certificate.document.decode()
    require_openssl_agrees(tmp_path, certificate.document, certificate.signature, certificate.key)
    # The proof in it is one that the log's own verifier takes, and the log names the certificate.
    (tmp_path / "entry.tlog-proof").write_text(said["log"]["proof"])
    [leaf] = [one for one in office.house.leaves() if one.event == "erasure.completed"]
    assert (leaf.object, leaf.detail["person"]) == (f"erasure:{order}", str(märta.id))
    await office.seal()
    [told] = [one for one in office.house.leaves() if one.event == "erasure.certified"]
    digest = subprocess.run(["sha256sum"], input=certificate.document, capture_output=True, check=True).stdout
    assert told.detail["sha256"] == digest.split()[0].decode()
    by_hand = [one for one in office.house.leaves() if one.event == "row.changed_by_hand"]
    assert {one.object for one in by_hand} <= {f"device:{device_of(one)}" for one in office.people}  # the test's own


def require_openssl_agrees(where: Path, document: bytes, signature: bytes, key: bytes) -> None:
    """A tool that is not ours verifies it, and refuses it with one byte changed."""
    (where / "sig").write_bytes(signature)
    (where / "key.pem").write_bytes(key)
    verify = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        where / "key.pem",
        "-rawin",
        "-sigfile",
        where / "sig",
    ]
    for content, good in ((document, True), (document.replace(b"2026/123", b"2026/124"), False)):
        (where / "doc").write_bytes(content)
        done = subprocess.run(
            [*map(str, verify), "-in", str(where / "doc")], capture_output=True, text=True, check=False
        )
        assert ("Signature Verified Successfully" in done.stdout) is good, done.stdout + done.stderr


async def test_term_06_one_approver_no_decision_or_no_right_is_refused(office: Office) -> None:
    märta = office.people[0]
    for decision in ("", "   ", "x" * 101, "19121212-9821"):
        with pytest.raises(UnusableDecisionError):
            await office.order(märta, decision)
    for who in (
        principal(("contract_officer", office.authority), realm="authority"),
        principal((ROLE, office.authority), realm="operator"),
        principal((ROLE, uuid4()), realm="authority"),
    ):
        with pytest.raises((NotAllowedError, NothingHereError)):
            await office.order(märta, who=who)
    assert await office.orders() == []

    order = await office.order(märta)
    with pytest.raises(NotErasableError):  # a second order of the same
        await office.order(märta, "SN 2026/124")
    with pytest.raises(NotErasableError):  # who ordered it does not approve it, in another session neither
        await office.decide(order, who=office.first)
    with pytest.raises(psycopg.errors.CheckViolation):  # nor around what asks
        async with office.house.as_("portal") as portal:
            await portal.execute(
                "select decide_erasure(%s, 'approved', %s, now())", (order, office.first.account_id)
            )  # fmt: skip
    with pytest.raises(NotErasableError):  # an order of another authority's is none here
        await office.decide(uuid4())
    await office.seal()
    assert (await office.round(), await office.state()) == (0, "ordered")
    await office.decide(order, "withdrawn", who=office.first)
    with pytest.raises(NotErasableError):
        await office.decide(order)
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)


async def test_term_06_person_unknown_here_is_refused(office: Office) -> None:
    with pytest.raises(NotErasableError):
        await office.order(Person(uuid4(), "Någon", "Annanstans"))


async def test_term_06_legal_hold_forbids_it_at_every_step(office: Office) -> None:
    märta, bo, _ = office.people
    archivist = principal(("archivist", office.authority), realm="authority")
    order, now = await office.order(märta), office.clock.now()
    async with office.house.as_("portal") as portal:
        for person in (märta, bo):
            await place_hold(portal, archivist, office.authority, person.id, reason="JO 2026/12", now=now)
    with pytest.raises(NotErasableError):
        await office.order(bo)
    with pytest.raises(NotErasableError):
        await office.decide(order)
    # Placed after the approval, it still stops what was not begun.
    with office.house.superuser() as superuser:
        superuser.execute("delete from vaka.legal_hold where person_id = %s", (märta.id,))
    await office.decide(order)
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, märta.id, reason="JO 2026/12", now=now)
    await office.seal()
    await office.round()
    found = (await office.orders())[0]
    assert (found.state, found.hindrance) == ("cancelled", "legal_hold")  # lifted one day, it is decided anew
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), office.house.superuser() as superuser:
        superuser.execute("delete from vaka.person where id = %s", (märta.id,))


async def test_nobody_is_erased_while_somebody_helps_him(office: Office) -> None:
    märta = office.people[0]
    alarm = office.alarm(märta, device_of(märta), closed=False)
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("approved", "open_alarm")
    entries = len(office.rows("select 1 from ledger.inbox where event = 'erasure.begun'"))
    await office.round()  # again and again, with one entry
    assert len(office.rows("select 1 from ledger.inbox where event = 'erasure.begun'")) == entries == 1
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    await office.round()
    assert await office.state() == "removed"


async def test_what_comes_before_receivers_know_is_deleted_too(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert await office.state() == "removed"
    late = office.alarm(märta, device_of(märta), closed=False)  # a receiver that had not heard of it
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("removed", "open_alarm")
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (late,)
        )
    await office.round()
    assert (await office.state(), office.rows("select 1 from vaka.alarm where id = %s", late)) == ("erased", [])


async def test_approval_that_the_log_does_not_prove_erases_nobody(office: Office) -> None:
    """As the supplier's own administrator, who writes any row, but no entry as two of their people."""
    märta = office.people[0]
    order = uuid4()
    with office.house.superuser() as superuser:
        superuser.execute(
            "insert into vaka.erasure_order (id, person_id, decision, ordered_by, ordered_at, state, decided_by,"
            " decided_at) values (%s, %s, 'SN 1', %s, now(), 'approved', %s, now())",
            (order, märta.id, office.first.account_id, office.second.account_id),
        )
    for component in ("setup", "desk", "scheduler"):
        async with office.house.as_(component) as connection:
            with pytest.raises(psycopg.errors.CheckViolation):
                await connection.execute(
                    "select ledger.append(now(), 'erasure.ordered', %s, %s, 'success', '{}')",
                    (office.first.actor, f"erasure:{order}"),
                )
    await office.seal()
    await office.round()
    assert await office.state() == "approved"
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    told = [one.object for one in office.house.leaves() if one.event == "row.changed_by_hand"]
    assert f"erasure_order:{order}" in told
    await office.decide(order, "cancelled")  # it stands in nobody's way
    await office.order(märta)


async def test_order_that_is_changed_by_hand_after_the_approval_erases_nobody(office: Office) -> None:
    märta, bo, _ = office.people
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    for change in ("person_id = %s", "decision = %s", "ordered_by = %s"):
        value = bo.id if change.startswith("person") else "SN 1999/1" if "decision" in change else uuid4()
        name = change.split()[0]
        [(before,)] = office.rows(f"select {name} from vaka.erasure_order where id = %s", order)
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.erasure_order set {change} where id = %s".encode(), (value, order))
        await office.round()
        assert await office.state() == "approved", change
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.erasure_order set {change} where id = %s".encode(), (before, order))
    assert len(office.rows("select 1 from vaka.person")) == 3


async def test_officers_that_nobody_has_employed_erase_nobody(office: Office) -> None:
    """Whoever has the portal's login can name any two accounts; they must be there, and may do it, at that moment."""
    märta = office.people[0]
    order = uuid4()
    async with office.house.as_("portal") as portal:
        await portal.execute("select order_erasure(%s, %s, 'SN 1', %s, now())", (order, märta.id, uuid4()))
        await portal.execute("select decide_erasure(%s, 'approved', %s, now())", (order, uuid4()))
    await office.seal()
    await office.round()
    assert await office.state() == "approved"
    await office.decide(order, "cancelled")

    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    with closing(psycopg.connect(office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as setup:
        setup.execute("delete from vaka.role_grant where account_id = %s", (office.second.account_id,))
    await office.round()
    assert {one.state for one in await office.orders()} == {"approved", "cancelled"}


async def test_what_was_approved_can_be_stopped_before_it_is_begun(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.decide(order, "cancelled", who=office.first)
    await office.seal()
    assert (await office.round(), await office.state()) == (0, "cancelled")
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    with pytest.raises(NotErasableError):
        await office.decide(order)


async def test_press_with_a_reference_from_before_raises_an_alarm(office: Office) -> None:
    """Some devices use one reference for everything: what it meant went with the person, and a press must be heard."""
    märta = office.people[0]
    sender = Sender(märta.id, device_of(märta), "4711")
    message = as_letters(office.house.authority, sender.message(office.clock.now()))

    def press(seconds: int) -> str:
        again = {
            **message, "message_id": str(uuid4()), "alarm_id": str(uuid4()),
            "received_at": (office.clock.now() + timedelta(seconds=seconds)).isoformat(),
        }  # fmt: skip
        [(outcome,)] = office.rows("select outcome from vaka.accept_messages(%s, 'west-1')", Jsonb([again]))
        return str(outcome)

    assert press(0) == "raised"
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where person_id = %s",
            (märta.id,),
        )
    await office.erase(märta)
    message |= {"person_id": None}
    assert press(200) == "raised"


async def test_part_of_an_alarm_that_somebody_is_at_keeps_the_person(office: Office) -> None:
    märta, bo, _ = office.people
    hers, his = (office.alarm(one, device_of(one), closed=False) for one in (märta, bo))
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'merged', merged_into = %s, closed_at = now() where id = %s", (his, hers)
        )
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    assert ((await office.orders())[0].state, (await office.orders())[0].hindrance) == ("approved", "open_alarm")
    assert office.rows("select 1 from vaka.alarm where id = %s", hers)


async def test_who_comes_back_and_is_helped_waits(office: Office) -> None:
    märta = office.people[0]
    await office.erase(märta)
    alarm = office.alarm(märta, device_of(märta), closed=False)  # a directory that was restored as well
    now = office.clock.now()
    assert await office.erasing.remove_returned(office.authority, now) == 0
    assert office.rows("select 1 from vaka.alarm where id = %s", alarm)
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    assert await office.erasing.remove_returned(office.authority, now) == 1
    assert office.rows("select 1 from vaka.alarm where id = %s", alarm) == []


async def test_two_orders_in_one_round_are_each_tried(office: Office) -> None:
    orders = []
    for person in office.people[:2]:
        order = await office.order(person)
        await office.decide(order)
        orders.append(order)
    await office.seal()
    await office.round()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    tried = [one.destroyed for one in await office.orders() if one.id in orders]
    assert [(one["values_read_before"], one["values_tried"], one["values_opened"]) for one in tried] == [(2, 2, 0)] * 2


@pytest.mark.parametrize("component", ["desk", "setup", "receiver", "sequencer", "scheduler"])
async def test_no_other_component_orders_or_approves(office: Office, component: str) -> None:
    async with office.house.as_(component) as connection:
        for statement in (
            "select vaka.order_erasure(gen_random_uuid(), gen_random_uuid(), 'x', gen_random_uuid(), now())",
            "select vaka.decide_erasure(gen_random_uuid(), 'approved', gen_random_uuid(), now())",
            "select vaka.delete_person(gen_random_uuid())",
            "update vaka.erasure_order set state = 'approved'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement)


async def test_nothing_is_ordered_or_carried_out_while_the_ledger_stands_still(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    office.clock.turn(600)
    with pytest.raises(LedgerStandsStillError):
        await office.order(office.people[1])
    with pytest.raises(LedgerStandsStillError):
        await office.round()
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)


async def test_term_06_person_who_comes_back_with_a_restored_backup_goes_at_once(office: Office) -> None:
    märta, bo, _ = office.people
    with office.house.superuser() as superuser:
        kept = superuser.execute("select p::text from vaka.person p where id = %s", (märta.id,)).fetchone()
    assert kept is not None
    await office.erase(märta)
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("insert into vaka.person select (%s::vaka.person).*", kept)
    keys = office.keyring.of(office.authority)
    await keys.hold([märta.id])
    assert not keys.opens(märta.id)
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 1
    assert office.rows("select 1 from vaka.person where id = %s", märta.id) == []
    assert office.rows("select 1 from vaka.person where id = %s", bo.id)
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    again = office.rows("select detail from ledger.inbox where event = 'person.removed'")
    assert again[-1][0]["again"] is True


async def test_crash_between_deletion_and_destruction_goes_on_where_it_was(office: Office) -> None:
    """The scheduler that was ended had a sample in hand; the next has none, and says so in the certificate."""
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    office.erasing._samples.clear()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await asyncio.gather(office.round(), return_exceptions=True)
    await office.seal()
    await office.round()
    async with office.house.as_("portal") as portal:
        certificate = await read_certificate(portal, order)
    assert certificate is not None
    tried = json.loads(certificate.document)["tried_afterwards"]
    assert (tried["values_tried"], tried["values_opened"], tried["keys_handed_out"]) == (0, 0, 0)


assert POLICY.quorum == 1
assert timedelta(seconds=RELEASE)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A small installation for the pages to show: two authorities and the reception, people, units, devices, operators.

Everybody is invented: birth numbers 980–999 and telephone numbers set aside for fiction.
"""

import asyncio
import base64
import hashlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Network
from itertools import count
from pathlib import Path
from random import Random
from select import select
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from tests.auditing import engage
from tests.clusters import start_cluster
from tests.databases import provide_tenant
from tests.identities import IDENTITIES, blinded, keep_key
from tests.keys.running import end_keyholder, start_keyholder
from tests.letters import as_letters, opened
from vaka.access.grants import grant_role
from vaka.access.time_boxes import TIME_BOXED, usual_end
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_database, tenant_role
from vaka.demo.numbers import personal_number
from vaka.identifiers import new_identifier
from vaka.identity.accounts import create_account
from vaka.identity.installation import decide_installation
from vaka.keys.keyring import Keyring, make_keyring
from vaka.keys.letters import Addressee
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.devices import Device, Network, register_devices
from vaka.tenants.people import Contact, Note, Person, Unit, UnitHours, register_people, register_units
from vaka.tenants.registration import register_authority

ACTOR = "setup"
MORNING, NIGHT = 7 * 60, 22 * 60
CHANCE = Random(980)

PERSONAS = (
    ("olga", "Olga Operatör", "operator", ("ekbacka", "norrvik", "mottagning"), "sv"),
    ("emil", "Emil Ekbacka", "operator", ("ekbacka",), "sv"),
    ("nina", "Nina Norrvik", "operator", ("norrvik",), "sv"),
    ("edith", "Edith English", "operator", ("ekbacka", "norrvik", "mottagning"), "en"),
    ("lena", "Lena Ledarsson", "shift_leader", ("ekbacka", "norrvik", "mottagning"), "sv"),
    ("tekla", "Tekla Teknik", "device_technician", ("ekbacka", "mottagning"), "sv"),
    ("greta", "Greta Gransk", "quality_reviewer", ("ekbacka",), "sv"),
    ("lovisa", "Lovisa Logg", "log_reviewer", ("ekbacka",), "sv"),
    ("lorna", "Lorna Logger", "log_reviewer", ("ekbacka", "norrvik"), "en"),
    ("niklas", "Niklas Norrlogg", "log_reviewer", ("norrvik",), "sv"),
    ("agneta", "Agneta Avtal", "contract_officer", ("ekbacka",), "sv"),
    ("gun", "Gun Gallring", "records_officer", ("ekbacka",), "sv"),
    ("rakel", "Rakel Radering", "records_officer", ("ekbacka",), "sv"),
    ("arvid", "Arvid Arkiv", "archivist", ("ekbacka",), "sv"),
    ("rut", "Rut Revisor", "auditor", ("ekbacka",), "sv"),
    ("beata", "Beata Behörig", "access_approver", ("ekbacka",), "sv"),
    ("bertil", "Bertil Behörig", "access_approver", ("ekbacka",), "en"),
    ("vera", "Vera Vilsen", None, (), "sv"),
    ("adam", "Adam Administratör", "administrator", ("",), "sv"),
    ("ada", "Ada Administrator", "administrator", ("",), "en"),
)

FIRST_SENDERS = {"ekbacka": 8031000, "norrvik": 2630100}
ON_CALL = {"ekbacka": "08-465 004 56", "norrvik": "08-465 004 67"}
FULL_PERSON = "Karin Holmgren"
NAMES = (
    "Karin Holmgren", "Bertil Åström", "Solveig Lindqvist", "Rune Ek", "Margit Sundqvist", "Gösta Öberg",
    "Elsa Nyström", "Sixten Wallin", "Ingrid Dahlberg", "Valdemar Fransson", "Dagny Berglund", "Harald Strand",
    "Maj-Britt Hedlund", "Torsten Asplund", "Viola Sjögren", "Arvid Norberg", "Berit Löfgren", "Hilding Boström",
)  # fmt: skip


Connection = psycopg.Connection[tuple[object, ...]]
ACCEPT = "select outcome, alarm_id from accept_messages(%s, 'test-1')"


@dataclass
class Installation:
    """A furnished database server. Blocking throughout: browsers and test clients wait anyway."""

    root: Path
    cluster: Cluster
    authorities: dict[str, Authority] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, tuple[str, Person, Device]] = field(default_factory=dict)
    """By name: the authority's slug, the person, the device."""
    keyholder: subprocess.Popen[bytes] = field(init=False)
    _references: Iterator[int] = field(default_factory=lambda: count(1))
    _kept: dict[tuple[str, str], Connection] = field(default_factory=dict)
    _components: dict[tuple[str, str], psycopg.AsyncConnection[Any]] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        """How the database server is reached."""
        return self.cluster.server

    def restore_keyholder(self) -> None:
        """Let the keyholder work on, or start it again where a test has ended it."""
        if self.keyholder.poll() is None:
            self.keyholder.send_signal(signal.SIGCONT)
        else:
            self.keyholder = start_keyholder(self.root)

    def raise_alarm(
        self, name: str, kind: str = "button", alarm_class: str = "life", ago: float = 0, **more: object
    ) -> UUID:
        """Let somebody's device raise an alarm ``ago`` seconds ago, and return the alarm."""
        slug, person, device = self.people[name]
        facts = {
            "device_id": str(device.id), "person_id": str(person.id), "sender": device.sender, "class": alarm_class,
            "kind": kind, "device_type": device.device_type,
        }  # fmt: skip
        return self._accept(slug, facts | more, ago)[1]

    @contextmanager
    def joining(self, name: str, kind: str = "button") -> Iterator[None]:
        """Let somebody alarm again: it is written, and holds the alarm's row, but can be seen only after the block."""
        slug, person, device = self.people[name]
        facts = {
            "device_id": str(device.id), "person_id": str(person.id), "sender": device.sender, "class": "life",
            "kind": kind, "device_type": device.device_type,
        }  # fmt: skip
        database = self.authorities[slug].database_name
        with (
            closing(self._connect(tenant_role(database, "receiver"), database)) as connection,
            connection.transaction(),
        ):
            [row] = connection.execute(ACCEPT, (Jsonb([self._letters(slug, facts, 0)]),)).fetchall()
            assert row[0] == "joined"
            yield

    def is_anybody_kept_waiting(self, slug: str) -> bool:
        """Whether a process waits for a row that another holds."""
        return self.execute(slug, "select count(*) from pg_locks where not granted") != [(0,)]

    def raise_unknown(self, sender: str, ago: float = 0) -> UUID:
        """Let a device that nobody registered raise an alarm."""
        facts = {
            "device_id": None, "person_id": None, "sender": sender, "class": "life", "kind": "button", "device_type": 3
        }  # fmt: skip
        return self._accept("mottagning", facts, ago)[1]

    def raise_exercise(self, slug: str, exercise: UUID, ago: float = 0) -> UUID:
        """Let a new device of an exercise that is held raise an alarm."""
        device, sender, now = uuid4(), blinded(uuid4().hex), datetime.now(UTC)
        self.execute(
            slug, "select register_exercise_devices(%s, %s, %s, 'setup', %s)",
            (exercise, Jsonb([{"device_id": str(device), "sender": sender}]), now + timedelta(hours=4),
             now - timedelta(hours=1)), "setup",
        )  # fmt: skip
        facts = {
            "device_id": str(device), "person_id": None, "sender": sender, "class": "life", "kind": "button",
            "device_type": 2, "exercise_id": str(exercise),
        }  # fmt: skip
        message = self._letters(slug, facts, ago)
        self.execute(slug, "select outcome from accept_exercises(%s, 'test-1')", (Jsonb([message]),), "receiver")
        return UUID(str(self.execute(slug, "select id from alarm where sender = %s", (sender,))[0][0]))

    def withdraw(self, name: str) -> None:
        """Let somebody's device take its alarm back."""
        slug, person, device = self.people[name]
        facts = {
            "device_id": str(device.id), "person_id": str(person.id), "sender": device.sender, "class": "life",
            "kind": "cancel", "device_type": device.device_type, "effect": "withdraw",
        }  # fmt: skip
        self._accept(slug, facts, 0)

    def execute(
        self, slug: str, statement: str, parameters: Sequence[object] | None = None, component: str = "desk"
    ) -> list[tuple[object, ...]]:
        """Run a statement in an authority's database as one component and return what it returns."""
        database = self.authorities[slug].database_name
        cursor = self.connection(tenant_role(database, component), database).execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []

    def connection(self, role: str, database: str) -> Connection:
        """Return a role's connection that stays open: a new one costs the server more than most of what is asked.

        Where the server has ended it meanwhile, it is a new one.
        """
        known = self._kept.get((role, database))
        if known is None or _is_over(known):
            known = self._kept[role, database] = self._connect(role, database)
        return known

    async def component(self, role: str, database: str) -> psycopg.AsyncConnection[Any]:
        """Return a connection as processes open theirs, which stays open too: for one thing after the other."""
        known = self._components.get((role, database))
        if known is None or _is_over(known):
            known = await open_connection(self.server, role, database, application="test")
            self._components[role, database] = known
        return known

    async def signing_in(self) -> psycopg.AsyncConnection[Any]:
        """Return the connection on which sessions are opened."""
        return await self.component(platform_role("signin"), PLATFORM_DATABASE)

    def disconnect(self) -> None:
        """Close what was kept open."""
        for connection in self._kept.values():
            connection.close()
        for component in self._components.values():
            asyncio.run(component.close())

    def _connect(self, role: str, database: str) -> Connection:
        # Never prepared: what is sent may be several statements, and about tables that are changed in between.
        return psycopg.connect(
            self.server.conninfo(role, database), autocommit=True, prepare_threshold=None,
            options="-c search_path=vaka",
        )  # fmt: skip

    def state_of(self, slug: str, alarm: UUID) -> str:
        """Return the state of an alarm."""
        return str(self.execute(slug, "select state from alarm where id = %s", (alarm,))[0][0])

    def closing_text(self, slug: str, alarm: UUID) -> str:
        """Return what was written at an alarm's end, opened as who has the keys."""
        statement = """select n.id, n.subject_id, n.body from alarm a join alarm_note n on n.id = a.closing_note
                       where a.id = %s"""
        [(note, subject, body)] = self.execute(slug, statement, (alarm,))
        row = {"id": note, "subject_id": subject, "body": body}
        return str(opened(self.server, self.authorities[slug], "alarm_note", row)["body"])

    def close_everything(self) -> None:
        """End every open alarm, so that the next test begins with an empty queue."""
        for slug in self.authorities:
            self.execute(slug, """
                with ended as (
                    update alarm set state = 'closed', closed_at = now(), closed_by = 'scheduler', holder = null,
                        offered_to = null, suspended_until = null, escalate_at = null, version = version + 1
                    where state not in ('merged', 'closed') returning id
                ) select announce_alarms(array_agg(id)) from ended having count(*) > 0""")  # fmt: skip

    def _accept(self, slug: str, facts: Mapping[str, object], ago: float) -> tuple[str, UUID]:
        [row] = self.execute(slug, ACCEPT, (Jsonb([self._letters(slug, facts, ago)]),), "receiver")
        return str(row[0]), UUID(str(row[1]))

    def _letters(self, slug: str, facts: Mapping[str, object], ago: float) -> dict[str, object]:
        """Return a message as the receiver hands it to the database."""
        message = _message(str(next(self._references)), facts, ago)
        found = self.execute(slug, "select id, address from person where id = %s", (facts["person_id"],))
        to = [Addressee(UUID(str(person)), address) for person, address in found if isinstance(address, bytes)]
        return as_letters(self.authorities[slug], message, *to)


def _is_over(connection: Connection | psycopg.AsyncConnection[Any]) -> bool:
    """Whether a connection was closed, by us or by the server: what it said last waits to be read."""
    try:
        # A last word first, and then that there is no more.
        while not connection.closed and select([connection.fileno()], [], [], 0)[0]:
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        connection.pgconn.finish()
    return connection.closed


def _message(reference: str, facts: Mapping[str, object], ago: float) -> dict[str, object]:
    return {
        "place": 0, "message_id": str(uuid4()), "alarm_id": str(new_identifier(datetime.now(UTC))),
        "ref": reference,
        "digest": hashlib.sha256(reference.encode()).hexdigest(), "effect": "raise", "restores": None,
        "received_at": (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(), "status_code": 10,
        "location_code": 0, "location_text": "", "device_text": "", "position_text": "", "transport": "udp",
        "source": "192.0.2.7:5060", "deviations": [], "body": base64.b64encode(b"<mrq/>").decode(), **facts,
    }  # fmt: skip


@contextmanager
def open_installation(mode: str = "demo") -> Iterator[Installation]:
    """Create a database server, furnish it, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="vaka-web-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        root.chmod(0o755)
        cluster = start_cluster(root)
        try:
            keep_key(cluster.server.credentials)
            installation = Installation(root, cluster)
            installation.keyholder = start_keyholder(root)
            try:
                asyncio.run(_furnish(installation, mode))
                yield installation
            finally:
                installation.disconnect()
                end_keyholder(installation.keyholder)
        finally:
            cluster.stop(immediately=True)


async def _furnish(installation: Installation, mode: str) -> None:
    now = datetime.now(UTC)
    server = installation.server
    platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="test")
    keyring = make_keyring(server, Settings(), "setup", SystemClock())
    try:
        await decide_installation(platform, mode, now)
        for slug, name, kind in (
            ("ekbacka", "Ekbacka kommun", "authority"), ("norrvik", "Norrviks kommun", "authority"),
            ("mottagning", "Larmcentralens mottagning", "intake"),
        ):  # fmt: skip
            provide_tenant(server, tenant_database(slug))  # which is then registered as one that is there
            installation.authorities[slug] = await register_authority(
                server, platform, keyring, slug, name, kind=kind, actor=ACTOR, now=now
            )
        for number, slug in enumerate(("ekbacka", "norrvik")):
            await _populate(installation, platform, keyring, slug, NAMES[number::2], now)
        for persona, name, role, slugs, language in PERSONAS if mode == "demo" else ():
            account = await create_account(
                platform, name, kind="administrator" if role == "administrator" else "user", language=language,
                persona=persona, actor=ACTOR, now=now,
            )  # fmt: skip
            installation.accounts[persona] = account.id
            for slug in slugs if role else ():
                where = installation.authorities[slug].id if slug else None
                end = usual_end(role, now)
                await grant_role(platform, account.id, role or "", where, actor=ACTOR, now=now, valid_until=end)
                if role in TIME_BOXED and where is not None:
                    engage(server, where, account.id, now=now, until=now + timedelta(days=300))
    finally:
        await keyring.close()
        await platform.close()


async def _populate(
    installation: Installation,
    platform: psycopg.AsyncConnection[object],
    keyring: Keyring,
    slug: str,
    names: tuple[str, ...],
    now: datetime,
) -> None:
    authority = installation.authorities[slug]
    place = authority.name.split()[0].removesuffix("s")
    tenant = await open_connection(
        installation.server, tenant_role(authority.database_name, "setup"), authority.database_name, application="test"
    )
    try:
        await tenant.execute("update vaka.policy set on_call_phone = %s", (ON_CALL[slug],))
        patrol = Unit(uuid4(), f"Nattpatrullen {place}", "08-465 004 12")
        care = Unit(uuid4(), "Hemtjänsten Centrum", "08-465 004 34")
        hours = [UnitHours("Centrum", MORNING, NIGHT, care.id), UnitHours("Centrum", NIGHT, MORNING, patrol.id)]
        await register_units(tenant, [patrol, care], hours, actor=ACTOR, now=now)
        people = [_invent(name, place, number, now) for number, name in enumerate(names)]
        await register_people(tenant, keyring.of(authority.id), people, actor=ACTOR, now=now)
        legacy = Network(IPv4Network("192.0.2.0/24"), "äldre enhet i provmiljön", now + timedelta(days=30))
        devices = [
            Device(uuid4(), f"{FIRST_SENDERS[slug] + number}", legacy, person.id, (3, 2, 5)[number % 3],
                   "Trygg 4", ("Vardagsrummet", "Hallen", "Sovrummet")[number % 3])
            for number, person in enumerate(people)
        ]  # fmt: skip
        await register_devices(tenant, platform, authority, IDENTITIES, devices, actor=ACTOR, now=now)
        for person, device in zip(people, devices, strict=True):
            installation.people[f"{person.given_name} {person.family_name}"] = (slug, person, device)
    finally:
        await tenant.close()


def _invent(name: str, place: str, number: int, now: datetime) -> Person:
    given_name, family_name = name.rsplit(" ", 1)
    born_on = date(1932 + number, 1 + number % 12, 3 + number)
    if name == FULL_PERSON:
        return Person(
            uuid4(), given_name, family_name, personal_number(born_on, True, CHANCE), born_on, "070-174 06 21",
            language="finska", hearing="Hörapparat, tas ut på natten", speech="Långsamt tal efter stroke",
            cognition="Lätt kognitiv svikt", street="Blåklocksstigen 14 B", postal_code="991 23", city=place,
            floor="3 tr", door_code="2580", route="Andra porten från torget. Hissen är avstängd efter 22.",
            latitude=59.46012, longitude=14.93145, area="Centrum",
            risks=("Hund i bostaden", "Syrgas – ingen öppen låga", "Två personer krävs"),
            care_notes="Blodförtunnande: ring 112 vid fall med slag mot huvudet. Går med rullator, reser sig inte.",
            key_number="E417", key_box="Vid entrén till vänster, kod 4471",
            digital_lock="Digitalt lås, behörighet Hemtjänsten",
            contacts=(
                Contact("Anneli Holmgren", "070-174 06 33", "dotter", True),
                Contact("Per Holmgren", "070-174 06 48", "son"),
                Contact("Gun Strand", "070-174 06 75", "granne", True),
            ),
            notes=(
                Note(uuid4(), "Ring alltid dottern före besök efter 22.", now, True, now + timedelta(days=12)),
                Note(uuid4(), "Hemtjänsten bytte batteri i larmknappen i måndags.", now - timedelta(days=3)),
            ),
        )  # fmt: skip
    return Person(
        uuid4(), given_name, family_name, personal_number(born_on, number % 2 == 0, CHANCE), born_on,
        f"070-174 06 {10 + number}", street=f"Lergöksgatan {3 + number}", postal_code="991 20", city=place,
        floor=f"{1 + number % 4} tr", door_code=str(1400 + number), area="Centrum", key_number=f"E{200 + number}",
        risks=("Hal trappa utomhus",) if number % 4 == 1 else (), protected_identity=number == 7,
        contacts=(Contact(f"Eva {family_name}", "070-174 06 90", "dotter", number % 2 == 0),),
    )  # fmt: skip

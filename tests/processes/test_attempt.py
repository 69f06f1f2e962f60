# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A backup set is restored and it is tried to read somebody in it: the living can be, the erased cannot (term 6)."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import Sender
from tests.clusters import start_cluster
from tests.identities import blinded
from tests.keys.running import running_keyholder
from tests.letters import as_letters
from tests.people import register, with_keys
from tests.restoring import back_up
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import Cluster
from vaka.database.provision import provision_tenant
from vaka.database.restoring import BackupSet, NotRestoredError, choose_set, filled, list_sets, restored, sweep
from vaka.database.server import SUPERUSER, Server, tenant_database
from vaka.keys.client import KeysUnavailableError
from vaka.keys.keyring import Keyring, make_client
from vaka.keys.letters import Addressee
from vaka.keys.personal import load_declaration
from vaka.processes.attempt import attempt
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.tenants.attempting import SEALED_TABLES, Outcome, Question, _spread
from vaka.tenants.attempts import attempt_apart
from vaka.tenants.authorities import Authority
from vaka.tenants.people import Contact, Note, Person

pytestmark = pytest.mark.database


@dataclass
class Place:
    """An installation with one authority and two people in it, and a base backup of it all."""

    root: Path
    server: Server
    authority: Authority
    erased: Person
    living: Person

    def try_reading(self, person: UUID | None, before: datetime | None = None, name: str = "") -> Outcome:
        return attempt(self.root, self.settings, self.ask(person, before, name))

    def ask(self, person: UUID | None, before: datetime | None = None, name: str = "") -> Question:
        return Question(
            component="scheduler", authority=self.authority.id, database=self.authority.database_name, person=person,
            before=before, name=name,
        )  # fmt: skip

    def try_apart(self, person: UUID | None, name: str = "", **more: float) -> Outcome:
        """In a process of its own, as the scheduler does."""
        settings = self.settings
        erasure = settings.erasure.model_copy(update=more)
        settings = settings.model_copy(update={"erasure": erasure})
        return asyncio.run(attempt_apart(self.root, settings, self.ask(person, name=name)))

    @property
    def settings(self) -> Settings:
        return load_settings(self.root / "vaka.toml")

    def back_up(self, name: str) -> Path:
        return back_up(self.server, self.root / "backups" / name)

    def write_to_authority(self) -> None:
        """As whoever accepts what comes from a device of nobody's."""
        plain = Sender(None, uuid4(), "700000000099").message(SystemClock().now(), device_text="Knapp")
        sent = as_letters(self.authority, plain)
        conninfo = self.server.conninfo(SUPERUSER, self.authority.database_name)
        with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
            connection.execute("set search_path = vaka")
            connection.execute("select outcome from accept_messages(%s, 'west-1')", (Jsonb([sent]),))

    def some_set(self) -> BackupSet:
        """Any set; one is made where there is none."""
        if not list_sets(self.root / "backups"):
            self.back_up("any")
        return list_sets(self.root / "backups")[0]

    def erase(self, person: UUID | None) -> None:
        async def work() -> None:
            client = make_client(self.server, self.settings, "setup", SystemClock())
            if person is None:
                await client.erase_authority(self.authority.id, uuid4())
            else:
                await client.erase(self.authority.id, [person], uuid4())
            await client.close()

        asyncio.run(work())


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="vaka-test-"))
    root.chmod(0o755)
    cluster = start_cluster(root)
    try:
        (root / "vaka.toml").write_text('[erasure]\nbackups = "backups"\n')
        (root / "backups").mkdir(mode=0o700)
        with running_keyholder(root):
            yield furnish(root, cluster.server)
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


def furnish(root: Path, server: Server, slug: str = "provkommun") -> Place:
    identifier = uuid4()

    async def open_authority(keyring: Keyring) -> bytes:
        await keyring.open_authority(identifier)
        await keyring.create(identifier, [identifier])
        return keyring.of(identifier).address(identifier)

    address = with_keys(server, open_authority)
    authority = Authority(identifier, slug, slug.title(), "authority", tenant_database(slug), address)
    provision_tenant(server, authority.database_name)
    people = [
        Person(
            uuid4(), name, "Märkesson", street="Lindvägen 3", door_code="4711",
            contacts=(Contact("Kalle Kontakt", "070-1740610"),),
            notes=(Note(uuid4(), "Hund i hallen", SystemClock().now()),),
        )
        for name in ("Märta", "Bo")
    ]  # fmt: skip

    async def write(keyring: Keyring) -> None:
        await register(server, authority, keyring, people)
        for person in people:
            device = uuid4()
            plain = Sender(person.id, device, f"{device.int % 10**12}").message(
                SystemClock().now(), device_text="Knapp"
            )
            keys = keyring.of(authority.id)
            await keys.hold([person.id])
            sent = as_letters(authority, plain, Addressee(person.id, keys.address(person.id)))
            conninfo = server.conninfo(SUPERUSER, authority.database_name)
            with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
                connection.execute("set search_path = vaka")
                connection.execute("insert into device (id, person_id, sender) values (%s, %s, %s)",
                                   (device, person.id, blinded(f"{device.int % 10**12}")))  # fmt: skip
                connection.execute("select outcome from accept_messages(%s, 'west-1')", (Jsonb([sent]),))

    with_keys(server, write)
    return Place(root, server, authority, *people)


def test_every_table_with_something_sealed_is_looked_into() -> None:
    assert set(SEALED_TABLES) == {column.table for column in load_declaration().values() if column.is_sealed}


def test_term_06_living_person_is_read_in_a_backup_and_an_erased_one_is_not(place: Place) -> None:
    assert place.try_reading(place.living.id, name="monday").backup == "none_there"
    place.back_up("monday")
    read = place.try_reading(place.erased.id, name="monday")
    assert (read.backup, read.set) == ("tried", "monday")
    assert read.values_tried == read.values_opened > 10
    assert read.letters_tried == read.letters_opened == 2
    assert (read.keys_handed_out, read.copies_tried, read.copies_opened) == (1, 1, 1)

    place.erase(place.erased.id)
    gone = place.try_reading(place.erased.id, name="monday")
    assert (gone.backup, gone.set, gone.opened) == ("tried", "monday", 0)
    assert (gone.values_tried, gone.letters_tried, gone.copies_tried) == (read.values_tried, 2, 1)
    # His copy in the backup lies under the destroyed root key, too; what is kept today opens what is in the backup.
    left = place.try_apart(place.living.id, "monday")
    assert (left.values_opened, left.letters_opened) == (read.values_tried, 2)
    assert (left.copies_tried, left.copies_opened) == (1, 0)
    assert not (place.root / "restored").exists()


def test_term_06_authority_is_read_in_a_backup_until_all_its_keys_are_destroyed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = furnish(place.root, place.server, "slutkommun")
    ends.write_to_authority()
    ends.back_up("sunday")
    with monkeypatch.context() as patch:  # as where there are more than are tried
        patch.setattr("vaka.tenants.attempting.MOST_PEOPLE", 1)
        read = ends.try_reading(None, name="sunday")
    assert (read.backup, read.people_tried, read.people_there) == ("tried", 1, 2)
    assert read.values_tried == read.values_opened > 10
    assert read.letters_tried == read.letters_opened == 2 + 2  # the person's, and the authority's own
    assert (read.copies_tried, read.copies_opened) == (2, 2)
    assert read.keys_handed_out == 3  # whatever of its keys is handed out, counts

    ends.erase(None)
    gone = ends.try_apart(None, "sunday")
    assert (gone.backup, gone.set, gone.opened) == ("tried", "sunday", 0)
    assert (gone.people_tried, gone.people_there) == (2, 2)
    assert (gone.values_tried, gone.letters_tried, gone.copies_tried) == (2 * read.values_tried, 2 + 2 + 2, 3)
    shutil.rmtree(ends.root / "backups" / "sunday")


def test_people_who_are_tried_are_spread_over_the_register() -> None:
    people = [UUID(int=number) for number in range(10)]
    assert [one.int for one in _spread(people, 4)] == [0, 2, 5, 7]
    assert _spread(people, 20) == people
    assert _spread([], 20) == []


def test_newest_set_from_before_is_taken_or_else_the_newest() -> None:
    monday, tuesday = (BackupSet(name, Path(name), datetime(2026, 11, day, tzinfo=UTC)) for name, day in
                       (("monday", 23), ("tuesday", 24)))  # fmt: skip
    sets = [tuesday, monday]
    assert choose_set(sets, None) is tuesday
    assert choose_set(sets, tuesday.made) is monday
    assert choose_set(sets, monday.made) is tuesday
    assert choose_set([], monday.made) is None


def test_whoever_is_killed_leaves_no_copy(place: Place) -> None:
    """Whoever looks into a set is killed: the server on the copy ends with him, and the next one removes the copy."""
    place.some_set()
    where = place.root / "restored"
    program = (
        "import sys, time; from pathlib import Path; from vaka.database.restoring import list_sets, restored\n"
        "with restored(list_sets(Path(sys.argv[1]))[0], Path(sys.argv[2])): print('there', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(place.root / "backups"), str(where)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        held = Cluster(where, where)
        server = held.process_id()
        assert (where.stat().st_mode & 0o777, held.is_running()) == (0o700, True)
        assert "listen_addresses = ''" in (held.data / "postgresql.conf").read_text()
        sweep(where)  # nothing, while somebody looks into it
        assert held.is_running()
        process.send_signal(signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{server}").exists())
    assert held.data.exists()
    sweep(where)
    assert not where.exists()


def test_copy_does_not_heed_what_was_set_by_hand_on_the_server_it_is_of(place: Place) -> None:
    """Whoever is superuser there names libraries and programs; from where the log comes is ours to say."""
    found, recovers = place.some_set(), b"restore_command = '/bin/false'\nrecovery_target_timeline = 'latest'\n"

    def fill(cluster: Cluster) -> None:
        shutil.copytree(found.path, cluster.data)
        (cluster.data / "postgresql.auto.conf").write_bytes(
            b"# restore_command of ours\nlisten_addresses = '127.0.0.1'\nshared_preload_libraries = 'not_there'\n"
            b" archive_cleanup_command = 'x'\nssl_passphrase_command = '\xff'\ninclude 'other.conf'\n" + recovers
        )

    with filled(place.root / "restored", fill) as cluster:
        assert (cluster.data / "postgresql.auto.conf").read_bytes() == recovers


def test_attempt_that_takes_too_long_is_ended_and_says_so(place: Place) -> None:
    place.some_set()
    assert place.try_apart(place.living.id, attempt_seconds=0.01).backup == "too_long"
    assert not (place.root / "restored").exists()


def test_set_that_leads_elsewhere_or_is_damaged_or_too_large_is_not_restored(place: Place, tmp_path: Path) -> None:
    where = place.root / "restored"
    there = place.back_up("friday")
    (there / "pg_tblspc" / "16384").symlink_to(tmp_path)
    found = next(one for one in list_sets(place.root / "backups") if one.name == "friday")
    with pytest.raises(NotRestoredError, match="not_restored"), restored(found, where):
        pytest.fail("a link was followed")
    (there / "pg_tblspc" / "16384").unlink()
    with pytest.raises(NotRestoredError, match="no_room"), restored(found, where, room=1 << 60):
        pytest.fail("there is no room")
    (there / "global" / "pg_control").write_bytes((there / "global" / "pg_control").read_bytes()[:100])
    assert place.try_reading(place.living.id, name="friday").backup == "not_restored"
    (there / "backup_manifest").unlink()  # as while it is being written
    assert place.try_reading(place.living.id, name="friday").backup == "none_there"
    assert not where.exists()
    shutil.rmtree(there)


def test_place_that_is_not_there_is_said_and_not_tried_for_ever(place: Place) -> None:
    place.some_set()
    settings = place.settings
    erasure = settings.erasure.model_copy(update={"restored": Path("not/mounted/restored")})
    settings = settings.model_copy(update={"erasure": erasure})
    assert attempt(place.root, settings, place.ask(place.living.id)).backup == "not_restored"
    sweep(place.root / "not" / "mounted" / "restored")


def test_directory_that_is_somebody_elses_is_left_alone(place: Place, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    found = place.some_set()
    with pytest.raises(NotRestoredError), restored(found, tmp_path):
        pytest.fail("it was taken for ours")
    sweep(tmp_path)
    assert (tmp_path / "kept").read_text() == "kept"


def test_nothing_is_restored_while_the_keyholder_is_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would know in the end, and the same set would be restored again and again."""

    def restore(*_: object) -> None:
        pytest.fail("a set was restored")

    place.some_set()
    keyholder = place.settings.keyholder.model_copy(update={"socket": Path("run/nobody.sock")})
    settings = place.settings.model_copy(update={"keyholder": keyholder})
    monkeypatch.setattr("vaka.processes.attempt.restored", restore)
    with pytest.raises(KeysUnavailableError):
        attempt(place.root, settings, place.ask(place.living.id))


def test_set_from_before_a_sealed_column_was_there_is_said_to_be_unreadable(place: Place) -> None:
    """It is the backup of a version of before: that ends the attempt, which broke and was made again for ever."""
    early = furnish(place.root, place.server, "tidigkommun")
    with closing(psycopg.connect(early.server.conninfo(SUPERUSER, early.authority.database_name))) as connection:
        connection.execute("alter table vaka.person rename column door_code to code")
        connection.commit()
    early.back_up("early")
    try:
        assert early.try_reading(early.living.id, name="early").backup == "unreadable"
        assert early.try_reading(None, name="early").backup == "unreadable"
        assert place.try_reading(place.living.id, name="early").backup == "tried"
    finally:
        shutil.rmtree(place.root / "backups" / "early")

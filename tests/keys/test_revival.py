# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who can do anything in the database, and has every backup of it, opens nothing; and what was erased stays erased.

The last test is the horizon: what nobody can notice is said, and shown to be so.
"""

from contextlib import closing
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.keys.keyring import TABLES, Keyring
from tests.keys.test_hierarchy import EKBACKA, ORDER, by_subject
from vaka.crypto.aead import UnopenableError
from vaka.crypto.chance import new_key
from vaka.database.cluster import Cluster
from vaka.database.server import SUPERUSER
from vaka.keys.binding import bind_authority
from vaka.keys.roots import RootMissingError
from vaka.keys.sealed_file import SealedFilePlace
from vaka.keys.settling import RevivedStoreError

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def furnish(keyring: Keyring) -> tuple[list[UUID], dict[UUID, bytes]]:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    people = keyring.people(3)
    return people, by_subject(await hierarchy.create(EKBACKA, people))


async def require_refused(keyring: Keyring, reason: str) -> None:
    await keyring.close()
    with pytest.raises(RevivedStoreError) as refused:
        await keyring.open()
    assert refused.value.reason == reason


async def test_rogue_administrator_of_the_database_finds_no_key(keyring: Keyring, key_cluster: Cluster) -> None:
    """Everything in the key database, and every file of the server, without the root store: wrapped keys only."""
    _, secrets = await furnish(keyring)
    hierarchy = await keyring.reopen()
    secrets_and_more = [*secrets.values(), await hierarchy.lookup_key(EKBACKA, "phone")]
    marker = keyring.execute("select wrapped from vaka.subject_key limit 1")[0][0]
    assert isinstance(marker, bytes)
    for server_file in _files_after_checkpoint(keyring, key_cluster):
        content = server_file.read_bytes()
        assert not any(secret in content for secret in secrets_and_more), server_file
    wrapped_is_there = any(marker in path.read_bytes() for path in _files_after_checkpoint(keyring, key_cluster))
    assert wrapped_is_there, "the search must be able to find what is there"
    assert all(secret not in data for data in keyring.copy_database().values() for secret in secrets_and_more)
    # Another root key, however it is made, is not the one.
    keyring.root_file.unlink()
    await require_refused(keyring, "root missing")
    keyring.place.make(UUID(int=99))
    await require_refused(keyring, "another installation")
    keyring.execute("update vaka.store set id = %s", UUID(int=99))
    keyring.memory.path.unlink()
    hierarchy = await keyring.open()
    with pytest.raises(UnopenableError):
        await hierarchy.unwrap(EKBACKA, list(secrets))


def _files_after_checkpoint(keyring: Keyring, cluster: Cluster) -> list[Path]:
    keyring.execute("checkpoint")
    row = keyring.execute("select oid::text from pg_database where datname = 'vaka_keys'")[0]
    tables = list((cluster.data / "base" / str(row[0])).iterdir())
    return [path for path in [*tables, *(cluster.data / "pg_wal").iterdir()] if path.is_file()]


@pytest.mark.parametrize("lost", ["root", "credential"])
async def test_root_without_credential_and_credential_without_root_open_nothing(keyring: Keyring, lost: str) -> None:
    await furnish(keyring)
    await keyring.close()
    (keyring.root_file if lost == "root" else keyring.credential).unlink()
    with pytest.raises(Exception, match="missing"):
        await keyring.open()


async def test_old_key_database_is_noticed(keyring: Keyring) -> None:
    people, _ = await furnish(keyring)
    hierarchy = await keyring.reopen()
    before = keyring.copy_database()
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    keyring.put_back_database(before)
    await require_refused(keyring, "old database")
    keyring.memory.path.unlink()
    await require_refused(keyring, "old database")


async def test_old_key_database_made_to_look_new_opens_nothing(keyring: Keyring) -> None:
    """The generation is a number anybody who may write the database can write; the root version it needs is gone."""
    people, _ = await furnish(keyring)
    hierarchy = await keyring.reopen()
    before = keyring.copy_database()
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    keyring.put_back_database(before)
    keyring.execute("update vaka.store set generation = 2")
    await require_refused(keyring, "old root")
    keyring.execute("update vaka.store set root_version = 2")
    await keyring.close()
    hierarchy = await keyring.open()
    with pytest.raises(UnopenableError):
        await hierarchy.unwrap(EKBACKA, people)


async def test_old_root_is_noticed(keyring: Keyring) -> None:
    people, _ = await furnish(keyring)
    hierarchy = await keyring.reopen()
    keyring.copy_root("old-root")
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    keyring.put_back_root("old-root")
    await require_refused(keyring, "old root")


async def test_backup_from_before_the_erasure_opens_with_no_version_that_is_left(keyring: Keyring) -> None:
    people, _ = await furnish(keyring)
    hierarchy = await keyring.reopen()
    wrapped = keyring.execute("select wrapped from vaka.authority_key")[0][0]
    store = hierarchy.store
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    await keyring.close()
    root = keyring.place.open()
    assert root is not None
    assert isinstance(wrapped, bytes)
    bound = bind_authority(store.identifier, EKBACKA, 1)
    with pytest.raises(RootMissingError):
        root.unwrap(store.root_version, wrapped, bound)
    for version in root.versions:
        with pytest.raises(UnopenableError):
            root.unwrap(version, wrapped, bound)


async def test_everything_old_together_is_noticed_where_a_newer_generation_was_seen(keyring: Keyring) -> None:
    people, _ = await furnish(keyring)
    hierarchy = await keyring.reopen()
    before = keyring.copy_database()
    keyring.copy_root("old-root")
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    await keyring.close()
    keyring.put_back_database(before)
    keyring.put_back_root("old-root")
    await require_refused(keyring, "both old")
    # Somebody who empties both is noticed too.
    keyring.execute(f"truncate {', '.join(TABLES)}")
    await require_refused(keyring, "database empty")
    keyring.root_file.unlink()
    await require_refused(keyring, "all gone")


async def test_horizon_everything_old_together_on_a_machine_that_has_seen_nothing(keyring: Keyring) -> None:
    """Root, credential, key database and no memory: a copy of the whole installation is the installation that day.

    Here nobody on this machine can notice; who asked newer keyholders before, and the ledger, can.
    """
    people, secrets = await furnish(keyring)
    hierarchy = await keyring.reopen()
    before = keyring.copy_database()
    keyring.copy_root("old-root")
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    await keyring.close()
    keyring.put_back_database(before)
    keyring.put_back_root("old-root")
    keyring.memory.path.unlink()
    hierarchy = await keyring.open()
    assert by_subject(await hierarchy.unwrap(EKBACKA, people)) == secrets
    assert hierarchy.store.generation == 1, "which is lower than what was told of the erasure"


async def test_copies_of_another_installation_do_not_open_here(keyring: Keyring) -> None:
    people, _ = await furnish(keyring)
    await keyring.close()
    theirs = SealedFilePlace(keyring.directory / "theirs", keyring.credential).make(UUID(int=5))
    theirs.keep_only(1, 1)
    keyring.copy_root("ours")
    (keyring.directory / "theirs").replace(keyring.root_file)
    await require_refused(keyring, "another installation")
    keyring.put_back_root("ours")
    assert len(await (await keyring.open()).unwrap(EKBACKA, people)) == 3


async def test_keys_made_up_by_the_administrator_are_refused(keyring: Keyring) -> None:
    """He may write rows, but none that opens: the person would be given a key he knows."""
    people, _ = await furnish(keyring)
    with closing(psycopg.connect(keyring.server.conninfo(SUPERUSER, "vaka_keys"), autocommit=True)) as connection:
        connection.execute(
            "insert into vaka.subject_key values (%s, %s, 2, %s, %s, now())",
            (EKBACKA, people[0], new_key(), new_key() + new_key()[:28]),
        )
    hierarchy = await keyring.reopen()
    with pytest.raises(UnopenableError):
        await hierarchy.unwrap(EKBACKA, people[:1])

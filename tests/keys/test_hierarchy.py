# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keys are made, handed out, replaced and destroyed, on a real database; what was moved or changed is refused."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.keys.keyring import Keyring
from vaka.crypto.aead import UnopenableError
from vaka.crypto.agreement import public_of
from vaka.database.connections import DatabaseUnavailableError
from vaka.keys.envelope import seed_of
from vaka.keys.hierarchy import PURPOSES, SubjectKey
from vaka.keys.refusals import KeyholderHeldError, KeyRefusedError
from vaka.keys.stored import WrappedSubjectKey

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EKBACKA, NORRVIK = UUID(int=0xA), UUID(int=0xB)
ORDER, ANOTHER = UUID(int=0x0D1), UUID(int=0x0D2)


def by_subject(keys: Iterable[SubjectKey]) -> dict[UUID, bytes]:
    return {key.subject: key.secret for key in keys}


def wrapped_keys(keyring: Keyring) -> dict[object, object]:
    return {row[0]: row[1] for row in keyring.execute("select subject_id, wrapped from vaka.subject_key")}


async def test_keys_are_made_once_and_found_again(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    assert await hierarchy.open_authority(EKBACKA) == 1
    people = keyring.people(3)
    made = await hierarchy.create(EKBACKA, people)
    assert [(key.subject, key.version) for key in made] == [(person, 1) for person in people]
    assert len({key.secret for key in made}) == 3
    assert all(key.address == public_of(seed_of(key.secret)) for key in made)
    more = keyring.people(1)
    again = await hierarchy.create(EKBACKA, [*people, *more, *people])
    assert len(again) == 4
    assert by_subject(made).items() <= by_subject(again).items()
    hierarchy = await keyring.reopen()
    assert await hierarchy.open_authority(EKBACKA) == 1
    assert by_subject(await hierarchy.unwrap(EKBACKA, [*people, *more])) == by_subject(again)
    assert await hierarchy.unwrap(EKBACKA, keyring.people(2)) == []
    assert await hierarchy.unwrap(NORRVIK, people) == []


async def test_pages_hold_everybody_once(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    people = keyring.people(7)
    made = by_subject(await hierarchy.create(EKBACKA, people))
    found: list[SubjectKey] = []
    after = (UUID(int=0), 0)
    while page := await hierarchy.unwrap_page(EKBACKA, after, 3):
        assert len(page) <= 3
        found += page
        after = (page[-1].subject, page[-1].version)
    assert [key.subject for key in found] == people
    assert by_subject(found) == made


async def test_an_authority_without_keys_is_refused(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    person = keyring.people(1)
    for call in (
        hierarchy.create(EKBACKA, person), hierarchy.lookup_key(EKBACKA, "phone"), hierarchy.rotate(EKBACKA),
        hierarchy.erase(EKBACKA, person, ORDER), hierarchy.erase_authority(EKBACKA, ORDER),
    ):  # fmt: skip
        with pytest.raises(KeyRefusedError) as refused:
            await call
        assert refused.value.reason == "authority not open"
    assert (await hierarchy.count()).subjects == 0


async def test_lookup_keys_differ_and_survive_rotation(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
    before = {(one, what): await hierarchy.lookup_key(one, what) for one in (EKBACKA, NORRVIK) for what in PURPOSES}
    assert len(set(before.values())) == 2 * len(PURPOSES)
    await hierarchy.rotate(EKBACKA)
    await hierarchy.rotate_root()
    hierarchy = await keyring.reopen()
    assert {place: await hierarchy.lookup_key(*place) for place in before} == before
    with pytest.raises(KeyRefusedError, match="no lookup key"):
        await hierarchy.lookup_key(EKBACKA, "name")


async def test_rotation_replaces_what_wraps_and_nothing_else(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    made = by_subject(await hierarchy.create(EKBACKA, keyring.people(2500)[:1000]))
    before = wrapped_keys(keyring)
    done = await hierarchy.rotate(EKBACKA)
    assert (done.key_destroyed, done.key_new, done.root_destroyed) == (1, 2, None)
    assert done.rewrapped == 1000 + len(PURPOSES)
    after = wrapped_keys(keyring)
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert by_subject(await hierarchy.unwrap(EKBACKA, list(made))) == made
    assert by_subject(await (await keyring.reopen()).unwrap(EKBACKA, list(made))) == made


async def test_rotating_the_root_destroys_the_old_version(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
    made = by_subject(await hierarchy.create(NORRVIK, keyring.people(2)))
    wrapped = keyring.execute("select wrapped from vaka.authority_key")
    done = await hierarchy.rotate_root()
    assert (done.root_destroyed, done.root_new, done.generation) == (1, 2, 2)
    root = keyring.place.open()
    assert root is not None
    assert root.versions == (2,)
    assert not set(wrapped) & set(keyring.execute("select wrapped from vaka.authority_key"))
    assert by_subject(await (await keyring.reopen()).unwrap(NORRVIK, list(made))) == made


async def test_erasure_leaves_the_living_and_nobody_else(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
    people = keyring.people(4)
    made = by_subject(await hierarchy.create(EKBACKA, people))
    others = by_subject(await hierarchy.create(NORRVIK, people))
    done = await hierarchy.erase(EKBACKA, people[:1], ORDER)
    assert (done.subjects, done.rewrapped) == (1, 3 + len(PURPOSES))
    assert (done.key_destroyed, done.key_new, done.root_destroyed, done.root_new, done.generation) == (1, 2, 1, 2, 2)
    for _ in range(2):
        assert by_subject(await hierarchy.unwrap(EKBACKA, people)) == {who: made[who] for who in people[1:]}
        assert by_subject(await hierarchy.unwrap(NORRVIK, people)) == others, "the same identifier is another person"
        hierarchy = await keyring.reopen()


def as_row(subject: UUID, row: tuple[Any, ...], key_version: Any) -> WrappedSubjectKey:
    version, address, wrapped = row
    return WrappedSubjectKey(subject, version, address, wrapped, key_version)


async def test_copies_of_keys_open_until_what_they_were_wrapped_by_is_destroyed(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    person, other = keyring.people(2)
    await hierarchy.create(EKBACKA, [person, other])
    query = "select version, address, wrapped from vaka.subject_key where subject_id = %s"
    [(key, wrapped)] = keyring.execute("select version, wrapped from vaka.authority_key")
    copies = {one: [as_row(one, row, key) for row in keyring.execute(query, one)] for one in (person, other)}
    assert isinstance(wrapped, bytes)

    async def tried() -> list[int]:
        return [await hierarchy.try_copies(EKBACKA, wrapped, copies[one]) for one in (person, other)]

    assert await tried() == [1, 1]
    await hierarchy.rotate(EKBACKA)
    assert await tried() == [1, 1], "the root key is the same, and opens the old one"
    damaged = [replace(one, wrapped=one.wrapped[:-1] + bytes([one.wrapped[-1] ^ 1])) for one in copies[other]]
    assert await hierarchy.try_copies(EKBACKA, wrapped, damaged) == 0
    await hierarchy.erase(EKBACKA, [person], ORDER)
    assert await tried() == [0, 0]
    [(key, today)] = keyring.execute("select version, wrapped from vaka.authority_key")
    assert isinstance(today, bytes)
    living = [as_row(other, row, key) for row in keyring.execute(query, other)]
    assert await hierarchy.try_copies(EKBACKA, today, living) == 1


async def test_who_was_erased_gets_no_new_key(keyring: Keyring) -> None:
    """A restored copy of an authority's database names people who are gone."""
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    people = keyring.people(2)
    await hierarchy.create(EKBACKA, people)
    await hierarchy.erase(EKBACKA, people[:1], ORDER)
    with pytest.raises(KeyRefusedError, match="was erased"):
        await hierarchy.create(EKBACKA, [*keyring.people(1), *people])
    assert (await hierarchy.count()).subjects == 1


async def test_an_order_is_carried_out_once(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    people = keyring.people(3)
    await hierarchy.create(EKBACKA, people)
    done = await hierarchy.erase(EKBACKA, people[:1], ORDER)
    assert await hierarchy.erase(EKBACKA, people[:1], ORDER) == done
    for call in (
        hierarchy.erase(EKBACKA, people[1:], ORDER), hierarchy.erase(NORRVIK, people[:1], ORDER),
        hierarchy.erase_authority(EKBACKA, ORDER),
    ):  # fmt: skip
        with pytest.raises(KeyRefusedError) as refused:
            await call
        assert refused.value.reason == "order used"
    assert hierarchy.store.generation == done.generation


async def test_an_authority_that_ends_is_not_opened_again(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
        await hierarchy.create(authority, keyring.people(2))
    done = await hierarchy.erase_authority(EKBACKA, ORDER)
    assert (done.subjects, done.key_destroyed, done.key_new, done.whole) == (2, 1, None, True)
    assert await hierarchy.erase_authority(EKBACKA, ORDER) == done
    assert await hierarchy.unwrap_page(EKBACKA, (UUID(int=0), 0), 10) == []
    assert len(await hierarchy.unwrap_page(NORRVIK, (UUID(int=0), 0), 10)) == 2
    with pytest.raises(KeyRefusedError, match="cannot be opened again"):
        await hierarchy.open_authority(EKBACKA)
    left = [row for row in await hierarchy.register() if row.owner == str(EKBACKA) and row.destroyed_at is None]
    assert left == []


async def test_register_tells_of_every_key_and_of_no_material(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    await hierarchy.create(EKBACKA, keyring.people(3))
    keyring.clock.turn(60)
    await hierarchy.erase(EKBACKA, keyring.people(1), ORDER)
    told = {
        (row.kind, row.purpose, row.version, row.destroyed_at is None, row.keys) for row in await hierarchy.register()
    }
    assert told == {
        ("root", "", 1, False, 1), ("root", "", 2, True, 1), ("authority", "", 1, False, 1),
        ("authority", "", 2, True, 1), ("person", "", 1, True, 3), *(("lookup", what, 1, True, 1) for what in PURPOSES),
    }  # fmt: skip


async def test_reading_goes_on_while_keys_are_replaced(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    made = by_subject(await hierarchy.create(EKBACKA, keyring.people(300)))
    reads, over = 0, asyncio.Event()

    async def read() -> None:
        nonlocal reads
        while not over.is_set():
            assert by_subject(await hierarchy.unwrap(EKBACKA, list(made))) == made
            reads += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(read())
        for number in range(4):
            before = reads
            await hierarchy.rotate(EKBACKA)
            await hierarchy.rotate_root()
            await hierarchy.erase(EKBACKA, keyring.people(1), UUID(int=100 + number))
            while reads < before + 3:
                await asyncio.sleep(0.01)
        over.set()
    assert hierarchy.store.generation == 1 + 3 * 4


async def test_keys_made_while_others_are_replaced_are_not_lost(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    made: dict[UUID, bytes] = {}

    async def make() -> None:
        for _ in range(10):
            made.update(by_subject(await hierarchy.create(EKBACKA, keyring.people(5))))

    await asyncio.gather(make(), make(), *(hierarchy.rotate(EKBACKA) for _ in range(5)), hierarchy.rotate_root())
    assert by_subject(await (await keyring.reopen()).unwrap(EKBACKA, list(made))) == made
    assert len(made) == 100


async def test_a_second_keyholder_is_refused_and_the_first_goes_on(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaka.keys.pair._CLAIMS", 2)
    first = await keyring.open()
    await first.open_authority(EKBACKA)
    with pytest.raises(KeyholderHeldError):
        await keyring.open()
    assert len(await first.create(EKBACKA, keyring.people(1))) == 1
    assert (await first.rotate_root()).root_new == 2


async def test_a_lost_connection_is_opened_again(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    made = by_subject(await hierarchy.create(EKBACKA, keyring.people(2)))
    keyring.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vaka_keyholder'")
    with pytest.raises(DatabaseUnavailableError):
        await hierarchy.rotate(EKBACKA)
    assert (await hierarchy.rotate(EKBACKA)).key_new == 2
    assert by_subject(await hierarchy.unwrap(EKBACKA, list(made))) == made


# What somebody does to the rows behind the keyholder's back, as superuser. {a} and {b} are two people of Ekbacka.
TAMPERED = {
    "rows swapped": "update vaka.subject_key k set wrapped = o.wrapped from vaka.subject_key o"
    " where k.subject_id = '{a}' and o.subject_id = '{b}' and o.authority_id = k.authority_id",
    "renamed": "delete from vaka.subject_key where subject_id = '{a}' and authority_id = '{ekbacka}';"
    " update vaka.subject_key set subject_id = '{a}' where subject_id = '{b}' and authority_id = '{ekbacka}'",
    "another version": "update vaka.subject_key set version = 2 where subject_id = '{a}'",
    "another address": "update vaka.subject_key set address = sha256('mine') where subject_id = '{a}'",
    "first byte": "update vaka.subject_key set wrapped = set_byte(wrapped, 0, get_byte(wrapped, 0) # 1)"
    " where subject_id = '{a}'",
    "last byte": "update vaka.subject_key set wrapped = set_byte(wrapped, 59, get_byte(wrapped, 59) # 1)"
    " where subject_id = '{a}'",
    "another authority's row": "update vaka.subject_key k set wrapped = o.wrapped, address = o.address"
    " from vaka.subject_key o where k.subject_id = '{a}' and k.authority_id = '{ekbacka}'"
    " and o.subject_id = '{a}' and o.authority_id = '{norrvik}'",
    "another authority's key": "update vaka.authority_key k set wrapped = o.wrapped from vaka.authority_key o"
    " where k.authority_id = '{ekbacka}' and o.authority_id = '{norrvik}'",
    "key's byte": "update vaka.authority_key set wrapped = set_byte(wrapped, 30, get_byte(wrapped, 30) # 128)"
    " where authority_id = '{ekbacka}'",
    "key's version": "update vaka.authority_key set version = 7 where authority_id = '{ekbacka}'",
    "another installation": "update vaka.authority_key set wrapped = sha256('a') || substr(sha256('b'), 1, 28)"
    " where authority_id = '{ekbacka}'",
}  # fmt: skip


@pytest.mark.parametrize("attack", TAMPERED)
async def test_what_was_moved_or_changed_does_not_open(keyring: Keyring, attack: str) -> None:
    hierarchy = await keyring.open()
    people = keyring.people(2)
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
        await hierarchy.create(authority, people)
    for statement in TAMPERED[attack].split("; "):
        keyring.execute(statement.format(a=people[0], b=people[1], ekbacka=EKBACKA, norrvik=NORRVIK))
    hierarchy = await keyring.reopen()
    with pytest.raises(UnopenableError):
        await hierarchy.unwrap(EKBACKA, people[:1])
    with pytest.raises(UnopenableError):
        await hierarchy.rotate(EKBACKA)
    if "key" not in attack and "installation" not in attack:
        assert len(await hierarchy.unwrap(NORRVIK, people[1:])) == 1


async def test_a_damaged_key_stops_a_rotation_before_anything_is_destroyed(keyring: Keyring) -> None:
    """Its bytes may still be in a backup, and what they are under must not be destroyed for as long."""
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    people = keyring.people(2)
    made = by_subject(await hierarchy.create(EKBACKA, people))
    copies = keyring.copy_database()
    keyring.execute("update vaka.subject_key set wrapped = set_byte(wrapped, 20, 0) where subject_id = %s", people[0])
    keyring.execute("update vaka.subject_key set wrapped = set_byte(wrapped, 21, 0) where subject_id = %s", people[0])
    with pytest.raises(UnopenableError):
        await hierarchy.erase(EKBACKA, people[1:], ORDER)
    keyring.put_back_database(copies)
    assert by_subject(await (await keyring.reopen()).unwrap(EKBACKA, people)) == made


async def test_lookup_keys_that_were_swapped_do_not_open(keyring: Keyring) -> None:
    hierarchy = await keyring.open()
    await hierarchy.open_authority(EKBACKA)
    keyring.execute(
        "update vaka.lookup_key k set wrapped = o.wrapped from vaka.lookup_key o"
        " where k.purpose = 'phone' and o.purpose = 'personal_number'"
    )
    with pytest.raises(UnopenableError):
        await hierarchy.lookup_key(EKBACKA, "phone")
    assert await hierarchy.lookup_key(EKBACKA, "personal_number")

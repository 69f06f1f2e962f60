# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rows of a sealed log edited, deleted, put in and reordered, by those who can get past the triggers.

Who finds it: the verifier, in the pack. What is put back as it was accuses nobody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.ledger.attacks.scene import Scene
from vaka.ledger.findings import Wrong

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BUNDLE = "tile/entries/000.p/26"
EDIT = (
    "update ledger.log_entry set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'success', 'failure'), 'UTF8')"
    " where index = 7"
)
ROWS = {
    "edited": (EDIT, Wrong.ENTRY, f"{BUNDLE}, entry 7"),
    "dated back": (
        "update ledger.log_entry set leaf = convert_to(regexp_replace(convert_from(leaf, 'UTF8'),"
        " '\"written_at\":\"....', '\"written_at\":\"2001'), 'UTF8') where index = 7",
        Wrong.ENTRY,
        f"{BUNDLE}, entry 7",
    ),
    "respelled": (
        "update ledger.log_entry set leaf = leaf || ' ' where index = 7", Wrong.ENTRY, f"{BUNDLE}, entry 7",
    ),
    "deleted": ("delete from ledger.log_entry where index = 7", Wrong.BUNDLE, BUNDLE),
    "all deleted": ("delete from ledger.log_entry", Wrong.BUNDLE, BUNDLE),
    "deleted, the rest moved up": (
        "delete from ledger.log_entry where index = 7;"
        " update ledger.log_entry set index = index + 1000 where index > 7;"
        " update ledger.log_entry set index = index - 1001 where index > 1000",
        Wrong.BUNDLE,
        BUNDLE,
    ),
    "put in": (
        "update ledger.log_entry set index = index + 1000 where index >= 7;"
        " update ledger.log_entry set index = index - 999 where index >= 1000;"
        " insert into ledger.log_entry select 7, leaf from ledger.log_entry where index = 9",
        Wrong.ENTRY,
        f"{BUNDLE}, entry 7",
    ),
    "reordered": (
        "update ledger.log_entry e set leaf = (select o.leaf from ledger.log_entry o where o.index = 25 - e.index)",
        Wrong.ENTRY,
        f"{BUNDLE}, entry 0",
    ),
    "two exchanged": (
        "update ledger.log_entry e set leaf = (select o.leaf from ledger.log_entry o where o.index = 13 - e.index)"
        " where index in (6, 7)",
        Wrong.ENTRY,
        f"{BUNDLE}, entry 6",
    ),
    "tile changed": (
        "update ledger.tile set data = sha256('x') || substr(data, 33)", Wrong.ROOT, "tile/0/000.p/26",
    ),
    "tile deleted": ("delete from ledger.tile", Wrong.TILE_SIZE, "tile/0/000.p/26"),
    "checkpoint of another size": (
        "update ledger.checkpoint set note = convert_to(replace(convert_from(note, 'UTF8'), E'\\n26\\n', E'\\n25\\n'),"
        " 'UTF8')",
        Wrong.SIGNATURE,
        "checkpoint",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "code", "where"), ROWS.values(), ids=ROWS)
async def test_what_the_superuser_changes_with_the_triggers_off_is_found(
    scene: Scene, statement: str, code: Wrong, where: str
) -> None:
    scene.save()
    scene.forge(statement)
    assert await scene.found() == (code, where)
    scene.put_back()
    await scene.require_clean()
    await scene.live()
    assert (await scene.require_clean()).entries == 26 + 13


GUARDS = "select pg_get_functiondef('ledger.refuse_change'::regproc), pg_get_triggerdef(oid) from pg_trigger" \
    " where tgrelid = 'ledger.log_entry'::regclass and tgname = 'insert_only'"  # fmt: skip


@contextmanager
def guards_put_back(owner: psycopg.Connection[tuple[Any, ...]]) -> Iterator[None]:
    """Afterwards the table is guarded again, for the next attack."""
    guards = owner.execute(GUARDS.encode()).fetchone()
    assert guards is not None
    try:
        yield
    finally:
        owner.execute("drop trigger if exists insert_only on ledger.log_entry")
        for definition in guards:
            owner.execute(definition)
        owner.execute("alter table ledger.log_entry enable trigger user")
        assert owner.execute(GUARDS.encode()).fetchone() == guards


# Each of them leaves the guards open without touching a row; the owner cannot log in, so a superuser becomes it.
WAYS = {
    "triggers disabled": "alter table ledger.log_entry disable trigger user",
    "trigger dropped": "drop trigger insert_only on ledger.log_entry",
    "function replaced": "create or replace function ledger.refuse_change() returns trigger language plpgsql"
    " set search_path = pg_catalog, pg_temp as 'begin return new; end'",
    "trigger for replicas only": "alter table ledger.log_entry enable replica trigger insert_only",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_what_the_owner_changes_past_his_own_triggers_is_found(scene: Scene, way: str) -> None:
    """And an open guard alone, with nothing changed, accuses nobody."""
    with scene.house.superuser() as superuser:
        superuser.execute("set role vaka_ledger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute(EDIT.encode())
        with guards_put_back(superuser):
            superuser.execute(way.encode())
            assert superuser.execute("update ledger.log_entry set leaf = leaf").rowcount == 26
            await scene.require_clean()
            superuser.execute(EDIT.encode())
    assert await scene.found() == (Wrong.ENTRY, f"{BUNDLE}, entry 7")


async def test_row_beyond_the_end_of_the_log_stops_the_sequencer(scene: Scene) -> None:
    """It is no part of what was signed, so the pack is clean; nothing is sealed over it."""
    scene.save()
    scene.forge("insert into ledger.log_entry values (26, 'forged')")
    await scene.require_clean()
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await scene.seal()
    assert scene.house.waiting() > 0
    await scene.require_clean()


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.tile set data = sha256('x') || substr(data, 33)",
        "update ledger.head set root = sha256('x')",
        "update ledger.head set size = size + 1, root = sha256('x')",
        "update ledger.head set size = size - 1",
        "delete from ledger.tile",
    ],
)
async def test_tree_that_was_changed_is_not_signed(scene: Scene, statement: str) -> None:
    """The sequencer finds it before the reviewer does: at its next round with something to seal."""
    scene.forge(statement)
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    assert await scene.halts() in ("tiles", "different", "older")
    assert scene.house.waiting() > 0


async def test_checkpoints_that_were_deleted_are_made_again(scene: Scene) -> None:
    """Nothing is lost with them: the signer has its own memory, and signs the same."""
    before = scene.keep()
    scene.forge("delete from ledger.checkpoint")
    await scene.seal()
    assert scene.keep().size == before.size + 1  # a heartbeat of the sequencer that started
    await scene.require_clean()

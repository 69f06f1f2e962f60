# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The known holes in a database's privileges: each is shown to be open, and what comes through it is found.

No role of ours has any of these (tests/database/test_roles.py). They are what a supplier's administrator could give
himself, or have left behind.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.ledger.attacks.scene import Scene
from vaka.ledger.findings import Wrong
from vaka.ledger.signer import LedgerHaltedError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Login = psycopg.Connection[tuple[Any, ...]]
EDIT = (
    "update ledger.log_entry set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'success', 'failure'), 'UTF8')"
    " where index = 7"
)
OWNERS_FIRST_RELEASE_WITHOUT = 160000
"""From PostgreSQL 16 on, CREATEROLE gives membership only of roles that one may administer."""


@contextmanager
def logged_in(scene: Scene, powers: str, *groups: str) -> Iterator[Login]:
    """A login role with powers that none of ours has, for as long as the attack lasts."""
    name, password = "vaka_visitor", secrets.token_hex(16)
    database = scene.house.authority.database_name
    with scene.house.superuser() as superuser:
        role = sql.Identifier(name)
        made = sql.SQL("create role {} login password {} ").format(role, sql.Literal(password)) + sql.SQL(powers)
        superuser.execute(made)
        try:
            superuser.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), role))
            superuser.execute(sql.SQL("grant usage on schema ledger to {}").format(role))
            for group in groups:
                superuser.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), role))
            conninfo = scene.house.server.conninfo(name, database)
            with closing(psycopg.connect(conninfo, password=password, autocommit=True)) as connection:
                yield connection
        finally:
            superuser.execute(sql.SQL("drop owned by {}").format(role))
            superuser.execute(sql.SQL("drop role {}").format(role))


async def test_createrole_makes_itself_the_owner(scene: Scene) -> None:
    """Up to PostgreSQL 15 it grants itself the owner role, and with it the triggers. The verifier finds the edit."""
    with logged_in(scene, "createrole") as visitor:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            visitor.execute(EDIT.encode())
        if visitor.info.server_version >= OWNERS_FIRST_RELEASE_WITHOUT:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                visitor.execute("grant vaka_ledger to vaka_visitor")
            return
        visitor.execute("grant vaka_ledger to vaka_visitor")
        visitor.execute("set role vaka_ledger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            visitor.execute(EDIT.encode())  # the trigger stands in its way until it is turned off
        visitor.execute("alter table ledger.log_entry disable trigger user")
        try:
            assert visitor.execute("update ledger.log_entry set leaf = leaf").rowcount == 26
            await scene.require_clean()
            assert visitor.execute(EDIT.encode()).rowcount == 1
        finally:
            visitor.execute("alter table ledger.log_entry enable trigger user")
            visitor.execute("reset role")
    assert await scene.found() == (Wrong.ENTRY, "tile/entries/000.p/26, entry 7")


async def test_createrole_joins_the_sequencer(scene: Scene) -> None:
    """It may then drain the inbox and throw away what was in it: the numbers break."""
    with logged_in(scene, "createrole") as visitor:
        if visitor.info.server_version >= OWNERS_FIRST_RELEASE_WITHOUT:
            pytest.skip("this PostgreSQL has closed the hole")
        visitor.execute("grant g_sequencer to vaka_visitor")
        async with scene.house.as_("desk") as desk:
            await scene.write(desk)
            await scene.write(desk)
            assert visitor.execute("select count(*) from ledger.drain(1)").fetchone() == (1,)
            await scene.seal()
    assert (await scene.found())[0] is Wrong.GAP


POWERS = ("pg_write_all_data", "pg_read_all_data")
# With them every GRANT on a table is passed by; the triggers are not.
REFUSED = (
    EDIT,
    "delete from ledger.log_entry",
    "delete from ledger.inbox",
    "update ledger.inbox set actor = 'nobody'",
    "delete from ledger.tile",
    "update ledger.tile set data = sha256('x') || substr(data, 33)",
    "delete from ledger.head",
    "update ledger.head set size = 3",
    "truncate ledger.log_entry",
    "alter table ledger.log_entry disable trigger user",
    "set session_replication_role = replica",
    "set role vaka_ledger",
    "select * from ledger.drain(1)",
    "select ledger.append(now(), 'alarm.read', 'a', '', 'success', '{}')",
)


async def test_pg_write_all_data_is_stopped_by_the_triggers(scene: Scene) -> None:
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    with logged_in(scene, "", *POWERS) as visitor:
        for attempt in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                visitor.execute(attempt.encode())
    await scene.live()
    assert (await scene.require_clean()).entries == 26 + 14


async def stands_still(scene: Scene) -> None:
    """By the signer, or by the database, which lets the sequencer write over nothing."""
    before = scene.house.checkpoints()
    with pytest.raises((LedgerHaltedError, psycopg.errors.UniqueViolation, psycopg.errors.InsufficientPrivilege)):
        await scene.seal()
    assert scene.house.checkpoints() == before


def is_found_as(*codes: Wrong) -> Callable[[Scene], Any]:
    """By the verifier."""

    async def look(scene: Scene) -> None:
        assert (await scene.found())[0] in codes

    return look


async def is_mended(scene: Scene) -> None:
    """By the sequencer: it signs the same again."""
    await scene.seal()
    assert (await scene.require_clean()).entries == 27


NOTE = "E'vaka\\n26\\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\\n\\n— x AAAAAAAA\\n'"
# What is left to it: to add, and to spoil what is signed anew.
LEFT = {
    "a row beyond the end": ("insert into ledger.log_entry (index, leaf) values (26, 'forged')", stands_still),
    "a tile grown": (
        "update ledger.tile set width = width + 1, data = data || sha256('x') where level = 0", stands_still,
    ),
    "a head moved": ("update ledger.head set size = size + 1, root = sha256('x')", stands_still),
    "a checkpoint spoiled": (
        f"update ledger.checkpoint set note = convert_to({NOTE}, 'UTF8')", is_found_as(Wrong.UNSIGNED),
    ),
    "all checkpoints deleted": ("delete from ledger.checkpoint", is_mended),
    "a checkpoint of the future": (
        f"insert into ledger.checkpoint values (1000, convert_to({NOTE}, 'UTF8'), now())", is_found_as(Wrong.UNSIGNED),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "finds"), LEFT.values(), ids=LEFT)
async def test_what_pg_write_all_data_can_still_do_is_found(
    scene: Scene, statement: str, finds: Callable[[Scene], Any]
) -> None:
    with logged_in(scene, "", *POWERS) as visitor:
        visitor.execute(statement.encode())
    await finds(scene)


async def test_entry_that_pg_write_all_data_puts_into_the_inbox_does_not_fit(scene: Scene) -> None:
    """Under another's name it takes a number that the other will use. Under a name of its own it is only added."""
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
        with logged_in(scene, "", *POWERS) as visitor:
            visitor.execute(
                "insert into ledger.inbox (happened_at, event, actor, written_by, source, number)"
                " select now(), event, 'forged', written_by, source, number + 1 from ledger.inbox"
            )
        await scene.write(desk)
        await scene.seal()
    assert (await scene.found())[0] is Wrong.GAP

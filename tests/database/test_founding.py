# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Founding ends by itself when two humans could act as administrators, and stays ended (decision 48)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from tests.database.founding import KEY, STEPS, House, unfounded_house
from tests.waiting import wait_for
from vaka.database.migrate import migrations_for
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

MIGRATION = next(one.text for one in migrations_for("platform") if one.name == "platform/0044_founding.sql")


@pytest.fixture
def house(server: Server) -> Iterator[House]:
    with unfounded_house(server) as house:
        yield house


@pytest.mark.parametrize("last", STEPS)
def test_whatever_comes_last_ends_it_once(house: House, last: str) -> None:
    house.account("role", "link", "key")
    third = house.account("role", "link")
    second = house.account(state="deactivated" if last == "back" else "active")
    for step in ("role", "link", "key"):
        if step != last:
            house.take(second, step)
    assert house.is_founding()
    newest = house.newest()
    house.take(second, last)
    component = STEPS[last][1]
    actor = f"database:{SUPERUSER if component is None else platform_role(component)}"
    assert house.told("installation.founded", newest) == [(actor, "installation:founded")]
    assert not house.is_founding()
    assert [thing for _, thing in house.told("row.changed_by_hand", newest) if str(thing).startswith("founding")] == []
    house.take(third, "key")
    assert len(house.told("installation.founded", newest)) == 1


def nobody_else(house: House) -> None:
    assert house.made


def without_a_key(house: House) -> None:
    house.account("role", "link")


def without_a_way_to_sign_in(house: House) -> None:
    house.account("role", "key")


def without_the_role(house: House) -> None:
    house.account("link", "key")


def put_out(house: House) -> None:
    house.account("role", "link", "key", state="deactivated")


def a_user(house: House) -> None:
    house.account("link", "key", kind="user")


def with_a_retired_link(house: House) -> None:
    account = house.account("role", "link")
    house.unguarded("update account_link set retired_at = now() where account_id = %(id)s", id=account)
    house.take(account, "key")


def with_a_role_that_has_run_out(house: House) -> None:
    account = house.account("role", "link")
    house.unguarded("update role_grant set valid_until = now() where account_id = %(id)s", id=account)
    house.take(account, "key")


HALVES = [
    nobody_else, without_a_key, without_a_way_to_sign_in, without_the_role, put_out, a_user, with_a_retired_link,
    with_a_role_that_has_run_out,
]  # fmt: skip


@pytest.mark.parametrize("half", HALVES)
def test_one_and_a_half_do_not(house: House, half: Callable[[House], None]) -> None:
    house.account("role", "link", "key")
    half(house)
    assert house.is_founding()


def test_two_keys_at_the_same_time_end_it(house: House, server: Server) -> None:
    """Neither transaction sees the other's key: the second waits, and counts."""
    first, second = house.account("role", "link"), house.account("role", "link")
    conninfo = server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo)) as one:
        one.execute("set search_path = vaka")
        one.execute(KEY.encode(), {"id": first})
        other = threading.Thread(target=house.take, args=(second, "key"))
        other.start()
        waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        wait_for(lambda: house.ask(waits) == [(1,)])
        one.commit()
        other.join()
    assert not house.is_founding()


def test_term_12_1_whoever_puts_out_all_others_founds_nobody(house: House, server: Server) -> None:
    """The supplier's rogue administrator, with setup's own credential: he is the only one left, and stays that."""
    lonely = house.account("role", "link")
    rogue, other = house.account("role", "link", "key"), house.account("role", "link", "key")
    with closing(psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True)) as setup:
        setup.execute("set search_path = vaka")
        actor = f"account:{rogue}"
        assert setup.execute("select put_out_account(%s, %s, now())", (other, actor)).fetchone() == ("done",)
        house.unguarded("delete from security_key where account_id = any (%(made)s)", made=house.made)
        found = "select found_account(gen_random_uuid(), gen_random_uuid(), 'Ada', 'administrator', 'sv', null, now())"
        assert setup.execute(found).fetchone() == ("unrequested",)
        code = "select found_key_code(gen_random_uuid(), %s, sha256('1'), %s, now())"
        assert setup.execute(code, (lonely, actor)).fetchone() == ("unrequested",)
        assert setup.execute("select is_founding()").fetchone() == (False,)
        for statement in (
            "select finish_founding('setup', now())", "select * from founding", "delete from founding",
            "insert into founding (ended_at) values (now())", "truncate founding",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                setup.execute(statement.encode())


def test_nobody_opens_it_again_unheard(house: House, new_authority: Callable[..., Authority]) -> None:
    new_authority()
    house.account("role", "link", "key")
    house.account("role", "link", "key")
    for statement in ("delete from founding", "update founding set ended_at = now()", "truncate founding"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="founded once"):
            house.ask(statement)
    newest = house.newest()
    house.ask("alter table founding disable trigger founded_once")
    house.ask("delete from founding")
    house.ask("alter table founding enable trigger founded_once")
    assert house.is_founding()
    house.ask("insert into founding (ended_at) values (now())")
    assert house.told("row.changed_by_hand", newest) == [(f"database:{SUPERUSER}", "founding:true")] * 2
    noticed = "select count(*) from noticed_by('row.changed_by_hand', 'database:x', 'founding:true', '{}')"
    everybody = "select count(*) from authority where kind = 'authority' and state = 'active'"
    assert house.ask(noticed) == house.ask(everybody) != [(0,)]


SIGNED_IN = "update account set last_signed_in_at = now() where id = %(id)s"
GONE = "update account set state = 'removed', last_signed_in_at = now() where id = %(id)s"
REDEEMED = (
    "insert into account_request (id, kind, account_id, human, reason, digest, requested_by, requested_at, answer_by,"
    " state, decided_by, decided_at, code_hash, redeemed_at) select gen_random_uuid(), 'first_key', id, human, 'x',"
    " sha256('1'), id, now(), now() + interval '1 day', 'approved', id, now(), sha256(id::text::bytea), now()"
    " from account where id = %(id)s"
)
NOTHING = "select 1 where %(id)s is null"


@pytest.mark.parametrize(
    ("statements", "founding"),
    [
        ((GONE, GONE), False), ((SIGNED_IN, REDEEMED), False), ((SIGNED_IN, KEY), False),
        ((SIGNED_IN,), True), ((NOTHING, NOTHING), True), ((SIGNED_IN, NOTHING), True),
    ],
)  # fmt: skip
def test_an_upgrade_ends_it_where_two_could_ever_act(house: House, statements: tuple[str, ...], founding: bool) -> None:
    newest = house.newest()
    with house.superuser.transaction(force_rollback=True):  # what other tests left comes back
        house.unguarded("update account set last_signed_in_at = null")
        house.unguarded("delete from security_key")
        house.unguarded("delete from account_request")
        for statement in statements:
            house.unguarded(statement, id=house.account())
        house.ask("set role vaka_owner")
        house.ask("do $$" + MIGRATION.rpartition("\ndo $$")[2])
        house.ask("reset role")
        assert house.ask("select is_founding()") == [(founding,)]
        assert len(house.told("installation.founded", newest)) == (not founding)

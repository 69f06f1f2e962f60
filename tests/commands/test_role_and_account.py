# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka role` and `vaka account`: do what may be done, and say what keeps them from what may not (terms 2, 9, 13)."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.rows import dict_row

from tests.behind import stand_behind
from tests.commands.test_maintenance import APPLY, vaka
from tests.leavers import change_account
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.commands.proof import forget_session
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.database

ACTS = (
    "insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at) values"
    " (gen_random_uuid(), %(id)s, 'https://idp.example', sha256(random()::text::bytea), sha256('1'), now())",
    "insert into vaka.security_key (id, account_id, name, credential_id, public_key, algorithm, model, site,"
    " device_bound, attested, sign_count, added_at, binding) values (gen_random_uuid(), %(id)s, 'x',"
    " sha256(random()::text::bytea), sha256('1'), 'Ed25519', gen_random_uuid(), 'x', true, false, 0, now(),"
    " sha256('1'))",
)
"""What somebody needs besides an account and its role, written by hand."""
EVIDENCE = "select * from vaka.find_unreplayed(interval '1 day', now())"
"""What the collector of accounts-replayed is told."""


@pytest.fixture
def running(made: DataDirectory) -> Iterator[None]:
    """The database server runs for the whole test, as under `vaka run`, and not for each command."""
    with made.locked():
        made.cluster.start()
        try:
            yield
        finally:
            made.cluster.stop()


@pytest.fixture
def account(made: DataDirectory, running: None) -> str:
    """Somebody with no role."""
    identifier = str(uuid4())
    with superuser(made) as connection:
        connection.execute(
            "insert into vaka.account (id, display_name, kind, created_at) values (%s, 'Vera Vilsen', 'user', now())",
            (identifier,),
        )
    return identifier


def superuser(made: DataDirectory) -> "closing[psycopg.Connection[tuple[object, ...]]]":
    server = made.server(made.load_settings())
    return closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True))


def test_term_10_1_no_user_gets_an_administrators_role_at_the_command_line(made: DataDirectory, account: str) -> None:
    about = ("--data", made.root, "--authority", "ekbacka", "--account", account, "--role", "administrator")
    for arguments in ((), APPLY):
        refused = vaka("role", "grant", *about, *arguments)
        assert refused.exit_code == 1
        assert "Administrators' roles belong to administrators' accounts" in refused.stderr
    with superuser(made) as connection:
        kept = connection.execute("select count(*) from vaka.role_grant where role = 'administrator'").fetchone()
    assert kept == (0,)


def test_an_auditors_role_needs_its_end_at_the_command_line(made: DataDirectory, account: str) -> None:
    about = ("--data", made.root, "--authority", "ekbacka", "--account", account, "--role", "auditor")
    today = SystemClock().now().date()
    for end in ((), ("--until", str(today + timedelta(days=368)))):
        for arguments in ((), APPLY):
            refused = vaka("role", "grant", *about, *end, *arguments)
            assert refused.exit_code == 1
            assert "The role auditor is given for a time alone" in refused.stderr
    with superuser(made) as connection:
        assert connection.execute("select 1 from vaka.role_grant where role = 'auditor'").fetchall() == []
    given = vaka("role", "grant", *about, "--until", str(today + timedelta(days=365)), *APPLY)
    assert given.exit_code == 0, given.stderr
    assert vaka("role", "revoke", *about, *APPLY).exit_code == 0
    assert "Needed for auditor, within 366 days." in " ".join(vaka("role", "grant", "--help").output.split())


def test_root_founds_two_administrators_and_no_third(made: DataDirectory, running: None) -> None:
    about = ("--data", made.root)
    tried = vaka("account", "create", *about)
    assert "Nothing was changed." in tried.output
    accounts = []
    for name in ("Adam Administratör", "Ada Administratör"):
        done = vaka("account", "create", *about, *APPLY, typed=f"{name}\n")
        assert done.exit_code == 0, done.output
        accounts.append(done.output.split("Made: ")[1][:36])
        whose = ("--account", accounts[-1])
        first = vaka("factor", "first", *about, *whose, *APPLY)
        assert "Code: " in first.output, first.output
        way = ("--realm", "administrator", "--attribute", "employee_number")
        invited = vaka("account", "invite", *about, *whose, *way, *APPLY, typed="4711\n")
        assert "Code: " in invited.output, invited.output
    for kind in ("administrator", "user"):
        refused = vaka("account", "create", *about, *APPLY, "--kind", kind, typed="Anders Tredje\n")
        assert refused.exit_code == 1
        assert "Only the first two administrators are made without." in refused.stderr
    assert vaka("factor", "first", *about, "--account", str(uuid4()), *APPLY).exit_code == 1
    with superuser(made) as connection:
        roles = connection.execute("select account_id::text, role, authority_id from vaka.role_grant").fetchall()
        told = connection.execute(
            "select event, detail->>'founding' from ledger.inbox where event ~ '^account.(cre|req)' union all"
            " select said->>'event', said->'detail'->>'founding'"
            " from (select convert_from(leaf, 'UTF8')::jsonb as said from ledger.log_entry) sealed"
            " where said->>'event' ~ '^account.(cre|req)'"
        ).fetchall()
    assert sorted(roles) == sorted((account, "administrator", None) for account in accounts)
    assert sorted(told) == sorted([("account.created", "true"), ("account.requested", "true")] * 2), (
        "each says so loudly"
    )
    for account in reversed(accounts):
        assert vaka("account", "deactivate", *about, *APPLY, "--account", account).exit_code == 0


@pytest.fixture
def founders(made: DataDirectory, running: None) -> Iterator[list[str]]:
    """Two administrators who came by founding, and could act then; afterwards the installation was never founded."""
    accounts = []
    with superuser(made) as connection:
        for name in ("Adam Administratör", "Ada Administratör"):
            done = vaka("account", "create", "--data", made.root, *APPLY, typed=f"{name}\n")
            accounts.append(done.output.split("Made: ")[1][:36])
            for statement in ACTS:
                connection.execute(statement, {"id": accounts[-1]})
    yield accounts
    forget_session(made.root)
    with superuser(made) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from vaka.founding")


def test_term_17_2_founding_never_comes_back(made: DataDirectory, founders: list[str]) -> None:
    """The supplier's rogue administrator puts out everybody else, with his own session, and at last himself."""
    about, (rogue, other) = ("--data", made.root), founders
    assert "installation.founded" in [one["event"] for one in entries(made)]
    create, first = ("account", "create", *about, *APPLY), ("factor", "first", *about, "--account", rogue, *APPLY)
    asyncio.run(stand_behind(made.cluster.server, made.root, UUID(rogue)))
    with superuser(made) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from vaka.security_key")
    assert vaka("account", "deactivate", *about, *APPLY, "--account", other).exit_code == 0
    assert "Only the first two administrators" in vaka(*create, typed="Anders Tredje\n").stderr
    assert "the installation is founded, and two decide it" in vaka(*first).stderr
    himself = ("account", "deactivate", *about, *APPLY, "--account", rogue)
    for command in (create, first, himself):  # as if nobody were there
        assert "No such option '--unattended'" in vaka(*command, "--unattended", typed="Anders Tredje\n").stderr
    assert vaka(*himself).exit_code == 0
    for _ in range(2):  # with the session that he had, and then with none
        for command in (create, first, himself):
            refused = vaka(*command, typed="Anders Tredje\n")
            assert refused.exit_code == 1
            assert "Run vaka login first" in refused.stderr
        forget_session(made.root)


def test_term_02_3_once_founded_no_role_is_given_at_the_command_line_by_one_alone(
    made: DataDirectory, founders: list[str]
) -> None:
    """It is asked for there, for the office to decide; and taking one waits for nobody."""
    about, vera, (adam, _) = ("--data", made.root), str(uuid4()), founders
    with superuser(made) as connection:
        connection.execute(
            "insert into vaka.account (id, display_name, kind, created_at) values (%s, 'Vera Vilsen', 'user', now())",
            (vera,),
        )
    asyncio.run(stand_behind(made.cluster.server, made.root, UUID(adam)))
    whose = (*about, "--account", vera)
    refused = vaka("role", "grant", *whose, *APPLY, "--authority", "ekbacka", "--role", "operator")
    assert refused.exit_code == 1
    assert "two administrators decide who gets a role" in refused.stderr
    asking = (
        "role",
        "propose",
        *whose,
        "--give",
        "operator@ekbacka",
        "--until",
        "2099-01-01",
        "--reason",
        "Ny kollega",
    )
    tried = vaka(*asking, "--by", adam)
    assert "Nothing was changed." in tried.output, tried.output
    asked = vaka(*asking, "--by", adam, "--apply", "--change", "CHG-1")
    assert "once another administrator has approved it in the office" in asked.output, asked.stderr
    again = vaka(*asking, "--by", adam, "--apply", "--change", "CHG-1")
    assert "wait for a decision already" in again.stderr
    another = vaka(*asking, "--by", founders[1], "--apply", "--change", "CHG-1")
    assert "Nobody decides in another's name" in another.stderr
    for wrong, said in (("operator@nowhere", "There is no authority"), ("owner@ekbacka", "There is no such role")):
        other = vaka("role", "propose", *whose, "--give", wrong, "--reason", "Ny kollega", "--by", adam)
        assert said in other.stderr, wrong
    with superuser(made) as connection:
        [(state, by)] = connection.execute("select state, requested_by::text from vaka.role_change").fetchall()
        assert (state, by) == ("waiting", adam)
        assert connection.execute("select 1 from vaka.role_grant where account_id = %s", (vera,)).fetchall() == []
    told = [one for one in entries(made) if one["event"] == "role.proposed"]
    assert [one["actor"] for one in told] == [f"account:{adam}"]
    for gone in reversed(founders):
        assert vaka("account", "deactivate", *about, *APPLY, "--account", gone).exit_code == 0


def test_term_02_1_and_09_1_at_the_command_line(made: DataDirectory, account: str) -> None:
    about = ("--data", made.root, "--authority", "ekbacka")
    whose = (*about, "--account", account)
    tried = vaka("role", "grant", *whose, "--role", "log_reviewer")
    assert tried.exit_code == 0, tried.output
    assert "Nothing was changed. Do it with --apply." in tried.output
    assert account not in vaka("role", "show", *about).output
    done = vaka("role", "grant", *whose, *APPLY, "--role", "log_reviewer")
    assert done.exit_code == 0, done.output
    assert f"{account}  Vera Vilsen" in done.output
    for arguments in ((), APPLY):
        refused = vaka("role", "grant", *whose, *arguments, "--role", "contract_officer")
        assert refused.exit_code == 1
        assert "Log reviewer and Contract officer" in refused.stderr
        assert "may not be held by the same human" in refused.stderr
    with superuser(made) as connection:  # as the portal would, whose function nobody else can call
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into vaka.designated_role select id, 'archivist', now(), %s, 'KS 1' from vaka.authority"
            " where slug = 'ekbacka'", (account,),
        )  # fmt: skip
    other = (*about, "--account", account, "--role", "archivist")
    designated = vaka("role", "grant", *other, *APPLY)
    assert designated.exit_code == 1
    assert "Request it instead." in designated.stderr
    again = vaka("role", "revoke", *whose, *APPLY, "--role", "log_reviewer")
    assert again.exit_code == 0, again.output
    asked = vaka("role", "request", *other, *APPLY, "--reason", "Ny arkivansvarig")
    assert asked.exit_code == 0, asked.output
    assert account not in vaka("role", "show", *about).output, "asked for is not given"
    given = vaka("role", "request", *other, *APPLY, "--reason", "Brådskar", "--emergency", "8")
    assert given.exit_code == 0, given.output
    assert account in vaka("role", "show", *about).output
    for hours in ("9", "0", "25"):
        assert vaka("role", "request", *other, "--reason", "x", "--emergency", hours).exit_code == 2
    assert vaka("role", "show", "--data", made.root, "--authority", "x").exit_code == 1


def test_term_13_3_at_the_command_line(made: DataDirectory, account: str) -> None:
    whose = ("--data", made.root, "--account", account)
    tried = vaka("account", "deactivate", *whose)
    assert tried.exit_code == 0, tried.output
    assert f"{account}  Vera Vilsen: active" in tried.output
    assert "Nothing was changed. Do it with --apply." in tried.output
    assert "Vera Vilsen: active" in vaka("account", "deactivate", *whose, *APPLY, "--on", "2099-12-31").output
    assert "Vera Vilsen: deactivated" in vaka("account", "deactivate", *whose, *APPLY).output
    # Whoever is no administrator asks for nothing, root included.
    for command in ("reactivate", "remove"):
        refused = vaka("account", command, *whose, *APPLY, "--by", account)
        assert refused.exit_code == 1
        assert "no active administrator's" in refused.stderr
    asyncio.run(change_account(made.cluster.server, account, "removed", actor="test", now=SystemClock().now()))
    refused = vaka("account", "deactivate", *whose, *APPLY)
    assert refused.exit_code == 1
    assert "removed for ever" in refused.stderr
    with superuser(made) as connection:
        rows = connection.execute("select ends_at, state from vaka.account where id = %s", (account,)).fetchall()
    assert rows == [(None, "removed")]


def test_term_12_1_and_12_4_at_the_command_line(made: DataDirectory, account: str) -> None:
    data = ("--data", made.root)
    arguments = ["account", "create", "--data", str(made.root), *APPLY, "--kind", "administrator"]
    created = CliRunner().invoke(main, arguments, input="Adam Administratör\n")
    assert created.exit_code == 0, created.output
    identifier = str(UUID(created.output.partition("Made: ")[2].split()[0]))
    assert vaka("account", "deactivate", *data, *APPLY, "--account", identifier).exit_code == 0
    told = [one for one in entries(made) if one["object"] == f"account:{identifier}"]
    assert [(one["event"], one["actor"]) for one in told] == [
        (event, f"setup:uid-{os.getuid()}")
        for event in ("account.created", "role.granted", "account.deactivated")
    ]  # fmt: skip
    # The fixture has put an account there by hand for each test: those, and nothing else, the log does not tell of.
    replayed = vaka("account", "replay", *data)
    assert replayed.exit_code == 1, replayed.output
    assert f"{account}  register: the log –, the register active (by hand)" in replayed.output
    assert identifier not in replayed.output
    with superuser(made) as connection:
        [(by_hand,)] = connection.execute("select count(*) from vaka.account where kind = 'user'").fetchall()
        assert connection.execute(EVIDENCE).fetchall() == [(None, "differ", by_hand)]
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from vaka.account where kind = 'user'")
    again = vaka("account", "replay", *data)
    assert (again.exit_code, "Different: 0." in again.output) == (0, True), again.output
    with superuser(made) as connection:
        assert connection.execute(EVIDENCE).fetchall() == []


def entries(made: DataDirectory) -> list[dict[str, Any]]:
    """Everything the platform's log tells, sealed or not."""
    query = (
        "select convert_from(leaf, 'UTF8')::jsonb as entry from ledger.log_entry"
        " union all select jsonb_build_object('id', id, 'event', event, 'actor', actor, 'object', object)"
        " from ledger.inbox"
    )
    server = made.server(made.load_settings())
    conninfo = server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, row_factory=dict_row)) as connection:
        found = [row["entry"] for row in connection.execute(query)]
    return sorted(found, key=lambda one: int(one["id"]))


def test_sessions_of_commands_at_the_command_line(made: DataDirectory, account: str) -> None:
    whose = ("--data", made.root, "--account", account)
    with superuser(made) as connection:
        connection.execute(
            "with login as (insert into vaka.command_login (id, code_hash, verifier_hash, machine, uid, username,"
            " asked_at, expires_at, approved_by, entry) values (gen_random_uuid(), sha256('a'), sha256('b'), 'lost-1',"
            " 1000, 'adm', now(), now() + interval '10 minutes', %s, 1) returning id)"
            " insert into vaka.command_session (id, token_hash, login_id, account_id, created_at, expires_at)"
            " select gen_random_uuid(), sha256('c'), id, %s, now(), now() + interval '1 hour' from login",
            (account, account),
        )
    shown = vaka("account", "sessions", *whose).output
    assert "commands  adm (uid 1000) on lost-1" in shown
    which = ("--session", shown.split()[0], "--reason", "device_lost")
    assert "Ended: 1." in vaka("account", "end-sessions", *whose, *which, *APPLY[:3]).output
    assert "lost-1" not in vaka("account", "sessions", *whose).output
    told = [one for one in entries(made) if one["event"] == "command.signed_out"]
    assert told[-1]["actor"].startswith("setup:uid-")


def test_term_13_1_sessions_at_the_command_line(made: DataDirectory, account: str) -> None:
    whose = ("--data", made.root, "--account", account)
    assert "Signed in nowhere." in vaka("account", "sessions", *whose).output
    with superuser(made) as connection:
        for browser in ("firefox linux", ""):
            connection.execute(
                "insert into vaka.session (token_hash, id, account_id, realm, method, created_at, expires_at, browser)"
                " values (decode(md5(random()::text) || md5(random()::text), 'hex'), gen_random_uuid(), %s, 'operator',"
                " 'test', now(), now() + interval '1 hour', %s)",
                (account, browser),
            )
    shown = vaka("account", "sessions", *whose).output.splitlines()
    assert len(shown) == 2
    one = next(line for line in shown if "firefox linux" in line)
    which = ("--session", one.split()[0], "--reason", "device_lost")
    assert vaka("account", "end-sessions", *whose, *APPLY[:3]).exit_code == 2, "without a reason nothing ends"
    tried = vaka("account", "end-sessions", *whose, *which)
    assert one in tried.output
    assert "Nothing was changed" in tried.output
    refused = vaka("account", "end-sessions", *whose, *which, "--apply")
    assert (refused.exit_code, "--change" in refused.stderr) == (1, True)
    assert "Ended: 1." in vaka("account", "end-sessions", *whose, *which, *APPLY[:3]).output
    assert "The account has no such session" in vaka("account", "end-sessions", *whose, *which, *APPLY[:3]).stderr
    assert len(vaka("account", "sessions", *whose).output.splitlines()) == 1
    with superuser(made) as connection:
        [entry] = connection.execute(
            "select actor, detail from ledger.inbox where event = 'session.ended' and object = %s"
            " union all select said->>'actor', said->'detail' from ledger.log_entry,"
            " lateral (select convert_from(leaf, 'UTF8')::jsonb as said) leaf"
            " where said->>'event' = 'session.ended' and said->>'object' = %s",
            (f"session:{which[1]}", f"session:{which[1]}"),
        ).fetchall()
    assert str(entry[0]).startswith("setup:uid-")
    assert entry[1] == {"reason": "device_lost", "account": f"account:{account}"}

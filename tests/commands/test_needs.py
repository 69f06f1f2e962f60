# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every command takes of whoever runs it (terms 2 and 17): compared with the tree, and asked for by each."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest

from tests.behind import stand_behind
from tests.command_tree import every_command
from tests.commands.test_maintenance import vaka
from tests.commands.test_role_and_account import superuser
from tests.identity.house import content
from vaka.access.decide import NotAllowedError
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.needs import NEEDS, UNATTENDED, need_of
from vaka.commands.proof import forget_session, keep_session, prove

SOMEBODY = UUID(int=7)
HANDED_OUT = ("--change", "C-22", "--reason", "Planerat underhåll")
MORE: dict[str, tuple[str, ...]] = {
    "device secret": ("--apply", "--generate", *HANDED_OUT),  # which otherwise opens nothing
    "ledger export": HANDED_OUT,
    "terms pack": HANDED_OUT,
}
"""What a command has to be told besides what click asks for."""
SAMPLES = {
    "authority": "ekbacka", "name": "prov", "attribute": "employee_number", "number": "1", "reason": "Planerat",
    "results": "results.xml", "attestation": "tested.json", "source": "Bilaga 9",
    "names": "prov.internal", "issuer": "prov", "limits": "ring_all_after_seconds=45",
}  # fmt: skip
TOLD = """
    select id, event, actor, object, detail::text::jsonb from ledger.inbox
    union all
    select (leaf->>'id')::bigint, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->'detail'
    from (select convert_from(leaf, 'UTF8')::jsonb as leaf from ledger.log_entry) sealed
    order by id"""
PROVED = {path: command for path, command in every_command() if NEEDS[path].permission is not None}


def test_every_command_says_what_it_takes() -> None:
    assert set(NEEDS) == {path for path, _ in every_command()}
    for path, need in NEEDS.items():
        assert (need.permission is None) == bool(need.why), path
    assert {path for path, need in NEEDS.items() if need.permission is None} == {
        "demo", "run", "migrate", "login", "logout", "account replay", "host accounts", "host sign-ins", "host clock",
        "host ports", "host admit", "sbom", "doctor", "backup now", "backup check", "backup drill", "witness init",
        "witness add-log", "witness show", "witness run", "verify", "advisory write", "simulate", "decode",
        "release gates", "release sign", "release verify", "advisories import", "advisories fetch",
        "certificates renew",
    }  # fmt: skip
    assert set(NEEDS) >= UNATTENDED


def test_what_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(KeyError):
        need_of("ledger.forget")


@pytest.fixture(scope="module")
def founded(made: DataDirectory) -> Iterator[DataDirectory]:
    """An installation that is founded, with its database server running."""
    with made.locked():
        made.cluster.start()
        try:
            with superuser(made) as connection:
                connection.execute("set session_replication_role = replica")
                connection.execute("insert into vaka.founding (ended_at) values (now())")
                connection.execute(
                    "insert into vaka.account (id, display_name, kind, created_at)"
                    " values (%s, 'Adam Administratör', 'administrator', now())", (SOMEBODY,),
                )  # fmt: skip
                connection.execute(
                    "insert into vaka.role_grant (account_id, role, granted_at)"
                    " values (%s, 'administrator', now())", (SOMEBODY,),
                )  # fmt: skip
            yield made
        finally:
            made.cluster.stop()


@pytest.fixture
def alone(founded: DataDirectory) -> DataDirectory:
    """Nobody is signed in there."""
    forget_session(founded.root)
    return founded


@pytest.mark.database
@pytest.mark.parametrize("path", PROVED)
def test_nobody_is_shown_anything_without_standing_behind_it(alone: DataDirectory, tmp_path: Path, path: str) -> None:
    """Whoever merely sits at the machine: with nothing to apply, each is refused before it has read anything."""
    before, target = told(alone), tmp_path / "out"
    target.mkdir()
    refused = vaka(*asked(alone, tmp_path, target, path), typed="8039\n8039\n")
    assert (refused.exit_code, "Run vaka login first" in refused.stderr) == (1, True), refused.output
    assert refused.stdout == ""
    assert list(target.iterdir()) == []
    assert told(alone) == before


def told(data: DataDirectory) -> list[tuple[Any, ...]]:
    """What the platform's log says, waiting or sealed, besides that it was sealed."""
    with superuser(data) as connection:
        rows = connection.execute(TOLD).fetchall()
    return [row for row in rows if row[1] not in ("ledger.heartbeat", "key.created")]


def asked(data: DataDirectory, folder: Path, target: Path, path: str) -> list[str | Path]:
    """How a command is called with all that it has to be told, and with nothing to apply."""
    file = folder / "file"
    if path.startswith("trust "):
        file.write_text(json.dumps(content("https://idp.example")))
    else:
        file.write_text("sender;authentication;password\n8039;digest;correct horse\n")
    into = target if path == "ledger receipt" else target / "new"
    samples: dict[str, str | Path] = {**SAMPLES, "file": file, "target": into}
    options: list[str | Path] = [*path.split(), "--data", data.root, *MORE.get(path, ())]
    arguments: list[str | Path] = []
    for one in PROVED[path].params:
        if not one.required or one.name == "data":
            continue
        if isinstance(one.type, click.Choice):
            said: str | Path = str(one.type.choices[0])
        else:
            said = str(UUID(int=9)) if one.type is click.UUID else samples[str(one.name)]
        if isinstance(one, click.Argument):
            arguments.append(said)
        else:
            options += [one.opts[0], said]
    return [*options, *arguments]


@pytest.mark.database
def test_whoever_stands_behind_it_is_shown_it_and_named(alone: DataDirectory, tmp_path: Path) -> None:
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY, touches=False))
    shown = vaka("role", "show", "--data", alone.root, "--authority", "ekbacka")
    assert shown.exit_code == 0, shown.output
    assert "Waiting" not in shown.output
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY))
    target = tmp_path / "handed-out"
    done = vaka("ledger", "export", "--data", alone.root, "--to", target, *HANDED_OUT)
    forget_session(alone.root)
    said = {event: (actor, about, detail) for _, event, actor, about, detail in told(alone)}
    me = f"account:{SOMEBODY}"
    actor, about, detail = said["command.run"]
    assert (actor, about, detail["proved"]) == (me, "command:role.show", "session")
    assert (done.exit_code, said["log.exported"][0]) == (0, me), done.output
    confirmed, exported = (said[event][2] for event in ("command.confirmed", "log.exported"))
    assert confirmed["command"] == "ledger.export"
    assert confirmed["step_up"] == exported["step_up"]


@pytest.mark.database
def test_an_administrator_without_the_permission_is_refused(alone: DataDirectory) -> None:
    """The session proves who he is, and not that he may."""
    asyncio.run(stand_behind(alone.cluster.server, alone.root, SOMEBODY))
    server, now = alone.cluster.server, SystemClock().now()
    wanted = Permission.OFFICE_SEE_ACCOUNTS
    assert prove(alone.root, server, now, wanted, unattended=False).actor == f"account:{SOMEBODY}"
    held = ROLES["administrator"].permissions
    for foreign in (Permission.DESK_READ_PERSON, Permission.PORTAL_READ_LOG):
        assert foreign not in held
        with pytest.raises(NotAllowedError):
            prove(alone.root, server, now, foreign, unattended=False)
    assert {need.permission for need in NEEDS.values()} - {None} <= held
    forget_session(alone.root)


@pytest.mark.database
@pytest.mark.parametrize("stolen", [False, True], ids=["nobody signed in", "a file of the right length"])
def test_a_database_that_is_too_old_to_say_who_runs_a_command_takes_none_but_the_upgrade(
    alone: DataDirectory, tmp_path: Path, stolen: bool
) -> None:
    """Whoever takes the functions away that prove it is not let through, with or without something like a session."""
    if stolen:
        keep_session(alone.root, bytes(32))
    before, target = told(alone), tmp_path / "out"
    target.mkdir()
    with older(alone):
        for path in ("role show", "policy set", "ledger export", "key list"):
            refused = vaka(*asked(alone, tmp_path, target, path))
            assert (refused.exit_code, refused.stdout) == (1, ""), refused.output
            assert "The database is older than the program" in refused.stderr
            assert "Run vaka migrate --apply first" in refused.stderr
        assert told(alone) == before
        assert list(target.iterdir()) == []
        server, now = alone.cluster.server, SystemClock().now()
        upgrade = prove(alone.root, server, now, None, unattended=True, migrates=True)
        assert upgrade.proved == ("bootstrap" if stolen else "unattended")


@contextmanager
def older(data: DataDirectory) -> Iterator[None]:
    """As if the database were older than what proves who runs a command."""
    names = ("command_account(bytea, timestamptz)", "is_founding()")
    with superuser(data) as connection:
        for name in names:
            connection.execute(f"alter function vaka.{name} rename to aside_{name.partition('(')[0]}".encode())
        try:
            yield
        finally:
            for name in names:
                function, _, arguments = name.partition("(")
                connection.execute(f"alter function vaka.aside_{function}({arguments} rename to {function}".encode())

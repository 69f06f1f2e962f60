# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account`: an account and its invitation, with nothing personal in an argument or in what is kept."""

import asyncio
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from tests.identity.house import IdentityHouse
from vaka.commands.main import main
from vaka.identity.invitations import read_code

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-19", "--reason", "Planerat underhåll")
INVITED = ("--realm", "administrator", "--attribute", "employee_number")


def vaka(house: IdentityHouse, command: str, *arguments: object, typed: str = "") -> Result:
    given = ["account", command, "--data", house.data.root, *arguments]
    return CliRunner().invoke(main, [str(argument) for argument in given], input=typed)


def test_term_08_5_no_account_is_made_without_an_approved_request(house: IdentityHouse) -> None:
    """Two administrators are there: whoever runs the commands, root included, can ask and no more."""
    before = house.newest()
    assert "Nothing was changed." in vaka(house, "create", "--kind", "administrator").output
    for kind in ("administrator", "user"):
        refused = vaka(house, "create", "--kind", kind, *APPLY, typed="Alva Administratör\n")
        assert refused.exit_code == 1
        assert "another human has approved it" in refused.stderr
    asker, without_role = house.administrators[0], asyncio.run(house.person("Alva Annan", kind="administrator"))
    asking = ("--realm", "operator", "--reason", "Ny kollega", *APPLY)
    assert vaka(house, "request", "--by", without_role, *asking, typed="Alva Anställd\n").exit_code == 1
    asyncio.run(house.stand_behind(asker))
    asked = vaka(house, "request", "--by", asker, *asking, typed="Alva Anställd\n")
    assert asked.exit_code == 0, asked.output
    account = UUID(asked.output.split("Asked for: ")[1][:36])
    with house.superuser() as onlooker:
        assert onlooker.execute("select 1 from account where id = %s", (account,)).fetchall() == []
        [kept] = onlooker.execute("select state from account_request where account_id = %s", (account,)).fetchall()
        onlooker.execute("set session_replication_role = replica")
        onlooker.execute("delete from account_request where account_id = %s", (account,))
    assert kept["state"] == "waiting"
    told = [one for one in house.entries(before) if one["object"] == f"account:{account}"]
    assert [one["event"] for one in told] == ["account.requested"]
    assert "Alva" not in str(house.entries(before))


def test_whom_an_account_is_for_is_invited(house: IdentityHouse) -> None:
    account = asyncio.run(house.person("Alva Administratör", kind="administrator"))
    asyncio.run(house.stand_behind(house.administrators[0]))
    before = house.newest()
    invited = vaka(house, "invite", "--account", account, *INVITED, *APPLY, typed="E-4712-unik\n")
    assert invited.exit_code == 0, invited.output
    code = read_code(invited.output.split("Code: ")[1].split("\n")[0])
    assert code is not None
    entries = house.entries(before)
    assert [one["event"] for one in entries if not one["event"].startswith("command.")] == ["account.invited"]
    for private in ("Alva", "4712", code.text):
        assert private not in str(entries)
    with house.superuser() as onlooker:
        kept = onlooker.execute("select * from invitation where account_id = %s", (account,)).fetchall()
    assert [one["code_hash"] for one in kept] == [code.digest]
    assert kept[0]["matching_hmac"] == code.of_matching("employee_number", "e4712 UNIK")


def test_nobody_asks_in_anothers_name(house: IdentityHouse) -> None:
    """Whoever stands behind the command is who asks: else he could approve in the office what he asked for himself."""
    first, second = house.administrators
    asyncio.run(house.stand_behind(first))
    asking = ("request", "--by", second, "--realm", "operator", "--reason", "Ny kollega", *APPLY)
    told = vaka(house, *asking, typed="Alva Anställd\n")
    assert (told.exit_code, "Nobody decides in another's name" in told.stderr) == (1, True)


def test_who_cannot_be_invited_is_told(house: IdentityHouse) -> None:
    asyncio.run(house.stand_behind(house.administrators[0]))
    for arguments in (("--account", uuid4(), *INVITED), ("--account", house.administrators[0], "--attribute", "x")):
        told = vaka(house, "invite", *arguments, *APPLY, typed="E-1\n")
        assert told.exit_code == 1
        assert "That account cannot be invited so" in told.stderr
    assert "Say with --change" in vaka(house, "create", "--apply").stderr


@pytest.mark.parametrize(
    ("command", "state"), [("rename", "active"), ("remove", "active"), ("reactivate", "deactivated")]
)
def test_term_08_2_and_13_3_a_command_asks_and_changes_nothing(house: IdentityHouse, command: str, state: str) -> None:
    account, asker = asyncio.run(house.person("Alva Anställd")), house.administrators[0]
    asyncio.run(house.stand_behind(asker))
    typed = "Alva Nygift\n" if command == "rename" else ""
    if state == "deactivated":
        assert vaka(house, "deactivate", "--account", account, *APPLY).exit_code == 0
    before = house.newest()
    asking = (command, "--account", account, "--by")
    tried = vaka(house, *asking, asker, "--reason", "Nygift", typed=typed)
    assert "Nothing was changed." in tried.output, tried.output
    other = vaka(house, *asking, house.administrators[1], *APPLY, typed=typed)
    assert other.exit_code == 1, "nobody asks in another's name"
    done = vaka(house, *asking, asker, *APPLY, typed=typed)
    assert done.exit_code == 0, done.output
    with house.superuser() as onlooker:
        kept = onlooker.execute(
            "select a.display_name, a.state, r.kind, r.state as waits from account a join account_request r"
            " on r.account_id = a.id where a.id = %s", (account,)
        ).fetchall()  # fmt: skip
        onlooker.execute("set session_replication_role = replica")
        onlooker.execute("delete from account_request where account_id = %s", (account,))
    assert kept == [{"display_name": "Alva Anställd", "state": state, "kind": command, "waits": "waiting"}]
    told = [one["event"] for one in house.entries(before) if one["event"].startswith("account.")]
    assert told == ["account.requested"]
    assert "Alva" not in str(house.entries(before))


def test_term_08_4_no_command_makes_an_account_anothers(house: IdentityHouse) -> None:
    """Root invites nobody further, and what he asks for in an administrator's name waits for another in the office."""
    account, asker = asyncio.run(house.person("Alva Anställd")), house.administrators[0]
    asyncio.run(house.stand_behind(asker))
    identity = ("identity", "--account", account, "--by", asker, "--attribute", "employee_number", *APPLY)
    early = vaka(house, *identity, "--beside", typed="E-4713-unik\n")
    assert early.exit_code == 1
    assert "The account is nobody's yet" in early.stderr
    with house.superuser(unguarded=True) as hand:
        hand.execute(
            "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
            " values (gen_random_uuid(), %s, 'https://issuer.example', sha256(%s), sha256('x'), now())",
            (account, account.bytes),
        )
    before = house.newest()
    invited = vaka(house, "invite", "--account", account, "--attribute", "employee_number", *APPLY, typed="E-99\n")
    assert invited.exit_code == 1
    assert "The account is somebody's already." in invited.stderr
    assert vaka(house, *identity, typed="\n").exit_code == 1
    asked = vaka(house, *identity, typed="E-4713-unik\n")
    assert asked.exit_code == 0, asked.output
    told = [one["event"] for one in house.entries(before) if one["event"].startswith("account.")]
    assert told == ["account.requested"]
    assert "E-4713" not in str(house.entries(before))
    with house.superuser(unguarded=True) as hand:
        [kept] = hand.execute("select kind, state from account_request where account_id = %s", (account,)).fetchall()
        assert hand.execute("select 1 from invitation where account_id = %s", (account,)).fetchall() == []
        hand.execute("delete from account_request where account_id = %s", (account,))
    assert kept == {"kind": "identity", "state": "waiting"}

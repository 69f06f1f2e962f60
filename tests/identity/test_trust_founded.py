# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Once an installation is founded the office alone decides whom it believes (terms 15 and 17)."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from tests.behind import stand_behind
from tests.identity.house import IdentityHouse, content
from vaka.clock import SystemClock
from vaka.commands.main import main
from vaka.commands.proof import forget_session
from vaka.identity.trust import TrustRow, approve, judge, list_rows, list_trusted, propose, withdraw
from vaka.identity.trust_content import read_content, write_content

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CONTENT = content("https://idp.example")
SAID = read_content(json.dumps(CONTENT))
ROW = """
    insert into trusted_issuer (id, name, content, proposed_by, proposed_at, approved_by, approved_at)
    values (%(id)s, %(name)s, %(content)s, %(first)s, %(at)s, %(second)s, %(at)s)"""
APPROVED = "update trusted_issuer set approved_by = %(second)s, approved_at = %(at)s where id = %(id)s"
ENTRY = """
    select ledger.append(%(at)s, %(event)s, %(actor)s, %(object)s, 'success',
                         jsonb_build_object('sha256', %(digest)s::text, 'issuer', %(name)s::text))"""
DOUBTFUL = "select coalesce(sum(things), 0)::int as things from find_doubtful_issuers(now()) where reason = 'undecided'"


@pytest.fixture
def before(house: IdentityHouse) -> TrustRow:
    """An issuer that setup's login decided about while the installation was being founded."""
    return asyncio.run(house.trust(CONTENT))


@pytest.fixture
def founded(house: IdentityHouse, before: TrustRow) -> Iterator[IdentityHouse]:
    """No demo, and founded; for other tests it is a demo again that nobody founded."""
    asyncio.run(house.make_administrators())
    with house.superuser(unguarded=True) as hand:
        hand.execute("update installation set mode = 'production'")
        hand.execute("insert into founding (ended_at) values (now())")
    yield house
    forget_session(house.data.root)
    with house.superuser(unguarded=True) as hand:
        hand.execute("delete from founding")
        hand.execute("update installation set mode = 'demo'")


async def judged(house: IdentityHouse, identifier: UUID) -> tuple[str, bool]:
    """What a row is worth, and whether anybody signs in by it."""
    async with house.as_("signin") as signin:
        [row] = [one for one in await list_rows(signin) if one.id == identifier]
        trusted = await list_trusted(signin, SystemClock().now())
        return (await judge(signin, row)).state, identifier in {one.id for one in trusted}


def doubtful(house: IdentityHouse) -> int:
    with house.superuser() as hand:
        return int((hand.execute(DOUBTFUL).fetchone() or {})["things"])


def forged(house: IdentityHouse) -> tuple[TrustRow, dict[str, Any]]:
    """A row that two administrators are said to have decided about before the installation was founded."""
    first, second = house.administrators
    at = SystemClock().now() - timedelta(days=30)
    row = TrustRow(uuid4(), None, f"prov-{uuid4().hex[:8]}", write_content(SAID), first, at, second, at, None, None)
    values = {"id": row.id, "name": row.name, "content": row.text, "first": first, "second": second, "at": at,
              "object": f"trust:{row.id}", "digest": row.digest}  # fmt: skip
    return row, values


async def test_a_rogue_with_setups_login_makes_nobody_believed(founded: IdentityHouse) -> None:
    """With statements of his own: the row and both entries, in one transaction, by the names of two administrators."""
    row, values = forged(founded)
    marked, already = founded.newest(), doubtful(founded)
    async with founded.as_("setup") as setup, setup.transaction():
        await setup.execute(ROW.encode(), values)
        for event, who in (("trust.proposed", "first"), ("trust.approved", "second")):
            await setup.execute(ENTRY.encode(), {**values, "event": event, "actor": f"account:{values[who]}"})
    await founded.seal()
    told = [
        (one["event"], one["detail"]["sha256"]) for one in founded.entries(marked) if one["object"] == values["object"]
    ]
    assert told == [("trust.proposed", row.digest), ("trust.approved", row.digest)], "the log says what he wanted it to"
    assert await judged(founded, row.id) == ("altered", False)
    assert doubtful(founded) == already + 1, "and what looks for evidence of term 15 finds it"


async def test_a_proposal_that_setups_login_wrote_is_none_though_the_office_approves_it(founded: IdentityHouse) -> None:
    row, values = forged(founded)
    async with founded.as_("setup") as setup, setup.transaction():
        await setup.execute(ROW.replace("%(second)s, %(at)s", "null, null").encode(), values)
        await setup.execute(
            ENTRY.encode(), {**values, "event": "trust.proposed", "actor": f"account:{values['first']}"}
        )
    await founded.seal()
    async with founded.as_("office") as office:
        await approve(office, row.id, row.digest, by=founded.administrators[1], now=SystemClock().now())
    await founded.seal()
    assert await judged(founded, row.id) == ("altered", False)


async def test_an_approval_that_setups_login_wrote_is_none_though_the_office_proposed_it(
    founded: IdentityHouse,
) -> None:
    first, second = founded.administrators
    now = SystemClock().now()
    await founded.seal()
    async with founded.as_("office") as office:
        row = await propose(office, None, f"prov-{uuid4().hex[:8]}", SAID, by=first, demo=False, now=now)
    async with founded.as_("setup") as setup, setup.transaction():
        facts = {"id": row.id, "second": second, "at": now}
        await setup.execute(APPROVED.encode(), facts)
        await setup.execute(ENTRY.encode(), {
            **facts, "event": "trust.approved", "actor": f"account:{second}", "object": f"trust:{row.id}",
            "digest": row.digest, "name": row.name,
        })  # fmt: skip
    await founded.seal()
    assert await judged(founded, row.id) == ("altered", False)


async def test_what_was_decided_while_it_was_being_founded_holds_and_the_office_decides_the_rest(
    founded: IdentityHouse, before: TrustRow
) -> None:
    first, second = founded.administrators
    already = doubtful(founded)
    assert await judged(founded, before.id) == ("approved", True)
    _, values = forged(founded)
    async with founded.as_("setup") as setup:  # one that is said to have come in its place
        await setup.execute(ENTRY.encode(), {
            **values, "event": "trust.approved", "actor": f"account:{second}", "name": before.name
        })  # fmt: skip
    await founded.seal()
    assert await judged(founded, before.id) == ("approved", True), "setup's word drives nobody's out either"
    now = SystemClock().now()
    async with founded.as_("office") as office:
        row = await propose(office, None, before.name, SAID, by=second, demo=False, now=now)
        await approve(office, row.id, row.digest, by=first, now=now)
    await founded.seal()
    assert await judged(founded, row.id) == ("approved", True)
    assert await judged(founded, before.id) == ("superseded", False)
    assert doubtful(founded) == already
    async with founded.as_("setup") as setup:  # one person closes a door, at the machine too
        await withdraw(setup, row.id, by=first, now=SystemClock().now())
    assert await judged(founded, row.id) == ("withdrawn", False)


async def test_setup_reads_no_founding_and_ends_none(founded: IdentityHouse) -> None:
    async with founded.as_("setup") as setup:
        for statement in (
            "update founding set ended_at = 'infinity'", "delete from founding",
            "update installation set mode = 'demo'", "insert into installation values (true, 'demo', now())",
            "select ledger.trust_told(gen_random_uuid(), 'x', 'x', null, null, 'infinity')",
        ):  # fmt: skip
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation)):
                await setup.execute(statement.encode())


def test_the_commands_say_that_it_is_done_in_the_office(founded: IdentityHouse, tmp_path: Path) -> None:
    first, file = founded.administrators[0], tmp_path / "prov.json"
    file.write_text(json.dumps(CONTENT), encoding="utf-8")
    asyncio.run(stand_behind(founded.server, founded.data.root, first))
    rows = asyncio.run(known(founded))

    def vaka(command: str, *options: str) -> Result:
        about = ["--data", str(founded.data.root), "--name", "prov-late", "--account", str(first)]
        return CliRunner().invoke(main, ["trust", command, *about, *options, str(file)])

    for command in ("propose", "approve"):
        for options in ((), ("--apply", "--change", "C-1", "--reason", "Planerat underhåll")):
            refused = vaka(command, *options)
            assert refused.exit_code == 1
            assert "issuers are proposed and approved in the office, under Issuers" in refused.stderr
    assert asyncio.run(known(founded)) == rows


async def known(house: IdentityHouse) -> list[TrustRow]:
    async with house.as_("setup") as setup:
        return await list_rows(setup)

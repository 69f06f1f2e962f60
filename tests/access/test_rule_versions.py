# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Of an authority's rule somebody reads the version that holds, and the one that comes; each is one of a kind."""

from contextlib import closing
from uuid import UUID, uuid4

import pytest

from tests.access.test_authority_rules import DAY, DESK, OFFICE, Contract, contract  # noqa: F401 - a fixture
from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.registers.house import House
from vaka.access.authority_rules import RuleError
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MOST_VERSIONS = 1000


def digest_of(server: Server, *, title: str, words: str, file: bytes | None = None) -> bytes:
    """Return what the database makes of a version."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        [row] = superuser.execute(
            "select vaka.rule_digest(%s, 1, %s, %s, %s, %s, %s) as digest",
            (UUID(int=1), UUID(int=2), title, words, file, START),
        ).fetchall()
    return bytes(row["digest"])


async def test_the_version_that_holds_is_read_until_the_next_one_does(contract: Contract) -> None:  # noqa: F811
    """Who has not acknowledged the first sees it beside the second, and which of them holds."""
    first = contract.draft()
    await contract.publish(first)
    contract.now += DAY
    later = (contract.now + 10 * DAY).astimezone(LOCAL).date()
    await contract.publish(contract.draft(2, rule=first.rule, day=later))
    listed = await contract.to_read(contract.operator)
    assert [(one.number, one.acknowledged) for one in listed] == [(1, False), (2, False)]
    page = await contract.read(contract.operator, first.rule)
    assert (page.newest, page.replaced) == (2, False)
    await contract.acknowledge(contract.operator, first.rule)
    listed = await contract.to_read(contract.operator)
    assert [(one.number, one.acknowledged) for one in listed] == [(1, True), (2, False)]
    contract.now += 11 * DAY
    assert [one.number for one in await contract.to_read(contract.operator)] == [2]
    assert (await contract.read(contract.operator, first.rule)).replaced


async def test_who_has_read_what_comes_has_not_to_read_what_it_replaces(contract: Contract) -> None:  # noqa: F811
    """And only where he read it before it held: what is said too late says nothing of the time before."""
    first = contract.draft()
    await contract.publish(first)
    later = (contract.now + 10 * DAY).astimezone(LOCAL).date()
    await contract.publish(contract.draft(2, rule=first.rule, day=later))
    await contract.read(contract.operator, first.rule, 2)
    await contract.acknowledge(contract.operator, first.rule, 2)
    listed = await contract.to_read(contract.operator)
    assert [(one.number, one.acknowledged) for one in listed] == [(1, True), (2, True)]
    late = await contract.hire("operator")
    contract.now += 11 * DAY
    await contract.read(late, first.rule, 2)
    await contract.acknowledge(late, first.rule, 2)
    assert [(one.number, one.acknowledged) for one in await contract.published()] == [(2, 2), (1, 1)]


async def test_what_is_listed_is_of_the_process_that_asks(contract: Contract) -> None:  # noqa: F811
    """The desk lists by roles and the office by who is an administrator; neither for the other's people."""
    draft = contract.draft()
    await contract.publish(draft)
    administrator = await House(contract.server, lambda: contract.now).administrator()
    assert [one.rule for one in await contract.to_read(contract.operator, DESK)] == [draft.rule]
    assert await contract.to_read(contract.operator, OFFICE) == []
    assert await contract.to_read(administrator.account_id, DESK) == []
    assert draft.rule in [one.rule for one in await contract.to_read(administrator.account_id, OFFICE)]


async def test_two_versions_that_say_something_else_are_told_apart(server: Server) -> None:
    """Where the title ends and the words begin, and that there is no file, is part of the digest."""
    assert digest_of(server, title="a\nb", words="c") != digest_of(server, title="a", words="b\nc")
    assert digest_of(server, title="a", words="b\n-") != digest_of(server, title="a", words="b")
    assert digest_of(server, title="a", words="b", file=bytes(32)) != digest_of(server, title="a", words="b")


async def test_a_rule_that_is_full_says_so(contract: Contract) -> None:  # noqa: F811
    """Its last version is the thousandth."""
    rule = uuid4()
    with closing(connect_superuser(contract.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.authority_rule (rule, number, authority_id, title, words, holds_from, digest,"
            " published_by, published_at) values (%s, %s, %s, 'Nycklar', 'Läs.', %s, %s, %s, %s)",
            (rule, MOST_VERSIONS - 1, contract.authority.id, START, bytes(32), contract.officer, START),
        )
    await contract.publish(contract.draft(MOST_VERSIONS, rule=rule))
    with pytest.raises(RuleError, match="as many versions as it can have"):
        await contract.publish(contract.draft(MOST_VERSIONS + 1, rule=rule))

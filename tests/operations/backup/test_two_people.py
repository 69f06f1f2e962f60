# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever restored a database is not who swaps it in, in an installation that is founded (term 2)."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import account, by_hand, own_server, server  # noqa: F401 - a platform of its own
from tests.conftest import START
from vaka.clock import TurnedClock
from vaka.commands.backup_restore import OneAloneError, _require_another
from vaka.commands.maintenance import Run
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CHOSEN = Authority(uuid4(), "provkommun", "Provkommun", "authority", "vaka_t_provkommun")


@pytest.fixture
def restored(by_hand: Callable[..., None]) -> Callable[[str], None]:  # noqa: F811
    """Enter that an actor restored the database, as the command does."""

    def enter(actor: str) -> None:
        by_hand(
            "insert into ledger.inbox (happened_at, event, actor, object, outcome, detail, written_by) values (%(at)s,"
            " 'command.run', %(actor)s, 'command:backup.restore', 'success', %(detail)s, 'vaka_setup')",
            at=START, actor=actor, detail=Jsonb({"authority": str(CHOSEN.id), "applied": True}),
        )  # fmt: skip

    return enter


def of(identifier: UUID) -> str:
    return f"account:{identifier}"


async def test_the_human_who_restored_a_database_does_not_swap_it_in_by_another_account(
    server: Server, by_hand: Callable[..., None], restored: Callable[[str], None], clock: TurnedClock  # noqa: F811
) -> None:  # fmt: skip
    human = uuid4()
    one, same, other = (
        account(by_hand, kind="administrator", human=human), account(by_hand, human=human),
        account(by_hand, kind="administrator"),
    )  # fmt: skip

    async def swap(who: UUID, marked: UUID = one, proved: str = "session") -> None:
        await _require_another(server, Run(of(who), proved), CHOSEN, clock, of(marked))

    with pytest.raises(ConfigurationError, match="tells of nobody"):
        await swap(other)
    restored(of(one))
    for mine in (one, same):
        with pytest.raises(OneAloneError):
            await swap(mine)
    await swap(other)
    with pytest.raises(ConfigurationError, match="tells of nobody"):  # what lies there is somebody else's
        await swap(one, marked=other)
    await swap(one, proved="bootstrap")

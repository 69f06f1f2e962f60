# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Linking when many come at once: of everything that holds once, one gets it, and the others are told nothing more."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identity.house import LOA3, IdentityHouse, content
from vaka.clock import SystemClock
from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.federation import sign_in_by
from vaka.identity.invitations import Code, invite
from vaka.identity.pending import begin_login, read_pending, take_login
from vaka.identity.reasons import Reason
from vaka.identity.subjects import SubjectKey

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SUBJECTS = SubjectKey(bytes(range(32)))
AT_ONCE = 6


def assertion(subject: str) -> Assertion:
    now = SystemClock().now()
    return Assertion(
        uuid4(), "oidc", "https://idp.example", subject, "E-17", LOA3, 3, None, now, "0" * 64
    )  # fmt: skip


async def invitation(house: IdentityHouse, account: UUID) -> Code:
    await house.stand()
    async with house.as_("setup") as setup:
        return await invite(setup, account, "operator", "number", "E-17", actor="s", now=SystemClock().now())


async def come(house: IdentityHouse, said: Assertion, code: Code) -> str:
    """Sign in on a connection of one's own; say how it went."""
    async with house.as_("signin") as signin:
        try:
            await sign_in_by(
                signin, said, "operator", said=Said(), attribute="number", code=code, subjects=SUBJECTS,
                now=SystemClock().now(),
            )  # fmt: skip
        except SignInRefusedError as refused:
            return refused.reason.code
    return "in"


def links(house: IdentityHouse, account: UUID) -> list[dict[str, Any]]:
    with house.superuser() as onlooker:
        return onlooker.execute("select * from account_link where account_id = %s", (account,)).fetchall()


async def test_of_many_with_one_invitation_one_gets_in(house: IdentityHouse) -> None:
    account = await house.person()
    code, before = await invitation(house, account), house.newest()
    went = await asyncio.gather(*(come(house, assertion(f"{account}-{n}"), code) for n in range(AT_ONCE)))
    assert Counter(went) == {"in": 1, Reason.INVITATION.code: AT_ONCE - 1}
    assert len(links(house, account)) == 1
    assert [one["event"] for one in house.entries(before)] == ["account.linked", "session.started"]


async def test_term_08_3_of_many_accounts_one_gets_the_subject(house: IdentityHouse) -> None:
    accounts = [await house.person() for _ in range(AT_ONCE)]
    codes, subject = [await invitation(house, account) for account in accounts], f"same-{accounts[0]}"
    went = await asyncio.gather(*(come(house, assertion(subject), code) for code in codes))
    assert set(went) <= {"in", Reason.INVITATION.code}
    assert "in" in went, "who was later may be let in as the one who was first"
    assert sum(len(links(house, account)) for account in accounts) == 1


async def test_of_many_answers_one_is_heard(house: IdentityHouse) -> None:
    row = await house.trust(content())
    now = SystemClock().now()
    async with house.as_("signin") as signin:
        pending = await begin_login(signin, row.id, "operator", now)
    assert read_pending(pending.cookie) == pending

    async def take() -> bool:
        async with house.as_("signin") as connection:
            return await take_login(connection, pending, now) is not None

    assert sorted(await asyncio.gather(*(take() for _ in range(AT_ONCE)))) == [False] * (AT_ONCE - 1) + [True]


def test_what_one_sign_in_draws_is_apart_from_every_other() -> None:
    assert read_pending("") is None
    assert read_pending("A" * 42) is None
    assert read_pending("å" * 43) is None
    one, other = read_pending("A" * 43), read_pending("B" * 42 + "A")
    assert one is not None
    assert other is not None
    drawn = {one.state, one.nonce, one.verifier, one.cookie, other.state, other.nonce, other.verifier, other.cookie}
    assert len(drawn) == 8

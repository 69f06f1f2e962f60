# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An issuer answers and lets nobody in: two people declare it, and in which ways that must open nothing (term 15)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.identity.declaring import Side, Sides, new_sides, trust_of
from tests.identity.falling_back import FallbackScene, answering, new_fallback_scene
from tests.identity.house import IdentityHouse
from tests.identity.visitor import Visitor, open_entrance
from vaka.access.grants import grant_role
from vaka.clock import SystemClock, TurnedClock
from vaka.identity.guard import KeyRule
from vaka.identity.outages import find_declared
from vaka.identity.sessions import BRIEF
from vaka.web.signin.entrance import Entrance
from vaka.web.times import whole_minute

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BOTH_WAYS: tuple[tuple[Side, Side], ...] = (("desk", "office"), ("office", "desk"))


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture
async def scene(house: IdentityHouse, entrance: Entrance) -> AsyncIterator[FallbackScene]:
    """An operator whose issuer answers, whatever it is asked."""
    made = await new_fallback_scene(house, entrance)
    async with answering(made.port):
        yield made


@pytest.fixture
async def sides(house: IdentityHouse, scene: FallbackScene) -> Sides:
    return await new_sides(house, scene)


async def is_open(scene: FallbackScene) -> bool:
    """Whether the sign-in page says of the scene's issuer that one may come in by a key."""
    return scene.is_offered((await Visitor(scene.entrance).get("/")).text)


async def test_term_15_3_in_a_declared_outage_a_session_shows_that_it_rests_on_no_issuer(
    scene: FallbackScene, sides: Sides
) -> None:
    assert not await is_open(scene), "the issuer answers"
    outage = await sides.both(scene)
    before = scene.house.newest()
    page = (await Visitor(scene.entrance).get("/")).text
    until = (await sides.find(outage)).holds_until
    assert until is not None
    assert f"är förklarad ur bruk till {whole_minute(until)}" in page
    session = await scene.session(await scene.sign_in())
    assert session is not None
    assert (session.fallback, session.issuer, session.level) == (True, None, None)
    assert session.expires_at - session.created_at == BRIEF
    told = [one for one in scene.house.entries(before) if one["event"] == "sign_in.fallback"]
    assert [(one["detail"]["reason"], one["detail"]["outage"]) for one in told] == [("outage_declared", str(outage))]


async def test_who_declared_what_stands_in_the_log_and_each_authority_concerned_is_told(
    scene: FallbackScene, sides: Sides
) -> None:
    elsewhere, before = await scene.house.authority(f"annan{uuid4().hex[:6]}"), scene.house.newest()
    outage = await sides.both(scene)
    assert await sides.end(outage, "office") == "done"
    told = [one for one in scene.house.entries(before) if one["event"].startswith("outage.")]
    assert [(one["event"], one["actor"]) for one in told] == [
        ("outage.proposed", f"account:{sides.leader}"), ("outage.declared", f"account:{sides.administrator}"),
        ("outage.ended", f"account:{sides.administrator}"),
    ]  # fmt: skip
    assert {one["object"] for one in told} == {f"outage:{outage}"}
    assert {one["detail"]["issuer"] for one in told} == {scene.name}
    assert len({one["detail"]["sha256"] for one in told}) == 1
    notices = scene.house.onlooker.execute(
        "select authority_id, event from vaka.notice where object = %s order by entry", (f"outage:{outage}",)
    ).fetchall()
    assert [(one["authority_id"], one["event"]) for one in notices] == [
        (scene.authority, "outage.declared"), (scene.authority, "outage.ended")
    ], "no other has operators who sign in by it"  # fmt: skip
    await scene.house.seal()
    for authority in (scene.authority, elsewhere):
        seen = scene.house.onlooker.execute(
            "select event from ledger.concerning(%s, '-infinity', 'infinity', 1000000, null, null, %s, null, null,"
            " null, null, 100)", (authority, f"outage:{outage}"),
        ).fetchall()  # fmt: skip
        assert {one["event"] for one in seen} == {"outage.proposed", "outage.declared", "outage.ended"}


async def test_what_one_side_says_opens_nothing_before_the_other_has_said_it_and_the_log_is_sealed(
    scene: FallbackScene, sides: Sides
) -> None:
    outage = await sides.propose(scene, "office")
    await scene.house.seal()
    assert not await is_open(scene)
    assert await sides.declare(outage, "desk", sealed=False) == "done"
    assert not await is_open(scene)
    await scene.house.seal()
    assert await is_open(scene)


async def test_it_is_for_one_issuer_and_nobody_else_is_let_in_by_it(scene: FallbackScene, sides: Sides) -> None:
    other = await new_fallback_scene(scene.house, scene.entrance)
    async with answering(other.port):
        await sides.both(scene)
        before = scene.house.newest()
        other.refused(await other.sign_in(), "issuer_answers", before)
        # Known to both, and one of them lets him in: no outage of his.
        with scene.house.superuser(unguarded=True) as hand:
            hand.execute(
                "update account_link set account_id = %s where account_id = %s", (scene.account, other.account)
            )
        before = scene.house.newest()
        scene.refused(await scene.sign_in(), "issuer_answers", before)


async def test_ended_by_either_it_opens_nothing_at_once_and_nobody_comes_in_by_a_page_of_before(
    scene: FallbackScene, sides: Sides
) -> None:
    for side in ("desk", "office"):
        outage = await sides.both(scene)
        visitor = Visitor(scene.entrance)
        sent = {"answer": scene.key.touch(await scene.ask(visitor))}
        assert await sides.end(outage, side) == "done"
        assert not await is_open(scene)
        before = scene.house.newest()
        scene.refused(await visitor.post("/fallback", sent), "issuer_answers", before)
        assert await sides.end(outage, side) == "gone"


async def test_it_ends_by_itself(scene: FallbackScene, sides: Sides) -> None:
    outage = await sides.find(await sides.both(scene))
    assert outage.approved_at is not None
    assert outage.holds_until is not None
    assert abs(outage.holds_until - outage.approved_at - timedelta(hours=2)) < timedelta(seconds=1)
    async with scene.house.as_("signin") as signin:
        for moved, holds in ((-1, True), (0, False)):
            declared = await find_declared(signin, outage.holds_until + timedelta(seconds=moved))
            assert (outage.trust_id in declared) is holds
    late = TurnedClock(outage.holds_until + timedelta(seconds=1))
    fallback = replace(scene.entrance.fallback, answering=replace(scene.entrance.fallback.answering, clock=late))
    assert not await is_open(replace(scene, entrance=replace(scene.entrance, fallback=fallback)))


async def test_a_proposal_that_is_an_hour_old_is_declared_by_nobody(scene: FallbackScene, sides: Sides) -> None:
    old = await sides.propose(scene, at=SystemClock().now() - timedelta(hours=1, seconds=1))
    assert await sides.declare(old) == "gone"
    await sides.propose(scene)
    with pytest.raises(AssertionError, match="waits"):
        await sides.propose(scene, "office")


async def test_one_human_with_two_accounts_is_one(scene: FallbackScene, sides: Sides) -> None:
    """The rogue administrator has an operator's account besides; and makes them one human's only afterwards."""
    with scene.house.superuser(unguarded=True) as hand:
        [kept] = hand.execute("select human from account where id = %s", (sides.leader,)).fetchall()
        as_one = "update account set human = (select human from account where id = %s) where id = %s"
        apart = "update account set human = %s where id = %s"
        for side, other in BOTH_WAYS:
            hand.execute(apart, (kept["human"], sides.leader))
            outage = await sides.propose(scene, side)
            hand.execute(as_one, (sides.administrator, sides.leader))
            assert await sides.declare(outage, other) == "own"
            assert await sides.end(outage) == "done"
        hand.execute(apart, (kept["human"], sides.leader))
        await sides.both(scene)
        assert await is_open(scene)
        hand.execute(as_one, (sides.administrator, sides.leader))
        assert not await is_open(scene), "looked at when somebody comes, not when it was written"


async def test_it_takes_both_sides(scene: FallbackScene, sides: Sides) -> None:
    second, colleague = scene.house.administrators[1], await scene.house.person("Lars Ledare")
    async with scene.house.as_("setup") as setup:
        now = SystemClock().now()
        await grant_role(setup, colleague, "shift_leader", scene.authority, actor="setup", now=now)
    alike: tuple[tuple[Side, UUID], ...] = (("office", second), ("desk", colleague))
    for side, other in alike:
        outage = await sides.propose(scene, side)
        assert await sides.declare(outage, side, by=other) == "same_side"
        assert await sides.end(outage) == "done"


async def test_nobody_else_proposes_declares_or_ends(scene: FallbackScene, sides: Sides) -> None:
    outage, trust, now = await sides.propose(scene), await trust_of(scene), SystemClock().now()
    digest = (await sides.find(outage)).digest
    # An operator; somebody at the other side's process; somebody who is no more.
    with scene.house.superuser(unguarded=True) as hand:
        gone = await scene.house.person("Lova Slutat")
        async with scene.house.as_("setup") as setup:
            await grant_role(setup, gone, "shift_leader", scene.authority, actor="setup", now=now)
        hand.execute("update account set state = 'deactivated' where id = %s", (gone,))
    for side, by in (
        ("desk", scene.account), ("desk", sides.administrator), ("office", sides.leader), ("desk", gone)
    ):  # fmt: skip
        asked = {"by": by, "now": now}
        assert await sides.ask(side, "end_outage", id=outage, **asked) == "stranger"
        assert await sides.ask(side, "declare_outage", id=outage, digest=digest, **asked) == "stranger"
        assert await sides.ask(
            side, "propose_outage", id=uuid4(), trust_id=trust, hours=1, reason="prov", **asked
        ) == "stranger"  # fmt: skip
    assert await sides.ask(
        "office", "declare_outage", id=outage, digest="0" * 64, by=sides.administrator, now=now
    ) == "changed"  # fmt: skip


@pytest.mark.parametrize(("role", "kind"), [("log_reviewer", "user"), (None, "administrator")])
async def test_administrators_and_authorities_are_helped_by_none(
    house: IdentityHouse, entrance: Entrance, role: str | None, kind: str
) -> None:
    scene = await new_fallback_scene(
        house, entrance, role=role, kind=kind, realms=("operator", "authority", "administrator"),
        rule=KeyRule(device_bound=True, attested=False),
    )  # fmt: skip
    async with answering(scene.port):
        await (await new_sides(house, scene)).both(scene)
        before = house.newest()
        scene.refused(await scene.sign_in(), "wrong_realm", before)


async def test_a_row_that_was_put_there_opens_nothing_and_is_told_of(scene: FallbackScene, sides: Sides) -> None:
    made, before = await _put_there(scene, sides), scene.house.newest()
    await scene.house.seal()
    assert not await is_open(scene)
    told = [one for one in scene.house.entries(before - 5) if one["event"] == "row.changed_by_hand"]
    assert f"declared_outage:{made}" in {one["object"] for one in told}
    notices = scene.house.onlooker.execute(
        "select from vaka.notice where object = %s and authority_id = %s", (f"declared_outage:{made}", scene.authority)
    )
    assert notices.rowcount == 1


@pytest.mark.parametrize(
    "logins", [("setup", "setup"), ("office", "office"), ("desk", "desk"), ("setup", "office"), ("desk", "signin")]
)
async def test_a_row_with_entries_that_others_wrote_of_it_opens_nothing(
    scene: FallbackScene, sides: Sides, logins: tuple[str, str]
) -> None:
    """Whoever has the commands' login, or one of the two processes alone, writes rows and entries of both sides."""
    made = await _put_there(scene, sides)
    digest = (await sides.find(made)).digest
    said = zip(logins, ("outage.proposed", "outage.declared"), (sides.leader, sides.administrator), strict=True)
    for login, event, by in said:
        async with scene.house.as_(login) as connection:
            await connection.execute(
                "select ledger.append(now(), %s, %s, %s, 'success', jsonb_build_object('sha256', %s::text))",
                (event, f"account:{by}", f"outage:{made}", digest),
            )
    await scene.house.seal()
    assert (await sides.find(made)).holds_until is None
    assert not await is_open(scene)


@pytest.mark.parametrize(
    "change",
    ["hours = 8", "reason = 'En annan'", "trust_id = (select max(id::text)::uuid from trusted_issuer)",
     "approved_by = %s", "proposed_by = %s"],
)  # fmt: skip
async def test_a_row_that_was_changed_opens_nothing(scene: FallbackScene, sides: Sides, change: str) -> None:
    outage = await sides.both(scene)
    other = await new_fallback_scene(scene.house, scene.entrance) if "trust_id" in change else scene
    with scene.house.superuser() as hand:
        values = (scene.house.administrators[1],) if "%s" in change else ()
        hand.execute(f"update declared_outage set {change} where id = %s".encode(), (*values, outage))
    async with answering(other.port) if other is not scene else answering(0):
        assert not await is_open(scene)
        assert not await is_open(other)


async def test_what_was_ended_is_not_brought_back_by_a_statement(scene: FallbackScene, sides: Sides) -> None:
    outage = await sides.both(scene)
    assert await sides.end(outage) == "done"
    for _ in range(2):
        with scene.house.superuser() as hand:
            hand.execute("update declared_outage set ended_by = null, ended_at = null where id = %s", (outage,))
        assert not await is_open(scene)
        await scene.house.seal()


async def test_none_lasts_longer_than_the_database_knows(scene: FallbackScene, sides: Sides) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await sides.propose(scene, hours=9)


async def _put_there(scene: FallbackScene, sides: Sides) -> UUID:
    made = uuid4()
    with scene.house.superuser() as hand:
        hand.execute(
            "insert into declared_outage (id, trust_id, hours, reason, proposed_by, proposed_at, approved_by,"
            " approved_at) values (%s, %s, 8, 'prov', %s, now(), %s, now())",
            (made, await trust_of(scene), sides.leader, sides.administrator),
        )
    return made

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two custodians open the office together, and every way in which one alone, or somebody else, must not (term 15)."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.confirming import touched
from tests.identity.authenticator import CAN_BE_COPIED, PRESENT, VERIFIED, SoftKey
from tests.identity.breaking_glass import (
    LISTED,
    MAKER,
    WHY,
    EmergencyScene,
    asked_in,
    decide,
    enrol,
    keys_of_the_office,
    new_administrator,
    new_custodian,
    new_emergency_scene,
    session_of,
)
from tests.identity.house import IdentityHouse, content
from tests.identity.visitor import Visitor, open_entrance
from vaka.clock import SystemClock, TurnedClock
from vaka.identity.break_glass import find_break_glass, is_genuine
from vaka.identity.ceremonies import NotAllowedToAddError
from vaka.identity.confirming import NotConfirmedError
from vaka.identity.refusing import KeyRefusedError, Reason
from vaka.identity.sessions import EMERGENCY, open_session
from vaka.identity.trust import CannotApproveError, TrustRow, approve, propose
from vaka.identity.trust_content import read_content
from vaka.web.signin.arriving import EMERGENCY_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture
async def scene(house: IdentityHouse, entrance: Entrance) -> EmergencyScene:
    return await new_emergency_scene(house, entrance)


def later(scene: EmergencyScene, span: timedelta) -> Entrance:
    """The same sign-in page when this time has passed."""
    clock = TurnedClock(SystemClock().now() + span)
    emergency = replace(scene.entrance.emergency, clock=clock)
    return replace(scene.entrance, clock=clock, emergency=emergency)


async def test_two_custodians_open_one_session_of_an_hour(scene: EmergencyScene) -> None:
    await scene.house.believe_nobody()
    assert 'href="/emergency"' in (await Visitor(scene.entrance).get("/")).text, "no issuer is believed"
    await scene.house.trust(content())
    assert 'href="/emergency"' in (await Visitor(scene.entrance).get("/?realm=administrator")).text
    assert 'href="/emergency"' not in (await Visitor(scene.entrance).get("/?realm=operator")).text
    before = scene.house.newest()
    session = await scene.session(await scene.both())
    assert session is not None
    assert (session.account_id, session.method, session.level, session.issuer) == (
        scene.one.account, "break_glass", None, None
    )  # fmt: skip
    assert session.expires_at - session.created_at == EMERGENCY
    entries = scene.house.entries(before)
    assert [one["event"] for one in entries] == [
        "break_glass.begun", "security_key.used", "break_glass.opened", "session.started", "security_key.used"
    ]  # fmt: skip
    begun, _, opened, _, _ = entries
    assert begun["actor"] == opened["actor"] == f"account:{scene.one.account}"
    assert (opened["detail"]["account"], opened["detail"]["reason"]) == (f"account:{scene.other.account}", WHY)
    async with scene.house.as_("office") as office:
        assert await is_genuine(office, scene.entrance.emergency.secret, session)


async def test_every_authority_is_told_when_it_opens_and_when_it_ends(scene: EmergencyScene) -> None:
    authority = await scene.house.authority(f"nod{uuid4().hex[:8]}")
    session = await scene.session(await scene.both())
    assert session is not None

    def told() -> list[str]:
        rows = scene.house.onlooker.execute(
            "select event from vaka.notice where authority_id = %s and object = %s order by entry",
            (authority, f"break_glass:{session.break_glass}"),
        )
        return [str(one["event"]) for one in rows.fetchall()]

    assert told() == ["break_glass.opened"]
    async with scene.house.as_("scheduler") as scheduler:
        await scheduler.execute("select end_break_glass(now())")
        assert told() == ["break_glass.opened"], "it goes on"
        await scheduler.execute("select end_break_glass(now() + interval '61 minutes')")
        await scheduler.execute("select end_break_glass(now() + interval '62 minutes')")
    assert told() == ["break_glass.opened", "break_glass.ended"]


async def test_nothing_is_offered_without_two_custodians(house: IdentityHouse, entrance: Entrance) -> None:
    with house.superuser(unguarded=True) as hand:
        hand.execute("delete from security_key where purpose = 'emergency'")
    assert "data-key" not in (await Visitor(entrance).get("/emergency")).text
    scene = await new_emergency_scene(house, entrance)
    visitor = Visitor(entrance)
    asked = await scene.ask(visitor)
    await decide(house, scene.other.account, "emergency_key_removal")
    assert "data-key" not in (await Visitor(entrance).get("/emergency")).text
    before = house.newest()
    scene.refused(await visitor.post("/emergency", {"answer": scene.one.key.touch(asked)}), "no_custodians", before)
    assert not replace(entrance.emergency, site=replace(entrance.emergency.site, identifier="example.se")).is_possible


async def test_the_page_says_that_an_earlier_one_was_not_gone_through(scene: EmergencyScene) -> None:
    session = await scene.session(await scene.both())
    assert session is not None
    assert "inte gåtts igenom" not in (await Visitor(scene.entrance).get("/emergency")).text
    late = later(scene, timedelta(days=7, hours=2))
    page = await Visitor(late).get("/emergency")
    assert "inte gåtts igenom" in page.text
    assert "data-key" in page.text


async def test_one_key_twice(scene: EmergencyScene) -> None:
    before = scene.house.newest()
    scene.refused(await scene.both(second=scene.one.key), "same_custodian", before)


async def test_the_same_human_by_two_accounts(scene: EmergencyScene) -> None:
    """The database knows nobody with two administrators' accounts; whoever makes that untrue still opens nothing."""
    theirs = "update account set human = (select human from account where id = %s) where id = %s"
    with scene.house.superuser(unguarded=True) as hand:
        [own] = hand.execute("select human from account where id = %s", (scene.other.account,)).fetchall()
        with pytest.raises(psycopg.errors.UniqueViolation):
            hand.execute(theirs, (scene.one.account, scene.other.account))
        hand.execute("drop index one_account_of_a_class")
        try:
            hand.execute(theirs, (scene.one.account, scene.other.account))
            before = scene.house.newest()
            scene.refused(await scene.both(), "same_custodian", before)
        finally:
            hand.execute("update account set human = %s where id = %s", (own["human"], scene.other.account))
            hand.execute("create unique index one_account_of_a_class on account (human, kind)")


async def test_a_key_that_was_added_for_something_else(scene: EmergencyScene) -> None:
    own = await enrol(scene.house, scene.other.account, "own")
    before = scene.house.newest()
    scene.refused(await scene.both(second=own), "other_purpose", before)
    before = scene.house.newest()
    scene.refused(await scene.first(Visitor(scene.entrance), own), "other_purpose", before)


async def test_a_key_for_emergencies_confirms_nothing_else(scene: EmergencyScene) -> None:
    session = await session_of(scene.house, scene.one.account)
    async with keys_of_the_office(scene.house, "own") as keys:
        act = keys.enrolment_for(session)
        scene.one.key.origin = scene.house.settings.office.origin
        answer = scene.one.key.touch(await keys.ask_for_touch(session, act))
        with pytest.raises(KeyRefusedError) as refused:
            await keys.confirm(session, act, answer)
    assert refused.value.reason is Reason.OTHER_PURPOSE


async def test_a_replayed_touch(scene: EmergencyScene) -> None:
    visitor = Visitor(scene.entrance)
    asked = await scene.ask(visitor)
    cookies, touch = dict(visitor.cookies), scene.one.key.touch(asked)
    assert (await visitor.post("/emergency", {"answer": touch})).status == 200
    before = scene.house.newest()
    scene.refused(
        await Visitor(scene.entrance, cookies).post("/emergency", {"answer": touch}), "emergency_spent", before
    )
    before = scene.house.newest()
    answer = await visitor.post("/emergency", {"answer": touch, "reason": WHY})
    scene.refused(answer, "challenge_unknown", before)


async def test_what_another_browser_was_asked(scene: EmergencyScene) -> None:
    visitor, stranger = Visitor(scene.entrance), Visitor(scene.entrance)
    begun, asked = await scene.first(visitor), await scene.ask(stranger)
    before = scene.house.newest()
    answer = scene.other.key.touch(asked)
    scene.refused(await visitor.post("/emergency", {"answer": answer, "reason": WHY}), "challenge_unknown", before)
    before = scene.house.newest()
    answer = scene.other.key.touch(asked_in(begun))
    scene.refused(await stranger.post("/emergency", {"answer": answer, "reason": WHY}), "challenge_unknown", before)
    nobody = Visitor(scene.entrance)
    before = scene.house.newest()
    scene.refused(await nobody.post("/emergency", {"answer": answer}), "emergency_spent", before)
    assert EMERGENCY_COOKIE not in nobody.cookies


async def test_too_long_between_the_touches(scene: EmergencyScene) -> None:
    visitor = Visitor(scene.entrance)
    begun = await scene.first(visitor)
    visitor.entrance = later(scene, timedelta(minutes=2, seconds=30))
    before = scene.house.newest()
    answer = scene.other.key.touch(asked_in(begun))
    scene.refused(await visitor.post("/emergency", {"answer": answer, "reason": WHY}), "emergency_spent", before)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "rad ett\x07"])
async def test_no_reason(scene: EmergencyScene, reason: str) -> None:
    before = scene.house.newest()
    scene.refused(await scene.both(reason=reason), "no_why", before)


@pytest.mark.parametrize("which", ["first", "second"])
async def test_a_custodian_who_was_deactivated(scene: EmergencyScene, which: str) -> None:
    """Also between the touches: the first one no longer counts."""
    visitor = Visitor(scene.entrance)
    begun = await scene.first(visitor)
    who = scene.one if which == "first" else scene.other
    with scene.house.superuser(unguarded=True) as hand:
        hand.execute("update account set state = 'deactivated' where id = %s", (who.account,))
    before = scene.house.newest()
    answer = scene.other.key.touch(asked_in(begun))
    scene.refused(await visitor.post("/emergency", {"answer": answer, "reason": WHY}), "account", before)


async def test_a_key_whose_row_was_changed_by_hand(scene: EmergencyScene) -> None:
    """An own key that somebody makes one for emergencies by a statement is none."""
    own = await enrol(scene.house, scene.other.account, "own")
    with scene.house.superuser(unguarded=True) as hand:
        hand.execute("delete from security_key where account_id = %s and purpose = 'emergency'", (scene.other.account,))
        hand.execute("update security_key set purpose = 'emergency' where credential_id = %s", (own.credential_id,))
    assert not any(one.account_id == scene.other.account for one in await scene.usable()), "nor is it counted"
    await new_custodian(scene.house, "Doris")
    before = scene.house.newest()
    scene.refused(await scene.both(second=own), "key_by_hand", before)


async def test_another_sites_page(scene: EmergencyScene) -> None:
    for said, reason in (({"crossOrigin": True}, "cross_origin"), ({"origin": "https://evil.example"}, "origin")):
        before = scene.house.newest()
        scene.one.key.said = said
        scene.refused(await scene.first(Visitor(scene.entrance)), reason, before)
    scene.one.key.said = {}


async def test_not_verified_nor_counting_backwards(scene: EmergencyScene) -> None:
    scene.one.key.flags = PRESENT
    before = scene.house.newest()
    scene.refused(await scene.first(Visitor(scene.entrance)), "not_verified", before)
    scene.one.key.flags = PRESENT | VERIFIED
    assert (await scene.both()).status == 200
    scene.one.key.count = 0
    before = scene.house.newest()
    scene.refused(await scene.first(Visitor(scene.entrance)), "counter", before)


async def test_a_key_for_emergencies_is_added_by_two_and_is_hardware(house: IdentityHouse) -> None:
    account = await new_administrator(house, "Doris")
    session = await session_of(house, account)
    async with keys_of_the_office(house, "emergency") as keys:
        confirmed = touched(keys.enrolment_for(session))
        with pytest.raises(NotAllowedToAddError):
            await keys.ask_for_new_key(session, confirmed)
        await decide(house, account, "emergency_key")
        with pytest.raises(NotConfirmedError):
            await keys.ask_for_new_key(session, None)
        synced = SoftKey(keys.site.origin, flags=PRESENT | VERIFIED | CAN_BE_COPIED, aaguid=LISTED, maker=MAKER)
        for key, reason in ((synced, Reason.SYNCED), (SoftKey(keys.site.origin), Reason.ATTESTATION)):
            made = key.make(await keys.ask_for_new_key(session, confirmed))
            with pytest.raises(KeyRefusedError) as refused:
                await keys.enrol(session, "i kassaskåpet", made)
            assert refused.value.reason is reason
    await enrol(house, account, "emergency")
    with pytest.raises(NotAllowedToAddError):
        await enrol(house, account, "emergency")


async def test_no_process_adds_or_takes_a_custodians_key_by_a_statement(scene: EmergencyScene) -> None:
    key = scene.one.key.credential_id
    copy = (
        "insert into security_key (id, account_id, name, credential_id, public_key, algorithm, model, site,"
        " device_bound, attested, sign_count, added_at, binding, purpose)"
        " select gen_random_uuid(), %s, name, %s, public_key, algorithm, model, site, true, true, 0, now(), binding,"
        " 'emergency' from security_key where credential_id = %s"
    )
    for component in ("desk", "portal", "office", "setup"):
        async with scene.house.as_(component) as rogue:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await rogue.execute(copy, (scene.house.administrators[0], uuid4().bytes, key))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await rogue.execute("delete from security_key where account_id = %s", (scene.one.account,))
    with scene.house.superuser() as hand:
        for change in ("purpose = 'own'", f"account_id = '{scene.other.account}'"):
            with pytest.raises(psycopg.Error):
                hand.execute(f"update security_key set {change} where credential_id = %s".encode(), (key,))


async def test_a_session_that_two_custodians_did_not_open(scene: EmergencyScene) -> None:
    """By statement it is refused; whoever switches that off has a session that rests on nothing."""
    visitor = Visitor(scene.entrance)
    await scene.first(visitor)
    [row] = scene.house.onlooker.execute(
        "select id from vaka.break_glass where first_account = %s", (scene.one.account,)
    ).fetchall()
    async with scene.house.as_("signin") as signin:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await open_session(
                signin, scene.one.account, "administrator", "break_glass", SystemClock().now(), break_glass=row["id"]
            )
        for column in ("second_account", "session_id"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await signin.execute(f"update break_glass set {column} = gen_random_uuid()".encode())
    token = uuid4().bytes * 2
    with scene.house.superuser(unguarded=True) as hand:
        hand.execute(
            "update break_glass set second_account = %s, second_key = gen_random_uuid(), session_id = %s,"
            " opened_at = now(), expires_at = now() + interval '1 hour', review_by = now() + interval '8 days',"
            " reason = 'x', binding = %s where id = %s",
            (scene.other.account, row["id"], bytes(32), row["id"]),
        )
        hand.execute(
            "insert into session (token_hash, id, account_id, realm, method, created_at, expires_at, break_glass)"
            " select %s, session_id, first_account, 'administrator', 'break_glass', opened_at, expires_at, id"
            " from break_glass where id = %s",
            (token, row["id"]),
        )
    session = replace(await session_of(scene.house, scene.one.account), break_glass=row["id"], id=row["id"])
    async with scene.house.as_("office") as office:
        known = await find_break_glass(office, row["id"])
        assert known is not None
        assert known.opened_at is not None
        assert known.expires_at is not None
        forged = replace(session, created_at=known.opened_at, expires_at=known.expires_at)
        assert not await is_genuine(office, scene.entrance.emergency.secret, forged)


async def test_neither_custodian_approves_what_their_session_proposed(scene: EmergencyScene) -> None:
    """Nor does the session approve what the other one had proposed; a third human does."""
    house, one, other = scene.house, scene.one.account, scene.other.account
    third = house.administrators[0]

    async def issuer(by: UUID) -> TrustRow:
        await house.stand()
        async with house.as_("office") as office:
            name = f"prov-{uuid4().hex[:8]}"
            return await propose(
                office, None, name, read_content(json.dumps(content())), by=by, demo=True, now=SystemClock().now()
            )

    async def is_approved(row: TrustRow, by: UUID) -> bool:
        async with house.as_("office") as office:
            try:
                await approve(office, row.id, row.digest, by=by, now=SystemClock().now())
            except CannotApproveError:
                return False
            return True

    before, others = await issuer(one), await issuer(other)
    assert await scene.session(await scene.both()) is not None
    during = await issuer(one)
    assert not await is_approved(others, one), "the session approves for both"
    assert not await is_approved(during, other)
    assert await is_approved(before, other), "what one proposed alone before the other approves"
    assert await is_approved(during, third)


async def test_it_is_never_prolonged_nor_made_something_else(scene: EmergencyScene) -> None:
    session = await scene.session(await scene.both())
    assert session is not None
    with scene.house.superuser() as hand:
        for change in (
            "expires_at = expires_at + interval '1 minute'", "kept_until = expires_at", "break_glass = null",
            "break_glass = null, method = 'oidc', level = 3, issuer = 'https://idp.example'",
            f"account_id = '{scene.other.account}'", "created_at = now()",
        ):  # fmt: skip
            with pytest.raises(psycopg.Error):
                hand.execute(f"update session set {change} where id = %s".encode(), (session.id,))
        hand.execute("update session set ended_at = now() where id = %s", (session.id,))
        with pytest.raises(psycopg.Error):
            hand.execute("update session set ended_at = null where id = %s", (session.id,))
    longer = replace(session, expires_at=session.expires_at + timedelta(minutes=1))
    async with scene.house.as_("office") as office:
        assert not await is_genuine(office, scene.entrance.emergency.secret, longer)

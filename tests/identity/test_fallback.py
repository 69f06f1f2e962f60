# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator's key opens the desk while his issuer does not answer, and every way in which it must not (term 15)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from tests.identity.authenticator import CAN_BE_COPIED, PRESENT, VERIFIED, Maker, SoftKey
from tests.identity.falling_back import NOT_THERE, FallbackScene, answering, new_fallback_scene
from tests.identity.house import IdentityHouse
from tests.identity.visitor import OWN, Visitor, open_entrance
from vaka.access.grants import read_grants
from vaka.clock import SystemClock, TurnedClock
from vaka.identity.guard import RULES, KeyRule
from vaka.identity.models import Model
from vaka.identity.session_list import list_sessions
from vaka.identity.sessions import BRIEF
from vaka.identity.trust import list_rows
from vaka.settings import Settings
from vaka.web.key_sites import rules_of_the_desk
from vaka.web.signin.arriving import FALLBACK_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LISTED = UUID(int=0xB7)


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@pytest.fixture
async def scene(house: IdentityHouse, entrance: Entrance) -> FallbackScene:
    return await new_fallback_scene(house, entrance)


async def test_term_15_3_a_fallback_session_shows_that_it_rests_on_no_issuer(scene: FallbackScene) -> None:
    before = scene.house.newest()
    page = await Visitor(scene.entrance).get("/")
    assert 'href="/fallback"' in page.text
    assert scene.is_offered(page.text)
    answer = await scene.sign_in()
    assert (answer.status, answer.header("location")) == (303, f"{scene.house.settings.desk.origin}/")
    session = await scene.session(answer)
    assert session is not None
    assert (session.fallback, session.method, session.issuer, session.level) == (True, "passkey", None, None)
    assert session.expires_at - session.created_at == BRIEF
    started, used, told = scene.house.entries(before)
    assert (started["event"], started["detail"]["method"]) == ("session.started", "passkey")
    assert (used["event"], used["detail"]["act"]) == ("security_key.used", "sign_in.fallback")
    assert (told["event"], told["actor"], told["object"]) == (
        "sign_in.fallback", f"account:{scene.account}", f"session:{session.id}"
    )  # fmt: skip
    assert (told["detail"]["reason"], told["detail"]["issuer"]) == ("issuer_unreachable", scene.name)


async def test_the_authority_is_told_once_an_hour_and_sees_each_in_the_suppliers_log(scene: FallbackScene) -> None:
    for _ in range(2):
        assert (await scene.sign_in()).status == 303
    notices = scene.house.onlooker.execute(
        "select kind, event from vaka.notice where authority_id = %s and kind = 'fallback'", (scene.authority,)
    ).fetchall()
    assert [(one["kind"], one["event"]) for one in notices] == [("fallback", "sign_in.fallback")]
    await scene.house.seal()
    concerning = scene.house.onlooker.execute(
        "select event from ledger.concerning(%s, '-infinity', 'infinity', 1000000, null, null, null, null, null, null,"
        " null, 100)", (scene.authority,),
    ).fetchall()  # fmt: skip
    assert [one["event"] for one in concerning].count("sign_in.fallback") == 2


async def test_issuer_answers(scene: FallbackScene) -> None:
    """Neither offered, nor taken of somebody whose page was opened during the outage."""
    visitor = Visitor(scene.entrance)
    asked = await scene.ask(visitor)
    async with answering(scene.port) as requests:
        later = scene.elsewhere()
        visitor.entrance = later.entrance
        before = scene.house.newest()
        answer = await visitor.post("/fallback", {"answer": scene.key.touch(asked)})
        detail = later.refused(answer, "issuer_answers", before)
        assert (detail["account"], detail["issuer"]) == (f"account:{scene.account}", scene.name)
        assert requests[0].startswith(b"GET /.well-known/openid-configuration HTTP/1.1\r\n")
        for _ in range(5):
            assert not scene.is_offered((await Visitor(later.entrance).get("/")).text)
        assert len(requests) == 1, "what was found is kept for some seconds"


async def test_nobody_at_a_browser_can_say_that_there_is_an_outage(scene: FallbackScene) -> None:
    """Another issuer of the registry is away, his own is not: the page is there, and not for him."""
    visitor = Visitor(scene.entrance)
    other = await new_fallback_scene(scene.house, scene.entrance)
    async with answering(scene.port):
        page = (await visitor.get("/")).text
        assert (scene.is_offered(page), other.is_offered(page)) == (False, True)
        before = scene.house.newest()
        scene.refused(await scene.sign_in(visitor), "issuer_answers", before)


async def test_a_gateway_that_says_it_is_away_counts_as_away(scene: FallbackScene) -> None:
    async with answering(scene.port, NOT_THERE):
        assert (await scene.sign_in()).status == 303


async def test_no_key(scene: FallbackScene) -> None:
    visitor = Visitor(scene.entrance)
    await scene.ask(visitor)
    before = scene.house.newest()
    scene.refused(await visitor.post("/fallback", {"answer": ""}), "no_key", before)


async def test_unknown_key(scene: FallbackScene) -> None:
    stranger = SoftKey(scene.key.origin, user=scene.account.bytes)
    before = scene.house.newest()
    detail = scene.refused(await scene.sign_in(key=stranger), "unknown_key", before)
    assert "account" not in detail


async def test_not_verified(scene: FallbackScene) -> None:
    scene.key.flags = PRESENT
    before = scene.house.newest()
    scene.refused(await scene.sign_in(), "not_verified", before)


async def test_counter(scene: FallbackScene) -> None:
    assert (await scene.sign_in()).status == 303
    scene.key.count = 0
    before = scene.house.newest()
    scene.refused(await scene.sign_in(), "counter", before)


async def test_a_key_that_can_be_copied_is_none(house: IdentityHouse, entrance: Entrance) -> None:
    synced = SoftKey("", flags=PRESENT | VERIFIED | CAN_BE_COPIED)
    scene = await new_fallback_scene(house, entrance, key=synced)
    before = house.newest()
    scene.refused(await scene.sign_in(), "synced", before)


async def test_a_key_says_itself_whose_it_is(scene: FallbackScene) -> None:
    scene.key.user = None
    before = scene.house.newest()
    scene.refused(await scene.sign_in(), "malformed", before)


async def test_an_account_that_was_deactivated(scene: FallbackScene) -> None:
    with scene.house.superuser(unguarded=True) as hand:
        hand.execute("update account set state = 'deactivated' where id = %s", (scene.account,))
    before = scene.house.newest()
    detail = scene.refused(await scene.sign_in(), "account", before)
    assert detail["account"] == f"account:{scene.account}"


@pytest.mark.parametrize(("role", "kind"), [("log_reviewer", "user"), (None, "user"), (None, "administrator")])
async def test_wrong_realm(house: IdentityHouse, entrance: Entrance, role: str | None, kind: str) -> None:
    """Neither people of an authority nor administrators get in by it, nor does who has no work at the desk."""
    scene = await new_fallback_scene(
        house, entrance, role=role, kind=kind, realms=("operator", "authority", "administrator"),
        rule=KeyRule(device_bound=True, attested=False),
    )  # fmt: skip
    before = house.newest()
    scene.refused(await scene.sign_in(), "wrong_realm", before)


@pytest.mark.parametrize("realm", ["authority", "administrator"])
async def test_it_is_offered_to_operators_alone(scene: FallbackScene, realm: str) -> None:
    assert "/fallback" not in (await Visitor(scene.entrance).get(f"/?realm={realm}")).text
    answer = await Visitor(scene.entrance).get(f"/fallback?realm={realm}", OWN)
    assert (answer.status, "wrong_realm" in answer.text) == (403, True)


async def test_a_touch_counts_once_and_in_one_browser(scene: FallbackScene) -> None:
    visitor = Visitor(scene.entrance)
    sent = {"answer": scene.key.touch(await scene.ask(visitor))}
    other = Visitor(scene.entrance)
    await scene.ask(other)
    before = scene.house.newest()
    scene.refused(await other.post("/fallback", sent), "challenge_unknown", before)
    kept = dict(visitor.cookies)
    assert (await visitor.post("/fallback", sent)).status == 303
    before = scene.house.newest()
    scene.refused(await Visitor(scene.entrance, kept).post("/fallback", sent), "pending_spent", before)
    before = scene.house.newest()
    scene.refused(await Visitor(scene.entrance).post("/fallback", sent), "no_pending", before)


async def test_a_touch_that_comes_late_is_refused(scene: FallbackScene) -> None:
    visitor = Visitor(scene.entrance)
    sent = {"answer": scene.key.touch(await scene.ask(visitor))}
    late = TurnedClock(SystemClock().now() + timedelta(seconds=121))
    visitor.entrance = replace(scene.entrance, clock=late)
    before = scene.house.newest()
    scene.refused(await visitor.post("/fallback", sent), "pending_spent", before)


async def test_another_pages_answer_is_refused(scene: FallbackScene) -> None:
    scene.key.origin = "https://desk.evil.example"
    before = scene.house.newest()
    scene.refused(await scene.sign_in(), "origin", before)
    answer = await Visitor(scene.entrance).get("/fallback", {"sec-fetch-site": "cross-site"})
    assert (answer.status, FALLBACK_COOKIE in answer.cookies) == (403, False)


async def test_an_issuer_that_is_believed_no_more_is_no_outage(scene: FallbackScene) -> None:
    """Withdrawn is closed: nobody comes in by a key because there is no issuer left to measure."""
    visitor = Visitor(scene.entrance)
    sent = {"answer": scene.key.touch(await scene.ask(visitor))}
    async with scene.house.as_("setup") as setup:
        [row] = [one for one in await list_rows(setup) if one.name == scene.name]
    await scene.house.withdraw(row)
    before = scene.house.newest()
    scene.refused(await visitor.post("/fallback", sent), "issuer_not_approved", before)


async def test_a_key_that_was_put_there_by_hand_opens_nothing(scene: FallbackScene) -> None:
    """Whoever has the database gives somebody's key to another account, and has no key of the credentials directory."""
    with scene.house.superuser(unguarded=True) as hand:
        hand.execute("update security_key set device_bound = not device_bound where account_id = %s", (scene.account,))
    before = scene.house.newest()
    scene.refused(await scene.sign_in(), "key_by_hand", before)


async def test_the_installation_decides_with_which_keys(house: IdentityHouse, entrance: Entrance) -> None:
    maker = Maker(LISTED)
    listed = Model(LISTED, "A key of the test", (maker.root().encode(),))
    plain = (await new_fallback_scene(house, entrance)).elsewhere(fallback="attested")
    before = house.newest()
    plain.refused(await plain.sign_in(), "attestation", before)
    proven = await new_fallback_scene(
        house, entrance, key=SoftKey("", aaguid=LISTED, maker=maker), rule=KeyRule(device_bound=True, attested=True),
        models=(listed,),
    )  # fmt: skip
    proven = proven.elsewhere(fallback="attested")
    assert (await proven.sign_in()).status == 303
    off = proven.elsewhere(fallback="off")
    assert "/fallback" not in (await Visitor(off.entrance).get("/")).text
    answer = await Visitor(off.entrance).get("/fallback", OWN)
    assert (answer.status, "issuer_not_approved" in answer.text) == (403, True)


async def test_without_a_host_name_above_both_there_is_none(scene: FallbackScene) -> None:
    fallback = scene.entrance.fallback
    assert fallback.is_possible
    for origin, site, possible in (
        ("https://login.example.se", "desk.example.se", False), ("https://login.example.se", "example.se", True),
        ("https://example.se", "example.se", True), ("https://evilexample.se", "example.se", False),
    ):  # fmt: skip
        assert replace(fallback, site=replace(fallback.site, origin=origin, identifier=site)).is_possible is possible


async def test_a_fallback_stays_what_it_is(scene: FallbackScene) -> None:
    """Not even the owner of the tables makes it look like a sign-in at an issuer."""
    session = await scene.session(await scene.sign_in())
    assert session is not None
    with scene.house.superuser() as hand:
        for change in ("fallback = false, method = 'oidc', issuer = 'https://idp.example', level = 3",
                       "level = 3", "realm = 'authority'"):  # fmt: skip
            with pytest.raises(psycopg.Error):
                hand.execute(f"update session set {change} where id = %s".encode(), (session.id,))


async def test_a_fallback_is_shown_and_is_no_session_that_pretends_to_be_more(scene: FallbackScene) -> None:
    """What looks for sessions below level 3 (term 15) finds others, and not one that says what it is."""
    low = "select coalesce(sum(things), 0) as many from vaka.find_sessions_below_level(now())"
    [before] = scene.house.onlooker.execute(low).fetchall()
    session = await scene.session(await scene.sign_in())
    assert session is not None
    assert scene.house.onlooker.execute(low).fetchall() == [before]
    async with scene.house.as_("desk") as desk:
        shown = await list_sessions(desk, scene.account, SystemClock().now())
    assert {(one.id, one.method) for one in shown if one.fallback} == {(session.id, "passkey")}


@pytest.mark.parametrize(("fallback", "attested"), [("off", False), ("device_bound", False), ("attested", True)])
def test_the_desk_adds_no_key_that_would_not_open_it(fallback: str, attested: bool) -> None:
    settings = Settings.model_validate({"access": {"fallback": fallback}})
    rules = rules_of_the_desk(settings)
    assert rules["user"].attested is attested
    assert rules["administrator"] == RULES["administrator"]


async def test_it_lets_in_to_what_its_account_holds_and_no_more(scene: FallbackScene) -> None:
    session = await scene.session(await scene.sign_in())
    assert session is not None
    async with scene.house.as_("desk") as desk:
        grants = await read_grants(desk, session.account_id, SystemClock().now())
    assert [(one.role, one.authority_id) for one in grants] == [("operator", scene.authority)]

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - fixtures that are imported and asked for
"""Signing out at one's issuer: which sessions end, and every logout token that ends none."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from tests.identity.house import IdentityHouse, content, key
from tests.identity.provider import CLIENT, Provider, sign, unsigned
from tests.identity.test_sign_in import Claims, Scene, entrance, provider, somebody  # noqa: F401
from tests.identity.visitor import Visitor
from tests.web.browsers import Answer, Browser
from vaka.clock import SystemClock
from vaka.identity.logout_guard import EVENT
from vaka.identity.oidc import make_client_key
from vaka.identity.trust_content import UnusableTrustError, read_content, write_content
from vaka.web.signin.application import build_signin
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOT_BY_A_BROWSER = {"sec-fetch-site": "", "origin": ""}
OTHER = ECKey.generate_key("P-256", parameters={"kid": "idp"}, private=True)


async def believe(house: IdentityHouse, issuer: Provider, page: Entrance, **said: Any) -> Scene:
    """An issuer, and somebody who was linked by it and is signed in by nobody yet."""
    row = await house.trust(content(issuer.origin, **said))
    make_client_key(house.data.root / house.settings.signin.client_keys, row.name)
    scene = Scene(house, issuer, row.name, await house.person(), page)
    visitor = scene.visitor()
    assert (await scene.sign_in(visitor, code=await scene.code(), **somebody(scene))).status == 303
    return scene


@pytest.fixture(scope="module")
def settled() -> list[Scene]:
    """The scene that tests share which end nothing of it."""
    return []


@pytest.fixture
async def scene(
    house: IdentityHouse,
    provider: Provider,
    entrance: Entrance,
    settled: list[Scene],
) -> Scene:
    """An issuer that may sign people out."""
    if not settled:
        settled.append(await believe(house, provider, entrance, back_channel_logout=True))
    return replace(settled[0], entrance=entrance)


def now(seconds: float = 0) -> int:
    return int(SystemClock().now().timestamp() + seconds)


def said(scene: Scene, /, **changes: Any) -> Claims:
    """What a logout token has to say to be believed, with changes; None leaves a claim out."""
    claims = {
        "iss": scene.provider.origin, "aud": CLIENT, "iat": now(), "exp": now(120), "jti": str(uuid4()),
        "events": {EVENT: {}}, **somebody(scene), **changes,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


def sign_out(claims: Claims) -> str:
    return sign(claims, header={"alg": "ES256", "kid": "idp", "typ": "logout+jwt"})


async def tell(scene: Scene, token: str, name: str = "", **more: str) -> Answer:
    """Send a logout token as an issuer does."""
    browser = Browser(build_signin(scene.entrance), scene.entrance.settings.signin.origin)
    return await browser.post(f"/logout/{name or scene.name}", {"logout_token": token, **more}, NOT_BY_A_BROWSER)


async def signed_in(scene: Scene) -> Visitor:
    visitor = scene.visitor()
    assert (await scene.sign_in(visitor, **somebody(scene))).status == 303
    return visitor


async def test_the_sessions_that_it_asserted_end_and_no_others(
    house: IdentityHouse,
    provider: Provider,
    entrance: Entrance,
) -> None:
    scene = await believe(house, provider, entrance, back_channel_logout=True)
    ours, again = await signed_in(scene), await signed_in(scene)
    # The same human by another issuer, and somebody else by this one.
    elsewhere = await house.trust(content("http://127.0.0.1:2"))
    async with house.as_("signin") as signin:
        await signin.execute(
            "insert into vaka.session (token_hash, id, account_id, realm, method, created_at, expires_at,"
            " issuer, level) values (decode(repeat('07', 32), 'hex'), gen_random_uuid(), %s, 'operator', 'oidc', now(),"
            " now() + interval '1 hour', 'http://127.0.0.1:2', 3)",
            (scene.account,),
        )
    stranger = replace(scene, account=await house.person("Nina Norrvik"))
    other = stranger.visitor()
    claims: Claims = {"sub": f"other-{scene.name}", "employee_number": "E-18"}
    assert (await stranger.sign_in(other, code=await stranger.code("E-18"), **claims)).status == 303
    before = house.newest()
    answer = await tell(scene, sign_out(said(scene, sid="known-to-nobody")), extra="ignored")
    assert (answer.status, answer.text, answer.header("cache-control")) == (200, "", "no-store")
    assert await scene.session(ours) is None
    assert await scene.session(again) is None
    assert await scene.session(other) is not None
    left = house.onlooker.execute(
        "select issuer from vaka.session where account_id = %s and ended_at is null", (scene.account,)
    ).fetchall()
    assert [row["issuer"] for row in left] == ["http://127.0.0.1:2"]
    told = house.entries(before)
    assert {one["event"] for one in told} == {"session.ended"}
    assert len(told) == 3  # with the one by which he was linked
    for entry in told:
        assert (entry["actor"], entry["detail"]) == (
            "signin", {"reason": "ended_by_issuer", "account": f"account:{scene.account}"}
        )  # fmt: skip
    await house.withdraw(elsewhere)


async def test_whom_nobody_knows_has_nothing_to_end(scene: Scene) -> None:
    before = scene.house.newest()
    assert (await tell(scene, sign_out(said(scene, sub="somebody-else")))).status == 200
    assert scene.house.entries(before) == []


def id_claims(scene: Scene) -> Claims:
    """What signs in does not sign out, also where the issuer signed both."""
    return scene.provider.claims("any-nonce", **somebody(scene))


CASES: dict[str, tuple[str, Callable[[Scene], str]]] = {
    "another issuer": ("issuer", lambda scene: sign_out(said(scene, iss="https://unlisted.example"))),
    "no issuer": ("issuer", lambda scene: sign_out(said(scene, iss=None))),
    "another client": ("audience", lambda scene: sign_out(said(scene, aud="another-client"))),
    "another client besides": ("audience", lambda scene: sign_out(said(scene, aud=[CLIENT, "another-client"]))),
    "with a nonce": ("nonce", lambda scene: sign_out(said(scene, nonce="x"))),
    "an ID token": ("token_form", lambda scene: sign(id_claims(scene))),
    "an ID token that says that it is none": ("nonce", lambda scene: sign_out(id_claims(scene))),
    "no kind of token": ("token_form", lambda scene: sign(said(scene))),
    "no event": ("claims", lambda scene: sign_out(said(scene, events=None))),
    "another event": ("claims", lambda scene: sign_out(said(scene, events={"urn:other": {}}))),
    "an event that is no object": ("claims", lambda scene: sign_out(said(scene, events={EVENT: "x"}))),
    "events as a list": ("claims", lambda scene: sign_out(said(scene, events=[EVENT]))),
    "nobody": ("claims", lambda scene: sign_out(said(scene, sub=None, sid="a-session-of-theirs"))),
    "no identifier": ("claims", lambda scene: sign_out(said(scene, jti=None))),
    "issued nobody knows when": ("claims", lambda scene: sign_out(said(scene, iat=None))),
    "issued long ago": ("expired", lambda scene: sign_out(said(scene, iat=now(-600), exp=now(600)))),
    "expired": ("expired", lambda scene: sign_out(said(scene, iat=now(-100), exp=now(-60)))),
    "issued tomorrow": ("not_yet", lambda scene: sign_out(said(scene, iat=now(600), exp=now(700)))),
    "not yet": ("not_yet", lambda scene: sign_out(said(scene, nbf=now(600)))),
    "another kind of token": ("token_form", lambda scene: sign(said(scene), header={"alg": "ES256", "typ": "at+jwt"})),
    "unsigned": ("algorithm", lambda scene: unsigned(said(scene), {"alg": "none"})),
    "a wrong key with the right name": ("signature", lambda scene: sign(said(scene), OTHER)),
    "no token": ("token_form", lambda _scene: "x"),
    "a large token": ("token_form", lambda scene: sign_out(said(scene, x="y" * 20_000))),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_not_to_be_believed_ends_nothing_and_is_logged(scene: Scene, case: str) -> None:
    """Of somebody whose session would end by the very same token, but for this one thing."""
    reason, token = CASES[case]
    visitor, before = await signed_in(scene), scene.house.newest()
    answer = await tell(scene, token(scene))
    assert (answer.status, json.loads(answer.text)) == (400, {"error": "invalid_request"})
    assert await scene.session(visitor) is not None
    [entry] = [one for one in scene.house.entries(before) if one["detail"].get("issuer") == scene.name]
    assert (entry["event"], entry["outcome"]) == ("sign_in.refused", "failure")
    assert entry["detail"]["reason"] == f"logout_{reason}"
    assert "prov-1" not in json.dumps(entry["detail"]).replace(scene.name, "")


async def test_a_token_counts_once(scene: Scene) -> None:
    await signed_in(scene)
    token = sign_out(said(scene))
    assert (await tell(scene, token)).status == 200
    visitor, before = await signed_in(scene), scene.house.newest()
    assert (await tell(scene, token)).status == 400
    assert await scene.session(visitor) is not None
    assert [one["detail"]["reason"] for one in scene.house.entries(before)] == ["logout_replayed"]


async def test_an_issuer_signs_out_where_two_people_said_so_and_no_hand_can(
    house: IdentityHouse,
    provider: Provider,
    entrance: Entrance,
) -> None:
    """Off unless it is said. Who writes it into the row himself has an issuer that is believed in nothing."""
    scene = await believe(house, provider, entrance)
    visitor, before = await signed_in(scene), house.newest()
    for name in (scene.name, "nobody-knows-it"):
        assert (await tell(scene, sign_out(said(scene)), name)).status == 400
    with house.superuser(unguarded=True) as hand:
        hand.execute(
            "update trusted_issuer set content = replace(content, '\"client_id\"',"
            ' \'"back_channel_logout":true,"client_id"\') where name = %s',
            (scene.name,),
        )
    assert (await tell(scene, sign_out(said(scene)))).status == 400
    assert await scene.session(visitor) is not None
    reasons = [one["detail"]["reason"] for one in house.entries(before) if one["event"] == "sign_in.refused"]
    assert reasons == ["logout_issuer_not_approved"] * 3


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin"])
async def test_no_page_in_a_browser_signs_anybody_out_without_a_token(scene: Scene, site: str) -> None:
    visitor = await signed_in(scene)
    browser = Browser(build_signin(scene.entrance), scene.entrance.settings.signin.origin, dict(visitor.cookies))
    for fields in ({}, {"logout_token": ""}, {"logout_token": "x"}):
        assert (await browser.post(f"/logout/{scene.name}", fields, {"sec-fetch-site": site})).status == 400
    assert await scene.session(visitor) is not None


def test_rows_from_before_say_the_same_as_ever() -> None:
    text = write_content(read_content(json.dumps(content())))
    assert "back_channel_logout" not in text
    assert write_content(read_content(json.dumps(content() | {"back_channel_logout": False}))) == text
    assert '"back_channel_logout":true' in write_content(
        read_content(json.dumps(content() | {"back_channel_logout": True}))
    )


def test_it_takes_an_issuer_whose_tokens_name_people_as_it_does_otherwise() -> None:
    with pytest.raises(UnusableTrustError, match="subject_attribute is sub"):
        read_content(json.dumps(content() | {"back_channel_logout": True, "subject_attribute": "employee_number"}))


def test_the_key_of_these_tests_is_the_one_that_is_pinned() -> None:
    assert key().as_dict(private=False) == content()["keys"][0]

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - fixtures that are imported and asked for
"""Signing out at one's OpenID provider as well: what the page says, where it leads, and what brings nobody anywhere."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.identity.house import IdentityHouse, content
from tests.identity.provider import CLIENT, Provider
from tests.identity.test_back_channel import believe, signed_in
from tests.identity.test_sign_in import Scene, entrance, provider  # noqa: F401
from tests.identity.visitor import OWN, Visitor
from vaka.identity.trust_content import UnusableTrustError, read_content, write_content
from vaka.web.asker import SESSION_COOKIE
from vaka.web.signin.arriving import LEAVING_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

END = "http://127.0.0.1:9/session/end?tenant=1"
"""Nobody answers there, and nobody has to."""


@pytest.fixture(scope="module")
def settled() -> list[Scene]:
    """The scene that these tests share: somebody new signs in for each."""
    return []


@pytest.fixture
async def scene(house: IdentityHouse, provider: Provider, entrance: Entrance, settled: list[Scene]) -> Scene:
    """An issuer at which one can sign out."""
    if not settled:
        settled.append(await believe(house, provider, entrance, end_session_endpoint=END))
    return replace(settled[0], entrance=entrance)


async def leave(visitor: Visitor) -> str:
    """Sign out here; return what the page says."""
    answer = await visitor.post("/sign-out", {})
    assert (answer.status, answer.header("location")) == (303, "/signed-out?realm=operator")
    return (await visitor.get("/signed-out?realm=operator", OWN)).text


async def test_the_session_ends_first_and_the_issuer_is_offered(scene: Scene) -> None:
    visitor = await signed_in(scene)
    session, before = await scene.session(visitor), scene.house.newest()
    assert session is not None
    page = await leave(visitor)
    assert "Du är utloggad här. Du kan fortfarande vara inloggad hos Provlegitimation." in page
    assert f'href="/sign-out/{scene.name}?realm=operator"' in page
    assert await scene.session(visitor) is None, "and nothing was asked of anybody who would have to answer"
    [entry] = scene.house.entries(before)
    assert (entry["event"], entry["object"], entry["detail"]) == (
        "session.ended", f"session:{session.id}", {"reason": "signed_out"},
    )  # fmt: skip


async def test_the_issuer_is_told_which_client_asks_and_not_who_it_is(scene: Scene) -> None:
    visitor = await signed_in(scene)
    await leave(visitor)
    answer = await visitor.get(f"/sign-out/{scene.name}", OWN)
    address = urlsplit(answer.header("location"))
    assert (answer.status, f"{address.scheme}://{address.netloc}{address.path}") == (303, END.partition("?")[0])
    asked = parse_qs(address.query)
    back = f"{scene.entrance.settings.signin.origin}/signed-out/{scene.name}"
    assert asked.pop("state") != [""]
    assert asked == {"tenant": ["1"], "client_id": [CLIENT], "post_logout_redirect_uri": [back]}
    cookie = answer.cookies[LEAVING_COOKIE][LEAVING_COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "lax", "/")


async def test_who_is_signed_in_still_is_signed_out_before_he_is_sent_away(scene: Scene) -> None:
    visitor = await signed_in(scene)
    before = scene.house.newest()
    assert (await visitor.get(f"/sign-out/{scene.name}", OWN)).status == 303
    assert await scene.session(visitor) is None
    assert SESSION_COOKIE not in visitor.cookies
    assert [one["event"] for one in scene.house.entries(before)] == ["session.ended"]


async def test_the_page_never_says_signed_out_to_somebody_who_is_not(scene: Scene) -> None:
    visitor = await signed_in(scene)
    answer = await visitor.get("/signed-out?realm=operator", OWN)
    assert (answer.status, answer.header("location")) == (200, "")
    assert "Du är fortfarande inloggad" in answer.text
    assert "Du är utloggad" not in answer.text
    assert 'action="/sign-out"' in answer.text
    assert await scene.session(visitor) is not None


async def state_of(visitor: Visitor, scene: Scene) -> str:
    """Go to the issuer; return what it has to send back."""
    answer = await visitor.get(f"/sign-out/{scene.name}", OWN)
    return parse_qs(urlsplit(answer.header("location")).query)["state"][0]


async def test_back_from_the_issuer_the_page_says_so(scene: Scene) -> None:
    visitor = await signed_in(scene)
    await leave(visitor)
    state = await state_of(visitor, scene)
    answer = await visitor.get(f"/signed-out/{scene.name}?state={state}")
    assert (answer.status, answer.header("location")) == (200, "")
    assert "Du är utloggad här, och Provlegitimation svarar att det är klart där." in answer.text
    # Whoever signs in again is not told the old answer as if it were about this.
    await scene.sign_in(visitor, sub=f"prov-1-{scene.name}")
    assert LEAVING_COOKIE not in visitor.cookies


@pytest.mark.parametrize("case", ["no state", "another state", "a state twice", "another browser", "another issuer"])
async def test_an_answer_that_was_not_begun_here_says_nothing_of_anybody(scene: Scene, case: str) -> None:
    visitor, other = await signed_in(scene), scene.visitor()
    await leave(visitor)
    state = await state_of(visitor, scene)
    where = {
        "no state": f"{scene.name}", "another state": f"{scene.name}?state={state[:-2]}xx",
        "a state twice": f"{scene.name}?state={state}&state={state}", "another browser": f"{scene.name}?state={state}",
        "another issuer": f"nobody?state={state}",
    }[case]  # fmt: skip
    answer = await (other if case == "another browser" else visitor).get(f"/signed-out/{where}")
    assert (answer.status, answer.header("location")) == (403, "")
    assert "Det är oklart om du är utloggad" in answer.text
    assert "logout_state" in answer.text
    assert state not in answer.text


async def test_what_belongs_to_no_browser_is_in_the_log(house: IdentityHouse, scene: Scene) -> None:
    before = house.newest()
    await scene.visitor().get(f"/signed-out/{scene.name}?state=somebodys")
    await scene.entrance.attempts.tell()
    told = [one for one in house.entries(before) if one["detail"]["reason"] == "logout_state"]
    assert [one["event"] for one in told] == ["sign_in.refused"]
    assert "somebodys" not in json.dumps(told)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_other_site_signs_anybody_out(scene: Scene, site: str) -> None:
    visitor = await signed_in(scene)
    assert (await visitor.get(f"/sign-out/{scene.name}", {"sec-fetch-site": site})).status == 403
    assert await scene.session(visitor) is not None
    assert LEAVING_COOKIE not in visitor.cookies


async def test_it_leads_to_what_two_people_approved_and_nowhere_else(
    house: IdentityHouse, provider: Provider, entrance: Entrance, scene: Scene
) -> None:
    """No open redirect: whatever an address says besides, and whatever name it has."""
    visitor = scene.visitor()
    more = "post_logout_redirect_uri=https://evil.example&issuer=https://evil.example&end_session_endpoint=x"
    answer = await visitor.get(f"/sign-out/{scene.name}?{more}", OWN)
    assert urlsplit(answer.header("location")).netloc == "127.0.0.1:9"
    assert "evil" not in answer.header("location")
    waiting = await house.propose(content(provider.origin, end_session_endpoint="http://127.0.0.1:8/evil"))
    without = await believe(house, provider, entrance)
    for name in ("nobody", "..", waiting.name, without.name):
        answer = await visitor.get(f"/sign-out/{name}", OWN)
        assert answer.status in (403, 404)
        assert answer.header("location") == ""
    page = await leave(await signed_in(without))
    assert "som vi inte kan säga till härifrån" in page
    assert "/sign-out/" not in page
    for path in ("/signed-out", f"/signed-out/{scene.name}"):
        assert "evil" not in (await visitor.get(f"{path}?{more}&realm=https://evil.example", OWN)).text


async def test_a_made_up_cookie_names_no_issuer(scene: Scene) -> None:
    for name in ("nobody", "../x", "<b>", f"{scene.name}x", "a" * 500):
        visitor = Visitor(scene.entrance, {"__Host-vaka-operator-issuer": name})
        page = await visitor.get("/signed-out?realm=operator", OWN)
        assert page.status == 200
        assert "Du är utloggad här.</p>" in page.text
        assert "/sign-out/" not in page.text


def test_where_one_signs_out_is_part_of_what_is_approved() -> None:
    said = content("https://idp.example", end_session_endpoint="https://idp.example/end")
    assert "https://idp.example/end" in write_content(read_content(json.dumps(said)))
    before = write_content(read_content(json.dumps(content("https://idp.example"))))
    assert "end_session_endpoint" not in before, "what was approved before keeps its digest"
    for address in (
        "javascript:alert(1)",
        "http://idp.example/end",
        "https://u:p@idp.example",
        "https://idp.example/#",
    ):
        with pytest.raises(UnusableTrustError, match="end_session_endpoint"):
            read_content(json.dumps({**said, "end_session_endpoint": address}))

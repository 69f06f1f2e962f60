# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in by an OpenID provider that says what it is told: the one way in, and every way that is none."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from tests.identity.house import LOA3, LOA4, IdentityHouse, content, key
from tests.identity.provider import CLIENT, Provider, running_provider, sign, unsigned
from tests.identity.visitor import OWN, Visitor, open_entrance
from tests.web.browsers import Answer
from vaka.clock import SystemClock, TurnedClock
from vaka.identity import attempts
from vaka.identity.invitations import AlreadyLinkedError, invite
from vaka.identity.oidc import make_client_key
from vaka.identity.sessions import Realm, Session, find_session
from vaka.identity.trust import list_rows
from vaka.settings import Settings
from vaka.web.asker import COOKIES
from vaka.web.signin.arriving import INVITATION_COOKIE, PENDING_COOKIE
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LOW = "http://id.elegnamnden.se/loa/1.0/loa2"
Claims = dict[str, Any]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


@dataclass
class Scene:
    """An issuer that is believed, and somebody with an account."""

    house: IdentityHouse
    provider: Provider
    name: str
    account: UUID
    entrance: Entrance

    def visitor(self) -> Visitor:
        return Visitor(self.entrance)

    async def code(self, value: str = "E-17", account: UUID | None = None, realm: Realm = "operator") -> str:
        """An invitation."""
        await self.house.stand()
        async with self.house.as_("setup") as setup:
            made = await invite(
                setup, account or self.account, realm, "employee_number", value, actor="setup",
                now=SystemClock().now(),
            )  # fmt: skip
        return made.text

    async def sign_in(
        self, visitor: Visitor, *, code: str = "", realm: Realm = "operator", token: Callable[[Claims], str] = sign,
        **claims: Any,
    ) -> Answer:  # fmt: skip
        """Go all the way; `token` makes an ID token of claims that differ from good ones by `claims`."""
        if code:
            assert (await visitor.post(f"/invitation?realm={realm}", {"code": code})).status == 303
        asked = await visitor.begin(self.name, realm)
        self.provider.says(token(self.provider.claims(asked["nonce"], **claims)))
        return await visitor.come_back(self.name, code="code-1", state=asked["state"])

    async def session(self, visitor: Visitor, realm: Realm = "operator") -> Session | None:
        async with self.house.as_("signin") as signin:
            return await find_session(signin, visitor.cookies.get(COOKIES[realm], ""), SystemClock().now())

    def refused(self, answer: Answer, visitor: Visitor, reason: str, before: int, status: int = 403) -> dict[str, Any]:
        """See that nobody is in, that the page says why, and that one entry does; return what that says."""
        assert answer.status == status, answer.text
        assert not set(COOKIES.values()) & set(visitor.cookies)
        assert f"koden till den som hjälper dig: {reason}." in answer.text
        told = self.house.entries(before)
        assert {one["event"] for one in told} == {"sign_in.refused"}, told
        # Another sign-in page over the same house tells once a minute of what it counted.
        [entry] = [one for one in told if one["detail"]["reason"] == reason]
        assert (entry["event"], entry["outcome"], entry["actor"]) == ("sign_in.refused", "failure", "signin")
        assert (entry["detail"]["reason"], entry["detail"]["count"]) == (reason, 1)
        assert entry["detail"]["source"] == "127.0.0.0/24"
        for private in ("prov-1", "E-17", "code-1", "opaque"):
            assert private not in json.dumps(entry["detail"]).replace(self.name, "")
        detail: dict[str, Any] = entry["detail"]
        return detail


async def new_scene(house: IdentityHouse, provider: Provider, entrance: Entrance) -> Scene:
    row = await house.trust(content(provider.origin))
    make_client_key(house.data.root / house.settings.signin.client_keys, row.name)
    return Scene(house, provider, row.name, await house.person(), entrance)


def somebody(scene: Scene) -> Claims:
    """Claims about somebody whom no other scene knows."""
    return {"sub": f"prov-1-{scene.name}"}


async def link(scene: Scene) -> None:
    answer = await scene.sign_in(scene.visitor(), code=await scene.code(), **somebody(scene))
    assert answer.status == 303, answer.text


@pytest.fixture
async def fresh(house: IdentityHouse, provider: Provider, entrance: Entrance) -> Scene:
    """A scene of one's own: an issuer, and an account that is nobody's yet."""
    return await new_scene(house, provider, entrance)


@pytest.fixture(scope="module")
def settled() -> list[Scene]:
    """The scene that tests share which change nothing of it."""
    return []


@pytest.fixture
async def scene(house: IdentityHouse, provider: Provider, entrance: Entrance, settled: list[Scene]) -> Scene:
    """An issuer, and somebody who was linked before."""
    if not settled:
        settled.append(await new_scene(house, provider, entrance))
        await link(settled[0])
    return replace(settled[0], entrance=entrance)


@pytest.fixture
def known(scene: Scene) -> Claims:
    """Who was linked before."""
    return somebody(scene)


async def test_an_invited_person_signs_in_and_each_step_is_one_entry(fresh: Scene) -> None:
    subject = somebody(fresh)
    before, visitor = fresh.house.newest(), fresh.visitor()
    answer = await fresh.sign_in(visitor, code=await fresh.code(), **subject)
    assert (answer.status, answer.header("location")) == (303, f"{fresh.house.settings.desk.origin}/history")
    assert not {PENDING_COOKIE, INVITATION_COOKIE} & set(visitor.cookies)
    invited, linked, started = fresh.house.entries(before)
    account = f"account:{fresh.account}"
    assert (invited["event"], invited["object"], invited["actor"]) == ("account.invited", account, "setup")
    assert (linked["event"], linked["object"], linked["actor"]) == ("account.linked", account, account)
    assert (started["event"], started["actor"]) == ("session.started", account)
    said = started["detail"]
    assert (said["issuer"], said["level"]) == (fresh.provider.origin, 3)
    assert (said["requested"], said["returned"]) == (LOA3, LOA3)
    assert (said["realm"], said["method"], len(said["assertion"])) == ("operator", "oidc", 64)
    again = fresh.visitor()
    assert (await fresh.sign_in(again, **subject)).status == 303, "and from then on without an invitation"
    session = await fresh.session(again)
    assert session is not None
    assert session.account_id == fresh.account


async def test_what_the_issuer_is_asked(scene: Scene, known: Claims) -> None:
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid")
    assert (asked["code_challenge_method"], asked["prompt"], asked["max_age"]) == ("S256", "login", "0")
    assert asked["redirect_uri"] == f"{scene.entrance.settings.signin.origin}/callback/{scene.name}"
    wanted = json.loads(asked["claims"])["id_token"]
    assert wanted["acr"] == {"essential": True, "values": [LOA3]}
    assert {"auth_time", "employee_number", "organisation"} <= set(wanted)
    scene.provider.says(sign(scene.provider.claims(asked["nonce"], **known)))
    await visitor.come_back(scene.name, code="code-2", state=asked["state"])
    fetched = scene.provider.asked[-1]
    assert (fetched["grant_type"], fetched["code"]) == ("authorization_code", "code-2")
    assert fetched["client_assertion_type"].endswith(":jwt-bearer")
    assert "client_secret" not in fetched
    assert len(fetched["code_verifier"]) >= 43
    for secret in (fetched["code_verifier"], asked["nonce"], asked["state"]):
        assert secret not in visitor.cookies.values()


async def test_term_15_3_a_session_shows_level_and_issuer(scene: Scene, known: Claims) -> None:
    visitor = scene.visitor()
    await scene.sign_in(visitor, **known)
    session = await scene.session(visitor)
    assert session is not None
    assert (session.method, session.issuer, session.level) == ("oidc", scene.provider.origin, 3)
    page = (await visitor.get("/", OWN)).text
    assert f"Legitimerad av {scene.provider.origin}, tillitsnivå 3." in page
    visitor.cookies["__Host-vaka-language"] = "en"
    page = (await visitor.get("/", OWN)).text
    assert f"Identified by {scene.provider.origin}, level of assurance 3." in page


Change = tuple[Claims, Callable[[Claims], str]]


def _with(**claims: Any) -> Change:
    return claims, sign


def _by(token: Callable[[Claims], str], **claims: Any) -> Change:
    return claims, token


def _now(seconds: float) -> int:
    return int(SystemClock().now().timestamp() + seconds)


def _by_public_key(claims: Claims) -> str:
    """Sign with what everybody has, as if it were a shared secret. By hand: the library would not."""
    whole = unsigned(claims, {"alg": "HS256", "kid": "idp"}).rpartition(".")[0]
    return f"{whole}.{_text(hmac.digest(key().as_pem(private=False), whole.encode(), 'sha256'))}"


OTHER = ECKey.generate_key("P-256", parameters={"kid": "idp"}, private=True)
CASES: dict[str, tuple[str, Callable[[], Change]]] = {
    "acr missing": ("level_missing", lambda: _with(acr=None)),
    "acr empty": ("level_missing", lambda: _with(acr="")),
    "acr loa2": ("level_too_low", lambda: _with(acr=LOW)),
    "acr eidas low": ("level_too_low", lambda: _with(acr="http://id.elegnamnden.se/loa/1.0/eidas-low")),
    "acr unknown": ("level_unknown", lambda: _with(acr="urn:example:very-high")),
    "acr of a level that is not listed": ("level_unknown", lambda: _with(acr=LOA4)),
    "acr as a list": ("level_unknown", lambda: _with(acr=[LOA3])),
    "another issuer": ("issuer", lambda: _with(iss="https://unlisted.example")),
    "no issuer": ("issuer", lambda: _with(iss=None)),
    "another audience": ("audience", lambda: _with(aud="another-client")),
    "another audience with our azp": ("audience", lambda: _with(aud="another-client", azp=CLIENT)),
    "our audience among others": ("audience", lambda: _with(aud=[CLIENT, "another-client"], azp=CLIENT)),
    "another azp": ("authorised_party", lambda: _with(azp="another-client")),
    "expired": ("expired", lambda: _with(exp=_now(-60), iat=_now(-360))),
    "issued long ago": ("expired", lambda: _with(iat=_now(-8000))),
    "issued tomorrow": ("not_yet", lambda: _with(iat=_now(600), exp=_now(900))),
    "not yet": ("not_yet", lambda: _with(nbf=_now(600))),
    "holds for a day": ("claims", lambda: _with(exp=_now(86_400))),
    "expires never": ("claims", lambda: _with(exp=None)),
    "another nonce": ("nonce", lambda: _with(nonce="replayed")),
    "no nonce": ("nonce", lambda: _with(nonce=None)),
    "authenticated an hour ago": ("authentication_time", lambda: _with(auth_time=_now(-3600))),
    "authenticated nobody knows when": ("authentication_time", lambda: _with(auth_time=None)),
    "another access token": ("access_hash", lambda: _with(at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
    "no subject": ("claims", lambda: _with(sub=None)),
    "nothing to match": ("claims", lambda: _with(employee_number=None)),
    "a foreign organisation": ("organisation", lambda: _with(organisation="SE-foreign")),
    "no organisation": ("organisation", lambda: _with(organisation=None)),
    "unsigned": ("algorithm", lambda: _by(lambda claims: unsigned(claims, {"alg": "none"}))),
    "unsigned, and says otherwise": ("signature", lambda: _by(lambda claims: unsigned(claims, {"alg": "ES256"}))),
    "alg None": ("algorithm", lambda: _by(lambda claims: unsigned(claims, {"alg": "None"}))),
    "no algorithm": ("token_form", lambda: _by(lambda claims: unsigned(claims, {"typ": "JWT"}))),
    "HS256 with the public key": (
        "algorithm", lambda: _by(_by_public_key),
    ),
    "a wrong key with the right name": ("signature", lambda: _by(lambda claims: sign(claims, OTHER))),
    "a key that the token brings along": (
        "signature",
        lambda: _by(lambda claims: sign(
            claims, OTHER, {"alg": "ES256", "kid": "idp", "jwk": OTHER.as_dict(private=False)})),
    ),
    "an algorithm that is not listed": (
        "algorithm",
        lambda: _by(lambda claims: sign(claims, ECKey.generate_key("P-384", private=True), {"alg": "ES384"})),
    ),
    "one sign of it changed": ("signature", lambda: _by(lambda claims: _spoil(sign(claims)))),
    "no token at all": ("token_form", lambda: _by(lambda _claims: "code-1")),
    "a large token": ("token_form", lambda: _by(lambda claims: sign(claims | {"x": "y" * 20_000}))),
    "a claim that stands twice": ("token_form", lambda: _by(lambda claims: _twice(claims))),
}  # fmt: skip


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _spoil(token: str) -> str:
    head, body, signature = token.split(".")
    other = "B" if body[10] == "A" else "A"
    return f"{head}.{body[:10]}{other}{body[11:]}.{signature}"


def _twice(claims: Claims) -> str:
    text = json.dumps(claims)
    return jws.serialize_compact({"alg": "ES256"}, f'{text[:-1]}, "acr": "{LOA3}"}}'.encode(), key())


@pytest.mark.parametrize("case", CASES)
async def test_term_15_1_what_is_not_to_be_believed_is_refused_and_logged(
    scene: Scene, known: Claims, case: str
) -> None:
    """For somebody who gets in with the very same token, but for this one thing."""
    reason, change = CASES[case]
    claims, token = change()
    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, token=token, **{**known, **claims})
    detail = scene.refused(answer, visitor, reason, before)
    assert (detail["issuer"], detail["requested"]) == (scene.name, LOA3)
    assert len(detail["assertion"]) == 64
    if "acr" in claims:
        known_levels = {None: None, LOW: LOW, LOA4: LOA4, "http://id.elegnamnden.se/loa/1.0/eidas-low": claims["acr"]}
        acr = claims["acr"]
        assert detail.get("returned") == (known_levels.get(acr, "other") if not isinstance(acr, list) else "other")


async def test_the_same_token_without_that_one_thing_lets_in(scene: Scene, known: Claims) -> None:
    """The control of all of the above, with everything that is allowed to be there."""
    visitor = scene.visitor()
    answer = await scene.sign_in(visitor, **known, aud=[CLIENT], azp=CLIENT, nbf=_now(-5), amr=["mfa"])
    assert answer.status == 303, answer.text


async def test_term_15_1_an_issuer_that_is_not_listed_or_was_withdrawn(fresh: Scene) -> None:
    await link(fresh)
    known = somebody(fresh)
    visitor = fresh.visitor()
    answer = await visitor.get("/begin/nobody-knows?realm=operator", OWN)
    assert answer.status == 403
    assert "issuer_not_approved" in answer.text
    asked = await visitor.begin(fresh.name)
    fresh.provider.says(sign(fresh.provider.claims(asked["nonce"], **known)))
    async with fresh.house.as_("setup") as setup:
        [row] = [one for one in await list_rows(setup) if one.name == fresh.name]
    await fresh.house.withdraw(row)
    before = fresh.house.newest()
    answer = await visitor.come_back(fresh.name, code="code-1", state=asked["state"])
    fresh.refused(answer, visitor, "issuer_not_approved", before)
    assert fresh.name not in (await visitor.get("/", OWN)).text


async def test_term_15_1_evidence_that_has_expired_closes(scene: Scene, known: Claims) -> None:
    clock = TurnedClock(SystemClock().now() + timedelta(days=201))
    async with open_entrance(scene.house, clock=clock) as later:
        answer = await Visitor(later).get(f"/begin/{scene.name}?realm=operator", OWN)
    assert answer.status == 403
    assert "issuer_not_approved" in answer.text


async def test_term_15_1_an_answer_counts_once(scene: Scene, known: Claims) -> None:
    """Code, state and nonce again: with the cookie from before, in another sign-in, in another browser."""
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    cookie = visitor.cookies[PENDING_COOKIE]
    token = sign(scene.provider.claims(asked["nonce"], **known))
    scene.provider.says(token)
    assert (await visitor.come_back(scene.name, code="code-1", state=asked["state"])).status == 303
    before, again = scene.house.newest(), Visitor(scene.entrance, {PENDING_COOKIE: cookie})
    answer = await again.come_back(scene.name, code="code-1", state=asked["state"])
    scene.refused(answer, again, "pending_spent", before)
    before, other = scene.house.newest(), scene.visitor()
    asked = await other.begin(scene.name)
    answer = await other.come_back(scene.name, code="code-1", state=asked["state"])
    scene.refused(answer, other, "nonce", before)


async def test_term_15_1_an_answer_after_ten_minutes_is_too_late(scene: Scene, known: Claims) -> None:
    visitor = scene.visitor()
    asked = await visitor.begin(scene.name)
    scene.provider.says(sign(scene.provider.claims(asked["nonce"], **known)))
    clock = TurnedClock(SystemClock().now() + timedelta(minutes=11))
    async with open_entrance(scene.house, clock=clock) as later:
        late = Visitor(later, visitor.cookies)
        answer = await late.come_back(scene.name, code="code-1", state=asked["state"])
    assert (answer.status, "pending_spent" in answer.text) == (403, True)


@pytest.mark.parametrize("cookie", ["none", "another's", "made up"])
async def test_term_15_1_login_csrf_an_answer_for_another_browser(scene: Scene, known: Claims, cookie: str) -> None:
    """Somebody sends his own answer to a victim, who would then work in his name."""
    before, attacker, victim = scene.house.newest(), scene.visitor(), scene.visitor()
    asked = await attacker.begin(scene.name)
    scene.provider.says(sign(scene.provider.claims(asked["nonce"], **known)))
    if cookie == "another's":
        own = await victim.begin(scene.name)
    elif cookie == "made up":
        victim.cookies[PENDING_COOKIE] = "A" * 43
    answer = await victim.come_back(scene.name, code="code-1", state=asked["state"])
    assert answer.status == 403
    reason = "no_pending" if cookie == "none" else "state"
    assert reason in answer.text
    assert not set(COOKIES.values()) & set(victim.cookies)
    await scene.entrance.attempts.tell()
    [entry] = scene.house.entries(before)
    assert (entry["event"], entry["detail"]["reason"]) == ("sign_in.refused", reason)
    if cookie == "another's":
        scene.provider.says(sign(scene.provider.claims(own["nonce"], **known)))
        answer = await victim.come_back(scene.name, code="code-2", state=own["state"])
        assert answer.status == 303, "what the victim had begun himself still holds"
    assert (await attacker.come_back(scene.name, code="code-1", state=asked["state"])).status in (303, 403)


async def test_a_sign_in_begins_at_our_own_page_alone(scene: Scene) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-site"}):
        visitor = scene.visitor()
        answer = await visitor.get(f"/begin/{scene.name}?realm=operator", headers)
        assert (answer.status, visitor.cookies) == (403, {})


async def test_a_session_from_before_is_never_kept(scene: Scene, known: Claims) -> None:
    """Session fixation: what the browser brings becomes nobody's session; a real one from before ends."""
    planted = Visitor(scene.entrance, {COOKIES["operator"]: "A" * 43})
    assert (await scene.sign_in(planted, **known)).status == 303
    assert planted.cookies[COOKIES["operator"]] != "A" * 43
    first = dict(planted.cookies)
    assert (await scene.sign_in(planted, **known)).status == 303
    assert planted.cookies[COOKIES["operator"]] != first[COOKIES["operator"]]
    assert await scene.session(planted) is not None
    assert await scene.session(Visitor(scene.entrance, first)) is None


async def test_the_cookies_are_for_this_host_and_out_of_reach(scene: Scene, known: Claims) -> None:
    visitor = scene.visitor()
    begun = await visitor.get(f"/begin/{scene.name}?realm=operator", OWN)
    cookie = begun.cookies[PENDING_COOKIE][PENDING_COOKIE]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "lax", "/")
    assert (cookie["domain"], cookie["max-age"]) == ("", "600")
    answer = await scene.sign_in(visitor, **known)
    cookie = answer.cookies[COOKIES["operator"]][COOKIES["operator"]]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "lax")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {"content-type": "application/json"}, b'{"error": "invalid_grant"}'), "token_refused"),
        ((302, {"location": "http://127.0.0.1:1/"}, b""), "token_answer"),
        ((200, {"content-type": "text/html"}, b"{}"), "token_answer"),
        ((200, {"content-type": "application/json"}, b"{"), "token_answer"),
        ((200, {"content-type": "application/json"}, b"{}"), "token_form"),
        ((200, {"content-type": "application/json"}, b"[]"), "token_form"),
        ((200, {"content-type": "application/json"}, b" " * 100_000), "token_answer"),
        ((500, {"content-type": "application/json"}, b"{}"), "token_answer"),
    ],
    ids=["used code", "redirect", "html", "broken", "empty", "list", "large", "error"],
)
async def test_what_comes_for_a_code_is_bounded(
    scene: Scene, answer: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    before, visitor, count = scene.house.newest(), scene.visitor(), len(scene.provider.asked)
    asked = await visitor.begin(scene.name)
    scene.provider.answer = lambda _form: answer
    came = await visitor.come_back(scene.name, code="code-1", state=asked["state"])
    scene.refused(came, visitor, reason, before)
    assert len(scene.provider.asked) == count + 1, "no redirect is followed, and nothing is asked twice"


async def test_an_issuer_that_is_not_there(house: IdentityHouse, scene: Scene) -> None:
    row = await house.trust(content("http://127.0.0.1:1"))
    make_client_key(house.data.root / house.settings.signin.client_keys, row.name)
    before, visitor = house.newest(), scene.visitor()
    asked = await visitor.begin(row.name)
    answer = await visitor.come_back(row.name, code="code-1", state=asked["state"])
    replace(scene, name=row.name).refused(answer, visitor, "token_unreachable", before, status=502)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [({"error": "access_denied"}, "cancelled"), ({"error": "server_error"}, "issuer_refused"), ({}, "answer"),
     ({"code": "x" * 3000}, None), ({"code": "code-1", "iss": "https://other.example"}, "issuer_mixed")],
)  # fmt: skip
async def test_what_the_browser_brings_back(scene: Scene, sent: dict[str, str], reason: str | None) -> None:
    before, visitor = scene.house.newest(), scene.visitor()
    asked = await visitor.begin(scene.name)
    answer = await visitor.come_back(scene.name, state=asked["state"], **sent)
    if reason is None:
        assert answer.status == 414, "no address is that long"
    else:
        scene.refused(answer, visitor, reason, before)


async def test_an_answer_at_another_issuers_address(house: IdentityHouse, scene: Scene) -> None:
    """Mix-up (RFC 9700, section 4.4): one issuer hands over the code that another gave."""
    other = await house.trust(content(scene.provider.origin, client_id="other"))
    before, visitor = house.newest(), scene.visitor()
    asked = await visitor.begin(scene.name)
    answer = await visitor.come_back(other.name, code="code-1", state=asked["state"])
    scene.refused(answer, visitor, "issuer_mixed", before)


async def test_nobody_appears_because_an_issuer_knows_him(scene: Scene) -> None:
    before, visitor = scene.house.newest(), scene.visitor()
    detail = scene.refused(await scene.sign_in(visitor, sub="prov-1-nobody"), visitor, "unknown_person", before)
    assert detail["returned"] == LOA3


@pytest.mark.parametrize("fault", ["used", "expired", "another person", "another realm", "unknown", "no code"])
async def test_term_11_2_an_invitation_holds_once_for_one_person_within_a_day(fresh: Scene, fault: str) -> None:
    """Whatever is wrong with it, the answer is the same, also for a code that never was."""
    subject = somebody(fresh)
    visitor, code = fresh.visitor(), await fresh.code()
    if fault == "used":
        assert (await fresh.sign_in(fresh.visitor(), code=code, **subject)).status == 303
        subject = {"sub": f"{subject['sub']}-other"}
    elif fault == "expired":
        with fresh.house.superuser() as hand:
            hand.execute("update invitation set created_at = created_at - interval '24 hours',"
                         " expires_at = expires_at - interval '24 hours'")  # fmt: skip
    elif fault == "another person":
        subject = {**subject, "employee_number": "E-18"}
    elif fault == "another realm":
        code = await fresh.code(realm="authority")
    elif fault == "unknown":
        code = "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A"
    elif fault == "no code":
        before = fresh.house.newest()
        answer = await visitor.post("/invitation?realm=operator", {"code": "what is this"})
        assert answer.status == 410
        return
    before = fresh.house.newest()
    answer = await fresh.sign_in(visitor, code=code, **subject)
    fresh.refused(answer, visitor, "invitation", before, status=410)
    assert INVITATION_COOKIE not in visitor.cookies
    assert "Inbjudan gäller inte" in answer.text


async def test_the_database_holds_neither_code_nor_subject_nor_what_matched(fresh: Scene) -> None:
    said: Claims = {"sub": "19800101-9803-prov", "employee_number": "E-4711-unik"}
    code = await fresh.code("E-4711-unik")
    assert (await fresh.sign_in(fresh.visitor(), code=code, **said)).status == 303
    with fresh.house.superuser() as onlooker:
        tables = [row["t"] for row in onlooker.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) as t from pg_tables"
            " where schemaname in ('vaka', 'ledger')").fetchall()]  # fmt: skip
        assert "vaka.account_link" in tables
        for table in tables:
            rows = onlooker.execute(f"select t::text as t from {table} t".encode()).fetchall()
            for private in (*said.values(), code, code.replace("-", "")):
                assert not [row for row in rows if private in row["t"]], table


async def test_term_08_1_a_subject_is_one_persons_for_ever(fresh: Scene) -> None:
    """Neither while it is used, nor when its account was removed, nor by whoever has the database."""
    await link(fresh)
    known = somebody(fresh)
    other = await fresh.house.person("Oskar Operatör")
    visitor = fresh.visitor()
    assert (await fresh.sign_in(visitor, code=await fresh.code(account=other), **known)).status == 303
    session = await fresh.session(visitor)
    assert session is not None
    assert session.account_id == fresh.account, "an invitation takes nobody's subject over"
    with fresh.house.superuser() as hand:
        hand.execute("update account set state = 'removed' where id = %s", (fresh.account,))
        for statement in ("update account set state = 'active' where id = %s",
                          "delete from account_link where account_id = %s"):  # fmt: skip
            with pytest.raises(Exception, match="an identifier is never used again"):
                hand.execute(statement.encode(), (fresh.account,))
    before, again = fresh.house.newest(), fresh.visitor()
    answer = await fresh.sign_in(again, code=await fresh.code(account=other), **known)
    detail = fresh.house.entries(before)[-1]["detail"]
    assert answer.status == 403
    assert (detail["reason"], detail["account"]) == ("account", f"account:{fresh.account}")


async def test_term_08_4_an_account_is_one_humans(scene: Scene, known: Claims) -> None:
    """Whoever has one is invited no further, and is nobody else by another identity; more in test_one_human.py."""
    with pytest.raises(AlreadyLinkedError):
        await scene.code("E-99")
    assert (await scene.sign_in(scene.visitor(), sub=f"{known['sub']}-second")).status == 403
    assert (await scene.sign_in(scene.visitor(), **known)).status == 303


async def test_what_changes_about_a_known_person_is_looked_at(scene: Scene, known: Claims) -> None:
    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(visitor, **known, employee_number="E-99")
    detail = scene.refused(answer, visitor, "identifier_changed", before)
    assert detail["account"] == f"account:{scene.account}"
    assert (await scene.sign_in(scene.visitor(), **known, employee_number="e 17")).status == 303


async def test_realms_have_sessions_of_their_own(house: IdentityHouse, fresh: Scene) -> None:
    row = await house.trust(content(fresh.provider.origin, realms=["authority", "administrator"]))
    make_client_key(house.data.root / house.settings.signin.client_keys, row.name)
    wide = replace(fresh, name=row.name)
    assert (await fresh.visitor().get(f"/begin/{row.name}?realm=operator", OWN)).status == 403
    person: Claims = {"sub": f"a-{row.name}"}
    administrator: Claims = {"sub": f"b-{row.name}"}
    visitor = wide.visitor()
    code = await wide.code(realm="authority")
    answer = await wide.sign_in(visitor, code=code, realm="authority", **person)
    assert (answer.status, answer.header("location")) == (303, "http://localhost:8402/")
    assert (await wide.session(visitor, "authority")) is not None
    assert COOKIES["operator"] not in visitor.cookies
    account = await house.person("Asta Administratör", kind="administrator")
    visitor = wide.visitor()
    code = await wide.code(account=account, realm="administrator")
    answer = await wide.sign_in(visitor, code=code, realm="administrator", **administrator)
    assert answer.status == 200
    assert f"Legitimerad av {fresh.provider.origin}, tillitsnivå 3." in answer.text
    cookie = answer.cookies[COOKIES["administrator"]][COOKIES["administrator"]]
    assert cookie["samesite"] == "strict"
    answer = await wide.sign_in(wide.visitor(), realm="authority", **administrator)
    assert (answer.status, "account" in answer.text) == (403, True), "an administrator is nobody else"


async def test_the_page_lists_what_is_approved_for_the_realm(house: IdentityHouse, scene: Scene) -> None:
    title = f"Prov-id {scene.name}"
    row = await house.trust(content(scene.provider.origin, title_sv=title, title_en=f"{title} in English"))
    waiting = await house.propose(content(scene.provider.origin))
    visitor = scene.visitor()
    page = (await visitor.get("/", OWN)).text
    assert f'href="/begin/{row.name}?realm=operator"' in page
    assert title in page
    assert waiting.name not in page
    assert title not in (await visitor.get("/?realm=authority", OWN)).text
    visitor.cookies["__Host-vaka-language"] = "en"
    page = (await visitor.get("/", OWN)).text
    assert f"{title} in English" in page
    assert "Choose how to sign in." in page


async def test_outside_a_demo_nothing_without_tls(scene: Scene) -> None:
    async with open_entrance(scene.house, settings=Settings(mode="production")) as real:
        visitor = Visitor(real)
        assert scene.name not in (await visitor.get("/", OWN)).text
        answer = await visitor.get(f"/begin/{scene.name}?realm=operator", OWN)
        assert (answer.status, "issuer_not_approved" in answer.text) == (403, True)


async def test_a_missing_client_key_is_told(house: IdentityHouse, scene: Scene) -> None:
    row = await house.trust(content(scene.provider.origin))
    before, visitor = house.newest(), scene.visitor()
    asked = await visitor.begin(row.name)
    answer = await visitor.come_back(row.name, code="code-1", state=asked["state"])
    replace(scene, name=row.name).refused(answer, visitor, "client_key", before)


async def test_a_flood_of_refusals_is_counted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_DESCRIBED", 3)
    before = scene.house.newest()
    for _ in range(6):
        visitor = scene.visitor()
        asked = await visitor.begin(scene.name)
        await visitor.come_back(scene.name, error="access_denied", state=asked["state"])
    await scene.entrance.attempts.tell()
    counts = [one["detail"]["count"] for one in scene.house.entries(before)]
    assert counts == [1, 1, 1, 1, 2], "beyond so many: the next at once, the others when a minute is over"

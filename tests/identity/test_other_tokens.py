# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - fixtures that are imported and asked for
"""What the same issuer signs with the same key for something else, sent as an ID token (RFC 8725 section 2.8)."""

from typing import Any

import pytest
from authlib.oidc.core import CodeIDToken

from tests.identity.provider import CLIENT, sign
from tests.identity.test_sign_in import Claims, Scene, entrance, known, provider, scene, settled  # noqa: F401
from vaka.clock import SystemClock
from vaka.identity.logout_guard import EVENT

pytestmark = [pytest.mark.anyio, pytest.mark.database]

RESOURCE = "https://resource.example"
ACCESS: Claims = {"client_id": CLIENT, "scope": "openid", "jti": "prov-token-1"}
"""What an access token says beside (RFC 9068 section 2.2)."""
LOGOUT: Claims = {"events": {EVENT: {}}, "jti": "prov-token-2"}
"""What a logout token says beside (OpenID Connect Back-Channel Logout 1.0, section 2.4)."""
CASES: dict[str, tuple[str, str | None, Claims]] = {
    "an access token that says all that an ID token says": ("token_form", "at+jwt", ACCESS),
    "the same by its whole name": ("token_form", "application/at+jwt", ACCESS),
    "the same in capitals": ("token_form", "AT+JWT", ACCESS),
    "an access token for the resource": ("audience", None, {**ACCESS, "aud": RESOURCE}),
    "an access token for the resource and us": ("audience", None, {**ACCESS, "aud": [RESOURCE, CLIENT]}),
    "an access token that does not say what it is": ("nonce", None, {**ACCESS, "nonce": None}),
    "a logout token": ("token_form", "logout+jwt", {**LOGOUT, "nonce": None, "acr": None, "auth_time": None}),
    "a logout token by its whole name": ("token_form", "application/logout+jwt", LOGOUT),
    "a logout token that does not say what it is": ("claims", None, {**LOGOUT, "nonce": None}),
    "a logout token with our nonce": ("claims", None, LOGOUT),
    "another event with our nonce": ("claims", "JWT", {"events": {}}),
    "what proves a client": ("token_form", "client-authentication+jwt", {}),
    "a kind that is no text": ("token_form", "", {}),
}
"""Case → the reason, what its header says that it is, and what it says otherwise than an ID token that is believed."""


def _header(kind: str | None) -> dict[str, Any]:
    return {"alg": "ES256", "kid": "idp", **({} if kind is None else {"typ": kind})}


@pytest.mark.parametrize("case", CASES)
async def test_a_token_for_something_else_is_no_id_token(scene: Scene, known: Claims, case: str) -> None:
    """For somebody who gets in with the same claims in an ID token; each is refused, and logged with its reason."""
    reason, kind, changes = CASES[case]
    before, visitor = scene.house.newest(), scene.visitor()
    answer = await scene.sign_in(
        visitor, token=lambda claims: sign(claims, header=_header(kind)), **{**known, **changes}
    )  # fmt: skip
    scene.refused(answer, visitor, reason, before)


@pytest.mark.parametrize("kind", [None, "JWT", "jwt"])
async def test_an_id_token_lets_in_whatever_it_calls_itself(scene: Scene, known: Claims, kind: str | None) -> None:
    """The control of the above: also with a claim or two that access tokens have."""
    token = {"token": lambda claims: sign(claims, header=_header(kind)), "jti": "prov-3", "client_id": CLIENT}
    answer = await scene.sign_in(scene.visitor(), **{**known, **token})
    assert answer.status == 303, answer.text


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt"])
def test_the_library_alone_takes_both(kind: str) -> None:
    """Why the guard looks. Where the library learns to refuse them, this fails."""
    now = int(SystemClock().now().timestamp())
    claims = {"iss": "https://idp.example", "aud": CLIENT, "sub": "prov-1", "nonce": "n", "iat": now, "exp": now + 60,
              "auth_time": now, **(ACCESS if kind == "at+jwt" else LOGOUT)}  # fmt: skip
    CodeIDToken(claims, _header(kind), params={"nonce": "n", "client_id": CLIENT, "max_age": 1}).validate(now=now)

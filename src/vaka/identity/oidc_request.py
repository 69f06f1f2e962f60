# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is asked of an OpenID provider: authorisation code with PKCE (S256), a level that it must keep, a fresh login.

Pure: the addresses are the registry's, the chance is the pending sign-in's.
"""

import json
from datetime import datetime

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import ECKey

from vaka.identity.pending import PendingSecret
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import OidcIssuer

CLIENT_ALGORITHM = "ES256"
CLIENT_PROOF_SECONDS = 60
SCOPE = "openid"


def authorization_address(trusted: Trusted, issuer: OidcIssuer, pending: PendingSecret, redirect_uri: str) -> str:
    """Return where the browser is sent."""
    address: str = prepare_grant_uri(
        issuer.authorization_endpoint,
        issuer.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=SCOPE,
        state=pending.state,
        nonce=pending.nonce,
        code_challenge=create_s256_code_challenge(pending.verifier),
        code_challenge_method="S256",
        # Somebody who left a browser open at his issuer's has not signed in here.
        prompt="login",
        max_age="0",
        claims=json.dumps({"id_token": _claims(trusted, issuer)}, separators=(",", ":")),
    )
    return address


def end_session_address(issuer: OidcIssuer, state: str, back: str) -> str | None:
    """Return where a browser is sent to sign out there too; None where the issuer has no such place.

    By OpenID Connect RP-Initiated Logout 1.0, section 2. It is told which client asks, and no ID token: that would say
    in an address who it is, and none is kept. So an issuer asks whoever comes, as the section wants it to.
    """
    if issuer.end_session_endpoint is None:
        return None
    asked = {"client_id": issuer.client_id, "post_logout_redirect_uri": back, "state": state}
    address: str = add_params_to_uri(issuer.end_session_endpoint, list(asked.items()))
    return address


def token_request(
    issuer: OidcIssuer, pending: PendingSecret, code: str, redirect_uri: str, key: ECKey, now: datetime
) -> bytes:
    """Return the body that fetches the tokens, with a proof that it is this client that fetches (private_key_jwt)."""
    at = int(now.timestamp())
    proof = private_key_jwt_sign(
        key,
        issuer.client_id,
        issuer.issuer if issuer.client_audience == "issuer" else issuer.token_endpoint,
        alg=CLIENT_ALGORITHM,
        header={"kid": key.kid or key.thumbprint()},
        issued_at=at,
        expires_at=at + CLIENT_PROOF_SECONDS,
    )
    body: str = prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=pending.verifier,
        client_id=issuer.client_id,
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=proof,
    )
    return body.encode("ascii")


def requested_levels(trusted: Trusted) -> str:
    """Return the levels that are asked for, as they stand in the ledger."""
    return " ".join(sorted(trusted.levels))


def _claims(trusted: Trusted, issuer: OidcIssuer) -> dict[str, object]:
    wanted: dict[str, object] = {"acr": {"essential": True, "values": sorted(trusted.levels)},
                                 "auth_time": {"essential": True}}  # fmt: skip
    for name in (issuer.subject_attribute, issuer.matching_attribute, issuer.organisation_attribute):
        if name is not None and name != "sub":
            wanted[name] = {"essential": True}
    return wanted

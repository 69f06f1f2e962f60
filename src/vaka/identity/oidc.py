# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fetching a token for the code that a browser brought back from an OpenID provider, and having it verified."""

import json
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from joserfc.jwk import ECKey

from vaka.errors import ConfigurationError
from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.fetch import UnreachableError, UnusableAnswerError, post_form
from vaka.identity.oidc_guard import LONGEST_TOKEN, Expected, verify_id_token
from vaka.identity.oidc_request import CLIENT_ALGORITHM, requested_levels, token_request
from vaka.identity.pending import PendingLogin, PendingSecret
from vaka.identity.reasons import Reason
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import OidcIssuer, is_of_a_demo
from vaka.keys.files import create_secret
from vaka.keys.roots import read_secret

LONGEST_CODE = 2048


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Us, as OpenID providers know us."""

    keys: Path
    """The directory with the key of each client, named after the issuer's name in the registry."""
    demo: bool
    """Whether an issuer on this machine may be without TLS, and a demo's level be one."""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def redeem(
        self, trusted: Trusted, pending: PendingSecret, begun: PendingLogin, code: str, redirect_uri: str, now: datetime
    ) -> Assertion:
        """Return what the issuer asserts for this code. Raises SignInRefusedError."""
        issuer, said = require_oidc(trusted, demo=self.demo), Said(trusted.name, requested_levels(trusted))
        if not 1 <= len(code) <= LONGEST_CODE or not code.isascii():
            raise SignInRefusedError(Reason.ANSWER, said)
        try:
            key = read_client_key(self.keys, trusted.name)
        except ConfigurationError:
            raise SignInRefusedError(Reason.CLIENT_KEY, said) from None
        body = token_request(issuer, pending, code, redirect_uri, key, now)
        try:
            answer = await post_form(issuer.token_endpoint, body, tls=self.tls, plain=self.demo)
        except UnreachableError:
            raise SignInRefusedError(Reason.TOKEN_UNREACHABLE, said) from None
        except UnusableAnswerError:
            raise SignInRefusedError(Reason.TOKEN_ANSWER, said) from None
        if answer.status in (400, 401, 403):
            raise SignInRefusedError(Reason.TOKEN_REFUSED, said)
        if answer.status != 200 or answer.media_type != "application/json":
            raise SignInRefusedError(Reason.TOKEN_ANSWER, said)
        token, access = _tokens(answer.body, said)
        return verify_id_token(token, Expected(trusted, issuer, pending.nonce, begun.started_at, now, access))


def require_oidc(trusted: Trusted, *, demo: bool) -> OidcIssuer:
    """Return what is said of an OpenID provider; one without TLS, or a demo's, only in a demo.

    Raises SignInRefusedError.
    """
    content = trusted.content
    if not isinstance(content, OidcIssuer) or not trusted.levels:
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, Said(trusted.name))
    if not demo and is_of_a_demo(content):
        raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED, Said(trusted.name))
    return content


def make_client_key(directory: Path, name: str) -> ECKey:
    """Return the key that we prove ourselves with to an issuer; made where there is none. Raises ConfigurationError."""
    path = directory / f"{name}.key"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": CLIENT_ALGORITHM}, private=True)
        made.ensure_kid()
        create_secret(path, json.dumps(made.as_dict(private=True)).encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No key can be written to {path}: {error.strerror}.") from error
    return read_client_key(directory, name)


def read_client_key(directory: Path, name: str) -> ECKey:
    """Return the key that we prove ourselves with to an issuer. Raises ConfigurationError."""
    path = directory / f"{name}.key"
    try:
        return ECKey.import_key(json.loads(read_secret(path, "The key")))
    except ValueError as error:
        raise ConfigurationError(f"The key {path} is no JWK.") from error


def _tokens(body: bytes, said: Said) -> tuple[str, str]:
    try:
        tokens = json.loads(body)
    except (ValueError, RecursionError):
        raise SignInRefusedError(Reason.TOKEN_ANSWER, said) from None
    token, access = (tokens.get("id_token"), tokens.get("access_token", "")) if isinstance(tokens, dict) else (0, 0)
    if not isinstance(token, str) or not isinstance(access, str) or len(access) > LONGEST_TOKEN:
        raise SignInRefusedError(Reason.TOKEN_FORM, said)
    return token, access

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo's OpenID provider without its pages: what is asked of it, the codes it gives, and the ID tokens for them.

As strict as a real one: authorisation code with PKCE (S256), exact addresses to return to, clients that prove
themselves (private_key_jwt), codes that hold once and for a minute. What it asserts is
a level in a demo alone.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Generic, TypeVar
from uuid import UUID

from joserfc import jws
from joserfc.jwk import ECKey

from vaka.clock import Clock
from vaka.crypto.chance import random_bytes
from vaka.demo.provider_facts import Client, Figure, ProviderFacts
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.client_guard import AssertionRefusedError, judge_assertion
from vaka.identity.levels import DEMO

AUTHORIZE, REDEEM = "/authorize", "/token"
ALGORITHM = "ES256"
CHOOSING = timedelta(minutes=10)
"""How long somebody may take to choose who to be."""
CODE_LIFE = TOKEN_LIFE = timedelta(minutes=1)
MOST_AT_ONCE = 1000
LONGEST_PARAMETER = 500

Held = TypeVar("Held")


class UnusableRequestError(VakaError):
    """It asks for something that this provider does not do, or is nobody's here."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Demolegitimeringen svarar bara på det som inloggningssidan frågar. Börja om därifrån.",
                en="The demo's provider answers nothing but what the sign-in page asks. Begin anew from there.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who wants to sign in."""

    client: Client
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code stands for."""

    asked: Asked
    figure: Figure
    at: datetime


class Keep(Generic[Held]):
    """Things by a name that nobody can guess, each for a while; of too many the oldest goes."""

    def __init__(self, clock: Clock, life: timedelta) -> None:
        self._clock, self._life = clock, life
        self._held: OrderedDict[str, tuple[datetime, Held]] = OrderedDict()

    def put(self, held: Held, name: str = "") -> str:
        """Keep it and return its name."""
        name = name or urlsafe_b64encode(random_bytes(24)).decode()
        self._held[name] = (self._clock.now() + self._life, held)
        while len(self._held) > MOST_AT_ONCE:
            self._held.popitem(last=False)
        return name

    def get(self, name: str) -> Held | None:
        """Return what is kept by this name."""
        until, held = self._held.get(name, (None, None))
        return held if until is not None and self._clock.now() <= until else None

    def take(self, name: str) -> Held | None:
        """Return it, once."""
        held = self.get(name)
        self._held.pop(name, None)
        return held


class Provider:
    """The provider at work."""

    def __init__(self, facts: ProviderFacts, key: ECKey, clock: Clock) -> None:
        self.facts, self._key, self._clock = facts, key, clock
        self.begun: Keep[Asked] = Keep(clock, CHOOSING)
        self._codes: Keep[Granted] = Keep(clock, CODE_LIFE)
        self._proofs: Keep[bool] = Keep(clock, timedelta(minutes=6))  # longer than an assertion may hold

    def begin(self, query: Mapping[str, str]) -> str:
        """Take a request for authorisation and return its name here. Raises UnusableRequestError."""
        client = next((one for one in self.facts.clients if str(one.id) == query.get("client_id")), None)
        asked = (query.get("response_type"), query.get("redirect_uri"), query.get("code_challenge_method"))
        if client is None or asked != ("code", client.redirect_uri, "S256"):
            raise UnusableRequestError
        state, nonce, challenge = (query.get(name, "") for name in ("state", "nonce", "code_challenge"))
        if not all(0 < len(word) <= LONGEST_PARAMETER for word in (state, nonce, challenge)):
            raise UnusableRequestError
        if "openid" not in query.get("scope", "").split():
            raise UnusableRequestError
        return self.begun.put(Asked(client, state, nonce, challenge))

    def grant(self, asked: Asked, persona: str) -> str | None:
        """Return a code for being this persona; None where it does not sign in there."""
        figure = self.facts.figure(persona, asked.client.realm)
        return None if figure is None else self._codes.put(Granted(asked, figure, self._clock.now()))

    def redeem(self, form: Mapping[str, str]) -> str | None:
        """Return the ID token for a code, once, to the client that asked and proves itself; None for anybody else."""
        granted, now = self._codes.take(form.get("code", "")), self._clock.now()
        if granted is None or form.get("grant_type") != "authorization_code":
            return None
        asked = granted.asked
        if not self._proves_itself(asked.client, form.get("client_assertion", ""), now):
            return None
        proof = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        is_same = hmac.compare_digest(proof, asked.challenge.encode("utf-8", "replace"))
        if not is_same or form.get("redirect_uri") != asked.client.redirect_uri:
            return None
        return make_id_token(
            self._key, self.facts.issuer, asked.client.id, granted.figure.persona, asked.nonce, granted.at, now
        )

    def _proves_itself(self, client: Client, assertion: str, now: datetime) -> bool:
        try:
            proven = judge_assertion(assertion, client.id, client.keys, self.facts.issuer, now)
        except AssertionRefusedError:
            return False
        is_new = self._proofs.get(proven.jti) is None
        self._proofs.put(True, proven.jti)
        return is_new


def make_id_token(
    key: ECKey, issuer: str, client: UUID, persona: str, nonce: str, authenticated_at: datetime, now: datetime
) -> str:
    """Return an ID token that says who chose to be whom."""
    claims = {
        "iss": issuer, "sub": persona, "aud": str(client), "nonce": nonce, "acr": DEMO, "persona": persona,
        "auth_time": int(authenticated_at.timestamp()), "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
    }  # fmt: skip
    header = {"alg": ALGORITHM, "kid": key.kid or key.thumbprint()}
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[ALGORITHM])

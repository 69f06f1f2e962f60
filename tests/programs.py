# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority's program sends to prove who it is, as its owner's software writes it; and owners with a role."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.jwk import ECKey

from tests.platform import make_account, platform_as
from tests.web.furniture import Installation
from vaka.access.grants import grant_role
from vaka.identity.sessions import open_session
from vaka.web.portal.api_token import ASSERTION_TYPE

FORM = {"content-type": "application/x-www-form-urlencoded"}


def key_set(*keys: ECKey) -> str:
    """The public halves, as they are pasted when a program is registered."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


def assertion(identifier: str, key: Any, audience: str, algorithm: str = "ES256", **changes: Any) -> str:
    """A client assertion (RFC 7523) that is good once, for a minute; with ``changes`` it says something else."""
    now = int(datetime.now(UTC).timestamp())
    said = {"iss": identifier, "sub": identifier, "aud": audience, "exp": now + 60, "iat": now, "jti": uuid4().hex}
    return jws.serialize_compact({"alg": algorithm}, json.dumps({**said, **changes}), key, algorithms=[algorithm])


def proved_by(assertion: str) -> Mapping[str, str]:
    """The fields by which a form is proved to come from a program."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


async def owner_with(installation: Installation, role: str, slug: str) -> tuple[UUID, str]:
    """Make an account with one role in one authority, and sign it in to the portal; return it with its token."""
    now = datetime.now(UTC)
    account = await make_account(installation.server, "Karin Omsorg", now=now)
    async with platform_as(installation.server, "setup") as setup:
        await grant_role(setup, account, role, installation.authorities[slug].id, actor="setup", now=now)
    async with platform_as(installation.server, "signin") as signin:
        return account, await open_session(signin, account, "authority", "test", now)

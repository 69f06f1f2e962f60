# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Colleagues who move: accounts made for one test, and what the register says of their roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.platform import make_account, platform_as
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs
from vaka.access.grants import grant_role
from vaka.clock import SystemClock

ROLES = "select role, authority_id from vaka.role_grant where account_id = %(account)s order by role, authority_id"


async def make_colleague(
    installation: Installation, *roles: str, where: str = "ekbacka", until: datetime | None = None, **how: Any
) -> UUID:
    """Make an account with roles in one authority."""
    now = SystemClock().now()
    account = await make_account(installation.server, "Moa Medarbetare", now=now, **how)
    async with platform_as(installation.server, "setup") as setup:
        for role in roles:
            place = installation.authorities[where].id
            await grant_role(setup, account, role, place, actor="setup", now=now, valid_until=until)
    return account


def held(installation: Installation, logs: Logs, account: UUID) -> list[str]:
    """Which roles an account has, and where: ``operator ekbacka``."""
    slugs = {place.id: slug for slug, place in installation.authorities.items()}
    return [
        f"{row['role']} {slugs.get(row['authority_id'], '-')}"
        for row in logs.ask("platform", ROLES, {"account": account})
    ]


def line(installation: Installation, role: str, where: str = "ekbacka") -> str:
    """A role that is held, as the page names it."""
    return f"{role} {installation.authorities[where].id}"


def told_since(logs: Logs, mark: int) -> list[str]:
    """What the platform's log says of roles and sessions since."""
    return [one["event"] for one in logs.since(mark, "platform") if one["event"].startswith(("role.", "session."))]

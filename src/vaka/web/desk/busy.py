# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether somebody has an alarm in his hands: then his desk is not locked, and his session goes on past its time."""

import structlog

from vaka.access.decide import authorities_where
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.reading import has_taken
from vaka.logs import describe_error
from vaka.web.desk.desk import Desk

log = structlog.get_logger()


async def is_busy(desk: Desk, principal: Principal) -> bool:
    """Return whether an alarm is in these hands. Where that cannot be found out, it is: nothing may interrupt one."""
    if desk.hub.has_taken(principal.account_id):
        return True
    handled = authorities_where(principal, Permission.DESK_HANDLE_ALARM)
    for authority in [one for one in desk.gateway.authorities if one.id in handled]:
        try:
            async with desk.gateway.transaction(authority.id) as connection:
                if await has_taken(connection, principal.account_id):
                    return True
        except Exception as error:
            log.warning("it is not known who is busy", authority=str(authority.id), **describe_error(error))
            return True
    return False

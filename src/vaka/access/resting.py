# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whatever an administrator's role rests for, read in one place: nobody forgets one of the reasons."""

from datetime import datetime, timedelta

from vaka.access.engagement import with_engagement
from vaka.access.principal import Principal
from vaka.access.training import with_training
from vaka.database.connections import Connection


async def with_rest(connection: Connection, principal: Principal, now: datetime, ahead: timedelta) -> Principal:
    """Return a principal with what his role rests for, and the course due within ``ahead`` (as office)."""
    return await with_engagement(connection, await with_training(connection, principal, now, ahead), now)

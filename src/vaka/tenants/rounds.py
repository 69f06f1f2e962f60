# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rounds that need the keyholder, which is asked once whether it is there, and not by every authority anew."""

from vaka.keys.client import KeyClient, KeysUnavailableError
from vaka.repeating import Work


async def if_keys(client: KeyClient, work: Work) -> int:
    """Make a round that needs the keyholder; none while it is away, which would be waited for in every authority anew.

    Raises what the keyholder answers, and what the round raises.
    """
    try:
        await client.state()
    except KeysUnavailableError:
        return 0
    return await work()

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""When to send a request again, and how long a transaction lasts (RFC 3261 section 17)."""

from __future__ import annotations

# Seconds; RFC 3261 table 4.
T1 = 0.5  # estimate of the round trip
T2 = 4.0  # longest pause between two sends
TIMEOUT = 64 * T1  # timers F and J: a transaction is over, and its answer is remembered no longer


def retransmission_delays() -> tuple[float, ...]:
    """Seconds to wait before each further send of a non-INVITE request over UDP (timer E, RFC 3261 17.1.2.2).

    Doubling from T1 to T2 within TIMEOUT: 0.5, 1, 2, 4, 4 … ten repeats after the first send, eleven in all.
    """
    delays: list[float] = []
    pause = T1
    while sum(delays) + pause < TIMEOUT:
        delays.append(pause)
        pause = min(2 * pause, T2)
    return tuple(delays)

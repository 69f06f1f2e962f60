# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What makes two datagrams the same request, and when to send one again (RFC 3261 section 17)."""

from __future__ import annotations

from vaka.sip.message import Request

# Seconds; RFC 3261 table 4.
T1 = 0.5  # estimate of the round trip
T2 = 4.0  # longest pause between two sends
T4 = 5.0  # how long a message may linger in the network
TIMEOUT = 64 * T1  # timers F and J: a transaction is over, and its answer is remembered no longer

TransactionKey = tuple[tuple[str, int], str | None, str, int | None, str, int, str, str | None, int]


def transaction_key(request: Request, source: tuple[str, int]) -> TransactionKey:
    """Equal for retransmissions of one request and different for any two requests a device may send.

    RFC 3261 17.2.3 trusts the branch. Devices exist whose branch, CSeq and From tag never change, and their second
    alarm must not pass for a repeat of the first: so the key has everything that could tell them apart. Body and
    Authorization are in it as one number: a device with constant identifiers would otherwise get the stored 401 again
    when it sends the same MESSAGE with its credentials, for ever. A true retransmission repeats every byte.
    Keys are compared within one process: the number is another in the next.
    """
    via = request.top_via
    return (
        source,
        via.branch,
        via.host,
        via.port,
        request.call_id,
        *request.cseq,
        request.from_.tag,
        hash((request.headers.first("authorization"), request.body)),
    )


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

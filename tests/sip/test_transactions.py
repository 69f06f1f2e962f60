# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""When a request is sent again."""

from vaka.sip.transactions import T1, T2, TIMEOUT, retransmission_delays


def test_eleven_sends_within_the_timeout() -> None:
    delays = retransmission_delays()
    assert delays == (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0)
    assert 1 + len(delays) == 11
    assert sum(delays) < TIMEOUT == 64 * T1
    assert max(delays) == T2

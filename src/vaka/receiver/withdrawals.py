# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a device takes back, it may say again: after a withdrawal the same press is another press.

Devices exist whose presses are all the same bytes. Pressed, cancelled and pressed again within 32 seconds, the second
press would look like a retransmission of the first, be answered from memory and never be heard of.
"""

from vaka.receiver.lanes import Arrival
from vaka.receiver.storage import Storage
from vaka.receiver.udp import UdpFlow
from vaka.scaip.classes import Effect

_ENDS = frozenset({Effect.WITHDRAW, Effect.RESTORE})


class AttentiveStorage(Storage):
    """Storage that ends the memory of a source's earlier answers as soon as it takes in a withdrawal from there.

    As soon as: one who presses again before the withdrawal has committed is queued behind it and not answered for what
    it undid. From then on the database decides what is a repeat.
    """

    def offer(self, arrival: Arrival) -> bool:
        """Take a message in, as every storage does."""
        if arrival.row["effect"] in _ENDS:
            flow = arrival.exchange.flow
            if isinstance(flow, UdpFlow):
                flow.turn_page()
        return super().offer(arrival)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every bound of the receiver on one page: whatever is sent, its memory and its work stay within these."""

from dataclasses import dataclass, field
from enum import StrEnum


class Lane(StrEnum):
    """Messages that must not wait for each other. The order is the order in which they are taken."""

    LIFE = "life"
    REQUEST = "request"
    TECHNICAL = "technical"
    TEST = "test"
    """Tests, and signals that are only logged."""
    UNKNOWN = "unknown"
    """Whatever comes from a sender nobody has registered; its own lane, because strangers can send anything."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """What one lane may hold and take."""

    capacity: int
    """Messages waiting or being stored, for all authorities together."""
    authority_capacity: int
    """The same for one authority: its flood leaves room for the others."""
    batch: int
    """Messages of this lane in one batch."""
    shed_after_seconds: float | None
    """How long one may wait before it is refused for the benefit of those behind it; None: until the deadline."""
    capacity_bytes: int = 12 * 1024 * 1024
    """What the letters of all these messages may have together, as they are handed to the database; of one authority's,
    half of it. A usual message has 1,300 bytes there, the largest 175,000."""


def _lanes() -> dict[Lane, LaneLimits]:
    # A waiting message takes 7 kB and 1.8 times its letters: with all lanes full of the largest, about 0.4 GB.
    # A device repeats after 0.5 s (RFC 3261, timer E): what has waited 0.4 s would soon be here twice, and answering
    # it early is what keeps a storm from feeding itself. Life alarms are kept until the deadline.
    return {
        Lane.LIFE: LaneLimits(
            capacity=16_384, authority_capacity=8_192, batch=200, shed_after_seconds=None,
            capacity_bytes=48 * 1024 * 1024,
        ),
        Lane.REQUEST: LaneLimits(capacity=4_096, authority_capacity=2_048, batch=200, shed_after_seconds=None),
        Lane.TECHNICAL: LaneLimits(capacity=4_096, authority_capacity=2_048, batch=100, shed_after_seconds=0.4),
        Lane.TEST: LaneLimits(capacity=4_096, authority_capacity=2_048, batch=100, shed_after_seconds=0.4),
        Lane.UNKNOWN: LaneLimits(capacity=512, authority_capacity=512, batch=50, shed_after_seconds=None),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds. Times are in seconds, sizes in bytes."""

    lanes: dict[Lane, LaneLimits] = field(default_factory=_lanes)
    waiting_per_person: int = 8
    """Messages of one person (or sender) waiting in one lane; a device stuck in a loop cannot fill the lane."""
    life_batches: int = 16
    """Batches of life alarms on their way to the database at once: more would not make the disk faster."""
    other_batches: int = 6
    """The same for all other lanes, counted apart, so that none of them ever takes a life alarm's turn."""

    receive_buffer: int = 4 * 1024 * 1024
    """What the kernel may hold for our UDP socket."""
    datagrams_at_once: int = 256
    """Datagrams fetched before anything else gets its turn: some 3 ms. In the kernel's buffer all wait in one row, so
    they must be fetched faster than they can be worked on."""
    urgent_at_once: int = 32
    """Of these, how many are worked on at once."""
    postponed: int = 4_096
    """Datagrams that wait unread while more urgent ones are at hand: so many faults, and so many tests, signals and
    heartbeats."""
    postponed_bytes: int = 8 * 1024 * 1024
    """And what the ones and the others hold in all; a usual one has half a kilobyte."""
    postponed_at_once: int = 8
    """Of both together, turn and turn about."""
    postponed_seconds: float = 0.4
    """After this they are dropped unread: the device is about to repeat them."""

    remembered_answers: int = 150_000
    """Answers kept to be given again to retransmissions."""
    remembered_bytes: int = 96 * 1024 * 1024
    """And what they hold in all. A usual one has less than half a kilobyte, but it copies what its request says."""

    largest_message: int = 64 * 1024
    """On a stream."""
    connections: int = 20_000
    connections_per_source: int = 4_000
    """Many devices share an address behind a mobile operator's translation. IPv6 is counted by networks of 64 bits."""
    unproven_tls: int = 2_048
    unproven_tls_per_source: int = 512
    """TLS connections over which no device has proved itself yet. The encryption reads ahead what we do not see: one
    takes 50 kB when it is idle and up to 440 kB when much is sent, so these take 0.9 GB at the very most."""
    unproven_seconds: float = 5.0
    """When there is no room, a connection gives way whose device has proved nothing in this time."""
    accepts_per_second: int = 2_000
    handshakes_per_second: int = 400
    """One costs 0.5-1.6 ms of processor: so they never take more than about half a core from alarms."""
    handshakes: int = 512
    """Begun and not yet done."""
    handshakes_per_source: int = 64
    handshake_seconds: float = 10.0
    first_message_seconds: float = 60.0
    """A connection that has said nothing sensible by then is closed."""
    whole_message_seconds: float = 10.0
    """From a message's first byte to its last."""
    idle_seconds: float = 1_800.0
    """A silent connection is closed between one and two times this."""
    unsent_bytes: int = 64 * 1024
    """Answers a peer may leave unread before its connection is closed."""
    unanswered_per_connection: int = 16
    """Requests of one connection in work before it is read further."""
    read_at_once: int = 16 * 1024
    """Bytes taken from one connection before another has its turn."""
    unfinished_bytes: int = 64 * 1024 * 1024
    """Of messages that are not complete, and of those that wait for their turn, on all connections together. A head
    that is read and waits for its body takes up to three times its bytes; an open TCP connection itself some 2 kB."""
    device_turns: int = 16
    """Messages looked at in one round over the connections of devices that have proved themselves: some 3 ms. Datagrams
    are read between two rounds."""
    stranger_turns: int = 8
    """The same over all other connections."""
    technical_turns: int = 4
    """Faults and their ends, over whatever connections, in one round."""
    patient_turns: int = 8
    """Tests, signals and heartbeats, and what strangers say at length, in one round."""
    stranger_messages: int = 8
    """Messages over a connection by which a device must have proved itself; what follows waits like a test."""

    confirmations: int = 50_000
    """Confirmations whose answer is awaited; beyond, they are sent once and not followed."""
    bindings: int = 500_000
    """Devices registered at once (REGISTER)."""
    longest_registration_seconds: int = 3_600

    nonces: int = 200_000
    """Uses of digest challenges remembered, by all receivers of a machine together: 6 MiB in a file."""
    sources_watched: int = 20_000
    """Addresses whose failures or strangers' messages are counted."""
    failures_per_minute: int = 20
    """Wrong passwords from one address before it gets no new challenge; a right password always passes."""
    refusals_told_per_hour: int = 50
    """Devices of one authority of which an operator is told that they are refused."""
    unknown_per_minute: int = 60
    """Messages from unknown senders behind one address."""
    unknown_heartbeat_seconds: float = 3_600.0
    """How often an unknown sender's heartbeat is worth showing."""

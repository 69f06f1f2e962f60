# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the receiver counts. Every refusal has a reason here: nothing is turned away without a trace."""

from collections.abc import Iterator
from enum import StrEnum

from prometheus_client.registry import Collector

from vaka.metrics import Durations, Tally
from vaka.scaip.errors import ScaipFault
from vaka.sip.errors import SipFault


class Reason(StrEnum):
    """Why a readable message was not accepted, or a connection not kept."""

    CREDENTIALS_ASKED = "credentials_asked"  # the ordinary first half of digest
    CREDENTIALS_WRONG = "credentials_wrong"
    CREDENTIALS_THROTTLED = "credentials_throttled"
    NONCE_STALE = "nonce_stale"
    NONCE_ELSEWHERE = "nonce_elsewhere"  # of a receiver on another machine, or before the last start of this one
    NONCE_FORGED = "nonce_forged"
    NONCE_REPLAYED = "nonce_replayed"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_OTHER = "certificate_other"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"  # of an issuer we do not know; the handshake ends there
    NETWORK_OTHER = "network_other"
    EXCEPTION_EXPIRED = "exception_expired"  # the time-limited permission to come without proof has ended
    SENDER_DIFFERS = "sender_differs"
    SENDER_UNKNOWN = "sender_unknown"  # where strangers are not served
    STRANGERS_TOO_MANY = "strangers_too_many"
    METHOD = "method"
    LANE_FULL = "lane_full"
    PERSON_BUSY = "person_busy"  # too many of one person's or device's messages wait
    SHED = "shed"  # waited too long in a lane that is not life
    DEADLINE = "deadline"  # could not be stored in time
    NOT_STORABLE = "not_storable"  # the database refuses this very message
    INTERNAL = "internal"  # a fault of ours, logged with its place
    STOPPING = "stopping"
    POSTPONED_DROPPED = "postponed_dropped"  # no alarm, unread, under overload
    CONNECTION_LIMIT = "connection_limit"
    SOURCE_LIMIT = "source_limit"
    MADE_ROOM = "made_room"  # had proved nothing, and another came
    HANDSHAKE = "handshake"
    UNFINISHED = "unfinished"  # all connections together held too much that was not complete
    SLOW_MESSAGE = "slow_message"
    SILENT = "silent"
    UNREAD_ANSWERS = "unread_answers"
    SEND_FAILED = "send_failed"


class Confirmation(StrEnum):
    """What became of an `<mrs>`."""

    SENT = "sent"
    RESENT = "resent"
    ANSWERED = "answered"
    REFUSED = "refused"  # the device answered with an error: it has it all the same
    GIVEN_UP = "given_up"
    NOT_FOLLOWED = "not_followed"  # too many outstanding: sent once
    UNMATCHED = "unmatched"  # an answer to nothing we remember


class Repeat(StrEnum):
    """A retransmission over UDP."""

    ANSWERED = "answered"
    IN_WORK = "in_work"


_METHODS = ("MESSAGE", "REGISTER", "OPTIONS", "ACK", "other", "response", "keep_alive")
_STATUSES = ("200", "400", "401", "403", "404", "405", "413", "501", "503", "505")
_OUTCOMES = ("raised", "tried", "joined", "withdrew", "upheld", "restored", "stored", "repeat")


class Counters:
    """All of them; each attribute is one metric."""

    def __init__(self) -> None:
        self.received = Tally("vaka_receiver_received", "Whole messages by method.", "method", _METHODS)
        self.repeats = Tally("vaka_receiver_repeats", "Retransmissions known by their bytes.", "state", Repeat)
        self.answers = Tally("vaka_receiver_answers", "Answers by status.", "status", _STATUSES)
        self.refusals = Tally("vaka_receiver_refusals", "What was not accepted, by reason.", "reason", Reason)
        self.unreadable = Tally("vaka_receiver_unreadable", "Bytes that were no SIP message.", "fault", SipFault)
        self.bodies = Tally("vaka_receiver_unreadable_bodies", "Bodies that were no mrq.", "fault", ScaipFault)
        self.stored = Tally("vaka_receiver_stored", "Stored messages by what they did.", "outcome", _OUTCOMES)
        self.unwritable = Tally(
            "vaka_receiver_unwritable", "Letters that had no usable address.", "to", ("person", "authority")
        )
        self.late = Tally("vaka_receiver_late", "Stored after their 503 had gone out.", "lane", ("life", "other"))
        self.confirmations = Tally("vaka_receiver_confirmations", "Confirmations (mrs).", "fate", Confirmation)
        self.heartbeats = Tally("vaka_receiver_heartbeats", "Signs of life.", "step", ("heard", "written"))
        self.interruptions = Tally(
            "vaka_receiver_interruptions", "Batches cut off by the database.", "lane", ("life", "other")
        )
        self.answer_seconds = Durations("vaka_receiver_answer_seconds", "Message received to 200, life alarms.")
        self.batch_seconds = Durations("vaka_receiver_batch_seconds", "One batch from its start to its commit.")

    def __iter__(self) -> Iterator[Collector]:
        return iter(vars(self).values())

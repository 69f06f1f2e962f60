# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What happens to a MESSAGE: who sent it, may he, what does it mean, and to which lane it goes.

It is answered 200 in two places only: for a heartbeat at once, and for everything else by the storage after its commit.
"""

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

from vaka.identifiers import new_identifier
from vaka.keys.identities import BlindSender
from vaka.receiver.allowance import Allowance
from vaka.receiver.authentication import Authenticator
from vaka.receiver.confirmations import Confirmations
from vaka.receiver.counters import Reason
from vaka.receiver.directory import Directory
from vaka.receiver.exchange import Exchange
from vaka.receiver.lanes import LANES, Arrival
from vaka.receiver.limits import Lane
from vaka.receiver.reading import UNKNOWN_SENDER, UNREADABLE, Reading, Sender, confirmation, read, row, said
from vaka.receiver.sealing import Sealing
from vaka.receiver.signs_of_life import SignsOfLife
from vaka.receiver.storage import Storage
from vaka.receiver.streams import StreamFlow
from vaka.receiver.surroundings import Surroundings
from vaka.scaip.classes import LAST_RESORT, AlarmClass, Verdict, classify
from vaka.tenants.directory import DeviceEntry


class Messages:
    """Takes MESSAGE requests."""

    def __init__(
        self,
        directory: Directory,
        authenticator: Authenticator,
        storage: Storage,
        sealing: Sealing,
        signs: SignsOfLife,
        confirmations: Confirmations,
        around: Surroundings,
    ) -> None:
        self._directory = directory
        self._authenticator = authenticator
        self._storage = storage
        self._sealing = sealing
        self._signs = signs
        self._confirmations = confirmations
        self._counters = around.counters
        self._rejections = around.rejections
        self._clock = around.clock
        self._strangers = Allowance(around.limits.unknown_per_minute, around.limits.sources_watched)
        # Counted apart: heartbeats behind one address must not use up what an unknown device's alarm may need.
        self._beating_strangers = Allowance(around.limits.unknown_per_minute, around.limits.sources_watched)
        self._shown: OrderedDict[BlindSender, float] = OrderedDict()  # when an unknown one's heartbeat was kept
        self._limits = around.limits
        self._random_bytes = around.random_bytes

    def take(self, exchange: Exchange) -> None:
        """Answer the request, or hand it on to be stored and answered then."""
        reading = read(exchange.request)
        if reading.fault is not None:
            self._counters.bodies.add(reading.fault)
        entry, sender = self._find(exchange, reading)
        if entry is None:
            self._take_unknown(exchange, reading, sender)
            return
        refusal = self._authenticator.judge(
            exchange.request, exchange.flow, entry, sender_differs=reading.sender_differs
        )
        if refusal is not None:
            self._counters.refusals.add(refusal.reason)
            exchange.answer(refusal.status, refusal.headers)
            return
        now = self._clock.now()
        self._signs.note(entry, now)
        # A body that cannot be read, from a device that is known: perhaps somebody's last strength went into it.
        verdict = LAST_RESORT
        if reading.mrq is not None:
            verdict = classify(reading.mrq, self._directory.table(entry.authority_id))
        if verdict.alarm_class is AlarmClass.HEARTBEAT:
            self._answer_heartbeat(exchange, reading, known=True)
        else:
            exercise = self._directory.exercise_of(entry, now, self._clock.monotonic())
            # Whatever an exercise sends, nobody who means it waits for it.
            lane = LANES[verdict.alarm_class] if exercise is None else Lane.TEST
            self._store(exchange, reading, verdict, lane, entry.authority_id, entry, sender, now, exercise)

    def _find(self, exchange: Exchange, reading: Reading) -> tuple[DeviceEntry | None, Sender]:
        """The device is the one its body names. One that speaks for others is known by its From.

        From here on its number is in nothing but its letters; the rest knows what stands for it.
        """
        if reading.identity is None:
            return None, self._sender(f"source:{exchange.flow.source[0]}")
        sender = self._sender(reading.identity)
        entry = self._directory.find(sender.blind)
        if entry is None and reading.sender_differs and reading.user is not None:
            # Where it may not, and its body names nobody we know: it is still this device that asks, and is refused
            # for it.
            other = self._sender(reading.user)
            entry = self._directory.find(other.blind)
            if entry is not None:
                return entry, other
        return entry, sender

    def _sender(self, name: str) -> Sender:
        return Sender(name, self._directory.identities.blind(name))

    def _take_unknown(self, exchange: Exchange, reading: Reading, sender: Sender) -> None:
        """Nobody has registered this sender: kept and shown all the same, where nobody else has to wait for it."""
        intake = self._directory.intake
        if intake is None:
            self._counters.refusals.add(Reason.SENDER_UNKNOWN)
            self._rejections.note(Reason.SENDER_UNKNOWN, exchange.flow.source[0])
            exchange.answer(403)
            return
        now = self._clock.monotonic()
        verdict = UNREADABLE
        if reading.mrq is not None:
            verdict = classify(reading.mrq, self._directory.table(intake.id))
        is_heartbeat = verdict.alarm_class is AlarmClass.HEARTBEAT
        allowance = self._beating_strangers if is_heartbeat else self._strangers
        if not allowance.spend(exchange.flow.source[0], now):
            self._rejections.note(Reason.STRANGERS_TOO_MANY, exchange.flow.source[0])
            self._storage.refuse(exchange, Reason.STRANGERS_TOO_MANY)
            if isinstance(exchange.flow, StreamFlow):
                exchange.flow.dismiss()
            return
        if is_heartbeat:
            if now - self._shown.get(sender.blind, float("-inf")) < self._limits.unknown_heartbeat_seconds:
                self._answer_heartbeat(exchange, reading, known=False)
                return
            verdict = UNKNOWN_SENDER
        stored = self._store(exchange, reading, verdict, Lane.UNKNOWN, intake.id, None, sender, self._clock.now())
        if stored and is_heartbeat:
            self._shown[sender.blind] = now
            self._shown.move_to_end(sender.blind)
            if len(self._shown) > self._limits.sources_watched:
                self._shown.popitem(last=False)

    def _answer_heartbeat(self, exchange: Exchange, reading: Reading, *, known: bool) -> None:
        exchange.answer(200)
        self._confirmations.send(exchange, confirmation(reading, known=known))

    def _store(
        self,
        exchange: Exchange,
        reading: Reading,
        verdict: Verdict,
        lane: Lane,
        authority_id: UUID,
        entry: DeviceEntry | None,
        sender: Sender,
        now: datetime,
        exercise: UUID | None = None,
    ) -> bool:
        """Hand the message to the storage, and say whether it was taken."""
        message_id = new_identifier(now, self._random_bytes)
        content = row(
            reading,
            verdict,
            exchange.flow,
            entry,
            sender.blind,
            self._directory.identities,
            received_at=now,
            message_id=message_id,
            alarm_id=new_identifier(now, self._random_bytes),
        )
        content.update(self._sealing.seal(said(reading, exchange.flow, sender.name), authority_id, entry, message_id))
        if exercise is not None:
            content["exercise_id"] = exercise.hex
            # The same words from outside the exercise are meant, and no repeat of these.
            content["digest"] = self._directory.identities.digest(content["digest"].encode() + exercise.bytes)
        return self._storage.offer(
            Arrival(
                exchange,
                authority_id,
                lane,
                content["person_id"] or sender.blind,
                content,
                confirmation(reading, known=entry is not None),
                self._clock.monotonic(),
            )
        )

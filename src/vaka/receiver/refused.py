# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registered devices that are turned away: told of as a technical alarm, for nobody else would tell.

A device with an old password is refused every day, and so is the alarm that it sends one night; the person beside it
believes that somebody hears. But whoever is refused has proved nothing, so he decides little: that there is an alarm,
of a kind that raises no one from sleep, once an hour for each device and so often for each authority. Nothing that he
wrote is kept, and no reference of his is taken.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from vaka.identifiers import new_identifier
from vaka.keys.identities import Identities
from vaka.receiver.counters import Counters, Reason
from vaka.receiver.exchange import Exchange, Flow, Headers
from vaka.receiver.lanes import Arrival
from vaka.receiver.limits import Lane
from vaka.receiver.reading import Reading, printable, row, said
from vaka.receiver.sealing import Sealing
from vaka.receiver.storage import Storage
from vaka.receiver.surroundings import Surroundings
from vaka.scaip.classes import AlarmClass, Effect, Verdict
from vaka.sip.message import Request
from vaka.tenants.directory import DeviceEntry

_FAULT = "refused"
"""What all these are about: one alarm for each device, which its next proof ends."""
SILENT = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_silent", _FAULT)
"""It does not answer when it is asked for a password."""
PASSWORD = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_password", _FAULT)
CERTIFICATE = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_certificate", _FAULT)
NETWORK = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_network", _FAULT)
EXCEPTION = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_exception", _FAULT)
SENDER = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_sender", _FAULT)
"""It proves itself, but its From names another, as a replaced or wrongly set up device's does."""
CHALLENGE = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "refused_challenge", _FAULT)
"""Its password is right, but it answers challenges too late, or of receivers that do not know of each other."""
PROVED = Verdict(AlarmClass.TECHNICAL, Effect.RESTORE, "refused", _FAULT)

_VERDICTS = {
    Reason.CREDENTIALS_ASKED: SILENT,
    Reason.CREDENTIALS_WRONG: PASSWORD,
    Reason.CREDENTIALS_THROTTLED: PASSWORD,
    Reason.NONCE_STALE: CHALLENGE,
    Reason.NONCE_ELSEWHERE: CHALLENGE,
    Reason.NONCE_FORGED: CHALLENGE,
    Reason.CERTIFICATE_MISSING: CERTIFICATE,
    Reason.CERTIFICATE_OTHER: CERTIFICATE,
    Reason.NETWORK_OTHER: NETWORK,
    Reason.EXCEPTION_EXPIRED: EXCEPTION,
    Reason.SENDER_DIFFERS: SENDER,
}
"""What is told of. A challenge that is used up is answered with another, and no fault of the device."""
_OFTEN = frozenset({Reason.CREDENTIALS_ASKED, Reason.NONCE_STALE, Reason.NONCE_ELSEWHERE, Reason.NONCE_FORGED})
_ASKED_IN_VAIN = 4
"""Being asked, even anew, is how exchanges begin; being asked so often in a row, without proof, is not."""
_WINDOW_SECONDS = 3_600.0


@dataclass(slots=True)
class _Told:
    """A device that was told of."""

    at: float
    """Monotonic seconds."""
    is_open: bool = True

    def tell_again(self) -> None:
        """It could not be stored in time: the next refusal tells of it. It may be stored yet, so it may also end."""
        self.at = float("-inf")

    def reopen(self) -> None:
        """Its end could not be stored in time: the next proof tells of it."""
        self.is_open = True


class Unheard(Exchange):
    """An exchange for what nobody sent: no device hears what became of it."""

    __slots__ = ("_undo",)

    def __init__(self, request: Request, flow: Flow, counters: Counters, undo: Callable[[], None]) -> None:
        super().__init__(request, flow, counters, to_tag="")
        self._undo = undo

    def answer(self, status: int, headers: Headers = ()) -> None:
        """Be done with it; what could not be stored is undone."""
        if not self.answered:
            self.answered = True
            if status != 200:
                self._undo()


class RefusedDevices:
    """Which devices were refused lately, and what was told of them."""

    def __init__(self, storage: Storage, sealing: Sealing, identities: Identities, around: Surroundings) -> None:
        self._identities = identities
        self._storage = storage
        self._sealing = sealing
        self._around = around
        self._clock = around.clock
        self._most = around.limits.sources_watched
        # device → how often in a row, and what its latest answer was
        self._asked: OrderedDict[bytes, tuple[int, int | None]] = OrderedDict()
        self._told: OrderedDict[bytes, _Told] = OrderedDict()
        self._told_of: dict[UUID, tuple[float, int]] = {}  # authority → since when, and how many

    def note_refusal(self, request: Request, flow: Flow, entry: DeviceEntry, reason: Reason) -> bool:
        """Tell of it, where that is to be told and has not been told already; return whether it is one to be told."""
        verdict = _VERDICTS.get(reason)
        if verdict is None or (reason in _OFTEN and not self._is_in_vain(request, entry.device_id)):
            return False
        now = self._clock.monotonic()
        told = self._told.get(entry.device_id)
        if told is not None and now - told.at < _WINDOW_SECONDS:
            return True
        if self._may_tell(entry.authority_id, now):
            told = self._told[entry.device_id] = _Told(now)
            self._told.move_to_end(entry.device_id)
            if len(self._told) > self._most:
                self._told.popitem(last=False)
            self._store(request, flow, entry, verdict, told.tell_again)
        return True

    def note_proof(self, request: Request, flow: Flow, entry: DeviceEntry) -> None:
        """A device has proved itself: what was told of it is over. Called for every message, so it looks only."""
        if self._asked:
            self._asked.pop(entry.device_id, None)
        if self._told:
            told = self._told.get(entry.device_id)
            if told is not None and told.is_open:
                told.is_open = False
                self._store(request, flow, entry, PROVED, told.reopen)

    def _name(self, request: Request, entry: DeviceEntry) -> str:
        """Return what the device calls itself, where its request says so before its body; the register knows it too."""
        for user in (request.from_.user, request.to.user):
            name = printable((user or "").strip())
            if name and self._identities.blind(name) == entry.sender:
                return name
        return ""

    def _is_in_vain(self, request: Request, device: bytes) -> bool:
        count, answered = self._asked.pop(device, (0, None))
        answer = request.headers.first("authorization")
        if answer is None:
            count += 1
        elif answered != hash(answer):  # the same again is a copy: of the device's, or of somebody who has listened
            count, answered = count + 1, hash(answer)
        self._asked[device] = count, answered
        if len(self._asked) > self._most:
            self._asked.popitem(last=False)
        return count >= _ASKED_IN_VAIN

    def _may_tell(self, authority_id: UUID, now: float) -> bool:
        began, count = self._told_of.get(authority_id, (now, 0))
        if now - began >= _WINDOW_SECONDS:
            began, count = now, 0
        if count >= self._around.limits.refusals_told_per_hour:
            return False
        self._told_of[authority_id] = (began, count + 1)
        return True

    def _store(
        self, request: Request, flow: Flow, entry: DeviceEntry, verdict: Verdict, undo: Callable[[], None]
    ) -> None:
        """Hand it to the storage, beside the answer to the request and independent of it."""
        now, random_bytes = self._clock.now(), self._around.random_bytes
        message_id, reading = new_identifier(now, random_bytes), Reading(request, None, None, None, None)
        content = row(
            reading,
            verdict,
            flow,
            entry,
            entry.sender,
            self._identities,
            received_at=now,
            message_id=message_id,
            alarm_id=new_identifier(now, random_bytes),
        )
        content |= {"ref": f"{_FAULT}-{random_bytes(8).hex()}", "restores": _FAULT, "deviations": []}
        content |= self._sealing.seal(
            said(reading, flow, self._name(request, entry), body=False), entry.authority_id, entry, message_id
        )
        exchange = Unheard(request, flow, self._around.counters, undo)
        key = content["person_id"] or entry.sender
        arrived_at = self._clock.monotonic()
        self._storage.offer(Arrival(exchange, entry.authority_id, Lane.TECHNICAL, key, content, b"", arrived_at))

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a MESSAGE says, and the row it becomes. Pure: no socket, no clock, no database."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from vaka.keys.identities import BlindSender, Identities
from vaka.receiver.confirmations import CONTENT_TYPE
from vaka.receiver.exchange import Flow
from vaka.scaip.body import Mrq, Mrs, build_mrs, parse_mrq
from vaka.scaip.classes import AlarmClass, Effect, Verdict
from vaka.scaip.codes import StatusNumber
from vaka.scaip.errors import ScaipError, ScaipFault
from vaka.sip.message import Request
from vaka.tenants.directory import DeviceEntry

UNREADABLE = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "unreadable", None)
"""A body that says nothing, from nobody we know: something is broken, or somebody tries doors."""
UNKNOWN_SENDER = Verdict(AlarmClass.TECHNICAL, Effect.RAISE, "unknown_sender", None)
"""A heartbeat of a device nobody has registered: it should be, before its button is needed."""

_LONGEST_SENDER = 64
_LARGEST_CODE = 32_767
"""What the columns hold; SCAIP's codes have at most four digits."""
_STATUS_NUMBERS = {ScaipFault.TOO_LARGE: StatusNumber.TOO_LONG, ScaipFault.OTHER_DOCUMENT: StatusNumber.WRONG_DATA}
_PLACE = "REFERENCE"
_NO_REFERENCE = "0"
"""Echoed to a device that gave none: an answer must name one."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a message."""

    name: str
    """What it calls itself, or where it is."""
    blind: BlindSender
    """What stands for that."""


@dataclass(slots=True)
class Reading:
    """A MESSAGE, read as far as it can be."""

    request: Request
    mrq: Mrq | None
    fault: ScaipFault | None
    """Why there is no ``mrq``."""
    stated: str | None
    """The controller id in the body."""
    user: str | None
    """The user part of From."""

    @property
    def identity(self) -> str | None:
        """Who it says it is; None where it says nothing."""
        return self.stated or self.user

    @property
    def sender_differs(self) -> bool:
        """Whether From and the body name different devices."""
        return self.stated is not None and self.user is not None and self.stated != self.user


def read(request: Request) -> Reading:
    """Read a MESSAGE. Never fails: what cannot be read is said in ``fault``."""
    user = request.from_.user
    if user is not None:
        user = printable(user.strip()) or None
    try:
        mrq = parse_mrq(request.body)
    except ScaipError as error:
        return Reading(request, None, error.code, None, user)
    return Reading(request, mrq, None, None if mrq.cid is None else printable(mrq.cid), user)


def printable(text: str) -> str:
    """Return an identity as it may stand in the directory: at most 64 visible characters."""
    if text.isalnum() and text.isascii() and len(text) <= _LONGEST_SENDER:  # nearly all
        return text
    return "".join(sign if "!" <= sign <= "~" else "?" for sign in text)[:_LONGEST_SENDER]


def confirmation(reading: Reading, known: bool) -> bytes:
    """Return the ``<mrs>``: all is well for every message whose sender can be told from it, however odd it is."""
    mrq = reading.mrq
    number = StatusNumber.OK
    if not known and mrq is None:
        number = _STATUS_NUMBERS.get(reading.fault or ScaipFault.NOT_XML, StatusNumber.INVALID_FORMAT)
    elif reading.identity is None:
        number = StatusNumber.MANDATORY_MISSING
    reference = mrq.ref if mrq is not None and mrq.ref else _NO_REFERENCE
    if reference.isascii() and reference.isalnum():  # as the standard has it: nothing to escape
        before, after = _around_reference(number)
        return before + reference.encode() + after
    try:
        return build_mrs(Mrs(ref=reference, snu=number))
    except ScaipError:  # a reference that no XML can hold came in a body that was hardly any
        return build_mrs(Mrs(ref=_NO_REFERENCE, snu=number))


@cache
def _around_reference(number: int) -> tuple[bytes, bytes]:
    before, _, after = build_mrs(Mrs(ref=_PLACE, snu=number)).partition(_PLACE.encode())
    return before, after


@dataclass(frozen=True, slots=True)
class Said:
    """What a device said in words of its own: nothing of it is stored in clear."""

    texts: tuple[str, str, str, str, str]
    """The place in the home, what it says of itself, its position, the network address it sent from, and what it calls
    itself."""
    body: bytes
    """The message as it came."""


def said(reading: Reading, flow: Flow, name: str, *, body: bool = True) -> Said:
    """Return what a message says in words, and what its sender calls itself; without its body where that is not to be
    kept."""
    mrq, source = reading.mrq, _address(*flow.source)
    told = (
        ("", "", "") if mrq is None else (_joined(mrq.lva, mrq.lte), _joined(mrq.dte, mrq.stt, mrq.ite), _position(mrq))
    )
    return Said((*told, source, name), reading.request.body if body else b"")


def row(
    reading: Reading,
    verdict: Verdict,
    flow: Flow,
    entry: DeviceEntry | None,
    sender: BlindSender,
    identities: Identities,
    *,
    received_at: datetime,
    message_id: UUID,
    alarm_id: UUID,
) -> dict[str, Any]:
    """Return what ``accept_messages`` is given of this message but for the letters
    (its columns: schema/tenant/0010_letters.sql); ``sender`` is what stands for what it calls itself.
    """
    mrq = reading.mrq
    return {
        "message_id": message_id,
        "alarm_id": alarm_id,
        "device_id": None if entry is None else entry.device_id.hex(),
        "person_id": None if entry is None or entry.person_id is None else entry.person_id.hex(),
        "sender": sender,
        "ref": "" if mrq is None else mrq.ref or "",
        "digest": _digest(reading, identities),
        "received_at": received_at,
        "class": verdict.alarm_class,
        "kind": verdict.kind,
        "effect": verdict.effect,
        "restores": _pair(mrq, verdict, identities),
        "device_type": _code(mrq.dty) if mrq is not None else None,
        "status_code": _code(mrq.stc) if mrq is not None else None,
        "location_code": _code(mrq.lco) if mrq is not None else None,
        "has_position": mrq is not None and bool(_position(mrq)),
        "transport": flow.transport,
        "deviations": _deviations(reading),
    }


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _digest(reading: Reading, identities: Identities) -> str:
    """What tells a repeat from another message with the same reference.

    Without a reference every press of a button may look alike; then only the very same request is a repeat, for a
    press taken for a repeat would never be answered. Made with the key: a message holds little that cannot be guessed.
    """
    request = reading.request
    content = request.body
    if reading.mrq is None or not reading.mrq.ref:
        content += f"\0{request.call_id}\0{request.cseq.number}\0{request.from_.tag}".encode("utf-8", "replace")
    return identities.digest(content)


def _pair(mrq: Mrq | None, verdict: Verdict, identities: Identities) -> str | None:
    """Name the fault within its device, and within the trigger that reports it: each has a battery of its own."""
    if verdict.pair is None or mrq is None:
        return None
    trigger = (mrq.did or "").strip("0")
    return f"{identities.blind_part(printable(mrq.did or ''))}:{verdict.pair}" if trigger else verdict.pair


def _code(number: int | None) -> int | None:
    return number if number is not None and number <= _LARGEST_CODE else None


def _joined(*texts: str | None) -> str:
    joined = " · ".join([text.replace("\0", "") for text in texts if text])
    return joined if joined.isascii() else joined.encode("utf-8", "replace").decode()


def _position(mrq: Mrq) -> str:
    return "" if mrq.lge is None else _joined(mrq.lge.geo, mrq.lge.tim, mrq.lge.gga)


def _deviations(reading: Reading) -> list[str]:
    found: list[str] = [] if reading.mrq is None else list(reading.mrq.deviations)
    if reading.fault is not None:
        found.append(f"body_{reading.fault}")
    found += reading.request.deviations
    if reading.request.content_type != CONTENT_TYPE:
        found.append("content_type")
    if reading.sender_differs:
        found.append("sender_differs")
    if reading.request.from_.tag is None:
        found.append("from_tag_missing")
    return found

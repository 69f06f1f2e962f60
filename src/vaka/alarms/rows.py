# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the desk reads, as frozen rows and pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from vaka.alarms.model import CLASSES, Alarm, State
from vaka.alarms.named import Named
from vaka.keys.identities import label


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow(Named):
    """One line of the queue. Which authority it belongs to, the caller knows: it asked that one's database."""

    id: UUID
    alarm_class: str
    kind: str
    latest_kind: str
    state: State
    area: str
    unit_name: str
    """The unit responsible now; empty where none is known."""
    unit_phone: str
    device_type: int | None
    status_code: int | None
    location_code: int | None
    received_at: datetime
    """When it arrived, or the first that was made part of it."""
    latest_at: datetime
    messages: int
    parts: int
    """How many alarms were made part of it."""
    presented_at: datetime | None
    taken_at: datetime | None
    holder: UUID | None
    offered_to: UUID | None
    suspended_until: datetime | None
    withdrawn_at: datetime | None
    escalation: int
    unheard: bool
    """Somebody holds it, the person alarmed again, and the holder has not answered that yet."""
    is_exercise: bool
    """A device of a crisis exercise raised it: nobody waits for help behind it."""
    version: int

    @property
    def rank(self) -> int:
        """Its place in the order of classes, 0 first."""
        return CLASSES.index(self.alarm_class)

    @property
    def arrivals(self) -> int:
        """How many messages and other alarms are in it. Unlike the version, being shown to somebody changes nothing."""
        return self.messages + self.parts

    @property
    def order(self) -> tuple[bool, int, datetime, str]:
        """Sort key of the queue: the real ones, then class, then age."""
        return (self.is_exercise, self.rank, self.received_at, str(self.id))

    def waited_seconds(self, now: datetime) -> int:
        """Return for how long it has waited, in whole seconds; never negative."""
        return max(0, int((now - self.received_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Person:
    """A person in care as the one screen shows them, opened. The personal number is masked here already."""

    id: UUID
    given_name: str
    family_name: str
    masked_personal_number: str
    """``19321114-••••``, or empty."""
    born_on: date | None
    age: int | None
    phone: str
    language: str
    hearing: str
    speech: str
    cognition: str
    street: str
    postal_code: str
    city: str
    floor: str
    door_code: str
    route: str
    latitude: float | None
    longitude: float | None
    area: str
    risks: list[str]
    care_notes: str
    key_number: str
    key_box: str
    digital_lock: str
    protected_identity: bool
    absent_from: datetime | None
    absent_until: datetime | None
    absence_reason: str
    absent_now: bool

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ring, in order."""

    position: int
    name: str
    relation: str
    phone: str
    has_key: bool


@dataclass(frozen=True, slots=True)
class PersonNote:
    """A note about a person that has not expired; must-see ones come first."""

    id: UUID
    body: str
    must_see: bool
    expires_at: datetime | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A device and how it is, opened."""

    id: UUID
    sender: str
    """What it calls itself or, where that is locked, always the same letters for it."""
    model: str
    device_type: int
    placed: str
    """Where in the home; empty where it is locked."""
    interval_seconds: int
    supervised: bool
    last_seen: datetime | None
    condition: str
    """``never``, ``online``, ``late`` or ``lost``."""
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit that answers now, and until which minute after local midnight."""

    id: UUID
    name: str
    phone: str
    until_minute: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the alarm."""

    id: UUID
    kind: str
    effect: str
    """``raise``, ``withdraw``, ``restore`` or ``none``."""
    ref: str
    received_at: datetime
    transport: str
    deviations: list[str]


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to the alarm."""

    at: datetime
    step: str
    """An act's past tense: ``joined``, ``withdrew``, ``restored``, ``presented``, ``taken``, ``closed`` and so on."""
    actor: str
    """``account:<uuid>``, ``device``, ``desk``, ``scheduler`` or ``supervision``."""
    detail: str


@dataclass(frozen=True, slots=True)
class AlarmNote:
    """What an operator wrote while the alarm went on."""

    id: UUID
    written_at: datetime
    written_by: UUID
    body: str
    """Empty where it is locked."""
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What the device said in words of its own."""

    location: str = ""
    """Where in the home."""
    device: str = ""
    """What it says of itself."""
    position: str = ""
    """Where it is now, as far as any message told."""
    sender: str = ""
    """What it calls itself."""
    is_locked: bool = False
    """Something was said that cannot be opened at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAlarm:
    """An earlier alarm of the same person (or of the same device, where no person is known)."""

    id: UUID
    alarm_class: str
    kind: str
    state: State
    received_at: datetime
    closed_at: datetime | None
    closing_reason: str
    closing_action: str
    closing_result: str
    closing_note: UUID | None
    closing_subject: UUID | None
    closing_body: bytes | None = field(repr=False)
    """What was written at the end, in a letter."""
    closing_text: str = ""
    """The same, opened; empty where nothing was written, or it is locked."""
    ending_is_locked: bool = False
    is_exercise: bool
    today: bool
    """Received on today's date in Sweden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Named):
    """An alarm that was made part of the one that is shown."""

    id: UUID
    alarm_class: str
    latest_kind: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Named):
    """An alarm of the operator's own that another can become part of."""

    id: UUID
    street: bytes | None = field(default=None, repr=False)
    postal_code: bytes | None = field(default=None, repr=False)
    city: bytes | None = field(default=None, repr=False)
    latest_kind: str
    received_at: datetime
    version: int
    same: bool
    """Whether it is of the same person or, where nobody is known, the same sender."""
    related: bool = False
    """Whether it is that, or of the same address."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The operator's one screen."""

    alarm: Alarm
    person: Person | None
    contacts: list[Contact]
    notes: list[PersonNote]
    unit: Unit | None
    messages: list[Message]
    steps: list[Step]
    alarm_notes: list[AlarmNote]
    earlier: list[EarlierAlarm]
    """The last 30 days, newest first."""
    parts: list[Part]
    device: Device | None = None
    other_devices: list[Device] = field(default_factory=list)
    told: Told = Told()
    closing_text: str = ""
    ending_is_locked: bool = False
    is_locked: bool = False
    """Somebody is known, and what is known of them cannot be opened at the moment."""
    refused: tuple[str, ...] = ()
    """What was changed, moved or put back, and is therefore not shown: kinds of ``personal.toml``, ``contacts``,
    ``notes``."""

    @property
    def shown_sender(self) -> str:
        """What the device calls itself or, where that is locked, always the same letters for it."""
        return self.told.sender or (self.device.sender if self.device else label(self.alarm.sender))


@dataclass(frozen=True, slots=True)
class SealedScreen:
    """The one screen as it was read: what is about the person, or was said, is sealed yet, and not in ``screen``."""

    screen: Screen
    person: Mapping[str, Any] | None
    contacts: Sequence[Mapping[str, Any]]
    notes: Sequence[Mapping[str, Any]]
    texts: Sequence[Mapping[str, Any]]
    """Of the alarm's first message and of the one that told the position."""
    devices: Sequence[Mapping[str, Any]]
    """The device that alarms, and the person's others."""
    alarm_notes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow(Named):
    """One closed or merged alarm."""

    id: UUID
    alarm_class: str
    kind: str
    state: State
    received_at: datetime
    taken_at: datetime | None
    closed_at: datetime
    closed_by: str
    closing_reason: str
    closing_action: str
    closing_result: str
    closing_note: UUID | None
    closing_subject: UUID | None
    closing_body: bytes | None = field(repr=False)
    """What was written at the end, in a letter."""
    closing_text: str = ""
    """The same, opened; empty where nothing was written, or it is locked."""
    ending_is_locked: bool = False
    merged_into: UUID | None
    messages: int
    escalation: int
    is_exercise: bool

    @property
    def answer_seconds(self) -> int | None:
        """Return how long it waited for an answer; None where nobody took it."""
        return None if self.taken_at is None else max(0, int((self.taken_at - self.received_at).total_seconds()))


@dataclass(frozen=True, slots=True)
class Policy:
    """The authority's own limits and words; seconds."""

    amber_after_seconds: int
    red_after_seconds: int
    ring_all_after_seconds: int
    on_call_after_seconds: int
    on_call_phone: str
    greeting: str
    repeat_window_seconds: int
    mass_silence_percent: int
    mass_silence_minimum: int
    lost_grace_seconds: int


@dataclass(frozen=True, slots=True)
class ClosingCode:
    """One word of the authority's closing lists (``reason``, ``action``, ``result``)."""

    list: str
    code: str
    sv: str
    en: str
    position: int

    def in_language(self, language: str) -> str:
        """Return the Swedish text for ``sv``, otherwise the English."""
        return self.sv if language == "sv" else self.en


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the head of the desk shows; waiting means that nobody has answered."""

    open: int
    waiting: int
    oldest_seconds: int | None
    life_waiting: int
    oldest_life_seconds: int | None

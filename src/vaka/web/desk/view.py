# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One alarm as one operator sees it: the screen, and what can be done now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from vaka.alarms.model import Alarm, State
from vaka.alarms.rows import EarlierAlarm, Screen, Step, Target
from vaka.scaip.codes import DEVICE_TYPES, LOCATIONS
from vaka.tenants.authorities import Authority
from vaka.web.desk.possible import PRIMARY_WORDS, UNANSWERED, Act, Standing, next_act, other_acts
from vaka.web.desk.words import ALL_NAMES
from vaka.web.texts import Language, mark, texts_in


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a closing list, and the key that chooses it."""

    code: str
    word: str
    key: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the closing form already."""

    reason: str = ""
    action: str = ""
    result: str = ""
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return str(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody the alarm can be handed to."""

    account_id: UUID
    name: str
    on_duty: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the alarm's story."""

    at: datetime
    text: str
    who: str
    note: str = ""
    is_locked: bool = False
    """It is a note that cannot be opened at the moment."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    """Everything the alarm's templates ask."""

    authority: Authority
    screen: Screen
    language: Language
    account_id: UUID
    names: Mapping[UUID, str]
    amber: int
    red: int
    greeting: str
    on_call_phone: str
    """Whom to call where nobody takes the alarm; empty where no number is registered."""
    full: bool
    """Whether the operator may see the person."""
    may_handle: bool
    may_adopt: bool
    back: str
    """``/`` at the desk; the history's address where a closed alarm is read."""
    endings: Mapping[tuple[str, str], str]
    """The authority's closing words by list and code."""
    act: str = ""
    """The act whose form is open."""
    may_take_over: bool = False
    """Whether a colleague has it and the operator may take it from there."""
    codes: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    filled: Filled = Filled()
    colleagues: Sequence[Colleague] = ()
    targets: Sequence[Target] = ()
    other_targets: int = 0
    """How many more could be chosen that seem to have nothing to do with this one."""
    authorities: Sequence[Authority] = ()
    minutes: Sequence[int] = (5, 10, 15, 30, 60, 120)

    @property
    def address(self) -> str:
        """Where this alarm is."""
        return f"/alarm/{self.authority.id}/{self.screen.alarm.id}"

    @property
    def mine(self) -> bool:
        """Whether the operator holds it."""
        return self.screen.alarm.holder == self.account_id

    @property
    def offered_to_me(self) -> bool:
        """Whether a colleague wants the operator to take it."""
        return self.screen.alarm.offered_to == self.account_id

    @property
    def hidden(self) -> bool:
        """Whether somebody is known here of whom the operator may see nothing."""
        return not self.full and self.screen.alarm.person_id is not None

    @property
    def mood(self) -> str:
        """How the head of the screen looks: ``waiting``, ``again``, ``mine``, ``held`` or ``over``."""
        state = self.screen.alarm.state
        if state in (State.CLOSED, State.MERGED):
            return "over"
        if self.screen.alarm.unheard:
            return "again"
        if state is State.TAKEN:
            return "mine" if self.mine else "held"
        return "waiting" if state in UNANSWERED or self.offered_to_me else "held"

    @property
    def standing(self) -> Standing:
        """How the operator stands to the alarm."""
        return Standing(
            state=self.screen.alarm.state,
            mine=self.mine,
            offered_to_me=self.offered_to_me,
            may_handle=self.may_handle,
            may_adopt=self.may_adopt and self.authority.is_intake,
            may_take_over=self.may_take_over,
            unheard=self.screen.alarm.unheard,
            left=self.screen.alarm.unheard and self.screen.alarm.escalation > 0,
        )

    @property
    def primary(self) -> str:
        """The one next act."""
        return next_act(self.standing)

    @property
    def primary_word(self) -> str:
        """What the primary act is called, in English (the key of the catalogue)."""
        return PRIMARY_WORDS[self.primary]

    @property
    def submit_word(self) -> str:
        """What the button of the open form is called, in English."""
        return PRIMARY_WORDS[self.act]

    @property
    def acts(self) -> tuple[Act, ...]:
        """What else can be done now, in a fixed order."""
        return other_acts(self.standing)

    @property
    def room(self) -> str:
        """Where in the home it was raised, as far as the device says."""
        names = ALL_NAMES[self.language]
        alarm = self.screen.alarm
        said = names["location_word"](alarm.location_code) if (alarm.location_code or 0) in LOCATIONS else ""
        placed = self.screen.device.placed if self.screen.device else ""
        return ", ".join(dict.fromkeys(text for text in (self.screen.told.location, said) if text)) or placed

    @property
    def device_name(self) -> str:
        """What kind of device raised it, and which model it belongs to."""
        alarm = self.screen.alarm
        kind = ALL_NAMES[self.language]["device_word"](alarm.device_type) if alarm.device_type in DEVICE_TYPES else ""
        model = self.screen.device.model if self.screen.device else ""
        return ", ".join(text for text in (kind, model) if text) or self.screen.shown_sender

    @property
    def status(self) -> str:
        """What the device says, in words."""
        return str(ALL_NAMES[self.language]["status_word"](self.screen.alarm.status_code))

    @property
    def has_danger(self) -> bool:
        """Whether something has to be known before anyone goes there."""
        person = self.screen.person
        return bool(person and person.risks) or any(note.must_see for note in self.screen.notes)

    @property
    def story(self) -> list[Happening]:
        """What has happened with this alarm, newest first."""
        told = [self._tell(step) for step in self.screen.steps if step.step != "noted"]
        told += [
            Happening(note.written_at, "", self.name_of(note.written_by), note.body, note.is_locked)
            for note in self.screen.alarm_notes
        ]
        first = Happening(self.screen.alarm.received_at, texts_in(self.language).gettext(mark("Arrived")), "")
        return sorted([first, *told], key=lambda happening: happening.at, reverse=True)

    def name_of(self, account: UUID | None) -> str:
        """Return the display name of an account, or a dash."""
        return self.names.get(account, "–") if account else "–"

    def ending_of(self, alarm: Alarm | EarlierAlarm) -> str:
        """Return how an alarm ended, in the authority's words."""
        return describe_ending(self.endings, alarm.closing_reason, alarm.closing_action, alarm.closing_result)

    @property
    def closed_by(self) -> str:
        """Who ended it."""
        return self._actor(self.screen.alarm.closed_by)

    def _tell(self, step: Step) -> Happening:
        text = ALL_NAMES[self.language]["step_word"](step.step)
        return Happening(step.at, text, "" if step.actor in ("device", "desk") else self._actor(step.actor))

    def _actor(self, actor: str) -> str:
        kind, _, account = actor.partition(":")
        return self.name_of(UUID(account)) if kind == "account" else str(ALL_NAMES[self.language]["actor_word"](kind))


def describe_ending(endings: Mapping[tuple[str, str], str], reason: str, action: str, result: str) -> str:
    """Return reason, action and result in the authority's words; a code no longer on its lists as it stands."""
    chosen = (("reason", reason), ("action", action), ("result", result))
    return " · ".join(endings.get((name, code), code.replace("_", " ")) for name, code in chosen if code)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Why an act on an alarm was refused: another was first, or the alarm is in another state.

The sentences name nobody. A page that may show the colleague's name finds the account in ``holder``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from vaka.errors import Category, Sentence, VakaError

_STATES: Mapping[str, Sentence] = MappingProxyType(
    {
        "received": Sentence("Larmet väntar i kön.", "The alarm is waiting in the queue."),
        "presented": Sentence("Larmet väntar i kön.", "The alarm is waiting in the queue."),
        "taken": Sentence("Larmet är redan taget.", "The alarm is already taken."),
        "suspended": Sentence("Larmet är lagt åt sidan.", "The alarm is laid aside."),
        "handed_over": Sentence("Larmet är erbjudet en kollega.", "The alarm is offered to a colleague."),
        "withdrawn": Sentence("Larmet är återtaget från enheten.", "The device has taken its alarm back."),
        "merged": Sentence("Larmet ingår numera i ett annat larm.", "The alarm is now part of another alarm."),
        "closed": Sentence("Larmet är redan avslutat.", "The alarm is already closed."),
    }
)
_ADVICE: Mapping[str, Sentence] = MappingProxyType(
    {
        "take_over": Sentence("Det behöver inte tas över.", "It need not be taken over."),
        "hear": Sentence("Det finns inget nytt att svara på.", "There is nothing new to answer."),
        "release": Sentence("Bara den som har larmet kan lämna tillbaka det.", "Only its holder can put it back."),
        "suspend": Sentence("Ta det först, lägg det sedan åt sidan.", "Take it first, then lay it aside."),
        "resume": Sentence("Det finns inget att återuppta.", "There is nothing to resume."),
        "hand_over": Sentence("Ta det först, lämna sedan över det.", "Take it first, then hand it over."),
        "acknowledge": Sentence("Det behöver tas och avslutas.", "It needs to be taken and closed."),
        "close": Sentence("Ta det först, avsluta sedan.", "Take it first, then close it."),
        "close_untaken": Sentence("Det avslutas för sig.", "It is closed by itself."),
        "reopen": Sentence("Bara avslutade larm kan öppnas igen.", "Only closed alarms can be reopened."),
    }
)


class AlarmConflictError(VakaError):
    """Nothing was changed, because the alarm is not as the operator saw it."""

    def __init__(self, sentence: Sentence, *, state: str | None = None, holder: UUID | None = None) -> None:
        super().__init__(Category.CONFLICT, sentence)
        self.state = state
        self.holder = holder
        """The account that holds the alarm, for the page to name."""


class ActConflictError(AlarmConflictError):
    """The act does not lead anywhere from the alarm's state."""

    def __init__(self, act: str, state: str, holder: UUID | None = None) -> None:
        is_so, advice = _STATES[state], _ADVICE.get(act, Sentence("", ""))
        super().__init__(
            Sentence(f"{is_so.sv} {advice.sv}".strip(), f"{is_so.en} {advice.en}".strip()), state=state, holder=holder
        )
        self.act = act


class HeldByAnotherError(AlarmConflictError):
    """A colleague holds it, or was offered it."""

    def __init__(self, state: str, holder: UUID | None) -> None:
        super().__init__(
            Sentence(
                sv="Larmet är redan taget av en kollega." if state == "taken" else _STATES[state].sv,
                en="A colleague has already taken the alarm." if state == "taken" else _STATES[state].en,
            ),
            state=state,
            holder=holder,
        )


class HolderAtDeskError(AlarmConflictError):
    """Its holder sits at an open desk; only who leads the shift takes it from there."""

    def __init__(self, holder: UUID | None) -> None:
        super().__init__(
            Sentence(
                sv="Den som har larmet har sin plats öppen. Be om överlämning, eller be arbetsledaren ta över.",
                en="Its holder has a desk open. Ask for it to be handed over, or ask the shift leader to take it over.",
            ),
            state="taken",
            holder=holder,
        )


class ChangedMeanwhileError(AlarmConflictError):
    """It could be ended, but is no longer what the operator saw: another message has come, or it began anew."""

    def __init__(self, state: str, holder: UUID | None) -> None:
        super().__init__(
            Sentence(
                sv="Larmet har ändrats sedan du såg det. Inget har gjorts. Läs det som är nytt och försök igen.",
                en="The alarm has changed since you saw it. Nothing was done. Read what is new and try again.",
            ),
            state=state,
            holder=holder,
        )


class LessUrgentError(AlarmConflictError):
    """It would become part of what is less urgent, and could end or be overlooked with that."""

    def __init__(self, state: str, holder: UUID | None) -> None:
        super().__init__(
            Sentence(
                sv="Det här larmet är mer brådskande än det du valde. Ta det här, och för samman åt andra hållet.",
                en="This alarm is more urgent than the one you chose. Take this one, and merge the other way round.",
            ),
            state=state,
            holder=holder,
        )


class TooOldToReopenError(AlarmConflictError):
    """It was closed too long ago."""

    def __init__(self) -> None:
        super().__init__(
            Sentence(
                sv="Larmet avslutades för mer än 24 timmar sedan och kan inte öppnas igen.",
                en="The alarm was closed more than 24 hours ago and cannot be reopened.",
            ),
            state="closed",
        )


class NewerAlarmOpenError(AlarmConflictError):
    """The same person or device already has a newer open alarm."""

    def __init__(self) -> None:
        super().__init__(
            Sentence(
                sv="Det finns redan ett nytt öppet larm för samma person eller enhet. Hantera det i stället.",
                en="There is already a new open alarm for the same person or device. Handle that one instead.",
            ),
            state="closed",
        )


class UnusableActError(VakaError):
    """What the operator filled in does not make an act."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(sv, en))


class NoSuchAlarmError(VakaError):
    """There is no such alarm in this authority."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(sv="Det finns inget sådant larm.", en="There is no such alarm."),
        )

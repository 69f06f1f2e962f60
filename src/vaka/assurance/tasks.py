# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is to be done: computed each time from how things stand, and set by nobody. Pure.

A task says what, whose turn it is, since when, by which day, and where it is done. It names nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal, Protocol
from uuid import UUID

from vaka.assurance.assessment import Contract, Judgement, Standing, Status, judge
from vaka.assurance.terms import Requirement, load_terms
from vaka.assurance.wording import explain_one
from vaka.clock import LOCAL
from vaka.errors import Sentence
from vaka.registers.declarations import load_registers
from vaka.registers.model import Register, State, due_day

Turn = Literal["supplier", "operations", "authority"]
TURNS: tuple[Turn, ...] = ("supplier", "operations", "authority")
SOON = timedelta(days=30)
"""So long before its day something becomes a task."""
AHEAD = (7, 30)
"""How many days before its day somebody is reminded of it."""
_LONGEST_LATE = 999

_ACCOUNTS = ("/", Sentence("Konton", "Accounts"))
_INQUIRIES = ("/inquiries", Sentence("Vad myndigheter frågar", "What authorities ask"))
_ISSUERS = ("/issuers", Sentence("Utfärdare", "Issuers"))
_CASES = ("/cases", Sentence("Ärenden", "Cases"))
_AUDITS = ("/audits", Sentence("Revisioner och besök", "Audits and visits"))
_LOG_CHECKS = (
    "/log-checks",
    Sentence("Myndigheters kontroller av sina loggar", "Authorities' verifications of their logs"),
)
_EXERCISES = ("/exercises", Sentence("Krisövningar", "Crisis exercises"))
_ROOMS: Mapping[str, tuple[str, Sentence]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("conflicting-roles", "duty-exceptions", "accounts-of-humans", "identities-reused", "designated-roles",
             "emergency-grants", "left-open", "ended-accounts"),
            _ACCOUNTS,
        ),
        "audit-requests": _INQUIRIES,
        "authority-policies": ("/rules", Sentence("Myndigheters regler", "Authorities' rules")),
        "log-verified": _LOG_CHECKS,
        "session-levels": _ISSUERS,
        **dict.fromkeys(("incident-clocks", "case-receipts"), _CASES),
        **dict.fromkeys(("exercise-requests", "exercise-hours"), _EXERCISES),
        "trust-registry": _ISSUERS,
        "clock-state": ("/clocks", Sentence("Klockor", "Clocks")),
        **dict.fromkeys(("listening-ports", "certificate-days"), ("/flows", Sentence("Flöden", "Flows"))),
    }
)  # fmt: skip
"""Where administrators mend what the platform found by itself, or do what an authority waits for."""
_BESIDES: Mapping[str, tuple[str, Sentence]] = MappingProxyType({"audit-requests": _AUDITS})
"""And a second page, where what waits may stand on either."""
_NOTHING_YET = ("missing", "no_evidence")


class Judged(Protocol):
    """A requirement, and how it stands."""

    @property
    def requirement(self) -> Requirement:
        """What is required."""

    @property
    def judgement(self) -> Judgement:
        """How it stands."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the office where it is done."""

    address: str
    title: Sentence


@dataclass(frozen=True, slots=True)
class Task:
    """Something that somebody has to do."""

    kind: str
    """``term``, ``register_entry``, or a kind of what waits (`vaka.assurance.waiting`)."""
    about: str
    """What it is about, as the log names it; the same each time."""
    turn: Turn
    since: datetime
    due: date | None
    """The day by which it is to be done, as the clock on the wall counts days; None: no day was agreed."""
    what: Sentence
    why: Sentence
    page: str
    """Where it is done, below the office's address or the authority's own in the portal."""
    term: int | None = None
    ahead: tuple[int, ...] = AHEAD

    def is_late(self, now: datetime) -> bool:
        """Whether its day is over."""
        return self.due is not None and self.due < now.astimezone(LOCAL).date()

    def stage(self, now: datetime) -> str | None:
        """Return which reminder is due: ``before-30``, ``before-7``, ``today``, and ``late-<weeks>`` once a week after
        that. None where there is none yet, or where no day was agreed. What was missed meanwhile is not made up for.
        """
        if self.due is None:
            return None
        left = (self.due - now.astimezone(LOCAL).date()).days
        if left <= 0:
            weeks = min(-left // 7, _LONGEST_LATE)
            return f"late-{weeks}" if weeks else "today"
        return next((f"before-{days}" for days in sorted(self.ahead) if left <= days), None)


@dataclass(frozen=True, slots=True)
class EntryDays:
    """The days of something that holds in a register."""

    entry: UUID
    register: str
    state: State
    concerned: Sequence[UUID] | None
    """None where it concerns every authority."""
    made_at: datetime
    days: Mapping[str, str]


def turn_of(judged: Judged) -> Turn:
    """Return whose turn it is.

    What the platform looks for by itself is for whoever runs it, and what an authority begins is for that, unless it
    was found that administrators are to act.
    """
    found = judged.judgement.status is Status.FAILING or judged.judgement.reason == "not_yet"
    if found and _rooms(judged.requirement):
        return "supplier"
    by = judged.requirement.by
    return "operations" if by == "product" else by


def places_of(judged: Judged) -> list[Place]:
    """Return the pages of the office where it is done; none where it is done elsewhere."""
    found = [Place(address, title) for address, title in _rooms(judged.requirement)]
    for register in load_registers().values():
        if judged.requirement.id in register.answers:
            begin = judged.judgement.reason in _NOTHING_YET
            where = f"/registers/{register.name}" + ("/new" if begin else "")
            found.append(Place(where, register.title))
    return found


@dataclass(frozen=True, slots=True)
class _Red:
    requirement: Requirement
    judgement: Judgement


def list_term_tasks(standings: Mapping[str, Standing], contract: Contract, now: datetime) -> list[Task]:
    """Return what an authority's terms leave to do, by whoever has to do it.

    It exists from the evaluation on that finds the fault: there is nothing between a judgement and its task.
    """
    tasks = []
    for term in load_terms():
        if term.number in contract.left_out:
            continue
        what = Sentence(f"{term.number}. {term.label.sv}", f"{term.number}. {term.label.en}")
        owed = [(goal, one) for goal in term.goals for one in goal.requirements]
        for goal, one in owed:
            red = _Red(one, judge(one, standings.get(one.id), contract, now))
            if red.judgement.status.red:
                cause = explain_one(red.judgement)
                why = Sentence(f"{cause.sv} Mål: {goal.sentence.sv}", f"{cause.en} Goal: {goal.sentence.en}")
                tasks.append(
                    Task(
                        "term", f"requirement:{one.id}", turn_of(red), red.judgement.since, None, what, why,
                        f"terms#term-{term.number}", term.number,
                    )
                )  # fmt: skip
    return tasks


def list_register_tasks(entries: Iterable[EntryDays]) -> list[Task]:
    """Return the days that the supplier has to keep, by its registers, however far off. What was closed has none."""
    registers, tasks = load_registers(), []
    for one in entries:
        register = registers.get(one.register)
        due = None if register is None else due_day(register, one.state, one.made_at, one.days)
        if register is not None and due is not None:
            tasks.append(
                Task(
                    "register_entry", f"register_entry:{one.entry}", "supplier", one.made_at, due, register.title,
                    _day_word(register, one, due), f"/registers/{register.name}/entry/{one.entry}",
                )
            )  # fmt: skip
    return sorted(tasks, key=lambda task: (task.due or date.max, task.about))


def is_due_soon(task: Task, now: datetime) -> bool:
    """Whether it is to be done now: no day was agreed, or its day is near or over."""
    return task.due is None or task.due <= now.astimezone(LOCAL).date() + SOON


def _day_word(register: Register, one: EntryDays, due: date) -> Sentence:
    if one.state is State.OPEN:
        return Sentence("Ska vara åtgärdat.", "Is to be mended.")
    if one.state is State.ACCEPTED:
        return Sentence("Det som ni har godtagit upphör att vara godtaget.", "What was accepted is accepted no longer.")
    if one.days.get("valid_until") == due.isoformat():
        return Sentence("Gäller inte längre efter den dagen.", "Holds no more after that day.")
    return Sentence(f"Gås igenom: {register.one.sv}.", f"To be gone through: {register.one.en}.")


def _rooms(requirement: Requirement) -> list[tuple[str, Sentence]]:
    return [rooms[requirement.id] for rooms in (_ROOMS, _BESIDES) if requirement.id in rooms]

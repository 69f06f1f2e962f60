# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is done about crisis exercises (term 36): an authority asks, the supplier plans, both agree; it is begun, ended,
attended; what was learned becomes actions.

Who may do what, on which side, is the database's to refuse as well. Each act has its entry there, in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal
from vaka.registers.exercises import Exercise
from vaka.registers.store import QUERIES

ASKING = Permission.PORTAL_ASK_EXERCISE
KEEPING = Permission.OFFICE_KEEP_EXERCISES
LONGEST = {"wanted": 1000, "wished": 200, "people": 500, "injects": 4000, "refusal": 500, "lesson": 1000, "motive": 500}
"""Characters of what is written, as the table has it."""
MOST_DAYS = 90
MOST_OPEN = 12
"""Requests of one authority for one year that are open, as the database has it."""
MOST_PRESENT = 10_000


class ExerciseError(VakaError):
    """It cannot be done like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: Mapping[str, tuple[Category, str, str]] = {
    "stranger": (
        Category.FORBIDDEN, "Det är den andra sidan som gör det.", "That is for the other side to do.",
    ),
    "gone": (
        Category.CONFLICT, "Det går inte med övningen som den står nu. Läs sidan en gång till.",
        "That cannot be done with the exercise as it stands. Read the page once more.",
    ),
    "changed": (
        Category.CONFLICT, "Det är inte den plan som du har sett. Läs sidan en gång till.",
        "That is not the plan that you have seen. Read the page once more.",
    ),
    "year": (
        Category.INVALID, "Begär en övning i år eller nästa år.", "Ask for an exercise this year or next year.",
    ),
    "requests": (
        Category.CONFLICT, f"Ni har redan {MOST_OPEN} öppna begäranden för det året. Dra tillbaka någon först.",
        f"You have {MOST_OPEN} open requests for that year already. Take one back first.",
    ),
    "times": (
        Category.INVALID, "Övningen ska börja senare än nu, sluta efter att den har börjat, hålla på högst fem dygn "
        "och börja det år som den begärdes för.",
        "The exercise begins later than now, ends after it has begun, lasts five days at most, and begins in the year "
        "that it was asked for.",
    ),
    "early": (
        Category.CONFLICT, "Övningen kan börja tidigast en halvtimme före sin tid.",
        "The exercise can begin half an hour before its time at the earliest.",
    ),
    "many": (
        Category.CONFLICT, "En övning har högst hundra lärdomar.", "An exercise has a hundred lessons at most.",
    ),
    "either": (
        Category.INVALID, "Välj en åtgärd ur registret, eller skriv varför inget görs. Ett av dem.",
        "Choose an action of the register, or write why nothing is done. One of them.",
    ),
    "finding": (
        Category.INVALID, "Den bristen står inte i registret, gäller inte myndigheten, eller saknar ägare eller dag.",
        "That shortcoming is not in the register, does not concern the authority, or lacks an owner or a day.",
    ),
    "attendance": (
        Category.CONFLICT, "Båda sidor måste först ha sagt hur många de var.",
        "Both sides have to say first how many they were.",
    ),
    "lessons": (
        Category.CONFLICT, "Någon lärdom har varken blivit en åtgärd eller fått ett skäl. Avgör den först.",
        "A lesson has become no action and has no reason yet. Settle that first.",
    ),
    "text": (
        Category.INVALID, "Fyll i allt, inte längre än fälten rymmer, och utan personnummer, telefonnummer och "
        "e-postadresser.",
        "Fill everything in, no longer than the fields hold, and without personal numbers, telephone numbers and mail "
        "addresses.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What the supplier proposes."""

    starts_at: datetime
    ends_at: datetime
    office: str
    """Who takes part of the supplier."""
    portal: str
    """Who takes part of the authority."""
    injects: str


async def ask(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    *,
    year: int,
    wanted: str,
    wished: str,
    now: datetime,
) -> UUID:
    """Ask for an exercise (as portal); return its identifier.

    Raises NotAllowedError, NothingHereError, ExerciseError, LedgerStandsStillError; so do all below.
    """
    require(principal, ASKING, authority_id)
    identifier = new_identifier(now)
    await _do(
        connection, principal, "ask_exercise", now, id=identifier, authority_id=authority_id, year=year,
        wanted=_text(wanted, "wanted"), wished=_text(wished, "wished"),
    )  # fmt: skip
    return identifier


async def withdraw(connection: Connection, principal: Principal, one: Exercise, *, now: datetime) -> None:
    """Take a request back, before it has begun (as portal)."""
    require(principal, ASKING, one.authority_id)
    await _do(connection, principal, "withdraw_exercise", now, id=one.id)


async def plan(
    connection: Connection, principal: Principal, identifier: UUID, proposed: Plan, *, now: datetime
) -> None:
    """Answer with a plan, or with another (as office). The authority agrees to it, or asks for another."""
    require(principal, KEEPING, None)
    await _do(
        connection, principal, "plan_exercise", now, id=identifier, starts_at=proposed.starts_at,
        ends_at=proposed.ends_at, office=_text(proposed.office, "people"), portal=_text(proposed.portal, "people"),
        injects=_text(proposed.injects, "injects"),
    )  # fmt: skip


async def decide(
    connection: Connection, principal: Principal, one: Exercise, digest: str, *, refusal: str | None, now: datetime
) -> None:
    """Agree to exactly the plan that was shown, or say why it has to be another (as portal)."""
    require(principal, ASKING, one.authority_id)
    why = None if refusal is None else _text(refusal, "refusal")
    await _do(connection, principal, "decide_exercise", now, id=one.id, sha256=digest, refusal=why)


def beginning_act(one: Exercise) -> Act:
    """Return the act that beginning exactly this plan is, as a key confirms it."""
    said = {"authority": str(one.authority_id), "sha256": one.digest or ""}
    return Act(Event.EXERCISE_BEGUN.value, None, f"exercise:{one.id}", said)


async def begin(
    connection: Connection, principal: Principal, one: Exercise, *, now: datetime, confirmation: Confirmation
) -> None:
    """Begin what both agreed to (as office). It ends by itself, at its hour. Raises NotConfirmedError too."""
    require(principal, KEEPING, None)
    async with confirmed(connection, confirmation, beginning_act(one)):
        await _do(connection, principal, "begin_exercise", now, id=one.id, sha256=one.digest)


async def end(connection: Connection, principal: Principal, one: Exercise, *, now: datetime) -> None:
    """End it before its hour (as office or portal). Waits for no ledger to be sealed: it only makes less of it."""
    _require_side(principal, one)
    async with connection.transaction():
        await _ask(connection, "end_exercise", {"id": one.id, "by": principal.account_id, "now": now})


async def attend(connection: Connection, principal: Principal, one: Exercise, present: int, *, now: datetime) -> None:
    """Say how many of one's own side were there (as office or portal)."""
    _require_side(principal, one)
    if not 0 <= present <= MOST_PRESENT:
        raise ExerciseError("text")
    await _do(connection, principal, "attend_exercise", now, id=one.id, present=present)


async def note_lesson(
    connection: Connection, principal: Principal, one: Exercise, lesson: str, *, now: datetime
) -> None:
    """Write down what was learned (as office or portal)."""
    _require_side(principal, one)
    await _do(
        connection, principal, "note_exercise_lesson", now, lesson_id=new_identifier(now), id=one.id,
        lesson=_text(lesson, "lesson"),
    )  # fmt: skip


async def settle_lesson(
    connection: Connection, principal: Principal, lesson: UUID, *, finding: UUID | None, motive: str, now: datetime
) -> None:
    """Say which shortcoming in the register a lesson became, or why none (as office)."""
    require(principal, KEEPING, None)
    why = _text(motive, "motive") if motive.strip() else None
    await _do(connection, principal, "settle_exercise_lesson", now, lesson_id=lesson, finding=finding, motive=why)


async def close(connection: Connection, principal: Principal, identifier: UUID, *, now: datetime) -> None:
    """Close one: both sides have said who came, and something became of every lesson (as office)."""
    require(principal, KEEPING, None)
    await _do(connection, principal, "close_exercise", now, id=identifier)


def days_act(authority_id: UUID, days: int) -> Act:
    """Return the act that agreeing on the time for answers is, as a key confirms it."""
    return Act(Event.EXERCISE_RULE_SET.value, authority_id, f"authority:{authority_id}", {"days": days})


async def set_days(
    connection: Connection, principal: Principal, authority_id: UUID, days: int, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Agree within how many days the supplier answers requests from now on (as portal). NotConfirmedError too."""
    require(principal, ASKING, authority_id)
    if not 1 <= days <= MOST_DAYS:
        raise ExerciseError("text")
    async with confirmed(connection, confirmation, days_act(authority_id, days)):
        await _do(connection, principal, "set_exercise_days", now, authority_id=authority_id, days=days)


def _require_side(principal: Principal, one: Exercise) -> None:
    """Both sides may: the supplier for all, an authority for its own."""
    if principal.session.realm == "administrator":
        require(principal, KEEPING, None)
    else:
        require(principal, ASKING, one.authority_id)


def _text(written: str, which: str) -> str:
    text = written.strip()
    if not text or len(text) > LONGEST[which] or seems_personal(text):
        raise ExerciseError("text")
    return text


async def _do(connection: Connection, principal: Principal, name: str, now: datetime, **values: object) -> None:
    async with connection.transaction():
        await _ask(connection, name, {**values, "by": principal.account_id, "now": now})
        await require_standing(connection, now)


async def _ask(connection: Connection, name: str, values: Mapping[str, object]) -> None:
    row = await (await connection.execute(QUERIES[name], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise ExerciseError(said)

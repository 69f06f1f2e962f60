# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is done to registers, in the office: something is written, an entry goes from one state to another, somebody
accepts what is in force, an authority is shown a register.

Each is a version or a row that is added, with its entry in the ledger, in one transaction. That a second human is
needed is the database's to refuse; here it is asked first, so that nobody touches a key in vain.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.registers.checking import require_ready
from vaka.registers.files import File, fingerprint_of, list_files
from vaka.registers.model import Register, State, Step, Version
from vaka.registers.store import QUERIES

How = Literal["entries", "counts", "nothing"]


class RegisterError(VakaError):
    """It cannot be done like this; says why."""

    @classmethod
    def of(cls, said: str) -> "RegisterError":
        """Return what a word of the database's functions means."""
        return cls(*_REFUSALS[said])


_REFUSALS: Mapping[str, tuple[Category, Sentence]] = {
    "stranger": (
        Category.FORBIDDEN,
        Sentence(
            sv="Det kontot är inget aktivt administratörskonto med rollen administratör. Inget har ändrats.",
            en="That account is no active administrator's with the role administrator. Nothing was changed.",
        ),
    ),
    "changed": (
        Category.CONFLICT,
        Sentence(
            sv="Någon annan har ändrat posten sedan du öppnade den. Inget har ändrats. Läs den en gång till.",
            en="Somebody else has changed the entry since you opened it. Nothing was changed. Read it once more.",
        ),
    ),
    "gone": (
        Category.CONFLICT,
        Sentence(
            sv="Det går inte med posten som den står nu. Inget har ändrats.",
            en="That cannot be done with the entry as it stands. Nothing was changed.",
        ),
    ),
    "second": (
        Category.FORBIDDEN,
        Sentence(sv="Det tar två personer. Inget har ändrats.", en="That takes two people. Nothing was changed."),
    ),
    "own": (
        Category.FORBIDDEN,
        Sentence(
            sv="Ingen godkänner det som man själv har skrivit. Inget har ändrats. Be en kollega.",
            en="Nobody approves what he wrote himself. Nothing was changed. Ask a colleague.",
        ),
    ),
    "two": (
        Category.FORBIDDEN,
        Sentence(
            sv="Det som gäller avslutar ingen ensam. Inget har ändrats. Skriv en ny version, och låt en kollega "
            "avsluta den.",
            en="Nobody ends what is in force alone. Nothing was changed. Write a new version, and let a colleague "
            "end it.",
        ),
    ),
    "own_file": (
        Category.FORBIDDEN,
        Sentence(
            sv="Ingen godkänner en fil som man själv har bifogat. Inget har ändrats. Be en kollega.",
            en="Nobody approves a file that he attached himself. Nothing was changed. Ask a colleague.",
        ),
    ),
    "holds": (
        Category.CONFLICT,
        Sentence(
            sv="Det som gäller får inga fler filer. Filen har inte sparats. Skriv en ny version, och bifoga den där.",
            en="What holds gets no more files. The file was not kept. Write a new version, and attach it there.",
        ),
    ),
    "there": (
        Category.CONFLICT,
        Sentence(
            sv="Samma fil är redan bifogad. Den har inte sparats en gång till.",
            en="The same file is attached already. It was not kept once more.",
        ),
    ),
    "full": (
        Category.CONFLICT,
        Sentence(
            sv="Texten har så många filer som den kan ha. Filen har inte sparats. Slå ihop filerna, eller skriv en ny "
            "version.",
            en="The text has as many files as it can have. The file was not kept. Put files together, or write a new "
            "version.",
        ),
    ),
    "unread": (
        Category.CONFLICT,
        Sentence(
            sv="Det är inte den version som du har öppnat. Inget har ändrats. Läs den som gäller.",
            en="That is not the version that you have opened. Nothing was changed. Read the one in force.",
        ),
    ),
    "more": (
        Category.FORBIDDEN,
        Sentence(
            sv="Av det registret visas myndigheter antal, inga poster. Inget har ändrats.",
            en="Of that register authorities are shown numbers, no entries. Nothing was changed.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote, checked."""

    entry: UUID
    number: int
    """The version that it will be."""
    values: Mapping[str, str]
    concerned: tuple[UUID, ...] | None

    @property
    def digest(self) -> str:
        """SHA-256 over what was written, for the act that a key confirms."""
        said = [f"{name}={value}" for name, value in sorted(self.values.items())]
        whose = [] if self.concerned is None else sorted(str(one) for one in self.concerned)
        return hashlib.sha256("\0".join([str(self.entry), str(self.number), *said, *whose]).encode()).hexdigest()


def entering_act(register: Register, written: Sequence[Written]) -> Act:
    """Return the act that writing is, of one entry or a whole list: nothing of it can be changed after the touch."""
    digest = hashlib.sha256("\0".join(one.digest for one in written).encode()).hexdigest()
    said: dict[str, str | int] = {"register": register.name, "digest": digest}
    if len(written) == 1:
        [one] = written
        return Act(
            Event.REGISTER_ENTERED.value, None, f"register_entry:{one.entry}", {**said, "version": one.number}
        )  # fmt: skip
    return Act(Event.REGISTER_ENTERED.value, None, f"register:{register.name}", {**said, "count": len(written)})


def moving_act(register: Register, version: Version, step: Step, files: Sequence[File] = ()) -> Act:
    """Return the act that a step is, as a key confirms it: of exactly the version that was shown, with its files."""
    said: dict[str, str | int] = {"register": register.name, "version": version.number + 1, "state": step.to.value,
            "before": version.digest.hex()}  # fmt: skip
    if files:
        said["files"] = fingerprint_of(files)
    return Act(Event.REGISTER_MOVED.value, None, version.object, said)


def acknowledging_act(register: Register, version: Version) -> Act:
    """Return the act that accepting a version in force is."""
    said: dict[str, str | int] = {"register": register.name, "version": version.number, "digest": version.digest.hex()}
    return Act(Event.REGISTER_ACKNOWLEDGED.value, None, version.object, said)


def showing_act(register: Register, authority_id: UUID, how: How) -> Act:
    """Return the act that showing an authority a register is."""
    said = {"authority": str(authority_id), "how": how}
    return Act(Event.REGISTER_SHOWN.value, None, f"register:{register.name}", said)


async def write(
    connection: Connection, principal: Principal, register: Register, written: Sequence[Written], *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Add what was written, one entry or a whole list of them; all are kept, or none (as office).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, RegisterError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_KEEP_REGISTERS, None)
    confirmation.require(entering_act(register, written))
    async with connection.transaction():
        for one in written:
            await _enter(
                connection, principal, register, one.entry, one.number, "", register.begins, one.values, one.concerned,
                confirmation.step_up, now,
            )  # fmt: skip
        await require_standing(connection, now)


async def move(
    connection: Connection, principal: Principal, register: Register, version: Version, step: Step, *, now: datetime,
    confirmation: Confirmation, files: Sequence[File] = (),
) -> None:  # fmt: skip
    """Take a step with exactly the version that was shown, and the files that its text had then (as office).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NotReadyError, RegisterError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_REGISTERS, None)
    require_ready(register, step, version.fields, now.date())
    confirmation.require(moving_act(register, version, step, files))
    async with connection.transaction():
        await _enter(
            connection, principal, register, version.entry, version.number + 1, step.name, step.to, {}, None,
            confirmation.step_up, now,
        )  # fmt: skip
        # Files are added under the lock that the version was added under: none comes any more.
        if fingerprint_of(await list_files(connection, version)) != fingerprint_of(files):
            raise RegisterError.of("changed")
        await require_standing(connection, now)


async def acknowledge(
    connection: Connection, principal: Principal, register: Register, version: Version, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Say that one has read and accepts a version in force (as office).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, RegisterError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_SEE_REGISTERS, None)
    confirmation.require(acknowledging_act(register, version))
    facts = {
        "entry": version.entry, "number": version.number, "digest": version.digest, "by": principal.account_id,
        "step_up": confirmation.step_up, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        require_done(await (await connection.execute(QUERIES["acknowledge_version"], facts)).fetchone())
        await require_standing(connection, now)


async def show_to(
    connection: Connection, principal: Principal, register: Register, authority_id: UUID, how: How, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Show an authority a register, its counts, or nothing of it any more (as office).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, RegisterError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_REGISTERS, None)
    require_showable(register, how)
    confirmation.require(showing_act(register, authority_id, how))
    facts = {
        "register": register.name, "authority_id": authority_id, "how": None if how == "nothing" else how,
        "by": principal.account_id, "step_up": confirmation.step_up, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        require_done(await (await connection.execute(QUERIES["show_register"], facts)).fetchone())
        await require_standing(connection, now)


def require_showable(register: Register, how: How) -> None:
    """Return where an authority can be shown so much of a register. Raises RegisterError."""
    if how == "entries" and register.shown != "entries":
        raise RegisterError.of("more")


def require_another(
    step: Step, history: Sequence[Version], mine: UUID, humans: Mapping[UUID, UUID], files: Sequence[File] = ()
) -> None:
    """Say before a key is touched what the database would say after it. Raises RegisterError."""
    newest = history[0]
    author = next(one.made_by for one in history if one.number == newest.content)
    ends = step.by_two and any(one.state is State.IN_FORCE for one in history)
    if (step.second or ends) and humans.get(author, author) == humans.get(mine, mine):
        raise RegisterError.of("own")
    if step.second and humans.get(mine, mine) in {humans.get(one.made_by, one.made_by) for one in files}:
        raise RegisterError.of("own_file")


async def _enter(
    connection: Connection, principal: Principal, register: Register, entry: UUID, number: int, step: str, state: State,
    values: Mapping[str, str], concerned: tuple[UUID, ...] | None, step_up: str | None, now: datetime,
) -> None:  # fmt: skip
    facts = {
        "entry": entry, "number": number, "register": register.name, "step": step, "state": state.value,
        "fields": Jsonb(dict(values)), "concerned": None if concerned is None else list(concerned),
        "by": principal.account_id, "step_up": step_up, "now": now,
    }  # fmt: skip
    require_done(await (await connection.execute(QUERIES["enter_version"], facts)).fetchone())


def require_done(row: tuple[str] | None) -> None:
    """Return where a function of the database said that it was done. Raises RegisterError."""
    said = row[0] if row else "gone"
    if said != "done":
        raise RegisterError.of(said)

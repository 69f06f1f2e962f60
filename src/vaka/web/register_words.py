# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What registers and their entries are called on pages, in the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from uuid import UUID

from vaka.access.accounts import list_account_requests
from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.identity.overview import AccountLine
from vaka.registers.checking import Known, fields_to
from vaka.registers.declarations import load_registers
from vaka.registers.model import Field, Line, Register, State
from vaka.registers.store import list_lines
from vaka.web.preferences import Preferences

STATES: Mapping[State, Sentence] = MappingProxyType(
    {
        State.DRAFT: Sentence(sv="Utkast", en="Draft"),
        State.IN_FORCE: Sentence(sv="Gäller", en="In force"),
        State.NOTED: Sentence(sv="Antecknad", en="Noted"),
        State.OPEN: Sentence(sv="Öppen", en="Open"),
        State.ACCEPTED: Sentence(sv="Accepterad till en dag", en="Accepted until a day"),
        State.CLOSED: Sentence(sv="Stängd", en="Closed"),
        State.WITHDRAWN: Sentence(sv="Tillbakadragen", en="Withdrawn"),
    }
)


CONCERNED = Sentence(sv="Vilka myndigheter det gäller", en="Which authorities it concerns")
AWAITED = Sentence(sv="väntar på beslut", en="waits for a decision")


@dataclass(frozen=True, slots=True)
class Words:
    """What fields lead to, by name: accounts and entries of other registers."""

    preferences: Preferences
    accounts: Mapping[UUID, AccountLine]
    lines: Mapping[str, Sequence[Line]]
    """Entries of the registers that fields lead to."""
    awaited: Mapping[UUID, str]
    """Accounts that are asked for and wait, with their names."""

    def say(self, sentence: Sentence) -> str:
        """Return a sentence in the reader's language."""
        return sentence.in_language(self.preferences.language)

    def state(self, state: State) -> str:
        """Return what a state is called."""
        return self.say(STATES[state])

    def value(self, field: Field, fields: Mapping[str, str]) -> str:
        """Return what a field says; a dash where it says nothing."""
        value = fields.get(field.name, "")
        if field.kind == "choice":
            return next((self.say(one.label) for one in field.choices if one.value == value), value or "–")
        if field.kind == "person" and value:
            made = ((key, one.display_name) for key, one in self.accounts.items())
            named = (name for key, name in chain(made, self.awaited.items()) if str(key) == value)
            return next(named, f"…{value[-8:]}")
        if field.kind == "reference" and value:
            found = (line for line in self.lines.get(field.to, ()) if str(line.newest.entry) == value)
            return next((self.title(load_registers()[field.to], one.shown.fields) for one in found), f"…{value[-8:]}")
        return value or "–"

    def title(self, register: Register, fields: Mapping[str, str]) -> str:
        """Return what an entry is called: its title, or what its first fields say."""
        if title := fields.get("title", ""):
            return title
        return " · ".join(self.value(field, fields) for field in register.fields[:2])

    def choices(self, field: Field) -> Iterator[tuple[str, str]]:
        """Return what a field can be set to, value by value, with what each is called."""
        if field.kind == "person":
            for key, account in self.accounts.items():
                if account.state == "active" or (field.former and account.state == "deactivated"):
                    yield str(key), f"{account.display_name} (…{str(key)[-8:]})"
            for key, name in self.awaited.items() if field.former else ():
                yield str(key), f"{name} (…{str(key)[-8:]}, {self.say(AWAITED)})"
        elif field.kind == "reference":
            for line in self.lines.get(field.to, ()):
                if line.newest.state is not State.WITHDRAWN:
                    yield str(line.newest.entry), self.title(load_registers()[field.to], line.shown.fields)
        else:
            yield from ((one.value, self.say(one.label)) for one in field.choices)

    @property
    def known(self) -> Known:
        """What fields may lead to: accounts that were not removed, and entries that were not withdrawn."""
        return Known(
            {key for key, one in self.accounts.items() if one.state == "active"},
            {
                name: {line.newest.entry for line in lines if line.newest.state is not State.WITHDRAWN}
                for name, lines in self.lines.items()
            },
            {key for key, one in self.accounts.items() if one.state == "deactivated"} | self.awaited.keys(),
        )


async def read_words(
    connection: Connection, preferences: Preferences, register: Register, accounts: Sequence[AccountLine]
) -> Words:
    """Read what the fields of a register lead to, and what those in turn lead to (as office)."""
    wanted = {field.to for field in fields_to(register, "reference")}
    wanted |= {field.to for name in wanted for field in fields_to(load_registers()[name], "reference")}
    lines = {name: await list_lines(connection, load_registers()[name]) for name in sorted(wanted)}
    requests = await list_account_requests(connection) if fields_to(register, "person") else []
    awaited = {one.account_id: one.name for one in requests if one.kind == "create" and one.state == "waiting"}
    return Words(preferences, {one.id: one for one in accounts}, lines, awaited)

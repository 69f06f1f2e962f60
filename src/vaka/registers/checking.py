# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what was filled in can stand in a register. Pure: tells everything that is wrong at once, field by field."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from vaka.addresses import site_network
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.wording import seems_personal
from vaka.registers.model import Field, Register, Rule, Step

LONGEST_TEXT = 2000
"""Characters of one field."""
LARGEST_NUMBER = 9999

_DIGEST = re.compile(r"[0-9a-f]{64}")
_REGISTRATION = re.compile(r"\d{6}-?\d{4}")
_FILL_IN = Sentence(sv="Fyll i det.", en="Fill this in.")
_TOO_LONG = Sentence(
    sv=f"Skriv högst {LONGEST_TEXT} tecken, och inga styrtecken.",
    en=f"Write at most {LONGEST_TEXT} signs, and no control characters.",
)
_PERSONAL = Sentence(
    sv="Här ska inga personnummer, telefonnummer eller e-postadresser stå.",
    en="No personal numbers, telephone numbers or mail addresses belong here.",
)
_WRONG: Mapping[str, Sentence] = {
    "choice": Sentence(sv="Välj något av det som finns.", en="Choose one of those there are."),
    "date": Sentence(sv="Skriv dagen som ÅÅÅÅ-MM-DD.", en="Write the day as YYYY-MM-DD."),
    "number": Sentence(sv=f"Skriv ett tal mellan 1 och {LARGEST_NUMBER}.", en=f"Write a number of 1–{LARGEST_NUMBER}."),
    "person": Sentence(sv="Välj ett konto som finns.", en="Choose an account that is there."),
    "reference": Sentence(sv="Välj en post som gäller.", en="Choose an entry that holds."),
    "edition": Sentence(sv="Skriv numret på en version.", en="Write the number of a version."),
    "network": Sentence(
        sv="Skriv ett nät, till exempel 198.51.100.0/24: inte den här datorn, och inte halva världen.",
        en="Write a network, such as 198.51.100.0/24: not this machine, nor half the world.",
    ),
    "digest": Sentence(
        sv="Skriv filens SHA-256: 64 tecken ur 0–9 och a–f.", en="Write the file's SHA-256: 64 signs of 0–9 and a–f."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field."""

    field: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Known:
    """What fields can lead to."""

    accounts: Collection[UUID]
    entries: Mapping[str, Collection[UUID]]
    """What holds, or waits, in each register."""
    deactivated: Collection[UUID] = ()
    """Accounts that can be let back, or that are asked for and wait."""


class UnusableEntryError(VakaError):
    """What was filled in cannot be kept; says of each field why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Något saknas eller är fel. Inget har ändrats. Rätta det som är markerat.",
                en="Something is missing or wrong. Nothing was changed. Mend what is marked.",
            ),
        )
        self.problems = problems


class NotReadyError(VakaError):
    """The step cannot be taken yet; the sentence says what is missing."""


def tidy(register: Register, sent: Mapping[str, str]) -> dict[str, str]:
    """Return the register's own fields that were filled in, without white space around them."""
    texts = {name: sent.get(name, "").replace("\r\n", "\n").strip() for name in register.names}
    return {name: text for name, text in texts.items() if text}


def check(register: Register, values: Mapping[str, str], known: Known, today: date) -> list[Problem]:
    """Return everything that is wrong with what `tidy` made of a form; of each field the first."""
    found: dict[str, Sentence] = {}
    for field in register.fields:
        value = values.get(field.name, "")
        wrong = _of_field(field, value, known) if value else _FILL_IN if field.required else None
        if wrong is not None:
            found[field.name] = wrong
    for rule in register.rules:
        if not rule.on and rule.field not in found and not _holds(rule, values, today, found):
            found[rule.field] = rule.says
    return [Problem(name, found[name]) for name in register.names if name in found]


def require_ready(register: Register, step: Step, values: Mapping[str, str], today: date) -> None:
    """Return where every rule before a step holds. Raises NotReadyError with what the first says that does not."""
    for rule in register.rules:
        if step.name in rule.on and not _holds(rule, values, today, {}):
            raise NotReadyError(Category.CONFLICT, rule.says)


def _of_field(field: Field, value: str, known: Known) -> Sentence | None:
    if field.kind == "text":
        if len(value) > LONGEST_TEXT or not value.replace("\n", "").isprintable():
            return _TOO_LONG
        # A Swedish registration number is no person's, and looks like one.
        rest = _REGISTRATION.sub("", value) if field.name == "number" else value
        return _PERSONAL if seems_personal(rest) else None
    return None if _is_sound(field, value, known) else _WRONG[field.kind]


def _is_sound(field: Field, value: str, known: Known) -> bool:
    match field.kind:
        case "choice":
            return value in {choice.value for choice in field.choices}
        case "date":
            return _day(value) is not None
        case "number" | "edition":
            return value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= LARGEST_NUMBER
        case "person":
            whose = _identifier(value)
            return whose in known.accounts or (field.former and whose in known.deactivated)
        case "reference":
            return _identifier(value) in known.entries.get(field.to, ())
        case "network":
            return _is_network(value)
        case _:
            return _DIGEST.fullmatch(value) is not None


def _holds(rule: Rule, values: Mapping[str, str], today: date, wrong: Mapping[str, Sentence]) -> bool:
    if any(values.get(name, "") != value for name, value in rule.when):
        return True
    value = values.get(rule.field, "")
    if rule.check == "filled":
        return bool(value)
    if rule.check == "is":
        return value == rule.value
    if rule.check == "same":
        return value.casefold() == values.get(rule.value, "").casefold()
    other = values.get(rule.value, "") if rule.check == "after" else ""
    if not value or (rule.check == "after" and (not other or rule.value in wrong)):
        return True  # what is missing or unreadable is told of where it stands
    day = date.fromisoformat(value)
    if rule.check == "after":
        return day >= date.fromisoformat(other)
    return day <= today if rule.check == "past" else day >= today


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if text == day.isoformat() and 1990 <= day.year <= 2199 else None


def _is_network(text: str) -> bool:
    """Whether it is a network of somebody's premises, in the one spelling that compares."""
    try:
        return site_network(text) in (text, f"{text}/32", f"{text}/128")
    except ValueError:
        return False


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def fields_to(register: Register, kind: str) -> Iterator[Field]:
    """Return the register's fields of one kind."""
    return (field for field in register.fields if field.kind == kind)

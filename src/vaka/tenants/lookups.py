# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finding a person by a number that the database does not hold: by what an HMAC makes of it (``vaka.crypto.blinding``).

A number is written in one way before that, so that a hyphen or a blank more makes no other person.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from vaka.database.connections import Connection
from vaka.keys.keyring import AuthorityKeys
from vaka.tenants.authorities import QUERIES

CENTURIES = ("18", "19", "20")
"""What may stand before a personal number of ten digits."""
_NUMBER = re.compile(r"(?:[0-9]{2})?[0-9]{6}[-+]?[0-9]{4}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{4,24}")


def is_personal_number(text: str) -> bool:
    """Whether a text has the form of a personal number, with ten or twelve digits."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_phone(text: str) -> bool:
    """Whether a text has the form of a telephone number."""
    return _PHONE.fullmatch(text.strip()) is not None


def possible_numbers(text: str) -> list[str]:
    """Return the personal numbers of twelve digits that a text may mean; none where it is of another form."""
    digits = "".join(filter(str.isdecimal, text))
    if len(digits) == 12:
        return [digits]
    return [f"{century}{digits}" for century in CENTURIES] if len(digits) == 10 else []


def plain_phone(text: str) -> str:
    """Return a telephone number as digits with the Swedish trunk prefix, other countries' with their code."""
    digits = "".join(filter(str.isdecimal, text))
    if text.strip().startswith("+"):
        return f"0{digits[2:]}" if digits.startswith("46") else f"00{digits}"
    return digits


async def key_of_number(keys: AuthorityKeys, number: str) -> bytes | None:
    """Return what a person with this personal number is found by; None where it has not twelve digits.

    Raises KeysUnavailableError.
    """
    digits = "".join(filter(str.isdecimal, number))
    return await keys.blind("personal_number", digits) if len(digits) == 12 else None


async def keys_of_numbers(keys: AuthorityKeys, text: str) -> list[bytes]:
    """Return what those are found by whom a personal number may mean. Raises KeysUnavailableError."""
    return [await keys.blind("personal_number", number) for number in possible_numbers(text)]


async def find_person(connection: Connection, wanted: Sequence[bytes]) -> UUID | None:
    """Return whom one of these keys finds (as setup or desk); None where it is nobody, or more than one."""
    rows = await (await connection.execute(QUERIES["find_person_by_number"], {"numbers": list(wanted)})).fetchall()
    return UUID(str(rows[0][0])) if len(rows) == 1 else None


async def stand_in(keys: AuthorityKeys, people: Mapping[bytes, UUID]) -> Callable[[str], UUID | None]:
    """Return what finds one of ``people``, each by his key, by a personal number of twelve digits.

    Raises KeysUnavailableError here, and not when somebody is looked for.
    """
    make = await keys.blinding("personal_number")
    return lambda number: people.get(make("".join(filter(str.isdecimal, number))))


async def key_of_phone(keys: AuthorityKeys, phone: str) -> bytes | None:
    """Return what a person with this telephone number is found by; None where there is none."""
    digits = plain_phone(phone)
    return await keys.blind("phone", digits) if digits else None

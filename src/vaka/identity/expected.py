# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who is expected to sign in with an identity of an account: what whoever approves it sees. Pure."""

import os
import re
from dataclasses import dataclass

from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes
from vaka.identity.sessions import LIFETIMES, Realm
from vaka.identity.subjects import normalise

KINDS = ("identity", "second_identity")
"""Another identity instead of those there are, and one beside them."""
LONGEST_ATTRIBUTE, LONGEST_VALUE = 120, 200
"""Characters."""
SALT_BYTES = 16
_WRITTEN = re.compile(rf"([0-9a-f]{{{2 * SALT_BYTES}}}) ([^=]{{1,{LONGEST_ATTRIBUTE}}})=(.{{1,{LONGEST_VALUE}}})")


@dataclass(frozen=True, slots=True)
class Expected:
    """An attribute of an issuer and what it has to be, which may be personal."""

    attribute: str
    value: str
    salt: str
    """Hexadecimal. With it a digest over both tells nobody who tries values what they are."""

    @property
    def text(self) -> str:
        """How it stands in a request until that is decided."""
        return f"{self.salt} {self.attribute}={self.value}"

    @property
    def shown(self) -> str:
        """How whoever approves it reads it."""
        return f"{self.attribute} = {self.value}"


class UnusableIdentityError(VakaError):
    """Nobody can sign in with that."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="En identitet behöver vad utfärdaren kallar uppgiften, utan likhetstecken, och vad den ska "
                "vara. Inget har ändrats.",
                en="An identity needs what the issuer calls the attribute, without an equals sign, and what it "
                "has to be. Nothing was changed.",
            ),
        )


def expect(attribute: str, value: str, salt: str = "", random_bytes: RandomBytes = os.urandom) -> Expected:
    """Return who is expected, tidied, with a salt that nobody had before unless one is given.

    Raises UnusableIdentityError, also where it would be read as something else.
    """
    drawn = salt or random_bytes(SALT_BYTES).hex()
    expected = Expected(" ".join(attribute.split()), " ".join(value.split()), drawn)
    if read_expected(expected.text) != expected:
        raise UnusableIdentityError
    return expected


def read_expected(text: str) -> Expected | None:
    """Return what a request says of it, tidied; None where nothing could match that."""
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None or not text.isprintable() or not normalise(found[3]) or found[2].strip() != found[2]:
        return None
    return Expected(found[2], found[3], found[1])


def require_expected(text: str, realm: Realm | None) -> Expected:
    """Return what may be asked for, tidied. Raises UnusableIdentityError."""
    expected = read_expected(text)
    if expected is None or realm not in LIFETIMES:
        raise UnusableIdentityError
    return expected


def split_wanted(text: str) -> tuple[str, str]:
    """Return what an account that is asked for is to be called, and who is expected; nothing where that is open."""
    name, _, expected = text.partition("\n")
    return name, expected


def show_wanted(text: str) -> str:
    """Return what a request says is to be, a name or who is expected or both, as people read it: without the salt."""
    read = ((line, read_expected(line)) for line in text.split("\n"))
    return ", ".join(line if expected is None else expected.shown for line, expected in read)

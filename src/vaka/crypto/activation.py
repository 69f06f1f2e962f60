# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a code, a PIN or a password has to be before the platform takes it or hands it out (term 16). Pure.

Each kind has a floor that nobody can go below. Of the kinds that are an authority's, the authority decides more in its
portal (`vaka.tenants.activation`). `require_usable_secret` is the one place that judges; where it is asked stands in
`vaka.crypto.entry_points`, which a test compares with the code.
"""

import hmac
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits
from types import MappingProxyType

from vaka.crypto.chance import random_bytes
from vaka.errors import Category, Sentence, VakaError

LONGEST_SECRET = 128
"""Characters that are looked at."""
FEWEST_DIFFERENT = 5
"""Different characters: a row of the same few is guessed first."""
SHORTEST_NAME = 4
"""A shorter name is in a secret by chance."""
_SIGNS = "".join(sign for sign in ascii_letters + digits if sign not in "ilo01IO")
"""Of which secrets are made: none that is read or typed as another."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of one kind of secret."""

    length: int
    """Characters, at least."""
    kinds: int = 1
    """How many of small letters, capitals, digits and other signs, at least."""
    lifetime: int | None = None
    """How long it may be used, in the kind's unit; None: as long as it likes."""
    reuse: int = 0
    """How many earlier secrets of the same owner it may not be."""

    def is_weaker_than(self, other: "Rule") -> bool:
        """Whether it lets something through that the other does not."""
        shorter = self.length < other.length or self.kinds < other.kinds or self.reuse < other.reuse
        if other.lifetime is None:
            return shorter
        return shorter or self.lifetime is None or self.lifetime > other.lifetime

    def combined_with(self, other: "Rule") -> "Rule":
        """Return what satisfies both."""
        lifetimes = [one for one in (self.lifetime, other.lifetime) if one is not None]
        return Rule(
            max(self.length, other.length), max(self.kinds, other.kinds), min(lifetimes, default=None),
            max(self.reuse, other.reuse),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of secret."""

    name: str
    title: Sentence
    unit: str
    """Of its lifetime: ``days`` or ``hours``."""
    floor: Rule
    """The least there is."""
    most: Rule
    """The most that can be asked, where an authority decides."""
    is_authoritys: bool = True
    """Whether an authority decides about it; otherwise the floor is all there is."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "device_secret", Sentence("Larmenheters lösenord", "Passwords of devices"), "days",
                Rule(12), Rule(64, 4, 3660, 24),
            ),
            Kind(
                "invitation_code", Sentence("Inbjudningskoder", "Codes of invitations"), "hours",
                Rule(26, lifetime=24), Rule(52, 1, 24, 0),
            ),
            Kind(
                "key_device_pin", Sentence("Nyckelenhetens PIN", "The PIN of the key device"), "days",
                Rule(6), Rule(6), is_authoritys=False,
            ),
        )
    }
)  # fmt: skip
DEVICE_SECRET, INVITATION_CODE = KINDS["device_secret"], KINDS["invitation_code"]
KEY_DEVICE_PIN = KINDS["key_device_pin"]

Rules = Mapping[str, Rule]
"""By the name of a kind that is an authority's."""
FLOORS: Rules = MappingProxyType({name: kind.floor for name, kind in KINDS.items() if kind.is_authoritys})


@dataclass(frozen=True, slots=True)
class Measured:
    """What may be remembered of a secret that was taken, so that it can be judged by later rules."""

    length: int
    kinds: int


class UnusableSecretError(VakaError):
    """A secret is not what is asked of it. Says what is asked, and nothing of the secret."""


class UnusableRulesError(VakaError):
    """Rules ask for less than the floor, or for more than can be."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Kraven går under plattformens golv, eller över vad som kan krävas. Gränserna står vid varje fält. "
                "Inget har ändrats.",
                en="The rules go below the platform's floor, or above what can be asked. The limits stand at each "
                "field. Nothing was changed.",
            ),
        )


def measure(secret: str) -> Measured:
    """Return how long a secret is, and of how many kinds of characters."""
    kinds = {
        "small" if sign.islower() else "capital" if sign.isupper() else "digit" if sign.isdigit() else "other"
        for sign in secret
    }
    return Measured(min(len(secret), LONGEST_SECRET), len(kinds))


def require_usable_secret(kind: Kind, rule: Rule, secret: str, *, beside: Iterable[str] = ()) -> Measured:
    """Return what may be remembered of the secret. ``beside`` is what stands next to it: the name it goes with, say.

    Raises UnusableSecretError, which says what is asked for and nothing of what was given.
    """
    rule = rule.combined_with(kind.floor)
    measured = measure(secret)
    if len(secret) > LONGEST_SECRET or any(unicodedata.category(sign).startswith("C") for sign in secret):
        raise _unusable(
            f"högst {LONGEST_SECRET} synliga tecken krävs", f"it must be at most {LONGEST_SECRET} visible characters"
        )
    if measured.length < rule.length:
        raise _unusable(f"minst {rule.length} tecken krävs", f"it must have at least {rule.length} characters")
    if measured.kinds < rule.kinds:
        raise _unusable(
            f"minst {rule.kinds} av små bokstäver, versaler, siffror och andra tecken krävs",
            f"it must have at least {rule.kinds} of small letters, capitals, digits and other signs",
        )
    if len(set(secret)) < min(FEWEST_DIFFERENT, rule.length):
        raise _unusable(
            f"minst {FEWEST_DIFFERENT} olika tecken krävs", f"it must have at least {FEWEST_DIFFERENT} different signs"
        )
    if any(len(name) >= SHORTEST_NAME and name.casefold() in secret.casefold() for name in beside):
        raise _unusable("det får inte innehålla namnet det hör till", "it must not hold the name it goes with")
    return measured


def meets(rule: Rule, measured: Measured) -> bool:
    """Whether a secret of which this is remembered would be taken today, as far as that can be told."""
    return measured.length >= rule.length and measured.kinds >= rule.kinds


def require_sound(rules: Rules) -> Rules:
    """Return the rules of an authority. Raises UnusableRulesError."""
    if rules.keys() != FLOORS.keys():
        raise UnusableRulesError
    for name, rule in rules.items():
        kind = KINDS[name]
        is_short = rule.lifetime is not None and rule.lifetime < 1
        if rule.is_weaker_than(kind.floor) or _asks_too_much(rule, kind.most) or is_short:
            raise UnusableRulesError
    return rules


def weakens(rules: Rules, before: Rules) -> bool:
    """Whether anything is let through that was not before."""
    return any(rule.is_weaker_than(before[name]) for name, rule in rules.items())


def is_same(one: bytes, others: Collection[bytes]) -> bool:
    """Whether a fingerprint is among others; how long it takes says nothing of which."""
    return sum(hmac.compare_digest(one, other) for other in others) > 0


def make_secret(kind: Kind, rule: Rule) -> str:
    """Return a new secret that the rule lets through: at least 20 characters, which can be read out and typed."""
    rule = rule.combined_with(kind.floor)
    length = max(rule.length, 20)
    while True:  # of four kinds, one draw in two has them all where the fourth is added by hand
        signs = [_draw() for _ in range(length)]
        if rule.kinds == 4:
            signs[length // 2] = "-"
        secret = "".join(signs)
        if measure(secret).kinds >= rule.kinds and len(set(secret)) >= FEWEST_DIFFERENT:
            return secret


def _draw() -> str:
    """Return one of `_SIGNS`, each as likely as another: a byte beyond the last whole round is thrown away."""
    rounds = 256 - 256 % len(_SIGNS)
    while True:
        [number] = random_bytes(1)
        if number < rounds:
            return _SIGNS[number % len(_SIGNS)]


def _asks_too_much(rule: Rule, most: Rule) -> bool:
    longest = most.lifetime is not None and rule.lifetime is not None and rule.lifetime > most.lifetime
    return rule.length > most.length or rule.kinds > most.kinds or rule.reuse > most.reuse or longest


def _unusable(sv: str, en: str) -> UnusableSecretError:
    return UnusableSecretError(
        Category.INVALID, Sentence(f"Lösenordet duger inte: {sv}.", f"The secret is not good enough: {en}.")
    )

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the keyholder refuses, in words. None of them quotes whom it is about."""

from vaka.errors import Category, Sentence, VakaError


class KeyRefusedError(VakaError):
    """A call that makes sense and is not carried out; nothing was changed. ``reason`` is a key of the table below."""

    def __init__(self, reason: str) -> None:
        category, sentence = _REASONS[reason]
        super().__init__(category, sentence)
        self.reason = reason


class KeyholderHeldError(VakaError):
    """Another keyholder has the key database."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="En annan nyckelhållare har redan nyckeldatabasen. Stoppa den först.",
                en="Another keyholder has the key database already. Stop it first.",
            ),
        )


_REASONS = {
    "authority not open": (
        Category.MISSING,
        Sentence(sv="Myndigheten har inga nycklar.", en="The authority has no keys."),
    ),
    "authority erased": (
        Category.CONFLICT,
        Sentence(
            sv="Myndighetens nycklar är förstörda. Den kan inte öppnas igen.",
            en="The authority's keys were destroyed. It cannot be opened again.",
        ),
    ),
    "subject erased": (
        Category.CONFLICT,
        Sentence(
            sv="Någon av personerna är raderad och får ingen ny nyckel. Inga nycklar har skapats.",
            en="One of the people was erased and gets no new key. No keys were made.",
        ),
    ),
    "order used": (
        Category.CONFLICT,
        Sentence(
            sv="Ordern har redan utförts, och gällde något annat.",
            en="The order was carried out already, and was about something else.",
        ),
    ),
    "root lives": (
        Category.CONFLICT,
        Sentence(
            sv="Den gamla rotnyckeln finns kvar, så raderingen är inte slutförd. Se över nyckelplatsen.",
            en="The old root key is still there, so the erasure is not complete. Look after where the root key lies.",
        ),
    ),
    "unknown purpose": (
        Category.INVALID,
        Sentence(sv="Det finns ingen söknyckel för det ändamålet.", en="There is no lookup key for this purpose."),
    ),
    "changed meanwhile": (
        Category.UNAVAILABLE,
        Sentence(
            sv="Nycklarna byts just nu. Försök igen om en stund.",
            en="The keys are being replaced at the moment. Try again shortly.",
        ),
    ),
}

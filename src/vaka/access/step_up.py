# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who must touch a security key before a privileged act is done (term 15), and who need not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from vaka.access.grants import QUERIES
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation

Policy = Literal["required", "when_enrolled"]


class KeyNeededError(VakaError):
    """The act takes a touch, and the account has no key."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Det här bekräftas med en säkerhetsnyckel, och du har ingen än. "
                "Lägg till en nyckel och försök igen.",
                en="This is confirmed with a security key, and you have none yet. Add a key and try again.",
            ),
        )


def pass_without_key(policy: Policy, act: Act) -> Confirmation:
    """Return that this act needs no touch of an account that has no key. Raises KeyNeededError where it does."""
    if policy != "when_enrolled":
        raise KeyNeededError
    return Confirmation(act.digest, touched=False)


@asynccontextmanager
async def confirmed(connection: Connection, confirmation: Confirmation, act: Act) -> AsyncIterator[None]:
    """Do an act that was confirmed, in a transaction: each entry that is written within says what a key confirmed.

    For acts whose entry a function of the database writes. Raises NotConfirmedError before anything is done.
    """
    confirmation.require(act)
    async with connection.transaction():
        await connection.execute(QUERIES["state_step_up"], {"step_up": confirmation.step_up or ""})
        yield
        await connection.execute(QUERIES["state_step_up"], {"step_up": ""})

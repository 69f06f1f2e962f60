# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Confirming a privileged act with a security key, wherever it is done: what a key said, or what a browser is asked."""

from dataclasses import dataclass

from vaka.access.step_up import Policy, pass_without_key
from vaka.identity.ceremonies import Ceremonies, Options
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.refusing import KeyRefusedError
from vaka.identity.sessions import Session


@dataclass(frozen=True, slots=True)
class Waiting:
    """A key has to be touched first."""

    options: Options
    refused: KeyRefusedError | None
    """Why what came before was not accepted."""

    @property
    def status(self) -> int:
        """With which status the page that asks for it is answered."""
        return 200 if self.refused is None else 403


async def confirm_by_touch(
    keys: Ceremonies, policy: Policy, session: Session, act: Act, answer: str
) -> Confirmation | Waiting:
    """Return that the act may be done, or what a browser is asked so that it may. ``answer`` is empty the first time.

    Raises KeyNeededError where the account has no key and needs one, TooManyChallengesError.
    """
    refused: KeyRefusedError | None = None
    if answer:
        try:
            return await keys.confirm(session, act, answer)
        except KeyRefusedError as error:
            refused = error
    elif not await keys.has_any(session.account_id):
        return pass_without_key(policy, act)
    return Waiting(await keys.ask_for_touch(session, act), refused)

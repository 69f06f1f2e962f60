# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where the root key lies: apart from everything it opens, and under its own protection.

A root store keeps the versions of one root key, says which installation it belongs to, and counts: its generation goes
up with every rotation and erasure, and stands in the key database too. Where the two differ by more than a crash
explains, one of them was put back from a backup, and nothing is opened (``vaka.keys.settling``).
"""

from pathlib import Path
from typing import Protocol
from uuid import UUID

from vaka.errors import Category, ConfigurationError, Sentence, VakaError


class RootStore(Protocol):
    """Wraps and unwraps; never gives a root key away."""

    @property
    def identifier(self) -> UUID:
        """Which installation's it is."""
        ...

    @property
    def generation(self) -> int:
        """How often keys were rotated or erased; 0 before anything was under it."""
        ...

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions there are, oldest first: one, or two while one replaces the other."""
        ...

    def wrap(self, version: int, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt under a version. Raises RootMissingError where it is not there."""
        ...

    def unwrap(self, version: int, sealed: bytes, associated: bytes) -> bytes:
        """Decrypt what ``wrap`` made. Raises RootMissingError, or UnopenableError where it was changed."""
        ...

    def create(self) -> int:
        """Make the next version and return its number; it outlasts a power cut when this returns."""
        ...

    def keep_only(self, version: int, generation: int) -> None:
        """Destroy every other version, and count. Returns when neither can come back after a power cut."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class RootPlace(Protocol):
    """Where a root store is, or will be."""

    @property
    def name(self) -> str:
        """What to call it to whoever has to look after it."""
        ...

    def open(self) -> RootStore | None:
        """Return the store; None where none was made yet. Raises ConfigurationError where it cannot be opened."""
        ...

    def make(self, identifier: UUID) -> RootStore:
        """Make the store with version 1 and generation 0, where there is none. Raises ConfigurationError."""
        ...


class RootMissingError(VakaError):
    """The root store does not have the version that is asked for."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Rotnyckelns version finns inte. Den är förstörd, eller rotnyckeln är en annan.",
                en="This version of the root key is not there. It was destroyed, or the root key is another.",
            ),
        )


class RootUnavailableError(VakaError):
    """The root store could not be written or did not answer. What was begun is completed or undone at the next try."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Rotnyckelns förvaring svarar inte eller går inte att skriva. Försök igen när det är avhjälpt.",
                en="The root key's store does not answer or cannot be written. Try again when that is mended.",
            ),
        )


def read_secret(path: Path, what: str) -> str:
    """Return the one line of a credential file that only its owner may read. Raises ConfigurationError."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{what} {path} can be read by others. Let its owner alone read it (chmod 600).")
        with path.open("rb") as file:
            return file.read(4096).decode("ascii").strip()
    except FileNotFoundError:
        raise ConfigurationError(f"{what} {path} is missing. Put it back from where it is kept.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{what} {path} cannot be read ({type(error).__name__}).") from error

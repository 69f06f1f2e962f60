# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The newest generation this machine has seen, in a file beside neither the root key nor the key database.

Root and key database put back together from the same day agree with each other. This file does not agree with them,
as long as it was not put back too: it belongs in no backup. Who has connected since knows as well
(``vaka.keys.client``).
"""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from vaka.errors import ConfigurationError
from vaka.keys.files import write_secret


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen last."""

    identifier: UUID
    generation: int


class Memory:
    """The file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def recall(self) -> Seen | None:
        """Return what was seen last; None where there is no file. Raises ConfigurationError where it is no memory."""
        try:
            identifier, generation = self.path.read_text(encoding="ascii").split()
            return Seen(UUID(identifier), int(generation))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"The memory of the keys {self.path} cannot be read ({type(error).__name__}). Put it back; without it "
                "an old copy of all keys would not be noticed."
            ) from error

    def remember(self, identifier: UUID, generation: int) -> None:
        """Write down what is so now. Raises OSError."""
        if self.recall() != Seen(identifier, generation):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_secret(self.path, f"{identifier} {generation}\n".encode())

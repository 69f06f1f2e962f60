# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether root store and key database belong together, and what a crash left to be done. Pure.

A rotation or erasure goes: a new root version is made; the database is changed in one transaction, its generation one
higher; the root store destroys the old version and takes the same generation. A crash leaves one of three pictures, and
each has one continuation. Every other picture is a copy from another time, and nothing is opened.
"""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from vaka.errors import Category, Sentence, VakaError
from vaka.keys.memory import Seen


@dataclass(frozen=True, slots=True)
class RootState:
    """What the root store says of itself."""

    identifier: UUID
    generation: int
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the key database says of itself."""

    identifier: UUID
    generation: int
    root_version: int


class Beginning(Enum):
    """What is to be done where the database holds nothing yet."""

    MAKE_ROOT = "make root"
    """There is nothing at all: make the root store, then write in the database that it is there."""
    WRITE_STORE = "write store"
    """The root store was made, and nothing was ever under it: write in the database that it is there."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What root store and database are brought to: the root store keeps this version only, at this generation."""

    root_version: int
    generation: int


_RESTORE = Sentence(
    sv="Inga nycklar öppnas. Lägg tillbaka de exemplar som hör ihop, de senaste av båda.",
    en="No keys are opened. Put back the copies that belong together, the newest of both.",
)
_REASONS = {
    "root missing": Sentence(
        sv="Nyckeldatabasen innehåller nycklar, men rotnyckeln saknas.",
        en="The key database holds keys, but the root key is missing.",
    ),
    "database empty": Sentence(
        sv="Rotnyckeln har använts, men nyckeldatabasen är tom.",
        en="The root key was used, but the key database is empty.",
    ),
    "another installation": Sentence(
        sv="Rotnyckeln och nyckeldatabasen hör till olika installationer.",
        en="The root key and the key database belong to different installations.",
    ),
    "old database": Sentence(
        sv="Nyckeldatabasen är äldre än rotnyckeln: en äldre kopia av den har lagts tillbaka.",
        en="The key database is older than the root key: an older copy of it was put back.",
    ),
    "old root": Sentence(
        sv="Rotnyckeln är äldre än nyckeldatabasen: en äldre kopia av den har lagts tillbaka.",
        en="The root key is older than the key database: an older copy of it was put back.",
    ),
    "both old": Sentence(
        sv="Rotnyckeln och nyckeldatabasen är äldre än vad som redan har setts här: äldre kopior har lagts tillbaka.",
        en="The root key and the key database are older than what was seen here already: older copies were put back.",
    ),
    "all gone": Sentence(
        sv="Här har funnits nycklar, men både rotnyckeln och nyckeldatabasen saknas.",
        en="There were keys here, but both the root key and the key database are missing.",
    ),
}


class RevivedStoreError(VakaError):
    """Root store and key database do not belong together, or both are old. ``reason`` is a key of the table above."""

    def __init__(self, reason: str) -> None:
        said = _REASONS[reason]
        super().__init__(
            Category.CONFLICT, Sentence(sv=f"{said.sv} {_RESTORE.sv}", en=f"{said.en} {_RESTORE.en}")
        )  # fmt: skip
        self.reason = reason


def judge(root: RootState | None, store: StoreState | None, seen: Seen | None) -> Beginning | Completion:
    """Return what is to be done; a Completion of what is so already means nothing. Raises RevivedStoreError."""
    if root is None and store is None and seen is not None:
        raise RevivedStoreError("all gone")
    if root is None:
        if store is not None:
            raise RevivedStoreError("root missing")
        return Beginning.MAKE_ROOT
    if store is None:
        if root.generation > 0 or seen is not None:
            raise RevivedStoreError("database empty")
        return Beginning.WRITE_STORE
    if root.identifier != store.identifier or (seen is not None and seen.identifier != store.identifier):
        raise RevivedStoreError("another installation")
    if store.generation < root.generation:
        raise RevivedStoreError("old database")
    if store.generation > root.generation + 1 or store.root_version not in root.versions:
        raise RevivedStoreError("old root")
    if seen is not None and store.generation < seen.generation:
        raise RevivedStoreError("both old")
    return Completion(store.root_version, store.generation)

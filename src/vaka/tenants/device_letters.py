# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the register says of a device in words: what it calls itself, and where in the home it is placed.

Both are letters, to the person whose device it is or, where nobody is, to the authority: whoever registers a device
needs no key for it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vaka.crypto.aead import UnopenableError
from vaka.keys.keyring import AuthorityKeys
from vaka.keys.letters import Addressee, own_writer
from vaka.tenants.authorities import Authority


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one device."""

    number: str
    placed: str = ""


class DeviceLetters:
    """Writes the letters of one authority's devices."""

    def __init__(self, authority: Authority, addresses: Mapping[UUID, bytes]) -> None:
        """``addresses`` are those of the people whose devices they are."""
        self._authority = authority
        self._addresses = addresses

    def subject(self, person: UUID | None) -> UUID:
        """Return to whom it is written: the person or, where nobody in the register is, the authority."""
        return person if person is not None and person in self._addresses else self._authority.id

    def write(self, device: UUID, person: UUID | None, words: Words, edition: int = 0) -> dict[str, Any]:
        """Return the columns of a device's row. What is empty is null. What is written anew is of a new edition.

        Raises UnopenableError where nobody's address is one.
        """
        said = {name: text for name, text in (("number", words.number), ("placed", words.placed)) if text}
        subject = self.subject(person)
        if subject != self._authority.id:
            with suppress(UnopenableError):  # an address that is none: the device must not stay unknown for it
                return self._write(Addressee(subject, self._addresses[subject]), device, said, edition)
        return self._write(self._authority.addressee, device, said, edition)

    def _write(self, to: Addressee, device: UUID, said: Mapping[str, str], edition: int) -> dict[str, Any]:
        letters = own_writer().write_row(self._authority.id, to, "device", str(device), said, edition)
        return {"subject_id": to.subject, "number": letters.get("number"), "placed": letters.get("placed")}


def open_words(keys: AuthorityKeys, row: Mapping[str, Any]) -> Words:
    """Return what a device's row (``id``, ``subject_id``, ``number``, ``placed``) says, as far as the keys are held.

    Raises UnopenableError where anything is locked or was changed.
    """
    if row["subject_id"] is None:
        return Words("")
    columns = {name: row[name] for name in ("number", "placed")}
    opened = keys.open_row("device", str(row["id"]), row["subject_id"], columns)
    return Words(opened["number"] or "", opened["placed"] or "")


async def hold_words(keys: AuthorityKeys, rows: Sequence[Mapping[str, Any]]) -> None:
    """Fetch the keys that open what these rows say. Raises what ``Keyring.hold`` raises."""
    await keys.hold({row["subject_id"] for row in rows if row["subject_id"] is not None})

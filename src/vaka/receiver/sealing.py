# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a device says, put into letters to whom it is about, before it waits to be stored.

The receiver has no key and reads none of it again. An alarm is never lost for want of an address: what cannot be
written to the person is written to the authority, and what cannot be written to anybody is not kept.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from uuid import UUID

from vaka.crypto.aead import UnopenableError
from vaka.keys.letters import Addressee, Writer
from vaka.receiver.counters import Counters
from vaka.receiver.directory import Directory
from vaka.receiver.reading import Said
from vaka.tenants.directory import DeviceEntry

_MADE_AT_ONCE = 4
_REST_SECONDS = 0.002
"""After so many agreements, which take 0.15 ms: 250,000 are made in less than three minutes, with a tenth of a core."""
_BUSY_SECONDS = 0.05
_LOOKED_AT_ONCE = 500
_LOOK_AGAIN_SECONDS = 30.0


class Sealing:
    """Writes the letters of one receiver."""

    def __init__(self, directory: Directory, counters: Counters, writer: Writer | None = None) -> None:
        self._directory = directory
        self._counters = counters
        self._writer = writer or Writer()

    def seal(self, said: Said, authority_id: UUID, entry: DeviceEntry | None, message_id: UUID) -> dict[str, object]:
        """Return what ``accept_messages`` is given of what was said: whose it is, and the letters in base64."""
        if entry is not None and entry.person_id is not None and entry.address is not None:
            sealed = self._write(said, authority_id, Addressee(UUID(bytes=entry.person_id), entry.address), message_id)
            if sealed is not None:
                return sealed
            self._counters.unwritable.add("person")
        authority = self._directory.authorities.get(authority_id)
        sealed = None if authority is None else self._write(said, authority_id, authority.addressee, message_id)
        if sealed is not None:
            return sealed
        self._counters.unwritable.add("authority")
        return {"subject_id": authority_id, "texts": None, "body": None}

    def _write(self, said: Said, authority_id: UUID, to: Addressee, message_id: UUID) -> dict[str, object] | None:
        columns = {"texts": said.texts, "body": said.body}
        try:
            letters = self._writer.write_row(authority_id, to, "message", str(message_id), columns)
        except UnopenableError:
            return None
        return {
            "subject_id": to.subject,
            "texts": b64encode(letters["texts"]).decode(),
            "body": b64encode(letters["body"]).decode(),
        }

    async def agree_ahead(self, is_busy: Callable[[], bool]) -> None:
        """Make the agreements with everybody's addresses, for ever, while there is nothing better to do.

        After an outage each of many devices sends for the first time; making its agreement then would cost nearly as
        much as all the rest of its message.
        """
        addresses = self._directory.addresses()
        while True:
            if is_busy():
                await asyncio.sleep(_BUSY_SECONDS)
            elif self._agree(islice(addresses, _LOOKED_AT_ONCE)):
                await asyncio.sleep(_REST_SECONDS)
            else:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
                addresses = self._directory.addresses()

    def _agree(self, addresses: Iterable[bytes]) -> bool:
        """Make some agreements that are not made yet; return whether there was an address at all."""
        made, seen = 0, False
        for address in addresses:
            seen = True
            if not self._writer.knows(address):
                with suppress(UnopenableError):
                    self._writer.agree(address)
                made += 1
                if made == _MADE_AT_ONCE:
                    break
        return seen

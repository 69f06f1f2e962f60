# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What operators write about alarms, sealed to whom the alarm is about.

Nobody needs a key for it: an alarm is ended, and noted on, whether or not the keyholder answers.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from vaka.alarms.changes import QUERIES, Connection
from vaka.alarms.conflicts import UnusableActError
from vaka.crypto.aead import UnopenableError
from vaka.keys.letters import Addressee, own_writer
from vaka.tenants.authorities import Authority


async def write_notes(
    connection: Connection, authority: Authority, notes: Mapping[UUID, UUID], body: str, *, account: UUID, now: datetime
) -> None:
    """Write one text on alarms; ``notes`` gives the identifier of each alarm's note.

    It is sealed to the person of each or, where nobody in the register is, to the authority. Raises UnusableActError
    where the authority has no usable address.
    """
    if not notes:
        return
    cursor = await connection.execute(QUERIES["find_addressees"], {"ids": list(notes)})
    subjects, bodies, ids = [], [], []
    for alarm, person, address in await cursor.fetchall():
        known = None if person is None else Addressee(person, bytes(address))
        to, letter = _write(authority, known, notes[alarm], body)
        ids.append(alarm)
        subjects.append(to.subject)
        bodies.append(letter)
    facts = {
        "notes": [notes[alarm] for alarm in ids], "ids": ids, "subjects": subjects, "bodies": bodies,
        "account": account, "now": now,
    }  # fmt: skip
    await connection.execute(QUERIES["write_notes"], facts)


def _write(authority: Authority, person: Addressee | None, note: UUID, body: str) -> tuple[Addressee, bytes]:
    for to in (person, authority.addressee):
        if to is not None:
            try:
                letters = own_writer().write_row(authority.id, to, "alarm_note", str(note), {"body": body})
            except UnopenableError:  # an address that is none: what is said must not be lost for it
                continue
            return to, letters["body"]
    raise UnusableActError(
        sv="Texten kan inte sparas, för det är inte känt under vilken nyckel. Gör det utan text, och säg till driften.",
        en="The text cannot be kept, since it is not known under which key. Do it without a text, and tell operations.",
    )

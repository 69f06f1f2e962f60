# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices say, for a test: put into letters as the receiver does it, and opened as who has the keys."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.identities import blinded
from tests.people import with_keys
from vaka.database.server import Server
from vaka.keys.keyring import Keyring
from vaka.keys.letters import Addressee, own_writer
from vaka.tenants.authorities import Authority

SAID = ("location_text", "device_text", "position_text", "source", "number")


def as_letters(authority: Authority, message: Mapping[str, Any], to: Addressee | None = None) -> dict[str, object]:
    """Return a message for ``accept_messages`` with what is said in it, and its body in base64, in letters.

    They are written to the authority where nobody else is given. What is in letters already stays as it is. What the
    device calls itself (``sender``) is in the letter too, and blind beside it.
    """
    if "subject_id" in message:
        return dict(message)
    to = to or authority.addressee
    message = {**message, "number": message["sender"], "sender": blinded(str(message["sender"]))}
    said = {"texts": [message.get(name) or "" for name in SAID], "body": base64.b64decode(str(message["body"]))}
    letters = own_writer().write_row(authority.id, to, "message", str(message["message_id"]), said)
    return {
        **{name: value for name, value in message.items() if name not in SAID},
        **{name: base64.b64encode(letter).decode() for name, letter in letters.items()},
        "has_position": bool(message.get("position_text")), "subject_id": str(to.subject),
    }  # fmt: skip


def opened(server: Server, authority: Authority, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of ``message`` or ``alarm_note`` with its letters opened; it needs ``id`` and ``subject_id``."""

    async def work(keyring: Keyring) -> dict[str, Any]:
        keys, subject = keyring.of(authority.id), UUID(str(row["subject_id"]))
        await keys.hold([subject])
        return keys.open_row(table, str(row["id"]), subject, row)

    return with_keys(server, work)

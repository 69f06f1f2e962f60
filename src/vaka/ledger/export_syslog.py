# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries as syslog messages (RFC 5424), one a line, for a collector that reads them from a file.

    <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [STRUCTURED-DATA] MSG

Facility 13 (log audit). The structured data holds every field of the leaf; MSG repeats event and outcome for people.
"""

import json
import re
from datetime import UTC

from vaka.ledger.leaves import Leaf

MEDIA_TYPE = "text/plain; charset=utf-8"
FACILITY = 13
_INFORMATIONAL, _WARNING = 6, 4
APPLICATION = "vaka"
STRUCTURE = "entry@32473"
"""32473 is the number set aside for examples (RFC 5612): the project has no number of its own yet."""
_LONGEST_MESSAGE_ID, _LONGEST_HOST = 32, 255
_NOT_PRINTABLE = re.compile(r"[^!-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def write_syslog(index: int, leaf: Leaf, log: str) -> bytes:
    """Return the message for the entry at `index` of the log called `log`, its line feed included."""
    severity = _INFORMATIONAL if leaf.outcome == "success" else _WARNING
    fields = {
        "index": str(index),
        "event": leaf.event,
        "actor": leaf.actor,
        "object": leaf.object,
        "outcome": leaf.outcome,
        "clock": leaf.clock,
        "source": leaf.source,
        "number": str(leaf.number),
        "id": str(leaf.id),
        "written_by": leaf.written_by,
        "written_at": leaf.written_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "detail": json.dumps(dict(leaf.detail), ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    }
    data = " ".join(f'{name}="{_value(value)}"' for name, value in fields.items())
    at = leaf.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = f"<{FACILITY * 8 + severity}>1 {at} {_plain(log, _LONGEST_HOST)} {APPLICATION} -"
    return (
        f"{head} {_plain(leaf.event, _LONGEST_MESSAGE_ID)} [{STRUCTURE} {data}] {leaf.event} {leaf.outcome}\n".encode()
    )


def _value(text: str) -> str:
    r"""Escape ``"``, ``\`` and ``]`` (section 6.3.3), and what would end the line."""
    shown = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return re.sub(r'(["\\\]])', r"\\\1", shown)


def _plain(text: str, longest: int) -> str:
    """Return ``text`` as a field of the header: printable ASCII without blanks, or a dash for nothing."""
    return _NOT_PRINTABLE.sub("_", text)[:longest] or "-"

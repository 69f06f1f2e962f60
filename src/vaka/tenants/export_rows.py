# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rows of an export: which kinds there are, which columns of each go out, and opening what is sealed.

The schemas that go with an export say which columns those are: what stands in no schema does not leave. What cannot be
opened is named in its row, so that whoever imports it knows nothing from empty.
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

import orjson

from vaka.crypto.aead import UnopenableError
from vaka.keys.keyring import AuthorityKeys
from vaka.keys.personal import sealed_columns
from vaka.tenants.authorities import QUERIES
from vaka.tenants.gateway import Gateway

AT_ONCE = 200
"""Rows of one question to the database, and of one piece of the file: what is in memory at a time."""
KINDS = (
    "message", "alarm_note", "alarm_step", "alarm", "device_state", "device", "contact", "note", "person",
    "unit_hours", "unit", "policy", "closing_code", "legal_hold", "removal_rules", "activation_rules",
    "erasure_order",
)  # fmt: skip
"""What refers comes before what it refers to: while an export is made, work goes on, and what is new is added. So
nothing in it refers to what was too new to be in it."""
_SUBJECTS = {
    "person": "id", "contact": "person_id", "note": "person_id", "message": "subject_id", "alarm_note": "subject_id",
    "device": "subject_id",
}  # fmt: skip
"""Under whose key the sealed columns of a kind are."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a file."""

    lines: bytes
    count: int
    unopened: int
    """In how many of them something could not be opened."""


@cache
def read_schemas() -> Mapping[str, bytes]:
    """Return the schemas that go with an export, by file name."""
    there = sorted((files("vaka.tenants") / "export_schemas").iterdir(), key=lambda one: one.name)
    return {one.name: one.read_bytes() for one in there if one.name.endswith(".json")}


@cache
def columns_of(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the columns of a kind that go out, in their order, each as its schema describes it."""
    properties: Mapping[str, Mapping[str, Any]] = json.loads(read_schemas()[f"{kind}.schema.json"])["properties"]
    return {name: about for name, about in properties.items() if name != "unopened"}


async def read_pages(gateway: Gateway, keys: AuthorityKeys, export: UUID, kind: str) -> AsyncIterator[Page]:
    """Yield everything of a kind, opened, a page at a time (as portal).

    Raises KeysUnavailableError, DatabaseUnavailableError, and what the database raises for an export that is over.
    """
    after: str | None = None
    while True:
        values = {"export": export, "what": kind, "after": after, "most": AT_ONCE}
        async with gateway.transaction(keys.authority) as tenant:
            found = await (await tenant.execute(QUERIES["read_export"], values)).fetchall()
        if not found:
            return
        rows = [row for _, row in found]
        if kind in _SUBJECTS:  # the connection is given back: nobody waits for the keyholder with one in his hand
            await keys.hold({UUID(row[_SUBJECTS[kind]]) for row in rows if row[_SUBJECTS[kind]] is not None})
        lines = [write_row(keys, kind, row) for row in rows]
        yield Page(b"".join(line for line, _ in lines), len(lines), sum(not whole for _, whole in lines))
        after = found[-1][0]


def write_row(keys: AuthorityKeys, kind: str, row: Row) -> tuple[bytes, bool]:
    """Return a row as a line, and whether everything in it could be opened."""
    told, unopened = {}, []
    sealed = sealed_columns(kind)
    for name, about in columns_of(kind).items():
        value = row[name]
        if name in sealed and value is not None:
            try:
                value = _open(keys, kind, row, name)
            except UnopenableError:
                value = None
                unopened.append(name)
        if about.get("contentEncoding") == "base64" and value is not None:
            value = b64encode(value if isinstance(value, bytes) else _bytes(value)).decode()
        told[name] = value
    return orjson.dumps({**told, "unopened": sorted(unopened)}) + b"\n", not unopened


def _open(keys: AuthorityKeys, kind: str, row: Row, name: str) -> Any:
    subject = row[_SUBJECTS[kind]]
    place = f"{row['person_id']}/{row['position']}" if kind == "contact" else row["id"]
    return keys.open_row(kind, place, UUID(subject), {name: _bytes(row[name])})[name]


def _bytes(value: str) -> bytes:
    """Return what PostgreSQL writes as ``\\x…``."""
    return bytes.fromhex(value.removeprefix("\\x"))

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Another system that takes in an export: it knows docs/authority-export.md and nothing of Vaka.

The standard library, jsonschema and sqlite3; no import of the product, and its schemas only as they lie in the archive.
"""

import hashlib
import io
import json
import sqlite3
import zipfile
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

TYPES = {"integer": "integer", "number": "real", "boolean": "integer"}
REFERENCES = (
    ("contact", "person_id", "person"), ("note", "person_id", "person"), ("device", "person_id", "person"),
    ("device_state", "device_id", "device"), ("device_entry", "device_id", "device"),
    ("unit_hours", "unit_id", "unit"), ("alarm", "device_id", "device"),
    ("alarm", "person_id", "person"), ("alarm", "first_message", "message"), ("alarm", "closing_note", "alarm_note"),
    ("alarm_step", "alarm_id", "alarm"), ("alarm_note", "alarm_id", "alarm"), ("message", "alarm_id", "alarm"),
    ("message", "device_id", "device"), ("message", "subject_id", "person"),
)  # fmt: skip


class CutOffError(Exception):
    """The archive has no end."""


@dataclass
class Imported:
    """What the other system has now."""

    database: sqlite3.Connection
    manifest: dict[str, Any]
    unopened: dict[str, int]

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(query, values).fetchall()

    def count(self, kind: str) -> int:
        [(count,)] = self.ask(f'select count(*) from "{kind}"')
        return int(count)

    def astray(self, kind: str, column: str, to: str) -> int:
        """How many rows refer to what is not there."""
        [(count,)] = self.ask(
            f'select count(*) from "{kind}" k where k."{column}" is not null'
            f' and not exists (select 1 from "{to}" t where t.id = k."{column}")'
        )
        return int(count)


def take_in(archive: bytes) -> Imported:
    """Read an export into a database of its own. Raises CutOffError; AssertionError where it is not what it says."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(archive))
        manifest = json.loads(packed.read("manifest.json"))
    except (zipfile.BadZipFile, KeyError):
        raise CutOffError from None
    schemas = {
        name.removeprefix("schemas/").removesuffix(".schema.json"): json.loads(packed.read(name))
        for name in packed.namelist()
        if name.startswith("schemas/")
    }
    validate(schemas["manifest"], manifest)
    assert {one["path"] for one in manifest["files"]} | {"manifest.json"} == set(packed.namelist())
    database, unopened = sqlite3.connect(":memory:"), {}
    for file in manifest["files"]:
        content = packed.read(file["path"])
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"]), file["path"]
        if "kind" in file:
            rows = [json.loads(line) for line in content.splitlines()]
            assert len(rows) == file["rows"], file["path"]
            unopened[file["kind"]] = sum(bool(row["unopened"]) for row in rows)
            assert unopened[file["kind"]] == file["unopened"], file["path"]
            fill(database, file["kind"], schemas[file["kind"]], rows)
    return Imported(database, manifest, unopened)


def validate(schema: dict[str, Any], row: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    faults = [fault.message for fault in validator.iter_errors(row)]
    assert faults == [], schema["$id"]


def fill(database: sqlite3.Connection, kind: str, schema: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    names = list(schema["properties"])
    columns = ", ".join(f'"{name}" {TYPES.get(first_type(schema, name), "text")}' for name in names)
    database.execute(f'create table "{kind}" ({columns})')
    for row in rows:
        validate(schema, row)
        values = [json.dumps(one) if isinstance(one, list | dict) else one for one in (row[name] for name in names)]
        marks = ", ".join("?" for _ in names)
        database.execute(f'insert into "{kind}" values ({marks})', values)


def first_type(schema: dict[str, Any], name: str) -> str:
    told = schema["properties"][name].get("type", "string")
    return str(told[0] if isinstance(told, list) else told)

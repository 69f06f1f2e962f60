# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as a STIX 2.1 bundle (term 35): an incident or a vulnerability, and a marked note for each entry. Pure.

Markings are OASIS's own definitions of the Traffic Light Protocol 2.0, which each tool knows by their identifiers; RED
is not among them, since it leaves in no file. Other identifiers are UUIDv5 of what they name: the same case gives the
same bundle, and an entry is the same object in a later one.
"""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from vaka.assurance.case_file import CaseFile
from vaka.assurance.csaf import Json
from vaka.cases.model import CaseEntry, Tlp
from vaka.cases.words import WORDS, said_in

_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_MARKINGS: dict[Tlp, str] = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
}
_MARKED = "2022-10-01T00:00:00.000Z"
"""Since when OASIS has them."""


def make_case_stix(file: CaseFile) -> Json:
    """Return the bundle."""
    supplier, authority = _identity(file, file.supplier), _identity(file, file.authority)
    main = _main(file, supplier)
    notes = [
        _note(file, one, main["id"], (authority if one.side == "authority" else supplier)["id"]) for one in file.entries
    ]
    used = {file.tlp, *(one.tlp for one in file.entries)}
    markings = [_marking(tlp) for tlp in _MARKINGS if tlp in used]
    made_of = " ".join([file.language, main["modified"], *(one.digest.hex() for one in file.entries)])
    return {
        "type": "bundle", "id": f"bundle--{uuid5(file.case.id, made_of)}",
        "objects": [*markings, supplier, authority, main, *notes],
    }  # fmt: skip


def _main(file: CaseFile, supplier: Json) -> Json:
    case = file.case
    last = max((one.made_at for one in file.entries), default=case.opened_at)
    return {
        "type": case.kind, "spec_version": "2.1", "id": f"{case.kind}--{uuid5(case.id, 'case')}",
        "created": _moment(case.opened_at), "modified": _moment(max(last, case.opened_at)),
        "created_by_ref": supplier["id"], "lang": file.language, "name": file.name, "description": file.summary,
        "external_references": [{"source_name": file.supplier, "external_id": file.called, "url": file.address}],
        "object_marking_refs": [_MARKINGS[file.tlp]],
    }  # fmt: skip


def _note(file: CaseFile, entry: CaseEntry, about: str, by: str) -> Json:
    at = _moment(entry.made_at)
    return {
        "type": "note", "spec_version": "2.1", "id": f"note--{uuid5(file.case.id, entry.digest.hex())}",
        "created": at, "modified": at, "created_by_ref": by, "lang": file.language, "abstract": file.heading(entry),
        "content": "\n".join(said_in(entry, file.language)) or file.say(WORDS[entry.kind]),
        "object_refs": [about], "object_marking_refs": [_MARKINGS[entry.tlp]],
    }  # fmt: skip


def _identity(file: CaseFile, name: str) -> Json:
    at = _moment(file.case.opened_at)
    return {
        "type": "identity", "spec_version": "2.1", "id": f"identity--{uuid5(NAMESPACE_URL, f'{file.portal}/{name}')}",
        "created": at, "modified": at, "name": name, "identity_class": "organization",
        "object_marking_refs": [_MARKINGS[file.tlp]],
    }  # fmt: skip


def _marking(tlp: Tlp) -> Json:
    said = {"extension_type": "property-extension", "tlp_2_0": tlp.lower()}
    return {
        "type": "marking-definition", "spec_version": "2.1", "id": _MARKINGS[tlp], "created": _MARKED,
        "name": f"TLP:{tlp}", "extensions": {_EXTENSION: said},
    }  # fmt: skip


def _moment(at: datetime) -> str:
    """Return a moment as STIX writes it (section 2.13): in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

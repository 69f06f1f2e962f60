# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the description of the portal's part of the interface says besides its route table."""

from collections.abc import Mapping
from typing import Any

from vaka.web.programs.describing import MOMENT, TEXT, Interface

_ASSERTION = {
    "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
    "client_assertion": {
        "type": "string",
        "maxLength": 4096,
        "pattern": r"^[\w-]+\.[\w-]+\.[\w-]+$",
        "description": "A JWT (RFC 7523).",
    },
}
_NAME = {"client_id": {"type": "string", "minLength": 1, "maxLength": 40, "pattern": "^[0-9a-f-]+$"}}
_GRANT = {"grant_type": {"const": "client_credentials"}}
_ENDING = {"token": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[\w-]+$"}}
_HINT = {"token_type_hint": {"type": "string", "maxLength": 40}}
_FORMS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "/api/token": (_GRANT, {}),
    "/api/revoke": (_ENDING, _HINT),
}
"""By address: the fields that a form must have, and those that it may; besides those that prove who asks."""
_LOCAL = {
    "type": "string",
    "maxLength": 19,
    "pattern": "^([2-8][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$",
}
_QUESTIONS: Mapping[str, Mapping[str, Any]] = {
    "from": {**_LOCAL, "description": "Local time, such as 2026-03-01T08:00; before `to`, by 366 days at most."},
    "to": _LOCAL,
    "event": {"type": "string", "maxLength": 80, "pattern": "^[a-z_.]*$"},
    "outcome": {"enum": ["", "success", "failure"]},
    "actor": {"type": "string", "maxLength": 100, "pattern": "^([a-z_]+(:[0-9A-Za-z._-]+)?)?$"},
    "object": {"type": "string", "maxLength": 192, "pattern": "^([a-z_]{1,30}:[!-~]{1,160})?$"},
    "before": {
        "type": "string",
        "maxLength": 40,
        "pattern": "^([0-9]{1,16}\\.[0-9]{1,18})?$",
        "description": "From `next` of the page before.",
    },
}
_ENTRY = {
    "index": {"type": "integer", "minimum": 0},
    "leaf": {"type": ["object", "null"], "description": "The entry, as its bytes in the tree say it."},
}
_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "POST /api/token": {
        "access_token": TEXT, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer"}, "scope": TEXT,
    },
    "POST /api/revoke": {},
    "GET /api/v1/{authority}/log/entries": {
        "size": {"type": "integer"},
        "entries": {"type": "array", "items": {
            "type": "object", "properties": {**_ENTRY, "agrees": {"type": "boolean"}},
            "required": ["index", "leaf", "agrees"],
        }},
        "next": {"type": ["string", "null"]},
    },
    "GET /api/v1/{authority}/log/entries/{index}": {**_ENTRY, "proof": {"type": ["string", "null"]}},
    "GET /api/v1/{authority}/access": {
        "held": {"type": "array", "items": {"type": "object", "properties": {
            "role": TEXT, "account": {"type": "string", "format": "uuid"}, "since": MOMENT, "valid_until": MOMENT,
            "effective": {"type": "boolean"}, "account_state": TEXT,
        }}},
        "designated": {"type": "array", "items": TEXT},
        "requests": {"type": "array", "items": {"type": "object"}},
    },
    "GET /api/v1/{authority}/activation": {
        "rules": {"type": "object"},
        "to_be_replaced": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}  # fmt: skip


def _form(needed: Mapping[str, Any], possible: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {**needed, **possible}, "required": list(needed),
            "additionalProperties": False}  # fmt: skip


INTERFACE = Interface(
    about="What an authority's own programs may ask. That a program read the log stands in the log.",
    questions={"/api/v1/{authority}/log/entries": _QUESTIONS},
    forms={
        path: (
            _form({**needed, **_ASSERTION}, {**possible, **_NAME}),
            _form({**needed, **_NAME}, possible),
        )
        for path, (needed, possible) in _FORMS.items()
    },
    answers=_ANSWERS,
)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The description of the interface for programs (OpenAPI 3.1), drawn from its route table."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from vaka.web.portal.allowance import REQUESTS
from vaka.web.portal.api_people import PEOPLE_PATH, ToldPerson
from vaka.web.routes import PUBLIC, Address

_PARAMETER = re.compile(r"{(\w+)}")
_TEXT = {"type": "string"}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_SLUG = {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 60, "description": "An authority's short name."}
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
_BODIES: Mapping[str, type[BaseModel]] = {PEOPLE_PATH: ToldPerson}
"""By address: what is sent there in JSON."""
_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "/api/token": {
        "access_token": _TEXT, "token_type": {"const": "Bearer"}, "expires_in": {"type": "integer"}, "scope": _TEXT,
    },
    "/api/revoke": {},
    "/api/v1/{authority}/log/entries": {
        "size": {"type": "integer"},
        "entries": {"type": "array", "items": {
            "type": "object", "properties": {**_ENTRY, "agrees": {"type": "boolean"}},
            "required": ["index", "leaf", "agrees"],
        }},
        "next": {"type": ["string", "null"]},
    },
    "/api/v1/{authority}/log/entries/{index}": {**_ENTRY, "proof": {"type": ["string", "null"]}},
    "/api/v1/{authority}/access": {
        "held": {"type": "array", "items": {"type": "object", "properties": {
            "role": _TEXT, "account": {"type": "string", "format": "uuid"}, "since": _MOMENT, "valid_until": _MOMENT,
            "effective": {"type": "boolean"}, "account_state": _TEXT,
        }}},
        "designated": {"type": "array", "items": _TEXT},
        "requests": {"type": "array", "items": {"type": "object"}},
    },
    PEOPLE_PATH: {"id": {"type": "string", "format": "uuid"}, "registered": {"type": "boolean"}},
    "/api/v1/{authority}/activation": {
        "rules": {"type": "object"},
        "to_be_replaced": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}  # fmt: skip
_ERRORS = {
    "400": "The request makes no sense as given.",
    "401": "No token, or one that is not good any more.",
    "403": "The program may not.",
    "404": "There is nothing here, or nothing of the program's business.",
    "409": "It is in another state, or is there already.",
    "413": "What was sent is too large.",
    "414": "The address is too long.",
    "415": "It is not application/json.",
    "429": f"More than {REQUESTS} requests in a minute.",
    "503": "Something needed does not answer at the moment.",
}


def describe_api(addresses: Sequence[Address], origins: Sequence[str]) -> dict[str, Any]:
    """Return the description of these addresses at these origins."""
    paths: dict[str, dict[str, Any]] = {}
    for address in addresses:
        for method in address.methods:
            paths.setdefault(address.path, {})[method.lower()] = _operation(address)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vaka", "version": "1",
            "description": "What an authority's own programs may ask. That a program read the log stands in the log.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": origin} for origin in origins],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": {
                "type": "object", "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT,
                    "errors": {"type": "array", "items": {
                        "type": "object", "properties": {"pointer": _TEXT, "detail": _TEXT},
                    }},
                },
            }},
        },
    }  # fmt: skip


def _operation(address: Address) -> dict[str, Any]:
    text = (inspect.getdoc(address.endpoint) or "").split("\n\n")[0]
    summary = text.partition(": ")[2].replace("\n", " ") or text
    operation: dict[str, Any] = {
        "operationId": address.endpoint.__name__,
        "summary": summary[:1].upper() + summary[1:],
        "responses": {"200": _success(address), **_problems(address)},
        "security": [] if address.needs is PUBLIC else [{"token": []}],
    }
    if address.needs is not PUBLIC:
        operation["x-permission"] = str(address.needs.value)
    parameters = [
        {"name": name, "in": "path", "required": True,
         "schema": {"type": "integer", "minimum": 0} if name == "index" else _SLUG}
        for name in _PARAMETER.findall(address.path)
    ]  # fmt: skip
    if address.path.endswith("/log/entries"):
        parameters += [{"name": name, "in": "query", "required": False, "schema": schema}
                       for name, schema in _QUESTIONS.items()]  # fmt: skip
    if parameters:
        operation["parameters"] = parameters
    if address.path in _BODIES:
        schema = _schema_of(_BODIES[address.path])
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        operation["responses"]["201"] = {**operation["responses"]["200"], "description": "It is new."}
    if address.path in _FORMS:
        needed, possible = _FORMS[address.path]
        proofs = [_form({**needed, **_ASSERTION}, {**possible, **_NAME}), _form({**needed, **_NAME}, possible)]
        content = {"application/x-www-form-urlencoded": {"schema": {"anyOf": proofs}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a body, whole: with what it refers to in its place."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def put(node: Any) -> Any:
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            return put(parts[name]) if name else {key: put(value) for key, value in node.items()}
        return [put(one) for one in node] if isinstance(node, list) else node

    whole: dict[str, Any] = put(schema)
    return whole


def _form(needed: Mapping[str, Any], possible: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {**needed, **possible}, "required": list(needed),
            "additionalProperties": False}  # fmt: skip


def _success(address: Address) -> dict[str, Any]:
    if address.path.endswith("/checkpoint"):
        return {"description": "A signed note (C2SP tlog-checkpoint).", "content": {"text/plain": {"schema": _TEXT}}}
    answer = _ANSWERS.get(address.path)
    schema: dict[str, Any] = {"type": "object"}
    if answer:
        schema |= {"properties": answer, "required": list(answer)}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _problems(address: Address) -> dict[str, Any]:
    if address.path not in _FORMS:
        left_out = () if address.path in _BODIES else ("413", "415")
        codes = [code for code in _ERRORS if code not in left_out] if address.needs is not PUBLIC else ["503"]
        return {code: _problem(code) for code in codes}
    error = {"application/json": {"schema": {"type": "object", "properties": {"error": _TEXT}}}}
    said = {code: {"description": _ERRORS[code], "content": error} for code in ("400", "401")}
    return said | {code: _problem(code) for code in ("413", "429", "503")}


def _problem(code: str) -> dict[str, Any]:
    return {
        "description": _ERRORS[code],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }

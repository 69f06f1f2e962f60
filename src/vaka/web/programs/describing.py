# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The description of an interface for programs (OpenAPI 3.1), drawn from its route table."""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from vaka.web.programs.allowance import REQUESTS
from vaka.web.routes import PUBLIC, Address

TEXT = {"type": "string"}
MOMENT = {"type": ["string", "null"], "format": "date-time"}
TAG = '^"[0-9a-f]{64}"$'
"""A version of something, as ETag and If-Match have it (RFC 9110 section 8.8.3)."""
_PARAMETER = re.compile(r"{(\w+)}")
_SLUG = {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 60, "description": "An authority's short name."}
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "authority": _SLUG,
    "index": {"type": "integer", "minimum": 0},
    "partner": {
        "type": "string",
        "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        "description": "A partner's identifier.",
    },
    "person": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
}
_ERRORS = {
    "400": "The request makes no sense as given.",
    "401": "No token, or one that is not good any more.",
    "403": "The program may not.",
    "404": "There is nothing here, or nothing of the program's business.",
    "409": "It is in another state, or is there already.",
    "413": "What was sent is too large.",
    "412": "It was changed meanwhile: read it again.",
    "414": "The address is too long.",
    "415": "It is not application/json.",
    "428": "It is not said which version is meant.",
    "429": f"More than {REQUESTS} requests in a minute.",
    "503": "Something needed does not answer at the moment.",
}

_OF_BODIES = ("413", "415")
_OF_VERSIONS = ("412", "428")
_OF_MESSAGES = ("400", "403", "404", "409", "413", "414", "415", "429", "503")
"""How a message that proves itself may be refused; 403 is whatever is wrong with its proof."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What no route table says. Operations are named as ``GET /api/…``."""

    about: str
    questions: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """By address: the parameters of its query."""
    forms: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """By address: the schemas of the forms that it takes, any of them."""
    bodies: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """By operation: what is sent in JSON."""
    answers: Mapping[str, Mapping[str, Any] | type[BaseModel]] = field(default_factory=dict)
    """By operation: the members of its answer."""
    enters: frozenset[str] = frozenset()
    """Operations that answer 201 where something is new."""
    tagged: frozenset[str] = frozenset()
    """Operations that answer with the version of what there is."""
    guarded: frozenset[str] = frozenset()
    """Operations that are told which version is meant."""
    proves_itself: frozenset[str] = frozenset()
    """Operations that nobody signs in for: what is sent is refused where its signature, its time or its words are."""


def describe(addresses: Sequence[Address], interface: Interface, origins: Sequence[str]) -> dict[str, Any]:
    """Return the description of these addresses, as far as they are under /api, at these origins."""
    paths: dict[str, dict[str, Any]] = {}
    for address in addresses:
        for method in address.methods if address.path.startswith("/api/") else ():
            operation = _operation(address, method, interface)
            paths.setdefault(address.path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vaka", "version": "1", "description": interface.about,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": origin} for origin in origins],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": {
                "type": "object", "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT,
                    "errors": {"type": "array", "items": {
                        "type": "object", "properties": {"pointer": TEXT, "detail": TEXT},
                    }},
                },
            }},
        },
    }  # fmt: skip


def _operation(address: Address, method: str, interface: Interface) -> dict[str, Any]:
    name = f"{method} {address.path}"
    text = (inspect.getdoc(address.endpoint) or "").split("\n\n")[0]
    summary = text.partition(": ")[2].replace("\n", " ") or text
    operation: dict[str, Any] = {
        "operationId": address.endpoint.__name__,
        "summary": summary[:1].upper() + summary[1:],
        "responses": {"200": _success(name, interface), **_problems(name, address, interface)},
        "security": [] if address.needs is PUBLIC else [{"token": []}],
    }
    if address.needs is not PUBLIC:
        operation["x-permission"] = str(address.needs.value)
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": _PARAMETERS[part]}
        for part in _PARAMETER.findall(address.path)
    ]  # fmt: skip
    parameters += [{"name": one, "in": "query", "required": False, "schema": schema}
                   for one, schema in interface.questions.get(address.path, {}).items()]  # fmt: skip
    if name in interface.guarded:
        parameters.append({"name": "If-Match", "in": "header", "required": True,
                           "schema": {"type": "string", "pattern": TAG}})  # fmt: skip
    if parameters:
        operation["parameters"] = parameters
    if name in interface.bodies:
        schema = _schema_of(interface.bodies[name])
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if name in interface.enters:
        operation["responses"]["201"] = {**operation["responses"]["200"], "description": "It is new."}
    if address.path in interface.forms:
        content = {"application/x-www-form-urlencoded": {"schema": {"anyOf": list(interface.forms[address.path])}}}
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


def _success(name: str, interface: Interface) -> dict[str, Any]:
    if name.endswith("/checkpoint"):
        return {"description": "A signed note (C2SP tlog-checkpoint).", "content": {"text/plain": {"schema": TEXT}}}
    answer = interface.answers.get(name, {})
    schema: dict[str, Any] = {"type": "object"}
    if isinstance(answer, Mapping):
        schema |= {"properties": answer, "required": list(answer)} if answer else {}
    else:
        schema = _schema_of(answer)
    done: dict[str, Any] = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    if name in interface.tagged:
        done["headers"] = {"ETag": {"required": True, "schema": {"type": "string", "pattern": TAG}}}
    return done


def _problems(name: str, address: Address, interface: Interface) -> dict[str, Any]:
    if name in interface.proves_itself:
        return {code: _problem(code) for code in _OF_MESSAGES}
    if address.path not in interface.forms:
        left_out = {*(() if name in interface.bodies else _OF_BODIES)}
        left_out |= {*(() if name in interface.guarded else _OF_VERSIONS)}
        codes = [code for code in _ERRORS if code not in left_out] if address.needs is not PUBLIC else ["503"]
        return {code: _problem(code) for code in codes}
    error = {"application/json": {"schema": {"type": "object", "properties": {"error": TEXT}}}}
    said = {code: {"description": _ERRORS[code], "content": error} for code in ("400", "401")}
    return said | {code: _problem(code) for code in ("413", "429", "503")}


def _problem(code: str) -> dict[str, Any]:
    return {
        "description": _ERRORS[code],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The interfaces for programs, as their walk knows them: their tables, what is sent there, and every program there is.

A program holds one permission and has one owner with one role: what lets it in is then said by that permission alone.
"""

import importlib
import json
import pkgutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import vaka.web
from tests.access.test_decide import GIVES
from tests.web.browsers import Answer, Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.matrix.applications import APPLICATIONS, Opened, Row, overhear
from tests.web.matrix.samples import AUTHORITY, Named, Value
from tests.web.matrix.scene import PLACES, Cast
from tests.web.portal.conftest import Logs
from tests.web.portal.test_api import registered
from tests.web.test_routes import API_BASE, API_TABLE, REGISTRY_TABLE
from vaka.access.permissions import Permission
from vaka.clock import Clock, SystemClock
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import open_portal
from vaka.web.registry.application import build_registry
from vaka.web.registry.opening import open_registry
from vaka.web.routes import PUBLIC, Address

PEOPLE = f"{API_BASE}/people"
PERSON = f"{PEOPLE}/{{person}}"
NEVER = f'"{"0" * 64}"'
"""A version that nothing ever had."""
FACTS = {"given_name": "Örjan", "family_name": "Provsson", "street": "Provgatan 1"}


@dataclass(frozen=True, slots=True)
class Interface:
    """One table of addresses for programs, and the process that answers there."""

    name: str
    table: Sequence[Row]
    """Its addresses, as tests/web/test_routes.py says them a second time."""
    origin: str
    open: Callable[[Installation, Clock], AbstractAsyncContextManager[Opened]]


@asynccontextmanager
async def _registry(installation: Installation, clock: Clock) -> AsyncIterator[Opened]:
    async with open_registry(installation.server, SETTINGS, clock) as registry:
        yield Opened(build_registry(registry, SETTINGS), overhear(registry.denials))


_PORTAL = next(one for one in APPLICATIONS if one.name == "portal")
INTERFACES = (
    Interface("portal", API_TABLE, SETTINGS.portal.origin, _PORTAL.open),
    Interface("registry", REGISTRY_TABLE, SETTINGS.registry.origin, _registry),
)
GUARDED = [(one.name, method, path, needs) for one in INTERFACES for method, path, needs in one.table
           if needs is not PUBLIC]  # fmt: skip


def find_interfaces() -> set[str]:
    """Return every package of ``vaka.web`` that has a table of addresses for programs."""
    found = set()
    for module in pkgutil.walk_packages(vaka.web.__path__, "vaka.web."):
        table = getattr(importlib.import_module(module.name), "API", None)
        if isinstance(table, tuple) and all(isinstance(one, Address) for one in table):
            found.add(module.name.split(".")[2])
    return found


@dataclass(frozen=True, slots=True)
class Call:
    """What a program sends to an address; whoever is let in is answered 200, and nothing is changed by it."""

    parts: Mapping[str, Value]
    """What stands in the path, by its name there."""
    body: Mapping[str, Value] | None = None
    version: Value | None = None
    """Which version is meant (If-Match)."""

    @property
    def objects(self) -> list[str]:
        """The names of what it is about, other than the authority."""
        values = (*self.parts.values(), *(self.body or {}).values())
        return [one.name for one in values if isinstance(one, Named) and one != AUTHORITY]


HERE: Mapping[str, Value] = {"authority": AUTHORITY}
THAT_ONE: Mapping[str, Value] = {**HERE, "person": Named("person")}
CALLS: Mapping[tuple[str, str], Call] = {
    ("GET", f"{API_BASE}/log/entries"): Call(HERE),
    ("GET", f"{API_BASE}/log/entries/{{index}}"): Call({**HERE, "index": "0"}),  # a place that every log has
    ("GET", f"{API_BASE}/log/checkpoint"): Call(HERE),
    ("GET", f"{API_BASE}/access"): Call(HERE),
    ("GET", f"{API_BASE}/activation"): Call(HERE),
    ("POST", PEOPLE): Call(HERE, {"id": Named("person"), **FACTS}),  # who is there already stays as he is
    ("GET", PERSON): Call(THAT_ONE),
    ("PUT", PERSON): Call(THAT_ONE, FACTS, Named("version")),
}
"""By method and address. One that is not here fails the walk."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of an authority, with its token."""

    role: str
    """What its owner is there."""
    scope: str
    """The one permission that it was given."""
    place: str
    token: str

    def __str__(self) -> str:
        return f"{self.scope} of a {self.role} in {self.place}"


@dataclass(frozen=True, slots=True)
class Programs:
    """Every program there can be with one permission, in both authorities, and somebody whom they know."""

    all: Sequence[Program]
    objects: Mapping[str, Mapping[str, str]]
    """By authority: a person whom its care system registered, and his version."""

    def of(self, scope: str, place: str) -> Program:
        """Return one that has a permission in an authority."""
        return next(one for one in self.all if (one.scope, one.place) == (scope, place))


def ownable() -> list[tuple[str, str]]:
    """Return each role that may own programs with each permission it can give one; said by the tables, not the code."""
    asked = {needs.value for _, _, _, needs in GUARDED if isinstance(needs, Permission)}
    return [
        (role, scope)
        for role, gives in GIVES.items() if Permission.PORTAL_OWN_CLIENTS.value in gives.split()
        for scope in gives.split() if scope in asked
    ]  # fmt: skip


async def engage_programs(installation: Installation, cast: Cast) -> Programs:
    """Register every program in the portal, let each prove itself, and let the care systems register somebody."""
    logs = Logs(installation)
    await logs.seal_platform()
    for place in PLACES:
        await logs.seal(place)
    programs: list[Program] = []
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        opened = Opened(build_portal(portal, SETTINGS), [])
        for place in PLACES:
            for role, scope in ownable():
                owner = await cast.browser(_PORTAL, opened, cast.who(role, place), "authority")
                program = await registered(portal, owner, logs, scope, slug=place)
                programs.append(Program(role, scope, place, await program.token()))
    made = Programs(programs, {})
    async with _registry(installation, SystemClock()) as opened:
        door = Browser(opened.app, SETTINGS.registry.origin)
        people = {place: await _register(door, made, place) for place in PLACES}
    return Programs(programs, people)


async def _register(door: Browser, programs: Programs, place: str) -> dict[str, str]:
    person = {"id": str(uuid4()), **FACTS}
    entering, reading = (programs.of(f"portal.{one}_people", place).token for one in ("register", "keep"))
    answer = await call(door, "POST", f"/api/v1/{place}/people", entering, person)
    assert answer.status == 201, answer.text
    read = await call(door, "GET", f"/api/v1/{place}/people/{person['id']}", reading)
    return {"person": person["id"], "version": read.header("etag")}


async def call(
    door: Browser, method: str, path: str, token: str, body: Mapping[str, Any] | None = None, version: str = ""
) -> Answer:
    """Ask as a program does; without a ``token``, nobody in particular."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"if-match": version} if version else {}
    headers |= {} if body is None else {"content-type": "application/json"}
    return await door.send(method, path, headers, b"" if body is None else json.dumps(body).encode())

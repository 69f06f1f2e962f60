# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Schemathesis against the running portal and registry: every operation answers as described, whatever it is sent.

It makes requests out of the description, good and bad ones, and holds each answer against it: no failure of ours, no
status, media type or member that is not described, nothing refused that fits, nothing accepted that does not.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import httpx
import pytest
import schemathesis
from joserfc.jwk import ECKey
from schemathesis import Case, HookContext
from schemathesis.auths import AuthContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from tests.browser.house import House
from tests.plain import NO_TLS
from tests.processes.test_web_answers import OWN, send
from tests.programs import assertion, key_set, owner_with, proved_by
from tests.web.furniture import open_installation
from vaka.web.asker import COOKIES
from vaka.web.portal.api_token import ADMISSION_PATH
from vaka.web.programs.describing import TAG

pytestmark = [pytest.mark.database, pytest.mark.end_to_end]

EXAMPLES = 20
"""Of each operation, besides those at every bound of its description."""
PROGRAMS = 8
"""Of each owner: one program is heard so often in a minute, all of them together as often as the walk asks."""
OWNERS = {
    "log_reviewer": ["portal.read_log"], "access_approver": ["portal.see_access", "portal.set_activation"],
    "care_manager": ["portal.register_people", "portal.keep_people"],
}  # fmt: skip
"""Who registers them, by role, and what for."""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "positive_data_acceptance", "negative_data_rejection", "unsupported_method",
    "allow_header_conformance", "missing_required_header", "ignored_auth",
)  # fmt: skip
REFUSED = [str(status) for status in (400, 401, 404, 405, 413, 414, 415)]
ENTRIES = "/api/v1/{authority}/log/entries"
EXCHANGE = "/api/registry/exchange/{authority}/{partner}/contacts"
PERSON = "/api/v1/{authority}/people/{person}"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is registered, and how to prove that one is it."""

    id: str
    key: ECKey
    audience: str

    def prove(self) -> dict[str, str]:
        """The fields of a form that prove it; good once."""
        return dict(proved_by(assertion(self.id, self.key, self.audience)))


@dataclass(frozen=True, slots=True)
class Programs:
    """Everybody's, one after the other."""

    all: Iterator[Program]
    tokens: Mapping[str, Iterator[str]]
    """By permission: those of the programs that have it."""


@dataclass(slots=True)
class Found:
    """What a walk met."""

    faults: set[str] = field(default_factory=set)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By operation and status."""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The portal and the registry, and what seals their logs."""
    with open_installation() as installation:
        house = House(installation)
        house.start("portal", "registry", "sequencer")
        try:
            yield house
        finally:
            house.stop()


@pytest.fixture(scope="module")
def programs(house: House) -> Programs:
    """Register programs as people do, and let each get its token."""
    registered: list[Program] = []
    tokens: dict[str, Iterator[str]] = {}
    for role, scopes in OWNERS.items():
        _, session = asyncio.run(owner_with(house.installation, role, "ekbacka"))
        cookie = f"{COOKIES['authority']}={session}"
        own = []
        for number in range(PROGRAMS):
            key = ECKey.generate_key("P-256")
            form = {"purpose": f"Prov {number}", "keys": key_set(key), "days": "2", "scopes": ",".join(scopes)}
            answer = send(house, "portal", "POST", "/log/ekbacka/programs", {"cookie": cookie, **OWN}, form)
            assert answer.status_code == 303, answer.text
            page = send(house, "portal", "GET", "/log/ekbacka/programs", {"cookie": cookie, **OWN}).text
            own.append(Program(newest(page), key, f"{house.portal}{ADMISSION_PATH}"))
        taken = [take_token(house, program) for program in own]
        tokens.update({scope: cycle(taken) for scope in scopes})
        registered += own
    return Programs(cycle(registered), tokens)


@pytest.fixture(scope="module")
def described(house: House) -> dict[str, Any]:
    """What the running portal says of itself."""
    return ask_what_is_there(f"{house.portal}/api/openapi.json")


def ask_what_is_there(address: str, **within: str) -> dict[str, Any]:
    """Return what a process says of itself, for the one authority whose programs ask and what is named in it."""
    within = {"authority": "ekbacka", **within}
    said: dict[str, Any] = httpx.get(address, verify=NO_TLS).json()
    for methods in said["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] in within:
                    parameter["schema"] = {"const": within[parameter["name"]]}
    return said


def newest(page: str) -> str:
    """The identifier of the program that was registered last."""
    met = re.search(r"<code>([0-9a-f-]{36})</code>", page)
    assert met is not None, page
    return met[1]


def take_token(house: House, program: Program) -> str:
    """Trade a proof for a token."""
    form = {"grant_type": "client_credentials", **program.prove()}
    answer = httpx.post(f"{house.portal}{ADMISSION_PATH}", data=form, verify=NO_TLS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def walk(base: str, described: dict[str, Any], programs: Programs) -> Found:
    """Ask everything that a description describes, and return what does not agree with it."""
    settings = SchemathesisConfig.from_dict({
        "seed": 1,
        "generation": {"max-examples": EXAMPLES, "mode": "all", "database": "none"},
        "phases": {"stateful": {"enabled": False}},
        "checks": {
            "enabled": False, **{check: {"enabled": True} for check in CHECKS},
            "negative_data_rejection": {"enabled": True, "expected-statuses": REFUSED},
        },
        # What is too long is refused as that; and that a time from is before a time to, no schema says.
        "operations": [
            {"include-path": ENTRIES, "checks": {"positive_data_acceptance": {
                "enabled": True, "expected-statuses": ["2xx", "400", "401", "403", "404"],
            }}},
            # What is no version is none that is there; that one is lacking is said in its own way.
            {"include-path": PERSON, "include-method": "PUT", "checks": {"negative_data_rejection": {
                "enabled": True, "expected-statuses": [*REFUSED, "412", "428"],
            }, "missing_required_header": {"enabled": True, "expected-statuses": ["401", "428"]}}},
            # Whoever has not signed is not told what is wrong with the rest; and of refusals sixty a minute are heard.
            {"include-path": EXCHANGE, "checks": {"negative_data_rejection": {
                "enabled": True, "expected-statuses": [*REFUSED, "403", "429"],
            }}},
        ],
    })  # fmt: skip
    schema = schemathesis.openapi.from_dict(described, config=settings)
    schema.config.update(base_url=base)

    @schema.auth(refresh_interval=None)
    class _InTurn:
        def get(self, case: Case[Any], _context: AuthContext) -> str | None:
            permission = case.operation.definition.raw.get("x-permission")
            return None if permission is None else next(programs.tokens[permission])

        def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"
            # The version that is there, where one is told that fits: of those, chance makes none.
            said = case.headers.get("If-Match")
            if said is not None and re.fullmatch(TAG, str(said)):
                own = {"Authorization": f"Bearer {data}"}
                seen = httpx.get(f"{base}{case.formatted_path}", headers=own, verify=NO_TLS)
                case.headers["If-Match"] = seen.headers.get("etag", said)

    @schema.hook
    def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
        """Let every other form that fits prove something, which no chance would."""
        fits = case.meta is not None and not case.meta.is_negative_at(ParameterLocation.BODY)
        if fits and isinstance(case.body, dict) and "client_assertion" in case.body:
            case.body = {name: value for name, value in case.body.items() if name != "client_id"} | dict(
                next(programs.all).prove()
            )
        return case

    found = Found()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            found.faults.add(f"{event.label}: {event.info.format()}")
        if isinstance(event, ScenarioFinished):
            for checks in event.recorder.checks.values():
                found.faults |= {
                    f"{event.label}: {check.name}: {check.failure_info.failure}"
                    for check in checks if check.failure_info is not None
                }  # fmt: skip
            for met in event.recorder.interactions.values():
                assert met.response is not None
                found.answers[event.label or "", met.response.status_code] += 1
    return found


@pytest.mark.parametrize("process", ["portal", "registry"])
def test_every_operation_answers_as_it_is_described(
    house: House, described: dict[str, Any], programs: Programs, process: str
) -> None:
    base = house.portal
    if process == "registry":
        base, somebody = (
            house.registry,
            next(str(one.id) for slug, one, _ in house.installation.people.values() if slug == "ekbacka"),
        )
        described = ask_what_is_there(described["externalDocs"]["url"], person=somebody)
    found = walk(base, described, programs)
    assert found.faults == set()
    answered = {(label, status) for label, status in found.answers}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            label = f"{method.upper()} {path}"
            # A walk signs nothing; tests/web/portal/test_exchange.py does.
            came_through = {(label, 403)} if path == EXCHANGE else {(label, 200), (label, 201)}
            assert came_through & answered, "the walk never came through to what it does"
            # What a path does not know is tried once, not once for each of its methods.
            assert {(f"{one.upper()} {path}", 405) for one in methods} & answered, label
            assert operation["security"] == [] or (label, 401) in answered
    too_often = {label for label, status in answered if status == 429}
    assert too_often <= {f"POST {EXCHANGE}"}, "more programs are needed"


Change = Callable[[dict[str, Any]], None]
FAULTS: dict[str, tuple[str, str, Change]] = {
    "a member that is not there": (
        ENTRIES, "response_schema_conformance", lambda one: schema_of(one)["required"].append("total")
    ),
    "a member of another kind": (
        ENTRIES, "response_schema_conformance",
        lambda one: schema_of(one)["properties"].update(size={"type": "string"}),
    ),
    "a status that is left out": (
        f"{ENTRIES}/{{index}}", "status_code_conformance", lambda one: one["responses"].pop("404")
    ),
    "another media type": (
        "/api/v1/{authority}/log/checkpoint", "content_type_conformance",
        lambda one: one["responses"]["200"].update(content={"text/html": {}}),
    ),
    "it takes more than it says": (
        f"{ENTRIES}/{{index}}", "negative_data_rejection", lambda one: one["parameters"][1].update(
            schema={"type": "integer", "minimum": 0, "maximum": 0}
        ),
    ),
    "it takes less than it says": (
        ADMISSION_PATH, "positive_data_acceptance", lambda one: deque(map(ask_for_more, forms_of(one))).clear(),
    ),
    "open, and said to be closed": (ADMISSION_PATH, "ignored_auth", lambda one: one.update(security=[{"token": []}])),
}  # fmt: skip
"""What a description is made to say wrongly: of which address, and which check has to see it."""


def schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what an operation answers."""
    schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def forms_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of the forms that an operation takes."""
    forms: list[dict[str, Any]]
    forms = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["anyOf"]
    return forms


def ask_for_more(form: dict[str, Any]) -> None:
    form["properties"]["more"] = {"const": "x"}
    form["required"].append("more")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(house: House, described: dict[str, Any], programs: Programs, fault: str) -> None:
    """The walk can fail."""
    path, check, plant = FAULTS[fault]
    wrong = deepcopy({**described, "paths": {path: described["paths"][path]}})
    [operation] = wrong["paths"][path].values()
    plant(operation)
    faults = walk(house.portal, wrong, programs).faults
    assert [one for one in faults if f": {check}: " in one] != [], faults

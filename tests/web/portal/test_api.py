# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs of an authority: registered in the portal, admitted by what they prove, worth no more than their owner."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import jsonschema
import pytest
from joserfc.jwk import ECKey

from tests.programs import FORM, assertion, key_set, proved_by
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs, enter
from vaka.access.clients import SCOPES
from vaka.access.permissions import Permission
from vaka.web.portal.api import API
from vaka.web.portal.application import build_portal
from vaka.web.portal.clients import SCOPE_WORDS
from vaka.web.portal.portal import Portal
from vaka.web.programs.allowance import REQUESTS, TOKENS
from vaka.web.registry.application import API as REGISTRY
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/programs"
ENTRIES = "/api/v1/ekbacka/log/entries"
AUDIENCE = f"{SETTINGS.portal.origin}/api/token"
READ = [("scope", "portal.read_log")]


@pytest.fixture(autouse=True)
def no_programs(installation: Installation, logs: Logs) -> None:
    logs.execute("platform", "truncate vaka.api_client, vaka.api_token, vaka.api_assertion", unguarded=True)


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


class Program:
    """A program with its key, as its owner runs it."""

    def __init__(self, portal: Portal, identifier: str, key: ECKey) -> None:
        self.browser = Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin)
        self.id, self.key = identifier, key

    def assertion(self, key: Any = None, algorithm: str = "ES256", **changes: Any) -> str:
        return assertion(self.id, key or self.key, AUDIENCE, algorithm, **changes)

    async def ask_for_token(self, assertion: str | None = None, **changes: str) -> Answer:
        fields = {"grant_type": "client_credentials", **proved_by(assertion or self.assertion()), **changes}
        return await self.browser.send("POST", "/api/token", FORM, urlencode(fields).encode())

    async def token(self) -> str:
        answer = await self.ask_for_token()
        assert answer.status == 200, answer.text
        said = json.loads(answer.text)
        assert (said["token_type"], said["expires_in"]) == ("Bearer", 600)
        assert answer.header("cache-control") == "no-store"
        return str(said["access_token"])

    async def get(self, path: str, token: str, headers: Mapping[str, str] | None = None) -> Answer:
        return await self.browser.send("GET", path, {"authorization": f"Bearer {token}", **(headers or {})})


def form_of(key: ECKey, *scopes: str) -> list[tuple[str, str]]:
    return [("purpose", "Hämtar loggen till e-arkivet"), ("keys", key_set(key)), ("days", "30"),
            *(("scope", scope) for scope in scopes)]  # fmt: skip


async def registered(portal: Portal, owner: Browser, logs: Logs, *scopes: str, slug: str = "ekbacka") -> Program:
    key = ECKey.generate_key("P-256")
    answer = await owner.post(f"/log/{slug}/programs", form_of(key, *(scopes or ("portal.read_log",))))
    assert answer.status == 303, answer.text
    [row] = logs.ask("platform", "select id from vaka.api_client order by created_at desc, id desc limit 1", {})
    return Program(portal, str(row["id"]), key)


async def test_a_program_is_registered_proves_itself_and_reads(portal: Portal, lovisa: Browser, logs: Logs) -> None:
    platform, tenant = logs.mark("platform"), logs.mark("ekbacka")
    program = await registered(portal, lovisa, logs)
    page = await lovisa.get(HERE)
    assert program.id in page.text
    assert "I bruk" in page.text
    token = await program.token()
    answer = await program.get(ENTRIES, token)
    assert answer.status == 200, answer.text
    said = json.loads(answer.text)
    assert said["entries"]
    assert all(one["agrees"] for one in said["entries"])
    if said["next"]:
        assert (await program.get(said["next"], token)).status == 200
    index = said["entries"][0]["index"]
    one = json.loads((await program.get(f"{ENTRIES}/{index}", token)).text)
    assert one["leaf"] == said["entries"][0]["leaf"]
    assert (await program.get("/api/v1/ekbacka/log/checkpoint", token)).status == 200
    assert (await program.get(f"{ENTRIES}/999999999", token)).status == 404
    told = [(one["event"], one["actor"]) for one in logs.since(platform, "platform")]
    me, it = f"account:{lovisa.account}", f"client:{program.id}"
    assert told == [("client.registered", me), ("client.admitted", it)]
    reads = [(one["event"], one["actor"]) for one in logs.since(tenant, "ekbacka")]
    assert reads
    assert set(reads) == {("log.read", it)}
    rows = str(logs.ask("platform", "select t::text as row from vaka.api_token t", {}))
    assert token not in rows
    assert token not in str(logs.since(platform, "platform")) + str(logs.since(tenant, "ekbacka"))


ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "wrong audience": ({"aud": "https://other.example"}, "audience"),
    "expired": ({"exp": 1_700_000_000}, "expired"),
    "for too long": ({"exp": 4_000_000_000}, "too_long"),
    "no jti": ({"jti": ""}, "jti"),
    "another issuer": ({"iss": str(UUID(int=1))}, "issuer"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_false_proof_is_refused_and_told_of(portal: Portal, lovisa: Browser, logs: Logs, attack: str) -> None:
    """Every attack on an assertion is in tests/identity/test_client_guard.py; here that refusals are told of."""
    program = await registered(portal, lovisa, logs)
    changes, reason = ATTACKS[attack]
    mark = logs.mark("platform")
    answer = await program.ask_for_token(program.assertion(**changes))
    assert (answer.status, json.loads(answer.text)) == (401, {"error": "invalid_client"})
    [entry] = logs.since(mark, "platform")
    assert (entry["event"], entry["actor"]) == ("access.denied", f"client:{program.id}")
    assert (entry["detail"]["reason"], entry["detail"]["address"]) == (reason, "/api/token")


async def test_an_assertion_is_good_once_and_for_one_client_alone(portal: Portal, lovisa: Browser, logs: Logs) -> None:
    program, other = [await registered(portal, lovisa, logs) for _ in range(2)]
    assertion = program.assertion()
    assert (await program.ask_for_token(assertion)).status == 200
    mark = logs.mark("platform")
    assert (await program.ask_for_token(assertion)).status == 401
    assert (await other.ask_for_token(other.assertion(program.key))).status == 401
    assert (await program.ask_for_token(client_id=other.id)).status == 401
    assert (await program.ask_for_token(program.assertion(sub=str(uuid4())))).status == 401
    assert [one["detail"]["reason"] for one in logs.since(mark, "platform")] == [
        "replayed", "signature", "client", "client"
    ]  # fmt: skip
    for wrong in ({"grant_type": "password"}, {"client_assertion_type": "x"}, {"scope": "everything"}):
        answer = await program.ask_for_token(**wrong)
        assert (answer.status, json.loads(answer.text)) == (400, {"error": "invalid_request"})


async def test_a_token_is_believed_in_its_header_and_nowhere_else(portal: Portal, lovisa: Browser, logs: Logs) -> None:
    program = await registered(portal, lovisa, logs)
    token = await program.token()
    answer = await program.browser.send("GET", f"{ENTRIES}?access_token={token}", {})
    assert answer.status == 400
    assert answer.header("content-type") == "application/problem+json"
    assert token not in answer.text
    for headers in ({}, {"authorization": f"Basic {token}"}, {"authorization": f"Bearer {token}x"},
                    {"cookie": f"__Host-vaka-authority={token}"}):  # fmt: skip
        answer = await program.browser.send("GET", ENTRIES, headers)
        assert answer.status == 401
        assert answer.header("www-authenticate").startswith("Bearer")
        assert json.loads(answer.text)["status"] == 401
    # A person's session opens nothing for programs, and a program's token no page.
    assert (await lovisa.get(ENTRIES)).status == 401
    assert (await program.get("/log/ekbacka", token, {"accept": "text/html"})).status == 303
    answer = await program.browser.send("DELETE", ENTRIES, {"authorization": f"Bearer {token}"})
    assert (answer.status, answer.header("allow")) == (405, "GET")
    assert (await program.get("/api/v1/nothing", token)).status == 404


async def test_term_14_5_a_token_opens_no_other_authority_and_nothing_it_was_not_given(
    portal: Portal, lovisa: Browser, niklas: Browser, logs: Logs
) -> None:
    mine = await registered(portal, lovisa, logs)
    theirs = await registered(portal, niklas, logs, slug="norrvik")
    for program, own, foreign in ((mine, "ekbacka", "norrvik"), (theirs, "norrvik", "ekbacka")):
        token = await program.token()
        mark = logs.mark(foreign)
        assert (await program.get(f"/api/v1/{own}/log/entries", token)).status == 200
        for address in API:
            if address.needs is PUBLIC:
                continue
            path = address.path.replace("{authority}", foreign).replace("{index}", "0")
            status = 404 if address.needs is Permission.PORTAL_READ_LOG else 403
            [method], bearer = address.methods, {"authorization": f"Bearer {token}"}
            answer = await program.browser.send(method, path, bearer)
            assert answer.status == status, path
            assert answer.header("content-type") == "application/problem+json"
            missing = await program.browser.send(method, path.replace(foreign, "nowhere"), bearer)
            assert (missing.status, missing.body) == (answer.status, answer.body), "it shows that there is one"
        assert {one["event"] for one in logs.since(mark, foreign)} <= {"access.denied"}
    token = await mine.token()
    mark = logs.mark("ekbacka")
    for path in ("/api/v1/ekbacka/access", "/api/v1/ekbacka/activation"):
        assert (await mine.get(path, token)).status == 403
    denied = logs.since(mark, "ekbacka")
    assert {(one["event"], one["actor"]) for one in denied} == {("access.denied", f"client:{mine.id}")}


async def test_term_13_1_a_token_dies_with_its_program_its_owners_role_and_its_owner(
    portal: Portal, lovisa: Browser, logs: Logs
) -> None:
    program = await registered(portal, lovisa, logs)
    token = await program.token()
    account = f"'{lovisa.account}'"
    grant = f"from vaka.role_grant where account_id = {account} and role = 'log_reviewer'"
    logs.execute("platform", f"create table kept as select * {grant}", unguarded=True)
    try:
        logs.execute("platform", f"delete {grant}", unguarded=True)
        assert (await program.get(ENTRIES, token)).status == 403
    finally:
        logs.execute("platform", "insert into vaka.role_grant select * from kept", unguarded=True)
        logs.execute("platform", "drop table kept", unguarded=True)
    assert (await program.get(ENTRIES, token)).status == 200
    logs.execute("platform", f"update vaka.account set state = 'deactivated' where id = {account}", unguarded=True)
    try:
        assert (await program.get(ENTRIES, token)).status == 401
        assert (await program.ask_for_token()).status == 401
    finally:
        logs.execute("platform", f"update vaka.account set state = 'active' where id = {account}", unguarded=True)
    assert (await program.get(ENTRIES, token)).status == 200
    mark = logs.mark("platform")
    assert (await lovisa.post(f"{HERE}/end", {"client": program.id})).status == 303
    assert (await program.get(ENTRIES, token)).status == 401
    assert (await program.ask_for_token()).status == 401
    # That it was refused a token stands there already, of this minute: what follows is counted.
    assert [one["event"] for one in logs.since(mark, "platform")] == ["client.ended"]
    assert (await lovisa.post(f"{HERE}/end", {"client": program.id})).status == 409
    # Opened again by a statement: the log says that it was ended.
    logs.execute("platform", "update vaka.api_client set ended_at = null, ended_by = null")
    assert (await program.get(ENTRIES, token)).status == 401
    assert 'class="refused"' in (await lovisa.get(HERE)).text


async def test_a_program_can_end_its_token_itself(portal: Portal, lovisa: Browser, logs: Logs) -> None:
    program, other = [await registered(portal, lovisa, logs) for _ in range(2)]
    token = await program.token()
    for who, status in ((other, 200), (program, 401)):  # another's token is not ended, and nothing is said of it
        fields = {"token": token, **proved_by(who.assertion())}
        answer = await who.browser.send("POST", "/api/revoke", FORM, urlencode(fields).encode())
        assert (answer.status, answer.text) == (200, "{}")
        assert (await program.get(ENTRIES, token)).status == status


async def test_a_client_that_somebody_writes_or_changes_is_worth_nothing(
    portal: Portal, lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    """The supplier's rogue administrator makes himself a program, or lets one do more."""
    key, mark = ECKey.generate_key("P-256"), logs.mark("platform")
    keys = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "x"}]})
    identifier, authority = uuid4(), installation.authorities["ekbacka"].id
    logs.execute(
        "platform",
        "insert into vaka.api_client (id, authority_id, owner, purpose, scopes, keys, created_at, ends_at) values"
        f" ('{identifier}', '{authority}', '{lovisa.account}', 'Prov', '{{portal.read_log}}', '{keys}', now(),"
        " now() + interval '1 day')",
    )
    assert [one["event"] for one in logs.since(mark, "platform")] == ["row.changed_by_hand"]
    assert (await Program(portal, str(identifier), key).ask_for_token()).status == 401
    program = await registered(portal, lovisa, logs)
    token = await program.token()
    for change in ("scopes = '{portal.read_log,portal.see_access}'", f"keys = '{keys}'",
                   "ends_at = ends_at + interval '9 days'"):  # fmt: skip
        logs.execute("platform", f"update vaka.api_client set {change} where id = '{program.id}'", unguarded=True)
        assert (await program.get(ENTRIES, token)).status == 401


async def test_nobody_gives_what_he_has_not(portal: Portal, lovisa: Browser, beata: Browser, logs: Logs) -> None:
    key, mark = ECKey.generate_key("P-256"), logs.mark("platform")
    private = json.dumps(key.as_dict(private=True))
    public = json.dumps(key.as_dict(private=False))
    wrong: list[list[tuple[str, str]]] = [
        form_of(key, "portal.see_access"), form_of(key, "portal.erase"), form_of(key, "portal.own_clients"),
        form_of(key),
        [("purpose", "Prov"), ("keys", private), ("days", "30"), *READ],
        [("purpose", "070-174 06 05"), ("keys", public), ("days", "30"), *READ],
        [("purpose", "Prov"), ("keys", public), ("days", "367"), *READ],
        [("purpose", "Prov"), ("keys", public), ("days", "0"), *READ],
    ]  # fmt: skip
    for fields in wrong:
        answer = await lovisa.post(HERE, fields)
        assert answer.status == 400, fields
    assert logs.since(mark, "platform") == []
    program = await registered(portal, lovisa, logs)
    assert (await beata.get(HERE)).text.count(program.id) >= 1, "the approver sees everybody's"
    assert (await beata.post(f"{HERE}/end", {"client": program.id})).status == 303
    assert (await lovisa.get("/log/norrvik/programs")).status == 404


async def test_a_program_of_the_approver_sees_access_and_rules(portal: Portal, beata: Browser, logs: Logs) -> None:
    program = await registered(portal, beata, logs, "portal.see_access", "portal.set_activation")
    token = await program.token()
    access = json.loads((await program.get("/api/v1/ekbacka/access", token)).text)
    assert beata.account in {one["account"] for one in access["held"]}
    rules = json.loads((await program.get("/api/v1/ekbacka/activation", token)).text)
    assert rules["rules"]["device_secret"]["length"] >= 12
    assert rules["to_be_replaced"].keys() == {"unknown", "weak", "old"}
    assert (await program.get(ENTRIES, token)).status == 403


async def test_who_asks_too_often_waits(portal: Portal, lovisa: Browser, logs: Logs) -> None:
    program = await registered(portal, lovisa, logs)
    token = await program.token()
    for _ in range(TOKENS):
        last = await program.ask_for_token(program.assertion(aud="x"))
    assert last.status == 429
    portal.allowances.require(f"client:{program.id}", REQUESTS)
    for _ in range(REQUESTS - 2):
        portal.allowances.require(f"client:{program.id}", REQUESTS)
    assert (await program.get("/api/v1/ekbacka/access", token)).status == 403
    answer = await program.get(ENTRIES, token)
    assert answer.status == 429
    assert answer.header("retry-after") == "5"


async def test_the_description_is_of_exactly_these_addresses_and_answers_are_what_it_says(
    portal: Portal, beata: Browser, lovisa: Browser, logs: Logs
) -> None:
    reader = await registered(portal, lovisa, logs)
    said = await reader.browser.send("GET", "/api/openapi.json", {})
    described = json.loads(said.text)
    assert described["openapi"] == "3.1.0"
    assert described["externalDocs"]["url"] == f"{SETTINGS.registry.origin}/api/registry/openapi.json"
    assert {(path, method) for path, methods in described["paths"].items() for method in methods} == {
        (address.path, method.lower()) for address in API for method in address.methods
    }
    for address in API:
        operation = described["paths"][address.path][address.methods[0].lower()]
        assert operation["summary"]
        assert operation.get("x-permission") == (None if address.needs is PUBLIC else address.needs.value)
        assert {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"} == set(
            re.findall(r"{(\w+)}", address.path)
        )
    approver = await registered(portal, beata, logs, "portal.see_access", "portal.set_activation")
    tokens = {reader: await reader.token(), approver: await approver.token()}
    for program, path in ((reader, "log/entries"), (reader, "log/entries/{index}"), (approver, "access"),
                          (approver, "activation")):  # fmt: skip
        answer = await program.get(f"/api/v1/ekbacka/{path.replace('{index}', '0')}", tokens[program])
        operation = described["paths"][f"/api/v1/{{authority}}/{path}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(json.loads(answer.text), schema)
    refused = await reader.get("/api/v1/ekbacka/access", tokens[reader])
    jsonschema.validate(json.loads(refused.text), described["components"]["schemas"]["Problem"])


def test_what_a_program_can_be_given_is_all_that_the_interface_asks() -> None:
    asked = {address.needs for address in (*API, *REGISTRY) if address.needs is not PUBLIC}
    assert asked == set(SCOPES)
    assert set(SCOPE_WORDS) == {scope.value for scope in SCOPES}

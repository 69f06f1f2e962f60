# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The route tables, said a second time; and that nobody gets in who is not signed in."""

import re
from collections.abc import Sequence

import pytest

from tests.web.browsers import Browser
from tests.web.conftest import SETTINGS, emptied
from tests.web.furniture import Installation
from vaka.access.permissions import Permission
from vaka.web.desk.application import ADDRESSES as DESK
from vaka.web.desk.desk import Desk
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.portal.api import API
from vaka.web.portal.application import ADDRESSES as PORTAL
from vaka.web.registry.application import API as REGISTRY
from vaka.web.routes import PUBLIC, Address, Needs, build_router, route
from vaka.web.signin.application import ADDRESSES as SIGNIN

SEE, HANDLE = Permission.DESK_SEE_QUEUE, Permission.DESK_HANDLE_ALARM
ALARM = "/alarm/{authority}/{alarm}"

DESK_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/", SEE),
    ("GET", "/stream", SEE),
    ("POST", "/take-next", HANDLE),
    ("GET", ALARM, SEE),
    ("POST", f"{ALARM}/take", HANDLE),
    ("POST", f"{ALARM}/take-over", HANDLE),
    ("POST", f"{ALARM}/hear", HANDLE),
    ("POST", f"{ALARM}/resume", HANDLE),
    ("POST", f"{ALARM}/release", HANDLE),
    ("POST", f"{ALARM}/suspend", HANDLE),
    ("POST", f"{ALARM}/hand-over", HANDLE),
    ("POST", f"{ALARM}/note", HANDLE),
    ("POST", f"{ALARM}/merge", HANDLE),
    ("POST", f"{ALARM}/acknowledge", HANDLE),
    ("POST", f"{ALARM}/close", HANDLE),
    ("POST", f"{ALARM}/reopen", HANDLE),
    ("POST", f"{ALARM}/adopt", Permission.DESK_ADOPT_DEVICE),
    ("GET", "/bulk", Permission.DESK_BULK_CLOSE),
    ("POST", "/bulk", Permission.DESK_BULK_CLOSE),
    ("GET", "/history", Permission.DESK_SEE_HISTORY),
    ("POST", "/history", Permission.DESK_SEE_HISTORY),
    ("GET", "/history/found/{number}", Permission.DESK_SEE_HISTORY),
    ("GET", "/history/{authority}/{alarm}", Permission.DESK_SEE_HISTORY),
    ("POST", "/history/{authority}/{alarm}", Permission.DESK_SEE_HISTORY),
    ("GET", "/outages", Permission.DESK_SEE_QUEUE),
    ("POST", "/outages", Permission.DESK_DECLARE_OUTAGE),
    ("POST", "/outages/declare", Permission.DESK_DECLARE_OUTAGE),
    ("POST", "/outages/end", Permission.DESK_DECLARE_OUTAGE),
    ("GET", "/rules", Permission.DESK_READ_RULES),
    ("GET", "/rules/{authority}/{rule}/{version}", Permission.DESK_READ_RULES),
    ("POST", "/rules/{authority}/{rule}/{version}", Permission.DESK_READ_RULES),
    ("GET", "/keys", Permission.DESK_OWN_KEYS),
    ("POST", "/keys", Permission.DESK_OWN_KEYS),
    ("POST", "/keys/add", Permission.DESK_OWN_KEYS),
    ("POST", "/keys/rename", Permission.DESK_OWN_KEYS),
    ("POST", "/keys/remove", Permission.DESK_OWN_KEYS),
    ("GET", "/locked", Permission.DESK_OWN_SESSIONS),
    ("POST", "/unlock", Permission.DESK_OWN_SESSIONS),
    ("POST", "/here", Permission.DESK_OWN_SESSIONS),
    ("GET", "/here", Permission.DESK_OWN_SESSIONS),
    ("GET", "/sessions", Permission.DESK_OWN_SESSIONS),
    ("POST", "/sessions", Permission.DESK_OWN_SESSIONS),
    ("POST", "/preferences", PUBLIC),
    ("POST", "/sign-out", PUBLIC),
    ("GET", "/alive", PUBLIC),
    ("GET", "/static/{fingerprint}/{name}", PUBLIC),
]
READ_LOG, EXPORT = Permission.PORTAL_READ_LOG, Permission.PORTAL_EXPORT_LOG
LOG = "/log/{authority}"
PORTAL_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/", Permission.PORTAL_SEE_TERMS),
    ("GET", "/log", READ_LOG),
    ("GET", LOG, READ_LOG),
    ("GET", f"{LOG}/entry/{{index}}", READ_LOG),
    ("GET", f"{LOG}/entry/{{index}}/proof", READ_LOG),
    ("GET", f"{LOG}/supplier", READ_LOG),
    ("GET", f"{LOG}/supplier/entry/{{index}}", READ_LOG),
    ("GET", f"{LOG}/supplier/entry/{{index}}/proof", READ_LOG),
    ("GET", f"{LOG}/help", READ_LOG),
    ("POST", f"{LOG}/people", Permission.PORTAL_FIND_PERSON),
    ("GET", f"{LOG}/people/{{number}}", Permission.PORTAL_FIND_PERSON),
    ("GET", f"{LOG}/export", EXPORT),
    ("POST", f"{LOG}/export", EXPORT),
    ("GET", f"{LOG}/checkpoint", READ_LOG),
    ("GET", f"{LOG}/published/{{file:path}}", EXPORT),
    ("POST", f"{LOG}/receipt", Permission.PORTAL_OWN_RECEIPT),
    ("GET", f"{LOG}/receipt/{{number}}", Permission.PORTAL_OWN_RECEIPT),
    ("GET", f"{LOG}/receipt/{{number}}/proof", Permission.PORTAL_OWN_RECEIPT),
    ("GET", "/retention", Permission.PORTAL_SET_RETENTION),
    ("GET", f"{LOG}/retention", Permission.PORTAL_SET_RETENTION),
    ("POST", f"{LOG}/retention", Permission.PORTAL_SET_RETENTION),
    ("GET", "/rules", Permission.PORTAL_PUBLISH_RULES),
    ("GET", f"{LOG}/rules", Permission.PORTAL_PUBLISH_RULES),
    ("POST", f"{LOG}/rules", Permission.PORTAL_PUBLISH_RULES),
    ("GET", "/keys", Permission.PORTAL_OWN_KEYS),
    ("GET", f"{LOG}/keys", Permission.PORTAL_OWN_KEYS),
    ("POST", f"{LOG}/keys", Permission.PORTAL_OWN_KEYS),
    ("POST", f"{LOG}/keys/add", Permission.PORTAL_OWN_KEYS),
    ("POST", f"{LOG}/keys/rename", Permission.PORTAL_OWN_KEYS),
    ("POST", f"{LOG}/keys/remove", Permission.PORTAL_OWN_KEYS),
    ("GET", "/locked", Permission.PORTAL_OWN_SESSIONS),
    ("POST", "/unlock", Permission.PORTAL_OWN_SESSIONS),
    ("POST", "/here", Permission.PORTAL_OWN_SESSIONS),
    ("GET", "/here", Permission.PORTAL_OWN_SESSIONS),
    ("GET", "/sessions", Permission.PORTAL_OWN_SESSIONS),
    ("GET", f"{LOG}/sessions", Permission.PORTAL_OWN_SESSIONS),
    ("POST", f"{LOG}/sessions", Permission.PORTAL_OWN_SESSIONS),
    ("GET", "/erasure", Permission.PORTAL_ERASE),
    ("GET", f"{LOG}/erasure", Permission.PORTAL_ERASE),
    ("POST", f"{LOG}/erasure", Permission.PORTAL_ERASE),
    ("POST", f"{LOG}/erasure/find", Permission.PORTAL_ERASE),
    ("GET", f"{LOG}/erasure/found/{{number}}", Permission.PORTAL_ERASE),
    ("POST", f"{LOG}/erasure/decide", Permission.PORTAL_ERASE),
    ("GET", f"{LOG}/erasure/{{order}}/certificate", Permission.PORTAL_ERASE),
    ("GET", "/end", Permission.PORTAL_EXPORT_AUTHORITY),
    ("GET", f"{LOG}/end", Permission.PORTAL_EXPORT_AUTHORITY),
    ("POST", f"{LOG}/end", Permission.PORTAL_END_AUTHORITY),
    ("POST", f"{LOG}/end/decide", Permission.PORTAL_END_AUTHORITY),
    ("GET", f"{LOG}/end/{{order}}/certificate", Permission.PORTAL_END_AUTHORITY),
    ("POST", f"{LOG}/end/export", Permission.PORTAL_EXPORT_AUTHORITY),
    ("GET", "/removal", Permission.PORTAL_SET_REMOVAL),
    ("GET", f"{LOG}/removal", Permission.PORTAL_SET_REMOVAL),
    ("POST", f"{LOG}/removal", Permission.PORTAL_SET_REMOVAL),
    ("GET", f"{LOG}/removal/{{proposal}}", Permission.PORTAL_SET_REMOVAL),
    ("POST", f"{LOG}/removal/{{proposal}}/approve", Permission.PORTAL_APPROVE_REMOVAL),
    ("POST", f"{LOG}/removal/{{proposal}}/withdraw", Permission.PORTAL_SET_REMOVAL),
    ("GET", f"{LOG}/holds", Permission.PORTAL_HOLD_PERSON),
    ("POST", f"{LOG}/holds", Permission.PORTAL_HOLD_PERSON),
    ("POST", f"{LOG}/holds/lift", Permission.PORTAL_HOLD_PERSON),
    ("GET", "/access", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{LOG}/access", Permission.PORTAL_SEE_ACCESS),
    ("POST", f"{LOG}/access/decide", Permission.PORTAL_APPROVE_ACCESS),
    ("POST", f"{LOG}/access/designate", Permission.PORTAL_DESIGNATE_ROLE),
    ("POST", f"{LOG}/access/routine", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{LOG}/access/report/{{year}}", Permission.PORTAL_SEE_ACCESS),
    ("POST", f"{LOG}/access/report/{{year}}/csv", Permission.PORTAL_SEE_ACCESS),
    ("POST", f"{LOG}/access/report/{{year}}/pdf", Permission.PORTAL_SEE_ACCESS),
    ("GET", "/programs", Permission.PORTAL_OWN_CLIENTS),
    ("GET", f"{LOG}/programs", Permission.PORTAL_OWN_CLIENTS),
    ("POST", f"{LOG}/programs", Permission.PORTAL_OWN_CLIENTS),
    ("POST", f"{LOG}/programs/end", Permission.PORTAL_OWN_CLIENTS),
    ("GET", "/activation", Permission.PORTAL_SET_ACTIVATION),
    ("GET", f"{LOG}/activation", Permission.PORTAL_SET_ACTIVATION),
    ("POST", f"{LOG}/activation", Permission.PORTAL_SET_ACTIVATION),
    ("GET", f"{LOG}/activation/{{proposal}}", Permission.PORTAL_SET_ACTIVATION),
    ("POST", f"{LOG}/activation/{{proposal}}/approve", Permission.PORTAL_APPROVE_ACTIVATION),
    ("POST", f"{LOG}/activation/{{proposal}}/withdraw", Permission.PORTAL_SET_ACTIVATION),
    ("GET", "/holders", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{LOG}/holders", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{LOG}/holders/{{account}}", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{LOG}/notices", Permission.PORTAL_SEE_ACCESS),
    ("POST", f"{LOG}/notices/seen", Permission.PORTAL_SET_NOTICES),
    ("POST", f"{LOG}/notices/way", Permission.PORTAL_SET_NOTICES),
    ("POST", f"{LOG}/notices/end", Permission.PORTAL_SET_NOTICES),
    ("POST", f"{LOG}/notices/minutes", Permission.PORTAL_SET_NOTICES),
    ("GET", f"{LOG}/cases", Permission.PORTAL_READ_CASES),
    ("GET", f"{LOG}/cases/{{case}}", Permission.PORTAL_READ_CASES),
    ("POST", f"{LOG}/cases/{{case}}/answer", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/cases/{{case}}/files/{{number}}", Permission.PORTAL_READ_CASES),
    ("POST", f"{LOG}/cases/{{case}}/seen", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/cases/{{case}}/file", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/cases/{{case}}/file/csaf", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/cases/{{case}}/file/stix", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/cases/{{case}}/file/pdf", Permission.PORTAL_HANDLE_CASES),
    ("GET", f"{LOG}/contacts", Permission.PORTAL_HANDLE_CASES),
    ("POST", f"{LOG}/contacts", Permission.PORTAL_HANDLE_CASES),
    ("POST", f"{LOG}/contacts/end", Permission.PORTAL_HANDLE_CASES),
    ("GET", "/tasks", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/tasks", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/tasks/digest", Permission.PORTAL_SET_NOTICES),
    ("POST", f"{LOG}/tasks/calendar", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/tasks/calendar/end", Permission.PORTAL_SEE_TERMS),
    ("GET", "/calendar/{secret}", PUBLIC),
    ("GET", "/terms", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/terms", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/terms/pack", Permission.PORTAL_SEE_TERMS),
    ("GET", "/reports", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/reports", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/reports/{{report}}/{{year}}", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/reports/{{report}}/{{year}}/csv", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/reports/{{report}}/{{year}}/pdf", Permission.PORTAL_SEE_TERMS),
    ("GET", "/inquiries", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/inquiries", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/inquiries", Permission.PORTAL_ASK_SUPPLIER),
    ("GET", f"{LOG}/inquiries/{{inquiry}}/files/{{number}}", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/inquiries/settle", Permission.PORTAL_ASK_SUPPLIER),
    ("GET", "/clocks", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/clocks", Permission.PORTAL_SEE_TERMS),
    ("GET", "/flows", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/flows", Permission.PORTAL_SEE_TERMS),
    ("GET", "/status", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/status", Permission.PORTAL_SEE_TERMS),
    ("GET", "/trends", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/trends", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/remote", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/checks", Permission.PORTAL_READ_LOG),
    ("POST", f"{LOG}/checks", Permission.PORTAL_VERIFY_LOG),
    ("POST", f"{LOG}/checks/wrong", Permission.PORTAL_VERIFY_LOG),
    ("GET", f"{LOG}/exclusions", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/exclusions/agree", Permission.PORTAL_EXCLUDE_TERM),
    ("POST", f"{LOG}/exclusions/end", Permission.PORTAL_EXCLUDE_TERM),
    ("GET", "/audits", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/audits", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/audits", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/agree", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/propose", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/withdraw", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/end", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/close", Permission.PORTAL_ASK_SUPPLIER),
    ("POST", f"{LOG}/audits/finding", Permission.PORTAL_ASK_SUPPLIER),
    ("GET", "/auditing", Permission.PORTAL_AUDIT),
    ("GET", f"{LOG}/auditing", Permission.PORTAL_AUDIT),
    ("POST", f"{LOG}/auditing/freeze", Permission.PORTAL_AUDIT),
    ("POST", f"{LOG}/auditing/draw", Permission.PORTAL_AUDIT),
    ("POST", f"{LOG}/auditing/note", Permission.PORTAL_AUDIT),
    ("POST", f"{LOG}/auditing/finding", Permission.PORTAL_AUDIT),
    ("GET", "/exercises", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/exercises", Permission.PORTAL_SEE_TERMS),
    ("POST", f"{LOG}/exercises", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/withdraw", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/decide", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/end", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/attend", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/lesson", Permission.PORTAL_ASK_EXERCISE),
    ("POST", f"{LOG}/exercises/days", Permission.PORTAL_ASK_EXERCISE),
    ("GET", "/registers", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/registers", Permission.PORTAL_SEE_TERMS),
    ("GET", f"{LOG}/registers/files/{{file}}", Permission.PORTAL_SEE_TERMS),
    ("POST", "/preferences", PUBLIC),
    ("POST", "/sign-out", PUBLIC),
    ("GET", "/alive", PUBLIC),
    ("GET", "/.well-known/security.txt", PUBLIC),
    ("GET", "/static/{fingerprint}/{name}", PUBLIC),
]
SEE_ACCOUNTS, MY_KEYS = Permission.OFFICE_SEE_ACCOUNTS, Permission.OFFICE_OWN_KEYS
OFFICE_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/", Permission.OFFICE_OWN_SESSIONS),
    ("GET", "/account/{account}", SEE_ACCOUNTS),
    ("POST", "/account/{account}/ask", Permission.OFFICE_ASK_ACCOUNT),
    ("GET", "/account/{account}/roles", Permission.OFFICE_ASK_ACCOUNT),
    ("POST", "/account/{account}/roles", Permission.OFFICE_ASK_ACCOUNT),
    ("POST", "/account/{account}/put-out", Permission.OFFICE_ASK_ACCOUNT),
    ("POST", "/account/{account}/sessions", Permission.OFFICE_ASK_ACCOUNT),
    ("GET", "/requests", Permission.OFFICE_DECIDE_ACCOUNT),
    ("GET", "/requests/new", Permission.OFFICE_ASK_ACCOUNT),
    ("POST", "/requests/new", Permission.OFFICE_ASK_ACCOUNT),
    ("POST", "/requests/decide", Permission.OFFICE_DECIDE_ACCOUNT),
    ("POST", "/requests/roles", Permission.OFFICE_DECIDE_ACCOUNT),
    ("GET", "/emergency", Permission.OFFICE_DECIDE_ACCOUNT),
    ("POST", "/emergency/add", Permission.OFFICE_OWN_KEYS),
    ("POST", "/emergency/enrol", Permission.OFFICE_OWN_KEYS),
    ("GET", "/emergency/{emergency}", Permission.OFFICE_DECIDE_ACCOUNT),
    ("POST", "/emergency/{emergency}/review", Permission.OFFICE_DECIDE_ACCOUNT),
    ("GET", "/issuers", Permission.OFFICE_SET_ISSUERS),
    ("GET", "/issuers/new", Permission.OFFICE_SET_ISSUERS),
    ("POST", "/issuers/new", Permission.OFFICE_SET_ISSUERS),
    ("POST", "/issuers/extend", Permission.OFFICE_SET_ISSUERS),
    ("POST", "/issuers/decide", Permission.OFFICE_SET_ISSUERS),
    ("GET", "/outages", Permission.OFFICE_DECLARE_OUTAGE),
    ("POST", "/outages", Permission.OFFICE_DECLARE_OUTAGE),
    ("POST", "/outages/declare", Permission.OFFICE_DECLARE_OUTAGE),
    ("POST", "/outages/end", Permission.OFFICE_DECLARE_OUTAGE),
    ("GET", "/cases", Permission.OFFICE_HANDLE_CASES),
    ("GET", "/vulnerabilities", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/vulnerabilities/state", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/vulnerabilities/accept", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/vulnerabilities/refuse", Permission.OFFICE_HANDLE_CASES),
    ("GET", "/cases/new", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/cases/new", Permission.OFFICE_HANDLE_CASES),
    ("GET", "/cases/{case}", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/cases/{case}/write", Permission.OFFICE_HANDLE_CASES),
    ("GET", "/cases/{case}/files/{number}", Permission.OFFICE_HANDLE_CASES),
    ("POST", "/cases/{case}/seen", Permission.OFFICE_HANDLE_CASES),
    ("GET", "/terms", Permission.OFFICE_SEE_TERMS),
    ("GET", "/terms/{slug}", Permission.OFFICE_SEE_TERMS),
    ("GET", "/inquiries", Permission.OFFICE_SEE_TERMS),
    ("GET", "/inquiries/{inquiry}/files/{number}", Permission.OFFICE_SEE_TERMS),
    ("POST", "/inquiries", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("GET", "/log-checks", Permission.OFFICE_SEE_TERMS),
    ("GET", "/exclusions", Permission.OFFICE_SEE_TERMS),
    ("POST", "/exclusions", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("POST", "/exclusions/end", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("GET", "/clocks", Permission.OFFICE_SEE_TERMS),
    ("GET", "/flows", Permission.OFFICE_SEE_TERMS),
    ("GET", "/trends", Permission.OFFICE_SEE_TERMS),
    ("GET", "/remote", Permission.OFFICE_SEE_TERMS),
    ("POST", "/remote/draw", Permission.OFFICE_KEEP_REGISTERS),
    ("POST", "/remote/check", Permission.OFFICE_KEEP_REGISTERS),
    ("GET", "/audits", Permission.OFFICE_SEE_TERMS),
    ("POST", "/audits/agree", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("POST", "/audits/propose", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("POST", "/audits/settle", Permission.OFFICE_ANSWER_AUTHORITIES),
    ("GET", "/exercises", Permission.OFFICE_SEE_TERMS),
    ("POST", "/exercises/plan", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/begin", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/end", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/attend", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/lesson", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/settle", Permission.OFFICE_KEEP_EXERCISES),
    ("POST", "/exercises/close", Permission.OFFICE_KEEP_EXERCISES),
    ("GET", "/due", Permission.OFFICE_SEE_TERMS),
    ("POST", "/due/way", Permission.OFFICE_DECIDE_REGISTERS),
    ("POST", "/due/end", Permission.OFFICE_DECIDE_REGISTERS),
    ("POST", "/due/digest", Permission.OFFICE_DECIDE_REGISTERS),
    ("POST", "/due/calendar", Permission.OFFICE_SEE_TERMS),
    ("POST", "/due/calendar/end", Permission.OFFICE_SEE_TERMS),
    ("GET", "/calendar/{secret}", PUBLIC),
    ("GET", "/registers", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/registers/{register}", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/registers/{register}/table", Permission.OFFICE_SEE_REGISTERS),
    ("POST", "/registers/{register}/showing", Permission.OFFICE_DECIDE_REGISTERS),
    ("GET", "/registers/{register}/new", Permission.OFFICE_KEEP_REGISTERS),
    ("POST", "/registers/{register}/new", Permission.OFFICE_KEEP_REGISTERS),
    ("GET", "/registers/{register}/import", Permission.OFFICE_KEEP_REGISTERS),
    ("POST", "/registers/{register}/import", Permission.OFFICE_KEEP_REGISTERS),
    ("GET", "/registers/{register}/entry/{entry}", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/registers/{register}/entry/{entry}/edit", Permission.OFFICE_KEEP_REGISTERS),
    ("POST", "/registers/{register}/entry/{entry}/edit", Permission.OFFICE_KEEP_REGISTERS),
    ("POST", "/registers/{register}/entry/{entry}/move", Permission.OFFICE_DECIDE_REGISTERS),
    ("POST", "/registers/{register}/entry/{entry}/acknowledge", Permission.OFFICE_SEE_REGISTERS),
    ("POST", "/registers/{register}/entry/{entry}/files", Permission.OFFICE_KEEP_REGISTERS),
    ("GET", "/registers/{register}/entry/{entry}/files/{file}", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/touch", MY_KEYS),
    ("POST", "/touch", MY_KEYS),
    ("GET", "/first-key", MY_KEYS),
    ("POST", "/first-key", MY_KEYS),
    ("POST", "/first-key/enrol", MY_KEYS),
    ("GET", "/command", Permission.OFFICE_RUN_COMMANDS),
    ("POST", "/command", Permission.OFFICE_RUN_COMMANDS),
    ("GET", "/rules", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/rules/{rule}/{version}", Permission.OFFICE_SEE_REGISTERS),
    ("POST", "/rules/{rule}/{version}", Permission.OFFICE_SEE_REGISTERS),
    ("GET", "/keys", MY_KEYS),
    ("POST", "/keys", MY_KEYS),
    ("POST", "/keys/add", MY_KEYS),
    ("POST", "/keys/rename", MY_KEYS),
    ("POST", "/keys/remove", MY_KEYS),
    ("GET", "/locked", Permission.OFFICE_OWN_SESSIONS),
    ("POST", "/unlock", Permission.OFFICE_OWN_SESSIONS),
    ("POST", "/here", Permission.OFFICE_OWN_SESSIONS),
    ("GET", "/here", Permission.OFFICE_OWN_SESSIONS),
    ("GET", "/sessions", Permission.OFFICE_OWN_SESSIONS),
    ("POST", "/sessions", Permission.OFFICE_OWN_SESSIONS),
    ("POST", "/preferences", PUBLIC),
    ("POST", "/sign-out", PUBLIC),
    ("GET", "/alive", PUBLIC),
    ("GET", "/.well-known/security.txt", PUBLIC),
    ("GET", "/static/{fingerprint}/{name}", PUBLIC),
]
API_BASE = "/api/v1/{authority}"
API_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/api/openapi.json", PUBLIC),
    ("POST", "/api/token", PUBLIC),
    ("POST", "/api/revoke", PUBLIC),
    ("GET", f"{API_BASE}/log/entries", READ_LOG),
    ("GET", f"{API_BASE}/log/entries/{{index}}", READ_LOG),
    ("GET", f"{API_BASE}/log/checkpoint", READ_LOG),
    ("GET", f"{API_BASE}/access", Permission.PORTAL_SEE_ACCESS),
    ("GET", f"{API_BASE}/activation", Permission.PORTAL_SET_ACTIVATION),
]
REGISTRY_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/api/registry/openapi.json", PUBLIC),
    ("POST", f"{API_BASE}/people", Permission.PORTAL_REGISTER_PEOPLE),
    ("GET", f"{API_BASE}/people/{{person}}", Permission.PORTAL_KEEP_PEOPLE),
    ("PUT", f"{API_BASE}/people/{{person}}", Permission.PORTAL_KEEP_PEOPLE),
    ("POST", "/api/registry/exchange/{authority}/{partner}/contacts", PUBLIC),
    ("GET", "/alive", PUBLIC),
]
SIGNIN_TABLE: list[tuple[str, str, Needs]] = [
    ("GET", "/", PUBLIC),
    ("POST", "/sign-out", PUBLIC),
    ("GET", "/signed-out", PUBLIC),
    ("GET", "/sign-out/{name}", PUBLIC),
    ("GET", "/signed-out/{name}", PUBLIC),
    ("GET", "/begin/{name}", PUBLIC),
    ("GET", "/callback/{name}", PUBLIC),
    ("POST", "/saml/supplier/acs", PUBLIC),
    ("POST", "/saml/authority/{slug}/acs", PUBLIC),
    ("GET", "/saml/supplier/metadata", PUBLIC),
    ("GET", "/saml/authority/{slug}/metadata", PUBLIC),
    ("POST", "/saml/supplier/slo", PUBLIC),
    ("POST", "/saml/authority/{slug}/slo", PUBLIC),
    ("POST", "/logout/{name}", PUBLIC),
    ("GET", "/fallback", PUBLIC),
    ("POST", "/fallback", PUBLIC),
    ("GET", "/emergency", PUBLIC),
    ("POST", "/emergency", PUBLIC),
    ("POST", "/invitation", PUBLIC),
    ("POST", "/preferences", PUBLIC),
    ("GET", "/alive", PUBLIC),
    ("GET", "/.well-known/security.txt", PUBLIC),
    ("GET", "/static/{fingerprint}/{name}", PUBLIC),
]
GUARDED = [(method, path) for method, path, needs in DESK_TABLE if needs is not PUBLIC]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of the file's tests, as the desk belongs to it."""
    return "asyncio"


@pytest.fixture
async def desk(installation: Installation, open_for_all: Desk) -> Desk:
    return await emptied(open_for_all, installation)


def flatten(addresses: Sequence[Address]) -> list[tuple[str, str, Needs]]:
    """The table as rows."""
    return [(method, one.path, one.needs) for one in addresses for method in one.methods]


def test_the_desk_has_these_addresses_and_no_other() -> None:
    assert flatten(DESK) == DESK_TABLE


def test_the_portal_has_these_addresses_and_no_other() -> None:
    assert flatten(PORTAL) == PORTAL_TABLE


def test_the_office_has_these_addresses_and_no_other() -> None:
    assert flatten(OFFICE) == OFFICE_TABLE


def test_programs_have_these_addresses_and_no_other() -> None:
    assert flatten(API) == API_TABLE


def test_the_registry_has_these_addresses_and_no_other() -> None:
    assert flatten(REGISTRY) == REGISTRY_TABLE


def test_the_sign_in_page_has_these_addresses_and_no_other() -> None:
    assert flatten(SIGNIN) == SIGNIN_TABLE


def test_an_address_cannot_be_written_without_saying_who_may_use_it() -> None:
    with pytest.raises(TypeError, match="needs"):
        route("/", lambda: None, ["GET"])  # type: ignore[call-arg, arg-type, return-value]


def test_a_guarded_address_cannot_be_served_without_a_door() -> None:
    with pytest.raises(ValueError, match="no door"):
        build_router(DESK, object())


def filled(path: str) -> str:
    """An address with identifiers in it."""
    return re.sub(r"\{\w+\}", "0199a1de-7c00-7000-8000-000000000001", path)


@pytest.mark.anyio
@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_who_is_not_signed_in_is_sent_to_sign_in(stranger: Browser, method: str, path: str) -> None:
    page = await (stranger.get(filled(path)) if method == "GET" else stranger.post(filled(path)))
    part = await (stranger.part(filled(path)) if method == "GET" else stranger.act(filled(path)))
    assert part.status == 401
    assert part.header("hx-redirect") == SETTINGS.signin.origin + "/"
    if method == "GET":
        assert (page.status, page.header("location")) == (303, SETTINGS.signin.origin + "/")
    else:
        assert page.status == 401


@pytest.mark.anyio
async def test_a_stream_without_session_is_refused_in_plain_words(stranger: Browser) -> None:
    answer = await stranger.get("/stream", {"accept": "text/event-stream"})
    assert answer.status == 401
    assert answer.header("content-type").startswith("text/plain")


@pytest.mark.anyio
@pytest.mark.parametrize("token", ["", "x", "a" * 43, "å" * 10, "a" * 5000])
async def test_a_made_up_token_is_nobody(stranger: Browser, token: str) -> None:
    stranger.cookies["__Host-vaka-operator"] = token
    assert (await stranger.get("/")).status == 303


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/alarm", 404), ("GET", "/alarm/", 404), ("GET", "//", 404),
        ("GET", "/static/0/../../../etc/passwd", 404), ("GET", "/static/0123456789abcdef/vaka.css", 404),
        ("GET", "/take-next", 405), ("POST", "/", 405), ("PUT", "/", 405), ("DELETE", "/", 405),
        ("HEAD", "/stream", 405),
        ("OPTIONS", "/", 405), ("TRACE", "/", 405),
    ],
)  # fmt: skip
async def test_other_addresses_and_methods_are_refused(olga: Browser, method: str, path: str, status: int) -> None:
    answer = await olga.send(method, path, {"accept": "text/html", "sec-fetch-site": "same-origin"})
    assert answer.status == status
    assert "Traceback" not in answer.text

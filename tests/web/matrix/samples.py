# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a walk sends to each address: what stands in its path and in its form. An address without a sample fails.

``Named`` stands for an object: of which authority it is, or that it exists nowhere, each walk decides for itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tests.web.test_acts import ENDING


@dataclass(frozen=True, slots=True)
class Named:
    """An object of an authority, by its name in the scene."""

    name: str


Value = str | Named
AUTHORITY = Named("authority")
ALARM = "/alarm/{authority}/{alarm}"
LOG = "/log/{authority}"
REASON = "KS 2026/31"
NOTHING = "0" * 64
NOBODY = "00000000-0000-4000-8000-000000000007"

ACTIVATION = {
    "device_length": "14", "device_kinds": "1", "device_lifetime": "", "device_reuse": "0", "code_length": "26",
    "code_lifetime": "24",
}  # fmt: skip

IN_PATHS: Mapping[str, Value] = {
    "authority": AUTHORITY, "alarm": Named("alarm"), "order": Named("order"), "proposal": Named("proposal"),
    "index": "0", "report": "terms", "year": "2026", "file:path": "checkpoint", "fingerprint": "0123456789abcdef",
    "name": "vaka.css", "slug": "ekbacka", "register": "documents", "entry": Named("entry"),
    "emergency": Named("emergency"), "case": Named("case"), "secret": "A" * 43, "rule": Named("rule"), "version": "1",
    "file": Named("file"), "inquiry": Named("inquiry"),
}  # fmt: skip
"""By the name it has in an address. What is in a row of a log is a number, which every log has."""
IN_SOME_PATHS: Mapping[tuple[str, str], Value] = {
    ("/history/{authority}/{alarm}", "alarm"): Named("ended"),
    ("/history/found/{number}", "number"): Named("searched"),
    (f"{LOG}/people/{{number}}", "number"): Named("looked_up"),
    (f"{LOG}/erasure/found/{{number}}", "number"): Named("looked_up_to_erase"),
    **{
        (f"{LOG}/activation/{{proposal}}{act}", "proposal"): Named("activation")
        for act in ("", "/approve", "/withdraw")
    },
    (f"{LOG}/holders/{{account}}", "account"): Named("holder"),
    ("/account/{account}", "account"): Named("holder"),
    **{(f"/account/{{account}}/{act}", "account"): Named("spare") for act in ("ask", "roles", "put-out", "sessions")},
    (f"{LOG}/cases/{{case}}/files/{{number}}", "number"): "3",
    (f"{LOG}/inquiries/{{inquiry}}/files/{{number}}", "number"): "1",
    ("/cases/{case}/files/{number}", "number"): "3",
    ("/inquiries/{inquiry}/files/{number}", "number"): "1",
    (f"{LOG}/receipt/{{number}}", "number"): "0",
    (f"{LOG}/receipt/{{number}}/proof", "number"): "0",
    (f"{LOG}/end/{{order}}/certificate", "order"): Named("ending"),
    ("/begin/{name}", "name"): "nobody",
    ("/sign-out/{name}", "name"): "nobody",
    ("/signed-out/{name}", "name"): "nobody",
    ("/callback/{name}", "name"): "nobody",
    ("/logout/{name}", "name"): "nobody",
}

FORMS: Mapping[str, Mapping[str, Mapping[str, Value]]] = {
    "desk": {
        "/take-next": {},
        f"{ALARM}/take": {},
        f"{ALARM}/take-over": {"holder": Named("colleague")},
        f"{ALARM}/hear": {},
        f"{ALARM}/resume": {},
        f"{ALARM}/release": {},
        f"{ALARM}/suspend": {"minutes": "5"},
        f"{ALARM}/hand-over": {"to": Named("colleague")},
        f"{ALARM}/note": {"body": "Ringde upp."},
        f"{ALARM}/merge": {"into": Named("ended")},
        f"{ALARM}/acknowledge": {"version": "1"},
        f"{ALARM}/close": ENDING,
        f"{ALARM}/reopen": {},
        f"{ALARM}/adopt": {"authority": AUTHORITY, "reason": REASON},
        "/bulk": {"authority": AUTHORITY, "alarm": Named("alarm"), **ENDING},
        "/history": {"from": str(date(2026, 1, 1)), "to": str(date(2026, 3, 1)), "text": Named("person_name")},
        "/history/{authority}/{alarm}": {},
        "/outages": {"issuer": NOBODY, "hours": "1", "reason": ""},
        "/outages/declare": {"outage": NOBODY, "digest": NOTHING},
        "/outages/end": {"outage": NOBODY},
        "/keys": {"name": "min", "answer": "x"},
        "/keys/add": {},
        "/keys/rename": {"key": Named("key"), "name": "min"},
        "/keys/remove": {"key": Named("key")},
        "/rules/{authority}/{rule}/{version}": {"digest": NOTHING},
        "/unlock": {},
        "/here": {},
        "/sessions": {"session": Named("session"), "sure": "yes"},
        "/preferences": {"language": "sv"},
        "/sign-out": {},
    },
    "portal": {
        "/unlock": {},
        "/here": {},
        f"{LOG}/programs": {"purpose": "", "scope": "portal.read_log", "keys": "{}", "days": "30"},
        f"{LOG}/programs/end": {"client": Named("client")},
        f"{LOG}/access/routine": {},
        f"{LOG}/access/report/{{year}}/csv": {},
        f"{LOG}/access/report/{{year}}/pdf": {},
        f"{LOG}/terms/pack": {},
        f"{LOG}/reports/{{report}}/{{year}}/csv": {},
        f"{LOG}/reports/{{report}}/{{year}}/pdf": {},
        f"{LOG}/inquiries": {"kind": "other", "wanted": "2026-03-01", "words": ""},
        f"{LOG}/inquiries/settle": {"inquiry": Named("inquiry"), "seen": "1", "deed": "accepted", "words": REASON},
        f"{LOG}/checks": {},
        f"{LOG}/checks/wrong": {},
        f"{LOG}/exclusions/agree": {"exclusion": Named("exclusion"), "digest": NOTHING},
        f"{LOG}/exclusions/end": {"exclusion": Named("exclusion")},
        f"{LOG}/people": {"text": Named("person_name")},
        f"{LOG}/export": {"format": "csv", "person": Named("person"), "reason": "other"},
        f"{LOG}/receipt": {"number": "0"},
        f"{LOG}/retention": {"days": "1", "reason": REASON},
        f"{LOG}/rules": {"rule": NOBODY, "words": "Läs.", "day": "2026-01-01"},
        f"{LOG}/keys": {"name": "min", "answer": "x"},
        f"{LOG}/keys/add": {},
        f"{LOG}/keys/rename": {"key": Named("key"), "name": "min"},
        f"{LOG}/keys/remove": {"key": Named("key")},
        f"{LOG}/sessions": {"session": Named("session"), "sure": "yes"},
        f"{LOG}/erasure": {"person": Named("person"), "decision": REASON, "sure": "true"},
        f"{LOG}/erasure/find": {"text": Named("person_name")},
        f"{LOG}/erasure/decide": {"order": Named("order"), "verdict": "approved", "sure": "true"},
        f"{LOG}/end": {"decision": REASON, "digest": NOTHING, "sure": "true"},
        f"{LOG}/end/decide": {"order": Named("ending"), "verdict": "approved", "name": "Ekbacka kommun"},
        f"{LOG}/end/export": {"reason": ""},
        f"{LOG}/removal": {"alarms": "1", "reason": REASON},
        f"{LOG}/removal/{{proposal}}/approve": {"digest": NOTHING, "sure": "yes"},
        f"{LOG}/removal/{{proposal}}/withdraw": {},
        f"{LOG}/activation": {**ACTIVATION, "reason": ""},
        f"{LOG}/activation/{{proposal}}/approve": {"digest": NOTHING, "sure": "yes"},
        f"{LOG}/activation/{{proposal}}/withdraw": {},
        f"{LOG}/notices/seen": {"notices": Named("notice")},
        f"{LOG}/cases/{{case}}/answer": {"text": "", "tlp": "ROSA"},
        f"{LOG}/cases/{{case}}/seen": {"number": "1"},
        f"{LOG}/contacts": {"place": "2", "name": "Nattjouren", "phone": "08-46500401", "valid_until": "2020-01-01"},
        f"{LOG}/contacts/end": {"place": "2"},
        f"{LOG}/notices/way": {"way": "mail", "address": "ingen"},
        f"{LOG}/notices/end": {"way": Named("way")},
        f"{LOG}/notices/minutes": {"minutes": "99999"},
        f"{LOG}/audits": {
            "kind": "visit", "about": "", "looks_from": "2026-01-01", "looks_until": "2026-01-02",
            "starts": "2026-01-01",
            "ends": "2026-01-02", "answer": "2026-01-01",
        },
        f"{LOG}/audits/agree": {"audit": Named("audit"), "digest": NOTHING},
        f"{LOG}/audits/propose": {"audit": Named("audit"), "starts": "2026-01-01", "ends": "2026-01-02", "words": ""},
        f"{LOG}/audits/withdraw": {"audit": Named("audit")},
        f"{LOG}/audits/end": {"audit": Named("audit")},
        f"{LOG}/audits/close": {"audit": Named("audit"), "held": "yes"},
        f"{LOG}/audits/finding": {"audit": Named("audit"), "finding": REASON},
        f"{LOG}/auditing/freeze": {"audit": Named("audit"), "source": "accounts", "wanted": "5"},
        f"{LOG}/auditing/draw": {"population": NOBODY},
        f"{LOG}/auditing/note": {"audit": Named("audit"), "text": REASON},
        f"{LOG}/auditing/finding": {"audit": Named("audit"), "finding": REASON},
        f"{LOG}/exercises": {"year": "2020", "wanted": "", "wished": ""},
        f"{LOG}/exercises/withdraw": {"exercise": Named("exercise")},
        f"{LOG}/exercises/decide": {"exercise": Named("exercise"), "digest": NOTHING, "verdict": "agreed"},
        f"{LOG}/exercises/end": {"exercise": Named("exercise")},
        f"{LOG}/exercises/attend": {"exercise": Named("exercise"), "present": "1"},
        f"{LOG}/exercises/lesson": {"exercise": Named("exercise"), "lesson": REASON},
        f"{LOG}/exercises/days": {"days": "90"},
        f"{LOG}/tasks/digest": {"weekday": "8"},
        f"{LOG}/tasks/calendar": {},
        f"{LOG}/tasks/calendar/end": {"link": Named("link")},
        f"{LOG}/holds": {"text": Named("personal_number"), "reason": ""},
        f"{LOG}/holds/lift": {"person": Named("held"), "reason": REASON},
        f"{LOG}/access/decide": {"request": Named("request"), "digest": NOTHING, "verdict": "approved"},
        f"{LOG}/access/designate": {"role": "operator", "holders": NOTHING, "wanted": "designated", "reason": REASON},
        "/preferences": {"language": "sv"},
        "/sign-out": {},
    },
    "office": {
        "/account/{account}/ask": {"kind": "first_key", "reason": ""},
        "/account/{account}/roles": {"request": NOBODY, "reason": ""},
        "/account/{account}/put-out": {},
        "/account/{account}/sessions": {"session": "all", "reason": "device_lost"},
        "/requests/new": {"account": NOBODY, "human": NOBODY, "name": ""},
        "/requests/decide": {"request": NOBODY, "digest": NOTHING, "verdict": "approved"},
        "/requests/roles": {"request": NOBODY, "digest": NOTHING, "verdict": "approved"},
        "/emergency/add": {},
        "/emergency/{emergency}/review": {"review": ""},
        "/emergency/enrol": {"name": "min", "answer": "x"},
        "/issuers/new": {"issuer": NOBODY, "name": "x"},
        "/issuers/extend": {"issuer": NOBODY, "draft": NOBODY},
        "/issuers/decide": {"issuer": NOBODY, "digest": NOTHING, "verdict": "approved"},
        "/outages": {"issuer": NOBODY, "hours": "1", "reason": ""},
        "/outages/declare": {"outage": NOBODY, "digest": NOTHING},
        "/outages/end": {"outage": NOBODY},
        "/vulnerabilities/state": {"finding": NOBODY, "justification": "", "because": ""},
        "/vulnerabilities/accept": {"statement": NOBODY},
        "/vulnerabilities/refuse": {"statement": NOBODY},
        "/cases/new": {
            "kind": "incident", "severity": "low", "title": "", "text": "", "tlp": "AMBER",
            "known_at": "2026-01-01T10:00",
        },
        "/cases/{case}/write": {"kind": "moved"},
        "/cases/{case}/seen": {"number": "1"},
        "/inquiries": {"inquiry": NOBODY, "authority": NOBODY, "seen": "1", "words": REASON},
        "/remote/draw": {"number": "1", "reason": ""},
        "/remote/check": {"draw": NOBODY, "session": NOBODY, "verdict": "followed", "note": ""},
        "/exclusions": {"authority": NOBODY, "term": "19", "reason": ""},
        "/exclusions/end": {"authority": NOBODY, "exclusion": NOBODY},
        "/audits/agree": {"audit": NOBODY, "digest": NOTHING},
        "/audits/propose": {"audit": NOBODY, "starts": "2026-01-01", "ends": "2026-01-02", "words": ""},
        "/audits/settle": {"audit": NOBODY, "finding": NOBODY, "motive": ""},
        "/exercises/plan": {
            "exercise": NOBODY, "starts": "2026-01-01T10:00", "ends": "2026-01-01T14:00", "office": "", "portal": "",
            "injects": "",
        },
        "/exercises/begin": {"exercise": NOBODY, "digest": NOTHING},
        "/exercises/end": {"exercise": NOBODY},
        "/exercises/attend": {"exercise": NOBODY, "present": "1"},
        "/exercises/lesson": {"exercise": NOBODY, "lesson": ""},
        "/exercises/settle": {"exercise": NOBODY, "lesson": NOBODY, "motive": ""},
        "/exercises/close": {"exercise": NOBODY},
        "/due/way": {"way": "mail", "address": "ingen"},
        "/due/end": {"way": NOBODY},
        "/due/digest": {"weekday": "8"},
        "/due/calendar": {},
        "/due/calendar/end": {"link": NOBODY},
        "/registers/{register}/showing": {"authority": NOBODY, "how": "nothing"},
        "/registers/{register}/new": {},
        "/registers/{register}/import": {"table": ""},
        "/registers/{register}/entry/{entry}/edit": {"of_number": "1"},
        "/registers/{register}/entry/{entry}/move": {"step": "approve", "digest": NOTHING},
        "/registers/{register}/entry/{entry}/files": {},
        "/registers/{register}/entry/{entry}/acknowledge": {"digest": NOTHING},
        "/rules/{rule}/{version}": {"digest": NOTHING},
        "/touch": {"answer": "x"},
        "/first-key": {"code": "x"},
        "/first-key/enrol": {"name": "min", "answer": "x"},
        "/command": {"code": "x"},
        "/unlock": {},
        "/here": {},
        "/keys": {"name": "min", "answer": "x"},
        "/keys/add": {},
        "/keys/rename": {"key": Named("key"), "name": "min"},
        "/keys/remove": {"key": Named("key")},
        "/sessions": {"session": Named("session"), "sure": "yes"},
        "/preferences": {"language": "sv"},
        "/sign-out": {},
    },
    "signin": {
        "/sign-out": {},
        "/saml/supplier/acs": {"SAMLResponse": "x", "RelayState": "x"},
        "/saml/authority/{slug}/acs": {"SAMLResponse": "x", "RelayState": "x"},
        "/saml/supplier/slo": {"SAMLRequest": "x"},
        "/saml/authority/{slug}/slo": {"SAMLRequest": "x"},
        "/logout/{name}": {"logout_token": "x"},
        "/fallback": {"answer": "x"},
        "/emergency": {"answer": "x"},
        "/invitation": {"code": "x"},
        "/preferences": {"language": "sv"},
    },
}  # fmt: skip
"""By application and address: a form that is filled in, and does no harm where somebody may send it."""

REFUSED_FOR_WHAT_IT_SAYS = frozenset(
    {
        # No key made this answer; nobody approves what he proposed himself; nobody has that name; nothing was begun.
        ("desk", "/keys"), ("portal", f"{LOG}/keys"), ("office", "/keys"), ("office", "/touch"),
        ("office", "/first-key"),
        ("office", "/first-key/enrol"), ("portal", f"{LOG}/removal/{{proposal}}/approve"),
        ("portal", f"{LOG}/activation/{{proposal}}/approve"),
        ("signin", "/saml/supplier/slo"), ("signin", "/saml/authority/{slug}/slo"), ("signin", "/sign-out/{name}"),
        ("signin", "/signed-out/{name}"),
        ("signin", "/"), ("signin", "/begin/{name}"), ("signin", "/callback/{name}"), ("signin", "/saml/supplier/acs"),
        ("signin", "/saml/authority/{slug}/acs"), ("signin", "/fallback"),
        ("signin", "/emergency"), ("office", "/emergency/add"), ("office", "/emergency/enrol"),
    }
)  # fmt: skip
"""Addresses whose sample is answered 403 (to some) for its content, by whoever is let in."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request, with what is still to be filled in."""

    application: str
    method: str
    path: str
    parts: Mapping[str, Value]
    """What stands in the path, by its name there."""
    fields: Mapping[str, Value]

    @property
    def names_an_authority(self) -> bool:
        """Whether it is about one authority, by its address or by its form."""
        return AUTHORITY in (*self.parts.values(), *self.fields.values())

    @property
    def usable(self) -> bool:
        """Whether nobody who is let in is answered 403."""
        return (self.application, self.path) not in REFUSED_FOR_WHAT_IT_SAYS

    @property
    def slots(self) -> list[tuple[str, str]]:
        """Where objects stand, other than the authority: ``("path", "alarm")``, ``("form", "order")``."""
        return [
            (where, name)
            for where, values in (("path", self.parts), ("form", self.fields))
            for name, value in values.items()
            if isinstance(value, Named) and value != AUTHORITY
        ]


def sample(application: str, method: str, path: str) -> Sample:
    """Return what is sent to an address. Raises KeyError where nothing is said of it: say it above."""
    parts = {
        name: IN_SOME_PATHS[path, name] if (path, name) in IN_SOME_PATHS else IN_PATHS[name]
        for name in re.findall(r"\{([^}]+)\}", path)
    }
    return Sample(application, method, path, parts, FORMS[application][path] if method == "POST" else {})

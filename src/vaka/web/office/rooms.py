# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the head of the office leads to, grouped by what administrators come for."""

from vaka.access.permissions import Permission
from vaka.web.navigation import Group, Room
from vaka.web.texts import mark

GROUPS = (
    Group(mark("Work"), (
        Room("due", "/due", mark("What is due"), Permission.OFFICE_SEE_TERMS),
        Room("terms", "/terms", mark("The terms"), Permission.OFFICE_SEE_TERMS),
        Room("trends", "/trends", mark("Trends"), Permission.OFFICE_SEE_TERMS),
        Room("clocks", "/clocks", mark("Clocks"), Permission.OFFICE_SEE_TERMS),
        Room("flows", "/flows", mark("Flows"), Permission.OFFICE_SEE_TERMS),
        Room("cases", "/cases", mark("Cases"), Permission.OFFICE_HANDLE_CASES),
        Room("vulnerabilities", "/vulnerabilities", mark("Vulnerabilities"), Permission.OFFICE_HANDLE_CASES),
        Room("registers", "/registers", mark("Registers"), Permission.OFFICE_SEE_REGISTERS),
    )),
    Group(mark("Accounts"), (
        Room("accounts", "/", mark("Accounts"), Permission.OFFICE_SEE_ACCOUNTS),
        Room("requests", "/requests", mark("Requests"), Permission.OFFICE_DECIDE_ACCOUNT),
        Room("emergency", "/emergency", mark("Emergency access"), Permission.OFFICE_DECIDE_ACCOUNT),
        Room("issuers", "/issuers", mark("Issuers"), Permission.OFFICE_SET_ISSUERS),
    )),
    Group(mark("Authorities"), (
        Room("inquiries", "/inquiries", mark("What authorities ask"), Permission.OFFICE_SEE_TERMS),
        Room("audits", "/audits", mark("Audits and visits"), Permission.OFFICE_SEE_TERMS),
        Room("exercises", "/exercises", mark("Crisis exercises"), Permission.OFFICE_SEE_TERMS),
        Room("rules", "/rules", mark("Authorities' rules"), Permission.OFFICE_SEE_REGISTERS),
    )),
    Group(mark("Mine"), (
        Room("command", "/command", mark("My commands"), Permission.OFFICE_RUN_COMMANDS),
        Room("keys", "/keys", mark("My keys"), Permission.OFFICE_OWN_KEYS),
        Room("sessions", "/sessions", mark("Where I am signed in"), Permission.OFFICE_OWN_SESSIONS),
    )),
)  # fmt: skip

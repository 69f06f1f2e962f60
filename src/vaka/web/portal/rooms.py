# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the head of the portal leads to, grouped by what a reviewer asks."""

from vaka.access.permissions import Permission
from vaka.web.navigation import Group, Room
from vaka.web.texts import mark

GROUPS = (
    Group(mark("What waits for you"), (
        Room("tasks", "/tasks", mark("What waits for you"), Permission.PORTAL_SEE_TERMS),
    )),
    Group(mark("Reception"), (
        Room("status", "/status", mark("Reception now"), Permission.PORTAL_SEE_TERMS),
        Room("trends", "/trends", mark("Trends"), Permission.PORTAL_SEE_TERMS),
    )),
    Group(mark("The terms"), (
        Room("terms", "/terms", mark("The terms"), Permission.PORTAL_SEE_TERMS),
        Room("reports", "/reports", mark("Reports of a year"), Permission.PORTAL_SEE_TERMS),
        Room("registers", "/registers", mark("The supplier's registers"), Permission.PORTAL_SEE_TERMS),
        Room("clocks", "/clocks", mark("Clocks"), Permission.PORTAL_SEE_TERMS),
        Room("flows", "/flows", mark("Flows"), Permission.PORTAL_SEE_TERMS),
        Room("inquiries", "/inquiries", mark("Questions"), Permission.PORTAL_SEE_TERMS),
        Room("audits", "/audits", mark("Audits and visits"), Permission.PORTAL_SEE_TERMS),
        Room("auditing", "/auditing", mark("My audit"), Permission.PORTAL_AUDIT),
        Room("exercises", "/exercises", mark("Crisis exercises"), Permission.PORTAL_SEE_TERMS),
        Room("rules", "/rules", mark("Our rules"), Permission.PORTAL_PUBLISH_RULES),
    )),
    Group(mark("Incidents and vulnerabilities"), (
        Room("cases", "/cases", mark("Cases"), Permission.PORTAL_READ_CASES),
        Room("contacts", "/contacts", mark("Contacts"), Permission.PORTAL_HANDLE_CASES),
    )),
    Group(mark("Access"), (
        Room("access", "/access", mark("Roles"), Permission.PORTAL_SEE_ACCESS),
        Room("holders", "/holders", mark("Administrators"), Permission.PORTAL_SEE_ACCESS),
        Room("programs", "/programs", mark("Programs"), Permission.PORTAL_OWN_CLIENTS),
        Room("activation", "/activation", mark("Codes and passwords"), Permission.PORTAL_SET_ACTIVATION),
    )),
    Group(mark("Log"), (
        Room("log", "", mark("Our log"), Permission.PORTAL_READ_LOG),
        Room("supplier", "/supplier", mark("The supplier's log"), Permission.PORTAL_READ_LOG),
        Room("export", "/export", mark("Take out"), Permission.PORTAL_EXPORT_LOG),
        Room("retention", "/retention", mark("How long the log is kept"), Permission.PORTAL_SET_RETENTION),
        Room("checks", "/checks", mark("Verifying the log"), Permission.PORTAL_READ_LOG),
        Room("help", "/help", mark("What the log proves"), Permission.PORTAL_READ_LOG),
    )),
    Group(mark("People's data"), (
        Room("removal", "/removal", mark("Removal"), Permission.PORTAL_SET_REMOVAL),
        Room("holds", "/holds", mark("Legal holds"), Permission.PORTAL_HOLD_PERSON),
        Room("erasure", "/erasure", mark("Erasure"), Permission.PORTAL_ERASE),
        Room("end", "/end", mark("End of contract"), Permission.PORTAL_EXPORT_AUTHORITY),
    )),
    Group(mark("Mine"), (
        Room("keys", "/keys", mark("My keys"), Permission.PORTAL_OWN_KEYS),
        Room("sessions", "/sessions", mark("Where I am signed in"), Permission.PORTAL_OWN_SESSIONS),
    )),
)  # fmt: skip

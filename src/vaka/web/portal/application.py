# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The portal's route table and the application around it."""

import re
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from vaka.access.permissions import Permission
from vaka.identity.sessions import Realm
from vaka.settings import Settings
from vaka.web import rooms, security_txt
from vaka.web.asker import Asker
from vaka.web.covering import ask_whether_open, say_here
from vaka.web.denials_of_authorities import record_denial
from vaka.web.portal import (
    access,
    access_report,
    access_routine,
    activation,
    auditing,
    audits,
    calendar,
    case_files,
    cases,
    certificates,
    clients,
    contacts,
    cover,
    ending,
    erasure,
    exclusions,
    exercises,
    export,
    holders,
    holds,
    inquiries,
    keys,
    log,
    log_checks,
    machines,
    notices,
    own_sessions,
    people,
    published,
    receipts,
    registers,
    remote,
    removal,
    removal_preview,
    reports,
    retention,
    rules,
    status,
    supplier,
    tasks,
    terms,
    terms_pack,
)
from vaka.web.portal.api import API
from vaka.web.portal.audits import is_over_for
from vaka.web.portal.portal import Portal
from vaka.web.preferences import Theme
from vaka.web.problems import Problems
from vaka.web.programs.front import Rooms
from vaka.web.programs.recognising import recognise_program
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, Door, build_router, route
from vaka.web.safety import Safety

REALM: Realm = "authority"
OTHERS: tuple[Realm, ...] = ("operator",)
THEME: Theme = "light"
"""A clerk works by day."""
LOG = "/log/{authority}"
PROPOSAL = f"{LOG}/removal/{{proposal}}"
RULES = f"{LOG}/activation/{{proposal}}"
EXERCISES = f"{LOG}/exercises"
REPORT = f"{LOG}/reports/{{report}}/{{year}}"
INQUIRIES = f"{LOG}/inquiries"
UPLOADS = re.compile(r"/log/[a-z0-9-]+/(cases/[0-9a-f-]+/answer|inquiries(/settle)?)")
"""Forms that a file may come with."""
AUDITS, AUDITING = f"{LOG}/audits", f"{LOG}/auditing"


async def sign_out(portal: Portal, request: Request) -> Response:
    """POST /sign-out: the session ends, the browser forgets."""
    response, session = await rooms.leave(portal.platform, portal.clock, request, portal.sign_in, realm=REALM)
    if session is not None:
        portal.lookups.forget(session)
    return response


async def serve_static(portal: Portal, request: Request) -> Response:
    """GET /static/…: style, signs."""
    return portal.assets.serve(request)


async def say_alive(portal: Portal, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


async def tell_security_contact(portal: Portal, request: Request) -> Response:
    """GET /.well-known/security.txt: whom somebody tells who has found a weakness (RFC 9116)."""
    return security_txt.answer(portal.security_contact, portal.origin, portal.clock)


ADDRESSES: tuple[Address, ...] = (
    route("/", log.show_start, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route("/log", log.show_start, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(LOG, log.show_log, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/entry/{{index}}", log.show_entry, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/entry/{{index}}/proof", log.give_proof, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/supplier", supplier.show_supplier_log, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/supplier/entry/{{index}}", supplier.show_supplier_entry, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(
        f"{LOG}/supplier/entry/{{index}}/proof", supplier.give_supplier_proof, ["GET"], needs=Permission.PORTAL_READ_LOG
    ),
    route(f"{LOG}/help", log.show_help, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/people", people.look_up, ["POST"], needs=Permission.PORTAL_FIND_PERSON),
    route(f"{LOG}/people/{{number}}", people.show_found, ["GET"], needs=Permission.PORTAL_FIND_PERSON),
    route(f"{LOG}/export", export.show_export, ["GET"], needs=Permission.PORTAL_EXPORT_LOG),
    route(f"{LOG}/export", export.give_export, ["POST"], needs=Permission.PORTAL_EXPORT_LOG),
    route(f"{LOG}/checkpoint", published.save_checkpoint, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/published/{{file:path}}", published.give_file, ["GET"], needs=Permission.PORTAL_EXPORT_LOG),
    route(f"{LOG}/receipt", receipts.find_own_receipt, ["POST"], needs=Permission.PORTAL_OWN_RECEIPT),
    route(f"{LOG}/receipt/{{number}}", receipts.show_receipt, ["GET"], needs=Permission.PORTAL_OWN_RECEIPT),
    route(f"{LOG}/receipt/{{number}}/proof", receipts.give_receipt, ["GET"], needs=Permission.PORTAL_OWN_RECEIPT),
    route("/retention", retention.show_own, ["GET"], needs=Permission.PORTAL_SET_RETENTION),
    route(f"{LOG}/retention", retention.show_retention, ["GET"], needs=Permission.PORTAL_SET_RETENTION),
    route(f"{LOG}/retention", retention.set_retention, ["POST"], needs=Permission.PORTAL_SET_RETENTION),
    route("/rules", rules.show_own, ["GET"], needs=Permission.PORTAL_PUBLISH_RULES),
    route(f"{LOG}/rules", rules.show_rules, ["GET"], needs=Permission.PORTAL_PUBLISH_RULES),
    route(f"{LOG}/rules", rules.publish, ["POST"], needs=Permission.PORTAL_PUBLISH_RULES),
    route("/keys", keys.show_own, ["GET"], needs=Permission.PORTAL_OWN_KEYS),
    route(f"{LOG}/keys", keys.show_keys, ["GET"], needs=Permission.PORTAL_OWN_KEYS),
    route(f"{LOG}/keys", keys.enrol, ["POST"], needs=Permission.PORTAL_OWN_KEYS),
    route(f"{LOG}/keys/add", keys.add, ["POST"], needs=Permission.PORTAL_OWN_KEYS),
    route(f"{LOG}/keys/rename", keys.rename, ["POST"], needs=Permission.PORTAL_OWN_KEYS),
    route(f"{LOG}/keys/remove", keys.remove, ["POST"], needs=Permission.PORTAL_OWN_KEYS),
    route("/locked", cover.show, ["GET"], needs=Permission.PORTAL_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/unlock", cover.unlock, ["POST"], needs=Permission.PORTAL_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/here", say_here, ["POST"], needs=Permission.PORTAL_OWN_SESSIONS),
    route("/here", ask_whether_open, ["GET"], needs=Permission.PORTAL_OWN_SESSIONS, unasked=True),
    route("/sessions", own_sessions.show_own, ["GET"], needs=Permission.PORTAL_OWN_SESSIONS),
    route(f"{LOG}/sessions", own_sessions.show, ["GET"], needs=Permission.PORTAL_OWN_SESSIONS),
    route(f"{LOG}/sessions", own_sessions.end, ["POST"], needs=Permission.PORTAL_OWN_SESSIONS),
    route("/erasure", erasure.show_own, ["GET"], needs=Permission.PORTAL_ERASE),
    route(f"{LOG}/erasure", erasure.show_erasures, ["GET"], needs=Permission.PORTAL_ERASE),
    route(f"{LOG}/erasure", erasure.order, ["POST"], needs=Permission.PORTAL_ERASE),
    route(f"{LOG}/erasure/find", erasure.find_whom, ["POST"], needs=Permission.PORTAL_ERASE),
    route(f"{LOG}/erasure/found/{{number}}", erasure.show_found, ["GET"], needs=Permission.PORTAL_ERASE),
    route(f"{LOG}/erasure/decide", erasure.decide, ["POST"], needs=Permission.PORTAL_ERASE),
    route(
        f"{LOG}/erasure/{{order}}/certificate", certificates.give_certificate, ["GET"], needs=Permission.PORTAL_ERASE
    ),
    route("/end", ending.show_own, ["GET"], needs=Permission.PORTAL_EXPORT_AUTHORITY),
    route(f"{LOG}/end", ending.show_end, ["GET"], needs=Permission.PORTAL_EXPORT_AUTHORITY),
    route(f"{LOG}/end", ending.order, ["POST"], needs=Permission.PORTAL_END_AUTHORITY),
    route(f"{LOG}/end/decide", ending.decide, ["POST"], needs=Permission.PORTAL_END_AUTHORITY),
    route(f"{LOG}/end/{{order}}/certificate", ending.give_certificate, ["GET"], needs=Permission.PORTAL_END_AUTHORITY),
    route(f"{LOG}/end/export", ending.take_everything, ["POST"], needs=Permission.PORTAL_EXPORT_AUTHORITY),
    route("/removal", removal.show_own, ["GET"], needs=Permission.PORTAL_SET_REMOVAL),
    route(f"{LOG}/removal", removal.show_removal, ["GET"], needs=Permission.PORTAL_SET_REMOVAL),
    route(f"{LOG}/removal", removal.propose_removal, ["POST"], needs=Permission.PORTAL_SET_REMOVAL),
    route(PROPOSAL, removal_preview.show_preview, ["GET"], needs=Permission.PORTAL_SET_REMOVAL),
    route(f"{PROPOSAL}/approve", removal_preview.approve_removal, ["POST"], needs=Permission.PORTAL_APPROVE_REMOVAL),
    route(f"{PROPOSAL}/withdraw", removal_preview.withdraw_removal, ["POST"], needs=Permission.PORTAL_SET_REMOVAL),
    route(f"{LOG}/holds", holds.show_holds, ["GET"], needs=Permission.PORTAL_HOLD_PERSON),
    route(f"{LOG}/holds", holds.place, ["POST"], needs=Permission.PORTAL_HOLD_PERSON),
    route(f"{LOG}/holds/lift", holds.lift, ["POST"], needs=Permission.PORTAL_HOLD_PERSON),
    route("/access", access.show_own, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/access", access.show_access, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/access/decide", access.decide, ["POST"], needs=Permission.PORTAL_APPROVE_ACCESS),
    route(f"{LOG}/access/designate", access.designate, ["POST"], needs=Permission.PORTAL_DESIGNATE_ROLE),
    route(f"{LOG}/access/routine", access_routine.give_routine, ["POST"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/access/report/{{year}}", access_report.show_report, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/access/report/{{year}}/csv", access_report.give_report, ["POST"], needs=Permission.PORTAL_SEE_ACCESS),
    route(
        f"{LOG}/access/report/{{year}}/pdf", access_report.give_document, ["POST"], needs=Permission.PORTAL_SEE_ACCESS
    ),
    route("/programs", clients.show_own, ["GET"], needs=Permission.PORTAL_OWN_CLIENTS),
    route(f"{LOG}/programs", clients.show_clients, ["GET"], needs=Permission.PORTAL_OWN_CLIENTS),
    route(f"{LOG}/programs", clients.register, ["POST"], needs=Permission.PORTAL_OWN_CLIENTS),
    route(f"{LOG}/programs/end", clients.end, ["POST"], needs=Permission.PORTAL_OWN_CLIENTS),
    route("/activation", activation.show_own, ["GET"], needs=Permission.PORTAL_SET_ACTIVATION),
    route(f"{LOG}/activation", activation.show_activation, ["GET"], needs=Permission.PORTAL_SET_ACTIVATION),
    route(f"{LOG}/activation", activation.propose, ["POST"], needs=Permission.PORTAL_SET_ACTIVATION),
    route(RULES, activation.show_proposal, ["GET"], needs=Permission.PORTAL_SET_ACTIVATION),
    route(f"{RULES}/approve", activation.approve, ["POST"], needs=Permission.PORTAL_APPROVE_ACTIVATION),
    route(f"{RULES}/withdraw", activation.withdraw, ["POST"], needs=Permission.PORTAL_SET_ACTIVATION),
    route("/holders", holders.show_own, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/holders", holders.show_holders, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/holders/{{account}}", holders.show_account, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/notices", notices.show_notices, ["GET"], needs=Permission.PORTAL_SEE_ACCESS),
    route(f"{LOG}/notices/seen", notices.acknowledge_seen, ["POST"], needs=Permission.PORTAL_SET_NOTICES),
    route(f"{LOG}/notices/way", notices.add_way, ["POST"], needs=Permission.PORTAL_SET_NOTICES),
    route(f"{LOG}/notices/end", notices.stop_way, ["POST"], needs=Permission.PORTAL_SET_NOTICES),
    route(f"{LOG}/notices/minutes", notices.agree_minutes, ["POST"], needs=Permission.PORTAL_SET_NOTICES),
    route(f"{LOG}/cases", cases.show_cases, ["GET"], needs=Permission.PORTAL_READ_CASES),
    route(f"{LOG}/cases/{{case}}", cases.show_case, ["GET"], needs=Permission.PORTAL_READ_CASES),
    route(f"{LOG}/cases/{{case}}/answer", cases.answer_in, ["POST"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/cases/{{case}}/files/{{number}}", cases.give_file, ["GET"], needs=Permission.PORTAL_READ_CASES),
    route(f"{LOG}/cases/{{case}}/seen", cases.say_seen, ["POST"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/cases/{{case}}/file", case_files.give_json, ["GET"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/cases/{{case}}/file/csaf", case_files.give_csaf, ["GET"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/cases/{{case}}/file/stix", case_files.give_stix, ["GET"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/cases/{{case}}/file/pdf", case_files.give_pdf, ["GET"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/contacts", contacts.show_contacts, ["GET"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/contacts", contacts.name_contact, ["POST"], needs=Permission.PORTAL_HANDLE_CASES),
    route(f"{LOG}/contacts/end", contacts.take_off, ["POST"], needs=Permission.PORTAL_HANDLE_CASES),
    route("/tasks", tasks.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/tasks", tasks.show_tasks, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/tasks/digest", tasks.set_day, ["POST"], needs=Permission.PORTAL_SET_NOTICES),
    route(f"{LOG}/tasks/calendar", calendar.make_calendar, ["POST"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/tasks/calendar/end", calendar.end_calendar, ["POST"], needs=Permission.PORTAL_SEE_TERMS),
    route("/calendar/{secret}", calendar.give_calendar, ["GET"], needs=PUBLIC),
    route("/terms", terms.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/terms", terms.show_board, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/terms/pack", terms_pack.give_pack, ["POST"], needs=Permission.PORTAL_SEE_TERMS),
    route("/reports", reports.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/reports", reports.show_reports, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(REPORT, reports.show_report, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{REPORT}/csv", reports.give_file, ["POST"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{REPORT}/pdf", reports.give_document, ["POST"], needs=Permission.PORTAL_SEE_TERMS),
    route("/inquiries", inquiries.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/inquiries", inquiries.show, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/inquiries", inquiries.ask, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{INQUIRIES}/{{inquiry}}/files/{{number}}", inquiries.give_file, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/inquiries/settle", inquiries.settle, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route("/clocks", machines.show_own_clocks, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/clocks", machines.show_clocks, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route("/flows", machines.show_own_flows, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/flows", machines.show_flows, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route("/status", status.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/status", status.show_status, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route("/trends", status.show_own_trends, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/trends", status.show_trends, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/remote", remote.show, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/checks", log_checks.show, ["GET"], needs=Permission.PORTAL_READ_LOG),
    route(f"{LOG}/checks", log_checks.report_well, ["POST"], needs=Permission.PORTAL_VERIFY_LOG),
    route(f"{LOG}/checks/wrong", log_checks.report_fault, ["POST"], needs=Permission.PORTAL_VERIFY_LOG),
    route(f"{LOG}/exclusions", exclusions.show, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/exclusions/agree", exclusions.agree, ["POST"], needs=Permission.PORTAL_EXCLUDE_TERM),
    route(f"{LOG}/exclusions/end", exclusions.end, ["POST"], needs=Permission.PORTAL_EXCLUDE_TERM),
    route("/audits", audits.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(AUDITS, audits.show_audits, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(AUDITS, audits.ask_for_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/agree", audits.agree_to_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/propose", audits.propose_for_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/withdraw", audits.withdraw_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/end", audits.end_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/close", audits.close_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route(f"{AUDITS}/finding", audits.note_one, ["POST"], needs=Permission.PORTAL_ASK_SUPPLIER),
    route("/auditing", auditing.show_own, ["GET"], needs=Permission.PORTAL_AUDIT),
    route(AUDITING, auditing.show, ["GET"], needs=Permission.PORTAL_AUDIT),
    route(f"{AUDITING}/freeze", auditing.freeze_one, ["POST"], needs=Permission.PORTAL_AUDIT),
    route(f"{AUDITING}/draw", auditing.draw_one, ["POST"], needs=Permission.PORTAL_AUDIT),
    route(f"{AUDITING}/note", auditing.keep_one, ["POST"], needs=Permission.PORTAL_AUDIT),
    route(f"{AUDITING}/finding", auditing.find_one, ["POST"], needs=Permission.PORTAL_AUDIT),
    route("/exercises", exercises.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(EXERCISES, exercises.show_exercises, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(EXERCISES, exercises.ask_for_one, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/withdraw", exercises.withdraw_one, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/decide", exercises.decide_one, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/end", exercises.end, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/attend", exercises.attend, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/lesson", exercises.note_lesson, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route(f"{EXERCISES}/days", exercises.agree_days, ["POST"], needs=Permission.PORTAL_ASK_EXERCISE),
    route("/registers", registers.show_own, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/registers", registers.show_registers, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route(f"{LOG}/registers/files/{{file}}", registers.give_file, ["GET"], needs=Permission.PORTAL_SEE_TERMS),
    route("/preferences", rooms.set_preferences, ["POST"], needs=PUBLIC),
    route("/sign-out", sign_out, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route(security_txt.PATH, tell_security_contact, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_portal(portal: Portal, settings: Settings) -> ASGIApp:
    """Return the application of the portal process."""

    async def recognise(request: Request, address: Address) -> Asker | None:
        asker = await rooms.recognise(
            portal.platform, portal.clock, request, address, realm=REALM, others=OTHERS, theme=THEME
        )
        return None if asker is not None and await is_over_for(portal, asker) else asker

    deny = partial(record_denial, portal)
    router = build_router(ADDRESSES, portal, Door(recognise, deny, portal.sign_in))
    programs = build_router(API, portal, Door(partial(recognise_program, portal), deny, sign_in=""))
    # Signing out is answered by leading to the sign-in page, which may stand at another origin.
    pages = Safety(
        router, Refusals(portal.pages, THEME), origin=settings.portal.origin, form_targets=(settings.signin.origin,),
        uploads=UPLOADS, largest_upload=settings.attachments.largest_bytes,
    )  # fmt: skip
    ours = settings.portal

    def answer_programs(origin: str) -> Safety:
        return Safety(programs, Problems(), origin=origin, programs=True)

    behind_front = answer_programs(ours.programs_origin) if ours.programs_origin else None
    return Rooms(pages, answer_programs(ours.origin), behind_front)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The office's route table and the application around it."""

import re
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from vaka.access.permissions import Permission
from vaka.access.resting import with_rest
from vaka.database.connections import transaction
from vaka.identity.sessions import Realm
from vaka.settings import Settings
from vaka.web import rooms, security_txt
from vaka.web.asker import Asker
from vaka.web.covering import ask_whether_open, say_here
from vaka.web.denials import Denial, name_need
from vaka.web.office import (
    accounts,
    audits,
    calendar,
    cases,
    changes,
    commands,
    cover,
    due,
    emergency,
    exclusions,
    exercises,
    first_touch,
    inquiries,
    issuers,
    keys,
    log_checks,
    machines,
    others_sessions,
    outages,
    own_sessions,
    proposing,
    register_acts,
    register_entries,
    register_files,
    register_import,
    registers,
    remote_checks,
    remote_work,
    requests,
    roles,
    rules,
    terms,
    trends,
    vulnerabilities,
)
from vaka.web.office.office import Office
from vaka.web.preferences import Theme
from vaka.web.refusals import Refusals
from vaka.web.routes import PUBLIC, Address, Door, build_router, route
from vaka.web.safety import Safety

REALM: Realm = "administrator"
OTHERS: tuple[Realm, ...] = ("operator", "authority")
THEME: Theme = "light"
DOCUMENTS = re.compile(r"/issuers/new")
"""Forms with the metadata of an issuer in them."""
UPLOADS = re.compile(r"/registers/[a-z-]+/entry/[0-9a-f-]+/files|/cases/[0-9a-f-]+/write|/inquiries")
"""Forms with a file in them."""
REGISTER = "/registers/{register}"
ENTRY = f"{REGISTER}/entry/{{entry}}"


async def sign_out(office: Office, request: Request) -> Response:
    """POST /sign-out: the session ends, the browser forgets."""
    response, _ = await rooms.leave(office.platform, office.clock, request, office.sign_in, realm=REALM)
    return response


async def serve_static(office: Office, request: Request) -> Response:
    """GET /static/…: style, signs."""
    return office.assets.serve(request)


async def say_alive(office: Office, request: Request) -> Response:
    """GET /alive: for whoever watches the process; says nothing else."""
    return PlainTextResponse("alive")


async def tell_security_contact(office: Office, request: Request) -> Response:
    """GET /.well-known/security.txt: whom somebody tells who has found a weakness (RFC 9116)."""
    return security_txt.answer(office.security_contact, office.origin, office.clock)


ADDRESSES: tuple[Address, ...] = (
    route("/", accounts.show_accounts, ["GET"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/account/{account}", accounts.show_account, ["GET"], needs=Permission.OFFICE_SEE_ACCOUNTS),
    route("/account/{account}/ask", changes.ask_change, ["POST"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/account/{account}/roles", roles.show_form, ["GET"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/account/{account}/roles", roles.ask, ["POST"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/account/{account}/put-out", changes.end, ["POST"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/account/{account}/sessions", others_sessions.end, ["POST"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/requests", requests.show_requests, ["GET"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/requests/new", requests.show_new, ["GET"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/requests/new", requests.ask_new, ["POST"], needs=Permission.OFFICE_ASK_ACCOUNT),
    route("/requests/decide", requests.decide, ["POST"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/requests/roles", roles.decide, ["POST"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/emergency", emergency.show_emergency, ["GET"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/emergency/add", emergency.add_key, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/emergency/enrol", emergency.enrol_key, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/emergency/{emergency}", emergency.show_one, ["GET"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/emergency/{emergency}/review", emergency.review, ["POST"], needs=Permission.OFFICE_DECIDE_ACCOUNT),
    route("/issuers", issuers.show_issuers, ["GET"], needs=Permission.OFFICE_SET_ISSUERS),
    route("/issuers/new", proposing.show_form, ["GET"], needs=Permission.OFFICE_SET_ISSUERS),
    route("/issuers/new", proposing.propose, ["POST"], needs=Permission.OFFICE_SET_ISSUERS),
    route("/issuers/extend", proposing.extend_evidence, ["POST"], needs=Permission.OFFICE_SET_ISSUERS),
    route("/issuers/decide", issuers.decide, ["POST"], needs=Permission.OFFICE_SET_ISSUERS),
    route("/outages", outages.show, ["GET"], needs=Permission.OFFICE_DECLARE_OUTAGE),
    route("/outages", outages.propose, ["POST"], needs=Permission.OFFICE_DECLARE_OUTAGE),
    route("/outages/declare", outages.declare, ["POST"], needs=Permission.OFFICE_DECLARE_OUTAGE),
    route("/outages/end", outages.end, ["POST"], needs=Permission.OFFICE_DECLARE_OUTAGE),
    route("/cases", cases.show_cases, ["GET"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/vulnerabilities", vulnerabilities.show, ["GET"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/vulnerabilities/state", vulnerabilities.state, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/vulnerabilities/accept", vulnerabilities.accept, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/vulnerabilities/refuse", vulnerabilities.refuse, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/new", cases.show_new, ["GET"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/new", cases.open_new, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/{case}", cases.show_case, ["GET"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/{case}/write", cases.write_in, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/{case}/files/{number}", cases.give_file, ["GET"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/cases/{case}/seen", cases.say_seen, ["POST"], needs=Permission.OFFICE_HANDLE_CASES),
    route("/terms", terms.show_terms, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/terms/{slug}", terms.show_board, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/inquiries", inquiries.show, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/inquiries/{inquiry}/files/{number}", inquiries.give_file, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/inquiries", inquiries.answer, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/log-checks", log_checks.show, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/exclusions", exclusions.show, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/exclusions", exclusions.propose, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/exclusions/end", exclusions.end, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/clocks", machines.show_clocks, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/flows", machines.show_flows, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/trends", trends.show_trends, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/remote", remote_checks.show, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/remote/draw", remote_checks.draw, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route("/remote/check", remote_checks.check, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route("/audits", audits.show_audits, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/audits/agree", audits.agree_to_one, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/audits/propose", audits.propose_for_one, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/audits/settle", audits.settle_one, ["POST"], needs=Permission.OFFICE_ANSWER_AUTHORITIES),
    route("/exercises", exercises.show_exercises, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/exercises/plan", exercises.plan_one, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/begin", exercises.begin_one, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/end", exercises.end, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/attend", exercises.attend, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/lesson", exercises.note_lesson, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/settle", exercises.settle_one, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/exercises/close", exercises.close_one, ["POST"], needs=Permission.OFFICE_KEEP_EXERCISES),
    route("/due", due.show_due, ["GET"], needs=Permission.OFFICE_SEE_TERMS),
    route("/due/way", due.add_way, ["POST"], needs=Permission.OFFICE_DECIDE_REGISTERS),
    route("/due/end", due.stop_way, ["POST"], needs=Permission.OFFICE_DECIDE_REGISTERS),
    route("/due/digest", due.set_day, ["POST"], needs=Permission.OFFICE_DECIDE_REGISTERS),
    route("/due/calendar", calendar.make_calendar, ["POST"], needs=Permission.OFFICE_SEE_TERMS),
    route("/due/calendar/end", calendar.end_calendar, ["POST"], needs=Permission.OFFICE_SEE_TERMS),
    route("/calendar/{secret}", calendar.give_calendar, ["GET"], needs=PUBLIC),
    route("/registers", registers.show_registers, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route(REGISTER, registers.show_register, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route(f"{REGISTER}/table", registers.give_table, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route(f"{REGISTER}/showing", register_acts.set_showing, ["POST"], needs=Permission.OFFICE_DECIDE_REGISTERS),
    route(f"{REGISTER}/new", register_entries.show_new, ["GET"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{REGISTER}/new", register_entries.write_new, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{REGISTER}/import", register_import.show_import, ["GET"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{REGISTER}/import", register_import.take_table, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(ENTRY, register_entries.show_entry, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route(f"{ENTRY}/edit", register_entries.show_edit, ["GET"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{ENTRY}/edit", register_entries.write_edit, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{ENTRY}/move", register_acts.take_step, ["POST"], needs=Permission.OFFICE_DECIDE_REGISTERS),
    route(f"{ENTRY}/acknowledge", register_acts.accept, ["POST"], needs=Permission.OFFICE_SEE_REGISTERS),
    route(f"{ENTRY}/files", register_files.attach_one, ["POST"], needs=Permission.OFFICE_KEEP_REGISTERS),
    route(f"{ENTRY}/files/{{file}}", register_files.give_file, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route("/touch", first_touch.show_touch, ["GET"], needs=Permission.OFFICE_OWN_KEYS),
    route("/touch", first_touch.take_touch, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/first-key", first_touch.show_first_key, ["GET"], needs=Permission.OFFICE_OWN_KEYS),
    route("/first-key", first_touch.take_code, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/first-key/enrol", first_touch.enrol, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/command", commands.show_form, ["GET"], needs=Permission.OFFICE_RUN_COMMANDS),
    route("/command", commands.approve, ["POST"], needs=Permission.OFFICE_RUN_COMMANDS),
    route("/rules", rules.show, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route("/rules/{rule}/{version}", rules.show_one, ["GET"], needs=Permission.OFFICE_SEE_REGISTERS),
    route("/rules/{rule}/{version}", rules.acknowledge, ["POST"], needs=Permission.OFFICE_SEE_REGISTERS),
    route("/keys", keys.show_keys, ["GET"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys", keys.enrol, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/add", keys.add, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/rename", keys.rename, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/keys/remove", keys.remove, ["POST"], needs=Permission.OFFICE_OWN_KEYS),
    route("/locked", cover.show, ["GET"], needs=Permission.OFFICE_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/unlock", cover.unlock, ["POST"], needs=Permission.OFFICE_OWN_SESSIONS, unasked=True, while_locked=True),
    route("/here", say_here, ["POST"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/here", ask_whether_open, ["GET"], needs=Permission.OFFICE_OWN_SESSIONS, unasked=True),
    route("/sessions", own_sessions.show, ["GET"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/sessions", own_sessions.end, ["POST"], needs=Permission.OFFICE_OWN_SESSIONS),
    route("/preferences", rooms.set_preferences, ["POST"], needs=PUBLIC),
    route("/sign-out", sign_out, ["POST"], needs=PUBLIC),
    route("/alive", say_alive, ["GET"], needs=PUBLIC),
    route(security_txt.PATH, tell_security_contact, ["GET"], needs=PUBLIC),
    route("/static/{fingerprint}/{name}", serve_static, ["GET"], needs=PUBLIC),
)


def build_office(office: Office, settings: Settings) -> ASGIApp:
    """Return the application of the office process."""

    async def recognise(request: Request, address: Address) -> Asker | None:
        asker = await rooms.recognise(
            office.platform, office.clock, request, address, realm=REALM, others=OTHERS, theme=THEME
        )
        if asker is None or not await emergency.is_as_opened(office, asker.session):
            return None
        if asker.session.realm == REALM:
            await remote_work.require_place(office, asker, request)
        async with transaction(office.platform) as connection:
            now = office.clock.now()
            principal = await with_rest(connection, asker.principal, now, office.training_ahead)
        return replace(asker, principal=principal)

    async def record_denial(asker: Asker, address: Address, request: Request) -> None:
        denial = Denial(
            asker.principal.actor, asker.session.id, address.path, ",".join(address.methods), name_need(address), None
        )
        await office.denials.tell(denial)

    async def first(asker: Asker, address: Address, request: Request) -> Response | None:
        return await first_touch.lead_first(office, asker, address) or await remote_work.lead_to_policy(
            office, asker, address, request
        )

    router = build_router(ADDRESSES, office, Door(recognise, record_denial, office.sign_in, first))
    # Signing out is answered by leading to the sign-in page, which may stand at another origin.
    return Safety(
        router,
        Refusals(office.pages, THEME),
        origin=settings.office.origin,
        form_targets=(settings.signin.origin,),
        documents=DOCUMENTS,
        uploads=UPLOADS,
        largest_upload=settings.attachments.largest_bytes,
    )

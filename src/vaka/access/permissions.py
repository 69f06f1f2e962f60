# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every permission there is, in one enum. The value is stable: it stands in the documentation and in route tables."""

from enum import Enum


class Permission(Enum):
    """What may be asked. The comment says what a yes allows."""

    DESK_SEE_QUEUE = "desk.see_queue"  # open alarms; whose they are, only with desk.read_person
    DESK_HANDLE_ALARM = "desk.handle_alarm"  # take, lay aside, hand over, note, close, reopen
    DESK_READ_PERSON = "desk.read_person"  # names, texts, the one screen: home, keys, care notes, contacts, history
    DESK_SEE_HISTORY = "desk.see_history"  # closed alarms; names and texts, only with desk.read_person
    DESK_TAKE_OVER = "desk.take_over"  # take an alarm from a colleague who sits at his desk
    DESK_BULK_CLOSE = "desk.bulk_close"  # end many technical or test alarms at once; in the reception, unknown senders
    DESK_ADOPT_DEVICE = "desk.adopt_device"  # make an unknown sender a device of an authority
    DESK_DECLARE_OUTAGE = "desk.declare_outage"  # say, with an administrator, that an issuer lets nobody in; end that
    DESK_READ_RULES = "desk.read_rules"  # read and acknowledge the rules of the authorities that one works for
    DESK_OWN_KEYS = "desk.own_keys"  # add, rename and remove one's own security keys
    DESK_OWN_SESSIONS = "desk.own_sessions"  # see where one is signed in oneself, and sign out there
    OFFICE_RUN_COMMANDS = "office.run_commands"  # stand behind the maintenance commands that one runs
    PORTAL_READ_LOG = "portal.read_log"  # read and search the authority's log; people in care, only by identifier
    PORTAL_FIND_PERSON = "portal.find_person"  # look a person in care up in the log, and see whom its entries concern
    PORTAL_SET_RETENTION = "portal.set_retention"  # decide how long the authority's log is kept
    PORTAL_SET_REMOVAL = "portal.set_removal"  # see and propose how long people's data is kept, and withdraw a proposal
    PORTAL_APPROVE_REMOVAL = "portal.approve_removal"  # approve what a colleague proposed
    PORTAL_HOLD_PERSON = "portal.hold_person"  # say of whom nothing is removed or erased, and lift that again
    PORTAL_OWN_RECEIPT = "portal.own_receipt"  # fetch the proof of what one has done oneself
    PORTAL_OWN_KEYS = "portal.own_keys"  # add, rename and remove one's own security keys
    PORTAL_OWN_SESSIONS = "portal.own_sessions"  # see where one is signed in oneself, and sign out there
    PORTAL_ERASE = "portal.erase"  # order the erasure of a person, and decide what a colleague ordered
    PORTAL_END_AUTHORITY = "portal.end_authority"  # order the erasure of everything, decide what a colleague ordered
    PORTAL_EXPORT_AUTHORITY = "portal.export_authority"  # take out everything about everybody, for a written reason
    PORTAL_SEE_ACCESS = "portal.see_access"  # who holds which role, what is asked for, and the report of a year
    PORTAL_DESIGNATE_ROLE = "portal.designate_role"  # say which roles nobody gets without the authority's approval
    PORTAL_APPROVE_ACCESS = "portal.approve_access"  # approve or refuse who gets such a role, and exceptions
    PORTAL_SET_NOTICES = "portal.set_notices"  # say where the authority is told of changes, and that one has seen them
    PORTAL_HANDLE_CASES = "portal.handle_cases"  # say whom the supplier reaches, and answer in the case room
    PORTAL_READ_CASES = "portal.read_cases"  # read the cases that touch the authority, and write nothing
    PORTAL_OWN_CLIENTS = "portal.own_clients"  # register programs that act for oneself, and end them
    PORTAL_SET_ACTIVATION = "portal.set_activation"  # see and propose what codes and passwords have to be
    PORTAL_APPROVE_ACTIVATION = "portal.approve_activation"  # put it in force; what weakens it, not one's own proposal
    PORTAL_PUBLISH_RULES = "portal.publish_rules"  # publish the authority's own rules, and see how many have read them
    PORTAL_SEE_TERMS = "portal.see_terms"  # how the 37 terms stand, and by which evidence
    PORTAL_ASK_SUPPLIER = "portal.ask_supplier"  # ask for evidence, visits and audits, and settle the answers
    PORTAL_EXCLUDE_TERM = "portal.exclude_term"  # agree that a term does not concern the authority, and take that back
    PORTAL_AUDIT = "portal.audit"  # within an audit: freeze populations, draw samples, note
    PORTAL_ASK_EXERCISE = "portal.ask_exercise"  # ask for crisis exercises, agree to plans, say who came
    PORTAL_REGISTER_PEOPLE = "portal.register_people"  # by program: enter people in care in the register; reads nobody
    PORTAL_KEEP_PEOPLE = "portal.keep_people"  # by program: read people in care one by one, and write them anew
    PORTAL_VERIFY_LOG = "portal.verify_log"  # report what came of verifying the authority's log
    PORTAL_EXPORT_LOG = "portal.export_log"  # take entries of the log out as a file, for a reason that is written down
    OFFICE_SEE_ACCOUNTS = "office.see_accounts"  # whose accounts there are, and what became of each
    OFFICE_ASK_ACCOUNT = "office.ask_account"  # ask for accounts, invite whom they are for, put somebody out at once
    OFFICE_DECIDE_ACCOUNT = "office.decide_account"  # approve or refuse what another human asked for
    OFFICE_SET_ISSUERS = "office.set_issuers"  # see, propose, approve, withdraw issuers of identities
    OFFICE_DECLARE_OUTAGE = "office.declare_outage"  # say, with a shift leader, that an issuer lets nobody in; end that
    OFFICE_SEE_TERMS = "office.see_terms"  # how the 37 terms stand with each authority, and the work that follows
    OFFICE_HANDLE_CASES = "office.handle_cases"  # open incidents and vulnerabilities as cases, and write in them
    OFFICE_SEE_REGISTERS = "office.see_registers"  # what stands in the registers, and accept policies for oneself
    OFFICE_KEEP_REGISTERS = "office.keep_registers"  # write in them, one entry or a whole table
    OFFICE_DECIDE_REGISTERS = "office.decide_registers"  # put in force what another wrote; show authorities a register
    OFFICE_ANSWER_AUTHORITIES = "office.answer_authorities"  # answer authorities; propose which terms are not for them
    OFFICE_KEEP_EXERCISES = "office.keep_exercises"  # plan, begin and close crisis exercises that were asked for
    OFFICE_OWN_SESSIONS = "office.own_sessions"  # see where one is signed in oneself, and sign out there
    OFFICE_OWN_KEYS = "office.own_keys"  # add, rename and remove one's own security keys


FALLBACK = frozenset(
    {
        Permission.DESK_SEE_QUEUE,
        Permission.DESK_HANDLE_ALARM,
        Permission.DESK_READ_PERSON,
        Permission.DESK_OWN_SESSIONS,
    }
)
"""What is left of somebody's rights in a session that rests on a security key alone, as his issuer was away (term
15): alarms are answered, and of people those who alarm are seen. Whatever is not here, new permissions too, is not."""
EMERGENCY = frozenset(
    {
        Permission.OFFICE_SEE_ACCOUNTS,
        Permission.OFFICE_ASK_ACCOUNT,
        Permission.OFFICE_DECIDE_ACCOUNT,
        Permission.OFFICE_SET_ISSUERS,
        Permission.OFFICE_OWN_SESSIONS,
    }
)
"""What is left of an administrator's rights in a session that two custodians opened in an emergency (term 15):
accounts, first keys and issuers, so that people can sign in again. No registers, no commands, no keys of one's own."""
MENDING = frozenset(
    {
        Permission.OFFICE_SEE_REGISTERS,
        Permission.OFFICE_KEEP_REGISTERS,
        Permission.OFFICE_OWN_KEYS,
        Permission.OFFICE_OWN_SESSIONS,
    }
)
"""What is left of an administrator's rights while his role rests, as he has not taken a mandatory course (term 5): he
can enter what is missing. Of other people's rights nothing goes, and so nothing that answers alarms."""
PRIVILEGED = frozenset(
    {
        Permission.DESK_TAKE_OVER,
        Permission.DESK_BULK_CLOSE,
        Permission.DESK_ADOPT_DEVICE,
        Permission.DESK_DECLARE_OUTAGE,
        Permission.PORTAL_SET_RETENTION,
        Permission.PORTAL_SET_REMOVAL,
        Permission.PORTAL_APPROVE_REMOVAL,
        Permission.PORTAL_HOLD_PERSON,
        Permission.PORTAL_ERASE,
        Permission.PORTAL_END_AUTHORITY,
        Permission.PORTAL_EXPORT_AUTHORITY,
        Permission.PORTAL_DESIGNATE_ROLE,
        Permission.PORTAL_APPROVE_ACCESS,
        Permission.PORTAL_SET_ACTIVATION,
        Permission.PORTAL_APPROVE_ACTIVATION,
        Permission.PORTAL_SET_NOTICES,
        Permission.PORTAL_HANDLE_CASES,
        Permission.OFFICE_SEE_ACCOUNTS,
        Permission.OFFICE_SET_ISSUERS,
        Permission.OFFICE_DECLARE_OUTAGE,
        Permission.PORTAL_EXPORT_LOG,
    }
)
"""What commands colleagues, rules, devices, or what is erased or leaves the platform (term 10): whoever has a role with
any of these stands in the list of holders, and is told of in notices."""

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each permission allows, as it is said to people who are to judge who should have it."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.access.permissions import Permission
from vaka.errors import Sentence

_OWN_KEYS = Sentence(
    "lägga till, döpa om och ta bort egna säkerhetsnycklar", "add, rename and remove own security keys"
)
_OWN_SESSIONS = Sentence("se och avsluta egna inloggningar", "see and end own sessions")

PERMISSION_WORDS: Mapping[Permission, Sentence] = MappingProxyType(
    {
        Permission.DESK_SEE_QUEUE: Sentence("se öppna larm", "see open alarms"),
        Permission.DESK_HANDLE_ALARM: Sentence(
            "ta, lägga undan, lämna över, anteckna, avsluta och öppna larm igen",
            "take, lay aside, hand over, note, close and reopen alarms",
        ),
        Permission.DESK_READ_PERSON: Sentence(
            "läsa om den som larmar: namn, bostad, nycklar, omsorg, kontakter och tidigare larm",
            "read about who alarms: name, home, keys, care, contacts and earlier alarms",
        ),
        Permission.DESK_SEE_HISTORY: Sentence("se avslutade larm", "see closed alarms"),
        Permission.DESK_TAKE_OVER: Sentence(
            "ta ett larm från en kollega som sitter vid sin arbetsplats", "take an alarm from a colleague at the desk"
        ),
        Permission.DESK_BULK_CLOSE: Sentence(
            "avsluta många tekniska larm eller provlarm på en gång", "end many technical or test alarms at once"
        ),
        Permission.DESK_ADOPT_DEVICE: Sentence(
            "göra en okänd avsändare till en enhet hos en myndighet", "make an unknown sender an authority's device"
        ),
        Permission.DESK_DECLARE_OUTAGE: Sentence(
            "förklara, tillsammans med en administratör, att en utfärdare inte släpper in någon, och avsluta det",
            "declare, together with an administrator, that an issuer lets nobody in, and end that",
        ),
        Permission.DESK_READ_RULES: Sentence(
            "läsa och bekräfta reglerna hos de myndigheter som man arbetar för",
            "read and acknowledge the rules of the authorities that one works for",
        ),
        Permission.DESK_OWN_KEYS: _OWN_KEYS,
        Permission.DESK_OWN_SESSIONS: _OWN_SESSIONS,
        Permission.OFFICE_RUN_COMMANDS: Sentence(
            "stå bakom de underhållskommandon som man kör", "stand behind the maintenance commands that one runs"
        ),
        Permission.PORTAL_READ_LOG: Sentence(
            "läsa och söka i myndighetens logg, utan namn på personer i omsorgen",
            "read and search the authority's log, without names of people in care",
        ),
        Permission.PORTAL_FIND_PERSON: Sentence(
            "slå upp en person i loggen och se vem poster gäller",
            "look a person up in the log, see whom entries concern",
        ),
        Permission.PORTAL_SET_RETENTION: Sentence(
            "bestämma hur länge loggen sparas", "decide how long the log is kept"
        ),
        Permission.PORTAL_SET_REMOVAL: Sentence(
            "föreslå hur länge personers uppgifter sparas", "propose how long people's data is kept"
        ),
        Permission.PORTAL_APPROVE_REMOVAL: Sentence(
            "godkänna vad en kollega har föreslagit om det", "approve what a colleague proposed about that"
        ),
        Permission.PORTAL_HOLD_PERSON: Sentence(
            "spärra en persons uppgifter mot gallring och radering", "hold a person's data against removal and erasure"
        ),
        Permission.PORTAL_OWN_RECEIPT: Sentence(
            "hämta beviset för vad man själv har gjort", "fetch the proof of what one has done oneself"
        ),
        Permission.PORTAL_OWN_KEYS: _OWN_KEYS,
        Permission.PORTAL_OWN_SESSIONS: _OWN_SESSIONS,
        Permission.PORTAL_ERASE: Sentence(
            "beställa att en person raderas, och besluta om en kollegas beställning",
            "order the erasure of a person, and decide a colleague's order",
        ),
        Permission.PORTAL_END_AUTHORITY: Sentence(
            "beställa att allt raderas när avtalet är slut, och besluta om en kollegas beställning",
            "order the erasure of everything at the end of the contract, and decide a colleague's order",
        ),
        Permission.PORTAL_EXPORT_AUTHORITY: Sentence(
            "ta ut allt om alla, av ett skäl som antecknas", "take out everything about everybody, for a written reason"
        ),
        Permission.PORTAL_SEE_ACCESS: Sentence(
            "se vem som har vilken roll, och vad som är begärt", "see who holds which role, and what is asked for"
        ),
        Permission.PORTAL_DESIGNATE_ROLE: Sentence(
            "bestämma vilka roller ingen får utan myndighetens godkännande",
            "say which roles nobody gets without the authority's approval",
        ),
        Permission.PORTAL_APPROVE_ACCESS: Sentence(
            "godkänna eller avslå vem som får en sådan roll", "approve or refuse who gets such a role"
        ),
        Permission.PORTAL_SET_NOTICES: Sentence(
            "bestämma vart myndigheten får besked om ändringar", "say where the authority is told of changes"
        ),
        Permission.PORTAL_HANDLE_CASES: Sentence(
            "ange vem leverantören når, och svara i ärenderummet",
            "say whom the supplier reaches, and answer in the case room",
        ),
        Permission.PORTAL_READ_CASES: Sentence(
            "läsa ärenden som berör myndigheten", "read the cases that touch the authority"
        ),
        Permission.PORTAL_OWN_CLIENTS: Sentence(
            "registrera program som handlar åt en själv", "register programs that act for oneself"
        ),
        Permission.PORTAL_SET_ACTIVATION: Sentence(
            "föreslå hur koder och lösenord ska vara", "propose what codes and passwords have to be"
        ),
        Permission.PORTAL_APPROVE_ACTIVATION: Sentence(
            "sätta reglerna för koder och lösenord i kraft", "put the rules for codes and passwords in force"
        ),
        Permission.PORTAL_PUBLISH_RULES: Sentence(
            "publicera myndighetens egna regler och se hur många som har läst dem",
            "publish the authority's own rules, and see how many have read them",
        ),
        Permission.PORTAL_ASK_SUPPLIER: Sentence(
            "fråga leverantören efter underlag, besök och revision, och avgöra om svaren duger",
            "ask the supplier for evidence, visits and audits, and settle the answers",
        ),
        Permission.PORTAL_EXCLUDE_TERM: Sentence(
            "godta att ett villkor inte gäller myndigheten, och ta tillbaka det",
            "agree that a term does not concern the authority, and take that back",
        ),
        Permission.PORTAL_SEE_TERMS: Sentence("se hur de 37 villkoren står", "see how the 37 terms stand"),
        Permission.PORTAL_AUDIT: Sentence(
            "inom en revision: frysa populationer, dra urval, anteckna och skriva vad som har kommit fram",
            "within an audit: freeze populations, draw samples, take notes and write what was found",
        ),
        Permission.PORTAL_ASK_EXERCISE: Sentence(
            "begära krisövningar, komma överens om planer, säga vilka som var med och vad man lärde sig",
            "ask for crisis exercises, agree to plans, say who came and what was learned",
        ),
        Permission.PORTAL_REGISTER_PEOPLE: Sentence(
            "med ett program: skriva in personer i registret", "by program: enter people in the register"
        ),
        Permission.PORTAL_KEEP_PEOPLE: Sentence(
            "med ett program: läsa en person i registret och skriva om henne",
            "by program: read one person in the register, and write him anew",
        ),
        Permission.PORTAL_VERIFY_LOG: Sentence(
            "säga vad en kontroll av loggen gav", "report what came of verifying the log"
        ),
        Permission.PORTAL_EXPORT_LOG: Sentence(
            "ta ut poster ur loggen som fil, av ett skäl som antecknas",
            "take entries of the log out as a file, for a reason",
        ),
        Permission.OFFICE_SEE_ACCOUNTS: Sentence("se leverantörens konton", "see the supplier's accounts"),
        Permission.OFFICE_ASK_ACCOUNT: Sentence(
            "begära konton, bjuda in, och stänga av någon genast", "ask for accounts, invite, put somebody out at once"
        ),
        Permission.OFFICE_DECIDE_ACCOUNT: Sentence(
            "godkänna eller avslå vad en annan människa har begärt", "approve or refuse what another human asked for"
        ),
        Permission.OFFICE_DECLARE_OUTAGE: Sentence(
            "förklara, tillsammans med en arbetsledare, att en utfärdare inte släpper in någon, och avsluta det",
            "declare, together with a shift leader, that an issuer lets nobody in, and end that",
        ),
        Permission.OFFICE_KEEP_EXERCISES: Sentence(
            "planera, börja, avsluta och stänga krisövningar som myndigheter har begärt",
            "plan, begin, end and close crisis exercises that authorities asked for",
        ),
        Permission.OFFICE_SEE_TERMS: Sentence(
            "se hur de 37 villkoren står sig hos varje myndighet, och arbetet som följer",
            "see how the 37 terms stand with each authority, and the work that follows",
        ),
        Permission.OFFICE_SET_ISSUERS: Sentence(
            "föreslå och godkänna vilka e-legitimationer som godtas",
            "propose and approve which identities are accepted",
        ),
        Permission.OFFICE_HANDLE_CASES: Sentence(
            "öppna incidenter och sårbarheter som ärenden, skriva i dem och ta dem steg för steg",
            "open incidents and vulnerabilities as cases, write in them and take them step by step",
        ),
        Permission.OFFICE_SEE_REGISTERS: Sentence("läsa leverantörens register", "read the supplier's registers"),
        Permission.OFFICE_KEEP_REGISTERS: Sentence("skriva i registren", "write in the registers"),
        Permission.OFFICE_DECIDE_REGISTERS: Sentence(
            "sätta i kraft vad en annan har skrivit i registren", "put in force what another wrote in the registers"
        ),
        Permission.OFFICE_ANSWER_AUTHORITIES: Sentence(
            "svara på vad myndigheter frågar, och föreslå vilka villkor som inte gäller dem",
            "answer what authorities ask, and propose which terms do not concern them",
        ),
        Permission.OFFICE_OWN_SESSIONS: _OWN_SESSIONS,
        Permission.OFFICE_OWN_KEYS: _OWN_KEYS,
    }
)
"""Every permission, as what one may do."""

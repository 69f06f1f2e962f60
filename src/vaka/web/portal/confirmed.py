# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which of the portal's addresses do something only after a touch of a security key (term 15), and why others do not.

Every address that changes something, or hands out a file, stands in one of the two; a test compares them with the route
table, and tries each of the first without a key.
"""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.events import Event

_LOG = "/log/{authority}"

CONFIRMED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        path: frozenset(act.value for act in acts)
        for path, acts in {
            f"{_LOG}/export": [Event.LOG_EXPORTED],
            f"{_LOG}/access/report/{{year}}/csv": [Event.LOG_EXPORTED],
            f"{_LOG}/access/report/{{year}}/pdf": [Event.LOG_EXPORTED],
            f"{_LOG}/terms/pack": [Event.EVIDENCE_PACKED],
            f"{_LOG}/reports/{{report}}/{{year}}/csv": [Event.REPORT_TAKEN],
            f"{_LOG}/reports/{{report}}/{{year}}/pdf": [Event.REPORT_TAKEN],
            f"{_LOG}/exclusions/agree": [Event.EXCLUSION_APPROVED],
            f"{_LOG}/checks": [Event.LOG_VERIFIED],
            f"{_LOG}/retention": [Event.RETENTION_SET],
            f"{_LOG}/rules": [Event.RULE_PUBLISHED],
            f"{_LOG}/removal/{{proposal}}/approve": [Event.REMOVAL_APPROVED],
            f"{_LOG}/activation/{{proposal}}/approve": [Event.ACTIVATION_APPROVED],
            f"{_LOG}/holds": [Event.HOLD_PLACED],
            f"{_LOG}/holds/lift": [Event.HOLD_LIFTED],
            f"{_LOG}/erasure": [Event.ERASURE_ORDERED],
            f"{_LOG}/erasure/decide": [Event.ERASURE_DECIDED],
            f"{_LOG}/end/export": [Event.EXPORT_BEGUN],
            f"{_LOG}/end": [Event.ENDING_ORDERED],
            f"{_LOG}/end/decide": [Event.ENDING_DECIDED],
            f"{_LOG}/access/decide": [Event.ROLE_APPROVED, Event.ROLE_REFUSED],
            f"{_LOG}/access/designate": [Event.ROLE_DESIGNATED, Event.ROLE_RELEASED],
            f"{_LOG}/programs": [Event.CLIENT_REGISTERED],
            f"{_LOG}/contacts": [Event.CONTACT_SET],
            f"{_LOG}/contacts/end": [Event.CONTACT_ENDED],
            f"{_LOG}/notices/way": [Event.NOTICE_WAY_SET],
            f"{_LOG}/notices/end": [Event.NOTICE_WAY_ENDED],
            f"{_LOG}/notices/minutes": [Event.NOTICE_RULE_SET],
            f"{_LOG}/exercises/days": [Event.EXERCISE_RULE_SET],
            f"{_LOG}/tasks/digest": [Event.DIGEST_RULE_SET],
            f"{_LOG}/tasks/calendar": [Event.CALENDAR_LINK_MADE],
            f"{_LOG}/keys/add": [Event.SECURITY_KEY_ENROLLED],
            f"{_LOG}/keys/remove": [Event.SECURITY_KEY_REMOVED],
        }.items()
    }
)
"""Where a form is sent → the acts that are confirmed there, by the event that tells of each. No other act can be."""

UNCONFIRMED: Mapping[str, str] = MappingProxyType(
    {
        f"{_LOG}/people": "changes nothing, hands out no file; that it was looked is entered",
        f"{_LOG}/erasure/find": "changes nothing, hands out no file; that it was looked is entered",
        f"{_LOG}/receipt": "leads to the proof of what one has done oneself",
        f"{_LOG}/receipt/{{number}}/proof": "the proof of what one has done oneself; names nobody",
        f"{_LOG}/entry/{{index}}/proof": "proves one entry that its reader may read; names nobody",
        f"{_LOG}/supplier/entry/{{index}}/proof": "proves one entry that its reader may read; names nobody",
        f"{_LOG}/checkpoint": "sizes and fingerprints, to be held against a copy",
        f"{_LOG}/published/{{file:path}}": "a program fetches it day and night to verify the log; entered once a while",
        f"{_LOG}/erasure/{{order}}/certificate": "proves what has happened already; names nobody",
        f"{_LOG}/end/{{order}}/certificate": "proves what has happened already; names nobody",
        f"{_LOG}/access/routine": "the rules in words; names nobody, and that it was taken is entered",
        f"{_LOG}/exclusions/end": "lets a term be owed again",
        f"{_LOG}/checks/wrong": "says that something is wrong: whoever has found it shall not look for a key",
        f"{_LOG}/inquiries": "asks the supplier; changes nothing, and hands out nothing",
        f"{_LOG}/inquiries/settle": "adds what the authority says of an answer; a question can be asked anew",
        f"{_LOG}/registers/files/{{file}}": "what its reader may read on the page; names nobody in care",
        f"{_LOG}/removal": "holds nothing: a colleague approves it, with a touch",
        f"{_LOG}/removal/{{proposal}}/withdraw": "keeps what would have gone; nothing was approved yet",
        f"{_LOG}/activation": "holds nothing: it is approved, with a touch",
        f"{_LOG}/activation/{{proposal}}/withdraw": "changes nothing of what holds; nothing was approved yet",
        f"{_LOG}/audits": "asks the supplier for something; can be taken back",
        f"{_LOG}/audits/agree": "agrees to a time; who audits was given the role with a touch",
        f"{_LOG}/audits/propose": "proposes another time, to which the supplier agrees",
        f"{_LOG}/audits/withdraw": "takes back what was asked for; it can be asked for again",
        f"{_LOG}/audits/end": "ends it: whoever sees that something is wrong shall not look for a key",
        f"{_LOG}/audits/close": "says whether it was held; gives nobody anything",
        f"{_LOG}/audits/finding": "adds a sentence that both sides read",
        f"{_LOG}/auditing/freeze": "freezes a list of what the audit is about; changes nothing else",
        f"{_LOG}/auditing/draw": "draws what the log decides; changes nothing else",
        f"{_LOG}/auditing/note": "keeps a note of one's own",
        f"{_LOG}/auditing/finding": "adds a sentence that both sides read",
        f"{_LOG}/exercises": "asks the supplier for something; can be taken back",
        f"{_LOG}/exercises/withdraw": "takes back what was asked for; it can be asked for again",
        f"{_LOG}/exercises/decide": "agrees to a day with the supplier, who begins it with a touch",
        f"{_LOG}/exercises/end": "ends what was begun: whoever sees that something is wrong shall not look for a key",
        f"{_LOG}/exercises/attend": "says how many came; gives nobody anything",
        f"{_LOG}/exercises/lesson": "adds a sentence that both sides read",
        "/unlock": "uncovers one's own session, by a touch or by signing in anew",
        "/here": "says that somebody sits there; changes nothing",
        f"{_LOG}/keys": "takes the answer of the new key itself; whoever has one has touched it on the page before",
        f"{_LOG}/cases/{{case}}/answer": "writes to the supplier: what is urgent shall not wait for a key",
        f"{_LOG}/cases/{{case}}/files/{{number}}": "what came with what its reader may read; that it was is entered",
        f"{_LOG}/inquiries/{{inquiry}}/files/{{number}}": "what came with what its reader may read; it is entered",
        f"{_LOG}/cases/{{case}}/seen": "says that one has seen what one was told",
        f"{_LOG}/notices/seen": "says that one has seen what one was told",
        f"{_LOG}/tasks/calendar/end": "ends a link of one's own: whoever suspects one shall not look for a key first",
        f"{_LOG}/programs/end": "ends a program: whoever suspects one shall not look for a key first",
        f"{_LOG}/sessions": "ends one's own session: whoever suspects another there shall not look for a key first",
        f"{_LOG}/keys/rename": "what one's own key is called, for oneself alone",
    }
)
"""An address that changes something or hands out a file, and takes no touch → why that is enough."""

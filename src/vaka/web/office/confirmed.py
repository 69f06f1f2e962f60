# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which of the office's addresses do something only after a touch of a security key for just that (term 10), and why
others do not.

Every address that changes something, or hands out a file, stands in one of the two; a test compares them with the route
table. Nobody opens a page of the office at all before a key was touched in that session.
"""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.events import Event

_ACCOUNT = "/account/{account}"
_REGISTER = "/registers/{register}"
_ENTRY = f"{_REGISTER}/entry/{{entry}}"

CONFIRMED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        path: frozenset(act.value for act in acts)
        for path, acts in {
            f"{_ACCOUNT}/ask": [Event.ACCOUNT_REQUESTED],
            f"{_ACCOUNT}/roles": [Event.ROLE_PROPOSED],
            f"{_ACCOUNT}/put-out": [Event.ACCOUNT_DEACTIVATED],
            f"{_ACCOUNT}/sessions": [Event.SESSION_ENDED],
            "/requests/new": [Event.ACCOUNT_REQUESTED],
            "/requests/decide": [Event.ACCOUNT_APPROVED, Event.ACCOUNT_REFUSED],
            "/requests/roles": [Event.ROLE_AGREED, Event.ROLE_DECLINED],
            "/emergency/add": [Event.SECURITY_KEY_ENROLLED],
            "/emergency/{emergency}/review": [Event.BREAK_GLASS_REVIEWED],
            "/issuers/new": [Event.TRUST_PROPOSED],
            "/issuers/extend": [Event.TRUST_PROPOSED],
            "/issuers/decide": [Event.TRUST_APPROVED, Event.TRUST_WITHDRAWN],
            "/outages/declare": [Event.OUTAGE_DECLARED],
            "/exercises/begin": [Event.EXERCISE_BEGUN],
            "/remote/check": [Event.REMOTE_CHECKED],
            "/vulnerabilities/accept": [Event.VULNERABILITY_ACCEPTED],
            "/due/way": [Event.NOTICE_WAY_SET],
            "/due/end": [Event.NOTICE_WAY_ENDED],
            "/due/digest": [Event.DIGEST_RULE_SET],
            "/due/calendar": [Event.CALENDAR_LINK_MADE],
            f"{_REGISTER}/showing": [Event.REGISTER_SHOWN],
            f"{_REGISTER}/new": [Event.REGISTER_ENTERED],
            f"{_REGISTER}/import": [Event.REGISTER_ENTERED],
            f"{_ENTRY}/edit": [Event.REGISTER_ENTERED],
            f"{_ENTRY}/move": [Event.REGISTER_MOVED],
            f"{_ENTRY}/acknowledge": [Event.REGISTER_ACKNOWLEDGED],
            "/touch": [Event.SESSION_STARTED],
            "/command": [Event.COMMAND_APPROVED, Event.COMMAND_CONFIRMED],
            "/keys/add": [Event.SECURITY_KEY_ENROLLED],
            "/keys/remove": [Event.SECURITY_KEY_REMOVED],
        }.items()
    }
)
"""Where a form is sent → the acts that are confirmed there, by the event that tells of each. No other act can be."""

UNCONFIRMED: Mapping[str, str] = MappingProxyType(
    {
        f"{_REGISTER}/table": "what its reader may read on the page; names nobody in care",
        f"{_ENTRY}/files": "adds a paper that makes nothing hold: that is a step, with a touch for the files too",
        f"{_ENTRY}/files/{{file}}": "what its reader may read on the page; names nobody in care",
        "/cases/new": "writes to an authority: what is urgent shall not wait for a key",
        "/cases/{case}/write": "writes to an authority: what is urgent shall not wait for a key",
        "/cases/{case}/files/{number}": "what came with what its reader may read on the page; names nobody in care",
        "/inquiries/{inquiry}/files/{number}": "what came with what its reader may read on the page",
        "/cases/{case}/seen": "says that one has seen what one was told",
        "/vulnerabilities/state": "says why something is not affected; it counts once a colleague agrees, with a touch",
        "/vulnerabilities/refuse": "lets a vulnerability stay open: who doubts shall not look for a key first",
        "/rules/{rule}/{version}": "says for oneself that one has read what one has opened; gives nobody anything",
        "/remote/draw": "what is drawn follows from the log: nobody chooses it, and again is seen",
        "/exclusions": "proposes that a term is not owed; the authority agrees to that, with a touch",
        "/exclusions/end": "lets a term be owed again",
        "/inquiries": "answers what an authority asked, in words that it reads; opens nothing",
        "/audits/agree": "agrees to a time that an authority proposed; it gave the auditors their roles itself",
        "/audits/propose": "proposes another time, to which the authority agrees",
        "/audits/settle": "says what became of a finding, in words that both sides read",
        "/exercises/plan": "proposes a day, to which the authority agrees; it is begun with a touch",
        "/exercises/end": "ends what was begun: whoever sees that something is wrong shall not look for a key",
        "/exercises/attend": "says how many came; gives nobody anything",
        "/exercises/lesson": "adds a sentence that both sides read",
        "/exercises/settle": "says what became of a lesson, in words that both sides read",
        "/exercises/close": "closes what has ended; opens nothing",
        "/due/calendar/end": "ends a link of one's own: whoever suspects one shall not look for a key first",
        "/outages": "holds nothing: a shift leader declares it with a touch, after seeing for himself",
        "/outages/end": "closes a fallback, or takes back what held nothing: who closes a door looks for no key first",
        "/emergency/enrol": "takes the answer of the new key itself; the page before took a touch",
        "/first-key": "whoever has no key has none to touch: it takes a code that two gave",
        "/first-key/enrol": "takes the answer of the new key itself, with the code that two gave",
        "/keys": "takes the answer of the new key itself; whoever has one has touched it on the page before",
        "/keys/rename": "what one's own key is called, for oneself alone",
        "/unlock": "uncovers one's own session, by a touch or by signing in anew",
        "/here": "says that somebody sits there; changes nothing",
        "/sessions": "ends one's own session: whoever suspects another there shall not look for a key first",
    }
)
"""An address that changes something or hands out a file, and takes no touch → why that is enough."""

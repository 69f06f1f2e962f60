# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which runs wait for a touch of a key over exactly what they do (terms 15 and 17), and why the others do not.

A command that is in neither table is refused, as one that is not in `NEEDS` is. It waits where it does something: with
``--apply``, or as it hands out what it is there to hand out. Nothing that answers alarms runs a command.
"""

from collections.abc import Mapping

_PEOPLE = "changes whose an account is, or whether it lets anybody in"
_RIGHTS = "changes what somebody may do"
_ISSUERS = "changes whose word is believed when somebody signs in"
_OWN_KEYS = "makes what proves us to an issuer"
_DEVICES = "changes which devices are believed"

_SHOWS = "only shows, and enters that it did"
_NOBODY = "runs where nobody is, by a timer or as the machine starts"
_ELSEWHERE = "runs where no installation is"
_ITSELF = "is confirmed by a touch itself, or ends what was"

TOUCHED: Mapping[str, str] = {
    "ledger export": "hands out a whole log",
    "terms pack": "hands out an authority's evidence, signed",
    "terms import": "changes what authorities read as the contract's own words",
    "authority register": "makes a database and what lets processes into it",
    "authority units": "changes whom operators call",
    "authority on-call": "changes whom operators call where nobody answers a life alarm",
    "device import": _DEVICES,
    "device secret": _DEVICES,
    "device exercise": "makes devices whose alarms are shown as an exercise's",
    "erasure attempt": "restores a backup, and tries to read people there who were erased",
    "backup restore": "brings back what an authority had, beside what it has",
    "key rotate": "destroys a key",
    "key rotate-root": "destroys the key that wraps all others",
    "certificates found": "makes an issuer that machines are to believe",
    "certificates issue": "makes what proves a machine to be ours",
    "policy set": "changes what an authority's operators are shown, and when",
    "policy classify": "changes how grave an alarm is",
    "settings accept": "says that protected configuration is as it should be",
    "release attest": "says that a release was tested",
    "release scan": "says that a test environment holds nobody real",
    "release deploy": "puts another program in production",
    "factor remove": "takes somebody's key away",
    "factor first": _PEOPLE,
    "account create": _PEOPLE,
    "account request": _PEOPLE,
    "account invite": _PEOPLE,
    "account deactivate": _PEOPLE,
    "account reactivate": _PEOPLE,
    "account remove": _PEOPLE,
    "account rename": _PEOPLE,
    "account identity": _PEOPLE,
    "account end-sessions": "ends somebody's work",
    "role grant": _RIGHTS,
    "role revoke": _RIGHTS,
    "role propose": _RIGHTS,
    "role request": _RIGHTS,
    "trust propose": _ISSUERS,
    "trust approve": _ISSUERS,
    "trust withdraw": _ISSUERS,
    "trust key": _OWN_KEYS,
    "trust entity": _OWN_KEYS,
}
"""What changes something privileged or takes it out."""
BY_TWO = frozenset({"key rotate-root"})
"""What waits for a second administrator too (term 18). The database decides it by the same names."""
UNTOUCHED: Mapping[str, str] = {
    "demo": _NOBODY,
    "run": _NOBODY,
    "migrate": "the office that would be asked starts on the databases that it brings up to date",
    "login": _ITSELF,
    "logout": _ITSELF,
    "ledger receipt": "hands out the proof of one entry, whose number whoever asks was told",
    "terms": _SHOWS,
    "terms check": "takes a reading that is taken every hour anyway",
    "backup now": _NOBODY,
    "backup list": _SHOWS,
    "backup check": _NOBODY,
    "backup drill": _NOBODY,
    "backup swap": "runs while the office that would be asked is stopped; a touch was over what it puts in place",
    "key list": _SHOWS,
    "key bill": _SHOWS,
    "key readmit": "runs while the office that would be asked is stopped; the authority's own log tells of it",
    "certificates renew": _NOBODY,
    "certificates list": _SHOWS,
    "authority list": _SHOWS,
    "policy show": _SHOWS,
    "retention preview": _SHOWS,
    "settings show": _SHOWS,
    "factor list": _SHOWS,
    "account sessions": _SHOWS,
    "account replay": _NOBODY,
    "role show": _SHOWS,
    "trust list": _SHOWS,
    "host accounts": _NOBODY,
    "host sign-ins": _NOBODY,
    "release gates": _ELSEWHERE,
    "release sign": _ELSEWHERE,
    "release verify": _ELSEWHERE,
    "host clock": _NOBODY,
    "host ports": _NOBODY,
    "host admit": _NOBODY,
    "doctor": "only looks, where nothing may work, and enters nothing",
    "witness init": _ELSEWHERE,
    "witness add-log": _ELSEWHERE,
    "witness show": _ELSEWHERE,
    "witness run": _ELSEWHERE,
    "verify": _ELSEWHERE,
    "sbom": "only looks at what is installed, and enters nothing",
    "advisory write": _ELSEWHERE,
    "advisories import": _NOBODY,
    "advisories fetch": _NOBODY,
    "simulate": _ELSEWHERE,
    "decode": _ELSEWHERE,
}
"""What waits for none, and why."""


def takes_touch(name: str) -> bool:
    """Whether a run of the command that the log calls this (``device.import``) waits for a touch.

    Raises KeyError for one that nobody has decided about.
    """
    path = name.replace(".", " ")
    if path not in TOUCHED and path not in UNTOUCHED:
        raise KeyError(path)
    return path in TOUCHED


def takes_two(name: str) -> bool:
    """Whether a second administrator confirms it as well, of the command that the log calls this."""
    return name.replace(".", " ") in BY_TWO

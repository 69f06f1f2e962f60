# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What whoever runs a command has to be allowed, for every command there is (terms 2 and 17).

A command that is not here is refused. On a founded installation an administrator with the permission stands behind
each, whether it changes something, hands something out or only shows it; `proof` asks for it where it proves who that
is. None is for what runs where nobody can, or where there is no installation to prove anything in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vaka.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Need:
    """What a command takes."""

    permission: Permission | None
    why: str = ""
    """Why it takes none; empty where it takes one."""


_RUN = Need(Permission.OFFICE_RUN_COMMANDS)
"""What has no page in the office, and so no permission of its own there."""
_SEE_ACCOUNTS = Need(Permission.OFFICE_SEE_ACCOUNTS)
_ASK_ACCOUNT = Need(Permission.OFFICE_ASK_ACCOUNT)
_SET_ISSUERS = Need(Permission.OFFICE_SET_ISSUERS)
_STARTS = Need(None, "the machine starts it by itself, with nobody there; it shows and hands out nothing")
_BY_TIMER = Need(None, "a timer runs it, with nobody there; it tells of the machine's own accounts")
_ADDS = Need(None, "a timer runs it, with nobody there; it adds to the backups or reads them, and hands out nothing")
_TAKES_IN = Need(None, "a timer runs it, with nobody there; it takes in what others publish, and hands out nothing")
_ELSEWHERE = Need(None, "runs where no installation is, on what whoever runs it has brought himself")

NEEDS: Mapping[str, Need] = {
    "demo": _STARTS,
    "run": _STARTS,
    "migrate": Need(None, "lists what databases lack; with --apply somebody stands behind it, or a packaged upgrade"),
    "login": Need(None, "proves who runs the others"),
    "logout": Need(None, "ends what `vaka login` began, of whoever runs it"),
    "ledger export": _RUN,
    "ledger receipt": _RUN,
    "terms": _RUN,
    "terms check": _RUN,
    "terms import": _RUN,
    "terms pack": _RUN,
    "authority list": _RUN,
    "authority register": _RUN,
    "authority units": _RUN,
    "authority on-call": _RUN,
    "device import": _RUN,
    "device secret": _RUN,
    "device exercise": _RUN,
    "erasure attempt": _RUN,
    "backup now": _ADDS,
    "backup list": _RUN,
    "backup check": _ADDS,
    "backup drill": _ADDS,
    "backup restore": _RUN,
    "backup swap": _RUN,
    "key list": _RUN,
    "key bill": _RUN,
    "key rotate": _RUN,
    "key rotate-root": _RUN,
    "key readmit": _RUN,
    "certificates found": _RUN,
    "certificates issue": _RUN,
    "certificates renew": Need(None, "a timer runs it, with nobody there; it makes nothing that nobody issued before"),
    "certificates list": _RUN,
    "policy show": _RUN,
    "policy set": _RUN,
    "policy classify": _RUN,
    "retention preview": _RUN,
    "settings show": _RUN,
    "settings accept": _RUN,
    "factor list": _SEE_ACCOUNTS,
    "factor remove": _ASK_ACCOUNT,
    "factor first": _ASK_ACCOUNT,
    "account create": _ASK_ACCOUNT,
    "account request": _ASK_ACCOUNT,
    "account invite": _ASK_ACCOUNT,
    "account deactivate": _ASK_ACCOUNT,
    "account reactivate": _ASK_ACCOUNT,
    "account remove": _ASK_ACCOUNT,
    "account rename": _ASK_ACCOUNT,
    "account identity": _ASK_ACCOUNT,
    "account sessions": _SEE_ACCOUNTS,
    "account end-sessions": _ASK_ACCOUNT,
    "account replay": Need(None, "a timer runs it, with nobody there; it compares identifiers, and names nobody"),
    "role show": _SEE_ACCOUNTS,
    "role grant": _ASK_ACCOUNT,
    "role revoke": _ASK_ACCOUNT,
    "role propose": _ASK_ACCOUNT,
    "role request": _ASK_ACCOUNT,
    "trust list": _SET_ISSUERS,
    "trust propose": _SET_ISSUERS,
    "trust approve": _SET_ISSUERS,
    "trust withdraw": _SET_ISSUERS,
    "trust key": _SET_ISSUERS,
    "trust entity": _SET_ISSUERS,
    "host accounts": _BY_TIMER,
    "host sign-ins": _BY_TIMER,
    "release gates": _ELSEWHERE,
    "release sign": _ELSEWHERE,
    "release verify": _ELSEWHERE,
    "release attest": _RUN,
    "release scan": _RUN,
    "release deploy": _RUN,
    "host clock": Need(None, "a timer runs it, with nobody there; it tells of the machine's own clock"),
    "host ports": Need(None, "a timer runs it, with nobody there; it tells what listens on the machine"),
    "host admit": Need(None, "each unit runs it before it starts, with nobody there; it only says whether it may"),
    "doctor": Need(None, "says what is wrong where nothing works, the office included; it looks at the machine alone"),
    "witness init": _ELSEWHERE,
    "witness add-log": _ELSEWHERE,
    "witness show": _ELSEWHERE,
    "witness run": _ELSEWHERE,
    "verify": _ELSEWHERE,
    "sbom": Need(None, "says what is installed on the machine, which anybody on it can see; no installation is asked"),
    "advisory write": _ELSEWHERE,
    "advisories import": _TAKES_IN,
    "advisories fetch": _TAKES_IN,
    "simulate": _ELSEWHERE,
    "decode": _ELSEWHERE,
}
"""Each command, in the order of `vaka --help`."""
UNATTENDED = frozenset({"migrate"})
"""What a machine runs by itself where nobody is there, and so the only commands with ``--unattended``: a packaged
upgrade brings databases up to date. What changes people, roles, issuers, keys, codes, registers or devices is
somebody's act."""
WHILE_RESTING = frozenset({"migrate", "key readmit"})
"""What somebody whose administrator's role rests (terms 4 and 5) still stands behind: without it the databases, or an
authority's that was restored, stay where no alarm is taken. Any other command is refused, as the office refuses it."""


def need_of(name: str) -> Permission | None:
    """Return what the command that the log calls this (``account.invite``) takes. Raises KeyError for any other."""
    return NEEDS[name.replace(".", " ")].permission

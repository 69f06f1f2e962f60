# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Separated duties, as data (term 2): which two roles no human holds at once, and why.

The database has the same pairs, as the table a trigger reads (``role_conflict``): it refuses them to whoever writes a
grant, in whatever way. Which of a human's accounts holds a role makes no difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from vaka.access.roles import ROLES
from vaka.errors import Category, Sentence, VakaError

CONSTRAINT = "separated_duties"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two roles, in the order of their names."""

    one: str
    other: str
    anywhere: bool
    """Also where they are held in different authorities."""
    why: Sentence


_REVIEW = Sentence(
    "Den som granskar loggen granskar inte det som hen själv har gjort.",
    "Whoever reviews the log does not review his own acts.",
)
_SUPPLIER = Sentence(
    "Leverantörens personal granskar och godkänner inte åt myndigheten.",
    "The supplier's people do not review or approve for an authority.",
)
_ACCESS = Sentence(
    "Den som godkänner behörigheter granskar inte hur de används.",
    "Whoever approves access does not review how it is used.",
)
_QUALITY = Sentence(
    "Den som granskar avslutade larm granskar inte sina egna.",
    "Whoever reviews ended alarms does not review his own.",
)
_HOLDS = Sentence(
    "Den som raderar personer råder inte över spärrarna mot det.",
    "Whoever erases people does not command the holds against it.",
)
_TRACES = Sentence(
    "Den som raderar personer bestämmer inte hur länge loggen om det sparas.",
    "Whoever erases people does not decide how long the log of it is kept.",
)
_DECIDES = Sentence(
    "Leverantörens personal företräder inte myndigheten.",
    "The supplier's people do not stand for an authority.",
)
_SUPPLIERS = ("administrator", "operator", "shift_leader", "device_technician", "quality_reviewer")
_AUTHORITYS = ("contract_officer", "archivist", "records_officer", "care_manager")


def _conflicts() -> Iterator[Conflict]:
    for control in ("access_approver", "auditor", "log_reviewer"):
        for role in _SUPPLIERS:
            yield _pair(control, role, _SUPPLIER, anywhere=True)
    for own in _AUTHORITYS:
        for role in _SUPPLIERS:
            yield _pair(own, role, _DECIDES, anywhere=True)
    for reviewer in ("auditor", "log_reviewer"):
        yield _pair("access_approver", reviewer, _ACCESS)
        for role in _AUTHORITYS:
            yield _pair(reviewer, role, _REVIEW)
    for role in ("operator", "shift_leader"):
        yield _pair("quality_reviewer", role, _QUALITY)
    yield _pair("archivist", "records_officer", _HOLDS)
    yield _pair("contract_officer", "records_officer", _TRACES)


def _pair(one: str, other: str, why: Sentence, *, anywhere: bool = False) -> Conflict:
    first, second = sorted((one, other))
    return Conflict(first, second, anywhere, why)


CONFLICTS: tuple[Conflict, ...] = tuple(sorted(_conflicts(), key=lambda pair: (pair.one, pair.other)))


class ConflictingDutiesError(VakaError):
    """The human behind the account holds a role that this one may not be held beside."""

    def __init__(self, role: str, beside: str) -> None:
        self.role, self.beside = role, beside
        why = next((pair.why for pair in CONFLICTS if {pair.one, pair.other} == {role, beside}), None)
        first, second = _title(beside), _title(role)
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"{first.sv} och {second.sv} får inte innehas av samma människa. {why.sv if why else ''} Inget har "
                "ändrats. Be om ett tidsbegränsat undantag om det inte går att ordna på annat sätt.",
                en=f"{first.en} and {second.en} may not be held by the same human. {why.en if why else ''} Nothing was "
                "changed. Ask for an exception with an end date if there is no other way.",
            ),
        )


def conflict_told_by(error: psycopg.Error, role: str) -> ConflictingDutiesError | None:
    """Return what the database's refusal means where it is one of separated duties, otherwise None."""
    if error.diag.constraint_name != CONSTRAINT:
        return None
    return ConflictingDutiesError(role, error.diag.message_detail or "")


def _title(role: str) -> Sentence:
    return ROLES[role].title if role in ROLES else Sentence(role, role)

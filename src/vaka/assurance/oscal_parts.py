# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every OSCAL document of a pack is made of: names, moments, and who it is between. Pure.

OSCAL 1.2.x (NIST), as JSON. An identifier is a UUIDv5 of what it names, in a name space of the installation and the
authority: the same evidence at the same moment gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from vaka.assurance.assessment import Judgement, Standing, assess, judge, worst
from vaka.assurance.evidence import Supervised
from vaka.assurance.terms import Goal, Requirement, Term
from vaka.cases.model import Case, CaseEntry
from vaka.errors import Sentence

OSCAL_VERSION = "1.2.3"
NAMESPACE = "urn:vaka:terms"
"""Whose our own properties are."""
Json = dict[str, Any]

CATALOG, PROFILE, MAPPING = "catalog.json", "profile.json", "mapping-collection.json"
COMPONENTS, SYSTEM, PLAN = "component-definition.json", "system-security-plan.json", "assessment-plan.json"
RESULTS, ACTIONS = "assessment-results.json", "plan-of-action-and-milestones.json"
SUPPLIER, AUTHORITY = "supplier", "authority"
"""The two roles there are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file with raw evidence, which results point to."""

    path: str
    """From the pack's root."""
    sha256: str
    title: Sentence


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An incident or a vulnerability that is open and touches the authority."""

    case: Case
    entries: Sequence[CaseEntry]
    """What the authority sees of it, RED as well; that leaves nowhere."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """Everything that the documents are made of."""

    installation: str
    """What the installation's logs are called after."""
    version: str
    """Vaka's."""
    authority: Supervised
    terms: Sequence[Term]
    standings: Mapping[str, Standing]
    at: datetime
    """For which moment it is computed how terms stand."""
    evidence: Sequence[Evidence]
    cases: Sequence[OpenCase] = ()
    """Those that are open, where who takes it out may read cases."""

    @property
    def owed(self) -> list[Term]:
        """The terms that the authority has not left out."""
        return [term for term in self.terms if term.number not in self.authority.contract.left_out]

    def identify(self, *names: object) -> str:
        """Return the identifier of what these names lead to."""
        space = uuid5(NAMESPACE_URL, f"urn:vaka:{self.installation}:{self.authority.id}")
        return str(uuid5(space, "/".join(map(str, names))))

    def judge(self, requirement: Requirement) -> Judgement:
        """Return how a requirement stands."""
        return judge(requirement, self.standings.get(requirement.id), self.authority.contract, self.at)

    def judge_goal(self, goal: Goal) -> Judgement:
        """Return how a goal stands: as the worst it rests on."""
        return worst([self.judge(one) for one in goal.requirements])

    def judge_term(self, term: Term) -> Judgement:
        """Return how a term stands."""
        return assess(term, self.standings, self.authority.contract, self.at)


def control_id(term: Term) -> str:
    """Return what a term is called as a control."""
    return f"term-{term.number:02}"


def statement_id(term: Term, goal: Goal | None = None) -> str:
    """Return what a goal is called in its control, or all of them."""
    return f"{control_id(term)}_smt" + ("" if goal is None else f".{goal.id}")


def moment(at: datetime) -> str:
    """Return a time as OSCAL has it, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def own(name: str, value: object) -> Json:
    """Return a property of ours."""
    return {"name": name, "ns": NAMESPACE, "value": str(value)}


def said(sentence: Sentence) -> str:
    """Return a sentence in both languages."""
    return f"{sentence.sv} / {sentence.en}"


def document(assessed: Assessed, kind: str, title: Sentence, body: Json) -> Json:
    """Return a whole document: identifier, who it is between, and what it says."""
    supplier, authority = assessed.identify("party", SUPPLIER), assessed.identify("party", AUTHORITY)
    metadata = {
        "title": said(title),
        "last-modified": moment(assessed.at),
        "version": assessed.version,
        "oscal-version": OSCAL_VERSION,
        "roles": [
            {"id": SUPPLIER, "title": "Leverantör / Supplier"}, {"id": AUTHORITY, "title": "Myndighet / Authority"}
        ],
        "parties": [
            {"uuid": supplier, "type": "organization", "name": assessed.installation},
            {"uuid": authority, "type": "organization", "name": assessed.authority.name},
        ],
        "responsible-parties": [
            {"role-id": SUPPLIER, "party-uuids": [supplier]}, {"role-id": AUTHORITY, "party-uuids": [authority]}
        ],
    }  # fmt: skip
    return {kind: {"uuid": assessed.identify(kind, moment(assessed.at)), "metadata": metadata, **body}}

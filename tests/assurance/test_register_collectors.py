# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the registers say of the terms: met by entries that two people made, and red by each fault planted in them."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from socket import gethostname
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    account,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import REGISTER_COLLECTORS
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.settings import DatabaseSettings, Settings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HOSTS = "host-sites"
DAY = timedelta(days=1)
TODAY = START.date().isoformat()
LATER = (START + 400 * DAY).date().isoformat()


@dataclass
class Shelf:
    """Registers as they stand, written past every rule: what looks at them trusts none to have held."""

    by_hand: Callable[..., None]
    who: UUID = field(default_factory=uuid4)

    def put(
        self, register: str, state: str, *, entry: UUID | None = None, number: int = 1, content: int | None = None,
        ago: timedelta = timedelta(hours=1), concerned: list[UUID] | None = None, **fields: Any,
    ) -> UUID:  # fmt: skip
        """Add a version."""
        entry = entry or uuid4()
        self.by_hand(
            "insert into register_version (entry, number, register, state, fields, concerned, content, digest, made_by,"
            " made_at) values (%(entry)s, %(number)s, %(register)s, %(state)s, %(fields)s, %(concerned)s, %(content)s,"
            " %(digest)s, %(who)s, %(at)s)",
            entry=entry, number=number, register=register, state=state, fields=Jsonb(fields), concerned=concerned,
            content=content or number, digest=bytes(32), who=self.who, at=START - ago,
        )  # fmt: skip
        return entry

    def accept(self, entry: UUID, content: int, who: UUID) -> None:
        """Add an acknowledgement."""
        self.by_hand(
            "insert into register_acknowledgement (entry, content, account_id, made_at) values (%(entry)s, %(content)s,"
            " %(who)s, now())", entry=entry, content=content, who=who,
        )  # fmt: skip


@dataclass
class Board:
    """Where is looked, and the registers of one administrator."""

    place: Place
    server: Server
    by_hand: Callable[..., None]

    @cached_property
    def shelf(self) -> Shelf:
        """The registers; from here on there is an administrator, whom the terms ask something of."""
        return Shelf(self.by_hand, account(self.by_hand, kind="administrator"))

    async def status_of(self, name: str, now: datetime = START) -> tuple[Status, str]:
        """Look, and say how a requirement stands then."""
        return await status_of(name, self.place, self.server, now)

    async def status_of_elsewhere(self, name: str, **otherwise: Any) -> tuple[Status, str]:
        """The same, where the place is otherwise in some way."""
        return await status_of(name, replace(self.place, **otherwise), self.server, START)

    async def judged(self, name: str, now: datetime) -> tuple[Status, str]:
        """Say how it stands without looking."""
        return await judged(name, self.place, self.server, now)


@pytest.fixture
def board(place: Place, server: Server, by_hand: Callable[..., None]) -> Board:  # noqa: F811
    """A platform of the test's own."""
    return Board(place, server, by_hand)


def put_all(shelf: Shelf, staff: UUID) -> None:
    """Fill every register so that nothing is wrong."""
    for purpose in ("applicability", "remote-policy", "erasure-procedure", "identity-process", "crypto-routine",
                    "capacity-plan", "development-guidelines", "incident-routines"):  # fmt: skip
        policy = shelf.put("documents", "in_force", purpose=purpose)
        shelf.accept(policy, 1, shelf.who)
    procedure = shelf.put("documents", "in_force", purpose="procedure")
    for kind in ("internal-audit", "management-review", "conflict-review"):
        shelf.put("reviews", "in_force", kind=kind, held=TODAY)
    shelf.put("processes", "in_force", owner=str(shelf.who), procedure=str(procedure))
    shelf.put("certificates", "in_force", standard="iso-current", scope="Vi tar emot trygghetslarm", valid_until=LATER,
              delivery="trygghetslarm", issued=TODAY)  # fmt: skip
    for person in (shelf.who, staff):
        shelf.put("undertakings", "noted", person=str(person), customers="yes", signed="2020-01-01")
    shelf.put("subcontractors", "in_force", engaged="none")
    course = shelf.put("courses", "in_force", whom="staff", months="12")
    for person in (shelf.who, staff):
        shelf.put("completions", "noted", course=str(course), edition="1", person=str(person), taken=TODAY)
    system = shelf.put("systems", "in_force")
    shelf.put("risk-assessments", "in_force", system=str(system), held=TODAY)
    _hall(shelf)
    _hall(shelf, address="Kyrkogatan 2", certified="Kyrkogatan 2", holds="backups", machines="")
    shelf.put("partners", "in_force", exchanges="none")
    shelf.put("changes", "in_force", kind="ordinary")


FOUND: dict[str, list[tuple[Callable[[Shelf], object], str]]] = {
    "security-processes": [
        (lambda shelf: shelf.put("processes", "in_force", owner=str(uuid4()), procedure=str(uuid4())), "vacant"),
    ],
    "management-certificate": [
        (lambda shelf: _certificate(shelf, valid_until="2026-03-13"), "expired"),
        (lambda shelf: _certificate(shelf, scope="Drift av trygghetstelefoner"), "scope"),
        (lambda shelf: _certificate(shelf, standard="iso-former"), "edition"),
    ],
    "remote-accepted": [
        (lambda shelf: shelf.put("documents", "in_force", purpose="remote-policy"), "unacknowledged"),
    ],
    "undertakings": [
        (lambda shelf: account(shelf.by_hand), "uncovered"),
        (lambda shelf: _late(shelf), "late"),
    ],
    "subcontractors": [
        (lambda shelf: _subcontractor(shelf, valid_until="2026-03-13"), "expired"),
        (lambda shelf: _subcontractor(shelf, customers="no"), "expired"),
    ],
    "training": [
        (lambda shelf: shelf.put("courses", "in_force", whom="administrators", months="6"), "untrained"),
    ],
    "risk-assessments": [
        (lambda shelf: shelf.put("systems", "in_force"), "unassessed"),
    ],
    "risk-actions": [
        (lambda shelf: shelf.put("findings", "open", due="2026-03-13"), "late"),
        (lambda shelf: shelf.put("findings", "accepted", due="2026-01-01", accepted_until="2026-03-13"), "lapsed"),
        (lambda shelf: shelf.put("findings", "open", due="2026-03-13", concerned=[]), "unnamed"),
    ],
    "site-certificates": [
        (lambda shelf: _hall(shelf, valid_until="2026-03-13"), "expired"),
        (lambda shelf: _hall(shelf, certified="Storgatan 9"), "expired"),
    ],
    "partners": [
        (lambda shelf: _partner(shelf, valid_until="2026-03-13"), "expired"),
        (lambda shelf: _partner(shelf, certificate_until="2026-03-13"), "expired"),
    ],
    "emergency-changes": [
        (lambda shelf: shelf.put("changes", "draft", kind="emergency", done="2026-03-01"), "unreviewed"),
    ],
    "large-changes": [
        (lambda shelf: shelf.put("changes", "in_force", kind="large", tested="Utan anmärkning"), "unassessed"),
    ],
}  # fmt: skip
"""Faults planted in what was well, and what each is told as. Documents and reviews can be missing, or overdue."""


def _certificate(shelf: Shelf, **changed: Any) -> UUID:
    whole: dict[str, Any] = {
        "standard": "iso-current",
        "scope": "Trygghetslarm",
        "delivery": "trygghetslarm",
        "valid_until": LATER,
    }
    return shelf.put("certificates", "in_force", **{**whole, **changed})


def _subcontractor(shelf: Shelf, **changed: Any) -> UUID:
    whole: dict[str, Any] = {"engaged": "firm", "customers": "yes", "valid_until": LATER, **changed}
    return shelf.put("subcontractors", "in_force", **whole)


def _hall(shelf: Shelf, **changed: Any) -> UUID:
    whole: dict[str, Any] = {
        "address": "Storgatan 1", "certified": "Storgatan 1", "valid_until": LATER, "entry_reviewed": TODAY,
        "holds": "operations", "machines": f"larm-2, {gethostname().upper()}",
    }  # fmt: skip
    return shelf.put("sites", "in_force", **{**whole, **changed})


def _partner(shelf: Shelf, **changed: Any) -> UUID:
    whole: dict[str, Any] = {"exchanges": "partner", "valid_until": LATER, "certificate_until": LATER, **changed}
    return shelf.put("partners", "in_force", **whole)


def _late(shelf: Shelf) -> None:
    person = account(shelf.by_hand)
    shelf.by_hand("update account set created_at = %(at)s where id = %(who)s", at=START - 30 * DAY, who=person)
    shelf.put("undertakings", "noted", person=str(person), customers="yes", signed=TODAY)


GROWS_OLD = (
    "applicability", "remote-policy", "erasure-procedure", "identity-process", "crypto-routine", "capacity-plan",
    "development-guidelines", "incident-routines", "internal-audit", "management-review", "conflict-review",
    "security-processes", "subcontractors", "site-access-review",
)  # fmt: skip
"""What has no fault but its age."""


@pytest.mark.turns_red
@pytest.mark.parametrize(("name", "number"), [(name, number) for name in FOUND for number in range(len(FOUND[name]))])
async def test_a_planted_fault_turns_it_red(name: str, number: int, board: Board) -> None:
    """Met before, failing with its reason after, and said in words."""
    plant, reason = FOUND[name][number]
    put_all(board.shelf, account(board.shelf.by_hand))
    assert await board.status_of(name) == (Status.MET, "none")
    plant(board.shelf)
    assert await board.status_of(name, START + timedelta(minutes=1)) == (Status.FAILING, reason)
    assert explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 1)).sv.startswith("1 ")


@pytest.mark.turns_red("host-sites")
async def test_term_19_1_machine_in_no_hall_of_the_register_turns_it_red(board: Board) -> None:
    """By what the machine calls itself; a hall that was withdrawn holds nothing."""
    hall, reason = _hall(board.shelf), (Status.FAILING, "unplaced")
    _hall(board.shelf, address="Kyrkogatan 2", holds="backups")
    assert await board.status_of(HOSTS) == (Status.MET, "none")
    assert await board.status_of_elsewhere(HOSTS, machine="larm-2") == (Status.MET, "none")
    assert await board.status_of_elsewhere(HOSTS, machine="larm") == reason
    away = Settings(database=DatabaseSettings(embedded=False, host="db.example"))
    assert await board.status_of_elsewhere(HOSTS, settings=away) == reason
    board.shelf.put("sites", "withdrawn", entry=hall, number=2)
    assert await board.status_of(HOSTS) == reason
    said = explain(TERM_OF[HOSTS], Judgement(Status.FAILING, START, "unplaced", HOSTS, 4711))
    assert "4711" in said.sv
    assert "4711" in said.en


@pytest.mark.turns_red("host-sites")
async def test_term_19_4_backups_in_the_hall_of_what_they_are_of_turn_it_red(board: Board) -> None:
    """In no hall, or in one at the address of operations; in one beside, they are as they should be."""
    _hall(board.shelf)
    assert await board.status_of(HOSTS) == (Status.FAILING, "together")
    backups = _hall(board.shelf, address="STORGATAN 1", holds="backups")
    assert await board.status_of(HOSTS) == (Status.FAILING, "together")
    board.shelf.put("sites", "in_force", entry=backups, number=2, address="Kyrkogatan 2", holds="backups")
    assert await board.status_of(HOSTS) == (Status.MET, "none")
    assert explain(TERM_OF[HOSTS], Judgement(Status.FAILING, START, "together", HOSTS, 1)).sv.startswith("Säkerhets")


async def test_an_empty_register_is_no_evidence(board: Board) -> None:
    """Nothing written is not tested, in each of them: no data is never green."""
    for name in REGISTER_COLLECTORS:
        status = await board.status_of(name)
        assert status == ((Status.UNTESTED, "missing") if name != "undertakings" else (Status.MET, "none")), name


@pytest.mark.turns_red(*REGISTER_COLLECTORS, stopped=True)
async def test_what_nobody_looks_at_any_more_is_not_tested(board: Board) -> None:
    """A collector that is stopped turns it red within a day, however old the papers may be."""
    put_all(board.shelf, account(board.shelf.by_hand))
    for name, collector in REGISTER_COLLECTORS.items():
        await look(REQUIREMENTS[name], collector, board.place, START)
        assert await board.judged(name, START + DAY) == (Status.MET, "none")
        later = START + DAY + timedelta(seconds=1)
        assert await board.judged(name, later) == (Status.UNTESTED, "collector_down")


async def test_term_01_3_what_is_not_gone_through_in_time_is_outdated(board: Board) -> None:
    """The clock passes the day of review: the next look says so, and a look after the review that all is well again."""
    entry = board.shelf.put("documents", "in_force", purpose="applicability", ago=timedelta(days=1))
    later = START + 365 * DAY
    assert await board.status_of("applicability") == (Status.MET, "none")
    assert await board.status_of("applicability", START + 364 * DAY) == (Status.MET, "none")
    assert await board.status_of("applicability", later) == (Status.OUTDATED, "overdue")
    said = explain(TERM_OF["applicability"], Judgement(Status.OUTDATED, later, "overdue", "applicability", 1))
    assert "inte gåtts igenom i tid" in said.sv
    board.shelf.put("documents", "in_force", entry=entry, number=2, content=1, ago=-364 * DAY, purpose="applicability")
    assert await board.status_of("applicability", later) == (Status.MET, "none")


@pytest.mark.turns_red
@pytest.mark.parametrize("name", GROWS_OLD)
async def test_what_nobody_has_gone_through_within_its_time_turns_it_red(name: str, board: Board) -> None:
    """Documents, reviews, processes and subcontractors: none of them may be older than a year."""
    put_all(board.shelf, account(board.shelf.by_hand))
    assert await board.status_of(name) == (Status.MET, "none")
    later = START + 366 * DAY
    assert await board.status_of(name, later) == (Status.OUTDATED, "overdue")


async def test_term_01_4_a_scope_that_does_not_name_the_delivery_fails(board: Board) -> None:
    _certificate(board.shelf, scope="Kontorsdrift")
    assert await board.status_of("management-certificate") == (Status.FAILING, "scope")


async def test_term_01_5_the_former_edition_fails_and_what_is_equivalent_does_not(board: Board) -> None:
    """After 31 October 2025; what is registered as equivalent has its reason, which the register asks for."""
    entry = _certificate(board.shelf, standard="iso-former")
    assert await board.status_of("management-certificate") == (Status.FAILING, "edition")
    board.shelf.put("certificates", "withdrawn", entry=entry, number=2)
    _certificate(board.shelf, standard="equivalent", motivation="Granskad mot samma krav")
    assert await board.status_of("management-certificate") == (Status.MET, "none")


async def test_term_03_2_a_new_version_begins_with_no_acknowledgement(board: Board) -> None:
    """And one of the version before, made after it, is kept and does not count (term 5, proof 4)."""
    entry = board.shelf.put("documents", "in_force", purpose="remote-policy")
    board.shelf.accept(entry, 1, board.shelf.who)
    assert await board.status_of("remote-accepted") == (Status.MET, "none")
    board.shelf.put("documents", "draft", entry=entry, number=2, purpose="remote-policy")
    assert await board.status_of("remote-accepted") == (Status.MET, "none")
    board.shelf.put("documents", "in_force", entry=entry, number=3, content=2, purpose="remote-policy")
    assert await board.status_of("remote-accepted") == (Status.FAILING, "unacknowledged")
    board.shelf.put("documents", "in_force", entry=entry, number=4, content=2, purpose="remote-policy")
    board.shelf.accept(entry, 2, board.shelf.who)
    assert await board.status_of("remote-accepted") == (Status.MET, "none")


async def test_term_05_4_an_acknowledgement_of_the_version_before_does_not_count(board: Board) -> None:
    entry = board.shelf.put("documents", "in_force", purpose="remote-policy")
    board.shelf.put("documents", "in_force", entry=entry, number=3, content=3, purpose="remote-policy")
    board.shelf.accept(entry, 1, board.shelf.who)
    assert await board.status_of("remote-accepted") == (Status.FAILING, "unacknowledged")


async def test_term_05_2_of_a_new_version_coverage_begins_at_nothing(board: Board) -> None:
    """Of a course: everybody has taken the first version, nobody the second."""
    course = board.shelf.put("courses", "in_force", whom="staff", months="12")
    board.shelf.put("completions", "noted", course=str(course), edition="1", person=str(board.shelf.who), taken=TODAY)
    assert await board.status_of("training") == (Status.MET, "none")
    board.shelf.put("courses", "in_force", entry=course, number=3, content=2, whom="staff", months="12")
    assert await board.status_of("training") == (Status.FAILING, "untrained")


async def test_training_counts_for_as_long_as_the_course_says(board: Board) -> None:
    course = board.shelf.put("courses", "in_force", whom="staff", months="6")
    board.shelf.put("completions", "noted", course=str(course), edition="1", person=str(board.shelf.who), taken=TODAY)
    assert await board.status_of("training", START + 180 * DAY) == (Status.MET, "none")
    assert await board.status_of("training", START + 190 * DAY) == (Status.FAILING, "untrained")


async def test_term_04_4_what_was_signed_after_the_account_was_opened_deviates(board: Board) -> None:
    board.shelf.put("undertakings", "noted", person=str(board.shelf.who), customers="yes", signed="2020-01-01")
    assert await board.status_of("undertakings") == (Status.MET, "none")
    _late(board.shelf)
    assert await board.status_of("undertakings") == (Status.FAILING, "late")


async def test_term_04_5_active_accounts_minus_undertakings_are_none(board: Board) -> None:
    """Whom one covers that holds today and names customers; an authority's own people need none."""
    staff = account(board.shelf.by_hand)
    board.shelf.put("undertakings", "noted", person=str(board.shelf.who), customers="yes", signed="2020-01-01")
    short: tuple[dict[str, Any], ...] = ({"customers": "no"}, {"customers": "yes", "valid_until": "2026-03-13"})
    for fields in short:
        board.shelf.put("undertakings", "noted", person=str(staff), signed="2020-01-01", **fields)
        assert await board.status_of("undertakings") == (Status.FAILING, "uncovered")
    # Whoever works for a firm is covered as long as the firm's agreement holds (4.3).
    bound: dict[str, Any] = {"engaged": "firm", "customers": "yes", "signed": "2020-01-01"}
    ended = board.shelf.put("subcontractors", "in_force", valid_until="2026-03-13", **bound)
    holds = board.shelf.put("subcontractors", "in_force", valid_until=LATER, **bound)
    for firm, found in ((ended, (Status.FAILING, "uncovered")), (holds, (Status.MET, "none"))):
        board.shelf.put(
            "undertakings", "noted", person=str(staff), customers="yes", signed="2020-01-01", employer=str(firm)
        )
        assert await board.status_of("undertakings") == found
    theirs = account(board.shelf.by_hand)
    assert await board.status_of("undertakings") == (Status.FAILING, "uncovered")
    board.shelf.by_hand(
        "insert into role_grant (account_id, role, authority_id, granted_at)"
        " values (%(who)s, 'auditor', %(where)s, now())",
        who=theirs, where=board.place.authorities[0],
    )  # fmt: skip
    assert await board.status_of("undertakings") == (Status.MET, "none")


async def test_term_07_1_a_new_system_without_an_assessment_fails_at_once(board: Board) -> None:
    """A draft of one, or of its assessment, is not there yet."""
    system = board.shelf.put("systems", "in_force")
    assert await board.status_of("risk-assessments") == (Status.FAILING, "unassessed")
    entry = board.shelf.put("risk-assessments", "draft", system=str(system), held=TODAY)
    assert await board.status_of("risk-assessments") == (Status.FAILING, "unassessed")
    board.shelf.put("risk-assessments", "in_force", entry=entry, number=2, content=1, system=str(system), held=TODAY)
    board.shelf.put("systems", "draft")
    assert await board.status_of("risk-assessments") == (Status.MET, "none")


async def test_term_07_2_on_day_366_it_fails(board: Board) -> None:
    system = board.shelf.put("systems", "in_force")
    board.shelf.put("risk-assessments", "in_force", system=str(system), held=TODAY)
    assert await board.status_of("risk-assessments", START + 365 * DAY) == (Status.MET, "none")
    assert await board.status_of("risk-assessments", START + 366 * DAY) == (Status.FAILING, "unassessed")


async def test_term_07_5_an_acceptance_that_is_over_is_red_by_itself(board: Board) -> None:
    """The day after the last, without anybody doing anything; both are told, as of every change of evidence."""
    board.shelf.put("risk-assessments", "in_force", system=str(uuid4()), held=TODAY)
    board.shelf.put("findings", "accepted", due="2026-01-01", accepted_until=TODAY)
    assert await board.status_of("risk-actions") == (Status.MET, "none")
    assert await board.status_of("risk-actions", START + DAY) == (Status.FAILING, "lapsed")


async def test_term_07_5_both_sides_are_told_that_an_acceptance_is_over(board: Board) -> None:
    """The authority and the supplier's reception, once a day; of what was never met nobody is told that it turned."""
    name, where, ours = "risk-actions", board.place.authorities[0], uuid4()
    board.by_hand(
        "insert into authority (id, slug, name, kind, database_name, address, state, created_at) values (%(id)s,"
        " 'mottagning', 'Mottagning', 'intake', 'vaka_t_mottagning', %(address)s, 'active', now())",
        id=ours, address=bytes(32),
    )  # fmt: skip

    def told() -> list[tuple[str, UUID]]:
        with closing(connect_superuser(board.server, PLATFORM_DATABASE)) as superuser:
            rows = superuser.execute(
                "select kind, authority_id from vaka.notice where object = %s order by happened_at, kind",
                (f"requirement:{name}",),
            )
            return [(row["kind"], row["authority_id"]) for row in rows.fetchall()]

    assert await board.status_of(name) == (Status.UNTESTED, "missing")
    board.shelf.put("risk-assessments", "in_force", system=str(uuid4()), held=TODAY)
    entry = board.shelf.put("findings", "accepted", due="2026-01-01", accepted_until=TODAY)
    assert await board.status_of(name) == (Status.MET, "none")
    assert told() == []
    both = [("terms", where), ("terms_own", ours)]
    assert await board.status_of(name, START + DAY) == (Status.FAILING, "lapsed")
    assert told() == both
    assert await board.status_of(name, START + 2 * DAY) == (Status.FAILING, "lapsed")
    board.shelf.put("findings", "closed", entry=entry, number=2, content=1, due="2026-01-01")
    assert await board.status_of(name, START + 2 * DAY) == (Status.MET, "none")
    assert told() == both
    board.shelf.put("findings", "open", due="2026-01-01")
    assert await board.status_of(name, START + 3 * DAY) == (Status.FAILING, "late")
    assert told() == both * 2


async def test_term_07_6_an_overdue_finding_is_seen_by_whom_it_concerns(board: Board) -> None:
    """Without the supplier doing anything; another authority's is not, and one that names nobody is red with all."""
    board.shelf.put("risk-assessments", "in_force", system=str(uuid4()), held=TODAY)
    board.shelf.put("findings", "open", due=TODAY, concerned=[board.place.authorities[0]])
    board.shelf.put("findings", "open", due="2026-01-01", concerned=[uuid4()])
    assert await board.status_of("risk-actions") == (Status.MET, "none")
    assert await board.status_of("risk-actions", START + DAY) == (Status.FAILING, "late")
    board.shelf.put("findings", "open", due="2026-01-01", concerned=[])
    assert await board.status_of("risk-actions") == (Status.FAILING, "unnamed")


async def test_term_19_3_a_hall_is_red_the_day_after_its_evidence_ends(board: Board) -> None:
    """And outdated when nobody has gone through who may enter for half a year."""
    _hall(board.shelf, valid_until=TODAY)
    assert await board.status_of("site-certificates") == (Status.MET, "none")
    assert await board.status_of("site-certificates", START + DAY) == (Status.FAILING, "expired")
    assert await board.status_of("site-access-review", START + 183 * DAY) == (Status.MET, "none")
    assert await board.status_of("site-access-review", START + 184 * DAY) == (Status.OUTDATED, "overdue")


async def test_term_20_3_an_emergency_that_nobody_reviews_in_time_is_red(board: Board) -> None:
    """Five days after it was carried out; another's approval is the review."""
    entry = board.shelf.put("changes", "draft", kind="emergency", done=TODAY)
    assert await board.status_of("emergency-changes", START + 5 * DAY) == (Status.MET, "none")
    assert await board.status_of("emergency-changes", START + 6 * DAY) == (Status.FAILING, "unreviewed")
    board.shelf.put("changes", "in_force", entry=entry, number=2, content=1, kind="emergency", done=TODAY)
    assert await board.status_of("emergency-changes", START + 6 * DAY) == (Status.MET, "none")


async def test_term_32_5_a_partner_whose_agreement_expired_fails(board: Board) -> None:
    """The day after its last."""
    _partner(board.shelf, valid_until=TODAY)
    assert await board.status_of("partners") == (Status.MET, "none")
    assert await board.status_of("partners", START + DAY) == (Status.FAILING, "expired")


@pytest.mark.turns_red("partners")
async def test_term_32_5_an_agreement_of_a_partner_that_ended_turns_it_red(board: Board) -> None:
    """The day after its last; nothing of that partner is taken in from then on (tests/web/portal/test_exchange.py)."""
    until = (START + 2 * DAY).date().isoformat()
    _partner(board.shelf, valid_until=until)
    assert await board.status_of("partners") == (Status.MET, "none")
    assert await board.status_of("partners", START + 2 * DAY) == (Status.MET, "none")
    assert await board.status_of("partners", START + 3 * DAY) == (Status.FAILING, "expired")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each collector has its fault planted, and turns red by it; and is stopped, and turns red by that (terms.toml)."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.clusters import start_cluster
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Contract, Judgement, Status, judge
from vaka.assurance.backup_evidence import BACKUP_COLLECTORS, DRILL
from vaka.assurance.collectors import (
    CAPACITY_COLLECTORS,
    CASE_COLLECTORS,
    COLLECTORS,
    OVERSEEN_COLLECTORS,
    OWN_COLLECTORS,
    REGISTER_COLLECTORS,
    REMOTE_COLLECTORS,
    REPORT_COLLECTORS,
    SCANNER_COLLECTORS,
    VULNERABILITY_COLLECTORS,
)
from vaka.assurance.evidence import ONCE_RULED, Found, Look, list_supervised, read_standings
from vaka.assurance.looking import Looking, look, pause
from vaka.assurance.release_evidence import RELEASE_COLLECTORS
from vaka.assurance.terms import find_requirements, load_terms
from vaka.assurance.verified import MACHINE_COLLECTORS, RIGHTS_COLLECTORS
from vaka.assurance.wording import explain
from vaka.clock import TurnedClock
from vaka.database.connections import make_pool
from vaka.database.provision import ensure_platform, provision_platform, provision_tenant
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_database
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]

REQUIREMENTS = find_requirements(load_terms())
TERM_OF = {one.id: term for term in load_terms() for one in term.requirements}
CONTRACT = Contract(START, {one.id: START for one in REQUIREMENTS.values() if one.asked and one.id != ONCE_RULED}, {})
"""Of an authority that has asked for whatever is owed on request, and has published no rules."""
OWN_ELSEWHERE = ("log-witnessed", "log-retention", "activation-policy")
"""What asks an authority's own database and finds nothing there at first (test_own_evidence.py)."""
_ELSEWHERE = {
    *CAPACITY_COLLECTORS,
    *BACKUP_COLLECTORS,
    *CASE_COLLECTORS,
    *MACHINE_COLLECTORS,
    *OVERSEEN_COLLECTORS,
    *REGISTER_COLLECTORS,
    *REMOTE_COLLECTORS,
    *REPORT_COLLECTORS,
    *SCANNER_COLLECTORS,
    *RELEASE_COLLECTORS,
    *VULNERABILITY_COLLECTORS,
    *OWN_ELSEWHERE,
    ONCE_RULED,
    "log-verified",
    "clock-state",
}
ALONE = [name for name in COLLECTORS if name not in _ELSEWHERE]
"""What finds all well where there is nothing. The others need something to find: test_backup_evidence.py,
test_case_collectors.py,
test_machine.py, test_overseen.py, test_register_collectors.py, test_remote_work.py,
test_report_collectors.py, test_release_evidence.py, test_scanner_evidence.py, test_clocks.py, test_authority_rules.py,
tests/web/office/test_log_checks.py and tests/operations/vulnerabilities have it.
"""
LONG_AGO = START - timedelta(days=30)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server of this module's own: its platform is broken again and again, with rules that hold elsewhere gone."""
    root = Path(tempfile.mkdtemp(prefix="vaka-test-"))
    root.chmod(0o755)
    cluster = start_cluster(root, furnish)
    try:
        yield cluster.server
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


def furnish(server: Server) -> None:
    """Let one authority be there, and nobody else's roles; and a platform that stays whole."""
    provision_platform(server)
    provision_tenant(server, tenant_database("provkommun"))
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        superuser.execute(f"create database whole template {PLATFORM_DATABASE}")


@pytest.fixture
def server(own_server: Server) -> Server:
    """The server with its platform whole again."""
    with closing(psycopg.connect(own_server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        superuser.execute(f"drop database {PLATFORM_DATABASE} with (force)")
        # As in tests/databases.py.
        superuser.execute(f"create database {PLATFORM_DATABASE} owner vaka_owner template whole strategy file_copy")
    # A copy has all of it but who may connect.
    ensure_platform(own_server)
    return own_server


@pytest.fixture
def authority(server: Server) -> Authority:
    """An authority with a database."""
    made = Authority(uuid4(), "provkommun", "Provkommun", "authority", tenant_database("provkommun"), bytes(32))
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute(
            "insert into vaka.authority (id, slug, name, kind, database_name, address, created_at)"
            " values (%s, %s, %s, 'authority', %s, %s, %s)",
            (made.id, made.slug, made.name, made.database_name, made.address, START),
        )
    return made


@pytest.fixture
async def place(server: Server, authority: Authority) -> AsyncIterator[Place]:
    """Where a scheduler of one authority looks, on a machine whose clock is synchronised."""
    platform = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=2)
    gateway = Gateway(server, "scheduler", [authority], pool_size=1)
    await platform.open()
    try:
        yield Place(platform, gateway, [authority.id], lambda: "synchronised")
    finally:
        await gateway.close()
        await platform.close()


@pytest.fixture
def by_hand(server: Server) -> Callable[..., None]:
    """A superuser who turns triggers off first: what no rule of the database refuses any more."""

    def run(statement: str, **values: Any) -> None:
        with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute("set search_path = vaka")
            superuser.execute(statement, values)

    return run


async def status_of(name: str, place: Place, server: Server, now: datetime = START) -> tuple[Status, str]:
    """Look, and judge what the requirement's evidence then says of the first authority."""
    await look(REQUIREMENTS[name], COLLECTORS[name], place, now)
    return await judged(name, place, server, now)


async def judged(name: str, place: Place, server: Server, now: datetime) -> tuple[Status, str]:
    """Judge a requirement by the evidence there is."""
    async with platform_as(server, "setup") as setup:
        standings = await read_standings(setup, place.authorities[0])
        supervised = await list_supervised(setup, now)
    real = next((one.contract.asked for one in supervised if one.id == place.authorities[0]), {})
    contract = Contract(START, {**CONTRACT.asked, **real}, {})
    judgement = judge(REQUIREMENTS[name], standings.get(name), contract, now)
    return judgement.status, judgement.reason


def account(by_hand: Callable[..., None], **facts: Any) -> UUID:
    """Make an account that no function of ours would make."""
    identifier = uuid4()
    facts = {"human": uuid4(), "kind": "user", "state": "active", "ends": None} | facts
    by_hand(
        "insert into account (id, human, display_name, kind, state, ends_at, created_at)"
        " values (%(id)s, %(human)s, 'Vera Vilsen', %(kind)s, %(state)s, %(ends)s, now())",
        id=identifier, **facts,
    )  # fmt: skip
    return identifier


def grant(by_hand: Callable[..., None], who: UUID, role: str, where: UUID | None, request: UUID | None = None) -> None:
    """Give a role by hand."""
    by_hand(
        "insert into role_grant (account_id, role, authority_id, granted_at, request_id)"
        " values (%(who)s, %(role)s, %(where)s, %(at)s, %(request)s)",
        who=who, role=role, where=where, at=LONG_AGO, request=request,
    )  # fmt: skip


def request(by_hand: Callable[..., None], where: UUID, kind: str, state: str, **facts: Any) -> UUID:
    """Make a request that is over."""
    identifier, who = uuid4(), account(by_hand)
    facts = {"until": None, "answer": None, "beside": None, "control": None, "decided": None} | facts
    by_hand(
        "insert into role_request (id, kind, account_id, human, role, authority_id, valid_from, valid_until, digest,"
        " reason, beside, control, requested_by, answer_by, state, decided_by, decided_at, entry) values (%(id)s,"
        " %(kind)s, %(who)s, %(who)s, 'auditor', %(where)s, %(at)s, %(until)s, %(digest)s, 'KS 2026/31', %(beside)s,"
        " %(control)s, 'setup:uid-0', %(answer)s, %(state)s, %(decided)s, %(decided_at)s, 1)",
        id=identifier, kind=kind, who=who, where=where, at=LONG_AGO, digest=bytes(32), state=state,
        decided_at=LONG_AGO if facts["decided"] else None, **facts,
    )  # fmt: skip
    grant(by_hand, who, "auditor", where, identifier)
    return identifier


def plant_conflict(by_hand: Callable[..., None], where: UUID) -> None:
    """One human with two roles that conflict, in two accounts."""
    human = uuid4()
    grant(by_hand, account(by_hand, human=human), "auditor", where)
    grant(by_hand, account(by_hand, human=human, kind="administrator"), "contract_officer", where)


def plant_ended_exception(by_hand: Callable[..., None], where: UUID) -> None:
    """An exception that ended a day ago, and the role is still there."""
    ended = {"until": START - timedelta(days=1), "beside": "contract_officer", "control": "Granskas varje vecka"}
    request(by_hand, where, "exception", "approved", decided=account(by_hand), **ended)


def plant_shared_account(by_hand: Callable[..., None], _where: UUID) -> None:
    """Two accounts of one class for one human: the index that forbids it is gone."""
    by_hand("drop index one_account_of_a_class")
    human = uuid4()
    account(by_hand, human=human)
    account(by_hand, human=human)


def link(by_hand: Callable[..., None], who: UUID, name: str, *, retired: bool = False) -> None:
    """An identity that leads to an account."""
    by_hand(
        "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at, retired_at)"
        " values (gen_random_uuid(), %(who)s, %(name)s, %(hmac)s, %(hmac)s, clock_timestamp(), %(retired)s)",
        who=who, name=f"https://{name}.example", hmac=bytes(32), retired=START if retired else None,
    )  # fmt: skip


def plant_second_identity(by_hand: Callable[..., None], _where: UUID) -> None:
    """An account is somebody's at one issuer and somebody else's at another, and no two people decided that."""
    who = account(by_hand)
    link(by_hand, who, "one")
    link(by_hand, who, "other")


def plant_taken_over_account(by_hand: Callable[..., None], _where: UUID) -> None:
    """The identity that an account had is retired, and another leads to it that no two people decided."""
    who = account(by_hand)
    link(by_hand, who, "one", retired=True)
    link(by_hand, who, "other")


def plant_nobodys_account(by_hand: Callable[..., None], where: UUID) -> None:
    """An active account with a role: nobody came in time for it, and it waits for whoever is invited next."""
    who = account(by_hand)
    grant(by_hand, who, "operator", where)
    by_hand(
        "insert into invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at)"
        " values (%(hmac)s, gen_random_uuid(), %(who)s, 'operator', 'number', %(hmac)s, %(at)s,"
        " %(at)s + interval '1 day')",
        who=who, hmac=bytes(32), at=START - timedelta(days=9),
    )  # fmt: skip


def plant_reused_identity(by_hand: Callable[..., None], _where: UUID) -> None:
    """The identity of somebody who was removed leads to somebody else."""
    by_hand("alter table account_link drop constraint account_link_issuer_subject_hmac_key")
    for state in ("removed", "active"):
        by_hand(
            "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
            " values (gen_random_uuid(), %(who)s, 'https://idp.example', %(hmac)s, %(hmac)s, now())",
            who=account(by_hand, state=state), hmac=bytes(32),
        )  # fmt: skip


def plant_unapproved_role(by_hand: Callable[..., None], where: UUID) -> None:
    """A designated role that somebody wrote into the table."""
    by_hand(
        "insert into designated_role (authority_id, role, since, designated_by, reason)"
        " values (%(where)s, 'archivist', now(), %(who)s, 'KS 2026/31')",
        where=where, who=account(by_hand),
    )  # fmt: skip
    grant(by_hand, account(by_hand), "archivist", where)


def plant_late_emergency(by_hand: Callable[..., None], where: UUID) -> None:
    """An emergency that nobody approved in time."""
    request(by_hand, where, "emergency", "waiting", answer=LONG_AGO + timedelta(hours=1))


def session(by_hand: Callable[..., None], who: UUID, level: int | None) -> None:
    """An open session."""
    by_hand(
        "insert into session (token_hash, id, account_id, realm, method, created_at, expires_at, issuer, level)"
        " values (%(hash)s, gen_random_uuid(), %(who)s, 'operator', 'oidc', %(at)s, %(until)s, 'https://idp.example',"
        " %(level)s)",
        hash=uuid4().bytes * 2, who=who, at=START, until=START + timedelta(days=9), level=level,
    )  # fmt: skip


def plant_open_session(by_hand: Callable[..., None], _where: UUID) -> None:
    """A session of an account that was deactivated, by hand."""
    session(by_hand, account(by_hand, state="deactivated"), 3)


def plant_account_past_its_end(by_hand: Callable[..., None], _where: UUID) -> None:
    """An account whose last day came an hour ago."""
    account(by_hand, ends=START - timedelta(hours=1))


def plant_session_below_level(by_hand: Callable[..., None], _where: UUID) -> None:
    """A session that no level is known of: the constraint that forbids it is gone."""
    by_hand("alter table session drop constraint session_rests_on_something")
    session(by_hand, account(by_hand), None)


def plant_unreviewed_emergency(by_hand: Callable[..., None], _where: UUID) -> None:
    """An emergency access that ended long ago, and nobody went through it in time."""
    by_hand(
        "insert into break_glass (id, first_account, first_key, begun_at, second_account, second_key, session_id,"
        " opened_at, expires_at, reason, binding, review_by, ended_at)"
        " values (gen_random_uuid(), %(one)s, gen_random_uuid(), %(at)s, %(other)s, gen_random_uuid(),"
        " gen_random_uuid(), %(at)s, %(over)s, 'Avbrott', %(binding)s, %(due)s, %(over)s)",
        one=account(by_hand), other=account(by_hand), at=LONG_AGO, over=LONG_AGO + timedelta(hours=1),
        due=LONG_AGO + timedelta(hours=2), binding=bytes(32),
    )  # fmt: skip


def plant_misplaced_administrator(by_hand: Callable[..., None], _where: UUID) -> None:
    """An ordinary account with the administrators' role."""
    grant(by_hand, account(by_hand), "administrator", None)


def plant_undelivered_notice(by_hand: Callable[..., None], where: UUID) -> None:
    """A notice about an administrator that nobody has had, and that is late."""
    by_hand(
        "insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)"
        " values (%(where)s, 'holders', 7, 'role.granted', 'account:x', %(at)s, %(late)s)",
        where=where, at=LONG_AGO, late=LONG_AGO + timedelta(minutes=15),
    )  # fmt: skip


def plant_long_invitation(by_hand: Callable[..., None], _where: UUID) -> None:
    """An invitation for a month: the constraint that forbids it is gone."""
    by_hand("alter table invitation drop constraint invitation_check")
    by_hand(
        "insert into invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at)"
        " values (%(hmac)s, gen_random_uuid(), %(who)s, 'operator', 'number', %(hmac)s, %(at)s,"
        " %(at)s + interval '30 days')",
        who=account(by_hand), hmac=bytes(range(32)), at=START - timedelta(days=1),
    )  # fmt: skip


def enter(by_hand: Callable[..., None], event: str, thing: str, at: datetime = START) -> None:
    """An entry of the platform's log."""
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object)"
        " values (%(at)s, %(event)s, 'database', %(thing)s)",
        at=at, event=event, thing=thing,
    )  # fmt: skip


def plant_account_by_hand(by_hand: Callable[..., None], _where: UUID) -> None:
    """Somebody changed an account past the functions; and a unit, which is no account."""
    enter(by_hand, "row.changed_by_hand", f"unit:{uuid4()}")
    enter(by_hand, "row.changed_by_hand", f"account:{uuid4()}", START - timedelta(days=29))
    enter(by_hand, "row.changed_by_hand", f"account:{uuid4()}", START - timedelta(days=31))


def plant_undecided_issuer(by_hand: Callable[..., None], _where: UUID) -> None:
    """An issuer whose row says that it was approved, and the log knows of nothing."""
    by_hand(
        "insert into trusted_issuer (id, name, content, proposed_by, proposed_at, approved_by, approved_at)"
        " values (gen_random_uuid(), 'prov', %(said)s, %(one)s, %(at)s, %(other)s, %(at)s)",
        said='{"levels": {"x": {"expires": "2099-01-01"}}}', one=account(by_hand), other=account(by_hand), at=LONG_AGO,
    )  # fmt: skip


def plant_unproved_run(by_hand: Callable[..., None], _where: UUID) -> None:
    """A command that nobody stood behind."""
    enter(by_hand, "command.unproved", "command:device.import")


def plant_endless_auditor(by_hand: Callable[..., None], where: UUID) -> None:
    """An auditor's role without an end."""
    grant(by_hand, account(by_hand), "auditor", where)


def plant_plain_device(by_hand: Callable[..., None], where: UUID) -> None:
    """Devices known by their network alone: one whose exception is over, one in whose time it is, one not in use."""
    for until, used in ((START, True), (START + timedelta(days=1), True), (START - timedelta(days=1), False)):
        by_hand(
            "insert into device_entry (sender, authority_id, device_id, authentication, network, exception_reason,"
            " exception_until, active, changed_at) values ('~' || left(md5(random()::text), 28), %(where)s,"
            " gen_random_uuid(), 'network', '192.0.2.0/24', 'kan inget nyare', %(until)s, %(used)s, %(at)s)",
            where=where, until=until, used=used, at=LONG_AGO,
        )  # fmt: skip


def plant_wrongly_taken(by_hand: Callable[..., None], where: UUID) -> None:
    """A message taken in of a partner whose agreement had ended: the function that refuses it was gone round."""
    partner = uuid4()
    by_hand(
        "insert into register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        " values (%(entry)s, 1, 'partners', 'in_force', jsonb_build_object('exchanges', 'partner', 'valid_until',"
        " %(ended)s::text, 'certificate_until', '2030-01-01'), 1, %(digest)s, %(who)s, %(at)s)",
        entry=partner, ended=(START - timedelta(days=1)).date(), digest=bytes(32), who=account(by_hand), at=LONG_AGO,
    )  # fmt: skip
    by_hand(
        "insert into exchange_message (id, authority_id, partner, at, size, sha256, nonce_hash) values"
        " (gen_random_uuid(), %(where)s, %(partner)s, %(at)s, 2, %(digest)s, %(digest)s)",
        where=where, partner=partner, at=START, digest=bytes(32),
    )  # fmt: skip


PLANTED: dict[str, tuple[Callable[..., None], str]] = {
    "conflicting-roles": (plant_conflict, "held"),
    "duty-exceptions": (plant_ended_exception, "over"),
    "accounts-of-humans": (plant_shared_account, "shared"),
    "identities-reused": (plant_reused_identity, "reused"),
    "designated-roles": (plant_unapproved_role, "unapproved"),
    "emergency-grants": (plant_late_emergency, "unanswered"),
    "left-open": (plant_open_session, "open"),
    "ended-accounts": (plant_account_past_its_end, "active"),
    "session-levels": (plant_session_below_level, "low"),
    "emergency-reviews": (plant_unreviewed_emergency, "unreviewed"),
    "plain-devices": (plant_plain_device, "over"),
    "exchange-refusals": (plant_wrongly_taken, "taken"),
    "administrator-class": (plant_misplaced_administrator, "misplaced"),
    "holder-notices": (plant_undelivered_notice, "undelivered"),
    "invitations": (plant_long_invitation, "long"),
    "accounts-by-hand": (plant_account_by_hand, "by_hand"),
    "trust-registry": (plant_undecided_issuer, "undecided"),
    "maintenance-runs": (plant_unproved_run, "unproved"),
    "auditor-access": (plant_endless_auditor, "endless"),
}
"""What each looks for in the platform's database, and how to make it so."""
WELL = dict.fromkeys(("auditor-access", "audit-samples"), (Status.NOT_ASKED, "not_asked"))
"""What is not wrong where nobody audits, and not green either."""


@pytest.mark.turns_red
@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_fault_turns_it_red(
    name: str, place: Place, server: Server, authority: Authority, by_hand: Callable[..., None]
) -> None:
    """Green before, red with its reason after, in the board of the authority that it concerns."""
    plant, reason = PLANTED[name]
    assert await status_of(name, place, server) == WELL.get(name, (Status.MET, "none"))
    plant(by_hand, authority.id)
    assert await status_of(name, place, server, START + timedelta(minutes=1)) == (Status.FAILING, reason)
    wrong = Judgement(Status.FAILING, START, reason, name, 1)
    assert explain(TERM_OF[name], wrong).sv.startswith("1 ")


@pytest.mark.turns_red("accounts-of-humans")
@pytest.mark.parametrize("plant", [plant_second_identity, plant_taken_over_account, plant_nobodys_account])
async def test_an_account_of_two_or_of_nobody_turns_it_red(
    plant: Callable[..., None], place: Place, server: Server, authority: Authority, by_hand: Callable[..., None]
) -> None:
    """As above, in each way in which an account is not exactly one human's."""
    name = "accounts-of-humans"
    assert await status_of(name, place, server) == (Status.MET, "none")
    plant(by_hand, authority.id)
    assert await status_of(name, place, server, START + timedelta(minutes=1)) == (Status.FAILING, "shared")


@pytest.mark.turns_red("log-sealed")
async def test_a_log_that_is_not_sealed_turns_it_red(place: Place, server: Server, authority: Authority) -> None:
    """An entry waits for longer than it takes to begin, and no sequencer takes it in."""
    assert await status_of("log-sealed", place, server) == (Status.MET, "none")
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute(
            "select ledger.append(%s, 'installation.decided', 'setup:uid-0', 'installation:', 'success', '{}')",
            (START,),
        )
        superuser.execute("set session_replication_role = replica")
        superuser.execute("update ledger.inbox set written_at = %s", (START - timedelta(hours=2),))
        assert await status_of("log-sealed", place, server) == (Status.FAILING, "stands_still")
        superuser.execute("delete from ledger.inbox")


@pytest.mark.turns_red(*ALONE, stopped=True)
async def test_a_collector_that_is_stopped_turns_it_red(place: Place, server: Server) -> None:
    """What was green is red when nobody has looked for as long as evidence may be old, and a second more."""
    for name in ALONE:
        collector = COLLECTORS[name]
        every = REQUIREMENTS[name].every
        await look(REQUIREMENTS[name], collector, place, START)
        assert await judged(name, place, server, START + every) == WELL.get(name, (Status.MET, "none"))
        standing = await judged(name, place, server, START + every + timedelta(seconds=1))
        assert standing == (Status.UNTESTED, "collector_down")


async def test_an_authority_that_cannot_be_looked_at_is_not_green(place: Place, server: Server) -> None:
    """Its database is away: the look says that it was not seen, and what was seen before grows old."""
    name, every = "log-sealed", REQUIREMENTS["log-sealed"].every
    assert await status_of(name, place, server) == (Status.MET, "none")
    away = replace(place, gateway=Gateway(server, "scheduler", []))
    later = START + every + timedelta(seconds=1)
    assert await status_of(name, away, server, later) == (Status.UNTESTED, "collector_down")


async def test_what_was_not_looked_at_for_too_long_is_so_since_it_was_again(place: Place, server: Server) -> None:
    """A collector that comes back finds what it found before; nobody knows what was in between."""
    name, every = "left-open", REQUIREMENTS["left-open"].every
    for at, since in (
        (START, START),
        (START + every, START),
        (START + 3 * every, START + 3 * every),
        (START + 4 * every, START + 3 * every),
    ):
        await look(REQUIREMENTS[name], COLLECTORS[name], place, at)
        async with platform_as(server, "setup") as setup:
            standing = (await read_standings(setup, place.authorities[0]))[name]
        assert (standing.since, standing.seen) == (since, at)


async def test_the_ledger_is_told_of_what_is_otherwise_and_of_nothing_else(
    place: Place, server: Server, by_hand: Callable[..., None]
) -> None:
    """Once when it was first looked at, and once when it changed; a look that finds the same is no entry."""
    name = "conflicting-roles"
    told = entry_teller(server)
    for _ in range(3):
        await look(REQUIREMENTS[name], COLLECTORS[name], place, START)
    assert [entry["detail"]["reason"] for entry in told()] == ["none"]
    plant_conflict(by_hand, place.authorities[0])
    for _ in range(2):
        await look(REQUIREMENTS[name], COLLECTORS[name], place, START)
    assert [(entry["event"], entry["object"], entry["detail"]["reason"]) for entry in told()][1:] == [
        ("evidence.changed", f"requirement:{name}", "held")
    ]
    assert {entry["actor"] for entry in told()} == {"scheduler"}
    assert {entry["detail"]["authority"] for entry in told()} == {str(place.authorities[0])}


def entry_teller(server: Server) -> Callable[[], list[dict[str, Any]]]:
    """Return what reads the entries from here on."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as onlooker:
        before = newest(onlooker)

    def read() -> list[dict[str, Any]]:
        with closing(connect_superuser(server, PLATFORM_DATABASE)) as onlooker:
            return entries(onlooker, before)

    return read


async def test_evidence_is_only_ever_added_and_only_by_a_look(place: Place, server: Server) -> None:
    """Nobody can set a status: not the supplier's own commands, not who owns the tables, not who owns the server."""
    await look(REQUIREMENTS["clock-state"], COLLECTORS["clock-state"], place, START)
    made_up = (
        "insert into look (requirement, looked_at, clock, digest) values ('clock-state', now(), 'unknown', %(digest)s)",
        "insert into observation (look_id, requirement, met, reason, things)"
        " select max(id), 'clock-state', true, 'none', 0 from look",
        "update look set looked_at = now()",
        "update observation set met = true, reason = 'none', things = 0",
        "delete from look",
        "truncate look cascade",
        "truncate observation",
    )
    for role, become in ((platform_role("setup"), None), (SUPERUSER, None), (SUPERUSER, "vaka_owner")):
        with closing(psycopg.connect(server.conninfo(role, PLATFORM_DATABASE), autocommit=True)) as somebody:
            if become:
                somebody.execute(f"set role {become}")
            somebody.execute("set search_path = vaka")
            for statement in made_up:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    somebody.execute(statement.encode(), {"digest": bytes(32)})


async def test_one_collector_that_fails_holds_up_no_other(place: Place, server: Server, clock: TurnedClock) -> None:
    """It is due again at once; nothing is kept of it, so that it is red by itself."""

    async def fail(_place: Place, _now: datetime) -> Look:
        raise RuntimeError("planted")

    collectors = {"log-sealed": fail, "left-open": COLLECTORS["left-open"]}
    looking = Looking(place, clock, collectors)
    assert await looking.look_around() == 1
    assert looking.failing == {"log-sealed"}
    assert await judged("log-sealed", place, server, START) == (Status.UNTESTED, "no_evidence")
    assert await judged("left-open", place, server, START) == (Status.MET, "none")


async def test_each_is_looked_at_often_enough_and_no_oftener(place: Place, clock: TurnedClock) -> None:
    """Evidence never grows old while its collector works, also when a look fails."""
    asked: list[datetime] = []

    async def count(_place: Place, now: datetime) -> Look:
        asked.append(now)
        return Look([Found(None)])

    looking = Looking(place, clock, {"clock-state": count})
    wait = pause(REQUIREMENTS["clock-state"])
    for seconds in (0, 1, wait.total_seconds() - 2, 1, wait.total_seconds()):
        clock.turn(seconds)
        await looking.look_around()
    assert asked == [START, START + wait, START + 2 * wait]
    assert all(2 * pause(REQUIREMENTS[name]) < REQUIREMENTS[name].looked_within for name in COLLECTORS)


def test_every_collector_supplies_something_that_a_term_asks_for() -> None:
    """And everything that it can find is said in words of both languages."""
    assert set(COLLECTORS) <= set(REQUIREMENTS)
    automatic = {name for name in COLLECTORS if REQUIREMENTS[name].source == "automatic"} - set(CASE_COLLECTORS)
    documents = (*REGISTER_COLLECTORS, *REPORT_COLLECTORS)
    others = {"remote-sample", "role-matrix", "log-verified", DRILL}
    assert set(COLLECTORS) - automatic - set(CASE_COLLECTORS) == {*documents, *others}
    assert all(REQUIREMENTS[name].looked is not None for name in documents)
    # What has a file of its own to turn it red in.
    elsewhere = {
        ONCE_RULED,
        "audit-requests",
        "audit-samples",
        "exercise-requests",
        "exercise-hours",
        "remote-paths",
    }
    elsewhere |= {*OVERSEEN_COLLECTORS, *OWN_COLLECTORS, *RIGHTS_COLLECTORS, *MACHINE_COLLECTORS, *SCANNER_COLLECTORS}
    elsewhere |= set(CAPACITY_COLLECTORS)
    elsewhere |= {*BACKUP_COLLECTORS} - {DRILL}
    elsewhere |= {*RELEASE_COLLECTORS}
    elsewhere |= {*VULNERABILITY_COLLECTORS}
    elsewhere.discard("role-matrix")  # a document that the program comes with
    assert set(PLANTED) | {"clock-state"} | elsewhere == automatic

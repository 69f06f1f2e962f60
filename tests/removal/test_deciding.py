# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two of the authority's people decide, each with an entry; nobody else, nobody alone, and nobody by hand."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.access.test_decide import principal
from tests.platform import one_human, platform_as
from tests.removal.conftest import OTHERS
from tests.removal.scene import YEAR, Scene, confirmed
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.holds import UnusableReasonError
from vaka.access.principal import Principal
from vaka.access.proposing import UndecidableProposalError
from vaka.access.roles import ROLES
from vaka.clock import SystemClock
from vaka.database.server import SUPERUSER, tenant_role
from vaka.identity.confirming import Confirmation, NotConfirmedError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.removal.deciding import REMOVAL
from vaka.removal.kinds import KINDS, LONGEST_MONTHS
from vaka.removal.preview import note_seen
from vaka.removal.rules import (
    Connection,
    InForce,
    Rule,
    RuleSet,
    UnusableRulesError,
    list_rules,
    read_in_force,
    write_rules,
)

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KARIN = OTHERS["karin"].id
FIVE_YEARS = {"alarms": Rule(60, exempt=True)}
DECIDED = ("removal.proposed", "removal.previewed", "removal.approved", "removal.withdrawn")
OTHER_PROCESSES = ("desk", "setup", "scheduler", "sequencer", "receiver")


@contextmanager
def undecidable(why: str) -> Iterator[None]:
    """Refused for this reason."""
    with pytest.raises(UndecidableProposalError) as caught:
        yield
    assert caught.value.why == why


async def approve(
    scene: Scene, portal: Connection, platform: Connection, who: Principal, proposal: UUID, digest: str,
    touched: Confirmation | None = None,
) -> int:  # fmt: skip
    """Approve without having seen the preview; with a key's touch of just this, where there is no other."""
    here = scene.house.authority.id
    return await REMOVAL.approve(
        portal, who, here, proposal, digest, platform=platform, now=scene.now,
        confirmation=touched or confirmed(here, proposal, digest),
    )  # fmt: skip


async def in_force(scene: Scene, ahead: float = 0) -> dict[str, InForce]:
    async with scene.house.as_("scheduler") as scheduler:
        return dict(await read_in_force(scheduler, scene.now + timedelta(days=ahead)))


async def test_each_step_is_one_entry_and_the_approval_names_what_was_approved(scene: Scene) -> None:
    proposal = await scene.decide(FIVE_YEARS)
    proposed, previewed, approved = scene.entries(*DECIDED)
    assert {entry["object"] for entry in (proposed, previewed, approved)} == {f"removal:{proposal.id}"}
    assert proposed["detail"] == {"rules": proposal.digest, "reason": "KS 2026/14"}
    assert (previewed["actor"], previewed["detail"]) == (scene.arvid.actor, {"rules": proposal.digest})
    step_up = REMOVAL.approval(scene.house.authority.id, proposal.id, proposal.digest).digest
    assert approved["actor"] == scene.arvid.actor
    assert approved["detail"] == {"rules": proposal.digest, "step_up": step_up}
    assert scene.entries("row.changed_by_hand") == []
    async with scene.house.as_("portal") as portal:
        [kept] = await list_rules(portal)
    assert (kept.proposed_by, kept.approved_by, kept.is_open) == (scene.agneta.actor, scene.arvid.actor, False)
    assert kept.since is not None
    assert kept.rules == FIVE_YEARS


async def test_term_15_5_what_was_confirmed_is_approved_and_nothing_else(scene: Scene) -> None:
    proposal, here = await scene.propose(FIVE_YEARS), scene.house.authority.id
    async with scene.house.as_("portal") as portal, platform_as(scene.house.server, "portal") as platform:
        async with portal.transaction():
            await note_seen(portal, proposal, scene.arvid.actor, scene.now)
        for other in (confirmed(here, proposal.id, "0" * 64), confirmed(here, UUID(int=1), proposal.digest),
                      confirmed(UUID(int=1), proposal.id, proposal.digest)):  # fmt: skip
            with pytest.raises(NotConfirmedError):
                await approve(scene, portal, platform, scene.arvid, proposal.id, proposal.digest, other)
        assert scene.entries("removal.approved") == []
        untouched = confirmed(here, proposal.id, proposal.digest, touched=False)
        await approve(scene, portal, platform, scene.arvid, proposal.id, proposal.digest, untouched)
    [entry] = scene.entries("removal.approved")
    assert entry["detail"] == {"rules": proposal.digest}, "no touch is claimed that was not"


async def test_whoever_proposed_does_not_approve_in_whatever_session_or_name(scene: Scene) -> None:
    proposal = await scene.propose(FIVE_YEARS)
    session = replace(scene.agneta.session, id=uuid4(), display_name="Agneta Nygift")
    for who in (scene.agneta, replace(scene.agneta, session=session)):
        with undecidable("own"):
            await scene.approve(proposal, who)
    # Nor by hand.
    with pytest.raises(psycopg.errors.CheckViolation):
        scene.ask("update removal_rules set approved_at = now(), approved_by = proposed_by")
    assert scene.entries("removal.approved") == []


async def test_two_accounts_of_one_human_are_not_two_pairs_of_eyes(scene: Scene) -> None:
    one_human(scene.house.server, scene.agneta, scene.arvid)
    proposal = await scene.propose(FIVE_YEARS)
    with undecidable("own"):
        await scene.approve(proposal)
    assert scene.entries("removal.approved") == []


async def test_nobody_approves_what_he_has_not_seen_or_what_has_changed_since(scene: Scene) -> None:
    proposal = await scene.propose(FIVE_YEARS)
    async with scene.house.as_("portal") as portal, platform_as(scene.house.server, "portal") as platform:
        with undecidable("unseen"):
            await approve(scene, portal, platform, scene.arvid, proposal.id, proposal.digest)
        async with portal.transaction():
            await note_seen(portal, proposal, scene.arvid.actor, scene.now)
        for digest in ("", "0" * 64, proposal.digest.upper()):
            with undecidable("changed"):
                await approve(scene, portal, platform, scene.arvid, proposal.id, digest)
        scene.ask("update removal_rules set rules = %s", (Jsonb(write_rules({"alarms": Rule(24)})),))
        with undecidable("changed"):
            await approve(scene, portal, platform, scene.arvid, proposal.id, proposal.digest)
        # Another who has seen it does not see for him.
        [changed] = await list_rules(portal)
        async with portal.transaction():
            await note_seen(portal, changed, scene.agneta.actor, scene.now)
        with undecidable("unseen"):
            await approve(scene, portal, platform, scene.arvid, proposal.id, changed.digest)
    assert scene.entries("removal.approved") == []
    assert len(scene.entries("row.changed_by_hand")) == 1


async def test_one_proposal_waits_at_a_time_and_is_decided_once(scene: Scene) -> None:
    here = scene.house.authority.id
    first = await scene.propose(FIVE_YEARS)
    with undecidable("waits"):
        await scene.propose({"alarms": Rule(36)}, scene.arvid)
    async with scene.house.as_("portal") as portal, platform_as(scene.house.server, "portal") as platform:
        await REMOVAL.withdraw(portal, scene.arvid, here, first.id, now=scene.now)
        with undecidable("gone"):
            await REMOVAL.withdraw(portal, scene.arvid, here, first.id, now=scene.now)
    with undecidable("gone"):
        await scene.approve(first)
    second = await scene.propose({"alarms": Rule(36)}, scene.arvid)
    await scene.approve(second, scene.agneta)
    with undecidable("gone"):
        await scene.approve(second, scene.agneta)
    async with scene.house.as_("portal") as portal, platform_as(scene.house.server, "portal") as platform:
        with undecidable("gone"):
            await approve(scene, portal, platform, scene.agneta, UUID(int=1), second.digest)
    assert [entry["event"] for entry in scene.entries("removal.withdrawn", "removal.approved")] == [
        "removal.withdrawn", "removal.approved",
    ]  # fmt: skip


async def test_no_other_role_and_nobody_elsewhere_may(scene: Scene) -> None:
    proposal, here = await scene.propose(FIVE_YEARS), scene.house.authority.id
    others = [
        principal((role, here), realm="authority")
        for role in {*ROLES} - {"contract_officer", "archivist"}
    ]  # fmt: skip
    for role in ("contract_officer", "archivist"):
        others += [
            principal((role, here), realm="operator"), principal((role, here), kind="administrator", realm="authority"),
            principal((role, uuid4()), realm="authority"), principal((role, None), realm="authority"),
        ]  # fmt: skip
    mark = len(scene.entries(*DECIDED))
    async with scene.house.as_("portal") as portal, platform_as(scene.house.server, "portal") as platform:
        for who in others:
            with pytest.raises((NotAllowedError, NothingHereError)):
                await REMOVAL.propose(portal, who, here, FIVE_YEARS, reason="KS 1", now=scene.now)
            with pytest.raises((NotAllowedError, NothingHereError)):
                await approve(scene, portal, platform, who, proposal.id, proposal.digest)
            with pytest.raises((NotAllowedError, NothingHereError)):
                await REMOVAL.withdraw(portal, who, here, proposal.id, now=scene.now)
    assert len(scene.entries(*DECIDED)) == mark


@pytest.mark.parametrize(
    "rules",
    [
        {"alarms": Rule(23)}, {"alarms": Rule(1201)}, {"technical": Rule(0)}, {"technical": Rule(6, exempt=True)},
        {"strangers": Rule(2)}, {"messages": Rule(12, exempt=True)}, {"people": Rule(60)}, {"alarms": Rule(-60)},
    ],
)  # fmt: skip
async def test_rules_out_of_bounds_are_refused_here_and_by_the_database(scene: Scene, rules: dict[str, Rule]) -> None:
    with pytest.raises(UnusableRulesError):
        await scene.propose(rules)
    with closing(scene.login("portal")) as portal, pytest.raises(psycopg.errors.CheckViolation):
        portal.execute("select propose_removal(%s, %s, 'KS 1', now(), 'account:x')",
                       (uuid4(), Jsonb(write_rules(rules))))  # fmt: skip


@pytest.mark.parametrize(
    "rules", ['[]', '"x"', '{"alarms": 60}', '{"alarms": {"months": 60}}',
              '{"alarms": {"months": 60.5, "exempt": true}}',
              '{"alarms": {"months": "60", "exempt": true, "more": 1}}', '{"alarms": {"months": 60, "exempt": null}}',
              '{"alarms": null}', '{"alarms": []}'],
)  # fmt: skip
async def test_the_database_takes_no_rules_of_another_form(scene: Scene, rules: str) -> None:
    with closing(scene.login("portal")) as portal, pytest.raises(psycopg.Error):
        portal.execute("select propose_removal(%s, %s::jsonb, 'KS 1', now(), 'account:x')", (uuid4(), rules))


async def test_kinds_and_bounds_are_the_same_in_both_places(scene: Scene) -> None:
    known = {kind.name: (kind.shortest, kind.may_exempt) for kind in KINDS.values()}
    rows = scene.ask("select kind, shortest, may_exempt from removal_kinds()")
    assert {kind: (shortest, may) for kind, shortest, may in rows} == known
    for kind in KINDS.values():
        assert kind.shortest <= min(kind.public, kind.private) <= LONGEST_MONTHS


@pytest.mark.parametrize("reason", ["", " ", "x" * 201, "för 19320212-9809"])
async def test_a_reason_must_be_fit_for_the_log(scene: Scene, reason: str) -> None:
    async with scene.house.as_("portal") as portal:
        with pytest.raises(UnusableReasonError):
            await REMOVAL.propose(
                portal, scene.agneta, scene.house.authority.id, FIVE_YEARS, reason=reason, now=scene.now
            )


async def test_nothing_is_decided_while_the_ledger_stands_still(scene: Scene) -> None:
    proposal = await scene.propose(FIVE_YEARS)
    await scene.aged.seal()
    scene.aged.turn(days=1)
    with pytest.raises(LedgerStandsStillError):
        await scene.approve(proposal)
    async with scene.house.as_("portal") as portal:
        with pytest.raises(LedgerStandsStillError):
            await REMOVAL.withdraw(portal, scene.arvid, scene.house.authority.id, proposal.id, now=scene.now)
        [kept] = await list_rules(portal)
    assert kept.is_open
    assert [entry["event"] for entry in scene.entries("removal.approved", "removal.withdrawn")] == []


# --- what is in force -------------------------------------------------------------------------------------------------


async def test_the_longest_of_thirty_days_is_in_force(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60, exempt=True), "technical": Rule(6)})
    assert await in_force(scene, 29.9) == {}
    now = await in_force(scene, 30.1)
    assert {kind: (rule.months, rule.exempt) for kind, rule in now.items()} == {
        "alarms": (60, True), "technical": (6, False),
    }  # fmt: skip
    await scene.wait(31)
    # A shorter time and the end of an exemption wait; a longer time and what is kept for ever hold at once.
    await scene.decide({"alarms": Rule(24), "messages": Rule(3)})
    assert {kind: (rule.months, rule.exempt) for kind, rule in (await in_force(scene, 0.01)).items()} == {
        "alarms": (60, True)
    }  # fmt: skip
    later = await in_force(scene, 31)
    assert {kind: (rule.months, rule.exempt) for kind, rule in later.items()} == {
        "alarms": (24, False), "messages": (3, False),
    }  # fmt: skip


async def test_an_approval_that_is_not_sealed_lets_nothing_go(scene: Scene) -> None:
    proposal = await scene.propose(FIVE_YEARS)
    await scene.approve(proposal)
    assert await in_force(scene, 60) == {}
    await scene.aged.seal()
    assert set(await in_force(scene, 60)) == {"alarms"}


# --- as the supplier's own administrator ------------------------------------------------------------------------------

FORGE = (
    "insert into removal_rules (id, rules, reason, proposed_at, proposed_by, approved_at, approved_by)"
    ' values (gen_random_uuid(), \'{"alarms": {"months": 24, "exempt": false}}\', \'KS 1\','
    " now() - interval '60 days', 'account:a', now() - interval '50 days', 'account:b')"
)
Forge = Callable[[Scene, RuleSet], None]


def insert_a_set(scene: Scene, decided: RuleSet) -> None:
    scene.ask(FORGE)


def insert_unseen(scene: Scene, decided: RuleSet) -> None:
    scene.ask(FORGE, unguarded=True)


def shorten(scene: Scene, decided: RuleSet) -> None:
    scene.ask('update removal_rules set rules = \'{"alarms": {"months": 24, "exempt": false}}\'', unguarded=True)


def borrow_its_entry(scene: Scene, decided: RuleSet) -> None:
    """Another set of rules under the identifier that was approved."""
    scene.ask("update removal_rules set rules = '{\"alarms\": {\"months\": 24, \"exempt\": false}}',"
              " proposed_by = 'account:c', approved_by = 'account:d'", unguarded=True)  # fmt: skip


def make_it_older(scene: Scene, decided: RuleSet) -> None:
    """An approval of today that says it is of last year."""
    scene.ask(FORGE.replace("50 days", "500 days").replace("60 days", "510 days"), unguarded=True)


def enter_it_oneself(scene: Scene, decided: RuleSet) -> None:
    """With entries of one's own, as each process that one has the password of."""
    scene.ask(FORGE, unguarded=True)
    [(forged, digest)] = scene.ask("select id, digest from list_removal_rules() where id <> %s", (decided.id,))
    for component in (*OTHER_PROCESSES, None):
        for event in ("removal.proposed", "removal.approved"):
            detail = Jsonb({"rules": digest})
            statement = "select ledger.append(now(), %s, 'account:b', %s, 'success', %s)"
            role = SUPERUSER if component is None else tenant_role(scene.house.authority.database_name, component)
            conninfo = scene.house.server.conninfo(role, scene.house.authority.database_name)
            with closing(psycopg.connect(conninfo)) as login, pytest.raises(psycopg.errors.CheckViolation):
                login.execute(statement, (event, f"removal:{forged}", detail))


@pytest.mark.parametrize(
    "forge", [insert_a_set, insert_unseen, shorten, borrow_its_entry, make_it_older, enter_it_oneself],
    ids=lambda forge: forge.__name__,
)  # fmt: skip
async def test_rules_that_were_put_there_by_hand_let_nothing_go(scene: Scene, forge: Forge) -> None:
    decided = await scene.decide(FIVE_YEARS)
    await scene.wait()
    alarm = scene.alarm(KARIN, days=3 * YEAR)
    forge(scene, decided)
    await scene.aged.seal()
    assert all(rule.months == 60 for rule in (await in_force(scene, 1)).values())
    assert (await scene.night()).total("removed") == 0
    assert scene.left() == {alarm}
    async with scene.house.as_("portal") as portal:
        unproven = [one for one in await list_rules(portal) if one.is_unproven(SystemClock().now())]
    assert len(unproven) == 1, "and it is told of"


async def test_a_change_by_hand_is_told_of_in_the_log(scene: Scene) -> None:
    await scene.decide(FIVE_YEARS)
    for statement in (FORGE, "update removal_rules set reason = 'x'", "delete from removal_rules where approved_by = "
                      "'account:b'", "truncate removal_rules cascade"):  # fmt: skip
        mark = len(scene.entries("row.changed_by_hand"))
        scene.ask(statement)
        assert len(scene.entries("row.changed_by_hand")) > mark, statement


@pytest.mark.parametrize("component", OTHER_PROCESSES)
async def test_no_process_of_the_suppliers_can_decide_or_touch_the_rules(scene: Scene, component: str) -> None:
    await scene.decide(FIVE_YEARS)
    for statement in (
        "select propose_removal(gen_random_uuid(), '{}', 'KS 1', now(), 'account:x')",
        "select approve_removal(gen_random_uuid(), 'x', now(), 'account:x')",
        "select withdraw_removal(gen_random_uuid(), now(), 'account:x')",
        "select note_removal_preview(gen_random_uuid(), 'x', now(), 'account:x')",
        "select find_removable('alarms', now(), null, null, null, null)",
        "update removal_rules set rules = '{}'", "delete from removal_rules", FORGE, "delete from removal_preview",
        "select ledger.removal_approved_at('x', 'x', now(), now())",
    ):  # fmt: skip
        with closing(scene.login(component)) as login, pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute(statement.encode())


async def test_the_scheduler_cannot_remove_what_no_rule_lets_go(scene: Scene) -> None:
    """Whoever has its password names what he likes: the database looks for itself, by its own clock."""
    await scene.decide(FIVE_YEARS)
    await scene.wait()
    young, old = scene.alarm(KARIN, days=4.9 * YEAR), scene.alarm(uuid4(), days=6 * YEAR)
    message = scene.message(days=9 * YEAR)
    with closing(scene.login("scheduler")) as scheduler:
        scheduler.autocommit = True
        scheduler.execute("select * from remove_data('alarms', %s)", ([young, message],))
        for kind in ("messages", "technical", "strangers", "notes", "people", None):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                scheduler.execute("select * from remove_data(%s, %s)", (kind, [young, old, message]))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            scheduler.execute("select * from remove_data('alarms', %s)", ([uuid4() for _ in range(1001)],))
        for table in ("alarm", "message", "alarm_note", "alarm_step", "note", "person"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                scheduler.execute(f"delete from {table}".encode())
    assert scene.left() == {young, old}
    assert message in scene.left("message")
    assert scene.entries("data.removed", "alarm.removed") == []


@pytest.mark.parametrize("event", ["data.removed", "alarm.removed", "removal.run"])
async def test_only_the_scheduler_says_that_something_was_removed(scene: Scene, event: str) -> None:
    statement = f"select ledger.append(now(), '{event}', 'scheduler', 'alarm:x', 'success', '{{}}')"
    for component in ("desk", "setup", "portal", "sequencer", "receiver"):
        with closing(scene.login(component)) as login, pytest.raises(psycopg.errors.CheckViolation):
            login.execute(statement.encode())
    # So whoever takes a note away himself cannot say that its age was the reason.
    scene.ask("insert into note (id, person_id, body, written_at) values (%s, %s, %s, now())",
              (uuid4(), KARIN, b"\x01" + bytes(94)))  # fmt: skip
    mark = len(scene.entries("row.changed_by_hand"))
    with closing(scene.login("setup")) as setup:
        setup.execute("delete from note")
        setup.commit()
    assert len(scene.entries("row.changed_by_hand")) == mark + 1

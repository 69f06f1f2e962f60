# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What auditors freeze and draw (term 37), what becomes of it in the supplier's hands; and requests nobody answers."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.assurance.auditing import DAY, Parties, new_parties
from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    by_hand,
    own_server,
    place,
    server,
)
from tests.conftest import START
from tests.platform import make_account, platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status, judge
from vaka.assurance.audit_samples import SOURCES
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import list_supervised, read_standings
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.clock import TurnedClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.sealing import Sealing
from vaka.ledger.signer import KeyFiles, open_signer

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOON = START + DAY + timedelta(hours=12)
MINUTE = timedelta(minutes=1)
GRANT = "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, 'care_manager', %s, %s)"


@pytest.fixture
async def parties(server: Server, place: Place) -> Parties:  # noqa: F811 - the fixtures above
    return await new_parties(server, place.authorities[0])


@pytest.fixture
def seal(server: Server, tmp_path: Path) -> Callable[[datetime], Any]:  # noqa: F811 - the fixture above
    """Seal the platform's log at a time, with a key of this test's own."""

    async def run(at: datetime) -> None:
        async with await open_connection(
            server, platform_role("sequencer"), PLATFORM_DATABASE, application="test"
        ) as connection:
            is_new = not (await (await connection.execute("select from ledger.checkpoint")).fetchall())
            signer = open_signer(
                KeyFiles.of(tmp_path, tmp_path, PLATFORM_DATABASE), "vaka.example/platform", is_new=is_new
            )
            await Sealing(signer, TurnedClock(at)).make_round(connection)

    return run


async def employ(parties: Parties, count: int) -> None:
    """Let some more people have a role with the authority."""
    for number in range(count):
        account = await make_account(parties.server, f"Person {number}", now=START - DAY)
        with closing(psycopg.connect(parties.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
            hand.execute("set session_replication_role = replica")
            hand.execute(GRANT, (account, parties.authority, START - DAY))


async def status_of(name: str, parties: Parties, place: Place, now: datetime) -> tuple[Status, str]:  # noqa: F811
    """Look, and judge by what the authority really asked for."""
    await look(REQUIREMENTS[name], COLLECTORS[name], place, now)
    async with platform_as(parties.server, "setup") as setup:
        [contract] = [one.contract for one in await list_supervised(setup, now)]
        standings = await read_standings(setup, parties.authority)
    judged = judge(REQUIREMENTS[name], standings.get(name), contract, now)
    return judged.status, judged.reason


def test_the_database_knows_the_same_sources(server: Server) -> None:  # noqa: F811 - the fixture above
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as hand:
        rows = hand.execute("select source, terms from vaka.audit_source").fetchall()
    assert {name: frozenset(terms) for name, terms in rows} == {name: terms for name, (_, terms) in SOURCES.items()}


@pytest.mark.turns_red("audit-samples")
async def test_term_37_3_what_was_sampled_is_not_changed_and_its_hash_shows_so(
    parties: Parties,
    place: Place,  # noqa: F811
    seal: Callable[[datetime], Any],
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    await employ(parties, 12)
    one = await parties.arrange(terms=[8])
    population, said = await parties.freeze(one, "accounts", at=NOON, wanted=4)
    assert said == "done"
    assert await parties.draw(population, at=NOON + MINUTE) == "unsealed", "nobody knows the seed yet, or can choose it"
    await seal(NOON)
    await parties.freeze(one, "accounts", at=NOON, wanted=1)
    await seal(NOON + MINUTE / 2)
    assert await parties.draw(population, at=NOON + MINUTE) == "done", (
        "by the first: another of its minute changes nothing"
    )
    assert await parties.draw(population, at=NOON + 2 * MINUTE) == "drawn", "and it is not drawn again"
    found, drawn = await parties.look_at(one, population)
    assert (found.items, len(drawn), found.stands) == (14, 4, True)
    assert not any(item.is_changed for item in drawn)

    # Whoever has the list and the checkpoint draws the same, and computes the same fingerprints.
    with closing(psycopg.connect(parties.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as hand:
        rows = hand.execute("select item, sha256 from vaka.audit_item where population = %s", (population,))
        items: dict[str, str] = dict(rows.fetchall())
        [note] = hand.execute("select note from ledger.checkpoint where size = %s", (found.checkpoint,)).fetchall()
    said, _, signatures = bytes(note[0]).decode().partition("\n\n")
    seed = sha256(f"{said}\n\n{signatures.splitlines()[0]}".encode()).hexdigest()
    order = sorted(items, key=lambda item: (sha256(f"{seed} {item}".encode()).digest(), item))[:4]
    assert (seed, order) == (found.seed, [item.item for item in drawn])
    assert sha256("\n".join(f"{item} {items[item]}" for item in sorted(items)).encode()).hexdigest() == found.sha256
    assert sha256("\n".join(f"{item} {items[item]}" for item in order).encode()).hexdigest() == found.sample_sha256
    assert await status_of("audit-samples", parties, place, NOON) == (Status.MET, "none")

    # The supplier changes what was drawn: that is shown. He cannot remove it, nor touch what was frozen.
    victim = drawn[0].item
    with closing(psycopg.connect(parties.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
        hand.execute("update vaka.account set display_name = 'Någon annan' where id = %s", (victim,))
        with pytest.raises(psycopg.errors.RestrictViolation):
            hand.execute("delete from vaka.account where id = %s", (victim,))
        for statement in (
            "delete from vaka.audit_item where item = %s",
            "update vaka.audit_item set sha256 = repeat('0', 64) where item = %s",
            "update vaka.audit_sample set seed = repeat('0', 64) where population::text <> %s",
            "update vaka.audit_population set wanted = 1 where id::text <> %s",
            "delete from vaka.audit_sample where seed <> %s",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                hand.execute(statement.encode(), (victim,))
    found, drawn = await parties.look_at(one, population)
    assert [item.item for item in drawn if item.is_changed] == [victim]
    assert found.stands, "the list is what it was"

    # With the triggers off he can write what he likes: the fingerprint, which the log has, proves it.
    by_hand("update audit_item set sha256 = audit_item_sha256('accounts', item) where item = %(item)s", item=victim)
    found, drawn = await parties.look_at(one, population)
    assert not any(item.is_changed for item in drawn)
    assert not found.stands
    assert await status_of("audit-samples", parties, place, NOON) == (Status.FAILING, "changed")
    wrong = Judgement(Status.FAILING, START, "changed", "audit-samples", 1)
    assert explain(TERM_OF["audit-samples"], wrong).sv.startswith("1 ")


async def test_term_37_3_a_version_of_a_register_that_was_drawn_is_not_changed(
    parties: Parties,
    seal: Callable[[datetime], Any],
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    one = await parties.arrange(terms=[20])
    assert (await parties.freeze(one, "changes", at=NOON))[1] == "nothing", "the supplier shows no register yet"
    by_hand(
        "insert into register_showing (register, authority_id, how, since)"
        " values ('changes', %(where)s, 'entries', now())",
        where=parties.authority,
    )
    by_hand(
        "insert into register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        " values (gen_random_uuid(), 1, 'changes', 'in_force', '{\"title\": \"Ny version\"}', 1,"
        " decode(repeat('00', 32), 'hex'), %(who)s, %(at)s)",
        who=parties.administrator, at=START,
    )  # fmt: skip
    population, said = await parties.freeze(one, "changes", at=NOON, wanted=1)
    assert said == "done"
    await seal(NOON)
    assert await parties.draw(population, at=NOON + MINUTE) == "done"
    with closing(psycopg.connect(parties.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as hand:
        for statement in ("update vaka.register_version set state = 'closed'", "delete from vaka.register_version"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                hand.execute(statement.encode())
    by_hand("delete from register_version where register = 'changes'")
    _, [item] = await parties.look_at(one, population)
    assert item.now_sha256 is None
    assert item.is_changed


async def test_entries_of_the_log_are_drawn_too_and_no_other_authoritys(
    parties: Parties, seal: Callable[[datetime], Any]
) -> None:
    one = await parties.arrange(terms=[9])
    async with platform_as(parties.server, "setup") as setup, setup.transaction():
        for where in (parties.authority, uuid4(), parties.authority):
            detail = {"role": "care_manager", "authority": str(where)}
            await append(setup, Entry(Event.ROLE_GRANTED, "setup", START, f"account:{uuid4()}", detail=detail))
    await seal(NOON - MINUTE)
    population, said = await parties.freeze(one, "role-changes", at=NOON)
    assert said == "done"
    assert (await parties.freeze(one, "accounts", at=NOON))[1] == "scope", "those are of other terms"
    await seal(NOON)
    assert await parties.draw(population, at=NOON + MINUTE) == "done"
    found, drawn = await parties.look_at(one, population)
    assert (found.items, len(drawn), any(item.is_changed for item in drawn)) == (2, 2, False)


async def test_nobody_else_freezes_or_draws_and_he_not_before_or_after(parties: Parties) -> None:
    one = await parties.arrange(terms=[8])
    for by, at in (
        (parties.officer, NOON), (parties.administrator, NOON), (parties.auditor, START),
        (parties.auditor, START + 8 * DAY),
    ):  # fmt: skip
        assert (await parties.freeze(one, "accounts", at=at, by=by))[1] == "stranger"


@pytest.mark.turns_red("audit-requests")
async def test_term_19_5_a_visit_that_is_asked_for_is_an_engagement_and_red_when_it_is_not_answered_or_held(
    parties: Parties,
    place: Place,  # noqa: F811 - the fixture above
) -> None:
    assert await status_of("audit-requests", parties, place, START) == (Status.NOT_ASKED, "not_asked")
    one, said = await parties.ask(kind="visit", terms=[19], answer_by=START + 3 * DAY, starts_at=START + 5 * DAY)
    assert said == "done"
    assert not (await parties.find(one)).is_late(START + 3 * DAY)
    assert await status_of("audit-requests", parties, place, START + 2 * DAY) == (Status.MET, "none")
    late = START + 3 * DAY + MINUTE
    assert (await parties.find(one)).is_late(late)
    assert await status_of("audit-requests", parties, place, late) == (Status.FAILING, "unanswered")
    # The supplier answers with another day, both agree, and nobody comes: it is owed anew, and red again in time.
    other: dict[str, Any] = {"starts_at": START + 6 * DAY, "ends_at": START + 7 * DAY, "words": "Hallen byggs om"}
    assert await parties.say("office", "propose_audit", at=late, id=one, **other) == "done"
    assert await status_of("audit-requests", parties, place, late) == (Status.MET, "none")
    assert await parties.agree(one, at=late, side="portal") == "done"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # the supplier does not say whether it was held
        await parties.say("office", "close_audit", at=START + 7 * DAY, id=one, held=True)
    assert await parties.say("portal", "close_audit", at=START + 7 * DAY, id=one, held=False) == "done"
    found = await parties.find(one)
    assert (found.missed, found.owes_answer, found.answer_by) == (1, True, START + 10 * DAY)
    again = START + 10 * DAY + MINUTE
    assert await status_of("audit-requests", parties, place, again) == (Status.FAILING, "unanswered")
    assert await parties.say("portal", "withdraw_audit", at=again, id=one) == "done"
    assert await status_of("audit-requests", parties, place, again) == (Status.NOT_ASKED, "not_asked")


async def test_term_19_5_a_visit_gives_nobody_a_role(parties: Parties) -> None:
    await parties.arrange(kind="visit", terms=[19])
    assert (await parties.principal(NOON)).grants == ()

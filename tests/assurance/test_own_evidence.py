# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is asked in an authority's own database and finds nothing there at first: of real logs, witnesses and rules."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import REQUIREMENTS, TERM_OF, judged, status_of
from tests.ledger.aged import AgedLog
from tests.ledger.sealed import LogHouse
from tests.ledger.watched import WITNESS, new_witness, running, witness_key
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.own_evidence import LONGEST_UNSEEN
from vaka.assurance.wording import explain
from vaka.clock import SystemClock, TurnedClock
from vaka.crypto.activation import FLOORS
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.notes import Note, parse_note
from vaka.ledger.witness_client import WitnessClient
from vaka.settings import LedgerSettings, Settings, WitnessSettings
from vaka.tenants.activation import write_rules
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]

WITNESSED, RETENTION, ACTIVATION = "log-witnessed", "log-retention", "activation-policy"
MET, UNKNOWN = (Status.MET, "none"), (Status.UNTESTED, "missing")
SECOND = timedelta(seconds=1)
OFFICER = "account:00000000-0000-0000-0000-000000000016"


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    house = LogHouse(server, authority, tmp_path)
    house.signer()
    return house


@pytest.fixture
async def place(server: Server, authority: Authority) -> AsyncIterator[Place]:
    """Where a scheduler looks whose settings show the authority's log to one witness."""
    platform = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=2)
    gateway = Gateway(server, "scheduler", [replace(authority, slug="provkommun")], pool_size=1)
    shown = WitnessSettings(url="http://127.0.0.1:1", key=witness_key().encode(), logs=["authority/provkommun"])
    await platform.open()
    try:
        yield Place(
            platform,
            gateway,
            [authority.id],
            settings=Settings(ledger=LedgerSettings(origin="vaka.example", witnesses=[shown])),
        )
    finally:
        await gateway.close()
        await platform.close()


async def seal(house: LogHouse, now: datetime, url: str = "") -> None:
    """Let something happen, and the sequencer seal and sign it at `now`, with the witness at `url` or with none."""
    clock = TurnedClock(now)
    await house.write(clock, f"alarm:{uuid4()}")
    shown = [WitnessClient(url, witness_key(), clock)] if url else []
    async with house.as_("sequencer") as connection:
        await house.sealing(clock, *shown).make_round(connection)


@pytest.mark.turns_red(WITNESSED)
async def test_term_26_4_a_witness_that_is_away_turns_it_red(
    place: Place, server: Server, house: LogHouse, tmp_path: Path
) -> None:
    """Its own signature says when it saw the log. What the sequencer signs after it has gone helps nobody."""
    now = SystemClock().now()
    assert await status_of(WITNESSED, place, server, now) == (Status.FAILING, "silent")
    new_witness(tmp_path / "witness", house.key)
    with running(tmp_path / "witness") as witness:
        await seal(house, now, witness.url)
    assert await status_of(WITNESSED, place, server, SystemClock().now()) == MET
    gone = SystemClock().now() + LONGEST_UNSEEN + SECOND
    await seal(house, gone)
    assert await status_of(WITNESSED, place, server, gone) == (Status.FAILING, "silent")


@pytest.mark.turns_red(WITNESSED)
async def test_log_that_is_shown_to_nobody_is_not_green(place: Place, server: Server, house: LogHouse) -> None:
    """However well it is sealed: the settings name no witness for it."""
    now = SystemClock().now()
    await seal(house, now)
    alone = replace(place, settings=Settings(ledger=LedgerSettings(origin="vaka.example")))
    assert await status_of(WITNESSED, alone, server, now) == (Status.FAILING, "nobody")


async def test_cosignature_that_is_old_or_of_another_log_counts_for_nothing(
    place: Place, server: Server, house: LogHouse
) -> None:
    """Whoever has the database writes into it what a witness once signed, or signed of another log."""
    now = SystemClock().now()
    await seal(house, now)
    [(size, data)] = house.checkpoints()
    own = parse_note(data)
    other = replace(parse_checkpoint(own.text), origin="vaka.example/platform").text
    long_ago = int((now - LONGEST_UNSEEN - SECOND).timestamp())
    for text, time, expected in (
        (other, int(now.timestamp()), (Status.FAILING, "silent")),
        (own.text, long_ago, (Status.FAILING, "silent")),
        (own.text, int((now + LONGEST_UNSEEN).timestamp()) + 2, (Status.FAILING, "silent")),
        (own.text, int(now.timestamp()), MET),
    ):
        note = Note(text, (*own.signatures, WITNESS.cosign(text, time)))
        with house.superuser(unguarded=True) as superuser:
            superuser.execute("update ledger.checkpoint set note = %s where size = %s", (note.encode(), size))
        assert await status_of(WITNESSED, place, server, now) == expected


@pytest.mark.turns_red(RETENTION)
async def test_entries_that_outlive_what_was_decided_turn_it_red(place: Place, server: Server, house: LogHouse) -> None:
    """Not tested before the authority has decided; red three days after what is old should have gone."""
    aged = AgedLog.begun(house, 500)
    began = aged.clock.now()
    assert await status_of(RETENTION, place, server, began) == UNKNOWN
    await aged.decide(400)
    await aged.seal()
    aged.turn(days=20)
    await aged.write(600)
    await aged.seal()
    signed = aged.clock.now()
    aged.turn(days=479)
    await aged.write(1)
    await aged.seal()
    should_be_gone = signed + timedelta(days=400, hours=1)
    for at, expected in (
        (signed, MET), (should_be_gone + timedelta(days=3) - SECOND, MET),
        (should_be_gone + timedelta(days=3) + SECOND, (Status.FAILING, "late")),
    ):  # fmt: skip
        assert await status_of(RETENTION, place, server, at) == expected
    assert await aged.prune() == 0, "announced"
    await aged.seal()
    assert await aged.prune() > 500
    assert await status_of(RETENTION, place, server, aged.clock.now()) == MET


async def decide_rules(house: LogHouse, length: int) -> None:
    """Let an officer put rules in force, and the log say so."""
    rules = write_rules({**FLOORS, "device_secret": replace(FLOORS["device_secret"], length=length)})
    now = SystemClock().now()
    values = {"id": uuid4(), "rules": Jsonb(rules), "now": now, "actor": OFFICER}
    async with house.as_("portal") as portal, portal.transaction():
        row = await (
            await portal.execute(
                "select vaka.propose_activation(%(id)s, %(rules)s, 'KS 2026/11', %(now)s, %(actor)s)", values
            )
        ).fetchone()
        assert row is not None
        for event, more in ((Event.ACTIVATION_PROPOSED, {}), (Event.ACTIVATION_APPROVED, {"weakens": False})):
            said = Entry(event, OFFICER, now, f"activation:{values['id']}", detail={"rules": row[0], **more})
            await append(portal, said)
        values["digest"] = row[0]
        await portal.execute(
            "select vaka.approve_activation(%(id)s, %(digest)s, true, %(now)s, %(actor)s)", values
        )  # fmt: skip


@pytest.mark.turns_red(ACTIVATION)
async def test_rules_that_are_unset_altered_or_below_the_floor_are_not_green(
    place: Place, server: Server, house: LogHouse
) -> None:
    """Nobody decided; they were decided; a row was changed beside the log; a later version raised the floor."""
    now = SystemClock().now()
    assert await status_of(ACTIVATION, place, server, now) == UNKNOWN
    await decide_rules(house, 14)
    assert await status_of(ACTIVATION, place, server, now) == MET
    alter = "update vaka.activation_rules set rules = jsonb_set(rules, '{device_secret,length}', %s)"
    with house.superuser(unguarded=True) as superuser:
        superuser.execute(alter, ("12",))
    assert await status_of(ACTIVATION, place, server, now) == (Status.FAILING, "altered")
    with house.superuser(unguarded=True) as superuser:
        superuser.execute(alter, ("14",))
        assert await status_of(ACTIVATION, place, server, now) == MET
        superuser.execute(
            "create or replace function vaka.activation_floor() returns jsonb language sql immutable as $$"
            """ select jsonb '{"device_secret": {"length": 16, "kinds": 1, "lifetime": null, "reuse": 0},"""
            """ "invitation_code": {"length": 26, "kinds": 1, "lifetime": 24, "reuse": 0}}' $$"""
        )
    assert await status_of(ACTIVATION, place, server, now) == (Status.FAILING, "below")


async def make_green(name: str, house: LogHouse, now: datetime) -> None:
    """Let there be what a collector looks for."""
    if name == WITNESSED:
        await seal(house, now)
        [(size, data)] = house.checkpoints()
        note = parse_note(data)
        seen = Note(note.text, (*note.signatures, WITNESS.cosign(note.text, int(now.timestamp()))))
        with house.superuser(unguarded=True) as superuser:
            superuser.execute("update ledger.checkpoint set note = %s where size = %s", (seen.encode(), size))
    elif name == RETENTION:
        aged = AgedLog.begun(house, 1)
        await aged.decide(400)
        await aged.seal()
    else:
        await decide_rules(house, 14)


@pytest.mark.turns_red(WITNESSED, RETENTION, ACTIVATION, stopped=True)
@pytest.mark.parametrize("name", [WITNESSED, RETENTION, ACTIVATION])
async def test_a_collector_that_is_stopped_turns_it_red(
    name: str, place: Place, server: Server, house: LogHouse
) -> None:
    """What was green is red when nobody has looked for as long as evidence may be old, and a second more."""
    now, every = SystemClock().now(), REQUIREMENTS[name].every
    await make_green(name, house, now)
    assert await status_of(name, place, server, now) == MET
    assert await judged(name, place, server, now + every) == MET
    assert await judged(name, place, server, now + every + SECOND) == (Status.UNTESTED, "collector_down")


def test_what_they_find_is_said_in_words() -> None:
    """In both languages, with how many there are where there may be several."""
    for name, reasons in {
        WITNESSED: ("nobody", "silent"), RETENTION: ("late",), ACTIVATION: ("altered", "below"),
        "erasure-orders": ("late", "readable"), "erasures-returned": ("returned",), "plain-devices": ("over",),
        "exchange-refusals": ("overlooked", "taken"),
    }.items():  # fmt: skip
        for reason in reasons:
            said = explain(TERM_OF[name], Judgement(Status.FAILING, SystemClock().now(), reason, name, 4711))
            assert ("4711" in said.sv) == ("4711" in said.en) == (reason not in ("nobody", "below"))

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Finding entries: what is searched is derived from the leaves, page after page without loss, and never believed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import START
from tests.ledger.sealed import LogHouse
from vaka.database.server import Server
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.search import (
    LONGEST_KEY,
    About,
    Hit,
    Place,
    Wanted,
    count_entries,
    find_entries,
    identifier_in,
    list_actors,
    subject_of,
)
from vaka.ledger.sequencer import sequence
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EVERYTHING = Wanted(START - timedelta(days=1), START + timedelta(days=1))
ANNA, BO = UUID(int=0xA), UUID(int=0xB)


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


async def write(house: LogHouse, *entries: Entry) -> None:
    """Write entries and let the sequencer add them to the log."""
    async with house.as_("desk") as desk, desk.transaction():
        await append_many(desk, entries)
    async with house.as_("sequencer") as sequencer:
        await sequence(sequencer)


async def find(house: LogHouse, wanted: Wanted = EVERYTHING, most: int = 100, before: Place | None = None) -> list[Hit]:
    async with house.as_("portal") as portal:
        return await find_entries(portal, wanted, size=house.size(), most=most, before=before)


def entry(number: int, **facts: Any) -> Entry:
    usual = Entry(Event.ALARM_READ, "account:1", START + timedelta(seconds=number), f"alarm:{number}")
    return replace(usual, **facts)


def objects(hits: Sequence[Hit]) -> list[str]:
    return [hit.leaf.object for hit in hits if hit.leaf is not None]


async def test_the_newest_come_first_and_pages_neither_lose_nor_repeat(house: LogHouse) -> None:
    """Many of one moment, as a batch writes them; the log's own order decides among those."""
    entries = [entry(number // 7, object=f"alarm:{number}") for number in range(40)]
    await write(house, *entries[::2])
    await write(house, *entries[1::2])
    for most in (1, 3, 39, 40, 100):
        seen: list[Hit] = []
        while page := await find(house, most=most, before=seen[-1].place if seen else None):
            seen += page
            assert len(page) <= most
        assert sorted(objects(seen)) == sorted(each.object for each in entries)
        places = [(hit.happened_at, hit.index) for hit in seen]
        assert all(newer > older for newer, older in pairwise(places))


async def test_an_entry_that_arrives_meanwhile_moves_nothing(house: LogHouse) -> None:
    await write(house, *(entry(number) for number in range(10)))
    first = await find(house, most=4)
    await write(house, entry(100), entry(-100))
    rest = await find(house, before=first[-1].place)
    assert objects(first) == ["alarm:9", "alarm:8", "alarm:7", "alarm:6"]
    assert objects(rest) == ["alarm:5", "alarm:4", "alarm:3", "alarm:2", "alarm:1", "alarm:0", "alarm:-100"]


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [5, 4, 3, 2, 1, 0]),
    ({"events": ["alarm.read"]}, [2, 1, 0]),
    ({"events": ["alarm.taken", "alarm.read"]}, [3, 2, 1, 0]),
    ({"events": []}, []),
    ({"actor": "account:2"}, [3, 1]),
    ({"actor": "account:"}, []),
    ({"object": "alarm:1"}, [4, 1]),
    ({"outcome": "failure"}, [5]),
    ({"outcome": "success"}, [4, 3, 2, 1, 0]),
    ({"about": About(ANNA)}, [5, 0]),
    ({"about": About(ANNA, ["alarm:1"])}, [5, 4, 1, 0]),
    ({"about": About(BO)}, [2]),
    ({"about": About(UUID(int=0xC))}, []),
    ({"about": About(ANNA, ["alarm:1"]), "actor": "account:2"}, [1]),
    ({"since": START + timedelta(seconds=2), "until": START + timedelta(seconds=4)}, [3, 2]),
    ({"since": START + timedelta(seconds=6)}, []),
]


@pytest.mark.parametrize(("asked", "found"), FILTERS)
async def test_what_is_asked_for_is_found_and_nothing_else(
    house: LogHouse, asked: dict[str, Any], found: list[int]
) -> None:
    await write(
        house,
        entry(0, detail={"person": str(ANNA)}),
        entry(1, actor="account:2"),
        entry(2, object=f"person:{BO}"),
        entry(3, event=Event.ALARM_TAKEN, actor="account:2"),
        entry(4, event=Event.ALARM_CLOSED, object="alarm:1"),
        entry(5, event=Event.ACCESS_DENIED, succeeded=False, detail={"person": str(ANNA)}),
    )
    wanted = replace(EVERYTHING, **asked)
    hits = await find(house, wanted)
    assert [(hit.happened_at - START).seconds for hit in hits] == found
    assert all(hit.agrees for hit in hits)
    async with house.as_("portal") as portal:
        assert await count_entries(portal, wanted, size=house.size(), most=100) == len(found)
        assert await count_entries(portal, wanted, size=house.size(), most=1) == min(1, len(found))
        assert await count_entries(portal, wanted, size=2, most=100) == len([one for one in found if one < 2])


async def test_what_is_searched_is_just_what_the_leaves_say(house: LogHouse) -> None:
    """Derivable: from the leaves alone comes the same table."""
    await write(
        house, entry(0, detail={"person": str(ANNA)}), entry(1, detail={"person": None}),
        entry(2, detail={"person": "Karin"}), entry(3, object=f"person:{BO}"), entry(4, object="x" * 3000),
        entry(5, actor="å" * 999),
    )  # fmt: skip
    with house.superuser() as onlooker:
        rows = onlooker.execute(
            "select happened_at, event, actor, object, outcome, subject from ledger.entry_index order by index"
        ).fetchall()
    derived = [
        (leaf.at, leaf.event, leaf.actor[:LONGEST_KEY], leaf.object[:LONGEST_KEY], leaf.outcome, subject_of(leaf))
        for leaf in house.leaves()
    ]
    assert rows == derived
    assert [row[5] for row in rows] == [ANNA, None, None, BO, None, None]
    [hashed] = [row for row in rows if str(row[3]).startswith("sha256:")]
    assert len(await find(house, replace(EVERYTHING, object=str(hashed[3])))) == 1


async def test_who_acted_is_listed_once_each(house: LogHouse) -> None:
    await write(house, *(entry(number, actor=f"account:{number % 3}") for number in range(9)), entry(9, actor="device"))
    async with house.as_("portal") as portal:
        assert await list_actors(portal) == ["account:0", "account:1", "account:2", "device"]


async def test_an_empty_log_answers_nothing(house: LogHouse) -> None:
    async with house.as_("portal") as portal:
        assert await list_actors(portal) == []
    assert await find(house) == []


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.entry_index set actor = 'account:innocent' where index = 1",
        "update ledger.entry_index set happened_at = happened_at + interval '1 hour' where index = 1",
        "update ledger.entry_index set event = 'alarm.closed' where index = 1",
        "update ledger.entry_index set outcome = 'failure' where index = 1",
        "update ledger.entry_index set subject = gen_random_uuid() where index = 1",
        "update ledger.log_entry set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'account:1', 'account:9'),"
        " 'UTF8') where index = 1",
    ],
)
async def test_an_index_that_says_otherwise_is_told(house: LogHouse, attack: str) -> None:
    await write(house, entry(0), entry(1), entry(2))
    with house.superuser(unguarded=True) as attacker:
        attacker.execute(attack.encode())
    assert {hit.index: hit.agrees for hit in await find(house)} == {0: True, 1: False, 2: True}


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.log_entry set leaf = 'nonsense' where index = 1",
        "update ledger.log_entry set leaf = '\\xff' where index = 1",
        "delete from ledger.log_entry where index = 1",
    ],
)
async def test_a_leaf_that_cannot_be_read_is_told_and_not_left_out(house: LogHouse, attack: str) -> None:
    await write(house, entry(0), entry(1), entry(2))
    with house.superuser(unguarded=True) as attacker:
        attacker.execute(attack.encode())
    hits = await find(house)
    assert [(hit.index, hit.leaf is None, hit.agrees) for hit in hits] == [
        (2, False, True), (1, True, False), (0, False, True)
    ]  # fmt: skip


async def test_what_stands_in_the_index_before_its_time_holds_nothing_up(house: LogHouse) -> None:
    """As after somebody has put an older copy of the log back, or has written into the index."""
    await write(house, entry(0))
    with house.superuser() as attacker:
        attacker.execute(
            "insert into ledger.entry_index values (1, now(), 'x.y', 'z', '', 'success', gen_random_uuid())"
        )
    await write(house, entry(1), entry(2))
    assert {hit.index: hit.agrees for hit in await find(house)} == {0: True, 1: True, 2: True}


async def test_what_is_pruned_is_found_no_more(house: LogHouse) -> None:
    await write(house, *(entry(number) for number in range(5)))
    with house.superuser() as owner:
        triggers = owner.execute(
            "select tgname from pg_trigger where tgrelid = 'ledger.log_entry'::regclass and tgname <> 'forgets_places'"
            " and not tgisinternal"
        ).fetchall()
        for (name,) in triggers:
            owner.execute(f"alter table ledger.log_entry disable trigger {name}".encode())
        owner.execute("delete from ledger.log_entry where index < 3")
    assert [hit.index for hit in await find(house)] == [4, 3]
    with house.superuser() as onlooker:
        assert onlooker.execute("select count(*) from ledger.entry_index").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("thing", "identifier"),
    [
        (f"alarm:{ANNA}", ANNA), (f"account:{str(ANNA).upper()}", None), (f"account:{{{ANNA}}}", None), ("alarm", None),
        ("", None), (f"alarm:{ANNA.hex}", None), (f"alarm:{ANNA} ", None),
    ],
)  # fmt: skip
def test_an_identifier_has_one_spelling(thing: str, identifier: UUID | None) -> None:
    assert identifier_in(thing) == identifier


def test_whom_an_entry_names() -> None:
    usual = Leaf(1, START, "alarm.read", "account:1", f"person:{BO}", "success", "x", START, "s", 1)
    assert subject_of(usual) == BO
    assert subject_of(replace(usual, detail={"person": str(ANNA)})) == ANNA
    assert subject_of(replace(usual, detail={"person": "Karin"})) is None
    assert subject_of(replace(usual, object=f"account:{uuid4()}")) is None

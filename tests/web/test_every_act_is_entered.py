# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A walk over every address of the desk: each act is one entry, with who did it, to what, and how it ended.

The table is compared with the route table: an address that is added and not walked fails here, and so does one that
writes a second entry, or none.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.web.browsers import Answer, Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address, listed
from tests.web.test_presence import forget
from vaka.access.permissions import Permission
from vaka.database.server import PLATFORM_DATABASE
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.web.desk.application import ADDRESSES
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio

PERSON = "Karin Holmgren"
PRIVATE = ("Karin", "Holmgren", "Hjälpt", "Dottern", "Ny larmenhet", "okand-", "Blåklocks")
NOT_OURS = ("alarm.presented", "row.changed_by_hand")
"""The desk's own, when it first shows an alarm; and what the tests put into tables by hand."""
Fields = list[tuple[str, str]] | dict[str, str]


@dataclass
class World:
    """An installation, and who works in it."""

    desk: Desk
    installation: Installation
    olga: Browser
    lena: Browser

    def alarm(self, kind: str = "button", alarm_class: str = "life") -> str:
        """Raise an alarm and return where it is."""
        return address(self.installation, self.installation.raise_alarm(PERSON, kind, alarm_class))

    async def taken(self, by: Browser | None = None) -> str:
        where = self.alarm()
        assert (await (by or self.olga).post(f"{where}/take")).status == 303
        return where

    async def closed(self) -> str:
        where = await self.taken()
        assert (await self.olga.post(f"{where}/close", ENDING)).status == 303
        return where


Act = Callable[[World], Awaitable[Answer]]
Prepare = Callable[[World], Awaitable[tuple[str, Fields]]]
"""Makes ready, and returns the address and the form."""


@dataclass(frozen=True)
class Walk:
    """How an address is reached, and what stands in the ledgers afterwards."""

    prepare: Prepare
    events: tuple[str, ...]
    """One for each ledger that is concerned; mostly one."""
    by: str = "olga"
    facts: Mapping[str, object] = field(default_factory=dict)
    """What the (first) entry says beside: the reason, where the act takes one."""


async def take(w: World) -> tuple[str, Fields]:
    return f"{w.alarm()}/take", {}


async def take_next(w: World) -> tuple[str, Fields]:
    where = w.alarm()
    await listed(w.desk, w.installation, UUID(where[-36:]))
    return "/take-next", {}


async def take_over(w: World) -> tuple[str, Fields]:
    where = await w.taken()
    forget(w.installation)
    return f"{where}/take-over", {"holder": w.olga.account}


async def hear(w: World) -> tuple[str, Fields]:
    where = await w.taken()
    w.installation.raise_alarm(PERSON)
    w.installation.execute("ekbacka", "update alarm set escalation = 1 where id = %s", (UUID(where[-36:]),))
    return f"{where}/hear", {}


def on_own(act: str, fields: Fields) -> Prepare:
    async def prepare(w: World) -> tuple[str, Fields]:
        return f"{await w.taken()}/{act}", fields

    return prepare


async def resume(w: World) -> tuple[str, Fields]:
    where = await w.taken()
    await w.olga.post(f"{where}/suspend", {"minutes": "10"})
    return f"{where}/resume", {}


async def hand_over(w: World) -> tuple[str, Fields]:
    return f"{await w.taken()}/hand-over", {"to": str(w.installation.accounts["emil"])}


async def merge(w: World) -> tuple[str, Fields]:
    mine = await w.taken()
    other = address(w.installation, w.installation.raise_alarm(PERSON, "medicine", "request"))
    return f"{other}/merge", {"into": mine[-36:]}


async def acknowledge(w: World) -> tuple[str, Fields]:
    where = w.alarm()
    w.installation.withdraw(PERSON)
    [(version,)] = w.installation.execute("ekbacka", "select version from alarm where id = %s", (UUID(where[-36:]),))
    return f"{where}/acknowledge", {"version": str(version)}


async def reopen(w: World) -> tuple[str, Fields]:
    return f"{await w.closed()}/reopen", {}


async def adopt(w: World) -> tuple[str, Fields]:
    sender = f"okand-{datetime.now(UTC).timestamp():.0f}"
    where = address(w.installation, w.installation.raise_unknown(sender), "mottagning")
    assert (await w.lena.post(f"{where}/take")).status == 303
    number = w.installation.people[PERSON][1].personal_number
    ekbacka = str(w.installation.authorities["ekbacka"].id)
    reason = "Ny larmenhet, väntar på behörighet"
    return f"{where}/adopt", {"authority": ekbacka, "reason": reason, "personal_number": number}


async def bulk(w: World) -> tuple[str, Fields]:
    alarm = w.alarm("link", "technical")[-36:]
    here = str(w.installation.authorities["ekbacka"].id)
    return "/bulk", [("authority", here), ("alarm", alarm), *(ENDING | {"text": ""}).items()]


async def show_alarm(w: World) -> tuple[str, Fields]:
    return w.alarm(), {}


async def show_history(w: World) -> tuple[str, Fields]:
    await w.closed()
    return "/history", {}


async def show_found(w: World) -> tuple[str, Fields]:
    today = datetime.now(UTC).date().isoformat()
    ekbacka = str(w.installation.authorities["ekbacka"].id)
    asked = await w.olga.post("/history", {"from": today, "to": today, "authority": ekbacka, "text": PERSON})
    return asked.header("location"), {}


async def show_record(w: World) -> tuple[str, Fields]:
    return (await w.closed()).replace("/alarm/", "/history/"), {}


async def sign_out(w: World) -> tuple[str, Fields]:
    return "/sign-out", {}


async def sign_out_elsewhere(w: World) -> tuple[str, Fields]:
    forget_sessions(w.installation, "emil")
    await sign_in(w.desk, SETTINGS, w.installation, "emil")
    return "/sessions", {"session": "others", "sure": "yes"}


def forget_sessions(installation: Installation, persona: str) -> None:
    """Let nobody be signed in as this one any more: the tests sign in without end."""
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as connection:
        connection.execute(
            "update vaka.session set ended_at = now() where account_id = %s", (installation.accounts[persona],)
        )


ALARM = "/alarm/{authority}/{alarm}"
CODES = {"reason": ENDING["reason"], "action": ENDING["action"], "result": ENDING["result"]}
WALKS: dict[tuple[str, str], Walk] = {
    ("POST", "/take-next"): Walk(take_next, ("alarm.taken",)),
    ("POST", f"{ALARM}/take"): Walk(take, ("alarm.taken",)),
    ("POST", f"{ALARM}/take-over"): Walk(take_over, ("alarm.taken_over",), by="lena"),
    ("POST", f"{ALARM}/hear"): Walk(hear, ("alarm.heard",)),
    ("POST", f"{ALARM}/resume"): Walk(resume, ("alarm.resumed",)),
    ("POST", f"{ALARM}/release"): Walk(on_own("release", {}), ("alarm.released",)),
    ("POST", f"{ALARM}/suspend"): Walk(on_own("suspend", {"minutes": "10"}), ("alarm.suspended",)),
    ("POST", f"{ALARM}/hand-over"): Walk(hand_over, ("alarm.handed_over",)),
    ("POST", f"{ALARM}/note"): Walk(on_own("note", {"body": "Dottern är på väg."}), ("alarm.noted",)),
    # Two alarms are changed by it: each has its entry, which names the other.
    ("POST", f"{ALARM}/merge"): Walk(merge, ("alarm.merged", "alarm.merged")),
    ("POST", f"{ALARM}/acknowledge"): Walk(acknowledge, ("alarm.closed",)),
    ("POST", f"{ALARM}/close"): Walk(on_own("close", ENDING), ("alarm.closed",), facts=CODES),
    ("POST", f"{ALARM}/reopen"): Walk(reopen, ("alarm.reopened",)),
    # Three happenings in three ledgers: the authority's register, the directory, the reception's alarm. And before
    # them, whose the device is was looked up.
    ("POST", f"{ALARM}/adopt"): Walk(
        adopt, ("alarm.closed", "device.adopted", "device.adopted", "person.searched"), by="lena"
    ),
    ("POST", "/bulk"): Walk(bulk, ("alarm.closed",), by="lena", facts=CODES | {"in_bulk": True}),
    ("GET", ALARM): Walk(show_alarm, ("alarm.read",)),
    ("GET", "/history"): Walk(show_history, ("history.listed",), by="emil"),
    ("GET", "/history/found/{number}"): Walk(show_found, ("history.searched",), facts={"by_text": True}),
    ("GET", "/history/{authority}/{alarm}"): Walk(show_record, ("alarm.read",), by="lena"),
    ("POST", "/history/{authority}/{alarm}"): Walk(show_record, ("alarm.read",), by="lena"),
    ("POST", "/sessions"): Walk(sign_out_elsewhere, ("session.ended",), facts={"reason": "ended_by_owner"}, by="emil"),
    ("POST", "/sign-out"): Walk(sign_out, ("session.ended",), by="edith"),
}
NO_ENTRY = {
    ("GET", "/"): "the queue: each alarm's entry says when it was first shown; who was at a desk, the sessions say",
    ("GET", "/stream"): "the same queue, as it changes",
    ("GET", "/bulk"): "technical and test alarms that are in the queue already, without people",
    ("POST", "/history"): "leads to what is found, which is entered when it is shown",
    ("GET", "/keys"): "one's own keys, shown to their owner",
    ("POST", "/keys"): "as in the portal, where each is walked (tests/web/portal/test_keys.py)",
    ("POST", "/keys/add"): "as in the portal",
    ("POST", "/keys/rename"): "as in the portal",
    ("POST", "/keys/remove"): "as in the portal",
    ("GET", "/rules"): "which rules of authorities concern oneself",
    ("GET", "/rules/{authority}/{rule}/{version}"): "walked in tests/web/test_rules.py",
    ("POST", "/rules/{authority}/{rule}/{version}"): "walked in tests/web/test_rules.py",
    ("GET", "/outages"): "which outages of issuers were declared, and by whom",
    ("POST", "/outages"): "as in the office, where each is walked (tests/web/office/test_outages.py)",
    ("POST", "/outages/declare"): "as in the office",
    ("POST", "/outages/end"): "as in the office",
    ("GET", "/locked"): "the cover of a locked desk; nothing of anybody",
    ("POST", "/unlock"): "walked in tests/web/test_locks.py",
    ("POST", "/here"): "that somebody is at the page, noted once a minute",
    ("GET", "/here"): "whether the page may still be seen",
    ("GET", "/sessions"): "where one is signed in oneself, shown to who is",
    ("POST", "/preferences"): "language and theme, kept in the browser",
    ("GET", "/alive"): "says nothing",
    ("GET", "/static/{fingerprint}/{name}"): "style, scripts, signs",
}


@pytest.fixture
async def world(desk: Desk, installation: Installation, olga: Browser) -> World:
    return World(desk, installation, olga, await sign_in(desk, SETTINGS, installation, "lena"))


def test_every_address_is_walked_or_says_why_not() -> None:
    addresses = {(method, one.path) for one in ADDRESSES for method in one.methods}
    assert WALKS.keys() | NO_ENTRY.keys() == addresses
    assert not WALKS.keys() & NO_ENTRY.keys()
    changing = {(method, one.path) for one in ADDRESSES for method in one.methods if method != "GET"}
    elsewhere = {
        ("POST", path)
        for path in (
            "/keys", "/keys/add", "/keys/rename", "/keys/remove", "/unlock", "/outages", "/outages/declare",
            "/outages/end", "/rules/{authority}/{rule}/{version}",
        )
    }  # fmt: skip
    assert changing - WALKS.keys() == {("POST", "/history"), ("POST", "/preferences"), ("POST", "/here"), *elsewhere}


def newest(installation: Installation) -> dict[str, int]:
    """The number of the newest entry in each ledger."""
    return {place: max([0, *(entry["id"] for entry in entries)]) for place, entries in ledgers(installation).items()}


def ledgers(installation: Installation) -> dict[str, list[dict[str, Any]]]:
    databases = {slug: one.database_name for slug, one in installation.authorities.items()}
    databases["platform"] = PLATFORM_DATABASE
    with ExitStack() as stack:
        found = {}
        for place, database in databases.items():
            connection = stack.enter_context(closing(connect_superuser(installation.server, database)))
            query = "select * from ledger.inbox where event <> all (%s) order by id"
            found[place] = connection.execute(query, (list(NOT_OURS),)).fetchall()
    return found


@pytest.mark.parametrize("walked", WALKS, ids=lambda walked: " ".join(walked))
async def test_it_is_one_entry(world: World, walked: tuple[str, str]) -> None:
    walk, installation = WALKS[walked], world.installation
    path, fields = await walk.prepare(world)
    browser = await sign_in(world.desk, SETTINGS, installation, walk.by) if walk.by in ("emil", "edith") else None
    browser = browser or (world.lena if walk.by == "lena" else world.olga)
    before = newest(installation)
    answer = await (browser.get(path) if walked[0] == "GET" else browser.post(path, fields))
    assert answer.status in (200, 303), answer.text[:2000]

    after = ledgers(installation)
    written = [entry for place, entries in after.items() for entry in entries if entry["id"] > before.get(place, 0)]
    assert sorted(entry["event"] for entry in written) == sorted(walk.events)
    for entry in written:
        assert entry["actor"] == f"account:{browser.account}"
        assert entry["outcome"] == "success"
        kind, _, identifier = entry["object"].partition(":")
        about = CATALOGUE[Event(entry["event"])]
        assert kind in about.object
        assert "account" in about.by
        assert entry["detail"].keys() <= set(about.beside)
        assert UUID(identifier)
        said = str(entry)
        for private in PRIVATE:
            assert private not in said
    assert walk.facts.items() <= written[0]["detail"].items() or len(walk.events) > 1


async def test_reading_is_entered_once_and_not_at_every_refresh(world: World) -> None:
    where = world.alarm()
    before = newest(world.installation)
    for _ in range(3):
        await world.olga.get(where)
    told = [entry for entry in ledgers(world.installation)["ekbacka"] if entry["id"] > before["ekbacka"]]
    assert [entry["event"] for entry in told] == ["alarm.read"]
    assert told[0]["detail"]["person"]


async def test_what_is_refused_is_an_entry_that_says_so(world: World) -> None:
    """A failed attempt is no success, and changes nothing."""
    emil = await sign_in(world.desk, SETTINGS, world.installation, "emil")
    norrvik = world.installation.authorities["norrvik"].id
    before = newest(world.installation)
    assert (await emil.post(f"/alarm/{norrvik}/{UUID(int=1)}/take")).status == 404
    told = [
        (place, entry["event"], entry["outcome"], entry["detail"]["reason"])
        for place, entries in ledgers(world.installation).items() for entry in entries if entry["id"] > before[place]
    ]  # fmt: skip
    assert told == [("norrvik", "access.denied", "failure", Permission.DESK_HANDLE_ALARM.value)]

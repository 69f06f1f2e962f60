# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files at entries: added once, never changed, told of by fingerprint, shown where their entry is and nowhere else."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from tests.alarms.house import connect_superuser
from tests.confirming import touched
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from tests.registers.house import House, document
from vaka.access.decide import NothingHereError
from vaka.access.principal import Grant, Principal
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.registers.actions import RegisterError, move, moving_act, show_to, showing_act
from vaka.registers.attaching import attach, tell_refused
from vaka.registers.declarations import load_registers
from vaka.registers.files import (
    File,
    fingerprint_of,
    list_every_file,
    list_shown_files,
    read_file,
    read_shown_file,
)
from vaka.scanning.inspecting import Inspected
from vaka.scanning.kinds import TEXT
from vaka.scanning.refusing import Reason
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SECRET = "Nyckelskåpets plats".encode()


@pytest.fixture
def house(server: Server) -> House:
    return House(server, lambda: START)


@pytest.fixture
async def algot(house: House) -> Principal:
    return await house.administrator()


@pytest.fixture
async def berit(house: House) -> Principal:
    return await house.administrator()


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def put(house: House, who: Principal, entry: UUID, data: bytes = SECRET, *, most: int = 10) -> None:
    """Attach a file to the newest version of an entry."""
    file = Inspected("Nycklar åäö.txt", TEXT, data, START - timedelta(hours=1))
    async with platform_as(house.server, "office") as office:
        await attach(office, who, await house.newest(entry), file, most, START)


async def files_of(house: House, entry: UUID) -> list[File]:
    async with platform_as(house.server, "office") as office:
        return await list_every_file(office, entry)


async def refusal(house: House, who: Principal, entry: UUID, data: bytes = SECRET, *, most: int = 10) -> RegisterError:
    with pytest.raises(RegisterError) as refused:
        await put(house, who, entry, data, most=most)
    return refused.value


async def test_a_file_is_kept_with_who_and_when_and_told_of_without_its_words(
    house: House, algot: Principal, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    entry, before = await house.write(algot, "documents", document()), newest(onlooker)
    await put(house, algot, entry)
    [kept] = await files_of(house, entry)
    assert (kept.name, kept.media_type, kept.size) == ("Nycklar åäö.txt", "text/plain", len(SECRET))
    assert (kept.sha256, kept.made_by, kept.made_at) == (sha256(SECRET).digest(), algot.account_id, START)
    async with platform_as(house.server, "office") as office:
        body = await read_file(office, entry, kept.id)
        assert body is not None
        assert body.body == SECRET
        assert await read_file(office, uuid4(), kept.id) is None, "of another entry it is none"
    [told] = [one for one in entries(onlooker, before) if one["object"] == f"register_entry:{entry}"]
    assert (told["event"], told["actor"]) == ("attachment.added", algot.actor)
    assert told["detail"] == {"register": "documents", "version": 1, "sha256": sha256(SECRET).hexdigest()}


async def test_what_was_refused_is_told_of_by_its_fingerprint(
    house: House, algot: Principal, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    entry, before = await house.write(algot, "documents", document()), newest(onlooker)
    async with platform_as(house.server, "office") as office:
        await tell_refused(office, algot, await house.newest(entry), SECRET, Reason.INFECTED, START)
    [told] = [one for one in entries(onlooker, before) if one["object"] == f"register_entry:{entry}"]
    assert told["event"] == "attachment.refused"
    assert told["detail"] == {
        "register": "documents", "sha256": sha256(SECRET).hexdigest(), "reason": "infected",
    }  # fmt: skip
    assert await files_of(house, entry) == []


async def test_the_same_file_twice_and_one_too_many_are_refused(house: House, algot: Principal) -> None:
    entry = await house.write(algot, "documents", document())
    await put(house, algot, entry, most=2)
    assert (await refusal(house, algot, entry)).sentence == RegisterError.of("there").sentence
    await put(house, algot, entry, b"another", most=2)
    assert (await refusal(house, algot, entry, b"a third", most=2)).sentence == RegisterError.of("full").sentence
    assert len(await files_of(house, entry)) == 2


async def test_what_holds_gets_no_more_files(house: House, algot: Principal, berit: Principal) -> None:
    """Else one would add to what two have agreed on. A new text begins without files; the old one keeps its own."""
    entry = await house.write(algot, "documents", document())
    await put(house, algot, entry)
    await house.move(berit, entry, "approve")
    assert (await refusal(house, algot, entry, b"more")).sentence == RegisterError.of("holds").sentence
    await house.write(algot, "documents", document(title="Andra"), entry=entry, number=3)
    await put(house, algot, entry, b"more")
    assert {one.content for one in await files_of(house, entry)} == {1, 3}
    await house.move(berit, entry, "withdraw")
    assert (await refusal(house, algot, entry, b"late")).sentence == RegisterError.of("holds").sentence


async def test_nobody_approves_a_file_of_his_own(house: House, algot: Principal, berit: Principal) -> None:
    """Nor past the pages: the text is his colleague's, and the file his."""
    entry = await house.write(algot, "documents", document())
    await put(house, berit, entry)
    with pytest.raises(errors.InsufficientPrivilege, match="attached himself"):
        await house.move(berit, entry, "approve")
    await house.move(await house.administrator(), entry, "approve")


async def test_a_file_that_comes_between_the_page_and_the_touch_stops_the_step(
    house: House, algot: Principal, berit: Principal
) -> None:
    register, entry = load_registers()["documents"], await house.write(algot, "documents", document())
    shown = await house.newest(entry)
    step = register.find_step("approve", shown.state)
    assert step is not None
    await put(house, algot, entry)
    async with platform_as(house.server, "office") as office:
        with pytest.raises(RegisterError) as refused:
            await move(
                office, berit, register, shown, step, now=START, confirmation=touched(moving_act(register, shown, step))
            )  # fmt: skip
    assert refused.value.sentence == RegisterError.of("changed").sentence
    assert (await house.newest(entry)).number == 1
    [file] = await files_of(house, entry)
    assert moving_act(register, shown, step).digest != moving_act(register, shown, step, [file]).digest
    assert fingerprint_of([file]) != fingerprint_of([])


async def test_whoever_is_no_administrator_attaches_and_refuses_nothing(house: House, algot: Principal) -> None:
    entry = await house.write(algot, "documents", document())
    stranger = Principal(algot.session, (Grant("operator", None, None),))
    with pytest.raises(NothingHereError):
        await put(house, stranger, entry)
    async with platform_as(house.server, "office") as office:
        for by_hand in (
            "select attach_file(%s, %s, 1, 'a.txt', 'text/plain', 'a', now(), 9, %s, now())",
            "select refuse_file(coalesce(%s, %s), '', 'kind', %s, now())",
        ):
            cursor = await office.execute(by_hand.encode(), (uuid4(), entry, uuid4()))
            assert await cursor.fetchone() == ("stranger",)


@pytest.mark.parametrize("by_hand", ["update vaka.attachment set name = 'a'", "delete from vaka.attachment",
                                     "truncate vaka.attachment"])  # fmt: skip
async def test_a_rogue_administrator_of_the_database_changes_no_file(
    house: House, algot: Principal, by_hand: str
) -> None:
    await put(house, algot, await house.write(algot, "documents", document()))
    with connect_superuser(house.server, PLATFORM_DATABASE) as superuser:
        superuser.execute("set session_replication_role = origin")
        with pytest.raises(errors.InsufficientPrivilege):
            superuser.execute(by_hand.encode())


async def test_an_authority_sees_files_where_it_sees_their_entry(
    house: House, algot: Principal, berit: Principal, authority: Authority, new_authority: Any
) -> None:
    """Nothing by default, nothing of a draft, nothing by numbers, and nothing that concerns another alone."""
    other, register = new_authority(), load_registers()["documents"]
    entry = await house.write(algot, "documents", document())
    await put(house, algot, entry)
    [file] = await files_of(house, entry)

    async def seen(one: Authority) -> bool:
        async with platform_as(house.server, "portal") as portal:
            listed = [file.id for file in await list_shown_files(portal, one.id, "documents")]
            body = await read_shown_file(portal, one.id, file.id)
        assert (file.id in listed) == (body is not None)
        return body is not None and body.body == SECRET

    async def show(how: Any) -> None:
        confirmation = touched(showing_act(register, authority.id, how))
        async with platform_as(house.server, "office") as office:
            await show_to(office, algot, register, authority.id, how, now=START, confirmation=confirmation)

    assert not await seen(authority), "nobody decided that it is shown"
    await show("entries")
    assert not await seen(authority), "a draft holds nothing"
    await house.move(berit, entry, "approve")
    assert await seen(authority)
    assert not await seen(other)
    await show("counts")
    assert not await seen(authority), "numbers are no entries"
    await show("entries")
    await house.write(algot, "documents", document(title="Andra"), entry=entry, number=3)
    assert await seen(authority), "what holds is the text before"
    await house.move(berit, entry, "approve")
    assert not await seen(authority), "the new text has no file"

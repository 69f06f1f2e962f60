# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files of cases over the real functions: kept with their words or not at all, and read by whom the marking lets."""

from contextlib import AbstractContextManager, closing
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.cases.house import House
from tests.platform import entries, newest, platform_as
from vaka.access.requests import NotDecidableError
from vaka.assurance.asking import Saying, UnsayableError, file_inquiry
from vaka.assurance.evidence import QUERIES as ASKING
from vaka.cases.model import QUERIES, Tlp
from vaka.cases.writing import UnusableCaseError, answer, write
from vaka.database.connections import Connection
from vaka.database.server import PLATFORM_DATABASE
from vaka.files.keeping import keep_file, tell_refused_file
from vaka.files.model import Sent
from vaka.files.reading import read_case_file
from vaka.scanning.inspecting import Inspected
from vaka.scanning.kinds import TEXT
from vaka.scanning.refusing import Reason

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SECRET = b"KODORD ALVIK"


def onlooking(house: House) -> AbstractContextManager[psycopg.Connection[dict[str, Any]]]:
    """A connection that sees the platform's log."""
    return closing(connect_superuser(house.one.server, PLATFORM_DATABASE))


def sent(house: House, data: bytes = SECRET, name: str = "Logg.txt", most: int = 10) -> Sent:
    """A file as the scanner hands it on."""
    return Sent(Inspected(name, TEXT, data, house.one.now), most)


async def send(
    house: House,
    case: UUID,
    *,
    to: UUID | None = None,
    tlp: Tlp = "AMBER",
    file: Sent | None = None,
) -> int:
    """Write with a file as the administrator does; return the number of the entry."""
    async with platform_as(house.one.server, "office") as office:
        await write(
            office, house.admin, case, "noted", tlp=tlp, text="Se filen", authority_id=to,
            sent=file or sent(house), now=house.one.now,
        )  # fmt: skip
    return (await house.entries(case))[-1].number


async def ask(house: House, file: Sent | None = None) -> UUID:
    """Ask the supplier as the first authority's officer does."""
    now, one = house.one.now, house.one.authority.id
    saying = Saying("filed", "Vad visar det?", wanted_by=now + timedelta(days=1), sent=file)
    async with platform_as(house.one.server, "portal") as portal:
        return await file_inquiry(portal, house.officers[one], one, "other", None, saying, now=now)


async def got(house: House, case: UUID, authority: UUID | None, place: int) -> bytes | None:
    """What somebody gets at a number."""
    async with platform_as(house.one.server, "office" if authority is None else "portal") as connection:
        file = await read_case_file(connection, case, place, authority)
    return None if file is None else file.body


async def anywhere(house: House, case: UUID, authority: UUID) -> list[bytes]:
    """Every file of a case that an authority gets, whatever number it tries."""
    return [file for place in range(1, 20) if (file := await got(house, case, authority, place)) is not None]


async def test_who_reads_the_words_gets_the_file_and_nobody_else(house: House) -> None:
    """By the marking, by whom it is for, and by the number that the entry has for each."""
    case = await house.open(house.one, house.other)
    await house.write(case, "noted", "Bara till den andra", to=house.other)
    one, other = house.one.authority.id, house.other.authority.id
    shared = await send(house, case, tlp="GREEN", file=sent(house, b"for both"))
    alone = await send(house, case, to=one, tlp="AMBER+STRICT")
    inner = await send(house, case, tlp="AMBER+STRICT", file=sent(house, b"not released"))
    red = await send(house, case, tlp="RED", file=sent(house, b"red"))
    assert await anywhere(house, case, one) == [b"for both", SECRET]
    assert await anywhere(house, case, other) == [b"for both"]
    assert [await got(house, case, None, number) for number in (shared, alone, inner, red)] == [
        b"for both", SECRET, b"not released", b"red",
    ]  # fmt: skip
    elsewhere = await house.open(house.other)
    await send(house, elsewhere, tlp="CLEAR", file=sent(house, b"elsewhere"))
    assert await anywhere(house, elsewhere, one) == []


async def test_what_was_said_has_the_fingerprint_in_its_digest_and_in_the_log(house: House) -> None:
    case = await house.open(house.one)
    with onlooking(house) as onlooker:
        mark = newest(onlooker)
    await send(house, case)
    with onlooking(house) as onlooker:
        [told] = [one for one in entries(onlooker, mark) if one["event"] == "case.written"]
    assert told["detail"]["sha256"] == sha256(SECRET).hexdigest()
    assert "Logg" not in str(told)
    entry = (await house.entries(case, house.one))[-1]
    assert entry.facts["file"] == {
        "name": "Logg.txt", "media_type": "text/plain", "size": len(SECRET), "sha256": sha256(SECRET).hexdigest(),
    }  # fmt: skip
    assert told["detail"]["digest"] == entry.digest.hex()
    assert await house.noticed(house.one, case) > 0


async def test_a_red_file_is_addressed_to_nobody_and_sent_by_no_authority(house: House) -> None:
    case = await house.open(house.one)
    one = house.one.authority.id
    with pytest.raises(UnusableCaseError, match="marked RED"):
        await send(house, case, to=one, tlp="RED")
    async with platform_as(house.one.server, "portal") as portal:
        with pytest.raises(UnusableCaseError, match="marked RED"):
            await answer(
                portal, house.officers[one], case, one, tlp="RED", text="Se", sent=sent(house), now=house.one.now
            )
    with pytest.raises(UnusableCaseError, match="seems to have a personal number"):
        await send(house, case, file=sent(house, name="19800101-9800.txt"))
    # Whoever asks the functions past all that is refused as well.
    async with platform_as(house.one.server, "office") as office:
        with pytest.raises(errors.CheckViolation):
            await office.execute(
                QUERIES["write_case"],
                {
                    "case_id": case, "kind": "noted", "tlp": "RED", "authority_id": one, "text": "Se",
                    "facts": Jsonb({"file": sent(house).facts}), "account_id": house.admin.account_id,
                    "now": house.one.now,
                },
            )  # fmt: skip
    assert len(await house.entries(case)) == 2, "what was opened, and whom it touches"


async def test_words_without_their_file_and_a_file_without_its_words_are_not_kept(house: House) -> None:
    case = await house.open(house.one)
    said = {
        "case_id": case, "kind": "noted", "tlp": "AMBER", "authority_id": None, "text": "Se",
        "facts": Jsonb({"file": sent(house).facts}), "account_id": house.admin.account_id, "now": house.one.now,
    }  # fmt: skip

    async def write_only(office: Connection) -> None:
        async with office.transaction():
            await office.execute(QUERIES["write_case"], said)

    async with platform_as(house.one.server, "office") as office:
        with pytest.raises(errors.IntegrityConstraintViolation, match="names a file that does not come"):
            await write_only(office)
        by = house.admin.account_id
        assert await keep_file(office, sent(house), by, house.one.now, case_id=case) == "gone"
        async with office.transaction():
            await office.execute(QUERIES["write_case"], said)
            assert await keep_file(office, sent(house, b"another"), by, house.one.now, case_id=case) == "gone"
            assert await keep_file(office, sent(house), uuid4(), house.one.now, case_id=case) == "gone"
            assert await keep_file(office, sent(house), by, house.one.now, case_id=case) == "done"


async def test_each_side_has_so_many_files_in_a_room(house: House) -> None:
    case = await house.open(house.one, house.other)
    one, other = house.one.authority.id, house.other.authority.id
    await send(house, case, to=one, file=sent(house, most=1))
    with pytest.raises(UnusableCaseError, match="no more files of yours"):
        await send(house, case, to=one, file=sent(house, b"more", most=1))
    assert len(await house.entries(case)) == 4, "and its words were not kept either"
    await send(house, case, to=other, file=sent(house, most=1))
    async with platform_as(house.one.server, "portal") as portal:
        await answer(
            portal, house.officers[one], case, one, tlp="AMBER", text="Vår", sent=sent(house, most=1),
            now=house.one.now,
        )  # fmt: skip
    assert await anywhere(house, case, one) == [SECRET, SECRET]


async def test_all_files_of_an_authority_have_an_end_whatever_rooms_they_are_in(house: House) -> None:
    """Of either side, in cases and questions; another authority's have their own."""
    case, one, other = await house.open(house.one, house.other), house.one.authority.id, house.other.authority.id
    size = len(SECRET)
    end = "create or replace function vaka.most_message_bytes() returns bigint immutable language sql"
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute(f"{end} as 'select {2 * size + 1}'".encode())
        try:
            await send(house, case, to=one)
            await ask(house, sent(house))
            with pytest.raises(UnsayableError, match="2 GiB"):
                await ask(house, sent(house))
            with pytest.raises(UnusableCaseError, match="2 GiB"):
                await send(house, case, to=one)
            await send(house, case, to=other)
            await ask(house)
        finally:
            superuser.execute(f"{end} set search_path = vaka, pg_temp as 'select 2147483648'".encode())


async def test_a_question_tells_its_file_as_it_is_and_does_not_stand_without_it(house: House) -> None:
    """What the file is called and which kind it is are in the digest: nothing else is kept with it."""
    now, one = house.one.now, house.one.authority.id
    by = house.officers[one].account_id

    def said(inquiry: UUID) -> dict[str, object]:
        return {
            "id": inquiry, "seen": 0, "act": "filed", "authority_id": one, "kind": "other", "term": None, "words": "Se",
            "reference": "", "sha256": sent(house).sha256, "file": Jsonb(sent(house).facts),
            "wanted_by": now + timedelta(days=1), "by": by, "now": now,
        }  # fmt: skip

    async with platform_as(house.one.server, "portal") as portal:

        async def say(inquiry: UUID, file: Sent | None) -> str:
            async with portal.transaction():
                await portal.execute(ASKING["say_in_inquiry"], said(inquiry))
                return "" if file is None else await keep_file(portal, file, by, now, inquiry=inquiry)

        for file in (None, sent(house, name="Annat.txt"), sent(house, b"another")):
            with pytest.raises(errors.IntegrityConstraintViolation, match="names a file that does not come"):
                await say(uuid4(), file)
        assert await say(uuid4(), sent(house)) == "done"


@pytest.mark.parametrize(
    "statement",
    [
        "update message_file set body = 'x', size = 1", "delete from message_file", "truncate message_file",
        "insert into message_file select gen_random_uuid(), case_id, inquiry, number + 1, name, media_type, size,"
        " sha256, body, signed_at from message_file limit 1",
    ],
)  # fmt: skip
async def test_nobody_changes_one_by_hand(house: House, statement: str) -> None:
    case = await house.open(house.one)
    await send(house, case)
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set search_path = vaka")
        with pytest.raises(errors.InsufficientPrivilege):
            superuser.execute(statement.encode())


async def test_other_bytes_than_those_that_were_told_of_are_not_handed_out(house: House) -> None:
    case = await house.open(house.one)
    number = await send(house, case)
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("update vaka.message_file set body = %s where case_id = %s", (SECRET[::-1], case))
    assert await anywhere(house, case, house.one.authority.id) == []
    assert await got(house, case, None, number) is None


async def test_that_one_was_refused_is_told_to_whom_it_concerns_alone(house: House) -> None:
    case, question = await house.open(house.one), await ask(house)
    one, other = house.one.authority.id, house.other.authority.id
    with onlooking(house) as onlooker:
        mark, officer = newest(onlooker), house.officers[one].account_id
    async with platform_as(house.one.server, "portal") as portal:
        await tell_refused_file(portal, officer, SECRET, Reason.INFECTED, house.one.now, authority_id=one, case_id=case)
        for authority, about in ((other, case), (other, None), (None, case)):
            with pytest.raises((NotDecidableError, psycopg.Error)):
                await tell_refused_file(
                    portal, officer, SECRET, Reason.INFECTED, house.one.now, authority_id=authority, case_id=about
                )
    async with platform_as(house.one.server, "office") as office:
        by = house.admin.account_id
        await tell_refused_file(office, by, SECRET, Reason.KIND, house.one.now, authority_id=None, case_id=case)
        for owner, about, asked in (
            (other, case, None), (one, None, None), (other, None, question), (one, None, uuid4())
        ):  # fmt: skip
            with pytest.raises(NotDecidableError):
                await tell_refused_file(
                    office, by, SECRET, Reason.KIND, house.one.now, authority_id=owner, case_id=about, inquiry=asked
                )
        await tell_refused_file(office, by, SECRET, Reason.KIND, house.one.now, authority_id=one, inquiry=question)
    with onlooking(house) as onlooker:
        told = [one["detail"] for one in entries(onlooker, mark) if one["event"] == "file.refused"]
    fingerprint = sha256(SECRET).hexdigest()
    assert told == [
        {"authority": str(one), "sha256": fingerprint, "reason": "infected"},
        {"sha256": fingerprint, "reason": "kind"},
        {"authority": str(one), "sha256": fingerprint, "reason": "kind"},
    ]

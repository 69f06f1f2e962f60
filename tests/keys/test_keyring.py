# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a component opens and seals with the keys it holds, and what it does while nobody hands out any."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.keys.doorway import Doorway
from tests.keys.keyring import Keyring as Store
from vaka.clock import SystemClock
from vaka.crypto.aead import UnopenableError
from vaka.keys import keyring as keyring_module
from vaka.keys.client import KeysUnavailableError
from vaka.keys.envelope import Place
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.keys.letters import Addressee, Writer
from vaka.keys.personal import load_declaration, sealed_columns

pytestmark = [pytest.mark.anyio, pytest.mark.database]
EKBACKA, NORRVIK = UUID(int=0xE), UUID(int=0xF)
ANNA, BO = UUID(int=1), UUID(int=2)
FACTS: dict[str, Any] = {
    "id": ANNA, "given_name": "Änna", "family_name": "Öman", "born_on": date(1938, 4, 1), "latitude": 59.5,
    "risks": ["Hund", "Syrgas"], "absent_from": datetime(2026, 3, 1, 12, tzinfo=UTC), "door_code": "", "area": "Norra",
    "protected_identity": True,
}  # fmt: skip


@pytest.fixture
async def door(keyring: Store) -> AsyncIterator[Doorway]:
    made = Doorway(keyring)
    await made.open()
    setup = made.client("setup")
    for authority in (EKBACKA, NORRVIK):
        await setup.open_authority(authority)
        await setup.create(authority, [ANNA, BO])
    yield made
    await made.close()


def ring(door: Doorway, component: str = "desk", most_held: int = 1000) -> Keyring:
    hasty = door.client(component, wait_seconds=keyring_module.SHORT_WAIT_SECONDS)
    return Keyring(door.client(component), hasty, SystemClock(), most_held)


@pytest.fixture
async def keys(door: Doorway) -> AuthorityKeys:
    found = ring(door).of(EKBACKA)
    await found.hold([ANNA, BO])
    return found


def sealed(keys: AuthorityKeys, subject: UUID = ANNA, **facts: Any) -> dict[str, Any]:
    return keys.seal_row("person", str(subject), subject, FACTS | facts)


async def test_a_row_is_sealed_where_it_is_declared_and_nowhere_else(keys: AuthorityKeys) -> None:
    row = sealed(keys)
    declared = sealed_columns("person")
    assert {name for name in FACTS if isinstance(row[name], bytes)} == FACTS.keys() & declared.keys()
    assert (row["area"], row["protected_identity"], row["id"]) == ("Norra", True, ANNA)
    opened = keys.open_row("person", str(ANNA), ANNA, row)
    assert opened == FACTS
    everything = b"".join(value for value in row.values() if isinstance(value, bytes))
    for word in ("Änna", "Öman", "1938", "Hund", "59.5"):
        assert word.encode() not in everything
    # How long a value is, nobody sees; nor that there is none.
    assert len(row["door_code"]) == len(row["family_name"])
    assert sealed(keys)["given_name"] != row["given_name"]


@pytest.mark.parametrize("place", range(0, 95, 5))
async def test_a_flipped_bit_opens_nothing(keys: AuthorityKeys, place: int) -> None:
    value = bytearray(sealed(keys)["given_name"])
    value[place] ^= 1
    with pytest.raises(UnopenableError):
        keys.open_row("person", str(ANNA), ANNA, {"given_name": bytes(value)})


async def test_a_value_that_was_moved_opens_nowhere_else(door: Doorway, keys: AuthorityKeys) -> None:
    row = sealed(keys)
    elsewhere = ring(door).of(NORRVIK)
    await elsewhere.hold([ANNA])
    attempts = [
        (keys, "person", str(BO), ANNA, {"given_name": row["given_name"]}),  # another row, with her key
        (keys, "person", str(BO), BO, {"given_name": row["given_name"]}),  # another's row
        (keys, "person", str(ANNA), ANNA, {"family_name": row["given_name"]}),  # another column
        (keys, "contact", str(ANNA), ANNA, {"name": row["given_name"]}),  # another table
        (elsewhere, "person", str(ANNA), ANNA, {"given_name": row["given_name"]}),  # another authority
    ]
    for whose, table, key, subject, columns in attempts:
        with pytest.raises(UnopenableError):
            whose.open_row(table, key, subject, columns)


async def test_what_an_erased_persons_key_sealed_opens_no_more(door: Doorway, keys: AuthorityKeys) -> None:
    """The value is what a backup still has; the person is registered no more, and gets no new key."""
    old = sealed(keys)
    await door.client("setup").erase(EKBACKA, [ANNA], UUID(int=9))
    fresh = ring(door).of(EKBACKA)
    await fresh.hold([ANNA, BO])
    assert not fresh.opens(ANNA)
    assert fresh.opens(BO)
    with pytest.raises(UnopenableError):
        fresh.open_row("person", str(ANNA), ANNA, old)


async def test_keys_that_were_destroyed_are_let_go_by_who_holds_them(
    door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_module, "WATCH_SECONDS", 0.05)
    whole = ring(door)
    watching = asyncio.create_task(whole.watch())
    keys = whole.of(EKBACKA)
    await keys.hold([ANNA, BO])
    await asyncio.sleep(0.3)
    assert keys.opens(ANNA)
    await door.client("setup").erase(EKBACKA, [ANNA], UUID(int=9))
    async with asyncio.timeout(60):
        while keys.opens(ANNA):
            await asyncio.sleep(0.05)
    assert not keys.opens(BO)  # fetched again when it is needed
    await keys.hold([BO])
    assert keys.opens(BO)
    watching.cancel()


async def test_while_the_keyholder_is_away_what_is_held_opens_and_nobody_waits_twice(door: Doorway) -> None:
    whole = ring(door)
    keys = whole.of(EKBACKA)
    await keys.hold([ANNA])
    row = sealed(keys)
    await door.close()
    assert await keys.hold([ANNA])
    assert keys.open_row("person", str(ANNA), ANNA, row)["given_name"] == "Änna"
    assert not await keys.hold([BO], hasty=True)
    # Somebody has waited just now: all others are told at once.
    for _ in range(50):
        assert not await keys.hold([BO], hasty=True)
        with pytest.raises(KeysUnavailableError):
            await keys.hold([BO])
    await door.open()
    async with asyncio.timeout(60):
        while not await keys.hold([BO], hasty=True):
            await asyncio.sleep(0.1)
    assert keys.opens(BO)


async def test_a_keyholder_that_hangs_holds_nobody_up(door: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has taken the call and never answers: whoever shows alarms goes on without."""
    asked = asyncio.Event()

    async def hang(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(door.hierarchy, "unwrap", hang)
    keys = ring(door).of(EKBACKA)
    async with asyncio.timeout(60):
        assert not await keys.hold([ANNA], hasty=True)
    assert asked.is_set()


async def test_no_more_is_held_than_is_bounded(door: Doorway) -> None:
    keys = ring(door, most_held=1).of(EKBACKA)
    await keys.hold([ANNA])
    await keys.hold([BO])
    assert (keys.opens(ANNA), keys.opens(BO)) == (False, True)


async def test_nothing_is_sealed_without_a_key(door: Doorway) -> None:
    with pytest.raises(UnopenableError):
        sealed(ring(door).of(EKBACKA))


async def test_lookups_differ_by_authority_and_purpose(door: Doorway) -> None:
    whole = ring(door, "setup")
    made = {
        await whole.of(authority).blind(purpose, "193804019809")
        for authority in (EKBACKA, NORRVIK)
        for purpose in ("personal_number", "phone")
    }
    assert len(made) == 4
    assert await whole.of(EKBACKA).blind("phone", "1") == await ring(door, "portal").of(EKBACKA).blind("phone", "1")


async def test_letters_are_opened_where_they_are_declared_and_nowhere_else(keys: AuthorityKeys) -> None:
    note, to = str(UUID(int=9)), Addressee(ANNA, keys.address(ANNA))
    written = Writer().write_row(EKBACKA, to, "alarm_note", note, {"body": "Hjälpt upp."})
    assert keys.open_row("alarm_note", note, ANNA, written | {"written_by": BO}) == {
        "body": "Hjälpt upp.", "written_by": BO,
    }  # fmt: skip
    for table, row, subject, columns in (
        ("alarm_note", note, BO, written),
        ("alarm_note", str(UUID(int=8)), ANNA, written),
        ("message", note, ANNA, {"body": written["body"]}),
        ("note", note, ANNA, written),
    ):
        with pytest.raises(UnopenableError):
            keys.open_row(table, row, subject, columns)


async def test_who_knows_an_address_can_put_no_letter_in_the_place_of_what_was_sealed(keys: AuthorityKeys) -> None:
    """An address is no secret. A door code that anybody could write would be worth nothing."""
    place = Place(EKBACKA, "person", str(ANNA), "door_code")
    forged = Writer().write(keys.address(ANNA), ANNA, place, b"0000")
    with pytest.raises(UnopenableError):
        keys.open_row("person", str(ANNA), ANNA, {"door_code": forged})
    # Nor is a sealed value taken for a letter, or a letter sealed as a value.
    row = sealed(keys)
    with pytest.raises(UnopenableError):
        keys.open_row("alarm_note", str(ANNA), ANNA, {"body": row["given_name"]})
    with pytest.raises(TypeError):
        keys.seal_row("alarm_note", str(ANNA), ANNA, {"body": "x"})


async def test_an_address_is_the_keyholders_word_for_it(door: Doorway, keys: AuthorityKeys) -> None:
    told = await door.client("setup").public_keys(EKBACKA, [ANNA, BO])
    assert {ANNA: keys.address(ANNA), BO: keys.address(BO)} == told
    with pytest.raises(UnopenableError):
        keys.address(UUID(int=77))


def test_every_sealed_column_is_one_of_a_row_that_can_be_told_from_others() -> None:
    tables = {column.table for column in load_declaration().values() if column.is_sealed}
    assert tables == {"person", "contact", "note", "message", "alarm_note", "device", "audit_note"}


class Forgetful:
    """A keyring that lets go of everything while it waits for keys, as at anybody's rotation or erasure."""

    def __init__(self, door: Doorway, times: int) -> None:
        self.ring = ring(door)
        self.keys = self.ring.of(EKBACKA)
        self.left = times
        self.asked: list[list[UUID]] = []
        self._unwrap = self.ring._patient.unwrap
        self.ring._patient.unwrap = self.ring._hasty.unwrap = self.unwrap  # type: ignore[method-assign, assignment]

    async def unwrap(self, authority: UUID, subjects: list[UUID]) -> Any:
        self.asked.append(subjects)
        keys = await self._unwrap(authority, subjects)
        if self.left > 0:
            self.left -= 1
            self.ring.forget()
        return keys


async def test_key_that_was_under_way_when_everything_was_let_go_is_not_kept(door: Doorway) -> None:
    """Else an erased person's key, asked for a moment before, would stay for as long as the process lives."""
    held = Forgetful(door, times=1_000)
    with pytest.raises(KeysUnavailableError):
        await held.keys.hold([ANNA])
    assert not held.keys.opens(ANNA)
    assert not await held.keys.hold([ANNA], hasty=True)
    assert not held.keys.opens(ANNA)
    assert len(held.asked) < 20
    held.left = 0  # the keyholder is there all the time: nobody is told to wait for it
    assert await held.keys.hold([ANNA])
    assert held.keys.opens(ANNA)


async def test_what_was_let_go_while_it_was_waited_for_is_asked_for_again(door: Doorway) -> None:
    """Else a page, an export or an erasure's sample would find nobody's key, and be told that all is well."""
    held = Forgetful(door, times=0)
    assert await held.keys.hold([BO])
    held.left = 1
    assert await held.keys.hold([ANNA, BO])
    assert (held.keys.opens(ANNA), held.keys.opens(BO)) == (True, True)
    assert held.asked == [[BO], [ANNA], [ANNA, BO]]


async def test_whoever_has_no_key_is_asked_for_once(door: Doorway) -> None:
    held, nobody = Forgetful(door, times=0), UUID(int=77)
    assert await held.keys.hold([ANNA, nobody])
    assert held.keys.opens(ANNA)
    assert held.asked == [[ANNA, nobody]]


async def test_key_that_was_made_while_everything_was_let_go_is_asked_for_again(door: Doorway) -> None:
    held, new = ring(door, "setup"), UUID(int=3)
    create = held._patient.create

    async def create_late(*about: Any) -> Any:
        keys = await create(*about)
        held.forget()
        return keys

    held._patient.create = create_late  # type: ignore[method-assign, assignment]
    await held.of(EKBACKA).hold([BO])
    await held.of(EKBACKA).create([new, BO])
    assert (held.of(EKBACKA).opens(new), held.of(EKBACKA).opens(BO)) == (True, True)


async def test_those_who_are_asked_for_are_not_let_go_for_one_another(door: Doorway) -> None:
    new = UUID(int=3)
    await door.client("setup").create(EKBACKA, [new])
    whole = ring(door, most_held=2)
    keys = whole.of(EKBACKA)
    await keys.hold([ANNA])  # the oldest, and one of those who are asked for next
    await keys.hold([BO])
    await keys.hold([ANNA, new])
    assert set(whole._held) == {(EKBACKA, ANNA), (EKBACKA, new)}
    await keys.hold([ANNA])  # nobody is missing: it counts as asked for all the same
    await keys.hold([BO])
    assert set(whole._held) == {(EKBACKA, ANNA), (EKBACKA, BO)}

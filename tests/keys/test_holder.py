# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keyholder's door, over a real socket: who is let in, what he may ask, and what breaks nothing."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from tests.keys.doorway import Doorway
from tests.keys.keyring import Keyring
from vaka.errors import Category
from vaka.identifiers import new_identifier
from vaka.keys import holder as holder_module
from vaka.keys.calls import CALLS, COMPONENTS
from vaka.keys.client import KeyCallRefusedError, KeyClient, KeysNotOursError, KeysUnavailableError
from vaka.keys.credentials import credential_file
from vaka.keys.frames import LARGEST_REQUEST, Hello, Introduction, frame, prove, read_frame
from vaka.keys.holder import MOST_CONNECTIONS

pytestmark = [pytest.mark.anyio, pytest.mark.database]
EKBACKA = UUID(int=0xE)


@pytest.fixture
async def door(keyring: Keyring) -> AsyncIterator[Doorway]:
    """A keyholder that listens; everything is closed in the end."""
    made = Doorway(keyring)
    await made.open()
    yield made
    await made.close()


async def test_what_is_handed_out_is_what_was_made(door: Doorway) -> None:
    people = door.keyring.people(3)
    setup, desk, portal = door.client("setup"), door.client("desk"), door.client("portal")
    assert await setup.open_authority(EKBACKA) == 1
    made = {key.subject: key for key in await setup.create(EKBACKA, people)}
    assert made.keys() == set(people)
    assert {key.subject: key for key in await desk.unwrap(EKBACKA, [*people, new_identifier(door.now)])} == made
    paged = [key async for page in portal.unwrap_all(EKBACKA, 2) for key in page]
    assert {key.subject: key for key in paged} == made
    assert await desk.public_keys(EKBACKA, people) == {one: key.address for one, key in made.items()}
    assert await portal.lookup_key(EKBACKA, "phone") == await setup.lookup_key(EKBACKA, "phone")
    assert await portal.lookup_key(EKBACKA, "phone") != await portal.lookup_key(EKBACKA, "personal_number")
    state = await desk.state()
    assert (state.subjects, state.authorities, state.erasures) == (3, 1, 0)


async def test_keys_are_replaced_while_others_read(door: Doorway) -> None:
    people = door.keyring.people(5)
    setup, desk, scheduler = door.client("setup"), door.client("desk"), door.client("scheduler")
    await setup.open_authority(EKBACKA)
    before = await setup.create(EKBACKA, people)
    done = await scheduler.rotate(EKBACKA)
    assert (done.key_destroyed, done.key_new) == (1, 2)
    assert sorted(await desk.unwrap(EKBACKA, people), key=lambda key: key.subject) == sorted(
        before, key=lambda key: key.subject
    )
    root = await setup.rotate_root()
    assert (root.root_destroyed, root.root_new, root.generation) == (1, 2, done.generation + 1)
    erased = await setup.erase(EKBACKA, people[:2], UUID(int=7))
    assert (erased.subjects, erased.rewrapped) == (2, 3 + 2)  # the lookup keys too
    assert {key.subject for key in await desk.unwrap(EKBACKA, people)} == set(people[2:])
    kinds = {(key.kind, key.state) for key in (await door.client("portal").register()).keys}
    assert {("root", "current"), ("root", "destroyed"), ("authority", "current"), ("person", "current")} <= kinds


@pytest.mark.parametrize("component", COMPONENTS)
async def test_every_component_may_ask_what_the_table_says_and_nothing_else(door: Doorway, component: str) -> None:
    """What is allowed is answered, or refused for what it asks, never for who asks."""
    await door.client("setup").open_authority(EKBACKA)
    authority, someone = str(EKBACKA), str(new_identifier(door.now))
    bodies: dict[str, Mapping[str, object]] = {
        "Nothing": {}, "OfAuthority": {"authority": authority}, "OfPage": {"authority": authority},
        "OfErased": {"authority": authority}, "OfTurn": {},
        "OfObjects": {"authority": authority, "objects": [someone]},
        "OfWritten": {"authority": authority, "written": [{"object": someone, "number": 1}]},
        "OfSubjects": {"authority": authority, "subjects": [someone]},
        "OfPurpose": {"authority": authority, "purpose": "phone"},
        "OfErasure": {"authority": authority, "subjects": [someone], "order": someone},
        "OfCopies": {"authority": authority, "subject": someone, "key_version": 1, "key": "", "copies": []},
        "OfEnd": {"authority": authority, "order": str(UUID(int=1))},
    }  # fmt: skip
    reader, writer = await door.greeted(component)
    for name, call in CALLS.items():
        answer = await door.ask(reader, writer, name, bodies[call.request.__name__])
        forbidden = answer["refusal"] is not None and answer["refusal"]["category"] == Category.FORBIDDEN.value
        assert forbidden == (component not in call.components), name
    writer.close()


async def test_what_is_not_in_the_table_or_makes_no_sense_is_refused_and_the_next_call_answered(door: Doorway) -> None:
    reader, writer = await door.greeted("setup")
    assert (await door.ask(reader, writer, "export_root", {}))["refusal"]["category"] == "forbidden"
    bad: list[Mapping[str, object]] = [{}, {"authority": "x"}, {"authority": str(EKBACKA), "more": 1}]
    for body in bad:
        assert (await door.ask(reader, writer, "open_authority", body))["refusal"]["category"] == "invalid"
    many = {"authority": str(EKBACKA), "subjects": [str(UUID(int=n)) for n in range(1001)]}
    assert (await door.ask(reader, writer, "unwrap", many))["refusal"]["category"] == "invalid"
    assert (await door.ask(reader, writer, "state", {}))["refusal"] is None
    writer.close()
    assert door.refused("call") == 1
    assert door.refused("request") == 4


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x04null", b"\x00\x00\x00\x05\xff\xfe\xfd\xfc\xfb",
        (LARGEST_REQUEST + 1).to_bytes(4, "big"), b"GET / HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
async def test_what_is_no_frame_ends_the_connection_and_no_other(door: Doorway, sent: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(door.socket)
    await read_frame(reader, Hello, LARGEST_REQUEST)
    writer.write(sent)
    assert await reader.read() == b""
    writer.close()
    await door.client("desk").state()
    assert door.refused("frame") == 1


async def test_nobody_comes_in_without_the_component_s_credential(door: Doorway, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("ab" * 32 + "\n")
    other.chmod(0o600)
    stranger = KeyClient(door.socket, "desk", other, door.keyring.clock)
    with pytest.raises(KeysNotOursError):
        await stranger.state()
    # Nor with another component's, nor as one that there is not.
    for component, whose in (("setup", "desk"), ("receiver", "desk")):
        reader, writer = await door.greeted(component, credential=door.credential(whose), is_expected=False)
        assert await reader.read() == b""
        writer.close()
    assert door.refused("credential") == 3


async def test_a_proof_cannot_be_used_again(door: Doorway) -> None:
    """What was overheard in one greeting proves nothing in the next."""
    reader, writer = await asyncio.open_unix_connection(door.socket)
    hello = await read_frame(reader, Hello, LARGEST_REQUEST)
    mine = os.urandom(32)
    said = Introduction(
        component="desk", challenge=mine,
        proof=prove(door.credential("desk"), "component", "desk", hello.challenge, mine),
    )  # fmt: skip
    writer.close()
    reader, writer = await asyncio.open_unix_connection(door.socket)
    await read_frame(reader, Hello, LARGEST_REQUEST)
    writer.write(frame(said, LARGEST_REQUEST))
    assert await reader.read() == b""
    writer.close()


async def test_another_account_is_sent_away(keyring: Keyring) -> None:
    door = Doorway(keyring, accounts=frozenset({os.geteuid() + 1}))
    await door.open()
    with pytest.raises(KeysUnavailableError):  # it is told nothing, not even that anybody is there
        await door.client("desk", wait_seconds=0).state()
    assert door.refused("account") == 1
    await door.close()


async def test_who_says_nothing_is_sent_away_and_keeps_nobody_out(
    door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder_module, "GREETING_SECONDS", 3)  # all of them come before the first has to go
    idle = [await asyncio.open_unix_connection(door.socket) for _ in range(MOST_CONNECTIONS)]
    for reader, _ in idle:
        await read_frame(reader, Hello, LARGEST_REQUEST)
    reader, writer = await asyncio.open_unix_connection(door.socket)
    assert await reader.read() == b""
    writer.close()
    assert door.refused("busy") == 1
    for reader, writer in idle:
        assert await reader.read() == b""
        writer.close()
    await door.client("desk").state()


async def test_an_impostor_in_the_keyholder_s_place_learns_nothing_and_is_asked_nothing(door: Doorway) -> None:
    client = door.client("desk")
    await client.state()
    heard: list[bytes] = []
    over = asyncio.Event()

    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(Hello(protocol=1, challenge=bytes(32)), LARGEST_REQUEST))
        heard.append(await reader.read(4096))
        content = json.dumps({"proof": "A" * 43 + "=", "store": str(UUID(int=1)), "generation": 99}).encode()
        writer.write(len(content).to_bytes(4, "big") + content)
        with suppress(OSError):
            heard.append(await reader.read(4096))
        writer.close()
        over.set()

    await door.close()
    server = await asyncio.start_unix_server(pretend, door.socket)
    with pytest.raises(KeysNotOursError):
        await client.state()
    await over.wait()
    server.close()
    assert door.credential("desk") not in b"".join(heard)
    assert door.credential("desk").hex().encode() not in b"".join(heard)
    assert heard[-1] == b""


async def test_a_client_waits_for_a_keyholder_that_is_restarted(door: Doorway) -> None:
    client = door.client("desk", wait_seconds=30)
    before = await client.state()
    await door.close()
    asked = asyncio.create_task(client.state())
    await asyncio.sleep(0.2)
    assert not asked.done()
    await door.open()
    assert (await asked).store == before.store


async def test_a_client_says_so_when_the_keyholder_stays_away(door: Doorway) -> None:
    client = door.client("desk", wait_seconds=0)
    await door.close()
    with pytest.raises(KeysUnavailableError) as told:
        await client.state()
    assert told.value.category is Category.UNAVAILABLE


async def test_a_running_client_refuses_keys_from_a_backup(door: Doorway) -> None:
    """Root, database and the keyholder's own memory were all put back: who was connected since still knows."""
    keyring = door.keyring
    setup, desk = door.client("setup"), door.client("desk")
    await setup.open_authority(EKBACKA)
    await setup.create(EKBACKA, [UUID(int=3)])
    old = keyring.copy_database()
    keyring.copy_root("old-root")
    memory = keyring.memory.path.read_bytes()
    await setup.erase(EKBACKA, [UUID(int=3)], UUID(int=4))
    await desk.state()
    await door.close()
    await desk.close()
    keyring.put_back_database(old)
    keyring.put_back_root("old-root")
    keyring.memory.path.write_bytes(memory)
    await door.open()
    desk_again = door.same_client(desk)
    with pytest.raises(KeysNotOursError):
        await desk_again.unwrap(EKBACKA, [UUID(int=3)])


async def test_a_refusal_is_told_in_both_languages(door: Doorway) -> None:
    with pytest.raises(KeyCallRefusedError) as told:
        await door.client("setup").create(UUID(int=99), [UUID(int=1)])
    assert told.value.sentence.en == "The authority has no keys."
    assert told.value.sentence.sv == "Myndigheten har inga nycklar."


async def test_no_log_line_and_no_measurement_holds_a_key_or_a_person(
    door: Doorway, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = door.client("setup")
    await setup.open_authority(EKBACKA)
    person = new_identifier(door.now)
    (key,) = await setup.create(EKBACKA, [person])
    await setup.lookup_key(EKBACKA, "phone")
    told = await setup.metrics()
    printed = capsys.readouterr()
    everything = told + printed.out + printed.err
    assert 'vaka_keyholder_calls_total{call="create"} 1' in told
    for secret in (key.secret.hex(), str(person), person.hex, door.credential("setup").hex()):
        assert secret not in everything


def test_credentials_are_made_once_for_each_component_and_closed_to_others(tmp_path: Path) -> None:
    from vaka.keys.credentials import issue_credentials, read_credentials

    assert issue_credentials(tmp_path) == list(COMPONENTS)
    first = read_credentials(tmp_path)
    assert len(set(first.values())) == len(COMPONENTS)
    assert issue_credentials(tmp_path) == []
    assert read_credentials(tmp_path) == first
    assert {credential_file(tmp_path, one).stat().st_mode & 0o777 for one in COMPONENTS} == {0o600}

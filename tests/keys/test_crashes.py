# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The keyholder dies between any two steps, and is started again: the same end, and no living key is ever lost.

Each crash is made twice: as an error that unwinds through our own tidying up, and as a process that is killed and
tidies up nothing (``killed.py``).
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from tests.keys.keyring import Keyring
from tests.keys.test_hierarchy import EKBACKA, NORRVIK, ORDER, by_subject
from vaka.errors import ConfigurationError
from vaka.keys.files import draft_of
from vaka.keys.hierarchy import Hierarchy
from vaka.keys.roots import RootUnavailableError
from vaka.keys.sealed_file import SealedFile
from vaka.keys.settling import RevivedStoreError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

STEPS = ("root made", "authority replaced", "about to commit", "committed", "old root destroyed", "remembered")
FIRST_STEPS = ("first root made", "store begun", "store found")
ROOT = Path(__file__).resolve().parents[2]


class Crash(BaseException):
    """Ends the work at a step, as nothing in the code expects."""


class Crasher:
    """Crashes at one step, once."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.happened = False

    def __call__(self, step: str) -> None:
        if step == self.step and not self.happened:
            self.happened = True
            raise Crash(step)


async def act(hierarchy: Hierarchy, name: str, person: UUID) -> None:
    match name:
        case "rotate":
            await hierarchy.rotate(EKBACKA)
        case "rotate_root":
            await hierarchy.rotate_root()
        case "erase":
            await hierarchy.erase(EKBACKA, [person], ORDER)
        case "erase_authority":
            await hierarchy.erase_authority(NORRVIK, ORDER)


async def furnish(keyring: Keyring, hierarchy: Hierarchy) -> dict[tuple[UUID, UUID], bytes]:
    people = keyring.people(3)
    secrets = {}
    for authority in (EKBACKA, NORRVIK):
        await hierarchy.open_authority(authority)
        for who, secret in by_subject(await hierarchy.create(authority, people)).items():
            secrets[authority, who] = secret
    return secrets


async def read_all(hierarchy: Hierarchy) -> dict[tuple[UUID, UUID], bytes]:
    found = {}
    for authority in (EKBACKA, NORRVIK):
        for key in await hierarchy.unwrap_page(authority, (UUID(int=0), 0), 100):
            found[authority, key.subject] = key.secret
    return found


def expected(secrets: dict[tuple[UUID, UUID], bytes], name: str, person: UUID) -> dict[tuple[UUID, UUID], bytes]:
    gone = {"erase": lambda place: place == (EKBACKA, person), "erase_authority": lambda place: place[0] == NORRVIK}
    return {place: secret for place, secret in secrets.items() if name not in gone or not gone[name](place)}


@pytest.mark.parametrize("again", ["restarted", "goes on"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["rotate", "rotate_root", "erase", "erase_authority"])
async def test_error_between_any_two_steps(keyring: Keyring, name: str, step: str, again: str) -> None:
    secrets = await furnish(keyring, await keyring.open())
    person = next(who for authority, who in secrets if authority == EKBACKA)
    await keyring.close()
    crasher = Crasher(step)
    hierarchy = await keyring.open(crasher)
    with pytest.raises(Crash):
        await act(hierarchy, name, person)
    if again == "restarted":
        hierarchy = await keyring.reopen()
    is_committed = step in STEPS[3:]
    found = await read_all(hierarchy)
    assert found == (expected(secrets, name, person) if is_committed else secrets)
    assert hierarchy.store.generation == (2 if is_committed else 1)
    # Asked again, as whoever got no answer does, it ends in the same state.
    if not (is_committed and name.startswith("rotate")):
        await act(hierarchy, name, person)
    await check_end(keyring, secrets, name, person)


async def check_end(keyring: Keyring, secrets: dict[tuple[UUID, UUID], bytes], name: str, person: UUID) -> None:
    hierarchy = await keyring.reopen()
    assert await read_all(hierarchy) == expected(secrets, name, person)
    root, seen = keyring.place.open(), keyring.memory.recall()
    assert root is not None
    assert seen is not None
    assert root.versions == (hierarchy.store.root_version,)
    assert root.generation == hierarchy.store.generation == seen.generation == 2
    assert hierarchy.store.root_version == (1 if name == "rotate" else 2 if root.versions == (2,) else 3)
    assert len(await hierarchy.create(EKBACKA, keyring.people(1))) == 1


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_error_while_the_store_is_made(keyring: Keyring, step: str) -> None:
    with pytest.raises(Crash):
        await keyring.open(Crasher(step))
    hierarchy = await keyring.reopen()
    secrets = await furnish(keyring, hierarchy)
    hierarchy = await keyring.reopen()
    assert await read_all(hierarchy) == secrets
    assert hierarchy.store.root_version == 1


def kill(keyring: Keyring, name: str, person: UUID, step: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.keys.killed", keyring.server.host, keyring.server.credentials, keyring.directory,
         name, str(person), step],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["rotate", "erase"])
@pytest.mark.parametrize("step", [*STEPS, "destroying", "writing"])
async def test_killed_between_any_two_steps(keyring: Keyring, name: str, step: str) -> None:
    """A process of its own, killed at the step; "destroying" and "writing" are inside the root store's own work."""
    secrets = await furnish(keyring, await keyring.open())
    person = next(who for authority, who in secrets if authority == EKBACKA)
    await keyring.close()
    done = kill(keyring, name, person, step)
    assert done.returncode == -signal.SIGKILL, done.stderr
    hierarchy = await keyring.open()
    if await read_all(hierarchy) == secrets:
        assert hierarchy.store.generation == (2 if name == "rotate" and step in (*STEPS[3:], "destroying") else 1) or (
            name == "rotate" and step == "writing"
        )
        if hierarchy.store.generation == 1:
            await act(hierarchy, name, person)
    else:
        assert step in (*STEPS[3:], "destroying", "writing")
    await check_end(keyring, secrets, name, person)


@pytest.mark.parametrize("step", [f"file {when} {number}" for number in range(2, 5) for when in ("before", "after")])
async def test_killed_while_root_and_credential_are_replaced(keyring: Keyring, step: str) -> None:
    """Between any two of its three files an erasure leaves a root store and a credential that open together."""
    secrets = await furnish(keyring, await keyring.open())
    person = next(who for authority, who in secrets if authority == EKBACKA)
    await keyring.close()
    keyring.copy_root("before")
    old = keyring.credential.read_bytes()
    done = kill(keyring, "erase", person, step)
    assert done.returncode == -signal.SIGKILL, done.stderr
    between = keyring.credential.read_bytes()
    hierarchy = await keyring.open()
    assert await read_all(hierarchy) in (secrets, expected(secrets, "erase", person))
    await act(hierarchy, "erase", person)
    await check_end(keyring, secrets, "erase", person)
    # In the end there is one credential, another than before, and it does not open the file from before.
    new = keyring.credential.read_bytes()
    assert (len(new), new == old, len(between) in (65, 130)) == (65, False, True)
    assert not draft_of(keyring.credential).exists()
    await keyring.close()
    keyring.put_back_root_file("before")
    with pytest.raises(ConfigurationError, match="does not open with"):
        keyring.place.open()
    keyring.put_back_root("before")
    assert keyring.place.open() is not None, "with the credential from before it does"


async def test_root_that_cannot_be_written_changes_nothing_and_is_tried_again(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    hierarchy = await keyring.open()
    secrets = await furnish(keyring, hierarchy)
    person = next(who for authority, who in secrets if authority == EKBACKA)

    def fail(_store: SealedFile) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(SealedFile, "write", fail)
        with pytest.raises(RootUnavailableError):
            await hierarchy.erase(EKBACKA, [person], ORDER)
        assert await read_all(hierarchy) == secrets
    done = await hierarchy.erase(EKBACKA, [person], ORDER)
    assert (done.root_destroyed, done.generation) == (1, 2)
    await check_end(keyring, secrets, "erase", person)


async def test_root_that_cannot_be_written_after_the_commit_is_completed_at_the_next_call(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    hierarchy = await keyring.open()
    secrets = await furnish(keyring, hierarchy)
    person = next(who for authority, who in secrets if authority == EKBACKA)
    written, write = 0, SealedFile.write

    def fail_once(store: SealedFile) -> None:
        nonlocal written
        written += 1
        if written == 2:  # the first makes the new version, the second destroys the old one
            raise OSError(5, "Input/output error")
        write(store)

    monkeypatch.setattr(SealedFile, "write", fail_once)
    with pytest.raises(RootUnavailableError):
        await hierarchy.erase(EKBACKA, [person], ORDER)
    done = await hierarchy.erase(EKBACKA, [person], ORDER)
    assert (done.root_destroyed, done.root_new, done.generation) == (1, 2, 2)
    await check_end(keyring, secrets, "erase", person)


async def test_after_a_revival_nothing_is_opened_any_more(keyring: Keyring) -> None:
    """A database that is put back under a keyholder at work is noticed when its connection is new."""
    hierarchy = await keyring.open()
    await furnish(keyring, hierarchy)
    copies = keyring.copy_database()
    await hierarchy.rotate_root()
    keyring.put_back_database(copies)
    await keyring.close()
    with pytest.raises(RevivedStoreError):
        await keyring.open()

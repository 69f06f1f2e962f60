# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The root key in a key device: SoftHSM, through the same interface as a device that is one."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.keys.keyring import Keyring
from tests.keys.test_crashes import STEPS, Crash, Crasher, furnish, read_all
from tests.keys.test_hierarchy import EKBACKA, NORRVIK, ORDER
from tests.peers import report_missing, require_module, require_program
from vaka.clock import TurnedClock
from vaka.crypto.aead import UnopenableError
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.keys.roots import RootMissingError, RootUnavailableError
from vaka.keys.settling import RevivedStoreError
from vaka.keys.token import TokenPlace, TokenRoot

LIBRARY = next(
    (path for path in map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"))
     if path.is_file()), None,
)  # fmt: skip
STORE = UUID(int=7)
PIN, OFFICER = "4711-0815", "0815-4711"

pytestmark = pytest.mark.database


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> TokenPlace:
    """A new token of its own. SoftHSM reads where its tokens are once in a process, so all are in one directory."""
    library = require_library()
    directory = tmp_path_factory.getbasetemp() / "softhsm"
    configuration = directory / "softhsm2.conf"
    if not directory.exists():
        (directory / "tokens").mkdir(parents=True)
        configuration.write_text(f"directories.tokendir = {directory / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    label = f"vaka-{len(list((directory / 'tokens').iterdir()))}"
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", OFFICER],
        check=True, capture_output=True,
    )  # fmt: skip
    import pkcs11

    pkcs11.lib(str(library)).reinitialize()  # it looks for tokens when it starts
    pin = directory / f"{label}.pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    return TokenPlace(library, label, pin)


def require_library() -> Path:
    require_module("pkcs11")
    require_program("softhsm2-util", package="softhsm2")
    if LIBRARY is None:
        report_missing("the library of SoftHSM is not installed (apt-get install softhsm2)")
        raise AssertionError("unreachable")
    return LIBRARY


@pytest.fixture
async def on_token(
    place: TokenPlace, key_database: Server, clock: TurnedClock, tmp_path: Path
) -> AsyncIterator[Keyring]:
    """A key store whose root is in the token."""
    made = Keyring(key_database, clock, tmp_path, place)
    yield made
    await made.close()


@contextmanager
def opened(place: TokenPlace) -> Iterator[TokenRoot]:
    root = place.open()
    assert root is not None
    yield root
    root.close()


def test_a_root_is_made_in_the_token_and_found_again(place: TokenPlace) -> None:
    assert place.open() is None
    made = place.make(STORE)
    assert (made.identifier, made.generation, made.versions) == (STORE, 0, (1,))
    sealed = made.wrap(1, b"k" * 32, b"place")
    assert len(sealed) == 60, "as long as what a sealed file wraps"
    made.close()
    with opened(place) as root:
        assert (root.identifier, root.generation, root.versions) == (STORE, 0, (1,))
        assert root.unwrap(1, sealed, b"place") == b"k" * 32
    with pytest.raises(ConfigurationError, match="already"):
        place.make(UUID(int=8))


def test_what_was_changed_moved_or_destroyed_does_not_open(place: TokenPlace) -> None:
    root = place.make(STORE)
    sealed = root.wrap(1, b"k" * 32, b"place")
    assert root.create() == 2
    for index in range(len(sealed)):
        with pytest.raises(UnopenableError):
            root.unwrap(1, sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :], b"place")
    for version, changed, bound in ((1, sealed, b"other"), (2, sealed, b"place"), (1, sealed[:20], b"place")):
        with pytest.raises(UnopenableError):
            root.unwrap(version, changed, bound)
    root.keep_only(2, 5)
    for _ in range(2):
        assert (root.versions, root.generation) == ((2,), 5)
        with pytest.raises(RootMissingError):
            root.unwrap(1, sealed, b"place")
        root.close()
        reopened = place.open()
        assert reopened is not None
        root = reopened
    root.close()


def test_the_key_cannot_be_read_out(place: TokenPlace) -> None:
    import pkcs11

    root = place.make(STORE)
    key: Any = root._keys[1]
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]
    assert key[pkcs11.Attribute.EXTRACTABLE] is False
    assert key[pkcs11.Attribute.SENSITIVE] is True
    root.close()


def test_a_wrong_pin_a_missing_token_and_a_missing_library_are_named(place: TokenPlace, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("0000-0000")
    wrong.chmod(0o600)
    library = require_library()
    for bad in (
        TokenPlace(library, place._label, wrong), TokenPlace(library, "nowhere", place._pin),
        TokenPlace(tmp_path / "no.so", place._label, place._pin),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError) as refused:
            bad.open()
        assert PIN not in refused.value.sentence.en
        assert "0000-0000" not in refused.value.sentence.en
    wrong.chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        TokenPlace(library, place._label, wrong).open()


def test_a_token_that_is_gone_while_in_use_is_told_as_unavailable(place: TokenPlace) -> None:
    root = place.make(STORE)
    sealed = root.wrap(1, b"k" * 32, b"place")
    root._session.close()
    for call in (
        lambda: root.wrap(1, b"k", b""), lambda: root.unwrap(1, sealed, b"place"), root.create,
        lambda: root.keep_only(1, 3),
    ):  # fmt: skip
        with pytest.raises(RootUnavailableError):
            call()


def test_a_first_start_that_was_interrupted_is_begun_anew(place: TokenPlace) -> None:
    pkcs11, session = place._open_session()
    TokenRoot(pkcs11, session, STORE).create()
    session.close()
    assert place.open() is None
    made = place.make(STORE)
    assert len(made.versions) == 1
    made.close()


@pytest.mark.anyio
@pytest.mark.parametrize("step", STEPS)
async def test_erasure_is_completed_after_a_crash_at_any_step(on_token: Keyring, step: str) -> None:
    secrets = await furnish(on_token, await on_token.open())
    person = next(who for authority, who in secrets if authority == EKBACKA)
    await on_token.close()
    hierarchy = await on_token.open(Crasher(step))
    with pytest.raises(Crash):
        await hierarchy.erase(EKBACKA, [person], ORDER)
    hierarchy = await on_token.reopen()
    done = await hierarchy.erase(EKBACKA, [person], ORDER)
    assert (done.generation, done.root_destroyed) == (2, 1)
    left = {place: secret for place, secret in secrets.items() if place != (EKBACKA, person)}
    assert await read_all(hierarchy) == left
    await on_token.close()
    with opened(on_token.place) as root:  # type: ignore[arg-type]
        assert root.versions == (done.root_new,)
        assert root.generation == 2


@pytest.mark.anyio
async def test_an_old_key_database_is_noticed_by_the_token(on_token: Keyring) -> None:
    hierarchy = await on_token.open()
    await furnish(on_token, hierarchy)
    before = on_token.copy_database()
    await hierarchy.erase_authority(NORRVIK, ORDER)
    await on_token.close()
    on_token.memory.path.unlink()
    on_token.put_back_database(before)
    with pytest.raises(RevivedStoreError) as refused:
        await on_token.open()
    assert refused.value.reason == "old database"

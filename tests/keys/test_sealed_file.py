# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The root store in a file: closed without its credential, whole after a crash, and without what was destroyed."""

import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from vaka.crypto.aead import UnopenableError
from vaka.errors import ConfigurationError
from vaka.keys.files import draft_of
from vaka.keys.roots import RootMissingError, RootUnavailableError
from vaka.keys.sealed_file import SealedFile, SealedFilePlace

STORE = UUID(int=7)
OTHER = UUID(int=8)


@pytest.fixture
def place(tmp_path: Path) -> SealedFilePlace:
    (tmp_path / "credentials").mkdir()
    return SealedFilePlace(tmp_path / "keys" / "root", tmp_path / "credentials" / "root.key")


def opened(place: SealedFilePlace) -> SealedFile:
    store = place.open()
    assert store is not None
    return store


def test_there_is_none_until_it_is_made(place: SealedFilePlace, tmp_path: Path) -> None:
    assert place.open() is None
    made = place.make(STORE)
    assert (made.identifier, made.generation, made.versions) == (STORE, 0, (1,))
    again = opened(place)
    assert (again.identifier, again.generation, again.versions) == (STORE, 0, (1,))
    assert again.unwrap(1, made.wrap(1, b"key", b"place"), b"place") == b"key"
    with pytest.raises(ConfigurationError, match="already"):
        place.make(OTHER)
    for path in (tmp_path / "keys" / "root", tmp_path / "credentials" / "root.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_version_opens_what_it_wrapped_where_it_was_wrapped(place: SealedFilePlace) -> None:
    store = place.make(STORE)
    assert store.create() == 2
    sealed = store.wrap(1, b"key", b"place")
    for version, bound in ((2, b"place"), (1, b"elsewhere")):
        with pytest.raises(UnopenableError):
            store.unwrap(version, sealed, bound)
    with pytest.raises(RootMissingError):
        store.wrap(3, b"key", b"place")


def test_what_was_destroyed_is_gone_from_memory_and_from_the_disk(place: SealedFilePlace) -> None:
    store = place.make(STORE)
    sealed = store.wrap(1, b"key", b"place")
    store.create()
    store.keep_only(2, 5)
    for one in (store, opened(place)):
        assert (one.versions, one.generation) == ((2,), 5)
        with pytest.raises(RootMissingError):
            one.unwrap(1, sealed, b"place")
    assert store.create() == 3, "numbers are not used twice"


def test_the_old_content_is_written_over(place: SealedFilePlace, tmp_path: Path) -> None:
    """Seen through a second name of the same file, which a disk's blocks are to whoever reads the disk."""
    store = place.make(STORE)
    path, blocks = tmp_path / "keys" / "root", tmp_path / "keys" / "blocks"
    os.link(path, blocks)
    before = blocks.read_bytes()
    store.create()
    after = blocks.read_bytes()
    assert len(after) == len(before)
    assert after != before
    assert not after.startswith(b"vaka root store")
    assert opened(place).versions == (1, 2)


def test_a_backup_of_one_without_the_other_opens_nothing(place: SealedFilePlace, tmp_path: Path) -> None:
    store = place.make(STORE)
    content = (tmp_path / "keys" / "root").read_bytes()
    key = bytes.fromhex((tmp_path / "credentials" / "root.key").read_text())
    assert key not in content
    assert str(STORE).encode() not in content
    credential = tmp_path / "credentials" / "root.key"
    credential.unlink()
    with pytest.raises(ConfigurationError, match=r"root\.key is missing"):
        place.open()
    credential.write_text("00" * 32)
    credential.chmod(0o600)
    with pytest.raises(ConfigurationError, match="does not open with"):
        place.open()
    assert store.versions == (1,)


@pytest.mark.parametrize("text", ["", "00" * 31, "zz" * 32, "å" * 64])
def test_a_credential_that_is_none_is_named(place: SealedFilePlace, tmp_path: Path, text: str) -> None:
    place.make(STORE)
    (tmp_path / "credentials" / "root.key").write_text(text)
    with pytest.raises(ConfigurationError, match=r"root\.key"):
        place.open()


def test_a_credential_that_others_can_read_is_refused(place: SealedFilePlace, tmp_path: Path) -> None:
    place.make(STORE)
    (tmp_path / "credentials" / "root.key").chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        place.open()


def test_every_changed_byte_is_noticed(place: SealedFilePlace, tmp_path: Path) -> None:
    place.make(STORE)
    path = tmp_path / "keys" / "root"
    content = path.read_bytes()
    for index in range(len(content)):
        path.write_bytes(content[:index] + bytes([content[index] ^ 1]) + content[index + 1 :])
        with pytest.raises(ConfigurationError):
            place.open()
    for broken in (b"", content[:-1], content + b"x", content * 1000):
        path.write_bytes(broken)
        with pytest.raises(ConfigurationError):
            place.open()


@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_a_crash_while_writing_leaves_the_old_or_the_new(
    place: SealedFilePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    store = place.make(STORE)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if where == "fsync":
            patched.setattr(os, "fsync", fail)
        else:
            patched.setattr(Path, "replace", fail)
        with pytest.raises(RootUnavailableError):
            store.create()
    assert store.versions == (1,)
    assert draft_of(tmp_path / "keys" / "root").exists()
    assert opened(place).versions == (1,)
    assert not draft_of(tmp_path / "keys" / "root").exists(), "a draft holds keys too"


def test_credential_is_replaced_when_a_root_key_is_destroyed_and_not_else(
    place: SealedFilePlace, tmp_path: Path
) -> None:
    credential = tmp_path / "credentials" / "root.key"
    store = place.make(STORE)
    first = credential.read_bytes()
    blocks = tmp_path / "credentials" / "blocks"
    os.link(credential, blocks)
    store.create()
    store = opened(place)
    assert credential.read_bytes() == first
    store.keep_only(2, 5)
    second = credential.read_bytes()
    assert (len(second), second == first) == (65, False)
    assert first.strip() not in blocks.read_bytes(), "the old one was written over"
    store.keep_only(2, 6)  # only counted: an authority's key was replaced
    assert credential.read_bytes() == second
    assert (opened(place).versions, opened(place).generation) == ((2,), 6)


def test_credential_that_somebody_else_puts_there_stays(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    credential = tmp_path / "credentials" / "root.key"
    place = SealedFilePlace(tmp_path / "keys" / "root", credential, credential_stays=True)
    store = place.make(STORE)
    first = credential.read_bytes()
    copied = (tmp_path / "keys" / "root").read_bytes()
    store.create()
    store.keep_only(2, 5)
    assert credential.read_bytes() == first
    (tmp_path / "keys" / "root").write_bytes(copied)
    assert opened(place).versions == (1,), "a copy of the file from before opens: what the certificate says"
    credential.write_bytes(first + first)
    with pytest.raises(ConfigurationError, match="64 hexadecimal"):
        place.open()


def test_credential_that_cannot_be_replaced_is_told_of_at_the_start(
    place: SealedFilePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on what systemd mounts for credentials, which is to be read only; root may write everywhere else."""
    place.make(STORE)
    monkeypatch.setattr(os, "access", lambda path, how: path.name != "root.key")
    with pytest.raises(ConfigurationError, match="root_credential_stays"):
        place.open()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_file_that_cannot_be_written_while_both_are_replaced_leaves_what_opens(
    place: SealedFilePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = place.make(STORE)
    store.create()
    sealed, count, replace = store.wrap(2, b"key", b"place"), 0, Path.replace

    def fail(draft: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(28, "No space left on device")
        return replace(draft, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail)
        with pytest.raises(RootUnavailableError):
            store.keep_only(2, 5)
    again = opened(place)
    assert again.versions == ((2,) if number == 3 else (1, 2))
    again.keep_only(2, 5)
    assert (opened(place).versions, opened(place).unwrap(2, sealed, b"place")) == ((2,), b"key")
    assert len((tmp_path / "credentials" / "root.key").read_bytes()) == 65

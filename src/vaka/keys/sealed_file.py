# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A root store in a file, for installations without a key device.

The file is sealed with a credential that lies in another directory: a backup that holds one of the two opens nothing.
Whoever has both has the root key; that is what a key device (``vaka.keys.token``) is better at.

Whenever a root key is destroyed, the credential is replaced as well, so that a copy of the file from before does not
open with what lies there today. The credential's file then holds the old and the new one for a moment: first both are
written, then the file under the new one, then the new one alone. A crash between any two leaves a pair that opens, and
the next start drops the one that does not. Where somebody else puts the credential there it stays what it is.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from vaka.crypto.aead import UnopenableError, decrypt, encrypt
from vaka.crypto.chance import new_key
from vaka.crypto.derivation import derive
from vaka.errors import ConfigurationError
from vaka.keys.files import create_secret, draft_of, wipe, write_secret
from vaka.keys.roots import RootMissingError, RootUnavailableError, read_secret

_HEADER = b"vaka root store v1\n"
_LARGEST_FILE = 65_536  # bytes
_CREDENTIAL = "The root store's credential"


@dataclass(slots=True)
class _Credential:
    """What seals the file, and the file it lies in where it may be replaced."""

    secret: bytes
    replaced_in: Path | None

    @property
    def sealing(self) -> bytes:
        """The key that is made of it."""
        return derive(self.secret, "root store")


class SealedFilePlace:
    """A root store's file and the credential that opens it; whether that stays when the root key is replaced."""

    def __init__(self, path: Path, credential: Path, *, credential_stays: bool = False) -> None:
        self._path = path
        self._credential = credential
        self._stays = credential_stays

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def open(self) -> "SealedFile | None":
        """Return the store; None where there is no file. Raises ConfigurationError where it cannot be opened."""
        wipe(draft_of(self._path))  # what a crash left
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(f"The root store {self._path} cannot be read: {error.strerror}.") from error
        self._require_replaceable()
        secrets = self._read_secrets()
        if not content.startswith(_HEADER) or len(content) > _LARGEST_FILE:
            secrets = []
        for secret in secrets:
            credential = _Credential(secret, None if self._stays else self._credential)
            try:
                stated = json.loads(decrypt(credential.sealing, content[len(_HEADER) :], _HEADER))
            except UnopenableError:
                continue
            if len(secrets) > 1:
                self._drop_other(secret)
            versions = {int(number): bytes.fromhex(key) for number, key in stated["versions"].items()}
            return SealedFile(self._path, credential, UUID(stated["store"]), int(stated["generation"]), versions)
        raise ConfigurationError(
            f"The root store {self._path} does not open with {self._credential}: one of the two is another "
            "installation's, or from another time, or was changed. Put back the two that belong together."
        )

    def make(self, identifier: UUID) -> "SealedFile":
        """Make the file with version 1, and its credential where there is none yet. Raises ConfigurationError."""
        if self._path.exists():
            raise ConfigurationError(f"There is a root store in {self._path} already.")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            create_secret(self._credential, new_key().hex().encode() + b"\n")
            self._require_replaceable()
            credential = _Credential(self._read_secrets()[0], None if self._stays else self._credential)
            store = SealedFile(self._path, credential, identifier, 0, {1: new_key()})
            store.write()
        except OSError as error:
            raise ConfigurationError(f"The root store {self._path} cannot be made: {error.strerror}.") from error
        return store

    def _read_secrets(self) -> list[bytes]:
        """Return the credential; both, where a crash came between old and new."""
        try:
            secrets = [bytes.fromhex(line) for line in read_secret(self._credential, _CREDENTIAL).split("\n")]
        except ValueError:
            secrets = []
        if not 1 <= len(secrets) <= (1 if self._stays else 2) or any(len(one) != 32 for one in secrets):
            raise ConfigurationError(f"{_CREDENTIAL} {self._credential} is not 64 hexadecimal digits.")
        return secrets

    def _require_replaceable(self) -> None:
        """Raise ConfigurationError where the credential should be replaced with a root key, and cannot be: now, and not
        when the old root key is to be destroyed.
        """
        if self._stays:
            return
        for path in (self._credential.parent, self._credential):
            if path.exists() and not os.access(path, os.W_OK):
                raise ConfigurationError(
                    f"{_CREDENTIAL} {self._credential} cannot be replaced together with the root key: {path} is not to "
                    "be written. Let the keyholder's account write there or, where somebody else puts it there, set "
                    "keyholder.root_credential_stays = true."
                )
        wipe(draft_of(self._credential))  # what a crash left

    def _drop_other(self, secret: bytes) -> None:
        try:
            write_secret(self._credential, _written(secret))
        except OSError as error:
            raise ConfigurationError(
                f"{_CREDENTIAL} {self._credential} cannot be written: {error.strerror}."
            ) from error


class SealedFile:
    """The store, opened: its keys are in this process's memory."""

    def __init__(
        self, path: Path, credential: _Credential, identifier: UUID, generation: int, versions: Mapping[int, bytes]
    ) -> None:
        self._path = path
        self._credential = credential
        self._identifier = identifier
        self._generation = generation
        self._versions = dict(versions)

    @property
    def identifier(self) -> UUID:
        """Which installation's it is."""
        return self._identifier

    @property
    def generation(self) -> int:
        """How often keys were rotated or erased."""
        return self._generation

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions there are, oldest first."""
        return tuple(sorted(self._versions))

    def wrap(self, version: int, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt under a version. Raises RootMissingError."""
        return encrypt(self._key(version), plaintext, associated)

    def unwrap(self, version: int, sealed: bytes, associated: bytes) -> bytes:
        """Decrypt. Raises RootMissingError, UnopenableError."""
        return decrypt(self._key(version), sealed, associated)

    def create(self) -> int:
        """Make the next version. Raises RootUnavailableError."""
        number = max(self._versions) + 1
        self._replace({**self._versions, number: new_key()}, self._generation)
        return number

    def keep_only(self, version: int, generation: int) -> None:
        """Destroy every other version and count, in one replacement of the file; where a version is destroyed, under a
        new credential. Raises RootUnavailableError.
        """
        destroys = self.versions != (version,)
        if destroys or generation != self._generation:
            self._replace({version: self._key(version)}, generation, renews=destroys)

    def write(self) -> None:
        """Write the file. Raises OSError."""
        stated = {
            "store": str(self._identifier),
            "generation": self._generation,
            "versions": {str(number): key.hex() for number, key in self._versions.items()},
        }
        write_secret(self._path, _HEADER + encrypt(self._credential.sealing, json.dumps(stated).encode(), _HEADER))

    def close(self) -> None:
        """Forget the keys."""
        self._versions.clear()

    def _key(self, version: int) -> bytes:
        try:
            return self._versions[version]
        except KeyError:
            raise RootMissingError from None

    def _replace(self, versions: dict[int, bytes], generation: int, *, renews: bool = False) -> None:
        before = self._versions, self._generation, self._credential
        self._versions, self._generation = versions, generation
        place = self._credential.replaced_in if renews else None
        try:
            if place is not None:
                self._credential = _Credential(new_key(), place)
                write_secret(place, _written(before[2].secret) + _written(self._credential.secret))
            self.write()
            if place is not None:
                write_secret(place, _written(self._credential.secret))
        except OSError as error:
            # Which of the two is on the disk is not known; who goes on reads it again first.
            self._versions, self._generation, self._credential = before
            raise RootUnavailableError from error


def _written(secret: bytes) -> bytes:
    return secret.hex().encode() + b"\n"

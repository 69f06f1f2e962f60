# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A root store in a file, for installations without a key device.

The file is sealed with a credential that lies in another directory: a backup that holds one of the two opens nothing.
Whoever has both has the root key; that is what a key device (``vaka.keys.token``) is better at.
"""

import json
from collections.abc import Mapping
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


class SealedFilePlace:
    """A root store's file and the credential that opens it."""

    def __init__(self, path: Path, credential: Path) -> None:
        self._path = path
        self._credential = credential

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
        sealing = self._sealing_key()
        try:
            if not content.startswith(_HEADER) or len(content) > _LARGEST_FILE:
                raise UnopenableError
            stated = json.loads(decrypt(sealing, content[len(_HEADER) :], _HEADER))
        except UnopenableError:
            raise ConfigurationError(
                f"The root store {self._path} does not open with {self._credential}: one of the two is another "
                "installation's, or was changed. Put back the two that belong together."
            ) from None
        versions = {int(number): bytes.fromhex(key) for number, key in stated["versions"].items()}
        return SealedFile(self._path, sealing, UUID(stated["store"]), int(stated["generation"]), versions)

    def make(self, identifier: UUID) -> "SealedFile":
        """Make the file with version 1, and its credential where there is none yet. Raises ConfigurationError."""
        if self._path.exists():
            raise ConfigurationError(f"There is a root store in {self._path} already.")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            create_secret(self._credential, new_key().hex().encode() + b"\n")
            store = SealedFile(self._path, self._sealing_key(), identifier, 0, {1: new_key()})
            store.write()
        except OSError as error:
            raise ConfigurationError(f"The root store {self._path} cannot be made: {error.strerror}.") from error
        return store

    def _sealing_key(self) -> bytes:
        try:
            secret = bytes.fromhex(read_secret(self._credential, _CREDENTIAL))
        except ValueError:
            secret = b""
        if len(secret) != 32:
            raise ConfigurationError(f"{_CREDENTIAL} {self._credential} is not 64 hexadecimal digits.")
        return derive(secret, "root store")


class SealedFile:
    """The store, opened: its keys are in this process's memory."""

    def __init__(
        self, path: Path, sealing: bytes, identifier: UUID, generation: int, versions: Mapping[int, bytes]
    ) -> None:
        self._path = path
        self._sealing = sealing
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
        """Destroy every other version and count, in one replacement of the file. Raises RootUnavailableError."""
        if self.versions != (version,) or generation != self._generation:
            self._replace({version: self._key(version)}, generation)

    def write(self) -> None:
        """Write the file. Raises OSError."""
        stated = {
            "store": str(self._identifier),
            "generation": self._generation,
            "versions": {str(number): key.hex() for number, key in self._versions.items()},
        }
        write_secret(self._path, _HEADER + encrypt(self._sealing, json.dumps(stated).encode(), _HEADER))

    def close(self) -> None:
        """Forget the keys."""
        self._versions.clear()

    def _key(self, version: int) -> bytes:
        try:
            return self._versions[version]
        except KeyError:
            raise RootMissingError from None

    def _replace(self, versions: dict[int, bytes], generation: int) -> None:
        before = self._versions, self._generation
        self._versions, self._generation = versions, generation
        try:
            self.write()
        except OSError as error:
            # Which of the two is on the disk is not known; who goes on reads it again first.
            self._versions, self._generation = before
            raise RootUnavailableError from error

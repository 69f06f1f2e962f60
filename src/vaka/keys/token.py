# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A root store in a key device, through PKCS#11: the root key is made in it, never leaves it, and is destroyed in it.

Needs the package ``python-pkcs11`` and the device's own library; neither is loaded where a sealed file is used.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from vaka.crypto.activation import KEY_DEVICE_PIN, UnusableSecretError, require_usable_secret
from vaka.crypto.aead import NONCE_BYTES, TAG_BYTES, UnopenableError
from vaka.crypto.chance import random_bytes
from vaka.crypto.policy import require_allowed
from vaka.errors import ConfigurationError
from vaka.keys.roots import RootMissingError, RootUnavailableError, read_secret

_ROOT = "vaka-root-"
_COUNT = "vaka-generation-"
_STORE = "vaka-store"

require_allowed("AES-256-GCM", "encryption")


class TokenPlace:
    """A token, the library that speaks to it and the file with its PIN."""

    def __init__(self, library: Path, label: str, pin: Path) -> None:
        self._library = library
        self._label = label
        self._pin = pin

    @property
    def name(self) -> str:
        """The token's label."""
        return f"token {self._label}"

    def open(self) -> "TokenRoot | None":
        """Return the store; None where the token holds none. Raises ConfigurationError where it cannot be used."""
        pkcs11, session = self._open_session()
        marks = _data(pkcs11, session, _STORE)
        if not marks:
            session.close()
            return None
        return TokenRoot(pkcs11, session, UUID(marks[0][1].decode()))

    def make(self, identifier: UUID) -> "TokenRoot":
        """Make version 1 on the token. The mark that says a store is there comes last. Raises ConfigurationError."""
        pkcs11, session = self._open_session()
        if _data(pkcs11, session, _STORE):
            session.close()
            raise ConfigurationError(f"There is a root key on the {self.name} already.")
        store = TokenRoot(pkcs11, session, identifier)
        for version in store.versions:  # what an interrupted first start left: nothing was ever under it
            store.destroy(version)
        store.create()
        _keep(pkcs11, session, _STORE, str(identifier).encode())
        return store

    def _open_session(self) -> tuple[Any, Any]:
        pin = read_secret(self._pin, "The token's PIN")
        try:
            require_usable_secret(KEY_DEVICE_PIN, KEY_DEVICE_PIN.floor, pin)
        except UnusableSecretError as error:
            raise ConfigurationError(f"The token's PIN in {self._pin} is refused. {error.sentence.en}") from None
        try:
            pkcs11: Any = importlib.import_module("pkcs11")
        except ImportError:
            raise ConfigurationError(
                "A root key on a token needs the package python-pkcs11: install it, or set keyholder.root otherwise."
            ) from None
        try:
            token = pkcs11.lib(str(self._library)).get_token(token_label=self._label)
            return pkcs11, token.open(rw=True, user_pin=pin)
        # The library's own errors quote nothing, and are of many kinds.
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise ConfigurationError(
                f"The {self.name} cannot be used through {self._library} ({type(error).__name__}). Is it there, and is "
                f"the PIN in {self._pin} its own?"
            ) from None


class TokenRoot:
    """The store, with a session open."""

    def __init__(self, pkcs11: Any, session: Any, identifier: UUID) -> None:
        self._pkcs11 = pkcs11
        self._session = session
        self._identifier = identifier
        self._keys: dict[int, Any] = {}
        for key in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}):
            if str(key.label).startswith(_ROOT):
                self._keys[int(str(key.label).removeprefix(_ROOT))] = key
        counts = [int(name.removeprefix(_COUNT)) for name, _ in _data(pkcs11, session, _COUNT)]
        self._generation = max(counts, default=0)

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
        return tuple(sorted(self._keys))

    def wrap(self, version: int, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt in the device. Raises RootMissingError, RootUnavailableError."""
        nonce = random_bytes(NONCE_BYTES)
        with self._working():
            sealed: bytes = self._key(version).encrypt(plaintext, **self._mechanism(nonce, associated))
        return nonce + sealed

    def unwrap(self, version: int, sealed: bytes, associated: bytes) -> bytes:
        """Decrypt in the device. Raises RootMissingError, RootUnavailableError, UnopenableError."""
        key = self._key(version)
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if len(rest) < TAG_BYTES:
            raise UnopenableError
        with self._working():
            try:
                plaintext: bytes = key.decrypt(rest, **self._mechanism(nonce, associated))
            # Devices disagree about what they call a tag that does not fit.
            except (
                self._pkcs11.GeneralError, self._pkcs11.EncryptedDataInvalid, self._pkcs11.EncryptedDataLenRange,
                self._pkcs11.FunctionFailed,
            ):  # fmt: skip
                raise UnopenableError from None
        return plaintext

    def create(self) -> int:
        """Make the next version in the device; it cannot be read out of it."""
        number = max(self._keys, default=0) + 1
        attribute = self._pkcs11.Attribute
        unused = (attribute.WRAP, attribute.UNWRAP, attribute.SIGN, attribute.VERIFY, attribute.DERIVE)
        with self._working():
            self._keys[number] = self._session.generate_key(
                self._pkcs11.KeyType.AES, 256, label=f"{_ROOT}{number}", store=True,
                template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False, attribute.ENCRYPT: True,
                          attribute.DECRYPT: True, **dict.fromkeys(unused, False)},
            )  # fmt: skip
        return number

    def keep_only(self, version: int, generation: int) -> None:
        """Destroy every other version, then count: a crash between leaves what the next start completes."""
        self._key(version)
        with self._working():
            for other in self.versions:
                if other != version:
                    self.destroy(other)
            if generation != self._generation:
                _keep(self._pkcs11, self._session, f"{_COUNT}{generation}", str(generation).encode())
                self._generation = generation
            for name, _, counted in _objects(self._pkcs11, self._session, _COUNT):
                if int(name.removeprefix(_COUNT)) < generation:
                    counted.destroy()

    def destroy(self, version: int) -> None:
        """Destroy a version (C_DestroyObject)."""
        self._keys.pop(version).destroy()

    def close(self) -> None:
        """End the session."""
        self._keys.clear()
        self._session.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        try:
            yield
        except self._pkcs11.PKCS11Error as error:
            raise RootUnavailableError from error

    def _key(self, version: int) -> Any:
        try:
            return self._keys[version]
        except KeyError:
            raise RootMissingError from None

    def _mechanism(self, nonce: bytes, associated: bytes) -> dict[str, Any]:
        parameters = self._pkcs11.GCMParams(nonce=nonce, aad=associated, tag_bits=8 * TAG_BYTES)
        return {"mechanism": self._pkcs11.Mechanism.AES_GCM, "mechanism_param": parameters}


def _objects(pkcs11: Any, session: Any, prefix: str) -> list[tuple[str, bytes, Any]]:
    attribute = pkcs11.Attribute
    found = list(session.get_objects({attribute.CLASS: pkcs11.ObjectClass.DATA}))
    named = [(str(one[attribute.LABEL]), bytes(one[attribute.VALUE]), one) for one in found]
    return [each for each in named if each[0].startswith(prefix)]


def _data(pkcs11: Any, session: Any, prefix: str) -> list[tuple[str, bytes]]:
    return [(name, value) for name, value, _ in _objects(pkcs11, session, prefix)]


def _keep(pkcs11: Any, session: Any, name: str, value: bytes) -> None:
    attribute = pkcs11.Attribute
    session.create_object(
        {attribute.CLASS: pkcs11.ObjectClass.DATA, attribute.TOKEN: True, attribute.PRIVATE: True,
         attribute.LABEL: name, attribute.APPLICATION: "vaka", attribute.VALUE: value}
    )  # fmt: skip

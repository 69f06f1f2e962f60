# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What binds the rows of security keys: a secret in the credentials directory, which no database holds."""

from pathlib import Path

from vaka.crypto.chance import new_key
from vaka.errors import ConfigurationError
from vaka.keys.credentials import read_credential
from vaka.keys.files import create_secret


def read_binding_secret(credentials: Path) -> bytes:
    """Return the key that binds rows, 32 bytes; it is made where there is none yet. Raises ConfigurationError.

    Set-up makes it before any process starts.
    """
    path = credentials / "security-keys.key"
    try:
        create_secret(path, new_key().hex().encode() + b"\n")
    except OSError as error:
        raise ConfigurationError(f"No credential can be written to {credentials}: {error.strerror}.") from error
    return read_credential(path)

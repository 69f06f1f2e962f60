# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each component proves itself with to the keyholder: a file of its own, read by its account alone."""

from collections.abc import Mapping
from pathlib import Path

from vaka.crypto.chance import new_key
from vaka.errors import ConfigurationError
from vaka.keys.calls import COMPONENTS
from vaka.keys.files import create_secret
from vaka.keys.roots import read_secret


def credential_file(credentials: Path, component: str) -> Path:
    """Return where a component's credential lies."""
    return credentials / f"keyholder-{component}.key"


def issue_credentials(credentials: Path) -> list[str]:
    """Make the credentials that are missing; return whose were made. Raises ConfigurationError."""
    try:
        return [one for one in COMPONENTS if create_secret(credential_file(credentials, one), _new())]
    except OSError as error:
        raise ConfigurationError(f"No credential can be written to {credentials}: {error.strerror}.") from error


def read_credential(path: Path) -> bytes:
    """Return a credential. Raises ConfigurationError."""
    try:
        secret = bytes.fromhex(read_secret(path, "The credential"))
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ConfigurationError(f"The credential {path} is not 64 hexadecimal digits.")
    return secret


def read_credentials(credentials: Path) -> Mapping[str, bytes]:
    """Return the credentials of all components that have one; a component without one is let in by nobody."""
    files = {component: credential_file(credentials, component) for component in COMPONENTS}
    return {component: read_credential(path) for component, path in files.items() if path.exists()}


def _new() -> bytes:
    return new_key().hex().encode() + b"\n"

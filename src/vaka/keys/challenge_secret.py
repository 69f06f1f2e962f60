# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The secret that signs digest challenges: shared by the receivers of one installation, so that each knows the
challenge of another, or of its own last run, for what it is, and asks the device anew instead of turning it away."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from vaka.errors import ConfigurationError

_BYTES = 32


def secret_file(credentials: Path) -> Path:
    """Return where it lies."""
    return credentials / "receiver-challenges.secret"


def open_challenge_secret(path: Path) -> bytes:
    """Return the secret in ``path``, made now where there is none. Several processes may do this at once.

    Raises ConfigurationError where it can neither be read nor made.
    """
    try:
        if not path.exists():
            _create(path)
        secret = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The secret {path} cannot be read or made: {error.strerror}.") from error
    if len(secret) < _BYTES:
        raise ConfigurationError(f"The secret {path} is damaged. Remove the file; a new one is made at the next start.")
    return secret


def _create(path: Path) -> None:
    """Write it aside and link it into place whole: whoever comes second finds the first one's."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()

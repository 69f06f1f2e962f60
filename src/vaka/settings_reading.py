# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading the settings file: every fault at once, and no secret that somebody wrote in it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vaka.errors import ConfigurationError
from vaka.plain_secrets import has_form_of_secret, secrets_in
from vaka.settings import Settings


def load_settings(path: Path) -> Settings:
    """Read and check the settings file.

    Raises ConfigurationError that names every faulty key, or says that the file cannot be read. No value is quoted
    where it may be a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The settings file {path} is not valid TOML: {error}.") from error
    _require_no_secret(path, text, content)
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"The settings file {path} is refused: {faults}.") from error


def _require_no_secret(path: Path, text: str, content: Mapping[str, Any]) -> None:
    """Refuse a file in which somebody wrote a secret, also as a comment (term 11). Raises ConfigurationError."""
    found = find_secrets(text, content)
    if found:
        raise ConfigurationError(
            f"The settings file {path} is refused: {'; '.join(f'{one}: a password or a key' for one in found)}. "
            "Secrets are never settings. Take it out, replace it by a new one, and keep that in a file of its own in "
            "the directory credentials, which nobody else may read."
        )


def find_secrets(text: str, content: Mapping[str, Any]) -> list[str]:
    """Return what in a settings file is a secret, by its name: the text of it, and what the text says."""
    found = sorted(set(secrets_in(content, _SECRET_FILES)))
    return ["a comment"] if not found and has_form_of_secret(text) else found


_SECRET_FILES = frozenset(
    {"keyholder.root_credential", "keyholder.device_pin", "backup.passphrase", "backup.files_passphrase"}
)
"""Settings that are called as secrets are, and name the file of one."""

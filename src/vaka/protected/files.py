# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Protected files as they are: settings by their bytes, credentials by being there, mode and owner, never by contents.

Of each a digest is kept, so that what is stored says nothing of what stands in a file.
"""

import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from pydantic_core import to_json

from vaka.crypto.policy import require_allowed
from vaka.settings import Settings

require_allowed("SHA-256", "digest")

SETTINGS_FILE = "vaka.toml"
CREDENTIALS = "credentials"
MOST_FILES = 5000
"""Credentials looked at; an authority has six."""
LARGEST_FILE = 1_000_000
"""Bytes of a settings file that are read; a longer one is known by that it is longer."""

Seen = Mapping[str, str]
"""What is protected, by name → the SHA-256 of how it is."""


def look_at_files(root: Path, settings: Settings) -> dict[str, str]:
    """Return the protected files of a data directory. One that cannot be looked at is as one that is not there."""
    seen: dict[str, str] = {}
    for path in (root / SETTINGS_FILE, *_named_by(root, settings)):
        _look(seen, root, path, contents=True)
    credentials = root / CREDENTIALS
    _look(seen, root, credentials, contents=False)
    try:
        for path in sorted(credentials.iterdir())[:MOST_FILES]:
            _look(seen, root, path, contents=False)
    except OSError:
        pass
    return seen


def _named_by(root: Path, settings: Settings) -> list[Path]:
    """Return the files that settings name and that decide whom we believe."""
    named = (settings.access.key_models, settings.receiver.device_authorities, settings.receiver.certificate,
             settings.release.trusted_keys, settings.backup.site_authority)  # fmt: skip
    return [root / path for path in named if path is not None]


def _look(seen: dict[str, str], root: Path, path: Path, *, contents: bool) -> None:
    try:
        found = path.stat()
        facts: list[object] = [stat.S_IFMT(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid]
        if contents:
            with path.open("rb") as file:
                facts.append(sha256(file.read(LARGEST_FILE + 1)).hexdigest())
    except OSError:
        return
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    seen[f"file:{name}"] = sha256(to_json(facts)).hexdigest()

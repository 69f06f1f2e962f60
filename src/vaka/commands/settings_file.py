# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Writing a settings file: what differs from the defaults, as TOML that `load_settings` reads back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaka.settings import Settings


def write_settings(path: Path, settings: Settings, heading: str) -> None:
    """Write ``settings`` with ``heading`` as a comment, replacing the file at once."""
    content = settings.model_dump(mode="json", exclude_defaults=True)
    lines = [f"# {line}" for line in heading.splitlines()]
    lines += _assignments(content)
    for name, section in content.items():
        if isinstance(section, Mapping):
            lines += ["", f"[{name}]", *_assignments(section)]
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _assignments(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]


def _value(value: str | int | float | bool | None) -> str:
    """A basic TOML string and a JSON string are written alike; ``false`` stands for "none"."""
    return json.dumps(False if value is None else value, ensure_ascii=False)

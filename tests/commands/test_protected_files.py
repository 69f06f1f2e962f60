# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What decides whom we believe is looked at as the settings file is (term 17)."""

from pathlib import Path

import pytest

from vaka.protected.files import look_at_files
from vaka.settings import Settings

NAMED = Settings.model_validate({"release": {"trusted_keys": "trusted.toml"}, "backup": {"site_authority": "site.pem"}})


@pytest.mark.parametrize("name", ["trusted.toml", "site.pem"])
def test_whom_releases_and_the_site_of_backups_are_believed_by_is_protected(tmp_path: Path, name: str) -> None:
    assert f"file:{name}" not in look_at_files(tmp_path, NAMED)
    (tmp_path / name).write_text("one")
    before = look_at_files(tmp_path, NAMED)[f"file:{name}"]
    (tmp_path / name).write_text("two")
    assert look_at_files(tmp_path, NAMED)[f"file:{name}"] != before

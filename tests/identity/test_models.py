# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The list of models: none without a file, and no list that says less than it seems to."""

from pathlib import Path
from uuid import UUID

import pytest

from tests.identity.authenticator import Maker
from vaka.errors import ConfigurationError
from vaka.identity.models import read_models

NUMBER = "00000000-0000-0000-0000-0000000000a1"
GOOD = f'[[model]]\naaguid = "{NUMBER}"\nname = "A key"\nroots = ["""{Maker(UUID(NUMBER)).root()}"""]\n'


def test_without_a_file_there_is_no_model() -> None:
    assert read_models(None) == {}


def test_a_model_is_read_with_its_makers_certificates(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(GOOD)
    [model] = read_models(tmp_path / "keys.toml").values()
    assert (model.aaguid, model.name, len(model.roots)) == (UUID(NUMBER), "A key", 1)


@pytest.mark.parametrize(
    "text",
    [
        GOOD + GOOD, GOOD.replace("a1", "00", 1), GOOD.replace("roots", "root"), GOOD + "colour = 1", "[[model",
        GOOD.replace("BEGIN CERTIFICATE", "BEGIN"), f'[[model]]\naaguid = "{NUMBER}"\nname = "A key"\nroots = []',
        f'[[model]]\naaguid = "{NUMBER}"\nname = "A key"\n',
    ],
    ids=["twice", "no number", "unknown field", "another", "no TOML", "no certificate", "no root", "none named"],
)  # fmt: skip
def test_a_list_that_says_less_than_it_seems_to_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="list of security keys"):
        read_models(tmp_path / "keys.toml")


def test_a_list_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_models(tmp_path / "none.toml")

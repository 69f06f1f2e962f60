# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One release for all tests: what a test changes in it, it puts back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.integrity.releases import install, sign


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a signed release is installed."""
    root = tmp_path_factory.mktemp("release") / "vaka"
    install(root)
    sign(root)
    yield root
    shutil.rmtree(root)

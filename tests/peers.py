# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Foreign programs that judge us. Where one is missing a test says so: as a failure in CI, elsewhere it is skipped."""

import importlib.util
import os
import shutil

import pytest


def require_program(*names: str, package: str) -> str:
    """Return the path of the first of ``names`` that is installed; ``package`` is what Debian calls it."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    report_missing(f"{names[0]} is not installed (apt-get install {package})")
    raise AssertionError("unreachable")


def require_module(name: str) -> None:
    """Return where the Python module ``name`` can be imported."""
    if importlib.util.find_spec(name) is None:
        report_missing(f"the Python module {name} is not installed (requirements/test.txt)")


def report_missing(sentence: str) -> None:
    """Fail the test in CI, skip it elsewhere; ``sentence`` says what is missing and how to get it."""
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(sentence)
    pytest.skip(sentence)

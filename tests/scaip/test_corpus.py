# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every file of the corpus: what is good is read, what is bad raises ScaipError and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaka.scaip.body import parse_mrq, parse_mrs
from vaka.scaip.errors import ScaipError

CORPUS = Path(__file__).parent.parent / "corpus"

READERS: dict[str, Callable[[bytes], object]] = {"mrq": parse_mrq, "mrs": parse_mrs}
FILES = [path for folder in READERS for path in sorted((CORPUS / folder).iterdir())]


def test_the_corpus_is_there() -> None:
    assert len(FILES) > 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file(path: Path) -> None:
    read = READERS[path.parent.name]
    if path.name.startswith("good-"):
        assert read(path.read_bytes())
    else:
        with pytest.raises(ScaipError):
            read(path.read_bytes())

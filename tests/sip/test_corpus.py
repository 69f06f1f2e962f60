# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every file of the corpus: what is good is read, what is bad raises SipError and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaka.sip.digest import parse_authorization
from vaka.sip.errors import SipError
from vaka.sip.framing import Framer
from vaka.sip.parse import parse

CORPUS = Path(__file__).parent.parent / "corpus"


def follow(data: bytes) -> object:
    framer = Framer()
    complete = framer.feed(data)
    framer.feed(b"")
    return complete


READERS: dict[str, Callable[[bytes], object]] = {
    "message": parse,
    "stream": follow,
    "authorization": lambda data: parse_authorization(data.decode("latin-1")),
}
FILES = [path for folder in READERS for path in sorted((CORPUS / folder).iterdir())]


def test_the_corpus_is_there() -> None:
    assert len(FILES) > 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_file(path: Path) -> None:
    read = READERS[path.parent.name]
    if path.name.startswith("good-"):
        assert read(path.read_bytes())
    else:
        with pytest.raises(SipError):
            read(path.read_bytes())

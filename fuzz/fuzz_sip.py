# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fuzzes the protocol codecs: any bytes must give a message or the one promised exception of the package.

    .venv/bin/python fuzz/fuzz_sip.py                    # all readers, from the committed corpus, until Ctrl-C
    .venv/bin/python fuzz/fuzz_sip.py mrq                # one reader: message, stream, authorization, mrq or mrs
    .venv/bin/python fuzz/fuzz_sip.py mrq -runs=100000   # anything after that goes to libFuzzer
    .venv/bin/python fuzz/fuzz_sip.py mrq crash-…        # once more with a finding

Needs atheris (`requirements/fuzz.txt`). What is newly found is kept in out/fuzz/, never in the corpus: a finding goes
to tests/corpus/ by hand, made as small as it can be, before it is mended.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vaka"]):
    from vaka.scaip.body import build_mrq, parse_mrq, parse_mrs
    from vaka.scaip.classes import classify, default_table
    from vaka.scaip.errors import ScaipError
    from vaka.sip.build import respond
    from vaka.sip.digest import parse_authorization, parse_challenge
    from vaka.sip.errors import SipError
    from vaka.sip.framing import Framer
    from vaka.sip.message import Request
    from vaka.sip.parse import parse

ROOT = Path(__file__).parent.parent
SOURCE = ("192.0.2.7", 5060)


def fuzz_message(data: bytes) -> None:
    """A datagram: read it, read every fact in it, answer it; or answer what could be read of it."""
    try:
        found = parse(data)
    except SipError as error:
        if error.partial is not None:
            respond(error.partial, error.status, source=SOURCE, to_tag="t")
        return
    _ = found.to, found.contact, found.expires, found.content_type
    if isinstance(found, Request):
        assert parse(respond(found, 200, source=SOURCE, to_tag="t")).call_id == found.call_id


def fuzz_stream(data: bytes) -> None:
    """A connection: whole, and in pieces whose length is the first byte; both must give the same."""
    size = 1 + data[0] if data else 1
    whole = _follow([data[1:]])
    assert whole == _follow([data[i : i + size] for i in range(1, len(data), size)])


def fuzz_authorization(data: bytes) -> None:
    """A header value of either direction."""
    value = data.decode("latin-1")
    with suppress(SipError):
        parse_authorization(value)
    with suppress(SipError):
        parse_challenge(value)


def fuzz_mrq(data: bytes) -> None:
    """A device's body: read, judged, and written again if its names allow it."""
    with suppress(ScaipError):
        found = parse_mrq(data)
        classify(found, default_table())
        assert parse_mrq(build_mrq(found.fields)).fields == found.fields


def fuzz_mrs(data: bytes) -> None:
    """A receiver's body."""
    with suppress(ScaipError):
        parse_mrs(data)


def _follow(pieces: list[bytes]) -> tuple[list[object], object]:
    framer, found = Framer(), list[object]()
    try:
        for piece in [*pieces, b""]:
            found += framer.feed(piece)
    except SipError as error:
        return found, error.code
    return found, None


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": fuzz_message,
    "stream": fuzz_stream,
    "authorization": fuzz_authorization,
    "mrq": fuzz_mrq,
    "mrs": fuzz_mrs,
}


def fuzz_all(data: bytes) -> None:
    """Every reader gets every input: a SIP message is also an interesting body."""
    for target in TARGETS.values():
        target(data)


def main(arguments: list[str]) -> None:
    """Start libFuzzer on one reader or all of them."""
    name = arguments.pop(1) if len(arguments) > 1 and arguments[1] in TARGETS else "all"
    if all(argument.startswith("-") for argument in arguments[1:]):
        found = ROOT / "out" / "fuzz" / name
        found.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / "tests" / "corpus"
        folders = [seeds / name] if name in TARGETS else [seeds / target for target in TARGETS]
        arguments = [*arguments, str(found), *map(str, folders)]
    atheris.Setup(arguments, TARGETS.get(name, fuzz_all))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)

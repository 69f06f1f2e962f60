# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka decode`: captures as technicians have them, and files that are none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vaka.commands.decode import MAX_FILE, decode_files
from vaka.commands.main import main

CORPUS = Path(__file__).parent.parent / "corpus"

BODY = (
    b"<mrq><ref>00001883</ref><cid> 26317</cid><dty>02</dty><crd>sip:</crd><crd>gsm:+46701740605</crd><stc>010</stc>"
    b"<lge><geo>59.3293,18.0686</geo><tim>2026-03-14T01:59:00Z</tim></lge><lte>K\xc3\xa4llare</lte></mrq>"
)
HEAD = (
    b"MESSAGE sip:larm@192.0.2.1 SIP/2.0\r\nv: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK-0001;rport\r\n"
    b"f: <sip:26317@192.0.2.1>;tag=1\r\nt: <sip:larm@192.0.2.1>\r\ni: c1@10.0.0.2\r\nCSeq:  1 MESSAGE \r\n"
)
MRQ = {
    "ref": "00001883",
    "cid": "26317",
    "dty": "02",
    "crd": ["sip:", "gsm:+46701740605"],
    "stc": "010",
    "lge": {"geo": "59.3293,18.0686", "tim": "2026-03-14T01:59:00Z"},
    "lte": "Källare",
}


def message(body: bytes = BODY, length: int | None = None) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def decoded(path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    (found,) = decode_files([str(path)])
    return found


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return tmp_path / "capture.sip"


def test_output_that_finds_no_room_is_told(capture: Path) -> None:
    capture.write_bytes(message())
    code = "from vaka.commands.main import main; main()"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "decode", str(capture)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "no room left where the output goes" in done.stderr


def test_a_message(capture: Path) -> None:
    assert decoded(capture, message()) == {
        "file": str(capture),
        "method": "MESSAGE",
        "call_id": "c1@10.0.0.2",
        "cseq": "1 MESSAGE",
        "from_user": "26317",
        "from_tag": "1",
        "branch": "z9hG4bK-0001",
        "mrq": MRQ,
        "mrs": None,
        "notes": ["padded value"],
    }


def test_an_mrs(capture: Path) -> None:
    found = decoded(capture, message(b"<mrs><ref>X</ref><snu>0</snu></mrs>"))
    assert (found["mrq"], found["mrs"], found["notes"]) == (None, {"ref": "X", "snu": "0"}, [])


def test_an_answer_and_absent_headers(capture: Path) -> None:
    assert decoded(capture, b"SIP/2.0 200 OK\r\n\r\n") == {
        "file": str(capture),
        "status": 200,
        **dict.fromkeys(("call_id", "cseq", "from_user", "from_tag", "branch", "mrq", "mrs")),
        "notes": [],
    }


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (message().replace(b"\r\n", b"\n"), "padded value"),
        (b"\r\n" + message(), "padded value"),
        (message(length=10), f"the body has {len(BODY)} bytes, Content-Length says 10"),
        (message(length=9999), f"the body has {len(BODY)} bytes, Content-Length says 9999"),
        (message() + b"\n", f"the body has {len(BODY) + 1} bytes, Content-Length says {len(BODY)}"),
        (message().replace(b"h: ", b"h: x"), "Content-Length is not a number, or there are two that differ"),
        (message().replace(b"SIP/2.0/UDP ", b""), "the topmost Via cannot be read"),
        (
            message().replace(b"v: ", b"nonsense\r\nv: "),
            "a line among the headers has no name or no colon, and is skipped",
        ),
    ],
)
def test_mistakes_are_forgiven_and_noted(capture: Path, data: bytes, note: str) -> None:
    found = decoded(capture, data)
    assert found["mrq"] == MRQ
    assert note in found["notes"]


def test_a_capture_that_lost_its_end(capture: Path) -> None:
    found = decoded(capture, HEAD.rstrip())
    assert (found["call_id"], found["mrq"]) == ("c1@10.0.0.2", None)
    assert found["notes"] == ["the blank line after the headers is missing"]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (b"hello", "the body is not XML"),
        (b"<html/>", "the body is neither an mrq nor an mrs"),
        (b"<!DOCTYPE m><mrq/>", "the body declares a document type or entities, and is not read"),
        (b"<mrq>" + b"<a/>" * 999 + b"</mrq>", "the body has more elements than a message can need"),
        (b"<mrq>" + b" " * 70_000 + b"</mrq>", "the body is larger than 64 KiB"),
    ],
)
def test_bodies_that_say_nothing(capture: Path, body: bytes, note: str) -> None:
    found = decoded(capture, message(body))
    assert (found["mrq"], found["mrs"], found["notes"]) == (None, None, [note])


def test_an_element_once_with_a_text_and_once_with_elements(capture: Path) -> None:
    found = decoded(capture, message(b"<mrq><lge>here</lge><lge><geo>1,2</geo></lge></mrq>"))
    assert found["mrq"] == {"lge": "here", "lge/geo": "1,2"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\r\n\r\n", "The file is empty."),
        (
            b"GET / HTTP/1.1\r\n\r\n",
            "This is not a SIP message: the first line is neither a request nor a status line.",
        ),
        (
            b"\x16\x03\x01" + bytes(500),
            "This is not a SIP message: the first line is neither a request nor a status line.",
        ),
        (b"a" * 20_000, "This is not a SIP message: no blank line within the first 16 KiB."),
        (b"a" * (MAX_FILE + 1), "The file is larger than 1 MiB, which no SIP message is."),
    ],
)
def test_files_that_are_no_message(capture: Path, data: bytes, sentence: str) -> None:
    assert decoded(capture, data) == {"file": str(capture), "error": sentence}


def test_one_bad_file_hides_no_other(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(message())
    names = [str(tmp_path / "missing"), str(good), str(tmp_path), "nul\0inside"]
    result = CliRunner().invoke(main, ["decode", *names])
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [item["file"] for item in found] == names
    assert [item.get("error") for item in found] == [
        "The file cannot be read: No such file or directory.",
        None,
        "The file cannot be read: Is a directory.",
        "The file cannot be read: not a file name.",
    ]


def test_what_might_never_end_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = decode_files([str(pipe), "/dev/zero"])
    assert [item["error"] for item in found] == [
        "The file cannot be read: it is a pipe or a device, not a file.",
    ] * 2


def test_the_exit_code_of_success_and_letters_as_they_are(capture: Path) -> None:
    capture.write_bytes(message())
    result = CliRunner().invoke(main, ["decode", str(capture)])
    assert result.exit_code == 0
    assert "Källare" in result.stdout


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/capture-\xe4")
    Path(path).write_bytes(message())
    result = CliRunner().invoke(main, ["decode", path])
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["file"] == path


def test_no_file_is_a_mistake_of_use() -> None:
    assert CliRunner().invoke(main, ["decode"]).exit_code == 2


def test_the_whole_corpus_without_a_traceback() -> None:
    paths = [str(path) for path in sorted(CORPUS.glob("*/*"))]
    found = decode_files(paths)
    assert [item["file"] for item in found] == paths
    json.dumps(found)

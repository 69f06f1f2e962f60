# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading a published log from a directory and from a web server, with whatever either of them may do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ledger.reviewed import EXPECTED, NOW, files_of, leaves, log_of, publish
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.published import open_published
from vaka.ledger.verify import NotPublishedError, UnreadableError, verify_log

FILES = files_of(log_of(leaves(600)))


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes it calmly that a reader has read enough."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(params=["directory", "directory/", "server", "server/"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    publish(FILES, tmp_path / "logs" / "one")
    end = "/" if request.param.endswith("/") else ""
    if request.param.startswith("directory"):
        yield str(tmp_path / "logs" / "one") + end
        return
    with serving(partial(Quiet, directory=str(tmp_path))) as url:
        yield f"{url}/logs/one{end}"


def verify(place: str) -> Checked:
    checked = Checked()
    with open_published(place) as read:
        verify_log(read, EXPECTED, NOW, checked)
    return checked


def test_log_is_verified_wherever_it_lies(place: str) -> None:
    assert verify(place).entries == 600


@pytest.mark.parametrize(
    ("place", "cookie"),
    [("http://log.example/one", "a=b"), ("https://log.example", "a=b\r\nx: y"), ("http://::", "a=b")],
)
def test_a_cookie_is_sent_over_tls_alone_and_is_one_line(place: str, cookie: str) -> None:
    with pytest.raises(UnreadableError), open_published(place, cookie):
        pytest.fail("was opened")


def test_file_that_is_gone_is_withheld(place: str, tmp_path: Path) -> None:
    (tmp_path / "logs/one/tile/entries/001").unlink()
    with pytest.raises(WrongError) as found:
        verify(place)
    assert (found.value.code, found.value.where) == (Wrong.MISSING, "tile/entries/001")


def test_no_more_is_read_than_a_file_may_hold(place: str, tmp_path: Path) -> None:
    with (tmp_path / "logs/one/tile/0/001").open("ab") as file:
        file.truncate(1 << 30)
    with open_published(place) as read:
        assert len(read("tile/0/001", 8192)) == 8193
        assert read("checkpoint", 100_000) == FILES["checkpoint"]
    with pytest.raises(WrongError) as found:
        verify(place)
    assert (found.value.code, found.value.where) == (Wrong.TILE_SIZE, "tile/0/001")


@pytest.mark.parametrize(
    "place", ["", "/nowhere/at/all", "http://", "http://a:b", "http://a/?q", "http://u@a/", "http://[/"]
)
def test_place_that_is_none_cannot_be_checked(place: str) -> None:
    with pytest.raises(UnreadableError), open_published(place or "\0none"):
        pass


def test_directory_in_place_of_a_file_cannot_be_read(tmp_path: Path) -> None:
    publish(FILES, tmp_path)
    (tmp_path / "checkpoint").unlink()
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(UnreadableError):
        verify(str(tmp_path))


def test_nobody_answers() -> None:
    with pytest.raises(UnreadableError, match="does not answer"):
        verify("http://127.0.0.1:9/")


class Answering(Quiet):
    """Answers the same to everything."""

    answer = b""

    def do_GET(self) -> None:
        """Send what is to be sent, and end the connection."""
        self.wfile.write(self.answer)
        self.close_connection = True


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", NotPublishedError),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", NotPublishedError),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", UnreadableError),
        (b"HTTP/1.1 301 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", UnreadableError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", UnreadableError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsh", UnreadableError),
        (b"nonsense\r\n\r\n", UnreadableError),
        (b"", UnreadableError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", UnreadableError),
    ],
)
def test_answer_that_is_no_file(answer: bytes, expected: type[Exception]) -> None:
    handler = type("Handler", (Answering,), {"answer": answer})
    with serving(handler) as url, open_published(url) as read, pytest.raises(expected):
        read("checkpoint", 1000)


def test_connection_that_ends_after_each_answer_is_opened_again(tmp_path: Path) -> None:
    publish(FILES, tmp_path)
    handler = type("Handler", (Quiet,), {"protocol_version": "HTTP/1.0"})
    with serving(partial(handler, directory=str(tmp_path))) as url:
        assert verify(url).entries == 600

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where a published log is read from: a directory, or a web server with the same layout."""

import http.client
import os
import ssl
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from vaka.ledger.verify import NotPublishedError, Read, UnreadableError

ANSWER_SECONDS = 30.0
"""For each step of an exchange with a web server."""
_PIECE = 65_536  # bytes
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_ATTEMPTS = 2  # a connection that the server had closed meanwhile is opened again, once


@contextmanager
def open_published(place: str, cookie: str = "") -> Iterator[Read]:
    """Return the reader of the log at `place`: a directory, or an ``http(s)`` URL. Raises UnreadableError.

    `cookie` is sent to that address alone, and over TLS only, except to this machine itself.
    """
    if place.startswith(("http://", "https://")):
        site = _Site(place, cookie)
        try:
            yield site.read
        finally:
            site.close()
        return
    directory = Path(place)
    if not directory.is_dir():
        raise UnreadableError(f"there is no directory {place}")
    yield lambda path, most: _read_file(f"{directory}/{path}", most)


def _read_file(path: str, most: int) -> bytes:
    """Read a regular file. From a pipe or a device the bytes might never come, so it is not even waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise NotPublishedError from None
    except OSError as error:
        raise UnreadableError(f"a file cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("a pipe, a device or a directory stands where a file should")
        # Python makes room for all that is asked for, each time: so what the file says it holds is asked for first.
        data = os.read(descriptor, min(status.st_size, most) + 1)
        while more := os.read(descriptor, min(_PIECE, most + 1 - len(data))):
            data += more
        return data
    except OSError as error:
        raise UnreadableError(f"a file cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)


class _Site:
    """A web server that serves the files below one address, over a connection that is kept."""

    def __init__(self, url: str, cookie: str = "") -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise UnreadableError("the address is no URL") from None
        if not host or parts.query or parts.fragment or parts.username or not url.isascii() or " " in url:
            raise UnreadableError("the address is not http(s)://host[:port][/path]")
        if cookie and not (cookie.isascii() and cookie.isprintable()):
            raise UnreadableError("the cookie is not name=value")
        if cookie and parts.scheme != "https" and host not in _THIS_MACHINE:
            raise UnreadableError("a cookie is sent over https only")
        self._headers: Mapping[str, str] = {"Cookie": cookie} if cookie else {}
        self._prefix = parts.path.rstrip("/")
        self._connection = (
            http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        )

    def read(self, path: str, most: int) -> bytes:
        """Get a file. An answer that is neither 200 nor 404 or 410 says nothing of what is published."""
        try:
            status, data = self._get(f"{self._prefix}/{path}", most)
        except (OSError, http.client.HTTPException) as error:
            raise UnreadableError(f"the server does not answer ({type(error).__name__})") from None
        if status in (404, 410):
            raise NotPublishedError
        if status != 200:
            raise UnreadableError(f"the server answers {status}")
        return data

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _get(self, target: str, most: int) -> tuple[int, bytes]:
        for attempt in range(_ATTEMPTS):
            try:
                self._connection.request("GET", target, headers=self._headers)
                answer = self._connection.getresponse()
                data = answer.read(most + 1)
            except (ConnectionError, http.client.BadStatusLine):
                self._connection.close()
                if attempt + 1 == _ATTEMPTS:
                    raise
            except (OSError, http.client.HTTPException):
                self._connection.close()
                raise
            else:
                if not answer.isclosed():  # there is more than was asked for
                    self._connection.close()
                length = answer.headers.get("Content-Length", "")
                if len(data) <= most and length.isdigit() and int(length) != len(data):
                    raise http.client.IncompleteRead(data)
                return answer.status, data
        raise AssertionError("unreachable")

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files that come with a form, and files that are handed out again: always to be kept, never to be shown in a page."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response

from vaka.errors import Category, Sentence, VakaError
from vaka.web.forms import Form, FormError
from vaka.web.safety import LARGEST_BODY_BYTES, SANDBOX, comes_with_files

BODY_SECONDS = 60
MOST_AT_ONCE = 2
"""Uploads in a process: each is held in memory, whole and unpacked, until the scanner has answered."""
MOST_OF_ONE = 1
"""Of them, of one authority: whatever it sends, another one's turn is free."""
_MOST_FIELDS = 4
_LONGEST_FIELD = 200  # bytes


class TooManyUploadsError(VakaError):
    """As many files as are taken in at once are on their way."""

    def __init__(self, form: Form | None = None) -> None:
        self.form = form
        """What came with the file, where it was read."""
        sv = "Andra filer tas emot just nu. Ingenting har sparats. Vänta en minut och ladda upp filen igen."
        en = "Other files are being taken in at the moment. Nothing was kept. Wait a minute, and upload the file again."
        super().__init__(Category.UNAVAILABLE, Sentence(sv=sv, en=en))


class Uploads:
    """How many files are being taken in. Nobody waits in line: what waits holds a connection and a part of its file."""

    def __init__(self) -> None:
        self._turns: list[UUID | None] = []

    @contextmanager
    def turn(self, whose: UUID | None = None) -> Iterator[None]:
        """Hold a turn, an authority's or the supplier's own, until the file is kept or refused. What is large is not
        read before. Raises TooManyUploadsError.
        """
        of_one = 0 if whose is None else self._turns.count(whose)
        if len(self._turns) >= MOST_AT_ONCE or of_one >= MOST_OF_ONE:
            raise TooManyUploadsError
        self._turns.append(whose)
        try:
            yield
        finally:
            self._turns.remove(whose)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, and the fields beside it."""

    name: str
    """What the browser says it is called."""
    data: bytes
    fields: Mapping[str, str]


class _InMemory(MultiPartParser):
    """Nothing that was not looked at yet lies on a disk. How much comes at all is bounded by `vaka.web.safety`."""

    spool_max_size = 64 * 1024 * 1024


def is_upload(request: Request) -> bool:
    """Whether a form comes in the way in which files come."""
    return comes_with_files(request.headers)


def is_small(request: Request) -> bool:
    """Whether what comes is known to be no larger than a form without files may be."""
    length = request.headers.get("content-length", "")
    return "transfer-encoding" not in request.headers and length.isdigit() and int(length) <= LARGEST_BODY_BYTES


async def read_upload(request: Request, most_fields: int = _MOST_FIELDS, longest_field: int = _LONGEST_FIELD) -> Upload:
    """Return the file of a form, in its field ``file``. Raises FormError where there is not exactly one.

    What nobody chose comes as a file without a name and without a byte.
    """
    if not is_upload(request):
        raise FormError
    parser = _InMemory(
        request.headers, request.stream(), max_files=1, max_fields=most_fields, max_part_size=longest_field
    )
    try:
        async with asyncio.timeout(BODY_SECONDS):
            form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, TimeoutError):
        raise FormError from None
    try:
        sent = form.multi_items()
        file = form.get("file")
        if not isinstance(file, UploadFile) or len(sent) != len({name for name, _ in sent}):
            raise FormError
        fields = {name: value for name, value in sent if isinstance(value, str)}
        return Upload(file.filename or "", await file.read(), fields)
    finally:
        await form.close()


def hand_out(name: str, media_type: str, body: bytes) -> Response:
    """Answer with a file to keep, under its own name (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return Response(
        body,
        media_type=media_type,
        headers={
            "Cache-Control": "no-store", "Content-Security-Policy": SANDBOX,
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        },
    )  # fmt: skip

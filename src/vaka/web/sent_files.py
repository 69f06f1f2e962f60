# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Forms that a file may come with: what is written, and the file, are taken in together or not at all."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request

from vaka.access.decide import NothingHereError
from vaka.errors import VakaError
from vaka.files.model import Sent
from vaka.scanning.inspecting import Inspector
from vaka.scanning.kinds import KINDS, LONGEST_NAME
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.web.forms import Filled, check_form, read_form
from vaka.web.pages import Message
from vaka.web.uploads import TooManyUploadsError, Upload, Uploads, is_small, is_upload, read_upload

LONGEST_WORDS = 32_768
"""Bytes of one field."""
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@asynccontextmanager
async def read_with_file(
    request: Request, model: type[Filled], uploads: Uploads, whose: UUID | None = None
) -> AsyncIterator[tuple[Filled, Upload | None]]:
    """Read a form, and its file where somebody chose one; that has its turn, among those of an authority's where one
    sends it, until the block ends.

    Words alone need no turn, though they come as files do. Raises FormError and TooManyUploadsError; the latter has the
    form where all of it was small enough to be read.
    """
    if not is_upload(request):
        yield await read_form(request, model), None
        return
    with ExitStack() as turn:
        has_turn = not is_small(request)
        if has_turn:
            turn.enter_context(uploads.turn(whose))
        upload = await read_upload(request, len(model.model_fields), LONGEST_WORDS)
        form = check_form(upload.fields, model)
        if not upload.name and not upload.data:
            yield form, None
            return
        if not has_turn:
            try:
                turn.enter_context(uploads.turn(whose))
            except TooManyUploadsError:
                raise TooManyUploadsError(form) from None
        yield form, upload


async def inspect_upload(
    inspector: Inspector, upload: Upload | None, now: datetime, tell: Callable[[bytes, Reason], Awaitable[None]]
) -> Sent | None:
    """Return a file in which nothing was found; None where none came. Of one that is refused, ``tell`` makes an entry.

    Raises FileRefusedError.
    """
    if upload is None:
        return None
    try:
        file = await inspector.inspect(upload.name, upload.data, now)
    except FileRefusedError as error:
        if upload.data:
            await tell(upload.data, error.reason)
        raise
    return Sent(file, inspector.settings.most_files)


def name_file(message: Message | None, error: VakaError | None, upload: Upload | None) -> Message | None:
    """Return why a page comes again; of a file that was refused, with what its sender calls it."""
    if message is None or upload is None or not isinstance(error, FileRefusedError):
        return message
    return Message(f"{upload.name[:LONGEST_NAME]}: {message.text}")


def number_in(request: Request) -> int:
    """Return the number that an address names, of what was written or said. Raises NothingHereError."""
    number = request.path_params["number"]
    if not _NUMBER.fullmatch(number):
        raise NothingHereError
    return int(number)


def file_words(inspector: Inspector) -> dict[str, Any]:
    """Return what templates say of files that can be sent."""
    return {
        "scanner": inspector.scanner is not None, "upload": inspector.settings,
        "suffixes": ",".join(suffix for kind in KINDS for suffix in kind.suffixes),
    }  # fmt: skip

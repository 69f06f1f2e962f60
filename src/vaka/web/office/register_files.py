# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The files at an entry: taken in after they were looked at, refused where that cannot be done, and handed out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.database.connections import transaction
from vaka.ledger.search import identifier_in
from vaka.registers.actions import RegisterError
from vaka.registers.attaching import attach, takes_files, tell_refused
from vaka.registers.files import read_file
from vaka.scanning.refusing import FileRefusedError
from vaka.web.asker import Asker
from vaka.web.forms import FormError
from vaka.web.office.office import Office
from vaka.web.office.register_entries import address, read_entry, show_one
from vaka.web.office.registers import read_register
from vaka.web.office.requests import EXPLAINED
from vaka.web.uploads import TooManyUploadsError, hand_out, read_upload


async def attach_one(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/entry/{entry}/files: look at a file, and attach it to the text that was shown."""
    try:
        with office.uploads.turn():
            return await _attach(office, request, asker)
    except TooManyUploadsError as error:
        return await show_one(office, request, asker, error)


async def _attach(office: Office, request: Request, asker: Asker) -> Response:
    register, now = read_register(request), office.clock.now()
    async with transaction(office.platform) as connection:
        newest = (await read_entry(connection, request, register))[0]
    upload = await read_upload(request)
    if set(upload.fields) != {"digest"}:
        raise FormError
    try:
        if upload.fields["digest"] != newest.digest.hex():
            raise RegisterError.of("changed")
        if not takes_files(newest):
            raise RegisterError.of("holds")
        file = await office.inspector.inspect(upload.name, upload.data, now)
        async with transaction(office.platform) as connection:
            await attach(connection, asker.principal, newest, file, office.inspector.settings.most_files, now)
    except FileRefusedError as error:
        if upload.data:
            async with transaction(office.platform) as connection:
                await tell_refused(connection, asker.principal, newest, upload.data, error.reason, now)
        return await show_one(office, request, asker, error, file_name=upload.name)
    except RegisterError as error:
        if error.category not in EXPLAINED:
            raise
        return await show_one(office, request, asker, error)
    return RedirectResponse(f"{address(register, newest.entry)}#files", 303)


async def give_file(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/entry/{entry}/files/{file}: one of them, to keep."""
    register, wanted = read_register(request), identifier_in(f"attachment:{request.path_params['file']}")
    async with transaction(office.platform) as connection:
        newest = (await read_entry(connection, request, register))[0]
        file = None if wanted is None else await read_file(connection, newest.entry, wanted)
    if file is None:
        raise NothingHereError
    return hand_out(file.name, file.media_type, file.body)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One entry of a register: what it says and has said, and writing it: a new one, or a new version."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError, may
from vaka.access.permissions import Permission
from vaka.database.connections import Connection, transaction
from vaka.errors import VakaError
from vaka.identifiers import new_identifier
from vaka.identity.guard import LONGEST_ANSWER
from vaka.identity.overview import list_overview
from vaka.ledger.search import identifier_in
from vaka.registers.actions import RegisterError, Written, entering_act, write
from vaka.registers.attaching import takes_files
from vaka.registers.checking import Problem, UnusableEntryError, check, tidy
from vaka.registers.files import File, fingerprint_of, list_every_file
from vaka.registers.model import Register, State, Version
from vaka.registers.store import list_acknowledgements, read_history
from vaka.scanning.kinds import KINDS, LONGEST_NAME
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.forms import FormError, read_fields
from vaka.web.office.office import Office, explain
from vaka.web.office.registers import HERE, read_register
from vaka.web.office.remote_work import LED_HERE, READ_FIRST
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.pages import Message
from vaka.web.register_words import CONCERNED, read_words
from vaka.web.touching import Confirming

MOST_AUTHORITIES = 400


async def show_entry(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/entry/{entry}: an entry, its history, and what can be done with it."""
    return await show_one(office, request, asker)


async def show_one(
    office: Office, request: Request, asker: Asker, error: VakaError | None = None, *, file_name: str = ""
) -> Response:
    """Answer with the page of one entry, and why something was not done (with a file). Raises NothingHereError."""
    register, now = read_register(request), office.clock.now()
    async with transaction(office.platform) as connection:
        history = await read_entry(connection, request, register)
        words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
        accepted = await list_acknowledgements(connection, history[0].entry)
        files: dict[int, list[File]] = {}
        for file in await list_every_file(connection, history[0].entry):
            files.setdefault(file.content, []).append(file)
        authorities = {one.id: one.name for one in await list_every_authority(connection)}
    newest, mine = history[0], asker.principal.account_id
    author = next(one.made_by for one in history if one.number == newest.content)
    holding = None if newest.state is State.WITHDRAWN else next(
        (one for one in history if one.state is not State.DRAFT), None
    )  # fmt: skip
    status, message = explain(asker, error)
    if message is not None and file_name:
        message = Message(f"{file_name[:LONGEST_NAME]}: {message.text}")
    if message is None and LED_HERE in request.query_params:
        message = Message(READ_FIRST.in_language(asker.preferences.language))
    return office.page(
        asker, "office_register_entry.html", "registers", address(register, newest.entry), status,
        register=register, history=history, newest=newest, holding=holding, words=words, message=message,
        steps=[step for step in register.steps if newest.state in step.origins], is_own=author == mine,
        accepted=[one for one in accepted if holding is not None and one.content == holding.content],
        asks_me=register.acknowledged and holding is not None and holding.state is State.IN_FORCE
        and not any(one.account_id == mine and one.content == holding.content for one in accepted),
        may_write=may(asker.principal, Permission.OFFICE_KEEP_REGISTERS, None)
        and newest.state is not State.WITHDRAWN,
        files=files, files_shown=fingerprint_of(files.get(newest.content, [])), takes_files=takes_files(newest),
        may_approve_files=mine not in {one.made_by for one in files.get(newest.content, [])},
        suffixes=",".join(suffix for kind in KINDS for suffix in kind.suffixes),
        upload=office.inspector.settings, scanner=office.inspector.scanner is not None,
        may_decide=may(asker.principal, Permission.OFFICE_DECIDE_REGISTERS, None), authorities=authorities,
    )  # fmt: skip


async def show_new(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/new: an empty form."""
    drawn = new_identifier(office.clock.now())
    return await _show_form(office, asker, read_register(request), drawn, 1, {}, [])


async def write_new(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/new: write a new entry."""
    register = read_register(request)
    values, fields, concerned = await _read_values(request, register)
    answer = fields["answer"]
    drawn = identifier_in(f"register_entry:{fields.get('entry', '')}")
    if drawn is None:
        raise FormError
    return await _write(office, asker, register, Written(drawn, 1, values, concerned), answer)


async def show_edit(office: Office, request: Request, asker: Asker) -> Response:
    """GET /registers/{register}/entry/{entry}/edit: the form as the entry was last written."""
    register = read_register(request)
    async with transaction(office.platform) as connection:
        newest = (await read_entry(connection, request, register))[0]
    return await _show_form(
        office, asker, register, newest.entry, newest.number + 1, newest.fields, newest.concerned or []
    )  # fmt: skip


async def write_edit(office: Office, request: Request, asker: Asker) -> Response:
    """POST /registers/{register}/entry/{entry}/edit: write the next version; those before stay as they were."""
    register = read_register(request)
    values, fields, concerned = await _read_values(request, register)
    number = fields.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 5):
        raise FormError
    async with transaction(office.platform) as connection:
        entry = (await read_entry(connection, request, register))[0].entry
    written = Written(entry, int(number), values, concerned)
    return await _write(office, asker, register, written, fields["answer"])


async def read_entry(connection: Connection, request: Request, register: Register) -> list[Version]:
    """Return every version of the entry that an address names, the newest first. Raises NothingHereError."""
    entry = identifier_in(f"register_entry:{request.path_params['entry']}")
    history = [] if entry is None else await read_history(connection, entry)
    if not history or history[0].register != register.name:
        raise NothingHereError
    return history


def address(register: Register, entry: UUID) -> str:
    """Return where an entry is shown."""
    return f"{HERE}/{register.name}/entry/{entry}"


async def _read_values(
    request: Request, register: Register
) -> tuple[dict[str, str], dict[str, str], tuple[UUID, ...] | None]:
    """Return what was filled in, what the form says of itself, and which authorities were marked. Raises FormError."""
    sent: dict[str, str] = {}
    marked: list[UUID] = []
    for name, value in await read_fields(request):
        if name == "authority" and register.whose == "concerned" and len(marked) < MOST_AUTHORITIES:
            found = identifier_in(f"authority:{value}")
            if found is None:
                raise FormError
            marked.append(found)
        elif name in sent or name not in (*register.names, "of_entry", "of_number", "answer"):
            raise FormError
        else:
            sent[name] = value
    itself = {"entry": sent.pop("of_entry", ""), "number": sent.pop("of_number", ""), "answer": sent.pop("answer", "")}
    if len(itself["answer"]) > LONGEST_ANSWER:
        raise FormError
    return tidy(register, sent), itself, tuple(marked) if register.whose == "concerned" else None


async def _write(office: Office, asker: Asker, register: Register, written: Written, answer: str) -> Response:
    entry, number, values, now = written.entry, written.number, written.values, office.clock.now()
    marked = [str(one) for one in written.concerned or ()]
    try:
        async with transaction(office.platform) as connection:
            words = await read_words(connection, asker.preferences, register, await list_overview(connection, now))
            names = {str(one.id): one.name for one in await list_every_authority(connection)}
        problems = check(register, values, words.known, now.date())
        if problems:
            raise UnusableEntryError(problems)
        lines = [(words.say(one.label), words.value(one, values)) for one in register.fields if one.name in values]
        if marked:
            lines.append((words.say(CONCERNED), ", ".join(names.get(one, one) for one in marked)))
        act, here, back = (
            entering_act(register, [written]),
            _form_of(register, entry, number),
            HERE + f"/{register.name}",
        )
        asked = Confirming(
            act, here, address(register, entry) if number > 1 else back, "registers",
            {**values, "of_entry": str(entry), "of_number": str(number), "authority": marked},
            {act.object: words.title(register, values)}, lines=lines,
        )  # fmt: skip
        confirmed = await confirm(office, asker, asked, answer)
        if isinstance(confirmed, Response):
            return confirmed
        async with transaction(office.platform) as connection:
            await write(connection, asker.principal, register, [written], now=now, confirmation=confirmed)
    except UnusableEntryError as error:
        return await _show_form(
            office, asker, register, entry, number, values, written.concerned or [], error, error.problems
        )  # fmt: skip
    except RegisterError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show_form(office, asker, register, entry, number, values, written.concerned or [], error)
    return RedirectResponse(address(register, entry), 303)


def _form_of(register: Register, entry: UUID, number: int) -> str:
    return f"{HERE}/{register.name}/new" if number == 1 else f"{address(register, entry)}/edit"


async def _show_form(
    office: Office, asker: Asker, register: Register, entry: UUID, number: int, values: Mapping[str, str],
    concerned: Sequence[UUID], error: VakaError | None = None, problems: Sequence[Problem] = (),
) -> Response:  # fmt: skip
    async with transaction(office.platform) as connection:
        accounts = await list_overview(connection, office.clock.now())
        words = await read_words(connection, asker.preferences, register, accounts)
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
    status, message = explain(asker, error)
    here = _form_of(register, entry, number)
    return office.page(
        asker, "office_register_form.html", "registers", here, status,
        register=register, entry=entry, number=number, values=values, words=words, action=here, message=message,
        problems={one.field: words.say(one.sentence) for one in problems}, authorities=authorities,
        concerned=set(concerned), back_to=HERE + f"/{register.name}" if number == 1 else address(register, entry),
    )  # fmt: skip

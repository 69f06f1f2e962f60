# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Incidents and vulnerabilities in the office: opened, written in, taken step by step (terms 34 and 35)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.decide import NothingHereError
from vaka.cases.contacts import contact_day, list_contacts, whose_duty
from vaka.cases.model import LONGEST_FINDING, LONGEST_TEXT, LONGEST_TITLE, Kind, Severity, Tlp
from vaka.cases.reading import find_case, list_cases, list_entries, list_receipts, list_titles, list_touches
from vaka.cases.words import title_of
from vaka.cases.writing import Opened, UnusableCaseError, open_case, see, write
from vaka.clock import LOCAL
from vaka.database.connections import Connection, transaction
from vaka.errors import VakaError
from vaka.files.keeping import tell_refused_file
from vaka.files.reading import read_case_file
from vaka.identity.overview import list_overview
from vaka.ledger.search import identifier_in
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.tenants.authorities import list_every_authority
from vaka.web.asker import Asker
from vaka.web.case_words import case_words, clocks
from vaka.web.forms import Form, FormError, read_form
from vaka.web.office.office import Office, explain
from vaka.web.office.requests import EXPLAINED
from vaka.web.sent_files import file_words, inspect_upload, name_file, number_in, read_with_file
from vaka.web.uploads import TooManyUploadsError, Upload, hand_out

HERE = "/cases"


class OpenForm(Form):
    """A new case."""

    kind: Kind
    severity: Severity
    title: Annotated[str, Field(max_length=LONGEST_TITLE)]
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
    tlp: Tlp
    known_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")]
    """In Swedish time, as a browser sends it."""
    regulated: Literal["", "yes"] = ""
    touches: Annotated[tuple[UUID, ...], Field(max_length=400)] = ()


class WriteForm(Form):
    """Something that is written in a case."""

    kind: Literal["noted", "corrected", "touched", "moved", "reported"]
    tlp: Tlp | Literal[""] = ""
    """Nothing: AMBER, or of a correction the marking of what it corrects."""
    authority: Annotated[str, Field(pattern=r"^([0-9a-f-]{36})?$")] = ""
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    corrects: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$|^$")] = ""
    step: Literal["", "acknowledged", "triaged", "contained", "fixed", "closed"] = ""
    cause: Annotated[str, Field(max_length=LONGEST_FINDING)] = ""
    impact: Annotated[str, Field(max_length=LONGEST_FINDING)] = ""
    report: Literal["", "reported", "not_required", "24h", "72h", "month"] = ""

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What stands beside the text, by what is written."""
        if self.kind == "moved" and self.step:
            ends = {"cause": self.cause, "impact": self.impact, "report": self.report}
            return {"step": self.step, **(ends if self.step == "closed" else {})}
        if self.kind == "corrected" and self.corrects:
            return {"corrects": int(self.corrects)}
        if self.kind == "reported" and self.report:
            return {"report": self.report}
        if self.kind in ("moved", "corrected", "reported"):
            raise UnusableCaseError("Välj vad det gäller.", "Choose what it is about.")
        return {}


class SeenForm(Form):
    """Up to where somebody has read."""

    number: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$")]


async def show_cases(office: Office, request: Request, asker: Asker) -> Response:
    """GET /cases: every case, what nobody has acknowledged first, and whom one reaches at each authority."""
    today = contact_day(office.clock.now())
    async with transaction(office.platform) as connection:
        cases = await list_cases(connection)
        touches, contacts = await list_touches(connection), await list_contacts(connection)
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
        titles = await list_titles(connection)
    named = {one.id: [who for who in contacts if who.authority_id == one.id] for one in authorities}
    return office.page(
        asker, "office_cases.html", "cases", HERE, cases=sorted(cases[:100], key=lambda one: one.state != "open"),
        titles=titles, touched={one.id: sum(t.case_id == one.id for t in touches) for one in cases},
        authorities=authorities, named=named, today=today,
        duties={key: whose_duty(who, today) for key, who in named.items()},
        unanswered=[one for one in cases if one.state == "open" and one.level], **case_words(asker.preferences),
    )  # fmt: skip


async def show_new(office: Office, request: Request, asker: Asker) -> Response:
    """GET /cases/new: an empty form."""
    return await _show_new(office, asker)


async def open_new(office: Office, request: Request, asker: Asker) -> Response:
    """POST /cases/new: open a case, and tell whom it touches."""
    form, now = await read_form(request, OpenForm, lists=frozenset({"touches"})), office.clock.now()
    try:
        try:
            known_at = datetime.fromisoformat(form.known_at).replace(tzinfo=LOCAL)
        except ValueError:
            raise UnusableCaseError("Tiden finns inte.", "There is no such time.") from None
        opened = Opened(
            form.kind, form.severity, form.title, form.text, form.tlp, known_at, bool(form.regulated), form.touches
        )
        async with transaction(office.platform) as connection:
            made = await open_case(connection, asker.principal, opened, office.cases, now=now)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show_new(office, asker, error, form)
    return RedirectResponse(f"{HERE}/{made}", 303)


async def show_case(office: Office, request: Request, asker: Asker) -> Response:
    """GET /cases/{case}: everything that was written in one, who has seen it, and what can be done."""
    return await _show(office, request, asker)


async def write_in(office: Office, request: Request, asker: Asker) -> Response:
    """POST /cases/{case}/write: a message or a correction, also with a file; a step, a report, one authority more."""
    try:
        async with read_with_file(request, WriteForm, office.uploads) as (form, upload):
            return await _write(office, request, asker, form, upload)
    except TooManyUploadsError as error:
        written = error.form if isinstance(error.form, WriteForm) else None
        return await _show(office, request, asker, error, written)


async def _write(office: Office, request: Request, asker: Asker, form: WriteForm, upload: Upload | None) -> Response:
    case_id, now = _identifier(request), office.clock.now()
    if upload is not None and form.kind not in ("noted", "corrected"):
        raise FormError
    try:
        async with transaction(office.platform) as connection:
            if await find_case(connection, case_id) is None:
                raise NothingHereError
            tlp, authority = await _choose_readers(connection, case_id, form)

        async def tell(data: bytes, reason: Reason) -> None:
            async with transaction(office.platform) as connection:
                await tell_refused_file(
                    connection, asker.principal.account_id, data, reason, now, authority_id=authority, case_id=case_id
                )

        sent = await inspect_upload(office.inspector, upload, now, tell)
        async with transaction(office.platform) as connection:
            await write(
                connection, asker.principal, case_id, form.kind, tlp=tlp, text=form.text, authority_id=authority,
                facts=form.facts, sent=sent, now=now,
            )  # fmt: skip
    except ValueError:
        raise NothingHereError from None
    except VakaError as error:
        if error.category not in EXPLAINED and not isinstance(error, FileRefusedError):
            raise
        return await _show(office, request, asker, error, form, upload)
    return RedirectResponse(f"{HERE}/{case_id}", 303)


async def give_file(office: Office, request: Request, asker: Asker) -> Response:
    """GET /cases/{case}/files/{number}: the file that came with an entry, to keep."""
    case_id, number = _identifier(request), number_in(request)
    async with transaction(office.platform) as connection:
        file = await read_case_file(connection, case_id, number)
    if file is None:
        raise NothingHereError
    return hand_out(file.name, file.media_type, file.body)


async def say_seen(office: Office, request: Request, asker: Asker) -> Response:
    """POST /cases/{case}/seen: say that one has seen what the authorities wrote; they see that."""
    form, case_id = await read_form(request, SeenForm), _identifier(request)
    try:
        async with transaction(office.platform) as connection:
            await see(connection, asker.principal, case_id, int(form.number), None, now=office.clock.now())
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show(office, request, asker, error)
    return RedirectResponse(f"{HERE}/{case_id}", 303)


async def _choose_readers(connection: Connection, case_id: UUID, form: WriteForm) -> tuple[Tlp, UUID | None]:
    """Return the marking and the addressee that were chosen; else, of a correction, those of what it corrects."""
    tlp, authority = form.tlp, UUID(form.authority) if form.authority else None
    if form.kind == "corrected" and form.corrects:
        for one in await list_entries(connection, case_id):
            if one.number == int(form.corrects):
                tlp, authority = tlp or one.tlp, authority or one.authority_id
    return tlp or "AMBER", authority


async def _show_new(
    office: Office, asker: Asker, error: VakaError | None = None, form: OpenForm | None = None
) -> Response:
    async with transaction(office.platform) as connection:
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
    status, message = explain(asker, error)
    return office.page(
        asker, "office_case_new.html", "cases", f"{HERE}/new", status, authorities=authorities, form=form,
        message=message, latest=office.clock.now().astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M"),
        **case_words(asker.preferences),
    )  # fmt: skip


async def _show(
    office: Office, request: Request, asker: Asker, error: VakaError | None = None, form: WriteForm | None = None,
    upload: Upload | None = None,
) -> Response:  # fmt: skip
    case_id, now = _identifier(request), office.clock.now()
    async with transaction(office.platform) as connection:
        case = await find_case(connection, case_id)
        if case is None:
            raise NothingHereError
        entries, receipts = await list_entries(connection, case.id), await list_receipts(connection, case.id)
        touches = await list_touches(connection, case.id)
        contacts = await list_contacts(connection)
        authorities = [one for one in await list_every_authority(connection) if one.kind == "authority"]
        names = {one.id: one.display_name for one in await list_overview(connection, now)}
    status, message = explain(asker, error)
    message = name_file(message, error, upload)
    touched = {one.authority_id for one in touches}
    return office.page(
        asker, "office_case.html", "cases", f"{HERE}/{case.id}", status, case=case, title=title_of(entries),
        entries=entries, receipts=receipts, touched=[one for one in authorities if one.id in touched],
        untouched=[one for one in authorities if one.id not in touched], names=names, form=form, message=message,
        authority_names={one.id: one.name for one in authorities}, today=contact_day(now),
        contacts={one.id: [who for who in contacts if who.authority_id == one.id] for one in authorities},
        clocks=clocks(case, max((one.told_at for one in touches), default=None), entries), path=f"{HERE}/{case.id}",
        **case_words(asker.preferences), **file_words(office.inspector),
    )  # fmt: skip


def _identifier(request: Request) -> UUID:
    found = identifier_in(f"case:{request.path_params['case']}")
    if found is None:
        raise NothingHereError
    return found

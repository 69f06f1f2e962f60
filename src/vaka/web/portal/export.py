# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking entries out of the log as a file, for a reason that is written down before the first byte leaves.

The file is made as it is sent, a thousand entries at a time, newest first, out of the log as it stood at that moment.
It names nobody: identifiers stand in it as in the log. Its own name ends with the number of the entry about it, by
which whoever took it out fetches the receipt.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from vaka.access.permissions import Permission
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger import export_csv, export_ocsf, export_syslog
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.reading import read_state
from vaka.ledger.search import Hit, Place, Wanted, count_entries, find_entries
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal
from vaka.tenants.authorities import Authority
from vaka.tenants.subjects import MOST_THINGS
from vaka.web.asker import Asker
from vaka.web.forms import read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.pages import Message
from vaka.web.portal.asked import Asked, AskedForm, understand
from vaka.web.portal.log import about
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.portal.receipts import receipt_address
from vaka.web.portal.touching import confirm
from vaka.web.portal.words import REASONS
from vaka.web.times import LOCAL
from vaka.web.touching import Confirming

LARGEST_EXPORT = 500_000
"""Entries of one file. More is taken out in several, by stretches of time."""
AT_ONCE = 1000


class ExportForm(AskedForm):
    """Which entries, in which form, why, and under which number the matter is kept."""

    format: Literal["ocsf", "syslog", "csv"]
    reason: Annotated[str, Field(max_length=20)] = ""
    reference: Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-zÅÄÖåäö /.:-]*$")] = ""
    answer: KeyAnswer = ""

    @property
    def is_explained(self) -> bool:
        """Whether there is a reason and a reference, which names a matter and not a person."""
        named = any(character.isdigit() for character in self.reference)
        return self.reason in REASONS and named and not seems_personal(self.reference)


class ReasonError(VakaError):
    """No reason, or no reference."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Välj ett skäl och skriv ärendets nummer, till exempel KS 2026/123. Skriv inget personnummer: det "
                "som står här blir kvar i loggen. Inget har lämnats ut.",
                en="Choose a reason and write the number of the matter, such as KS 2026/123. Write no personal number: "
                "what stands here stays in the log. Nothing was taken out.",
            ),
        )


class AmountError(VakaError):
    """Nothing to take out, or too much at once."""

    def __init__(self, found: int) -> None:
        most = f"{LARGEST_EXPORT:,}"
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Ingen post stämmer med urvalet. Inget har lämnats ut.",
                en="No entry matches the selection. Nothing was taken out.",
            )
            if found == 0
            else Sentence(
                sv=f"Urvalet är större än {most.replace(',', ' ')} poster. Välj en kortare tid och ta ut det i flera "
                "filer. Inget har lämnats ut.",
                en=f"The selection is larger than {most} entries. Choose a shorter time and take it out in several "
                "files. Nothing was taken out.",
            ),
        )


class CutError(VakaError):
    """So much is the person's that a file by person would leave out a part of it, and nobody would see that in it."""

    def __init__(self) -> None:
        most = f"{MOST_THINGS:,}"
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Personen har fler än {most.replace(',', ' ')} enheter och larm, och en fil om personen skulle "
                "sakna poster om de äldre. Ta ut en tid i taget utan att välja person. Inget har lämnats ut.",
                en=f"This person has more than {most} devices and alarms, and a file by person would lack entries "
                "about the older ones. Take out a stretch of time without choosing a person. Nothing was taken out.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Format:
    """One form a file can have."""

    ending: str
    media_type: str
    heading: bytes
    write: Callable[[int, Leaf, str], bytes]


FORMATS = {
    "ocsf": Format("ocsf.jsonl", export_ocsf.MEDIA_TYPE, b"", export_ocsf.write_ocsf),
    "syslog": Format("syslog.log", export_syslog.MEDIA_TYPE, b"", export_syslog.write_syslog),
    "csv": Format(
        "csv", export_csv.MEDIA_TYPE, export_csv.write_heading(),
        lambda index, leaf, log: export_csv.write_csv(index, leaf, LOCAL),
    ),
}  # fmt: skip


async def show_export(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/export: the form. Nothing of the log is read for it."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_EXPORT_LOG)
    return _show_form(portal, asker, authority, AskedForm.of(request))


async def give_export(portal: Portal, request: Request, asker: Asker) -> Response:
    """POST /log/{authority}/export: the file, once a security key was touched for exactly that."""
    authority = await require_authority(portal, request, asker, Permission.PORTAL_EXPORT_LOG)
    form = await read_form(request, ExportForm)
    try:
        asked = _pin(form, portal.clock.now())
        if not form.is_explained:
            raise ReasonError
        confirmed = await confirm(portal, asker, authority, _confirming(portal, authority, asked, form), form.answer)
        if isinstance(confirmed, Response):
            return confirmed
        number, size, wanted = await _record(portal, asker, authority, asked, form, confirmed)
    except VakaError as error:
        if error.category is not Category.INVALID:
            raise
        return _show_form(portal, asker, authority, form, error)
    chosen = FORMATS[form.format]
    name = f"vaka-{authority.slug}-{portal.clock.now().astimezone(LOCAL):%Y%m%d-%H%M}-{number}.{chosen.ending}"
    return StreamingResponse(
        _write(portal, authority, wanted, size, chosen),
        media_type=chosen.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Link": f'<{receipt_address(authority, number)}>; rel="related"',
        },
    )


def export_act(portal: Portal, authority: Authority, asked: Asked, form: ExportForm) -> Act:
    """Return the act that taking out is, as a key confirms it: what was asked for, as typed, its times in UTC."""
    times = {name: asked.facts[name] for name in ("from", "to")}
    said = {**asked.fields, **times, "format": form.format, "reason": form.reason, "reference": form.reference}
    facts = {name: value for name, value in said.items() if value is not None}
    return Act(Event.LOG_EXPORTED.value, authority.id, portal.log_name(authority), facts)


def _pin(form: ExportForm, now: datetime) -> Asked:
    """Return what is asked for, its stretch of time written out: sent again it is the same. Raises as `understand`."""
    asked = understand(form, now)
    return understand(AskedForm.model_validate(asked.pinned()), now)


def _confirming(portal: Portal, authority: Authority, asked: Asked, form: ExportForm) -> Confirming:
    here = f"/log/{authority.slug}/export"
    sent = {**asked.fields, "format": form.format, "reason": form.reason, "reference": form.reference}
    times = {"from": asked.since, "to": asked.until}
    return Confirming(
        export_act(portal, authority, asked, form), here, here, "export", sent,
        shown={name: f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M %Z}" for name, at in times.items()}, hands_out=True,
    )  # fmt: skip


async def _record(
    portal: Portal, asker: Asker, authority: Authority, asked: Asked, form: ExportForm, confirmed: Confirmation
) -> tuple[int, int, Wanted]:
    """Write down what leaves, and return the entry's number, the size of the log it leaves from, and what leaves.

    Raises NotConfirmedError, AmountError, CutError, or LedgerStandsStillError: what cannot be sealed is not taken out.
    """
    confirmed.require(export_act(portal, authority, asked, form))
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
        concerned = await about(tenant, asked)
        if concerned is not None and len(concerned.objects) >= MOST_THINGS:
            raise CutError
        wanted = asked.wanted(concerned)
        found = await count_entries(tenant, wanted, size=state.size, most=LARGEST_EXPORT + 1)
        if not 0 < found <= LARGEST_EXPORT:
            raise AmountError(found)
        facts = {
            **asked.facts, "format": form.format, "reason": form.reason, "reference": form.reference, "found": found,
            "size": state.size, **confirmed.said,
        }  # fmt: skip
        entry = Entry(
            Event.LOG_EXPORTED, asker.principal.actor, portal.clock.now(), portal.log_name(authority), detail=facts
        )
        await require_standing(tenant, portal.clock.now())
        number = await append(tenant, entry)
    return number, state.size, wanted


async def _write(
    portal: Portal, authority: Authority, wanted: Wanted, size: int, chosen: Format
) -> AsyncIterator[bytes]:
    yield chosen.heading
    before: Place | None = None
    log = portal.logs.log_name(authority.slug)
    while True:
        async with portal.gateway.transaction(authority.id) as tenant:
            hits = await find_entries(tenant, wanted, size=size, most=AT_ONCE, before=before)
        yield b"".join(chosen.write(hit.index, hit.leaf or _unreadable(hit), log) for hit in hits)
        if len(hits) < AT_ONCE:
            return
        before = hits[-1].place


def _unreadable(hit: Hit) -> Leaf:
    """Return what stands in a file for an entry that the log no longer shows: that it is so is what must be seen."""
    return Leaf(
        id=0, at=hit.happened_at, event="entry.unreadable", actor="", object=f"entry:{hit.index}", outcome="failure",
        written_by="", written_at=hit.happened_at, source="", number=0, detail={}, clock="unknown",
    )  # fmt: skip


def _show_form(
    portal: Portal, asker: Asker, authority: Authority, form: AskedForm, error: VakaError | None = None
) -> Response:
    path = f"/log/{authority.slug}"
    filled = form if isinstance(form, ExportForm) else None
    message = None if error is None else Message(error.sentence.in_language(asker.preferences.language))
    return portal.page(
        asker, "portal_export.html", authority, f"{path}/export", 200 if error is None else 400,
        page="export", path=path, form=form, filled=filled, formats=tuple(FORMATS), message=message,
    )  # fmt: skip

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Proposing an issuer of identities: a new one, another in the place of one, or further evidence for its levels."""

import json
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vaka.access.issuers import Draft, ProposalGoneError, extend, find_current, list_standings, proposal_act
from vaka.access.issuers import propose_issuer as put_forward
from vaka.database.connections import transaction
from vaka.errors import VakaError
from vaka.identifiers import new_identifier
from vaka.identity.trust import NameTakenError, Standing
from vaka.identity.trust_content import (
    LARGEST_CONTENT,
    LARGEST_METADATA,
    Content,
    read_content,
    require_current,
    require_name,
    write_content,
)
from vaka.identity.trust_lines import compare
from vaka.ledger.search import identifier_in
from vaka.tenants.authorities import list_authorities
from vaka.web.asker import Asker
from vaka.web.forms import Form, FormError, read_form
from vaka.web.key_answer import KeyAnswer
from vaka.web.office import issuers
from vaka.web.office.office import Office, explain
from vaka.web.office.requests import EXPLAINED
from vaka.web.office.touching import confirm
from vaka.web.touching import Confirming

HERE, NEW = issuers.HERE, "/issuers/new"
_APART = ("metadata", "metadata_certificate")
"""What has fields of its own: nobody reads XML with every sign escaped."""

# As it came: a document that lost its last line break would be another one than the file that a command is given.
Document = Annotated[str, StringConstraints(strip_whitespace=False)]


class ProposalForm(Form):
    """What is said of an issuer. Its identifier is drawn for the page, so that both times the same is proposed."""

    issuer: UUID
    name: Annotated[str, Field(max_length=31)] = ""
    authority: UUID | Literal[""] = ""
    """Whose people sign in by it; empty: the supplier's own."""
    said: Annotated[str, Field(max_length=LARGEST_CONTENT)] = ""
    metadata: Annotated[Document, Field(max_length=LARGEST_METADATA)] = ""
    certificate: Annotated[Document, Field(max_length=10_000)] = ""
    answer: KeyAnswer = ""

    @property
    def fields(self) -> dict[str, str]:
        """What is sent again with the touch."""
        return {name: str(value) for name, value in self.model_dump(mode="json").items() if name != "answer"}

    def read(self) -> Draft:
        """Return what is proposed. Raises UnusableTrustError, FormError."""
        return Draft(self.issuer, self.authority or None, require_name(self.name), self._read_content())

    def _read_content(self) -> Content:
        text = _unix(self.said)
        try:
            said = json.loads(text)
        except ValueError:
            return read_content(text)
        if isinstance(said, dict):
            said |= {
                name: _unix(value)
                for name, value in zip(_APART, (self.metadata, self.certificate), strict=True) if value.strip()
            }  # fmt: skip
        return read_content(json.dumps(said))


class EvidenceForm(Form):
    """What was reviewed anew, level by level."""

    issuer: UUID
    """The entry as it stands."""
    draft: UUID
    uri: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    evidence: tuple[Annotated[str, Field(max_length=500)], ...] = ()
    expires: tuple[Annotated[str, Field(max_length=10)], ...] = ()


async def show_form(office: Office, request: Request, asker: Asker) -> Response:
    """GET /issuers/new: an empty form, or with ``issuer`` what is said of that one today."""
    known, wanted = None, identifier_in(f"trust:{request.query_params.get('issuer', '')}")
    if wanted is not None:
        async with transaction(office.platform) as connection:
            known = next((one for one in await list_standings(connection) if one.row.id == wanted), None)
    drawn = new_identifier(office.clock.now())
    if known is None or known.content is None:
        return await _show(office, asker, ProposalForm(issuer=drawn))
    return await _show(office, asker, _filled(drawn, known, known.content))


async def propose(office: Office, request: Request, asker: Asker) -> Response:
    """POST /issuers/new: propose it, confirmed with a security key."""
    form = await read_form(request, ProposalForm)
    try:
        return await _propose(office, asker, form)
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await _show(office, asker, form, error)


async def extend_evidence(office: Office, request: Request, asker: Asker) -> Response:
    """POST /issuers/extend: propose the same with other evidence for its levels. The touch is of the whole proposal."""
    form = await read_form(request, EvidenceForm, lists=frozenset({"uri", "evidence", "expires"}))
    try:
        async with transaction(office.platform) as connection:
            standings = await list_standings(connection)
        known = next((one for one in standings if one.row.id == form.issuer and one.state == "approved"), None)
        if known is None or known.content is None:
            raise ProposalGoneError
        if not len(form.uri) == len(form.evidence) == len(form.expires):
            raise FormError
        said = dict(zip(form.uri, zip(form.evidence, form.expires, strict=True), strict=True))
        return await _propose(office, asker, _filled(form.draft, known, extend(known.content, said)))
    except VakaError as error:
        if error.category not in EXPLAINED:
            raise
        return await issuers.show(office, asker, error)


async def _propose(office: Office, asker: Asker, form: ProposalForm) -> Response:
    draft, now = form.read(), office.clock.now()
    require_current(draft.content, now, demo=office.demo)
    async with transaction(office.platform) as connection:
        standings = await list_standings(connection)
    if any(one.row.name == draft.name and one.row.authority_id != draft.authority_id for one in standings):
        raise NameTakenError
    current = find_current(standings, draft.name)
    owners = await issuers.name_owners(office)
    owner = "" if draft.authority_id is None else owners.get(draft.authority_id)
    if owner is None:
        raise FormError
    asked = Confirming(
        proposal_act(draft), NEW, HERE, "issuers", form.fields,
        {f"trust:{draft.id}": f"{draft.name} ({owner})" if owner else draft.name},
        changes=compare(None if current is None else current.content, draft.content),
    )  # fmt: skip
    confirmed = await confirm(office, asker, asked, form.answer)
    if isinstance(confirmed, Response):
        return confirmed
    async with transaction(office.platform) as connection:
        await put_forward(connection, asker.principal, draft, demo=office.demo, now=now, confirmation=confirmed)
    return RedirectResponse(HERE, 303)


def _filled(drawn: UUID, standing: Standing, content: Content) -> ProposalForm:
    said = json.loads(write_content(content))
    metadata, certificate = (said.pop(name, "") for name in _APART)
    return ProposalForm(
        issuer=drawn, name=standing.row.name, authority=standing.row.authority_id or "",
        said=json.dumps(said, indent=2, ensure_ascii=False), metadata=metadata, certificate=certificate,
    )  # fmt: skip


async def _show(office: Office, asker: Asker, form: ProposalForm, error: VakaError | None = None) -> Response:
    async with transaction(office.platform) as connection:
        authorities = await list_authorities(connection)
    status, message = explain(asker, error)
    return office.page(
        asker, "office_issuer_new.html", "issuers", NEW, status, form=form, message=message,
        authorities=[one for one in authorities if one.kind == "authority"],
        largest={"said": LARGEST_CONTENT, "metadata": LARGEST_METADATA},
    )  # fmt: skip


def _unix(text: str) -> str:
    """Return a document with the line breaks of its file: a browser sends others."""
    return text.replace("\r\n", "\n")

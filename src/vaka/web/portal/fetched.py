# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entering that a file of a case or a question was fetched, whoever of the authority or its auditors it was."""

from vaka.files.model import Kept
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal


async def enter_fetched(
    portal: Portal, asker: Asker, authority: Authority, about: str, number: int, file: Kept
) -> None:
    """Enter in the authority's own log, before a byte leaves, which file somebody was handed: its fingerprint."""
    facts: dict[str, str | int | bool | None] = {"entry": number, "sha256": file.sha256.hex()}
    entry = Entry(Event.FILE_FETCHED, asker.principal.actor, portal.clock.now(), about, detail=facts)
    async with portal.gateway.transaction(authority.id) as tenant:
        await append(tenant, entry)

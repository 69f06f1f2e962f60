# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the supplier reaches: the authority says so in its portal, and sees that nobody is named (term 35)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.cases.contacts import list_contacts
from vaka.cases.model import QUERIES
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE, TERMS = "/log/ekbacka/contacts", "/log/ekbacka/terms"
TODAY = datetime.now(UTC).date()
CONTACT = {
    "place": "1", "name": "Säkerhetsfunktionen", "mail": "sakerhet@ekbacka.example", "phone": "08-46500400",
    "hours": "Dygnet runt", "valid_until": (TODAY + timedelta(days=90)).isoformat(),
}  # fmt: skip


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture(autouse=True)
def as_it_was(installation: Installation, logs: Logs) -> Iterator[None]:
    """Each test begins where nobody is named."""
    empty = "delete from vaka.case_contact"
    logs.execute("platform", empty, unguarded=True)
    yield
    logs.execute("platform", empty, unguarded=True)


async def test_term_35_2_without_a_contact_the_authority_sees_so_and_that_it_is_for_it_to_name_one(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    for page in (HERE, TERMS):
        assert "Kontaktperson saknas" in (await agneta.get(page)).text
    assert "Det är er sak att ange" in (await agneta.get(TERMS)).text
    mark = logs.mark("platform")
    assert (await agneta.post(HERE, CONTACT)).status == 303
    shown = (await agneta.get(HERE)).text
    assert "Säkerhetsfunktionen" in shown
    assert "Kontaktperson saknas" not in shown + (await agneta.get(TERMS)).text
    [told] = [one for one in logs.since(mark, "platform") if one["event"] == "contact.set"]
    assert told["actor"] == f"account:{agneta.account}"
    assert (told["detail"]["place"], told["detail"]["valid_until"]) == (1, CONTACT["valid_until"])
    assert all(word not in str(told) for word in ("Säkerhets", "sakerhet", "46500400", "Dygnet"))
    # After the last day it holds no longer.
    logs.execute("platform", "update vaka.case_contact set valid_until = current_date - 1", unguarded=True)
    for page in (HERE, TERMS):
        assert "Sista dagen för era kontaktpersoner har passerat" in (await agneta.get(page)).text
    assert (await agneta.post(f"{HERE}/end", {"place": "1"})).status == 303
    assert "Ingen är angiven" in (await agneta.get(HERE)).text


async def test_who_is_replaced_is_forgotten_and_what_cannot_be_right_is_refused(
    agneta: Browser, installation: Installation
) -> None:
    assert (await agneta.post(HERE, CONTACT)).status == 303
    for changed in (
        {"mail": "ingen"}, {"mail": "", "phone": ""}, {"phone": "ring mig"}, {"name": ""}, {"place": "6"},
        {"valid_until": (TODAY - timedelta(days=1)).isoformat()}, {"valid_until": "i höst"},
        {"valid_until": (TODAY + timedelta(days=400)).isoformat()},
    ):  # fmt: skip
        assert (await agneta.post(HERE, {**CONTACT, **changed})).status == 400, changed
    assert (await agneta.post(HERE, {**CONTACT, "name": "Nattjouren"})).status == 303
    async with platform_as(installation.server, "portal") as connection:
        [held] = await list_contacts(connection, installation.authorities["ekbacka"].id)
    assert (held.place, held.name) == (1, "Nattjouren")


async def test_the_supplier_cannot_change_whom_an_authority_names(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    assert (await agneta.post(HERE, CONTACT)).status == 303
    ekbacka = installation.authorities["ekbacka"].id
    facts = {
        "authority_id": ekbacka, "place": 1, "name": "Leverantören", "mail": "l@l.example", "phone": "", "hours": "",
        "valid_until": TODAY, "account_id": installation.accounts["adam"], "now": datetime.now(UTC),
    }  # fmt: skip
    async with platform_as(installation.server, "office") as office:
        assert [one.name for one in await list_contacts(office, ekbacka)] == ["Säkerhetsfunktionen"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await office.execute(QUERIES["set_contact"], facts)
    # An administrator's account is nobody's of the authority, also over the portal's own connection.
    async with platform_as(installation.server, "portal") as connection:
        for query in ("set_contact", "end_contact"):
            assert await (await connection.execute(QUERIES[query], facts)).fetchone() != ("done",)
    for statement in (
        "update vaka.case_contact set phone = '08-46500499'", "delete from vaka.case_contact",
        "truncate vaka.case_contact",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            logs.execute("platform", statement)

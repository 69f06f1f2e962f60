# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority sees who holds privileged rights, what changed of it, and what nobody's act tells of (terms 10, 12)."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from tests.leavers import change_account
from tests.platform import make_account
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.access.roles import PRIVILEGED_ROLES
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/holders"
SETUP = "setup:uid-0"


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


@pytest.fixture
async def bertil(portal: Portal, installation: Installation) -> Browser:
    """Another, who reads English."""
    return await enter(portal, installation, "bertil")


@pytest.fixture
async def adam(installation: Installation, logs: Logs) -> AsyncIterator[UUID]:
    """One of the supplier's administrators, made as setup makes them."""
    made = await make_account(
        installation.server, "Algot Administratör", kind="administrator", actor=SETUP, now=datetime.now(UTC)
    )
    await logs.seal_platform()
    yield made
    logs.execute("platform", f"delete from vaka.account where id = '{made}'", unguarded=True)


def rows(page: str) -> dict[str, str]:
    """By name, the row of a holder."""
    table = page.partition('aria-labelledby="now"')[2].partition("</table>")[0]
    found = re.findall(r"<tr[^>]*><td><a [^>]*>([^<]+)</a>(.*?)</tr>", table, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", row).split()) for name, row in found}


async def test_term_10_5_the_list_is_what_the_database_says(
    beata: Browser, adam: UUID, installation: Installation, logs: Logs
) -> None:
    await logs.seal_platform()
    page = await beata.get(HERE)
    assert page.status == 200
    authority = installation.authorities["ekbacka"].id
    in_database = logs.ask(
        "platform",
        "select distinct a.display_name from vaka.account a left join vaka.role_grant g on g.account_id = a.id"
        f" where a.state <> 'removed' and (a.kind = 'administrator' or (g.authority_id = '{authority}'"
        " and g.role = any(%(roles)s)))", {"roles": list(PRIVILEGED_ROLES)},
    )  # fmt: skip
    holders = rows(page.text)
    assert holders.keys() == {row["display_name"] for row in in_database} >= {"Algot Administratör", "Lena Ledarsson"}
    assert "Emil Ekbacka" not in holders, "an operator commands nobody"
    for text in ("Administratör", "Hela plattformen, sedan", "skapat av Uppläggning uid-0", "aldrig", "inga"):
        assert text in holders["Algot Administratör"], text
    assert "Arbetsledare" in holders["Lena Ledarsson"]
    assert "ingen förseglad post berättar" not in page.text


async def test_the_page_is_whole_in_english_and_leads_to_each_account(
    bertil: Browser, beata: Browser, adam: UUID
) -> None:
    answer = await bertil.get("/holders")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await bertil.get(HERE)
    for text in ("Who holds administrator rights", "of the supplier's administrators", "never",
                 "Account created", "What changed"):  # fmt: skip
        assert text in page.text
    assert f"{HERE}/{adam}" in page.text
    account = await beata.get(f"{HERE}/{adam}")
    assert account.status == 200
    for text in ("Algot Administratör", str(adam), "Konto skapat", "Senast inloggad"):
        assert text in account.text


async def test_what_is_written_by_hand_is_shown_as_such(
    beata: Browser, adam: UUID, installation: Installation, logs: Logs
) -> None:
    secret, authority = uuid4(), installation.authorities["ekbacka"].id
    logs.execute("platform", f"update vaka.account set ends_at = null, language = 'en' where id = '{adam}'")
    logs.execute(
        "platform",
        "insert into vaka.account (id, display_name, kind, created_at)"
        f" values ('{secret}', 'Hemlig Smygare', 'administrator', now())", unguarded=True,
    )  # fmt: skip
    logs.execute(
        "platform",
        "insert into vaka.role_grant (account_id, role, authority_id, granted_at)"
        f" values ('{installation.accounts['vera']}', 'device_technician', '{authority}', now())", unguarded=True,
    )  # fmt: skip
    try:
        await logs.seal_platform()
        page = (await beata.get(HERE)).text
        assert "ändrat för hand" in rows(page)["Algot Administratör"]
        assert "Register ändrat för hand" in page
        for name in ("Hemlig Smygare", "Vera Vilsen"):
            assert f"Registret säger att {name} har de här rättigheterna, och ingen förseglad post" in page
        assert "Registret säger att Lena" not in page
        assert "ingen post berättar av vem" in rows(page)["Hemlig Smygare"]
    finally:
        for statement in (
            f"delete from vaka.role_grant where account_id = '{installation.accounts['vera']}'",
            f"delete from vaka.account where id = '{secret}'",
        ):
            logs.execute("platform", statement, unguarded=True)


async def test_whoever_is_deactivated_stands_there_and_whoever_is_removed_does_not(
    beata: Browser, adam: UUID, installation: Installation, logs: Logs
) -> None:
    for state, word in (("deactivated", "kontot är avaktiverat"), ("removed", None)):
        await change_account(installation.server, adam, state, actor=SETUP, now=datetime.now(UTC))  # type: ignore[arg-type]
        await logs.seal_platform()
        holders = rows((await beata.get(HERE)).text)
        assert (word in holders["Algot Administratör"]) if word else ("Algot Administratör" not in holders)


async def test_who_reads_it_is_in_the_authoritys_log(beata: Browser, adam: UUID, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    await beata.get(HERE)
    await beata.get(f"{HERE}/{adam}")
    told = logs.since(mark, "ekbacka")
    assert [(one["event"], one["actor"]) for one in told] == [("log.read", f"account:{beata.account}")] * 2
    assert told[1]["detail"]["account"] == f"account:{adam}"


async def test_nobody_sees_an_account_that_has_nothing_to_do_with_the_authority(
    beata: Browser, lovisa: Browser, niklas: Browser, installation: Installation
) -> None:
    assert (await beata.get(f"{HERE}/{installation.accounts['nina']}")).status == 404
    for nothing in (uuid4(), "x", "0" * 400):
        assert (await beata.get(f"{HERE}/{nothing}")).status == 404
    for stranger in (lovisa, niklas):
        assert (await stranger.get(HERE)).status == 403
        assert (await stranger.get(f"{HERE}/{installation.accounts['lena']}")).status == 403

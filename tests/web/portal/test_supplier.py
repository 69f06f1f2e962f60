# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's own log: an authority sees what is its business there, with proof, and nothing of another's."""

import html
import re
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import SETTINGS, Logs, account_of, files_of, person_of
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.sessions import end_sessions_of, open_session
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event
from vaka.ledger.note_keys import LogKey
from vaka.ledger.proofs import parse_proof, verify_proof
from vaka.ledger.tree import hash_leaf

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/supplier"


async def tell(installation: Installation, logs: Logs, *entries: Entry) -> None:
    """Write into the supplier's log as maintenance does, and have it sealed."""
    async with (
        await open_connection(
            installation.server, platform_role("setup"), PLATFORM_DATABASE, application="test"
        ) as setup,
        setup.transaction(),
    ):
        await append_many(setup, entries)
    await logs.seal_platform()


def entry(event: Event, actor: str, thing: str, **detail: str | int) -> Entry:
    return Entry(event, actor, datetime.now(UTC), thing, detail=detail)


def places(page: str) -> list[int]:
    return [int(index) for index in re.findall(r"/supplier/entry/([0-9]+)\"", page)]


async def test_accounts_roles_and_sign_ins_of_those_who_reach_the_authority_are_seen(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    emil, nina = account_of(installation, "emil"), account_of(installation, "nina")
    await tell(
        installation, logs,
        entry(Event.SESSION_STARTED, emil, "session:1", realm="operator", method="oidc"),
        entry(Event.SESSION_STARTED, nina, "session:2", realm="operator", method="oidc"),
    )  # fmt: skip
    page = (await lovisa.get(HERE)).text
    assert "Emil Ekbacka" in page
    assert "Nina Norrvik" not in page
    there = (await niklas.get("/log/norrvik/supplier")).text
    assert "Nina Norrvik" in there
    assert "Emil Ekbacka" not in there


async def test_what_names_another_authority_is_never_seen(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    here, there = (str(installation.authorities[slug].id) for slug in ("ekbacka", "norrvik"))
    olga = account_of(installation, "olga")
    await tell(
        installation, logs,
        entry(Event.COMMAND_RUN, "os:1", "command:policy", change="C-1", authority=here),
        entry(Event.COMMAND_RUN, "os:1", "command:policy", change="C-2", authority=there),
        entry(Event.COMMAND_RUN, "os:1", "command:migrate", change="C-3"),
        entry(Event.ROLE_GRANTED, "setup", olga, role="shift_leader", authority=there),
    )  # fmt: skip
    seen = [(await lovisa.get(f"{HERE}/entry/{place}")).text for place in places((await lovisa.get(HERE)).text)]
    assert any("C-1" in one for one in seen)
    assert any("C-3" in one for one in seen)
    assert not any("C-2" in one or there in one for one in seen)


async def test_no_entry_is_reached_by_its_number_alone(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    there = str(installation.authorities["norrvik"].id)
    await tell(installation, logs, entry(Event.COMMAND_RUN, "os:1", "command:policy", change="C-9", authority=there))
    own = (await niklas.get("/log/norrvik/supplier")).text
    secret = places(own)[0]
    assert "C-9" in (await niklas.get(f"/log/norrvik/supplier/entry/{secret}")).text
    for address in (f"{HERE}/entry/{secret}", f"{HERE}/entry/{secret}/proof", f"{HERE}/entry/999999999"):
        answer = await lovisa.get(address)
        assert answer.status == 404
        assert "C-9" not in answer.text


async def test_each_entry_has_a_proof_that_anybody_can_check(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    await tell(installation, logs, entry(Event.SETTINGS_CHANGED, "supervisor", "settings:vaka.toml", names="desk.port"))
    page = (await lovisa.get(f"{HERE}?event=settings.changed")).text
    place = places(page)[0]
    answer = await lovisa.get(f"{HERE}/entry/{place}/proof")
    proof = parse_proof(answer.body)
    key = LogKey.parse(files_of(installation, PLATFORM_DATABASE).public.read_text().strip())
    assert verify_proof(proof, hash_leaf(proof.extra), key, None).checkpoint.origin == SETTINGS.ledger.log_name()
    assert b"desk.port" in proof.extra


async def test_that_it_was_read_is_told_in_the_authoritys_own_log(lovisa: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    page = (await lovisa.get(HERE)).text
    await lovisa.get(f"{HERE}?event=session.started")
    await lovisa.get(f"{HERE}/entry/{places(page)[0]}")
    told = logs.since(mark, "ekbacka")
    assert [one["event"] for one in told] == ["log.read", "log.searched", "log.read"]
    assert {one["object"] for one in told} == {f"log:{SETTINGS.ledger.log_name()}"}


async def test_a_question_that_makes_no_sense_is_answered_with_what_is_wrong(lovisa: Browser) -> None:
    answer = await lovisa.get(f"{HERE}?from=2026-03-02T00:00&to=2026-03-01T00:00")
    assert answer.status == 400
    assert "Inget har lästs" in answer.text


def test_the_portals_login_cannot_read_the_log_itself(installation: Installation) -> None:
    conninfo = installation.server.conninfo(platform_role("portal"), PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as portal:
        for statement in ("select leaf from ledger.log_entry", "select * from ledger.entry_index",
                          "select actor from ledger.inbox"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                portal.execute(statement.encode())


async def test_refusals_that_name_no_authority_are_seen_by_whom_they_concern(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    """Term 25 names the kinds: each reaches the authorities, wherever its entry stands."""
    emil, nina, olga = (account_of(installation, name) for name in ("emil", "nina", "olga"))
    refused: dict[str, str | int] = {"reason": "handshake", "source": "192.0.2.0/24", "count": 3, "seconds": 7}
    await tell(
        installation, logs,
        entry(Event.CONNECTION_REFUSED, "receiver:a", "process:receiver", **refused),
        entry(Event.CONNECTION_REFUSED, "receiver:a", "several", **refused),
        entry(Event.CONNECTION_REFUSED, "receiver:a", "device:0190aaaa-0000-7000-8000-000000000001", **refused),
        entry(Event.ACCESS_DENIED, emil, "process:desk", reason="desk.see_history", count=11),
        entry(Event.ACCESS_DENIED, nina, "process:desk", reason="desk.see_history", count=12),
        entry(Event.ACCESS_DENIED, olga, "process:desk", reason="desk.see_history", count=13),
        entry(Event.SESSION_ENDED, "scheduler", "session:e", reason="ended_by_another", account=emil),
        entry(Event.SESSION_ENDED, "scheduler", "session:n", reason="ended_by_another", account=nina),
        entry(Event.SESSION_ENDED, "scheduler", "session:x", reason="ended_by_another"),
    )  # fmt: skip

    async def seen(browser: Browser, slug: str, event: str) -> list[str]:
        where = f"/log/{slug}/supplier"
        found = places((await browser.get(f"{where}?event={event}")).text)
        return [(await browser.get(f"{where}/entry/{place}")).text for place in found]

    for browser, slug, own, foreign in ((lovisa, "ekbacka", "e", "n"), (niklas, "norrvik", "n", "e")):
        refusals = await seen(browser, slug, "connection.refused")
        assert sum('"object":"process:receiver"' in html.unescape(one) for one in refusals) == 1
        assert sum('"object":"several"' in html.unescape(one) for one in refusals) == 1
        assert not any("device:0190aaaa" in one for one in refusals)
        ended = [html.unescape(one) for one in await seen(browser, slug, "session.ended")]
        assert any(f'"object":"session:{own}"' in one for one in ended)
        assert not any(f'"object":"session:{foreign}"' in one or '"object":"session:x"' in one for one in ended)
        denied = [html.unescape(one) for one in await seen(browser, slug, "access.denied")]
        counts = {int(found) for one in denied for found in re.findall(r'"count":([0-9]+)', one)} & {11, 12, 13}
        assert counts == ({11, 13} if slug == "ekbacka" else {12, 13})


async def test_a_session_that_somebody_else_ended_reaches_the_authority_by_the_accounts_name(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    account = installation.accounts["emil"]
    async with await open_connection(
        installation.server, platform_role("signin"), PLATFORM_DATABASE, application="test"
    ) as signin:
        await open_session(signin, account, "operator", "test", datetime.now(UTC))
        await end_sessions_of(signin, account, actor="scheduler", now=datetime.now(UTC))
    await logs.seal_platform()
    place = places((await lovisa.get(f"{HERE}?event=session.ended&actor=scheduler")).text)[0]
    assert "Emil Ekbacka" in (await lovisa.get(f"{HERE}/entry/{place}")).text


async def test_nobody_in_care_is_looked_for_there_and_none_is_entered_as_looked_for(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    mark = logs.mark("ekbacka")
    answer = await lovisa.get(f"{HERE}?person={person_of(installation, FULL_PERSON)}")
    assert answer.status == 400
    assert "nämner ingen brukare" in answer.text
    assert logs.since(mark, "ekbacka") == []


async def test_term_17_4_the_page_says_what_is_not_as_it_was_accepted_and_whether_anybody_looks(
    lovisa: Browser, niklas: Browser, logs: Logs, installation: Installation
) -> None:
    names = {slug: one.database_name for slug, one in installation.authorities.items()}
    forget = "truncate vaka.protected_state, vaka.drift, vaka.protected_look"
    logs.execute("platform", forget, unguarded=True)
    page = (await lovisa.get(HERE)).text
    assert "så inget är känt om dem" in page
    accepted = dict.fromkeys(("file:vaka.toml", *(f"rights:{name}" for name in names.values())), "0" * 64)

    async def look(**seen: str) -> None:
        async with await open_connection(
            installation.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test"
        ) as scheduler:
            await scheduler.execute("select tell_drift(%s, '{}', %s)", (Jsonb({**accepted, **seen}), datetime.now(UTC)))

    async with await open_connection(
        installation.server, platform_role("setup"), PLATFORM_DATABASE, application="test"
    ) as setup:
        await setup.execute(
            "select accept_state(%s, %s, true, 'setup:uid-0', now())", (list(accepted), list(accepted.values()))
        )
    await look()
    assert "är som de godtogs. Jämfört" in (await lovisa.get(HERE)).text
    rights = f"rights:{names['norrvik']}"
    await look(**{"file:vaka.toml": "1" * 64, rights: "1" * 64})
    for browser, here, sees in ((lovisa, HERE, False), (niklas, "/log/norrvik/supplier", True)):
        page = (await browser.get(here)).text
        box = page.partition('aria-labelledby="protected"')[2].partition("</section>")[0]
        assert "file:vaka.toml" in box
        assert "Ändrad" in box
        assert (rights in box) is sees
    await logs.seal_platform()
    assert "Skyddad konfiguration är inte som den godtogs" in (await lovisa.get(HERE)).text
    # Who no longer looks says nothing: what was found stays, and that nothing more is known stands above it.
    logs.execute("platform", "update vaka.protected_look set looked_at = looked_at - interval '6 minutes'")
    page = (await lovisa.get(HERE)).text
    assert "så inget är känt om dem" in page
    assert "file:vaka.toml" in page
    logs.execute("platform", forget, unguarded=True)

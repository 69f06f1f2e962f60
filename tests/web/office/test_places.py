# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One administers from a network that two have registered; from any other the session ends (term 3)."""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.web.browsers import sign_in
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, written
from tests.web.office.conftest import enter
from tests.web.office.test_registers import empty_registers, stepped  # noqa: F401 - a fixture
from tests.web.portal.conftest import Logs
from vaka.access.remote_work import PlaceRefusedError, place_session
from vaka.clock import SystemClock
from vaka.database.connections import transaction
from vaka.settings import Settings
from vaka.web.asker import COOKIES
from vaka.web.desk.opening import open_desk
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
SAID = "Härifrån får ingen administrera"


def network(**fields: str) -> dict[str, str]:
    """A network of the register."""
    day = (SystemClock().now() + timedelta(days=90)).date().isoformat()
    return {"title": "Driftens VPN", "network": "198.51.100.0/24", "place": "remote", "used_for": "Jour och underhåll",
            "valid_until": day, **fields}  # fmt: skip


async def registered(one: Administrator, other: Administrator, **fields: str) -> str:
    """A network in force, written by one and approved by another; return where it is shown."""
    entry = await written(one, "networks", network(**fields))
    assert await stepped(other, entry, "approve") == 303
    return entry


@pytest.fixture
def both(algot: Administrator, berit: Administrator) -> tuple[Administrator, Administrator]:
    """Two who sit on the same network."""
    algot.browser.address = berit.browser.address = HERE
    return algot, berit


def placed(logs: Logs, before: int) -> list[tuple[str, str, str | None]]:
    """What the log says of where sessions were, and why they ended."""
    return [
        (one["event"], one["outcome"], one["detail"].get("location") or one["detail"].get("reason"))
        for one in logs.since(before, "platform")
        if one["event"] in ("session.placed", "session.ended")
    ]


async def test_term_03_3_from_a_network_that_is_not_registered_a_session_is_refused_ends_and_is_an_entry(
    both: tuple[Administrator, Administrator], strict: Office, installation: Installation, logs: Logs
) -> None:
    await registered(*both)
    before = logs.mark("platform")
    far = await enter(strict, installation, "adam")
    far.address = ELSEWHERE
    refused = await far.get("/")
    assert refused.status == 403
    assert SAID in refused.text
    assert "Larmen tas emot som vanligt" in refused.text
    assert (await far.get("/")).header("location").startswith("http"), "there is no session any more"
    far.address = HERE
    assert (await far.get("/")).status == 303, "not even where one may"
    assert placed(logs, before) == [
        ("session.placed", "failure", "refused"), ("session.ended", "success", "unregistered_network"),
    ]  # fmt: skip
    told = logs.since(before, "platform")
    assert {one["actor"] for one in told} == {f"account:{far.account}"}
    assert ELSEWHERE not in str(told), "nobody's address is in the log"


async def test_term_03_3_a_session_that_was_let_in_ends_when_it_comes_from_elsewhere(
    both: tuple[Administrator, Administrator], logs: Logs
) -> None:
    """A cookie that was carried off is worth nothing where the thief is."""
    algot, berit = both
    entry = await registered(*both)
    before = logs.mark("platform")
    assert (await algot.browser.get("/requests")).status == 200
    assert (await algot.browser.get("/requests")).status == 200
    algot.browser.address = ELSEWHERE
    for method, path in (("GET", "/here"), ("POST", "/sessions")):
        answer = await algot.browser.send(method, path, {"accept": "text/html", "sec-fetch-site": "same-origin"})
        assert (answer.status, SAID in answer.text) in ((403, True), (401, False)), path
    assert placed(logs, before) == [
        ("session.placed", "success", "remote"), ("session.placed", "failure", "refused"),
        ("session.ended", "success", "unregistered_network"),
    ]  # fmt: skip
    [first, *_] = [one for one in logs.since(before, "platform") if one["event"] == "session.placed"]
    assert first["detail"]["network"] == f"register_entry:{entry.rpartition('/')[2]}"
    assert (await berit.browser.get("/requests")).status == 200


async def test_term_03_3_who_answers_alarms_is_never_asked_from_where(
    both: tuple[Administrator, Administrator], installation: Installation
) -> None:
    await registered(*both)
    settings = Settings(mode="demo")
    async with open_desk(installation.server, settings, SystemClock()) as desk:
        olga = await sign_in(desk, settings, installation, "olga")
        olga.address = ELSEWHERE
        assert (await olga.get("/")).status == 200


async def test_term_03_3_without_a_network_in_force_nobody_is_locked_out(
    both: tuple[Administrator, Administrator], strict: Office, installation: Installation, logs: Logs
) -> None:
    """None yet; one that nobody has approved; one that has expired; and one that somebody forged."""
    algot, berit = both
    algot.browser.address = ELSEWHERE
    entry = await written(berit, "networks", network())
    assert (await algot.browser.get("/requests")).status == 200
    forged = (
        "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        f" values ('{uuid4()}', 1, 'networks', 'in_force', '{json.dumps(network(network='192.0.2.0/24'))}', 1,"
        f" sha256(''), '{berit.browser.account}', now())"
    )
    logs.execute("platform", forged, unguarded=True)
    assert (await algot.browser.get("/requests")).status == 200, "a row that no entry tells of locks nobody out"
    assert await stepped(berit, entry, "approve") == 403, "one's own"
    algot.browser.address = HERE
    assert await stepped(algot, entry, "approve") == 303
    for days, found in ((0, None), (90, None), (92, "remote")):
        session = await session_of(strict, installation, logs)
        assert await seen(strict, session, ELSEWHERE, timedelta(days=days)) == found, "its last day is a day"


async def test_term_03_3_nobody_locks_himself_out_or_opens_the_register_for_all(
    both: tuple[Administrator, Administrator],
) -> None:
    algot, berit = both
    wrong = await written(algot, "networks", network(network="192.0.2.0/24"))
    assert await stepped(berit, wrong, "approve") == 409, "berit sits elsewhere"
    entry = await registered(*both)
    assert 'value="end"' not in await berit.get(entry), "nobody ends alone what is in force"
    narrower = f"{entry}/edit"
    assert (await algot.do(narrower, {**fields_in(await algot.get(narrower), narrower), **network()})).status == 303
    assert await stepped(berit, entry, "end") == 409, "the only one"
    assert await stepped(berit, wrong, "approve") == 303
    assert await stepped(berit, entry, "end") == 409, "the one berit sits on"
    assert await stepped(algot, entry, "end") == 403, "algot wrote it himself"
    fields = {**fields_in(await algot.get(narrower), narrower), **network(network="198.51.100.64/26")}
    assert (await algot.do(narrower, fields)).status == 303
    assert await stepped(berit, entry, "approve") == 409, "berit's is not in it"
    berit.browser.address = "192.0.2.1"
    assert await stepped(berit, entry, "end") == 303
    assert (await algot.browser.get("/")).status == 403


@pytest.mark.parametrize("wrong", ["0.0.0.0/0", "198.51.100.7/24", "127.0.0.1", "fe80::1%eth0/64", "hallen", "::/0"])
async def test_what_is_no_network_of_premises_is_not_kept(algot: Administrator, wrong: str) -> None:
    here = "/registers/networks/new"
    answer = await algot.do(here, {**fields_in(await algot.get(here), here), **network(network=wrong)})
    assert answer.status == 400
    assert "Skriv ett nät" in answer.text


async def test_the_narrowest_network_says_what_a_place_is_and_an_emergency_is_let_in(
    both: tuple[Administrator, Administrator], strict: Office, installation: Installation, logs: Logs
) -> None:
    algot, berit = both
    await registered(algot, berit, network="198.51.0.0/16", place="site")
    await registered(algot, berit, network="198.51.100.0/25")
    await registered(algot, berit, network="2001:db8:7::/48", place="site")
    found: list[Any] = []
    for host in ("198.51.7.1", HERE, "::ffff:198.51.100.7", "2001:db8:7::1", ELSEWHERE, "", "198.51.7.1, 198.51.7.2"):
        session = await session_of(strict, installation, logs)
        found.append(await seen(strict, session, host))
    assert found == ["site", "remote", "remote", "site", None, None, None]
    session = await session_of(strict, installation, logs)
    logs.execute(
        "platform",
        "insert into vaka.break_glass (id, first_account, first_key, begun_at, second_account, second_key, session_id,"
        f" opened_at, expires_at, reason, binding, review_by) values ('{uuid4()}', '{algot.browser.account}',"
        f" '{uuid4()}', now(), '{berit.browser.account}', '{uuid4()}', '{session}', now(), now() + interval '1 hour',"
        " 'Utgivaren är nere', sha256(''), now() + interval '2 days')",
        unguarded=True,
    )
    assert await seen(strict, session, ELSEWHERE) == "remote"
    logs.execute("platform", "delete from vaka.break_glass", unguarded=True)


async def session_of(strict: Office, installation: Installation, logs: Logs) -> UUID:
    """A new session of an administrator's."""
    far = await enter(strict, installation, "adam")
    told = hashlib.sha256(far.cookies[COOKIES["administrator"]].encode()).hexdigest()
    [row] = logs.ask("platform", f"select id from vaka.session where encode(token_hash, 'hex') = '{told}'")
    return UUID(str(row["id"]))


async def seen(strict: Office, session: UUID, host: str, later: timedelta = timedelta(0)) -> str | None:
    """Where the office finds that it is; None where it is refused."""
    try:
        async with transaction(strict.platform) as connection:
            return await place_session(connection, session, host, strict.clock.now() + later)
    except PlaceRefusedError:
        return None

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nobody sees or touches what is not theirs, and a refusal does not say whether there was anything."""

from contextlib import closing
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS, emptied
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address, listed
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.keys.keyring import make_keyring
from vaka.tenants.registration import register_authority
from vaka.web import following
from vaka.web.desk.desk import Desk
from vaka.web.desk.opening import open_desk

pytestmark = pytest.mark.anyio

ACTS: dict[str, dict[str, str]] = {
    "take": {}, "take-over": {"holder": str(uuid4())}, "hear": {}, "resume": {}, "release": {},
    "suspend": {"minutes": "5"}, "hand-over": {"to": str(uuid4())},
    "note": {"body": "x"}, "merge": {"into": str(uuid4())}, "acknowledge": {"version": "1"}, "close": ENDING,
    "reopen": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of the file's tests, as the desk belongs to it."""
    return "asyncio"


@pytest.fixture
async def desk(installation: Installation, open_for_all: Desk) -> Desk:
    return await emptied(open_for_all, installation)


@pytest.fixture
def foreign(installation: Installation) -> UUID:
    """An open alarm in Norrvik."""
    return installation.raise_alarm("Bertil Åström")


async def test_the_queue_shows_ones_own_authorities_alone(
    desk: Desk, emil: Browser, olga: Browser, foreign: UUID, installation: Installation
) -> None:
    own = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, own, foreign)
    assert str(foreign) not in (await emil.get("/")).text
    assert str(own) in (await emil.get("/")).text
    assert str(foreign) in (await olga.get("/")).text


async def test_another_authoritys_alarm_does_not_exist(
    emil: Browser, foreign: UUID, installation: Installation
) -> None:
    there = await emil.get(address(installation, foreign, "norrvik"))
    nowhere = await emil.get(f"/alarm/{uuid4()}/{uuid4()}")
    garbled = await emil.get("/alarm/x/y")
    assert there.status == nowhere.status == garbled.status == 404
    assert there.text == nowhere.text == garbled.text
    mixed = await emil.get(address(installation, foreign, "ekbacka"))
    assert mixed.status == 404


@pytest.mark.parametrize("act", ACTS)
async def test_another_authoritys_alarm_cannot_be_touched(
    emil: Browser, foreign: UUID, installation: Installation, act: str
) -> None:
    before = installation.execute("norrvik", "select * from alarm where id = %s", (foreign,))
    answer = await emil.act(f"{address(installation, foreign, 'norrvik')}/{act}", ACTS[act])
    assert answer.status == 404
    assert "Bertil" not in answer.text
    after = installation.execute("norrvik", "select * from alarm where id = %s", (foreign,))
    # Presenting it to those who may see it is nobody's act here.
    assert [row for row in after if "taken" in row] == [row for row in before if "taken" in row]
    assert installation.state_of("norrvik", foreign) in ("received", "presented")


async def test_take_next_never_gives_away_another_authoritys_alarm(
    desk: Desk, emil: Browser, foreign: UUID, installation: Installation
) -> None:
    await listed(desk, installation, foreign)
    assert "Ingen väntar" in (await emil.act("/take-next")).text


async def test_bulk_close_is_for_those_who_may(desk: Desk, olga: Browser, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren", "link", "technical")
    assert (await olga.part("/bulk")).status == 403
    fields = {"authority": str(installation.authorities["ekbacka"].id), "alarm": str(alarm), **ENDING}
    assert (await olga.act("/bulk", fields)).status == 403
    lena = await sign_in(desk, SETTINGS, installation, "lena")
    elsewhere = await lena.act("/bulk", fields | {"authority": str(uuid4())})
    assert elsewhere.status == 404
    assert installation.state_of("ekbacka", alarm) != "closed"


async def test_a_technician_sees_the_device_and_not_the_person(desk: Desk, installation: Installation) -> None:
    tekla = await sign_in(desk, SETTINGS, installation, "tekla")
    alarm = installation.raise_alarm("Karin Holmgren", "battery", "technical")
    screen = (await tekla.part(address(installation, alarm))).text
    assert "Trygg 4" in screen
    assert "Din behörighet omfattar inte" in screen
    for private in ("Karin", "Blåklocksstigen", "2580", "E417", "4471", "Anneli", "Syrgas", "070-174"):
        assert private not in screen
    assert (await tekla.act(f"{address(installation, alarm)}/take")).status == 403


async def test_a_reviewer_reads_history_and_nothing_else(desk: Desk, installation: Installation) -> None:
    greta = await sign_in(desk, SETTINGS, installation, "greta")
    assert (await greta.get("/history")).status == 200
    for path in ("/", "/stream", address(installation, installation.raise_alarm("Karin Holmgren"))):
        assert (await greta.get(path)).status == 403
    assert (await greta.act("/take-next")).status == 403


async def test_somebody_without_any_role_gets_nowhere(desk: Desk, installation: Installation) -> None:
    vera = await sign_in(desk, SETTINGS, installation, "vera")
    for path in ("/", "/history", "/stream", "/bulk"):
        assert (await vera.get(path)).status == 403
    assert (await vera.post("/sign-out")).status == 303


async def test_a_denial_is_written_in_the_ledger(emil: Browser, foreign: UUID, installation: Installation) -> None:
    """In the ledger of the authority whose door was tried; where the address names none, in the platform's."""
    query = "select * from ledger.inbox where event = 'access.denied' and actor = %s order by id desc"
    places = {"norrvik": installation.authorities["norrvik"].database_name, "platform": PLATFORM_DATABASE}
    for place, path in (("norrvik", address(installation, foreign, "norrvik")), ("platform", "/bulk")):
        with closing(connect_superuser(installation.server, places[place])) as onlooker:
            before = len(onlooker.execute(query, (f"account:{emil.account}",)).fetchall())
            for _ in range(5):
                assert (await emil.get(path)).status in (403, 404)
            entries = onlooker.execute(query, (f"account:{emil.account}",)).fetchall()
            assert len(entries) - before == 1, "asked again within a minute it is counted, and not an entry more"
            assert (entries[0]["outcome"], entries[0]["object"]) == ("failure", "process:desk")
            assert entries[0]["detail"]["address"] in ("/alarm/{authority}/{alarm}", "/bulk")
            assert entries[0]["detail"]["reason"] in ("desk.see_queue", "desk.bulk_close")
            assert str(foreign) not in str(entries[0])


async def test_an_authority_registered_later_is_followed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "NEW_AUTHORITIES_SECONDS", 0.1)
    clock = SystemClock()
    async with open_desk(installation.server, SETTINGS, clock) as desk:
        setup = await open_connection(
            installation.server, platform_role("setup"), PLATFORM_DATABASE, application="test"
        )
        keyring = make_keyring(installation.server, SETTINGS, "setup", clock)
        try:
            late = await register_authority(
                installation.server, setup, keyring, "sjohult", "Sjöhults kommun", actor="test", now=clock.now()
            )
        finally:
            await keyring.close()
            await setup.close()
        await wait_until(lambda: late in desk.gateway.authorities)
        await wait_until(lambda: not desk.hub.numbers(frozenset({late.id})).trouble)

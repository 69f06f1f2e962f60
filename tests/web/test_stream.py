# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The live stream over the real databases: from an accepted message to the event, and through every kind of loss."""

import asyncio
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import listed
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role
from vaka.identity.sessions import end_sessions_of
from vaka.web.desk import stream as streaming
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio


async def test_a_stream_begins_with_the_whole_view(olga: Browser, desk: Desk, installation: Installation) -> None:
    alarm = str(installation.raise_alarm("Karin Holmgren"))
    async with olga.stream() as stream:
        while True:
            event = await stream.next("all", "change")
            if alarm in event.alarms:
                break
        assert stream.status == 200
        assert event.data["waiting"] == 1
        assert event.data["trouble"] is False


async def test_an_accepted_message_becomes_a_line_and_is_presented(olga: Browser, installation: Installation) -> None:
    async with olga.stream() as stream:
        assert (await stream.next()).name == "all"
        alarm = installation.raise_alarm("Karin Holmgren", "fall")
        # Numbers of what went before may still be on their way.
        event = await stream.next("change")
        while not event.data["put"]:
            event = await stream.next("change")
        [card] = event.data["put"]
        assert card["id"] == str(alarm)
        assert "Karin Holmgren" in card["html"]
        assert "data-rings" in card["html"]
        await wait_until(lambda: installation.state_of("ekbacka", alarm) == "presented")


async def test_without_a_desk_nothing_counts_as_presented(desk: Desk, installation: Installation) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    await wait_until(lambda: desk.hub.numbers(frozenset({installation.authorities["ekbacka"].id})).waiting == 1)
    await asyncio.sleep(0.3)
    assert installation.state_of("ekbacka", alarm) == "received"


async def test_an_alarm_of_another_authority_never_arrives(emil: Browser, installation: Installation) -> None:
    async with emil.stream() as stream:
        assert (await stream.next()).name == "all"
        foreign = installation.raise_alarm("Bertil Åström")
        own = installation.raise_alarm("Karin Holmgren")
        arrived: list[str] = []
        while str(own) not in arrived:
            arrived += (await stream.next("change")).alarms
        assert str(foreign) not in arrived
        assert installation.state_of("norrvik", foreign) == "received"


async def test_who_may_not_read_of_people_is_sent_no_name(
    olga: Browser, desk: Desk, installation: Installation
) -> None:
    tekla = await sign_in(desk, SETTINGS, installation, "tekla")
    known = installation.raise_alarm("Solveig Lindqvist")
    unknown = installation.raise_unknown("77002")
    await listed(desk, installation, known, unknown)
    page = (await tekla.get("/")).text
    assert str(known) in page
    assert "Person, namnet visas inte" in page
    assert "Solveig" not in page
    assert "77002" in page
    async with tekla.stream() as stream, olga.stream() as named:
        first = await stream.next("all")
        assert str(known) in first.alarms
        alarm = str(installation.raise_alarm("Karin Holmgren"))
        told = await stream.next("change")
        while alarm not in told.alarms:
            told = await stream.next("change")
        assert "Solveig" not in str(first.data)
        assert "Karin" not in str(told.data)
        while "Karin Holmgren" not in str((await named.next("all", "change")).data):
            pass


async def test_a_page_without_the_queue_is_told_the_numbers_alone(olga: Browser, installation: Installation) -> None:
    async with olga.stream("/stream?only=numbers") as stream:
        first = await stream.next()
        assert (first.name, first.alarms) == ("beat", [])
        alarm = installation.raise_alarm("Karin Holmgren", "fall")
        told = await stream.next("beat")
        while told.data["ringing"] != first.data["ringing"] + 1:
            told = await stream.next("beat")
        assert (told.alarms, told.data["waiting"]) == ([], first.data["waiting"] + 1)
        assert installation.state_of("ekbacka", alarm) == "received"


async def test_event_ids_say_nothing_of_the_alarm(olga: Browser, installation: Installation) -> None:
    async with olga.stream() as stream:
        await stream.next("all")
        installation.raise_alarm("Karin Holmgren")
        event = await stream.next("change")
    epoch, _, number = event.id.partition("-")
    assert len(epoch) == 8
    assert number.isdigit()


@pytest.mark.parametrize("where", ["header", "address"])
async def test_who_comes_back_gets_what_was_missed(olga: Browser, installation: Installation, where: str) -> None:
    seen = str(installation.raise_alarm("Solveig Lindqvist"))
    async with olga.stream() as stream:
        while seen not in (event := await stream.next("all", "change")).alarms:
            pass
        while "presented" not in str(event.data["put"]):
            event = await stream.next("change")
    missed = str(installation.raise_alarm("Karin Holmgren"))
    headers = {"last-event-id": event.id} if where == "header" else {}
    address = "/stream" if where == "header" else f"/stream?after={event.id}"
    async with olga.stream(address, headers) as stream:
        first = await stream.next()
        assert first.name == "change"
        arrived = first.alarms
        while missed not in arrived:
            arrived += (await stream.next("change")).alarms
        assert seen not in arrived


@pytest.mark.parametrize("last_seen", ["nonsense", "00000000-5", "x" * 500])
async def test_who_was_elsewhere_gets_the_whole_view(olga: Browser, last_seen: str) -> None:
    async with olga.stream(f"/stream?after={last_seen}") as stream:
        assert (await stream.next()).name == "all"


async def test_beats_come_while_nothing_happens(olga: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    async with olga.stream() as stream:
        beat = await stream.next("beat")
        assert beat.data["put"] == []
        assert abs(beat.data["now"] / 1000 - datetime.now(UTC).timestamp()) < 60


async def test_signing_out_ends_the_stream(olga: Browser, emil: Browser) -> None:
    async with olga.stream() as stream, emil.stream() as other:
        await stream.next("all")
        assert (await olga.post("/sign-out")).status == 303
        assert (await stream.next("ended")).data == "signed_out"
        await other.next("all", "change")
    assert (await olga.get("/")).status == 303


async def test_a_session_ended_elsewhere_ends_the_stream(
    olga: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 0.1)
    async with olga.stream() as stream:
        await stream.next("all")
        connection = await open_connection(
            installation.server, platform_role("signin"), PLATFORM_DATABASE, application="test"
        )
        await end_sessions_of(connection, installation.accounts["olga"], actor="test", now=datetime.now(UTC))
        await connection.close()
        assert (await stream.next("ended")).data == "signed_out"


async def test_a_role_that_is_taken_back_empties_the_queue(
    desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 0.1)
    edith = await sign_in(desk, SETTINGS, installation, "edith")
    theirs = str(installation.raise_alarm("Bertil Åström"))
    ours = str(installation.raise_alarm("Karin Holmgren"))
    grant = (installation.accounts["edith"], installation.authorities["norrvik"].id)
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as platform:
        async with edith.stream() as stream:
            arrived: set[str] = set()
            while not {theirs, ours} <= arrived:
                arrived |= set((await stream.next("all", "change")).alarms)
            row = platform.execute(
                "delete from vaka.role_grant where account_id = %s and authority_id = %s returning granted_at", grant
            ).fetchone()
            assert row is not None
            try:
                whole = await stream.next("all")
                assert whole.alarms == [ours]
            finally:
                platform.execute(
                    "insert into vaka.role_grant (account_id, role, authority_id, granted_at)"
                    " values (%s, 'operator', %s, now())",
                    grant,
                )


async def test_a_lost_listening_connection_comes_back_and_what_was_missed_is_read(
    olga: Browser, installation: Installation
) -> None:
    async with olga.stream() as stream:
        await stream.next("all")
        with psycopg.connect(installation.server.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
            ended = superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vaka-desk-listen'"
            ).fetchall()
        assert len(ended) >= 3
        alarm = str(installation.raise_alarm("Karin Holmgren"))
        troubled = False
        while True:
            event = await stream.next("change", "beat")
            troubled |= event.data["trouble"]
            if alarm in event.alarms:
                break
        while event.data["trouble"]:
            event = await stream.next("change", "beat")
        assert troubled


async def test_a_closed_connection_is_forgotten(olga: Browser, desk: Desk, installation: Installation) -> None:
    here = installation.authorities["ekbacka"].id
    async with olga.stream() as stream:
        await stream.next("all")
        assert installation.accounts["olga"] in desk.hub.on_duty(here)
    await wait_until(lambda: not desk.hub.on_duty(here))


async def test_a_page_and_the_stream_it_opens_miss_nothing_between_them(
    olga: Browser, installation: Installation
) -> None:
    page = (await olga.get("/")).text
    alarm = str(installation.raise_alarm("Karin Holmgren"))
    after = page.partition('data-after="')[2].partition('"')[0]
    async with olga.stream(f"/stream?after={after}") as stream:
        arrived: list[str] = []
        while alarm not in arrived:
            arrived += (await stream.next("all", "change")).alarms


async def test_what_came_with_the_page_counts_as_shown_once_its_stream_is_open(
    olga: Browser, desk: Desk, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    here = frozenset({installation.authorities["ekbacka"].id})
    await wait_until(lambda: desk.hub.numbers(here).waiting == 1)
    page = (await olga.get("/")).text
    assert str(alarm) in page
    after = page.partition('data-after="')[2].partition('"')[0]
    async with olga.stream(f"/stream?after={after}"):
        await wait_until(lambda: installation.state_of("ekbacka", alarm) == "presented")

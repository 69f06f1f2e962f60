# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who has a desk open is noted; a colleague who is gone is taken over from, a second press is answered."""

import asyncio
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.waiting import wait_until
from tests.web.browsers import Browser, Stream, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address, version_in
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.settings_web import WebSettings
from vaka.web.desk.desk import Desk
from vaka.web.serve import UNANSWERED_MILLISECONDS, serve

pytestmark = pytest.mark.anyio


def seen(installation: Installation, account: str) -> datetime | None:
    """When the account last had a desk open, as the scheduler reads it."""
    server = installation.server
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        row = connection.execute("select seen_at from vaka.desk_presence where account_id = %s", (account,)).fetchone()
    return row[0] if row else None


def forget(installation: Installation) -> None:
    server = installation.server
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        connection.execute("delete from vaka.desk_presence")


async def line_with(stream: Stream, alarm: UUID, mark: str) -> str:
    """Return the line of an alarm once the stream shows it with this mark."""
    html = ""
    while mark not in html:
        event = await stream.next("change", "all")
        html = "".join(card["html"] for card in event.data["put"] if card["id"] == str(alarm))
    return html


async def test_an_open_desk_is_noted_as_it_opens(olga: Browser, emil: Browser, installation: Installation) -> None:
    forget(installation)
    async with olga.stream() as stream:
        await stream.next("all")
        await wait_until(lambda: seen(installation, olga.account) is not None)
    at = seen(installation, olga.account)
    assert at is not None
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert seen(installation, emil.account) is None


async def test_a_colleague_at_an_open_desk_is_not_taken_over_from(
    desk: Desk, olga: Browser, emil: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    forget(installation)
    async with olga.stream() as stream:
        await stream.next("all")
        await olga.act(f"{where}/take")
        await wait_until(lambda: seen(installation, olga.account) is not None)
        assert "take-over" not in (await emil.part(where)).text
        refused = await emil.act(f"{where}/take-over", {"holder": olga.account})
        assert refused.status == 409
        assert "har sin plats öppen" in refused.text
        assert "take-over" not in (await olga.part(where)).text
        lena = await sign_in(desk, SETTINGS, installation, "lena")
        assert "take-over" in (await lena.part(where)).text
    forget(installation)
    assert f"{where}?act=take-over" in (await emil.part(where)).text
    form = await emil.part(f"{where}?act=take-over")
    assert "Olga Operatör har larmet. Det blir ditt" in form.text
    assert f'name="holder" value="{olga.account}"' in form.text
    assert 'data-key="u"' in (await emil.part(where)).text
    answer = await emil.act(f"{where}/take-over", {"holder": olga.account})
    assert answer.status == 200
    assert "Du har larmet" in answer.text
    assert "Övertaget" in answer.text
    # The one who had it finds out, and changes nothing.
    late = await olga.act(f"{where}/close", ENDING)
    assert late.status == 409
    assert "Emil Ekbacka" in late.text


@pytest.mark.parametrize("fields", [{}, {"holder": "x"}, {"holder": ""}])
async def test_take_over_names_from_whom(olga: Browser, installation: Installation, fields: dict[str, str]) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    assert (await olga.act(f"{address(installation, alarm)}/take-over", fields)).status == 400


async def test_a_second_press_is_shown_answered_and_rings_where_it_is_not(
    olga: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    where = address(installation, alarm)
    async with olga.stream() as stream:
        await stream.next("all")
        await olga.act(f"{where}/take")
        installation.raise_alarm("Karin Holmgren")
        html = await line_with(stream, alarm, "data-again")
        assert "larmar igen" in html
        assert "data-rings" not in html
        screen = (await olga.part(where)).text
        assert "Uppfattat: larmar igen" in screen
        # The closing can be opened from where one is; the next act is to answer.
        assert 'data-form="close"' in (await olga.part(f"{where}?act=close")).text
        installation.execute(
            "ekbacka", "update alarm set escalation = 1, version = version + 1 where id = %s", (alarm,)
        )
        installation.execute("ekbacka", "select announce_alarms(%s::uuid[])", ([alarm],))
        await line_with(stream, alarm, "data-rings")
        screen = (await olga.part(where)).text
        earlier = str(int(version_in(screen)) - 1)
        answer = await olga.act(f"{where}/hear", {"version": earlier})
        assert answer.status == 409
        assert "Läs det som är nytt" in answer.text
        answer = await olga.act(f"{where}/hear", {"version": version_in(screen)})
        assert answer.status == 200
        assert "Avsluta" in answer.text
        assert "Uppfattat: larmar igen" not in answer.text
        version = version_in((await olga.part(f"{where}?act=close")).text)
        assert (await olga.act(f"{where}/close", ENDING | {"version": version})).status == 200


async def test_the_next_one_is_what_a_colleague_leaves_unanswered_where_nobody_waits(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren")
    async with olga.stream() as stream:
        await stream.next("all")
        await emil.act(f"{address(installation, alarm)}/take")
        installation.raise_alarm("Karin Holmgren")
        await line_with(stream, alarm, "data-again")
        assert "Ingen väntar just nu." in (await olga.act("/take-next")).text
        installation.execute(
            "ekbacka",
            "with left_behind as (update alarm set escalation = 1, version = version + 1 where id = %s returning id)"
            " select announce_alarms(array_agg(id)) from left_behind",
            (alarm,),
        )
        await line_with(stream, alarm, "data-rings")
        asked = (await olga.act("/take-next")).text
        assert 'data-form="take-over"' in asked
        assert f'name="holder" value="{emil.account}"' in asked
        assert installation.execute("ekbacka", "select holder from alarm where id = %s", (alarm,)) == [
            (UUID(emil.account),)
        ]
        # Its holder is led to the next act instead.
        assert "Uppfattat: larmar igen" in (await emil.act("/take-next")).text


async def test_a_dead_browser_does_not_stay_for_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server accepts has the limit of the socket it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made: list[socket.socket] = []
    create = socket.create_server

    def remember(*arguments: object, **options: object) -> socket.socket:
        made.append(create(*arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(socket, "create_server", remember)
    running = asyncio.create_task(serve(_refuse, WebSettings(host="127.0.0.1", port=port, origin="http://localhost")))
    await wait_until(lambda: bool(made))
    await asyncio.sleep(0)
    assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNANSWERED_MILLISECONDS
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _refuse(scope: object, receive: object, send: object) -> None:
    """An application that is never asked."""

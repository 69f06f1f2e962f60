# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A desk that nobody uses is locked on the server and rings on; an alarm in somebody's hands is never interrupted.

Time is moved in the database: the row says when the session was last used, and when its time is out.
"""

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.identity.authenticator import PRESENT, SoftKey
from tests.web.browsers import Answer, Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address, listed
from tests.web.test_every_act_is_entered import forget_sessions
from tests.web.test_own_sessions import ask, open_ids
from tests.web.test_routes import flatten
from vaka.database.server import PLATFORM_DATABASE
from vaka.web.desk import stream as streaming
from vaka.web.desk.application import ADDRESSES as DESK
from vaka.web.desk.desk import Desk
from vaka.web.office.application import ADDRESSES as OFFICE
from vaka.web.portal.application import ADDRESSES as PORTAL
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PERSON = "Karin Holmgren"


@pytest.fixture(autouse=True)
def nobody_has_a_key(installation: Installation) -> Iterator[None]:
    """Keys of before are gone, and none stays."""
    forget = "truncate vaka.security_key, vaka.security_key_challenge"
    unguarded(installation, forget)
    yield
    unguarded(installation, forget)


def unguarded(installation: Installation, statement: str, *values: object) -> None:
    """Change rows with the triggers off."""
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(statement.encode(), values)


@pytest.fixture
async def emil(desk: Desk, installation: Installation) -> Browser:
    """An operator, signed in once."""
    forget_sessions(installation, "emil")
    return await sign_in(desk, SETTINGS, installation, "emil")


def leave(installation: Installation, minutes: int) -> None:
    """Let emil's session be last used so long ago."""
    [session] = open_ids(installation, "emil")
    ask(installation, "insert into vaka.session_use (session_id, used_at)"
        " values (%s, now() - make_interval(mins => %s)) on conflict (session_id)"
        " do update set used_at = excluded.used_at", session, minutes)  # fmt: skip


def end_time(installation: Installation, minutes: int) -> None:
    """Let the time of emil's session be out in so many minutes; below zero, be out since."""
    unguarded(
        installation,
        "update vaka.session set expires_at = now() + make_interval(mins => %s),"
        " kept_until = kept_until + (now() + make_interval(mins => %s) - expires_at)"
        " where account_id = %s and ended_at is null",
        minutes, minutes, installation.accounts["emil"],
    )  # fmt: skip


def state(installation: Installation) -> dict[str, Any]:
    """What stands of emil's newest session."""
    [row, *_] = ask(installation, "select s.id, s.ended_at, s.expires_at, s.kept_until, u.locked_at, u.used_at"
                    " from vaka.session s left join vaka.session_use u on u.session_id = s.id"
                    " where s.account_id = %s order by s.created_at desc", installation.accounts["emil"])  # fmt: skip
    return row


def told(installation: Installation, session: UUID) -> list[str]:
    """Which events the platform's log tells of a session, in their order."""
    rows = ask(installation, "select event from ledger.inbox where object = %s order by id", f"session:{session}")
    return [row["event"] for row in rows]


def options(page: Answer) -> Any:
    """What a page asks the browser for."""
    found = re.search(r"data-options='([^']*)'", page.text)
    assert found is not None, page.text
    return json.loads(html.unescape(found[1]))


async def enrol(browser: Browser) -> SoftKey:
    """Add a key at the desk, as a browser does."""
    key = SoftKey(SETTINGS.desk.origin)
    made = key.make(options(await browser.post("/keys/add")))
    answer = await browser.post("/keys", {"name": "på nyckelknippan", "answer": made})
    assert (answer.status, answer.header("location")) == (303, "/keys")
    return key


async def test_a_session_in_use_is_not_locked(emil: Browser, installation: Installation) -> None:
    leave(installation, 13)
    assert (await emil.get("/")).status == 200
    assert state(installation)["locked_at"] is None
    assert state(installation)["used_at"] is not None


@pytest.mark.parametrize("path", ["/", "/history", "/sessions", "/keys", "/alarm/{authority}/{alarm}"])
async def test_a_desk_that_nobody_uses_shows_nothing(
    emil: Browser, desk: Desk, installation: Installation, path: str
) -> None:
    alarm = installation.raise_alarm(PERSON)
    await listed(desk, installation, alarm)
    path = address(installation, alarm) if "alarm" in path else path
    leave(installation, 16)
    answer = await emil.get(path)
    assert (answer.status, answer.header("location"), answer.body) == (303, "/locked", b"")
    # It stays so, however often it is asked; and looking at the cover is no use of the session.
    for _ in range(2):
        cover = await emil.get("/locked")
        assert cover.status == 200
        assert (await emil.part(path)).header("hx-redirect") == "/locked"
    assert (await emil.get(path, {"accept": "*/*"})).status == 423
    for private in (PERSON, "Emil", str(alarm), "Ekbacka"):
        assert private not in cover.text
    session = state(installation)
    assert session["ended_at"] is None
    assert told(installation, session["id"])[-1:] == ["session.locked"]


async def test_what_is_sent_to_a_locked_desk_is_not_done(emil: Browser, desk: Desk, installation: Installation) -> None:
    alarm = installation.raise_alarm(PERSON)
    await listed(desk, installation, alarm)
    leave(installation, 16)
    answer = await emil.post(f"{address(installation, alarm)}/take")
    assert answer.header("location") == "/locked?undone=1"
    assert "gjordes inte" in (await emil.get("/locked?undone=1")).text
    assert installation.state_of("ekbacka", alarm) != "taken"


def test_only_the_cover_and_its_stream_answer_while_locked() -> None:
    """Said a second time: an address that is added is closed unless somebody writes it here as well."""
    open_, unasked = [one for one in DESK if one.while_locked], [one for one in DESK if one.unasked]
    assert [row[:2] for row in flatten(open_)] == [("GET", "/stream"), ("GET", "/locked"), ("POST", "/unlock")]
    assert [row[:2] for row in flatten(unasked)] == [row[:2] for row in flatten(open_)] + [("GET", "/here")]
    for others in (PORTAL, OFFICE):
        assert [row[:2] for row in flatten([one for one in others if one.while_locked])] == [
            ("GET", "/locked"), ("POST", "/unlock"),
        ]  # fmt: skip
    public = {(method, path) for method, path, needs in flatten(DESK) if needs is PUBLIC}
    assert public == {
        ("POST", "/preferences"), ("POST", "/sign-out"), ("GET", "/alive"), ("GET", "/static/{fingerprint}/{name}"),
    }  # fmt: skip


async def test_the_stream_of_a_locked_desk_rings_and_names_nobody(
    emil: Browser, desk: Desk, installation: Installation
) -> None:
    async with emil.stream() as stream:
        await stream.next("all")
        leave(installation, 16)
        assert (await emil.get("/")).status == 303
        assert (await stream.next("ended")).data == "locked"
    async with emil.stream() as again:
        assert (await again.next()).data == "locked"
    async with emil.stream("/stream?only=cover") as cover:
        first = await cover.next("beat")
        alarm = installation.raise_alarm(PERSON)
        told = await cover.next()
        while told.data["ringing"] != first.data["ringing"] + 1:
            told = await cover.next()
        assert (told.name, told.alarms) == ("beat", [])
        assert PERSON not in str(told.data)
        assert str(alarm) not in str(told.data)
        assert installation.accounts["emil"] not in desk.hub.on_duty(installation.authorities["ekbacka"].id)
        # Nobody was shown it yet.
        assert installation.state_of("ekbacka", alarm) == "received"


async def test_the_stream_itself_finds_out_that_nobody_is_there(
    emil: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 0.1)
    async with emil.stream() as stream:
        await stream.next("all")
        leave(installation, 16)
        assert (await stream.next("ended")).data == "locked"
    assert state(installation)["locked_at"] is not None


async def test_it_is_unlocked_by_ones_own_key_and_goes_on_everywhere(emil: Browser, installation: Installation) -> None:
    key = await enrol(emil)
    leave(installation, 16)
    assert "Lås upp med min säkerhetsnyckel" in (await emil.get("/locked")).text
    async with emil.stream("/stream?only=cover") as cover:
        await cover.next("beat")
        touched = key.touch(options(await emil.post("/unlock")))
        done = await emil.post("/unlock", {"answer": touched})
        assert (done.status, done.header("location")) == (303, "/")
        assert (await cover.next("ended")).data == "unlocked"
    assert (await emil.get("/")).status == 200
    session = state(installation)
    assert session["locked_at"] is None
    assert told(installation, session["id"])[-2:] == ["session.locked", "session.unlocked"]
    leave(installation, 16)
    assert (await emil.get("/")).status == 303
    refused = await emil.post("/unlock", {"answer": touched})
    assert refused.status == 403, "an answer unlocks once"
    assert (await emil.get("/")).status == 303


async def test_another_key_or_a_touch_without_pin_unlocks_nothing(emil: Browser, installation: Installation) -> None:
    key = await enrol(emil)
    leave(installation, 16)
    assert (await emil.get("/")).status == 303
    key.flags = PRESENT
    for touched in (SoftKey(SETTINGS.desk.origin), key):
        answer = touched.touch(options(await emil.post("/unlock")))
        assert (await emil.post("/unlock", {"answer": answer})).status == 403
        assert (await emil.get("/")).status == 303
    assert state(installation)["locked_at"] is not None


async def test_without_a_key_one_signs_in_anew(emil: Browser, installation: Installation) -> None:
    leave(installation, 16)
    cover = (await emil.get("/locked")).text
    assert f'href="{SETTINGS.signin.origin}/"' in cover
    assert "/unlock" not in cover
    assert (await emil.post("/unlock")).header("location") == "/locked"
    assert (await emil.post("/sign-out")).status == 303
    assert state(installation)["ended_at"] is not None


async def test_an_alarm_in_ones_hands_is_never_interrupted_by_a_lock(
    emil: Browser, desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 0.1)
    alarm = installation.raise_alarm(PERSON)
    await listed(desk, installation, alarm)
    where = address(installation, alarm)
    async with emil.stream() as stream:
        assert (await emil.post(f"{where}/take")).status == 303
        leave(installation, 90)
        for _ in range(10):
            assert (await stream.next()).name in ("all", "change", "beat")
        assert state(installation)["locked_at"] is None
        leave(installation, 90)
        assert PERSON in (await emil.get(where)).text
        leave(installation, 90)
        assert (await emil.post(f"{where}/close", ENDING)).status == 303
        assert installation.state_of("ekbacka", alarm) == "closed"
        # Closing it was use. From then on the clock runs as for anybody.
        assert (await emil.get("/")).status == 200
        leave(installation, 16)
        assert (await stream.next("ended")).data == "locked"


async def test_who_cannot_be_asked_about_is_busy(
    emil: Browser, desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locking waits where an authority's database does not say whether an alarm is in his hands."""
    leave(installation, 16)
    with monkeypatch.context() as broken:

        def down(*_: object) -> None:
            raise OSError

        broken.setattr(type(desk.gateway), "transaction", down)
        await emil.get("/sessions")
        assert state(installation)["locked_at"] is None
    leave(installation, 16)
    await emil.get("/sessions")
    assert state(installation)["locked_at"] is not None


async def test_a_session_goes_on_past_its_time_for_an_alarm_and_no_longer(
    emil: Browser, desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 0.1)
    alarm = installation.raise_alarm(PERSON)
    await listed(desk, installation, alarm)
    where, session = address(installation, alarm), open_ids(installation, "emil")[0]
    assert (await emil.post(f"{where}/take")).status == 303
    end_time(installation, 4)
    async with emil.stream() as stream:
        while state(installation)["kept_until"] is None:
            await stream.next()
        end_time(installation, -30)
        for _ in range(10):
            assert (await stream.next()).name in ("all", "change", "beat")
        assert PERSON in (await emil.get(where)).text
        assert (await emil.post(f"{where}/close", ENDING)).status == 303
        assert installation.state_of("ekbacka", alarm) == "closed"
        assert (await stream.next("ended")).data == "signed_out"
    assert (await emil.get("/")).status == 303
    assert told(installation, session) == ["session.started", "session.kept", "session.ended"]
    [entry] = ask(installation, "select detail from ledger.inbox where event = 'session.ended' and object = %s",
                  f"session:{session}")  # fmt: skip
    assert entry["detail"]["reason"] == "time_out"


async def test_past_its_time_a_session_goes_on_two_hours_at_most(
    emil: Browser, desk: Desk, installation: Installation
) -> None:
    alarm = installation.raise_alarm(PERSON)
    await listed(desk, installation, alarm)
    where = address(installation, alarm)
    assert (await emil.post(f"{where}/take")).status == 303
    end_time(installation, 4)
    assert (await emil.get(where)).status == 200
    end_time(installation, -119)
    assert (await emil.get(where)).status == 200
    end_time(installation, -121)
    assert (await emil.get(where)).status == 303


async def test_without_an_alarm_a_session_ends_when_its_time_is_out(emil: Browser, installation: Installation) -> None:
    end_time(installation, 4)
    assert (await emil.get("/")).status == 200
    assert state(installation)["kept_until"] is None
    end_time(installation, -1)
    assert (await emil.get("/")).status == 303


@pytest.mark.parametrize(("minutes", "realm"), [(60, "operator"), (4, "authority")])
def test_the_database_keeps_no_session_that_needs_it_not(installation: Installation, minutes: int, realm: str) -> None:
    """Whoever has taken the desk's role over lets no session go on for ever."""
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("begin")
        [row] = superuser.execute(
            "insert into vaka.session (token_hash, id, account_id, realm, method, created_at, expires_at)"
            " values (decode(md5(random()::text) || md5(random()::text), 'hex'), gen_random_uuid(), %s, %s, 'test',"
            " now(), now() + make_interval(mins => %s)) returning id",
            (installation.accounts["emil"], realm, minutes),
        ).fetchall()
        [kept] = superuser.execute("select vaka.keep_session(%s, now()) as kept", (row["id"],)).fetchall()
        superuser.execute("rollback")
    assert kept["kept"] is False

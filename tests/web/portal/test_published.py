# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The log as the portal publishes it: to those who may take it out, entered once, and verified over the network."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from uuid import UUID

import pytest
from click.testing import CliRunner

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation, open_installation
from tests.web.portal.conftest import SETTINGS, Logs, account_of, enter, files_of, person_of
from vaka.clock import TurnedClock
from vaka.commands.main import main
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.notes import parse_note
from vaka.settings_web import PortalSettings
from vaka.web.asker import COOKIES
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal
from vaka.web.portal.taking_out import LARGEST_MEMORY, WINDOW_SECONDS, TakingOut
from vaka.web.serve import serve

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/published"


@pytest.fixture
def open_for_all(open_for_each: Portal) -> Portal:
    """Here each has its own: what one remembers, the next has not read."""
    return open_for_each


@pytest.fixture(scope="module")
def furnished() -> Iterator[Installation]:
    """An installation of its own: elsewhere tests break the log, and here it is verified whole."""
    with open_installation() as installation:
        asyncio.run(Logs(installation).seal())
        yield installation


def key_of(installation: Installation) -> str:
    files = files_of(installation, installation.authorities["ekbacka"].database_name)
    return files.public.read_text().strip()


@asynccontextmanager
async def on_the_network(portal: Portal) -> AsyncIterator[str]:
    """Serve the portal at an address of its own, as its process does."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = PortalSettings(port=port, origin=f"http://127.0.0.1:{port}")
    serving = asyncio.create_task(serve(build_portal(portal, SETTINGS.model_copy(update={"portal": where})), where))
    try:
        while True:
            with suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            await asyncio.sleep(0.02)
        yield where.origin
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def fill(logs: Logs, installation: Installation, count: int = 300) -> None:
    """Entries about somebody in care, sealed."""
    actor, facts = account_of(installation, "olga"), {"person": str(person_of(installation, FULL_PERSON))}
    now = datetime.now(UTC)
    await logs.write(*(Entry(Event.ALARM_READ, actor, now, f"alarm:{n}", detail=facts) for n in range(count)))
    await logs.seal()


async def test_the_verifier_takes_what_the_portal_serves_and_that_is_one_entry(
    portal: Portal, installation: Installation, lovisa: Browser, logs: Logs, tmp_path: Path
) -> None:
    await fill(logs, installation)
    mark = logs.mark("ekbacka")
    cookie = tmp_path / "cookie"
    cookie.write_text(f"{COOKIES['authority']}={lovisa.cookies[COOKIES['authority']]}\n")
    async with on_the_network(portal) as origin:
        command = ["verify", f"{origin}{HERE}", "--log", key_of(installation), "--json"]
        stranger = await asyncio.to_thread(CliRunner().invoke, main, command)
        told = await asyncio.to_thread(CliRunner().invoke, main, [*command, "--cookie", str(cookie)])
    assert (stranger.exit_code, "401" in stranger.output) == (2, True)
    said = json.loads(told.output)
    assert (told.exit_code, said["verified"]) == (0, True), told.output
    assert said["checked"]["entries"] >= 300
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"]) == ("log.exported", f"account:{lovisa.account}")
    assert entry["detail"] == {"format": "tlog-tiles", "reason": "verification", "size": said["checked"]["size"]}


async def test_a_changed_entry_is_served_as_it_is_and_found(
    portal: Portal, installation: Installation, lovisa: Browser, logs: Logs, tmp_path: Path
) -> None:
    await fill(logs, installation)
    cookie = tmp_path / "cookie"
    cookie.write_text(f"{COOKIES['authority']}={lovisa.cookies[COOKIES['authority']]}")
    logs.execute("ekbacka", "create table public.aside as select * from ledger.log_entry where index = 2")
    change = "update ledger.log_entry set leaf = replace(convert_from(leaf, 'UTF8'), 'e', 'a')::bytea where index = 2"
    logs.execute("ekbacka", change, unguarded=True)
    try:
        async with on_the_network(portal) as origin:
            command = ["verify", f"{origin}{HERE}", "--log", key_of(installation), "--cookie", str(cookie)]
            told = await asyncio.to_thread(CliRunner().invoke, main, command)
    finally:
        back = "update ledger.log_entry l set leaf = a.leaf from public.aside a where a.index = l.index"
        logs.execute("ekbacka", back, unguarded=True)
        logs.execute("ekbacka", "drop table public.aside")
    assert told.exit_code == 1
    assert "entry 2" in told.output


async def test_each_file_says_what_it_is_and_only_hashes_that_never_change_are_kept_by_the_browser(
    lovisa: Browser, logs: Logs, installation: Installation
) -> None:
    await fill(logs, installation)
    size = parse_checkpoint(parse_note((await lovisa.get(f"{HERE}/checkpoint")).body).text).size
    for path, media_type, caching in (
        ("checkpoint", "text/plain; charset=utf-8", "no-store"),
        ("tile/0/000", "application/octet-stream", "private, max-age=31536000, immutable"),
        ("tile/0/000.p/7", "application/octet-stream", "no-store"),
        ("tile/1/000.p/1", "application/octet-stream", "no-store"),
        ("tile/entries/000", "application/octet-stream", "no-store"),
    ):
        answer = await lovisa.get(f"{HERE}/{path}")
        assert (answer.status, answer.header("content-type"), answer.header("cache-control")) == (
            200, media_type, caching
        ), path  # fmt: skip
        assert (await lovisa.get(f"{HERE}/{path}")).body == answer.body
    assert len((await lovisa.get(f"{HERE}/tile/0/000")).body) == 256 * 32
    for path in (f"tile/0/{size // 256 + 1:03}", "tile/0/000.p/256", "tile", "", "..%2f", "kept/000", "x" * 300):
        assert (await lovisa.get(f"{HERE}/{path}")).status == 404


async def test_nobody_is_named_in_what_is_published(lovisa: Browser, logs: Logs, installation: Installation) -> None:
    await fill(logs, installation)
    text = (await lovisa.get(f"{HERE}/tile/entries/000")).body.decode("utf-8", "replace")
    assert str(installation.accounts["olga"]) in text or "alarm:" in text
    for name in (*FULL_PERSON.split(), "Olga"):
        assert name not in text


async def test_it_is_entered_before_the_first_file_again_after_a_while_and_for_each_session(
    portal: Portal, installation: Installation, lovisa: Browser, logs: Logs
) -> None:
    await fill(logs, installation)
    mark = logs.mark("ekbacka")
    await asyncio.gather(*(lovisa.get(f"{HERE}/tile/0/000") for _ in range(8)))
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.exported"]
    again = await enter(portal, installation, "lovisa")
    await again.get(f"{HERE}/checkpoint")
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.exported"] * 2
    other = await enter(portal, installation, "lovisa")
    logs.execute("ekbacka", "revoke execute on function ledger.append from g_portal")
    try:
        refused = await other.get(f"{HERE}/tile/entries/000")
        assert (refused.status, b"alarm:" in refused.body) == (500, False)
    finally:
        logs.execute("ekbacka", "grant execute on function ledger.append to g_portal")
    assert (await other.get(f"{HERE}/tile/entries/000")).status == 200
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.exported"] * 3


async def test_what_is_remembered_ends_and_is_bounded(clock: TurnedClock) -> None:
    taking, written, (session, authority) = TakingOut(clock), [0], (UUID(int=0), UUID(int=1))

    async def write() -> None:
        written[0] += 1

    for _ in range(3):
        await taking.enter(session, authority, write)
    assert written == [1]
    await taking.enter(session, UUID(int=2), write)
    clock.turn(WINDOW_SECONDS)
    await taking.enter(session, authority, write)
    assert written == [3]
    for n in range(LARGEST_MEMORY + 10):
        await taking.enter(UUID(int=n + 10), authority, write)
    assert len(taking) == LARGEST_MEMORY


async def test_the_auditor_saves_the_checkpoint_and_takes_nothing_out(
    rut: Browser, logs: Logs, installation: Installation
) -> None:
    await fill(logs, installation, 1)
    assert 'href="/log/ekbacka/checkpoint"' in (await rut.get("/log/ekbacka")).text
    mark = logs.mark("ekbacka")
    answer = await rut.get("/log/ekbacka/checkpoint")
    size = parse_checkpoint(parse_note(answer.body).text).size
    assert answer.header("content-disposition") == f'attachment; filename="ekbacka-{size}.checkpoint"'
    for path in ("checkpoint", "tile/entries/000"):
        assert (await rut.get(f"{HERE}/{path}")).status == 403
    told = logs.since(mark, "ekbacka")
    assert [one["event"] for one in told] == ["log.read", "access.denied"]
    assert told[0]["detail"] == {"format": "checkpoint", "size": size}

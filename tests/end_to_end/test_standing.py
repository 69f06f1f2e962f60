# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""While the ledger stands still, an alarm is received, shown and closed, and nobody changes a register.

Real processes: the sequencer hangs, its key is gone, its database is older than what it has signed. Afterwards what
happened meanwhile is sealed, and registers can be changed again.
"""

import http.client
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.end_to_end.house import House, SimulatedDevice
from tests.receiver.devices import Credentials, UdpDevice, authorization, message, mrq
from tests.signing_in import cookies_of, sign_in_over_http
from tests.waiting import wait_for
from vaka.database.server import PLATFORM_DATABASE, tenant_database
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]

SLUG = "ekbacka"
DATABASES = (PLATFORM_DATABASE, tenant_database(SLUG))
ENDING = {"reason": "needs_help", "action": "home_care", "result": "arrived_and_helped", "text": ""}
STANDS_STILL = "The ledger is not being sealed at the moment"


@pytest.fixture(scope="module")
def broken_house(own_house: House, new_port_base: Callable[[], int]) -> House:
    """A demo that its tests break and mend."""
    own_house.start("demo", "--no-traffic", "--people", "7", "--port-base", str(new_port_base()))
    wait_for(lambda: all(checkpoints(own_house, slug) for slug in (None, SLUG)))
    return own_house


@pytest.fixture(scope="module")
def device(broken_house: House) -> SimulatedDevice:
    return broken_house.draw_device("udp", "digest", "MD5", SLUG)


class Operator:
    """An operator's browser, as far as these tests need one."""

    def __init__(self, house: House) -> None:
        self._desk = house.settings.desk.origin
        self._cookie = cookies_of(sign_in_over_http(house.settings.signin.origin, "operator"))
        assert "__Host-vaka-operator" in self._cookie

    def sees(self, alarm: object) -> bool:
        """Whether the queue shows an alarm."""
        status, _, page = self._ask(self._desk, "GET", "/")
        return status == 200 and f'id="a-{alarm}"' in page

    def act(self, path: str, fields: dict[str, str] | None = None) -> int:
        """Do something at the desk."""
        return self._ask(self._desk, "POST", path, fields or {})[0]

    def _ask(
        self, origin: str, method: str, path: str, fields: dict[str, str] | None = None
    ) -> tuple[int, list[str], str]:
        place = urlsplit(origin)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin", "cookie": self._cookie, "host": place.netloc}
        if fields is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return answer.status, answer.headers.get_all("set-cookie") or [], page


@contextmanager
def hung_sequencer(house: House) -> Iterator[None]:
    """It lives and does nothing. (One that dies is started again by the supervisor.)"""
    process = house.process_id("sequencer")
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@contextmanager
def missing_keys(house: House) -> Iterator[None]:
    """The keys are gone, and the sequencer finds that out when it starts."""
    keys = [house.root / "credentials" / f"{database}.log.key" for database in DATABASES]
    for key in keys:
        key.rename(key.with_suffix(".aside"))
    restart_sequencer(house)
    wait_for(lambda: (house.root / "logs" / "sequencer.log").read_text().count("halted: key") >= len(keys))
    try:
        yield
    finally:
        for key in keys:
            key.with_suffix(".aside").rename(key)


@contextmanager
def older_database(house: House) -> Iterator[None]:
    """The signer remembers more than the database holds, as after an old copy was put back."""
    memories = [house.root / "ledger" / f"{database}.signed" for database in DATABASES]
    os.kill(house.process_id("sequencer"), signal.SIGSTOP)  # so that it does not write them meanwhile
    texts = [edit_memory(memory) for memory in memories]
    restart_sequencer(house)
    log = house.root / "logs" / "sequencer.log"
    wait_for(lambda: log.read_text().count("halted: older") >= len(memories))
    try:
        yield
    finally:
        for memory, text in zip(memories, texts, strict=True):
            memory.write_text(text)


def edit_memory(memory: Path) -> str:
    """Let a signer remember a larger log, and return what it remembered."""
    text = memory.read_text()
    known = parse_checkpoint(text)
    memory.write_text(Checkpoint(known.origin, known.size + 1_000_000, known.root).text)
    return text


def restart_sequencer(house: House) -> None:
    killed = house.kill("sequencer")
    house.wait_for_restart("sequencer", killed)


def checkpoints(house: House, slug: str | None = SLUG) -> int:
    """How far the log is signed."""
    with house.tenant(slug or SLUG, "superuser") if slug else house.platform() as database:
        row = database.execute("select coalesce(max(size), 0) as size from ledger.checkpoint").fetchone()
    assert row is not None
    return int(row["size"])


def let_time_pass(house: House) -> None:
    """As if nobody had signed for ten minutes."""
    for place in (house.tenant(SLUG, "superuser"), house.platform()):
        with place as database:
            database.execute("update ledger.checkpoint set signed_at = signed_at - interval '10 minutes'")


def waiting(house: House) -> list[str]:
    with house.tenant(SLUG, "superuser") as database:
        rows = database.execute("select event from ledger.inbox order by id").fetchall()
    return [row["event"] for row in rows]


def register(house: House, sender: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Try to register a device, as an administrator does."""
    sheet = directory / f"{sender}.csv"
    sheet.write_text(f"sender;authentication;password\n{sender};digest;correct horse\n")
    return house.command(
        "device", "import", "--authority", SLUG, "--apply", "--change", "C-1", "--reason", "Planerat underhåll", sheet
    )


TROUBLES: list[Callable[[House], AbstractContextManager[None]]] = [hung_sequencer, missing_keys, older_database]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
async def test_alarms_go_on_and_privileged_acts_do_not(
    broken_house: House,
    device: SimulatedDevice,
    tmp_path: Path,
    trouble: Callable[[House], AbstractContextManager[None]],
) -> None:
    house, name = broken_house, trouble.__name__
    olga = Operator(house)
    house.stand_behind_commands()
    with trouble(house):
        let_time_pass(house)
        before = checkpoints(house)

        sender = UdpDevice(house.port("udp"))
        body = mrq(device.cid, ref=name[:8])
        challenged = await sender.ask(message(device.cid, body))
        known = Credentials(device.cid, device.username or "", device.password or "")
        proof = authorization(challenged, known)
        assert (await sender.ask(message(device.cid, body, headers=(proof,)))).status == 200
        await sender.close()
        alarm = house.alarm(device, name[:8])["id"]
        wait_for(lambda: olga.sees(alarm))
        with house.tenant(SLUG) as tenant:
            row = tenant.execute("select id from alarm where id = %s", (alarm,)).fetchone()
        assert row is not None
        where = f"/alarm/{authority(house)}/{alarm}"
        assert olga.act(f"{where}/take") == 303
        assert olga.act(f"{where}/close", ENDING) == 303
        assert house.alarm(device, name[:8])["state"] == "closed"
        # And somebody who comes to work meanwhile gets in.
        late = Operator(house)
        wait_for(lambda: not late.sees(alarm))

        refused = register(house, f"771{TROUBLES.index(trouble)}", tmp_path)
        assert refused.returncode == 1
        assert STANDS_STILL in refused.stderr
        assert "Alarms are received, shown and closed as usual." in refused.stderr
        assert {"alarm.raised", "alarm.taken", "alarm.closed"} <= set(waiting(house)), "their entries wait"
        assert checkpoints(house) == before

    wait_for(lambda: checkpoints(house) > before and not waiting(house), 60)
    assert house.ledger(device, f"alarm:{alarm}")[:1] == ["alarm.raised"]
    assert house.ledger(device, f"alarm:{alarm}").count("alarm.closed") == 1
    wait_for(lambda: register(house, f"771{TROUBLES.index(trouble)}", tmp_path).returncode == 0, 60)


def test_a_settings_file_that_is_edited_while_it_runs_is_told_of(broken_house: House) -> None:
    """Long before anything starts again and reads it."""
    house = broken_house
    told = """select detail from ledger.inbox where event = 'settings.changed' union all
              select convert_from(leaf, 'UTF8')::jsonb -> 'detail' from ledger.log_entry
              where convert_from(leaf, 'UTF8')::jsonb ->> 'event' = 'settings.changed'"""

    def names() -> list[str]:
        with house.platform() as platform:
            return [row["detail"]["names"] for row in platform.execute(told).fetchall()]

    wait_for(lambda: len(names()) == 1)
    file = house.root / "vaka.toml"
    file.write_text(file.read_text() + "\n[scheduler]\nsupervision_seconds = 11\n")
    wait_for(lambda: "scheduler.supervision_seconds" in names(), 60)


def authority(house: House) -> object:
    with house.platform() as platform:
        row = platform.execute("select id from vaka.authority where slug = %s", (SLUG,)).fetchone()
    assert row is not None
    return row["id"]

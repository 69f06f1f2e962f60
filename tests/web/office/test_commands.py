# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator stands behind the commands that he runs (term 17): a code, what asks, a touch, an hour."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import psycopg
import pytest

from tests.identity.authenticator import Maker, SoftKey
from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import SETTINGS, enter
from tests.web.portal.conftest import SETTINGS as PORTAL
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from tests.web.portal.touching import hidden, options, shown
from vaka.access.time_boxes import YEAR
from vaka.clock import SystemClock
from vaka.commands.maintenance import fingerprint
from vaka.identity.command_logins import CODE_LENGTH, LETTERS, hash_code, new_code, write_code
from vaka.identity.models import Model
from vaka.web.office.office import Office
from vaka.web.portal.opening import open_portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/command"
VAKA = str(Path(sys.executable).with_name("vaka"))
CODE = re.compile(rf"\b([{LETTERS}]{{4}}-[{LETTERS}]{{4}})\b")
APPLY = ("--apply", "--change", "C-30", "--reason", "Ny roll")


@pytest.fixture
def runtime(installation: Installation, tmp_path: Path, logs: Logs) -> Iterator[Path]:
    """Where a command keeps its session, of an installation that a supervisor holds."""
    settings = installation.root / "vaka.toml"
    had = settings.read_text() if settings.exists() else None
    settings.write_text('mode = "demo"\n[receiver]\ntls_port = false\n[database]\n')
    (installation.root / "run").mkdir(exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX);"
         " print(flush=True); time.sleep(3600)", installation.root / "run" / "supervisor.lock"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    yield tmp_path
    holder.kill()
    holder.wait()
    settings.unlink()
    if had is not None:
        settings.write_text(had)
    forget = (
        "truncate vaka.command_session, vaka.command_confirmation, vaka.command_login, vaka.security_key,"
        " vaka.security_key_challenge"
    )
    logs.execute("platform", forget, unguarded=True)
    taken = f"delete from vaka.role_grant where account_id = '{installation.accounts['vera']}'"
    logs.execute("platform", taken, unguarded=True)


def environment(runtime: Path) -> dict[str, str]:
    return {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}


async def vaka(installation: Installation, runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [VAKA, *arguments[:2], "--data", str(installation.root), *arguments[2:]] if arguments[0] not in (
        "login", "logout") else [VAKA, *arguments, "--data", str(installation.root)]  # fmt: skip
    return await anyio.to_thread.run_sync(
        lambda: subprocess.run(command, capture_output=True, text=True, env=environment(runtime), check=False)
    )


def granting(installation: Installation) -> tuple[str, ...]:
    account = str(installation.accounts["vera"])
    what = ("--account", account, "--role", "auditor", "--until", str((SystemClock().now() + YEAR).date()))
    return ("role", "grant", "--authority", "ekbacka", *what, *APPLY)


@asynccontextmanager
async def asking(installation: Installation, runtime: Path) -> AsyncIterator[tuple[str, "subprocess.Popen[str]"]]:
    """A `vaka login` that waits, and the code it shows."""
    process = subprocess.Popen(
        [VAKA, "login", "--data", installation.root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(runtime),
    )  # fmt: skip
    try:
        said = ""
        while not (found := CODE.search(said)):
            assert process.stdout is not None
            line = await anyio.to_thread.run_sync(process.stdout.readline)
            assert line, process.stderr and process.stderr.read()
            said += line
        assert f"{SETTINGS.office.origin}/command" in said
        yield found[1], process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@asynccontextmanager
async def waiting(
    installation: Installation, runtime: Path, *arguments: str
) -> AsyncIterator[tuple[str, "subprocess.Popen[str]"]]:
    """A run of a privileged command that waits for its touch, and the code it shows."""
    process = subprocess.Popen(
        # As in a terminal: whoever runs the tests in the background has Ctrl-C ignored for whatever they start.
        ["env", "--default-signal=INT", VAKA, *arguments[:2], "--data", str(installation.root), *arguments[2:]],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(runtime),
    )  # fmt: skip
    assert process.stderr is not None
    try:
        said = ""
        while not (found := CODE.search(said)):
            line = await anyio.to_thread.run_sync(process.stderr.readline)
            assert line, said
            said += line
        assert f"{SETTINGS.office.origin}/command" in said
        yield found[1], process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


async def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Wait for a command to end; return how, and what else it said."""
    out, err = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=60))
    return process.returncode, out, err


def with_models(office: Office, maker: Maker) -> Office:
    """The office of an installation that lists one model of keys, and in which everybody must touch one."""
    models = {maker.aaguid: Model(maker.aaguid, "prov", (maker.root().encode(),))}
    return replace(office, step_up="required", security_keys=replace(office.security_keys, models=models))


async def enrolled(browser: Browser, maker: Maker) -> SoftKey:
    key = SoftKey(SETTINGS.office.origin, aaguid=maker.aaguid, maker=maker)
    page = await browser.post("/keys/add")
    answer = await browser.post("/keys", {"name": "nyckel", "answer": key.make(options(page))})
    assert answer.status == 303, answer.text
    return key


async def approve(browser: Browser, code: str) -> Any:
    page = await browser.post(HERE, {"code": code})
    assert "Det är jag: fortsätt" in page.text, page.text
    return await browser.post(HERE, {"code": code, "sure": "yes"})


async def test_term_17_1_without_anybody_who_stands_behind_it_a_command_is_refused(
    installation: Installation, runtime: Path, logs: Logs
) -> None:
    mark = logs.mark("platform")
    done = await vaka(installation, runtime, *granting(installation))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("vaka: Commands run in an administrator's name.")
    assert [one for one in logs.since(mark, "platform") if one["event"].startswith("role.")] == []


async def test_term_17_2_a_command_runs_in_the_name_of_who_confirmed_it_until_he_signs_out(
    adam: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    mark = logs.mark("platform")
    async with asking(installation, runtime) as (code, process):
        page = await adam.post(HERE, {"code": code.lower().replace("-", " ")})
        for said in (os.uname().nodename, f"uid {os.getuid()}", "Fortsätt bara om du själv"):
            assert said in page.text
        assert logs.since(mark, "platform") == []
        answer = await approve(adam, code)
        assert (answer.status, answer.header("location")) == (303, f"{HERE}?done=1")
        assert (await adam.post(HERE, {"code": code})).status == 400, "a code is used once"
        out, _ = await anyio.to_thread.run_sync(lambda: process.communicate(timeout=60))
        assert process.returncode == 0
        assert "Commands run in your name now" in out
    [kept] = runtime.iterdir()
    assert (kept.stat().st_mode & 0o777, kept.stat().st_size) == (0o600, 32)
    await logs.seal_platform()
    async with waiting(installation, runtime, *granting(installation)) as (code, process):
        answer = await adam.post(HERE, {"code": code, "sure": "yes"})
        assert (answer.status, answer.header("location")) == (303, f"{HERE}?done=run"), answer.text
        assert (await ended(process))[0] == 0
    entries = {one["event"]: one for one in logs.since(mark, "platform")}
    me = f"account:{adam.account}"
    assert [entries[event]["actor"] for event in ("command.approved", "command.signed_in", "role.granted")] == [me] * 3
    run = entries["command.run"]
    assert (run["actor"], run["outcome"], run["detail"]["tool"]) == (me, "success", fingerprint())
    assert (run["detail"]["proved"], run["detail"]["change"], run["detail"]["purpose"]) == (
        "session",
        "C-30",
        "Ny roll",
    )
    assert "role=auditor" in run["detail"]["arguments"]
    assert kept.read_bytes().hex() not in str(entries)
    assert (await vaka(installation, runtime, "logout")).stdout == "Signed out.\n"
    assert list(runtime.iterdir()) == []
    assert (await vaka(installation, runtime, *granting(installation))).returncode == 1


async def test_what_nobody_stood_behind_is_said_aloud_to_every_authority(
    installation: Installation, runtime: Path, logs: Logs
) -> None:
    mark = logs.mark("platform")
    done = await vaka(installation, runtime, "migrate", *APPLY, "--unattended")
    assert done.returncode == 0, done.stderr
    told = {one["event"]: one for one in logs.since(mark, "platform")}
    me = f"setup:uid-{os.getuid()}"
    assert (told["command.unproved"]["actor"], told["command.run"]["actor"]) == (me, me)
    assert told["command.unproved"]["detail"] == {"proved": "unattended", "change": "C-30"}
    assert told["command.run"]["detail"]["proved"] == "unattended"
    await logs.seal_platform()
    async with open_portal(installation.server, PORTAL, SystemClock()) as portal:
        for persona, slug in (("lovisa", "ekbacka"), ("niklas", "norrvik")):
            page = await (await enter_portal(portal, installation, persona)).get(f"/log/{slug}/supplier")
            assert "utan att någon administratör stod bakom" in page.text


async def test_it_ends_with_the_account_and_a_copied_or_opened_file_is_none(
    adam: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    async with asking(installation, runtime) as (code, process):
        await approve(adam, code)
        await anyio.to_thread.run_sync(lambda: process.communicate(timeout=60))
    [kept] = runtime.iterdir()
    await logs.seal_platform()
    kept.chmod(0o644)
    assert (await vaka(installation, runtime, *granting(installation))).returncode == 1
    kept.chmod(0o600)
    logs.execute("platform", f"update vaka.account set state = 'deactivated' where id = '{adam.account}'")
    try:
        # One administrator is left, and founding does not come back: nobody runs anything without somebody behind it.
        mark = logs.mark("platform")
        refused = await vaka(installation, runtime, *granting(installation))
        assert (refused.returncode, "Run vaka login first" in refused.stderr) == (1, True)
        assert [one for one in logs.since(mark, "platform") if one["event"] == "role.granted"] == []
    finally:
        logs.execute("platform", f"update vaka.account set state = 'active' where id = '{adam.account}'")
    logs.execute("platform", "update vaka.command_session set expires_at = now()", unguarded=True)
    assert (await vaka(installation, runtime, *granting(installation))).returncode == 1


async def test_whoever_has_the_database_makes_no_session(
    adam: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    """The supplier's rogue administrator, with setup's own credential: the log says nothing of an approval."""
    async with asking(installation, runtime) as (code, process):
        async with platform_as(installation.server, "setup") as setup:
            for statement in (
                "select * from command_login",
                "update command_login set approved_by = null",
                f"select approve_command_login(gen_random_uuid(), '{adam.account}', now())",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await setup.execute(statement.encode())
            with pytest.raises(psycopg.errors.CheckViolation):
                await setup.execute(
                    f"select ledger.append(now(), 'command.approved', 'account:{adam.account}', 'command_login:x',"
                    " 'success', '{}')".encode()
                )
        # Not even a row that the superuser changed, with the number of an entry that says something else.
        logs.execute(
            "platform",
            f"update vaka.command_login set approved_by = '{adam.account}', entry = 1"
            f" where code_hash = '\\x{hash_code(code).hex()}'",
        )
        await anyio.sleep(5)
        assert process.poll() is None
    assert list(runtime.iterdir()) == []


async def test_term_15_5_a_touch_confirms_exactly_what_asks(
    office: Office, installation: Installation, runtime: Path, logs: Logs
) -> None:
    maker = Maker(UUID(int=0x17))
    strict = with_models(office, maker)
    adam = await enter(strict, installation, "adam")
    async with asking(installation, runtime) as (code, process), asking(installation, runtime) as (other, _):
        led = await adam.post(HERE, {"code": code, "sure": "yes"})
        assert (led.status, led.header("location")) == (303, "/first-key")
        # How a first key is allowed is tried in test_requests.py; here he got it while none was asked for.
        key = await enrolled(await enter(replace(strict, step_up="when_enrolled"), installation, "adam"), maker)
        asked = await adam.get("/touch")
        assert (await adam.post("/touch", {"answer": key.touch(options(asked))})).status == 303
        mark = logs.mark("platform")
        page = await adam.post(HERE, {"code": code, "sure": "yes"})
        assert os.uname().nodename in shown(page)
        assert str(os.getuid()) in shown(page)
        # What was touched for one command does nothing for another, and the first one's touch is spent by it.
        sent = {**hidden(page), "answer": key.touch(options(page))}
        assert (await adam.post(HERE, {**sent, "code": other})).status == 403
        assert (await adam.post(HERE, sent)).status == 403
        assert [one for one in logs.since(mark, "platform") if one["event"] == "command.approved"] == []
        page = await adam.post(HERE, {"code": code, "sure": "yes"})
        answer = await adam.post(HERE, {**hidden(page), "answer": key.touch(options(page))})
        assert answer.status == 303
        await anyio.to_thread.run_sync(lambda: process.communicate(timeout=60))
    [approved] = [one for one in logs.since(mark, "platform") if one["event"] == "command.approved"]
    [touched] = [one for one in logs.since(mark, "platform") if one["event"] == "security_key.used"]
    assert approved["detail"]["step_up"] == touched["detail"]["step_up"]
    wrong = await adam.post(HERE, {"code": write_code(new_code()), "sure": "yes"})
    assert (wrong.status, "Inget kommando väntar med den koden" in wrong.text) == (400, True)


async def test_nobody_else_can(nobody: Browser, office: Office, installation: Installation) -> None:
    assert (await nobody.get(HERE)).status == 303
    assert (await nobody.post(HERE, {"code": "BCDF-GHJK"})).status in (303, 401)
    emil = await enter(office, installation, "emil", ("operator",))
    assert (await emil.get(HERE)).status in (403, 404)


def test_a_code_is_eight_letters_that_spell_nothing() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == CODE_LENGTH and set(code) <= set(LETTERS) for code in codes)
    assert hash_code("bcdf ghjk") == hash_code(write_code("BCDFGHJK"))

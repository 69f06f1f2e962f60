# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
# ruff: noqa: F811 - a fixture that is imported and asked for
"""Each run of a privileged command waits for a touch over exactly that run (terms 15 and 17): all real."""

import os
import signal
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
from tests.web.office.conftest import enter
from tests.web.office.test_commands import (
    HERE,
    approve,
    asking,
    ended,
    enrolled,
    granting,
    runtime,  # noqa: F401
    vaka,
    waiting,
    with_models,
)
from tests.web.portal.conftest import Logs
from tests.web.portal.touching import hidden, options, shown
from vaka.clock import SystemClock
from vaka.commands.maintenance import fingerprint
from vaka.identity.command_logins import QUERIES, hash_code, hash_secret
from vaka.identity.confirming import Act
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def behind(adam: Browser, installation: Installation, runtime: Path, logs: Logs) -> Browser:
    """Adam, in whose name commands run."""
    async with asking(installation, runtime) as (code, process):
        assert (await approve(adam, code)).status == 303
        assert (await ended(process))[0] == 0
    await logs.seal_platform()
    return adam


async def with_key(office: Office, installation: Installation) -> tuple[Browser, SoftKey]:
    """Adam in an office where everybody must touch a key, and his."""
    maker = Maker(UUID(int=0x18))
    strict = with_models(office, maker)
    key = await enrolled(await enter(replace(strict, step_up="when_enrolled"), installation, "adam"), maker)
    browser = await enter(strict, installation, "adam")
    asked = await browser.get("/touch")
    assert (await browser.post("/touch", {"answer": key.touch(options(asked))})).status == 303
    return browser, key


def since(logs: Logs, mark: int, event: str) -> list[dict[str, Any]]:
    return [one for one in logs.since(mark, "platform") if one["event"] == event]


async def test_term_15_5_a_run_waits_for_a_touch_over_exactly_it(
    behind: Browser, office: Office, installation: Installation, runtime: Path, logs: Logs
) -> None:
    adam, key = await with_key(office, installation)
    mark = logs.mark("platform")
    grant = granting(installation)
    async with (
        waiting(installation, runtime, *grant) as (code, process),
        waiting(installation, runtime, *grant) as (other, second),
    ):
        page = await adam.post(HERE, {"code": code})
        for said in ("vaka role grant", "role=auditor", "C-30", "Ny roll", fingerprint(), os.uname().nodename):
            assert said in page.text, said
        asked = await adam.post(HERE, {"code": code, "sure": "yes"})
        assert "role=auditor" in shown(asked)
        assert fingerprint() in shown(asked)
        # A touch for one run does nothing for another of the very same command, and is spent by trying.
        sent = {**hidden(asked), "answer": key.touch(options(asked))}
        assert (await adam.post(HERE, {**sent, "code": other})).status == 403
        assert (await adam.post(HERE, sent)).status == 403
        assert since(logs, mark, "command.confirmed") == since(logs, mark, "role.granted") == []
        asked = await adam.post(HERE, {"code": code, "sure": "yes"})
        done = await adam.post(HERE, {**hidden(asked), "answer": key.touch(options(asked))})
        assert (done.status, done.header("location")) == (303, f"{HERE}?done=run"), done.text
        status, _, err = await ended(process)
        assert (status, "Confirmed." in err) == (0, True), err
        assert (await adam.post(HERE, {"code": code})).status == 400, "one touch for one run"
        assert second.poll() is None, "the other still waits"
    [confirmed] = since(logs, mark, "command.confirmed")
    [run] = [one for one in since(logs, mark, "command.run") if one["outcome"] == "success"]
    [used] = [one for one in since(logs, mark, "security_key.used") if one["detail"].get("step_up")][-1:]
    facts = confirmed["detail"]
    digest = facts["step_up"]
    assert digest == facts["digest"] == run["detail"]["step_up"] == run["detail"]["digest"] == used["detail"]["step_up"]
    # Whoever holds the entry can compute the digest again, of what was done.
    told = {name: value for name, value in facts.items() if name not in ("digest", "step_up")}
    assert Act("command.confirmed", None, confirmed["object"], told).digest == digest
    assert (told["command"], told["change"], told["purpose"]) == ("role.grant", "C-30", "Ny roll")
    assert told["arguments"] == run["detail"]["arguments"]
    assert (confirmed["actor"], run["actor"]) == (f"account:{adam.account}",) * 2
    assert len(since(logs, mark, "role.granted")) == 1


async def test_another_human_confirms_nothing_and_a_run_that_is_stopped_does_nothing(
    behind: Browser, ada: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    mark = logs.mark("platform")
    async with waiting(installation, runtime, *granting(installation)) as (code, process):
        page = await ada.post(HERE, {"code": code, "sure": "yes"})
        assert (page.status, "No command waits with that code" in page.text) == (400, True)
        process.send_signal(signal.SIGINT)
        assert (await ended(process))[0] != 0
        assert (await behind.post(HERE, {"code": code, "sure": "yes"})).status == 303
    assert since(logs, mark, "role.granted") == []
    [run] = since(logs, mark, "command.run")
    assert (run["outcome"], run["actor"]) == ("failure", f"account:{behind.account}")
    assert "step_up" not in run["detail"]


async def test_what_was_changed_between_the_command_and_the_touch_is_refused(
    behind: Browser, office: Office, installation: Installation, runtime: Path, logs: Logs
) -> None:
    """The supplier's rogue administrator has the database, and shows something harmless for his colleague to touch."""
    adam, key = await with_key(office, installation)
    mark = logs.mark("platform")
    async with waiting(installation, runtime, *granting(installation)) as (code, process):
        asked = await adam.post(HERE, {"code": code, "sure": "yes"})
        harmless = (
            "update vaka.command_confirmation set arguments = 'role=reader'"
            f" where code_hash = '\\x{hash_code(code).hex()}'"
        )
        logs.execute("platform", harmless, unguarded=True)
        refused = await adam.post(HERE, {**hidden(asked), "answer": key.touch(options(asked))})
        assert refused.status == 403
        assert since(logs, mark, "command.confirmed") == []
        # Shown so from the beginning it is confirmed, and is not what the command is about to do.
        asked = await adam.post(HERE, {"code": code, "sure": "yes"})
        assert "role=reader" in shown(asked)
        assert (await adam.post(HERE, {**hidden(asked), "answer": key.touch(options(asked))})).status == 303
        await anyio.sleep(3)
        assert process.poll() is None
        again = harmless.replace("role=reader", "role=auditor")
        logs.execute("platform", again, unguarded=True)
        await anyio.sleep(3)
        assert process.poll() is None
    assert since(logs, mark, "role.granted") == []


async def test_whoever_has_the_database_confirms_nothing(
    behind: Browser, installation: Installation, runtime: Path, logs: Logs
) -> None:
    """With setup's own credential, and as the superuser: the log says nothing of a confirmation of this run."""
    mark = logs.mark("platform")
    async with waiting(installation, runtime, *granting(installation)) as (first, done):
        assert (await behind.post(HERE, {"code": first, "sure": "yes"})).status == 303
        assert (await ended(done))[0] == 0
    [confirmed] = since(logs, mark, "command.confirmed")
    assert "step_up" not in confirmed["detail"], "he has no key, and this office asks for none"
    mark = logs.mark("platform")
    async with waiting(installation, runtime, *granting(installation)) as (code, process):
        async with platform_as(installation.server, "setup") as setup:
            for statement in (
                "select * from command_confirmation",
                "update command_confirmation set entry = 1",
                f"select confirm_command(gen_random_uuid(), '{behind.account}', repeat('0', 64), now())",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await setup.execute(statement.encode())
            with pytest.raises(psycopg.errors.CheckViolation):
                await setup.execute(
                    f"select ledger.append(now(), 'command.confirmed', 'account:{behind.account}',"
                    " 'command_confirmation:x', 'success', '{}')".encode()
                )
            # Another's session goes on with nothing.
            stolen = {"id": confirmed["object"].partition(":")[2], "token_hash": hash_secret(bytes(32)),
                      "digest": confirmed["detail"]["digest"], "now": SystemClock().now()}  # fmt: skip
            row = await (await setup.execute(QUERIES["spend_command_confirmation"], stolen)).fetchone()
            assert row == (None,)
        # Not even a row that the superuser changed, with the number of an entry that confirmed another run.
        logs.execute(
            "platform",
            f"update vaka.command_confirmation set entry = {confirmed['id']}"
            f" where code_hash = '\\x{hash_code(code).hex()}'",
            unguarded=True,
        )
        await anyio.sleep(3)
        assert process.poll() is None
    assert since(logs, mark, "role.granted") == []


async def test_what_only_shows_waits_for_nobody(behind: Browser, installation: Installation, runtime: Path) -> None:
    done = await vaka(installation, runtime, "role", "show", "--authority", "ekbacka")
    assert (done.returncode, "Waiting" in done.stderr) == (0, False), done.stderr
    tried = await vaka(installation, runtime, *(one for one in granting(installation) if one != "--apply"))
    assert (tried.returncode, "Waiting" in tried.stderr) == (0, False), tried.stderr

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority is told of arrives, or stands in red until it does: over the real sender and a real mail server."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from uuid import UUID

import pytest

from tests.notices.desk import Certificates, Mailbox, free_port, mail_server
from tests.platform import platform_as
from tests.waiting import wait_for
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.access.grants import grant_role
from vaka.notices.outbox import tell_late
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/notices"
TO = "sakerhet@ekbacka.example"


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture(autouse=True)
async def as_it_was(installation: Installation, logs: Logs) -> AsyncIterator[None]:
    """Each test begins where nothing was told and nothing is set."""
    empty = "delete from vaka.notice_delivery; delete from vaka.notice; delete from vaka.notice_way;"
    empty += "delete from vaka.notice_rule; delete from vaka.role_grant where account_id = "
    empty += f"'{installation.accounts['vera']}'"
    logs.execute("platform", empty, unguarded=True)
    yield
    logs.execute("platform", empty, unguarded=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@contextmanager
def notifier(installation: Installation, *, kill: bool = False) -> Iterator[None]:
    """Run the real process; end it in order, or by the kernel."""
    with tempfile.TemporaryDirectory(prefix="vaka-", dir="/tmp") as name:
        data = Path(name)
        (data / "cluster").symlink_to(installation.cluster.directory)
        (data / "credentials").symlink_to(installation.cluster.credentials)
        (data / "vaka.toml").write_text('[notices]\nlook_seconds = 0.2\nown_networks = ["127.0.0.0/8"]\n')
        command = (sys.executable, "-m", "vaka.processes.notifier", "--data", str(data))
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield
            finally:
                process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
                _, said = process.communicate(timeout=60)
        assert "Traceback" not in said
        assert TO not in said, "addresses are in no log"
        assert process.returncode == (-signal.SIGKILL if kill else 0), said


async def make_leader(installation: Installation) -> UUID:
    """Give Vera a privileged role, as setup does."""
    vera = installation.accounts["vera"]
    async with platform_as(installation.server, "setup") as setup:
        await grant_role(
            setup, vera, "shift_leader", installation.authorities["ekbacka"].id, actor="setup:uid-0",
            now=datetime.now(UTC),
        )  # fmt: skip
    return vera


def faults(logs: Logs) -> list[str | None]:
    return [row["fault"] for row in logs.ask("platform", "select fault from vaka.notice_delivery", {})]


async def test_term_10_3_what_changes_is_delivered_with_a_receipt_and_red_until_then(
    agneta: Browser, installation: Installation, logs: Logs, certificates: Certificates
) -> None:
    mailbox, port = Mailbox(), free_port()
    way = {"way": "mail", "address": TO, "server": f"localhost:{port}", "certificate": certificates.issuer}
    assert (await agneta.post(f"{HERE}/way", way)).status == 303
    logs.execute("platform", "delete from vaka.notice_delivery; delete from vaka.notice", unguarded=True)
    mark = logs.mark("platform")
    vera = await make_leader(installation)

    # Neither the sender nor the mail server works: it waits, and after the agreed time it is red.
    assert "På väg" in (await agneta.get(HERE)).text
    pass_time(logs)
    for page in (HERE, "/log/ekbacka/holders"):
        assert "1 underrättelse har inte kommit fram" in (await agneta.get(page)).text
    async with platform_as(installation.server, "scheduler") as scheduler:
        assert await tell_late(scheduler, datetime.now(UTC)) == 1

    # The sender starts, and the mail server is down; then the sender is killed, and it is still red.
    with notifier(installation, kill=True):
        wait_for(lambda: faults(logs) == ["unreachable"])
    page = (await agneta.get(HERE)).text
    assert "Försenad: inte framme" in page
    assert "inget svar" in page

    # Both are back: it arrives, once, and the receipt is in the log.
    with mail_server(mailbox, certificates, port):
        pass_time(logs)
        with notifier(installation):
            wait_for(lambda: bool(mailbox.taken))
            wait_for(lambda: faults(logs) == [None])
    [mail] = mailbox.taken
    assert said_to(mail) == TO
    assert "Vera" not in str(mail)
    page = (await agneta.get(HERE)).text
    assert "Framme, för sent" in page
    assert "har inte kommit fram" not in page
    assert "har inte kommit fram" not in (await agneta.get("/log/ekbacka/holders")).text
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith(("notice.", "role."))]
    assert [(one["event"], one["actor"]) for one in told] == [
        ("role.granted", "setup:uid-0"), ("notice.late", "scheduler"), ("notice.hindered", "notifier"),
        ("notice.delivered", "notifier"),
    ]  # fmt: skip
    assert told[-1]["detail"]["receipt"].startswith("250 ")
    assert told[-1]["detail"]["entry"] == told[0]["id"]
    assert str(vera) not in str(told[1:])


async def test_without_an_address_somebody_says_that_he_has_seen_it(
    agneta: Browser, installation: Installation, logs: Logs
) -> None:
    empty = (await agneta.get(HERE)).text
    for text in ("Inget har hänt som ni underrättas om", "Ni har inte angett någon adress", "inom 15 minuter"):
        assert text in empty
    await make_leader(installation)
    page = (await agneta.get(HERE)).text
    for text in ("Roll tilldelad", "Vera Vilsen", "Väntar på att ses här", "Inte sedd här än", "1 har ingen här sett"):
        assert text in page
    [notices] = [part.partition('"')[0] for part in page.split('name="notices" value="')[1:]]
    mark = logs.mark("platform")
    assert (await agneta.post(f"{HERE}/seen", {"notices": notices})).status == 303
    page = (await agneta.get(HERE)).text
    for text in ("Framme", "Sedd här av Agneta Avtal"):
        assert text in page
    [entry] = logs.since(mark, "platform")
    assert (entry["event"], entry["actor"]) == ("notice.acknowledged", f"account:{agneta.account}")


async def test_addresses_and_minutes_are_set_ended_and_explained(agneta: Browser, logs: Logs) -> None:
    mark = logs.mark("platform")
    wrong = await agneta.post(f"{HERE}/way", {"way": "mail", "address": "ingen", "server": "mx.ekbacka.example:25"})
    assert wrong.status == 400
    assert "Det är ingen e-postadress" in wrong.text
    assert 'value="ingen"' in wrong.text, "what was written stays"
    post = {"way": "webhook", "address": "https://system.ekbacka.example/vaka"}
    assert (await agneta.post(f"{HERE}/way", post)).status == 303
    assert (await agneta.post(f"{HERE}/minutes", {"minutes": "30"})).status == 303
    page = (await agneta.get(HERE)).text
    for text in ("Anrop till system", "https://system.ekbacka.example/vaka", "allmänt betrott", "inom 30 minuter"):
        assert text in page
    way = page.split('name="way" value="')[1].partition('"')[0]
    assert (await agneta.post(f"{HERE}/end", {"way": way})).status == 303
    again = await agneta.post(f"{HERE}/end", {"way": way})
    assert again.status == 409
    assert "avslutad" in again.text
    assert (await agneta.post(f"{HERE}/minutes", {"minutes": "0"})).status == 400
    assert [one["event"] for one in logs.since(mark, "platform")] == [
        "notice_way.set", "notice_rule.set", "notice_way.ended",
    ]  # fmt: skip


async def test_an_auditor_sees_and_sets_nothing(rut: Browser, lovisa: Browser) -> None:
    page = await rut.get(HERE)
    assert page.status == 200
    assert "Lägg till en adress" not in page.text
    for path, fields in (("minutes", {"minutes": "5"}), ("seen", {"notices": str(UUID(int=1))})):
        assert (await rut.post(f"{HERE}/{path}", fields)).status == 403
    assert (await lovisa.get(HERE)).status == 403


def pass_time(logs: Logs) -> None:
    """Let the agreed time be over, and the next attempt due."""
    logs.execute(
        "platform",
        "update vaka.notice set late_at = now() - interval '1 second';"
        " update vaka.notice_delivery set next_at = now() - interval '1 second'", unguarded=True,
    )  # fmt: skip


def said_to(mail: Message) -> str:
    return str(mail["To"])

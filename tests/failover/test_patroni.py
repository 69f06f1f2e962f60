# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The database is a cluster of Patroni, configured by the packaging's templates, and is killed among alarms."""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.certificates import Issuer
from tests.failover.backups import Backups, answered, backed_up
from tests.failover.installation import Installation, installed_on_members, require_kept_once
from tests.failover.members import QUICK, Members
from tests.failover.steady import Steady
from tests.peers import require_program
from tests.receiver.conftest import free_port
from tests.waiting import wait_for, wait_until
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import SUPERUSER
from vaka.operations.doctor.databases import look_at_databases
from vaka.operations.doctor.findings import Grade
from vaka.operations.doctor.place import Place

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]

IS_ROOT = os.geteuid() == 0
Pair = tuple[Members, Installation]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Two machines: the fewest that keep what they promise."""
    with installed_on_members(2, QUICK, devices=100, archiving=IS_ROOT) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def backups(pair: Pair) -> Iterator[Backups | None]:
    """They are backed up all the time, where accounts can be of their own."""
    if not IS_ROOT:
        yield None
        return
    with backed_up(*pair) as running:
        yield running


@pytest.fixture
def whole(pair: Pair) -> Pair:
    """Each test begins where a standby is there, whatever the one before did."""
    members, _ = pair
    wait_for(lambda: members.primary() is not None and members.synchronous() is not None)
    return pair


async def test_nothing_acknowledged_is_lost_with_the_primary_and_nothing_is_heard_twice(whole: Pair) -> None:
    members, installation = whole
    first = members.primary()
    assert first is not None
    loop, port = asyncio.get_running_loop(), free_port()
    with installation.receiver(port) as receiver:
        await receiver.listens()
        async with Steady(installation.devices, [port], 25, "P") as steady:
            await wait_until(lambda: len(steady.answered) >= 50)
            gone = loop.time()
            await asyncio.to_thread(first.kill)
            await asyncio.to_thread(members.wait_for_another, first)
            promoted = loop.time()
            await asyncio.sleep(1.5)
            # Alone the new primary acknowledges nothing: its 200 would be a promise of one machine.
            assert steady.answered_since(promoted) == 0
            await asyncio.to_thread(first.start)
            await wait_until(lambda: steady.answered_since(promoted) >= 100)
            await steady.end()
    print(f"\ntaken over after {promoted - gone:.1f} s; {steady.summary(gone)}")
    assert members.primary() is not first
    assert any(one.refused for one in steady.sent)
    require_kept_once(installation, steady.sent)


async def test_without_etcd_alarms_go_on_and_without_a_standby_as_well_nothing_is_acknowledged(whole: Pair) -> None:
    """The first is ``failsafe_mode``; and when etcd is there again, everything is, with the same primary."""
    members, installation = whole
    primary, standby = members.primary(), members.synchronous()
    assert primary is not None
    assert standby is not None
    loop, port = asyncio.get_running_loop(), free_port()
    with installation.receiver(port) as receiver:
        await receiver.listens()
        async with Steady(installation.devices, [port], 15, "E") as steady:
            await wait_until(lambda: len(steady.answered) >= 15)
            for member in members.all:
                member.kill_etcd()
            gone = loop.time()
            # For longer than a lease lasts.
            await asyncio.sleep(members.timing[0] + 2 * members.timing[1])
            await wait_until(lambda: steady.answered_since(loop.time() - 0.5) > 0)
            assert members.primary() is primary
            print(f"\nwithout etcd: {steady.summary(gone)}")
            await asyncio.to_thread(standby.kill)
            alone = loop.time() + 1
            await asyncio.sleep(4)
            assert steady.answered_since(alone) == 0
            for member in members.all:
                member.start_etcd()
            await asyncio.to_thread(standby.start)
            back = loop.time()
            await wait_until(lambda: steady.answered_since(back) >= 30)
            await steady.end()
    require_kept_once(installation, steady.sent)


async def test_the_operators_command_says_who_is_what(whole: Pair) -> None:
    """As the runbook has it; the strict mode is what the templates say."""
    members, _ = whole
    listed = await asyncio.to_thread(members.patronictl, "list")
    assert listed.count("Leader") == 1
    assert listed.count("Sync Standby") == 1
    assert "synchronous_mode_strict: true" in await asyncio.to_thread(members.patronictl, "show-config")
    assert members.as_superuser("show synchronous_commit") == "on"


async def test_nobody_without_a_members_certificate_decides_who_is_primary(whole: Pair, tmp_path: Path) -> None:
    """Neither a stranger nor one of Vaka's own machines: not etcd's keys, not Patroni's interface."""
    members, _ = whole
    etcd, patroni = (f"https://{members.all[0].host}:{members.port + step}" for step in (2, 1))
    program = require_program("etcdctl", package="etcd-client")

    def asked(chain: Path, key: Path) -> bool:
        command = [program, f"--endpoints={etcd}", f"--cacert={members.issuer.certificate}", f"--cert={chain}",
                   f"--key={key}", "--command-timeout=3s", "get", "--prefix", "--keys-only", "/vaka/"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"ETCDCTL_API": "3"})
        return "/vaka/vaka/leader" in done.stdout

    def answered(chain: Path | None, key: Path | None) -> bool:
        trust = ssl.create_default_context(cafile=members.issuer.certificate)
        if chain is not None:
            trust.load_cert_chain(chain, key)
        try:
            return httpx.get(f"{patroni}/patroni", verify=trust, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    own = members.issuer.certificate_for("127.0.0.1", stem="own")
    assert asked(*own)
    assert answered(*own)
    for foreign in (members.machines.certificate_for("vaka1.example"), Issuer(tmp_path).certificate_for("db1.example")):
        assert not asked(*foreign)
        assert not answered(*foreign)
    assert not answered(None, None)
    with pytest.raises(httpx.HTTPError):
        httpx.get(etcd.replace("https", "http") + "/health", timeout=5)


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"sslmode": "disable"}, "no encryption"), ({"sslcert": "", "sslkey": ""}, "valid client certificate"),
     ({"user": "vaka_replicator", "password": "x"}, "authentication failed"), ({"user": "postgres"}, "rejects")],
)  # fmt: skip
async def test_term_30_2_and_3_the_members_take_nothing_in_clear_and_nobody_unproven(
    whole: Pair, fault: dict[str, str], said: str
) -> None:
    _, installation = whole
    conninfo = installation.server.conninfo(SUPERUSER, "postgres")
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone() == (True,)
    with pytest.raises(psycopg.OperationalError, match=said):
        psycopg.connect(psycopg.conninfo.make_conninfo(conninfo, **fault)).close()


async def test_the_log_is_archived_without_a_gap_over_a_failover_and_all_that_was_acknowledged_is_restored(
    whole: Pair, backups: Backups | None
) -> None:
    """The repository is away when the primary is lost: what that one had not sent, whoever takes over sends."""
    if backups is None:
        pytest.skip("needs accounts of its own, which root alone can work as")
    members, installation = whole
    first, second = members.primary(), members.synchronous()
    assert first is not None
    assert second is not None
    port = free_port()
    with installation.receiver(port) as receiver:
        await receiver.listens()
        assert "a full backup and the archive" in backups.first
        assert backups.was_copied_from_a_standby()
        async with Steady(installation.devices, [port], 15, "B") as steady:
            await wait_until(lambda: len(steady.answered) >= 15)
            backups.stop()
            segment = await asyncio.to_thread(members.as_superuser, "select pg_walfile_name(pg_switch_wal())")
            # The standby takes what it was sent for archived.
            await wait_until((second.data / "pg_wal" / "archive_status" / f"{segment}.done").exists)
            await asyncio.to_thread(first.kill)
            before = len(steady.answered)
            assert segment not in backups.archived()
            backups.start()
            await asyncio.to_thread(members.wait_for_another, first)
            await asyncio.to_thread(wait_for, lambda: members.archives_now() and segment in backups.archived())
            await asyncio.to_thread(first.start)
            await wait_until(lambda: len(steady.answered) >= before + 30)
            await steady.end()
        await asyncio.to_thread(wait_for, lambda: members.synchronous() is not None)
        # No backup is due for what is missing: there is nothing missing.
        assert "The site has the archive." in await asyncio.to_thread(backups.run, "now")
        assert {one[:8] for one in backups.archived()} >= {segment[:8], f"{int(segment[:8], 16) + 1:08X}"}
        assert await asyncio.to_thread(backups.restored, steady.sent) >= answered(steady.sent)
        assert "is what it had to be" in await asyncio.to_thread(backups.run, "drill")
    require_kept_once(installation, steady.sent)


async def test_a_standby_that_is_away_for_long_is_done_without_by_decision_and_made_anew(whole: Pair) -> None:
    """The runbook's steps: one machine answers alarms, by decision; a new standby; and again nothing without two."""
    members, installation = whole
    standby = members.synchronous()
    assert standby is not None
    loop, port = asyncio.get_running_loop(), free_port()
    with installation.receiver(port) as receiver:
        await receiver.listens()
        async with Steady(installation.devices, [port], 15, "D") as steady:
            await wait_until(lambda: len(steady.answered) >= 15)
            await asyncio.to_thread(standby.kill)
            alone = loop.time() + 1
            await asyncio.sleep(3)
            assert steady.answered_since(alone) == 0
            await asyncio.to_thread(members.patronictl, "edit-config", "-s", "synchronous_mode=false", "--force")
            await wait_until(lambda: steady.answered_since(alone) >= 30)
            assert any("on one database server" in one for one in await asyncio.to_thread(_faults, installation))
            # So long that what it misses is nowhere any more.
            await asyncio.to_thread(_forget_log, members)
            await asyncio.to_thread(standby.start)
            await wait_until(lambda: "has already been removed" in standby.tell())
            await asyncio.to_thread(members.patronictl, "reinit", "vaka", standby.name, "--force", "--wait")
            await asyncio.to_thread(members.patronictl, "edit-config", "-s", "synchronous_mode=true", "--force")
            await wait_until(lambda: members.synchronous() is standby)
            assert "synchronous_mode_strict: true" in await asyncio.to_thread(members.patronictl, "show-config")
            back = loop.time()
            await wait_until(lambda: steady.answered_since(back) >= 15)
            assert not any("on one database" in one for one in await asyncio.to_thread(_faults, installation))
            await steady.end()
    require_kept_once(installation, steady.sent)


def _faults(installation: Installation) -> list[str]:
    """What the operator is told of the databases."""
    place = Place(installation.root, DataDirectory(installation.root).load_settings(), SystemClock().now())
    return [one.said.en for one in look_at_databases(place) if one.grade is Grade.WRONG]


def _forget_log(members: Members) -> None:
    """Have the primary keep nothing for who is away."""
    members.patronictl("edit-config", "-p", "wal_keep_size=16MB", "--force")
    wait_for(lambda: members.as_superuser("show wal_keep_size") == "16MB")
    wait_for(lambda: members.as_superuser("select count(*) from pg_replication_slots") == "0")
    held = members.as_superuser("select pg_walfile_name(pg_current_wal_lsn())")

    def is_gone() -> bool:
        # What is not archived yet stays, so it takes more than one turn.
        members.as_superuser("select pg_switch_wal(); checkpoint;")
        return members.as_superuser(f"select count(*) from pg_ls_waldir() where name = '{held}'") == "0"

    wait_for(is_gone)
    members.patronictl("edit-config", "-p", "wal_keep_size=1GB", "--force")


async def test_a_member_of_etcd_is_replaced_while_everything_goes_on(whole: Pair) -> None:
    """As the runbook has it, with the one whose machine is not the primary's."""
    members, _ = whole
    primary, other = members.primary(), members.synchronous()
    assert primary is not None
    assert other is not None
    address = f"https://{other.host}:{members.port + 3}"
    number = next(
        line.split(",")[0]
        for line in (await asyncio.to_thread(members.etcdctl, primary, "member", "list")).splitlines()
        if line.split(", ")[2] == other.name
    )

    def changed(*how: str) -> str:
        """Change who is a member, which etcd refuses for seconds after it last missed one; return who there is."""
        members.etcdctl(primary, "member", *how, check=False)
        return members.etcdctl(primary, "member", "list", check=False)

    await wait_until(lambda: (there := changed("remove", number)) != "" and number not in there)
    other.kill_etcd()
    shutil.rmtree(other.root / "etcd")
    await wait_until(lambda: address in changed("add", other.name, f"--peer-urls={address}"))
    configuration = other.root / "etcd.yml"
    text = configuration.read_text()
    configuration.write_text(text.replace('initial-cluster-state: "new"', 'initial-cluster-state: "existing"'))
    assert configuration.read_text() != text
    other.start_etcd()
    await wait_until(lambda: members.etcdctl(other, "member", "list", check=False).count(", started, ") == 2)
    await wait_until(
        lambda: (there := members.etcdctl(other, "member", "list", check=False)) != "" and number not in there
    )
    assert members.primary() is primary
    await asyncio.to_thread(wait_for, lambda: members.synchronous() is other)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Backups for real (term 24): pgBackRest, restic and rclone's append-only server, each under an account of its own.

One installation for all, in the order of what happens to it. The last test stops it.
"""

import asyncio
import os
import pwd
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPSConnection
from pathlib import Path
from uuid import uuid4

import pytest

from tests.commands.test_key import APPLY, vaka
from tests.operations.backup.house import MARKED, PLAIN, SLUG, House, open_house
from tests.operations.backup.site import running_site
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.database.cluster import server_account
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.errors import ConfigurationError
from vaka.keys.keyring import make_client
from vaka.operations.backup.making import Installation
from vaka.operations.backup.repository import count_unencrypted
from vaka.operations.backup.site import Site
from vaka.operations.backup.standing import BackupStanding, read_standing
from vaka.settings import Settings

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs accounts of its own, which root alone can work as"),
]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The installation, with one full backup at the site."""
    with open_house() as opened:
        made = vaka("backup", "now", "--data", opened.data.root)
        assert made.exit_code == 0, made.output + made.stderr
        assert "a full backup and the archive" in made.output
        yield opened


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """One byte in the middle of a file is another, for the while."""
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        yield
    finally:
        path.write_bytes(whole)


@contextmanager
def replaced(path: Path, text: str) -> Iterator[None]:
    """A file holds something else for the while."""
    before = path.read_text()
    path.write_text(text)
    try:
        yield
    finally:
        path.write_text(before)


def standing(house: House) -> BackupStanding:
    async def read() -> BackupStanding:
        server = house.data.cluster.server
        connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="test")
        async with await connecting as platform:
            return await read_standing(platform, SystemClock().now())

    return asyncio.run(read())


def files_below(path: Path) -> list[Path]:
    return sorted((one for one in path.rglob("*") if one.is_file()), key=lambda one: one.stat().st_size, reverse=True)


def test_what_is_due_is_made_and_the_log_says_up_to_when_all_is_at_the_site(house: House) -> None:
    before = SystemClock().now() - timedelta(seconds=1)
    made = vaka("backup", "now", "--data", house.data.root)
    assert made.exit_code == 0, made.output + made.stderr
    assert "The site has the archive." in made.output
    point = standing(house).point
    assert point is not None
    assert before <= point <= SystemClock().now()
    listed = vaka("backup", "list", "--data", house.data.root).output.splitlines()
    assert [line.split()[1] for line in listed[:1]] == ["full"]
    assert len([line for line in listed if line.startswith("localhost")]) == 2
    checked = vaka("backup", "check", "--everything", "--data", house.data.root)
    assert (checked.exit_code, "lets nothing be removed" in checked.output) == (0, True), checked.output
    held = {Path(line).relative_to(house.data.root).as_posix() for line in house.installation.site._run("ls", "latest")
            .splitlines() if line.startswith(str(house.data.root) + "/")}  # fmt: skip
    assert {"vaka.toml", "run/backup/ledger/vaka_platform.signed", "backup/repository/archive"} <= held
    assert not [name for name in held if name.startswith(("credentials", "keys", "tls", "cluster")) or "seen" in name]
    facts = standing(house).newest("backup.check")
    assert facts is not None
    assert (facts.facts["damaged"], facts.facts["append_only"], facts.facts["unencrypted"]) == (0, True, 0)


def test_term_24_2_a_byte_changed_in_the_repository_or_at_the_site_is_found(house: House) -> None:
    largest, segment = (
        files_below(house.installation.repository.files / "backup")[0],
        files_below(house.installation.repository.files / "archive")[0],
    )
    for path in (largest, segment):
        with flipped(path):
            found = vaka("backup", "check", "--data", house.data.root)
            assert (found.exit_code, "Damaged: 0" in found.output) == (1, False), found.output + found.stderr
    with flipped(files_below(house.site.files / "data")[0]):
        found = vaka("backup", "check", "--everything", "--data", house.data.root)
        assert (found.exit_code, "Damaged: 1" in found.output) == (1, True), found.output + found.stderr
    assert vaka("backup", "check", "--everything", "--data", house.data.root).exit_code == 0


def test_term_24_3_a_wrong_passphrase_opens_neither_the_repository_nor_the_site(house: House) -> None:
    for name in ("backup.pass", "backup-files.pass"):
        with replaced(house.data.credentials / name, "0" * 64):
            refused = vaka("backup", "now", "--data", house.data.root)
            assert refused.exit_code == 1, refused.output
            assert ("pgbackrest" in refused.stderr, "restic" in refused.stderr) == (
                name == "backup.pass",
                name == "backup-files.pass",
            )
    with replaced(house.data.credentials / "backup.pass", "short"):
        assert "is not one" in vaka("backup", "now", "--data", house.data.root).stderr
    assert vaka("backup", "now", "--data", house.data.root).exit_code == 0


def test_term_24_4_an_archive_that_fails_brings_nothing_further_and_is_red_in_time(house: House) -> None:
    """The archive's own directory cannot be written, as when its disk is gone. What was at the site before counts."""
    installation, before = house.installation, standing(house).point
    assert before is not None
    archive = installation.repository.files / "archive"
    archive.chmod(0)
    try:
        house.note("while the archive fails")
        failed = vaka("backup", "now", "--data", house.data.root)
        assert failed.exit_code == 1, failed.output
        house.run("select pg_switch_wal()")
        wait_for(lambda: house.run("select failed_count > 0 from pg_stat_archiver") == [(True,)])
        now = standing(house)
        assert (now.point, now.has_failed_since("backup.now")) == (before, True)
    finally:
        archive.chmod(0o750)
    made = vaka("backup", "now", "--data", house.data.root)
    assert (made.exit_code, "a incr backup and the archive" in made.output) == (0, True), made.output + made.stderr
    after = standing(house)
    assert after.point is not None
    assert (after.point > before, after.has_failed_since("backup.now")) == (True, False)


def test_hole_in_the_archive_takes_a_backup_before_a_point_is_stated(house: House) -> None:
    """As where its queue was passed: the server was told that a segment is archived, and it is nowhere."""
    for text in ("before the hole", "in the hole", "after the hole"):
        house.note(text)
        house.run("select pg_switch_wal()")
    assert "The site has the archive." in vaka("backup", "now", "--data", house.data.root).output
    assert not house.installation.repository.has_hole()
    archived = sorted((house.installation.repository.files / "archive" / "production").glob("*/*/*.zst"))
    lost = archived[-3]
    kept = lost.read_bytes()
    lost.unlink()
    assert house.installation.repository.has_hole()
    made = vaka("backup", "now", "--data", house.data.root)
    assert (made.exit_code, "a incr backup and the archive" in made.output) == (0, True), made.output + made.stderr
    assert not house.installation.repository.has_hole()
    assert "The site has the archive." in vaka("backup", "now", "--data", house.data.root).output
    lost.write_bytes(kept)  # what was before can be restored again
    owner = lost.parent.stat()
    os.chown(lost, owner.st_uid, owner.st_gid)


def test_what_lies_in_clear_in_the_repository_counts_whatever_is_configured(house: House) -> None:
    repository = house.installation.repository
    assert count_unencrypted(repository.files) == 0
    plain = repository.files / "backup" / "production" / "in-clear"
    plain.write_text("a page")
    try:
        found = vaka("backup", "check", "--data", house.data.root)
        assert (found.exit_code, "Not encrypted: 1." in found.output) == (1, True), found.output + found.stderr
    finally:
        plain.unlink()


def ask(house: House, method: str, name: str, content: bytes | None = None) -> int:
    """Ask the site for something with production's own certificate."""
    context = ssl.create_default_context(cafile=str(house.data.tls / "backup-site.pem"))
    context.load_cert_chain(house.data.credentials / "backup-site.pem")
    connection = HTTPSConnection("localhost", int(house.site.address.split(":")[2].strip("/")), context=context)
    try:
        connection.request(method, f"/{name}", body=content)
        return connection.getresponse().status
    finally:
        connection.close()


def test_term_24_5_what_production_has_removes_and_overwrites_nothing(house: House) -> None:
    files = house.site.files
    every = files_below(files)
    # Of the data two do for all; lists of it, keys, snapshots and the configuration are few.
    asked_for = [path for path in every if path.relative_to(files).parts[0] != "data"] + every[:2]
    held = {path: path.read_bytes() for path in every}
    for path in asked_for:
        name = path.relative_to(files).as_posix()
        kind, _, rest = name.partition("/")
        # The server keeps objects of data in directories of its own, and is asked for them without.
        asked = name if kind != "data" else f"data/{rest.rpartition('/')[2]}"
        assert ask(house, "DELETE", asked) == 403, name
        assert ask(house, "POST", asked, b"something else") in (403, 409), name
    assert {path: path.read_bytes() for path in files_below(files) if path in held} == held
    # Nor by way of the files: the site's account alone enters, on a machine where ours is root everywhere else.
    for account in (server_account() or "nobody", "nobody"):
        entry = pwd.getpwnam(account)
        done = subprocess.run(
            ["/bin/ls", str(files)],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        assert done.returncode != 0, account
    without = ssl.create_default_context(cafile=str(house.data.tls / "backup-site.pem"))
    connection = HTTPSConnection("localhost", int(house.site.address.split(":")[2].strip("/")), context=without)
    with pytest.raises(OSError):  # and nobody without a certificate even reads
        _read(connection)


def _read(connection: HTTPSConnection) -> None:
    connection.request("GET", "/config")
    connection.getresponse()


def test_site_that_lets_production_remove_is_found(house: House, tmp_path: Path) -> None:
    """The same program without --append-only: what asks notices, and did no harm."""
    for name in ("tls", "credentials"):
        (tmp_path / name).mkdir()
    tmp_path.chmod(0o755)
    elsewhere = Path("/tmp") / f"vaka-site-{uuid4().hex}"
    with running_site(elsewhere, tmp_path, append_only=False) as other:
        site = Site(
            other.address, tmp_path / "tls" / "backup-site.pem", tmp_path / "credentials" / "backup-site.pem",
            house.data.credentials / "backup-files.pass", house.data.run / "restic", "production",
        )  # fmt: skip
        site.create()
        assert not site.is_append_only()
        site.check(everything=True)
    subprocess.run(["/bin/rm", "-r", str(elsewhere)], check=True)
    assert house.installation.site.is_append_only()


def test_term_24_6_nothing_of_it_stands_in_the_repository_or_at_the_site(house: House) -> None:
    marks = [PLAIN.encode(), MARKED.encode(), b"backup_probe", b"vaka_t_ekbacka", b"[receiver]"]
    house.run("checkpoint")
    live = b"".join(path.read_bytes() for path in files_below(house.data.cluster.data / "base"))
    assert PLAIN.encode() in live, "it would be found where it is"
    assert b"[receiver]" in house.data.settings_file.read_bytes()
    for place in (house.installation.repository.files, house.site.files):
        found = files_below(place)
        assert len(found) > 5
        for path in found:
            content = path.read_bytes()
            assert not [mark for mark in marks if mark in content], path
    secret = (house.data.credentials / "backup.pass").read_text().strip().encode()
    readable = [path for path in files_below(house.data.root) if secret in path.read_bytes()]
    assert {path.name for path in readable} == {"backup.pass", "pgbackrest.conf"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in readable)


def test_backup_of_another_kind_of_installation_stays_closed(house: House) -> None:
    """A production backup in a demo, and the other way round: neither the repository's files nor the site's say yes."""
    demo = Installation(house.data.root, Settings.model_validate({"mode": "demo"}), house.data.cluster)
    with pytest.raises(ConfigurationError, match="another kind of installation"):
        demo.repository.require_of_mode()
    with replaced(house.data.settings_file, f'mode = "demo"\n{house.data.settings_file.read_text()}'):
        refused = vaka("backup", "restore", "--authority", SLUG, *APPLY, "--data", house.data.root)
    assert (refused.exit_code, "another kind of installation" in refused.stderr) == (1, True), refused.stderr
    assert replace(house.installation.site, mode="demo").list_snapshots() == []


def test_term_24_8_a_drill_restores_from_the_site_measures_compares_and_erases_again(house: House) -> None:
    erased, order = house.people[0], uuid4()

    async def destroy() -> None:
        client = make_client(house.data.cluster.server, Settings(), "setup", SystemClock())
        await client.erase(house.authority.id, [erased.id], order)
        await client.close()

    asyncio.run(destroy())
    done = vaka("backup", "drill", "--data", house.data.root)
    assert done.exit_code == 0, done.output + done.stderr
    ran = standing(house).newest("backup.drill")
    assert ran is not None
    assert ran.facts["good"] is True
    assert (ran.facts["different"], ran.facts["unsound"], ran.facts["logs_wrong"]) == (0, 0, 0)
    assert int(ran.facts["tables"]) > 50
    assert int(ran.facts["took_seconds"]) >= 1
    assert int(ran.facts["lost_seconds"]) >= 1
    # She was in the backup, could not be read there, and was deleted from it again.
    assert (ran.facts["returned"], ran.facts["opened"], ran.facts["removed"]) == (1, 0, 1)
    assert "Logs verified: 2, wrong: 0." in done.output
    assert not (house.data.root / "restored-backup").exists()


@pytest.mark.parametrize(
    ("spoil", "heal", "said"),
    [
        ("add column more text default 'x'", "drop column more", "tables are not what they are in the backup"),
        ("add constraint never check (false) not valid", "drop constraint never", "pg_restore failed"),
    ],
)
def test_what_was_not_restored_as_it_was_is_removed_and_never_swapped_in(
    house: House, spoil: str, heal: str, said: str
) -> None:
    """The table takes another row than the backup has, or none: what lies beside by then is removed."""
    restore = ("backup", "restore", "--authority", SLUG, "--data", house.data.root)
    swap = ("backup", "swap", "--authority", SLUG, "--data", house.data.root)
    house.run(f"alter table vaka.backup_probe {spoil}")
    try:
        done = vaka(*restore, *APPLY)
        assert (done.exit_code, said in done.stderr) == (1, True), done.output + done.stderr
    finally:
        house.run(f"alter table vaka.backup_probe {heal}")
    assert house.run("select from pg_database where datname = 'vaka_t_ekbacka_restored'") == []
    house.run("create database vaka_t_ekbacka_restored owner vaka_owner", database="postgres")  # without a mark
    try:
        refused = vaka(*swap)
        assert (refused.exit_code, "was restored" in refused.stderr) == (1, True), refused.output + refused.stderr
    finally:
        house.run("drop database vaka_t_ekbacka_restored", database="postgres")


def test_term_24_1_a_restore_to_a_moment_has_what_was_before_it_and_nothing_after(house: House) -> None:
    """One authority's database, by one command, beside its own, which is as it was; by the site's copy too."""
    before = house.note("before the moment")
    time.sleep(1.1)
    moment = house.now().replace(microsecond=0)
    time.sleep(1.1)
    after = house.note("after the moment")
    assert vaka("backup", "now", "--data", house.data.root).exit_code == 0
    asked = ("backup", "restore", "--authority", SLUG, "--at", f"{moment:%Y-%m-%dT%H:%M:%S}", "--data", house.data.root)
    shown = vaka(*asked)
    assert (shown.exit_code, "Nothing was changed" in shown.output) == (0, True), shown.output + shown.stderr
    assert house.run("select from pg_database where datname = 'vaka_t_ekbacka_restored'") == []
    done = vaka(*asked, *APPLY)
    assert done.exit_code == 0, done.output + done.stderr
    held = {row[0] for row in house.run("select id from vaka.backup_probe", database="vaka_t_ekbacka_restored")}
    assert (before in held, after in held) == (True, False)
    assert {row[0] for row in house.run("select id from vaka.backup_probe")} >= {before, after}
    people = house.run("select count(*) from vaka.person", database="vaka_t_ekbacka_restored")
    assert people == [(2,)]


def test_restored_database_takes_the_place_of_the_authority_s_own_and_its_log_goes_on(house: House) -> None:
    """Whoever was erased since is gone before anybody is let in, and the log is the one there was, and more."""
    swap = ("backup", "swap", "--authority", SLUG, "--data", house.data.root)
    refused = vaka(*swap, *APPLY)
    assert (refused.exit_code, "Stop Vaka first" in refused.stderr) == (1, True), refused.stderr
    entries = house.run("select index, leaf from ledger.log_entry order by index")
    after = house.run("select id from vaka.backup_probe where said = 'after the moment'")
    house.stop()
    assert "Nothing was changed" in vaka(*swap).output
    done = vaka(*swap, *APPLY)
    assert done.exit_code == 0, done.output + done.stderr
    assert "Deleted anew after an erasure: 1 of 1." in done.output
    house.start()
    assert house.run("select id from vaka.person") == [(house.people[1].id,)]
    assert house.run("select id from vaka.backup_probe where said = 'after the moment'") == []
    now = house.run("select index, leaf from ledger.log_entry order by index")
    assert now[: len(entries)] == entries
    assert len(now) > len(entries), "it is sealed on: the signer knows it for the log it signed"
    [(old,)] = house.run("select datname from pg_database where starts_with(datname, 'vaka_t_ekbacka_before_')")
    assert house.run("select id from vaka.backup_probe where said = 'after the moment'", database=str(old)) == after
    for role, database, may in (("scheduler", old, False), ("scheduler", "vaka_t_ekbacka", True)):
        asked = house.run("select has_database_privilege(%s, %s, 'connect')", f"vaka_t_ekbacka_{role}", database)
        assert asked == [(may,)]

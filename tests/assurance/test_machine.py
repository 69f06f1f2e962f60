# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the machine and the keyholder say: real processes, a real settings file, a copy of the program, real keys."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from uvloop import loop

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.keys.running import running_keyholder
from vaka.access.published_roles import PUBLISHED
from vaka.assurance import running_parts
from vaka.assurance.asking_databases import PROGRAM, Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.verified import MACHINE_COLLECTORS, ROTATED_WITHIN
from vaka.assurance.wording import explain
from vaka.clock import SystemClock
from vaka.crypto.policy import load_policy
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server
from vaka.keys.keyring import make_client
from vaka.plain_secrets import holds_whole_secret
from vaka.settings import Settings
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PLAIN, SCAN, HARDENING, KEYS = "plain-secrets", "secret-scan", "unit-hardening", "keys-due"
MATRIX, PARTS = "role-matrix", "running-parts"
MET, UNSEEN = (Status.MET, "none"), (Status.UNTESTED, "no_evidence")
SECOND = timedelta(seconds=1)
MARKED = "hunter-2-" + "x" * 12

WAITS = "import sys; print('up', flush=True); sys.stdin.read()"
RESTRICTS = """
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
if os.getuid() == 0:
    os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))  # BPF_RET | BPF_K: SECCOMP_RET_ALLOW
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(allow)))
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
"""
"""What systemd does to each of ours by its unit, as a process can do it to itself."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data directory with settings."""
    (tmp_path / "vaka.toml").write_text('[access]\nstep_up = "required"\n')
    return tmp_path


@pytest.fixture
def machine(place: Place, root: Path) -> Place:  # noqa: F811
    """Where a scheduler of that data directory looks."""
    return replace(place, root=root)


@contextmanager
def running(
    root: Path, *more: str, does: str = "", environment: Mapping[str, str] | None = None, module: str = "desk"
) -> Iterator[None]:
    """A real process that was started as one of ours is, and waits."""
    arguments = (sys.executable, "-c", does + WAITS, f"vaka.processes.{module}", "--data", str(root), *more)
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean | dict(environment or {})
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"up\n"
        yield
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


@pytest.mark.turns_red(PLAIN)
@pytest.mark.parametrize(
    "start",
    [
        {"environment": {"DB_PASSWORD": MARKED}},
        {"environment": {"ADDRESS": f"postgresql://vaka:{MARKED}@db.example/vaka"}},
        {"more": (f"--device-pin={MARKED}",)},
        {"more": ("--api-token", MARKED)},
    ],
    ids=["environment", "form", "option", "next"],
)
async def test_term_11_3_secret_of_a_process_turns_it_red(
    start: dict[str, object],
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
) -> None:
    """In the environment or the arguments of a process of ours that runs; not once it has ended, nor of a stranger."""
    more, environment = start.get("more", ()), start.get("environment", {})
    assert isinstance(more, tuple)
    assert isinstance(environment, dict)
    with running(root, "--token-file", "/etc/x", environment={"CREDENTIALS_DIRECTORY": str(root)}):
        assert await status_of(PLAIN, machine, server) == MET
        with running(root.parent, *more, environment=environment):
            assert await status_of(PLAIN, machine, server) == MET
        with running(root, *more, environment=environment):
            assert await status_of(PLAIN, machine, server) == (Status.FAILING, "plain")
        assert await status_of(PLAIN, machine, server) == MET


@pytest.mark.turns_red(PLAIN)
@pytest.mark.parametrize("line", ['db_password = "x"', f'# password = "{MARKED}"', f'password = "{MARKED}'])
async def test_term_11_6_secret_in_the_settings_turns_it_red(
    line: str,
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
) -> None:
    """Written while the processes run, as a setting, in a comment, or in a file that is no TOML any more."""
    assert await status_of(PLAIN, machine, server) == MET
    with (root / "vaka.toml").open("a") as file:
        file.write(line)
    assert await status_of(PLAIN, machine, server) == (Status.FAILING, "plain")


@pytest.mark.turns_red(SCAN)
async def test_term_11_4_secret_in_the_program_turns_it_red(
    machine: Place,
    server: Server,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The program as it is installed holds none; a copy of it into which somebody put one does."""
    copy = tmp_path / "program"
    shutil.copytree(PROGRAM, copy, ignore=shutil.ignore_patterns("__pycache__"))
    copied = replace(machine, program=copy)
    assert await status_of(SCAN, copied, server) == MET
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True)
    (copy / "crypto" / "beside.pem").write_bytes(made.stdout)
    assert await status_of(SCAN, copied, server) == (Status.FAILING, "found")


@pytest.mark.turns_red(MATRIX)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('    "desk.take_over",\n', ""),
        ('[auditor]\nrealm = "authority"', '[auditor]\nrealm = "administrator"'),
        ("[shift_leader]", "[leader]"),
    ],
    ids=["permission", "realm", "role"],
)
async def test_code_that_decides_otherwise_than_is_published_turns_it_red(
    before: str,
    after: str,
    machine: Place,
    server: Server,  # noqa: F811
    tmp_path: Path,
) -> None:
    """One role's permission, realm or name is another in what a copy of the program publishes."""
    other = tmp_path / "program"
    (other / PUBLISHED).parent.mkdir(parents=True)
    published = (PROGRAM / PUBLISHED).read_text()
    assert published.count(before) == 1
    (other / PUBLISHED).write_text(published.replace(before, after))
    assert await status_of(MATRIX, machine, server) == MET
    assert await status_of(MATRIX, replace(machine, program=other), server) == (Status.FAILING, "differ")


@pytest.mark.turns_red(HARDENING)
async def test_term_14_3_process_that_can_do_more_than_it_needs_turns_it_red(
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
) -> None:
    """Not tested where none of ours is to be seen; one that is not restricted is enough."""
    assert await status_of(HARDENING, machine, server) == UNSEEN
    with running(root, does=RESTRICTS):
        assert await status_of(HARDENING, machine, server) == MET
        with running(root, module="portal"):
            assert await status_of(HARDENING, machine, server) == (Status.FAILING, "open")
        assert await status_of(HARDENING, machine, server) == MET


@pytest.mark.turns_red(PARTS)
async def test_what_a_process_runs_and_no_bill_names_turns_it_red(
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A library from somewhere; the same of a distribution is fine, until it is replaced while it runs."""
    assert await status_of(PARTS, machine, server) == UNSEEN
    (there := tmp_path / "place").mkdir()
    (planted := there / "planted.so").write_bytes(Path(loop.__file__).read_bytes())
    loads, strange = f"import ctypes; ctypes.CDLL({str(planted)!r});", (Status.FAILING, "strange")
    with running(root, does="import psycopg, uvloop, cryptography.x509;"):
        assert await status_of(PARTS, machine, server) == MET
        with running(root, does=loads, module="portal"):
            assert await status_of(PARTS, machine, server) == strange
            (described := there / "planted-1.dist-info").mkdir()
            (described / "METADATA").write_text("Metadata-Version: 2.1\nName: Planted\nVersion: 1\n")
            (described / "RECORD").write_text("planted.so,,\nplanted-1.dist-info/METADATA,,\n")
            monkeypatch.syspath_prepend(str(there))
            assert await status_of(PARTS, machine, server) == MET
            planted.rename(there / "before.so")
            planted.write_bytes(b"")
            (there / "before.so").unlink()
            assert await status_of(PARTS, machine, server) == strange
        assert await status_of(PARTS, machine, server) == MET


@pytest.mark.turns_red(PARTS)
async def test_a_process_that_shows_itself_to_nobody_turns_it_red(
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the kernel refuses it to the scheduler's account; root sees everything. The keyholder does it for its keys."""
    reads = running_parts._list_mapped

    def refuse(entry: Path) -> Iterator[str]:
        said = (entry / "cmdline").read_text()
        if "portal" in said or "keyholder" in said:
            raise PermissionError
        return reads(entry)

    monkeypatch.setattr(running_parts, "_list_mapped", refuse)
    with running(root), running(root, module="keyholder"):
        assert await status_of(PARTS, machine, server) == MET
        with running(root, module="portal"):
            assert await status_of(PARTS, machine, server) == (Status.FAILING, "strange")


@pytest.mark.turns_red(KEYS)
async def test_term_18_3_key_past_its_day_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """Not tested while the keyholder has no key of the authority's, or does not answer; red a day past its day."""
    asking = make_client(server, Settings(), "scheduler", SystemClock(), wait_seconds=2)
    setup = make_client(server, Settings(), "setup", SystemClock())
    keyed = replace(place, keys=asking)
    try:
        assert await status_of(KEYS, place, server) == UNSEEN
        assert await status_of(KEYS, keyed, server) == UNSEEN
        with running_keyholder(server.credentials.parent):
            assert await status_of(KEYS, keyed, server) == UNSEEN
            before = datetime.now(UTC)
            await setup.open_authority(authority.id)
            assert await status_of(KEYS, keyed, server, before) == MET
            days = load_policy().rotate_after_days["authority"]
            last = before + timedelta(days=days) + ROTATED_WITHIN
            assert await status_of(KEYS, keyed, server, last) == MET
            late = datetime.now(UTC) + timedelta(days=days) + ROTATED_WITHIN
            assert await status_of(KEYS, keyed, server, late) == (Status.FAILING, "late")
    finally:
        await asking.close()
        await setup.close()


@pytest.mark.turns_red(KEYS, stopped=True)
async def test_keys_that_nobody_looks_at_any_more_turn_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """No key is late, and then nobody asks the keyholder any more."""
    asking = make_client(server, Settings(), "scheduler", SystemClock())
    setup = make_client(server, Settings(), "setup", SystemClock())
    try:
        with running_keyholder(server.credentials.parent):
            await setup.open_authority(authority.id)
            now = datetime.now(UTC)
            assert await status_of(KEYS, replace(place, keys=asking), server, now) == MET
    finally:
        await asking.close()
        await setup.close()
    within = REQUIREMENTS[KEYS].looked_within
    assert await judged(KEYS, place, server, now + within) == MET
    assert await judged(KEYS, place, server, now + within + SECOND) == (Status.UNTESTED, "collector_down")


@pytest.mark.turns_red(KEYS)
async def test_term_18_3_age_of_a_persons_key_turns_nothing_red_and_that_of_the_root_does(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """People's keys and those of lookups are only ever wrapped anew, however old they are."""
    asking = make_client(server, Settings(), "scheduler", SystemClock())
    setup = make_client(server, Settings(), "setup", SystemClock())
    keyed, long_ago = replace(place, keys=asking), timedelta(days=load_policy().rotate_after_days["person"] + 30)

    def by_hand_of_keys(statement: str, **values: object) -> None:
        with closing(psycopg.connect(server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute("set search_path = vaka")
            superuser.execute(statement.encode(), values)

    age = "update key_register set created_at = %(at)s where kind = %(kind)s"
    try:
        with running_keyholder(server.credentials.parent):
            await setup.open_authority(authority.id)
            now = datetime.now(UTC)
            by_hand_of_keys(
                "insert into subject_key values (%(where)s, gen_random_uuid(), 1, sha256('x'), %(wrapped)s, %(at)s)",
                where=authority.id, wrapped=bytes(60), at=now - long_ago,
            )  # fmt: skip
            by_hand_of_keys(age, kind="lookup", at=now - long_ago)
            due = {one.kind for one in (await asking.register()).keys if one.state == "due"}
            assert due == {"person", "lookup"}
            assert await status_of(KEYS, keyed, server, now) == MET
            by_hand_of_keys(age, kind="root", at=now - long_ago)
            assert await status_of(KEYS, keyed, server, now) == (Status.FAILING, "late")
    finally:
        await asking.close()
        await setup.close()


@pytest.mark.turns_red(PLAIN, SCAN, HARDENING, PARTS, MATRIX, stopped=True)
@pytest.mark.parametrize("name", [PLAIN, SCAN, HARDENING, PARTS, MATRIX])
async def test_a_collector_that_is_stopped_or_cannot_look_turns_it_red(
    name: str,
    machine: Place,
    server: Server,  # noqa: F811
    root: Path,
    tmp_path: Path,
) -> None:
    """What was green is red when nobody could look for as long as evidence may be old, and a second more."""
    every = REQUIREMENTS[name].looked_within
    with running(root, does=RESTRICTS):
        assert await status_of(name, machine, server) == MET
    assert await judged(name, machine, server, START + every) == MET
    away = replace(machine, root=None)
    nothing = replace(machine, proc=tmp_path / "nothing", program=tmp_path / "nothing")
    for cannot in (away, nothing):
        assert await status_of(name, cannot, server, START + every + SECOND) == (Status.UNTESTED, "collector_down")


def test_what_they_find_is_said_in_words() -> None:
    """In both languages, with how many there are."""
    for name, reason in {
        PLAIN: "plain",
        SCAN: "found",
        HARDENING: "open",
        PARTS: "strange",
        KEYS: "late",
        MATRIX: "differ",
    }.items():
        said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 4711))
        assert "4711" in said.sv
        assert "4711" in said.en
    assert set(MACHINE_COLLECTORS) > {PLAIN, SCAN, HARDENING, PARTS, KEYS, MATRIX}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-----BEGIN PRIVATE KEY-----", False),
        (f"-----BEGIN PRIVATE KEY-----\n{'A' * 64}\n-----END PRIVATE KEY-----", True),
        (f"-----BEGIN OPENSSH PRIVATE KEY-----\r\n{'b3Bl' * 20}\r\n-----END OPENSSH PRIVATE KEY-----", True),
        (f"-----BEGIN CERTIFICATE-----\n{'A' * 64}\n-----END CERTIFICATE-----", False),
        (f"PRIVATE+KEY+vaka.example+{'0' * 8}+{'A' * 44}", True),
        ("PRIVATE+KEY+<name>+<hash>+<keydata>", False),
        (f"AGE-SECRET-KEY-1{'Q' * 58}", True),
        ("AGE-SECRET-KEY-1…", False),
    ],
)
def test_whole_secret_is_known_from_talk_of_one(text: str, *, expected: bool) -> None:
    assert holds_whole_secret(text) is expected

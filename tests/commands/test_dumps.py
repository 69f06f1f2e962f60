# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Real dumps of a whole installation: no secret is in one, and no name of whoever was removed (terms 11 and 13)."""

import asyncio
import hashlib
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner

from tests.commands.test_maintenance import APPLY, vaka
from tests.leavers import change_account
from tests.platform import make_account, platform_as
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.main import main
from vaka.database.binaries import find_server_binaries
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER
from vaka.identity.sessions import open_session
from vaka.ledger.checkpoints import verify_checkpoint
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import parse_note
from vaka.ledger.signer import KeyFiles
from vaka.ledger.tree import CompactRange, hash_leaves

pytestmark = pytest.mark.database

NAME = "Ludmila Lämnardotter"
PASSWORD = "rätt häst batteri"
SHEET = f"sender;authentication;password\n8031009;digest;{PASSWORD}\n"
DATABASES = (PLATFORM_DATABASE, "vaka_t_ekbacka", KEY_DATABASE)


@pytest.fixture
def running(made: DataDirectory) -> Iterator[None]:
    """The database server runs for the whole test, and not for each command."""
    with made.locked():
        made.cluster.start()
        try:
            yield
        finally:
            made.cluster.stop()


def create(made: DataDirectory, name: str) -> str:
    """Make a user's account, as if it had been asked for and approved; return its identifier."""
    return str(asyncio.run(make_account(made.cluster.server, name, now=datetime.now(UTC))))


def dump(made: DataDirectory, program: str, *arguments: str) -> str:
    """Return what one of PostgreSQL's own programs writes of the whole installation."""
    where = [str(find_server_binaries() / program), *arguments]
    return subprocess.run(where, check=True, capture_output=True, text=True, timeout=120).stdout


def dumps(made: DataDirectory) -> str:
    """Every database, and the roles with what proves them."""
    server = made.cluster.server
    texts = [dump(made, "pg_dump", f"--dbname={server.conninfo(SUPERUSER, one)}") for one in DATABASES]
    roles = f"--dbname={server.conninfo(SUPERUSER, PLATFORM_DATABASE)}"
    return "\n".join([*texts, dump(made, "pg_dumpall", "--roles-only", roles)])


def test_term_11_1_no_secret_is_in_a_dump(made: DataDirectory, running: None, tmp_path: Path) -> None:
    account = create(made, "Vera Vilsen")
    (tmp_path / "sheet.csv").write_text(SHEET)
    taken = vaka("device", "import", "--data", made.root, "--authority", "ekbacka", *APPLY, tmp_path / "sheet.csv")
    assert taken.exit_code == 0, taken.output
    asked = ["account", "invite", "--data", str(made.root), "--account", account, *APPLY, "--attribute", "employee"]
    invited = CliRunner().invoke(main, asked, input="anställd-4711\nanställd-4711\n")
    code = re.search(r"\b([A-Z2-7]{5}(-[A-Z2-7]{1,5}){5})\b", invited.output)
    assert code is not None, invited.output
    token = asyncio.run(signed_in(made, account))
    written = dumps(made)
    secrets = {code[1], code[1].replace("-", ""), token, PASSWORD, "anställd-4711"}
    for file in made.cluster.server.credentials.rglob("*"):
        if file.is_file() and not file.name.endswith((".crt", ".pem")):
            written_there = re.findall(r"[0-9A-Za-z+/=_-]{20,}", file.read_text(encoding="latin-1"))
            secrets |= {one for one in written_there if not one.startswith("vaka_")}  # which are names of logins
    assert len(secrets) > 20
    assert [secret for secret in sorted(secrets) if secret in written] == []
    # What stands for them is there, so this finds what there is; and nobody's password is kept in any form.
    assert hashlib.sha256(token.encode()).hexdigest() in written
    assert account in written
    assert written.count("SCRAM-SHA-256$") > 10
    assert "PASSWORD 'md5" not in written
    columns = re.findall(r"^    (\w*(?:password|passwd|pin)\w*) ", written, re.MULTILINE)
    assert columns == []


def test_term_13_2_a_removed_name_is_in_no_dump_and_the_log_verifies(made: DataDirectory, running: None) -> None:
    account = create(made, NAME)
    asyncio.run(signed_in(made, account))
    assert NAME in dumps(made)
    seal(made)
    before = size_of_the_verified_log(made)
    asyncio.run(change_account(made.cluster.server, account, "removed", actor="test", now=SystemClock().now()))
    seal(made)
    written = dumps(made)
    assert NAME not in written
    assert NAME.split()[1] not in written
    assert written.count(f"account:{account}") > 1, "the log still says what the account did"
    assert size_of_the_verified_log(made) > before


async def signed_in(made: DataDirectory, account: str) -> str:
    """Sign in; return the token."""
    async with platform_as(made.cluster.server, "signin") as signin:
        return await open_session(signin, UUID(account), "operator", "test", datetime.now(UTC))


def seal(made: DataDirectory) -> None:
    """Let what was entered into the log, as commands do."""
    done = vaka("account", "replay", "--data", made.root)
    assert "Different:" in done.output, done.output


def size_of_the_verified_log(made: DataDirectory) -> int:
    """Verify the platform's log by what is in the database and the public key: leaves, roots, signatures."""
    files = KeyFiles.of(made.credentials, made.root / "ledger", PLATFORM_DATABASE)
    key = LogKey.parse(files.public.read_text().strip())
    with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as onlooker:
        leaves = [bytes(leaf) for (leaf,) in onlooker.execute("select leaf from ledger.log_entry order by index")]
        notes = onlooker.execute("select note from ledger.checkpoint order by size").fetchall()
    size = 0
    for (note,) in notes:
        checkpoint = verify_checkpoint(parse_note(bytes(note)), key)
        whole = CompactRange().append(hash_leaves(leaves[: checkpoint.size]))
        assert whole.root() == checkpoint.root
        size = checkpoint.size
    assert size == len(leaves) > 0
    return size

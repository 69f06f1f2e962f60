# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka terms pack`: the same pack as the portal's, made at the command line, and entered where the authority reads."""

import json
import stat
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.assurance.unpacking import unpack, verify
from tests.commands.test_key import TENANT, vaka
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import SUPERUSER

pytestmark = pytest.mark.database

WHY = ("--change", "KS-1", "--reason", "Granskning")


def test_a_pack_is_written_signed_and_entered(made: DataDirectory, tmp_path: Path) -> None:
    """To a file that its owner alone reads; the authority's own log names what was signed, and by which key."""
    target = tmp_path / "pack.zip"
    looked = vaka("terms", "check", "--data", made.root)
    assert looked.exit_code == 0, looked.output + looked.stderr
    shown = vaka("terms", "pack", "--data", made.root, "--authority", "ekbacka", "--to", target, *WHY)
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    folder = unpack(target.read_bytes(), tmp_path / "pack")
    assert verify(folder) == []
    assert (folder / "evidence" / "looks.jsonl").read_text("utf-8").count("\n") >= 11
    digest = sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert digest in shown.output
    [entry] = packed(made)
    assert (entry["detail"]["sha256"], entry["detail"]["change"]) == (digest, "KS-1")
    listed = vaka("key", "list", "--data", made.root)
    assert "evidence packs" in listed.output


def packed(made: DataDirectory) -> list[dict[str, Any]]:
    """Return what the authority's log says of packs; it was sealed before the command ended."""
    made.cluster.start()
    try:
        with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT))) as superuser:
            rows = superuser.execute("select convert_from(leaf, 'utf8') from ledger.log_entry").fetchall()
    finally:
        made.cluster.stop()
    return [one for (leaf,) in rows if (one := json.loads(leaf))["event"] == "evidence.packed"]


def test_what_cannot_be_written_leaves_no_half(made: DataDirectory, tmp_path: Path) -> None:
    """A file that is there stays as it is; nobody unknown, and nobody without a reason."""
    there = tmp_path / "there.zip"
    there.write_bytes(b"mine")
    asked = ("terms", "pack", "--data", made.root, "--authority")
    assert vaka(*asked, "ekbacka", "--to", there, *WHY).exit_code == 1
    assert there.read_bytes() == b"mine"
    nowhere = vaka(*asked, "nowhere", "--to", tmp_path / "new.zip", *WHY)
    assert (nowhere.exit_code, "There is no authority 'nowhere'" in nowhere.stderr) == (1, True)
    assert vaka(*asked, "ekbacka", "--to", tmp_path / "new.zip").exit_code == 1
    assert not (tmp_path / "new.zip").exists()

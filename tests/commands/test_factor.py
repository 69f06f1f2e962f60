# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka factor`: shows what keys an account has, and takes a lost one from it, for a change, with an entry."""

from contextlib import closing
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.commands.test_maintenance import APPLY, ME, entries, vaka
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.database

ACCOUNT, LOST, KEPT = UUID(int=0xA1), UUID(int=0xB1), UUID(int=0xB2)


@pytest.fixture
def with_keys(made: DataDirectory) -> DataDirectory:
    """The installation with an account that has two keys."""
    made.cluster.start()
    try:
        with closing(
            psycopg.connect(made.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
        ) as su:
            su.execute("set search_path = vaka")
            su.execute(
                "insert into account (id, display_name, kind, created_at) values (%s, 'Agneta Avtal', 'user', now())",
                (ACCOUNT,),
            )
            for key in (LOST, KEPT):
                su.execute(
                    "insert into security_key (id, account_id, name, credential_id, public_key, algorithm, model, site,"
                    " device_bound, attested, sign_count, added_at, binding) values (%s, %s, 'i kassaskåpet', %s,"
                    " sha256('1'), 'Ed25519', %s, 'x', true, false, 0, now(), sha256('1'))",
                    (key, ACCOUNT, key.bytes, key),
                )
    finally:
        made.cluster.stop()
    return made


def test_a_lost_key_is_shown_and_taken_away(with_keys: DataDirectory) -> None:
    about = ("--data", with_keys.root, "--account", str(ACCOUNT))
    shown = vaka("factor", "list", *about)
    assert shown.exit_code == 0, shown.output
    assert str(LOST) in shown.output
    assert str(KEPT) in shown.output
    assert "never used" in shown.output
    assert "kassaskåpet" not in shown.output, "what he calls it is his own business"
    tried = vaka("factor", "remove", *about, str(LOST))
    assert "Nothing was changed. Do it with --apply." in tried.output
    assert str(KEPT) not in tried.output
    assert "Say with --change" in vaka("factor", "remove", *about, "--apply", str(LOST)).stderr
    assert "no such security key" in vaka("factor", "remove", *about, str(LOST), str(uuid4())).stderr
    done = vaka("factor", "remove", *about, *APPLY, str(LOST))
    assert done.exit_code == 0, done.output
    left = vaka("factor", "list", *about).output
    assert str(LOST) not in left
    assert str(KEPT) in left
    told = entries(with_keys)
    [removed] = [entry for entry in told if entry["event"] == "security_key.removed"]
    assert (removed["actor"], removed["object"]) == (ME, f"security_key:{LOST}")
    assert f"account:{ACCOUNT}" in str(removed["detail"])
    runs = [entry for entry in told if entry["event"] == "command.run"]
    outcomes = [entry["outcome"] for entry in runs if entry["object"] == "command:factor.remove"]
    assert outcomes == ["success", "failure", "success"]

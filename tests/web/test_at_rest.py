# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nothing that a device said or an operator wrote is found in a dump, or in the database server's files."""

import base64
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.alarms.house import connect_superuser
from tests.identities import blinded
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address
from tests.web.test_history import DAYS
from vaka.web.desk.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SAID = {
    "device_text": "Halsband-QKVX-7731", "location_text": "Sovrum-QKVX-2208", "position_text": "59.QKVX,18.QKVX",
    "source": "192.0.2.177:47110", "body": base64.b64encode(b"<mrq><ite>Brev-QKVX-4417</ite></mrq>").decode(),
}  # fmt: skip
NOTE, END = "Dottern-QKVX-9021 är på väg.", "Satt på golvet-QKVX-3316."
SECRETS = ("QKVX", "192.0.2.177")
NUMBER = "0701740688"
"""What the device calls itself: a telephone number of the series for fiction."""


def dump(installation: Installation, slug: str) -> Iterator[str]:
    """Every row of an authority's database, as a dump writes it."""
    database = installation.authorities[slug].database_name
    with closing(connect_superuser(installation.server, database)) as superuser:
        tables = superuser.execute(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname in ('vaka', 'ledger')"
        ).fetchall()
        for table in tables:
            with superuser.cursor().copy(f"copy {table['name']} to stdout".encode()) as copy:
                yield b"".join(map(bytes, copy)).decode()
        superuser.execute("checkpoint")


def files(root: Path) -> Iterator[Path]:
    """Every file of the database server: tables, indexes and the write-ahead log."""
    yield from (path for path in (root / "cluster").rglob("*") if path.is_file())


async def test_what_was_said_and_written_is_in_no_dump_and_in_no_file(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    alarm = installation.raise_alarm("Karin Holmgren", sender=NUMBER, **SAID)  # type: ignore[arg-type]
    where = address(installation, alarm)
    assert (await olga.act(f"{where}/take")).status == 200
    assert (await olga.act(f"{where}/note", {"body": NOTE})).status == 200
    shown = (await olga.get(where)).text
    for word in (SAID["device_text"], SAID["location_text"], SAID["position_text"], NOTE):
        assert word in shown, "who has the keys reads it"
    assert (await olga.act(f"{where}/close", ENDING | {"text": END})).status == 200
    assert END in (await olga.get("/history")).text
    assert str(alarm) in (await olga.search("/history", DAYS | {"text": NUMBER})).text, "it is found by its number"
    written = "".join(dump(installation, "ekbacka"))
    assert blinded(NUMBER) in written, "what stands for it is there: so this finds what is there"
    for secret in (*SECRETS, NUMBER):
        assert secret not in written
        assert secret.encode().hex() not in written
    found = dict.fromkeys((*SECRETS, NUMBER, blinded(NUMBER)), False)
    for path in files(installation.root):
        with suppress(FileNotFoundError):  # the server removes files of its own
            content = path.read_bytes()
            for secret in found:
                found[secret] = found[secret] or secret.encode() in content
    assert found == {**dict.fromkeys((*SECRETS, NUMBER), False), blinded(NUMBER): True}

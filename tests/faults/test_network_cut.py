# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The network between a receiver's machine and the database's is cut: namespaces, and a real cable between them."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.certificates import Issuer
from tests.database.test_encrypted import put
from tests.failover.installation import Installation, installed_by_itself, require_kept_once
from tests.failover.steady import Steady
from tests.faults.networks import Cable, other_machine
from tests.receiver.conftest import free_port
from tests.waiting import wait_until
from vaka.database.cluster import Cluster
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = [pytest.mark.database, pytest.mark.anyio]


@pytest.fixture
def apart() -> Iterator[tuple[Cable, Installation, Installation]]:
    """The cable, the receiver's machine at one end of it, and the database's at the other."""
    root = Path(tempfile.mkdtemp(prefix="vaka-cut-"))
    root.chmod(0o755)
    try:
        with other_machine() as cable, installed_by_itself(root, devices=10) as (cluster, here):
            listen(cluster, cable.here, root)
            there = replace(here, server=replace(here.server, host=cable.here))
            yield cable, there, here
    finally:
        shutil.rmtree(root, ignore_errors=True)


def listen(cluster: Cluster, address: str, root: Path) -> None:
    """Have the server listen there, as docs/traffic.md has it."""
    issuer, data = Issuer(root / "issuer"), cluster.data
    cluster.stop()
    put(issuer.certificate_for(address), data, "server")
    shutil.copy(issuer.certificate, data / "issuer.pem")
    (data / "issuer.pem").chmod(0o644)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"\nlisten_addresses = '{address}'\nssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n"
            "ssl_ca_file = 'issuer.pem'\nssl_min_protocol_version = 'TLSv1.2'\n"
        )
    (data / "pg_hba.conf").write_text(
        "local all all scram-sha-256\nhostssl all all 10.231.0.0/16 scram-sha-256 clientcert=verify-ca\n"
    )
    cluster.start()
    shutil.copy(issuer.certificate, root / "tls" / "database-ca.pem")
    chain, key = issuer.certificate_for("vaka1.example")
    for source, name in ((chain, "client.pem"), (key, "client.key")):
        shutil.copy(source, root / "tls" / f"database-{name}")
    (root / "tls" / "database-client.key").chmod(0o600)


async def test_a_cut_network_loses_nothing_and_all_comes_back_by_itself(
    apart: tuple[Cable, Installation, Installation],
) -> None:
    """503 in time while it is cut, so that devices turn elsewhere; the receiver stops saying that it is there."""
    cable, there, here = apart
    port, loop = cable.there(free_port), asyncio.get_running_loop()
    receiver = there.receiver(port)
    process = cable.there(receiver.__enter__)
    try:
        await process.listens()
        async with Steady(there.devices, [port], 20, "N", make_socket=lambda: cable.there(datagrams)) as steady:
            await wait_until(lambda: len(steady.answered) >= 20)
            cable.pull()
            cut = loop.time() + 1
            await wait_until(lambda: sum(one.refused for one in steady.sent) >= 20)
            seen = last_seen(here)
            await asyncio.sleep(12)
            assert steady.answered_since(cut) == 0
            assert last_seen(here) == seen, "whoever watches receivers sees that this one is gone"
            cable.plug_in()
            back = loop.time()
            await wait_until(lambda: steady.answered_since(back) >= 40)
            await wait_until(lambda: last_seen(here) != seen)
            await steady.end()
            print(f"\n{steady.summary(cut - 1)}")
    finally:
        receiver.__exit__(None, None, None)
    assert process.process.poll() == -9, "it never ended by itself"
    require_kept_once(here, steady.sent)


def datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def last_seen(here: Installation) -> object:
    """When a receiver last said that it is there."""
    with psycopg.connect(here.server.conninfo(SUPERUSER, PLATFORM_DATABASE)) as connection:
        return connection.execute("select max(beat_at) from vaka.receiver_presence").fetchone()

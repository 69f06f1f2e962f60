# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Kamailio with PostgreSQL doing the plain job: receive a MESSAGE, insert its body durably, reply 200.

No authentication, no classes, no alarm, no confirmation: the least that may be answered 200, on the same cluster with
the same settings. It keeps SIP transactions (module tm), because a server that does not stores an alarm again each time
its 200 is lost; what it does without them is measured beside.
"""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installation import Installation, free_port
from bench.processes import Started, processor_seconds

DATABASE = "bench_kamailio"
ROLE = "bench_kamailio"

_TABLE = """
create table message (
    id          bigint generated always as identity primary key,
    call_id     text not null,
    sender      text not null,
    received_at timestamptz not null default now(),
    body        text not null
)
"""
# Megabytes. A transaction of some 7 kB stays for five seconds after its answer. Without room for the next, Kamailio
# stores the message and cannot answer it: it would be measured at half of what it can do.
_SHARED_MEMORY = 2_048
# What differs where Kamailio keeps transactions: a repeat is answered as before and not stored a second time.
_STATELESS = {"transactions": "", "begin": "", "reply": "sl_send_reply"}
_STATEFUL = {"transactions": 'loadmodule "tm.so"\n', "begin": "t_newtran();\n    ", "reply": "t_reply"}
# Errors of the database are answered 503; everything is escaped, as in a configuration that is meant to be used.
_CONFIGURATION = """\
debug=0
log_stderror=yes
children={children}
auto_aliases=no
disable_tcp=yes
maxbuffer=4194304
listen=udp:127.0.0.1:{port}
mpath="{modules}/"
loadmodule "pv.so"
{transactions}loadmodule "sl.so"
loadmodule "db_postgres.so"
loadmodule "sqlops.so"
modparam("sqlops", "sqlcon", "cb=>postgres://{role}:{password}@/{database}")
request_route {{
    if ($rm != "MESSAGE") {{
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }}
    {begin}if (sql_query("cb", "insert into message (call_id, sender, body) values ('$(ci{{s.escape.common}})', \
'$(fU{{s.escape.common}})', '$(rb{{s.escape.common}})')") < 0) {{
        {reply}("503", "Service Unavailable");
        exit;
    }}
    {reply}("200", "OK");
}}
"""


@dataclass(frozen=True, slots=True)
class Kamailio:
    """A running Kamailio."""

    port: int
    pid: int
    log: Path

    def complaints(self) -> int:
        """Return how many errors it has logged: with any, it was not measured at its best."""
        return sum(b" ERROR: " in line for line in self.log.read_bytes().splitlines())

    def seconds(self) -> float:
        """Return the processor time that all its processes have taken."""
        return processor_seconds(self.pid)


def find_kamailio() -> tuple[Path, Path] | None:
    """Return the program and the directory of its modules, or None where it (or its PostgreSQL module) is missing."""
    program = shutil.which("kamailio", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    modules = next(Path("/usr/lib").glob("*/kamailio/modules/db_postgres.so"), None)
    return None if program is None or modules is None else (Path(program), modules.parent)


def prepare_kamailio(installation: Installation) -> str:
    """Make its database and role in the same cluster; return the role's password."""
    password = secrets.token_hex(16)
    with contextlib.closing(installation.connect("postgres")) as connection:
        connection.execute(f"create role {ROLE} login password '{password}'".encode())
        connection.execute(f"create database {DATABASE} owner {ROLE} template template0".encode())
    with contextlib.closing(installation.connect(DATABASE)) as connection:
        connection.execute(f"set role {ROLE}".encode())
        connection.execute(_TABLE)
    return password


@contextmanager
def running_kamailio(
    installation: Installation, password: str, children: int, *, transactions: bool = True
) -> Iterator[Kamailio]:
    """Run it with so many children, each with its own connection; with or without SIP transactions (module tm)."""
    found = find_kamailio()
    assert found is not None
    program, modules = found
    port = free_port()
    configuration = installation.root / "kamailio.cfg"
    configuration.touch(mode=0o600)
    configuration.write_text(
        _CONFIGURATION.format(
            children=children,
            port=port,
            modules=modules,
            role=ROLE,
            password=password,
            database=DATABASE,
            **(_STATEFUL if transactions else _STATELESS),
        )
    )
    log = installation.log("kamailio")
    server = installation.server
    process = Started(
        [program, "-DD", "-E", "-f", configuration, "-Y", installation.root / "run", "-m", str(_SHARED_MEMORY)],
        log,
        # libpq takes the socket's directory from here: the connection is as short as ours.
        {"PGHOST": server.host, "PGPORT": str(server.port)},
    )
    try:
        process.wait_until(lambda: _connections(installation) > children, "Kamailio's connections to the database")
        yield Kamailio(port, process.pid, log)
    finally:
        process.stop()
        log.unlink(missing_ok=True)


def stored_by_kamailio(installation: Installation) -> int:
    """Return how many messages it has kept."""
    with contextlib.closing(installation.connect(DATABASE)) as connection:
        row = connection.execute("select count(*) from message").fetchone()
    return int(row[0]) if row else 0


def empty_kamailio(installation: Installation) -> None:
    """Remove what it has kept."""
    with contextlib.closing(installation.connect(DATABASE)) as connection:
        connection.execute("truncate message")


def _connections(installation: Installation) -> int:
    with contextlib.closing(installation.connect("postgres")) as connection:
        row = connection.execute("select count(*) from pg_stat_activity where usename = %s", (ROLE,)).fetchone()
    return int(row[0]) if row else 0

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The databases: whether they answer, what they are, what they lack, and whether their logs are being sealed.

Everything is read as `setup`, but what they lack: which migrations there were nobody but the superuser may see, and who
has not his credential leaves that. Of what stands in the databases nothing is said.
"""

from collections.abc import Iterator
from contextlib import closing

import psycopg
from psycopg.rows import class_row

from vaka.database.binaries import OLDEST_VERSION
from vaka.database.cluster import find_server
from vaka.database.migrate import Kind, pending_migrations
from vaka.database.queries import load_queries
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.errors import ConfigurationError, Sentence
from vaka.ledger.standing import LedgerNews
from vaka.ledger.stored import QUERIES as LEDGER
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

QUERIES = load_queries("vaka.operations.doctor")
Connection = psycopg.Connection[tuple[object, ...]]
_MIGRATE = Sentence(sv="Kör vaka migrate --apply.", en="Run vaka migrate --apply.")


def look_at_databases(place: Place, oldest: int = OLDEST_VERSION) -> Iterator[Finding]:
    """Whether the server answers and is new enough; then what its databases are, lack and seal."""
    server = find_server(place.settings.database, place.root)
    passwords = server.credential_file(platform_role("setup"))
    try:
        with passwords.open("rb"):
            pass
    except OSError:
        yield unseen(
            Sentence(
                sv=f"Databasen går inte att fråga: {passwords} går inte att läsa.",
                en=f"The database cannot be asked: {passwords} cannot be read.",
            ),
            Sentence(
                sv="Kör detta som det konto som Vaka körs som, eller som root.",
                en="Run this as the account that Vaka runs as, or as root.",
            ),
        )
        return
    try:
        with closing(_connect(server, PLATFORM_DATABASE)) as connection:
            yield good("Databasen svarar.", "The database answers.")
            yield from _look_at_server(connection, oldest)
            if len(server.hosts) > 1:
                yield from _look_at_standbys(connection)
            yield from _look_at_one(place, server, connection, PLATFORM_DATABASE, "platform")
            names = [str(row[0]) for row in connection.execute(QUERIES["list_databases"]).fetchall()]
    except psycopg.OperationalError:
        yield _silent(server)
        return
    except psycopg.errors.UndefinedTable:  # a server of one's own before its first migration
        yield wrong(_lacks(PLATFORM_DATABASE, "", ""), _MIGRATE)
        return
    yield from _look_at_migrations(server, KEY_DATABASE, "keys")
    for name in names:
        try:
            with closing(_connect(server, name)) as connection:
                yield from _look_at_one(place, server, connection, name, "tenant")
        except psycopg.OperationalError:
            yield wrong(
                Sentence(
                    sv=f"Databasen {name} svarar inte eller släpper inte in.",
                    en=f"The database {name} does not answer, or lets nobody in.",
                ),
                Sentence(
                    sv="Larm till den myndigheten får 503. Återställ databasen, eller kör vaka migrate.",
                    en="Alarms of that authority are answered 503. Restore the database, or run vaka migrate.",
                ),
            )
    yield good("Databaserna är som programmet väntar sig, och loggarna förseglas.",
               "The databases are as the program expects, and the logs are sealed.")  # fmt: skip


def _look_at_server(connection: Connection, oldest: int) -> Iterator[Finding]:
    row = connection.execute(QUERIES["read_version"]).fetchone()
    version = int(str(row[0])) // 10_000 if row else 0
    if version < oldest:
        yield _too_old(version, oldest)
    for name, reordered in connection.execute(QUERIES["find_other_forms"]).fetchall():
        if reordered:
            yield wrong(
                Sentence(
                    sv=f"Databasen {name} är ordnad efter en annan version av maskinens språkbibliotek.",
                    en=f"The database {name} is in the order of another version of the machine's library of languages.",
                ),
                Sentence(
                    sv=f"Kör reindex database {name}; alter database {name} refresh collation version;",
                    en=f"Run reindex database {name}; alter database {name} refresh collation version;",
                ),
            )
        else:
            yield wrong(
                Sentence(sv=f"Databasen {name} är inte i UTF-8.", en=f"The database {name} is not in UTF-8."),
                Sentence(
                    sv="Gör om den med encoding UTF8 ur en säkerhetskopia.",
                    en="Make it anew with encoding UTF8, from a backup.",
                ),
            )


def _look_at_standbys(connection: Connection) -> Iterator[Finding]:
    if connection.execute(QUERIES["waits_for_nobody"]).fetchone() == (True,):
        yield wrong(
            Sentence(
                sv="Det som besvaras finns på en databasserver, fast flera är angivna: ingen annan väntas in.",
                en="What is answered is on one database server, where several are named: no other is waited for.",
            ),
            Sentence(
                sv="Se efter vilken som är borta (patronictl list). Är den tillbaka: patronictl edit-config -s "
                "synchronous_mode=true.",
                en="See which one is away (patronictl list). Is it back: patronictl edit-config -s "
                "synchronous_mode=true.",
            ),
        )


def _look_at_one(place: Place, server: Server, connection: Connection, name: str, kind: Kind) -> Iterator[Finding]:
    yield from _look_at_migrations(server, name, kind)
    yield from _look_at_log(place, connection, name)


def _look_at_migrations(server: Server, name: str, kind: Kind) -> Iterator[Finding]:
    credential = server.credential_file(SUPERUSER)
    try:
        credential.read_bytes()
        with closing(psycopg.connect(server.conninfo(SUPERUSER, name), autocommit=True)) as connection:
            yield from _compare_migrations(connection, name, kind)
    except (OSError, psycopg.OperationalError):
        yield unseen(
            Sentence(
                sv=f"Vad databasen {name} saknar syns bara som superanvändare ({credential}).",
                en=f"What the database {name} lacks is seen by the superuser alone ({credential}).",
            ),
            Sentence(
                sv="Se efter med vaka migrate, som inte ändrar något utan --apply.",
                en="Look with vaka migrate, which changes nothing without --apply.",
            ),
        )


def _compare_migrations(connection: Connection, name: str, kind: Kind) -> Iterator[Finding]:
    try:
        lacking = len(pending_migrations(connection, kind))
    except ConfigurationError as error:
        yield wrong(
            Sentence(
                sv=f"Databasen {name} passar inte programmet: {error.sentence.sv}",
                en=f"The database {name} does not fit the program: {error.sentence.en}",
            ),
            Sentence(
                sv="Starta den version av Vaka som databasen är gjord för.",
                en="Start the version of Vaka that the database was made for.",
            ),
        )
    else:
        if lacking:
            yield wrong(_lacks(name, f" ({lacking})", f" ({lacking})"), _MIGRATE)


def _look_at_log(place: Place, connection: Connection, name: str) -> Iterator[Finding]:
    try:
        with connection.cursor(row_factory=class_row(LedgerNews)) as cursor:
            news = cursor.execute(LEDGER["standing"]).fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
        yield wrong(_lacks(name, "", ""), _MIGRATE)  # an older database
        return
    if news is not None and not news.stands(place.now):
        seconds = None if news.sealed_at is None else int(abs(place.now - news.sealed_at).total_seconds())
        yield wrong(
            Sentence(
                sv=f"Loggen i {name} förseglas inte" + (f": senast för {seconds} s sedan." if seconds else "."),
                en=f"The log of {name} is not being sealed" + (f": last {seconds} s ago." if seconds else "."),
            ),
            Sentence(
                sv="Larm tas emot, men ingen kan ändra eller ta ut något. Starta sequencer, och läs "
                "logs/sequencer.log.",
                en="Alarms are taken in, but nobody changes or takes out anything. Start sequencer, and read "
                "logs/sequencer.log.",
            ),
        )


def _lacks(name: str, sv: str, en: str) -> Sentence:
    return Sentence(
        sv=f"Databasen {name} saknar ändringar som programmet väntar sig{sv}.",
        en=f"The database {name} lacks changes that the program expects{en}.",
    )


def _silent(server: Server) -> Finding:
    return wrong(
        Sentence(
            sv=f"PostgreSQL svarar inte på {server.host} port {server.port}, eller släpper inte in: larm får 503.",
            en=f"PostgreSQL does not answer at {server.host} port {server.port}, or lets nobody in: alarms get 503.",
        ),
        Sentence(
            sv="Starta den (inbyggd: vaka run; annars systemctl start postgresql, eller patronictl list), och läs "
            "dess logg.",
            en="Start it (embedded: vaka run; otherwise systemctl start postgresql, or patronictl list), and read "
            "its log.",
        ),
    )


def _too_old(version: int, oldest: int) -> Finding:
    return wrong(
        Sentence(
            sv=f"PostgreSQL är version {version}; Vaka behöver {oldest}.",
            en=f"PostgreSQL is version {version}; Vaka needs {oldest}.",
        ),
        Sentence(
            sv=f"Uppgradera databasen (pg_upgrade) till {oldest} eller senare.",
            en=f"Upgrade the database (pg_upgrade) to {oldest} or later.",
        ),
    )


def _connect(server: Server, database: str) -> Connection:
    role = platform_role("setup") if database == PLATFORM_DATABASE else tenant_role(database, "setup")
    connection: Connection = psycopg.connect(server.conninfo(role, database, application="vaka-setup"), autocommit=True)
    connection.execute("set statement_timeout = '5s'")
    connection.execute("set search_path = vaka")
    return connection

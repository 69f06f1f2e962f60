# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fresh databases of authorities, many of them: the first is migrated, the others are copies of it from before any use.

That migrations make what they should, the tests of tests/database see with databases that were really migrated; here
a copy is the same to the byte, and takes a fifth of the time.
"""

import hmac
import secrets
from base64 import b64encode
from contextlib import closing
from hashlib import pbkdf2_hmac, sha256

import psycopg
from psycopg import sql

from vaka.database.cluster import write_credential
from vaka.database.provision import let_in_to_tenant, provision_tenant, tenant_logins
from vaka.database.server import SUPERUSER, Server, tenant_database

BLANK = tenant_database("blank")


def provide_tenant(server: Server, database: str) -> None:
    """Make one authority's database with its roles and their rights."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        logins = list(tenant_logins(database).values())
        known = superuser.execute("select rolname from pg_roles where rolname = any(%s)", (logins,)).fetchall()
        passwords = {role: secrets.token_hex(32) for role in logins if (role,) not in known}
        attributes = "nosuperuser nocreatedb nocreaterole noreplication nobypassrls login"
        superuser.execute(
            sql.SQL(";").join(
                sql.SQL(f"create role {{}} {attributes} password {{}}").format(
                    sql.Identifier(role), sql.Literal(_proved_quickly(password))
                )
                for role, password in passwords.items()
            )
        )
        for role, password in passwords.items():
            write_credential(server, role, password)
        if superuser.execute("select 1 from pg_database where datname = %s", (BLANK,)).fetchone() is None:
            provision_tenant(server, BLANK)
        superuser.execute(
            # Copied as files: where nothing waits for a disk, less work than writing every page into the log.
            sql.SQL("create database {} owner vaka_owner template {} strategy file_copy").format(
                sql.Identifier(database), sql.Identifier(BLANK)
            )
        )
    let_in_to_tenant(server, database)


def let_in_quickly(superuser: psycopg.Connection[object], role: str, password: str) -> None:
    """Let a role in with the password that it has, proved in one round."""
    verifier = sql.Literal(_proved_quickly(password))
    superuser.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), verifier))


def _proved_quickly(password: str) -> str:
    """Return by what a password is known (RFC 5803) after one round, where a server's own verifier takes 4,096.

    The rounds make guessing dear, and these passwords nobody guesses; tests connect tens of thousands of times.
    """
    salt = secrets.token_bytes(16)
    salted = pbkdf2_hmac("sha256", password.encode(), salt, 1)
    stored = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    told = [b64encode(part).decode() for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))]
    return f"SCRAM-SHA-256$1:{told[0]}${told[1]}:{told[2]}"

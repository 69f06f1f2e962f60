# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rights that somebody gave or took by hand in a real server, and roles that reach another authority's database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    TERM_OF,
    authority,
    by_hand,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.ledger.watched import WITNESS
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.verified import RIGHTS_COLLECTORS
from vaka.assurance.wording import explain
from vaka.database.migrate import Kind
from vaka.database.published import Right, published_rights
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, tenant_role
from vaka.ledger.checkpoints import Checkpoint
from vaka.ledger.notes import Note
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

RIGHTS, REACH = "database-rights", "database-separation"
MET = (Status.MET, "none")


@contextmanager
def done(server: Server, database: str, do: str, undo: str) -> Iterator[None]:  # noqa: F811
    """What somebody with the superuser's credential did, for a while: roles and databases are all tests' alike."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as superuser:
        superuser.execute(do.encode())
        try:
            yield
        finally:
            superuser.execute(undo.encode())


BY_HAND = {
    "a whole table": ("grant select on vaka.person to g_office", "revoke select on vaka.person from g_office", "more"),
    "a column": ("grant select (body) on vaka.message to g_scheduler",
                 "revoke select (body) on vaka.message from g_scheduler", "more"),
    "everybody": ("grant execute on function vaka.list_activation to public",
                  "revoke execute on function vaka.list_activation from public", "more"),
    "passed on": ("grant select on vaka.person to g_desk with grant option",
                  "revoke grant option for select on vaka.person from g_desk", "more"),
    "past the group": ("grant select on vaka.alarm to vaka_portal",
                       "revoke select on vaka.alarm from vaka_portal", "more"),
    "of one's own": ("alter table vaka.closing_code owner to vaka_ledger",
                     "alter table vaka.closing_code owner to vaka_owner", "more"),
    "in public": ("create table public.aside ()", "drop table public.aside", "more"),
    "taken away": ("revoke execute on function ledger.append from g_desk",
                   "grant execute on function ledger.append to g_desk", "fewer"),
    "creates roles": ("alter role vaka_portal createrole", "alter role vaka_portal nocreaterole", "powers"),
    "is the owner": ("grant vaka_owner to vaka_desk", "revoke vaka_owner from vaka_desk", "powers"),
    "another group": ("grant g_setup to vaka_desk", "revoke g_setup from vaka_desk", "powers"),
    "a second superuser": ("create role spare superuser", "drop role spare", "powers"),
}  # fmt: skip


@pytest.mark.turns_red(RIGHTS)
@pytest.mark.parametrize("what", BY_HAND)
async def test_term_14_2_a_right_that_is_not_published_turns_it_red(
    what: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """In the authority's database or of the server's roles; and green again when it was taken back."""
    do, undo, reason = BY_HAND[what]
    assert await status_of(RIGHTS, place, server) == MET
    with done(server, authority.database_name, do, undo):
        assert await status_of(RIGHTS, place, server) == (Status.FAILING, reason)
    assert await status_of(RIGHTS, place, server) == MET


@pytest.mark.turns_red(RIGHTS)
async def test_right_in_the_platforms_database_is_wrong_for_every_authority(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    with done(
        server, PLATFORM_DATABASE, "grant update on vaka.role_grant to g_desk",
        "revoke update on vaka.role_grant from g_desk",
    ):  # fmt: skip
        assert await status_of(RIGHTS, place, server) == (Status.FAILING, "more")


@pytest.mark.turns_red(REACH)
@pytest.mark.parametrize("way", ["in", "out", "everybody"])
async def test_term_31_2_a_role_that_reaches_another_database_turns_it_red(
    way: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """A role of another authority reaches this one's database; one of this authority's reaches the platform's."""
    assert await status_of(REACH, place, server) == MET
    database, role = authority.database_name, tenant_role("vaka_t_annan", "desk")
    do, undo = {
        "in": (f"create role {role} login; grant connect on database {database} to {role}",
               f"drop owned by {role}; drop role {role}"),
        "out": (f"grant connect on database {PLATFORM_DATABASE} to {tenant_role(database, 'desk')}",
                f"revoke connect on database {PLATFORM_DATABASE} from {tenant_role(database, 'desk')}"),
        "everybody": (f"grant connect on database {database} to public",
                      f"revoke connect on database {database} from public"),
    }[way]  # fmt: skip
    with done(server, database, do, undo):
        assert await status_of(REACH, place, server) == (Status.FAILING, "reached")
    assert await status_of(REACH, place, server) == MET


@pytest.mark.turns_red(REACH)
async def test_log_of_another_in_the_authoritys_database_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """Its database holds a checkpoint that names somebody else's log; one of its own is as it should be."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        for size, name, expected in (
            (1, place.settings.ledger.log_name(authority.slug), MET),
            (2, place.settings.ledger.log_name("annan"), (Status.FAILING, "log")),
        ):
            text = Checkpoint(name, size, bytes(32)).text
            note = Note(text, (WITNESS.cosign(text, 1),)).encode()
            superuser.execute(
                "insert into ledger.checkpoint (size, note, signed_at) values (%s, %s, %s)", (size, note, START)
            )
            try:
                assert await status_of(REACH, place, server) == expected
            finally:
                superuser.execute("delete from ledger.checkpoint")


@pytest.mark.parametrize("name", RIGHTS_COLLECTORS)
async def test_database_that_cannot_be_reached_is_not_seen(
    name: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    """An authority without a door here: nothing is found of it, and its evidence grows old."""
    looked = await RIGHTS_COLLECTORS[name](Place(place.platform, type(place.gateway)(server, "scheduler", []),
                                                 place.authorities), START)  # fmt: skip
    assert (list(looked.found), list(looked.unseen)) == ([], list(place.authorities))


def test_what_they_find_is_said_in_words() -> None:
    """In both languages, with how many there are."""
    for name, reasons in {RIGHTS: ("more", "fewer", "powers"), REACH: ("reached", "log")}.items():
        for reason in reasons:
            said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 4711))
            assert "4711" in said.sv
            assert "4711" in said.en


@pytest.mark.parametrize("kind", ["platform", "tenant", "keys"])
def test_page_of_grants_is_read_whole(kind: Kind) -> None:
    """Columns one by one, functions by their names, and what holds in every database also in this."""
    rights = published_rights(kind)
    assert len(rights) == len(set(rights)) > 5
    assert all(right.name.startswith(("vaka", "ledger")) for right in rights)
    assert {right.right for right in rights} <= {"select", "insert", "update", "delete", "execute", "usage"}
    if kind == "platform":
        assert Right("g_desk", "table", "vaka.session", "ended_at", "update") in rights
        assert Right("g_desk", "table", "vaka.authority", "", "select") in rights
        assert Right("vaka_owner", "function", "ledger.append", "", "execute") in rights

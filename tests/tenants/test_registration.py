# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking in an authority: whole, once, and again after a crash."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.errors import Category
from vaka.keys.keyring import Keyring
from vaka.tenants import registration
from vaka.tenants.authorities import list_authorities
from vaka.tenants.closing_codes import DEFAULT_CODES
from vaka.tenants.registration import UnusableAuthorityError, register_authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def test_an_authority_is_ready_when_it_is_in_the_directory(
    server: Server, setup_keys: Keyring, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    last = newest(onlooker)
    async with platform_as(server, "setup") as setup:
        authority = await register_authority(
            server, setup, setup_keys, "ekeby", "Ekeby kommun", actor="demo", now=START
        )
        again = await register_authority(server, setup, setup_keys, "ekeby", "Ekeby kommun", actor="demo", now=START)
        assert again == authority
        assert authority in await list_authorities(setup)
    assert (authority.slug, authority.name, authority.kind, authority.database_name) == (
        "ekeby", "Ekeby kommun", "authority", "vaka_t_ekeby",
    )  # fmt: skip
    [entry] = entries(onlooker, last)
    assert (entry["event"], entry["actor"], entry["object"]) == (
        "authority.registered", "demo", f"authority:{authority.id}",
    )  # fmt: skip
    with closing(connect_superuser(server, authority.database_name)) as tenant:
        codes = tenant.execute("select list, code from vaka.closing_code order by list, position").fetchall()
        assert {(line["list"], line["code"]) for line in codes} == {
            (name, code.code) for name, lines in DEFAULT_CODES.items() for code in lines
        }
        greeting = tenant.execute("select greeting from vaka.policy").fetchone()
        assert greeting is not None
        assert "Ekeby kommun" in greeting["greeting"]
        assert [line["event"] for line in entries(tenant, 0)] == ["policy.changed"]


async def test_the_lists_are_the_authoritys_own_afterwards(server: Server, setup_keys: Keyring) -> None:
    async with platform_as(server, "setup") as setup:
        authority = await register_authority(server, setup, setup_keys, "egna", "Egna", now=START)
        with closing(connect_superuser(server, authority.database_name)) as tenant:
            tenant.execute("delete from vaka.closing_code where code = 'toilet'")
            tenant.execute("update vaka.policy set greeting = 'Hej'")
            await register_authority(server, setup, setup_keys, "egna", "Egna", now=START)
            assert tenant.execute("select 1 from vaka.closing_code where code = 'toilet'").fetchall() == []
            assert tenant.execute("select greeting from vaka.policy").fetchone() == {"greeting": "Hej"}


@pytest.mark.parametrize("step", ["_furnish", "_enter"])
async def test_what_a_crash_left_is_completed_by_repeating(
    server: Server, setup_keys: Keyring, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    slug = f"halv{step}"
    async with platform_as(server, "setup") as setup:
        with monkeypatch.context() as patch:
            patch.setattr(registration, step, crash)
            with pytest.raises(KeyboardInterrupt):
                await register_authority(server, setup, setup_keys, slug, "Halv", now=START)
        assert slug not in {authority.slug for authority in await list_authorities(setup)}
        authority = await register_authority(server, setup, setup_keys, slug, "Halv", now=START)
    with closing(connect_superuser(server, authority.database_name)) as tenant:
        row = tenant.execute("select count(*) as n from vaka.closing_code").fetchone()
    assert row == {"n": sum(map(len, DEFAULT_CODES.values()))}


@pytest.mark.parametrize(
    ("slug", "name", "kind"),
    [
        ("", "Namn", "authority"), ("a", "Namn", "authority"), ("Ekeby", "Namn", "authority"),
        ("9ekeby", "Namn", "authority"), ("e" * 32, "Namn", "authority"), ("e; drop database", "Namn", "authority"),
        ("ekeby\n", "Namn", "authority"), ("gott", "", "authority"), ("gott", "x" * 101, "authority"),
        ("gott", "Namn", "state"),
    ],
)  # fmt: skip
async def test_unusable_facts_change_nothing(
    server: Server, setup_keys: Keyring, slug: str, name: str, kind: str
) -> None:
    async with platform_as(server, "setup") as setup:
        before = await list_authorities(setup)
        with pytest.raises(UnusableAuthorityError) as refused:
            await register_authority(server, setup, setup_keys, slug, name, kind=kind, now=START)
        assert refused.value.category is Category.INVALID
        assert await list_authorities(setup) == before


async def test_there_is_one_reception(server: Server, setup_keys: Keyring) -> None:
    async with platform_as(server, "setup") as setup:
        known = [authority for authority in await list_authorities(setup) if authority.is_intake]
        if not known:
            await register_authority(server, setup, setup_keys, "mottagning", "Mottagning", kind="intake", now=START)
        with pytest.raises(UnusableAuthorityError):
            await register_authority(server, setup, setup_keys, "mottagning2", "Mottagning", kind="intake", now=START)
        with pytest.raises(UnusableAuthorityError):
            await register_authority(server, setup, setup_keys, (known or await list_authorities(setup))[0].slug, "X",
                                     kind="authority" if known else "intake", now=START)  # fmt: skip


def test_every_code_has_both_languages_and_a_storable_name() -> None:
    for lines in DEFAULT_CODES.values():
        assert len({line.code for line in lines}) == len(lines)
        for line in lines:
            assert line.sv
            assert line.en
            assert line.code.replace("_", "").isascii()
            assert line.code.replace("_", "").isalpha()
            assert line.code.islower()

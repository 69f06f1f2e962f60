# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A release comes into production by a change that another approved, and tested where releases are tested."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.assurance.test_collectors import account, by_hand, own_server, server  # noqa: F401 - a platform of its own
from tests.assurance.test_register_collectors import TODAY, Shelf
from tests.conftest import START
from tests.operations.integrity.releases import CONFIGURATION, OTHER_KEY, RELEASE_KEY, TEST_KEY, passed_gates
from tests.platform import platform_as
from tests.registers.house import House
from vaka.crypto.signing import public_pem
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.operations.integrity.attestation import Results, describe_results, read_results, require_tested
from vaka.operations.integrity.deployments import NotDeployableError, deploy, find_newest
from vaka.operations.integrity.envelope import NotBelievedError, Purpose, Trust, TrustedKey, seal
from vaka.operations.integrity.manifest import Release

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CHANGE: dict[str, Any] = {"title": "Ny utgåva", "kind": "ordinary", "impact": "Allt", "rollback": "Förra utgåvan"}
ByHand = Callable[..., None]


def make_release(sequence: int = 1, *, configuration: str = CONFIGURATION) -> Release:
    """A release as its manifest says."""
    gates = passed_gates(configuration)
    return Release("0.1.0", sequence, "0" * 64, gates, {}, {}, sha256(b"release %d" % sequence).hexdigest())


def believed(*revoked: bytes) -> Trust:
    """The keys of releases and of the test environment."""
    purposes: dict[bytes, Purpose] = {RELEASE_KEY: "release", TEST_KEY: "test"}
    keys = [
        TrustedKey(sha256(public_pem(seed)).hexdigest(), public_pem(seed), purpose, seed in revoked)
        for seed, purpose in purposes.items()
    ]
    return Trust({one.id: one for one in keys})


def attest(release: Release, seed: bytes = TEST_KEY, mode: str = "test", failed: tuple[str, ...] = ()) -> bytes:
    """What a test environment signs."""
    return seal(describe_results(release.digest, Results(["tests.alarm"], failed), mode), [seed])


async def put_out(server: Server, release: Release, *, apply: bool = True) -> str:  # noqa: F811
    """Deploy, and say how it went."""
    async with platform_as(server, "setup") as setup, setup.transaction():
        try:
            await deploy(setup, release, attest(release), actor="setup:uid-0", apply=apply, now=START)
        except NotDeployableError as error:
            return error.why
    return "done"


@pytest.fixture
def founded(server: Server, by_hand: ByHand) -> Server:  # noqa: F811
    """A platform whose installation is founded: nobody decides alone."""
    by_hand("insert into installation (mode, since) values ('production', %(at)s)", at=START)
    by_hand("insert into founding (ended_at) values (%(at)s)", at=START)
    return server


@pytest.fixture
def shelf(founded: Server, by_hand: ByHand) -> Shelf:  # noqa: F811
    """The registers, written past every rule."""
    return Shelf(by_hand, account(by_hand, kind="administrator"))


def approve(shelf: Shelf, release: Release, by_hand: ByHand, **more: Any) -> UUID:  # noqa: F811
    """Put a change of the release in force, written by one and approved by another."""
    fields = {**CHANGE, "release": release.digest, **more}
    entry = shelf.put("changes", "draft", **fields)
    other = Shelf(by_hand, account(by_hand, kind="administrator"))
    return other.put("changes", "in_force", entry=entry, number=2, content=1, **fields)


async def test_term_20_1_what_has_no_approved_change_is_not_deployed(founded: Server) -> None:
    """By real acts: nothing, a draft, another release's change, a withdrawn one; then two administrators agree."""
    house, release = House(founded, lambda: START), make_release()
    author, other = await house.administrator(), await house.administrator()
    assert await put_out(founded, release) == "unapproved"
    await house.put_in_force(author, other, "changes", {**CHANGE, "release": make_release(2).digest})
    assert await put_out(founded, release) == "unapproved"
    entry = await house.write(author, "changes", {**CHANGE, "release": release.digest})
    assert await put_out(founded, release) == "unapproved"
    await house.move(other, entry, "approve")
    assert await put_out(founded, release, apply=False) == "done"
    async with platform_as(founded, "setup") as setup:
        assert await find_newest(setup) is None
    assert await put_out(founded, release) == "done"
    async with platform_as(founded, "setup") as setup:
        newest = await find_newest(setup)
    assert newest is not None
    assert (newest.number, newest.digest, newest.sequence) == (1, release.digest, 1)
    # Two end what two put in force.
    await house.write(author, "changes", {**CHANGE, "release": release.digest}, entry=entry, number=3)
    await house.move(other, entry, "withdraw")
    assert await put_out(founded, replace(release, sequence=2)) == "unapproved"


async def test_term_20_2_nobody_deploys_by_a_change_that_he_approved_himself(
    founded: Server, shelf: Shelf
) -> None:  # fmt: skip
    """Also where the register was written past the rule that refuses it."""
    release = make_release()
    entry = shelf.put("changes", "draft", **CHANGE, release=release.digest)
    shelf.put("changes", "in_force", entry=entry, number=2, content=1, **CHANGE, release=release.digest)
    assert await put_out(founded, release) == "unapproved"


async def test_an_emergency_is_deployed_at_once_and_reviewed_afterwards(founded: Server, shelf: Shelf) -> None:
    """What is not reviewed in time turns term 20 red (test_term_20_3)."""
    release = make_release()
    shelf.put("changes", "draft", **{**CHANGE, "kind": "emergency", "done": TODAY}, release=release.digest)
    assert await put_out(founded, release) == "done"


async def test_term_28_4_an_older_release_is_not_deployed(
    founded: Server, shelf: Shelf, by_hand: ByHand  # noqa: F811
) -> None:  # fmt: skip
    """Nor the same once more, whatever change names it."""
    older, newer = make_release(4), make_release(5)
    for one in (older, newer):
        approve(shelf, one, by_hand)
    assert await put_out(founded, newer) == "done"
    assert await put_out(founded, older) == "rollback"
    assert await put_out(founded, newer) == "rollback"


async def test_term_33_1_a_larger_change_without_risks_in_force_or_a_test_is_not_deployed(
    founded: Server, shelf: Shelf, by_hand: ByHand  # noqa: F811
) -> None:  # fmt: skip
    """Also where somebody wrote past the register's own rule, or the assessment was withdrawn since."""
    release, risks = make_release(), shelf.put("risk-assessments", "in_force")
    approve(shelf, release, by_hand, kind="large", tested="Prövad")
    assert await put_out(founded, release) == "unassessed"
    release = make_release(2)
    approve(shelf, release, by_hand, kind="large", risks=str(risks))
    assert await put_out(founded, release) == "unassessed"
    release = make_release(3)
    approve(shelf, release, by_hand, kind="large", risks=str(risks), tested="Prövad")
    shelf.put("risk-assessments", "withdrawn", entry=risks, number=2)
    assert await put_out(founded, release) == "unassessed"
    kept = shelf.put("risk-assessments", "in_force")
    release = make_release(4)
    approve(shelf, release, by_hand, kind="large", risks=str(kept), tested="Prövad")
    assert await put_out(founded, release) == "done"


async def test_term_33_5_other_gates_are_a_larger_change_themselves(
    founded: Server, shelf: Shelf, by_hand: ByHand  # noqa: F811
) -> None:  # fmt: skip
    """What the gates are run with is told by its digest: an ordinary change does not bring another."""
    first, other = make_release(1), make_release(2, configuration=sha256(b"fewer rules").hexdigest())
    approve(shelf, first, by_hand)
    assert await put_out(founded, first) == "done"
    entry = approve(shelf, other, by_hand)
    assert await put_out(founded, other) == "gates"
    by_hand("delete from register_version where entry = %(entry)s", entry=entry)
    risks = shelf.put("risk-assessments", "in_force")
    approve(shelf, other, by_hand, kind="large", risks=str(risks), tested="Prövad")
    assert await put_out(founded, other) == "done"


async def test_the_first_one_is_deployed_while_the_installation_is_founded(
    server: Server, by_hand: ByHand  # noqa: F811
) -> None:  # fmt: skip
    """There is no register yet; the entry says so."""
    by_hand("insert into installation (mode, since) values ('production', %(at)s)", at=START)
    assert await put_out(server, make_release()) == "done"
    assert [one["detail"]["kind"] for one in told(server)] == ["founding"]


def told(server: Server) -> list[dict[str, Any]]:  # noqa: F811
    """The entries of deployments."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        rows = superuser.execute("select object, detail from ledger.inbox where event = 'release.deployed' order by id")
        return [{"object": thing, "detail": detail} for thing, detail in rows]


async def test_term_20_5_deployments_are_a_sequence_without_a_gap_each_with_its_entry(
    founded: Server, shelf: Shelf, by_hand: ByHand  # noqa: F811
) -> None:  # fmt: skip
    """Nobody changes a row or takes one away, and no refused attempt leaves a hole."""
    for sequence in (1, 2, 3):
        release = make_release(sequence)
        assert await put_out(founded, release) == "unapproved"
        approve(shelf, release, by_hand)
        assert await put_out(founded, release) == "done"
    entries = told(founded)
    assert [one["detail"]["deployment"] for one in entries] == [1, 2, 3]
    assert [one["object"] for one in entries] == [f"release:{make_release(number).digest}" for number in (1, 2, 3)]
    for statement in ("delete from deployment", "update deployment set version = '9'", "truncate deployment"):
        for become in (None, "vaka_owner"):
            with closing(psycopg.connect(founded.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as somebody:
                if become:
                    somebody.execute(f"set role {become}")
                somebody.execute("set search_path = vaka")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    somebody.execute(statement.encode())


@pytest.mark.parametrize(
    ("word", "envelope"),
    [
        ("wrong_digest", lambda one: attest(replace(one, digest="f" * 64))),
        ("wrong_environment", lambda one: attest(one, mode="production")),
        ("wrong_key", lambda one: attest(one, OTHER_KEY)),
        ("wrong_key", lambda one: attest(one, RELEASE_KEY)),
        ("failed", lambda one: attest(one, failed=("tests.desk",))),
        ("unreadable", lambda _: b""),
        ("unsigned", lambda one: attest(one).replace(attest(one).partition(b'"signatures": ')[2], b"[]}")),
    ],
)
async def test_term_22_1_without_a_test_of_exactly_this_release_nothing_is_deployed(
    word: str, envelope: Callable[[Release], bytes]
) -> None:
    """None, of another digest, from another environment, by another key, or of what failed; the real one is taken."""
    release = make_release()
    with pytest.raises(NotBelievedError, match=word):
        require_tested(envelope(release), believed(), release.digest)
    with pytest.raises(NotBelievedError, match="revoked_key"):
        require_tested(attest(release), believed(TEST_KEY), release.digest)
    require_tested(attest(release), believed(), release.digest)


def test_what_was_skipped_was_not_tested() -> None:
    """A run in which everything was skipped ends well, and says nothing."""
    case = '<testcase classname="t" name="{}">{}</testcase>'
    run = "".join(case.format(*one) for one in (("a", ""), ("b", "<skipped/>"), ("c", "<failure/>")))
    assert read_results(f"<testsuites>{run}</testsuites>".encode()) == Results(["t.a"], ["t.c"])
    for nothing in (b"", b"<a/>", f"<a>{case.format('b', '<skipped/>')}</a>".encode()):
        with pytest.raises(Exception, match=r"no JUnit|No test"):
            read_results(nothing)

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An account stays the human's it became (terms 8 and 9), at every issuer, whoever writes; two change that."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.identity.house import IdentityHouse, content
from tests.identity.provider import Provider, running_provider
from tests.identity.test_sign_in import Claims, Scene, entrance, fresh, link, provider, somebody  # noqa: F401
from vaka.access.accounts import Kind, Wanted, file_request, list_account_requests, require_usable
from vaka.clock import SystemClock
from vaka.identity.expected import expect
from vaka.identity.invitations import AlreadyLinkedError, make_code
from vaka.identity.oidc import make_client_key

pytestmark = [pytest.mark.anyio, pytest.mark.database]

INSERT_LINK = (
    "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at, request_id)"
    " values (gen_random_uuid(), %s, 'https://other.example', sha256(%s::uuid::text::bytea),"
    " decode(repeat('09', 32), 'hex'), now(), %s)"
)
INSERT_INVITATION = (
    "insert into invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at,"
    " request_id) values (sha256(%s::uuid::text::bytea), gen_random_uuid(), %s, 'operator', 'employee_number',"
    " decode(repeat('09', 32), 'hex'), now(), now() + interval '1 hour', %s)"
)


@dataclass
class Two:
    """An account, and two issuers that are believed."""

    one: Scene
    other: Scene

    @property
    def house(self) -> IdentityHouse:
        return self.one.house

    async def ask(self, value: str, kind: Kind = "identity") -> UUID:
        """The first administrator asks for another identity."""
        await self.house.make_administrators()
        by, now, request = self.house.administrators[0], SystemClock().now(), uuid4()
        text = expect("employee_number", value).text
        wanted = require_usable(Wanted(kind, self.one.account, self.one.account, "Nytt kort", text, "operator"), now)
        async with self.house.as_("office") as office:
            await file_request(office, request, wanted, by=by, actor=f"account:{by}", step_up=None, now=now)
        return request

    async def approve(self, request: UUID, value: str, by: int = 1) -> tuple[str, str]:
        """Somebody approves what he was shown; what the database says of that, and the code."""
        async with self.house.as_("office") as office:
            [asked] = [one for one in await list_account_requests(office, self.one.account) if one.id == request]
            code = make_code()
            row = await (await office.execute(
                "select approve_identity(%s, %s, %s, '', null, gen_random_uuid(), %s, %s,"
                " now() + interval '1 hour', now())",
                (request, asked.digest, self.house.administrators[by], code.digest,
                 code.of_matching("employee_number", value)),
            )).fetchone()  # fmt: skip
        assert row is not None
        return row[0], code.text


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Provider]:
    """A second issuer."""
    with running_provider() as running:
        yield running


@pytest.fixture
async def two(fresh: Scene, elsewhere: Provider) -> Two:  # noqa: F811
    """An account that is somebody's at the first issuer, and a second issuer that is believed."""
    row = await fresh.house.trust(content(elsewhere.origin))
    make_client_key(fresh.house.data.root / fresh.house.settings.signin.client_keys, row.name)
    await link(fresh)
    return Two(fresh, replace(fresh, name=row.name, provider=elsewhere))


def another(two: Two) -> Claims:
    """Claims of the second issuer about another human."""
    return {"sub": f"else-{two.other.name}", "employee_number": "E-99"}


async def enters(scene: Scene, code: str = "", **claims: Any) -> UUID | None:
    """Whose session somebody gets by the real way in."""
    visitor = scene.visitor()
    await scene.sign_in(visitor, code=code, **claims)
    session = await scene.session(visitor)
    return None if session is None else session.account_id


async def test_term_08_4_one_administrator_makes_an_account_nobody_elses(two: Two) -> None:
    """What was tried: invited again with another's number, who signs in at a second issuer as the same account."""
    with pytest.raises(AlreadyLinkedError) as refused:
        await two.one.code("E-99")
    assert "vaka account identity" in refused.value.sentence.en
    assert await enters(two.other, **another(two)) is None
    assert await enters(two.one, **somebody(two.one)) == two.one.account


async def test_term_08_4_an_invitation_from_before_is_worth_nothing_once_the_account_is_somebodys(
    fresh: Scene, elsewhere: Provider,  # noqa: F811
) -> None:  # fmt: skip
    """Two invitations are out at once: the first that is spent makes the account somebody's."""
    row = await fresh.house.trust(content(elsewhere.origin))
    make_client_key(fresh.house.data.root / fresh.house.settings.signin.client_keys, row.name)
    rogue = await fresh.code("E-99")
    await link(fresh)
    two, before = Two(fresh, replace(fresh, name=row.name, provider=elsewhere)), fresh.house.newest()
    visitor = two.other.visitor()
    answer = await two.other.sign_in(visitor, code=rogue, **another(two))
    two.other.refused(answer, visitor, "invitation", before, status=410)
    assert await enters(fresh, **somebody(fresh)) == fresh.account


@pytest.mark.parametrize("who", ["setup", "office", "signin", "superuser"])
async def test_term_08_4_no_login_role_makes_an_account_anothers(two: Two, who: str) -> None:
    """By a statement of its own, with a request that nobody approved, or none."""
    request = await two.ask("E-99")
    refusals = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)
    account = two.one.account
    tries = [
        (statement, (*values, behind))
        for statement, values in ((INSERT_LINK, (account, uuid4())), (INSERT_INVITATION, (uuid4(), account)))
        for behind in (None, request)
    ]
    if who == "superuser":
        with two.house.superuser() as hand:
            for statement, values in tries:
                with pytest.raises(psycopg.errors.CheckViolation):
                    hand.execute(statement.encode(), values)
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
                hand.execute(
                    "update account_request set state = 'approved', decided_by = %s, decided_at = now() where id = %s",
                    (two.house.administrators[1], request),
                )
        return
    async with two.house.as_(who) as rogue:
        for statement, values in tries:
            with pytest.raises(refusals):
                await rogue.execute(statement.encode(), values)


async def test_term_08_4_another_identity_is_decided_by_another_who_sees_it(two: Two) -> None:
    """The old one is retired and its sessions end; the new one is the same account; nothing personal is in the log."""
    visitor = two.one.visitor()
    await two.one.sign_in(visitor, **somebody(two.one))
    before, request = two.house.newest(), await two.ask("E-99-unik")
    assert await two.one.session(visitor) is not None, "asking changes nothing"
    assert (await two.approve(request, "E-99-unik", by=0))[0] == "own"
    said, code = await two.approve(request, "E-99-unik")
    assert said == "done"
    assert await two.one.session(visitor) is None
    assert await enters(two.one, **somebody(two.one)) is None, "it was retired"
    with pytest.raises(AlreadyLinkedError):
        await two.one.code("E-99")
    assert await enters(two.other, code, **another(two)) is None, "that is not what has to match"
    claims = {**another(two), "employee_number": "E-99-unik"}
    assert await enters(two.other, code, **claims) == two.one.account
    assert await enters(two.other, **claims) == two.one.account
    assert await enters(two.one, code, **somebody(two.one)) is None, "the code held once"
    told = [one for one in two.house.entries(before) if one["event"].startswith("account.")]
    assert [one["event"] for one in told] == [
        "account.requested", "account.approved", "account.invited", "account.linked"
    ]  # fmt: skip
    assert {one["detail"]["request"] for one in told} == {str(request)}
    assert "E-99" not in str(told)
    assert "row.changed_by_hand" not in str(two.house.entries(before))
    rows = two.house.onlooker.execute("select display_name from vaka.account_request where id = %s", (request,))
    assert rows.fetchall() == [{"display_name": ""}]


async def test_a_changed_number_of_the_same_person_is_decided_by_two(two: Two) -> None:
    """The subject stays who he is: his retired identity comes back to his own account, and to no other."""
    claims: Claims = {**somebody(two.one), "employee_number": "E-18"}
    assert await enters(two.one, **claims) is None
    _said, code = await two.approve(await two.ask("E-18"), "E-18")
    stranger = await two.house.person("Oskar Operatör")
    elses = await two.one.code("E-18", account=stranger)
    assert await enters(two.one, elses, **claims) is None, "nobody else's account gets it"
    assert await enters(two.one, code, **claims) == two.one.account
    assert await enters(two.one, **claims) == two.one.account
    assert await enters(two.one, **somebody(two.one)) is None


async def test_a_second_identity_leaves_the_first(two: Two) -> None:
    """Another issuer for when the first does not answer, by two as well."""
    said, code = await two.approve(await two.ask("E-17", "second_identity"), "E-17")
    assert said == "done"
    claims = {**another(two), "employee_number": "E-17"}
    assert await enters(two.other, code, **claims) == two.one.account
    assert await enters(two.one, **somebody(two.one)) == two.one.account


async def test_term_08_4_an_account_approved_with_its_invitation_is_that_humans_and_nobody_elses(two: Two) -> None:
    """The first invitation, by the real way in: whom two decided on gets in with the code, another does not."""
    await two.house.make_administrators()
    by, now, request, account = two.house.administrators[0], SystemClock().now(), uuid4(), uuid4()
    text = expect("employee_number", "E-55").text
    wanted = Wanted("create", account, account, "Ny kollega", "Nora Nyanställd", "operator", "sv", expects=text)
    async with two.house.as_("office") as office:
        await file_request(
            office, request, require_usable(wanted, now), by=by, actor=f"account:{by}", step_up=None, now=now
        )
    made = replace(two, one=replace(two.one, account=account))
    assert (await made.approve(request, "E-55", by=0))[0] == "own"
    said, code = await made.approve(request, "E-55")
    assert said == "done"
    assert await enters(two.other, code, **another(two)) is None, "that is not what has to match"
    claims = {**another(two), "employee_number": "E-55"}
    assert await enters(two.other, code, **claims) == account
    assert await enters(two.other, **claims) == account


async def test_a_demos_persona_follows_its_provider_and_nobody_else_does(two: Two) -> None:
    """Who is a persona in a demo is linked anew without two; nowhere else."""
    with two.house.superuser(unguarded=True) as hand:
        hand.execute("update account set persona = %s where id = %s", (f"p-{two.one.name}", two.one.account))
        hand.execute("update installation set mode = 'production'")
        try:
            with pytest.raises(AlreadyLinkedError):
                await two.one.code("E-99")
        finally:
            hand.execute("update installation set mode = 'demo'")
    code = await two.one.code("E-99")
    assert await enters(two.other, code, **another(two)) == two.one.account

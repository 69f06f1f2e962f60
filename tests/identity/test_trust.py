# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The trust registry: two people decide, the log says so, and whatever else is in the table has no effect."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import OctKey
from joserfc.util import int_to_base64

from tests.identity.house import LOA3, LOA4, IdentityHouse, content, key
from vaka.clock import SystemClock
from vaka.identity.levels import UNCERTIFIED
from vaka.identity.sessions import Realm
from vaka.identity.trust import (
    CannotApproveError,
    NameTakenError,
    NotAnAdministratorError,
    NothingToWithdrawError,
    Trusted,
    approve,
    find_trusted,
    judge,
    list_rows,
    list_trusted,
    propose,
    withdraw,
)
from vaka.identity.trust_content import UnusableTrustError, digest_of, read_content, write_content
from vaka.ledger.standing import LONGEST_SILENCE, LedgerStandsStillError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EVIDENCE = "Listed at Digg, looked at for this test"


def level(uri: str = LOA3, number: int = 3, days: int = 100) -> dict[str, Any]:
    expires = (SystemClock().now() + timedelta(days=days)).date().isoformat()
    return {uri: {"level": number, "evidence": EVIDENCE, "expires": expires}}


async def believed(house: IdentityHouse, identifier: UUID, days: int = 0) -> Trusted | None:
    async with house.as_("signin") as signin:
        trusted = await list_trusted(signin, SystemClock().now() + timedelta(days=days))
    return next((one for one in trusted if one.id == identifier), None)


async def state(house: IdentityHouse, identifier: UUID) -> str:
    async with house.as_("setup") as setup:
        [row] = [one for one in await list_rows(setup) if one.id == identifier]
        return (await judge(setup, row)).state


async def test_two_people_decide_and_each_step_is_one_entry(house: IdentityHouse) -> None:
    first, second = house.administrators
    before = house.newest()
    row = await house.propose(content())
    assert await believed(house, row.id) is None
    assert await state(house, row.id) == "proposed"
    await house.approve(row, sealed=False)
    assert await believed(house, row.id) is None, "what is not sealed can still be taken away without a trace"
    await house.seal()
    trusted = await believed(house, row.id)
    assert trusted is not None
    assert (trusted.levels, trusted.content.issuer) == ({LOA3: 3}, "http://127.0.0.1:1")
    await house.withdraw(row)
    assert await believed(house, row.id) is None, "at once, also before it is sealed"
    told = [(one["event"], one["actor"], one["object"], one["detail"]["sha256"]) for one in house.entries(before)]
    assert told == [
        ("trust.proposed", f"account:{first}", f"trust:{row.id}", row.digest),
        ("trust.approved", f"account:{second}", f"trust:{row.id}", row.digest),
        ("trust.withdrawn", f"account:{first}", f"trust:{row.id}", row.digest),
    ]


async def test_nobody_approves_what_he_proposed_or_has_not_read(house: IdentityHouse) -> None:
    row, stranger = await house.propose(content()), await house.person()
    before = house.newest()
    with pytest.raises(CannotApproveError):
        await house.approve(row, by=house.administrators[0])
    for nobody in (stranger, uuid4()):
        with pytest.raises(NotAnAdministratorError):
            await house.approve(row, by=nobody)
    other = await house.propose(content(client_id="another"))
    with pytest.raises(CannotApproveError):
        await house.approve(type(row)(other.id, *(getattr(row, name) for name in row.__slots__[1:])))
    assert [one["event"] for one in house.entries(before)] == ["trust.proposed"], "nothing else happened"
    await house.approve(row)
    assert await believed(house, row.id) is not None, "and the second of the two may"
    with pytest.raises(CannotApproveError):
        await house.approve(row)


async def test_only_administrators_propose_and_withdraw(house: IdentityHouse) -> None:
    stranger, row = await house.person(), await house.propose(content())
    async with house.as_("setup") as setup:
        now, said = SystemClock().now(), read_content(write_content(read_content(row.text)))
        with pytest.raises(NotAnAdministratorError):
            await propose(setup, None, "prov-stranger", said, by=stranger, demo=True, now=now)
    await house.withdraw(row)
    with pytest.raises(NothingToWithdrawError):
        await house.withdraw(row)


async def test_a_row_by_hand_has_no_effect_and_is_told_of(house: IdentityHouse) -> None:
    """Inserted whole, with two accounts in it; and one that two people approved, changed afterwards."""
    first, second = house.administrators
    true = await house.trust(content())
    before = house.newest()
    false = uuid4()
    with house.superuser() as hand:
        hand.execute(
            "insert into trusted_issuer (id, name, content, proposed_by, proposed_at, approved_by, approved_at)"
            " select %s, 'prov-by-hand', content, %s, now(), %s, now() from trusted_issuer where id = %s",
            (false, first, second, true.id),
        )
    await house.seal()
    assert await believed(house, false) is None
    assert await state(house, false) == "altered"
    assert await believed(house, true.id) is not None
    with house.superuser() as hand, pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        hand.execute("update trusted_issuer set approved_by = proposed_by where id = %s", (true.id,))
    for change in ("content = replace(content, 'vaka-prov', 'vaka-else')", "name = 'prov-renamed'",
                   f"proposed_by = '{second}', approved_by = '{first}'"):  # fmt: skip
        with house.superuser() as hand:
            hand.execute("create temporary table kept as select * from trusted_issuer where id = %s", (true.id,))
            hand.execute(f"update trusted_issuer set {change} where id = %s".encode(), (true.id,))
            assert await believed(house, true.id) is None, change
            assert await state(house, true.id) == "altered", change
            hand.execute(
                "update trusted_issuer t set content = k.content, name = k.name, proposed_by = k.proposed_by,"
                " approved_by = k.approved_by from kept k where t.id = k.id"
            )
        assert await believed(house, true.id) is not None
    told = [one for one in house.entries(before) if one["event"] == "row.changed_by_hand"]
    assert {one["object"] for one in told} == {f"trusted_issuer:{false}", f"trusted_issuer:{true.id}"}
    assert len(told) == 7


async def test_a_withdrawal_cannot_be_taken_back_by_hand(house: IdentityHouse) -> None:
    row = await house.trust(content())
    await house.withdraw(row)
    with house.superuser() as hand:
        hand.execute("update trusted_issuer set withdrawn_by = null, withdrawn_at = null where id = %s", (row.id,))
    assert await believed(house, row.id) is None
    await house.seal()
    assert await believed(house, row.id) is None


async def test_a_form_of_words_that_another_login_entered_approves_nothing(house: IdentityHouse) -> None:
    """Any component may append to the ledger. What it says is no approval: only maintenance may say that."""
    row = await house.propose(content())
    second = house.administrators[1]
    async with house.as_("signin") as signin, signin.transaction():
        await signin.execute(
            "select ledger.append(now(), 'trust.approved', %s, %s, 'success', jsonb_build_object('sha256', %s::text))",
            (f"account:{second}", f"trust:{row.id}", row.digest),
        )
    with house.superuser() as hand:
        hand.execute("update trusted_issuer set approved_by = %s, approved_at = now() where id = %s", (second, row.id))
    await house.seal()
    assert await believed(house, row.id) is None


async def test_expired_evidence_closes_a_level_and_then_the_door(house: IdentityHouse) -> None:
    row = await house.trust(content(levels=level(days=10) | level(LOA4, 4, days=20)))
    for days, levels in ((10, {LOA3: 3, LOA4: 4}), (12, {LOA4: 4}), (22, {})):
        trusted = await believed(house, row.id, days)
        assert trusted is not None
        assert trusted.levels == levels


async def test_of_one_name_the_newest_is_believed_and_another_tenant_cannot_take_it(house: IdentityHouse) -> None:
    first = await house.trust(content(), "prov-renewed")
    second = await house.trust(content(client_id="renewed"), "prov-renewed")
    assert await believed(house, first.id) is None
    assert await believed(house, second.id) is not None
    theirs = read_content(json.dumps(content(realms=["authority"])))
    async with house.as_("setup") as setup:
        with pytest.raises(NameTakenError):
            await propose(
                setup, uuid4(), "prov-renewed", theirs, by=house.administrators[0], demo=True,
                now=SystemClock().now(),
            )  # fmt: skip
    await house.withdraw(second)
    assert await believed(house, first.id) is None, "what was superseded does not come back"
    assert await state(house, first.id) == "superseded"


async def test_which_is_newest_is_the_logs_to_say(house: IdentityHouse) -> None:
    """Keys that an issuer gave up long ago do not come back because somebody changed a date, or took a row away."""
    first = await house.trust(content(), "prov-newest")
    second = await house.trust(content(client_id="newest"), "prov-newest")
    with house.superuser() as hand:
        hand.execute("update trusted_issuer set approved_at = now() + interval '1 day' where id = %s", (first.id,))
        hand.execute("update trusted_issuer set approved_at = now() - interval '1 day' where id = %s", (second.id,))
    assert await believed(house, first.id) is None
    assert await believed(house, second.id) is not None
    with house.superuser() as hand:
        hand.execute("delete from trusted_issuer where id = %s", (second.id,))
    assert await believed(house, first.id) is None


async def test_while_the_ledger_stands_still_nobody_is_let_in_and_anybody_kept_out(house: IdentityHouse) -> None:
    row, believed_one = await house.propose(content()), await house.trust(content())
    (first, second), later = house.administrators, SystemClock().now() + LONGEST_SILENCE + timedelta(minutes=1)
    before, said = house.newest(), read_content(row.text)
    async with house.as_("setup") as setup:
        with pytest.raises(LedgerStandsStillError):
            await propose(setup, None, "prov-still", said, by=first, demo=True, now=later)
        with pytest.raises(LedgerStandsStillError):
            await approve(setup, row.id, row.digest, by=second, now=later)
        assert await state(house, row.id) == "proposed"
        assert house.entries(before) == []
        await withdraw(setup, believed_one.id, by=first, now=later)
    assert await believed(house, believed_one.id) is None
    assert [one["event"] for one in house.entries(before)] == ["trust.withdrawn"]


async def test_an_issuer_is_believed_for_its_realms_alone(house: IdentityHouse) -> None:
    row = await house.trust(content(realms=["authority"]))
    async with house.as_("signin") as signin:
        now = SystemClock().now()
        assert await find_trusted(signin, row.name, "operator", now) is None
        assert await find_trusted(signin, row.name, "administrator", now) is None
        assert await find_trusted(signin, row.name, "authority", now) is not None


@pytest.mark.parametrize("realms", [["operator"], ["authority", "operator"], ["administrator"]])
async def test_an_authoritys_issuer_lets_in_the_authoritys_people_and_nobody_else(
    house: IdentityHouse, realms: list[Realm]
) -> None:
    """It is refused when it is proposed; where a row says so all the same, it lets nobody in elsewhere."""
    authority = await house.authority(f"egen{len(realms)}{realms[0][0]}")
    with pytest.raises(UnusableTrustError) as refused:
        await house.propose(content(realms=realms), authority=authority)
    assert "the authority's own people" in refused.value.sentence.en
    wide = Trusted(uuid4(), authority, "prov-x", read_content(json.dumps(content(realms=realms))))
    assert set(wide.realms) == set(realms) & {"authority"}
    assert set(replace(wide, authority_id=None).realms) == set(realms)


def small_key() -> dict[str, Any]:
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    return {"kty": "RSA", "e": "AQAB", "n": int_to_base64(numbers.n)}


SECRET = OctKey.generate_key(256).as_dict(private=True)
FAULTS: dict[str, tuple[dict[str, Any] | Callable[[], dict[str, Any]], str]] = {
    "without levels": ({"levels": {}}, "none is given"),
    "levels left out": ({"levels": None}, "levels: Field required"),
    "loa2": ({"levels": level("http://id.elegnamnden.se/loa/1.0/loa2")}, "below level 3"),
    "loa1": ({"levels": level("http://id.elegnamnden.se/loa/1.0/loa1")}, "below level 3"),
    "eidas-low": ({"levels": level("http://id.elegnamnden.se/loa/1.0/eidas-nf-low")}, "below level 3"),
    "unknown level": ({"levels": level("urn:example:loa3")}, "is no known level"),
    "a level worth more than it is": ({"levels": level(LOA3, 4)}, "is level 3"),
    "evidence of nothing": ({"levels": {LOA3: {"level": 3, "evidence": "", "expires": "2030-01-01"}}}, "evidence"),
    "evidence that expired": (lambda: {"levels": level(days=-1)}, "expires within"),
    "evidence for ever": (lambda: {"levels": level(days=401)}, "expires within"),
    "no realm": ({"realms": []}, "realms"),
    "an unknown realm": ({"realms": ["everything"]}, "realms"),
    "no key": ({"keys": []}, "keys"),
    "a shared secret": ({"keys": [SECRET]}, "public RSA or EC"),
    "a private key": ({"keys": [key().as_dict(private=True)]}, "public RSA or EC"),
    "a small key": ({"keys": [small_key()]}, "2048 bits"),
    "alg none": ({"algorithms": ["none"]}, "algorithms"),
    "alg HS256": ({"algorithms": ["HS256"]}, "algorithms"),
    "without TLS": ({"authorization_endpoint": "http://idp.example/token"}, "begins with https"),
    "a password in an address": ({"authorization_endpoint": "https://a:b@idp.example/token"}, "without a name"),
    "organisations without the attribute": ({"organisation_attribute": None}, "together"),
    "what nobody knows": ({"trust_everything": True}, "trust_everything"),
    "another protocol": ({"protocol": "ldap"}, "the whole"),
}


@pytest.mark.filterwarnings("ignore:Key size should be")
@pytest.mark.parametrize("fault", FAULTS)
async def test_term_15_4_what_cannot_be_believed_is_refused_when_it_is_proposed(
    house: IdentityHouse, fault: str
) -> None:
    known, said = FAULTS[fault]
    changes = known() if callable(known) else known  # days are counted from the one on which it is proposed
    before = house.newest()
    with pytest.raises(UnusableTrustError) as refused:
        await house.propose(content(**changes))
    assert said in str(refused.value)
    assert house.entries(before) == []


async def test_outside_a_demo_every_address_has_tls(house: IdentityHouse) -> None:
    with pytest.raises(UnusableTrustError):
        await house.propose(content(), demo=False)
    encrypted = await house.propose(content("https://idp.example"), demo=False)
    assert encrypted.digest


async def test_what_brokers_call_uncertified_takes_evidence_about_the_one_issuer(house: IdentityHouse) -> None:
    assert await believed(house, (await house.trust(content(levels=level(UNCERTIFIED)))).id) is not None
    plain = await believed(house, (await house.trust(content())).id)
    assert plain is not None
    assert UNCERTIFIED not in plain.levels


def test_the_digest_is_of_the_row_its_owner_its_name_and_every_byte() -> None:
    one, other = uuid4(), uuid4()
    digests = {
        digest_of(one, None, "a", "{}"), digest_of(other, None, "a", "{}"), digest_of(one, other, "a", "{}"),
        digest_of(one, None, "b", "{}"), digest_of(one, None, "a", "{ }"),
    }  # fmt: skip
    assert len(digests) == 5

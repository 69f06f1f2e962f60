# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Security keys: enrolled and touched; and every answer that must not be taken, refused with its reason in the ledger.

The library behind the guard takes several of them (`test_guard.py` shows which).
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID, uuid4

import cbor2
import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.identity.authenticator import (
    CAN_BE_COPIED,
    EDDSA,
    IS_COPIED,
    NO_MODEL,
    PRESENT,
    VERIFIED,
    Maker,
    SoftKey,
    bytes_of,
    text_of,
)
from tests.platform import make_account, newest, platform_as
from vaka.clock import TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.ceremonies import FRESH, Ceremonies, SignInAgainError
from vaka.identity.challenges import MOST, MOST_JUDGED, TooManyChallengesError
from vaka.identity.confirming import Act, Confirmation, NotConfirmedError
from vaka.identity.guard import Site
from vaka.identity.lost_keys import NoKeysThereError, list_keys_of, remove_lost_keys
from vaka.identity.models import Model
from vaka.identity.refusing import KeyRefusedError, Reason
from vaka.identity.security_keys import MOST_KEYS, NoSuchKeyError, SecurityKey, UnusableNameError
from vaka.identity.sessions import Realm, Session, find_session, open_session

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SITE = Site("https://portal.example.se", "portal.example.se")
LISTED = UUID(int=0xA1)
HERE = UUID(int=7)
ACT = Act("retention.set", HERE, f"authority:{HERE}", {"days": 730, "reason": "KS 2026/9"})
TOLD = "select event, actor, object, outcome, detail from ledger.inbox where id > %s order by id"

Row = dict[str, Any]


@dataclass
class Person:
    """Somebody signed in, and how he works with keys."""

    session: Session
    keys: Ceremonies

    async def enrol(self, key: SoftKey, name: str = "på nyckelknippan") -> SecurityKey:
        """Enrol a key as the page does; a further one is confirmed with ``self.first``."""
        return await self.keys.enrol(self.session, name, key.make(await self.ask()))

    async def ask(self, by: SoftKey | None = None) -> Any:
        confirmed = None
        if by is not None:
            act = self.keys.enrolment_for(self.session)
            confirmed = await self.keys.confirm(self.session, act, by.touch(await self.asked(act)))
        return await self.keys.ask_for_new_key(self.session, confirmed)

    async def asked(self, act: Act = ACT) -> Any:
        return await self.keys.ask_for_touch(self.session, act)

    async def confirm(self, key: SoftKey, act: Act = ACT) -> Confirmation:
        return await self.keys.confirm(self.session, act, key.touch(await self.asked(act)))


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[Row]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


@pytest.fixture
def maker() -> Maker:
    return Maker(LISTED)


@pytest.fixture
async def keys(server: Server, clock: TurnedClock, maker: Maker) -> AsyncIterator[Ceremonies]:
    pool = make_pool(server, platform_role("portal"), PLATFORM_DATABASE, application="test", largest=4)
    await pool.open()
    models = {LISTED: Model(LISTED, "A key of the test", (maker.root().encode(),))}
    try:
        yield Ceremonies(pool, clock, SITE, models, bytes(range(32)))
    finally:
        await pool.close()


@pytest.fixture
def enter(server: Server, keys: Ceremonies) -> Callable[..., Any]:
    async def sign_in(account: UUID | None = None, kind: str = "user") -> Person:
        if account is None:
            account = await make_account(server, "Agneta Avtal", kind=kind, now=START)
        realm: Realm = "administrator" if kind == "administrator" else "authority"
        async with platform_as(server, "signin") as signin:
            token = await open_session(signin, account, realm, "test", keys.clock.now())
        async with platform_as(server, "portal") as portal:
            session = await find_session(portal, token, keys.clock.now())
        assert session is not None
        return Person(session, keys)

    return sign_in


@pytest.fixture
async def agneta(enter: Callable[..., Any]) -> Person:
    return await enter()  # type: ignore[no-any-return]


def soft(**how: Any) -> SoftKey:
    return SoftKey(SITE.origin, **how)


@asynccontextmanager
async def refused(
    onlooker: psycopg.Connection[Row], reason: Reason, act: str = ACT.name, key: SoftKey | None = None
) -> AsyncIterator[None]:
    """The block is refused for this reason, which stands in exactly one entry, and changes no key."""
    last, before = newest(onlooker), rows(onlooker)
    with pytest.raises(KeyRefusedError) as caught:
        yield
    assert caught.value.reason is reason
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["outcome"]) == ("security_key.refused", "failure")
    assert entry["object"] == entry["actor"]
    assert (entry["detail"]["reason"], entry["detail"]["act"]) == (reason.value, act)
    if key is not None:
        assert entry["detail"]["credential"] == hashlib.sha256(key.credential_id).hexdigest()[:16]
        assert text_of(key.credential_id) not in str(entry)
    assert rows(onlooker) == before


def rows(onlooker: psycopg.Connection[Row]) -> list[Row]:
    return onlooker.execute("select * from vaka.security_key order by id").fetchall()


# --- what works -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"algorithm": EDDSA}, {"flags": PRESENT | VERIFIED | CAN_BE_COPIED | IS_COPIED},
                                 {"counts": False}, {"attests_itself": True}, {"user": None}],
                         ids=["es256", "eddsa", "synced", "no counter", "self-attested", "no user handle"])  # fmt: skip
async def test_a_key_is_enrolled_and_confirms_an_act(
    agneta: Person, onlooker: psycopg.Connection[Row], how: dict[str, Any]
) -> None:
    key, last = soft(**how), newest(onlooker)
    enrolled = await agneta.enrol(key)
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["object"]) == ("security_key.enrolled", f"security_key:{enrolled.id}")
    assert entry["detail"]["device_bound"] is not bool(key.flags & CAN_BE_COPIED)
    for private in (text_of(key.credential_id), key.credential_id.hex(), "nyckelknippan", key.cose().hex()):
        assert private not in str(entry)
    for _ in range(2):
        last = newest(onlooker)
        assert await agneta.confirm(key) == Confirmation(ACT.digest, touched=True)
        [entry] = onlooker.execute(TOLD, (last,)).fetchall()
        assert (entry["event"], entry["actor"]) == ("security_key.used", f"account:{agneta.session.account_id}")
        assert entry["detail"]["step_up"] == ACT.digest
    [listed] = await agneta.keys.list_keys(agneta.session.account_id)
    assert (listed.name, listed.last_used_at, listed.sign_count) == ("på nyckelknippan", START, key.count)


async def test_a_challenge_is_256_bits_and_stored_as_a_hash(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    await agneta.enrol(soft())
    challenges = [bytes_of((await agneta.asked())["challenge"]) for _ in range(3)]
    assert {len(one) for one in challenges} == {32}
    assert len({*challenges}) == 3
    kept = onlooker.execute(
        "select challenge_hash, expires_at - issued_at as lifetime from vaka.security_key_challenge"
        " where session_id = %s and purpose = 'act'", (agneta.session.id,)
    ).fetchall()  # fmt: skip
    assert {bytes(row["challenge_hash"]) for row in kept} == {hashlib.sha256(one).digest() for one in challenges}
    assert {row["lifetime"] for row in kept} == {timedelta(minutes=2)}


async def test_what_is_asked_of_an_ordinary_account_and_of_an_administrator(
    agneta: Person, enter: Callable[..., Any]
) -> None:
    administrator = await enter(kind="administrator")
    plain, strict = await agneta.ask(), await administrator.ask()
    assert (plain["attestation"], strict["attestation"]) == ("none", "direct")
    for options in (plain, strict):
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8]
        assert options["rp"]["id"] == SITE.identifier


# --- answers that are refused when a key is made ----------------------------------------------------------------------

EVIL = "https://portal.example.se.evil.example"
USUAL = PRESENT | VERIFIED
WRONG_WHEN_MADE = [
    ("another page", {"said": {"origin": EVIL}}, Reason.ORIGIN),
    ("plain HTTP", {"said": {"origin": "http://portal.example.se"}}, Reason.ORIGIN),
    ("a page of the host above", {"said": {"origin": "https://example.se"}}, Reason.ORIGIN),
    ("within another's page", {"said": {"crossOrigin": True}}, Reason.CROSS_ORIGIN),
    ("within another's page, in other words", {"said": {"crossOrigin": "false"}}, Reason.CROSS_ORIGIN),
    ("another's page around it", {"said": {"topOrigin": EVIL}}, Reason.CROSS_ORIGIN),
    ("for another site", {"site": "example.se"}, Reason.SITE),
    ("touched by nobody", {"flags": VERIFIED}, Reason.NOT_PRESENT),
    ("without PIN or finger", {"flags": PRESENT}, Reason.NOT_VERIFIED),
    ("copied, though it cannot be", {"flags": USUAL | IS_COPIED}, Reason.MALFORMED),
    ("made where it was to be used", {"said": {"type": "webauthn.get"}}, Reason.CEREMONY),
    ("RSA", {"public": cbor2.dumps({1: 3, 3: -257, -1: b"n" * 256, -2: b"\x01\x00\x01"})}, Reason.ALGORITHM),
    ("a longer hash", {"public": cbor2.dumps({1: 2, 3: -36, -1: 3, -2: b"x" * 66, -3: b"y" * 66})}, Reason.ALGORITHM),
    ("another curve", {"public": cbor2.dumps({1: 2, 3: -7, -1: 3, -2: b"x" * 66, -3: b"y" * 66})}, Reason.ALGORITHM),
    ("no point", {"public": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})}, Reason.MALFORMED),
    ("no key", {"public": cbor2.dumps({})}, Reason.MALFORMED),
    ("no CBOR", {"public": b"\xff\xff"}, Reason.MALFORMED),
]


@pytest.mark.parametrize(
    ("how", "reason"), [row[1:] for row in WRONG_WHEN_MADE], ids=[row[0] for row in WRONG_WHEN_MADE]
)
async def test_a_key_that_must_not_be_enrolled(
    agneta: Person, onlooker: psycopg.Connection[Row], how: dict[str, Any], reason: Reason
) -> None:
    async with refused(onlooker, reason, "security_key.enrolled"):
        await agneta.enrol(soft(**how))


async def test_a_key_attests_itself_with_its_own_signature(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    liar = soft(attests_itself=True, public=soft().cose())
    async with refused(onlooker, Reason.SIGNATURE, "security_key.enrolled"):
        await agneta.enrol(liar)


STRICT = [
    ("it can be copied", {"flags": USUAL | CAN_BE_COPIED}, {}, Reason.SYNCED),
    ("it says nothing of its model", {"maker": None}, {}, Reason.ATTESTATION),
    ("it vouches for itself", {"maker": None, "attests_itself": True}, {}, Reason.ATTESTATION),
    ("a model nobody listed", {"aaguid": UUID(int=0xB2)}, {}, Reason.MODEL),
    ("no model", {"aaguid": NO_MODEL}, {}, Reason.MODEL),
    ("the certificate names another model", {}, {"stated": UUID(int=0xB2)}, Reason.ATTESTATION),
    ("the certificate names none", {}, {"stated": NO_MODEL}, Reason.ATTESTATION),
    ("the certificate is an issuer's", {}, {"certifies_issuers": True}, Reason.ATTESTATION),
    ("another maker with the same name", {"maker": Maker(LISTED)}, {}, Reason.ATTESTATION),
]


@pytest.mark.parametrize(("how", "made", "reason"), [row[1:] for row in STRICT], ids=[row[0] for row in STRICT])
async def test_term_10_an_administrators_key_is_bound_to_its_device_and_of_a_listed_model(
    enter: Callable[..., Any], maker: Maker, onlooker: psycopg.Connection[Row], how: dict[str, Any],
    made: dict[str, Any], reason: Reason,
) -> None:  # fmt: skip
    administrator = await enter(kind="administrator")
    for name, value in made.items():
        setattr(maker, name, value)
    async with refused(onlooker, reason, "security_key.enrolled"):
        await administrator.enrol(soft(**{"maker": maker, "aaguid": LISTED, **how}))


async def test_a_listed_model_is_enrolled_and_used(
    enter: Callable[..., Any], maker: Maker, onlooker: psycopg.Connection[Row]
) -> None:
    administrator, key, last = await enter(kind="administrator"), soft(maker=maker, aaguid=LISTED), newest(onlooker)
    await administrator.enrol(key)
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert entry["detail"]["attested"] is entry["detail"]["device_bound"] is True
    assert entry["detail"]["model"] == str(LISTED)
    assert (await administrator.confirm(key)).touched


# --- answers that are refused when a key is used ----------------------------------------------------------------------

WRONG_WHEN_USED = [
    ("another page", {"said": {"origin": EVIL}}, Reason.ORIGIN),
    ("within another's page", {"said": {"crossOrigin": True}}, Reason.CROSS_ORIGIN),
    ("another's page around it", {"said": {"topOrigin": EVIL}}, Reason.CROSS_ORIGIN),
    ("for another site", {"site": "example.se"}, Reason.SITE),
    ("touched by nobody", {"flags": VERIFIED}, Reason.NOT_PRESENT),
    ("without PIN or finger", {"flags": PRESENT}, Reason.NOT_VERIFIED),
    ("it can be copied all of a sudden", {"flags": USUAL | CAN_BE_COPIED}, Reason.BACKUP_CHANGED),
    ("used where it was to be made", {"said": {"type": "webauthn.create"}}, Reason.CEREMONY),
    ("it has counted backwards", {"count": 3}, Reason.COUNTER),
    ("it stands still", {"count": 4, "counts": True}, Reason.COUNTER),
    ("it counts no more", {"count": 0, "counts": False}, Reason.COUNTER),
    ("for another user", {"user": uuid4().bytes}, Reason.KEY_OF_ANOTHER),
    ("no such key", {"credential_id": bytes(32)}, Reason.UNKNOWN_KEY),
]


@pytest.mark.parametrize(
    ("how", "reason"), [row[1:] for row in WRONG_WHEN_USED], ids=[row[0] for row in WRONG_WHEN_USED]
)
async def test_a_touch_that_confirms_nothing(
    agneta: Person, onlooker: psycopg.Connection[Row], how: dict[str, Any], reason: Reason
) -> None:
    key = soft()
    await agneta.enrol(key)
    key.count = 4
    await agneta.confirm(key)  # the positive control; five have been counted
    for name, value in how.items():
        setattr(key, name, value)
    async with refused(onlooker, reason, key=None if reason is Reason.CEREMONY else key):
        await agneta.confirm(key)


async def test_another_keys_signature_is_none(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    await agneta.enrol(key)
    stranger = soft(credential_id=key.credential_id, user=key.user)
    async with refused(onlooker, Reason.SIGNATURE, key=key):
        await agneta.confirm(stranger)


async def test_a_colleagues_key_is_none(
    agneta: Person, enter: Callable[..., Any], onlooker: psycopg.Connection[Row]
) -> None:
    arvid, his = await enter(), soft()
    await arvid.enrol(his)
    await agneta.enrol(soft())
    his.user = None
    async with refused(onlooker, Reason.KEY_OF_ANOTHER, key=his):
        await agneta.confirm(his)


@pytest.mark.parametrize("sent", ["", "x", "[]", "{}", '{"id": 1}', '{"id":"AA","id":"AA"}', "[" * 5000, "x" * 30_000,
                                  '{"id":"AA","type":"public-key","response":{"clientDataJSON":"e30"}}'])  # fmt: skip
async def test_what_no_browser_sends(agneta: Person, onlooker: psycopg.Connection[Row], sent: str) -> None:
    async with refused(onlooker, Reason.MALFORMED):
        await agneta.keys.confirm(agneta.session, ACT, sent)
    async with refused(onlooker, Reason.MALFORMED, "security_key.enrolled"):
        await agneta.keys.enrol(agneta.session, "x", sent)


async def test_a_name_that_stands_twice_in_what_was_signed(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    """Two readers would each believe another of the two."""
    key = soft()
    sent = json.loads(key.make(await agneta.ask()))
    said = bytes_of(sent["response"]["clientDataJSON"]).decode()
    sent["response"]["clientDataJSON"] = text_of(said.replace('"origin"', '"origin": "x", "origin"').encode())
    async with refused(onlooker, Reason.MALFORMED, "security_key.enrolled"):
        await agneta.keys.enrol(agneta.session, "x", json.dumps(sent))


# --- challenges -------------------------------------------------------------------------------------------------------


async def test_an_answer_is_taken_once(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    sent = key.make(await agneta.ask())
    await agneta.keys.enrol(agneta.session, "x", sent)
    async with refused(onlooker, Reason.CHALLENGE_USED, "security_key.enrolled"):
        await agneta.keys.enrol(agneta.session, "x", sent)
    sent = key.touch(await agneta.asked())
    await agneta.keys.confirm(agneta.session, ACT, sent)
    async with refused(onlooker, Reason.CHALLENGE_USED):
        await agneta.keys.confirm(agneta.session, ACT, sent)


async def test_of_the_same_answer_twice_at_once_one_is_taken(agneta: Person) -> None:
    key = soft(counts=False)
    await agneta.enrol(key)
    sent = key.touch(await agneta.asked())
    both = await asyncio.gather(
        *(agneta.keys.confirm(agneta.session, ACT, sent) for _ in range(2)), return_exceptions=True
    )
    [refusal] = [one for one in both if isinstance(one, KeyRefusedError)]
    assert refusal.reason is Reason.CHALLENGE_USED
    assert Confirmation(ACT.digest, touched=True) in both


async def test_a_refused_answer_is_spent_too(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    await agneta.enrol(key)
    options = await agneta.asked()
    key.flags = PRESENT
    async with refused(onlooker, Reason.NOT_VERIFIED):
        await agneta.keys.confirm(agneta.session, ACT, key.touch(options))
    key.flags = USUAL
    async with refused(onlooker, Reason.CHALLENGE_USED):
        await agneta.keys.confirm(agneta.session, ACT, key.touch(options))


async def test_an_answer_comes_in_time(agneta: Person, clock: TurnedClock, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    made = key.make(await agneta.ask())
    clock.turn(300)
    async with refused(onlooker, Reason.CHALLENGE_EXPIRED, "security_key.enrolled"):
        await agneta.keys.enrol(agneta.session, "x", made)
    await agneta.enrol(key)
    in_time, late = [key.touch(await agneta.asked()) for _ in range(2)]
    clock.turn(119)
    await agneta.keys.confirm(agneta.session, ACT, in_time)
    clock.turn(1)
    async with refused(onlooker, Reason.CHALLENGE_EXPIRED):
        await agneta.keys.confirm(agneta.session, ACT, late)
    clock.turn(601)
    await agneta.asked()  # what is older than ten minutes is let go, and then nobody knows of it
    async with refused(onlooker, Reason.CHALLENGE_UNKNOWN):
        await agneta.keys.confirm(agneta.session, ACT, late)


async def test_a_challenge_is_one_sessions(
    agneta: Person, enter: Callable[..., Any], onlooker: psycopg.Connection[Row]
) -> None:
    key = soft()
    await agneta.enrol(key)
    elsewhere = await enter(agneta.session.account_id)
    async with refused(onlooker, Reason.CHALLENGE_ELSEWHERE):
        await agneta.keys.confirm(agneta.session, ACT, key.touch(await elsewhere.asked()))


async def test_a_challenge_is_for_one_purpose(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    options = await agneta.ask()
    await agneta.enrol(key)
    async with refused(onlooker, Reason.CHALLENGE_ELSEWHERE):
        asked = {**await agneta.asked(), "challenge": options["challenge"]}
        await agneta.keys.confirm(agneta.session, ACT, key.touch(asked))


async def test_nobody_asked_this(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    await agneta.enrol(key)
    made_up = {**await agneta.asked(), "challenge": text_of(ACT.challenge(bytes(32)))}
    async with refused(onlooker, Reason.CHALLENGE_UNKNOWN):
        await agneta.keys.confirm(agneta.session, ACT, key.touch(made_up))


@pytest.mark.parametrize(
    "other",
    [
        replace(ACT, parameters={**ACT.parameters, "days": 400}),
        replace(ACT, parameters={**ACT.parameters, "reason": "another"}),
        replace(ACT, authority_id=uuid4()), replace(ACT, object="authority:x"), replace(ACT, name="removal.approved"),
    ],
    ids=["days", "reason", "authority", "object", "act"],
)  # fmt: skip
async def test_term_15_5_a_touch_is_for_exactly_one_act(
    agneta: Person, onlooker: psycopg.Connection[Row], other: Act
) -> None:
    key = soft()
    await agneta.enrol(key)
    sent = key.touch(await agneta.asked(ACT))
    async with refused(onlooker, Reason.OTHER_ACT, other.name, key):
        await agneta.keys.confirm(agneta.session, other, sent)
    async with refused(onlooker, Reason.CHALLENGE_USED):
        await agneta.keys.confirm(agneta.session, ACT, sent)


async def test_a_session_asks_only_so_often(agneta: Person, clock: TurnedClock) -> None:
    for _ in range(MOST):
        await agneta.asked()
    with pytest.raises(TooManyChallengesError):
        await agneta.asked()
    clock.turn(601)
    await agneta.asked()


async def test_made_up_answers_fill_no_log(
    agneta: Person, clock: TurnedClock, onlooker: psycopg.Connection[Row]
) -> None:
    last = newest(onlooker)
    for _ in range(MOST_JUDGED):
        with pytest.raises(KeyRefusedError):
            await agneta.keys.confirm(agneta.session, ACT, "x")
    assert len(onlooker.execute(TOLD, (last,)).fetchall()) == MOST_JUDGED
    for judged in (agneta.keys.confirm(agneta.session, ACT, "x"), agneta.keys.enrol(agneta.session, "x", "x")):
        with pytest.raises(TooManyChallengesError):
            await judged
    assert len(onlooker.execute(TOLD, (last,)).fetchall()) == MOST_JUDGED
    clock.turn(601)
    await agneta.enrol(soft())


# --- the keys of an account -------------------------------------------------------------------------------------------


async def test_a_first_key_takes_a_fresh_session(agneta: Person, clock: TurnedClock) -> None:
    clock.turn(FRESH.total_seconds())
    await agneta.ask()
    clock.turn(1)
    with pytest.raises(SignInAgainError):
        await agneta.ask()


async def test_a_further_key_takes_a_touch_of_one_that_is_there(agneta: Person) -> None:
    first, second = soft(), soft()
    await agneta.enrol(first)
    with pytest.raises(NotConfirmedError):
        await agneta.ask()
    for confirmed in (
        await agneta.confirm(first),
        Confirmation(agneta.keys.enrolment_for(agneta.session).digest, False),
    ):
        with pytest.raises(NotConfirmedError):
            await agneta.keys.ask_for_new_key(agneta.session, confirmed)
    await agneta.keys.enrol(agneta.session, "  i \t kassaskåpet ", second.make(await agneta.ask(first)))
    names = [key.name for key in await agneta.keys.list_keys(agneta.session.account_id)]
    assert sorted(names) == ["i kassaskåpet", "på nyckelknippan"]
    assert (await agneta.confirm(second)).touched


async def test_a_key_is_enrolled_once(
    agneta: Person, enter: Callable[..., Any], onlooker: psycopg.Connection[Row]
) -> None:
    key, arvid = soft(), await enter()
    await agneta.enrol(key)
    async with refused(onlooker, Reason.ENROLLED_ALREADY, "security_key.enrolled", key):
        await arvid.enrol(key)


async def test_an_account_has_so_many_keys(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    first = soft()
    await agneta.enrol(first)
    for _ in range(MOST_KEYS - 1):
        await agneta.keys.enrol(agneta.session, "x", soft().make(await agneta.ask(first)))
    onlooker.execute("delete from vaka.security_key_challenge where session_id = %s", (agneta.session.id,))
    sent = soft().make(await agneta.ask(first))
    async with refused(onlooker, Reason.TOO_MANY, "security_key.enrolled"):
        await agneta.keys.enrol(agneta.session, "x", sent)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b", "a\u202eb"])
async def test_a_key_has_a_usable_name(agneta: Person, name: str) -> None:
    with pytest.raises(UnusableNameError):
        await agneta.keys.enrol(agneta.session, name, soft().make(await agneta.ask()))
    key = await agneta.enrol(soft())
    with pytest.raises(UnusableNameError):
        await agneta.keys.rename(agneta.session, key.id, name)


async def test_a_key_is_renamed_by_its_owner_alone(
    agneta: Person, enter: Callable[..., Any], onlooker: psycopg.Connection[Row]
) -> None:
    key, arvid = await agneta.enrol(soft()), await enter()
    last = newest(onlooker)
    await agneta.keys.rename(agneta.session, key.id, "i kassaskåpet")
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["object"]) == ("security_key.renamed", f"security_key:{key.id}")
    assert "kassaskåpet" not in str(entry)
    with pytest.raises(NoSuchKeyError):
        await arvid.keys.rename(arvid.session, key.id, "min")
    assert [one.name for one in await agneta.keys.list_keys(agneta.session.account_id)] == ["i kassaskåpet"]


async def test_a_removed_key_confirms_nothing(
    agneta: Person, enter: Callable[..., Any], onlooker: psycopg.Connection[Row]
) -> None:
    soft_key, arvid = soft(), await enter()
    key = await agneta.enrol(soft_key)
    removal = agneta.keys.removal_of(key.id)
    for wrong in (Confirmation(removal.digest, touched=False), await agneta.confirm(soft_key)):
        with pytest.raises(NotConfirmedError):
            await agneta.keys.remove(agneta.session, key.id, wrong)
    with pytest.raises(NoSuchKeyError):
        await arvid.keys.remove(arvid.session, key.id, Confirmation(removal.digest, touched=True))
    waiting = soft_key.touch(await agneta.asked())
    confirmed = await agneta.confirm(soft_key, removal)
    last = newest(onlooker)
    await agneta.keys.remove(agneta.session, key.id, confirmed)
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["object"]) == ("security_key.removed", f"security_key:{key.id}")
    assert entry["detail"]["step_up"] == removal.digest
    async with refused(onlooker, Reason.UNKNOWN_KEY):
        await agneta.keys.confirm(agneta.session, ACT, waiting)
    assert not await agneta.keys.has_any(agneta.session.account_id)


async def test_a_lost_key_is_taken_away_by_those_who_run_the_system(
    server: Server, agneta: Person, onlooker: psycopg.Connection[Row]
) -> None:
    key = await agneta.enrol(soft())
    account = agneta.session.account_id
    async with platform_as(server, "setup") as setup:
        [known] = await list_keys_of(setup, account)
        assert known.id == key.id
        for whose, which in ((uuid4(), [key.id]), (account, [key.id, uuid4()])):
            with pytest.raises(NoKeysThereError):
                await remove_lost_keys(setup, whose, which, actor="setup:uid-0", now=START)
        last = newest(onlooker)
        assert await remove_lost_keys(setup, account, [key.id], actor="setup:uid-0", now=START) == 1
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["object"]) == ("security_key.removed", f"security_key:{key.id}")
    assert entry["detail"]["account"] == f"account:{account}"
    assert not await agneta.keys.has_any(account)
    await agneta.enrol(soft())


# --- rows that were put or changed by hand ----------------------------------------------------------------------------

BY_HAND = [
    "update vaka.security_key set public_key = %(public)s where id = %(id)s",
    "update vaka.security_key set device_bound = not device_bound where id = %(id)s",
    "update vaka.security_key set attested = not attested where id = %(id)s",
    "update vaka.security_key set binding = sha256('x') where id = %(id)s",
    "update vaka.security_key set added_at = added_at - interval '1 day' where id = %(id)s",
]


@pytest.mark.parametrize("statement", BY_HAND)
async def test_a_row_that_was_changed_by_hand_is_no_key_and_no_way_round(
    agneta: Person, onlooker: psycopg.Connection[Row], statement: str
) -> None:
    soft_key = soft()
    key = await agneta.enrol(soft_key)
    await agneta.confirm(soft_key)
    last = newest(onlooker)
    onlooker.execute(statement.encode(), {"id": key.id, "public": soft().cose()})
    [entry] = onlooker.execute(TOLD, (last,)).fetchall()
    assert (entry["event"], entry["object"]) == ("row.changed_by_hand", f"security_key:{key.id}")
    async with refused(onlooker, Reason.KEY_BY_HAND, key=soft_key):
        await agneta.confirm(soft_key)
    assert await agneta.keys.list_keys(agneta.session.account_id) == []
    assert await agneta.keys.has_any(agneta.session.account_id)


async def test_a_key_does_not_become_anothers(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    """The database refuses it; and with its triggers off the key is nobody's."""
    soft_key = soft()
    key = await agneta.enrol(soft_key)
    statement = (
        "update vaka.security_key set account_id = (select id from vaka.account where id <> account_id limit 1)"
        " where id = %s"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        onlooker.execute(statement.encode(), (key.id,))
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute(statement.encode(), (key.id,))
    onlooker.execute("set session_replication_role = origin")
    async with refused(onlooker, Reason.KEY_OF_ANOTHER, key=soft_key):
        await agneta.confirm(soft_key)
    assert await agneta.keys.list_keys(agneta.session.account_id) == []
    assert not await agneta.keys.has_any(agneta.session.account_id)


async def test_a_key_that_was_put_there_by_hand_lets_nobody_in(
    agneta: Person, onlooker: psycopg.Connection[Row]
) -> None:
    """A superuser of the database copies the shape of a row, and has no key that binds it."""
    mine, planted = soft(), soft(counts=False)
    await agneta.enrol(mine)
    onlooker.execute(
        "insert into vaka.security_key select %s, account_id, 'x', %s, %s, algorithm, model, site, device_bound,"
        " attested, 0, added_at, null, binding from vaka.security_key where account_id = %s",
        (uuid4(), planted.credential_id, planted.cose(), agneta.session.account_id),
    )
    async with refused(onlooker, Reason.KEY_BY_HAND, key=planted):
        await agneta.confirm(planted)
    assert (await agneta.confirm(mine)).touched


async def test_a_key_of_another_site_is_not_offered(agneta: Person, onlooker: psycopg.Connection[Row]) -> None:
    key = soft()
    await agneta.enrol(key)
    moved = Person(agneta.session, replace(agneta.keys, site=Site("https://other.example.se", "other.example.se")))
    assert (await moved.asked())["allowCredentials"] == []
    key.origin = moved.keys.site.origin
    async with refused(onlooker, Reason.SITE, key=key):
        await moved.confirm(key)


async def test_times_are_kept_with_their_zone(agneta: Person) -> None:
    key = await agneta.enrol(soft())
    assert key.added_at.astimezone(UTC) == START

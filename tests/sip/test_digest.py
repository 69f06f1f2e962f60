# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Digest: the published examples, what devices write, what is refused, and the life of a nonce."""

from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.sip.digest import (
    Authorization,
    NonceBook,
    NonceVerdict,
    UsedNonces,
    build_authorization,
    challenge_headers,
    expected_response,
    ha1,
    parse_authorization,
    parse_challenge,
    verify,
)
from vaka.sip.errors import SipError, SipFault

# The example of RFC 7616 section 3.9.1, with both algorithms.
RFC_7616 = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
# The example of RFC 2617 section 3.5.
RFC_2617 = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
BASE = 'Digest username="26317", realm="vaka", nonce="n", uri="sip:192.0.2.1", response="00"'


@pytest.mark.parametrize(
    ("value", "realm", "password"),
    [
        (RFC_7616.format("MD5", "8ca523f5e9506fed4657c9700eebdbec"), "http-auth@example.org", "Circle of Life"),
        (
            RFC_7616.format("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            "http-auth@example.org",
            "Circle of Life",
        ),
        (RFC_2617, "testrealm@host.com", "Circle Of Life"),
    ],
)
def test_published_examples(value: str, realm: str, password: str) -> None:
    authorization = parse_authorization(value)
    secret = ha1("Mufasa", realm, password, authorization.algorithm)
    assert verify(authorization, secret, "GET")
    assert not verify(authorization, secret, "PUT")
    assert not verify(authorization, ha1("Mufasa", realm, "other", authorization.algorithm), "GET")
    assert not verify(replace(authorization, uri="/other"), secret, "GET")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", [True, False])
def test_what_a_device_builds_we_accept(algorithm: str, qop: bool) -> None:
    challenge = parse_challenge(challenge_headers('va"ka\\', "nonce", [algorithm], stale=True)[0][1])
    assert challenge.stale
    challenge = replace(challenge, qop=qop, opaque="o")
    value = build_authorization(
        challenge, username='26"317', password="pass", method="MESSAGE", uri="sip:elsewhere", cnonce="c", count=255
    )
    authorization = parse_authorization(value)
    assert (authorization.algorithm, authorization.uri) == (algorithm, "sip:elsewhere")
    assert (authorization.qop, authorization.nc, authorization.cnonce) == (
        ("auth", "000000ff", "c") if qop else (None, None, None)
    )
    assert verify(authorization, ha1('26"317', 'va"ka\\', "pass", algorithm), "MESSAGE")


def test_digest_uri_and_username_may_differ_from_the_message() -> None:
    # Neither is compared with the request URI or the controller id: only what the device hashed counts.
    authorization = replace(parse_authorization(BASE), username="hub-9", uri="sip:10.0.0.1")
    secret = ha1("hub-9", "vaka", "pass", "MD5")
    assert verify(
        replace(authorization, response=expected_response(secret, authorization, "MESSAGE")), secret, "MESSAGE"
    )


def test_a_response_in_capitals() -> None:
    secret = ha1("26317", "vaka", "pass", "MD5")
    response = expected_response(secret, parse_authorization(BASE), "MESSAGE")
    assert verify(parse_authorization(BASE.replace('"00"', f'"{response.upper()}"')), secret, "MESSAGE")


def test_a_response_that_is_no_ascii_is_wrong_and_no_crash() -> None:
    assert not verify(parse_authorization(BASE.replace('"00"', '"å\ud800"')), "0" * 32, "MESSAGE")


def test_defaults() -> None:
    assert parse_authorization(BASE) == Authorization(
        "26317", "vaka", "n", "sip:192.0.2.1", "00", "MD5", None, None, None
    )


@pytest.mark.parametrize(
    "value",
    [
        BASE.replace("Digest", "dIGEST").replace("username", "USERNAME"),
        BASE.replace(", ", " ,\t").replace("=", " = ") + " ,",
        BASE + ', algorithm="MD5", opaque=""',
        BASE + ", algorithm=md5, unknown=thing",
        BASE + ', qop=""',
        BASE + ', cnonce="given", nc=00000001',  # but no qop: old style
    ],
)
def test_ways_of_writing(value: str) -> None:
    assert parse_authorization(value) == parse_authorization(BASE)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", SipFault.AUTHORIZATION),
        ("Basic QWxhZGRpbg==", SipFault.AUTHORIZATION),
        ("Digest", SipFault.AUTHORIZATION),
        (BASE[:-1], SipFault.AUTHORIZATION),
        (BASE + ", broken", SipFault.AUTHORIZATION),
        (BASE + ', username="other"', SipFault.AUTHORIZATION),
        (BASE.replace('username="26317", ', ""), SipFault.AUTHORIZATION),
        (BASE + ", qop=auth", SipFault.AUTHORIZATION),
        (BASE + ', qop=auth, nc=1, cnonce="c"', SipFault.AUTHORIZATION),
        (BASE + ', qop=auth, nc=0000000g, cnonce="c"', SipFault.AUTHORIZATION),
        (BASE + ", qop=auth, nc=00000001", SipFault.AUTHORIZATION),
        (BASE + ', opaque="' + "x" * 4096 + '"', SipFault.AUTHORIZATION),
        ("Digest " + ",".join(f"p{i}=1" for i in range(40)), SipFault.AUTHORIZATION),
        (BASE + ", algorithm=MD5-sess", SipFault.UNSUPPORTED_DIGEST),
        (BASE + ", algorithm=SHA-512-256", SipFault.UNSUPPORTED_DIGEST),
        (BASE + ', qop=auth-int, nc=00000001, cnonce="c"', SipFault.UNSUPPORTED_DIGEST),
    ],
)
def test_what_is_refused(value: str, code: SipFault) -> None:
    with pytest.raises(SipError) as caught:
        parse_authorization(value)
    assert caught.value.code is code


@given(st.one_of(st.text(), st.lists(st.sampled_from([*'",=\\ \t', "nc", "qop=auth", BASE]), max_size=40).map("".join)))
def test_any_text_gives_an_authorization_or_the_one_exception(text: str) -> None:
    for value in (text, "Digest " + text, BASE + "," + text):
        with suppress(SipError):
            parse_authorization(value)
        with suppress(SipError):
            parse_challenge(value)


def test_challenges_are_ordered_by_preference() -> None:
    headers = challenge_headers("vaka", "n")
    assert [name for name, _ in headers] == ["WWW-Authenticate"] * 2
    assert [parse_challenge(value).algorithm for _, value in headers] == ["SHA-256", "MD5"]
    assert all(parse_challenge(value).qop and not parse_challenge(value).stale for _, value in headers)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('Digest realm="r"', SipFault.AUTHORIZATION),
        ('Digest nonce="n"', SipFault.AUTHORIZATION),
        ('Digest realm="r", nonce="n", qop="auth-int"', SipFault.UNSUPPORTED_DIGEST),
        ('Digest realm="r", nonce="n", algorithm=SHA-512-256', SipFault.UNSUPPORTED_DIGEST),
    ],
)
def test_challenges_no_device_of_ours_can_meet(value: str, code: SipFault) -> None:
    with pytest.raises(SipError) as caught:
        parse_challenge(value)
    assert caught.value.code is code


def book(capacity: int = 100, lifetime: float = 60.0, secret: bytes = b"secret", run: int = 0) -> NonceBook:
    numbers = count(1_000_000 * run)
    return NonceBook(secret, lifetime, capacity, entropy=lambda size: next(numbers).to_bytes(size, "big"))


def remembered(nonces: NonceBook) -> int:
    memory = nonces._memory
    assert isinstance(memory, UsedNonces)
    return len(memory)


def use(nonce: str, number: int | None = None) -> Authorization:
    if number is None:
        return replace(parse_authorization(BASE), nonce=nonce)
    return replace(parse_authorization(BASE), nonce=nonce, qop="auth", nc=f"{number:08x}", cnonce="c")


def test_a_rising_count_is_fresh_and_a_repeated_one_a_replay() -> None:
    nonces = book()
    nonce = nonces.issue(1000.0)
    verdicts = [nonces.check(use(nonce, number), 1001.0).value for number in (1, 2, 7, 7, 3, 8)]
    assert verdicts == ["fresh", "fresh", "fresh", "replayed", "replayed", "fresh"]


def test_a_count_of_nought_is_no_use() -> None:
    nonces = book()
    assert nonces.check(use(nonces.issue(1000.0), 0), 1000.0) is NonceVerdict.REPLAYED


def test_without_qop_a_nonce_is_good_once() -> None:
    nonces = book()
    nonce = nonces.issue(1000.0)
    assert nonces.check(use(nonce), 1001.0) is NonceVerdict.FRESH
    assert nonces.check(use(nonce), 1001.0) is NonceVerdict.REPLAYED
    assert nonces.check(use(nonce, 9), 1001.0) is NonceVerdict.REPLAYED


def test_a_nonce_expires() -> None:
    nonces = book(lifetime=60.0)
    nonce = nonces.issue(1000.0)
    assert nonces.check(use(nonce, 1), 1060.0) is NonceVerdict.FRESH
    assert nonces.check(use(nonce, 2), 1060.1) is NonceVerdict.STALE
    assert remembered(nonces) == 0


def test_a_nonce_from_the_future_is_stale_and_a_small_skew_is_not() -> None:
    nonces = book()
    assert nonces.check(use(nonces.issue(1004.0), 1), 1000.0) is NonceVerdict.FRESH
    assert nonces.check(use(nonces.issue(1006.0), 1), 1000.0) is NonceVerdict.STALE


def test_a_nonce_is_good_with_the_book_that_issued_it_and_with_no_other() -> None:
    """Only that one knows what it has been used for."""
    first, second, stranger = book(run=1), book(run=2), book(run=1, secret=b"other")
    nonce = first.issue(1000.0)
    assert second.check(use(nonce, 1), 1000.0) is NonceVerdict.ELSEWHERE
    assert stranger.check(use(nonce, 1), 1000.0) is NonceVerdict.FORGED
    assert first.check(use(nonce, 1), 1000.0) is NonceVerdict.FRESH
    assert remembered(second) == remembered(stranger) == 0


def test_two_books_are_never_the_same() -> None:
    first, second = NonceBook(b"secret", 60.0, 10), NonceBook(b"secret", 60.0, 10)
    assert second.check(use(first.issue(1000.0), 1), 1000.0) is NonceVerdict.ELSEWHERE


def test_no_character_of_a_nonce_may_differ() -> None:
    nonces = book()
    nonce = nonces.issue(1000.0)
    for place in range(len(nonce)):
        for other in ("0", "f", nonce[place].upper()):
            forged = nonce[:place] + other + nonce[place + 1 :]
            if forged != nonce:
                assert nonces.check(use(forged, 1), 1000.0) is NonceVerdict.FORGED
    for forged in ("", nonce[:-1], nonce + "0", " " + nonce):
        assert nonces.check(use(forged, 1), 1000.0) is NonceVerdict.FORGED


@given(st.text())
def test_any_other_text_is_forged(text: str) -> None:
    assert book().check(use(text, 1), 1000.0) is NonceVerdict.FORGED


def test_memory_is_bounded_and_what_was_forgotten_cannot_be_replayed() -> None:
    nonces = book(capacity=10)
    used = [nonces.issue(1000.0 + second) for second in range(30)]
    for second, nonce in enumerate(used):
        assert nonces.check(use(nonce, 1), 1000.0 + second) is NonceVerdict.FRESH
        assert remembered(nonces) <= 10
    verdicts = [nonces.check(use(nonce, 1), 1030.0) for nonce in used]
    assert verdicts == [NonceVerdict.STALE] * 20 + [NonceVerdict.REPLAYED] * 10


def test_nonces_are_never_the_same_twice() -> None:
    nonces = NonceBook(b"secret", 60.0, 10)
    assert nonces.issue(1000.0) != nonces.issue(1000.0)

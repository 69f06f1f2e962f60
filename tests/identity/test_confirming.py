# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is confirmed has one canonical form, and any other act has another."""

import hashlib
import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.identity.confirming import Act, Confirmation, NotConfirmedError

HERE = UUID(int=7)
ACT = Act("retention.set", HERE, f"authority:{HERE}", {"reason": "KS 2026/9 å", "days": 730})


def test_the_canonical_form_is_json_in_which_names_are_sorted() -> None:
    said = (
        '{"act":"retention.set","authority":"00000000-0000-0000-0000-000000000007",'
        '"object":"authority:00000000-0000-0000-0000-000000000007","parameters":{"days":730,"reason":"KS 2026/9 å"}}'
    )
    assert ACT.canonical() == said.encode()
    assert ACT.digest == hashlib.sha256(said.encode()).hexdigest()


OTHERS = [
    replace(ACT, name="retention.put"),
    replace(ACT, authority_id=UUID(int=8)),
    replace(ACT, authority_id=None),
    replace(ACT, object="authority:x"),
    replace(ACT, parameters={**ACT.parameters, "days": 731}),
    replace(ACT, parameters={**ACT.parameters, "days": "730"}),
    replace(ACT, parameters={**ACT.parameters, "reason": "KS 2026/9 a"}),
    replace(ACT, parameters={"days": 730}),
    replace(ACT, parameters={**ACT.parameters, "more": True}),
]


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
def test_term_15_5_another_act_is_not_what_was_confirmed(other: Act) -> None:
    confirmed = Confirmation(ACT.digest, touched=True)
    confirmed.require(replace(ACT, parameters=dict(reversed([*ACT.parameters.items()]))))
    assert other.challenge(bytes(32)) != ACT.challenge(bytes(32))
    with pytest.raises(NotConfirmedError):
        confirmed.require(other)


def test_the_same_act_is_another_challenge_each_time() -> None:
    assert ACT.challenge(bytes(32)) != ACT.challenge(bytes(31) + b"1")


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True), st.text() | st.integers(-99, 99)
                       | st.booleans(), max_size=4))  # fmt: skip
def test_whatever_is_confirmed_reads_back(parameters: dict[str, str | int | bool]) -> None:
    try:
        canonical = Act("a.b", None, "", parameters).canonical()
    except UnicodeEncodeError:
        assert any("\ud800" <= sign <= "\udfff" for value in parameters.values() for sign in str(value))
        return
    assert json.loads(canonical)["parameters"] == parameters


@pytest.mark.parametrize("parameters", [{"A": 1}, {"": 1}, {"a": 1.5}, {"a": None}, {"a": 2**53}, {"a": [1]}])
def test_what_has_no_one_form_is_not_confirmed(parameters: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Act("a.b", None, "", parameters).canonical()


def test_only_a_touch_is_told_of_as_one() -> None:
    assert Confirmation(ACT.digest, touched=True).step_up == ACT.digest
    assert Confirmation(ACT.digest, touched=False).step_up is None

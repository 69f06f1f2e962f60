# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whatever form of a word or a secret stands somewhere is found there, and nothing that is nearly one."""

import pytest

from tests.secrets.traces import Searcher, forms_of_secret, forms_of_word

WORDS = ("Vårdmarkör Kastrull", "070-174 06 62", "Åsa Öå", "Lindvägen 3")
SECRETS = {"key": bytes(range(0xF0, 0x100)) + b"\n\x00\x01", "password": b"correct horse battery"}
FORMS = {form: name for name, secret in SECRETS.items() for form in forms_of_secret(secret)} | {
    form: word for word in WORDS for form in forms_of_word(word)
}


@pytest.mark.parametrize(
    "around", [b"", b"ab", bytes(1), bytes(7), bytes(63), bytes(64), bytes(65), bytes(1000)], ids=len
)
def test_each_form_is_found_wherever_it_stands(around: bytes) -> None:
    searcher = Searcher(SECRETS, WORDS)
    for form, name in FORMS.items():
        for content in (around + form, form + around, around + form + around):
            assert name in searcher.find(content)
            assert searcher.find(content) == {named for other, named in FORMS.items() if other in content}


def test_what_is_nearly_a_form_is_none() -> None:
    searcher = Searcher(SECRETS, WORDS)
    for form in FORMS:
        for content in (form[:-1], form[1:], form[:3] + bytes(64) + form[3:], form[:3] + b"\xff" + form[3:]):
            assert searcher.find(content) == {named for other, named in FORMS.items() if other in content}

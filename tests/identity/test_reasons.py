# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every reason why somebody does not get in has a code of its own, two languages, and its line in the documentation."""

from pathlib import Path

from vaka.identity.reasons import Reason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sign-in.md"


def test_every_code_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [reason.code for reason in Reason if f"`{reason.code}`" not in text] == []


def test_every_code_is_one_reasons_and_says_what_to_do() -> None:
    assert len({reason.code for reason in Reason}) == len(Reason)
    for reason in Reason:
        assert reason.sentence.sv.count(".") >= 1
        assert reason.sentence.sv != reason.sentence.en

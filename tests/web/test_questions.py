# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was searched for is kept for who asked, for a while, and in bounded number; and no form is kept by a browser."""

import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from vaka.clock import TurnedClock
from vaka.web import questions
from vaka.web.questions import KEPT_SECONDS, MOST_EACH, QuestionGoneError, Questions

TEMPLATES = Path(questions.__file__).with_name("templates")
ANNE, BO = UUID(int=1), UUID(int=2)


def test_only_who_asked_finds_it(clock: TurnedClock) -> None:
    kept: Questions[str] = Questions(clock)
    number = kept.keep(ANNE, "Holmgren")
    assert kept.find(ANNE, number) == "Holmgren"
    for session, wanted in ((BO, number), (ANNE, uuid4())):
        with pytest.raises(QuestionGoneError):
            kept.find(session, wanted)


def test_it_is_let_go_after_a_while_and_with_the_session(clock: TurnedClock) -> None:
    kept: Questions[str] = Questions(clock)
    old = kept.keep(BO, "Ek")
    clock.turn(KEPT_SECONDS - 1)
    assert kept.find(BO, old) == "Ek"
    number = kept.keep(ANNE, "Holmgren")
    clock.turn(1)
    with pytest.raises(QuestionGoneError):
        kept.find(BO, old)
    kept.forget(ANNE)
    with pytest.raises(QuestionGoneError):
        kept.find(ANNE, number)
    assert kept._kept == {}, "what is too old went with it"


def test_it_is_bounded(clock: TurnedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: Questions[int] = Questions(clock)
    mine = kept.keep(BO, 0)
    numbers = [kept.keep(ANNE, asked) for asked in range(MOST_EACH + 5)]
    assert [kept.find(ANNE, number) for number in numbers[5:]] == list(range(5, MOST_EACH + 5))
    with pytest.raises(QuestionGoneError):
        kept.find(ANNE, numbers[4])
    assert kept.find(BO, mine) == 0, "another's stay"
    monkeypatch.setattr(questions, "MOST", 3)
    kept.keep(BO, 1)
    assert len(kept._kept) == 3


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_no_browser_keeps_what_is_typed_into_a_form(template: str) -> None:
    """Without it, Chromium writes every field, drafts included, to the disk as it is typed (term 11, proof 5)."""
    forms = re.findall(r"<form\b[^>]*>", (TEMPLATES / template).read_text(encoding="utf-8"))
    assert [form for form in forms if 'autocomplete="off"' not in form] == []

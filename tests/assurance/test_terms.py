# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The terms as data: all 37, in two languages, and refused whole where anything does not add up."""

from importlib.resources import files

import pytest

from vaka.assurance.terms import TERMS, find_requirements, load_terms, read_terms
from vaka.errors import ConfigurationError

TEXT = files("vaka.assurance").joinpath("terms.toml").read_text(encoding="utf-8")


def test_all_terms_are_there_in_both_languages() -> None:
    """Each has a label and goals, and no sentence stands in the other's language."""
    terms = load_terms()
    assert [term.number for term in terms] == list(range(1, TERMS + 1))
    for term in terms:
        for said in (term.label, *(goal.sentence for goal in term.goals)):
            assert said.sv != said.en
        for goal in term.goals:
            assert goal.sentence.sv.endswith(".")
            assert goal.sentence.en.endswith(".")


def test_no_two_goals_say_the_same() -> None:
    """A sentence that stands twice was copied, and one of the two is not what is meant."""
    said = [
        sentence for term in load_terms() for goal in term.goals for sentence in (goal.sentence.sv, goal.sentence.en)
    ]
    assert len(set(said)) == len(said)


def test_requirements_are_found_by_name() -> None:
    """A name is used once among all terms: a collector says by it what it supplies."""
    terms = load_terms()
    found = find_requirements(terms)
    assert len(found) == sum(len(term.requirements) for term in terms)
    assert all(found[name].id == name for name in found)


def test_every_group_of_questions_has_terms() -> None:
    """A reviewer who opens a group finds something in it."""
    groups = {term.group for term in load_terms()}
    assert groups == {
        "governance", "people", "access", "operations", "logging", "development", "incidents", "audit",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("number = 12\n", "number = 13\n"),
        ('id = "conflicting-roles"', 'id = "duty-exceptions"'),
        ('id = "exceptions"\nsv = "Varje undantag har', 'id = "refused"\nsv = "Varje undantag har'),
        ('every = "P92D"', 'every = "P92D", unknown = 1'),
        ('every = "P92D"', 'every = "PT1S"'),
        ('every = "P92D"', 'every = "P3650D"'),
        ('group = "access"', 'group = "elsewhere"'),
        ('classes = ["enforced"]', "classes = []"),
        ('id = "conflicting-roles", from = "automatic", by = "product"',
         'id = "conflicting-roles", from = "automatic", by = "supplier"'),
        ('id = "undertakings", from = "register", by = "supplier"',
         'id = "undertakings", from = "register", by = "product"'),
        ("[[term]]", "[[term]", ),
    ],
    ids=["number", "same evidence", "same goal", "unknown field", "too often", "too seldom", "group", "no class",
         "automatic by a supplier", "register by the product", "not TOML"],
)  # fmt: skip
def test_what_does_not_add_up_is_refused_whole(before: str, after: str) -> None:
    """A term that was half read would be green for want of goals."""
    assert before in TEXT
    with pytest.raises(ConfigurationError):
        read_terms(TEXT.replace(before, after, 1))

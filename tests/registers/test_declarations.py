# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The registers as data: what each answers, and refused whole where anything in one does not add up."""

from importlib.resources import files

import pytest

from vaka.assurance.terms import find_requirements, load_terms
from vaka.errors import ConfigurationError
from vaka.registers.declarations import load_registers, read_registers

OF_THEIR_OWN = {
    "access-report",
    "authority-contact",
    "change-report",
    "incident-clocks",
    "log-verified",
    "remote-sample",
    "restore-drill",
    "role-matrix",
}
"""What has a collector and no register: contacts, cases, reports, verifications of the log and samples of remote work
have tables of their own, a drill tells the log, the matrix comes with the program."""

TEXTS = {
    one.name.removesuffix(".toml"): one.read_text(encoding="utf-8")
    for one in files("vaka.registers").joinpath("declarations").iterdir()
}


def test_every_register_answers_something_that_a_term_asks_for() -> None:
    """And what is asked for of a register that is declared has a collector that looks at it."""
    requirements = find_requirements(load_terms())
    for register in load_registers().values():
        assert register.answers
        assert all(requirements[name].looked is not None for name in register.answers)
    answered = {name for register in load_registers().values() for name in register.answers}
    assert {one.id for one in requirements.values() if one.looked is not None} == answered | OF_THEIR_OWN


def test_both_languages_say_something_of_their_own() -> None:
    """Of names that are the same word in both, these few are."""
    alike = set()
    for register in load_registers().values():
        for said in (register.title, register.about, *(one.help for one in register.fields if one.help is not None),
                     *(rule.says for rule in register.rules), *(step.label for step in register.steps)):  # fmt: skip
            assert said.sv != said.en
        alike |= {
            choice.label.sv for one in register.fields for choice in one.choices if choice.label.sv == choice.label.en
        }
    assert alike == {"ISO/IEC 27001:2022", "ISO/IEC 27001:2013"}


def test_what_is_gone_through_is_gone_through_as_often_as_its_terms_ask() -> None:
    """What the office calls overdue is what the board of the terms calls so."""
    requirements = find_requirements(load_terms())
    for register in load_registers().values():
        every = {requirements[name].every for name in register.answers if requirements[name].source == "document"}
        if every:
            assert register.review == min(every)


def test_staff_are_shown_to_no_authority_by_name() -> None:
    """A register whose entries are about one of the staff each is counted, and nothing else (rule 7)."""
    about_staff = {
        register.name for register in load_registers().values()
        if any(field.kind == "person" and field.name == "person" for field in register.fields)
    }  # fmt: skip
    assert about_staff == {"undertakings", "completions"}
    assert {load_registers()[name].shown for name in about_staff} == {"counts"}


@pytest.mark.parametrize(
    ("register", "before", "after", "told"),
    [
        ("reviews", 'begins = "draft"', 'begins = "in_force"', "takes two"),
        ("reviews", 'kind = "date"', 'kind = "moment"', "cannot be read"),
        ("reviews", 'name = "held"', 'name = "result"', "twice"),
        ("reviews", 'field = "held"\ncheck', 'field = "when"\ncheck', "not there"),
        ("reviews", 'to = "withdrawn"', 'to = "gone"', "cannot be read"),
        ("reviews", 'from = ["draft"]', 'from = ["withdrawn"]', "comes back"),
        ("reviews", 'from = ["draft"]', 'from = ["accepted"]', "nothing reaches"),
        ("reviews", 'shown = "entries"', 'shown = "everything"', "cannot be read"),
        ("processes", 'to = "documents"', 'to = "elsewhere"', "no register"),
        ("findings", 'on = ["close"]', 'on = ["shut"]', "step that is not there"),
        ("findings", 'check = "future"', 'check = "future"\nvalue = "due"', "compares"),
        ("undertakings", 'begins = "noted"', 'begins = "noted"\nreview = "P365D"', "never reviewed"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused_whole(register: str, before: str, after: str, told: str) -> None:
    """With what is wrong with it."""
    assert before in TEXTS[register]
    broken = {**TEXTS, register: TEXTS[register].replace(before, after, 1)}
    with pytest.raises(ConfigurationError, match=told):
        read_registers(broken.values())


def test_a_name_is_used_once() -> None:
    with pytest.raises(ConfigurationError, match="more than one"):
        read_registers([*TEXTS.values(), TEXTS["documents"]])

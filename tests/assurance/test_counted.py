# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sentences that say how many read right for one as for many, in both languages."""

import re
from datetime import UTC, datetime

import pytest

from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.wording import FAILING, explain_one
from vaka.commands.verify_report import report
from vaka.counted import counted
from vaka.errors import Sentence
from vaka.ledger.findings import Checked

COUNTING = [key for key, said in FAILING.items() if "{count}" in said.sv + said.en]
NEEDS_NONE = {
    # The word is the same for one and for many, and nothing beside it changes.
    "{count} besked om": "same word", "{count} certifikat ": "same word", "{count} fall ": "same word",
    "{count} granskare ": "same word", "{count} par av": "same word", "{count} prov av": "same word",
    "{count} mottagare ": "same word", "{count} system ": "same word", "{count} utfärdare ": "same word",
    "{count} år tog": "same word",
    "{count} beslut om": "same word", "{count} procent ": "same word", "{count} per cent ": "same word",
    # What is counted is named for what it is one of, or a kind of, which are many whatever the count.
    "{count} av loggens vittnen": "of many", "{count} av rotens och myndigheternas nycklar": "of many",
    "{count} av programmets filer": "of many", "{count} of the program's files": "of many",
    "{count} slags komponenter": "of many",
}  # fmt: skip
"""What counts without a form in one language."""


def said_of(key: tuple[str, str], count: int) -> Sentence:
    """What somebody reads of a requirement that fails for this reason, so many times."""
    requirement, reason = key
    return explain_one(Judgement(Status.FAILING, datetime(2026, 3, 14, tzinfo=UTC), reason, requirement, count))


def test_every_sentence_that_counts_has_forms_in_both_languages() -> None:
    texts = [text for said in FAILING.values() for text in (said.sv, said.en) if "{count}" in text]
    formless = [text for text in texts if "[" not in text]
    assert [text for text in formless if not any(known in text for known in NEEDS_NONE)] == []
    assert [known for known in NEEDS_NONE if not any(known in text for text in formless)] == []
    assert all(("{count}" in said.sv) == ("{count}" in said.en) for said in FAILING.values())
    assert len(COUNTING) > 100


@pytest.mark.parametrize("count", [0, 1, 2])
def test_no_mark_of_a_form_is_left_in_what_is_read(count: int) -> None:
    for key in FAILING:
        for language in ("sv", "en"):
            text = said_of(key, count).in_language(language)
            assert not re.search(r"[][{}|]|  | [.,;:]|^ | $", text), text


def test_forms_differ_for_one_and_are_the_same_for_none_and_many() -> None:
    for key in COUNTING:
        for language in ("sv", "en"):
            none, one, many = (said_of(key, count).in_language(language) for count in (0, 1, 17))
            assert none.replace("0", "17", 1) == many
            has_forms = "[" in FAILING[key].in_language(language)
            assert (one.replace("1", "17", 1) != many) == has_forms, (one, many)


@pytest.mark.parametrize(
    ("requirement", "reason", "count", "sv", "en"),
    [
        ("listening-ports", "unregistered", 1,
         "1 port som nås utifrån finns inte i flödesregistret, eller är inte skyddad som det säger.",
         "1 port that can be reached stands in no flow of the register, or is not protected as it says."),
        ("listening-ports", "unregistered", 3,
         "3 portar som nås utifrån finns inte i flödesregistret, eller är inte skyddade som det säger.",
         "3 ports that can be reached stand in no flow of the register, or are not protected as it says."),
        ("clock-state", "sourceless", 1,
         "1 maskins klocka är inte godkänd. Det som väger tyngst: ingen källa följs.",
         "The clock of 1 machine is not sound. What weighs most: no source is followed."),
        ("clock-state", "sourceless", 3,
         "3 maskiners klockor är inte godkända. Det som väger tyngst: ingen källa följs.",
         "The clocks of 3 machines are not sound. What weighs most: no source is followed."),
        ("plain-devices", "over", 1,
         "1 anordning som inte kan kryptera används fast dess undantag är över.",
         "1 device that cannot encrypt is in use though its exception is over."),
        ("plain-devices", "over", 3,
         "3 anordningar som inte kan kryptera används fast deras undantag är över.",
         "3 devices that cannot encrypt are in use though their exception is over."),
        ("ended-accounts", "active", 1,
         "1 konto är aktivt fast dess sista dag har passerat.",
         "1 account is active although its last day has passed."),
        ("ended-accounts", "active", 3,
         "3 konton är aktiva fast deras sista dag har passerat.",
         "3 accounts are active although their last day has passed."),
        ("risk-actions", "unnamed", 1,
         "1 brist är över sin dag och säger inte vilka myndigheter den berör; ingen ser den.",
         "1 shortcoming is past its day and does not say which authorities it concerns; none sees it."),
        ("risk-actions", "unnamed", 3,
         "3 brister är över sin dag och säger inte vilka myndigheter de berör; ingen ser dem.",
         "3 shortcomings are past their day and do not say which authorities they concern; none sees them."),
        ("recovery-point", "late", 1,
         "Det senaste som kan återställas är 1 minut gammalt: äldre än avtalat.",
         "The newest that can be restored is 1 minute old: older than agreed."),
        ("recovery-point", "late", 3,
         "Det senaste som kan återställas är 3 minuter gammalt: äldre än avtalat.",
         "The newest that can be restored is 3 minutes old: older than agreed."),
        ("authority-contact", "expired", 1,
         "Myndighetens enda kontaktperson gäller inte i dag. Det är dess sak, i portalen.",
         "The authority's only contact does not hold today. That is for it to do, in the portal."),
        ("authority-contact", "expired", 3,
         "Ingen av myndighetens 3 kontaktpersoner gäller i dag. Det är dess sak, i portalen.",
         "None of the authority's 3 contacts holds today. That is for it to do, in the portal."),
    ],
)  # fmt: skip
def test_sentences_read_right(requirement: str, reason: str, count: int, sv: str, en: str) -> None:
    assert said_of((requirement, reason), count) == Sentence(sv=sv, en=en)


def test_brackets_alone_are_no_forms() -> None:
    """Two forms and a bar between them are one; a count stands wherever it is asked for, in a form as well."""
    said = Sentence(sv="[a] a|b {count} [en|{count} många] []", en="[|none ]x [one|]")
    assert counted(said, 1) == Sentence(sv="[a] a|b 1 en []", en="x one")
    assert counted(said, 2) == Sentence(sv="[a] a|b 2 2 många []", en="none x ")


def test_what_a_verifier_finds_of_one_is_said_of_one() -> None:
    """A log's name and who decided come from the log: their brackets stay."""
    checked = Checked(
        origin="log.example/[a|b]", size=1, root="00", is_signed=True, tiles=1, entries=1, sources=1, removed=1,
        kept_days=400, decision=3, decided_at="2026-03-14", decided_by="[c|d]", receipts=1, first_at="a", last_at="b",
    )  # fmt: skip
    assert report(checked, None, None, "sv") == [
        "log.example/[a|b]: 1 post, rot 00, undertecknad av loggen",
        "inget vittne efterfrågades: loggen intygar ensam sig själv",
        "1 trädfil vilar på roten",
        "posten är den som förseglades",
        "1 post är borttagen efter minst 400 dagar, enligt post 3: myndighetens beslut 2026-03-14 av [c|d]",
        "1 kvitto gäller en post som står kvar eller har funnits där",
        "1 källa utan lucka; skrivna från a till b",
        "VERIFIERAD",
    ]
    assert report(checked, None, None, "en") == [
        "log.example/[a|b]: 1 entry, root 00, signed by the log",
        "no witness was asked for: the log alone vouches for itself",
        "1 tile, the root rests on it",
        "the entry is the one that was sealed",
        "1 entry was removed after 400 days or more, by entry 3: the authority's decision of 2026-03-14 by [c|d]",
        "1 receipt is of an entry that stands, or stood, in its place",
        "1 source without a gap; written from a to b",
        "VERIFIED",
    ]

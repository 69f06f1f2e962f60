# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What of what runs is hit by what is published. Pure.

Several advisories may be about one vulnerability: they give one finding for each component, the severest word of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vaka.operations.vulnerabilities.bill import RELEASES, Running
from vaka.operations.vulnerabilities.ranges import Ecosystem, Hit, judge_affected, judge_release
from vaka.operations.vulnerabilities.severity import Severity, rate_release, rate_vectors, worst

SOURCES: Mapping[str, tuple[str, ...]] = {"PyPI": ("osv:PyPI",), "Debian": ("debian", "osv:Debian")}
"""Whose records say something of an ecosystem's packages."""


@dataclass(frozen=True, slots=True)
class Published:
    """One record of one package, as it was taken in."""

    source: str
    package: str
    id: str
    content: Mapping[str, Any]
    first_at: str
    """Since when we have it, as ISO 8601."""


@dataclass(frozen=True, slots=True)
class Finding:
    """That a component is hit by a vulnerability."""

    vulnerability: str
    advisories: tuple[str, ...]
    purl: str
    name: str
    version: str
    authority_id: UUID | None
    severity: Severity
    basis: str
    fixed_version: str
    summary: str
    reference: str
    published_at: str | None
    first_at: str


def compare(running: Iterable[Running], published: Iterable[Published]) -> list[Finding]:
    """Return what is hit, the severest first. What cannot be assessed is hit by nothing: it is told of by itself."""
    records: defaultdict[tuple[str, str], list[Published]] = defaultdict(list)
    for one in published:
        records[one.source, one.package].append(one)
    found: list[Finding] = []
    for component in running:
        if component.unassessed:
            continue
        hits: defaultdict[str, list[tuple[Published, Hit]]] = defaultdict(list)
        for source in SOURCES[component.ecosystem]:
            for record in records[source, component.package]:
                hit = _judge(component, record)
                if hit is not None:
                    hits[record.content["vulnerability"]].append((record, hit))
        found.extend(_find(component, name, several) for name, several in hits.items())
    return sorted(found, key=lambda one: (("critical", "high", "medium", "low").index(one.severity), one.vulnerability))


def _judge(component: Running, record: Published) -> Hit | None:
    if record.source == "debian":
        release = record.content["releases"].get(RELEASES[component.release])
        return None if release is None else judge_release(component.compared, release)
    ecosystem: Ecosystem = "PyPI" if component.ecosystem == "PyPI" else "Debian"
    return judge_affected(ecosystem, component.compared, _of_release(component, record))


def _of_release(component: Running, record: Published) -> Sequence[Mapping[str, Any]]:
    """Return what a record says of the release that the component is of; what names none is of each."""
    return [one for one in record.content["affected"] if one.get("release", component.release) == component.release]


def _find(component: Running, name: str, several: Sequence[tuple[Published, Hit]]) -> Finding:
    severity, basis = worst(_rate(component, record) for record, _ in several)
    contents = [record.content for record, _ in several]
    return Finding(
        name, tuple(sorted(record.id for record, _ in several)), component.purl, component.name, component.version,
        component.authority_id, severity, basis,
        # Where two say otherwise of the same, the record that comes first: neither is above the other.
        next((hit.fixed for _, hit in several if hit.fixed), ""),
        next((one["summary"] for one in contents if one["summary"]), ""),
        next((one["reference"] for one in contents if one["reference"]), ""),
        min((one["published"] for one in contents if one.get("published")), default=None),
        min(record.first_at for record, _ in several),
    )  # fmt: skip


def _rate(component: Running, record: Published) -> tuple[Severity, str] | None:
    if record.source == "debian":
        return rate_release(record.content["releases"][RELEASES[component.release]])
    own = [each for one in _of_release(component, record) for each in one.get("severity", ())]
    return rate_vectors(own) or rate_vectors(record.content["severity"])

# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An advisory as a CSAF 2.0 document, in the profile of a security advisory or of VEX (sections 4.4 and 4.5). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from vaka.assurance.advisories import Advisory, Component, Kind, Product, Status, Tlp, require_usable

Json = dict[str, Any]
_CATEGORIES: Mapping[Kind, str] = {"advisory": "csaf_security_advisory", "vex": "csaf_vex"}
_STATUSES: Mapping[Status, str] = {
    "affected": "known_affected",
    "not_affected": "known_not_affected",
    "fixed": "fixed",
    "under_investigation": "under_investigation",
}
LABELS: Mapping[Tlp, str] = {
    "CLEAR": "WHITE",
    "GREEN": "GREEN",
    "AMBER": "AMBER",
    "AMBER+STRICT": "AMBER",
    "RED": "RED",
}
"""The nearest that CSAF 2.0 has, which knows the Traffic Light Protocol of before its version 2."""


def make_csaf(advisory: Advisory, version: str) -> Json:
    """Return the document, made by this version of Vaka. Raises UnusableAdvisoryError."""
    require_usable(advisory)
    return {
        "document": _document(advisory, version),
        "product_tree": {"branches": make_branches(advisory.publisher, [one.component for one in advisory.products])},
        "vulnerabilities": [make_vulnerability(advisory)],
    }


def _document(advisory: Advisory, version: str) -> Json:
    told = write_moment(advisory.told)
    document: Json = {
        "category": _CATEGORIES[advisory.kind], "csaf_version": "2.0", "title": advisory.title, "lang": "sv",
        "distribution": {"text": f"TLP:{advisory.tlp}", "tlp": {"label": LABELS[advisory.tlp]}},
        "notes": [{"category": "summary", "text": advisory.summary}],
        "publisher": {"category": "vendor", "name": advisory.publisher, "namespace": advisory.namespace},
        "tracking": {
            "id": advisory.id, "status": "final", "version": "1",
            "initial_release_date": told, "current_release_date": told,
            "revision_history": [{"date": told, "number": "1", "summary": "Första utgåvan"}],
            "generator": {"date": told, "engine": {"name": "Vaka", "version": version}},
        },
    }  # fmt: skip
    if advisory.references:
        document["references"] = [
            {"category": "external", "summary": one, "url": one} for one in advisory.references
        ]  # fmt: skip
    return document


def make_branches(publisher: str, components: Iterable[Component]) -> list[Json]:
    """Return the components below the supplier, each version below its name."""
    versions: defaultdict[str, list[Json]] = defaultdict(list)
    for component in components:
        product = {
            "name": f"{component.name} {component.version}", "product_id": component.purl,
            "product_identification_helper": {"purl": component.purl},
        }  # fmt: skip
        branch = {"category": "product_version", "name": component.version, "product": product}
        versions[component.name].append(branch)
    names = [
        {"category": "product_name", "name": name, "branches": branches} for name, branches in sorted(versions.items())
    ]
    return [{"category": "vendor", "name": publisher, "branches": names}]


def make_vulnerability(advisory: Advisory) -> Json:
    """Return what is said of the vulnerability itself, and of how each product stands."""
    statuses: defaultdict[str, list[str]] = defaultdict(list)
    for one in advisory.products:
        statuses[_STATUSES[one.status]].append(one.component.purl)
    named: Json = (
        {"cve": advisory.vulnerability}
        if advisory.is_cve
        else {"ids": [{"system_name": advisory.source, "text": advisory.vulnerability}]}
    )
    unaffected = [one for one in advisory.products if one.status == "not_affected"]
    found = {
        **named,
        "discovery_date": write_moment(advisory.known), "release_date": write_moment(advisory.told),
        "notes": [{"category": "description", "text": advisory.summary}],
        "product_status": dict(statuses),
        "remediations": [remedy for one in advisory.products if (remedy := _remedy(advisory, one)) is not None],
        "flags": [{"label": one.justification, "product_ids": [one.component.purl]} for one in unaffected],
        "threats": [
            {"category": "impact", "details": one.because, "product_ids": [one.component.purl]} for one in unaffected
        ],
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _remedy(advisory: Advisory, product: Product) -> Json | None:
    if product.remedy is None:
        return None
    remedy = {
        "category": product.remedy.kind, "details": product.remedy.details, "product_ids": [product.component.purl]
    }  # fmt: skip
    at = product.remedy.at or (advisory.fixed if product.status == "fixed" else None)
    return remedy if at is None else {**remedy, "date": write_moment(at)}


def write_moment(at: datetime) -> str:
    """Return a moment as CSAF writes it, to the second and in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
